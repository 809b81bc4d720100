/*
 * chars.h - which octet may stand where (RFC 9110 section 5.5 and 5.6, RFC 3986 section 2).
 *
 * One table of 256 entries; every parser here asks it, so that two of them cannot disagree.
 */
#ifndef CRUMBGATE_HTTP_CHARS_H
#define CRUMBGATE_HTTP_CHARS_H

#include "base/slice.h"

enum {
	CHAR_TOKEN = 1,	 /* tchar */
	CHAR_VALUE = 2,	 /* field-vchar, obs-text, SP, HTAB */
	CHAR_TARGET = 4, /* 0x21-0x7e without '#' */
	CHAR_HOST = 8,	 /* letter, digit, '-', '.', '_' */
	CHAR_HEX = 16,
};

extern const uint8_t http_chars[256];

static inline bool char_is(char c, uint8_t kind)
{
	return (http_chars[(unsigned char)c] & kind) != 0;
}

/* Are all octets of this kind?  True for an empty slice. */
bool chars_all(struct slice s, uint8_t kind);
/* A token: at least one tchar, nothing else. */
bool chars_token(struct slice s);

/*
 * The first octet in [p, end) that may not stand in a field value, or end.  HTAB counts as allowed.
 * Reads nothing at or behind end.
 */
const char *chars_value_end(const char *p, const char *end);

#endif
