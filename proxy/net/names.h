/*
 * names.h - one c-ares channel on the loop: its sockets and its time-outs.  For resolve.c.
 */
#ifndef CRUMBGATE_PROXY_NET_NAMES_H
#define CRUMBGATE_PROXY_NET_NAMES_H

#include <ares.h>

#include "proxy/net/loop.h"

enum names_source {
	NAMES_FILE,   /* the hosts file; answers before the call returns */
	NAMES_DNS,    /* name servers, the name as it is */
	NAMES_SEARCH, /* name servers, with the system's search list */
};

struct names;

/* servers: as resolver_new().  NULL: errno. */
struct names *names_new(struct loop *loop, enum names_source source, const char *servers);
/* Questions that are open are answered with ARES_EDESTRUCTION. */
void names_free(struct names *n);
/* cb(arg, status, timeouts, result) is called exactly once, maybe at once; it frees the result. */
void names_ask(struct names *n, const char *name, int family, ares_addrinfo_callback cb, void *arg);

#endif
