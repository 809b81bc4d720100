/*
 * reach.h - finds the connection that an exchange goes on: one that is there, one under way, or a
 * new one.
 *
 * In this order: an idle HTTP/1 connection or an HTTP/2 one with room, under the exchange's
 * (visitor, site, origin); the one dialled ahead; one that another exchange of the same key is
 * dialling, if it may turn out to be HTTP/2 and so serve both; a new one.
 *
 *	reach_begin(&r, ...)  ->  r.cb(...) once: at once where there is one, else from the loop
 *	reach_cancel(&r)      at any time before
 */
#ifndef CRUMBGATE_PROXY_REACH_H
#define CRUMBGATE_PROXY_REACH_H

#include "proxy/net/loop.h"
#include "proxy/pool.h"

struct h2_origin;
struct h2_settings;
struct reach;

/* What was found: exactly one of the three is not NULL. */
struct reached_by {
	struct origin *h1;    /* ready, the caller's with origin_own() */
	struct h2_origin *h2; /* shared, with room for a stream */
	const struct origin_failure *failure;
	bool reused; /* it was in use before: the origin may be closing it just now */
};

typedef void reach_cb(struct reach *r, const struct reached_by *by);

enum reach_protocol { REACH_ANY, REACH_H1_ONLY, REACH_H2_ONLY };

struct reach {
	/* set by the caller */
	struct worker *w;
	const struct origin_target *target;
	const char *site;
	const struct h2_settings *like; /* the browser's own; NULL: it speaks HTTP/1 */
	enum reach_protocol protocol;
	int64_t max_idle_ms; /* an HTTP/1 connection idle for longer is not used */
	reach_cb *cb;

	/* private */
	struct origin *origin; /* on its way for this one */
	struct pool_waiter waiter;
	struct pool_dial dial;
	struct origin_failure *failure; /* to be told at the end of this turn */
	struct deferred later;
	bool alone; /* what is reached will be HTTP/1, so waiting for another's is of no use */
};

/* `ahead`, if not NULL, is taken over.  `fresh`: only a connection that nobody used before. */
void reach_begin(struct reach *r, struct origin *ahead, bool fresh);
void reach_cancel(struct reach *r);

#endif
