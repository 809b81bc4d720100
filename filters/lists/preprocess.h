/*
 * preprocess.h - directives of filter lists: !#if, !#else, !#endif, !#include, and AdGuard's hints
 * !+ PLATFORM(...) and !+ NOT_PLATFORM(...).
 *
 * What a list asks about is answered for what this is: no browser, nothing that changes pages, none
 * of the products.  "ext_ublock" is true all the same: lists ask with it whether a program reads the
 * network rules of that dialect.
 */
#ifndef CRUMBGATE_FILTERS_LISTS_PREPROCESS_H
#define CRUMBGATE_FILTERS_LISTS_PREPROCESS_H

#include "base/slice.h"

#define PREPROCESS_DEPTH_MAX 32u

struct preprocess {
	unsigned depth;
	uint32_t held;	/* a bit for each open !#if whose lines do not hold */
	uint32_t elsed; /* which are in their !#else */
	bool skip_next; /* the next rule is for other platforms */
};

enum preprocess_result { PREPROCESS_GOOD, PREPROCESS_BAD, PREPROCESS_INCLUDE };

/* A line that begins with "!#" or "!+".  For INCLUDE *path is what to include. */
enum preprocess_result preprocess_line(struct preprocess *p, struct slice line, struct slice *path);

/* Do the lines at this place hold? */
static inline bool preprocess_holds(const struct preprocess *p)
{
	return p->held == 0;
}

/* The value of a condition; false in *good when it cannot be read (then it does not hold). */
bool preprocess_condition(struct slice condition, bool *good);

#endif
