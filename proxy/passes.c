#include "proxy/passes_parts.h"
#include "proxy/visitor.h"

#include <stdlib.h>

#define PASSES_MAX 4096u

struct passes *passes_new(const struct passes_rules *rules, const struct clock *clock,
			  const struct passes_ops *ops, void *arg)
{
	struct passes *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	*p = (struct passes){ .rules = *rules, .clock = clock, .ops = ops, .arg = arg };
	return p;
}

void passes_forget(struct passes *p, struct pass_row *r)
{
	HASH_DEL(p->rows, r);
	free(r);
}

void passes_free(struct passes *p)
{
	if (p == NULL)
		return;
	while (p->rows != NULL)
		passes_forget(p, p->rows);
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

bool pass_in_force(const struct passes *p, const struct pass_row *r)
{
	return r != NULL && !r->stopped && passes_now(p) < r->ends;
}

/* ---- passes ---- */

bool passes_owns(const struct passes *p, const struct pass_row *r)
{
	return r->owner == p->rules.self && !p->handed;
}

void passes_tell_ended(struct passes *p, const struct pass_row *r, enum pass_end how, bool own)
{
	p->ops->ended(p->arg, (const uint8_t *)r->key, &r->pass, how, own);
}

/* By itself. */
static void end_row(struct passes *p, struct pass_row *r, enum pass_end how)
{
	if (!r->stopped)
		passes_tell_ended(p, r, how, passes_owns(p, r));
	passes_forget(p, r);
}

struct pass_row *passes_put(struct passes *p, const struct pass_key *k, const struct pass_row *like)
{
	struct pass_row *r = calloc(1, sizeof(*r) + k->n + 1), *old;

	if (r == NULL)
		return NULL;
	r->pass = like->pass;
	r->ends = like->ends;
	r->owner = like->owner;
	r->stopped = like->stopped;
	memcpy(r->address, like->address, sizeof(r->address));
	memcpy(r->key, k->text, k->n);
	r->pass.host = r->key + CLIENT_ID_LEN;
	r->pass.address = r->address;
	old = passes_row(p, k);
	if (old != NULL)
		passes_forget(p, old);
	while (HASH_COUNT(p->rows) >= PASSES_MAX)
		end_row(p, p->rows, PASS_TIME_OVER);
	HASH_ADD_KEYPTR(hh, p->rows, r->key, k->n, r);
	return r;
}

void passes_retire(struct passes *p, const struct pass_row *r)
{
	p->ops->retire(p->arg, (const uint8_t *)r->key, r->pass.host);
}

/* Many names of one site could challenge, and drive out what others have, and what a person ended. */
bool passes_has_many(const struct passes *p, const struct pass_key *k)
{
	size_t n = 0;

	for (const struct pass_row *r = p->rows; r != NULL; r = r->hh.next)
		n += pass_in_force(p, r) && memcmp(r->key, k->text, CLIENT_ID_LEN) == 0;
	return n >= PASSES_OWN_MAX;
}

static struct pass_row *begin_row(struct passes *p, const struct visitor *v,
				  const struct pass_key *k, enum pass_why why, unsigned count)
{
	int64_t wall = clock_wall_ms(p->clock);
	struct pass_row like = {
		.pass = { .why = why,
			  .count = count,
			  .since = wall,
			  .until = wall + p->rules.time_ms },
		.ends = passes_now(p) + p->rules.time_ms,
		.owner = p->rules.self,
	};

	if (p->closed || passes_has_many(p, k))
		return NULL;
	memcpy(like.address, v->address, sizeof(like.address));
	return passes_put(p, k, &like);
}

bool passes_begin(struct passes *p, struct visitor *v, const struct pass_key *k, enum pass_why why,
		  unsigned count, const char *by)
{
	struct pass_row *r = passes_row(p, k);

	if (r != NULL && passes_now(p) < r->ends) {
		/* One more connection from before it began. */
		if (!r->stopped)
			passes_retire(p, r);
		return !r->stopped;
	}
	r = begin_row(p, v, k, why, count);
	if (r == NULL)
		return false;
	refusals_drop(p, k);
	passes_tell_begun(p, r);
	p->ops->began(p->arg, v, &r->pass, by);
	passes_retire(p, r);
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
	if (!pass_in_force(p, r))
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

void passes_bar(struct passes *p, const struct pass_key *k, bool own)
{
	struct pass_row *r = passes_row(p, k), like = { .pass.why = PASS_REFUSALS };

	if (r != NULL)
		like = *r;
	if (pass_in_force(p, r))
		passes_tell_ended(p, r, PASS_STOPPED, own);
	refusals_drop(p, k);
	like.ends = passes_now(p) + p->rules.time_ms;
	like.stopped = true;
	(void)passes_put(p, k, &like);
}

bool passes_stop(struct passes *p, const struct visitor *v, struct slice host)
{
	struct pass_key k = pass_key_of(v->id, host);

	if (!pass_in_force(p, passes_row(p, &k)))
		return false;
	passes_tell_stopped(p, &k);
	passes_bar(p, &k, true);
	return true;
}

void passes_each(const struct passes *p, const uint8_t visitor[CLIENT_ID_LEN], passes_visit *visit,
		 void *arg)
{
	for (const struct pass_row *r = p->rows; r != NULL; r = r->hh.next)
		if (pass_in_force(p, r) && memcmp(r->key, visitor, CLIENT_ID_LEN) == 0)
			visit(arg, &r->pass);
}

/* Those that were handed over may end before others that came first. */
void passes_tick(struct passes *p)
{
	struct pass_row *r, *next;
	int64_t now = passes_now(p);

	for (r = p->rows; r != NULL; r = next) {
		next = r->hh.next;
		if (r->ends <= now)
			end_row(p, r, PASS_TIME_OVER);
	}
}

void passes_close(struct passes *p)
{
	p->closed = true;
	while (p->rows != NULL)
		end_row(p, p->rows, PASS_CLOSED);
}
