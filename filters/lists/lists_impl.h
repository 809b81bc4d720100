/*
 * lists_impl.h - an open image, for the files of this folder.
 */
#ifndef CRUMBGATE_FILTERS_LISTS_LISTS_IMPL_H
#define CRUMBGATE_FILTERS_LISTS_LISTS_IMPL_H

#include "filters/lists/format.h"
#include "filters/lists/lists.h"

struct regex;

/* struct image_index with pointers. */
struct index {
	const void *records;
	const uint32_t *directory;
	const uint64_t *filter;
	uint32_t filter_mask; /* of words */
	uint32_t bits, always, parts, n;
};

struct lists {
	const char *image;
	const struct image_header *h;
	const char *text;
	size_t text_n;
	const uint32_t *options, *sets;
	const struct image_class *classes;
	struct index hosts[2];
	struct index realm[REALMS];
	struct regex **regexes;
	uint32_t regexes_n;
	bool has_entities;
};

/* Is something filed under this key?  Wrong only in saying yes. */
static inline bool index_may_have(const struct index *x, uint32_t key)
{
	return (x->filter[key >> 6 & x->filter_mask] >> (key & 63) & 1) != 0;
}

/* The records [*from, returned) may be filed under it. */
static inline uint32_t index_find(const struct index *x, uint32_t key, uint32_t *from)
{
	uint32_t slot = (uint32_t)((uint64_t)key << x->bits >> 32);

	*from = x->directory[slot];
	return x->directory[slot + 1];
}

/* The words of one option of a rule; NULL: it has no such option. */
const uint32_t *rule_option(const struct lists *l, const struct image_rule *r,
			    enum image_option option);

/* The line of a rule, without its end. */
struct slice rule_text(const struct lists *l, uint32_t text);
/* Which list it is from. */
size_t rule_list(const struct lists *l, uint32_t text);

static inline struct slice lists_string(const struct lists *l, const uint32_t *words)
{
	return slice_of(l->text + words[0], words[1]);
}

#endif
