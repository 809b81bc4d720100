/*
 * shape.h - how our TLS towards an origin looks: as much like the browser's own as is safe.
 *
 * An origin that has a visitor's browser for one thing and sees another in its ClientHello takes
 * the visitor for a robot.  So the suites, groups and signature algorithms that we offer are the
 * browser's, in its order, as far as we would offer them at all: what this file does not list is
 * never offered, whatever a browser says.  OpenSSL 3.0 has no say over the order of extensions,
 * GREASE, encrypted hellos, compressed certificates or post-quantum groups; those stay as OpenSSL
 * makes them.
 *
 *	struct tls_shape shape = { 0 };                     // our own order
 *	tls_shape_follow(&shape, TLS_LIST_SUITES, ids, n);       // three times, from a ClientHello
 *	ssl = SSL_new(trust_shaped_ctx(t, &shape));
 *
 * A shape is a small value: copied, compared with memcmp(), all zero for our own.  A list of which
 * nothing is left stays our own, each for itself, so TLS 1.2 and 1.3 are both always possible.
 */
#ifndef CRUMBGATE_CERTS_SHAPE_H
#define CRUMBGATE_CERTS_SHAPE_H

#include "base/buf.h"

#include <openssl/ssl.h>

#define SHAPE_SUITES_13 3
#define SHAPE_SUITES_12 6
#define SHAPE_GROUPS 7
#define SHAPE_SIGALGS 10

/*
 * Each list holds rows of the tables in shape.c, counted from 1, and ends in 0 where it is not
 * full.
 */
struct tls_shape {
	uint8_t suites_13[SHAPE_SUITES_13];
	uint8_t suites_12[SHAPE_SUITES_12];
	uint8_t groups[SHAPE_GROUPS];
	uint8_t sigalgs[SHAPE_SIGALGS];
};

enum tls_list { TLS_LIST_SUITES, TLS_LIST_GROUPS, TLS_LIST_SIGALGS };

/*
 * Takes the order of these code points (IANA's numbers); unknown and repeated ones are passed over.
 */
void tls_shape_follow(struct tls_shape *shape, enum tls_list list, const uint16_t *ids, size_t n);
/* Sets the lists of a client's context.  False: OpenSSL took none of one. */
bool tls_shape_apply(const struct tls_shape *shape, SSL_CTX *ctx);

#endif
