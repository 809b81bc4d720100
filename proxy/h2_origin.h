/*
 * h2_origin.h - a connection to an origin server that speaks HTTP/2, shared by exchanges.
 *
 * It takes a ready connection over whose ALPN is "h2", and lives as long as it can be of use: it is under (visitor, site,
 * origin) in the pool (pool_share()), which hands it to every exchange of that key while it has room for
 * a stream.  It leaves the pool by itself (pool_unshare()) when the origin says GOAWAY, breaks, or was idle for origin-idle-timeout.
 */
#ifndef CRUMBGATE_PROXY_H2_ORIGIN_H
#define CRUMBGATE_PROXY_H2_ORIGIN_H

#include "proxy/upstream.h"

struct h2_origin;
struct h2_settings;

/* Takes the origin; it must have its site.  `like` (may be NULL) is the browser's SETTINGS, to be announced likewise.  NULL: no memory,
 * and the origin is still the caller's. */
struct h2_origin *h2_origin_new(struct origin *o, const struct h2_settings *like);
/* Another exchange may begin on it now. */
bool h2_origin_has_room(const struct h2_origin *h);
/* It offered RFC 8441: WebSockets may go over it. */
bool h2_origin_takes_websockets(const struct h2_origin *h);
const struct origin_target *h2_origin_target(const struct h2_origin *h);
const char *h2_origin_site(const struct h2_origin *h);
/* Ends it in order: no new exchanges; closed when those that run are done (drain). */
void h2_origin_retire(struct h2_origin *h);
/* Ends it now: everything on it fails without an event (worker's end). */
void h2_origin_free(struct h2_origin *h);

/* One exchange on it, in memory of the exchange's. */
struct upstream_h2 {
	struct upstream up; /* first */
	struct h2_origin *h;
	struct h2_stream *stream;
	bool heard;	/* something of the answer came */
	unsigned interims;
};
/* False: no memory or no room; nothing was sent. */
bool upstream_h2_begin(struct upstream_h2 *u, struct h2_origin *h, const struct upstream_request *r);

#endif
