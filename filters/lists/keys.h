/*
 * keys.h - what rules are filed under: tokens of URLs, host names, names of cookies.
 *
 * A token is a longest run of letters and digits in a URL in lower case.  A rule can be filed under a
 * token of its pattern when no URL that matches can have that run longer: something else stands on
 * both of its sides.  Where that is certain on one side only, the rule can be filed under the first or
 * last KEY_PART octets of the run.  Hashes are unkeyed, because an image says the same everywhere;
 * what a hash finds is compared with the text, and equal tokens of a long URL are looked up once.
 */
#ifndef CRUMBGATE_FILTERS_LISTS_KEYS_H
#define CRUMBGATE_FILTERS_LISTS_KEYS_H

#include "base/slice.h"

#include <endian.h>

enum key_kind { KEY_TOKEN, KEY_HEAD, KEY_TAIL, KEY_HOST, KEY_SOURCE, KEY_NAME };

#define KEY_PART 4u

/* The same octets as another kind of key are another key. */
static inline uint32_t key_end(uint64_t h, enum key_kind kind)
{
	static const uint64_t factors[] = {
		[KEY_TOKEN] = 0x9e3779b97f4a7c15u,  [KEY_HEAD] = 0xbf58476d1ce4e5b9u,
		[KEY_TAIL] = 0x94d049bb133111ebu,   [KEY_HOST] = 0xd6e8feb86659fd93u,
		[KEY_SOURCE] = 0xca5a826395121157u, [KEY_NAME] = 0xa0761d6478bd642fu
	};

	h *= factors[kind];
	h ^= h >> 32;
	h *= factors[kind];
	return (uint32_t)(h >> 32);
}

/* Eight octets more of what is hashed. */
static inline uint64_t key_fold(uint64_t h, uint64_t eight)
{
	h = (h ^ eight) * 0x9fb21c651e98df25u;
	return h ^ h >> 29;
}

/* n octets, from 1 to 8, as the low end of a number; eight of them may be read. */
static inline uint64_t key_load(const char *p, size_t n)
{
	uint64_t v;

	memcpy(&v, p, 8);
	return le64toh(v) & ~0ull >> (64 - 8 * n);
}

/* A token with seven octets behind it that may be read. */
static inline uint32_t key_of_token(const char *p, size_t n)
{
	uint64_t h = 0;

	for (; n > 8; p += 8, n -= 8)
		h = key_fold(h, key_load(p, 8));
	return key_end(h ^ key_load(p, n), KEY_TOKEN);
}

static inline uint32_t key_of_part(const char *p, enum key_kind kind)
{
	uint32_t v;

	memcpy(&v, p, KEY_PART);
	return key_end(v, kind);
}

/* Any octets. */
static inline uint32_t key_of(struct slice s, enum key_kind kind)
{
	uint64_t h = s.n, v;

	for (size_t n; s.n != 0; s = slice_skip(s, n)) {
		n = s.n < 8 ? s.n : 8;
		v = 0;
		memcpy(&v, s.p, n);
		h = key_fold(h, le64toh(v));
	}
	return key_end(h, kind);
}

/* One octet more of a host; begin with 0. */
static inline uint64_t key_step(uint64_t h, char c)
{
	return (h << 7 | h >> 57) ^ (unsigned char)c;
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
