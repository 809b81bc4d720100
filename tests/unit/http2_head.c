/*
 * Heads of HTTP/2 as lists of lines: what comes of them, or that they are refused; and as they are
 * written.
 */
#include "proxy/http/h2_head.h"
#include "proxy/http/h2_lines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define MAX_FIELDS 20
#define MAX_OCTETS 2000

/* "name: value\n" lines; a pseudo-field's name begins with ':'. */
static void add_lines(struct h2_head *h, const char *lines)
{
	struct slice rest = slice_str(lines), text, name, value;

	while (rest.n != 0) {
		rest = slice_cut(rest, '\n', &text);
		if (text.n != 0 && text.p[0] == ':') {
			size_t n = 1 + slice_find(slice_skip(text, 1), ':');

			name = slice_head(text, n);
			value = slice_skip(text, n + 2);
		} else {
			value = slice_skip(slice_cut(text, ':', &name), 1);
		}
		h2_head_add(h, name, value);
	}
}

static void write_fields(struct buf *out, const struct fields *f)
{
	for (uint32_t i = 0; i < f->n; i++)
		buf_addf(out, " [%.*s: %.*s]", SLICE_ARG(f->v[i].name), SLICE_ARG(f->v[i].value));
}

static void write_framing(struct buf *out, const struct framing *f)
{
	static const char *const kinds[] = {
		[FRAMING_NONE] = "none",       [FRAMING_LENGTH] = "length",
		[FRAMING_CHUNKED] = "chunked", [FRAMING_UNTIL_CLOSE] = "close",
		[FRAMING_TUNNEL] = "tunnel",
	};

	buf_addf(out, " %s", kinds[f->kind]);
	if (f->has_length)
		buf_addf(out, "=%u", (unsigned)f->length);
}

static void expect(struct buf *got, const char *want, const char *lines)
{
	buf_addc(got, '\0');
	if (strcmp(buf_slice(got).p, want) != 0)
		print_error("of:\n%s", lines);
	assert_string_equal(buf_slice(got).p, want);
	buf_release(got);
}

#define GET ":method: GET\n:scheme: https\n:authority: a.example\n:path: /\n"
#define WITH(method, scheme, authority, path)                                                      \
	":method: " method "\n:scheme: " scheme "\n:authority: " authority "\n:path: " path "\n"

struct request_row {
	const char *lines, *want; /* "bad" */
	bool end;
};

static const struct request_row requests[] = {
	{ GET, "GET https a.example:0 / none [host: a.example]", true },
	{ GET, "GET https a.example:0 / chunked [host: a.example]", false },
	{ ":path: /\n:authority: a.example\n:scheme: HTTP\n:method: M-1\n",
	  "M-1 http a.example:0 / none [host: a.example]", true },
	{ WITH("POST", "https", "A.example:443", "/a?b=c&d"),
	  "POST https a.example:443 /a?b=c&d none [host: A.example:443]", true },
	{ GET "content-length: 0\n",
	  "GET https a.example:0 / length=0 [host: a.example] [content-length: 0]", true },
	{ GET "content-length: 12\n",
	  "GET https a.example:0 / length=12 [host: a.example] [content-length: 12]", false },
	{ GET "content-length: 12\n", "bad", true },
	{ GET "content-length: 12\ncontent-length: 12\n", "bad", false },
	{ GET "content-length: 12, 12\n", "bad", false },
	{ GET "content-length: +1\n", "bad", false },
	{ GET "content-length: \n", "bad", false },
	{ GET "content-length: 99999999999999999999\n", "bad", false },

	/* Section 8.3.1: :authority and Host. */
	{ ":method: GET\n:scheme: https\n:path: /\nhost: b.example\n",
	  "GET https b.example:0 / none [host: b.example]", true },
	{ GET "x: y\nhost: A.example:443\n",
	  "GET https a.example:0 / none [x: y] [host: a.example]", true },
	{ GET "host: a.example:80\n", "bad", true },
	{ GET "host: b.example\n", "bad", true },
	{ GET "host: a.example\nhost: a.example\n", "bad", true },
	{ GET "host: \n", "bad", true },
	{ ":method: GET\n:scheme: https\n:path: /\n", "bad", true },
	{ WITH("GET", "https", "", "/"), "bad", true },
	{ WITH("GET", "https", "", "/") "host: a.example\n", "bad", true },
	{ WITH("GET", "https", "u@a.example", "/"), "bad", true },
	{ WITH("GET", "https", "a.example/", "/"), "bad", true },
	{ WITH("GET", "https", "a.example:0", "/"), "bad", true },
	{ WITH("GET", "https", "a b", "/"), "bad", true },
	{ WITH("GET", "https", "127.1", "/"), "bad", true },

	/* Pseudo-fields: each once, all of them, known, first. */
	{ ":scheme: https\n:authority: a.example\n:path: /\n", "bad", true },
	{ ":method: GET\n:authority: a.example\n:path: /\n", "bad", true },
	{ ":method: GET\n:scheme: https\n:authority: a.example\n", "bad", true },
	{ ":method: GET\n" GET, "bad", true },
	{ GET ":authority: a.example\n", "bad", true },
	{ GET ":status: 200\n", "bad", true },
	{ GET ":foo: 1\n", "bad", true },
	{ GET ":: 1\n", "bad", true },
	{ ":method: GET\nx: y\n:scheme: https\n:authority: a.example\n:path: /\n", "bad", true },

	/* Method, scheme, path. */
	{ WITH("G T", "https", "a.example", "/"), "bad", true },
	{ WITH("", "https", "a.example", "/"), "bad", true },
	{ WITH("GET", "ftp", "a.example", "/"), "bad", true },
	{ WITH("GET", "https://evil/?", "a.example", "/"), "bad", true },
	{ WITH("GET", "https", "a.example", ""), "bad", true },
	{ WITH("GET", "https", "a.example", "a"), "bad", true },
	{ WITH("GET", "https", "a.example", "https://b/"), "bad", true },
	{ WITH("GET", "https", "a.example", "/a b"), "bad", true },
	{ WITH("GET", "https", "a.example", "/a#b"), "bad", true },
	{ WITH("GET", "https", "a.example", "/\xc3\xa4"), "bad", true },
	{ WITH("GET", "https", "a.example", "/\x01"), "bad", true },
	{ WITH("GET", "https", "a.example", "*"), "bad", true },
	{ WITH("OPTIONS", "https", "a.example", "*"),
	  "OPTIONS https a.example:0 * none [host: a.example]", true },
	{ WITH("OPTIONS", "https", "a.example", "*a"), "bad", true },
	{ WITH("TRACE", "https", "a.example", "/"),
	  "TRACE https a.example:0 / none [host: a.example]", true },
	{ WITH("TRACE", "https", "a.example", "/"), "bad", false },

	/* CONNECT (section 8.5) and extended CONNECT (RFC 8441). */
	{ ":method: CONNECT\n:authority: a.example:443\n",
	  "CONNECT http a.example:443  chunked [host: a.example:443]", false },
	{ ":method: CONNECT\n:authority: a.example\n", "bad", false },
	{ ":method: CONNECT\nhost: a.example:443\n", "bad", false },
	{ ":method: CONNECT\n:authority: a.example:443\n:path: /\n", "bad", false },
	{ ":method: CONNECT\n:authority: a.example:443\n:scheme: https\n", "bad", false },
	{ ":method: CONNECT\n:authority: a.example:443\ncontent-length: 0\n", "bad", false },
	{ WITH("CONNECT", "https", "a.example", "/c") ":protocol: websocket\n",
	  "CONNECT https a.example:0 /c chunked websocket [host: a.example]", false },
	{ WITH("CONNECT", "https", "a.example", "/c") ":protocol: \n", "bad", false },
	{ WITH("CONNECT", "https", "a.example", "/c") ":protocol: a b\n", "bad", false },
	{ WITH("GET", "https", "a.example", "/c") ":protocol: websocket\n", "bad", false },

	/* Fields. */
	{ GET "te: trailers\nTE: x\n", "bad", true },
	{ GET "te: trailers\n", "GET https a.example:0 / none [host: a.example] [te: trailers]",
	  true },
	{ GET "te: trailers, gzip\n", "bad", true },
	{ GET "connection: x\n", "bad", true },
	{ GET "keep-alive: x\n", "bad", true },
	{ GET "proxy-connection: x\n", "bad", true },
	{ GET "transfer-encoding: chunked\n", "bad", true },
	{ GET "upgrade: h2c\n", "bad", true },
	{ GET "http2-settings: x\n", "bad", true },
	{ GET "x-Y: z\n", "bad", true },
	{ GET "User-agent: z\n", "bad", true },
	{ GET "x y: z\n", "bad", true },
	{ GET ": z\n", "bad", true },
	{ GET "x: a\rb\n", "bad", true },
	{ GET "x: a\x7f\n", "bad", true },
	{ GET "x:  a\tb \ny: \xff\nx: c\n",
	  "GET https a.example:0 / none [host: a.example] [x: a\tb] [y: \xff] [x: c]", true },

	/* Crumbs (section 8.2.3). */
	{ GET "cookie: a=1\nx: y\ncookie: b=2; c\ncookie: \ncookie: d\n",
	  "GET https a.example:0 / none [host: a.example] [cookie: a=1; b=2; c; ; d] [x: y]",
	  true },
};

static void test_requests(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		const struct request_row *row = &requests[i];
		struct h2_head h;
		struct h2_request r;
		struct buf got;

		buf_init(&got, 10000);
		h2_head_init(&h, H2_HEAD_REQUEST, MAX_FIELDS, MAX_OCTETS);
		add_lines(&h, row->lines);
		if (h2_head_request(&h, row->end, &r)) {
			buf_addf(&got, "%.*s %s %s:%u %.*s", SLICE_ARG(r.method),
				 r.https ? "https" : "http", r.authority.host, r.authority.port,
				 SLICE_ARG(r.path));
			write_framing(&got, &r.framing);
			if (r.protocol.n != 0)
				buf_addf(&got, " %.*s", SLICE_ARG(r.protocol));
			write_fields(&got, r.fields);
		} else {
			buf_adds(&got, "bad");
		}
		expect(&got, row->want, row->lines);
		h2_head_release(&h);
	}
}

static const struct {
	const char *lines, *want;
	bool end;
	enum http_method method;
} responses[] = {
	{ ":status: 200\n", "200 chunked", false, METHOD_GET },
	{ ":status: 200\n", "200 length=0", true, METHOD_GET },
	{ ":status: 200\ncontent-length: 5\n", "200 length=5 [content-length: 5]", false,
	  METHOD_GET },
	{ ":status: 200\ncontent-length: 5\n", "200 none=5 [content-length: 5]", true,
	  METHOD_HEAD },
	{ ":status: 304\ncontent-length: 5\n", "304 none=5 [content-length: 5]", true, METHOD_GET },
	{ ":status: 204\n", "204 none", true, METHOD_GET },
	{ ":status: 200\ncontent-length: 5\n", "bad", true, METHOD_GET },
	{ ":status: 200\ncontent-length: 5\ncontent-length: 5\n",
	  "200 length=5 [content-length: 5] [content-length: 5]", false, METHOD_GET },
	{ ":status: 200\ncontent-length: 5, 5\n", "200 length=5 [content-length: 5, 5]", false,
	  METHOD_GET },
	{ ":status: 200\ncontent-length: 5\ncontent-length: 6\n", "bad", false, METHOD_GET },
	{ ":status: 103\nlink: </a>\n", "103 none [link: </a>]", false, METHOD_GET },
	{ ":status: 103\n", "bad", true, METHOD_GET },
	{ ":status: 101\n", "bad", false, METHOD_GET },
	{ ":status: 99\n", "bad", false, METHOD_GET },
	{ ":status: 0200\n", "bad", false, METHOD_GET },
	{ ":status: 600\n", "bad", false, METHOD_GET },
	{ ":status: 2x0\n", "bad", false, METHOD_GET },
	{ ":status: \n", "bad", false, METHOD_GET },
	{ "x: y\n", "bad", false, METHOD_GET },
	{ ":status: 200\n:status: 200\n", "bad", false, METHOD_GET },
	{ ":status: 200\n:path: /\n", "bad", false, METHOD_GET },
	{ "x: y\n:status: 200\n", "bad", false, METHOD_GET },
	{ ":status: 200\nset-cookie: a\nset-cookie: b\n",
	  "200 chunked [set-cookie: a] [set-cookie: b]", false, METHOD_GET },
	{ ":status: 200\ncookie: a\ncookie: b\n", "200 chunked [cookie: a] [cookie: b]", false,
	  METHOD_GET },
	{ ":status: 200\ntransfer-encoding: chunked\n", "bad", false, METHOD_GET },
};

static void test_responses(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(responses) / sizeof(responses[0]); i++) {
		struct h2_head h;
		struct h2_response r;
		struct buf got;

		buf_init(&got, 10000);
		h2_head_init(&h, H2_HEAD_RESPONSE, MAX_FIELDS, MAX_OCTETS);
		add_lines(&h, responses[i].lines);
		if (h2_head_response(&h, responses[i].end, responses[i].method, &r)) {
			buf_addf(&got, "%u", r.status);
			write_framing(&got, &r.framing);
			write_fields(&got, r.fields);
		} else {
			buf_adds(&got, "bad");
		}
		expect(&got, responses[i].want, responses[i].lines);
		h2_head_release(&h);
	}
}

static void test_trailers(void **state)
{
	static const struct {
		const char *lines, *want;
	} rows[] = {
		{ "x: y\ngrpc-status: 0\n", " [x: y] [grpc-status: 0]" },
		{ "cookie: a\nset-cookie: b\nx: y\nauthorization: c\ntrailer: d\n", " [x: y]" },
		{ "content-length: 0\n", "bad" },
		{ "host: a\n", "bad" },
		{ "transfer-encoding: chunked\n", "bad" },
		{ ":path: /\n", "bad" },
		{ ":status: 200\n", "bad" },
		{ "X: y\n", "bad" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct h2_head h;
		struct buf got;

		buf_init(&got, 10000);
		h2_head_init(&h, H2_HEAD_TRAILERS, MAX_FIELDS, MAX_OCTETS);
		add_lines(&h, rows[i].lines);
		if (h2_head_trailers(&h))
			write_fields(&got, &h.fields);
		else
			buf_adds(&got, "bad");
		expect(&got, rows[i].want, rows[i].lines);
		h2_head_release(&h);
	}
}

/* Above a limit a head is LARGE and keeps nothing more; a malformed one stays BAD. */
static void test_limits(void **state)
{
	struct h2_head h;
	struct h2_request r;
	char value[MAX_OCTETS];

	(void)state;
	memset(value, 'v', sizeof(value));
	h2_head_init(&h, H2_HEAD_REQUEST, MAX_FIELDS, MAX_OCTETS);
	add_lines(&h, GET);
	for (size_t i = 0; i < MAX_FIELDS; i++)
		assert_true(h2_head_add(&h, SLICE("x"), SLICE("y")));
	assert_false(h2_head_add(&h, SLICE("x"), SLICE("y")));
	assert_int_equal(h.state, H2_HEAD_LARGE);
	h2_head_release(&h);

	h2_head_init(&h, H2_HEAD_REQUEST, MAX_FIELDS, MAX_OCTETS);
	add_lines(&h, GET);
	assert_false(h2_head_add(&h, SLICE("x"), slice_of(value, sizeof(value))));
	assert_int_equal(h.state, H2_HEAD_LARGE);
	assert_false(h2_head_add(&h, SLICE("x"), SLICE("y")));
	assert_true(h.octets > 2 * sizeof(value) / 2);
	assert_false(h2_head_request(&h, true, &r));
	h2_head_release(&h);

	/* Many crumbs are one line. */
	h2_head_init(&h, H2_HEAD_REQUEST, 3, MAX_OCTETS);
	add_lines(&h, GET);
	for (size_t i = 0; i < 20; i++)
		assert_true(h2_head_add(&h, SLICE("cookie"), SLICE("a=b")));
	assert_true(h2_head_request(&h, true, &r));
	assert_int_equal(fields_value(r.fields, FIELD_COOKIE).n, 20 * 5 - 2);
	h2_head_release(&h);

	h2_head_init(&h, H2_HEAD_REQUEST, MAX_FIELDS, MAX_OCTETS);
	assert_false(h2_head_add(&h, SLICE("X"), SLICE("y")));
	assert_false(h2_head_add(&h, SLICE("x"), slice_of(value, sizeof(value))));
	assert_int_equal(h.state, H2_HEAD_BAD);
	h2_head_release(&h);
}

static void write_lines(struct buf *out, const struct h2_lines *l)
{
	for (size_t i = 0; i < l->n; i++)
		buf_addf(out, "%.*s=%.*s\n", (int)l->v[i].namelen, (const char *)l->v[i].name,
			 (int)l->v[i].valuelen, (const char *)l->v[i].value);
}

static void test_written_request(void **state)
{
	static const struct {
		const char *method, *authority, *path, *protocol;
		bool https;
		const char *want; /* NULL: refused */
	} rows[] = {
		{ "GET", "A.example:443", "/a", "", true,
		  ":method=GET\n:authority=a.example\n:scheme=https\n:path=/a\n" },
		{ "GET", "a.example:443", "/a", "", false,
		  ":method=GET\n:authority=a.example:443\n:scheme=http\n:path=/a\n" },
		{ "GET", "[::1]:8443", "/", "", true,
		  ":method=GET\n:authority=[::1]:8443\n:scheme=https\n:path=/\n" },
		{ "OPTIONS", "a.example", "*", "", true,
		  ":method=OPTIONS\n:authority=a.example\n:scheme=https\n:path=*\n" },
		{ "CONNECT", "a.example:443", "", "", false,
		  ":method=CONNECT\n:authority=a.example:443\n" },
		{ "CONNECT", "a.example", "/c", "websocket", true,
		  ":method=CONNECT\n:protocol=websocket\n:authority=a.example\n:scheme=https\n"
		  ":path=/c\n" },
		{ "CONNECT", "a.example", "", "", false, NULL },
		{ "CONNECT", "a.example:443", "/", "", false, NULL },
		{ "GET", "a.example", "", "", true, NULL },
		{ "GET", "a.example", "a", "", true, NULL },
		{ "GET", "a.example", "/ ", "", true, NULL },
		{ "GET", "a.example", "/\n", "", true, NULL },
		{ "GET ", "a.example", "/", "", true, NULL },
		{ "CONNECT", "a.example", "/", "a b", true, NULL },
		{ "GET", "", "/", "", true, NULL },
	};
	struct fields none;

	(void)state;
	fields_init(&none, 1, 1);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct h2_request r = {
			.method = slice_str(rows[i].method),
			.method_id = method_of(slice_str(rows[i].method)),
			.https = rows[i].https,
			.protocol = slice_str(rows[i].protocol),
			.path = slice_str(rows[i].path),
			.fields = &none,
		};
		struct h2_lines l;
		struct buf got;

		buf_init(&got, 10000);
		authority_parse(&r.authority, slice_str(rows[i].authority));
		if (h2_lines_request(&l, &r)) {
			write_lines(&got, &l);
			assert_non_null(rows[i].want);
			expect(&got, rows[i].want, rows[i].path);
		} else {
			assert_null(rows[i].want);
		}
		h2_lines_release(&l);
		buf_release(&got);
	}
}

static void test_written_fields(void **state)
{
	struct fields f;
	struct h2_lines l;
	struct buf got;
	char value[70000];

	(void)state;
	buf_init(&got, 10000);
	fields_init(&f, 100, 1 << 20);
	fields_add(&f, SLICE("X"), SLICE("1"));
	fields_add(&f, SLICE("Connection"), SLICE("close, x-mine, x, set-cookie"));
	fields_add(&f, SLICE("x-mine"), SLICE("2"));
	fields_add(&f, SLICE("Set-Cookie"), SLICE("a; b"));
	fields_add(&f, SLICE("cookie"), SLICE("a; b"));
	fields_add(&f, SLICE("TE"), SLICE("trailers"));
	fields_add(&f, SLICE("y"), SLICE(""));
	assert_true(h2_lines_response(&l, 200, &f));
	write_lines(&got, &l);
	expect(&got, ":status=200\nSet-Cookie=a; b\ncookie=a; b\ny=\n", "");
	h2_lines_release(&l);
	assert_true(h2_lines_trailers(&l, &f));
	write_lines(&got, &l);
	expect(&got, "X=1\nx-mine=2\ny=\n", "");
	h2_lines_release(&l);
	assert_false(h2_lines_response(&l, 101, &f));
	h2_lines_release(&l);
	memset(value, 'v', sizeof(value));
	for (size_t i = 0; i < 12; i++)
		fields_add(&f, SLICE("x-long"), slice_of(value, sizeof(value)));
	assert_false(h2_lines_response(&l, 200, &f)); /* larger than what is ever sent */
	h2_lines_release(&l);
	fields_release(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_requests),	cmocka_unit_test(test_responses),
		cmocka_unit_test(test_trailers),	cmocka_unit_test(test_limits),
		cmocka_unit_test(test_written_request), cmocka_unit_test(test_written_fields),
	};

	return cmocka_run_group_tests_name("http2_head", tests, NULL, NULL);
}
