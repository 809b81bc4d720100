#include "base/msg.h"
#include "proxy/passes_parts.h"
#include "proxy/visitor.h"

#include <stdlib.h>

#define PASSES_MAX 4096u

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

static void forget_row(struct passes *p, struct pass_row *r)
{
	HASH_DEL(p->rows, r);
	free(r);
}

void passes_free(struct passes *p)
{
	if (p == NULL)
		return;
	while (p->rows != NULL)
		forget_row(p, p->rows);
	refusals_release(p);
	free(p);
}

/* ---- keys ---- */

static bool is_host_octet(char c)
{
	return (c >= 'a' && c <= 'z') || ascii_digit(c) || c == '-' || c == '_' || c == '.' ||
	       c == ':' || c == '[' || c == ']';
}

/* Lower case, no trailing dot. */
struct pass_key pass_key_of(const uint8_t id[CLIENT_ID_LEN], struct slice host)
{
	struct pass_key k = { 0 };

	if (host.n != 0 && host.p[host.n - 1] == '.')
		host.n--;
	if (host.n == 0 || host.n >= SITE_MAX)
		return k;
	memcpy(k.text, id, CLIENT_ID_LEN);
	for (size_t i = 0; i < host.n; i++) {
		char c = ascii_lower(host.p[i]);

		if (!is_host_octet(c))
			return (struct pass_key){ 0 };
		k.text[CLIENT_ID_LEN + i] = c;
	}
	k.n = CLIENT_ID_LEN + host.n;
	return k;
}

struct pass_row *passes_row(const struct passes *p, const struct pass_key *k)
{
	struct pass_row *r = NULL;

	if (k->n != 0)
		HASH_FIND(hh, p->rows, k->text, k->n, r);
	return r;
}

int64_t passes_now(const struct passes *p)
{
	return clock_mono_ms(p->clock);
}

static bool in_force(const struct passes *p, const struct pass_row *r)
{
	return r != NULL && !r->stopped && passes_now(p) < r->ends;
}

/* ---- letters out ---- */

static void begin_letter(struct buf *b, enum letter_kind kind, const struct pass_key *k)
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

static void tell(struct passes *p, enum letter_kind kind, const struct pass_key *k)
{
	struct buf b;

	begin_letter(&b, kind, k);
	send_letter(p, &b);
}

void passes_tell_accepted(struct passes *p, const struct pass_key *k)
{
	tell(p, LETTER_ACCEPTED, k);
}

static void tell_begun(struct passes *p, const struct pass_key *k, const struct pass_row *r)
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

void passes_tell_refused(struct passes *p, const struct pass_key *k, int64_t began, int64_t at)
{
	struct buf b;

	begin_letter(&b, LETTER_REFUSED, k);
	msg_put_i64(&b, began);
	msg_put_i64(&b, at);
	send_letter(p, &b);
}

/* ---- passes ---- */

static void tell_ended(struct passes *p, const struct pass_row *r, enum pass_end how, bool own)
{
	p->ops->ended(p->arg, (const uint8_t *)r->key, &r->pass, how, own);
}

/* A new one in the place of any old one, at the end of the order.  NULL: no memory. */
static struct pass_row *put_row(struct passes *p, const struct pass_key *k, const struct pass *pass,
				int64_t ends)
{
	struct pass_row *r = calloc(1, sizeof(*r) + k->n + 1), *old = passes_row(p, k);

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

static void retire(struct passes *p, const struct pass_row *r)
{
	p->ops->retire(p->arg, (const uint8_t *)r->key, r->pass.host);
}

/*
 * Many names of one site could challenge, and drive out what others have, and what a person ended.
 */
static bool has_many(const struct passes *p, const struct pass_key *k)
{
	size_t n = 0;

	for (const struct pass_row *r = p->rows; r != NULL; r = r->hh.next)
		n += in_force(p, r) && memcmp(r->key, k->text, CLIENT_ID_LEN) == 0;
	return n >= PASSES_OWN_MAX;
}

bool passes_begin(struct passes *p, struct visitor *v, const struct pass_key *k, enum pass_why why,
		  unsigned count, const char *by)
{
	int64_t now = passes_now(p), wall = clock_wall_ms(p->clock);
	const struct pass pass = {
		.why = why, .count = count, .since = wall, .until = wall + p->rules.time_ms
	};
	struct pass_row *r = passes_row(p, k);

	if (r != NULL && now < r->ends) {
		/* One more connection from before it began. */
		if (!r->stopped)
			retire(p, r);
		return !r->stopped;
	}
	r = has_many(p, k) ? NULL : put_row(p, k, &pass, now + p->rules.time_ms);
	if (r == NULL)
		return false;
	r->own = true;
	refusals_drop(p, k);
	tell_begun(p, k, r);
	p->ops->began(p->arg, v, &r->pass, by);
	retire(p, r);
	return true;
}

const char *passes_why(struct passes *p, const struct visitor *v, struct slice host)
{
	struct pass_key k;
	const struct pass_row *r;

	if (p->rows == NULL || v->profile == PROFILE_MINORS)
		return NULL;
	k = pass_key_of(v->id, host);
	r = passes_row(p, &k);
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
	struct pass_key k = pass_key_of(v->id, host);

	if (!p->rules.on_challenge || !first || k.n == 0 || v->profile == PROFILE_MINORS)
		return false;
	return passes_begin(p, v, &k, PASS_CHALLENGE, 1, by);
}

/* From now on it cannot begin by itself, for as long as it would have lasted from now on. */
static void bar(struct passes *p, const struct pass_key *k, const struct pass *pass)
{
	struct pass_row *r = put_row(p, k, pass, passes_now(p) + p->rules.time_ms);

	if (r != NULL)
		r->stopped = true;
}

static void stop(struct passes *p, const struct pass_key *k, bool own)
{
	const struct pass none = { .why = PASS_REFUSALS };
	struct pass_row *r = passes_row(p, k);
	struct pass pass = r != NULL ? r->pass : none;

	if (in_force(p, r))
		tell_ended(p, r, PASS_STOPPED, own);
	refusals_drop(p, k);
	bar(p, k, &pass);
}

bool passes_stop(struct passes *p, const struct visitor *v, struct slice host)
{
	struct pass_key k = pass_key_of(v->id, host);

	if (!in_force(p, passes_row(p, &k)))
		return false;
	tell(p, LETTER_STOPPED, &k);
	stop(p, &k, true);
	return true;
}

void passes_each(const struct passes *p, const uint8_t visitor[CLIENT_ID_LEN], passes_visit *visit,
		 void *arg)
{
	for (const struct pass_row *r = p->rows; r != NULL; r = r->hh.next)
		if (in_force(p, r) && memcmp(r->key, visitor, CLIENT_ID_LEN) == 0)
			visit(arg, &r->pass);
}

/* All last equally long, so the oldest ends first. */
void passes_tick(struct passes *p)
{
	while (p->rows != NULL && p->rows->ends <= passes_now(p)) {
		if (!p->rows->stopped)
			tell_ended(p, p->rows, PASS_TIME_OVER, p->rows->own);
		forget_row(p, p->rows);
	}
}

/* ---- letters in ---- */

static bool take_begun(struct passes *p, const struct pass_key *k, struct msg_reader *r)
{
	struct pass pass = { 0 };
	uint8_t why = msg_get_u8(r);
	struct pass_row *old = passes_row(p, k), *row;
	int64_t ends, last = passes_now(p) + p->rules.time_ms;

	pass.count = msg_get_u32(r);
	pass.since = msg_get_i64(r);
	pass.until = msg_get_i64(r);
	ends = msg_get_i64(r);
	if (!msg_end(r) || why > PASS_CHALLENGE)
		return false;
	pass.why = (enum pass_why)why;
	/* Two workers may have begun at once: the first one stays. */
	if (old != NULL && passes_now(p) < old->ends)
		return true;
	row = has_many(p, k) ? NULL : put_row(p, k, &pass, ends < last ? ends : last);
	refusals_drop(p, k);
	if (row != NULL)
		retire(p, row);
	return true;
}

static bool take_refused(struct passes *p, const struct pass_key *k, struct msg_reader *r)
{
	int64_t began = msg_get_i64(r), at = msg_get_i64(r), now = passes_now(p);

	if (!msg_end(r) || began < 0 || began > at)
		return false;
	/* Whether it is enough is for the worker to say that sees the next one. */
	if (refusals_matter(p) && passes_row(p, k) == NULL)
		(void)refusals_count(p, k, began, at < now ? at : now);
	return true;
}

bool passes_letter(struct passes *p, struct slice letter)
{
	struct msg_reader r;
	struct slice key;
	struct pass_key k;
	uint8_t kind;

	msg_reader_init(&r, letter);
	kind = msg_get_u8(&r);
	key = msg_get_bytes(&r);
	if (r.bad || key.n <= CLIENT_ID_LEN)
		return false;
	k = pass_key_of((const uint8_t *)key.p, slice_skip(key, CLIENT_ID_LEN));
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
		(void)trusting_note(p, (const uint8_t *)k.text);
		refusals_drop(p, &k);
		return true;
	default:
		return false;
	}
}
