/* The half of the passes that counts refused certificates. */
#include "proxy/passes_parts.h"
#include "proxy/visitor.h"

#include <stdlib.h>

#define REFUSALS_MAX 4096u
#define TRUSTING_MAX 8192u

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
	if (t->state != TRY_SECURED)
		return;
	t->state = TRY_OVER;
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
}

void refusals_drop(struct passes *p, const struct pass_key *k)
{
	struct refusals *f = find_refusals(p, k);

	if (f != NULL)
		forget_refusals(p, f);
}

bool trusting_note(struct passes *p, const uint8_t id[CLIENT_ID_LEN])
{
	struct trusting *t;

	if (find_trusting(p, id) != NULL)
		return false;
	t = calloc(1, sizeof(*t));
	if (t == NULL)
		return false;
	while (HASH_COUNT(p->trusting) >= TRUSTING_MAX)
		forget_trusting(p, p->trusting);
	memcpy(t->id, id, CLIENT_ID_LEN);
	HASH_ADD(hh, p->trusting, id, CLIENT_ID_LEN, t);
	return true;
}

void passes_accepted(struct passes *p, const struct visitor *v, struct slice host)
{
	bool news = trusting_note(p, v->id);
	struct pass_key k;

	if (!news && p->refusals == NULL)
		return;
	k = pass_key_of(v->id, host);
	if (k.n == 0 || (!news && find_refusals(p, &k) == NULL))
		return;
	refusals_drop(p, &k);
	passes_tell_accepted(p, &k);
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
	    find_trusting(p, v->id) == NULL || (r != NULL && now < r->ends))
		return;
	n = refusals_count(p, &k, began, now);
	if (n == 0)
		return;
	passes_tell_refused(p, &k, began, now);
	if (n >= p->rules.after_refusals)
		passes_begin(p, v, &k, PASS_REFUSALS, n, NULL);
}
