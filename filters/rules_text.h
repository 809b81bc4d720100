/*
 * rules_text.h - the text of all rules about cookies, and its sections.
 *
 * Everything that decides what a cookie is for is one text, so that one digest names it and one copy of it in
 * the log is enough to decide again.  It begins with the cookie table (rules.h); behind a line
 * "#section trackers.tsv" stands the table of trackers (setters.h), behind "#section score.tsv" the
 * weights of the learned score (score.h).  Both may be missing, as in a table of a user's own.
 */
#ifndef CRUMBGATE_FILTERS_RULES_TEXT_H
#define CRUMBGATE_FILTERS_RULES_TEXT_H

#include "base/buf.h"

/* p == NULL: there is no such section. */
struct rules_sections {
	struct slice cookies, trackers, weights;
};

/* The sections are borrowed from the text. */
struct rules_sections rules_sections_of(struct slice text);
bool rules_sections_join(const struct rules_sections *sections, struct buf *out);

#endif
