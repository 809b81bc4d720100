#include "base/msg.h"

static void put(struct buf *b, uint64_t v, unsigned bytes)
{
	char raw[8];

	for (unsigned i = 0; i < bytes; i++)
		raw[i] = (char)(v >> (8 * i) & 0xff);
	buf_add(b, slice_of(raw, bytes));
}

void msg_put_u8(struct buf *b, uint8_t v)
{
	put(b, v, 1);
}

void msg_put_u16(struct buf *b, uint16_t v)
{
	put(b, v, 2);
}

void msg_put_u32(struct buf *b, uint32_t v)
{
	put(b, v, 4);
}

void msg_put_u64(struct buf *b, uint64_t v)
{
	put(b, v, 8);
}

void msg_put_i64(struct buf *b, int64_t v)
{
	put(b, (uint64_t)v, 8);
}

void msg_put_bytes(struct buf *b, struct slice s)
{
	if (s.n > MSG_MAX) {
		b->failed = true;
		return;
	}
	msg_put_u32(b, (uint32_t)s.n);
	buf_add(b, s);
}

void msg_reader_init(struct msg_reader *r, struct slice body)
{
	*r = (struct msg_reader){ body, false };
}

static uint64_t get(struct msg_reader *r, unsigned bytes)
{
	uint64_t v = 0;

	if (r->bad || r->rest.n < bytes) {
		r->bad = true;
		return 0;
	}
	for (unsigned i = 0; i < bytes; i++)
		v |= (uint64_t)(unsigned char)r->rest.p[i] << (8 * i);
	r->rest = slice_skip(r->rest, bytes);
	return v;
}

uint8_t msg_get_u8(struct msg_reader *r)
{
	return (uint8_t)get(r, 1);
}

uint16_t msg_get_u16(struct msg_reader *r)
{
	return (uint16_t)get(r, 2);
}

uint32_t msg_get_u32(struct msg_reader *r)
{
	return (uint32_t)get(r, 4);
}

uint64_t msg_get_u64(struct msg_reader *r)
{
	return get(r, 8);
}

int64_t msg_get_i64(struct msg_reader *r)
{
	return (int64_t)get(r, 8);
}

struct slice msg_get_bytes(struct msg_reader *r)
{
	uint32_t n = msg_get_u32(r);
	struct slice s;

	if (r->bad || r->rest.n < n) {
		r->bad = true;
		return slice_of("", 0);
	}
	s = slice_head(r->rest, n);
	r->rest = slice_skip(r->rest, n);
	return s;
}

bool msg_end(const struct msg_reader *r)
{
	return !r->bad && r->rest.n == 0;
}
