/*
 * pattern.h - does a URL match a pattern of '*', '^' and literals?
 *
 * '*' is any octets, '^' one separator (anything but a letter, a digit, '_', '-', '.', '%') or the
 * end of the URL.  Both are in lower case, unless the rule asks for its case to count.
 */
#ifndef CRUMBGATE_FILTERS_LISTS_PATTERN_H
#define CRUMBGATE_FILTERS_LISTS_PATTERN_H

#include "base/slice.h"

/* So many octets behind a URL may be read; what they are does not matter. */
#define PATTERN_ROOM 64u

/*
 * flags: RULE_AT_LABEL, RULE_AT_START, RULE_AT_END, RULE_PLAIN of format.h.  What is more
 * work than to go over the URL once is taken from *left, in steps of some 10 ns; where that comes down
 * to 0 nothing matches any more.
 */
bool pattern_matches(struct slice pattern, unsigned flags, struct slice url, size_t host_at,
		     size_t host_n, uint32_t *left);

#endif
