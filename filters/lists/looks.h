/*
 * looks.h - does a text look like a filter list?  Pure: a text in, a word out.
 *
 * Nearly any line reads as a rule, so an error page in the place of a list is compiled without a
 * complaint and protects from nothing.  A list that is empty, or only remarks and directives, is
 * one: somebody will write into it.
 */
#ifndef CRUMBGATE_FILTERS_LISTS_LOOKS_H
#define CRUMBGATE_FILTERS_LISTS_LOOKS_H

#include "base/buf.h"

enum list_looks {
	LIST_LOOKS_GOOD,
	LIST_LOOKS_EMPTY,    /* nothing but blanks */
	LIST_LOOKS_REMARKS,  /* nothing but remarks and directives */
	LIST_LOOKS_PAGE,     /* HTML */
	LIST_LOOKS_BINARY,   /* not text at all */
	LIST_LOOKS_NO_RULE,  /* text, and nothing in it that a proxy can use */
	LIST_LOOKS_NONSENSE, /* too many of its rules make no sense */
};

struct list_look {
	enum list_looks looks;
	bool surely;	   /* a line of it can be nothing but a rule */
	size_t rules, bad; /* lines that are rules; lines that were meant as rules and are none */
};

struct list_look list_look(struct slice text);

/* Whether of so many rules too many make no sense. */
bool list_is_nonsense(size_t rules, size_t bad);

/*
 * Of a list in use: whether it is good, empty ones too.  Else `why` gets a sentence without a line's
 * end, "a web page and no filter list: it protects nothing".
 */
bool list_look_good(const struct list_look *look, struct buf *why);

#endif
