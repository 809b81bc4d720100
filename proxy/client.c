#include "proxy/client.h"

#include "base/config.h"
#include "base/diag.h"
#include "proxy/client_parts.h"
#include "proxy/desk/desk.h"
#include "proxy/http/h1_write.h"
#include "proxy/ports.h"
#include "proxy/visitor.h"
#include "proxy/worker.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define TRAILER_FIELDS_MAX 64
#define SPANS 32
/* Requests of one connection that are answered in one turn. */
#define REQUESTS_A_TURN 32
/* With record-strict: bytes that wait for the recorder before requests are refused. */
#define UNRECORDED_MAX (256u * 1024)

static void client_pump(struct client *c);

/* ---- birth and end ---- */

void client_go(struct client *c, enum client_state to)
{
	struct worker_times *t = &c->w->times;

	if (c->state == to)
		return;
	c->state = to;
	switch (to) {
	case CLIENT_IDLE:
		stream_set_timer(c->stream, &t->idle);
		break;
	case CLIENT_HEAD:
		stream_set_deadline(c->stream, &t->header);
		break;
	case CLIENT_HELLO:
	case CLIENT_MINT:
	case CLIENT_HANDSHAKE:
		stream_set_deadline(c->stream, &t->handshake);
		break;
	case CLIENT_BODY:
		stream_set_timer(c->stream, &t->stall);
		break;
	case CLIENT_WAIT:
	case CLIENT_DIAL:
	case CLIENT_OVER:
		stream_set_timer(c->stream, NULL);
		break;
	}
}

void client_accept(struct worker *w, int fd, const struct address *peer)
{
	struct visitor *v = w->clients_n < w->config->max_connections / w->setup->workers + 1
				    ? visitor_enter(w->visitors, peer)
				    : NULL;
	struct client *c;

	if (v != NULL && v->connections > w->config->connections_per_client) {
		diag_warning("a client has more than %u connections (connections-per-client)",
			     w->config->connections_per_client);
		visitor_leave(w->visitors, v);
		v = NULL;
	}
	c = v != NULL ? calloc(1, sizeof(*c)) : NULL;
	if (c != NULL)
		c->stream = stream_from_fd(w->loop, fd, client_on_stream, c);
	else
		close(fd);
	if (c == NULL || c->stream == NULL) {
		if (v != NULL)
			visitor_leave(w->visitors, v);
		free(c);
		return;
	}
	c->w = w;
	c->visitor = v;
	if (w->config->max_head > STREAM_READ_MAX)
		stream_set_read_max(c->stream, w->config->max_head + 1);
	c->state = CLIENT_OVER; /* client_go() sees a change */
	TAILQ_INSERT_TAIL(&w->clients, c, next);
	w->clients_n++;
	client_go(c, CLIENT_IDLE);
}

static void release_request(struct client *c)
{
	if (c->reading_body)
		h1_body_release(&c->body);
	if (c->has_trailers)
		fields_release(&c->trailers);
	c->reading_body = false;
	c->has_trailers = false;
}

static void client_free(struct deferred *d)
{
	struct client *c = LOOP_OWNER(d, struct client, free_me);

	release_request(c);
	if (c->partial != NULL) {
		h1_request_release(c->partial);
		free(c->partial);
	}
	free(c->tunnel);
	free(c);
}

/* Whoever answers the running request, exchange or desk, need not go on. */
static void drop_work(struct client *c)
{
	exchange_free(c->exchange);
	c->exchange = NULL;
	desk_drop(c);
}

void client_leave(struct client *c)
{
	struct worker *w = c->w;

	if (c->state == CLIENT_OVER)
		return;
	c->state = CLIENT_OVER;
	c->stream = NULL;
	deferred_cancel(&c->pump);
	drop_work(c);
	connect_release(c);
	visitor_leave(w->visitors, c->visitor);
	TAILQ_REMOVE(&w->clients, c, next);
	w->clients_n--;
	loop_free_later(w->loop, &c->free_me, client_free);
}

void client_close(struct client *c, enum stream_how how)
{
	struct stream *s = c->stream;

	if (c->state == CLIENT_OVER)
		return;
	client_leave(c);
	stream_close(s, how);
}

struct client *client_after(struct client *c)
{
	return TAILQ_NEXT(c, next);
}

void client_drain(struct client *c)
{
	if (c->state == CLIENT_IDLE || c->state == CLIENT_HELLO)
		client_close(c, STREAM_GRACEFUL);
	else
		c->keep_alive = false;
}

/* ---- a request's head ---- */

static bool same_origin(const struct client *c, const struct h1_request *r)
{
	const struct origin_target *t = &c->tunnel->target;

	if (r->form == H1_ABSOLUTE_FORM && r->https != c->secure)
		return false;
	if (r->authority.kind == HOST_NONE)
		return true; /* HTTP/1.0 without Host */
	return slice_eq(authority_host(&r->authority), slice_str(t->identity)) &&
	       (r->authority.port == 0 || r->authority.port == t->port ||
		r->authority.port == (c->secure ? 443 : 80));
}

/* HTTP/1.0 may do without Host; what we send is HTTP/1.1 and may not. */
static bool add_host(const struct client *c, struct h1_request *r)
{
	struct authority a;
	struct buf value;
	bool good;

	if (fields_find(&r->fields, FIELD_HOST) != NULL)
		return true;
	if (c->tunnel == NULL ||
	    authority_parse_host(&a, slice_str(c->tunnel->target.identity)) != NULL)
		return false;
	a.port = c->tunnel->target.port;
	buf_init(&value, 512);
	authority_write(&value, &a, c->secure ? 443 : 80);
	good = buf_ok(&value) && fields_add_first(&r->fields, SLICE("Host"),
						  fields_keep(&r->fields, buf_slice(&value)));
	buf_release(&value);
	return good;
}

static void start_exchange(struct client *c, struct h1_request *r, struct framing framing)
{
	struct exchange_request q = {
		.visitor = c->visitor,
		.method = r->method,
		.method_id = r->method_id,
		.target = r->path,
		.fields = &r->fields,
		.framing = framing,
		.upgrade = h1_upgrade_wanted(r, &framing),
		.secure = c->secure,
		.connection_site = c->site,
	};

	if (c->tunnel != NULL) {
		q.host = c->tunnel->target.host;
		q.identity = c->tunnel->target.identity;
		q.port = c->tunnel->target.port;
		q.origin = c->tunnel->ahead;
		c->tunnel->ahead = NULL;
	} else {
		q.host = r->authority.host;
		q.identity = q.host;
		q.port = authority_port(&r->authority, 80);
	}
	c->exchange = add_host(c, r) ? exchange_new(c->w, &client_downstream, c) : NULL;
	if (c->exchange == NULL) {
		if (q.origin != NULL)
			origin_close(q.origin, STREAM_GRACEFUL);
		client_refuse(c, 503, "The proxy is out of memory.");
		return;
	}
	exchange_request(c->exchange, &q);
}

static void begin_body(struct client *c, const struct framing *framing)
{
	struct fields *trailers = NULL;

	if (framing->kind == FRAMING_CHUNKED) {
		fields_init(&c->trailers, TRAILER_FIELDS_MAX, H1_TRAILERS_MAX);
		c->has_trailers = true;
		trailers = &c->trailers;
	}
	h1_body_init(&c->body, framing, H1_FROM_CLIENT, trailers);
	c->reading_body = true;
}

static bool is_for_desk(const struct client *c, const struct h1_request *r)
{
	if (c->tunnel != NULL)
		return c->tunnel->desk;
	return r->form == H1_ABSOLUTE_FORM && desk_is_host(authority_host(&r->authority));
}

/* Everything about the request that is decided before it goes anywhere. */
static void dispatch(struct client *c, struct h1_request *r)
{
	struct framing framing;
	struct h1_error error;
	bool direct = c->tunnel == NULL && r->form == H1_ORIGIN_FORM;

	c->minor = r->minor;
	c->is_head = r->method_id == METHOD_HEAD;
	c->keep_alive = h1_persistent(r->minor, &r->fields) && !c->w->draining;
	c->expects = r->expect_continue;
	c->answered = false;
	if (framing_of_request(r, &framing, &error) != H1_OK) {
		client_forget_request(c);
		client_refuse(c, error.status, error.reason);
		return;
	}
	if (r->form != H1_ORIGIN_FORM && port_is_blocked(authority_port(&r->authority, 80))) {
		client_forget_request(c);
		client_refuse(c, 403, "This port belongs to another protocol than the web's.");
		return;
	}
	if (c->w->config->record_strict && post_queued(c->w->post) > UNRECORDED_MAX) {
		client_forget_request(c);
		client_refuse(c, 503, "The record cannot be written, and without it nothing is served.");
		return;
	}
	if (r->method_id == METHOD_CONNECT) {
		if (c->tunnel == NULL) {
			connect_begin(c, &r->authority);
			return;
		}
		client_forget_request(c);
		client_refuse(c, 400, "CONNECT is not allowed inside a tunnel.");
		return;
	}
	begin_body(c, &framing);
	client_go(c, CLIENT_BODY);
	if (c->tunnel != NULL && !same_origin(c, r)) {
		client_forget_request(c);
		client_refuse(c, 421, "The Host field names another site than the connection.");
	} else if (is_for_desk(c, r) || direct) {
		desk_request(c, r, direct);
	} else if (c->tunnel == NULL && (r->form != H1_ABSOLUTE_FORM || r->https)) {
		client_forget_request(c);
		client_refuse(c, 400, "Use CONNECT for https, and an absolute URL for http.");
	} else {
		start_exchange(c, r, framing);
	}
}

/* True when a whole head was read and consumed. */
static bool read_head(struct client *c)
{
	struct h1_request *r = c->partial != NULL ? c->partial : c->w->request;
	enum h1_result result = h1_parse_request(stream_peek(c->stream), r);
	size_t head_len = r->head_len;

	if (result == H1_MORE) {
		if (c->partial == NULL)
			c->partial = request_set_aside(c->w);
		client_go(c, CLIENT_HEAD);
		return false;
	}
	if (result == H1_BAD) {
		unsigned status = r->error.status;
		const char *reason = r->error.reason;

		h1_request_clear(r);
		c->is_head = false;
		c->minor = 1;
		client_forget_request(c);
		client_refuse(c, status, reason);
		return false;
	}
	dispatch(c, r);
	h1_request_clear(r);
	if (c->partial != NULL) {
		h1_request_release(c->partial);
		free(c->partial);
		c->partial = NULL;
	}
	if (c->state == CLIENT_OVER || c->stream == NULL)
		return false;
	stream_consume(c->stream, head_len);
	return true;
}

/* ---- its body ---- */

void client_forget_request(struct client *c)
{
	c->keep_alive = false;
	release_request(c);
}

static void body_spans(struct client *c, const struct slice *spans, size_t n, uint64_t total)
{
	if (total == 0)
		return;
	if (c->desk != NULL)
		desk_body(c, spans, n);
	else if (c->exchange != NULL)
		exchange_body(c->exchange, spans, n, total);
}

static void body_over(struct client *c)
{
	client_go(c, CLIENT_WAIT);
	if (c->desk != NULL)
		desk_body_end(c);
	else if (c->exchange != NULL)
		exchange_body_end(c->exchange, c->has_trailers ? &c->trailers : NULL);
}

/* True when something was read. */
static bool read_body(struct client *c)
{
	struct slice spans[SPANS];
	enum h1_body_result result;
	size_t used, n;
	uint64_t total;
	bool empty = c->body.kind == FRAMING_NONE ||
		     (c->body.kind == FRAMING_LENGTH && c->body.left == 0);

	if (!empty && c->exchange != NULL && !exchange_takes_body(c->exchange))
		return false;
	result = h1_body_spans(&c->body, stream_peek(c->stream), &used, spans, SPANS, &n, &total);
	body_spans(c, spans, n, total);
	if (c->state != CLIENT_BODY)
		return false;
	stream_consume(c->stream, used);
	if (result == H1_BODY_DONE) {
		body_over(c);
		return true;
	}
	if (result == H1_BODY_BAD) {
		const char *reason = c->body.reason;

		drop_work(c);
		client_forget_request(c);
		if (c->answered)
			client_close(c, STREAM_RESET);
		else
			client_refuse(c, 400, reason);
		return false;
	}
	return used != 0;
}

/* ---- the way of the bytes ---- */

static void on_pump(struct deferred *d)
{
	client_pump(LOOP_OWNER(d, struct client, pump));
}

void client_pump_later(struct client *c)
{
	if (stream_is_paused(c->stream))
		stream_unpause(c->stream); /* shows what waits */
	else
		loop_defer(c->w->loop, &c->pump, on_pump);
}

/* What cannot go on now waits in the kernel, not here; without it an early end is still seen. */
static void hold_back(struct client *c)
{
	bool busy = c->state == CLIENT_BODY || c->state == CLIENT_WAIT || c->state == CLIENT_DIAL;

	if ((busy || stream_is_full(c->stream)) && stream_peek(c->stream).n != 0)
		stream_pause(c->stream);
}

static bool step(struct client *c)
{
	switch (c->state) {
	case CLIENT_IDLE:
	case CLIENT_HEAD:
		/* Who does not read his answers gets no further ones. */
		return stream_peek(c->stream).n != 0 && !stream_is_full(c->stream) && read_head(c);
	case CLIENT_BODY:
		return read_body(c);
	case CLIENT_HELLO:
		connect_hello(c);
		return false;
	default:
		return false;
	}
}

static void client_pump(struct client *c)
{
	for (int i = 0; i < REQUESTS_A_TURN; i++) {
		if (step(c))
			continue;
		if (c->state != CLIENT_OVER)
			hold_back(c);
		return;
	}
	if (c->state != CLIENT_OVER)
		loop_next(c->w->loop, &c->pump, on_pump);
}

void client_next(struct client *c)
{
	drop_work(c);
	if (c->state == CLIENT_BODY || !c->keep_alive || c->answer_to_close || c->input_ended ||
	    c->w->draining) {
		client_close(c, STREAM_GRACEFUL);
		return;
	}
	release_request(c);
	client_go(c, CLIENT_IDLE);
	if (stream_is_paused(c->stream) || stream_peek(c->stream).n != 0)
		client_pump_later(c);
}

static void on_eof(struct client *c)
{
	c->input_ended = true;
	/* A plain client may have closed only its half and still wait (RFC 9112 section 9.6). */
	if (c->state == CLIENT_WAIT && !c->secure && stream_eof_clean(c->stream))
		return;
	client_close(c, c->state == CLIENT_IDLE ? STREAM_GRACEFUL : STREAM_RESET);
}

static void on_timeout(struct client *c)
{
	switch (c->state) {
	case CLIENT_HEAD:
		client_forget_request(c);
		client_refuse(c, 408, "The request took too long.");
		break;
	case CLIENT_BODY:
		if (!c->answered) {
			drop_work(c);
			client_forget_request(c);
			client_refuse(c, 408, "The request took too long.");
			break;
		}
		client_close(c, STREAM_RESET);
		break;
	default:
		client_close(c, STREAM_GRACEFUL);
		break;
	}
}

void client_on_stream(struct stream *s, enum stream_event event, void *arg)
{
	struct client *c = arg;

	(void)s;
	switch (event) {
	case STREAM_CONNECTED:
		connect_secured(c);
		break;
	case STREAM_READ:
		client_pump(c);
		break;
	case STREAM_DRAINED:
		if (c->exchange != NULL)
			exchange_room(c->exchange);
		else if (stream_is_paused(c->stream))
			client_pump_later(c);
		break;
	case STREAM_EOF:
		on_eof(c);
		break;
	case STREAM_TIMEOUT:
		on_timeout(c);
		break;
	case STREAM_ERROR:
	case STREAM_WANT:
		client_close(c, STREAM_RESET);
		break;
	}
}
