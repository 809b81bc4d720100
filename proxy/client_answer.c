/* What an exchange brings back, written to an HTTP/1 client. */
#include "base/config.h"
#include "proxy/body.h"
#include "proxy/client_parts.h"
#include "proxy/http/h1_write.h"
#include "proxy/tunnel.h"
#include "proxy/visitor.h"
#include "proxy/worker.h"

#include <stdio.h>

/* The answer's framing for this client: HTTP/1.0 knows no chunks, HTTP/1.1 needs no close. */
static struct framing reframe(struct client *c, struct framing from)
{
	struct framing to = from;

	c->answer_chunked = false;
	c->answer_to_close = false;
	if (from.kind == FRAMING_CHUNKED || from.kind == FRAMING_UNTIL_CLOSE) {
		c->answer_chunked = c->minor >= 1;
		c->answer_to_close = c->minor == 0;
		to.kind = c->answer_chunked ? FRAMING_CHUNKED : FRAMING_UNTIL_CLOSE;
		to.has_length = false;
	}
	return to;
}

static enum h1_connection connection_of(const struct client *c)
{
	if (!c->keep_alive || c->answer_to_close || c->state == CLIENT_BODY)
		return H1_CONNECTION_CLOSE;
	return c->minor == 0 ? H1_CONNECTION_KEEP_ALIVE : H1_CONNECTION_MIRROR;
}

static bool write_head(struct client *c, const struct answer_head *head, const struct h1_hop *hop)
{
	struct buf out;
	bool good;

	/* What the proxy adds (expiring lines) counts apart from the origin's own head. */
	buf_init(&out, 2 * (size_t)c->w->config->max_head + 65536);
	good = h1_write_response(&out, head->status, head->reason, head->fields, hop) &&
	       stream_write(c->stream, buf_slice(&out));
	buf_release(&out);
	return good;
}

static void on_go_on(void *down)
{
	struct client *c = down;

	if (c->minor >= 1 && c->expects)
		stream_write(c->stream, SLICE("HTTP/1.1 100 Continue\r\n\r\n"));
}

static bool on_head(void *down, const struct answer_head *head)
{
	struct client *c = down;
	struct h1_hop hop = { .framing = head->framing, .upgrade = head->upgrade };

	if (head->upgrade.n == 0) {
		hop.framing = reframe(c, head->framing);
		hop.connection = connection_of(c);
		if (hop.connection == H1_CONNECTION_CLOSE)
			c->keep_alive = false;
	}
	c->answered = write_head(c, head, &hop);
	return c->answered;
}

static void on_body(void *down, const struct slice *spans, size_t n, uint64_t total)
{
	struct client *c = down;

	body_write(c->stream, c->answer_chunked, spans, n, total);
}

static void on_end(void *down, const struct fields *trailers)
{
	struct client *c = down;

	if (c->answer_chunked && !c->is_head)
		body_write_end(c->stream, trailers);
	client_next(c);
}

static void on_cut(void *down)
{
	client_close(down, STREAM_RESET);
}

static void on_refuse(void *down, const struct origin_failure *why)
{
	client_refuse_origin(down, why);
}

static void on_tunnel(void *down, struct stream *origin)
{
	struct client *c = down;
	struct worker *w = c->w;
	struct visitor *v = c->visitor;
	struct stream *s = c->stream;

	visitor_hold(w->visitors, v);
	client_leave(c);
	stream_set_timer(s, NULL);
	tunnel_start(w, v, slice_of("", 0), NULL, s, origin);
	visitor_let_go(w->visitors, v);
}

static bool on_is_full(void *down)
{
	const struct client *c = down;

	return stream_is_full(c->stream);
}

static void on_want_body(void *down)
{
	struct client *c = down;

	if (c->state == CLIENT_BODY)
		client_pump_later(c);
}

const struct downstream_ops client_downstream = {
	.go_on = on_go_on,
	.head = on_head,
	.body = on_body,
	.end = on_end,
	.cut = on_cut,
	.refuse = on_refuse,
	.tunnel = on_tunnel,
	.is_full = on_is_full,
	.want_body = on_want_body,
};
