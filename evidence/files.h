/*
 * files.h - the few operations on files that the record is made of.
 *
 * Everything that changes a file goes through `struct file_ops`, so that a test can let any one of
 * them fail, or stop in the middle as a killed process or a full disk would.  Names are relative to
 * an open folder.  False means failed, with errno.
 */
#ifndef CRUMBGATE_EVIDENCE_FILES_H
#define CRUMBGATE_EVIDENCE_FILES_H

#include "base/buf.h"

#include <sys/types.h>

struct file_ops {
	ssize_t (*pwrite)(int fd, const void *p, size_t n, off_t at);
	int (*fdatasync)(int fd);
	int (*ftruncate)(int fd, off_t n);
	int (*renameat)(int dir, const char *from, int dir2, const char *to);
	int (*unlinkat)(int dir, const char *name, int flags);
};

extern const struct file_ops file_ops_system;

bool file_write_at(const struct file_ops *ops, int fd, struct slice s, uint64_t at);
/* The whole file by way of NAME.tmp and rename, synced: afterwards the old or the new is there. */
bool file_replace(const struct file_ops *ops, int dir, const char *name, struct slice s);
/* Appends the file to `out`; fails with EFBIG above out's cap. */
bool file_read(int dir, const char *name, struct buf *out);
bool file_exists(int dir, const char *name);
/* 0600, close-on-exec, made when missing; -1 and errno. */
int file_open_append(int dir, const char *name);
/* -1 on failure. */
int64_t file_size(int fd);

/* Opens a folder below `dir`, made 0700 when missing; -1 and errno. */
int folder_open(int dir, const char *name);
/*
 * A folder or file of ours is owned by us and closed to everybody else.  False: `error` says what
 * is wrong and the command that mends it.
 */
bool file_is_private(int fd, const char *path, char *error, size_t size);

#endif
