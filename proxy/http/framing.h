/*
 * framing.h - where a body ends: decided here and nowhere else (RFC 9112 section 6.3).
 *
 * One function for each direction, over parsed fields.  Content-Length with Transfer-Encoding,
 * several lengths, a coding other than one `chunked`, any coding in HTTP/1.0: BAD.  Equal repeated
 * lengths are refused in a request; in a response, where real origins send them, they count as one
 * (section 6.3, 5.).
 */
#ifndef CRUMBGATE_HTTP_FRAMING_H
#define CRUMBGATE_HTTP_FRAMING_H

#include "proxy/http/h1_head.h"

enum framing_kind {
	FRAMING_NONE,	     /* no body */
	FRAMING_LENGTH,	     /* exactly `length` octets, may be 0 */
	FRAMING_CHUNKED,     /* until the last chunk and its trailers */
	FRAMING_UNTIL_CLOSE, /* until the peer closes; responses only */
	FRAMING_TUNNEL,	     /* no longer HTTP: 101, or 2xx to CONNECT; responses only */
};

struct framing {
	enum framing_kind kind;
	/*
	 * A Content-Length was given (also where no body follows it: HEAD, 304); `length` is it.
	 * The writer passes it on in those two cases.
	 */
	bool has_length;
	/*
	 * The peer announced a body where none can be (1xx, 204): what follows cannot be told from
	 * the next message, so the connection must be closed after this one.
	 */
	bool dirty;
	uint64_t length;
};

/* H1_OK or H1_BAD with r's reason and status in *error.  CONNECT: NONE, and a body is refused. */
enum h1_result framing_of_request(const struct h1_request *r, struct framing *out,
				  struct h1_error *error);

/*
 * `method` is the request's; `upgrade` the protocol that was asked for in Upgrade and passed on
 * (empty: none), so that a 101 nobody asked for is BAD.
 */
enum h1_result framing_of_response(const struct h1_response *r, enum http_method method,
				   struct slice upgrade, struct framing *out,
				   struct h1_error *error);

/* What a request without Transfer-Encoding may carry in HTTP/2: the same rule for its length. */
bool framing_length(const struct fields *f, bool repeats, bool *has, uint64_t *length);

#endif
