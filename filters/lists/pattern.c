#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memmem() */
#endif
#include "filters/lists/pattern.h"

#include "filters/lists/format.h"
#include "filters/lists/keys.h"

/* A piece of a pattern between two '*': no '*' in it. */
static bool piece_at(struct slice piece, struct slice url, size_t at)
{
	for (size_t i = 0; i < piece.n; i++, at++) {
		if (at == url.n)
			return piece.p[i] == '^' && i + 1 == piece.n;
		if (piece.p[i] == '^' ? !is_separator(url.p[at]) : piece.p[i] != url.p[at])
			return false;
	}
	return true;
}

/* The first place from `at` on, or SIZE_MAX. */
static size_t piece_find(struct slice piece, struct slice url, size_t at)
{
	while (at <= url.n) {
		if (piece.n != 0 && piece.p[0] != '^')
			at += slice_find(slice_skip(url, at), piece.p[0]);
		if (piece_at(piece, url, at))
			return at;
		at++;
	}
	return SIZE_MAX;
}

/* The last piece of a pattern that ends with '|'; a '^' there may be the end itself. */
static bool piece_ends(struct slice piece, struct slice url, size_t from)
{
	if (url.n >= piece.n && url.n - piece.n >= from && piece_at(piece, url, url.n - piece.n))
		return true;
	return piece.n != 0 && url.n + 1 >= piece.n && url.n + 1 - piece.n >= from &&
	       piece_at(piece, url, url.n + 1 - piece.n);
}

/* What is behind the first '*', anywhere from `at` on. */
static bool rest_matches(struct slice rest, bool to_end, struct slice url, size_t at)
{
	struct slice piece;

	while (rest.p != NULL) {
		rest = slice_cut(rest, '*', &piece);
		if (rest.p == NULL && to_end)
			return piece_ends(piece, url, at);
		at = piece_find(piece, url, at);
		if (at == SIZE_MAX)
			return false;
		/* The end of the URL, taken for a separator, is no octet. */
		at = at + piece.n < url.n ? at + piece.n : url.n;
	}
	return true;
}

static bool begins_at(struct slice pattern, bool to_end, struct slice url, size_t at)
{
	struct slice piece, rest = slice_cut(pattern, '*', &piece);

	if (!piece_at(piece, url, at))
		return false;
	if (rest.p == NULL)
		return !to_end || at + piece.n >= url.n;
	at = at + piece.n < url.n ? at + piece.n : url.n;
	return rest_matches(rest, to_end, url, at);
}

static bool at_some_label(struct slice pattern, bool to_end, struct slice url, size_t host_at,
			  size_t host_n)
{
	size_t end = host_at + host_n;

	for (size_t at = host_at; at < end; at++) {
		if (begins_at(pattern, to_end, url, at))
			return true;
		at += slice_find(slice_of(url.p + at, end - at), '.');
	}
	return false;
}

bool pattern_matches(struct slice pattern, unsigned flags, struct slice url, size_t host_at,
		     size_t host_n)
{
	bool to_end = (flags & RULE_AT_END) != 0;

	if ((flags & RULE_AT_LABEL) != 0)
		return at_some_label(pattern, to_end, url, host_at, host_n);
	if ((flags & RULE_AT_START) != 0)
		return begins_at(pattern, to_end, url, 0);
	if ((flags & RULE_PLAIN) != 0 && !to_end)
		return memmem(url.p, url.n, pattern.p, pattern.n) != NULL;
	return rest_matches(pattern, to_end, url, 0);
}
