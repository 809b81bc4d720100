#include "proxy/cookies.h"

#include "base/config.h"
#include "base/hash.h"
#include "base/msg.h"
#include "filters/cookie.h"
#include "filters/decide.h"
#include "filters/expire.h"
#include "filters/setters.h"
#include "proxy/aliases.h"
#include "proxy/blocking.h"
#include "proxy/claim_side.h"
#include "proxy/heal.h"
#include "proxy/http/field.h"
#include "proxy/tap.h"
#include "proxy/visitor.h"
#include "proxy/worker.h"

void expiries_init(struct expiries *e)
{
	buf_init(&e->names, EXPIRIES_BYTES);
}

void expiries_release(struct expiries *e)
{
	buf_release(&e->names);
}

/* Adds a name once; beyond the cap it is only stripped, and tried again with a later request. */
static void expiries_add(struct expiries *e, struct slice name, unsigned tries, uint64_t value)
{
	struct msg_reader r;

	msg_reader_init(&r, buf_slice(&e->names));
	while (r.rest.n != 0) {
		(void)msg_get_u8(&r);
		(void)msg_get_u64(&r);
		if (slice_eq(msg_get_bytes(&r), name))
			return;
	}
	if (e->names.len + name.n + 13 > EXPIRIES_BYTES)
		return;
	msg_put_u8(&e->names, (uint8_t)tries);
	msg_put_u64(&e->names, value);
	msg_put_bytes(&e->names, name);
}

struct slice scene_site(const struct cookie_scene *scene)
{
	if (scene->site.by == BY_SELF && scene->site.party == PARTY_THIRD)
		return slice_of("", 0);
	return slice_str(scene->site.site);
}

/* Sites name their own machines, which tells nothing. */
static bool is_tracker(const void *arg, struct slice host, struct slice alias)
{
	const struct setup *s = arg;
	struct setters_hit hit;
	char own[SITE_MAX], other[SITE_MAX];

	return setters_find(rules_setters(s->rules), alias, &hit) &&
	       site_of_host(s->sites, host, own) && site_of_host(s->sites, alias, other) &&
	       !same_site(own, other);
}

/* Who serves the page that somebody looks at hides behind nothing. */
static struct slice tracker_alias(const struct worker *w, const struct cookie_scene *scene)
{
	const struct setup *s = w->setup;

	if (scene->own_host || s->rules == NULL || rules_setters(s->rules) == NULL)
		return slice_of(NULL, 0);
	return aliases_find(w->aliases, slice_str(scene->host), is_tracker, s);
}

/* What all cookies of one head have in common. */
struct head_work {
	struct worker *w;
	const struct cookie_scene *scene;
	struct cookie_facts facts; /* the common ones */
	struct hasher seen;	   /* them, see sighting_id() */
	unsigned status;	   /* of an answer */
	struct expiries *expiries; /* of a request */
};

static void head_work_init(struct head_work *h, struct worker *w, const struct cookie_scene *scene,
			   enum cookie_kind kind)
{
	*h = (struct head_work){ .w = w, .scene = scene };
	h->facts = (struct cookie_facts){
		.kind = kind,
		.host = slice_str(scene->host),
		.site = scene_site(scene),
		.site_by = scene->site.by,
		.party = scene->site.party,
		.confidence = scene->site.confidence,
		.profile = scene->visitor->profile,
		.choice = scene->choice.state,
		.seen = scene->choice.seen,
		.lifetime_s = LIFETIME_UNKNOWN,
		.alias = tracker_alias(w, scene),
	};
	hasher_init(&h->seen);
	hasher_add(&h->seen, slice_of((const char *)scene->visitor->id, CLIENT_ID_LEN));
	hasher_add(&h->seen, h->facts.host);
	hasher_add(&h->seen, h->facts.site);
	hasher_add(&h->seen, h->facts.alias);
	hasher_add_u64(&h->seen,
		       (uint64_t)h->facts.kind | (uint64_t)h->facts.site_by << 8 |
			       (uint64_t)h->facts.party << 16 |
			       (uint64_t)h->facts.confidence << 24 |
			       (uint64_t)h->facts.profile << 32 | (uint64_t)h->facts.choice << 40 |
			       (uint64_t)h->facts.seen << 48 | (uint64_t)scene->secure << 56);
}

/*
 * Everything that makes two sightings different, for the tap.  A rolling Expires changes by a
 * second between two answers: minutes are enough.
 */
static uint64_t sighting_id(const struct head_work *h, const struct cookie_facts *f,
			    const struct cookie_decision *d, const struct entry_attrs *attrs,
			    struct slice value)
{
	struct hasher seen = h->seen;

	hasher_add(&seen, f->name);
	hasher_add(&seen, value);
	hasher_add_u64(&seen, (uint64_t)d->row.line | (uint64_t)d->verdict << 32 |
				      (uint64_t)d->purpose << 40 | (uint64_t)f->tries << 48 |
				      (uint64_t)f->list.says << 58 |
				      (uint64_t)f->list.purpose << 60 |
				      (uint64_t)(f->choice == CHOICE_PUT_BACK) << 63);
	if (f->list.says != LIST_SAYS_NOTHING) {
		hasher_add(&seen, f->list.version);
		hasher_add(&seen, f->list.rule);
	}
	if (attrs == NULL)
		return hasher_result(&seen);
	hasher_add(&seen, attrs->domain);
	hasher_add(&seen, attrs->path);
	hasher_add_u64(&seen, (uint64_t)(attrs->lifetime_s / 60));
	hasher_add_u64(&seen, (uint64_t)attrs->session | (uint64_t)attrs->secure << 1 |
				      (uint64_t)attrs->httponly << 2 |
				      (uint64_t)attrs->partitioned << 3 |
				      (uint64_t)f->same_site << 8 | (uint64_t)h->status << 16);
	return hasher_result(&seen);
}

/* attrs: of a Set-Cookie, else NULL. */
static void record(const struct head_work *h, const struct cookie_facts *f,
		   const struct cookie_decision *d, const struct entry_attrs *attrs,
		   struct slice value)
{
	struct worker *w = h->w;
	struct entry e;

	if (tap_seen(w->tap, sighting_id(h, f, d, attrs, value), h->scene->wall_ms))
		return;
	entry_init(&e, attrs != NULL ? ENTRY_SET : ENTRY_SENT, h->scene->wall_ms);
	e.client = visitor_log_id(w->visitors, h->scene->visitor);
	e.site = f->site;
	e.site_by = slice_str(site_by_word(f->site_by));
	e.confidence = slice_str(confidence_word(f->confidence));
	e.party = slice_str(party_word(f->party));
	e.host = f->host;
	e.cookie = f->name;
	e.purpose = slice_str(purpose_word(d->purpose));
	e.why = slice_str(d->why);
	e.profile = slice_str(profile_word(f->profile));
	e.choice = slice_str(choice_word(f->choice));
	e.seen = slice_str(seen_word(f->seen));
	e.verdict = slice_str(verdict_word(d->verdict));
	e.rules = slice_str(w->setup->rules_id);
	e.scheme = h->scene->secure ? SLICE("https") : SLICE("http");
	e.alias = slice_head(f->alias, ENTRY_HOST_MAX);
	if (f->list.says != LIST_SAYS_NOTHING)
		e.list = (struct entry_list){ .says = slice_str(list_says_word(f->list.says)),
					      .purpose = slice_str(purpose_word(f->list.purpose)),
					      .name = f->list.name,
					      .version = f->list.version,
					      .rule = f->list.rule };
	e.tries = f->tries;
	e.status = h->status;
	if (attrs != NULL)
		e.attrs = *attrs;
	tap_cookie(w->tap, &e, value);
	if (f->lifetime_s != LIFETIME_DELETES)
		claim_refused_cookie(w, h->scene, f, d);
}

/* What the site did not work without is not decided by the choice. */
static void mind_healing(const struct head_work *h, struct cookie_facts *f)
{
	if (!heal_puts_back(h->w, h->scene, f->name))
		return;
	f->choice = CHOICE_PUT_BACK; /* f->seen still says whether one was made */
}

static bool is_kept(const struct head_work *h, const struct cookie_facts *f,
		    const struct cookie_decision *d)
{
	if (d->verdict != VERDICT_KEPT)
		heal_removed(h->w, h->scene, f->name);
	return d->verdict == VERDICT_KEPT;
}

/* ---- Cookie ---- */

/* A request says nothing of a cookie's life, so there is nothing to limit. */
static void hear_lists_sent(const struct head_work *h, struct cookie_facts *f)
{
	struct blocking_cookie said;

	if (blocking_cookie(h->w, h->scene, f->name, &said) && said.list.says == LIST_SAYS_REMOVE)
		f->list = said.list;
}

static bool on_sent(void *arg, size_t index, struct slice name, struct slice value)
{
	struct head_work *h = arg;
	struct cookie_facts f = h->facts;
	struct cookie_decision d;
	uint64_t named;

	(void)index;
	f.name = slice_head(name, ENTRY_NAME_MAX);
	mind_healing(h, &f);
	f.has_value = true;
	f.value = value;
	hear_lists_sent(h, &f);
	named = hash_bytes(value.p, value.n);
	f.tries = expiry_tries(h->w->expiry, h->scene->visitor->id, f.host, f.name, named,
			       loop_now_ms(h->w->loop));
	decide_cookie_again(h->w->guesses, &f, &d);
	if (d.verdict == VERDICT_EXPIRED)
		expiries_add(h->expiries, f.name, f.tries, named);
	else if (d.verdict == VERDICT_KEPT && f.tries != 0)
		expiry_forget(h->w->expiry, h->scene->visitor->id, f.host, f.name);
	record(h, &f, &d, NULL, value);
	return is_kept(h, &f, &d);
}

/* False: the field goes, because nothing of it is kept or because it could not be edited. */
static bool edit_field(struct head_work *h, struct fields *f, struct field *at, struct buf *edited)
{
	struct slice kept;

	buf_clear(edited);
	switch (cookie_header_edit(at->value, on_sent, h, edited)) {
	case COOKIE_EDIT_SAME:
		return true;
	case COOKIE_EDIT_CHANGED:
		kept = fields_keep(f, buf_slice(edited));
		return kept.p != NULL && fields_set(f, at, kept);
	case COOKIE_EDIT_DROP:
	case COOKIE_EDIT_ERROR:
		break;
	}
	return false;
}

void cookies_of_request(struct worker *w, const struct cookie_scene *scene, struct fields *f,
			struct expiries *out)
{
	struct head_work h;
	struct buf edited;
	uint32_t kept = 0;

	if (fields_find(f, FIELD_COOKIE) == NULL)
		return;
	head_work_init(&h, w, scene, COOKIE_SENT);
	h.expiries = out;
	buf_init(&edited, w->config->max_head);
	for (uint32_t i = 0; i < f->n; i++) {
		if (f->v[i].id == FIELD_COOKIE && !edit_field(&h, f, &f->v[i], &edited))
			continue;
		f->v[kept++] = f->v[i];
	}
	f->n = kept;
	f->failed = false; /* what did not fit is gone */
	buf_release(&edited);
}

/* ---- Set-Cookie ---- */

static void attrs_of(struct entry_attrs *a, const struct set_cookie *c, int64_t lifetime_s,
		     char domain[ENTRY_PATH_MAX + 1])
{
	struct slice d = slice_head(c->domain, ENTRY_PATH_MAX);

	for (size_t i = 0; i < d.n; i++)
		domain[i] = ascii_lower(d.p[i]);
	a->domain = slice_of(domain, d.n);
	a->path = slice_head(c->path, ENTRY_PATH_MAX);
	a->session = lifetime_s == LIFETIME_SESSION;
	a->lifetime_s = a->session ? 0 : lifetime_s;
	a->secure = c->secure;
	a->httponly = c->httponly;
	a->samesite = slice_str(same_site_word(c->same_site));
	a->partitioned = c->partitioned;
}

/* False: the line could not be written. */
static bool limit(const struct blocking_cookie *said, const struct set_cookie *c,
		  int64_t lifetime_s, struct fields *fields, const struct field *at)
{
	struct slice own = slice_of(NULL, 0);
	struct buf line;

	buf_init(&line, at->value.n + 64);
	blocking_cookie_limit(said, c, lifetime_s, at->value, &line);
	if (buf_ok(&line))
		own = fields_keep(fields, buf_slice(&line));
	buf_release(&line);
	return own.p != NULL && fields_set(fields, at, own);
}

/* True: the line may go on to the browser, as it stands there now. */
static bool keep_set_cookie(const struct head_work *h, struct fields *fields, struct field *at)
{
	struct blocking_cookie said;
	char domain[ENTRY_PATH_MAX + 1];
	struct set_cookie c;
	struct cookie_facts f = h->facts;
	struct cookie_decision d;
	struct entry_attrs attrs;

	if (!set_cookie_parse(at->value, &c))
		return true; /* no browser takes it, so nothing is set */
	f.name = slice_head(c.name, ENTRY_NAME_MAX);
	mind_healing(h, &f);
	f.has_value = true;
	f.value = c.value;
	f.lifetime_s = set_cookie_lifetime_s(&c, h->scene->wall_ms / 1000);
	f.secure = c.secure;
	f.httponly = c.httponly;
	f.partitioned = c.partitioned;
	f.has_domain = c.has_domain;
	f.same_site = c.same_site;
	attrs_of(&attrs, &c, f.lifetime_s, domain);
	f.domain = attrs.domain;
	f.path = attrs.path;
	if (blocking_cookie(h->w, h->scene, f.name, &said) &&
	    (said.list.says == LIST_SAYS_REMOVE || blocking_cookie_limits(&said, &c, f.lifetime_s)))
		f.list = said.list;
	decide_cookie_again(h->w->guesses, &f, &d);
	record(h, &f, &d, &attrs, c.value);
	return is_kept(h, &f, &d) && (!d.limited || limit(&said, &c, f.lifetime_s, fields, at));
}

void cookies_of_answer(struct worker *w, const struct cookie_scene *scene, unsigned status,
		       struct fields *f)
{
	struct head_work h;
	uint32_t out = 0;

	if (fields_find(f, FIELD_SET_COOKIE) == NULL)
		return;
	head_work_init(&h, w, scene, COOKIE_SET);
	h.status = status;
	for (uint32_t i = 0; i < f->n; i++) {
		if (f->v[i].id == FIELD_SET_COOKIE && !keep_set_cookie(&h, f, &f->v[i]))
			continue;
		f->v[out++] = f->v[i];
	}
	f->n = out;
	f->failed = false; /* what did not fit is gone */
}

/* ---- expiring ---- */

static void on_line(void *arg, struct slice line)
{
	struct slice own = fields_keep(arg, line);

	if (own.p != NULL)
		fields_add(arg, SLICE("Set-Cookie"), own);
}

void cookies_expire(struct worker *w, const struct cookie_scene *scene, struct slice target,
		    struct fields *f, const struct expiries *e)
{
	struct msg_reader r;

	msg_reader_init(&r, buf_slice(&e->names));
	while (r.rest.n != 0) {
		unsigned tries = msg_get_u8(&r);
		uint64_t value = msg_get_u64(&r);
		struct slice name = msg_get_bytes(&r);
		struct expire_facts x = {
			.tries = tries,
			.name = name,
			.host = slice_str(scene->host),
			.site = slice_str(scene->site.own),
			.target = target,
			.secure = scene->secure,
			.cross_site = scene->cross_site,
		};

		if (r.bad)
			return;
		(void)expire_lines(&x, on_line, f);
		expiry_note(w->expiry, scene->visitor->id, x.host, x.name, value,
			    loop_now_ms(w->loop));
		/* Room for the lines ran out: the head still goes, with fewer of them. */
		f->failed = false;
	}
}
