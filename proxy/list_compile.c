#include "proxy/list_compile.h"

#include "base/diag.h"
#include "filters/lists/looks.h"
#include "proxy/process.h"
#include "proxy/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

/* What the child asks for, the path behind it; and what it gets, the text behind it. */
struct ask {
	uint32_t list, path_n;
};

#define ASK_PATH_MAX 4096u
#define NOT_THERE UINT64_MAX

static bool get_all(int fd, void *to, size_t n)
{
	for (char *at = to; n != 0;) {
		ssize_t got = read(fd, at, n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		at += got;
		n -= (size_t)got;
	}
	return true;
}

/* flags: of send(), to a socket; 0: by write(), which a child may. */
static bool put_all(int fd, const void *from, size_t n, int flags)
{
	for (const char *at = from; n != 0;) {
		ssize_t put = flags != 0 ? send(fd, at, n, flags) : write(fd, at, n);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return false;
		at += put;
		n -= (size_t)put;
	}
	return true;
}

/* ---- the child ---- */

/* What came is kept until the child ends. */
static bool ask_parent(void *arg, size_t list, struct slice path, struct slice *text)
{
	const int *fd = arg;
	struct ask ask = { (uint32_t)list, (uint32_t)path.n };
	uint64_t n;
	char *mem;

	if (path.n > ASK_PATH_MAX || !put_all(*fd, &ask, sizeof(ask), 0) ||
	    !put_all(*fd, path.p, path.n, 0) || !get_all(*fd, &n, sizeof(n)) || n == NOT_THERE)
		return false;
	mem = malloc(n + 1);
	if (mem == NULL || !get_all(*fd, mem, n))
		_exit(1); /* what is read next would be something else */
	*text = slice_of(mem, n);
	return true;
}

/* A page in the place of a list compiles like one, so somebody must say it. */
static void look(const struct lists_text *text)
{
	const struct list_look l = list_look(text->text);
	struct buf why;

	buf_init(&why, 256);
	if (!list_look_good(&l, &why))
		diag_warning("%.*s: %.*s", SLICE_ARG(text->name), SLICE_ARG(buf_slice(&why)));
	buf_release(&why);
}

static bool build(const struct lists_input *in, int ask, int out)
{
	struct lists_input apart = { in->texts, in->n, ask_parent, &ask };
	struct buf image, why;
	bool good;

	for (size_t i = 0; i < in->n; i++)
		look(&in->texts[i]);
	buf_init(&image, LISTS_IMAGE_BYTES_MAX);
	buf_init(&why, 256);
	good = lists_build(&apart, &image, &why);
	if (!good)
		diag_error("the filter lists cannot be compiled: %.*s", SLICE_ARG(buf_slice(&why)));
	return good && put_all(out, buf_slice(&image).p, buf_slice(&image).n, 0);
}

static void child(const struct lists_input *in, const char *user, pid_t parent, int ask, int out)
{
	const struct rlimit size = { LISTS_IMAGE_BYTES_MAX, LISTS_IMAGE_BYTES_MAX };
	const int keep[] = { ask, out };

	process_child("lists", parent, keep, 2);
	setrlimit(RLIMIT_FSIZE, &size);
	if (!process_drop_root(user)) {
		diag_error("cannot become the user %s: %s (option user)", user, strerror(errno));
		_exit(1);
	}
	if (!sandbox_enter(SANDBOX_LISTS, NULL))
		_exit(1);
	_exit(build(in, ask, out) ? 0 : 1);
}

/* ---- the parent ---- */

static bool answer(const struct lists_input *in, int fd, const struct ask *ask, char *path)
{
	struct slice text = SLICE("");
	uint64_t n = NOT_THERE;

	if (ask->path_n > ASK_PATH_MAX || ask->list >= in->n || !get_all(fd, path, ask->path_n))
		return false;
	if (in->include != NULL &&
	    in->include(in->arg, ask->list, slice_of(path, ask->path_n), &text))
		n = text.n;
	return put_all(fd, &n, sizeof(n), MSG_NOSIGNAL) &&
	       put_all(fd, text.p, n != NOT_THERE ? text.n : 0, MSG_NOSIGNAL);
}

/* Until the child has no more to ask, by its end or by its fault. */
static void serve(const struct lists_input *in, int fd)
{
	const struct timeval patience = { .tv_sec = LIST_COMPILE_PATIENCE_S };
	char path[ASK_PATH_MAX];
	struct ask ask;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	for (unsigned i = 0; i < LIST_COMPILE_ASKS_MAX; i++)
		if (!get_all(fd, &ask, sizeof(ask)) || !answer(in, fd, &ask, path))
			return;
}

/* It has closed its end, so it is at its own. */
static bool ended_well(pid_t pid)
{
	int status = 0;

	for (int i = 0; i < 100; i++) {
		pid_t got = waitpid(pid, &status, WNOHANG);

		if (got == pid)
			return WIFEXITED(status) && WEXITSTATUS(status) == 0;
		if (got < 0 && errno != EINTR)
			return false;
		usleep(10000);
	}
	kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	errno = ETIMEDOUT;
	return false;
}

static bool seal(int fd)
{
	return fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) ==
	       0;
}

static bool compile(const struct lists_input *in, const char *user, int ends[2], int out)
{
	pid_t parent = getpid(), pid = fork();

	if (pid == 0) {
		close(ends[0]);
		child(in, user, parent, ends[1], out);
	}
	close(ends[1]);
	ends[1] = -1;
	if (pid < 0)
		return false;
	serve(in, ends[0]);
	return ended_well(pid) && seal(out);
}

int list_compile(const struct lists_input *in, const char *user)
{
	int ends[2] = { -1, -1 }, out = memfd_create("lists", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	bool good = out >= 0 && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0 &&
		    compile(in, user, ends, out);

	for (unsigned i = 0; i < 2; i++)
		if (ends[i] >= 0)
			close(ends[i]);
	if (good)
		return out;
	if (out >= 0)
		close(out);
	return -1;
}
