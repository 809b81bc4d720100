/* A client's connection while it speaks HTTP/1: one request after the other. */
#include "base/config.h"
#include "proxy/client_parts.h"
#include "proxy/http/h1_write.h"
#include "proxy/worker.h"

#include <stdlib.h>

#define TRAILER_FIELDS_MAX 64
#define SPANS 32
/* Requests of one connection that are answered in one turn. */
#define REQUESTS_A_TURN 32

/* ---- a request's head ---- */

void client_release_request(struct client *c)
{
	if (c->reading_body)
		h1_body_release(&c->body);
	if (c->has_trailers)
		fields_release(&c->trailers);
	c->reading_body = false;
	c->has_trailers = false;
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

/* Who waits for its answer reads no further one. */
static void dispatch(struct client *c, struct h1_request *r)
{
	struct framing framing;
	struct h1_error error;
	struct request_head head = {
		.method = r->method,
		.method_id = r->method_id,
		.path = r->path,
		.authority = &r->authority,
		.absolute = r->form == H1_ABSOLUTE_FORM,
		.https = r->https,
		.fields = &r->fields,
	};

	client_describe(c, &c->down);
	c->minor = r->minor;
	c->down.head_only = r->method_id == METHOD_HEAD;
	c->keep_alive = h1_persistent(r->minor, &r->fields) && !c->w->draining;
	c->expects = r->expect_continue;
	c->answered = false;
	if (framing_of_request(r, &framing, &error) != H1_OK) {
		refuse(&c->down, error.status, error.reason);
		return;
	}
	head.framing = framing;
	head.upgrade = h1_upgrade_wanted(r, &framing);
	begin_body(c, &framing);
	client_go(c, CLIENT_BODY);
	downstream_request(&c->down, &head);
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
		c->down.head_only = false;
		c->minor = 1;
		refuse(&c->down, status, reason);
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
	client_release_request(c);
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

	if (!empty && !downstream_takes_body(&c->down))
		return false;
	result = h1_body_spans(&c->body, stream_peek(c->stream), &used, spans, SPANS, &n, &total);
	downstream_body(&c->down, spans, n, total);
	if (c->state != CLIENT_BODY)
		return false;
	stream_consume(c->stream, used);
	if (result == H1_BODY_DONE) {
		client_go(c, CLIENT_WAIT);
		downstream_body_end(&c->down, c->has_trailers ? &c->trailers : NULL);
		return true;
	}
	if (result == H1_BODY_BAD) {
		const char *reason = c->body.reason;

		downstream_drop(&c->down);
		if (c->answered)
			client_close(c, STREAM_RESET);
		else
			refuse(&c->down, 400, reason);
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

void client_pump(struct client *c)
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
	downstream_drop(&c->down);
	if (c->state == CLIENT_BODY || !c->keep_alive || c->answer_to_close || c->input_ended ||
	    c->w->draining) {
		client_close(c, STREAM_GRACEFUL);
		return;
	}
	client_release_request(c);
	client_go(c, CLIENT_IDLE);
	if (stream_is_paused(c->stream) || stream_peek(c->stream).n != 0)
		client_pump_later(c);
}

void client_timeout(struct client *c)
{
	switch (c->state) {
	case CLIENT_HEAD:
		refuse(&c->down, 408, "The request took too long.");
		break;
	case CLIENT_BODY:
		if (!c->answered) {
			downstream_drop(&c->down);
			refuse(&c->down, 408, "The request took too long.");
			break;
		}
		client_close(c, STREAM_RESET);
		break;
	case CLIENT_WAIT: /* it does not take its answer */
		client_close(c, STREAM_RESET);
		break;
	default:
		client_close(c, STREAM_GRACEFUL);
		break;
	}
}
