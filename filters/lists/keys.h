/*
 * keys.h - what rules are filed under: tokens of URLs, host names, names of cookies.
 *
 * A token is a longest run of letters, digits and '%' in a URL in lower case.  A rule can be filed
 * under a token of its pattern when no URL that matches can have that run longer: something else
 * stands on both of its sides.  Hashes are unkeyed, because an image says the same everywhere; what
 * a hash finds is compared with the text, and equal tokens of a URL are looked up once.
 */
#ifndef CRUMBGATE_FILTERS_LISTS_KEYS_H
#define CRUMBGATE_FILTERS_LISTS_KEYS_H

#include "base/slice.h"

enum key_kind { KEY_TOKEN, KEY_HOST, KEY_SOURCE, KEY_NAME };

/* One octet more; begin with 0.  Up to nine octets of ASCII nothing is lost. */
static inline uint64_t key_step(uint64_t h, char c)
{
	return (h << 7 | h >> 57) ^ (unsigned char)c;
}

/* The same octets as another kind of key are another key. */
static inline uint32_t key_end(uint64_t h, enum key_kind kind)
{
	static const uint64_t factors[] = { [KEY_TOKEN] = 0x9e3779b97f4a7c15u,
					    [KEY_HOST] = 0xd6e8feb86659fd93u,
					    [KEY_SOURCE] = 0xca5a826395121157u,
					    [KEY_NAME] = 0xa0761d6478bd642fu };

	h *= factors[kind];
	h ^= h >> 32;
	h *= factors[kind];
	return (uint32_t)(h >> 32);
}

/* Forwards. */
static inline uint32_t key_of(struct slice s, enum key_kind kind)
{
	uint64_t h = 0;

	for (size_t i = 0; i < s.n; i++)
		h = key_step(h, s.p[i]);
	return key_end(h, kind);
}

/* From the end on, so that the hashes of all parents come out on the way. */
static inline uint64_t host_hash_raw(struct slice host)
{
	uint64_t h = 0;

	for (size_t i = host.n; i > 0; i--)
		h = key_step(h, host.p[i - 1]);
	return h;
}

static inline uint32_t host_hash(struct slice host)
{
	return key_end(host_hash_raw(host), KEY_HOST);
}

/* What an octet of a URL in lower case is: part of a token, of a host name, a separator ('^'). */
enum { CHAR_TOKEN = 1, CHAR_HOST = 2, CHAR_SEPARATOR = 4 };
extern const unsigned char url_chars[256];

static inline bool is_token_char(char c)
{
	return (url_chars[(unsigned char)c] & CHAR_TOKEN) != 0;
}

static inline bool is_host_char(char c)
{
	return (url_chars[(unsigned char)c] & CHAR_HOST) != 0;
}

static inline bool is_separator(char c)
{
	return (url_chars[(unsigned char)c] & CHAR_SEPARATOR) != 0;
}

#endif
