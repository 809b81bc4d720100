#include "proxy/h2_origin.h"

#include "base/config.h"
#include "proxy/h2_origin_parts.h"
#include "proxy/pool.h"
#include "proxy/visitor.h"
#include "proxy/worker.h"

#include <stdio.h>
#include <stdlib.h>

/*
 * For a browser that speaks HTTP/1.1 and so has no SETTINGS to follow.  1 MiB for a stream carries
 * 80 Mbit/s over 100 ms, and is the most that is kept of one whose browser does not read.  A
 * browser has six connections of HTTP/1.1 to a host, so with 8 MiB six that do not read leave room
 * for others.
 */
#define STREAM_WINDOW (1u << 20)
#define WINDOW (8u << 20)
/*
 * Browsers' connections share one to the origin, whose window is that of the first of them: so much
 * may wait for one that does not read before it holds up the others.
 */
#define SPARE (8u << 20)
/* Answers that came before their requests were wholly taken, and the rest is not taken either. */
#define LEFTOVERS_MAX 16
/*
 * A connection that was silent for so long is asked whether it is there when it is used again, and
 * has so long to say: browsers do the same, and ask again on a new one.
 */
#define SILENT_MS 10000
#define PONG_MS 10000
/*
 * A browser's windows, announced to each of its origins, let megabytes wait for it on every
 * connection.  Nobody needs that on many of them at once; so much is kept for one visitor and for
 * all, and beyond it who keeps more than a little is given up.
 */
#define KEPT_VISITOR (64u << 20)
#define KEPT_ALL (256u << 20)
#define KEPT_ALONE (1u << 20)

/* ---- the end ---- */

static void h2_origin_release(struct deferred *d)
{
	struct h2_origin *h = LOOP_OWNER(d, struct h2_origin, free_me);

	h2_session_free(h->session);
	free(h);
}

static void close_origin(struct h2_origin *h, enum stream_how how)
{
	if (h->origin != NULL)
		origin_close(h->origin, how);
	h->origin = NULL;
	timer_stop(&h->idle);
	oneshot_stop(&h->pong);
}

static void count_kept(struct h2_origin *h, size_t now)
{
	h->visitor->kept = h->visitor->kept - h->kept + now;
	h->w->kept = h->w->kept - h->kept + now;
	h->kept = now;
}

/* Nothing runs on it any more. */
static void finish(struct h2_origin *h, enum stream_how how)
{
	h->over = true;
	close_origin(h, how);
	count_kept(h, 0);
	visitor_let_go(h->w->visitors, h->visitor);
	loop_free_later(h->w->loop, &h->free_me, h2_origin_release);
	deferred_cancel(&h->turn);
}

void h2_origin_leave_pool(struct h2_origin *h)
{
	if (h->closing)
		return;
	h->closing = true;
	pool_unshare(h->w->pool, h);
}

/* One whose answer is not here.  Who waits for a slow browser with all of it loses nothing. */
static struct upstream_h2 *find_unanswered(const struct h2_origin *h)
{
	struct upstream_h2 *u;

	TAILQ_FOREACH(u, &h->running, running)
		if (!h2_stream_is_whole(u->stream))
			return u;
	return NULL;
}

/*
 * The connection is gone.  The pool is left first: who is told here may ask again at once, on
 * another connection.
 */
static void cut_off(struct h2_origin *h, const struct origin_failure *why)
{
	struct upstream_h2 *u;

	h2_origin_leave_pool(h);
	while ((u = find_unanswered(h)) != NULL) {
		upstream_h2_fail(u, why, H2_NO_ERROR, !h2_stream_is_asked(u->stream));
	}
	close_origin(h, STREAM_GRACEFUL);
	h2_origin_changed(h);
}

static void break_off(struct h2_origin *h, const char *text)
{
	struct origin_failure why = { .fault = FAULT_BROKEN };

	snprintf(why.text, sizeof(why.text), "%s", text);
	cut_off(h, &why);
}

static bool keeps_too_much(struct h2_origin *h)
{
	count_kept(h, h2_kept(h->session));
	return h->kept > KEPT_ALONE && (h->visitor->kept > KEPT_VISITOR || h->w->kept > KEPT_ALL);
}

/* With what is here whole too: that is what is too much. */
static void give_up(struct h2_origin *h)
{
	static const struct origin_failure why = {
		.fault = FAULT_BROKEN, .text = "more waits for this client than the proxy keeps"
	};
	struct upstream_h2 *u;

	h2_origin_leave_pool(h);
	while ((u = TAILQ_FIRST(&h->running)) != NULL)
		upstream_h2_fail(u, &why, H2_NO_ERROR, false);
	close_origin(h, STREAM_RESET);
	h2_origin_changed(h);
}

/* ---- the end of a turn ---- */

static void on_turn(struct deferred *d)
{
	struct h2_origin *h = LOOP_OWNER(d, struct h2_origin, turn);

	if (h2_is_closing(h->session) || h->leftovers > LEFTOVERS_MAX)
		h2_origin_leave_pool(h);
	if (h->closing && TAILQ_EMPTY(&h->running))
		h2_shutdown(h->session);
	h2_flush(h->session);
	count_kept(h, h2_kept(h->session));
	if (h->origin != NULL && h2_is_over(h->session))
		break_off(h, "the site ended the HTTP/2 connection");
	if (h->closing && TAILQ_EMPTY(&h->running) &&
	    (h->leftovers == 0 || h->expired || h->origin == NULL))
		finish(h, STREAM_GRACEFUL);
}

void h2_origin_changed(struct h2_origin *h)
{
	if (!h->over)
		loop_defer(h->w->loop, &h->turn, on_turn);
}

static void on_idle(struct timer *t)
{
	struct h2_origin *h = LOOP_OWNER(t, struct h2_origin, idle);

	h->expired = true;
	h2_origin_retire(h);
}

/* ---- is it still there? ---- */

static void on_no_pong(struct oneshot *o)
{
	struct h2_origin *h = LOOP_OWNER(o, struct h2_origin, pong);
	struct upstream_h2 *u;

	if (h->heard_at >= h->pinged_at)
		return;
	h2_origin_leave_pool(h);
	h2_origin_changed(h);
	/* The PING may stand behind a body on a slow line: who sends one is left his time. */
	TAILQ_FOREACH(u, &h->running, running)
		if (u->has_body)
			return;
	break_off(h, "the site does not answer any more");
}

static void look_after(struct h2_origin *h)
{
	int64_t now = loop_now_ms(h->w->loop);

	if (now - h->heard_at < SILENT_MS || oneshot_runs(&h->pong))
		return;
	h->pinged_at = now;
	h2_ping(h->session);
	loop_after(h->w->loop, &h->pong, PONG_MS, on_no_pong);
}

/* ---- those who use it ---- */

void h2_origin_add(struct h2_origin *h, struct upstream_h2 *u)
{
	u->h = h;
	TAILQ_INSERT_TAIL(&h->running, u, running);
	timer_stop(&h->idle);
	look_after(h);
	h2_origin_changed(h);
}

void h2_origin_remove(struct h2_origin *h, struct upstream_h2 *u)
{
	TAILQ_REMOVE(&h->running, u, running);
	if (h->over)
		return;
	if (TAILQ_EMPTY(&h->running) && h->origin != NULL) {
		timer_start(&h->w->times.origin_idle, &h->idle, on_idle);
		if (h->w->draining)
			h2_origin_leave_pool(h);
	}
	h2_origin_changed(h);
}

/* ---- events of the codec ---- */

static void on_write(void *arg, struct slice a, struct slice b)
{
	const struct h2_origin *h = arg;

	if (h->origin != NULL)
		stream_writev2(origin_stream(h->origin), a, b);
}

static bool on_is_full(void *arg)
{
	const struct h2_origin *h = arg;

	return h->origin == NULL || stream_is_full(origin_stream(h->origin));
}

static const struct h2_events events = {
	.response = upstream_h2_on_response,
	.data = upstream_h2_on_data,
	.end = upstream_h2_on_end,
	.closed = upstream_h2_on_closed,
	.room = upstream_h2_on_room,
	.write = on_write,
	.is_full = on_is_full,
};

/* ---- events of the connection ---- */

static void on_bytes(struct h2_origin *h)
{
	struct stream *s = origin_stream(h->origin);
	struct slice in = stream_peek(s);

	h->heard_at = loop_now_ms(h->w->loop);
	if (!h2_feed(h->session, in, h->heard_at))
		h2_origin_leave_pool(h);
	stream_consume(s, in.n);
	h2_origin_changed(h);
	if (keeps_too_much(h))
		give_up(h);
}

static void on_origin(struct origin *o, enum origin_event event, void *arg)
{
	struct h2_origin *h = arg;

	switch (event) {
	case ORIGIN_BYTES:
		on_bytes(h);
		break;
	case ORIGIN_ROOM:
		h2_origin_changed(h);
		break;
	case ORIGIN_ENDED:
		break_off(h, "the site closed the connection");
		break;
	case ORIGIN_FAILED:
		if (origin_failure(o) != NULL)
			cut_off(h, origin_failure(o));
		else
			break_off(h, "the proxy is out of memory");
		break;
	case ORIGIN_CONNECTED:
	case ORIGIN_READY:
		break;
	}
}

/* ---- birth, facts and orders ---- */

struct h2_origin *h2_origin_new(struct worker *w, struct origin *o, const struct h2_settings *like)
{
	const struct h2_config config = {
		.side = H2_CLIENT,
		.max_fields = w->config->max_fields,
		.max_head = w->config->max_head,
		.stream_window = STREAM_WINDOW,
		.window = WINDOW,
		.spare = SPARE,
		.like = like,
	};
	struct h2_origin *h = calloc(1, sizeof(*h));

	if (h == NULL)
		return NULL;
	h->session = h2_session_new(&config, &events, h);
	if (h->session == NULL) {
		free(h);
		return NULL;
	}
	h->w = w;
	h->origin = o;
	h->visitor = origin_target(o)->visitor;
	visitor_hold(w->visitors, h->visitor);
	h->heard_at = loop_now_ms(w->loop);
	TAILQ_INIT(&h->running);
	origin_own(o, on_origin, h);
	stream_set_timer(origin_stream(o), NULL);
	timer_start(&w->times.origin_idle, &h->idle, on_idle);
	h2_origin_changed(h);
	/* What came together with the end of the handshake: mostly its SETTINGS. */
	(void)h2_feed(h->session, stream_peek(origin_stream(o)), h->heard_at);
	stream_consume(origin_stream(o), stream_peek(origin_stream(o)).n);
	stream_unpause(origin_stream(o));
	return h;
}

bool h2_origin_has_room(const struct h2_origin *h)
{
	return !h->closing && h2_has_room(h->session);
}

bool h2_origin_takes_websockets(const struct h2_origin *h)
{
	return h2_peer_extended_connect(h->session);
}

const struct origin_target *h2_origin_target(const struct h2_origin *h)
{
	return origin_target(h->origin);
}

const char *h2_origin_site(const struct h2_origin *h)
{
	return origin_site(h->origin);
}

void h2_origin_retire(struct h2_origin *h)
{
	h2_origin_leave_pool(h);
	h2_origin_changed(h);
}

void h2_origin_free(struct h2_origin *h)
{
	struct upstream_h2 *u;

	if (h == NULL || h->over)
		return;
	h->closing = true;
	while ((u = TAILQ_FIRST(&h->running)) != NULL)
		upstream_h2_forget(u, H2_CANCEL);
	finish(h, STREAM_RESET);
}
