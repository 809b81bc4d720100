/*
 * client.h - one connection from a browser, read as HTTP/1.
 *
 * A connection begins as a proxy's: absolute-form requests are exchanged one after the other, and
 * CONNECT leads (connect.c) to a tunnel, or to TLS that ends here, inside which the requests go on.
 * Pipelined requests wait in the stream until the answer before them is out.
 */
#ifndef CRUMBGATE_PROXY_CLIENT_H
#define CRUMBGATE_PROXY_CLIENT_H

#include "proxy/net/address.h"

struct client;
struct stream;
struct worker;

/* Takes the descriptor. */
void client_accept(struct worker *w, int fd, const struct address *peer);
/*
 * The same for a stream that is connected already (inner.h); nobody is told of it before the next
 * turn.
 */
void client_take(struct worker *w, struct stream *s, const struct address *peer);
/* Ends it after what it has in work; at once when it has nothing. */
void client_drain(struct client *c);
/* The next one in the worker's list; NULL at the end. */
struct client *client_after(struct client *c);

#endif
