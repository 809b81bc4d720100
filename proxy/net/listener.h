/*
 * listener.h - connections that come in.
 *
 * The supervisor binds before it forks, a socket for each worker, and keeps them open: what waits
 * at one whose worker died is there for its successor.  Accepting is bounded per turn, so a flood
 * does not starve those who are in.  When descriptors run out, accepting pauses and is tried again
 * every LISTENER_RETRY_MS; the operator is told once per shortage, with what to do, and so is its
 * end.  New clients wait in the backlog meanwhile; after LISTENER_PATIENCE_MS they are taken with a
 * descriptor kept in reserve and closed, so that they learn it.
 */
#ifndef CRUMBGATE_PROXY_NET_LISTENER_H
#define CRUMBGATE_PROXY_NET_LISTENER_H

#include "proxy/net/address.h"
#include "proxy/net/loop.h"

#define LISTENER_RETRY_MS 250
#define LISTENER_PATIENCE_MS 2000

/*
 * A listening socket, close-on-exec and non-blocking, with SO_REUSEADDR and for IPv6 V6ONLY; -1
 * with one line in `error` that says what to do (port taken, not permitted, no such address).
 * `addrport` is what address_parse_listen() reads.
 */
int listener_bind(const char *addrport, char *error, size_t size);
/*
 * The same as n sockets of one address (SO_REUSEPORT), one for each worker: the kernel spreads the
 * connections evenly, which workers that wait on one socket do not.  Each fds[i] is a socket;
 * false: none.
 */
bool listener_bind_shared(const char *addrport, int *fds, unsigned n, char *error, size_t size);

struct listener;

/* `fd` is the connected descriptor, non-blocking and close-on-exec, now the callee's. */
typedef void listener_cb(int fd, const struct address *peer, void *arg);

/* The descriptor is borrowed: free does not close it. NULL: errno. */
struct listener *listener_new(struct loop *loop, int fd, listener_cb *cb, void *arg);
/* May be called inside the callback.  NULL is allowed. */
void listener_free(struct listener *l);

#endif
