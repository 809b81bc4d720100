/*
 * tunnel.h - bytes that go through unread: never-intercept hosts, protocols that are not ours, and
 * what follows a 101.
 */
#ifndef CRUMBGATE_PROXY_TUNNEL_H
#define CRUMBGATE_PROXY_TUNNEL_H

#include "filters/choices.h"

struct stream;
struct tunnel;
struct visitor;
struct worker;

/*
 * Takes both streams (also on failure, when it closes them).  With a `why` the record gets a `pass`
 * entry for the host: these bytes were not seen.
 */
void tunnel_start(struct worker *w, struct visitor *v, struct slice host, const char *why,
		  struct stream *client, struct stream *origin);
/* Ends those that a pass let through (passes.h), of this visitor to this host. */
void tunnels_end(struct worker *w, const uint8_t visitor[CLIENT_ID_LEN], const char *host);
/* Ends all (drain's time is over). */
void tunnels_stop(struct worker *w);

#endif
