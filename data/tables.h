/*
 * tables.h - the tables the program carries in itself.
 *
 * The bytes of the tables of this folder exactly as they stand in the source
 * tree, comments included, so that a line number in a reason means the same line everywhere.
 * They are made into data/tables.c at build time by data/embed.awk and checked by
 * tests/data_table.sh; still, who reads them treats them like any table from a user's disk.
 * data/README.md says what the columns mean.  The slices live as long as the program; a NUL
 * stands behind the last byte and is not counted.
 */
#ifndef CRUMBGATE_DATA_TABLES_H
#define CRUMBGATE_DATA_TABLES_H

#include "base/slice.h"

extern const struct slice table_never_intercept;
extern const struct slice table_banners;
extern const struct slice table_tiktok;
/* cookies.tsv, trackers.tsv and score.tsv, one behind the other (filters/rules_text.h). */
extern const struct slice table_rules;

#endif
