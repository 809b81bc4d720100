#include "base/paths.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* login.defs' UID_MIN on every system we know of. */
#define FIRST_PERSON 1000

bool paths_join(char *out, size_t size, const char *dir, const char *name)
{
	int n = snprintf(out, size, "%s/%s", dir, name);

	return n >= 0 && (size_t)n < size;
}

bool paths_state_default(char *out, size_t size)
{
	const char *xdg = getenv("XDG_STATE_HOME");
	const char *home = getenv("HOME");
	char dir[PATH_MAX];

	if (geteuid() < FIRST_PERSON)
		return slice_copy(SLICE("/var/lib/crumbgate"), out, size);
	/* The specification: a relative path is invalid and ignored. */
	if (xdg != NULL && xdg[0] == '/')
		return paths_join(out, size, xdg, "crumbgate");
	if (home == NULL || home[0] != '/')
		return false;
	return paths_join(dir, sizeof(dir), home, ".local/state/crumbgate") &&
	       slice_copy(slice_str(dir), out, size);
}

/* Owner and mode of something that holds secrets; `chmod` is the mode to suggest. */
static bool check_private(const struct stat *st, const char *path, const char *chmod_to,
			  struct buf *error)
{
	if (st->st_uid != geteuid() && st->st_uid != 0) {
		buf_addf(error, "%s belongs to another user (uid %u): run: chown %u %s", path,
			 (unsigned)st->st_uid, (unsigned)geteuid(), path);
		return false;
	}
	if ((st->st_mode & 077) != 0) {
		buf_addf(error, "%s is open to other users (mode %04o): run: chmod %s %s", path,
			 (unsigned)(st->st_mode & 07777), chmod_to, path);
		return false;
	}
	return true;
}

/* Every missing parent of path, 0700.  The path's own folder is the caller's. */
static bool make_parents(const char *path)
{
	char part[PATH_MAX];

	if (!slice_copy(slice_str(path), part, sizeof(part))) {
		errno = ENAMETOOLONG;
		return false;
	}
	for (char *at = part + 1; (at = strchr(at, '/')) != NULL; at++) {
		*at = '\0';
		if (mkdir(part, 0700) != 0 && errno != EEXIST)
			return false;
		*at = '/';
	}
	return true;
}

bool paths_private_dir(const char *path, struct buf *error)
{
	struct stat st;

	if (lstat(path, &st) != 0) {
		if (errno != ENOENT || !make_parents(path) ||
		    (mkdir(path, 0700) != 0 && errno != EEXIST) || lstat(path, &st) != 0) {
			buf_addf(error, "cannot make the folder %s: %s", path, strerror(errno));
			return false;
		}
	}
	if (S_ISLNK(st.st_mode)) {
		buf_addf(error, "%s is a symbolic link: name the folder itself", path);
		return false;
	}
	if (!S_ISDIR(st.st_mode)) {
		buf_addf(error, "%s is not a folder: move it away or choose another one", path);
		return false;
	}
	return check_private(&st, path, "700", error);
}

bool paths_private_fd(int fd, const char *path, struct buf *error)
{
	struct stat st;

	if (fstat(fd, &st) != 0) {
		buf_addf(error, "cannot look at %s: %s", path, strerror(errno));
		return false;
	}
	if (!S_ISREG(st.st_mode)) {
		buf_addf(error, "%s is not a regular file: move it away", path);
		return false;
	}
	if (st.st_nlink != 1) {
		buf_addf(error, "%s has another name (hard link): copy it to a file of its own",
			 path);
		return false;
	}
	return check_private(&st, path, "600", error);
}

static bool read_fd(int fd, const char *path, size_t max, struct buf *out, struct buf *error)
{
	size_t total = 0;

	for (;;) {
		size_t room = max - total < 16384 ? max - total + 1 : 16384;
		char *to = buf_reserve(out, room);
		ssize_t n;

		if (to == NULL)
			break;
		n = read(fd, to, room);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			buf_addf(error, "cannot read %s: %s", path, strerror(errno));
			return false;
		}
		if (n == 0)
			return true;
		total += (size_t)n;
		if (total > max)
			break;
		buf_commit(out, (size_t)n);
	}
	buf_addf(error, "%s is larger than %zu bytes: it is not what belongs there", path, max);
	return false;
}

bool paths_read(const char *path, size_t max, bool private_file, struct buf *out, bool *missing,
		struct buf *error)
{
	/* O_NONBLOCK: a FIFO in the place of a file must not hang us. */
	int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | (private_file ? O_NOFOLLOW : 0);
	int fd = open(path, flags);
	bool ok;

	if (missing != NULL)
		*missing = fd < 0 && errno == ENOENT;
	if (fd < 0) {
		if (errno == ELOOP && private_file)
			buf_addf(error, "%s is a symbolic link: put the file itself there", path);
		else
			buf_addf(error, "cannot open %s: %s", path, strerror(errno));
		return false;
	}
	ok = (!private_file || paths_private_fd(fd, path, error)) &&
	     read_fd(fd, path, max, out, error);
	close(fd);
	return ok;
}

static bool write_all(int fd, struct slice bytes)
{
	while (bytes.n != 0) {
		ssize_t n = write(fd, bytes.p, bytes.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		bytes = slice_skip(bytes, (size_t)n);
	}
	return true;
}

static bool sync_parent(const char *path)
{
	char dir[PATH_MAX];
	char *slash;
	int fd;
	bool ok;

	if (!slice_copy(slice_str(path), dir, sizeof(dir)))
		return false;
	slash = strrchr(dir, '/');
	if (slash == NULL)
		memcpy(dir, ".", 2);
	else
		slash[slash == dir] = '\0';
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return false;
	ok = fsync(fd) == 0;
	close(fd);
	return ok;
}

bool paths_write_atomic(const char *path, struct slice bytes, unsigned mode, struct buf *error)
{
	char beside[PATH_MAX];
	int n = snprintf(beside, sizeof(beside), "%s.new.%ld", path, (long)getpid());
	int fd;
	bool ok;

	if (n < 0 || (size_t)n >= sizeof(beside)) {
		buf_addf(error, "the path is too long: %s", path);
		return false;
	}
	unlink(beside); /* left by a process that had our number and died */
	fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, (mode_t)mode);
	if (fd < 0) {
		buf_addf(error, "cannot write %s: %s", beside, strerror(errno));
		return false;
	}
	/* fchmod: the umask must neither widen nor narrow what was asked for. */
	ok = fchmod(fd, (mode_t)mode) == 0 && write_all(fd, bytes) && fsync(fd) == 0;
	ok = close(fd) == 0 && ok;
	ok = ok && rename(beside, path) == 0 && sync_parent(path);
	if (!ok) {
		buf_addf(error, "cannot write %s: %s", path, strerror(errno));
		unlink(beside);
	}
	return ok;
}
