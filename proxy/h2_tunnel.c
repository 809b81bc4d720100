#include "proxy/h2_tunnel.h"

#include "base/config.h"
#include "proxy/downstream.h"
#include "proxy/h2_client.h"
#include "proxy/http/h1_head.h"
#include "proxy/inner.h"
#include "proxy/net/address.h"
#include "proxy/worker.h"

#include <stdlib.h>

/* "CONNECT host:port HTTP/1.1" and the Host field. */
#define ASK_MAX 1024
/* The fields of a page of the proxy's own. */
#define LINES_MAX 8192

enum tunnel_state {
	TUNNEL_ASKED,	 /* the inner client has not answered */
	TUNNEL_OPEN,	 /* octets go both ways */
	TUNNEL_FAREWELL, /* the inner connection is gone, the browser has not all of it yet */
	TUNNEL_OVER,
};

struct h2_tunnel {
	struct worker *w;
	struct downstream *d;
	struct h2_stream *stream;
	struct stream *inner; /* NULL: gone */
	enum tunnel_state state;
	uint64_t given; /* octets for the browser */
	uint64_t seen;	/* of these, what was with him when last looked */
	int64_t moved_ms;
	struct timer look;
	struct deferred free_me;
};

/* ---- the end ---- */

static void tunnel_free(struct deferred *deferred)
{
	free(LOOP_OWNER(deferred, struct h2_tunnel, free_me));
}

/* The stream is closed, or is whose it was before. */
static void tunnel_over(struct h2_tunnel *t, enum stream_how how)
{
	if (t->state == TUNNEL_OVER)
		return;
	t->state = TUNNEL_OVER;
	timer_stop(&t->look);
	stream_close(t->inner, how);
	t->inner = NULL;
	loop_free_later(t->w->loop, &t->free_me, tunnel_free);
}

static void reset(struct h2_tunnel *t, enum h2_error error)
{
	struct downstream *d = t->d;

	tunnel_over(t, STREAM_RESET);
	h2_client_reset(d, error);
}

static void refused(struct h2_tunnel *t, const char *why)
{
	struct downstream *d = t->d;

	tunnel_over(t, STREAM_RESET);
	refuse(d, 503, why);
}

/* ---- when nobody is left inside ---- */

static void look(struct timer *timer)
{
	struct h2_tunnel *t = LOOP_OWNER(timer, struct h2_tunnel, look);
	uint64_t sent = h2_stream_sent(t->stream);
	int64_t now = loop_now_ms(t->w->loop);

	if (sent == t->given) {
		reset(t, H2_NO_ERROR); /* what the browser may still send goes nowhere */
		return;
	}
	if (sent != t->seen) {
		t->seen = sent;
		t->moved_ms = now;
	} else if (now - t->moved_ms >= (int64_t)t->w->config->stall_timeout_ms) {
		reset(t, H2_CANCEL);
		return;
	}
	timer_start(&t->w->times.second, &t->look, look);
}

/* The answer has ended before; the stream closes by itself when the browser ends its half. */
static void say_farewell(struct h2_tunnel *t)
{
	t->state = TUNNEL_FAREWELL;
	stream_close(t->inner, STREAM_GRACEFUL);
	t->inner = NULL;
	t->seen = h2_stream_sent(t->stream);
	t->moved_ms = loop_now_ms(t->w->loop);
	timer_start(&t->w->times.second, &t->look, look);
}

/* ---- from the browser ---- */

static void on_data(void *arg, struct slice data)
{
	struct h2_tunnel *t = arg;

	if (t->inner == NULL)
		return;
	stream_write(t->inner, data);
	if (stream_is_full(t->inner))
		h2_stream_pause(t->stream);
}

static void on_end(void *arg)
{
	struct h2_tunnel *t = arg;

	if (t->inner != NULL)
		stream_shutdown_write(t->inner);
}

static void on_closed(void *arg, uint32_t error)
{
	tunnel_over(arg, error == H2_NO_ERROR ? STREAM_GRACEFUL : STREAM_RESET);
}

static void on_room(void *arg)
{
	struct h2_tunnel *t = arg;

	if (t->inner != NULL)
		stream_unpause(t->inner);
}

static const struct h2_taker taker = {
	.data = on_data,
	.end = on_end,
	.closed = on_closed,
	.room = on_room,
};

static void on_drained(struct h2_tunnel *t)
{
	if (t->state != TUNNEL_OPEN)
		return;
	h2_stream_unpause(t->stream);
	if (t->state == TUNNEL_OPEN)
		h2_client_wake(t->d);
}

/* ---- the inner client's answer ---- */

/*
 * A page of the proxy's own: whoever writes it adds Date, framing and what concerns the connection.
 */
static void give_refusal(struct h2_tunnel *t, const struct h1_response *r, struct slice body)
{
	struct downstream *d = t->d;
	struct stream *inner = t->inner;
	struct buf lines;

	buf_init(&lines, LINES_MAX);
	for (uint32_t i = 0; i < r->fields.n; i++) {
		const struct field *f = &r->fields.v[i];

		if (f->id != FIELD_DATE && f->id != FIELD_CONTENT_LENGTH &&
		    f->id != FIELD_CONNECTION)
			buf_addf(&lines, "%.*s: %.*s\r\n", SLICE_ARG(f->name), SLICE_ARG(f->value));
	}
	t->inner = NULL; /* its bytes are still looked at */
	tunnel_over(t, STREAM_GRACEFUL);
	if (buf_ok(&lines))
		d->ops->own(d, r->status, buf_slice(&lines), body);
	else
		h2_client_reset(d, H2_INTERNAL_ERROR);
	stream_close(inner, STREAM_GRACEFUL);
	buf_release(&lines);
}

static void open_up(struct h2_tunnel *t, const struct h1_response *r)
{
	if (!h2_respond(t->stream, r->status, &r->fields, true)) {
		reset(t, H2_INTERNAL_ERROR);
		return;
	}
	stream_consume(t->inner, r->head_len);
	t->state = TUNNEL_OPEN;
	h2_client_wake(t->d);
	on_drained(t); /* what the browser did not wait with */
}

/* What is not whole is read once more when there is more of it: it comes from this process. */
static void read_answer(struct h2_tunnel *t)
{
	struct slice in = stream_peek(t->inner);
	struct h1_response *r = t->w->response;
	enum h1_result result = h1_parse_response(in, r);
	struct framing framing;
	struct h1_error error;

	if (result == H1_OK)
		result = framing_of_response(r, METHOD_CONNECT, SLICE(""), &framing, &error);
	if (result == H1_OK && framing.kind == FRAMING_TUNNEL)
		open_up(t, r);
	else if (result == H1_OK && framing.kind == FRAMING_LENGTH) {
		struct slice body = slice_skip(in, r->head_len);

		if (body.n >= framing.length)
			give_refusal(t, r, slice_head(body, (size_t)framing.length));
	} else if (result != H1_MORE) {
		refused(t, "The proxy did not understand itself.");
	}
	h1_response_clear(r);
}

/* ---- from inside ---- */

static void to_browser(struct h2_tunnel *t)
{
	struct slice in = stream_peek(t->inner);

	if (in.n == 0)
		return;
	h2_body(t->stream, &in, 1);
	t->given += in.n;
	stream_consume(t->inner, in.n);
	if (t->d->ops->is_full(t->d))
		stream_pause(t->inner);
	h2_client_wake(t->d);
}

static void on_eof(struct h2_tunnel *t)
{
	if (t->state == TUNNEL_ASKED) {
		refused(t, "The proxy ended the connection.");
		return;
	}
	to_browser(t);
	h2_body_end(t->stream, NULL);
	h2_client_wake(t->d);
}

static void on_error(struct h2_tunnel *t)
{
	if (t->state == TUNNEL_ASKED)
		refused(t, "The proxy has too many connections.");
	else if (stream_saw_eof(t->inner))
		say_farewell(t);
	else
		reset(t, H2_CONNECT_ERROR);
}

static void on_inner(struct stream *s, enum stream_event event, void *arg)
{
	struct h2_tunnel *t = arg;

	(void)s;
	switch (event) {
	case STREAM_READ:
		if (t->state == TUNNEL_ASKED)
			read_answer(t);
		if (t->state == TUNNEL_OPEN)
			to_browser(t);
		break;
	case STREAM_DRAINED:
		on_drained(t);
		break;
	case STREAM_EOF:
		on_eof(t);
		break;
	case STREAM_ERROR:
		on_error(t);
		break;
	case STREAM_CONNECTED:
	case STREAM_TIMEOUT:
	case STREAM_WANT:
		break;
	}
}

/* ---- the beginning ---- */

static bool ask(struct h2_tunnel *t, const struct authority *to)
{
	struct buf line;
	bool good;

	buf_init(&line, ASK_MAX);
	buf_adds(&line, "CONNECT ");
	authority_write(&line, to, 0);
	buf_adds(&line, " HTTP/1.1\r\nHost: ");
	authority_write(&line, to, 0);
	buf_adds(&line, "\r\n\r\n");
	good = buf_ok(&line) && stream_write(t->inner, buf_slice(&line));
	buf_release(&line);
	return good;
}

void h2_tunnel_open(struct downstream *d, const struct authority *to)
{
	struct h2_tunnel *t = calloc(1, sizeof(*t));
	struct address peer, local;

	if (t == NULL || !stream_peer(d->stream, &peer) || !stream_local(d->stream, &local)) {
		free(t);
		refuse(d, 503, "The proxy is out of memory.");
		return;
	}
	t->w = d->w;
	t->d = d;
	t->stream = h2_client_take(d, &taker, t);
	t->inner = inner_open(d->w, &peer, &local, on_inner, t);
	if (t->inner == NULL || !ask(t, to))
		refused(t, "The proxy is out of memory.");
}
