#include "filters/decide.h"

#include "filters/cookie.h"
#include "filters/expire.h"
#include "filters/guesses.h"
#include "filters/purpose.h"
#include "filters/say.h"

void decide_score_facts(const struct cookie_facts *f, struct score_facts *out)
{
	*out = (struct score_facts){
		.name = f->name,
		.host = f->host,
		.alias = f->alias,
		.party_known = true,
		.party = f->party,
		.lifetime_s = f->lifetime_s,
		.has_value = f->has_value,
		.shape_known = !f->has_value,
		.value = f->value,
		.shape = f->shape,
		.attributes_known = f->kind == COOKIE_SET,
		.secure = f->secure,
		.httponly = f->httponly,
		.has_domain = f->has_domain,
		.same_site = f->same_site,
	};
}

/* Longer names of lists are cut so that what follows has room. */
#define WHY_LIST_MAX 48u
#define WHY_ALIAS_MAX 64u

static void say_list(struct say *w, const struct cookie_list *l)
{
	say_add(w, SLICE("list:"));
	say_add(w, slice_head(l->name, WHY_LIST_MAX));
	say_add(w, SLICE(" "));
	say_add(w, l->version);
}

static bool is_known(const struct purpose_found *found)
{
	return found->layer == LAYER_TABLE || found->layer == LAYER_GUARD;
}

void decide_heeds_list(const struct cookie_facts *f, struct purpose_found *found)
{
	struct say w;

	if (f->list.says != LIST_SAYS_REMOVE || is_known(found))
		return;
	found->layer = LAYER_LIST;
	found->purpose = f->list.purpose;
	found->permille = 1000;
	found->by_alias = false;
	say_init(&w, found->why, sizeof(found->why));
	say_list(&w, &f->list);
}

static bool is_untouchable(enum purpose p)
{
	return p == PURPOSE_ESSENTIAL || p == PURPOSE_CHOICE;
}

static enum purpose purpose_of(const struct purpose_found *found, const struct cookie_facts *f)
{
	if (found->layer == LAYER_SCORE && f->party == PARTY_THIRD &&
	    is_untouchable(found->purpose))
		return PURPOSE_UNKNOWN;
	return found->purpose;
}

/* Whether the party weighs in: a first party's own functions and unknown cookies stay. */
static bool depends_on_party(enum purpose p)
{
	return p == PURPOSE_FUNCTIONAL || p == PURPOSE_UNKNOWN;
}

/* What a list speaks of it means, whosoever it is. */
static bool weighs_party(const struct purpose_found *found, enum purpose p)
{
	return found->layer != LAYER_LIST && depends_on_party(p);
}

/* What was only guessed to track comes back to whom it was taken from by the choice of nobody. */
static bool is_put_back(const struct cookie_facts *f, const struct purpose_found *found,
			enum purpose p)
{
	if (f->choice != CHOICE_PUT_BACK || f->party != PARTY_FIRST)
		return false;
	if (depends_on_party(p))
		return true;
	return f->profile != PROFILE_MINORS &&
	       (found->layer == LAYER_SCORE || f->seen == SEEN_NOWHERE);
}

/* For minors no guess takes away what may be a sign-in: a site's own, and not held to track. */
static bool may_be_login(const struct cookie_facts *f, const struct purpose_found *found,
			 enum purpose p)
{
	return f->party == PARTY_FIRST &&
	       (p == PURPOSE_UNKNOWN ||
		(p == PURPOSE_FUNCTIONAL && found->layer == LAYER_SCORE));
}

/* The table in decide.h. */
static bool keeps(const struct cookie_facts *f, const struct purpose_found *found, enum purpose p)
{
	if (f->profile == PROFILE_INVESTIGATOR || is_untouchable(p) || is_put_back(f, found, p))
		return true;
	if (f->profile == PROFILE_MINORS)
		return may_be_login(f, found, p);
	if (choice_accepts(f->choice, p))
		return true;
	return weighs_party(found, p) && f->party == PARTY_FIRST;
}

static bool accepts(const struct cookie_facts *f, enum purpose p)
{
	return f->profile == PROFILE_DEFAULT && choice_accepts(f->choice, p);
}

/* Of what is kept. */
static bool is_limited(const struct cookie_facts *f, const struct purpose_found *found,
		       enum purpose p)
{
	return f->list.says == LIST_SAYS_LIMIT && f->profile != PROFILE_INVESTIGATOR &&
	       !(is_untouchable(p) && is_known(found)) && f->choice != CHOICE_PUT_BACK &&
	       !accepts(f, f->list.purpose) && !accepts(f, p);
}

static void add_circumstance(struct say *w, const struct cookie_facts *f,
			     const struct purpose_found *found, enum purpose p)
{
	if (f->profile == PROFILE_INVESTIGATOR) {
		say_add(w, SLICE("; investigator"));
		return;
	}
	if (is_untouchable(p))
		return;
	if (is_put_back(f, found, p)) {
		say_add(w, SLICE("; put back"));
		return;
	}
	if (f->profile == PROFILE_DEFAULT && choice_accepts(f->choice, p)) {
		say_add(w, SLICE("; accepted"));
		return;
	}
	if (weighs_party(found, p))
		say_add(w,
			f->party == PARTY_FIRST ? SLICE("; first party") : SLICE("; third party"));
	if (f->profile != PROFILE_MINORS || keeps(f, found, p))
		return;
	if (choice_accepts(f->choice, p))
		say_add(w, SLICE("; minors: no choice counts"));
	else
		say_add(w, SLICE("; minors"));
}

/*
 * What is sent to a host that is an alias of a tracker's may have been set by another host of the
 * site, for its own use: it is kept from the tracker, and not taken from the browser.
 */
static enum verdict verdict_of(const struct cookie_facts *f, const struct purpose_found *found,
			       enum purpose p)
{
	if (keeps(f, found, p))
		return VERDICT_KEPT;
	if (found->by_alias && f->party == PARTY_FIRST)
		return VERDICT_REMOVED;
	if (f->kind == COOKIE_SENT && f->tries < EXPIRE_TRIES_MAX && expire_possible(f->name))
		return VERDICT_EXPIRED;
	return VERDICT_REMOVED;
}

static void decide(struct purpose_found *found, const struct cookie_facts *f,
		   struct cookie_decision *out)
{
	struct say w;

	decide_heeds_list(f, found);
	say_init(&w, out->why, sizeof(out->why));
	out->limited = false;
	out->guessed = found->layer == LAYER_SCORE;
	out->purpose = purpose_of(found, f);
	out->row = found->row;
	if (f->kind == COOKIE_SET && f->lifetime_s == LIFETIME_DELETES) {
		say_add(&w, SLICE("deletes"));
		out->verdict = VERDICT_KEPT;
		return;
	}
	say_str(&w, found->why);
	if (found->by_alias) {
		say_add(&w, SLICE("; the host is also "));
		say_add(&w, slice_head(f->alias, WHY_ALIAS_MAX));
	}
	out->verdict = verdict_of(f, found, out->purpose);
	out->limited = out->verdict == VERDICT_KEPT && is_limited(f, found, out->purpose);
	if (out->limited) {
		say_add(&w, SLICE("; limited by "));
		say_list(&w, &f->list);
	}
	add_circumstance(&w, f, found, out->purpose);
}

void decide_cookie(const struct rules *rules, const struct cookie_facts *f,
		   struct cookie_decision *out)
{
	struct purpose_found found;
	struct score_facts facts;

	decide_score_facts(f, &facts);
	purpose_find(rules, &facts, &found);
	decide(&found, f, out);
}

void decide_cookie_again(struct guesses *guesses, const struct cookie_facts *f,
			 struct cookie_decision *out)
{
	struct purpose_found found;
	struct score_facts facts;

	decide_score_facts(f, &facts);
	guesses_find(guesses, &facts, &found);
	decide(&found, f, out);
}

bool decide_objects(enum profile profile, enum choice_state choice)
{
	if (profile == PROFILE_DEFAULT)
		return choice != CHOICE_NONE && !choice_accepts(choice, PURPOSE_ADVERTISING);
	return profile == PROFILE_MINORS;
}
