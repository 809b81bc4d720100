/*
 * origin.h - one connection to an origin server, from dialling to its end.
 *
 *	o = origin_dial(w, &target, on_origin, owner);
 *	ORIGIN_CONNECTED	TCP stands; origin_secure(o) starts TLS, or use it plain
 *	ORIGIN_READY		TLS stands and the origin is who it says
 *	ORIGIN_BYTES		there is something to read (origin_stream())
 *	ORIGIN_ROOM		writing may go on
 *	ORIGIN_ENDED		the origin ended in order; what was read before was all
 *	ORIGIN_FAILED		it could not be had, or broke: origin_failure() says why
 *
 * An owner is the client (between CONNECT and the first request), an exchange, or the pool;
 * origin_own() hands it over.  Events come from the loop only, never after origin_close().  A
 * connection belongs to a visitor from its birth and to a top-level site from its first request
 * on, and is never used for another (pool.h).
 */
#ifndef CRUMBGATE_PROXY_ORIGIN_H
#define CRUMBGATE_PROXY_ORIGIN_H

#include "certs/trust.h"
#include "filters/site.h"
#include "proxy/alpn.h"
#include "proxy/net/dial.h"

struct origin;
struct visitor;
struct worker;

/*
 * Where to, and how: the identity is whom TLS must prove to be, mostly the host.  The offer and the
 * shape are those of the browser's own TLS, and all zero where it has none (HTTP/1 alone, our own
 * shape).
 */
struct origin_target {
	struct visitor *visitor;
	bool secure;
	char host[SITE_MAX]; /* normalised, no brackets */
	char identity[SITE_MAX];
	uint16_t port;
	enum alpn_offer alpn;
	struct tls_shape shape;
};

enum origin_event {
	ORIGIN_CONNECTED,
	ORIGIN_READY,
	ORIGIN_BYTES,
	ORIGIN_ROOM,
	ORIGIN_ENDED,
	ORIGIN_FAILED
};

enum origin_fault {
	FAULT_NONE,
	FAULT_DIAL,	   /* `dial` says what */
	FAULT_CERTIFICATE, /* `trust`, and `cert` when one was seen */
	FAULT_TLS,	   /* the handshake failed otherwise */
	FAULT_BROKEN,	   /* the connection broke later */
	FAULT_TIMEOUT,
};

struct origin_failure {
	enum origin_fault fault;
	enum dial_error dial;
	char text[256];
	struct trust_error trust;
	bool has_cert;
	struct trust_cert cert;
};

typedef void origin_cb(struct origin *o, enum origin_event event, void *arg);

/* NULL: no memory, or too many for the visitor. */
struct origin *origin_dial(struct worker *w, const struct origin_target *target, origin_cb *cb,
			   void *arg);
void origin_own(struct origin *o, origin_cb *cb, void *arg);
/* Before origin_secure(): what the target it was dialled for did not say yet. */
void origin_set_tls(struct origin *o, enum alpn_offer alpn, const struct tls_shape *shape);
/* After ORIGIN_CONNECTED.  A session of the site is resumed when the site is known by now. */
bool origin_secure(struct origin *o, struct slice identity);
/*
 * After ORIGIN_CONNECTED, before anything was sent: it was dialled for https and is used for http.
 */
void origin_make_plain(struct origin *o);
/* From now on the connection is the site's. */
void origin_set_site(struct origin *o, const char *site);

const struct origin_target *origin_target(const struct origin *o);
const char *origin_site(const struct origin *o); /* "" as long as it has none */
struct stream *origin_stream(struct origin *o);	 /* NULL before ORIGIN_CONNECTED */
bool origin_is_connected(const struct origin *o);
bool origin_is_ready(const struct origin *o);
/* What TLS agreed on is HTTP/2. */
bool origin_speaks_h2(const struct origin *o);
/* NULL while it is well.  Valid until origin_close(). */
const struct origin_failure *origin_failure(const struct origin *o);

/* Gives the stream to somebody else (a tunnel): the origin is then only to be closed. */
struct stream *origin_take_stream(struct origin *o);
void origin_close(struct origin *o, enum stream_how how);

/* What trust_on_session() is given: a session belongs to the connection's visitor and site. */
bool origin_keep_session(SSL *ssl, SSL_SESSION *session, void *arg);

/* A word for the record's `refuse` entry: "expired", "dns-not-found", "private" ... */
const char *origin_failure_word(const struct origin_failure *f);

#endif
