/*
 * kinds.h - the readers: one function for each kind of data/banners.tsv.
 *
 * A reader gets the value as its row's code column leaves it, and puts what it finds on the ballot.
 * False: the value is not in this form; the caller then marks the ballot unreadable.  Values come
 * from a network: every reader is bounded by the length of the value, which read.h caps.
 *
 * Adding a kind: an enum value and a word in table.h and table.c, a function here, a line in
 * kinds.c, a paragraph in data/README.md, and the tests that tests/unit/banners_table.c asks for.
 */
#ifndef CRUMBGATE_FILTERS_BANNERS_KINDS_H
#define CRUMBGATE_FILTERS_BANNERS_KINDS_H

#include "filters/banners/ballot.h"

struct banner_input {
	struct slice raw;   /* as it came */
	struct slice value; /* decoded: a cookie's value, a report's body, or its query */
	struct slice star;  /* what the row's '*' stood for */
};

typedef bool banner_reader(struct ballot *b, const struct banner_row *row,
			   const struct banner_input *in);

/* NULL for a kind that is never read from the wire. */
banner_reader *banner_reader_of(enum banner_kind kind);

/* kind_text.c: forms made of separators. */
bool read_word(struct ballot *b, const struct banner_row *row, const struct banner_input *in);
bool read_gate(struct ballot *b, const struct banner_row *row, const struct banner_input *in);
bool read_mode(struct ballot *b, const struct banner_row *row, const struct banner_input *in);
bool read_flag(struct ballot *b, const struct banner_row *row, const struct banner_input *in);
bool read_pairs(struct ballot *b, const struct banner_row *row, const struct banner_input *in);
bool read_level(struct ballot *b, const struct banner_row *row, const struct banner_input *in);
bool read_levels(struct ballot *b, const struct banner_row *row, const struct banner_input *in);
bool read_tc(struct ballot *b, const struct banner_row *row, const struct banner_input *in);
bool read_ac(struct ballot *b, const struct banner_row *row, const struct banner_input *in);
bool read_legitimate(struct ballot *b, const struct banner_row *row, const struct banner_input *in);
bool read_silent(struct ballot *b, const struct banner_row *row, const struct banner_input *in);
bool read_opaque(struct ballot *b, const struct banner_row *row, const struct banner_input *in);

/* kind_json.c: objects in JSON. */
bool read_json(struct ballot *b, const struct banner_row *row, const struct banner_input *in);
bool read_json_word(struct ballot *b, const struct banner_row *row, const struct banner_input *in);
bool read_funding(struct ballot *b, const struct banner_row *row, const struct banner_input *in);
bool read_real_cookie(struct ballot *b, const struct banner_row *row,
		      const struct banner_input *in);

/* kind_lists.c: lists in JSON. */
bool read_lists(struct ballot *b, const struct banner_row *row, const struct banner_input *in);
bool read_keys(struct ballot *b, const struct banner_row *row, const struct banner_input *in);
bool read_objects(struct ballot *b, const struct banner_row *row, const struct banner_input *in);
bool read_choice(struct ballot *b, const struct banner_row *row, const struct banner_input *in);

/* kind_product.c: products with a form of their own. */
bool read_onetrust(struct ballot *b, const struct banner_row *row, const struct banner_input *in);
bool read_axeptio(struct ballot *b, const struct banner_row *row, const struct banner_input *in);
bool read_commanders(struct ballot *b, const struct banner_row *row, const struct banner_input *in);
bool read_consentmanager(struct ballot *b, const struct banner_row *row,
			 const struct banner_input *in);
bool read_socs(struct ballot *b, const struct banner_row *row, const struct banner_input *in);
/* Compares Axeptio's two lists once all cookies have been seen. */
void axeptio_compare(struct ballot *b);

#endif
