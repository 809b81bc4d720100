/*
 * trust.h - whether an origin is who it says: the worker's TLS side towards origins.
 *
 * The decision is at least as strict as a browser's, since the browser can no longer see the
 * origin's certificate.  All paths from the leaf to an anchor are tried (RFC 4158), each is
 * verified by OpenSSL with X509_STRICT at security level 2, and then by rules of RFC 5280, RFC 9525
 * and the CA/Browser Forum baseline requirements that OpenSSL leaves out (trust_rules.h).
 *
 *	ssl = SSL_new(trust_client_ctx(t));
 *	trust_attach(t, ssl, host);                  // the host in the URL: name or IP literal
 *	SSL_connect(ssl) ...
 *	  SSL_ERROR_WANT_RETRY_VERIFY   something must be fetched first: trust_wants() says what;
 *	                                fetch it (http, no private address, within max_bytes),
 *	                                trust_give() it or an empty slice when it cannot be had,
 *	                                and call SSL_connect() again
 *	  SSL_ERROR_SSL                 trust_error_get(): was it the certificate, and why
 *
 * Nothing here reads a file after trust_new(), opens a socket or waits.
 */
#ifndef CRUMBGATE_CERTS_TRUST_H
#define CRUMBGATE_CERTS_TRUST_H

#include "base/buf.h"
#include "base/clock.h"
#include "certs/shape.h"

struct trust_options {
	/* The system's roots (as Debian's ca-certificates has them). */
	bool use_system;
	/* PEM files with further roots. */
	const char *const *extra_roots;
	size_t extra_root_count;
	/*
	 * Our own interception CAs, DER: what they signed is refused when met as an origin, in any
	 * store.
	 */
	const struct slice *own_cas;
	size_t own_ca_count;
	/* Whether a wildcard may not stand before this name.  NULL: only names of one label. */
	bool (*is_public_suffix)(struct slice name, void *arg);
	void *arg;
	/*
	 * Ask OCSP responders and CRLs where nothing is stapled.  No answer counts as good, as in
	 * browsers.
	 */
	bool fetch_revocation;
	const struct clock *clock; /* NULL: the system's */
};

struct trust;

/* NULL with lines in *error (a file that cannot be read, no root at all). */
struct trust *trust_new(const struct trust_options *options, struct buf *error);
/* The caller's share; connections that were attached keep theirs until SSL_free(). */
void trust_free(struct trust *t);
size_t trust_root_count(const struct trust *t);

/*
 * Borrowed.  TLS 1.2 and 1.3, the suites browsers offer without CBC and static RSA,
 * X25519:P-256:P-384, no SHA-1, OCSP stapling asked for, no renegotiation, no compression.
 * Sessions are never kept inside.
 */
SSL_CTX *trust_client_ctx(struct trust *t);

/*
 * The same in a browser's shape; the last TRUST_SHAPES_MAX are kept, so that a handshake costs what
 * it costs with our own.  Borrowed until the next call; an SSL keeps its context.  A session may be
 * resumed under another shape than it was made with.  NULL: no memory.
 */
#define TRUST_SHAPES_MAX 16
SSL_CTX *trust_shaped_ctx(struct trust *t, const struct tls_shape *shape);

/*
 * Binds a new SSL to its host: SNI (names only), the rules, room for the reason.  False: not a
 * host, or no memory.
 */
bool trust_attach(struct trust *t, SSL *ssl, struct slice host);

/*
 * Called with each new session of any connection (TLS 1.3 gives them after the handshake), and with
 * one that was resumed and may be again (TLS 1.2; a TLS 1.3 ticket is used once, so take it out).
 * The handler returns true to keep the reference.  Keep them by (client, top-level site, origin),
 * never wider.
 */
typedef bool trust_session_handler(SSL *ssl, SSL_SESSION *session, void *arg);
void trust_on_session(struct trust *t, trust_session_handler *handler, void *arg);
/*
 * Whether a kept session may still be resumed: its certificate's time is not over.  Check before
 * SSL_set_session().
 */
bool trust_session_usable(const struct trust *t, const SSL_SESSION *session);

enum trust_want_kind {
	TRUST_WANT_ISSUER, /* GET; a DER certificate, PKCS #7 or PEM (RFC 5280 section 4.2.2.1) */
	TRUST_WANT_OCSP,   /* POST of `request`, application/ocsp-request (RFC 6960 appendix A.1) */
	TRUST_WANT_CRL,	   /* GET */
};

struct trust_want {
	enum trust_want_kind kind;
	const char *url; /* http://… only; belongs to the SSL */
	struct slice request;
	size_t max_bytes;
};

/* False: nothing is wanted.  At most TRUST_FETCH_MAX in one handshake. */
#define TRUST_FETCH_MAX 4
bool trust_wants(const SSL *ssl, struct trust_want *out);
void trust_give(SSL *ssl, struct slice answer);

/*
 * Why the origin was refused.  code: expired not-yet-valid self-signed unknown-issuer wrong-host
 * no-names revoked must-staple weak-key weak-signature bad-signature bad-purpose bad-name
 * bad-constraints bad-issuer critical-extension bad-form too-long-lived own-ca too-complex refused.
 */
struct trust_error {
	int x509_error; /* X509_V_ERR_…; X509_V_OK: no refusal */
	char code[48];
	char text[256]; /* a sentence for the page; contains only printable ASCII */
};

/* NULL unless the certificate was refused. */
const struct trust_error *trust_error_get(const SSL *ssl);

/* The leaf as the origin sent it, for the error page and for evidence. */
struct trust_cert {
	char subject[256];
	char issuer[256];
	char names[1024]; /* SAN, ", " between; ends in "…" when cut (three ASCII dots) */
	unsigned name_count;
	char serial[64];
	char sha256[65];
	char key[32];
	int64_t not_before_ms, not_after_ms;
};

/* False: none was seen. */
bool trust_describe(const SSL *ssl, struct trust_cert *out);

#endif
