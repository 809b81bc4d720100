#include "proxy/upstream_h1.h"

#include "proxy/body.h"
#include "proxy/pool.h"
#include "proxy/worker.h"

#include <stdio.h>
#include <stdlib.h>

#define SPANS 32
#define TRAILER_FIELDS_MAX 64
/* 1xx heads before the answer: more is an attack. */
#define INTERIMS_MAX 32

static struct upstream_h1 *of(struct upstream *up)
{
	return LOOP_OWNER(up, struct upstream_h1, up);
}

/* ---- endings ---- */

static void release(struct upstream_h1 *u)
{
	if (u->partial != NULL) {
		h1_response_release(u->partial);
		free(u->partial);
		u->partial = NULL;
	}
	if (u->reading_body)
		h1_body_release(&u->body);
	u->reading_body = false;
}

static void release_trailers(struct upstream_h1 *u)
{
	if (u->has_trailers)
		fields_release(&u->trailers);
	u->has_trailers = false;
}

static void part(struct upstream_h1 *u, bool reusable, enum stream_how how)
{
	struct origin *o = u->origin;

	u->origin = NULL;
	if (o == NULL)
		return;
	if (reusable)
		pool_give(u->up.w->pool, o);
	else
		origin_close(o, how);
}

static void drop(struct upstream *up)
{
	struct upstream_h1 *u = of(up);

	if (up->gone)
		return;
	up->gone = true;
	part(u, false, STREAM_RESET);
	release(u);
	release_trailers(u);
}

static void fail(struct upstream_h1 *u, const struct origin_failure *why)
{
	struct origin_failure copy = *why;

	if (u->up.gone)
		return;
	u->up.gone = true;
	part(u, false, STREAM_GRACEFUL);
	release(u);
	release_trailers(u);
	u->up.events->failed(u->up.x, &copy, false);
}

static void bad_answer(struct upstream_h1 *u, const char *reason)
{
	struct origin_failure why = { .fault = FAULT_BROKEN };

	snprintf(why.text, sizeof(why.text), "the site's answer was not understood: %s", reason);
	fail(u, &why);
}

static void answer_over(struct upstream_h1 *u)
{
	struct stream *s = origin_stream(u->origin);
	bool asked_all = u->asked.kind == FRAMING_NONE || u->body_ended;
	bool reusable = asked_all && u->persistent && !u->answered.dirty &&
			u->answered.kind != FRAMING_UNTIL_CLOSE && stream_is_open(s) &&
			stream_peek(s).n == 0;

	u->up.gone = true;
	/* Paused by its own last piece: whoever has it next must hear of it. */
	if (u->paused)
		stream_unpause(s);
	part(u, reusable, STREAM_GRACEFUL);
	release(u);
	u->up.events->end(u->up.x, u->has_trailers ? &u->trailers : NULL);
	release_trailers(u);
}

static void end_of_stream(struct upstream_h1 *u)
{
	bool clean = stream_eof_clean(origin_stream(u->origin));

	if (u->reading_body && h1_body_eof(&u->body) &&
	    (clean || u->answered.kind != FRAMING_UNTIL_CLOSE))
		answer_over(u);
	else
		bad_answer(u, "the connection ended before it was complete");
}

/* ---- the head ---- */

static void begin_body(struct upstream_h1 *u)
{
	struct fields *trailers = NULL;

	if (u->answered.kind == FRAMING_CHUNKED) {
		fields_init(&u->trailers, TRAILER_FIELDS_MAX, H1_TRAILERS_MAX);
		u->has_trailers = true;
		trailers = &u->trailers;
	}
	h1_body_init(&u->body, &u->answered, H1_FROM_ORIGIN, trailers);
	u->reading_body = true;
}

static void become_tunnel(struct upstream_h1 *u)
{
	struct stream *s = origin_take_stream(u->origin);

	u->up.gone = true;
	part(u, false, STREAM_GRACEFUL);
	release(u);
	u->up.events->tunnel(u->up.x, s);
}

static void final_head(struct upstream_h1 *u, struct h1_response *r)
{
	struct upstream_head head = { .status = r->status,
				      .reason = r->reason,
				      .fields = &r->fields };

	if (framing_of_response(r, u->method, u->upgrade, &u->answered, &r->error) != H1_OK) {
		bad_answer(u, r->error.reason);
		return;
	}
	u->persistent = h1_persistent(r->minor, &r->fields);
	head.framing = u->answered;
	u->up.events->head(u->up.x, &head);
	if (u->up.gone)
		return;
	stream_consume(origin_stream(u->origin), r->head_len);
	if (u->answered.kind == FRAMING_TUNNEL)
		become_tunnel(u);
	else
		begin_body(u);
}

static void interim(struct upstream_h1 *u, struct h1_response *r)
{
	if (++u->interims > INTERIMS_MAX) {
		bad_answer(u, "too many interim answers");
		return;
	}
	u->up.events->interim(u->up.x, r->status, &r->fields);
	if (!u->up.gone)
		stream_consume(origin_stream(u->origin), r->head_len);
}

/* True when the answer's head was read and a body may follow. */
static bool read_head(struct upstream_h1 *u)
{
	struct worker *w = u->up.w;
	struct h1_response *r = u->partial != NULL ? u->partial : w->response;
	enum h1_result result = h1_parse_response(stream_peek(origin_stream(u->origin)), r);

	if (result == H1_MORE) {
		if (u->partial == NULL)
			u->partial = response_set_aside(w);
		return false;
	}
	u->partial = NULL; /* released here, whatever the events bring */
	if (result == H1_BAD)
		bad_answer(u, r->error.reason);
	else if (r->status >= 200 || r->status == 101)
		final_head(u, r);
	else
		interim(u, r);
	h1_response_clear(r);
	if (r != w->response) {
		h1_response_release(r);
		free(r);
	}
	return !u->up.gone && u->reading_body;
}

/* ---- the body ---- */

static void read_body(struct upstream_h1 *u)
{
	struct stream *s = origin_stream(u->origin);
	struct slice in = stream_peek(s), spans[SPANS];
	enum h1_body_result result;

	do {
		size_t used, n;
		uint64_t total;

		result = h1_body_spans(&u->body, in, &used, spans, SPANS, &n, &total);
		if (total != 0)
			u->up.events->body(u->up.x, spans, n, total);
		if (u->up.gone)
			return;
		in = slice_skip(in, used);
		stream_consume(s, used);
		if (n < SPANS || in.n == 0)
			break;
	} while (result == H1_BODY_MORE);
	if (result == H1_BODY_DONE)
		answer_over(u);
	else if (result == H1_BODY_BAD)
		bad_answer(u, u->body.reason);
}

static void answer_bytes(struct upstream_h1 *u)
{
	struct stream *s = origin_stream(u->origin);

	u->up.heard = true;
	while (!u->reading_body) {
		size_t before = stream_peek(s).n;

		if (before == 0)
			return;
		if (read_head(u))
			break;
		if (u->up.gone || stream_peek(s).n == before)
			return;
	}
	read_body(u);
}

static void on_origin(struct origin *o, enum origin_event event, void *arg)
{
	struct upstream_h1 *u = arg;

	switch (event) {
	case ORIGIN_BYTES:
		answer_bytes(u);
		break;
	case ORIGIN_ROOM:
		if (!u->body_ended)
			u->up.events->room(u->up.x);
		break;
	case ORIGIN_ENDED:
		end_of_stream(u);
		break;
	case ORIGIN_FAILED:
		fail(u, origin_failure(o));
		break;
	default:
		break;
	}
}

/* ---- asking ---- */

static void body(struct upstream *up, const struct slice *spans, size_t n, uint64_t total)
{
	struct upstream_h1 *u = of(up);

	body_write(origin_stream(u->origin), u->asked.kind == FRAMING_CHUNKED, spans, n, total);
}

static void body_end(struct upstream *up, const struct fields *trailers)
{
	struct upstream_h1 *u = of(up);

	u->body_ended = true;
	if (u->asked.kind == FRAMING_CHUNKED)
		body_write_end(origin_stream(u->origin), trailers);
}

static bool is_full(const struct upstream *up)
{
	const struct upstream_h1 *u = LOOP_OWNER(up, struct upstream_h1, up);

	return stream_is_full(origin_stream(u->origin));
}

static void pause_answer(struct upstream *up)
{
	struct upstream_h1 *u = of(up);

	if (u->paused)
		return;
	u->paused = true;
	stream_pause(origin_stream(u->origin));
}

static void unpause_answer(struct upstream *up)
{
	struct upstream_h1 *u = of(up);

	if (!u->paused)
		return;
	u->paused = false;
	stream_unpause(origin_stream(u->origin));
}

static const struct upstream_ops h1_ops = {
	.body = body,
	.body_end = body_end,
	.is_full = is_full,
	.pause = pause_answer,
	.unpause = unpause_answer,
	.drop = drop,
};

void upstream_h1_begin(struct upstream_h1 *u, struct origin *o, struct slice head,
		       enum http_method method, struct framing asked, struct slice upgrade)
{
	struct stream *s = origin_stream(o);

	u->up.ops = &h1_ops;
	u->origin = o;
	u->method = method;
	u->asked = asked;
	u->upgrade = upgrade;
	origin_own(o, on_origin, u);
	stream_set_timer(s, &u->up.w->times.stall);
	stream_write(s, head);
}
