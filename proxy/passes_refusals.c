/* The half of the passes that counts refused certificates. */
#include "proxy/passes_parts.h"
#include "proxy/visitor.h"

#include <stdlib.h>

#define REFUSALS_MAX 4096u
#define TRUSTING_MAX 8192u
#define USES_MAX 16384u
/* A use is noted again after this part of the time it counts for. */
#define USE_PART 8

/* ---- one handshake ---- */

/*
 * RFC 8446 section 6.2: those that find fault with a certificate because of who signed it or what
 * it is.
 */
static bool alert_refuses(int alert)
{
	enum {
		BAD_CERTIFICATE = 42,
		UNSUPPORTED_CERTIFICATE = 43,
		CERTIFICATE_UNKNOWN = 46,
		UNKNOWN_CA = 48,
	};

	return alert == BAD_CERTIFICATE || alert == UNSUPPORTED_CERTIFICATE ||
	       alert == CERTIFICATE_UNKNOWN || alert == UNKNOWN_CA;
}

bool pass_try_is_refusal(const struct pass_try *t, const struct pass_try_end *end, int64_t now)
{
	if (t->state != TRY_SHAKING && t->state != TRY_SECURED)
		return false;
	if (end->alert >= 0)
		return alert_refuses(end->alert);
	if (!end->by_client)
		return false;
	return t->state == TRY_SHAKING ? end->answered : now - t->secured <= PASS_UNUSED_MS;
}

void pass_try_begin(struct pass_try *t, const struct passes *p)
{
	if (t->state == TRY_NONE)
		*t = (struct pass_try){ .state = TRY_SHAKING, .began = passes_now(p) };
}

void pass_try_secured(struct pass_try *t, const struct passes *p)
{
	if (t->state != TRY_SHAKING)
		return;
	t->state = TRY_SECURED;
	t->secured = passes_now(p);
}

void pass_try_used(struct pass_try *t, struct passes *p, const struct visitor *v, struct slice host)
{
	int64_t now = passes_now(p);

	if (t->state == TRY_SECURED) {
		t->state = TRY_OVER;
		t->used = true;
	} else if (!t->used || now - t->noted < p->rules.time_ms / USE_PART) {
		return;
	}
	t->noted = now;
	passes_accepted(p, v, host);
}

void pass_try_over(struct pass_try *t, struct passes *p, struct visitor *v, struct slice host,
		   const struct pass_try_end *end)
{
	bool refusal = pass_try_is_refusal(t, end, passes_now(p));

	t->state = TRY_OVER;
	if (refusal)
		passes_refused(p, v, host, t->began);
}

/* ---- the tables ---- */

static struct refusals *find_refusals(const struct passes *p, const struct pass_key *k)
{
	struct refusals *f = NULL;

	if (k->n != 0)
		HASH_FIND(hh, p->refusals, k->text, k->n, f);
	return f;
}

static struct trusting *find_trusting(const struct passes *p, const uint8_t id[CLIENT_ID_LEN])
{
	struct trusting *t;

	HASH_FIND(hh, p->trusting, id, CLIENT_ID_LEN, t);
	return t;
}

static void forget_refusals(struct passes *p, struct refusals *f)
{
	HASH_DEL(p->refusals, f);
	free(f);
}

static struct pass_use *find_use(const struct passes *p, const struct pass_key *k)
{
	struct pass_use *u = NULL;

	if (k->n != 0)
		HASH_FIND(hh, p->uses, k->text, k->n, u);
	return u;
}

static void forget_use(struct passes *p, struct pass_use *u)
{
	HASH_DEL(p->uses, u);
	free(u);
}

static void forget_trusting(struct passes *p, struct trusting *t)
{
	HASH_DEL(p->trusting, t);
	free(t);
}

void refusals_release(struct passes *p)
{
	while (p->refusals != NULL)
		forget_refusals(p, p->refusals);
	while (p->trusting != NULL)
		forget_trusting(p, p->trusting);
	while (p->uses != NULL)
		forget_use(p, p->uses);
}

void refusals_drop(struct passes *p, const struct pass_key *k)
{
	struct refusals *f = find_refusals(p, k);

	if (f != NULL)
		forget_refusals(p, f);
}

void trusting_note(struct passes *p, const uint8_t id[CLIENT_ID_LEN])
{
	struct trusting *t;

	if (find_trusting(p, id) != NULL)
		return;
	t = calloc(1, sizeof(*t));
	if (t == NULL)
		return;
	while (HASH_COUNT(p->trusting) >= TRUSTING_MAX)
		forget_trusting(p, p->trusting);
	memcpy(t->id, id, CLIENT_ID_LEN);
	HASH_ADD(hh, p->trusting, id, CLIENT_ID_LEN, t);
}

struct pass_use *uses_note(struct passes *p, const struct pass_key *k, int64_t at)
{
	struct pass_use *u = find_use(p, k);

	refusals_drop(p, k);
	if (u != NULL) {
		/* To the end of the order. */
		HASH_DEL(p->uses, u);
	} else {
		u = calloc(1, sizeof(*u) + k->n + 1);
		if (u == NULL)
			return NULL;
		memcpy(u->key, k->text, k->n);
	}
	if (u->at < at)
		u->at = at;
	while (HASH_COUNT(p->uses) >= USES_MAX)
		forget_use(p, p->uses);
	HASH_ADD_KEYPTR(hh, p->uses, u->key, k->n, u);
	return u;
}

bool uses_lately(const struct passes *p, const struct pass_key *k)
{
	const struct pass_use *u = find_use(p, k);

	return u != NULL && passes_now(p) - u->at < p->rules.time_ms;
}

void passes_accepted(struct passes *p, const struct visitor *v, struct slice host)
{
	struct pass_key k = pass_key_of(v->id, host);
	const struct pass_use *u = find_use(p, &k);

	if (!refusals_matter(p) || k.n == 0)
		return;
	trusting_note(p, v->id);
	/* The others know of it, too. */
	if (u != NULL && passes_now(p) - u->at < p->rules.time_ms / USE_PART)
		return;
	u = uses_note(p, &k, passes_now(p));
	if (u != NULL)
		passes_tell_used(p, u);
}

static struct refusals *meet_refusals(struct passes *p, const struct pass_key *k)
{
	struct refusals *f = find_refusals(p, k);

	if (f != NULL) {
		/* To the end of the order. */
		HASH_DEL(p->refusals, f);
	} else {
		f = calloc(1, sizeof(*f) + k->n + 1);
		if (f == NULL)
			return NULL;
		memcpy(f->key, k->text, k->n);
	}
	while (HASH_COUNT(p->refusals) >= REFUSALS_MAX)
		forget_refusals(p, p->refusals);
	HASH_ADD_KEYPTR(hh, p->refusals, f->key, k->n, f);
	return f;
}

static void drop_first(struct refusals *f)
{
	memmove(f->at, f->at + 1, --f->n * sizeof(f->at[0]));
}

unsigned refusals_count(struct passes *p, const struct pass_key *k, int64_t began, int64_t at)
{
	struct refusals *f = meet_refusals(p, k);

	if (f == NULL)
		return 0;
	while (f->n != 0 && f->at[0] <= at - p->rules.window_ms)
		drop_first(f);
	/* Opened before the last one was refused: the same attempt, on several connections. */
	if (f->n != 0 && began < f->at[f->n - 1])
		return 0;
	if (f->n == PASS_REFUSALS_MAX)
		drop_first(f);
	f->at[f->n++] = at;
	return f->n;
}

bool refusals_matter(const struct passes *p)
{
	return p->rules.after_refusals >= 2;
}

void passes_refused(struct passes *p, struct visitor *v, struct slice host, int64_t began)
{
	struct pass_key k = pass_key_of(v->id, host);
	int64_t now = passes_now(p);
	const struct pass_row *r = passes_row(p, &k);
	unsigned n;

	if (!refusals_matter(p) || k.n == 0 || v->profile == PROFILE_MINORS ||
	    find_trusting(p, v->id) == NULL || uses_lately(p, &k) || (r != NULL && now < r->ends))
		return;
	n = refusals_count(p, &k, began, now);
	if (n == 0)
		return;
	passes_tell_refused(p, &k, began, now);
	if (n >= p->rules.after_refusals)
		passes_begin(p, v, &k, PASS_REFUSALS, n, NULL);
}
