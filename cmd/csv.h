/*
 * csv.h - comma-separated values (RFC 4180), a record at a time, from a text in memory; also with
 * semicolons or tabs, as spreadsheets write: whichever the first line has, where it has no comma.
 *
 *	struct csv c;
 *	csv_init(&c, text);
 *	while ((got = csv_next(&c)) == CSV_RECORD)
 *		use c.field[0 .. c.n)
 *	if (got == CSV_ERROR)
 *		complain(c.line, c.error);
 *	csv_release(&c);
 *
 * A field in quotes may hold separators, line ends and, doubled, quotes.  Lines end in LF or CRLF;
 * an empty line is no record; a byte-order mark in front is left out.  Fields are borrowed until
 * the next call: from the text, or from the reader where quotes had to be undone.
 */
#ifndef CRUMBGATE_CMD_CSV_H
#define CRUMBGATE_CMD_CSV_H

#include "base/buf.h"

#define CSV_FIELDS_MAX 64u
#define CSV_FIELD_MAX ((size_t)64 * 1024)

enum csv_result { CSV_RECORD, CSV_END, CSV_ERROR };

struct csv {
	struct slice rest;
	char separator;
	size_t line, next_line; /* of the record that was read last, and behind it; from 1 */
	struct slice field[CSV_FIELDS_MAX];
	size_t n;
	const char *error; /* what is wrong and what to do */
	struct buf unquoted;
};

void csv_init(struct csv *c, struct slice text);
void csv_release(struct csv *c);
enum csv_result csv_next(struct csv *c);

#endif
