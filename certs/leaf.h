/*
 * leaf.h - the worker's TLS side towards browsers: one SSL_CTX, and a leaf certificate for each
 * host.
 *
 *	ssl = leaves_accept(leaves, connect_host);
 *	SSL_do_handshake(ssl) ...
 *	  SSL_ERROR_WANT_X509_LOOKUP    no leaf for the host yet: leaves_ask() gives the body of a
 *	                                MSG_MINT (ask once for a host, however many wait); on
 *	                                MSG_MINTED leaves_learn(), then call SSL_do_handshake()
 *	                                again for all that wait, or end them if it says no
 *
 * The caller may ask as early as CONNECT (leaves_ready() false), so that the answer is mostly there
 * when the ClientHello arrives.  A resumed handshake needs no leaf.
 *
 * Towards browsers: TLS 1.2 and 1.3, ECDHE and AEAD only, X25519:P-256:P-384, our order of suites
 * (ChaCha20 first for clients that put it first), no compression, no renegotiation, no 0-RTT,
 * stateless tickets bound to the host by the session id context.
 *
 * One SSL_CTX serves all hosts and the certificate is set for each connection in the certificate
 * callback: measured with OpenSSL 3.0, an SSL_CTX for each host costs 0.27 ms and 12 KiB at its
 * first use and isolates nothing more, while setting a certificate costs less than 0.01 ms a
 * connection.
 */
#ifndef CRUMBGATE_CERTS_LEAF_H
#define CRUMBGATE_CERTS_LEAF_H

#include "base/buf.h"
#include "base/clock.h"
#include "certs/keeper.h"
#include "certs/tickets.h"

#include <openssl/ssl.h>

#define LEAVES_MAX 1024

struct leaves;

struct leaves_options {
	const struct clock *clock;
	/* Borrowed; may change while in use. */
	const struct ticket_keys *tickets;
	/* Hosts kept, least recently used first out; 0 = LEAVES_MAX. */
	size_t max;
};

struct leaves *leaves_new(const struct leaves_options *options, struct buf *error);
void leaves_free(struct leaves *l);

/*
 * An SSL in accept state for one connection whose client asked for `host`; NULL: not a host, or no
 * memory.  SSL_free() ends it; it must not outlive `l`.
 */
SSL *leaves_accept(struct leaves *l, struct slice host);

/*
 * Before the handshake: the protocols we take, as ALPN writes them ("\x08http/1.1"), best first;
 * default "\x08http/1.1".  At most 64 bytes, copied.  A client that offers none of them gets no
 * answer about it and decides by itself (RFC 7301 section 3.2 would end the handshake, and with it
 * old clients).
 */
bool leaves_set_alpn(SSL *ssl, struct slice protocols);

/* Whether a leaf is there that holds for at least one more day. */
bool leaves_ready(const struct leaves *l, struct slice host);
/* MSG_MINT's body for the host; false: not a host. */
bool leaves_ask(const struct leaves *l, struct slice host, struct buf *body);
/* Takes the keeper's answer.  False with a line in *error: refused, or not for our key. */
bool leaves_learn(struct leaves *l, const struct minted *minted, struct buf *error);
size_t leaves_count(const struct leaves *l);

#endif
