#include "proxy/passes.h"

#include "base/hash.h"
#include "base/msg.h"
#include "proxy/visitor.h"

#include <stdlib.h>

/* The visitor, then the host without its NUL. */
#define KEY_MAX (CLIENT_ID_LEN + SITE_MAX)
#define PASSES_MAX 4096u
#define REFUSALS_MAX 4096u
#define TRUSTING_MAX 8192u

/* uthash keeps the order of insertion: the first of each table is the oldest. */
struct row {
	UT_hash_handle hh;
	struct pass pass; /* its host is in the key */
	int64_t ends;	  /* monotonic */
	bool own;	  /* begun here */
	bool stopped;	  /* by a person: until `ends` it does not begin again */
	char key[];
};

struct refusals {
	UT_hash_handle hh;
	int64_t at[PASS_REFUSALS_MAX]; /* monotonic, oldest first; those within the window */
	unsigned n;
	char key[];
};

/* A visitor who has used a connection that we intercepted. */
struct trusting {
	UT_hash_handle hh;
	uint8_t id[CLIENT_ID_LEN];
};

struct passes {
	struct passes_rules rules;
	const struct clock *clock;
	const struct passes_ops *ops;
	void *arg;
	struct row *rows;
	struct refusals *refusals;
	struct trusting *trusting;
};

enum letter_kind { LETTER_BEGUN, LETTER_STOPPED, LETTER_REFUSED, LETTER_ACCEPTED };

struct passes *passes_new(const struct passes_rules *rules, const struct clock *clock,
			  const struct passes_ops *ops, void *arg)
{
	struct passes *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	*p = (struct passes){ .rules = *rules, .clock = clock, .ops = ops, .arg = arg };
	return p;
}

static void forget_row(struct passes *p, struct row *r)
{
	HASH_DEL(p->rows, r);
	free(r);
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

void passes_free(struct passes *p)
{
	if (p == NULL)
		return;
	while (p->rows != NULL)
		forget_row(p, p->rows);
	while (p->refusals != NULL)
		forget_refusals(p, p->refusals);
	while (p->trusting != NULL)
		forget_trusting(p, p->trusting);
	free(p);
}

/* ---- keys ---- */

struct key {
	size_t n; /* 0: no host */
	char text[KEY_MAX];
};

static bool is_host_octet(char c)
{
	return (c >= 'a' && c <= 'z') || ascii_digit(c) || c == '-' || c == '_' || c == '.' ||
	       c == ':' || c == '[' || c == ']';
}

/* Lower case, no trailing dot. */
static struct key key_of(const uint8_t id[CLIENT_ID_LEN], struct slice host)
{
	struct key k = { 0 };

	if (host.n != 0 && host.p[host.n - 1] == '.')
		host.n--;
	if (host.n == 0 || host.n >= SITE_MAX)
		return k;
	memcpy(k.text, id, CLIENT_ID_LEN);
	for (size_t i = 0; i < host.n; i++) {
		char c = ascii_lower(host.p[i]);

		if (!is_host_octet(c))
			return (struct key){ 0 };
		k.text[CLIENT_ID_LEN + i] = c;
	}
	k.n = CLIENT_ID_LEN + host.n;
	return k;
}

static struct row *find_row(const struct passes *p, const struct key *k)
{
	struct row *r = NULL;

	if (k->n != 0)
		HASH_FIND(hh, p->rows, k->text, k->n, r);
	return r;
}

static struct refusals *find_refusals(const struct passes *p, const struct key *k)
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

static int64_t now_ms(const struct passes *p)
{
	return clock_mono_ms(p->clock);
}

static bool in_force(const struct passes *p, const struct row *r)
{
	return r != NULL && !r->stopped && now_ms(p) < r->ends;
}

/* ---- letters out ---- */

static void begin_letter(struct buf *b, enum letter_kind kind, const struct key *k)
{
	buf_init(b, 1024);
	msg_put_u8(b, (uint8_t)kind);
	msg_put_bytes(b, slice_of(k->text, k->n));
}

static void send_letter(struct passes *p, struct buf *b)
{
	if (buf_ok(b))
		p->ops->tell(p->arg, buf_slice(b));
	buf_release(b);
}

static void tell(struct passes *p, enum letter_kind kind, const struct key *k)
{
	struct buf b;

	begin_letter(&b, kind, k);
	send_letter(p, &b);
}

static void tell_begun(struct passes *p, const struct key *k, const struct row *r)
{
	struct buf b;

	begin_letter(&b, LETTER_BEGUN, k);
	msg_put_u8(&b, (uint8_t)r->pass.why);
	msg_put_u32(&b, r->pass.count);
	msg_put_i64(&b, r->pass.since);
	msg_put_i64(&b, r->pass.until);
	msg_put_i64(&b, r->ends);
	send_letter(p, &b);
}

static void tell_refused(struct passes *p, const struct key *k, int64_t began, int64_t at)
{
	struct buf b;

	begin_letter(&b, LETTER_REFUSED, k);
	msg_put_i64(&b, began);
	msg_put_i64(&b, at);
	send_letter(p, &b);
}

/* ---- passes ---- */

static void tell_ended(struct passes *p, const struct row *r, enum pass_end how, bool own)
{
	p->ops->ended(p->arg, (const uint8_t *)r->key, &r->pass, how, own);
}

/* A new one in the place of any old one, at the end of the order.  NULL: no memory. */
static struct row *put_row(struct passes *p, const struct key *k, const struct pass *pass,
			   int64_t ends)
{
	struct row *r = calloc(1, sizeof(*r) + k->n + 1), *old = find_row(p, k);

	if (r == NULL)
		return NULL;
	if (old != NULL)
		forget_row(p, old);
	while (HASH_COUNT(p->rows) >= PASSES_MAX) {
		if (!p->rows->stopped)
			tell_ended(p, p->rows, PASS_TIME_OVER, p->rows->own);
		forget_row(p, p->rows);
	}
	memcpy(r->key, k->text, k->n);
	r->pass = *pass;
	r->pass.host = r->key + CLIENT_ID_LEN;
	r->ends = ends;
	HASH_ADD_KEYPTR(hh, p->rows, r->key, k->n, r);
	return r;
}

static void drop_refusals(struct passes *p, const struct key *k)
{
	struct refusals *f = find_refusals(p, k);

	if (f != NULL)
		forget_refusals(p, f);
}

static void retire(struct passes *p, const struct row *r)
{
	p->ops->retire(p->arg, (const uint8_t *)r->key, r->pass.host);
}

static bool begin(struct passes *p, struct visitor *v, const struct key *k, enum pass_why why,
		  unsigned count, const char *by)
{
	int64_t now = now_ms(p), wall = clock_wall_ms(p->clock);
	const struct pass pass = {
		.why = why, .count = count, .since = wall, .until = wall + p->rules.time_ms
	};
	struct row *r = find_row(p, k);

	if (r != NULL && now < r->ends) {
		/* One more connection from before it began. */
		if (!r->stopped)
			retire(p, r);
		return !r->stopped;
	}
	r = put_row(p, k, &pass, now + p->rules.time_ms);
	if (r == NULL)
		return false;
	r->own = true;
	drop_refusals(p, k);
	tell_begun(p, k, r);
	p->ops->began(p->arg, v, &r->pass, by);
	retire(p, r);
	return true;
}

const char *passes_why(struct passes *p, const struct visitor *v, struct slice host)
{
	struct key k;
	const struct row *r;

	if (p->rows == NULL || v->profile == PROFILE_MINORS)
		return NULL;
	k = key_of(v->id, host);
	r = find_row(p, &k);
	if (!in_force(p, r))
		return NULL;
	return r->pass.why == PASS_CHALLENGE ? "pass-challenge" : "pass-refusals";
}

const char *pass_word(enum pass_why why)
{
	return why == PASS_CHALLENGE ? "challenge" : "refused-by-client";
}

bool passes_challenged(struct passes *p, struct visitor *v, struct slice host, const char *by,
		       bool first)
{
	struct key k = key_of(v->id, host);

	if (!p->rules.on_challenge || !first || k.n == 0 || v->profile == PROFILE_MINORS)
		return false;
	return begin(p, v, &k, PASS_CHALLENGE, 1, by);
}

/* From now on it cannot begin by itself, for as long as it would have lasted from now on. */
static void bar(struct passes *p, const struct key *k, const struct pass *pass)
{
	struct row *r = put_row(p, k, pass, now_ms(p) + p->rules.time_ms);

	if (r != NULL)
		r->stopped = true;
}

static void stop(struct passes *p, const struct key *k, bool own)
{
	const struct pass none = { .why = PASS_REFUSALS };
	struct row *r = find_row(p, k);
	struct pass pass = r != NULL ? r->pass : none;

	if (in_force(p, r))
		tell_ended(p, r, PASS_STOPPED, own);
	drop_refusals(p, k);
	bar(p, k, &pass);
}

bool passes_stop(struct passes *p, const struct visitor *v, struct slice host)
{
	struct key k = key_of(v->id, host);

	if (!in_force(p, find_row(p, &k)))
		return false;
	tell(p, LETTER_STOPPED, &k);
	stop(p, &k, true);
	return true;
}

void passes_each(const struct passes *p, const uint8_t visitor[CLIENT_ID_LEN], passes_visit *visit,
		 void *arg)
{
	for (const struct row *r = p->rows; r != NULL; r = r->hh.next)
		if (in_force(p, r) && memcmp(r->key, visitor, CLIENT_ID_LEN) == 0)
			visit(arg, &r->pass);
}

/* All last equally long, so the oldest ends first. */
void passes_tick(struct passes *p)
{
	while (p->rows != NULL && p->rows->ends <= now_ms(p)) {
		if (!p->rows->stopped)
			tell_ended(p, p->rows, PASS_TIME_OVER, p->rows->own);
		forget_row(p, p->rows);
	}
}

/* ---- refusals ---- */

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
		*t = (struct pass_try){ .state = TRY_SHAKING, .began = now_ms(p) };
}

void pass_try_secured(struct pass_try *t, const struct passes *p)
{
	if (t->state != TRY_SHAKING)
		return;
	t->state = TRY_SECURED;
	t->secured = now_ms(p);
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
	bool refusal = pass_try_is_refusal(t, end, now_ms(p));

	t->state = TRY_OVER;
	if (refusal)
		passes_refused(p, v, host, t->began);
}

/* False: was known already, or no memory (then nothing passes). */
static bool note_trusting(struct passes *p, const uint8_t id[CLIENT_ID_LEN])
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
	bool news = note_trusting(p, v->id);
	struct key k;

	if (!news && p->refusals == NULL)
		return;
	k = key_of(v->id, host);
	if (k.n == 0 || (!news && find_refusals(p, &k) == NULL))
		return;
	drop_refusals(p, &k);
	tell(p, LETTER_ACCEPTED, &k);
}

static struct refusals *meet_refusals(struct passes *p, const struct key *k)
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

/* How many there are within the window, this one included; 0: it does not count. */
static unsigned count_refusal(struct passes *p, const struct key *k, int64_t began, int64_t at)
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

static bool counts_refusals(const struct passes *p)
{
	return p->rules.after_refusals >= 2;
}

void passes_refused(struct passes *p, struct visitor *v, struct slice host, int64_t began)
{
	struct key k = key_of(v->id, host);
	int64_t now = now_ms(p);
	const struct row *r = find_row(p, &k);
	unsigned n;

	if (!counts_refusals(p) || k.n == 0 || v->profile == PROFILE_MINORS ||
	    find_trusting(p, v->id) == NULL || (r != NULL && now < r->ends))
		return;
	n = count_refusal(p, &k, began, now);
	if (n == 0)
		return;
	tell_refused(p, &k, began, now);
	if (n >= p->rules.after_refusals)
		begin(p, v, &k, PASS_REFUSALS, n, NULL);
}

/* ---- letters in ---- */

static bool take_begun(struct passes *p, const struct key *k, struct msg_reader *r)
{
	struct pass pass = { 0 };
	uint8_t why = msg_get_u8(r);
	struct row *old = find_row(p, k), *row;
	int64_t ends, last = now_ms(p) + p->rules.time_ms;

	pass.count = msg_get_u32(r);
	pass.since = msg_get_i64(r);
	pass.until = msg_get_i64(r);
	ends = msg_get_i64(r);
	if (!msg_end(r) || why > PASS_CHALLENGE)
		return false;
	pass.why = (enum pass_why)why;
	/* Two workers may have begun at once: the first one stays. */
	if (old != NULL && now_ms(p) < old->ends)
		return true;
	row = put_row(p, k, &pass, ends < last ? ends : last);
	drop_refusals(p, k);
	if (row != NULL)
		retire(p, row);
	return true;
}

static bool take_refused(struct passes *p, const struct key *k, struct msg_reader *r)
{
	int64_t began = msg_get_i64(r), at = msg_get_i64(r), now = now_ms(p);

	if (!msg_end(r) || began < 0 || began > at)
		return false;
	/* Whether it is enough is for the worker to say that sees the next one. */
	if (counts_refusals(p) && find_row(p, k) == NULL)
		(void)count_refusal(p, k, began, at < now ? at : now);
	return true;
}

bool passes_letter(struct passes *p, struct slice letter)
{
	struct msg_reader r;
	struct slice key;
	struct key k;
	uint8_t kind;

	msg_reader_init(&r, letter);
	kind = msg_get_u8(&r);
	key = msg_get_bytes(&r);
	if (r.bad || key.n <= CLIENT_ID_LEN)
		return false;
	k = key_of((const uint8_t *)key.p, slice_skip(key, CLIENT_ID_LEN));
	if (!slice_eq(slice_of(k.text, k.n), key))
		return false;
	switch (kind) {
	case LETTER_BEGUN:
		return take_begun(p, &k, &r);
	case LETTER_REFUSED:
		return take_refused(p, &k, &r);
	case LETTER_STOPPED:
		if (!msg_end(&r))
			return false;
		stop(p, &k, false);
		return true;
	case LETTER_ACCEPTED:
		if (!msg_end(&r))
			return false;
		(void)note_trusting(p, (const uint8_t *)k.text);
		drop_refusals(p, &k);
		return true;
	default:
		return false;
	}
}
