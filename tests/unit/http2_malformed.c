/* HTTP/2 frames made by hand that break the rules of a stream or of the connection. */
#include "tests/unit/http2_tools.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

/* One stream that breaks the rules is reset and never told; the next one is good. */
static void test_malformed_requests(void **state)
{
	static const char *const heads[] = {
		GET "connection: close\n",
		GET "te: gzip\n",
		GET "host: b.example\n",
		GET "host: a.example\nhost: a.example\n",
		GET "X: y\n",
		GET "x y: z\n",
		GET "content-length: 5\n",
		GET "content-length: +0\n",
		GET "x: a\rb\n",
		GET ":path: /\n",
		":method: GET\n:scheme: https\n:path: /\n",
		":method: GET\n:scheme: https\n:authority: u@a.example\n:path: /\n",
		":method: GET\n:scheme: https\n:authority: a.example/b\n:path: /\n",
		":method: GET\n:scheme: ftp\n:authority: a.example\n:path: /\n",
		":method: GET\n:scheme: https\n:authority: a.example\n:path: /a b\n",
		":method: GET\n:scheme: https\n:authority: a.example\n:path: /a#b\n",
		":method: GET\n:scheme: https\n:authority: a.example\n:path: a\n",
		":method: GET\n:scheme: https\n:authority: a.example\n:path: *\n",
		":method: G T\n:scheme: https\n:authority: a.example\n:path: /\n",
	};
	struct end e;
	struct buf b;
	uint32_t id = 1;

	(void)state;
	server_alone(&e, &b);
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++, id += 2) {
		headers(&b, END_STREAM, id, heads[i]);
		assert_true(give(&e, &b));
		assert_log(&e, "");
		assert_int_equal(error_in(&e, RST_STREAM), H2_PROTOCOL_ERROR);
		assert_int_equal(h2_streams(e.s), 0);
	}
	headers(&b, END_STREAM, id, GET);
	assert_true(give(&e, &b));
	assert_log(&e, "1 request GET https a.example / none [host: a.example]\n1 end\n");
	release(&e, &b);
}

static void test_malformed_trailers(void **state)
{
	static const struct {
		const char *lines;
		bool good;
	} rows[] = {
		{ "x: y\n", true },
		{ ":path: /\n", false },
		{ "content-length: 1\n", false },
		{ "transfer-encoding: chunked\n", false },
		{ "host: a\n", false },
		{ "X: y\n", false },
	};
	struct end e;
	struct buf b;

	(void)state;
	server_alone(&e, &b);
	for (uint32_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		headers(&b, 0, 2 * i + 1, POST);
		frame(&b, DATA, 0, 2 * i + 1, SLICE("x"));
		headers(&b, END_STREAM, 2 * i + 1, rows[i].lines);
		assert_true(give(&e, &b));
		assert_int_equal(error_in(&e, RST_STREAM), rows[i].good ? -1 : H2_PROTOCOL_ERROR);
		assert_int_equal(h2_streams(e.s), rows[i].good ? 1 : 0);
		if (rows[i].good)
			h2_reset(e.st[0], H2_NO_ERROR);
		h2_flush(e.s);
		assert_int_equal(h2_streams(e.s), 0);
		buf_clear(&e.wire);
	}
	release(&e, &b);
}

/* Wrong lengths, and data behind the end. */
static void test_lengths(void **state)
{
	struct end e;
	struct buf b;

	(void)state;
	server_alone(&e, &b);
	headers(&b, 0, 1, POST "content-length: 3\n");
	frame(&b, DATA, END_STREAM, 1, SLICE("hello"));
	headers(&b, 0, 3, POST "content-length: 9\n");
	frame(&b, DATA, END_STREAM, 3, SLICE("hello"));
	headers(&b, 0, 5, POST "content-length: 5\n");
	frame(&b, DATA, END_STREAM, 5, SLICE("hello"));
	assert_true(give(&e, &b));
	assert_log(
		&e,
		"1 request POST https a.example / length 3 [host: a.example] [content-length: 3]\n"
		"2 request POST https a.example / length 9 [host: a.example] [content-length: 9]\n"
		"2 data 5\n"
		"3 request POST https a.example / length 5 [host: a.example] [content-length: 5]\n"
		"3 data 5\n3 end\n1 closed 1\n2 closed 1\n");
	release(&e, &b);
}

/* What each answer of a malformed origin comes to. */
static void test_malformed_responses(void **state)
{
	static const struct {
		const char *lines, *log;
	} rows[] = {
		{ ":status: 200\n", "response 200 body\n" },
		{ ":status: 200\nx:  a \n", "response 200 body [x: a]\n" },
		{ "x: y\n", "closed 1\n" },
		{ ":status: 2x0\n", "closed 1\n" },
		{ ":status: 099\n", "closed 1\n" },
		{ ":status: 101\n", "closed 1\n" },
		{ ":status: 700\n", "closed 1\n" },
		{ ":status: 200\n:status: 200\n", "closed 1\n" },
		{ ":status: 200\nX: y\n", "closed 1\n" },
		{ ":status: 200\nx: a\rb\n", "closed 1\n" },
		{ ":status: 200\ntransfer-encoding: chunked\n", "closed 1\n" },
		{ ":status: 200\nconnection: close\n", "closed 1\n" },
		{ ":status: 200\ncontent-length: 2\ncontent-length: 3\n", "closed 1\n" },
		{ ":status: 200\n:path: /\n", "closed 1\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct end e;
		struct buf b;
		char text[128];

		end_init(&e, &client_config);
		buf_init(&b, 1 << 20);
		assert_non_null(ask(&e, "GET", "/", NULL, false));
		h2_flush(e.s);
		frame(&b, SETTINGS, 0, 0, SLICE(""));
		headers(&b, 0, 1, rows[i].lines);
		assert_true(give(&e, &b));
		snprintf(text, sizeof(text), "1 %s", rows[i].log);
		assert_log(&e, text);
		release(&e, &b);
	}
}

static void test_broken_connections(void **state)
{
	static const struct {
		int type, flags;
		uint32_t stream;
		const char *payload;
		size_t n;
		int error;
	} rows[] = {
		{ DATA, 0, 0, "x", 1, 1 },
		{ DATA, 0, 7, "x", 1, 1 },
		{ HEADERS, END_HEADERS, 2, "", 0, 1 },
		{ HEADERS, END_HEADERS, 3, "\xff\xff\xff\xff\xff\xff", 6, 9 },
		{ PRIORITY, 0, 3, "x", 1, 6 },
		{ PRIORITY, 0, 0, "\0\0\0\1\x10", 5, 1 },
		{ PRIORITY, 0, 5, "\x80\0\0\5\x10", 5, 1 },
		{ RST_STREAM, 0, 9, "\0\0\0\0", 4, 1 },
		{ SETTINGS, 0, 0, "x", 1, 6 },
		{ PUSH_PROMISE, END_HEADERS, 1, "\0\0\0\2", 4, 1 },
		{ PING, 0, 0, "x", 1, 6 },
		{ WINDOW_UPDATE, 0, 0, "\0\0\0\0", 4, 1 },
		{ WINDOW_UPDATE, 0, 0, "\x7f\xff\xff\xff", 4, 3 },
		{ CONTINUATION, 0, 1, "", 0, 1 },
		{ PRIORITY_UPDATE, 0, 1, "\0\0\0\1u=1", 7, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct end e;
		struct buf b;

		server_alone(&e, &b);
		headers(&b, 0, 1, POST);
		frame(&b, rows[i].type, rows[i].flags, rows[i].stream,
		      slice_of(rows[i].payload, rows[i].n));
		give(&e, &b);
		assert_int_equal(error_in(&e, GOAWAY), rows[i].error);
		assert_true(h2_is_over(e.s));
		assert_int_equal(h2_streams(e.s), 0);
		assert_false(h2_feed(e.s, SLICE("more"), 0));
		release(&e, &b);
	}
}

static void test_no_preface(void **state)
{
	struct end e;

	(void)state;
	end_init(&e, &server_config);
	assert_false(h2_feed(e.s, SLICE("GET / HTTP/1.1\r\n\r\n"), 0));
	assert_false(h2_is_over(e.s));
	h2_flush(e.s);
	assert_int_equal(error_in(&e, GOAWAY), H2_PROTOCOL_ERROR);
	assert_true(h2_is_over(e.s));
	end_release(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_malformed_requests),
		cmocka_unit_test(test_malformed_trailers),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_malformed_responses),
		cmocka_unit_test(test_broken_connections),
		cmocka_unit_test(test_no_preface),
	};

	return cmocka_run_group_tests_name("http2_malformed", tests, NULL, NULL);
}
