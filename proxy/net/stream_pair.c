/* Two ends of one connection inside this process. */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proxy/net/address.h"
#include "proxy/net/stream_parts.h"

/* Until the owners have set their own. */
static void on_nothing(struct stream *s, enum stream_event event, void *arg)
{
	(void)s;
	(void)event;
	(void)arg;
}

static bool say_local(struct stream *s, const struct address *local)
{
	if (local == NULL)
		return true;
	s->local = malloc(sizeof(*s->local));
	if (s->local == NULL)
		return false;
	*s->local = *local;
	return true;
}

bool stream_pair(struct loop *loop, const struct address *local, struct stream *ends[2])
{
	int fds[2];

	/* Exactly what the sandbox lets through. */
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) != 0)
		return false;
	ends[0] = stream_from_fd(loop, fds[0], on_nothing, NULL);
	ends[1] = stream_from_fd(loop, fds[1], on_nothing, NULL);
	if (ends[0] == NULL || ends[1] == NULL || !say_local(ends[0], local) ||
	    !say_local(ends[1], local)) {
		stream_close(ends[0], STREAM_RESET);
		stream_close(ends[1], STREAM_RESET);
		errno = ENOMEM;
		return false;
	}
	ends[0]->twin = ends[1];
	ends[1]->twin = ends[0];
	return true;
}

/* Nobody is left at the other end, and this one does not take what was left for it. */
static void on_left_over(struct timer *t)
{
	stream_fail(LOOP_OWNER(t, struct stream, timer), EPIPE, NULL);
}

/*
 * Sockets of this kind know no reset, and tell no event when a peer that has ended its half is gone
 * whole.  What a reset end had sent is lost, as over TCP.
 */
void stream_part(struct stream *s, bool reset)
{
	struct stream *twin = s->twin;

	if (twin == NULL)
		return;
	s->twin = NULL;
	twin->twin = NULL;
	twin->widowed = true;
	if (reset) {
		twin->socket_dead = true;
		stream_fail(twin, ECONNRESET, NULL);
	} else if (twin->closed) {
		return;
	} else if (twin->eof_told) {
		stream_fail(twin, EPIPE, NULL);
	} else if (!timer_runs(&twin->timer)) {
		/* It is paused, or will be done in a moment. */
		twin->touches = true;
		timer_start(&twin->shared->stuck, &twin->timer, on_left_over);
	}
}
