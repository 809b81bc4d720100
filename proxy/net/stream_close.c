#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proxy/net/address.h"
#include "proxy/net/loop_parts.h"
#include "proxy/net/stream_parts.h"

static void linger_add(struct stream *s)
{
	struct stream_shared *shared = s->shared;

	s->linger_prev = NULL;
	s->linger_next = shared->lingering;
	if (shared->lingering != NULL)
		shared->lingering->linger_prev = s;
	shared->lingering = s;
	shared->lingering_count++;
}

static void linger_drop(struct stream *s)
{
	struct stream_shared *shared = s->shared;

	if (s->linger_prev == NULL && shared->lingering != s)
		return;
	if (s->linger_prev != NULL)
		s->linger_prev->linger_next = s->linger_next;
	else
		shared->lingering = s->linger_next;
	if (s->linger_next != NULL)
		s->linger_next->linger_prev = s->linger_prev;
	s->linger_prev = NULL;
	s->linger_next = NULL;
	shared->lingering_count--;
}

static void stream_free(struct deferred *d)
{
	struct stream *s = LOOP_OWNER(d, struct stream, dead);

	/* Something may have been put off again while the stream was closing. */
	deferred_cancel(&s->resume);
	deferred_cancel(&s->flush);
	tls_stop(s);
	buf_release(&s->in);
	buf_release(&s->raw);
	buf_release(&s->out);
	buf_release(&s->wire);
	free(s->local);
	free(s->text);
	free(s);
}

/* The descriptor goes at once; memory stays until nobody can be in the middle of using it. */
void stream_destroy(struct stream *s)
{
	if (s->dying)
		return;
	s->dying = true;
	s->closed = true;
	linger_drop(s);
	timer_stop(&s->timer);
	timer_stop(&s->doubt);
	deferred_cancel(&s->resume);
	deferred_cancel(&s->flush);
	event_del(&s->ev);
	close(s->fd);
	s->fd = -1;
	stream_part(s, false);
	loop_free_later(s->loop, &s->dead, stream_free);
}

static void reset(struct stream *s)
{
	struct linger now = { .l_onoff = 1, .l_linger = 0 };

	stream_part(s, true);
	if (!s->dying)
		setsockopt(s->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	stream_destroy(s);
}

static void on_stuck(struct timer *t)
{
	reset(LOOP_OWNER(t, struct stream, timer));
}

static void on_lingered(struct timer *t)
{
	stream_destroy(LOOP_OWNER(t, struct stream, timer));
}

/* Drops what still comes, up to the limit; then the peer finds its window closed. */
static void drop_input(struct stream *s)
{
	while (s->can_read && !s->socket_dead && !s->raw_eof && s->lingered < STREAM_LINGER_BYTES)
		s->lingered += stream_recv(s, loop_scratch(s->loop), LOOP_SCRATCH);
}

void stream_closed_event(struct stream *s)
{
	drop_input(s);
	if (s->socket_dead || (s->raw_eof && s->fin_sent))
		stream_destroy(s);
}

void stream_linger(struct stream *s)
{
	drop_input(s);
	if (s->socket_dead || s->raw_eof) {
		stream_destroy(s);
		return;
	}
	s->touches = false;
	timer_start(&s->shared->linger, &s->timer, on_lingered);
}

void stream_close(struct stream *s, enum stream_how how)
{
	if (s == NULL || s->closed)
		return;
	s->closed = true;
	deferred_cancel(&s->resume);
	timer_stop(&s->timer);
	timer_stop(&s->doubt);
	if (how == STREAM_RESET || s->connecting) {
		reset(s);
		return;
	}
	if (s->socket_dead) {
		stream_destroy(s);
		return;
	}
	if (how == STREAM_CUT)
		s->notified = true;
	linger_add(s);
	s->touches = false;
	timer_start(&s->shared->stuck, &s->timer, on_stuck);
	if (s->broken && !s->fin_sent) {
		/* TLS failed: our alert is on its way and must not be overtaken by a reset. */
		s->fin_sent = true;
		shutdown(s->fd, SHUT_WR);
	}
	if (s->fin_sent) {
		stream_linger(s);
		return;
	}
	if (s->handshaking)
		buf_release(&s->out);
	s->fin_wanted = true;
	loop_defer(s->loop, &s->flush, stream_on_flush);
}

unsigned stream_lingering(const struct loop *loop)
{
	const struct stream_shared *shared = loop->attached;

	return shared != NULL ? shared->lingering_count : 0;
}

void stream_reset_lingering(struct loop *loop)
{
	struct stream_shared *shared = loop->attached;

	while (shared != NULL && shared->lingering != NULL)
		reset(shared->lingering);
}
