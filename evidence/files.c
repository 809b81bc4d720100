#include "evidence/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

const struct file_ops file_ops_system = { pwrite, fdatasync, ftruncate, renameat, unlinkat };

bool file_write_at(const struct file_ops *ops, int fd, struct slice s, uint64_t at)
{
	while (s.n != 0) {
		ssize_t n = ops->pwrite(fd, s.p, s.n, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			if (n == 0)
				errno = ENOSPC;
			return false;
		}
		s = slice_skip(s, (size_t)n);
		at += (uint64_t)n;
	}
	return true;
}

bool file_replace(const struct file_ops *ops, int dir, const char *name, struct slice s)
{
	char tmp[128];
	int fd, saved;
	bool ok;

	if (snprintf(tmp, sizeof(tmp), "%s.tmp", name) >= (int)sizeof(tmp)) {
		errno = ENAMETOOLONG;
		return false;
	}
	fd = openat(dir, tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return false;
	ok = file_write_at(ops, fd, s, 0) && ops->fdatasync(fd) == 0;
	saved = errno;
	close(fd);
	if (ok && ops->renameat(dir, tmp, dir, name) == 0)
		return fsync(dir) == 0;
	if (ok)
		saved = errno;
	ops->unlinkat(dir, tmp, 0);
	errno = saved;
	return false;
}

bool file_read(int dir, const char *name, struct buf *out)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t n = 1;

	if (fd < 0)
		return false;
	while (n > 0) {
		char block[4096];

		n = read(fd, block, sizeof(block));
		if (n < 0 && errno == EINTR) {
			n = 1;
			continue;
		}
		if (n > 0 && !buf_add(out, slice_of(block, (size_t)n))) {
			n = -1;
			errno = EFBIG;
		}
	}
	close(fd);
	return n == 0;
}

bool file_exists(int dir, const char *name)
{
	struct stat st;

	return fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

int file_open_append(int dir, const char *name)
{
	return openat(dir, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
}

int64_t file_size(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 ? (int64_t)st.st_size : -1;
}

int folder_open(int dir, const char *name)
{
	if (mkdirat(dir, name, 0700) < 0 && errno != EEXIST)
		return -1;
	return openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

bool file_is_private(int fd, const char *path, char *error, size_t size)
{
	struct stat st;

	if (fstat(fd, &st) < 0) {
		snprintf(error, size, "%s cannot be examined", path);
		return false;
	}
	if (st.st_uid != geteuid()) {
		snprintf(error, size,
			 "%s belongs to user %u, not to the one who runs this: chown it", path,
			 st.st_uid);
		return false;
	}
	if ((st.st_mode & 077) != 0) {
		snprintf(error, size, "%s is open to other users (mode %03o): chmod go= %s", path,
			 st.st_mode & 0777, path);
		return false;
	}
	return true;
}
