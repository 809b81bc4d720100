/*
 * body.h - writes pieces of a message body to a stream, chunked or plain, without a copy of its
 * own.
 */
#ifndef CRUMBGATE_PROXY_BODY_H
#define CRUMBGATE_PROXY_BODY_H

#include "proxy/http/field.h"
#include "proxy/net/stream.h"

void body_write(struct stream *s, bool chunked, const struct slice *spans, size_t n,
		uint64_t total);
/* The last chunk and the trailers (may be NULL). */
void body_write_end(struct stream *s, const struct fields *trailers);

#endif
