/*
 * inner.h - a proxy connection that comes from inside this process.
 *
 * What arrives wrapped, in TLS to the proxy or in a stream of HTTP/2, is unwrapped into one end of
 * a pair of connected sockets; the other end is a client like any other.  It costs two descriptors
 * and a copy, and everything that a plain connection to the proxy can do works inside without a
 * line of its own.
 */
#ifndef CRUMBGATE_PROXY_INNER_H
#define CRUMBGATE_PROXY_INNER_H

#include "proxy/net/stream.h"

struct worker;

/*
 * The near end of a new client's connection; the client is the visitor's behind `peer`, and says
 * of itself that it was connected to `local`.  A client that the limits forbid shows by STREAM_EOF.
 * NULL: errno.
 */
struct stream *inner_open(struct worker *w, const struct address *peer, const struct address *local,
			  stream_cb *cb, void *arg);

#endif
