#include "proxy/exchange.h"

#include "base/config.h"
#include "evidence/entry.h"
#include "proxy/exchange_parts.h"
#include "proxy/body.h"
#include "proxy/http/h1_write.h"
#include "proxy/peers.h"
#include "proxy/pool.h"
#include "proxy/tap.h"
#include "proxy/visitor.h"
#include "proxy/worker.h"

#include <stdio.h>
#include <stdlib.h>

/* A request that must not be sent twice goes only on a connection that was in use just now. */
#define FRESH_MS 3000
#define ANY_AGE_MS INT64_MAX

struct exchange *exchange_new(struct worker *w, const struct downstream_ops *ops, void *down)
{
	struct exchange *x = calloc(1, sizeof(*x));

	if (x == NULL)
		return NULL;
	x->w = w;
	x->ops = ops;
	x->down = down;
	buf_init(&x->head, (size_t)w->config->max_head + EXCHANGE_TARGET_MAX);
	buf_init(&x->upgrade, 256);
	expiries_init(&x->expiries);
	return x;
}

void exchange_go(struct exchange *x, enum exchange_state to)
{
	x->state = to;
}

/* ---- endings ---- */

void exchange_part_from_origin(struct exchange *x, bool reusable)
{
	struct origin *o = x->origin;

	x->origin = NULL;
	if (o == NULL)
		return;
	if (reusable)
		pool_give(x->w->pool, o);
	else
		origin_close(o, STREAM_GRACEFUL);
}

static void record_refusal(struct exchange *x, const struct origin_failure *why)
{
	struct entry e;

	if (why->fault != FAULT_CERTIFICATE &&
	    !(why->fault == FAULT_DIAL && why->dial == DIAL_FORBIDDEN))
		return;
	entry_init(&e, ENTRY_REFUSE, clock_wall_ms(loop_clock(x->w->loop)));
	e.client = visitor_log_id(x->w->visitors, x->scene.visitor);
	e.host = slice_str(x->target.host);
	e.why = slice_str(origin_failure_word(why));
	tap_event(x->w->tap, &e);
}

void exchange_refuse(struct exchange *x, const struct origin_failure *why)
{
	static const struct origin_failure no_memory = { .fault = FAULT_BROKEN,
							 .text = "the proxy is out of memory" };

	if (why == NULL)
		why = &no_memory;
	pool_note_failed(x->w->pool, &x->target);
	record_refusal(x, why);
	exchange_go(x, EXCHANGE_OVER);
	x->ops->refuse(x->down, why);
}

static void on_fail_later(struct deferred *d)
{
	struct exchange *x = LOOP_OWNER(d, struct exchange, fail_later);

	exchange_refuse(x, &x->failure);
}

static void refuse_later(struct exchange *x, const char *text)
{
	x->failure.fault = FAULT_BROKEN;
	snprintf(x->failure.text, sizeof(x->failure.text), "%s", text);
	loop_defer(x->w->loop, &x->fail_later, on_fail_later);
}

static void exchange_release(struct deferred *d)
{
	struct exchange *x = LOOP_OWNER(d, struct exchange, free_me);

	answer_release(x);
	buf_release(&x->head);
	buf_release(&x->upgrade);
	expiries_release(&x->expiries);
	free(x);
}

void exchange_free(struct exchange *x)
{
	if (x == NULL)
		return;
	deferred_cancel(&x->fail_later);
	exchange_go(x, EXCHANGE_OVER);
	if (x->origin != NULL)
		origin_close(x->origin, STREAM_RESET);
	x->origin = NULL;
	loop_free_later(x->w->loop, &x->free_me, exchange_release);
}

/* ---- asking ---- */

static void send_head(struct exchange *x)
{
	struct origin *o = x->origin;

	origin_set_site(o, x->scene.site.site);
	pool_note_reached(x->w->pool, &x->target);
	stream_set_timer(origin_stream(o), &x->w->times.stall);
	stream_write(origin_stream(o), buf_slice(&x->head));
	exchange_go(x, EXCHANGE_ASKED);
	if (x->asked.kind != FRAMING_NONE)
		x->ops->want_body(x->down);
}

static void on_connecting(struct origin *o, enum origin_event event, void *arg)
{
	struct exchange *x = arg;

	switch (event) {
	case ORIGIN_CONNECTED:
		if (!x->target.secure)
			break;
		if (!origin_secure(o, slice_str(x->target.identity)))
			exchange_refuse(x, NULL);
		return;
	case ORIGIN_READY:
		break;
	case ORIGIN_ENDED:
	case ORIGIN_FAILED:
		exchange_refuse(x, origin_failure(o));
		return;
	default:
		return;
	}
	origin_own(o, exchange_on_origin, x);
	send_head(x);
}

static bool dial(struct exchange *x)
{
	x->origin = origin_dial(x->w, &x->target, on_connecting, x);
	if (x->origin == NULL)
		return false;
	origin_set_site(x->origin, x->scene.site.site);
	return true;
}

bool exchange_ask_again(struct exchange *x)
{
	if (x->retried || x->heard || x->body_begun || x->origin == NULL ||
	    !origin_is_reused(x->origin) || x->state != EXCHANGE_ASKED ||
	    (x->asked.kind != FRAMING_NONE && x->body_ended))
		return false;
	if (!method_idempotent(x->method))
		return false;
	x->retried = true;
	exchange_part_from_origin(x, false);
	exchange_go(x, EXCHANGE_WAITING);
	return dial(x);
}

/* A connection from the pool, else the one dialled ahead, else a new one. */
static void find_origin(struct exchange *x, struct origin *ahead)
{
	int64_t age = method_idempotent(x->method) ? ANY_AGE_MS : FRESH_MS;
	struct origin *o = pool_take(x->w->pool, &x->target, x->scene.site.site, age);

	exchange_go(x, EXCHANGE_WAITING);
	if (o != NULL) {
		if (ahead != NULL)
			origin_close(ahead, STREAM_GRACEFUL);
		x->origin = o;
		origin_own(o, exchange_on_origin, x);
		send_head(x);
		return;
	}
	if (ahead == NULL) {
		if (!dial(x))
			refuse_later(x, "the proxy is out of memory");
		return;
	}
	x->origin = ahead;
	origin_own(ahead, on_connecting, x);
	if (origin_failure(ahead) != NULL) {
		x->failure = *origin_failure(ahead);
		loop_defer(x->w->loop, &x->fail_later, on_fail_later);
	} else if (origin_is_ready(ahead)) {
		origin_own(ahead, exchange_on_origin, x);
		send_head(x);
	} else if (origin_is_connected(ahead) && stream_ssl(origin_stream(ahead)) == NULL &&
		   !origin_secure(ahead, slice_str(x->target.identity))) {
		refuse_later(x, "the proxy is out of memory");
	}
}

/* ---- the request's head ---- */

static void set_scene(struct exchange *x, const struct exchange_request *r)
{
	struct worker *w = x->w;
	struct request_facts facts;
	struct page_event learned;
	struct cookie_scene *s = &x->scene;
	int64_t now = loop_now_ms(w->loop);

	/* Whom TLS proves to be there counts, not what address the client asked for. */
	request_facts_init(&facts, r->method, r->secure, slice_str(r->identity), r->port, r->target);
	for (uint32_t i = 0; i < r->fields->n; i++)
		request_facts_field(&facts, r->fields->v[i].name, r->fields->v[i].value);
	facts.connection_site = slice_str(r->connection_site);
	s->visitor = r->visitor;
	s->secure = r->secure;
	s->wall_ms = clock_wall_ms(loop_clock(w->loop));
	snprintf(s->host, sizeof(s->host), "%s", r->identity);
	(void)find_site(w->setup->sites, r->visitor->pages, &facts, now, &s->site);
	s->cross_site = request_is_cross_site(&facts, &s->site);
	s->choice = choices_find(w->choices, r->visitor->id, slice_str(s->site.site));
	if (pages_see(r->visitor->pages, &facts, &s->site, now, &learned))
		peers_tell_page(w, r->visitor, &learned);
	if (s->site.confidence == CONFIDENCE_HIGH)
		snprintf(r->connection_site, SITE_MAX, "%s", s->site.site);
}

static bool write_head(struct exchange *x, const struct exchange_request *r)
{
	struct h1_hop hop = { .framing = r->framing,
			      .connection = H1_CONNECTION_MIRROR,
			      .upgrade = r->upgrade };

	if (x->w->config->via &&
	    !fields_add(r->fields, SLICE("Via"), SLICE("1.1 crumbgate")))
		return false;
	return h1_write_request(&x->head, r->method, r->target, r->fields, &hop);
}

void exchange_request(struct exchange *x, const struct exchange_request *r)
{
	struct slice path = slice_head(r->target, EXCHANGE_TARGET_MAX);

	x->method = r->method_id;
	x->asked = r->framing;
	x->target.visitor = r->visitor;
	x->target.secure = r->secure;
	x->target.port = r->port;
	snprintf(x->target.host, sizeof(x->target.host), "%s", r->host);
	snprintf(x->target.identity, sizeof(x->target.identity), "%s", r->identity);
	if (path.n != 0)
		memcpy(x->path, path.p, path.n);
	x->path_n = path.n;
	buf_add(&x->upgrade, r->upgrade);
	set_scene(x, r);
	cookies_of_request(x->w, &x->scene, r->fields, &x->expiries);
	tap_send(x->w->tap);
	if (!write_head(x, r)) {
		x->origin = r->origin;
		refuse_later(x, "the request's head is too large");
		return;
	}
	find_origin(x, r->origin);
}

/* ---- the request's body ---- */

bool exchange_takes_body(const struct exchange *x)
{
	return (x->state == EXCHANGE_ASKED || x->state == EXCHANGE_ANSWERED) && x->origin != NULL &&
	       !stream_is_full(origin_stream(x->origin));
}

void exchange_body(struct exchange *x, const struct slice *spans, size_t n, uint64_t total)
{
	struct stream *s = x->origin != NULL ? origin_stream(x->origin) : NULL;

	if (s == NULL || total == 0)
		return;
	x->body_begun = true;
	body_write(s, x->asked.kind == FRAMING_CHUNKED, spans, n, total);
}

void exchange_body_end(struct exchange *x, const struct fields *trailers)
{
	x->body_ended = true;
	if (x->origin != NULL && x->asked.kind == FRAMING_CHUNKED)
		body_write_end(origin_stream(x->origin), trailers);
}

void exchange_room(struct exchange *x)
{
	if (!x->paused || x->origin == NULL)
		return;
	x->paused = false;
	stream_unpause(origin_stream(x->origin));
}

void exchange_on_origin(struct origin *o, enum origin_event event, void *arg)
{
	struct exchange *x = arg;

	switch (event) {
	case ORIGIN_BYTES:
		answer_bytes(x);
		break;
	case ORIGIN_ROOM:
		if (!x->body_ended)
			x->ops->want_body(x->down);
		break;
	case ORIGIN_ENDED:
		if (!exchange_ask_again(x))
			answer_end_of_stream(x);
		break;
	case ORIGIN_FAILED:
		if (exchange_ask_again(x))
			break;
		if (x->state == EXCHANGE_ANSWERED) {
			exchange_go(x, EXCHANGE_OVER);
			x->ops->cut(x->down);
		} else {
			exchange_refuse(x, origin_failure(o));
		}
		break;
	default:
		break;
	}
}
