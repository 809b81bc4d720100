/* What answers a request, written to an HTTP/1 client. */
#include "base/config.h"
#include "proxy/body.h"
#include "proxy/client_parts.h"
#include "proxy/http/date.h"
#include "proxy/http/h1_write.h"
#include "proxy/tunnel.h"
#include "proxy/visitor.h"
#include "proxy/worker.h"

#include <stdio.h>

#define FIELDS_MAX 8192u

static struct client *client_of(struct downstream *d)
{
	return LOOP_OWNER(d, struct client, down);
}

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

static void on_interim(struct downstream *d, unsigned status, const struct fields *f)
{
	struct client *c = client_of(d);

	/* Old clients take any other interim answer for the answer itself. */
	(void)f;
	if (status == 100 && c->minor >= 1 && c->expects)
		stream_write(c->stream, SLICE("HTTP/1.1 100 Continue\r\n\r\n"));
}

static bool on_head(struct downstream *d, const struct answer_head *head)
{
	struct client *c = client_of(d);
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

static void on_body(struct downstream *d, const struct slice *spans, size_t n, uint64_t total)
{
	struct client *c = client_of(d);

	body_write(c->stream, c->answer_chunked, spans, n, total);
	/* The origin is held back from here on, and its time with it: this is the browser's. */
	if (c->state == CLIENT_WAIT && stream_is_full(c->stream))
		stream_set_timer(c->stream, &c->w->times.stall);
}

static void on_end(struct downstream *d, const struct fields *trailers)
{
	struct client *c = client_of(d);

	if (c->answer_chunked && !d->head_only)
		body_write_end(c->stream, trailers);
	client_next(c);
}

static void on_cut(struct downstream *d)
{
	client_close(client_of(d), STREAM_RESET);
}

static void on_tunnel(struct downstream *d, struct stream *origin)
{
	struct client *c = client_of(d);
	struct worker *w = c->w;
	struct visitor *v = c->visitor;
	struct stream *s = c->stream;

	visitor_hold(w->visitors, v);
	client_leave(c);
	stream_set_timer(s, NULL);
	tunnel_start(w, v, slice_of("", 0), NULL, s, origin);
	visitor_let_go(w->visitors, v);
}

static bool on_is_full(struct downstream *d)
{
	const struct client *c = client_of(d);

	return stream_is_full(c->stream);
}

static void on_want_body(struct downstream *d)
{
	struct client *c = client_of(d);

	if (c->state == CLIENT_BODY)
		client_pump_later(c);
}

static void on_own(struct downstream *d, unsigned status, struct slice fields, struct slice body)
{
	struct client *c = client_of(d);
	struct buf head;

	if (c->state == CLIENT_BODY)
		c->keep_alive = false; /* what is left of the request will not be read */
	buf_init(&head, FIELDS_MAX + fields.n);
	buf_addf(&head, "HTTP/1.1 %u ", status);
	buf_add(&head, h1_reason(status));
	buf_adds(&head, "\r\nDate: ");
	http_date(&head, clock_wall_ms(loop_clock(c->w->loop)));
	buf_addf(&head, "\r\nContent-Length: %zu\r\n", body.n);
	if (!c->keep_alive)
		buf_adds(&head, "Connection: close\r\n");
	else if (c->minor == 0)
		buf_adds(&head, "Connection: keep-alive\r\n");
	buf_add(&head, fields);
	buf_adds(&head, "\r\n");
	c->answered = true;
	if (buf_ok(&head))
		stream_writev2(c->stream, buf_slice(&head), d->head_only ? slice_of("", 0) : body);
	buf_release(&head);
	client_next(c);
}

static void on_forget(struct downstream *d)
{
	client_forget_request(client_of(d));
}

static void on_connect(struct downstream *d, const struct authority *to)
{
	struct client *c = client_of(d);

	client_release_request(c);
	connect_begin(c, to);
}

const struct downstream_ops client_downstream = {
	.interim = on_interim,
	.head = on_head,
	.body = on_body,
	.end = on_end,
	.cut = on_cut,
	.tunnel = on_tunnel,
	.is_full = on_is_full,
	.want_body = on_want_body,
	.own = on_own,
	.forget = on_forget,
	.connect = on_connect,
};
