/*
 * proxy_h2_origin_played.h - what stands around an origin's HTTP/2 connection, played: struct
 * origin, which owns the stream, the pool and the visitors.
 */
#ifndef CRUMBGATE_TESTS_PROXY_H2_ORIGIN_PLAYED_H
#define CRUMBGATE_TESTS_PROXY_H2_ORIGIN_PLAYED_H

#include "proxy/net/stream.h"
#include "proxy/origin.h"

struct origin {
	struct stream *stream;
	origin_cb *cb;
	void *arg;
	struct origin_target target;
	struct origin_failure failure;
	bool failed;
	unsigned closed;
};

/* A callback of the stream, whose argument is the origin. */
void on_origin_stream(struct stream *s, enum stream_event event, void *arg);
/* Its owner hears of it, unless he has closed it. */
void tell_origin(struct origin *o, enum origin_event event);

/* How often the pool was told to share the connection no longer. */
extern unsigned unshared;

#endif
