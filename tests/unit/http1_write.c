/*
 * The writer: what is read from the left column and written again must be the right one.  The head
 * is read again by our own parser, which is strict.
 */
#include "proxy/http/framing.h"
#include "proxy/http/h1_write.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define B(literal)                                                                                 \
	{                                                                                          \
		(literal), sizeof(literal) - 1                                                     \
	}
#define H "Host: a\r\n"
#define WS "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"

struct row {
	const char *what;
	struct slice in, out;
};

/* Everything is passed on, Upgrade where it is allowed, Connection mirrored. */
static const struct row requests[] = {
	{ "names, order, values and repeats",
	  B("GET /x?y HTTP/1.1\r\nhOsT:  a:80 \r\nX-b:\t 1 , 2\t\r\nCookie: a=b; c=\"d\"\r\n"
	    "cookie:e=f\r\nX-A:\r\nX-b: 3\r\n\r\n"),
	  B("GET /x?y HTTP/1.1\r\nhOsT: a:80\r\nX-b: 1 , 2\r\nCookie: a=b; c=\"d\"\r\n"
	    "cookie: e=f\r\nX-A: \r\nX-b: 3\r\n\r\n") },
	{ "always 1.1", B("GET / HTTP/1.0\r\n" H "\r\n"), B("GET / HTTP/1.1\r\n" H "\r\n") },
	{ "an absolute-form becomes a path and its Host",
	  B("GET http://b:81/p?q HTTP/1.1\r\nA: 1\r\n" H "\r\n"),
	  B("GET /p?q HTTP/1.1\r\nA: 1\r\nHost: b:81\r\n\r\n") },
	{ "without a path", B("GET http://a HTTP/1.1\r\n" H "\r\n"),
	  B("GET / HTTP/1.1\r\n" H "\r\n") },
	{ "with only a query", B("GET http://a?q HTTP/1.1\r\n" H "\r\n"),
	  B("GET /?q HTTP/1.1\r\n" H "\r\n") },
	{ "OPTIONS for the whole server", B("OPTIONS http://a HTTP/1.1\r\n" H "\r\n"),
	  B("OPTIONS * HTTP/1.1\r\n" H "\r\n") },
	{ "length in place, in decimal", B("POST / HTTP/1.1\r\ncontent-LENGTH: 0012\r\n" H "\r\n"),
	  B("POST / HTTP/1.1\r\ncontent-LENGTH: 12\r\n" H "\r\n") },
	{ "coding in place",
	  B("POST / HTTP/1.1\r\nTransfer-encoding: CHUNKED\r\nTrailer: X\r\n" H "\r\n"),
	  B("POST / HTTP/1.1\r\nTransfer-encoding: chunked\r\nTrailer: X\r\n" H "\r\n") },
	{ "Trailer without chunks goes", B("GET / HTTP/1.1\r\n" H "Trailer: X\r\n\r\n"),
	  B("GET / HTTP/1.1\r\n" H "\r\n") },
	{ "keep-alive is mirrored in place",
	  B("GET / HTTP/1.1\r\n" H "connection: Keep-Alive\r\nKeep-Alive: 5\r\nX: y\r\n\r\n"),
	  B("GET / HTTP/1.1\r\n" H "connection: keep-alive\r\nX: y\r\n\r\n") },
	{ "close is ours to say", B("GET / HTTP/1.1\r\n" H "Connection: close\r\n\r\n"),
	  B("GET / HTTP/1.1\r\n" H "\r\n") },
	{ "what Connection nominates goes",
	  B("GET / HTTP/1.1\r\n" H "Connection: close, x-HOP,,Proxy-X\r\nX-Hop: 1\r\nX-Hop2: 2\r\n"
	    "Connection: x-hop3;q=1\r\nX-HOP3: 3\r\n\r\n"),
	  B("GET / HTTP/1.1\r\n" H "X-Hop2: 2\r\n\r\n") },
	{ "what must stay cannot be nominated",
	  B("POST / HTTP/1.1\r\nConnection: Host, Content-Length, Cookie, Authorization, Origin, "
	    "Sec-GPC, Content-Type\r\n" H
	    "Content-Length: 5\r\nCookie: a\r\nAuthorization: b\r\nOrigin: c\r\nSec-GPC: 1\r\n"
	    "Content-Type: d\r\n\r\n"),
	  B("POST / HTTP/1.1\r\n" H
	    "Content-Length: 5\r\nCookie: a\r\nAuthorization: b\r\nOrigin: c\r\nSec-GPC: 1\r\n"
	    "Content-Type: d\r\n\r\n") },
	{ "nor the coding",
	  B("POST / HTTP/1.1\r\nConnection: Transfer-Encoding\r\n" H
	    "Transfer-Encoding: chunked\r\n\r\n"),
	  B("POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n") },
	{ "Proxy-*",
	  B("GET / HTTP/1.1\r\n" H
	    "Proxy-Authorization: Basic x\r\nProxy-Connection: keep-alive\r\n"
	    "proxy-foo: 1\r\nX: y\r\n\r\n"),
	  B("GET / HTTP/1.1\r\n" H "X: y\r\n\r\n") },
	{ "h2c",
	  B("GET / HTTP/1.1\r\n" H "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
	    "HTTP2-Settings: AAMAAABk\r\n\r\n"),
	  B("GET / HTTP/1.1\r\n" H "\r\n") },
	{ "TLS within HTTP",
	  B("GET / HTTP/1.1\r\n" H "Connection: Upgrade\r\nUpgrade: TLS/1.2, HTTP/2.0\r\n\r\n"),
	  B("GET / HTTP/1.1\r\n" H "\r\n") },
	{ "WebSocket",
	  B("GET / HTTP/1.1\r\n" H "Connection: Upgrade\r\nupgrade: WebSocket\r\n" WS "\r\n"),
	  B("GET / HTTP/1.1\r\n" H "Connection: Upgrade\r\nupgrade: WebSocket\r\n" WS "\r\n") },
	{ "WebSocket, as another browser says it",
	  B("GET / HTTP/1.1\r\nUpgrade: h2c, websocket\r\n" H
	    "Connection: keep-alive, Upgrade\r\nUpgrade: foo\r\n\r\n"),
	  B("GET / HTTP/1.1\r\nUpgrade: websocket\r\n" H
	    "Connection: keep-alive, Upgrade\r\n\r\n") },
	{ "a protocol with odd but legal characters",
	  B("GET / HTTP/1.1\r\n" H "Connection: Upgrade\r\nUpgrade: #x!/1.0\r\n\r\n"),
	  B("GET / HTTP/1.1\r\n" H "Connection: Upgrade\r\nUpgrade: #x!/1.0\r\n\r\n") },
	{ "WebSocket with a body",
	  B("POST / HTTP/1.1\r\n" H "Connection: Upgrade\r\nUpgrade: websocket\r\n" WS
	    "Content-Length: 5\r\n\r\n"),
	  B("POST / HTTP/1.1\r\n" H WS "Content-Length: 5\r\n\r\n") },
	{ "WebSocket that Connection does not name",
	  B("GET / HTTP/1.1\r\n" H "Upgrade: websocket\r\n\r\n"),
	  B("GET / HTTP/1.1\r\n" H "\r\n") },
	{ "WebSocket in HTTP/1.0",
	  B("GET / HTTP/1.0\r\n" H "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n"),
	  B("GET / HTTP/1.1\r\n" H "\r\n") },
	{ "trailers are wanted",
	  B("GET / HTTP/1.1\r\n" H "te: gzip;q=0.5, Trailers\r\nTE: trailers\r\n\r\n"),
	  B("GET / HTTP/1.1\r\n" H "te: trailers\r\nConnection: TE\r\n\r\n") },
	{ "codings are not", B("GET / HTTP/1.1\r\n" H "Connection: TE\r\nTE: gzip\r\n\r\n"),
	  B("GET / HTTP/1.1\r\n" H "\r\n") },
	{ "an expectation of a body",
	  B("POST / HTTP/1.1\r\n" H "Expect: 100-continue\r\nContent-Length: 1\r\n\r\n"),
	  B("POST / HTTP/1.1\r\n" H "Expect: 100-continue\r\nContent-Length: 1\r\n\r\n") },
	{ "and of none", B("GET / HTTP/1.1\r\n" H "Expect: 100-continue\r\n\r\n"),
	  B("GET / HTTP/1.1\r\n" H "\r\n") },
};

static void write_again(const struct row *row, struct slice in, struct buf *out)
{
	struct h1_request r;
	struct h1_error error;
	struct h1_hop hop = { 0 };

	h1_request_init(&r, &h1_request_limits);
	if (h1_parse_request(in, &r) != H1_OK ||
	    framing_of_request(&r, &hop.framing, &error) != H1_OK)
		fail_msg("%s: not readable", row->what);
	hop.upgrade = h1_upgrade_wanted(&r, &hop.framing);
	assert_true(h1_request_keep(&r));
	buf_clear(out);
	assert_true(h1_write_request(out, r.method, r.path, &r.fields, &hop));
	h1_request_release(&r);
}

static void test_requests(void **state)
{
	struct buf out, twice;

	(void)state;
	buf_init(&out, 4096);
	buf_init(&twice, 4096);
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		const struct row *row = &requests[i];

		write_again(row, row->in, &out);
		if (!slice_eq(buf_slice(&out), row->out))
			fail_msg("%s: %.*s", row->what, SLICE_ARG(buf_slice(&out)));
		write_again(row, buf_slice(&out), &twice);
		if (!slice_eq(buf_slice(&twice), row->out))
			fail_msg("%s: twice: %.*s", row->what, SLICE_ARG(buf_slice(&twice)));
	}
	buf_release(&out);
	buf_release(&twice);
}

struct answer {
	const char *what;
	struct slice in, out;
	enum http_method method;
	enum h1_connection connection;
	struct slice upgrade;
};

static const struct answer answers[] = {
	{ "plain", B("HTTP/1.1 200 OK\r\nDate: x\r\ncontent-length: 5\r\nVary: a\r\n\r\n"),
	  B("HTTP/1.1 200 OK\r\nDate: x\r\ncontent-length: 5\r\nVary: a\r\n\r\n"), METHOD_GET,
	  H1_CONNECTION_MIRROR, B("") },
	{ "cookies stay apart and in order",
	  B("HTTP/1.1 302 Found\r\nSet-Cookie: a=b; Expires=Wed, 21 Oct 2037 07:28:00 GMT\r\n"
	    "X: 1\r\nsEt-cOoKiE:   c = d ;;\t\r\nSet-Cookie:\r\nSet-Cookie: a=b,c=d\r\n"
	    "Content-Length: 0\r\n\r\n"),
	  B("HTTP/1.1 302 Found\r\nSet-Cookie: a=b; Expires=Wed, 21 Oct 2037 07:28:00 GMT\r\n"
	    "X: 1\r\nsEt-cOoKiE: c = d ;;\r\nSet-Cookie: \r\nSet-Cookie: a=b,c=d\r\n"
	    "Content-Length: 0\r\n\r\n"),
	  METHOD_GET, H1_CONNECTION_MIRROR, B("") },
	{ "one length of many",
	  B("HTTP/1.1 200\r\nContent-Length: 5, 5\r\nX: y\r\nContent-Length: 5\r\n\r\n"),
	  B("HTTP/1.1 200 \r\nContent-Length: 5\r\nX: y\r\n\r\n"), METHOD_GET, H1_CONNECTION_MIRROR,
	  B("") },
	{ "HEAD keeps the length", B("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"),
	  B("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"), METHOD_HEAD, H1_CONNECTION_MIRROR,
	  B("") },
	{ "HEAD without one", B("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
	  B("HTTP/1.1 200 OK\r\n\r\n"), METHOD_HEAD, H1_CONNECTION_MIRROR, B("") },
	{ "204 loses it", B("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n"),
	  B("HTTP/1.1 204 No Content\r\n\r\n"), METHOD_GET, H1_CONNECTION_MIRROR, B("") },
	{ "100 loses it", B("HTTP/1.1 100 Continue\r\nContent-Length: 5\r\n\r\n"),
	  B("HTTP/1.1 100 Continue\r\n\r\n"), METHOD_GET, H1_CONNECTION_MIRROR, B("") },
	{ "until close says so", B("HTTP/1.0 200 OK\r\nX: y\r\n\r\n"),
	  B("HTTP/1.1 200 OK\r\nX: y\r\nConnection: close\r\n\r\n"), METHOD_GET,
	  H1_CONNECTION_MIRROR, B("") },
	{ "close as asked", B("HTTP/1.1 204 No\r\nConnection: keep-alive\r\n\r\n"),
	  B("HTTP/1.1 204 No\r\nConnection: close\r\n\r\n"), METHOD_GET, H1_CONNECTION_CLOSE,
	  B("") },
	{ "keep-alive as asked", B("HTTP/1.1 204 No\r\n\r\n"),
	  B("HTTP/1.1 204 No\r\nConnection: keep-alive\r\n\r\n"), METHOD_GET,
	  H1_CONNECTION_KEEP_ALIVE, B("") },
	{ "nothing as asked", B("HTTP/1.1 204 No\r\nConnection: keep-alive\r\n\r\n"),
	  B("HTTP/1.1 204 No\r\n\r\n"), METHOD_GET, H1_CONNECTION_NONE, B("") },
	{ "hop by hop",
	  B("HTTP/1.1 204 No\r\nConnection: Upgrade, X-Hop\r\nUpgrade: h2,h2c\r\nX-Hop: 1\r\n"
	    "Keep-Alive: timeout=5\r\nTE: trailers\r\nProxy-Authenticate: Basic\r\n"
	    "Proxy-Connection: close\r\nProxy-Status: x\r\nAlt-Svc: h3\r\n\r\n"),
	  B("HTTP/1.1 204 No\r\nProxy-Status: x\r\nAlt-Svc: h3\r\n\r\n"), METHOD_GET,
	  H1_CONNECTION_MIRROR, B("") },
	{ "WebSocket",
	  B("HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n"
	    "Sec-WebSocket-Accept: x\r\nSet-Cookie: a=b\r\n\r\n"),
	  B("HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n"
	    "Sec-WebSocket-Accept: x\r\nSet-Cookie: a=b\r\n\r\n"),
	  METHOD_GET, H1_CONNECTION_MIRROR, B("websocket") },
};

static void test_responses(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 4096);
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		const struct answer *row = &answers[i];
		struct h1_hop hop = { .connection = row->connection, .upgrade = row->upgrade };
		struct h1_response r;
		struct h1_error error;

		h1_response_init(&r, &h1_response_limits);
		if (h1_parse_response(row->in, &r) != H1_OK ||
		    framing_of_response(&r, row->method, row->upgrade, &hop.framing, &error) !=
			    H1_OK)
			fail_msg("%s: not readable", row->what);
		assert_true(h1_response_keep(&r));
		buf_clear(&out);
		assert_true(h1_write_response(&out, r.status, r.reason, &r.fields, &hop));
		if (!slice_eq(buf_slice(&out), row->out))
			fail_msg("%s: %.*s", row->what, SLICE_ARG(buf_slice(&out)));
		h1_response_release(&r);
	}
	buf_release(&out);
}

static void test_edited(void **state)
{
	struct h1_request r;
	struct h1_hop hop = { 0 };
	struct buf out;

	(void)state;
	buf_init(&out, 4096);
	h1_request_init(&r, &h1_request_limits);
	assert_int_equal(h1_parse_request(SLICE("GET / HTTP/1.1\r\n" H
						"Cookie: a=1; _ga=2\r\nDNT: 1\r\nX: y\r\n\r\n"),
					  &r),
			 H1_OK);
	assert_true(fields_set(&r.fields, fields_find(&r.fields, FIELD_COOKIE), SLICE("a=1")));
	fields_remove(&r.fields, fields_find(&r.fields, FIELD_DNT));
	assert_true(fields_add(&r.fields, SLICE("Via"), SLICE("1.1 crumbgate")));
	assert_true(h1_write_request(&out, r.method, r.path, &r.fields, &hop));
	assert_true(slice_eq(buf_slice(&out), SLICE("GET / HTTP/1.1\r\n" H "Cookie: a=1\r\nX: y\r\n"
						    "Via: 1.1 crumbgate\r\n\r\n")));
	h1_request_release(&r);
	buf_release(&out);
}

/* The length of one message may be written as chunks and the other way round. */
static void test_other_framing(void **state)
{
	struct h1_hop hop = { .framing = { .kind = FRAMING_CHUNKED } };
	struct fields f;
	struct buf out;

	(void)state;
	buf_init(&out, 4096);
	fields_init(&f, 10, 100);
	fields_add(&f, SLICE("Content-Length"), SLICE("5"));
	fields_add(&f, SLICE("Proxy-Authenticate"), SLICE("Basic"));
	hop.own = true;
	assert_true(h1_write_response(&out, 407, h1_reason(407), &f, &hop));
	assert_true(slice_eq(buf_slice(&out), SLICE("HTTP/1.1 407 Proxy Authentication Required\r\n"
						    "Proxy-Authenticate: Basic\r\n"
						    "Transfer-Encoding: chunked\r\n\r\n")));
	buf_clear(&out);
	fields_clear(&f);
	hop.framing = (struct framing){ .kind = FRAMING_LENGTH, .length = UINT64_MAX };
	hop.upgrade = SLICE("websocket");
	assert_true(h1_write_request(&out, SLICE("PUT"), SLICE(""), &f, &hop));
	assert_true(slice_eq(buf_slice(&out),
			     SLICE("PUT / HTTP/1.1\r\nContent-Length: 18446744073709551615\r\n"
				   "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n")));
	fields_release(&f);
	buf_release(&out);
}

static void test_unsound(void **state)
{
	struct h1_hop hop = { 0 };
	struct fields f;
	struct buf out;

	(void)state;
	buf_init(&out, 300);
	fields_init(&f, 10, 100);
	assert_false(h1_write_request(&out, SLICE("GET\r\n"), SLICE("/"), &f, &hop));
	assert_false(h1_write_request(&out, SLICE(""), SLICE("/"), &f, &hop));
	assert_false(h1_write_request(&out, SLICE("GET"), SLICE("/ x"), &f, &hop));
	assert_false(h1_write_request(&out, SLICE("GET"), SLICE("/\r\nX: y"), &f, &hop));
	assert_false(h1_write_response(&out, 200, SLICE("O\nK"), &f, &hop));
	assert_false(h1_write_response(&out, 20, SLICE("OK"), &f, &hop));
	hop.upgrade = SLICE("web\r\nsocket");
	assert_false(h1_write_response(&out, 101, SLICE("OK"), &f, &hop));
	hop.upgrade = SLICE("");
	assert_true(buf_ok(&out));
	assert_int_equal(buf_slice(&out).n, 0);
	assert_true(h1_write_response(&out, 200, SLICE(""), &f, &hop));
	assert_false(h1_write_response(&out, 200,
				       SLICE("a reason that makes the buffer overflow, "
					     "which takes about as many octets as this"),
				       &f, &hop));
	assert_true(slice_eq(buf_slice(&out), SLICE("HTTP/1.1 200 \r\n\r\n")));
	fields_release(&f);
	buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_requests), cmocka_unit_test(test_responses),
		cmocka_unit_test(test_edited),	 cmocka_unit_test(test_other_framing),
		cmocka_unit_test(test_unsound),
	};

	return cmocka_run_group_tests_name("http1_write", tests, NULL, NULL);
}
