/* The bodies of the recorder's messages. */
#include "evidence/recorder.h"

static bool get_key(struct msg_reader *r, unsigned char key[RECORDER_KEY_LEN])
{
	struct slice s = msg_get_bytes(r);

	if (s.n != RECORDER_KEY_LEN)
		return false;
	memcpy(key, s.p, RECORDER_KEY_LEN);
	return true;
}

void recorder_put_keys(struct buf *b, const struct recorder_keys *k)
{
	msg_put_bytes(b, slice_of((const char *)k->log_key, RECORDER_KEY_LEN));
	msg_put_bytes(b, slice_of((const char *)k->ledger_key, RECORDER_KEY_LEN));
	msg_put_bytes(b, k->period);
	msg_put_i64(b, k->until);
	msg_put_u8(b, k->keep_values);
}

bool recorder_get_keys(struct slice body, struct recorder_keys *k)
{
	struct msg_reader r;

	msg_reader_init(&r, body);
	if (!get_key(&r, k->log_key) || !get_key(&r, k->ledger_key))
		return false;
	k->period = msg_get_bytes(&r);
	k->until = msg_get_i64(&r);
	k->keep_values = msg_get_u8(&r) != 0;
	return msg_end(&r);
}

void recorder_put_choice(struct buf *b, const struct recorder_choice *c)
{
	msg_put_u8(b, (uint8_t)c->op);
	msg_put_bytes(b, c->client);
	msg_put_bytes(b, c->site);
	msg_put_bytes(b, c->profile);
	msg_put_bytes(b, c->choice);
	msg_put_bytes(b, c->seen);
	msg_put_i64(b, c->when);
}

bool recorder_get_choice(struct msg_reader *r, struct recorder_choice *c)
{
	unsigned op = msg_get_u8(r);

	c->op = op == RECORDER_CHOICE_CLEAR ? RECORDER_CHOICE_CLEAR : RECORDER_CHOICE_SET;
	c->client = msg_get_bytes(r);
	c->site = msg_get_bytes(r);
	c->profile = msg_get_bytes(r);
	c->choice = msg_get_bytes(r);
	c->seen = msg_get_bytes(r);
	c->when = msg_get_i64(r);
	return !r->bad && op <= RECORDER_CHOICE_CLEAR && c->client.n != 0 && c->site.n != 0;
}

void recorder_put_query(struct buf *b, const struct recorder_query *q)
{
	msg_put_bytes(b, q->client);
	msg_put_i64(b, q->since);
	msg_put_u32(b, q->limit);
}

bool recorder_get_query(struct slice body, struct recorder_query *q)
{
	struct msg_reader r;

	msg_reader_init(&r, body);
	q->client = msg_get_bytes(&r);
	q->since = msg_get_i64(&r);
	q->limit = msg_get_u32(&r);
	return msg_end(&r);
}
