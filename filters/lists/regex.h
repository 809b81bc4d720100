/*
 * regex.h - regular expressions of filter lists, by PCRE2, with an end to every match.
 *
 * The expressions are written for JavaScript and come from a file that somebody else wrote.  PCRE2
 * backtracks; a limit on the steps, on depth and on memory makes each search end in bounded time,
 * with "no match" when a limit is met.  PCRE2 counts the steps from each place anew where a match may
 * begin, and does not count those that it never takes back; so the search for that place is made a
 * part of the expression, and possessive and atomic parts, which JavaScript has not, are refused.
 * Nothing is compiled to machine code: workers may not map memory that can be executed.  Expressions
 * see octets.
 */
#ifndef CRUMBGATE_FILTERS_LISTS_REGEX_H
#define CRUMBGATE_FILTERS_LISTS_REGEX_H

#include "base/slice.h"

#define REGEX_TEXT_MAX 4096u
#define REGEX_SIZE_MAX 8192u

struct regex;
struct regex_scratch; /* for one match at a time */

/* NULL: it cannot be compiled, has what JavaScript has not, or is too large. */
struct regex *regex_new(struct slice text, bool match_case);
void regex_free(struct regex *r);
/* Octets of memory, compiled. */
size_t regex_size(const struct regex *r);

/* Each search is paid for out of *left (steps), which is 0 once there was not enough. */
struct regex_scratch *regex_scratch_new(uint32_t *left);
void regex_scratch_free(struct regex_scratch *s);

/* How far a search may go, over all places where a match could begin. */
#define REGEX_STEPS_MAX 100000u

/*
 * What a search costs is not told by PCRE2, but when it went further than it might.  So it may go a
 * short way first, for the price of that, then eight times as far, and so on.
 */
bool regex_matches(const struct regex *r, struct regex_scratch *s, struct slice subject);

/*
 * What every match holds, written in the form of a pattern into out (at least text.n + 2 octets):
 * literal octets in lower case, '^' for a place next to which no token goes on, '*' for anything.
 * Returns its length; 0 when nothing is certain.
 */
size_t regex_outline(struct slice text, char *out);

#endif
