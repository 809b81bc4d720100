/* The second half of an exchange: what the origin answers, brought to the browser. */
#include "base/config.h"
#include "evidence/entry.h"
#include "proxy/exchange_parts.h"
#include "proxy/http/h1_write.h"
#include "proxy/tap.h"
#include "proxy/worker.h"

#include <stdio.h>
#include <stdlib.h>

#define SPANS 32
#define TRAILER_FIELDS_MAX 64
/* 1xx heads before the answer: more is an attack. */
#define INTERIMS_MAX 32

static void bad_answer(struct exchange *x, const char *reason)
{
	if (x->state == EXCHANGE_ANSWERED) {
		exchange_go(x, EXCHANGE_OVER);
		exchange_part_from_origin(x, false);
		x->ops->cut(x->down);
		return;
	}
	x->failure.fault = FAULT_BROKEN;
	snprintf(x->failure.text, sizeof(x->failure.text), "the site's answer was not understood: %s",
		 reason);
	exchange_refuse(x, &x->failure);
}

void answer_release(struct exchange *x)
{
	if (x->partial != NULL) {
		h1_response_release(x->partial);
		free(x->partial);
		x->partial = NULL;
	}
	if (x->reading_body)
		h1_body_release(&x->body);
	if (x->has_trailers)
		fields_release(&x->trailers);
	x->reading_body = false;
	x->has_trailers = false;
}

/* ---- the end ---- */

static void answer_over(struct exchange *x)
{
	bool asked_all = x->asked.kind == FRAMING_NONE || x->body_ended;
	bool reusable = asked_all && x->persistent && !x->answered.dirty &&
			x->answered.kind != FRAMING_UNTIL_CLOSE && x->origin != NULL &&
			stream_is_open(origin_stream(x->origin)) &&
			stream_peek(origin_stream(x->origin)).n == 0;

	exchange_go(x, EXCHANGE_OVER);
	if (x->origin != NULL)
		origin_count_use(x->origin);
	exchange_part_from_origin(x, reusable);
	x->ops->end(x->down, x->has_trailers ? &x->trailers : NULL);
}

void answer_end_of_stream(struct exchange *x)
{
	bool clean = x->origin != NULL && stream_eof_clean(origin_stream(x->origin));

	if (x->state == EXCHANGE_ANSWERED && x->reading_body && h1_body_eof(&x->body) &&
	    (clean || x->answered.kind != FRAMING_UNTIL_CLOSE))
		answer_over(x);
	else
		bad_answer(x, "the connection ended before it was complete");
}

/* ---- the head ---- */

static void begin_body(struct exchange *x)
{
	struct fields *trailers = NULL;

	if (x->answered.kind == FRAMING_CHUNKED) {
		fields_init(&x->trailers, TRAILER_FIELDS_MAX, H1_TRAILERS_MAX);
		x->has_trailers = true;
		trailers = &x->trailers;
	}
	h1_body_init(&x->body, &x->answered, H1_FROM_ORIGIN, trailers);
	x->reading_body = true;
}

static void become_tunnel(struct exchange *x)
{
	struct origin *o = x->origin;
	struct stream *s = origin_take_stream(o);

	x->origin = NULL;
	origin_close(o, STREAM_GRACEFUL);
	exchange_go(x, EXCHANGE_OVER);
	x->ops->tunnel(x->down, s);
}

static void final_head(struct exchange *x, struct h1_response *r)
{
	struct answer_head head = { .status = r->status, .reason = r->reason, .fields = &r->fields };
	struct slice path = slice_of(x->path, x->path_n);

	if (framing_of_response(r, x->method, buf_slice(&x->upgrade), &x->answered, &r->error) !=
	    H1_OK) {
		bad_answer(x, r->error.reason);
		return;
	}
	x->persistent = h1_persistent(r->minor, &r->fields);
	cookies_of_answer(x->w, &x->scene, r->status, &r->fields);
	cookies_expire(x->w, &x->scene, path, &r->fields, &x->expiries);
	tap_send(x->w->tap);
	if (x->w->config->via)
		fields_add(&r->fields, SLICE("Via"), SLICE("1.1 crumbgate"));
	head.framing = x->answered;
	if (x->answered.kind == FRAMING_TUNNEL)
		head.upgrade = buf_slice(&x->upgrade);
	exchange_go(x, EXCHANGE_ANSWERED);
	if (!x->ops->head(x->down, &head)) {
		bad_answer(x, "its head is too large");
		return;
	}
	buf_release(&x->head);
	stream_consume(origin_stream(x->origin), r->head_len);
	if (x->answered.kind == FRAMING_TUNNEL)
		become_tunnel(x);
	else
		begin_body(x);
}

static bool interim(struct exchange *x, const struct h1_response *r)
{
	if (++x->interims > INTERIMS_MAX) {
		bad_answer(x, "too many interim answers");
		return false;
	}
	if (r->status == 100)
		x->ops->go_on(x->down);
	return true;
}

/* True when the answer's head was read and a body may follow. */
static bool read_head(struct exchange *x)
{
	struct stream *s = origin_stream(x->origin);
	struct h1_response *r = x->partial != NULL ? x->partial : x->w->response;
	enum h1_result result = h1_parse_response(stream_peek(s), r);

	if (result == H1_MORE) {
		if (x->partial == NULL)
			x->partial = response_set_aside(x->w);
		return false;
	}
	if (result == H1_BAD) {
		bad_answer(x, r->error.reason);
		h1_response_clear(r);
		return false;
	}
	if (r->status >= 200 || r->status == 101)
		final_head(x, r);
	else if (interim(x, r))
		stream_consume(s, r->head_len);
	h1_response_clear(r);
	return x->reading_body && x->state == EXCHANGE_ANSWERED;
}

/* ---- the body ---- */

static void read_body(struct exchange *x)
{
	struct stream *s = origin_stream(x->origin);
	struct slice in = stream_peek(s), spans[SPANS];
	enum h1_body_result result;

	do {
		size_t used, n;
		uint64_t total;

		result = h1_body_spans(&x->body, in, &used, spans, SPANS, &n, &total);
		if (total != 0)
			x->ops->body(x->down, spans, n, total);
		in = slice_skip(in, used);
		stream_consume(s, used);
		if (n < SPANS || in.n == 0)
			break;
	} while (result == H1_BODY_MORE);
	if (result == H1_BODY_DONE) {
		answer_over(x);
	} else if (result == H1_BODY_BAD) {
		bad_answer(x, x->body.reason);
	} else if (x->ops->is_full(x->down) && !x->paused) {
		x->paused = true;
		stream_pause(s);
	}
}

void answer_bytes(struct exchange *x)
{
	x->heard = true;
	while (x->state == EXCHANGE_ASKED && !x->reading_body) {
		size_t before = stream_peek(origin_stream(x->origin)).n;

		if (before == 0)
			return;
		if (read_head(x))
			break;
		if (x->origin == NULL || x->state == EXCHANGE_OVER ||
		    stream_peek(origin_stream(x->origin)).n == before)
			return;
	}
	if (x->state == EXCHANGE_ANSWERED && x->reading_body)
		read_body(x);
}
