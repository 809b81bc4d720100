/*
 * h1_head.h - reads the head of an HTTP/1 message, strictly (RFC 9112).
 *
 *	struct h1_request r;
 *	h1_request_init(&r, &h1_request_limits);
 *	switch (h1_parse_request(in, &r)) {	// in: from the start of the head on
 *	case H1_MORE: wait, then call again with the same bytes and more behind them; break;
 *	case H1_BAD:  answer r.error.status, r.error.reason, close; break;
 *	case H1_OK:   h1_request_keep(&r);	// if `in` goes away before the message is done
 *		      consume r.head_len bytes; framing_of_request(&r, &framing); ...
 *	}
 *	h1_request_clear(&r);			// for the next one; h1_request_release() at the end
 *
 * The bytes may have moved between two calls, but must be the same.  A line is judged when it is
 * complete, once; how the bytes were cut never changes the result.  Nothing is repaired: bare CR,
 * bare LF, NUL, controls, obs-fold, blanks before the colon or around the target, odd versions, two
 * Hosts are BAD.  The one leniency of RFC 9112 section 2.2 is kept: one CRLF before a request is
 * skipped.
 *
 * The slices borrow from `in` until h1_request_keep() copies the head into the list's own memory.
 * Reasons are short static text without any byte of the message.
 */
#ifndef CRUMBGATE_HTTP_H1_HEAD_H
#define CRUMBGATE_HTTP_H1_HEAD_H

#include "proxy/http/field.h"
#include "proxy/http/method.h"
#include "proxy/http/uri.h"

enum h1_result { H1_OK, H1_MORE, H1_BAD };

struct h1_error {
	unsigned status;    /* for requests 400, 414, 417, 431, 501 or 505; for responses 502 */
	const char *reason; /* static */
};

struct h1_limits {
	size_t max_head;   /* octets, the empty line included */
	size_t max_line;   /* octets of one line */
	size_t max_fields; /* lines */
	size_t max_keep;   /* octets of own memory: the kept head and edited values */
};

/* What browsers and origins need, with room. */
extern const struct h1_limits h1_request_limits;
extern const struct h1_limits h1_response_limits;

/* How far the reading came; private to the parser. */
struct h1_reader {
	const char *base; /* where the bytes were at the last call */
	size_t line;	  /* start of the first line not yet judged */
	size_t scanned;	  /* no LF between line and here */
	bool started;	  /* the start line is read */
};

enum h1_form { H1_ORIGIN_FORM, H1_ABSOLUTE_FORM, H1_AUTHORITY_FORM, H1_ASTERISK_FORM };

struct h1_request {
	struct h1_reader at;
	struct h1_limits limits;
	struct h1_error error;
	size_t head_len;

	enum http_method method_id;
	enum h1_form form;
	uint8_t minor;	      /* HTTP/1.minor: 0 or 1 */
	bool https;	      /* absolute-form: the scheme is https, else http */
	bool expect_continue; /* Expect: 100-continue in an HTTP/1.1 request */
	struct slice method;
	struct slice target; /* as it came */
	/*
	 * Path and query as an origin wants them: of an absolute-form what follows the authority
	 * ("" and "?q" are possible, h1_write_request() puts the "/"), "*", or for CONNECT empty.
	 */
	struct slice path;
	/*
	 * Whom the request is for: the target's authority (absolute-form and CONNECT; it wins over
	 * Host), else the Host field's; HOST_NONE for HTTP/1.0 without one.  After parsing, an
	 * absolute-form request has exactly one Host field, whose value is the target's authority.
	 */
	struct authority authority;
	struct fields fields;
};

struct h1_response {
	struct h1_reader at;
	struct h1_limits limits;
	struct h1_error error;
	size_t head_len;

	uint8_t minor;
	uint16_t status; /* 100 to 599 */
	struct slice reason;
	struct fields fields;
};

void h1_request_init(struct h1_request *r, const struct h1_limits *limits);
void h1_request_clear(struct h1_request *r);
void h1_request_release(struct h1_request *r);
enum h1_result h1_parse_request(struct slice in, struct h1_request *r);
/* After H1_OK, while `in` is still there.  False: no memory, treat as a failed exchange. */
bool h1_request_keep(struct h1_request *r);

void h1_response_init(struct h1_response *r, const struct h1_limits *limits);
void h1_response_clear(struct h1_response *r);
void h1_response_release(struct h1_response *r);
enum h1_result h1_parse_response(struct slice in, struct h1_response *r);
bool h1_response_keep(struct h1_response *r);

/*
 * May the connection carry another message after this one (RFC 9112 section 9.3)?  What the
 * sender's version and Connection fields say; framing may still forbid it.
 */
bool h1_persistent(unsigned minor, const struct fields *f);

#endif
