#include "base/json.h"

void json_open(struct buf *b, char bracket)
{
	buf_addc(b, bracket);
}

void json_close(struct buf *b, char bracket)
{
	buf_addc(b, bracket);
}

void json_item(struct buf *b)
{
	struct slice s = buf_slice(b);
	char last = s.n != 0 ? s.p[s.n - 1] : '{';

	if (last != '{' && last != '[')
		buf_addc(b, ',');
}

void json_key(struct buf *b, const char *key)
{
	json_item(b);
	buf_addc(b, '"');
	buf_adds(b, key);
	buf_add(b, SLICE("\":"));
}

static bool plain(char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

void json_bytes(struct buf *b, struct slice s)
{
	buf_addc(b, '"');
	while (s.n != 0) {
		size_t run = 0;

		while (run < s.n && plain(s.p[run]))
			run++;
		buf_add(b, slice_head(s, run));
		s = slice_skip(s, run);
		if (s.n == 0)
			break;
		if (s.p[0] == '"' || s.p[0] == '\\') {
			buf_addc(b, '\\');
			buf_addc(b, s.p[0]);
		} else {
			buf_add(b, SLICE("\\u00"));
			buf_add_hex(b, s.p, 1);
		}
		s = slice_skip(s, 1);
	}
	buf_addc(b, '"');
}

void json_u64(struct buf *b, uint64_t v)
{
	buf_add_u64(b, v);
}

void json_i64(struct buf *b, int64_t v)
{
	if (v < 0)
		buf_addc(b, '-');
	buf_add_u64(b, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
}

void json_bool(struct buf *b, bool v)
{
	buf_add(b, v ? SLICE("true") : SLICE("false"));
}

void json_kv(struct buf *b, const char *key, struct slice v)
{
	json_key(b, key);
	json_bytes(b, v);
}

void json_kv_u64(struct buf *b, const char *key, uint64_t v)
{
	json_key(b, key);
	json_u64(b, v);
}

void json_kv_i64(struct buf *b, const char *key, int64_t v)
{
	json_key(b, key);
	json_i64(b, v);
}

void json_kv_bool(struct buf *b, const char *key, bool v)
{
	json_key(b, key);
	json_bool(b, v);
}
