/* HTTP/2 peers who want too much: limits, heads too large, floods; and who want much but may. */
#include "tests/unit/http2_tools.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void test_limits(void **state)
{
	struct pair *p = *state;
	size_t n = 0;

	assert_int_equal(h2_peer_settings(p->client.s)->n, 0);
	swap(p);
	assert_true(h2_peer_settings(p->client.s)->n != 0);
	while (h2_has_room(p->client.s) && n < 200) {
		assert_non_null(ask(&p->client, "GET", "/", NULL, false));
		n++;
	}
	assert_int_equal(n, 100);
	assert_null(ask(&p->client, "GET", "/", NULL, false));
	swap(p);
	assert_int_equal(h2_streams(p->server.s), 100);
	for (size_t i = 0; i < 100; i++)
		answer(p->server.st[i], 200, NULL, false);
	swap(p);
	assert_true(h2_has_room(p->client.s));
	assert_int_equal(h2_streams(p->server.s), 0);
}

static void test_large_head(void **state)
{
	struct end e;
	struct buf b, block;
	char value[5000];
	int type, flags;
	uint32_t stream;
	struct slice payload;

	(void)state;
	server_alone(&e, &b);
	memset(value, 'v', sizeof(value));
	buf_init(&block, 1 << 20);
	headers(&block, 0, 1, GET);
	buf_take(&block, 9);
	for (size_t i = 0; i < 14; i++)
		line(&block, SLICE("x"), slice_of(value, sizeof(value)));
	for (bool first = true; block.len != 0; first = false) {
		size_t n = block.len < 16000 ? block.len : 16000;

		frame(&b, first ? HEADERS : CONTINUATION,
		      (first ? END_STREAM : 0) | (n == block.len ? END_HEADERS : 0), 1,
		      slice_head(buf_slice(&block), n));
		buf_take(&block, n);
	}
	assert_true(give(&e, &b));
	assert_log(&e, "");
	assert_true(next_frame(&e, &type, &flags, &stream, &payload));
	assert_int_equal(type, HEADERS);
	assert_int_equal(flags, END_STREAM | END_HEADERS);
	assert_true(memmem(payload.p, payload.n, "431", 3) != NULL || payload.n < 9);
	assert_int_equal(h2_streams(e.s), 0);
	buf_release(&block);
	release(&e, &b);
}

/* 16,000 references to one line of 4,000 octets: 64 MB from 20 KB. */
static void test_hpack_bomb(void **state)
{
	struct end e;
	struct buf b, block;

	(void)state;
	server_alone(&e, &b);
	buf_init(&block, 1 << 20);
	headers(&block, 0, 1, GET);
	buf_take(&block, 9);
	buf_addc(&block, 0x40);
	buf_add(&block, SLICE("\x01"
			      "a"
			      "\x7f\xa1\x1e"));
	for (size_t i = 0; i < 4000; i++)
		buf_addc(&block, 'b');
	frame(&b, HEADERS, END_STREAM | END_HEADERS, 1, buf_slice(&block));
	buf_clear(&block);
	headers(&block, 0, 1, GET);
	buf_take(&block, 9);
	for (size_t i = 0; i < 16000; i++)
		buf_addc(&block, (char)0xbe);
	frame(&b, HEADERS, END_STREAM, 3, slice_head(buf_slice(&block), 16000));
	frame(&b, CONTINUATION, END_HEADERS, 3, slice_skip(buf_slice(&block), 16000));
	assert_true(give(&e, &b));
	assert_int_equal(error_in(&e, RST_STREAM), H2_ENHANCE_YOUR_CALM);
	assert_int_equal(h2_streams(e.s), 1);
	headers(&b, END_STREAM, 5, GET);
	assert_true(give(&e, &b));
	assert_int_equal(h2_streams(e.s), 2);
	buf_release(&block);
	release(&e, &b);
}

/* Each flood alone ends with ENHANCE_YOUR_CALM, and the streams hear of it. */
static void test_floods(void **state)
{
	static const struct {
		int type, flags;
		uint32_t stream;
		const char *payload;
		size_t n, enough;
	} rows[] = {
		{ SETTINGS, 0, 0, "\0\4\0\0\xff\xff", 6, 300 },
		{ PING, 0, 0, "01234567", 8, 1000 },
		{ PRIORITY, 0, 1001, "\0\0\0\0\x10", 5, 5000 },
		{ WINDOW_UPDATE, 0, 0, "\0\0\0\1", 4, 10000 },
		{ WINDOW_UPDATE, 0, 1, "\0\0\0\1", 4, 10000 },
		{ 0xfa, 0, 0, "xxxxxxxxxx", 10, 5000 },
		{ DATA, 0, 1, "", 0, 1000 },
		{ DATA, 0, 1, "x", 1, 50000 },
		{ DATA, PADDED, 1, "\0", 1, 50000 },
		{ RST_STREAM, 0, 1, "\0\0\0\0", 4, 1000 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct end e;
		struct buf b;
		bool good = true;

		server_alone(&e, &b);
		headers(&b, 0, 1, POST);
		for (size_t n = 0; n < rows[i].enough && good; n++) {
			frame(&b, rows[i].type, rows[i].flags, rows[i].stream,
			      slice_of(rows[i].payload, rows[i].n));
			if (n % 100 == 99)
				good = give(&e, &b);
			buf_clear(&e.log);
			if (good)
				buf_clear(&e.wire);
		}
		assert_false(good);
		assert_int_equal(error_in(&e, GOAWAY), H2_ENHANCE_YOUR_CALM);
		assert_true(h2_is_over(e.s));
		assert_int_equal(h2_streams(e.s), 0);
		release(&e, &b);
	}
}

/* RST_STREAM behind each request (CVE-2023-44487), and errors that make us send one. */
static void test_reset_floods(void **state)
{
	static const struct {
		int type;
		const char *payload;
		size_t n;
	} rows[] = {
		{ RST_STREAM, "\0\0\0\x08", 4 },
		{ WINDOW_UPDATE, "\x7f\xff\xff\xff", 4 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct end e;
		struct buf b;
		uint32_t id = 1;

		server_alone(&e, &b);
		while (id < 4000 && !h2_is_over(e.s)) {
			headers(&b, END_STREAM, id, GET);
			frame(&b, rows[i].type, 0, id, slice_of(rows[i].payload, rows[i].n));
			give(&e, &b);
			e.n = 0;
			buf_clear(&e.log);
			if (!h2_is_over(e.s))
				buf_clear(&e.wire);
			id += 2;
		}
		assert_true(id > 400 && id < 1100);
		assert_int_equal(error_in(&e, GOAWAY), H2_ENHANCE_YOUR_CALM);
		assert_int_equal(h2_streams(e.s), 0);
		release(&e, &b);
	}
}

static void test_continuation_flood(void **state)
{
	struct end e;
	struct buf b;

	(void)state;
	server_alone(&e, &b);
	frame(&b, HEADERS, END_STREAM, 1, SLICE(""));
	for (size_t i = 0; i < 1000; i++)
		frame(&b, CONTINUATION, 0, 1, SLICE(""));
	assert_false(give(&e, &b));
	assert_int_equal(error_in(&e, GOAWAY), H2_ENHANCE_YOUR_CALM);
	release(&e, &b);
}

/* Acknowledgements for a peer that does not read are bounded. */
static void test_unread(void **state)
{
	struct end e;
	struct buf b;
	bool good = true;

	(void)state;
	server_alone(&e, &b);
	e.full = true;
	for (size_t i = 0; i < 400 && good; i++) {
		frame(&b, PING, 0, 0, SLICE("01234567"));
		good = give(&e, &b);
	}
	assert_false(good);
	assert_int_equal(error_in(&e, GOAWAY), H2_ENHANCE_YOUR_CALM);
	release(&e, &b);
}

/* What real peers do for hours costs nothing. */
static void test_no_false_alarm(void **state)
{
	struct end e;
	struct buf b;
	uint32_t id = 1;
	int64_t now = 1000;

	(void)state;
	server_alone(&e, &b);
	/*
	 * A browser: for each request two PRIORITY_UPDATEs, an unknown frame; one in three is left.
	 */
	for (size_t i = 0; i < 20000; i++, id += 2) {
		headers(&b, END_STREAM, id, GET "cookie: 0123456789\npriority: u=1\n");
		frame(&b, PRIORITY_UPDATE, 0, 0,
		      slice_of((char[]){ (char)(id >> 24), (char)(id >> 16), (char)(id >> 8),
					 (char)id, 'u', '=', '2' },
			       7));
		frame(&b, 0xfa, 0, id, SLICE("grease"));
		if (i % 3 == 0)
			frame(&b, RST_STREAM, 0, id, SLICE("\0\0\0\x08"));
		e.n = 0;
		assert_true(h2_feed(e.s, buf_slice(&b), now += 5));
		buf_clear(&b);
		if (i % 3 != 0)
			assert_true(answer(e.st[0], 200, NULL, false));
		h2_flush(e.s);
		buf_clear(&e.log);
		buf_clear(&e.wire);
	}
	/*
	 * gRPC: messages of 9 octets, a thousand a second, with a WINDOW_UPDATE for each of ours.
	 */
	headers(&b, 0, id, POST);
	e.n = 0;
	assert_true(give(&e, &b));
	assert_true(answer(e.st[0], 200, NULL, true));
	for (size_t i = 0; i < 100000; i++) {
		say(e.st[0], "answer");
		h2_flush(e.s);
		frame(&b, DATA, 0, id, SLICE("\0\0\0\0\4ping"));
		frame(&b, WINDOW_UPDATE, 0, 0, SLICE("\0\0\0\6"));
		frame(&b, WINDOW_UPDATE, 0, id, SLICE("\0\0\0\6"));
		assert_true(h2_feed(e.s, buf_slice(&b), now += 1));
		h2_flush(e.s);
		buf_clear(&b);
		buf_clear(&e.log);
		buf_clear(&e.wire);
		buf_clear(&e.body);
	}
	release(&e, &b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PAIR(test_limits),
		cmocka_unit_test(test_large_head),
		cmocka_unit_test(test_hpack_bomb),
		cmocka_unit_test(test_floods),
		cmocka_unit_test(test_reset_floods),
		cmocka_unit_test(test_continuation_flood),
		cmocka_unit_test(test_unread),
		cmocka_unit_test(test_no_false_alarm),
	};

	return cmocka_run_group_tests_name("http2_floods", tests, NULL, NULL);
}
