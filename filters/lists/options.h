/*
 * options.h - the options of network rules: their names in every dialect, and where they begin.
 */
#ifndef CRUMBGATE_FILTERS_LISTS_OPTIONS_H
#define CRUMBGATE_FILTERS_LISTS_OPTIONS_H

#include "filters/lists/left.h"
#include "filters/lists/types.h"

enum option {
	OPTION_NOTHING, /* says nothing: _, reason= */
	OPTION_TYPE,	/* arg: types */
	OPTION_PAGE,	/* a type of something that happens inside of a page */
	OPTION_FIRST,
	OPTION_THIRD,
	OPTION_SAME_HOST,
	OPTION_OTHER_HOST,
	OPTION_DOMAIN,
	OPTION_TO,
	OPTION_DENYALLOW,
	OPTION_METHOD,
	OPTION_HEADER,
	OPTION_CASE,
	OPTION_IMPORTANT,
	OPTION_BADFILTER,
	OPTION_PARAM,
	OPTION_COOKIE,
	OPTION_FIELD, /* removeheader */
	OPTION_CSP,
	OPTION_PERMISSIONS,
	OPTION_REDIRECT,
	OPTION_REDIRECT_RULE,
	OPTION_EMPTY,
	OPTION_MP4,
	OPTION_SKIP,
	OPTION_CNAME,
	OPTION_LEFT, /* arg: enum left_kind */
};

struct option_row {
	const char *name;
	enum option option;
	unsigned arg;
};

/* NULL: nobody knows it.  Lower case only, as in all lists. */
const struct option_row *option_row_of(struct slice name);

/*
 * Parts "pattern$option,option" in front of the options.  The '$' is the first one behind which an
 * option that is known here begins; or else the last one behind which stands what looks like an
 * option, so that a new one is found to be unknown instead of being read as a part of the pattern.
 * False: there are no options; then *pattern is everything.
 */
bool options_part(struct slice rule, struct slice *pattern, struct slice *options);

struct option_given {
	struct slice name, value; /* value.p NULL: no '=' */
	bool negated;		  /* ~name */
	const struct option_row *row;
};

/*
 * The next of *rest, whose p is NULL behind the last one.  A comma inside a value (of a policy, of
 * a regular expression) ends it only if an option that is known stands behind it.
 */
void options_next(struct slice *rest, struct option_given *out);

#endif
