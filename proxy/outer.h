/*
 * outer.h - TLS that browsers speak to the proxy itself (`HTTPS host:port` in a PAC file).
 *
 * A connection to a listen-tls address is a TLS connection with an ordinary proxy connection
 * inside.  The certificate is for the name in the ClientHello, if it is one of the proxy's own, or
 * without a name for the address that was connected to; another name gets the alert
 * unrecognized_name (RFC 6066 section 3) and no certificate is ever made for it.
 *
 * What is inside follows from ALPN, in the browser's order:
 *   http/1.1, or no ALPN: all bytes go both ways between the browser and an inner client (inner.h).
 *   h2: the connection becomes a client's that speaks HTTP/2, whose CONNECT streams are tunnels of
 *       h2_tunnel.h.
 *
 * Until then it counts as one of its visitor's connections; from then on the clients count.
 */
#ifndef CRUMBGATE_PROXY_OUTER_H
#define CRUMBGATE_PROXY_OUTER_H

#include "proxy/net/address.h"

struct outers;
struct worker;

/* NULL: no memory. */
struct outers *outers_new(struct worker *w);
/* Ends those that are left; NULL is allowed. */
void outers_free(struct outers *o);
/* Takes the descriptor. */
void outers_accept(struct outers *o, int fd, const struct address *peer);
/* Ends those that have not come to a client yet; the others end with theirs. */
void outers_drain(struct outers *o);
bool outers_empty(const struct outers *o);

/* A name that the browser may know the proxy by: lower case, no port. */
bool outers_own_name(const struct outers *o, struct slice name);

#endif
