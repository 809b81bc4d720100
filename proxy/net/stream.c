#include "proxy/net/stream.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proxy/net/address.h"
#include "proxy/net/loop_parts.h"
#include "proxy/net/stream_parts.h"

/* What one stream may read in one turn before the others have theirs. */
#define ROUNDS_MAX 8
#define TURN_BYTES (256u * 1024)

static void on_event(evutil_socket_t fd, short what, void *arg);

static void shared_free(void *p)
{
	struct stream_shared *shared = p;

	stream_reset_lingering(shared->loop);
	loop_reap(shared->loop);
	timer_class_release(&shared->linger);
	timer_class_release(&shared->doubt);
	timer_class_release(&shared->stuck);
	tls_shared_free(shared->tls);
	free(shared);
}

static struct stream_shared *shared_of(struct loop *loop)
{
	struct stream_shared *shared = loop_attached(loop);

	if (shared != NULL)
		return shared;
	shared = calloc(1, sizeof(*shared));
	if (shared == NULL)
		return NULL;
	shared->loop = loop;
	timer_class_init(&shared->linger, loop, STREAM_LINGER_MS);
	timer_class_init(&shared->doubt, loop, STREAM_DOUBT_MS);
	timer_class_init(&shared->stuck, loop, STREAM_STUCK_MS);
	loop_attach(loop, shared, shared_free);
	return shared;
}

static struct stream *adopt(struct loop *loop, int fd, bool connecting, stream_cb *cb, void *arg)
{
	struct stream *s = calloc(1, sizeof(*s));
	struct stream_shared *shared = shared_of(loop);
	int one = 1;

	if (s == NULL || shared == NULL) {
		free(s);
		errno = ENOMEM;
		return NULL;
	}
	s->loop = loop;
	s->shared = shared;
	s->cb = cb;
	s->arg = arg;
	s->fd = fd;
	s->alert = -1;
	s->connecting = connecting;
	s->can_write = !connecting;
	s->read_max = STREAM_READ_MAX;
	buf_init(&s->in, STREAM_READ_MAX);
	buf_init(&s->raw, SIZE_MAX);
	buf_init(&s->out, STREAM_OUT_MAX);
	buf_init(&s->wire, WIRE_MAX);
	/* Fails on sockets that are not TCP, which need none. */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	event_assign(&s->ev, loop_base(loop), fd,
		     EV_READ | EV_WRITE | EV_CLOSED | EV_ET | EV_PERSIST, on_event, s);
	if (event_priority_set(&s->ev, LOOP_PRIORITY_REST) != 0 || event_add(&s->ev, NULL) != 0) {
		free(s);
		errno = ENOMEM;
		return NULL;
	}
	return s;
}

struct stream *stream_from_fd(struct loop *loop, int fd, stream_cb *cb, void *arg)
{
	struct stream *s = adopt(loop, fd, false, cb, arg);

	if (s == NULL) {
		close(fd);
		errno = ENOMEM;
	}
	return s;
}

struct stream *stream_connect(struct loop *loop, const struct address *to, stream_cb *cb, void *arg)
{
	int fd = socket(address_family(to), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct stream *s;
	int e;

	if (fd < 0)
		return NULL;
	if (connect(fd, (const struct sockaddr *)&to->sa, to->len) != 0 && errno != EINPROGRESS) {
		e = errno;
		close(fd);
		errno = e;
		return NULL;
	}
	s = adopt(loop, fd, true, cb, arg);
	if (s == NULL) {
		close(fd);
		errno = ENOMEM;
	}
	return s;
}

void stream_tell(struct stream *s, enum stream_event event)
{
	if (!s->closed && !s->error_told)
		s->cb(s, event, s->arg);
}

static void tell_error(struct stream *s)
{
	if (s->error_told || s->closed)
		return;
	deferred_cancel(&s->resume);
	timer_stop(&s->timer);
	if (!s->closed) {
		stream_tell(s, STREAM_ERROR);
		s->error_told = true;
	}
}

static void fail(struct stream *s, int err, const char *text)
{
	if (s->broken)
		return;
	s->broken = true;
	s->err = err;
	if (text != NULL)
		s->text = strdup(text);
	buf_release(&s->out);
	buf_release(&s->wire);
	loop_next(s->loop, &s->resume, stream_on_resume);
}

void stream_fail(struct stream *s, int err, const char *text)
{
	s->unreadable = true;
	fail(s, err, text);
}

static void touch(struct stream *s)
{
	if (s->touches)
		timer_touch(&s->timer);
}

static void on_doubt(struct timer *t)
{
	struct stream *s = LOOP_OWNER(t, struct stream, doubt);

	if (s->can_read || s->broken || s->raw_eof)
		return;
	s->can_read = true;
	loop_next(s->loop, &s->resume, stream_on_resume);
}

size_t stream_recv(struct stream *s, char *p, size_t n)
{
	ssize_t r;

	if (!s->can_read || s->raw_eof || s->fd < 0)
		return 0;
	do
		r = recv(s->fd, p, n, MSG_DONTWAIT);
	while (r < 0 && errno == EINTR);
	if (r > 0) {
		/*
		 * Short: the socket is empty, and what comes later makes a new edge (epoll(7)).  A
		 * reset that was there already is told by this edge only, and libevent does not say
		 * which edge it was, so the socket is asked once more a little later.
		 */
		if ((size_t)r < n && !s->hangup) {
			s->can_read = false;
			if (!timer_runs(&s->doubt))
				timer_start(&s->shared->doubt, &s->doubt, on_doubt);
		}
		touch(s);
		return (size_t)r;
	}
	s->can_read = false;
	if (r == 0)
		s->raw_eof = true;
	else if (errno != EAGAIN && errno != EWOULDBLOCK) {
		s->socket_dead = true;
		stream_fail(s, errno, NULL);
	}
	return 0;
}

size_t stream_send(struct stream *s, struct slice a, struct slice b)
{
	struct iovec iov[2] = { { (char *)(uintptr_t)a.p, a.n }, { (char *)(uintptr_t)b.p, b.n } };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = b.n != 0 ? 2 : 1 };
	ssize_t r;

	if (!s->can_write || s->broken || s->fd < 0)
		return 0;
	do
		r = b.n != 0 ? sendmsg(s->fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL)
			     : send(s->fd, a.p, a.n, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (r < 0 && errno == EINTR);
	if (r >= 0) {
		touch(s);
		return (size_t)r;
	}
	s->can_write = false;
	if (errno != EAGAIN && errno != EWOULDBLOCK) {
		/* What the peer sent before (say, 413 and a reset) may still be read. */
		s->socket_dead = true;
		fail(s, errno, NULL);
	}
	return 0;
}

/* The callback is over: what it left of the scratch buffer moves to the stream's own. */
static void settle(struct stream *s)
{
	if (s->borrowed) {
		s->borrowed = false;
		if (s->view.n != 0 && !s->closed && !buf_add(&s->in, s->view))
			stream_fail(s, ENOMEM, NULL);
	}
	if (s->in.len == 0)
		buf_release(&s->in);
	s->view = buf_slice(&s->in);
	if (s->in.len >= s->read_max && !s->paused && !s->closed)
		stream_fail(s, ENOBUFS, "the peer sent more than fits before it made sense");
}

static void show(struct stream *s)
{
	s->showing = true;
	stream_tell(s, STREAM_READ);
	s->showing = false;
	settle(s);
}

static bool has_input(const struct stream *s)
{
	return s->can_read || (s->ssl != NULL && tls_has_input(s));
}

static bool may_read(const struct stream *s)
{
	return !s->closed && !s->error_told && !s->connecting && !s->handshaking && !s->paused &&
	       !s->eof_told && !s->unreadable;
}

/* Reads once and tells it; false when there was nothing. */
static bool read_some(struct stream *s)
{
	size_t room = s->read_max > s->in.len ? s->read_max - s->in.len : 0;
	char *scratch = loop_scratch(s->loop);
	size_t n;

	if (room > LOOP_SCRATCH)
		room = LOOP_SCRATCH;
	n = room == 0	     ? 0
	    : s->ssl != NULL ? tls_read(s, scratch, room)
			     : stream_recv(s, scratch, room);
	if (n == 0)
		return false;
	s->bytes_in += n;
	if (s->in.len == 0) {
		s->borrowed = true;
		s->view = slice_of(scratch, n);
	} else if (buf_add(&s->in, slice_of(scratch, n))) {
		s->view = buf_slice(&s->in);
	} else {
		stream_fail(s, ENOMEM, NULL);
		return false;
	}
	show(s);
	return true;
}

static void tell_end(struct stream *s)
{
	if (!may_read(s))
		return;
	if (s->ssl == NULL)
		s->eof_clean = s->raw_eof;
	if (s->raw_eof || s->eof_clean) {
		s->eof_told = true;
		stream_tell(s, STREAM_EOF);
		if (s->widowed && !s->closed)
			stream_fail(s, EPIPE, NULL);
	}
}

static void read_on(struct stream *s)
{
	uint64_t start = s->bytes_in;

	for (int i = 0; may_read(s) && !s->eof_clean && has_input(s); i++) {
		if (i == ROUNDS_MAX || s->bytes_in - start >= TURN_BYTES) {
			loop_next(s->loop, &s->resume, stream_on_resume);
			return;
		}
		if (!read_some(s) && !s->can_read)
			break;
	}
	if (s->broken)
		tell_error(s);
	else
		tell_end(s);
}

static void shake_hands(struct stream *s)
{
	if (s->suspended)
		return;
	switch (tls_handshake(s)) {
	case TLS_DONE:
		if (s->dying) /* closed inside one of OpenSSL's callbacks */
			return;
		s->handshaking = false;
		if (s->out.len != 0 || s->fin_wanted)
			loop_defer(s->loop, &s->flush, stream_on_flush);
		stream_tell(s, STREAM_CONNECTED);
		read_on(s);
		break;
	case TLS_WANT:
		s->suspended = true;
		stream_tell(s, STREAM_WANT);
		break;
	case TLS_FAILED:
		tell_error(s);
		break;
	case TLS_AGAIN:
		break;
	}
}

static void finish_connect(struct stream *s)
{
	struct sockaddr_storage peer;
	socklen_t len = sizeof(peer), elen = sizeof(int);
	int err = 0;

	if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &err, &elen) != 0)
		err = errno;
	if (err != 0) {
		stream_fail(s, err, NULL);
		tell_error(s);
		return;
	}
	if (getpeername(s->fd, (struct sockaddr *)&peer, &len) != 0)
		return; /* too early: the true event follows */
	s->connecting = false;
	s->can_write = true;
	if (s->out.len != 0 || s->fin_wanted)
		loop_defer(s->loop, &s->flush, stream_on_flush);
	stream_tell(s, STREAM_CONNECTED);
}

static void go_on(struct stream *s)
{
	if (s->dying || s->error_told)
		return;
	if (s->closed)
		stream_closed_event(s);
	else if (s->connecting)
		return;
	else if (s->handshaking)
		shake_hands(s);
	else
		read_on(s);
}

static void on_event(evutil_socket_t fd, short what, void *arg)
{
	struct stream *s = arg;

	(void)fd;
	if (s->connecting && !s->broken) {
		finish_connect(s);
		if (s->connecting || s->dying)
			return;
	}
	if (what & EV_CLOSED)
		s->hangup = true;
	if (what & (EV_READ | EV_CLOSED))
		s->can_read = true;
	if (what & EV_WRITE && !s->can_write) {
		s->can_write = true;
		if (stream_queued(s) != 0)
			loop_defer(s->loop, &s->flush, stream_on_flush);
	}
	go_on(s);
}

void stream_on_resume(struct deferred *d)
{
	struct stream *s = LOOP_OWNER(d, struct stream, resume);

	if (s->reshow && may_read(s) && s->view.n != 0) {
		s->reshow = false;
		show(s);
	}
	s->reshow = false;
	if (s->broken && s->closed) {
		stream_destroy(s);
		return;
	}
	if (s->broken &&
	    (s->unreadable || s->paused || s->connecting || s->handshaking || s->eof_told)) {
		tell_error(s);
		return;
	}
	go_on(s);
}

struct slice stream_peek(const struct stream *s)
{
	return s->view;
}

void stream_consume(struct stream *s, size_t n)
{
	if (s->borrowed) {
		s->view = slice_skip(s->view, n);
		return;
	}
	buf_take(&s->in, n);
	s->view = buf_slice(&s->in);
	/* The memory goes when the callback returns, or else when the turn ends. */
	if (s->in.len == 0 && !s->showing && !s->dying)
		loop_defer(s->loop, &s->flush, stream_on_flush);
}

void stream_set_read_max(struct stream *s, size_t max)
{
	s->read_max = max != 0 ? max : 1;
	s->in.max = s->read_max > STREAM_READ_MAX ? s->read_max : STREAM_READ_MAX;
}

void stream_pause(struct stream *s)
{
	s->paused = true;
}

void stream_unpause(struct stream *s)
{
	s->paused = false;
	s->reshow = s->reshow || s->view.n != 0;
	if (!s->closed && !s->error_told)
		loop_next(s->loop, &s->resume, stream_on_resume);
}

void stream_resume_handshake(struct stream *s)
{
	s->suspended = false;
	if (s->handshaking && !s->closed)
		loop_next(s->loop, &s->resume, stream_on_resume);
}
