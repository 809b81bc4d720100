/*
 * exchange.h - one request and its answer: the only state machine of the proxy's meaning.
 *
 * An exchange stands between a downstream (downstream.h: the browser's request) and an upstream
 * (upstream.h: what is asked of the origin).  It knows no socket and no version of HTTP.  The
 * request's head is borrowed during exchange_request() only: it is decided on, edited and written
 * anew at once, and waits, written, for its connection (reach.h).
 *
 *	x = exchange_new(d);
 *	exchange_request(x, &head);		// a refusal comes from the next turn on
 *	while (exchange_takes_body(x)) exchange_body(x, spans, n, total);
 *	exchange_body_end(x, trailers);
 *	  ... d->ops->head(), ->body() ..., ->end() ...
 *	exchange_free(x);			// also at any time before: it drops the exchange
 */
#ifndef CRUMBGATE_PROXY_EXCHANGE_H
#define CRUMBGATE_PROXY_EXCHANGE_H

#include "proxy/downstream.h"

/* NULL: no memory. */
struct exchange *exchange_new(struct downstream *d);
void exchange_request(struct exchange *x, struct request_head *r);
bool exchange_takes_body(const struct exchange *x);
void exchange_body(struct exchange *x, const struct slice *spans, size_t n, uint64_t total);
void exchange_body_end(struct exchange *x, const struct fields *trailers);
/* RFC 9218's priority field value, for an origin that takes changes of it. */
void exchange_priority(struct exchange *x, struct slice value);
/* The downstream has room again. */
void exchange_room(struct exchange *x);
/* NULL is allowed. */
void exchange_free(struct exchange *x);

#endif
