#include "proxy/claim_side.h"

#include "filters/claims/contradict.h"
#include "filters/decide.h"
#include "proxy/cookies.h"
#include "proxy/downstream.h"
#include "proxy/http/field.h"
#include "proxy/tap.h"
#include "proxy/visitor.h"
#include "proxy/worker.h"

#include <stdio.h>

#define WHY_MAX 256
/* A name of a cookie in a sentence. */
#define NAME_SHOWN 64

void claim_record(struct worker *w, const struct cookie_scene *s, enum entry_kind kind,
		  struct slice name, const char *why)
{
	struct entry e;

	entry_init(&e, kind, s->wall_ms);
	e.client = visitor_log_id(w->visitors, s->visitor);
	e.site = scene_site(s);
	e.site_by = slice_str(site_by_word(s->site.by));
	e.confidence = slice_str(confidence_word(s->site.confidence));
	e.party = slice_str(party_word(s->site.party));
	e.host = slice_str(s->host);
	e.name = name;
	e.why = slice_str(why);
	e.profile = slice_str(profile_word(s->visitor->profile));
	e.choice = slice_str(choice_word(s->choice.state));
	e.seen = slice_str(seen_word(s->choice.seen));
	tap_event(w->tap, &e);
}

/* ---- what is claimed ---- */

static void list_purposes(char *out, size_t size, uint32_t flags)
{
	size_t n = 0;

	snprintf(out, size, "none");
	for (unsigned i = 1; i <= TCF_PURPOSES && n + 4 < size; i++)
		if (flag_has(flags, i))
			n += (size_t)snprintf(out + n, size - n, n == 0 ? "%u" : " %u", i);
}

static void describe_tc(struct slice text, char *out, size_t size)
{
	char consents[3 * TCF_PURPOSES + 8], interests[3 * TCF_PURPOSES + 8];
	struct tcf tc;
	const char *why;

	if (!tcf_decode(text, &tc, &why)) {
		snprintf(out, size, "refused: %s", why);
		return;
	}
	list_purposes(consents, sizeof(consents), tc.purpose_consents);
	list_purposes(interests, sizeof(interests), tc.purpose_legitimate_interests);
	snprintf(out, size, "consent for purposes: %s; legitimate interest for: %s", consents,
		 interests);
}

/* Digits around the letters could be made to say anything, so the log has the letters' words only. */
static void describe_gcd(struct slice text, char *out, size_t size)
{
	static const char *const types[] = { "ad storage", "analytics storage", "ad user data",
					     "ad personalization" };
	struct gcd gcd;
	const char *why;
	size_t n = 0;

	_Static_assert(sizeof(types) / sizeof(types[0]) == CONSENT_TYPES, "a word for each");
	if (!gcd_decode(text, &gcd, &why)) {
		snprintf(out, size, "refused: %s", why);
		return;
	}
	for (size_t i = 0; i < CONSENT_TYPES && n < size; i++)
		n += (size_t)snprintf(out + n, size - n, "%s%s %s", i == 0 ? "" : ", ", types[i],
				      gcd_words(gcd.letters[i]));
}

/* Some say in a few letters what they claim; of the others only that they are there. */
static bool is_short(enum claim_kind kind)
{
	return kind == CLAIM_GCS || kind == CLAIM_US_PRIVACY || kind == CLAIM_NPA ||
	       kind == CLAIM_GDPR || kind == CLAIM_CHILD || kind == CLAIM_RESTRICTED ||
	       kind == CLAIM_LIMITED;
}

static void record_claim(struct worker *w, const struct cookie_scene *s, const struct claim *c)
{
	char why[WHY_MAX];

	if (c->refused != NULL)
		snprintf(why, sizeof(why), "refused: %s", c->refused);
	else if (c->kind == CLAIM_TC)
		describe_tc(c->value, why, sizeof(why));
	else if (c->kind == CLAIM_GCD)
		describe_gcd(c->value, why, sizeof(why));
	else if (is_short(c->kind))
		snprintf(why, sizeof(why), "%.*s", SLICE_ARG(slice_head(c->value, NAME_SHOWN)));
	else
		snprintf(why, sizeof(why), "well-formed");
	claim_record(w, s, ENTRY_CLAIM, slice_str(claim_kind_word(c->kind)), why);
}

/* ---- and what that contradicts ---- */

/* For a minor everything is refused, whatever was chosen. */
static enum choice_state chosen_for(const struct cookie_scene *s, enum purpose p)
{
	if (s->visitor->profile == PROFILE_MINORS)
		return CHOICE_REFUSED;
	if (s->choice.state == CHOICE_NONE)
		return CHOICE_NONE;
	return choice_accepts(s->choice.state, p) ? CHOICE_ACCEPTED : CHOICE_REFUSED;
}

static void record_contradictions(struct worker *w, const struct cookie_scene *s,
				  const struct claims *claims)
{
	const struct claim_choice choice = {
		.functional = chosen_for(s, PURPOSE_FUNCTIONAL),
		.analytics = chosen_for(s, PURPOSE_ANALYTICS),
		.advertising = chosen_for(s, PURPOSE_ADVERTISING),
		.minor = s->visitor->profile == PROFILE_MINORS,
	};
	struct contradictions found;

	contradictions_find(claims, &choice, &found);
	for (size_t i = 0; i < found.n; i++)
		claim_record(w, s, ENTRY_CONTRADICTION,
			     slice_str(contradiction_word(found.list[i].kind)),
			     found.list[i].words);
}

/* Whose choice it contradicts is known only where the page is. */
static bool knows_page(const struct cookie_scene *s)
{
	return scene_site(s).n != 0 && s->site.confidence != CONFIDENCE_LOW;
}

static void hear(struct worker *w, const struct cookie_scene *s, const struct claim_request *r)
{
	struct claims claims;
	size_t sites = 0;

	claims_find(r, &claims);
	for (size_t i = 0; i < claims.n; i++) {
		/* The browser's own word is no claim of the site's. */
		if (claims.list[i].source == CLAIM_IN_FIELD)
			continue;
		record_claim(w, s, &claims.list[i]);
		sites++;
	}
	if (sites != 0 && knows_page(s))
		record_contradictions(w, s, &claims);
}

void claim_request(struct worker *w, const struct cookie_scene *s, const struct request_head *head,
		   bool news)
{
	struct claim_request r = { .body_type = CLAIM_BODY_NONE };

	r.query = slice_cut(head->path, '?', &r.path);
	if (news)
		r.cookie = fields_value(head->fields, FIELD_COOKIE);
	if (r.query.n == 0 && r.cookie.n == 0 && slice_find(r.path, ';') == r.path.n)
		return;
	r.sec_gpc = fields_value(head->fields, FIELD_SEC_GPC);
	hear(w, s, &r);
}

void claim_body(struct worker *w, const struct cookie_scene *s, bool gpc, enum claim_body type,
		struct slice body)
{
	hear(w, s,
	     &(struct claim_request){
		     .sec_gpc = gpc ? SLICE("1") : SLICE(""), .body_type = type, .body = body });
}

/* Answers that delete have arrived by then. */
#define SETTLED_MS 3000

/* Somebody set it after the refusal, and not for a request that was under way then. */
static bool is_new(const struct cookie_scene *s, const struct cookie_facts *f)
{
	int64_t since = s->wall_ms - s->choice.when_ms;

	return f->kind == COOKIE_SET ? since >= 0 : f->tries != 0 && since >= SETTLED_MS;
}

void claim_refused_cookie(struct worker *w, const struct cookie_scene *s,
			  const struct cookie_facts *f, const struct cookie_decision *d)
{
	enum choice_state choice = s->choice.state;
	char why[WHY_MAX];

	if (choice == CHOICE_NONE || choice_accepts(choice, d->purpose) || d->guessed ||
	    (d->purpose != PURPOSE_ANALYTICS && d->purpose != PURPOSE_ADVERTISING) ||
	    !knows_page(s) || !is_new(s, f))
		return;
	snprintf(why, sizeof(why), "%.*s: %s", SLICE_ARG(slice_head(f->name, NAME_SHOWN)),
		 purpose_word(d->purpose));
	claim_record(w, s, ENTRY_CONTRADICTION,
		     f->kind == COOKIE_SET ? SLICE("set-after-refusal")
					   : SLICE("sent-after-refusal"),
		     why);
}
