/*
 * hosts.h - a set of host patterns: "bank.example" (that host) and "*.bank.example" (every host
 * below it, at any depth, not bank.example itself).
 *
 * Used for what is never intercepted.  A look-up costs one probe for each label of the host.
 */
#ifndef CRUMBGATE_FILTERS_HOSTS_H
#define CRUMBGATE_FILTERS_HOSTS_H

#include "base/buf.h"

#define HOSTS_MAX 1000000u

struct hosts;

struct hosts *hosts_new(void);
void hosts_free(struct hosts *h);
size_t hosts_count(const struct hosts *h);

/*
 * One pattern, with a note that hosts_match() gives back (copied; may be empty).  The same pattern
 * again keeps its first note.  False, with one line in `error`: no pattern, or no memory.
 */
bool hosts_add(struct hosts *h, struct slice pattern, struct slice note, struct buf *error);
/*
 * A table: lines with the pattern in the first of their tab-separated columns and the note in the
 * second; '#' comments; blank lines; a first line that begins with "pattern" or "host" is a header.
 * The error begins with "name:line:".
 */
bool hosts_add_table(struct hosts *h, struct slice table, const char *name, struct buf *error);

/* The match says which pattern it was; borrowed from the set. */
struct hosts_match {
	const char *pattern;
	const char *note;
};
/* host without port, any case, a trailing dot does not count.  `out` may be NULL. */
bool hosts_match(const struct hosts *h, struct slice host, struct hosts_match *out);

#endif
