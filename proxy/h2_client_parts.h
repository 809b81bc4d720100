/*
 * h2_client_parts.h - the inside of a browser's HTTP/2 connection: h2_client.c has the connection
 * and what comes on it, h2_client_answer.c what goes back, h2_client_stall.c the streams on which
 * nothing moves.
 */
#ifndef CRUMBGATE_PROXY_H2_CLIENT_PARTS_H
#define CRUMBGATE_PROXY_H2_CLIENT_PARTS_H

#include "base/buf.h"
#include "proxy/h2_client.h"
#include "proxy/net/loop.h"

#include <sys/queue.h>

TAILQ_HEAD(h2_downs, h2_down);

struct h2_client {
	struct h2_client_setup setup;
	struct downstream common;
	struct downstream_ops ops; /* with the owner's connect() */
	struct worker *w;
	struct stream *stream;
	struct h2_session *session;
	struct h2_downs running; /* one for each stream that is not closed */
	bool shut;		 /* GOAWAY was asked for */
	bool held;		 /* some stream is */
	bool over;		 /* the owner was told */
	bool gone; /* h2_client_free() was called; the memory lives until the turn ends */
	struct deferred flush, free_me;
};

/* An answer of the proxy's own that waits for the end of its request. */
struct h2_held {
	unsigned status;
	size_t lines, body;
	char bytes[]; /* both */
};

/* One stream: a request and its answer. */
struct h2_down {
	struct downstream down; /* first */
	TAILQ_ENTRY(h2_down) next;
	struct h2_client *h;
	struct h2_stream *stream; /* NULL: closed */
	const struct h2_taker *taker;
	void *taker_arg;

	/* the request */
	struct buf kept; /* a piece of its body that came when the exchange could not take it */
	bool expects;	 /* it waits for a 100 */
	bool asked;	 /* all of it came */
	bool forgot;	 /* what still comes of it is dropped */
	bool live;	 /* an extended CONNECT: silence is no fault */
	bool fresh;	 /* its head is just being dealt with */
	size_t dropped;	 /* octets of the body that came after `forgot` */

	/* its answer */
	bool answered, has_body, ended;
	struct h2_held *waits; /* NULL: none */
	bool held;	/* full because of the connection's memory: tell when there is room */
	uint64_t given; /* octets of its body, to the session */

	struct timer stall;
	uint64_t seen_sent;  /* of its body, and ... */
	uint64_t seen_taken; /* ... of the connection's output, when something of it last moved */
	struct deferred free_me;
};

static inline struct h2_down *h2_down_of(struct downstream *d)
{
	return LOOP_OWNER(d, struct h2_down, down);
}

/* h2_client.c */
void h2_client_flush_later(struct h2_client *h);
/* No new streams from now on. */
void h2_client_shut(struct h2_client *h);
/*
 * Its stream is closed: out of the list, free at the end of the turn.  Its exchange was dropped.
 * Idempotent.
 */
void h2_down_leave(struct h2_down *d);

/* h2_client_answer.c */
bool h2_down_is_full(struct h2_down *d);
extern const struct downstream_ops h2_down_ops;
/* An answer that waited for the request's end goes out now; nothing when none waits. */
void h2_down_release_held(struct h2_down *d);
/* Ends it with RST_STREAM. */
void h2_down_reset(struct h2_down *d, enum h2_error error);

/* h2_client_stall.c */
void h2_stall_begin(struct h2_down *d);
/* Something of it came or goes. */
void h2_stall_moved(struct h2_down *d);
void h2_stall_over(struct timer *t);

#endif
