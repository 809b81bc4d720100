/*
 * buf.h - a growing byte buffer with a cap given at birth.
 *
 *	struct buf b;
 *	buf_init(&b, 64 * 1024);
 *	buf_add(&b, SLICE("GET "));
 *	buf_addf(&b, "%u", 7u);
 *	if (!buf_ok(&b)) ...          // one check at the end is enough
 *	buf_release(&b);
 *
 * Adding beyond the cap, or when memory is out, adds nothing, sets `failed` and keeps it set, so a
 * chain of adds needs one check.  Bytes are taken from the front with buf_take(); the space is
 * reused lazily.  buf_release() gives all memory back and leaves the buffer usable with its cap.
 * The bytes are not NUL-terminated; buf_slice() is valid until the next change.
 */
#ifndef CRUMBGATE_BASE_BUF_H
#define CRUMBGATE_BASE_BUF_H

#include "base/slice.h"

struct buf {
	char *mem;
	size_t off, len, cap; /* bytes live in mem[off .. off+len) */
	size_t max;
	bool failed;
};

void buf_init(struct buf *b, size_t max);
void buf_release(struct buf *b);
/* Empties it and clears `failed`, keeps the memory. */
void buf_clear(struct buf *b);

static inline bool buf_ok(const struct buf *b)
{
	return !b->failed;
}

static inline struct slice buf_slice(const struct buf *b)
{
	return slice_of(b->mem != NULL ? b->mem + b->off : "", b->len);
}

bool buf_add(struct buf *b, struct slice s);
bool buf_addc(struct buf *b, char c);
bool buf_adds(struct buf *b, const char *s);
bool buf_addf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
bool buf_add_u64(struct buf *b, uint64_t v);
/* At most `max` octets of text that others wrote; what is no printable ASCII becomes '?'. */
bool buf_add_shown(struct buf *b, struct slice s, size_t max);
/* Lower-case hexadecimal. */
bool buf_add_hex(struct buf *b, const void *p, size_t n);

/*
 * Room for n more bytes at the returned place (NULL: over the cap); buf_commit() makes them count.
 */
char *buf_reserve(struct buf *b, size_t n);
void buf_commit(struct buf *b, size_t n);
/* Drops n bytes from the front. */
void buf_take(struct buf *b, size_t n);

#endif
