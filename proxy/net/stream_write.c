#include <errno.h>
#include <sys/socket.h>

#include "proxy/net/stream_parts.h"

/* From here on a slice is sent from where it lies. */
#define DIRECT_MIN (8u * 1024)

size_t stream_queued(const struct stream *s)
{
	return s->out.len + s->wire.len;
}

bool stream_is_full(const struct stream *s)
{
	return s->full;
}

static bool writable(const struct stream *s)
{
	return !s->closed && !s->broken && !s->fin_wanted;
}

static void plain_send(struct stream *s, struct slice *data)
{
	while (s->out.len + data->n != 0) {
		size_t held = s->out.len;
		size_t n = held != 0 ? stream_send(s, buf_slice(&s->out), *data)
				     : stream_send(s, *data, SLICE(""));

		if (n == 0)
			return;
		buf_take(&s->out, n < held ? n : held);
		if (n > held)
			*data = slice_skip(*data, n - held);
	}
}

/* True when `wire` is empty and more may follow. */
static bool wire_send(struct stream *s)
{
	while (s->wire.len != 0) {
		size_t n = stream_send(s, buf_slice(&s->wire), SLICE(""));

		if (n == 0)
			return false;
		buf_take(&s->wire, n);
	}
	return !s->broken;
}

/* Sends what is queued and then *data as far as the kernel takes it. */
static void send_all(struct stream *s, struct slice *data)
{
	if (s->connecting || s->dying)
		return;
	/* Until everything is gone or the kernel says no: only then does an edge come. */
	while (wire_send(s) && !s->handshaking && s->out.len + data->n != 0 && s->can_write) {
		if (s->ssl != NULL)
			tls_send(s, data);
		else
			plain_send(s, data);
	}
}

static void finish(struct stream *s)
{
	if (s->ssl != NULL && !s->notified && !s->handshaking) {
		s->notified = true;
		tls_notify(s);
		if (!wire_send(s))
			return;
	}
	s->fin_sent = true;
	if (shutdown(s->fd, SHUT_WR) != 0 && errno != ENOTCONN)
		stream_fail(s, errno, NULL);
	if (s->closed)
		stream_linger(s);
}

static void flush(struct stream *s)
{
	struct slice none = SLICE("");

	send_all(s, &none);
	if (s->out.len == 0)
		buf_release(&s->out);
	if (s->wire.len == 0)
		buf_release(&s->wire);
	if (s->fin_wanted && !s->fin_sent && !s->connecting && !s->broken && !s->dying &&
	    stream_queued(s) == 0)
		finish(s);
}

void stream_on_flush(struct deferred *d)
{
	struct stream *s = LOOP_OWNER(d, struct stream, flush);

	if (s->in.len == 0)
		buf_release(&s->in);
	flush(s);
	if (s->broken || s->closed || !s->full || stream_queued(s) >= STREAM_LOW)
		return;
	s->full = false;
	stream_tell(s, STREAM_DRAINED);
}

static bool queue(struct stream *s, struct slice data)
{
	if (!buf_add(&s->out, data)) {
		stream_fail(s, ENOBUFS, "more was written than the peer takes");
		return false;
	}
	if (stream_queued(s) > STREAM_HIGH)
		s->full = true;
	if (stream_queued(s) != 0 || s->full)
		loop_defer(s->loop, &s->flush, stream_on_flush);
	return true;
}

bool stream_write(struct stream *s, struct slice data)
{
	if (!writable(s))
		return false;
	s->bytes_out += data.n;
	if (data.n >= DIRECT_MIN && s->can_write)
		send_all(s, &data);
	if (s->broken)
		return false;
	return queue(s, data);
}

bool stream_writev2(struct stream *s, struct slice head, struct slice body)
{
	/* The head waits in the queue for the body, which takes it along. */
	return stream_write(s, head) && stream_write(s, body);
}

void stream_shutdown_write(struct stream *s)
{
	if (!writable(s))
		return;
	s->fin_wanted = true;
	loop_defer(s->loop, &s->flush, stream_on_flush);
}
