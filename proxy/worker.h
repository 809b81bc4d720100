/*
 * worker.h - one worker process: what its parts share.
 *
 * A worker serves clients in one loop.  struct worker names the services that the parts of an
 * exchange call on; each service keeps its own state behind its own header, and nobody but
 * worker.c sets these members.
 */
#ifndef CRUMBGATE_PROXY_WORKER_H
#define CRUMBGATE_PROXY_WORKER_H

#include "proxy/net/loop.h"
#include "proxy/setup.h"

#include <sys/queue.h>

struct aliases;
struct alpn_memory;
struct banner_side;
struct blocking;
struct child_start;
struct choices;
struct client;
struct desk_side;
struct dialer;
struct expiry_memory;
struct guesses;
struct heal;
struct h1_request;
struct h1_response;
struct issuers;
struct leaves;
struct minting;
struct passes;
struct outers;
struct pool;
struct tap;
struct tunnel;
struct visitors;

/* The kinds of time-out, from the configuration. */
struct worker_times {
	struct timer_class header;	 /* from the first byte of a head to its end */
	struct timer_class handshake;	 /* one TLS handshake */
	struct timer_class stall;	 /* an exchange in which nothing moves */
	struct timer_class idle;	 /* a client between two requests */
	struct timer_class origin_idle;	 /* a pooled connection */
	struct timer_class origin_spare; /* one more of them than is likely to be needed */
	struct timer_class tunnel_idle;
	struct timer_class second; /* the worker's own tick */
};

TAILQ_HEAD(client_list, client);
TAILQ_HEAD(tunnel_list, tunnel);

struct worker {
	const struct setup *setup;
	const struct config *config;
	struct loop *loop;
	struct post *post;
	struct worker_times times;

	struct tap *tap;
	struct choices *choices;
	struct banner_side *banners;
	struct blocking *blocking;
	struct expiry_memory *expiry;
	struct guesses *guesses;
	struct heal *heal;
	struct visitors *visitors;
	struct leaves *leaves;
	struct minting *minting;
	struct passes *passes;
	struct dialer *dialer;
	struct issuers *issuers;
	struct pool *pool;
	struct alpn_memory *alpn;
	struct aliases *aliases;
	struct outers *outers; /* TLS to the proxy itself */
	struct desk_side *desk;

	/* Heads are read into these and are done with before the callback ends. */
	struct h1_request *request;
	struct h1_response *response;

	struct client_list clients;
	struct tunnel_list tunnels;
	unsigned clients_n;
	size_t kept; /* octets: see struct visitor */
	int64_t told_private; /* monotonic ms of the last line about allow-private; 0: none */
	bool draining;
};

/*
 * Everything a worker needs to serve, in the process that calls; it accepts as soon as the recorder
 * has told what it must know, and loop_run(w->loop) does the rest.  The clock is borrowed.  NULL:
 * said why; the process is to end.
 */
struct worker *worker_open(const struct child_start *start, const struct clock *clock);
/* When it is drained: nobody is served any more. */
void worker_close(struct worker *w);

/*
 * A head that has not come whole goes on being read in an object of its own: gives the worker's
 * away and puts a fresh one in its place.  NULL: no memory, the worker's is cleared.
 */
struct h1_request *request_set_aside(struct worker *w);
struct h1_response *response_set_aside(struct worker *w);

#endif
