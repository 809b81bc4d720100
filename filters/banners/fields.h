/*
 * fields.h - the two small lists in a row of data/banners.tsv: what each field of a value is for,
 * and which fields decide about the whole.
 *
 * `fields`: items separated by one space, NAME:MEANING.  NAME may end in '*'; "*" alone stands for
 * every other field.  A whole name beats one with '*', which beats "*".
 *
 * `when`: NAME=VALUE:MEANING (the field has this value), NAME!=VALUE:MEANING (it is there with
 * another), !NAME:MEANING (it is not there), @yes:MEANING (any field says yes).  NAME may be a path
 * with dots.
 *
 * MEANING is one of the words of enum banner_meaning.  The tables are trusted after
 * banner_fields_check(), the names and values that are looked up are not.
 */
#ifndef CRUMBGATE_FILTERS_BANNERS_FIELDS_H
#define CRUMBGATE_FILTERS_BANNERS_FIELDS_H

#include "base/slice.h"

enum banner_meaning {
	/* What a field is for. */
	MEANS_NECESSARY, /* on for everybody: says nothing */
	MEANS_FUNCTIONAL,
	MEANS_ANALYTICS,
	MEANS_ADVERTISING,
	MEANS_UNKNOWN, /* a choice of the site's own naming */
	MEANS_IGNORE,  /* no choice at all */
	MEANS_TIME,    /* when it was answered */
	/* What a value says about the whole. */
	MEANS_ACCEPT,
	MEANS_REFUSE,
	MEANS_PARTIAL,
	MEANS_IMPLIED,
	MEANS_UNDECIDED,
	MEANS_UNREADABLE,
	MEANS_OPEN, /* of a gate: somebody has answered */
	MEANS_COUNT,
};

/* Every item of a list has its form; else false and the first bad item. */
bool banner_fields_check(struct slice list, struct slice *bad);

/* False: no item names it.  *listed: by its own name rather than by "*". */
bool banner_field_find(struct slice list, struct slice name, enum banner_meaning *meaning, bool *listed);

/* The next item that means a time; false at the end.  *rest starts as the whole list. */
bool fields_next_time(struct slice *rest, struct slice *name);

enum when_test { WHEN_EQUAL, WHEN_DIFFERENT, WHEN_ABSENT, WHEN_ANY_YES };

struct when_item {
	enum when_test test;
	struct slice name, value;
	enum banner_meaning meaning;
};

/* The next item; false at the end.  *rest starts as the whole list. */
bool when_next(struct slice *rest, struct when_item *item);

/* What a single value says: the words and numbers that banners use for yes, no and not yet. */
enum banner_vote { VOTE_NONE, VOTE_YES, VOTE_NO, VOTE_OPEN };
enum banner_vote vote_of_word(struct slice word);

#endif
