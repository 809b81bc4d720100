/*
 * build_impl.h - what the files of the build share.
 *
 * A line becomes a draft at once: its text goes into TEXT and its options into OPTIONS, so that
 * nothing of the parsing is kept.  When all lines are read, badfilter takes drafts out, tokens are
 * counted, each draft is filed under its rarest key, and the indexes are laid out.
 */
#ifndef CRUMBGATE_FILTERS_LISTS_BUILD_IMPL_H
#define CRUMBGATE_FILTERS_LISTS_BUILD_IMPL_H

#include "filters/lists/build.h"
#include "filters/lists/format.h"
#include "filters/lists/preprocess.h"
#include "filters/lists/rule.h"

struct draft {
	struct image_rule rule;
	uint64_t same;
	uint32_t list, line;
	uint8_t realm;
	bool host;     /* of the index of hosts */
	uint8_t class; /* with host */
	bool bad;      /* badfilter */
	bool again;    /* counted as another draft already */
	bool left;     /* out, after all */
};

/* Values by hash; the caller says which of those with one hash is meant. */
struct interner {
	uint64_t *hashes; /* 0: free */
	uint32_t *values;
	size_t size, n;
};

struct build {
	const struct lists_input *in;
	struct buf text, options, sets, regexes, left, lists;
	struct buf drafts; /* struct draft */
	struct interner texts, set_names;
	struct buf set_table; /* struct set_name */
	struct buf classes;   /* struct image_class */
	uint32_t counts[LEFT_KINDS];
	uint32_t list, line;
	uint32_t rule_text;	/* the rule at hand: its place in TEXT */
	struct slice rule_line; /* and in its list */
	size_t regex_bytes;	/* that they take, compiled */
	unsigned includes;
	bool any_bad;
	const char *error;
};

static inline size_t draft_count(const struct build *b)
{
	return buf_slice(&b->drafts).n / sizeof(struct draft);
}

static inline struct draft *draft_at(struct build *b, size_t i)
{
	return (struct draft *)(void *)(b->drafts.mem + b->drafts.off) + i;
}

static inline bool draft_counts(const struct draft *d)
{
	return !d->again && !d->left;
}

/* False in b->error, for good, when memory is out. */
bool build_add(struct build *b, struct buf *to, const void *p, size_t n);
/* Appends a line to TEXT: where it begins. */
uint32_t build_text(struct build *b, struct slice s);
/* The same in lower case. */
uint32_t build_lower(struct build *b, struct slice s);
void build_left(struct build *b, enum left_kind kind, struct slice text);
/* A draft that cannot be kept. */
void build_left_draft(struct build *b, enum left_kind kind, struct draft *d);

/* NULL: none yet.  `is` tells whether a value of the same hash is the one. */
const uint32_t *interner_find(const struct interner *t, uint64_t hash,
			      bool (*is)(void *arg, uint32_t value), void *arg);
bool interner_add(struct interner *t, uint64_t hash, uint32_t value);
void interner_release(struct interner *t);

/*
 * build_options.c: the words of a rule.  *out is what image_rule.options holds.  False: the rule is left out, *why says for what.
 */
bool build_options(struct build *b, const struct rule *r, uint32_t *out, enum left_kind *why);
bool build_has_upper(struct slice s);

/* build_keys.c: one place in an index. */
struct filing {
	uint32_t key, draft;
	uint8_t realm;
	bool always; /* under no key */
	bool part;   /* under a part of a token */
};
/* All filings of all drafts that hold, in the order of drafts. */
bool build_filings(struct build *b, struct buf *filings);

/* build_image.c */
bool build_image(struct build *b, const struct buf *filings, struct buf *image);

#endif
