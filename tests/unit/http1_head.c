/*
 * Heads and framing: tables of bytes and what must come of them.  Each row is read at once, octet
 * by octet in one buffer, octet by octet with the buffer moved each time, and in every cut in two.
 */
#include "proxy/http/framing.h"
#include "proxy/http/h1_write.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

/* A slice in a static table. */
#define B(literal)                                                                                 \
	{                                                                                          \
		(literal), sizeof(literal) - 1                                                     \
	}

#define H "Host: a.example\r\n"
#define GET "GET / HTTP/1.1\r\n" H
#define POST "POST / HTTP/1.1\r\n" H
#define OK "HTTP/1.1 200 OK\r\n"
#define END "\r\n"

enum { GOOD = 0, WAIT = 1 };

static const struct h1_limits small = { 300, 100, 8, 4096 };

/* Feeds 1, 2, ... octets until the result is no longer MORE; *moved holds the bytes at the end. */
static enum h1_result request_slowly(struct slice in, struct h1_request *r, bool move, char **moved)
{
	enum h1_result result = H1_MORE;

	*moved = NULL;
	for (size_t n = 0; n <= in.n && result == H1_MORE; n++) {
		const char *p = in.p;

		if (move) {
			char *copy = malloc(n + 1);

			assert_non_null(copy);
			memcpy(copy, in.p, n);
			free(*moved);
			p = *moved = copy;
		}
		result = h1_parse_request(slice_of(p, n), r);
	}
	return result;
}

static enum h1_result response_slowly(struct slice in, struct h1_response *r, bool move,
				      char **moved)
{
	enum h1_result result = H1_MORE;

	*moved = NULL;
	for (size_t n = 0; n <= in.n && result == H1_MORE; n++) {
		const char *p = in.p;

		if (move) {
			char *copy = malloc(n + 1);

			assert_non_null(copy);
			memcpy(copy, in.p, n);
			free(*moved);
			p = *moved = copy;
		}
		result = h1_parse_response(slice_of(p, n), r);
	}
	return result;
}

/* In two pieces, the first of `cut` octets and no longer there when the second comes. */
static enum h1_result request_cut(struct slice in, size_t cut, struct h1_request *r)
{
	char *copy = malloc(cut);
	enum h1_result result;

	assert_non_null(copy);
	memcpy(copy, in.p, cut);
	result = h1_parse_request(slice_of(copy, cut), r);
	if (result == H1_MORE)
		result = h1_parse_request(in, r);
	else if (result == H1_OK)
		assert_true(h1_request_keep(r));
	free(copy);
	return result;
}

static enum h1_result response_cut(struct slice in, size_t cut, struct h1_response *r)
{
	char *copy = malloc(cut);
	enum h1_result result;

	assert_non_null(copy);
	memcpy(copy, in.p, cut);
	result = h1_parse_response(slice_of(copy, cut), r);
	if (result == H1_MORE)
		result = h1_parse_response(in, r);
	else if (result == H1_OK)
		assert_true(h1_response_keep(r));
	free(copy);
	return result;
}

static void same_fields(const struct fields *a, const struct fields *b)
{
	assert_int_equal(a->n, b->n);
	for (uint32_t i = 0; i < a->n; i++) {
		assert_true(slice_eq(a->v[i].name, b->v[i].name));
		assert_true(slice_eq(a->v[i].value, b->v[i].value));
		assert_int_equal(a->v[i].id, b->v[i].id);
	}
}

static void same_request(const struct h1_request *a, const struct h1_request *b, bool good)
{
	assert_int_equal(a->error.status, b->error.status);
	assert_ptr_equal(a->error.reason, b->error.reason);
	if (!good)
		return;
	assert_int_equal(a->head_len, b->head_len);
	assert_true(slice_eq(a->method, b->method));
	assert_true(slice_eq(a->target, b->target));
	assert_true(slice_eq(a->path, b->path));
	same_fields(&a->fields, &b->fields);
}

static void same_response(const struct h1_response *a, const struct h1_response *b, bool good)
{
	assert_ptr_equal(a->error.reason, b->error.reason);
	if (!good)
		return;
	assert_int_equal(a->head_len, b->head_len);
	assert_int_equal(a->status, b->status);
	assert_true(slice_eq(a->reason, b->reason));
	same_fields(&a->fields, &b->fields);
}

/* The status with which the head or its framing is refused; GOOD or WAIT. */
static unsigned request_status(struct slice in, const struct h1_limits *limits,
			       struct framing *framing)
{
	struct h1_request once, again;
	struct h1_error error = { 0 };
	enum h1_result result;

	h1_request_init(&once, limits);
	h1_request_init(&again, limits);
	result = h1_parse_request(in, &once);
	for (int move = 0; move < 2; move++) {
		char *moved;

		h1_request_clear(&again);
		assert_int_equal(request_slowly(in, &again, move != 0, &moved), result);
		same_request(&again, &once, result == H1_OK);
		free(moved);
	}
	for (size_t cut = 1; cut < in.n; cut++) {
		h1_request_clear(&again);
		assert_int_equal(request_cut(in, cut, &again), result);
		same_request(&again, &once, result == H1_OK);
	}
	if (result == H1_BAD)
		assert_non_null(once.error.reason);
	error = once.error;
	if (result == H1_OK)
		result = framing_of_request(&once, framing, &error);
	h1_request_release(&once);
	h1_request_release(&again);
	return result == H1_BAD ? error.status : result == H1_MORE ? WAIT : GOOD;
}

static unsigned response_status(struct slice in, const struct h1_limits *limits,
				enum http_method method, struct slice upgrade,
				struct framing *framing)
{
	struct h1_response once, again;
	struct h1_error error = { 0 };
	enum h1_result result;

	h1_response_init(&once, limits);
	h1_response_init(&again, limits);
	result = h1_parse_response(in, &once);
	for (int move = 0; move < 2; move++) {
		char *moved;

		h1_response_clear(&again);
		assert_int_equal(response_slowly(in, &again, move != 0, &moved), result);
		same_response(&again, &once, result == H1_OK);
		free(moved);
	}
	for (size_t cut = 1; cut < in.n; cut++) {
		h1_response_clear(&again);
		assert_int_equal(response_cut(in, cut, &again), result);
		same_response(&again, &once, result == H1_OK);
	}
	error = once.error;
	if (result == H1_OK)
		result = framing_of_response(&once, method, upgrade, framing, &error);
	h1_response_release(&once);
	h1_response_release(&again);
	if (result == H1_BAD)
		assert_int_equal(error.status, 502);
	return result == H1_BAD ? error.status : result == H1_MORE ? WAIT : GOOD;
}

struct row {
	const char *what;
	struct slice in;
	unsigned status; /* 0: good */
	enum framing_kind kind;
	uint64_t length;
};

#define CHUNKED "Transfer-Encoding: chunked\r\n"
#define NONE FRAMING_NONE, 0
#define BAD_ROW FRAMING_NONE, 0

static const struct row requests[] = {
	{ "plain", B(GET END), GOOD, NONE },
	{ "body by length", B(POST "Content-Length: 5\r\n\r\n"), GOOD, FRAMING_LENGTH, 5 },
	{ "length 0", B(POST "Content-Length: 0\r\n\r\n"), GOOD, FRAMING_LENGTH, 0 },
	{ "length with zeros in front", B(POST "Content-Length: 0012\r\n\r\n"), GOOD,
	  FRAMING_LENGTH, 12 },
	{ "chunked", B(POST CHUNKED END), GOOD, FRAMING_CHUNKED, 0 },
	{ "chunked in another case", B(POST "transfer-encoding: Chunked \r\n\r\n"), GOOD,
	  FRAMING_CHUNKED, 0 },
	{ "chunked behind a tab", B(POST "Transfer-Encoding:\tchunked\r\n\r\n"), GOOD,
	  FRAMING_CHUNKED, 0 },
	{ "a GET with a body", B(GET "Content-Length: 3\r\n\r\n"), GOOD, FRAMING_LENGTH, 3 },
	{ "HTTP/1.0", B("GET / HTTP/1.0\r\n" H END), GOOD, NONE },
	{ "HTTP/1.0 without Host", B("GET / HTTP/1.0\r\n\r\n"), GOOD, NONE },
	{ "one empty line first", B("\r\n" GET END), GOOD, NONE },
	{ "8-bit in a value", B(GET "X: caf\xe9\r\n\r\n"), GOOD, NONE },
	{ "an empty value", B(GET "X:\r\nY: \t \r\n\r\n"), GOOD, NONE },
	{ "a tab in a value", B(GET "Cookie: a=b\tc\r\n\r\n"), GOOD, NONE },
	{ "an unknown method", B("FROB / HTTP/1.1\r\n" H END), GOOD, NONE },
	{ "odd but legal target", B("GET /a|b\"{}^`\\<>?q=[1]//' HTTP/1.1\r\n" H END), GOOD, NONE },
	{ "OPTIONS *", B("OPTIONS * HTTP/1.1\r\n" H END), GOOD, NONE },
	{ "CONNECT", B("CONNECT a.example:443 HTTP/1.1\r\n" H END), GOOD, NONE },
	{ "CONNECT to IPv6", B("CONNECT [::1]:443 HTTP/1.0\r\n\r\n"), GOOD, NONE },
	{ "CONNECT with length 0",
	  B("CONNECT a.example:443 HTTP/1.1\r\n" H "Content-Length: 0\r\n\r\n"), GOOD, NONE },
	{ "absolute-form", B("GET http://a.example/x HTTP/1.1\r\n" H END), GOOD, NONE },
	{ "absolute-form, https, upper case", B("GET HTTPS://A.example HTTP/1.1\r\n" H END), GOOD,
	  NONE },
	{ "an expectation", B(POST "Expect: 100-Continue\r\nContent-Length: 1\r\n\r\n"), GOOD,
	  FRAMING_LENGTH, 1 },
	{ "a name that only looks like one",
	  B(POST "Transfer_Encoding: chunked\r\n"
		 "Content-Length: 5\r\n\r\n"),
	  GOOD, FRAMING_LENGTH, 5 },
	{ "what follows is not looked at", B(GET "\r\n\0\1\2\n\n"), GOOD, NONE },

	/* Not yet whole. */
	{ "nothing", B(""), WAIT, NONE },
	{ "half a line", B("GET / HT"), WAIT, NONE },
	{ "no empty line", B(GET "X: y\r\n"), WAIT, NONE },
	{ "half an empty line", B(GET "\r"), WAIT, NONE },
	{ "a bad line without its end", B(GET "X y\1"), WAIT, NONE },

	/* Length against coding. */
	{ "length and chunked", B(POST "Content-Length: 6\r\n" CHUNKED END), 400, BAD_ROW },
	{ "chunked and length", B(POST CHUNKED "Content-Length: 4\r\n\r\n"), 400, BAD_ROW },
	{ "both in HTTP/1.0", B("POST / HTTP/1.0\r\n" H "Content-Length: 6\r\n" CHUNKED END), 400,
	  BAD_ROW },
	{ "chunked in HTTP/1.0", B("POST / HTTP/1.0\r\n" H CHUNKED END), 400, BAD_ROW },
	{ "chunked then identity", B(POST CHUNKED "Transfer-Encoding: identity\r\n\r\n"), 501,
	  BAD_ROW },
	{ "chunked twice", B(POST CHUNKED CHUNKED END), 400, BAD_ROW },
	{ "identity with a length",
	  B(POST "Transfer-Encoding: identity\r\nContent-Length: 5\r\n\r\n"), 400, BAD_ROW },
	{ "identity", B(POST "Transfer-Encoding: identity\r\n\r\n"), 501, BAD_ROW },
	{ "unknown coding", B(POST "Transfer-Encoding: blegh\r\n\r\n"), 501, BAD_ROW },
	{ "xchunked", B(POST "Transfer-Encoding: xchunked\r\n\r\n"), 501, BAD_ROW },
	{ "chunked is not last", B(POST "Transfer-Encoding: chunked, gzip\r\n\r\n"), 501, BAD_ROW },
	{ "gzip before chunked", B(POST "Transfer-Encoding: gzip, chunked\r\n\r\n"), 501, BAD_ROW },
	{ "vertical tab before chunked", B(POST "Transfer-Encoding: \vchunked\r\n\r\n"), 400,
	  BAD_ROW },
	{ "NUL behind chunked", B(POST "Transfer-Encoding: chunked\0\r\n\r\n"), 400, BAD_ROW },
	{ "no-break spaces around chunked",
	  B(POST "Transfer-Encoding: \xa0"
		 "chunked\xa0\r\n\r\n"),
	  400, BAD_ROW },
	{ "chunked in quotes", B(POST "Transfer-Encoding: \"chunked\"\r\n\r\n"), 400, BAD_ROW },
	{ "chunked with a parameter", B(POST "Transfer-Encoding: chunked;q=1\r\n\r\n"), 400,
	  BAD_ROW },
	{ "an empty coding", B(POST "Transfer-Encoding:\r\n\r\n"), 400, BAD_ROW },
	{ "chunked and nothing", B(POST "Transfer-Encoding: chunked,\r\n\r\n"), 400, BAD_ROW },
	{ "folded coding", B(POST "Transfer-Encoding:\r\n chunked\r\n\r\n"), 400, BAD_ROW },
	{ "a name on two lines", B(POST "Transfer-\r\nEncoding: chunked\r\n\r\n"), 400, BAD_ROW },
	{ "a field hidden behind LF", B(POST "X: y\nTransfer-Encoding: chunked\r\n\r\n"), 400,
	  BAD_ROW },
	{ "a field hidden behind CR", B(POST "X: y\rTransfer-Encoding: chunked\r\n\r\n"), 400,
	  BAD_ROW },

	/* Lengths. */
	{ "two lengths", B(POST "Content-Length: 0\r\nContent-Length: 5\r\n\r\n"), 400, BAD_ROW },
	{ "one length twice", B(POST "Content-Length: 5\r\nContent-Length: 5\r\n\r\n"), 400,
	  BAD_ROW },
	{ "one length as a list", B(POST "Content-Length: 5, 5\r\n\r\n"), 400, BAD_ROW },
	{ "a sign", B(POST "Content-Length: +5\r\n\r\n"), 400, BAD_ROW },
	{ "negative", B(POST "Content-Length: -5\r\n\r\n"), 400, BAD_ROW },
	{ "hexadecimal", B(POST "Content-Length: 0x5\r\n\r\n"), 400, BAD_ROW },
	{ "underscore", B(POST "Content-Length: 1_0\r\n\r\n"), 400, BAD_ROW },
	{ "letter behind", B(POST "Content-Length: 5Z\r\n\r\n"), 400, BAD_ROW },
	{ "decimal point", B(POST "Content-Length: 5.0\r\n\r\n"), 400, BAD_ROW },
	{ "blank inside", B(POST "Content-Length: 5 5\r\n\r\n"), 400, BAD_ROW },
	{ "NUL behind a length", B(POST "Content-Length: 5\0\r\n\r\n"), 400, BAD_ROW },
	{ "an empty length", B(POST "Content-Length: \r\n\r\n"), 400, BAD_ROW },
	{ "an empty and a real length", B(POST "Content-Length: \r\nContent-Length: 5\r\n\r\n"),
	  400, BAD_ROW },
	{ "too large for 64 bits", B(POST "Content-Length: 18446744073709551621\r\n\r\n"), 400,
	  BAD_ROW },
	{ "blank before the colon", B(POST "Content-Length : 5\r\n\r\n"), 400, BAD_ROW },
	{ "TRACE with a body", B("TRACE / HTTP/1.1\r\n" H "Content-Length: 5\r\n\r\n"), 400,
	  BAD_ROW },
	{ "CONNECT with a body", B("CONNECT a:1 HTTP/1.1\r\n" H "Content-Length: 5\r\n\r\n"), 400,
	  BAD_ROW },
	{ "CONNECT chunked", B("CONNECT a:1 HTTP/1.1\r\n" H CHUNKED END), 400, BAD_ROW },

	/* Field lines. */
	{ "a blank before the first field", B("GET / HTTP/1.1\r\n Host: a\r\nX: 1\r\n\r\n"), 400,
	  BAD_ROW },
	{ "folding", B(GET "X: a\r\n b\r\n\r\n"), 400, BAD_ROW },
	{ "folding by a tab", B(GET "X: a\r\n\tb\r\n\r\n"), 400, BAD_ROW },
	{ "only blanks on a line", B(GET "X: a\r\n \r\n\r\n"), 400, BAD_ROW },
	{ "no name", B(GET ": v\r\n\r\n"), 400, BAD_ROW },
	{ "no colon", B(GET "nonsense\r\n\r\n"), 400, BAD_ROW },
	{ "CR in a value", B(GET "X: a\rb\r\n\r\n"), 400, BAD_ROW },
	{ "CR twice", B(GET "X: a\r\r\n\r\n"), 400, BAD_ROW },
	{ "controls in a value",
	  B(GET "X: a\1\x7f"
		"b\r\n\r\n"),
	  400, BAD_ROW },
	{ "DEL in a cookie",
	  B(GET "Cookie: a=b\x7f"
		"c\r\n\r\n"),
	  400, BAD_ROW },
	{ "NUL in a name", B(GET "X\0Y: 1\r\n\r\n"), 400, BAD_ROW },
	{ "8-bit in a name", B(GET "X\xefY: 1\r\n\r\n"), 400, BAD_ROW },
	{ "a bracket in a name", B(GET "X(Y: 1\r\n\r\n"), 400, BAD_ROW },
	{ "LF everywhere", B("GET / HTTP/1.1\nHost: a\n\n"), 400, BAD_ROW },
	{ "LF ends the head", B(GET "X: 1\r\n\n"), 400, BAD_ROW },
	{ "CR ends the head", B(GET "X: 1\r\n\rZGET /evil HTTP/1.1\r\n"), 400, BAD_ROW },

	/* The request line. */
	{ "LF for a blank", B("GET /\nHTTP/1.1\r\n" H END), 400, BAD_ROW },
	{ "two blanks", B("GET  /  HTTP/1.1\r\n" H END), 400, BAD_ROW },
	{ "tabs", B("GET\t/\tHTTP/1.1\r\n" H END), 400, BAD_ROW },
	{ "a blank in the target", B("GET / /evil HTTP/1.1\r\n" H END), 400, BAD_ROW },
	{ "a blank behind the version", B("GET / HTTP/1.1 \r\n" H END), 400, BAD_ROW },
	{ "a blank before the method", B(" GET / HTTP/1.1\r\n" H END), 400, BAD_ROW },
	{ "NUL in the target", B("GET /\0 HTTP/1.1\r\n" H END), 400, BAD_ROW },
	{ "8-bit in the target", B("GET /\xe9 HTTP/1.1\r\n" H END), 400, BAD_ROW },
	{ "a fragment", B("GET /a#b HTTP/1.1\r\n" H END), 400, BAD_ROW },
	{ "an odd method", B("G@T / HTTP/1.1\r\n" H END), 400, BAD_ROW },
	{ "HTTP/0.9", B("GET /\r\n\r\n"), 400, BAD_ROW },
	{ "HTTP/1.9", B("GET / HTTP/1.9\r\n" H END), 505, BAD_ROW },
	{ "HTTP/2.0", B("GET / HTTP/2.0\r\n" H END), 505, BAD_ROW },
	{ "the preface of HTTP/2", B("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 505, BAD_ROW },
	{ "http/1.1", B("GET / http/1.1\r\n" H END), 400, BAD_ROW },
	{ "HTTP/1.10", B("GET / HTTP/1.10\r\n" H END), 400, BAD_ROW },
	{ "two empty lines first", B("\r\n\r\n" GET END), 400, BAD_ROW },
	{ "an empty line of LF first", B("\n" GET END), 400, BAD_ROW },

	/* Host and target. */
	{ "no Host", B("GET / HTTP/1.1\r\nX: 1\r\n\r\n"), 400, BAD_ROW },
	{ "two Hosts", B(GET H END), 400, BAD_ROW },
	{ "two Hosts in HTTP/1.0", B("GET / HTTP/1.0\r\n" H H END), 400, BAD_ROW },
	{ "an empty Host", B("GET / HTTP/1.1\r\nHost:\r\n\r\n"), 400, BAD_ROW },
	{ "a path in Host", B("GET / HTTP/1.1\r\nHost: a/evil path\r\n\r\n"), 400, BAD_ROW },
	{ "NUL in Host", B("GET / HTTP/1.1\r\nHost: a\0.evil\r\n\r\n"), 400, BAD_ROW },
	{ "userinfo in Host", B("GET / HTTP/1.1\r\nHost: u@a\r\n\r\n"), 400, BAD_ROW },
	{ "a list of Hosts", B("GET / HTTP/1.1\r\nHost: a, b\r\n\r\n"), 400, BAD_ROW },
	{ "bad Host beside a good absolute-form", B("GET http://a/ HTTP/1.1\r\nHost: u@a\r\n\r\n"),
	  400, BAD_ROW },
	{ "absolute-form without Host", B("GET http://a/ HTTP/1.1\r\n\r\n"), 400, BAD_ROW },
	{ "userinfo in the target", B("GET http://u:p@a/ HTTP/1.1\r\n" H END), 400, BAD_ROW },
	{ "no host in the target", B("GET http:///x HTTP/1.1\r\n" H END), 400, BAD_ROW },
	{ "a backslash in the authority", B("GET http://a\\@b/ HTTP/1.1\r\n" H END), 400, BAD_ROW },
	{ "another scheme", B("GET ftp://a/ HTTP/1.1\r\n" H END), 400, BAD_ROW },
	{ "no scheme", B("GET a.example/x HTTP/1.1\r\n" H END), 400, BAD_ROW },
	{ "GET *", B("GET * HTTP/1.1\r\n" H END), 400, BAD_ROW },
	{ "CONNECT without a port", B("CONNECT a HTTP/1.1\r\n" H END), 400, BAD_ROW },
	{ "CONNECT without a host", B("CONNECT :443 HTTP/1.1\r\n\r\n"), 400, BAD_ROW },
	{ "CONNECT to a URI", B("CONNECT http://a:443/ HTTP/1.1\r\n" H END), 400, BAD_ROW },
	{ "CONNECT to a path", B("CONNECT / HTTP/1.1\r\n" H END), 400, BAD_ROW },
	{ "CONNECT with userinfo", B("CONNECT u:p@a:443 HTTP/1.1\r\n" H END), 400, BAD_ROW },
	{ "CONNECT alone", B("CONNECT\r\n\r\n"), 400, BAD_ROW },

	/* Expectations and options. */
	{ "another expectation", B(POST "Expect: 100-continue, x\r\nContent-Length: 5\r\n\r\n"),
	  417, BAD_ROW },
	{ "two expectations", B(POST "Expect: 100-continue\r\nExpect: 100-continue\r\n\r\n"), 417,
	  BAD_ROW },
	{ "an empty expectation", B(POST "Expect:\r\n\r\n"), 417, BAD_ROW },
	{ "countless options", B(GET "Connection: ,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,\r\n\r\n"),
	  400, BAD_ROW },
};

static void test_requests(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		const struct row *row = &requests[i];
		struct framing framing = { 0 };
		unsigned status = request_status(row->in, &h1_request_limits, &framing);

		if (status != row->status)
			fail_msg("%s: %u instead of %u", row->what, status, row->status);
		if (status == GOOD && (framing.kind != row->kind || framing.length != row->length))
			fail_msg("%s: wrong framing", row->what);
	}
}

struct answer {
	const char *what;
	struct slice in;
	unsigned status;
	enum framing_kind kind;
	uint64_t length;
	enum http_method method;
	struct slice upgrade;
	bool dirty, has_length;
};

static const struct answer answers[] = {
	{ "by length", B(OK "Content-Length: 5\r\n\r\n"), GOOD, FRAMING_LENGTH, 5, METHOD_GET,
	  B(""), false, true },
	{ "chunked", B(OK CHUNKED END), GOOD, FRAMING_CHUNKED, 0, METHOD_GET, B(""), false, false },
	{ "until close", B(OK END), GOOD, FRAMING_UNTIL_CLOSE, 0, METHOD_GET, B(""), false, false },
	{ "HTTP/1.0", B("HTTP/1.0 200 OK\r\n\r\n"), GOOD, FRAMING_UNTIL_CLOSE, 0, METHOD_GET, B(""),
	  false, false },
	{ "no reason", B("HTTP/1.1 200 \r\nContent-Length: 5\r\n\r\n"), GOOD, FRAMING_LENGTH, 5,
	  METHOD_GET, B(""), false, true },
	{ "not even a blank", B("HTTP/1.1 200\r\nContent-Length: 5\r\n\r\n"), GOOD, FRAMING_LENGTH,
	  5, METHOD_GET, B(""), false, true },
	{ "8-bit in reason and value",
	  B("HTTP/1.1 200 Tr\xe8s bien\r\nX: caf\xe9\r\nContent-Length: 0\r\n\r\n"), GOOD,
	  FRAMING_LENGTH, 0, METHOD_GET, B(""), false, true },
	{ "an unknown status", B("HTTP/1.1 299 Custom\r\nContent-Length: 5\r\n\r\n"), GOOD,
	  FRAMING_LENGTH, 5, METHOD_GET, B(""), false, true },
	{ "early hints", B("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"), GOOD, FRAMING_NONE, 0,
	  METHOD_GET, B(""), false, false },
	{ "HEAD with a length", B(OK "Content-Length: 5\r\n\r\n"), GOOD, FRAMING_NONE, 5,
	  METHOD_HEAD, B(""), false, true },
	{ "HEAD chunked", B(OK CHUNKED END), GOOD, FRAMING_NONE, 0, METHOD_HEAD, B(""), false,
	  false },
	{ "304", B("HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\n\r\n"), GOOD, FRAMING_NONE, 0,
	  METHOD_GET, B(""), false, false },
	{ "304 with a length", B("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"), GOOD,
	  FRAMING_NONE, 5, METHOD_GET, B(""), false, true },
	{ "204", B("HTTP/1.1 204 No Content\r\n\r\n"), GOOD, FRAMING_NONE, 0, METHOD_GET, B(""),
	  false, false },
	{ "204 with length 0", B("HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n"), GOOD,
	  FRAMING_NONE, 0, METHOD_GET, B(""), false, false },
	{ "204 that announces a body", B("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n"),
	  GOOD, FRAMING_NONE, 0, METHOD_GET, B(""), true, false },
	{ "204 chunked", B("HTTP/1.1 204 No Content\r\n" CHUNKED END), GOOD, FRAMING_NONE, 0,
	  METHOD_GET, B(""), true, false },
	{ "100 that announces a body", B("HTTP/1.1 100 Continue\r\nContent-Length: 50\r\n\r\n"),
	  GOOD, FRAMING_NONE, 0, METHOD_POST, B(""), true, false },
	{ "one length twice", B(OK "Content-Length: 5\r\nContent-Length: 5\r\n\r\n"), GOOD,
	  FRAMING_LENGTH, 5, METHOD_GET, B(""), false, true },
	{ "one length as a list", B(OK "Content-Length: 5, 5\r\n\r\n"), GOOD, FRAMING_LENGTH, 5,
	  METHOD_GET, B(""), false, true },
	{ "CONNECT accepted", B(OK "Content-Length: 5\r\n\r\n"), GOOD, FRAMING_TUNNEL, 0,
	  METHOD_CONNECT, B(""), false, false },
	{ "CONNECT refused", B("HTTP/1.1 403 No\r\nContent-Length: 5\r\n\r\n"), GOOD,
	  FRAMING_LENGTH, 5, METHOD_CONNECT, B(""), false, true },
	{ "WebSocket", B("HTTP/1.1 101 X\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n\r\n"),
	  GOOD, FRAMING_TUNNEL, 0, METHOD_GET, B("websocket"), false, false },

	{ "half", B("HTTP/1.1 200 OK\r\nContent-Len"), WAIT, FRAMING_NONE, 0, METHOD_GET, B(""),
	  false, false },
#define REFUSED(what, in)                                                                          \
	{                                                                                          \
		what, B(in), 502, FRAMING_NONE, 0, METHOD_GET, B(""), false, false                 \
	}
	REFUSED("length and chunked", OK "Content-Length: 3\r\n" CHUNKED END),
	REFUSED("two lengths", OK "Content-Length: 5\r\nContent-Length: 9\r\n\r\n"),
	REFUSED("two lengths in a list", OK "Content-Length: 5, 9\r\n\r\n"),
	REFUSED("a list with nothing in it", OK "Content-Length: 5,\r\n\r\n"),
	REFUSED("a sign", OK "Content-Length: +5\r\n\r\n"),
	REFUSED("negative", OK "Content-Length: -5\r\n\r\n"),
	REFUSED("hexadecimal", OK "Content-Length: 0x5\r\n\r\n"),
	REFUSED("empty", OK "Content-Length:\r\n\r\n"),
	REFUSED("letter behind", OK "Content-Length: 5Z\r\n\r\n"),
	REFUSED("blank inside", OK "Content-Length: 5 5\r\n\r\n"),
	REFUSED("thousands", OK "Content-Length: 5,216\r\n\r\n"),
	REFUSED("overflow", OK "Content-Length: 18446744073709551621\r\n\r\n"),
	REFUSED("chunked twice", OK CHUNKED CHUNKED END),
	REFUSED("xchunked", OK "Transfer-Encoding: xchunked\r\nContent-Length: 5\r\n\r\n"),
	REFUSED("vertical tab", OK "Transfer-Encoding: \vchunked\r\n\r\n"),
	REFUSED("chunked in HTTP/1.0", "HTTP/1.0 200 OK\r\n" CHUNKED END),
	REFUSED("101 unasked",
		"HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"),
	{ "101 to something else", B("HTTP/1.1 101 X\r\nUpgrade: h2c\r\n\r\n"), 502, FRAMING_NONE,
	  0, METHOD_GET, B("websocket"), false, false },
	{ "101 to nothing", B("HTTP/1.1 101 X\r\n\r\n"), 502, FRAMING_NONE, 0, METHOD_GET,
	  B("websocket"), false, false },
	{ "HEAD with a bad length", B(OK "Content-Length: x\r\n\r\n"), 502, FRAMING_NONE, 0,
	  METHOD_HEAD, B(""), false, false },
	REFUSED("four digits", "HTTP/1.1 2000 OK\r\n\r\n"),
	REFUSED("status 099", "HTTP/1.1 099 OK\r\n\r\n"),
	REFUSED("status 600", "HTTP/1.1 600 OK\r\n\r\n"),
	REFUSED("two digits", "HTTP/1.1 20 OK\r\n\r\n"),
	REFUSED("two blanks", "HTTP/1.1  200 OK\r\n\r\n"),
	REFUSED("no blank", "HTTP/1.1 200OK\r\n\r\n"),
	REFUSED("HTTP/2.0", "HTTP/2.0 200 OK\r\n\r\n"),
	REFUSED("HTTP/1.2", "HTTP/1.2 200 OK\r\n\r\n"),
	REFUSED("lower case", "http/1.1 200 OK\r\n\r\n"),
	REFUSED("another protocol", "ICY 200 OK\r\n\r\n"),
	REFUSED("escape in the reason", "HTTP/1.1 200 O\1\x1bK\r\n\r\n"),
	REFUSED("an empty line first", "\r\n" OK END),
	REFUSED("blank before the colon", OK "Content-Length : 5\r\n\r\n"),
	REFUSED("folding", OK "X: a\r\n b\r\n\r\n"),
	REFUSED("a folded cookie", OK "Set-Cookie: a=b;\r\n Domain=evil.example\r\n\r\n"),
	REFUSED("CR in a value", OK "X: a\rSet-Cookie: evil=1\r\n\r\n"),
	REFUSED("a control in a name", OK "X\1Y: 1\r\n\r\n"),
	REFUSED("LF everywhere", "HTTP/1.1 200 OK\nContent-Length: 5\n\n"),
	REFUSED("a cookie split by LF", OK "Set-Cookie: a=b\nSet-Cookie: evil=1\r\n\r\n"),
	REFUSED("a cookie with NUL", OK "Set-Cookie: a=b\0c\r\n\r\n"),
	REFUSED("a name on two lines", OK "Transfer-\r\nEncoding: chunked\r\n\r\n"),
};

static void test_responses(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		const struct answer *row = &answers[i];
		struct framing framing = { 0 };
		unsigned status = response_status(row->in, &h1_response_limits, row->method,
						  row->upgrade, &framing);

		if (status != row->status)
			fail_msg("%s: %u instead of %u", row->what, status, row->status);
		if (status == GOOD &&
		    (framing.kind != row->kind || framing.length != row->length ||
		     framing.dirty != row->dirty || framing.has_length != row->has_length))
			fail_msg("%s: wrong framing", row->what);
	}
}

/* n octets of 'a' between two texts. */
static struct slice stretched(struct buf *b, const char *before, size_t n, const char *after)
{
	buf_clear(b);
	buf_adds(b, before);
	for (size_t i = 0; i < n; i++)
		buf_addc(b, 'a');
	buf_adds(b, after);
	assert_true(buf_ok(b));
	return buf_slice(b);
}

static void test_limits(void **state)
{
	struct framing framing;
	struct buf b;

	(void)state;
	buf_init(&b, 10000);
	/* A line of exactly 100 octets is good, one of 101 not, with or without its end. */
	assert_int_equal(
		request_status(stretched(&b, "GET /", 84, " HTTP/1.1\r\n" H END), &small, &framing),
		GOOD);
	assert_int_equal(
		request_status(stretched(&b, "GET /", 85, " HTTP/1.1\r\n" H END), &small, &framing),
		414);
	assert_int_equal(request_status(stretched(&b, "GET /", 200, ""), &small, &framing), 414);
	assert_int_equal(request_status(stretched(&b, GET "X: ", 95, END END), &small, &framing),
			 GOOD);
	assert_int_equal(request_status(stretched(&b, GET "X: ", 96, END END), &small, &framing),
			 431);
	assert_int_equal(request_status(stretched(&b, GET "X: ", 96, ""), &small, &framing), WAIT);
	assert_int_equal(request_status(stretched(&b, GET "X: ", 97, ""), &small, &framing), 431);
	/* The head: 300 octets; fields: 8. */
	assert_int_equal(request_status(SLICE(GET "A:\r\nB:\r\nC:\r\nD:\r\nE:\r\nF:\r\nG:\r\n\r\n"),
					&small, &framing),
			 GOOD);
	assert_int_equal(
		request_status(SLICE(GET "A:\r\nB:\r\nC:\r\nD:\r\nE:\r\nF:\r\nG:\r\nI:\r\n\r\n"),
			       &small, &framing),
		431);
#define FIFTY "X: 345678901234567890123456789012345678901234567\r\n"
	assert_int_equal(
		request_status(SLICE(GET FIFTY FIFTY FIFTY FIFTY FIFTY "X: 4567890123\r\n\r\n"),
			       &small, &framing),
		GOOD);
	assert_int_equal(
		request_status(SLICE(GET FIFTY FIFTY FIFTY FIFTY FIFTY "X: 45678901234\r\n\r\n"),
			       &small, &framing),
		431);
	assert_int_equal(
		request_status(SLICE(GET FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY), &small, &framing),
		431);
	assert_int_equal(response_status(stretched(&b, "HTTP/1.1 200 ", 200, ""), &small,
					 METHOD_GET, SLICE(""), &framing),
			 502);
	buf_release(&b);
}

static void test_request_parts(void **state)
{
	struct slice in = SLICE("\r\nPOST http://B.example:81?x=y HTTP/1.1\r\nA: 1\r\nHost: a\r\n"
				"Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabc");
	struct h1_request r;
	char *copy = malloc(in.n);

	(void)state;
	assert_non_null(copy);
	memcpy(copy, in.p, in.n);
	h1_request_init(&r, &h1_request_limits);
	assert_int_equal(h1_parse_request(slice_of(copy, in.n), &r), H1_OK);
	assert_int_equal(r.head_len, in.n - 3);
	assert_true(h1_request_keep(&r));
	free(copy);
	assert_int_equal(r.method_id, METHOD_POST);
	assert_int_equal(r.form, H1_ABSOLUTE_FORM);
	assert_false(r.https);
	assert_true(r.expect_continue);
	assert_int_equal(r.minor, 1);
	assert_true(slice_eq(r.target, SLICE("http://B.example:81?x=y")));
	assert_true(slice_eq(r.path, SLICE("?x=y")));
	assert_string_equal(r.authority.host, "b.example");
	assert_int_equal(r.authority.port, 81);
	assert_true(slice_eq(r.fields.v[0].value, SLICE("1")));
	assert_true(slice_eq(fields_value(&r.fields, FIELD_HOST), SLICE("B.example:81")));
	h1_request_clear(&r);
	in = SLICE("GET https://a.example HTTP/1.0\r\nExpect: 100-continue\r\n\r\n");
	assert_int_equal(h1_parse_request(in, &r), H1_OK);
	assert_true(r.https);
	assert_false(r.expect_continue);
	assert_true(slice_eq(r.fields.v[0].name, SLICE("Host")));
	assert_true(slice_eq(r.fields.v[0].value, SLICE("a.example")));
	h1_request_clear(&r);
	in = SLICE("OPTIONS http://a.example HTTP/1.1\r\n" H END);
	assert_int_equal(h1_parse_request(in, &r), H1_OK);
	assert_true(slice_eq(r.path, SLICE("*")));
	h1_request_clear(&r);
	in = SLICE("CONNECT A.example:443 HTTP/1.1\r\nHost: b\r\n\r\n");
	assert_int_equal(h1_parse_request(in, &r), H1_OK);
	assert_int_equal(r.form, H1_AUTHORITY_FORM);
	assert_string_equal(r.authority.host, "a.example");
	h1_request_release(&r);
}

/* A second message with the same struct sees nothing of the first, whatever became of that. */
static void test_cleared(void **state)
{
	static const char *const before[] = {
		"POST https://other:1/x HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: h\r\nX: 1\r\nbroken\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: h\r\nCookie: unfinished",
	};
	struct slice after = SLICE("GET /2 HTTP/1.0\r\n\r\n");
	struct h1_request r;

	(void)state;
	h1_request_init(&r, &h1_request_limits);
	for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++) {
		h1_parse_request(slice_str(before[i]), &r);
		h1_request_clear(&r);
		assert_int_equal(h1_parse_request(after, &r), H1_OK);
		assert_int_equal(r.fields.n, 0);
		assert_int_equal(r.authority.kind, HOST_NONE);
		assert_false(r.https || r.expect_continue || r.minor != 0);
		assert_int_equal(r.form, H1_ORIGIN_FORM);
		assert_true(slice_eq(r.path, SLICE("/2")));
		h1_request_clear(&r);
	}
	h1_request_release(&r);
}

/* No bytes at all, before and between others. */
static void test_nothing_yet(void **state)
{
	struct slice head = SLICE("GET / HTTP/1.0\r\n\r\n"), answer = SLICE("HTTP/1.1 200\r\n\r\n");
	struct h1_request request;
	struct h1_response response;

	(void)state;
	h1_request_init(&request, &h1_request_limits);
	h1_response_init(&response, &h1_response_limits);
	assert_int_equal(h1_parse_request(slice_of(NULL, 0), &request), H1_MORE);
	assert_int_equal(h1_parse_response(slice_of(NULL, 0), &response), H1_MORE);
	assert_int_equal(h1_parse_request(slice_head(head, 16), &request), H1_MORE);
	assert_int_equal(h1_parse_response(slice_head(answer, 14), &response), H1_MORE);
	assert_int_equal(h1_parse_request(head, &request), H1_OK);
	assert_int_equal(h1_parse_response(answer, &response), H1_OK);
	h1_request_release(&request);
	h1_response_release(&response);
}

static void test_persistent(void **state)
{
	static const struct {
		const char *value;
		bool in_10, in_11;
	} rows[] = {
		{ "", false, true },
		{ "keep-alive", true, true },
		{ "Keep-Alive, Close", false, false },
		{ "x, close", false, false },
		{ "closed", false, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fields f;

		fields_init(&f, 4, 0);
		fields_add(&f, SLICE("Connection"), slice_str(rows[i].value));
		assert_int_equal(h1_persistent(0, &f), rows[i].in_10);
		assert_int_equal(h1_persistent(1, &f), rows[i].in_11);
		fields_release(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_requests),   cmocka_unit_test(test_responses),
		cmocka_unit_test(test_limits),	   cmocka_unit_test(test_request_parts),
		cmocka_unit_test(test_cleared),	   cmocka_unit_test(test_nothing_yet),
		cmocka_unit_test(test_persistent),
	};

	return cmocka_run_group_tests_name("http1_head", tests, NULL, NULL);
}
