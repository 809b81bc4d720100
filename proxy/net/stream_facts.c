/* What a stream tells about itself, and its time-out. */
#include <errno.h>
#include <string.h>

#include "proxy/net/address.h"
#include "proxy/net/stream_parts.h"

void stream_set_cb(struct stream *s, stream_cb *cb, void *arg)
{
	s->cb = cb;
	s->arg = arg;
}

struct loop *stream_loop(const struct stream *s)
{
	return s->loop;
}

bool stream_local(const struct stream *s, struct address *out)
{
	if (s->local != NULL) {
		*out = *s->local;
		return true;
	}
	out->len = sizeof(out->sa);
	return getsockname(s->fd, (struct sockaddr *)&out->sa, &out->len) == 0;
}

bool stream_peer(const struct stream *s, struct address *out)
{
	out->len = sizeof(out->sa);
	return getpeername(s->fd, (struct sockaddr *)&out->sa, &out->len) == 0;
}

struct ssl_st *stream_ssl(const struct stream *s)
{
	return s->ssl;
}

bool stream_is_paused(const struct stream *s)
{
	return s->paused;
}

bool stream_is_open(const struct stream *s)
{
	return !s->closed && !s->connecting && !s->handshaking && !s->eof_told && !s->raw_eof &&
	       !s->broken;
}

bool stream_saw_eof(const struct stream *s)
{
	return s->eof_told;
}

bool stream_eof_clean(const struct stream *s)
{
	return s->eof_clean;
}

int stream_errno(const struct stream *s)
{
	return s->err;
}

const char *stream_error_text(const struct stream *s)
{
	return s->text != NULL ? s->text : strerror(s->err);
}

int stream_alert(const struct stream *s)
{
	return s->alert;
}

uint64_t stream_bytes_out(const struct stream *s)
{
	return s->bytes_out;
}

static void on_timeout(struct timer *t)
{
	stream_tell(LOOP_OWNER(t, struct stream, timer), STREAM_TIMEOUT);
}

static void set_timer(struct stream *s, struct timer_class *c, bool touches)
{
	if (s->closed)
		return;
	s->touches = touches;
	if (c != NULL)
		timer_start(c, &s->timer, on_timeout);
	else
		timer_stop(&s->timer);
}

void stream_set_timer(struct stream *s, struct timer_class *c)
{
	set_timer(s, c, true);
}

void stream_set_deadline(struct stream *s, struct timer_class *c)
{
	set_timer(s, c, false);
}
