/* How HTTP/2 streams and connections end: resets, whole though reset, GOAWAY, what comes late. */
#include "tests/unit/http2_tools.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void test_peer_resets(void **state)
{
	struct pair *p = *state;

	ask(&p->client, "GET", "/", NULL, false);
	ask(&p->client, "GET", "/", NULL, false);
	swap(p);
	buf_clear(&p->server.log);
	h2_reset(p->client.st[0], H2_CANCEL);
	h2_reset(p->server.st[1], H2_REFUSED_STREAM);
	h2_reset(NULL, H2_CANCEL);
	swap(p);
	assert_log(&p->server, "1 closed 8\n");
	assert_log(&p->client, "2 closed 7 unprocessed\n");
	assert_int_equal(h2_streams(p->client.s) + h2_streams(p->server.s), 0);
}

/* RST_STREAM with NO_ERROR in the middle of an answer is a cut too. */
static void test_no_error_is_a_cut(void **state)
{
	struct pair *p = *state;

	ask(&p->client, "GET", "/", NULL, false);
	swap(p);
	answer(p->server.st[0], 200, NULL, true);
	say(p->server.st[0], "x");
	swap(p);
	buf_clear(&p->client.log);
	h2_reset(p->server.st[0], H2_NO_ERROR);
	swap(p);
	assert_log(&p->client, "1 closed 8\n");
}

/* But not of one whose length is known and came: Node closes so when END_STREAM finds no window. */
static void test_no_error_behind_whole(void **state)
{
	struct pair *p = *state;

	ask(&p->client, "GET", "/", NULL, false);
	swap(p);
	answer(p->server.st[0], 200, "content-length: 5\n", true);
	say(p->server.st[0], "hello");
	swap(p);
	h2_reset(p->server.st[0], H2_NO_ERROR);
	swap(p);
	assert_log(&p->client, "1 response 200 length 5 [content-length: 5]\n"
			       "1 data 5\n1 end\n1 closed 0\n");
}

/* Nor of one that we cut ourselves, though nghttp2 calls its end no error. */
static void test_whole_but_bad_trailers(void **state)
{
	struct end e;
	struct buf b;

	(void)state;
	end_init(&e, &client_config);
	buf_init(&b, 4096);
	ask(&e, "GET", "/", NULL, false);
	h2_flush(e.s);
	frame(&b, SETTINGS, 0, 0, SLICE(""));
	headers(&b, END_HEADERS, 1, ":status: 200\ncontent-length: 5\n");
	frame(&b, DATA, 0, 1, SLICE("hello"));
	headers(&b, END_HEADERS | END_STREAM, 1, "host: x\n");
	assert_true(give(&e, &b));
	assert_log(&e, "1 response 200 length 5 [content-length: 5]\n1 data 5\n1 closed 8\n");
	end_release(&e);
	buf_release(&b);
}

static void test_no_error_while_paused(void **state)
{
	struct pair *p = *state;
	const char *how = "response";

	p->client.on = pause_on;
	p->client.pause_on = how;
	ask(&p->client, "GET", "/", NULL, false);
	ask(&p->client, "GET", "/", NULL, false);
	swap(p);
	for (size_t i = 0; i < 2; i++) {
		answer(p->server.st[i], 200, "content-length: 5\n", true);
		say(p->server.st[i], i == 0 ? "hello" : "hell");
		swap(p);
		h2_reset(p->server.st[i], H2_NO_ERROR);
	}
	swap(p);
	assert_log(&p->client, "1 response 200 length 5 [content-length: 5]\n"
			       "2 response 200 length 5 [content-length: 5]\n2 closed 8\n");
	h2_stream_unpause(p->client.st[0]);
	h2_flush(p->client.s);
	assert_log(&p->client, "1 data 5\n1 end\n1 closed 0\n");
}

static void test_answer_before_request_ended(void **state)
{
	struct pair *p = *state;

	ask(&p->client, "POST", "/", NULL, true);
	swap(p);
	buf_clear(&p->server.log);
	answer(p->server.st[0], 413, NULL, false);
	swap(p);
	assert_log(&p->server, "1 closed 0\n");
	assert_log(&p->client, "1 response 413 length 0\n1 end\n1 closed 0\n");
}

static void test_goaway(void **state)
{
	struct pair *p = *state;

	ask(&p->client, "GET", "/", NULL, false);
	swap(p);
	h2_shutdown(p->server.s);
	ask(&p->client, "GET", "/late", NULL, false);
	h2_flush(p->client.s);
	swap(p);
	assert_log(&p->client, "2 closed 7 unprocessed\n");
	assert_true(h2_is_closing(p->client.s));
	assert_false(h2_has_room(p->client.s));
	assert_null(ask(&p->client, "GET", "/", NULL, false));
	assert_false(h2_is_over(p->server.s));
	answer(p->server.st[0], 200, NULL, false);
	swap(p);
	assert_log(&p->client, "1 response 200 length 0\n1 end\n1 closed 0\n");
	assert_true(h2_is_over(p->server.s));
	assert_true(h2_is_over(p->client.s));
}

/* RFC 9113 section 5.1: what comes on a stream that both have closed, and ids that go down. */
static void test_closed_streams(void **state)
{
	static const struct {
		int type;
		bool reset; /* by the peer, else answered whole */
		uint32_t stream;
	} rows[] = { { DATA, true, 3 },	    { HEADERS, true, 3 }, { DATA, false, 3 },
		     { HEADERS, false, 3 }, { DATA, false, 1 },	  { HEADERS, false, 1 } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct end e;
		struct buf b;

		server_alone(&e, &b);
		headers(&b, rows[i].reset ? END_HEADERS : END_HEADERS | END_STREAM, 3,
			rows[i].reset ? POST : GET);
		give(&e, &b);
		if (rows[i].reset) {
			frame(&b, RST_STREAM, 0, 3, slice_of("\0\0\0\x8", 4));
		} else {
			assert_true(answer(e.st[0], 200, NULL, false));
			h2_flush(e.s);
		}
		if (rows[i].type == DATA)
			frame(&b, DATA, END_STREAM, rows[i].stream, SLICE("x"));
		else
			headers(&b, END_HEADERS | END_STREAM, rows[i].stream, GET);
		give(&e, &b);
		assert_int_equal(error_in(&e, GOAWAY), H2_STREAM_CLOSED);
		release(&e, &b);
	}
}

/* What was on its way when we reset the stream is passed over. */
static void test_late_for_reset(void **state)
{
	struct end e;
	struct buf b;

	(void)state;
	server_alone(&e, &b);
	headers(&b, END_HEADERS, 1, POST);
	give(&e, &b);
	h2_reset(e.st[0], H2_CANCEL);
	h2_flush(e.s);
	frame(&b, DATA, 0, 1, SLICE("late"));
	frame(&b, DATA, END_STREAM, 1, SLICE("later"));
	headers(&b, END_HEADERS | END_STREAM, 3, GET);
	assert_true(give(&e, &b));
	assert_int_equal(e.n, 2);
	release(&e, &b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PAIR(test_peer_resets),
		PAIR(test_no_error_is_a_cut),
		PAIR(test_no_error_behind_whole),
		cmocka_unit_test(test_whole_but_bad_trailers),
		PAIR(test_no_error_while_paused),
		PAIR(test_answer_before_request_ended),
		PAIR(test_goaway),
		cmocka_unit_test(test_closed_streams),
		cmocka_unit_test(test_late_for_reset),
	};

	return cmocka_run_group_tests_name("http2_ends", tests, NULL, NULL);
}
