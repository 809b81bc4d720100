#include "proxy/exchange.h"

#include "base/config.h"
#include "evidence/entry.h"
#include "filters/decide.h"
#include "proxy/banner_side.h"
#include "proxy/claim_side.h"
#include "proxy/exchange_parts.h"
#include "proxy/http/h1_head.h"
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
/* So much of a body is kept for an HTTP/2 origin that may still refuse the stream unread. */
#define REPEAT_MAX (64u * 1024)
/*
 * Each time the origin said that it did nothing: a burst may meet several connections' last
 * streams.
 */
#define REFUSALS_MAX 8

struct exchange *exchange_new(struct downstream *d)
{
	struct exchange *x = calloc(1, sizeof(*x));

	if (x == NULL)
		return NULL;
	x->w = d->w;
	x->down = d;
	buf_init(&x->head, (size_t)d->w->config->max_head + EXCHANGE_TARGET_MAX);
	buf_init(&x->upgrade, 256);
	buf_init(&x->body, REPEAT_MAX);
	expiries_init(&x->expiries);
	return x;
}

void exchange_go(struct exchange *x, enum exchange_state to)
{
	x->state = to;
}

/* ---- endings ---- */

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
	pool_note_failed(x->w->pool, &x->target);
	record_refusal(x, why);
	exchange_go(x, EXCHANGE_OVER);
	refuse_origin(x->down, why);
}

static void on_refuse_later(struct deferred *d)
{
	struct exchange *x = LOOP_OWNER(d, struct exchange, refuse_later);
	struct origin_failure why = { .fault = FAULT_BROKEN };

	snprintf(why.text, sizeof(why.text), "%s", x->refusal);
	exchange_refuse(x, &why);
}

static void refuse_later(struct exchange *x, const char *text)
{
	x->refusal = text;
	loop_defer(x->w->loop, &x->refuse_later, on_refuse_later);
}

void exchange_block(struct exchange *x)
{
	exchange_go(x, EXCHANGE_OVER);
	if (x->scene.document && x->blocked == LISTS_BODY_NONE)
		refuse_listed(x->down, x->scene.host, x->scene.site.site,
			      x->scene.visitor->profile == PROFILE_MINORS);
	else
		blocking_answer(x->down, x->blocked);
}

static void on_block_later(struct deferred *d)
{
	exchange_block(LOOP_OWNER(d, struct exchange, refuse_later));
}

static void on_skip_later(struct deferred *d)
{
	struct exchange *x = LOOP_OWNER(d, struct exchange, refuse_later);

	exchange_go(x, EXCHANGE_OVER);
	blocking_redirect(x->down, buf_slice(&x->head));
}

static void exchange_release(struct deferred *d)
{
	struct exchange *x = LOOP_OWNER(d, struct exchange, free_me);

	buf_release(&x->head);
	buf_release(&x->upgrade);
	buf_release(&x->body);
	expiries_release(&x->expiries);
	consent_body_free(x->said);
	amend_free(x->amend);
	blocking_let_go(&x->scene);
	free(x);
}

void exchange_free(struct exchange *x)
{
	if (x == NULL)
		return;
	deferred_cancel(&x->refuse_later);
	exchange_go(x, EXCHANGE_OVER);
	reach_cancel(&x->reach);
	if (x->up != NULL)
		x->up->ops->drop(x->up);
	x->up = NULL;
	loop_free_later(x->w->loop, &x->free_me, exchange_release);
}

/* ---- asking ---- */

static void asked(struct exchange *x, struct upstream *up)
{
	x->up = up;
	pool_note_reached(x->w->pool, &x->target);
	exchange_go(x, EXCHANGE_ASKED);
	if (x->asked.kind == FRAMING_NONE)
		return;
	if (x->body.len != 0) {
		struct slice kept = buf_slice(&x->body);

		up->ops->body(up, &kept, 1, kept.n);
	}
	if (x->body_ended)
		up->ops->body_end(up, NULL); /* it was empty, or is asked again */
	else
		x->down->ops->want_body(x->down);
}

static void begin(struct exchange *x, struct upstream *up)
{
	*up = (struct upstream){ .events = &exchange_answer, .x = x, .w = x->w };
}

static void ask_h1(struct exchange *x, struct origin *o)
{
	struct upstream_h1 *u = &x->as.h1;

	memset(u, 0, sizeof(*u));
	begin(x, &u->up);
	upstream_h1_begin(u, o, buf_slice(&x->head), x->method, x->asked, buf_slice(&x->upgrade));
	asked(x, &u->up);
}

/* From the browser's own head if it is still at hand, else from what was written of it. */
static bool begin_h2(struct exchange *x, struct h2_origin *h)
{
	struct upstream_h2 *u = &x->as.h2;
	struct h1_request *written = x->w->request;
	struct upstream_request r = { .secure = x->target.secure,
				      .method_id = x->method,
				      .framing = x->asked,
				      .upgrade = buf_slice(&x->upgrade) };
	bool good;

	if (x->now != NULL) {
		r.method = x->now->method;
		r.target = x->now->path;
		r.fields = x->now->fields;
		return upstream_h2_begin(u, h, &r);
	}
	if (h1_parse_request(buf_slice(&x->head), written) == H1_OK) {
		r.method = x->method == METHOD_CONNECT ? SLICE("CONNECT") : written->method;
		r.target = written->path;
		r.fields = &written->fields;
	}
	good = r.fields != NULL && upstream_h2_begin(u, h, &r);
	h1_request_clear(written);
	return good;
}

static void ask_h2(struct exchange *x, struct h2_origin *h)
{
	struct upstream_h2 *u = &x->as.h2;

	memset(u, 0, sizeof(*u));
	begin(x, &u->up);
	if (begin_h2(x, h))
		asked(x, &u->up);
	else
		refuse_later(x, "the request could not be sent to the site");
}

/* The origin speaks HTTP/1: what a WebSocket over HTTP/2 needs is not there. */
static void no_websocket(struct exchange *x, struct origin *o)
{
	pool_give(x->w->pool, o);
	refuse_later(x, "the site does not take WebSockets over HTTP/2");
}

static void on_reached(struct reach *reach, const struct reached_by *by)
{
	struct exchange *x = LOOP_OWNER(reach, struct exchange, reach);

	x->reused = by->reused;
	if (by->failure != NULL)
		exchange_refuse(x, by->failure);
	else if (by->h2 != NULL)
		ask_h2(x, by->h2);
	else if (x->reach.protocol == REACH_H2_ONLY)
		no_websocket(x, by->h1);
	else
		ask_h1(x, by->h1);
}

bool exchange_ask_again(struct exchange *x, bool heard, bool unprocessed)
{
	bool harmless = unprocessed || (x->reused && !heard && method_idempotent(x->method));

	/* What of the body is gone cannot be had again. */
	if (!harmless || x->state != EXCHANGE_ASKED || x->body_lost ||
	    (unprocessed ? x->refusals == REFUSALS_MAX : x->retried))
		return false;
	if (unprocessed)
		x->refusals++;
	else
		x->retried = true;
	exchange_go(x, EXCHANGE_WAITING);
	/*
	 * A connection that refuses has left the pool, or has no room; one that broke may have been
	 * one of many.
	 */
	reach_begin(&x->reach, NULL, !unprocessed);
	return true;
}

static enum reach_protocol protocol_for(const struct exchange *x)
{
	if (x->upgrade.len == 0)
		return REACH_ANY;
	return x->method == METHOD_CONNECT ? REACH_H2_ONLY : REACH_H1_ONLY;
}

static struct origin *take_ahead(struct downstream *d)
{
	struct origin *o = d->ahead != NULL ? *d->ahead : NULL;

	if (o != NULL)
		*d->ahead = NULL;
	return o;
}

static void find_origin(struct exchange *x)
{
	x->reach = (struct reach){
		.w = x->w,
		.target = &x->target,
		.site = x->scene.site.site,
		.like = x->down->like,
		.protocol = protocol_for(x),
		.max_idle_ms = method_idempotent(x->method) ? ANY_AGE_MS : FRESH_MS,
		.cb = on_reached,
	};
	exchange_go(x, EXCHANGE_WAITING);
	reach_begin(&x->reach, take_ahead(x->down), false);
}

/* ---- the request's head ---- */

void exchange_hear_choice(struct exchange *x)
{
	struct cookie_scene *s = &x->scene;

	s->choice = choices_find(x->w->choices, s->visitor->id,
				 scene_site(s).n != 0 ? scene_site(s) : SLICE("*"), s->wall_ms);
}

static void set_scene(struct exchange *x, const struct request_head *r)
{
	struct worker *w = x->w;
	struct downstream *d = x->down;
	struct visitor *v = d->visitor;
	struct request_facts facts;
	struct page_event learned;
	struct cookie_scene *s = &x->scene;
	int64_t now = loop_now_ms(w->loop);

	/* Whom TLS proves to be there counts, not what address the client asked for. */
	request_facts_init(&facts, r->method, d->secure, slice_str(x->target.identity),
			   x->target.port, r->path);
	for (uint32_t i = 0; i < r->fields->n; i++)
		request_facts_field(&facts, r->fields->v[i].name, r->fields->v[i].value);
	if (d->connection_site != NULL)
		facts.connection_site = slice_str(d->connection_site);
	s->visitor = v;
	s->secure = d->secure;
	s->wall_ms = clock_wall_ms(loop_clock(w->loop));
	memcpy(s->host, x->target.identity, sizeof(s->host));
	(void)find_site(w->setup->sites, v->pages, &facts, now, &s->site);
	s->cross_site = request_is_cross_site(&facts, &s->site);
	s->document = request_is_navigation(&facts) && s->site.party == PARTY_FIRST;
	s->prefetch = facts.prefetch;
	s->own_host = s->site.own_page;
	s->posts = r->method_id == METHOD_POST || slice_eq(r->method, SLICE("PUT")) ||
		   slice_eq(r->method, SLICE("PATCH"));
	exchange_hear_choice(x);
	if (pages_see(v->pages, &facts, &s->site, now, &learned))
		peers_tell_page(w, v, &learned);
	if (s->site.confidence == CONFIDENCE_HIGH && d->connection_site != NULL)
		memcpy(d->connection_site, s->site.site, SITE_MAX);
}

/* What the person chose is said in the browser's stead, unless it says so itself. */
static bool add_gpc(const struct exchange *x, struct fields *f)
{
	const struct cookie_scene *s = &x->scene;

	if (!x->w->config->gpc || !decide_objects(s->visitor->profile, s->choice.state) ||
	    slice_eq(fields_value(f, FIELD_SEC_GPC), SLICE("1")))
		return true;
	fields_remove_all(f, FIELD_SEC_GPC);
	return fields_add(f, SLICE("Sec-GPC"), SLICE("1"));
}

static bool write_head(struct exchange *x, const struct request_head *r)
{
	struct h1_hop hop = { .framing = r->framing,
			      .connection = H1_CONNECTION_MIRROR,
			      .upgrade = r->upgrade };
	/*
	 * An extended CONNECT has no HTTP/1 form: it stands here as a GET and goes out by HTTP/2
	 * only.
	 */
	struct slice method = r->method_id == METHOD_CONNECT ? SLICE("GET") : r->method;

	if (x->w->config->via &&
	    !fields_add(r->fields, SLICE("Via"),
			x->down->like != NULL ? SLICE("2 crumbgate") : SLICE("1.1 crumbgate")))
		return false;
	if (!add_gpc(x, r->fields) || !h1_write_request(&x->head, method, r->path, r->fields, &hop))
		return false;
	x->path_at = method.n + 1;
	x->path_n = slice_find(slice_skip(buf_slice(&x->head), x->path_at), ' ');
	if (x->path_n > EXCHANGE_TARGET_MAX)
		x->path_n = EXCHANGE_TARGET_MAX;
	return true;
}

static void set_target(struct exchange *x, const struct request_head *r)
{
	const struct downstream *d = x->down;
	struct origin_target *t = &x->target;

	if (d->target != NULL) {
		*t = *d->target;
	} else {
		t->port = authority_port(r->authority, 80);
		memcpy(t->host, r->authority->host, r->authority->len + 1u);
		memcpy(t->identity, r->authority->host, r->authority->len + 1u);
	}
	t->visitor = d->visitor;
	t->secure = d->secure;
}

void exchange_request(struct exchange *x, struct request_head *r)
{
	bool news;

	x->method = r->method_id;
	x->asked = r->framing;
	buf_add(&x->upgrade, r->upgrade);
	set_target(x, r);
	set_scene(x, r);
	news = banner_request(x->w, &x->scene, r->fields);
	blocking_begin(x->w, &x->scene, r);
	if (blocking_refuses(x->w, &x->scene, &x->blocked)) {
		tap_send(x->w->tap);
		loop_defer(x->w->loop, &x->refuse_later, on_block_later);
		return;
	}
	if (blocking_skips(x->w, &x->scene, r, &x->head)) {
		tap_send(x->w->tap);
		loop_defer(x->w->loop, &x->refuse_later, on_skip_later);
		return;
	}
	if (!blocking_hold(x->w, &x->scene)) {
		refuse_later(x, "there is no memory left");
		return;
	}
	claim_request(x->w, &x->scene, r, news);
	x->amend = amend_request(x->w, &x->scene, r);
	if (blocking_strip(x->w, &x->scene, r) && buf_add(&x->head, r->path)) {
		tap_send(x->w->tap);
		loop_defer(x->w->loop, &x->refuse_later, on_skip_later);
		return;
	}
	x->said = consent_body_new(x->w, &x->scene, r);
	cookies_of_request(x->w, &x->scene, r->fields, &x->expiries);
	tap_send(x->w->tap);
	if (!write_head(x, r)) {
		refuse_later(x, "the request's head is too large");
		return;
	}
	x->now = r;
	find_origin(x);
	x->now = NULL;
}

/* ---- the request's body ---- */

bool exchange_takes_body(const struct exchange *x)
{
	return x->up != NULL && !x->up->ops->is_full(x->up);
}

static void keep_body(struct exchange *x, const struct slice *spans, size_t n, uint64_t total)
{
	if (x->body_lost)
		return;
	x->body_lost = x->up != &x->as.h2.up || x->state != EXCHANGE_ASKED ||
		       total > REPEAT_MAX - x->body.len;
	for (size_t i = 0; i < n && !x->body_lost; i++)
		x->body_lost = !buf_add(&x->body, spans[i]);
	if (x->body_lost)
		buf_release(&x->body);
}

void exchange_body(struct exchange *x, const struct slice *spans, size_t n, uint64_t total)
{
	if (x->up == NULL || total == 0)
		return;
	consent_body_add(x->said, spans, n);
	keep_body(x, spans, n, total);
	x->up->ops->body(x->up, spans, n, total);
}

void exchange_body_end(struct exchange *x, const struct fields *trailers)
{
	x->body_ended = true;
	if (x->said != NULL)
		exchange_hear_choice(x);
	consent_body_end(x->said, x->w, &x->scene);
	x->body_lost = x->body_lost || trailers != NULL;
	if (x->up != NULL)
		x->up->ops->body_end(x->up, trailers);
}

void exchange_priority(struct exchange *x, struct slice value)
{
	if (x->up != NULL && x->up->ops->priority != NULL)
		x->up->ops->priority(x->up, value);
}

void exchange_room(struct exchange *x)
{
	if (x->up != NULL)
		x->up->ops->unpause(x->up);
}
