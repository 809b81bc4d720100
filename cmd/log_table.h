/*
 * log_table.h - entries of the log as a table for people: one line each, in columns.
 *
 *	log_table_init(&t, log_table_width(STDOUT_FILENO));
 *	log_table_head(&t, cookies, &out);
 *	for each: log_table_entry(&t, &entry, &out);
 *	log_table_release(&t);
 *
 * With a width, the line fits it: first columns become narrower, then the less important ones are
 * left out, and what is last is cut and ends in "...".  Without one (0: no terminal) every column
 * has its usual width, and what is last is whole.  Only the columns in between are cut then, which
 * a '~' shows.  What is not printable ASCII is \xNN, so nothing from outside reaches the terminal
 * as it is, and a column is as wide as it has octets.
 */
#ifndef CRUMBGATE_CMD_LOG_TABLE_H
#define CRUMBGATE_CMD_LOG_TABLE_H

#include "base/buf.h"
#include "evidence/entry.h"

enum log_column {
	COLUMN_N,
	COLUMN_TIME,
	COLUMN_KIND,
	COLUMN_VERDICT,
	COLUMN_PURPOSE,
	COLUMN_COOKIE,
	COLUMN_HOST,
	COLUMN_SITE,
	COLUMN_COUNT,
	COLUMN_CHOICE,
	COLUMN_PROFILE,
	COLUMNS
};

struct log_table {
	size_t total;	       /* of a line; 0: any */
	size_t width[COLUMNS]; /* 0: left out */
	struct buf cell, last;
};

/* The columns of the terminal, by COLUMNS or by what it says itself; 0: it is none. */
size_t log_table_width(int fd);

void log_table_init(struct log_table *t, size_t width);
void log_table_release(struct log_table *t);
/* The names of the columns; of those that all kinds have, where there is no cookie's entry. */
void log_table_head(struct log_table *t, bool cookies, struct buf *out);
void log_table_entry(struct log_table *t, const struct entry *e, struct buf *out);

#endif
