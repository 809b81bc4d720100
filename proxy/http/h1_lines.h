/*
 * h1_lines.h - the lines of a head or trailer section, one after the other; private to the codec.
 *
 * The reader (h1_head.h) remembers the first line that was not judged yet.  A line is judged when
 * its LF is there, so the result does not depend on how the bytes were cut; until then only the new
 * bytes are looked at.
 */
#ifndef CRUMBGATE_HTTP_H1_LINES_H
#define CRUMBGATE_HTTP_H1_LINES_H

#include "proxy/http/h1_head.h"

/* False while the line at r->line is surely still incomplete: *result says MORE or BAD. */
bool h1_line_ready(struct h1_reader *r, struct slice in, const struct h1_limits *l,
		   enum h1_result *result, struct h1_error *error);

/*
 * For a parser that did not like the line at r->line: MORE when it is not complete; BAD when it is
 * too long, has a bare CR, a bare LF or a control; else OK, and *line is the line without its CRLF,
 * for which the parser must have a reason of its own.
 */
enum h1_result h1_judge_line(struct h1_reader *r, struct slice in, const struct h1_limits *l,
			     struct slice *line, struct h1_error *error);

/* Does the line that ends before `next` keep the limits?  Sets *error if not. */
bool h1_line_fits(const struct h1_reader *r, struct slice in, const char *next,
		  const struct h1_limits *l, struct h1_error *error);

/*
 * Field lines into f up to the empty line: OK, with *end the offset behind it.  MORE and BAD as for
 * heads; call again with the same bytes and more (they may have moved, f follows).
 */
enum h1_result h1_read_fields(struct h1_reader *r, struct slice in, const struct h1_limits *l,
			      struct fields *f, size_t *end, struct h1_error *error);

/* Too many options in Connection would make dropping what they nominate costly. */
bool h1_connection_sane(const struct fields *f);

enum h1_result h1_bad(struct h1_error *error, unsigned status, const char *reason);

#endif
