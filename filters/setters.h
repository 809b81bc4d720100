/*
 * setters.h - hosts that are known to track: who they belong to, and for what they set cookies.
 *
 * The table is text (data/trackers.tsv), four columns separated by one tab, '#' comments, and a
 * header line:
 *
 *	domain  company  purpose  source
 *
 *	domain   the host is this name or one below it
 *	company  whose it is (free)
 *	purpose  analytics or advertising
 *
 * The longest domain wins.  A look-up costs one probe for each label of the host.  Immutable
 * after setters_new(), the text is copied.
 */
#ifndef CRUMBGATE_FILTERS_SETTERS_H
#define CRUMBGATE_FILTERS_SETTERS_H

#include "base/buf.h"
#include "filters/words.h"

#define SETTERS_TEXT_MAX (16u * 1024 * 1024)

struct setters;

/* NULL on failure, with one line in `error` that begins with "name:line:". */
struct setters *setters_new(struct slice table, const char *name, struct buf *error);
void setters_free(struct setters *s);
size_t setters_count(const struct setters *s);

/* Borrowed from the table. */
struct setters_hit {
	struct slice domain, company;
	enum purpose purpose;
};

/* host without port, any case, a trailing dot does not count. */
bool setters_find(const struct setters *s, struct slice host, struct setters_hit *out);

#endif
