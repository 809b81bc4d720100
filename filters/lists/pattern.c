#include "filters/lists/pattern.h"

#include "filters/lists/format.h"
#include "filters/lists/keys.h"

/* How many '^' a piece ends with: each may be the end of the URL. */
static size_t trailing_separators(struct slice piece)
{
	size_t n = 0;

	while (n < piece.n && piece.p[piece.n - 1 - n] == '^')
		n++;
	return n;
}

/* So many octets are compared for a step of the work that a request may be. */
#define STEP_OCTETS 16u

static inline void pay(uint32_t *left, size_t cost)
{
	*left = *left > cost ? *left - (uint32_t)cost : 0;
}

/* A piece of a pattern between two '*': no '*' in it. */
static bool piece_at(struct slice piece, struct slice url, size_t at)
{
	for (size_t i = 0; i < piece.n; i++, at++) {
		if (at == url.n)
			return trailing_separators(piece) >= piece.n - i;
		if (piece.p[i] == '^' ? !is_separator(url.p[at]) : piece.p[i] != url.p[at])
			return false;
	}
	return true;
}

/* The end of the URL, taken for a separator, is no octet. */
static size_t piece_end(struct slice piece, struct slice url, size_t at)
{
	return at + piece.n < url.n ? at + piece.n : url.n;
}

typedef unsigned char octets __attribute__((vector_size(16)));

static octets load_octets(const char *p)
{
	octets v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static bool any_octet(octets v)
{
	uint64_t half[2];

	memcpy(half, &v, sizeof(half));
	return (half[0] | half[1]) != 0;
}

/* From `at` on, the first of sixteen places where two octets stand one behind the other. */
static size_t find_two(const char *url, size_t at, size_t end, const char *two)
{
	const octets zero = { 0 };
	octets first = zero + (unsigned char)two[0], second = zero + (unsigned char)two[1];

	for (; at < end; at += sizeof(octets))
		if (any_octet((octets)((load_octets(url + at) == first) &
				       (load_octets(url + at + 1) == second))))
			return at;
	return end;
}

/* One of many places.  Where the first octet fits it costs as if all did. */
static inline bool try_at(struct slice piece, struct slice url, size_t at, uint32_t *left)
{
	if (piece.n != 0 && at < url.n && piece.p[0] != '^' && piece.p[0] != url.p[at])
		return false;
	pay(left, 1 + piece.n / STEP_OCTETS);
	return piece_at(piece, url, at);
}

static size_t piece_find_slowly(struct slice piece, struct slice url, size_t at, uint32_t *left)
{
	for (; at <= url.n && *left != 0; at++)
		if (try_at(piece, url, at, left))
			return at;
	return SIZE_MAX;
}

/* The first place from `at` on, or SIZE_MAX. */
static size_t piece_find(struct slice piece, struct slice url, size_t at, uint32_t *left)
{
	if (piece.n < 2 || piece.p[0] == '^' || piece.p[1] == '^')
		return piece_find_slowly(piece, url, at, left);
	while ((at = find_two(url.p, at, url.n, piece.p)) < url.n && *left != 0) {
		for (size_t stop = at + sizeof(octets); at < stop && at < url.n; at++)
			if (try_at(piece, url, at, left))
				return at;
	}
	return SIZE_MAX;
}

/* The last piece of a pattern that ends with '|'. */
static bool piece_ends(struct slice piece, struct slice url, size_t from, uint32_t *left)
{
	size_t beyond = trailing_separators(piece);

	for (size_t n = piece.n - beyond; n <= piece.n; n++)
		if (url.n >= n && url.n - n >= from && try_at(piece, url, url.n - n, left))
			return true;
	return false;
}

/* What is behind the first '*', anywhere from `at` on. */
static bool rest_matches(struct slice rest, bool to_end, struct slice url, size_t at,
			 uint32_t *left)
{
	struct slice piece;

	while (rest.p != NULL) {
		rest = slice_cut(rest, '*', &piece);
		if (rest.p == NULL && to_end)
			return piece_ends(piece, url, at, left);
		at = piece_find(piece, url, at, left);
		if (at == SIZE_MAX)
			return false;
		at = piece_end(piece, url, at);
	}
	return true;
}

static bool begins_at(struct slice pattern, bool to_end, struct slice url, size_t at,
		      uint32_t *left)
{
	struct slice piece, rest = slice_cut(pattern, '*', &piece);

	if (!piece_at(piece, url, at))
		return false;
	if (rest.p == NULL)
		return !to_end || at + piece.n >= url.n;
	return rest_matches(rest, to_end, url, piece_end(piece, url, at), left);
}

/* As hosts have; to look at so many is a part of looking at a rule. */
#define LABELS_FEW 6u

/* Where the first piece fits, and the rest not, it does not behind a later label: less is left. */
static bool at_some_label(struct slice pattern, bool to_end, struct slice url, size_t host_at,
			  size_t host_n, uint32_t *left)
{
	struct slice piece, rest = slice_cut(pattern, '*', &piece);
	size_t end = host_at + host_n, labels = 0;

	for (size_t at = host_at; at < end; at++) {
		if (piece_at(piece, url, at)) {
			if (rest.p != NULL)
				return rest_matches(rest, to_end, url, piece_end(piece, url, at),
						    left);
			if (!to_end || at + piece.n >= url.n)
				return true;
		}
		at += slice_find(slice_of(url.p + at, end - at), '.');
		labels++;
	}
	if (labels > LABELS_FEW)
		pay(left, labels * (1 + piece.n / STEP_OCTETS));
	return false;
}

/* A pattern of literals alone. */
static bool plain_find(struct slice pattern, struct slice url)
{
	size_t at = 0, end;

	if (pattern.n > url.n)
		return false;
	if (pattern.n < 2)
		return pattern.n == 0 || slice_find(url, pattern.p[0]) != url.n;
	end = url.n - pattern.n + 1;
	while ((at = find_two(url.p, at, end, pattern.p)) < end) {
		for (size_t stop = at + sizeof(octets); at < stop && at < end; at++)
			if (url.p[at] == pattern.p[0] && url.p[at + 1] == pattern.p[1] &&
			    memcmp(url.p + at, pattern.p, pattern.n) == 0)
				return true;
	}
	return false;
}

bool pattern_matches(struct slice pattern, unsigned flags, struct slice url, size_t host_at,
		     size_t host_n, uint32_t *left)
{
	bool to_end = (flags & RULE_AT_END) != 0;

	if ((flags & RULE_AT_LABEL) != 0)
		return at_some_label(pattern, to_end, url, host_at, host_n, left);
	if ((flags & RULE_AT_START) != 0)
		return begins_at(pattern, to_end, url, 0, left);
	if ((flags & RULE_PLAIN) != 0 && !to_end)
		return plain_find(pattern, url);
	return rest_matches(pattern, to_end, url, 0, left);
}
