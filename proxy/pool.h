/*
 * pool.h - what is kept of origins between exchanges, never wider than a browser would.
 *
 * Browsers keep the connections and TLS sessions of a third party apart for each top-level site, so
 * that reuse cannot link visits.  So here everything is kept under (visitor, top-level site,
 * origin): idle connections, and TLS sessions to resume.  Beside that the pool remembers that a
 * visitor lately reached an origin (not from which site), so that a CONNECT need not dial first;
 * nothing of that reaches the wire.  All tables are bounded; the one unused for longest goes first.
 */
#ifndef CRUMBGATE_PROXY_POOL_H
#define CRUMBGATE_PROXY_POOL_H

#include "proxy/origin.h"

#include <sys/queue.h>

struct h2_origin;
struct place;
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

/*
 * Sessions.  pool_session(): the caller gets a reference and the pool's own is gone (RFC 8446
 * appendix C.4: each ticket once).
 */
void pool_keep_session(struct pool *p, const struct origin_target *target, const char *site,
		       SSL_SESSION *session);
SSL_SESSION *pool_session(struct pool *p, const struct origin_target *target, const char *site);

/* This visitor reached the origin within the last minute. */
void pool_note_reached(struct pool *p, const struct origin_target *target);
void pool_note_failed(struct pool *p, const struct origin_target *target);
bool pool_reached_lately(struct pool *p, const struct origin_target *target);

/*
 * HTTP/2 connections, shared by the exchanges of their key.  pool_shared() gives one with room for
 * a stream, or NULL; pool_unshare() takes one out that takes no new exchange any more.
 */
bool pool_share(struct pool *p, struct h2_origin *h);
void pool_unshare(struct pool *p, struct h2_origin *h);
struct h2_origin *pool_shared(struct pool *p, const struct origin_target *target, const char *site);

/*
 * A browser that begins on a page asks for many things at once; one connection may serve them all.
 * So who dials says so with pool_dialling(), and at the end with pool_dialled() (nothing happens
 * when it did not); who comes meanwhile may pool_wait() (false: nobody dials under the key) and is
 * woken once.
 */
enum pool_dialled {
	POOL_SHARED, /* it is HTTP/2 and in the pool now */
	POOL_SINGLE, /* it is HTTP/1: each needs his own */
	POOL_FAILED, /* the origin cannot be had: `why` */
	POOL_GONE,   /* nobody wants it any more; look again */
};

struct pool_waiter;
typedef void pool_woken(struct pool_waiter *waiter, enum pool_dialled how,
			const struct origin_failure *why);

struct pool_waiter {
	TAILQ_ENTRY(pool_waiter) next;
	struct pool *pool; /* NULL: does not wait */
	struct place *place;
	pool_woken *fn;
};

struct pool_dial {
	struct pool *pool; /* NULL: not dialling */
	struct place *place;
};

void pool_dialling(struct pool *p, const struct origin_target *target, const char *site,
		   struct pool_dial *dial);
void pool_dialled(struct pool_dial *dial, enum pool_dialled how, const struct origin_failure *why);
bool pool_wait(struct pool *p, const struct origin_target *target, const char *site,
	       struct pool_waiter *waiter, pool_woken *fn);
void pool_wait_cancel(struct pool_waiter *waiter);

/* Closes what is idle and lets HTTP/2 connections end with what runs on them (drain). */
void pool_drain(struct pool *p);

#endif
