/*
 * coding.h - undoes percent-encoding (RFC 3986, section 2.1) and base64 in either alphabet, with
 * padding or without (RFC 4648, sections 4 and 5), as values of the web carry them.
 *
 * The decoders append to `out`, whose cap is the bound, and return false when it fails.  What they
 * give may hold any octet, NUL too.
 */
#ifndef CRUMBGATE_BASE_CODING_H
#define CRUMBGATE_BASE_CODING_H

#include "base/buf.h"

/* The value of a hexadecimal digit of either case; -1: it is none. */
static inline int ascii_hex(char c)
{
	if (ascii_digit(c))
		return c - '0';
	c = ascii_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The first octet of s, which is not empty, once decoded; s goes on behind it. */
char percent_take(struct slice *s);

/* A '%' that begins no escape stays as it is; '+' is no space. */
bool percent_decode(struct slice s, struct buf *out);

/* False for a character that is no digit of it too, and for one digit alone at the end. */
bool base64_decode(struct slice s, struct buf *out);

#endif
