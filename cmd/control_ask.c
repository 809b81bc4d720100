#include "cmd/control_ask.h"

#include "base/paths.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define PATIENCE_S 10

static enum control_result failed(struct buf *answer, const char *path)
{
	int error = errno;

	buf_clear(answer);
	buf_addf(answer, "%s: %s; is it your proxy, and does it run?", path,
		 error == EAGAIN ? "no answer" : strerror(error));
	return CONTROL_FAILED;
}

static bool send_all(int fd, struct slice s)
{
	while (s.n != 0) {
		ssize_t n = send(fd, s.p, s.n, MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0)
			s = slice_skip(s, (size_t)n);
	}
	return true;
}

/* To the end: the proxy closes behind its answer. */
static bool receive_all(int fd, struct buf *answer)
{
	for (;;) {
		char *room = buf_reserve(answer, 4096);
		ssize_t n;

		if (room == NULL) {
			errno = EMSGSIZE;
			return false;
		}
		n = recv(fd, room, 4096, 0);
		if (n == 0)
			return true;
		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0)
			buf_commit(answer, (size_t)n);
	}
}

enum control_result control_ask(const char *state, struct slice request, struct buf *answer)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	struct timeval patience = { PATIENCE_S, 0 };
	enum control_result result = CONTROL_ANSWERED;
	int fd;

	if (!paths_join(sun.sun_path, sizeof(sun.sun_path), state, "control.sock"))
		return CONTROL_NOBODY; /* too long for a socket, so no proxy has one there */
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return failed(answer, sun.sun_path);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (connect(fd, (const struct sockaddr *)&sun, sizeof(sun)) < 0)
		result = errno == ENOENT || errno == ECONNREFUSED ? CONTROL_NOBODY
								  : failed(answer, sun.sun_path);
	else if (!send_all(fd, request) || !receive_all(fd, answer))
		result = failed(answer, sun.sun_path);
	close(fd);
	return result;
}
