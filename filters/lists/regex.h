/*
 * regex.h - regular expressions of filter lists, by PCRE2, with an end to every match.
 *
 * The expressions are written for JavaScript and come from a file that somebody else wrote.  PCRE2
 * backtracks; a limit on the steps, on depth and on memory makes each match end in bounded time,
 * with "no match" when a limit is met.  Nothing is compiled to machine code: workers may not map
 * memory that can be executed.  Expressions see octets.
 */
#ifndef CRUMBGATE_FILTERS_LISTS_REGEX_H
#define CRUMBGATE_FILTERS_LISTS_REGEX_H

#include "base/slice.h"

#define REGEX_TEXT_MAX 4096u

struct regex;
struct regex_scratch; /* for one match at a time */

/* NULL: it cannot be compiled. */
struct regex *regex_new(struct slice text, bool match_case);
void regex_free(struct regex *r);

struct regex_scratch *regex_scratch_new(void);
void regex_scratch_free(struct regex_scratch *s);

/* How far a match may go: met in a microsecond or never by what lists are made of. */
#define REGEX_STEPS_MAX 20000u

bool regex_matches(const struct regex *r, struct regex_scratch *s, struct slice subject);

/*
 * What every match holds, written in the form of a pattern into out (at least text.n + 2 octets):
 * literal octets in lower case, '^' for a place next to which no token goes on, '*' for anything.
 * Returns its length; 0 when nothing is certain.
 */
size_t regex_outline(struct slice text, char *out);

#endif
