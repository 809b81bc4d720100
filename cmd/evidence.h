/*
 * evidence.h - what the subcommands log, verify and replay share.
 */
#ifndef CRUMBGATE_CMD_EVIDENCE_H
#define CRUMBGATE_CMD_EVIDENCE_H

#include "base/buf.h"

#define EVIDENCE_PATH_MAX 4096

/*
 * Where the log is: `given` (a folder or a file), else `state`, else the default state folder, in
 * that order.  False: the default folder cannot be told.
 */
bool evidence_place(const char *given, const char *state, char *out, size_t size);

/*
 * What to say when getopt_long() met an option it does not know, or one whose value is missing.
 * Returns false.  Call quiet_options() before the first getopt_long(): else getopt says it too, in
 * its own way.
 */
void quiet_options(void);
bool wrong_option(const char *command, char *const *argv);

/*
 * A progress line on stderr, when that is a terminal and the work takes longer than two seconds.
 * One of several threads calls it at a time.
 */
struct progress {
	const char *what;
	int64_t began, shown; /* monotonic ms; shown 0: not yet */
};

void progress_begin(struct progress *p, const char *what);
void progress_show(void *progress, uint64_t done, uint64_t total);
/* Wipes the line. */
void progress_end(struct progress *p);

/* Bytes that came from outside, for a terminal: what is not printable ASCII as \xNN. */
void put_plain(struct buf *out, struct slice s);

#endif
