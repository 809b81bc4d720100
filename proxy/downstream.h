/*
 * downstream.h - one request as the proxy deals with it, whichever protocol brought it.
 *
 * The base of what client_h1.c (one request at a time for each connection) and h2_client.c
 * (one for each stream) keep of a request.  downstream_request() decides everything about it that
 * comes before any origin (dispatch.c); then either an exchange answers it, or the desk, or
 * refusal.c with a page of the proxy's own.  They all call back by `ops`.
 *
 * Exactly one of ops->end(), ->cut(), ->own() and ->tunnel() ends a request; the downstream then
 * calls downstream_drop().  It calls it also when the browser goes away before.  Back-pressure of
 * the request's body: downstream_takes_body() false → keep it and wait for ops->want_body(); of the
 * answer's: ops->is_full() true → the origin is paused until downstream_room().
 */
#ifndef CRUMBGATE_PROXY_DOWNSTREAM_H
#define CRUMBGATE_PROXY_DOWNSTREAM_H

#include "proxy/http/framing.h"
#include "proxy/http/method.h"
#include "proxy/http/uri.h"
#include "proxy/origin.h"

struct desk_work;
struct downstream;
struct exchange;
struct fields;
struct h2_settings;

struct answer_head {
	unsigned status;
	struct slice reason;
	struct fields *fields; /* edited; the downstream may add */
	struct framing framing;
	struct slice upgrade; /* of a 101: the protocol */
};

struct downstream_ops {
	/*
	 * 1xx but 101.  100: the browser may send the body; no field of it goes on.  103: fields
	 * may.
	 */
	void (*interim)(struct downstream *d, unsigned status, const struct fields *f);
	/* False: the head could not be written; the exchange is then to be cut. */
	bool (*head)(struct downstream *d, const struct answer_head *head);
	void (*body)(struct downstream *d, const struct slice *spans, size_t n, uint64_t total);
	void (*end)(struct downstream *d, const struct fields *trailers);
	/* The answer broke off in its middle: the browser must see that. */
	void (*cut)(struct downstream *d);
	/*
	 * After head() of a 101: bytes go both ways from here on; the downstream takes the stream.
	 */
	void (*tunnel)(struct downstream *d, struct stream *origin);
	bool (*is_full)(struct downstream *d);
	void (*want_body)(struct downstream *d);
	/*
	 * A whole answer of the proxy's own, before any head(): lines "Name: value\r\n" and a body.
	 */
	void (*own)(struct downstream *d, unsigned status, struct slice fields, struct slice body);
	/* What is left of the request will not be read: own() follows. */
	void (*forget)(struct downstream *d);
	/*
	 * The origin takes WebSockets over HTTP/2, so the browser may be told; NULL: it speaks
	 * HTTP/1.
	 */
	void (*websockets)(struct downstream *d);
	/* A good CONNECT that is allowed here; NULL: it is refused (inside a tunnel). */
	void (*connect)(struct downstream *d, const struct authority *to);
};

struct downstream {
	const struct downstream_ops *ops;
	struct worker *w;
	struct visitor *visitor;
	/* The connection's, for its local address; not for reading or writing. */
	const struct stream *stream;
	/*
	 * What CONNECT and SNI fixed; NULL: requests to a proxy, which name their origin
	 * themselves.
	 */
	const struct origin_target *target;
	/*
	 * A connection dialled ahead for the target, and taken by the first exchange; NULL or
	 * *ahead NULL: none.
	 */
	struct origin **ahead;
	bool to_desk; /* the target is crumbgate.internal */
	bool secure;  /* it came through TLS that this proxy ends as if it were the origin */
	/* SITE_MAX bytes, see party.h; NULL: requests of several sites come this way. */
	char *connection_site;
	const struct h2_settings *like; /* the browser's own; NULL: it speaks HTTP/1 */
	bool head_only;			/* the method is HEAD: no answer has a body */

	struct exchange *exchange;
	struct desk_work *desk;
};

/* A request's head, borrowed during downstream_request(). */
struct request_head {
	struct slice method;
	enum http_method method_id;
	struct slice path;		   /* path and query; "", "?q", "*" are possible */
	const struct authority *authority; /* kind HOST_NONE: HTTP/1.0 without one */
	bool absolute; /* the target named scheme and authority (always in HTTP/2) */
	bool https;    /* if absolute: the scheme */
	struct fields *fields;
	struct framing framing;
	struct slice upgrade; /* h1_upgrade_wanted(), or :protocol; empty: none */
};

void downstream_request(struct downstream *d, struct request_head *r);
bool downstream_takes_body(const struct downstream *d);
void downstream_body(struct downstream *d, const struct slice *spans, size_t n, uint64_t total);
void downstream_body_end(struct downstream *d, const struct fields *trailers);
/* The browser changed its mind about how urgent the answer is (RFC 9218 section 7). */
void downstream_priority(struct downstream *d, struct slice value);
/* The browser's side has room again. */
void downstream_room(struct downstream *d);
/* Whoever answers it need not go on.  Idempotent. */
void downstream_drop(struct downstream *d);

/* Answers that no origin gave (refusal.c).  They call ops->own(). */
void refuse(struct downstream *d, unsigned status, const char *reason);
/* A page that filter lists name, of this host and site.  For minors no choice opens it. */
void refuse_listed(struct downstream *d, const char *host, const char *site, bool minors);
/* NULL: the connection broke. */
void refuse_origin(struct downstream *d, const struct origin_failure *why);

#endif
