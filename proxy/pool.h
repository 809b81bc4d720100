/*
 * pool.h - what is kept of origins between exchanges, never wider than a browser would.
 *
 * Browsers keep the connections and TLS sessions of a third party apart for each top-level site, so
 * that reuse cannot link visits.  So here everything is kept under (visitor, top-level site, origin):
 * idle connections, and TLS sessions to resume.  Beside that the pool remembers that a visitor
 * lately reached an origin (not from which site), so that a CONNECT need not dial first; nothing of
 * that reaches the wire.  All tables are bounded; the one unused for longest goes first.
 */
#ifndef CRUMBGATE_PROXY_POOL_H
#define CRUMBGATE_PROXY_POOL_H

#include "proxy/origin.h"

struct pool;

struct pool *pool_new(struct worker *w);
void pool_free(struct pool *p);

/*
 * An idle connection, now the caller's (with origin_own()); NULL: none.  One that has been idle for
 * longer than max_idle_ms is left alone: the origin may be closing it just now, and a request that
 * must not be sent twice would be lost.
 */
struct origin *pool_take(struct pool *p, const struct origin_target *target, const char *site,
			 int64_t max_idle_ms);
/* Takes a connection over that may carry another exchange; it must have its site. */
void pool_give(struct pool *p, struct origin *o);

/* Sessions.  pool_session(): the caller gets a reference and the pool's own is gone (RFC 8446
 * appendix C.4: each ticket once). */
void pool_keep_session(struct pool *p, const struct origin_target *target, const char *site,
		       SSL_SESSION *session);
SSL_SESSION *pool_session(struct pool *p, const struct origin_target *target, const char *site);

/* This visitor reached the origin within the last minute. */
void pool_note_reached(struct pool *p, const struct origin_target *target);
void pool_note_failed(struct pool *p, const struct origin_target *target);
bool pool_reached_lately(struct pool *p, const struct origin_target *target);

/* Closes what is idle (drain). */
void pool_drain(struct pool *p);

#endif
