#include "proxy/reach.h"

#include "proxy/h2_origin.h"
#include "proxy/visitor.h"
#include "proxy/worker.h"

#include <stdlib.h>

static void look(struct reach *r);

static void tell(struct reach *r, struct origin *h1, struct h2_origin *h2, bool reused)
{
	struct reached_by by = { .h1 = h1, .h2 = h2, .reused = reused };

	r->cb(r, &by);
}

static void tell_failure(struct reach *r, const struct origin_failure *why)
{
	struct reached_by by = { .failure = why };

	r->cb(r, &by);
}

/* ---- failures that must not come from inside reach_begin() ---- */

static const struct origin_failure no_memory = { .fault = FAULT_BROKEN,
						 .text = "the proxy is out of memory" };

static const struct origin_failure too_many = {
	.fault = FAULT_DIAL,
	.dial = DIAL_NO_FDS,
	.text = "this client has too many connections to sites (connections-per-client)"
};

static void forget_failure(struct reach *r)
{
	free(r->failure);
	r->failure = NULL;
}

static void on_later(struct deferred *d)
{
	struct reach *r = LOOP_OWNER(d, struct reach, later);
	struct origin_failure *why = r->failure;

	r->failure = NULL;
	tell_failure(r, why != NULL ? why : &no_memory);
	free(why);
}

/* NULL: no memory. */
static void fail_later(struct reach *r, const struct origin_failure *why)
{
	if (why != NULL) {
		r->failure = malloc(sizeof(*why));
		if (r->failure != NULL)
			*r->failure = *why;
	}
	loop_defer(r->w->loop, &r->later, on_later);
}

/* ---- a connection of its own ---- */

static void on_ready(struct reach *r)
{
	struct origin *o = r->origin;
	struct h2_origin *h = NULL;

	r->origin = NULL;
	if (origin_speaks_h2(o)) {
		h = h2_origin_new(r->w, o, r->like);
		if (h == NULL) {
			origin_close(o, STREAM_GRACEFUL);
			pool_dialled(&r->dial, POOL_GONE, NULL);
			fail_later(r, NULL);
			return;
		}
		pool_share(r->w->pool, h);
		o = NULL;
	}
	/* First who dialled, then who waited. */
	tell(r, o, h, false);
	pool_dialled(&r->dial, h != NULL ? POOL_SHARED : POOL_SINGLE, NULL);
}

static void on_failed(struct reach *r, const struct origin_failure *why)
{
	/* The origin's own goes with it. */
	struct origin_failure copy = why != NULL ? *why : no_memory;

	origin_close(r->origin, STREAM_GRACEFUL);
	r->origin = NULL;
	pool_dialled(&r->dial, POOL_FAILED, &copy);
	tell_failure(r, &copy);
}

static void on_connecting(struct origin *o, enum origin_event event, void *arg)
{
	struct reach *r = arg;

	switch (event) {
	case ORIGIN_CONNECTED:
		if (!r->target->secure)
			on_ready(r);
		else if (!origin_secure(o, slice_str(r->target->identity)))
			on_failed(r, NULL);
		break;
	case ORIGIN_READY:
		on_ready(r);
		break;
	case ORIGIN_ENDED:
	case ORIGIN_FAILED:
		on_failed(r, origin_failure(o));
		break;
	default:
		break;
	}
}

static bool may_share(const struct reach *r)
{
	return r->target->secure && r->like != NULL && r->protocol != REACH_H1_ONLY;
}

static void dial(struct reach *r)
{
	r->origin = origin_dial(r->w, r->target, on_connecting, r);
	if (r->origin == NULL) {
		fail_later(r, visitor_may_dial(r->w->visitors, r->target->visitor) ? NULL : &too_many);
		return;
	}
	origin_set_site(r->origin, r->site);
	if (r->protocol == REACH_H1_ONLY)
		origin_set_tls(r->origin, ALPN_H1, &r->target->shape);
	if (may_share(r) && !r->alone)
		pool_dialling(r->w->pool, r->target, r->site, &r->dial);
}

/* ---- one that another exchange dials ---- */

static void on_woken(struct pool_waiter *waiter, enum pool_dialled how,
		     const struct origin_failure *why)
{
	struct reach *r = LOOP_OWNER(waiter, struct reach, waiter);

	if (how == POOL_FAILED) {
		tell_failure(r, why);
		return;
	}
	r->alone = how == POOL_SINGLE;
	look(r);
}

/* ---- what is there ---- */

static bool take(struct reach *r)
{
	struct pool *p = r->w->pool;
	struct h2_origin *h = NULL;
	struct origin *o = NULL;

	if (r->protocol != REACH_H1_ONLY)
		h = pool_shared(p, r->target, r->site);
	if (h != NULL && r->protocol == REACH_H2_ONLY && !h2_origin_takes_websockets(h))
		h = NULL;
	if (h == NULL && r->protocol != REACH_H2_ONLY)
		o = pool_take(p, r->target, r->site, r->max_idle_ms);
	if (h != NULL || o != NULL)
		tell(r, o, h, true);
	return h != NULL || o != NULL;
}

static void look(struct reach *r)
{
	if (take(r))
		return;
	if (may_share(r) && !r->alone &&
	    pool_wait(r->w->pool, r->target, r->site, &r->waiter, on_woken))
		return;
	dial(r);
}

static void take_ahead(struct reach *r, struct origin *o)
{
	r->origin = o;
	origin_own(o, on_connecting, r);
	origin_set_site(o, r->site);
	if (origin_failure(o) != NULL) {
		fail_later(r, origin_failure(o));
		origin_close(o, STREAM_GRACEFUL);
		r->origin = NULL;
		return;
	}
	if (origin_is_ready(o)) {
		on_ready(r);
		return;
	}
	if (may_share(r))
		pool_dialling(r->w->pool, r->target, r->site, &r->dial);
	if (origin_is_connected(o) && stream_ssl(origin_stream(o)) == NULL &&
	    !origin_secure(o, slice_str(r->target->identity))) {
		origin_close(o, STREAM_GRACEFUL);
		r->origin = NULL;
		fail_later(r, NULL);
	}
}

/* What is there is better than what was dialled ahead, but not HTTP/1 than HTTP/2. */
static bool is_better(const struct reach *r, const struct origin *ahead)
{
	return r->protocol == REACH_ANY && origin_is_ready(ahead) && origin_speaks_h2(ahead) &&
	       pool_shared(r->w->pool, r->target, r->site) == NULL;
}

void reach_begin(struct reach *r, struct origin *ahead, bool fresh)
{
	if (fresh)
		dial(r);
	else if (ahead == NULL)
		look(r);
	else if (is_better(r, ahead) || !take(r))
		take_ahead(r, ahead);
	else
		origin_close(ahead, STREAM_GRACEFUL);
}

void reach_cancel(struct reach *r)
{
	deferred_cancel(&r->later);
	forget_failure(r);
	pool_wait_cancel(&r->waiter);
	if (r->origin != NULL)
		origin_close(r->origin, STREAM_RESET);
	r->origin = NULL;
	pool_dialled(&r->dial, POOL_GONE, NULL);
}
