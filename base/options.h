/*
 * options.h - the table of options: one row each, and everything else is made from it.
 *
 * A row gives the name (the same on the command line, with "--" before it, and in the file), the
 * type with its range, the default as a user would write it, one line for the help and a
 * paragraph for the manual.  config.c reads and writes the field at `offset`; a row of a list type
 * also counts at `offset_n`.
 */
#ifndef CRUMBGATE_BASE_OPTIONS_H
#define CRUMBGATE_BASE_OPTIONS_H

#include "base/buf.h"

#include <stdio.h>

enum option_type {
	OPTION_BOOL,  /* yes|no; on the command line --name and --no-name */
	OPTION_COUNT, /* a number */
	OPTION_TIME,  /* a number with ms, s, m or h; s when bare; kept in milliseconds */
	OPTION_SIZE,  /* a number with K or M (KiB, MiB); kept in bytes */
	OPTION_WORD,  /* one of `words`; the index is kept */
	OPTION_STRING,
	OPTION_FOLDER, /* a path; relative ones count from the file's folder or the working folder
			*/
	/* Lists. */
	OPTION_FILES,
	OPTION_HOSTS,	   /* host or *.host */
	OPTION_URLS,	   /* https://, http:// or file:/// */
	OPTION_LISTEN,	   /* ADDR:PORT */
	OPTION_CONNECT_TO, /* HOST:PORT:ADDR:PORT */
	OPTION_PROFILE,	   /* command line NAME=CIDR[,CIDR...]; in the file a section */
};

struct option_row {
	const char *name;
	enum option_type type;
	const char *arg;      /* what the help calls the value; NULL for a bool */
	const char *fallback; /* list elements are separated by a space; "" is the empty value */
	unsigned min, max;    /* COUNT; TIME in ms, SIZE in bytes */
	bool or_zero;	      /* 0 besides, which switches off */
	const char *const *words;
	size_t offset, offset_n;
	bool adds;  /* the command line adds to the file's list instead of replacing it */
	bool fixed; /* read at start only; a reload leaves it as it is */
	const char *help;
	const char *manual;
};

extern const struct option_row options[];
extern const size_t options_n;

static inline bool option_is_list(enum option_type type)
{
	return type >= OPTION_FILES;
}

/* NULL when there is none of that name. */
const struct option_row *option_find(struct slice name);
/*
 * The nearest of the n names by edit distance, or NULL when none is near enough to be meant.
 */
const char *nearest_name(struct slice wrong, const char *const *names, size_t n);
const char *option_nearest(struct slice wrong);

/* One option for a terminal: both its forms, the paragraph, range and default, wrapped. */
void option_explain(const struct option_row *row, FILE *out);
/* The table for a terminal: one option a line or two, with its default. */
void options_help(FILE *out);
/*
 * The table as the items of an mdoc list: the manual page holds this output, and a test compares.
 */
void options_mdoc(FILE *out);

#endif
