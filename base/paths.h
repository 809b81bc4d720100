/*
 * paths.h - where our files are, and whether a folder may hold secrets.
 *
 * The state folder holds the CA's key, the evidence and the ledger.  A person's is
 * $XDG_STATE_HOME/crumbgate (~/.local/state/crumbgate when unset, XDG Base Directory
 * Specification 0.8); root's and a system user's is /var/lib/crumbgate.
 */
#ifndef CRUMBGATE_BASE_PATHS_H
#define CRUMBGATE_BASE_PATHS_H

#include "base/buf.h"

/* A system user: root, or one whose uid is below 1000 (login.defs' UID_MIN). */
bool paths_state_default(char *out, size_t size);

/* dir + "/" + name; false when it does not fit. */
bool paths_join(char *out, size_t size, const char *dir, const char *name);

/*
 * Makes the folder (0700, its parents too) or checks the one that is there: a real folder, not a
 * symbolic link, owned by us or root, closed to group and others.  On false *error says which
 * folder and what to run.  Nothing is ever repaired silently.
 */
bool paths_private_dir(const char *path, struct buf *error);

/*
 * The same rules for a file that holds a secret and is already open: a regular file with one name,
 * owned by us or root, closed to group and others.  `path` is for the message only.
 */
bool paths_private_fd(int fd, const char *path, struct buf *error);

/*
 * Reads a whole file of at most `max` bytes into *out (whose cap must allow it).  With
 * `private_file` the rules above are checked on the open file and the last component may not be a
 * symbolic link.  *missing (may be NULL) tells absence from other errors.
 */
bool paths_read(const char *path, size_t max, bool private_file, struct buf *out, bool *missing,
		struct buf *error);

/*
 * Writes beside, fsyncs, renames into place, fsyncs the folder: the old or the new file, never
 * half.
 */
bool paths_write_atomic(const char *path, struct slice bytes, unsigned mode, struct buf *error);

#endif
