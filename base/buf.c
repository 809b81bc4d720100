#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){ .max = max };
}

void buf_release(struct buf *b)
{
	free(b->mem);
	buf_init(b, b->max);
}

void buf_clear(struct buf *b)
{
	b->off = 0;
	b->len = 0;
	b->failed = false;
}

static void compact(struct buf *b)
{
	if (b->off == 0)
		return;
	memmove(b->mem, b->mem + b->off, b->len);
	b->off = 0;
}

static bool grow(struct buf *b, size_t need)
{
	size_t cap = b->cap != 0 ? b->cap : 256;
	char *mem;

	while (cap < need)
		cap = cap > SIZE_MAX / 2 ? need : cap * 2;
	if (cap > b->max)
		cap = b->max;
	mem = realloc(b->mem, cap);
	if (mem == NULL)
		return false;
	b->mem = mem;
	b->cap = cap;
	return true;
}

char *buf_reserve(struct buf *b, size_t n)
{
	if (b->failed || b->len > b->max || n > b->max - b->len) {
		b->failed = true;
		return NULL;
	}
	if (b->mem != NULL && b->cap - b->off - b->len < n)
		compact(b);
	if (b->mem == NULL || b->cap - b->len - b->off < n) {
		if (!grow(b, b->len + (n != 0 ? n : 1))) {
			b->failed = true;
			return NULL;
		}
	}
	return b->mem + b->off + b->len;
}

void buf_commit(struct buf *b, size_t n)
{
	b->len += n;
}

bool buf_add(struct buf *b, struct slice s)
{
	char *to;

	if (s.n == 0)
		return !b->failed;
	to = buf_reserve(b, s.n);
	if (to == NULL)
		return false;
	memcpy(to, s.p, s.n);
	b->len += s.n;
	return true;
}

bool buf_addc(struct buf *b, char c)
{
	return buf_add(b, slice_of(&c, 1));
}

bool buf_adds(struct buf *b, const char *s)
{
	return buf_add(b, slice_str(s));
}

bool buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	int n;
	char *to;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0) {
		b->failed = true;
		return false;
	}
	to = buf_reserve(b, (size_t)n + 1);
	if (to == NULL)
		return false;
	va_start(ap, fmt);
	vsnprintf(to, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->len += (size_t)n;
	return true;
}

bool buf_add_u64(struct buf *b, uint64_t v)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + v % 10);
		v /= 10;
	} while (v != 0);
	return buf_add(b, slice_of(digits + at, sizeof(digits) - at));
}

bool buf_add_shown(struct buf *b, struct slice s, size_t max)
{
	for (size_t i = 0; i < s.n && i < max; i++)
		buf_addc(b, s.p[i] >= 0x20 && s.p[i] < 0x7f ? s.p[i] : '?');
	return buf_ok(b);
}

bool buf_add_hex(struct buf *b, const void *p, size_t n)
{
	static const char hex[] = "0123456789abcdef";
	const unsigned char *in = p;
	char *to = buf_reserve(b, 2 * n);

	if (to == NULL)
		return false;
	for (size_t i = 0; i < n; i++) {
		to[2 * i] = hex[in[i] >> 4];
		to[2 * i + 1] = hex[in[i] & 15];
	}
	b->len += 2 * n;
	return true;
}

void buf_take(struct buf *b, size_t n)
{
	if (n >= b->len) {
		b->off = 0;
		b->len = 0;
		return;
	}
	b->off += n;
	b->len -= n;
}
