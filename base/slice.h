/*
 * slice.h - borrowed bytes.
 *
 * A slice names bytes that somebody else owns: it is passed by value, never freed, and lives as
 * long as the buffer it points into.  It need not end in NUL and may contain any byte.  Comparison
 * without case folds ASCII only, as every protocol here asks for (RFC 9110 section 5.1,
 * RFC 6265bis section 5.2), and never looks at the locale.
 */
#ifndef CRUMBGATE_BASE_SLICE_H
#define CRUMBGATE_BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct slice {
	const char *p;
	size_t n;
};

#define SLICE(literal) ((struct slice){ (literal), sizeof(literal) - 1 })
/* For printf's "%.*s". */
#define SLICE_ARG(s) (int)(s).n, (s).p

static inline struct slice slice_of(const char *p, size_t n)
{
	return (struct slice){ p, n };
}

static inline struct slice slice_str(const char *s)
{
	return (struct slice){ s, s != NULL ? strlen(s) : 0 };
}

static inline char ascii_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static inline bool ascii_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool slice_eq(struct slice a, struct slice b);
/* ASCII case-insensitive. */
bool slice_ieq(struct slice a, struct slice b);
bool slice_starts(struct slice s, struct slice prefix);
bool slice_istarts(struct slice s, struct slice prefix);
bool slice_ends(struct slice s, struct slice suffix);
bool slice_iends(struct slice s, struct slice suffix);

/* The first index of c, or s.n when there is none. */
size_t slice_find(struct slice s, char c);
/* s without its first n bytes (n is clamped). */
struct slice slice_skip(struct slice s, size_t n);
struct slice slice_head(struct slice s, size_t n);
/* Without SP and HTAB at both ends. */
struct slice slice_trim(struct slice s);

/*
 * Cuts s at the first c: *head gets what stands before it, the return value what stands behind.
 * Without a c, *head is all of s and the rest is empty with p == NULL, so that a loop
 * `while (rest.p != NULL) rest = slice_cut(rest, ',', &item);` sees each item once.
 */
struct slice slice_cut(struct slice s, char c, struct slice *head);

/* Decimal digits only, no sign, no space, at most max; false otherwise. */
bool slice_to_u64(struct slice s, uint64_t max, uint64_t *out);

/* Copies into dst, always ends it with NUL; false (and dst empty) when it does not fit. */
bool slice_copy(struct slice s, char *dst, size_t size);

#endif
