/*
 * rules_index.h - the index of a cookie table, as rules.c builds it and rules_match.c searches it.
 *
 * Rows are sorted once, the most specific first, so a row's place is its rank and the best match is
 * the smallest place.  Each row is filed under its literal (the whole name, or the longer side of
 * its '*') and, when it has domains, under the literal with each of them.  A look-up hashes the
 * name once from each end and probes only the lengths that occur in the table; domains are probed
 * only for a literal that was found and has any.  Hashes choose candidates and no more: every
 * candidate is compared, so nothing depends on them but speed.
 */
#ifndef CRUMBGATE_FILTERS_RULES_INDEX_H
#define CRUMBGATE_FILTERS_RULES_INDEX_H

#include "filters/rules_parse.h"

#define NO_ITEM 0x7fffffffu
#define HAS_DOMAINS 0x80000000u

/* One row under one key.  Lists run from the smallest row up. */
struct item {
	uint32_t row, next;
	uint32_t domain_at;
	uint32_t domain_length; /* 0: any host */
};

/* tag 0: free.  head: the first item, and HAS_DOMAINS. */
struct slot {
	uint32_t tag, head;
};

struct lengths {
	uint64_t bits[4];
};

struct rules {
	char *text;
	size_t text_length;
	struct rule_list rows;
	struct item *items;
	uint32_t item_count;
	struct slot *slots;
	uint32_t slot_mask;
	unsigned max_labels;
	struct lengths prefixes, suffixes;
	struct setters *setters;
	struct score_model *model;
};

/* What a literal is; each has its own start value, so that they do not meet. */
enum literal { LITERAL_EXACT, LITERAL_PREFIX, LITERAL_SUFFIX };

#define HASH_STEP UINT64_C(0x9e3779b97f4a7c15)

static inline uint64_t rules_hash_start(enum literal kind)
{
	return ((uint64_t)kind + 1) * UINT64_C(0xd6e8feb86659fd93);
}

static inline uint64_t rules_hash_octet(uint64_t h, char c)
{
	h = (h ^ (unsigned char)c) * HASH_STEP;
	return h ^ h >> 29;
}

static inline uint64_t rules_hash_forward(enum literal kind, struct slice s)
{
	uint64_t h = rules_hash_start(kind);

	for (size_t i = 0; i < s.n; i++)
		h = rules_hash_octet(h, s.p[i]);
	return h;
}

static inline uint64_t rules_hash_join(uint64_t literal, uint64_t domain)
{
	return (literal ^ domain * UINT64_C(0xbf58476d1ce4e5b9)) * HASH_STEP;
}

static inline uint64_t rules_hash_finish(uint64_t h)
{
	h = (h ^ h >> 32) * UINT64_C(0x94d049bb133111eb);
	return h ^ h >> 31;
}

static inline bool lengths_have(const struct lengths *l, size_t n)
{
	return (l->bits[n / 64] >> (n % 64) & 1) != 0;
}

static inline struct slice rules_row_pattern(const struct rules *r, const struct rule *row)
{
	return slice_of(r->text + row->at, row->pattern_length);
}

/* The key's slot; a free one where the table does not have the key. */
static inline struct slot *rules_find_slot(const struct rules *r, uint64_t key)
{
	uint64_t h = rules_hash_finish(key);
	uint32_t tag = (uint32_t)(h >> 32) | 1u;
	uint32_t at = (uint32_t)h & r->slot_mask;

	while (r->slots[at].tag != tag && r->slots[at].tag != 0)
		at = (at + 1) & r->slot_mask;
	return &r->slots[at];
}

#endif
