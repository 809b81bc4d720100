/*
 * upstream.h - one request asked of an origin server, over whichever protocol its connection
 * speaks.
 *
 * An exchange begins one when it has a connection (reach.h), feeds the request's body, and is told
 * the answer.
 *
 *	u = upstream_h1(...) or upstream_h2(...);
 *	u->ops->body(u, spans, n, total); u->ops->body_end(u, trailers);
 *	... events->head(), events->body() ..., events->end() ...
 *
 * Exactly one of events->end(), ->tunnel() and ->failed() ends it, after which u is not to be
 * touched.  ops->drop() ends it at any time before, without an event.  Events come from the loop
 * only, never from inside a call of the exchange's but unpause().
 */
#ifndef CRUMBGATE_PROXY_UPSTREAM_H
#define CRUMBGATE_PROXY_UPSTREAM_H

#include "proxy/http/framing.h"
#include "proxy/http/method.h"
#include "proxy/origin.h"

struct fields;
struct upstream;

struct upstream_head {
	unsigned status;
	struct slice reason;
	struct fields *fields; /* may be edited during the event */
	struct framing framing;
	bool websockets; /* the connection takes them over HTTP/2 */
};

struct upstream_events {
	/* 1xx but 101. */
	void (*interim)(void *x, unsigned status, struct fields *f);
	void (*head)(void *x, const struct upstream_head *head);
	void (*body)(void *x, const struct slice *spans, size_t n, uint64_t total);
	void (*end)(void *x, const struct fields *trailers);
	/* The request's body may go on. */
	void (*room)(void *x);
	/* A 101 was told by head(): from here on the stream is the exchange's. */
	void (*tunnel)(void *x, struct stream *s);
	/* `unprocessed`: the origin surely did not act on the request. */
	void (*failed)(void *x, const struct origin_failure *why, bool unprocessed);
};

struct upstream_ops {
	void (*body)(struct upstream *u, const struct slice *spans, size_t n, uint64_t total);
	void (*body_end)(struct upstream *u, const struct fields *trailers);
	bool (*is_full)(const struct upstream *u);
	void (*pause)(struct upstream *u);
	void (*unpause)(struct upstream *u);
	void (*drop)(struct upstream *u);
	/* RFC 9218; NULL: the protocol has no such thing. */
	void (*priority)(struct upstream *u, struct slice value);
};

struct upstream {
	const struct upstream_ops *ops;
	const struct upstream_events *events;
	void *x; /* the exchange */
	struct worker *w;
	bool heard; /* something of an answer came */
	bool gone;  /* ended or dropped: nothing of it is told any more */
};

/* What is asked; borrowed during the call that begins an upstream. */
struct upstream_request {
	enum http_method method_id;
	struct slice method;
	struct slice target; /* path and query, "" and "?q" are possible, or "*" */
	bool secure;
	const struct fields *fields; /* with Host; end to end and hop-by-hop */
	struct framing framing;
	struct slice upgrade; /* HTTP/1 only; empty: none */
};

#endif
