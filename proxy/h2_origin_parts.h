/*
 * h2_origin_parts.h - the inside of an origin's HTTP/2 connection, for its two halves: h2_origin.c
 * is the connection, upstream_h2.c one exchange on it.
 */
#ifndef CRUMBGATE_PROXY_H2_ORIGIN_PARTS_H
#define CRUMBGATE_PROXY_H2_ORIGIN_PARTS_H

#include "proxy/h2_origin.h"
#include "proxy/http/h2_session.h"

struct h2_origin {
	struct worker *w;
	struct visitor *visitor;
	size_t kept;	       /* of its and the worker's */
	struct origin *origin; /* NULL: gone, but a paused answer that came whole is still told */
	struct h2_session *session;
	TAILQ_HEAD(, upstream_h2) running;
	/* Streams whose answer is over and whose request's body is still on its way. */
	unsigned leftovers;
	int64_t heard_at; /* when the last byte came */
	int64_t pinged_at;
	struct timer idle;
	struct oneshot pong;
	struct deferred turn, free_me;
	bool closing; /* it takes no new exchange, and the pool knows */
	bool expired; /* nobody waits for leftovers any more */
	bool over;
};

/* At the end of this turn: writes what there is, and ends what is over. */
void h2_origin_changed(struct h2_origin *h);
/* No new exchanges from here on. */
void h2_origin_leave_pool(struct h2_origin *h);
void h2_origin_add(struct h2_origin *h, struct upstream_h2 *u);
void h2_origin_remove(struct h2_origin *h, struct upstream_h2 *u);

/* Ends it with an event.  `error` as in struct upstream_h2. */
void upstream_h2_fail(struct upstream_h2 *u, const struct origin_failure *why, uint32_t error,
		      bool unprocessed);
/* Ends it without one. */
void upstream_h2_forget(struct upstream_h2 *u, enum h2_error error);

/* Events of the codec that are about one stream; `arg` is the connection. */
void upstream_h2_on_response(void *arg, struct h2_stream *s, struct h2_response *r);
void upstream_h2_on_data(void *arg, struct h2_stream *s, struct slice data);
void upstream_h2_on_end(void *arg, struct h2_stream *s, const struct fields *trailers);
void upstream_h2_on_closed(void *arg, struct h2_stream *s, uint32_t error, bool unprocessed);
void upstream_h2_on_room(void *arg, struct h2_stream *s);

#endif
