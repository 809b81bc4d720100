/* One exchange on an origin's HTTP/2 connection. */
#include "proxy/h2_origin_parts.h"
#include "proxy/worker.h"

#include <stdio.h>

/* 1xx heads before the answer: more is an attack. */
#define INTERIMS_MAX 32

static struct upstream_h2 *of(struct upstream *up)
{
	return LOOP_OWNER(up, struct upstream_h2, up);
}

/* ---- the end ---- */

/* From here on nothing of the stream reaches the exchange, and a late drop() finds nothing. */
static struct h2_origin *part(struct upstream_h2 *u)
{
	struct h2_origin *h = u->h;

	timer_stop(&u->stall);
	if (u->stream != NULL)
		h2_stream_own(u->stream, NULL);
	u->stream = NULL;
	u->h = NULL;
	u->up.gone = true;
	h2_origin_remove(h, u);
	return h;
}

void upstream_h2_forget(struct upstream_h2 *u, enum h2_error error)
{
	struct h2_stream *s = u->stream;

	part(u);
	h2_reset(s, error);
}

void upstream_h2_fail(struct upstream_h2 *u, const struct origin_failure *why, uint32_t error,
		      bool unprocessed)
{
	u->error = error;
	upstream_h2_forget(u, H2_CANCEL);
	u->up.events->failed(u->up.x, why, unprocessed);
}

static void fail(struct upstream_h2 *u, enum origin_fault fault, const char *text)
{
	struct origin_failure why = { .fault = fault };

	snprintf(why.text, sizeof(why.text), "%s", text);
	upstream_h2_fail(u, &why, H2_NO_ERROR, false);
}

/* ---- time ---- */

static void on_stall(struct timer *t)
{
	struct upstream_h2 *u = LOOP_OWNER(t, struct upstream_h2, stall);
	struct h2_origin *h = u->h;
	const struct timer_class *c = &h->w->times.stall;
	uint64_t sent = h2_stream_sent(u->stream);

	if (sent != u->sent) {
		u->sent = sent;
		timer_start(&h->w->times.stall, &u->stall, on_stall);
		return;
	}
	if (loop_now_ms(h->w->loop) - h->heard_at >= c->duration_ms)
		h2_origin_leave_pool(h);
	fail(u, FAULT_TIMEOUT, "the origin took too long");
}

/* ---- what the codec tells ---- */

static void interim(struct upstream_h2 *u, struct h2_response *r)
{
	if (++u->interims > INTERIMS_MAX)
		fail(u, FAULT_BROKEN,
		     "the site's answer was not understood: too many interim answers");
	else
		u->up.events->interim(u->up.x, r->status, r->fields);
}

void upstream_h2_on_response(void *arg, struct h2_stream *s, struct h2_response *r)
{
	struct upstream_h2 *u = h2_stream_owner(s);
	struct upstream_head head = {
		.status = r->status, .reason = SLICE(""), .fields = r->fields, .framing = r->framing
	};

	(void)arg;
	if (u == NULL)
		return;
	head.websockets = h2_origin_takes_websockets(u->h);
	u->up.heard = true;
	timer_touch(&u->stall);
	if (r->status < 200) {
		interim(u, r);
		return;
	}
	u->up.events->head(u->up.x, &head);
}

void upstream_h2_on_data(void *arg, struct h2_stream *s, struct slice data)
{
	struct upstream_h2 *u = h2_stream_owner(s);

	(void)arg;
	if (u == NULL || data.n == 0)
		return;
	timer_touch(&u->stall);
	u->up.events->body(u->up.x, &data, 1, data.n);
}

/* The rest of a request whose end is known still goes out; the rest of any other is not wanted. */
void upstream_h2_on_end(void *arg, struct h2_stream *s, const struct fields *trailers)
{
	struct h2_origin *h = arg;
	struct upstream_h2 *u = h2_stream_owner(s);

	if (u == NULL)
		return;
	if (u->has_body && !u->body_ended) {
		upstream_h2_forget(u, H2_CANCEL);
	} else {
		part(u);
		h->leftovers++;
	}
	u->up.events->end(u->up.x, trailers);
}

static void describe(struct origin_failure *why, uint32_t error, bool unprocessed)
{
	static const char *const names[] = {
		"NO_ERROR",
		"PROTOCOL_ERROR",
		"INTERNAL_ERROR",
		"FLOW_CONTROL_ERROR",
		"SETTINGS_TIMEOUT",
		"STREAM_CLOSED",
		"FRAME_SIZE_ERROR",
		"REFUSED_STREAM",
		"CANCEL",
		"COMPRESSION_ERROR",
		"CONNECT_ERROR",
		"ENHANCE_YOUR_CALM",
		"INADEQUATE_SECURITY",
		"HTTP_1_1_REQUIRED",
	};
	const char *name = error < sizeof(names) / sizeof(names[0]) ? names[error] : "unknown";

	if (unprocessed && error != H2_REFUSED_STREAM)
		snprintf(why->text, sizeof(why->text),
			 "the site ended the connection before it took the request");
	else if (error == H2_PROTOCOL_ERROR)
		snprintf(why->text, sizeof(why->text),
			 "the site's answer was not understood, or the site did not understand the "
			 "request (PROTOCOL_ERROR)");
	else
		snprintf(why->text, sizeof(why->text), "the site reset the stream (%s)", name);
}

void upstream_h2_on_closed(void *arg, struct h2_stream *s, uint32_t error, bool unprocessed)
{
	struct h2_origin *h = arg;
	struct upstream_h2 *u = h2_stream_owner(s);
	struct origin_failure why = { .fault = FAULT_BROKEN };

	if (error == H2_ENHANCE_YOUR_CALM) /* of one of us: others ask elsewhere */
		h2_origin_leave_pool(h);
	h2_origin_changed(h);
	if (u == NULL) {
		h->leftovers--;
		return;
	}
	u->stream = NULL;
	describe(&why, error, unprocessed);
	upstream_h2_fail(u, &why, error, unprocessed);
}

void upstream_h2_on_room(void *arg, struct h2_stream *s)
{
	struct upstream_h2 *u = h2_stream_owner(s);

	(void)arg;
	if (u == NULL)
		return;
	timer_touch(&u->stall);
	if (!u->body_ended)
		u->up.events->room(u->up.x);
}

/* ---- what the exchange does ---- */

static void up_body(struct upstream *up, const struct slice *spans, size_t n, uint64_t total)
{
	struct upstream_h2 *u = of(up);

	if (u->stream == NULL || total == 0)
		return;
	timer_touch(&u->stall);
	h2_body(u->stream, spans, n);
	h2_origin_changed(u->h);
}

static void up_body_end(struct upstream *up, const struct fields *trailers)
{
	struct upstream_h2 *u = of(up);

	if (u->stream == NULL || !u->has_body || u->body_ended)
		return;
	u->body_ended = true;
	timer_touch(&u->stall);
	h2_body_end(u->stream, trailers);
	h2_origin_changed(u->h);
}

static bool up_is_full(const struct upstream *up)
{
	const struct upstream_h2 *u = (const struct upstream_h2 *)(const void *)up;

	return u->stream == NULL || h2_stream_is_full(u->stream);
}

static void up_pause(struct upstream *up)
{
	struct upstream_h2 *u = of(up);

	if (u->stream == NULL)
		return;
	timer_stop(&u->stall);
	h2_stream_pause(u->stream);
}

/* It may be over, and the exchange with it, when h2_stream_unpause() returns. */
static void up_unpause(struct upstream *up)
{
	struct upstream_h2 *u = of(up);
	struct h2_origin *h = u->h;

	if (u->stream == NULL || !h2_stream_is_paused(u->stream))
		return;
	timer_start(&h->w->times.stall, &u->stall, on_stall);
	h2_stream_unpause(u->stream);
	h2_origin_changed(h);
}

static void up_drop(struct upstream *up)
{
	struct upstream_h2 *u = of(up);

	if (u->h != NULL)
		upstream_h2_forget(u, H2_CANCEL);
}

static void up_priority(struct upstream *up, struct slice value)
{
	struct upstream_h2 *u = of(up);

	if (u->stream == NULL)
		return;
	h2_priority(u->stream, value);
	h2_origin_changed(u->h);
}

static const struct upstream_ops ops = {
	.body = up_body,
	.body_end = up_body_end,
	.is_full = up_is_full,
	.pause = up_pause,
	.unpause = up_unpause,
	.drop = up_drop,
	.priority = up_priority,
};

/* ---- the beginning ---- */

static bool set_authority(struct h2_request *q, const struct upstream_request *r,
			  const struct h2_origin *h)
{
	struct slice host = fields_value(r->fields, FIELD_HOST);
	const struct origin_target *t = h2_origin_target(h);

	if (host.n != 0)
		return authority_parse(&q->authority, host) == NULL;
	if (authority_parse_host(&q->authority, slice_str(t->host)) != NULL)
		return false;
	if (t->port != (t->secure ? 443 : 80))
		q->authority.port = t->port;
	return true;
}

/* RFC 9113 section 8.3.1: never empty; OPTIONS of a whole server asks for "*". */
static bool set_path(struct h2_request *q, const struct upstream_request *r, struct buf *mem)
{
	bool good;

	if (r->target.n != 0 && r->target.p[0] != '?') {
		q->path = r->target;
		return true;
	}
	if (r->target.n == 0) {
		q->path = r->method_id == METHOD_OPTIONS ? SLICE("*") : SLICE("/");
		return true;
	}
	good = buf_addc(mem, '/') && buf_add(mem, r->target);
	q->path = buf_slice(mem);
	return good;
}

static bool begin(struct upstream_h2 *u, struct h2_origin *h, const struct upstream_request *r,
		  struct buf *mem)
{
	struct h2_request q = { .method = r->method,
				.method_id = r->method_id,
				.https = r->secure,
				.framing = r->framing,
				/* h2_request() only reads them. */
				.fields = (struct fields *)r->fields };

	if (!set_authority(&q, r, h) || !set_path(&q, r, mem))
		return false;
	if (r->method_id == METHOD_CONNECT) {
		if (!h2_origin_takes_websockets(h))
			return false;
		q.protocol = r->upgrade;
	}
	u->has_body = r->framing.kind != FRAMING_NONE || r->method_id == METHOD_CONNECT;
	u->stream = h2_request(h->session, &q, u->has_body, u);
	return u->stream != NULL;
}

bool upstream_h2_begin(struct upstream_h2 *u, struct h2_origin *h, const struct upstream_request *r)
{
	struct buf mem;
	bool good;

	u->up.ops = &ops;
	u->up.w = h->w;
	u->h = NULL;
	u->stream = NULL;
	u->up.heard = u->up.gone = u->body_ended = false;
	u->interims = 0;
	u->sent = 0;
	u->error = H2_NO_ERROR;
	buf_init(&mem, r->target.n + 1);
	good = h2_origin_has_room(h) && begin(u, h, r, &mem);
	buf_release(&mem);
	if (!good)
		return false;
	h2_origin_add(h, u);
	timer_start(&h->w->times.stall, &u->stall, on_stall);
	return true;
}
