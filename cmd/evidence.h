/*
 * evidence.h - what the subcommands log, verify and replay share.
 */
#ifndef CRUMBGATE_CMD_EVIDENCE_H
#define CRUMBGATE_CMD_EVIDENCE_H

#include "base/buf.h"
#include "cmd/state.h"

#define EVIDENCE_PATH_MAX STATE_PATH_MAX

/*
 * Where to look for the log: `given` (a folder or a file), else the state folder.  False: said on
 * stderr.
 */
bool evidence_place(const char *command, const char *given, const struct state_given *from,
		    char *out, size_t size);
/*
 * Makes of that place the absolute path of the folder that holds the log.  False: there is none,
 * said on stderr, and the path stays.
 */
bool evidence_folder(const char *command, char path[EVIDENCE_PATH_MAX]);

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
