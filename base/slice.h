/*
 * slice.h - borrowed bytes.
 *
 * A slice names bytes that somebody else owns: it is passed by value, never freed, and lives as
 * long as the buffer it points into.  It need not end in NUL and may contain any byte.  Comparison
 * without case folds ASCII only, as every protocol here asks for (RFC 9110 section 5.1,
 * RFC 6265bis section 5.2), and never looks at the locale.
 *
 * The short functions are inline: one request calls them several hundred times.
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

static inline bool slice_eq(struct slice a, struct slice b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* n octets, letters of either case alike. */
bool slice_same_letters(const char *a, const char *b, size_t n);

/* ASCII case-insensitive. */
static inline bool slice_ieq(struct slice a, struct slice b)
{
	return a.n == b.n && slice_same_letters(a.p, b.p, a.n);
}

static inline struct slice slice_head(struct slice s, size_t n)
{
	return slice_of(s.p, n < s.n ? n : s.n);
}

/* s without its first n bytes (n is clamped). */
static inline struct slice slice_skip(struct slice s, size_t n)
{
	if (n > s.n)
		n = s.n;
	return slice_of(n != 0 ? s.p + n : s.p, s.n - n);
}

static inline bool slice_starts(struct slice s, struct slice prefix)
{
	return s.n >= prefix.n && slice_eq(slice_head(s, prefix.n), prefix);
}

static inline bool slice_istarts(struct slice s, struct slice prefix)
{
	return s.n >= prefix.n && slice_ieq(slice_head(s, prefix.n), prefix);
}

static inline bool slice_ends(struct slice s, struct slice suffix)
{
	return s.n >= suffix.n && slice_eq(slice_skip(s, s.n - suffix.n), suffix);
}

static inline bool slice_iends(struct slice s, struct slice suffix)
{
	return s.n >= suffix.n && slice_ieq(slice_skip(s, s.n - suffix.n), suffix);
}

/* The first index of c, or s.n when there is none. */
static inline size_t slice_find(struct slice s, char c)
{
	const char *at = s.n != 0 ? memchr(s.p, c, s.n) : NULL;

	return at != NULL ? (size_t)(at - s.p) : s.n;
}

static inline bool ascii_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Without SP and HTAB at both ends. */
static inline struct slice slice_trim(struct slice s)
{
	while (s.n != 0 && ascii_blank(s.p[0]))
		s = slice_of(s.p + 1, s.n - 1);
	while (s.n != 0 && ascii_blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

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
