/*
 * h2_origin.h - a connection to an origin server that speaks HTTP/2, shared by exchanges.
 *
 *	h = h2_origin_new(w, o, like);		// o is ready and agreed on "h2"
 *	pool_share(w->pool, h);			// under (visitor, site, origin)
 *	u->up.events = &events; u->up.x = x;
 *	if (h2_origin_has_room(h) && upstream_h2_begin(u, h, &request))
 *		u->up.ops->body(&u->up, ...), u->up.ops->body_end(&u->up, NULL);
 *
 * It lives as long as it can be of use and then frees itself, at the end of a turn.  It leaves the
 * pool by itself (pool_unshare()) when the origin says GOAWAY, breaks the rules, went silent, is
 * gone, has no stream ids left, or when nothing was asked for origin-idle-timeout.  What runs at a
 * GOAWAY goes on.  All that is written in one turn goes out together at its end.
 *
 * A stream on which nothing moves for stall-timeout fails with FAULT_TIMEOUT; the time during which
 * it is paused does not count.  When not one byte came on the whole connection for that long the
 * next exchange gets another connection.  An exchange that begins on a connection that was silent
 * sends PING along; without any answer to that what waits fails soon, with FAULT_BROKEN.
 */
#ifndef CRUMBGATE_PROXY_H2_ORIGIN_H
#define CRUMBGATE_PROXY_H2_ORIGIN_H

#include "proxy/net/loop.h"
#include "proxy/upstream.h"

#include <sys/queue.h>

struct h2_origin;
struct h2_settings;
struct h2_stream;
struct worker;

/*
 * Takes the origin; it must have its site.  `like` (may be NULL) is the browser's SETTINGS, to be
 * announced likewise.  NULL: no memory, and the origin is still the caller's.
 */
struct h2_origin *h2_origin_new(struct worker *w, struct origin *o, const struct h2_settings *like);
/* Another exchange may begin on it now. */
bool h2_origin_has_room(const struct h2_origin *h);
/* It offered RFC 8441: WebSockets may go over it. */
bool h2_origin_takes_websockets(const struct h2_origin *h);
const struct origin_target *h2_origin_target(const struct h2_origin *h);
const char *h2_origin_site(const struct h2_origin *h);
/* Ends it in order: no new exchanges; closed when those that run are done (drain). */
void h2_origin_retire(struct h2_origin *h);
/*
 * Ends it now: everything on it fails without an event, and the pool is not told (the worker's
 * end).
 */
void h2_origin_free(struct h2_origin *h);

/*
 * One exchange on it, in memory of the exchange's that lives until the turn's end at least.  A
 * request whose connection went away before anything of the answer came (`up.heard`) failed, as in
 * HTTP/1, without being surely unprocessed.
 */
struct upstream_h2 {
	struct upstream up; /* first; events and x are the caller's to set */
	struct h2_origin *h;
	struct h2_stream *stream; /* NULL: it is over */
	/*
	 * After failed(): of RFC 9113 section 7, 0: none.  H2_HTTP_1_1_REQUIRED asks for the same
	 * request over HTTP/1.1.
	 */
	uint32_t error;

	/* private */
	bool has_body, body_ended;
	unsigned interims;
	uint64_t sent;
	struct timer stall;
	TAILQ_ENTRY(upstream_h2) running;
};

/*
 * r->upgrade with METHOD_CONNECT is the protocol of an extended CONNECT (RFC 8441), and
 * h2_origin_takes_websockets() must be true; otherwise it is ignored.  False: no memory, no room,
 * or unsound; nothing was sent.
 */
bool upstream_h2_begin(struct upstream_h2 *u, struct h2_origin *h,
		       const struct upstream_request *r);

#endif
