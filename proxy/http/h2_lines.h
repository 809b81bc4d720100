/*
 * h2_lines.h - a head as nghttp2 takes it: pseudo-fields, then the fields without those that are
 * about one connection (RFC 9113 section 8.2.2).  Borrows everything until the submit, which copies
 * and writes names in lower case.
 */
#ifndef CRUMBGATE_HTTP_H2_LINES_H
#define CRUMBGATE_HTTP_H2_LINES_H

#include "base/buf.h"
#include "proxy/http/h2_session.h"

#include <nghttp2/nghttp2.h>

/* No head that is sent is larger. */
#define H2_LINES_MAX (768u * 1024)

struct h2_lines {
	nghttp2_nv *v;
	size_t n, cap, octets;
	bool failed;
	struct buf text; /* what no field has: status, authority, path */
};

void h2_lines_release(struct h2_lines *l);
/* False: unsound, too large, or no memory.  h2_lines_release() in any case. */
bool h2_lines_request(struct h2_lines *l, const struct h2_request *r);
bool h2_lines_response(struct h2_lines *l, unsigned status, const struct fields *f);
bool h2_lines_trailers(struct h2_lines *l, const struct fields *f);

#endif
