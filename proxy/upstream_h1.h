/*
 * upstream_h1.h - a request asked over HTTP/1: it has the connection for itself.
 *
 * The connection goes back to the pool when the answer is over and both sides are where they should
 * be, else it is closed.  The answer's head is read strictly (http/h1_head.h); a head that comes in
 * pieces has an object of its own.
 */
#ifndef CRUMBGATE_PROXY_UPSTREAM_H1_H
#define CRUMBGATE_PROXY_UPSTREAM_H1_H

#include "proxy/http/h1_body.h"
#include "proxy/upstream.h"

struct upstream_h1 {
	struct upstream up; /* first */
	struct origin *origin;
	enum http_method method;
	struct framing asked, answered;
	struct slice upgrade;	     /* borrowed for as long as the upstream runs */
	struct h1_response *partial; /* a head that came in pieces */
	struct h1_body body;
	struct fields trailers;
	unsigned interims;
	bool body_ended, reading_body, has_trailers, persistent, paused;
};

/* Takes a ready connection and writes `head` to it.  The caller has set u->up.events, x and w. */
void upstream_h1_begin(struct upstream_h1 *u, struct origin *o, struct slice head,
		       enum http_method method, struct framing asked, struct slice upgrade);

#endif
