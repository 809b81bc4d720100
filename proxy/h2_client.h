/*
 * h2_client.h - a connection from a browser that speaks HTTP/2: each stream is a request of its own
 * (RFC 9113).
 *
 * The owner (client.c, or whoever listens for TLS to the proxy itself) keeps the stream of bytes,
 * its place in the worker's list and what CONNECT fixed.  As soon as ALPN said "h2" it makes one of
 * these, and from then on hands over what happens:
 *
 *	h = h2_client_new(&setup);              // our SETTINGS leave with this turn
 *	STREAM_READ	h2_client_read(h);
 *	STREAM_DRAINED	h2_client_room(h);
 *	drain		if (h2_client_drain(h)) the connection may be closed, STREAM_GRACEFUL
 *	its end		h2_client_free(h); then stream_close()
 *
 * Back it hears setup.busy(), so that it can let an idle connection time out, and setup.over()
 * once, when HTTP/2 is over and the connection is to be closed.  Both come from the loop or from
 * inside h2_client_read() and h2_client_room(); from inside them h2_client_free() may be called.
 * After STREAM_EOF, STREAM_ERROR and a time-out nothing is to be told but h2_client_free().
 *
 * Requests of one connection are independent of each other: whatever is wrong with one ends its
 * stream alone, but what breaks the protocol (h2_session.h).  A stream on which the browser lets
 * nothing move for stall-timeout is reset, so that it holds no origin: the body that does not come
 * is answered by 408; the answer that is not taken, because the window stays shut or the connection
 * is not read, is cut.  An extended CONNECT may be silent for tunnel-idle-timeout.
 *
 * Taking a stream over.  setup.connect() hears of a plain CONNECT (it is ops->connect of
 * downstream.h).  It may call h2_client_take() at once or in a later turn, and has the stream from
 * then on: it answers with h2_respond(), h2_body() and so on of h2_session.h and calls
 * h2_client_wake() after such calls.  The stream is paused until the taker calls
 * h2_stream_unpause(). refuse() and refuse_origin() remain possible until h2_respond(): they give
 * the stream back.
 */
#ifndef CRUMBGATE_PROXY_H2_CLIENT_H
#define CRUMBGATE_PROXY_H2_CLIENT_H

#include "proxy/downstream.h"
#include "proxy/http/h2_session.h"
#include "proxy/net/stream.h"

struct h2_client;

struct h2_client_setup {
	struct stream *stream;
	/*
	 * What all requests of the connection have in common: w, visitor, stream, target, ahead,
	 * to_desk, secure, connection_site.  Copied; what it points to outlives the h2_client.
	 */
	const struct downstream *common;
	/*
	 * At the same time, and octets of bodies that may wait in all of them; 0: what a site
	 * needs.
	 */
	unsigned max_streams;
	uint32_t window;
	/* The origin takes WebSockets over HTTP/2: the browser is offered the same (RFC 8441). */
	bool websockets;
	/* Plain CONNECT on a stream; NULL: refused (inside a tunnel). */
	void (*connect)(struct downstream *d, const struct authority *to);
	/* False: no request runs any more; true: one does again.  It begins with false. */
	void (*busy)(void *owner, bool busy);
	/* To be closed: GRACEFUL after what was written, which ends with GOAWAY. */
	void (*over)(void *owner, enum stream_how how);
	void *owner;
};

/* NULL: no memory. */
struct h2_client *h2_client_new(const struct h2_client_setup *setup);
void h2_client_read(struct h2_client *h);
void h2_client_room(struct h2_client *h);
/*
 * No further request is taken (GOAWAY).  True: nothing runs; else setup.over() comes when that is
 * so.
 */
bool h2_client_drain(struct h2_client *h);
/*
 * The connection is gone or about to be: every request is dropped, nothing is written.  NULL is
 * allowed.
 */
void h2_client_free(struct h2_client *h);

/*
 * Who takes a stream over.  Exactly one closed() ends it, but after h2_client_reset() and refuse().
 */
struct h2_taker {
	void (*data)(void *arg, struct slice data);
	void (*end)(void *arg);
	/*
	 * As the event of h2_session.h; H2_CANCEL also when the connection is gone.  d and the
	 * stream are dead after it.
	 */
	void (*closed)(void *arg, uint32_t error);
	/* d->ops->is_full(d) was true, and is no more. */
	void (*room)(void *arg);
};

/* d: a downstream that setup.connect() was given.  The stream is good until closed(). */
struct h2_stream *h2_client_take(struct downstream *d, const struct h2_taker *taker, void *arg);
/* What was given to the session leaves with this turn. */
void h2_client_wake(struct downstream *d);
/* Ends it by RST_STREAM. */
void h2_client_reset(struct downstream *d, enum h2_error error);

#endif
