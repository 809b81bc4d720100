/*
 * exchange.h - one request and its answer: the only state machine of the proxy's meaning.
 *
 * An exchange stands between a downstream (the browser's side: client.c for HTTP/1) and an origin.
 * It knows no socket of the browser; it calls the downstream by `struct downstream_ops`, and is fed by the
 * functions below.  The request's bytes are borrowed during exchange_request() only: the head is decided,
 * edited and written anew at once, and waits, written, for its connection.
 *
 *	x = exchange_new(w, downstream);
 *	exchange_request(x, &request);            // may call ops->refuse() from the next turn on
 *	while (exchange_takes_body(x)) exchange_body(x, spans, n, total);
 *	exchange_body_end(x, trailers);
 *	  ... ops->head(), ops->body() ..., ops->end() ...
 *	exchange_free(x);                          // also at any time before: it drops the exchange
 *
 * Exactly one of ops->end(), ops->cut(), ops->refuse() and ops->tunnel() ends an exchange; the
 * downstream then calls exchange_free().  Back-pressure: exchange_takes_body() false → wait for
 * ops->want_body(); ops->is_full() true → the exchange pauses the origin until exchange_room().
 */
#ifndef CRUMBGATE_PROXY_EXCHANGE_H
#define CRUMBGATE_PROXY_EXCHANGE_H

#include "proxy/http/framing.h"
#include "proxy/http/method.h"
#include "proxy/origin.h"

struct exchange;
struct fields;
struct worker;

struct answer_head {
	unsigned status;
	struct slice reason;
	struct fields *fields; /* edited; the downstream may add */
	struct framing framing;
	struct slice upgrade; /* of a 101: the protocol */
};

struct downstream_ops {
	/* The origin says 100: the browser may send the body.  No field of it goes on. */
	void (*go_on)(void *down);
	/* False: the head could not be written; the exchange is then to be cut. */
	bool (*head)(void *down, const struct answer_head *head);
	void (*body)(void *down, const struct slice *spans, size_t n, uint64_t total);
	void (*end)(void *down, const struct fields *trailers);
	/* The answer broke off in its middle: the browser must see that. */
	void (*cut)(void *down);
	/* No answer of the origin can be had, and nothing was written yet. */
	void (*refuse)(void *down, const struct origin_failure *why);
	/* After head() of a 101: bytes go both ways from here on; the downstream takes the stream. */
	void (*tunnel)(void *down, struct stream *origin);
	bool (*is_full)(void *down);
	void (*want_body)(void *down);
};

/* Borrowed during exchange_request(). */
struct exchange_request {
	struct visitor *visitor;
	struct slice method;
	enum http_method method_id;
	struct slice target; /* path and query, may be empty, or "*" */
	struct fields *fields;
	struct framing framing;
	struct slice upgrade; /* h1_upgrade_wanted() */
	bool secure;
	const char *host;     /* normalised */
	const char *identity; /* whom TLS must prove */
	uint16_t port;
	/* What earlier requests on the client's connection showed: see party.h.  SITE_MAX bytes,
	 * written by the exchange when it knows better; "" is unknown. */
	char *connection_site;
	/* A connection dialled ahead for this, now the exchange's; NULL: none. */
	struct origin *origin;
};

/* NULL: no memory. */
struct exchange *exchange_new(struct worker *w, const struct downstream_ops *ops, void *down);
void exchange_request(struct exchange *x, const struct exchange_request *r);
bool exchange_takes_body(const struct exchange *x);
void exchange_body(struct exchange *x, const struct slice *spans, size_t n, uint64_t total);
void exchange_body_end(struct exchange *x, const struct fields *trailers);
/* The downstream has room again. */
void exchange_room(struct exchange *x);
void exchange_free(struct exchange *x);

#endif
