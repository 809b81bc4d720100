#include "proxy/h2_client.h"

#include "base/config.h"
#include "proxy/h2_client_parts.h"
#include "proxy/worker.h"

#include <stdlib.h>

/* RFC 9113 section 6.5.2 recommends no less. */
#define STREAMS_MAX 100
/* So much more of a refused request is waited for before the refusal goes out. */
#define DROPPED_MAX (64u * 1024)
/*
 * How much of requests' bodies may wait here for origins: this much for each stream, that much for
 * the whole connection, which bounds its memory.  Browsers are near, so that 256 KiB fill any link
 * they have.
 */
#define STREAM_WINDOW (256u * 1024)
#define WINDOW (1024u * 1024)

/* ---- what waits to be sent ---- */

static void tell_over(struct h2_client *h)
{
	if (h->over || h->gone)
		return;
	h->over = true;
	h->setup.over(h->setup.owner, STREAM_GRACEFUL);
}

static void tell_room(struct h2_down *d)
{
	if (d->stream == NULL || d->ended || h2_down_is_full(d))
		return;
	d->held = false;
	if (d->taker != NULL)
		d->taker->room(d->taker_arg);
	else
		downstream_room(&d->down);
}

/* One that leaves meanwhile still leads on to the others: it is freed at the end of the turn. */
static void tell_all_room(struct h2_client *h, bool held_only)
{
	struct h2_down *d, *next;

	h->held = false; /* unless it is so again */
	for (d = TAILQ_FIRST(&h->running); d != NULL && !h->gone; d = next) {
		next = TAILQ_NEXT(d, next);
		if (d->held || !held_only)
			tell_room(d);
	}
}

static void on_flush(struct deferred *deferred)
{
	struct h2_client *h = LOOP_OWNER(deferred, struct h2_client, flush);

	h2_flush(h->session);
	if (!h->gone && h->held)
		tell_all_room(h, true);
	if (!h->gone && h2_is_over(h->session))
		tell_over(h);
}

void h2_client_flush_later(struct h2_client *h)
{
	if (!h->gone)
		loop_defer(h->w->loop, &h->flush, on_flush);
}

static void on_write(void *arg, struct slice a, struct slice b)
{
	struct h2_client *h = arg;

	if (!h->gone)
		stream_writev2(h->stream, a, b);
}

static bool on_is_full(void *arg)
{
	const struct h2_client *h = arg;

	return h->gone || stream_is_full(h->stream);
}

/* ---- streams ---- */

static void down_free(struct deferred *deferred)
{
	struct h2_down *d = LOOP_OWNER(deferred, struct h2_down, free_me);

	buf_release(&d->kept);
	free(d->waits);
	free(d);
}

static struct h2_down *down_new(struct h2_client *h, struct h2_stream *s)
{
	struct h2_down *d = calloc(1, sizeof(*d));
	bool first = TAILQ_EMPTY(&h->running);

	if (d == NULL)
		return NULL;
	d->h = h;
	d->down = h->common;
	d->down.ops = &h->ops;
	d->down.like = h2_peer_settings(h->session);
	d->stream = s;
	buf_init(&d->kept, STREAM_WINDOW);
	h2_stream_own(s, d);
	TAILQ_INSERT_TAIL(&h->running, d, next);
	if (first)
		h->setup.busy(h->setup.owner, true);
	return d;
}

void h2_down_leave(struct h2_down *d)
{
	struct h2_client *h = d->h;

	if (d->stream == NULL)
		return;
	d->stream = NULL;
	timer_stop(&d->stall);
	TAILQ_REMOVE(&h->running, d, next);
	loop_free_later(h->w->loop, &d->free_me, down_free);
	if (!h->gone && TAILQ_EMPTY(&h->running))
		h->setup.busy(h->setup.owner, false);
}

/* The stream is closed, by whomever. */
static void down_closed(struct h2_down *d, uint32_t error)
{
	const struct h2_taker *taker = d->taker;

	h2_down_leave(d);
	if (taker != NULL)
		taker->closed(d->taker_arg, error);
	else
		downstream_drop(&d->down);
}

/* ---- what comes ---- */

/* RFC 8441 section 5: of all protocols only this one is known to be good to go on. */
static bool is_refused_protocol(const struct h2_client *h, const struct h2_request *r)
{
	return r->protocol.n != 0 &&
	       !(h->setup.websockets && slice_ieq(r->protocol, SLICE("websocket")));
}

static struct request_head head_of(struct h2_request *r)
{
	struct request_head head = {
		.method = r->method,
		.method_id = r->method_id,
		.path = r->path,
		.authority = &r->authority,
		.absolute = true,
		.https = r->https,
		.fields = r->fields,
		.framing = r->framing,
		.upgrade = r->protocol,
	};

	if (r->protocol.n != 0)
		head.framing = (struct framing){ .kind = FRAMING_CHUNKED };
	return head;
}

static bool has_body(const struct framing *f)
{
	return f->kind == FRAMING_CHUNKED || (f->kind == FRAMING_LENGTH && f->length != 0);
}

static void on_request(void *arg, struct h2_stream *s, struct h2_request *r)
{
	struct request_head head = head_of(r);
	struct h2_client *h = arg;
	struct h2_down *d;

	if (h->gone)
		return;
	d = down_new(h, s);
	if (d == NULL) {
		h2_reset(s, H2_REFUSED_STREAM);
		return;
	}
	d->live = r->protocol.n != 0;
	d->expects = has_body(&head.framing) &&
		     fields_has_token(r->fields, FIELD_EXPECT, SLICE("100-continue"));
	h2_stall_begin(d);
	if (r->method_id == METHOD_CONNECT && !d->live)
		h2_stream_pause(s); /* until somebody takes it */
	d->fresh = true;
	if (is_refused_protocol(h, r))
		refuse(&d->down, 501, "The site takes no such protocol over HTTP/2.");
	else
		downstream_request(&d->down, &head);
	d->fresh = false;
	if (d->stream != NULL && !d->forgot && d->taker == NULL && has_body(&head.framing) &&
	    !downstream_takes_body(&d->down))
		h2_stream_pause(s);
}

static void body_piece(struct h2_down *d, struct slice data)
{
	/* Between two connections to the origin nobody takes what is on its way. */
	if (d->kept.len == 0 && downstream_takes_body(&d->down))
		downstream_body(&d->down, &data, 1, data.n);
	else if (!buf_add(&d->kept, data))
		h2_down_reset(d, H2_INTERNAL_ERROR);
	if (d->stream != NULL && !d->forgot &&
	    (d->kept.len != 0 || !downstream_takes_body(&d->down)))
		h2_stream_pause(d->stream);
}

static void on_data(void *arg, struct h2_stream *s, struct slice data)
{
	const struct h2_client *h = arg;
	struct h2_down *d = h2_stream_owner(s);

	if (h->gone || d == NULL)
		return;
	if (d->taker != NULL) {
		d->taker->data(d->taker_arg, data);
	} else if (!d->forgot) {
		h2_stall_moved(d);
		body_piece(d, data);
	} else {
		d->dropped += data.n;
		if (d->dropped > DROPPED_MAX)
			h2_down_release_held(d);
	}
}

static void on_end(void *arg, struct h2_stream *s, const struct fields *trailers)
{
	const struct h2_client *h = arg;
	struct h2_down *d = h2_stream_owner(s);

	if (h->gone || d == NULL)
		return;
	d->asked = true;
	if (d->taker != NULL) {
		d->taker->end(d->taker_arg);
	} else if (!d->forgot) {
		h2_stall_moved(d);
		downstream_body_end(&d->down, trailers);
	} else {
		h2_down_release_held(d);
	}
}

static void on_closed(void *arg, struct h2_stream *s, uint32_t error, bool unprocessed)
{
	const struct h2_client *h = arg;
	struct h2_down *d = h2_stream_owner(s);

	(void)unprocessed;
	if (!h->gone && d != NULL)
		down_closed(d, error);
}

static void on_room(void *arg, struct h2_stream *s)
{
	const struct h2_client *h = arg;
	struct h2_down *d = h2_stream_owner(s);

	if (h->gone || d == NULL)
		return;
	h2_stall_moved(d);
	tell_room(d);
}

static void on_priority(void *arg, struct h2_stream *s, struct slice value)
{
	const struct h2_client *h = arg;
	struct h2_down *d = h2_stream_owner(s);

	if (!h->gone && d != NULL && d->taker == NULL)
		downstream_priority(&d->down, value);
}

static const struct h2_events session_events = {
	.request = on_request,
	.data = on_data,
	.end = on_end,
	.closed = on_closed,
	.room = on_room,
	.write = on_write,
	.is_full = on_is_full,
	.priority = on_priority,
};

/* ---- the connection ---- */

struct h2_client *h2_client_new(const struct h2_client_setup *setup)
{
	const struct config *config = setup->common->w->config;
	const struct h2_config session = {
		.side = H2_SERVER,
		.max_fields = config->max_fields,
		.max_head = config->max_head,
		.max_streams = setup->max_streams != 0 ? setup->max_streams : STREAMS_MAX,
		.stream_window = STREAM_WINDOW,
		.window = setup->window != 0 ? setup->window : WINDOW,
		.extended_connect = setup->websockets,
	};
	struct h2_client *h = calloc(1, sizeof(*h));

	if (h == NULL)
		return NULL;
	h->setup = *setup;
	h->common = *setup->common;
	h->common.exchange = NULL;
	h->common.desk = NULL;
	h->ops = h2_down_ops;
	h->ops.connect = setup->connect;
	h->w = setup->common->w;
	h->stream = setup->stream;
	TAILQ_INIT(&h->running);
	h->session = h2_session_new(&session, &session_events, h);
	if (h->session == NULL) {
		free(h);
		return NULL;
	}
	h2_client_flush_later(h);
	return h;
}

void h2_client_read(struct h2_client *h)
{
	struct slice in = stream_peek(h->stream);

	if (!h2_is_over(h->session))
		(void)h2_feed(h->session, in, loop_now_ms(h->w->loop));
	if (h->gone)
		return;
	stream_consume(h->stream, in.n);
	h2_client_flush_later(h);
}

void h2_client_room(struct h2_client *h)
{
	h2_client_flush_later(h);
	tell_all_room(h, false);
}

void h2_client_shut(struct h2_client *h)
{
	if (h->shut)
		return;
	h->shut = true;
	h2_shutdown(h->session);
	h2_client_flush_later(h);
}

bool h2_client_drain(struct h2_client *h)
{
	h2_client_shut(h);
	h2_flush(h->session);
	return TAILQ_EMPTY(&h->running);
}

static void client_free(struct deferred *deferred)
{
	struct h2_client *h = LOOP_OWNER(deferred, struct h2_client, free_me);

	h2_session_free(h->session);
	free(h);
}

void h2_client_free(struct h2_client *h)
{
	struct h2_down *d;

	if (h == NULL || h->gone)
		return;
	h->gone = true;
	deferred_cancel(&h->flush);
	while ((d = TAILQ_FIRST(&h->running)) != NULL)
		down_closed(d, H2_CANCEL);
	loop_free_later(h->w->loop, &h->free_me, client_free);
}

/* ---- streams that somebody else takes ---- */

struct h2_stream *h2_client_take(struct downstream *down, const struct h2_taker *taker, void *arg)
{
	struct h2_down *d = h2_down_of(down);

	d->taker = taker;
	d->taker_arg = arg;
	timer_stop(&d->stall);
	return d->stream;
}

void h2_client_wake(struct downstream *down)
{
	h2_client_flush_later(h2_down_of(down)->h);
}

void h2_client_reset(struct downstream *down, enum h2_error error)
{
	h2_down_reset(h2_down_of(down), error);
}
