/* What the passes of one worker tell those of others, and what they take from them. */
#include "base/msg.h"
#include "proxy/passes_parts.h"

enum letter_kind {
	LETTER_BEGUN, /* a pass, or one that a person ended */
	LETTER_STOPPED,
	LETTER_REFUSED, /* and when it began and was refused */
	LETTER_USED,	/* and when */
	LETTER_TRUSTS,	/* the key is the visitor alone */
};

/* ---- out ---- */

static void begin_letter(struct buf *b, enum letter_kind kind, struct slice key)
{
	buf_init(b, 1024);
	msg_put_u8(b, (uint8_t)kind);
	msg_put_bytes(b, key);
}

static void pack_row(struct buf *b, const struct pass_row *r)
{
	begin_letter(b, LETTER_BEGUN,
		     slice_of(r->key, CLIENT_ID_LEN + strlen(r->key + CLIENT_ID_LEN)));
	msg_put_bytes(b, slice_str(r->address));
	msg_put_u8(b, r->stopped);
	msg_put_u8(b, (uint8_t)r->pass.why);
	msg_put_u32(b, r->pass.count);
	msg_put_i64(b, r->pass.since);
	msg_put_i64(b, r->pass.until);
	msg_put_u32(b, r->owner);
	msg_put_i64(b, r->ends);
}

/* To all who have, or will have, the same table. */
static void send_letter(struct passes *p, struct buf *b)
{
	if (buf_ok(b)) {
		p->ops->tell(p->arg, buf_slice(b));
		if (p->handed)
			(void)p->ops->hand(p->arg, buf_slice(b), true);
	}
	buf_release(b);
}

void passes_tell_begun(struct passes *p, const struct pass_row *r)
{
	struct buf b;

	pack_row(&b, r);
	send_letter(p, &b);
}

void passes_tell_stopped(struct passes *p, const struct pass_key *k)
{
	struct buf b;

	begin_letter(&b, LETTER_STOPPED, slice_of(k->text, k->n));
	send_letter(p, &b);
}

static void pack_use(struct buf *b, const struct pass_use *u)
{
	begin_letter(b, LETTER_USED,
		     slice_of(u->key, CLIENT_ID_LEN + strlen(u->key + CLIENT_ID_LEN)));
	msg_put_i64(b, u->at);
}

void passes_tell_used(struct passes *p, const struct pass_use *u)
{
	struct buf b;

	pack_use(&b, u);
	send_letter(p, &b);
}

void passes_tell_refused(struct passes *p, const struct pass_key *k, int64_t began, int64_t at)
{
	struct buf b;

	begin_letter(&b, LETTER_REFUSED, slice_of(k->text, k->n));
	msg_put_i64(&b, began);
	msg_put_i64(&b, at);
	send_letter(p, &b);
}

/* ---- to the next generation ---- */

static bool hand(struct passes *p, struct buf *b)
{
	bool good = buf_ok(b) && p->ops->hand(p->arg, buf_slice(b), false);

	buf_release(b);
	return good;
}

static void hand_rows(struct passes *p)
{
	struct pass_row *r, *next;
	struct buf b;

	for (r = p->rows; r != NULL; r = next) {
		next = r->hh.next;
		if (passes_now(p) >= r->ends)
			continue; /* the next tick says so */
		pack_row(&b, r);
		if (hand(p, &b))
			continue;
		if (!r->stopped)
			passes_tell_ended(p, r, PASS_NOT_HANDED, passes_owns(p, r));
		passes_forget(p, r);
	}
}

static void hand_trusting(struct passes *p)
{
	struct buf b;

	for (const struct trusting *t = p->trusting; t != NULL; t = t->hh.next) {
		begin_letter(&b, LETTER_TRUSTS, slice_of((const char *)t->id, CLIENT_ID_LEN));
		if (!hand(p, &b))
			return;
	}
}

static void hand_uses(struct passes *p)
{
	struct buf b;

	for (const struct pass_use *u = p->uses; u != NULL; u = u->hh.next) {
		if (u->at <= passes_now(p) - p->rules.time_ms)
			continue;
		pack_use(&b, u);
		if (!hand(p, &b))
			return;
	}
}

void passes_hand_over(struct passes *p)
{
	if (p->handed || p->closed)
		return;
	passes_tick(p);
	hand_rows(p);
	hand_trusting(p);
	hand_uses(p);
	p->handed = true;
}

/* ---- in ---- */

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* The configuration of the generation before may have been another one. */
static bool is_allowed(const struct passes *p, enum pass_why why)
{
	return why == PASS_CHALLENGE ? p->rules.on_challenge : refusals_matter(p);
}

static bool read_row(const struct passes *p, struct msg_reader *r, struct pass_row *out)
{
	struct slice address = msg_get_bytes(r);
	uint8_t stopped = msg_get_u8(r), why = msg_get_u8(r);

	out->pass.count = msg_get_u32(r);
	out->pass.since = msg_get_i64(r);
	out->pass.until = msg_get_i64(r);
	out->owner = msg_get_u32(r);
	out->ends = msg_get_i64(r);
	if (!msg_end(r) || why > PASS_CHALLENGE || stopped > 1 ||
	    !slice_copy(address, out->address, sizeof(out->address)))
		return false;
	out->pass.why = (enum pass_why)why;
	out->stopped = stopped;
	out->ends = least(out->ends, passes_now(p) + p->rules.time_ms);
	out->pass.until = least(out->pass.until, clock_wall_ms(p->clock) + p->rules.time_ms);
	return true;
}

static void take_stopped(struct passes *p, const struct pass_key *k, const struct pass_row *in)
{
	const struct pass_row *old = passes_row(p, k);

	/* One that began here before this was known. */
	if (pass_in_force(p, old))
		passes_tell_ended(p, old, PASS_STOPPED, passes_owns(p, old));
	(void)passes_put(p, k, in);
}

/* There is no room for one that was handed over: nobody else would say how it ended. */
static void not_taken(struct passes *p, const struct pass_key *k, const struct pass_row *in)
{
	struct pass pass = in->pass;

	pass.host = k->text + CLIENT_ID_LEN;
	pass.address = in->address;
	if (passes_owns(p, in))
		p->ops->ended(p->arg, (const uint8_t *)k->text, &pass, PASS_NOT_HANDED, true);
}

static void take_pass(struct passes *p, const struct pass_key *k, const struct pass_row *in)
{
	struct pass_row *row = passes_has_many(p, k) ? NULL : passes_put(p, k, in);

	if (row == NULL) {
		not_taken(p, k, in);
		return;
	}
	if (is_allowed(p, row->pass.why)) {
		passes_retire(p, row);
		return;
	}
	passes_tell_ended(p, row, PASS_FORBIDDEN, passes_owns(p, row));
	passes_forget(p, row);
}

static bool take_begun(struct passes *p, const struct pass_key *k, struct msg_reader *r)
{
	struct pass_row in = { 0 };
	const struct pass_row *old = passes_row(p, k);

	if (!read_row(p, r, &in))
		return false;
	if (p->closed || in.ends <= passes_now(p))
		return true;
	if (in.stopped)
		take_stopped(p, k, &in);
	/* Two workers may have begun at once: the first one stays. */
	else if (old == NULL || passes_now(p) >= old->ends)
		take_pass(p, k, &in);
	refusals_drop(p, k);
	return true;
}

static bool take_refused(struct passes *p, const struct pass_key *k, struct msg_reader *r)
{
	int64_t began = msg_get_i64(r), at = msg_get_i64(r);

	if (!msg_end(r) || began < 0 || began > at)
		return false;
	/* Whether it is enough is for the worker to say that sees the next one. */
	if (refusals_matter(p) && passes_row(p, k) == NULL && !uses_lately(p, k))
		(void)refusals_count(p, k, began, least(at, passes_now(p)));
	return true;
}

static bool take_used(struct passes *p, const struct pass_key *k, struct msg_reader *r)
{
	int64_t at = msg_get_i64(r);

	if (!msg_end(r))
		return false;
	if (!refusals_matter(p))
		return true;
	trusting_note(p, (const uint8_t *)k->text);
	(void)uses_note(p, k, least(at, passes_now(p)));
	return true;
}

static bool take_of_host(struct passes *p, uint8_t kind, const struct pass_key *k,
			 struct msg_reader *r)
{
	switch (kind) {
	case LETTER_BEGUN:
		return take_begun(p, k, r);
	case LETTER_REFUSED:
		return take_refused(p, k, r);
	case LETTER_STOPPED:
		if (!msg_end(r))
			return false;
		if (!p->closed)
			passes_bar(p, k, false);
		return true;
	case LETTER_USED:
		return take_used(p, k, r);
	default:
		return false;
	}
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
	if (r.bad || key.n < CLIENT_ID_LEN)
		return false;
	if (kind == LETTER_TRUSTS) {
		if (key.n != CLIENT_ID_LEN || !msg_end(&r))
			return false;
		trusting_note(p, (const uint8_t *)key.p);
		return true;
	}
	k = pass_key_of((const uint8_t *)key.p, slice_skip(key, CLIENT_ID_LEN));
	return slice_eq(slice_of(k.text, k.n), key) && take_of_host(p, kind, &k, &r);
}
