/*
 * bits.h - reads bits out of base64url text, where they stand.
 *
 * TC strings and GPP sections are bit fields, most significant bit first, written in base64url
 * (RFC 4648 section 5) without padding, six bits a character; the last character may hold bits that
 * mean nothing.  Nothing is decoded into memory: a struct bits is a place in the text, a copy of it
 * is another place in the same text.
 *
 *	struct bits b;
 *	if (!bits_init(&b, text, BITS_URL))
 *		...                             // a character that is not of the alphabet
 *	version = bits_take(&b, 6);
 *	max = bits_take(&b, 16);
 *	if (b.failed) ...                       // one check at the end is enough
 *
 * Reading past the end gives 0, sets `failed` and keeps it set.  The text is the caller's.
 */
#ifndef CRUMBGATE_FILTERS_CLAIMS_BITS_H
#define CRUMBGATE_FILTERS_CLAIMS_BITS_H

#include "base/slice.h"

enum bits_alphabet {
	BITS_URL,    /* A-Z a-z 0-9 - _ */
	BITS_EITHER, /* and + / beside them: the table in the GPP specification has those */
};

struct bits {
	const char *text;
	size_t at, end; /* in bits */
	bool failed;
};

/* False: a character outside the alphabet, or no character at all. */
bool bits_init(struct bits *b, struct slice text, enum bits_alphabet alphabet);

/* The next n <= 64 bits. */
uint64_t bits_take(struct bits *b, unsigned n);
void bits_skip(struct bits *b, size_t n);

static inline size_t bits_left(const struct bits *b)
{
	return b->end - b->at;
}

static inline bool bits_flag(struct bits *b)
{
	return bits_take(b, 1) != 0;
}

/*
 * Fibonacci coding (Zeckendorf's sum, least term first, ended by a second 1): `011` is 2.  Fails for a
 * number above max, so no more bits are read than max needs.
 */
uint32_t bits_fibonacci(struct bits *b, uint32_t max);
/* How many bits that coding takes for v >= 1. */
unsigned fibonacci_length(uint32_t v);

/*
 * n <= 32 flags of which the leftmost stands for 1: the result has bit i-1 set where i is.
 */
uint32_t bits_flags(struct bits *b, unsigned n);

/*
 * Two letters of 6 bits, A = 0; fails for what is no letter.  Small ones, a = 32, are no letters by the
 * specifications, but some writers do not turn them into capitals first.
 */
void bits_letters(struct bits *b, char out[3]);

#endif
