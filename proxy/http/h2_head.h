/*
 * h2_head.h - a header section as HPACK gives it, line by line, becomes a head (RFC 9113 section
 * 8).
 *
 *	h2_head_init(&h, &limits, H2_HEAD_REQUEST);
 *	for each line: h2_head_add(&h, name, value);
 *	if (h2_head_request(&h, end, &request)) ...
 *	h2_head_release(&h);
 *
 * nghttp2 checks much of this too; what it lets through (an :authority that is none, a Host that
 * differs, paths with blanks, any scheme) is refused here, and nothing here relies on it.
 */
#ifndef CRUMBGATE_HTTP_H2_HEAD_H
#define CRUMBGATE_HTTP_H2_HEAD_H

#include "base/buf.h"
#include "proxy/http/h2_session.h"

enum h2_head_kind { H2_HEAD_REQUEST, H2_HEAD_RESPONSE, H2_HEAD_TRAILERS };

enum h2_head_state {
	H2_HEAD_GOOD,
	H2_HEAD_LARGE, /* above a limit; what comes is counted and not kept */
	H2_HEAD_BAD,
};

struct h2_head {
	enum h2_head_kind kind;
	enum h2_head_state state;
	int32_t stream;
	size_t max_octets, octets; /* names and values, 32 more for each line (section 6.5.2) */
	bool began;		   /* a line that is no pseudo-field */
	struct slice method, scheme, authority, path, protocol, status;
	struct fields fields;
	struct buf cookie; /* the crumbs, joined */
};

void h2_head_init(struct h2_head *h, enum h2_head_kind kind, size_t max_fields, size_t max_octets);
void h2_head_release(struct h2_head *h);
/* Copies.  False: `state` is no longer GOOD. */
bool h2_head_add(struct h2_head *h, struct slice name, struct slice value);

/*
 * The section is whole; `end`: so is the message.  False: malformed.  Slices and fields are the
 * head's own, and may be edited.
 */
bool h2_head_request(struct h2_head *h, bool end, struct h2_request *r);
/* `method` is the request's. */
bool h2_head_response(struct h2_head *h, bool end, enum http_method method, struct h2_response *r);
/* Takes out what may not be there; false: what is about framing or routing. */
bool h2_head_trailers(struct h2_head *h);

/* Fields that HTTP/2 does not carry (section 8.2.2); TE is for who calls. */
bool h2_connection_specific(enum field_id id);

#endif
