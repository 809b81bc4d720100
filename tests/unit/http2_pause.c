/* HTTP/2 readers that wait: paused streams, the windows that shut, room for more. */
#include "tests/unit/http2_tools.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

/* A paused stream lets its window shut and nothing is lost. */
static void test_pause(void **state)
{
	static char big[200000];
	const struct slice span = { big, sizeof(big) };
	struct pair *p = *state;
	const char *how = "response";

	p->client.on = pause_on;
	p->client.pause_on = how;
	ask(&p->client, "GET", "/", NULL, false);
	swap(p);
	answer(p->server.st[0], 200, NULL, true);
	h2_body(p->server.st[0], &span, 1);
	h2_body_end(p->server.st[0], NULL);
	swap(p);
	assert_log(&p->client, "1 response 200 body\n");
	assert_true(h2_stream_is_paused(p->client.st[0]));
	assert_int_equal(h2_kept(p->client.s), 65536);
	assert_int_equal(p->client.body.len, 0);
	assert_int_equal(h2_stream_sent(p->server.st[0]), 65536);
	h2_stream_unpause(p->client.st[0]);
	assert_int_equal(p->client.body.len, 65536);
	assert_int_equal(h2_kept(p->client.s), 0);
	swap(p);
	assert_int_equal(p->client.body.len, sizeof(big));
	assert_int_equal(h2_streams(p->client.s), 0);
}

/* Paused by each piece: it never has more than its window. */
static void test_pause_often(void **state)
{
	static char big[500000];
	const struct slice span = { big, sizeof(big) };
	struct pair *p = *state;
	const char *how = "data";

	p->client.on = pause_on;
	p->client.pause_on = how;
	ask(&p->client, "GET", "/", NULL, false);
	swap(p);
	answer(p->server.st[0], 200, NULL, true);
	h2_body(p->server.st[0], &span, 1);
	h2_body_end(p->server.st[0], NULL);
	swap(p);
	while (p->client.st[0] != NULL) {
		size_t before = p->client.body.len;

		h2_stream_unpause(p->client.st[0]);
		swap(p);
		assert_true(p->client.body.len - before <= 65536);
	}
	assert_int_equal(p->client.body.len, sizeof(big));
}

/* The whole answer is here, and closed, before the reader wants it. */
static void test_pause_till_closed(void **state)
{
	struct pair *p = *state;
	struct fields f;
	const char *how = "response";

	p->client.on = pause_on;
	p->client.pause_on = how;
	ask(&p->client, "GET", "/", NULL, false);
	swap(p);
	answer(p->server.st[0], 200, NULL, true);
	say(p->server.st[0], "hello");
	fields_of(&f, "t: 1\n");
	h2_body_end(p->server.st[0], &f);
	fields_release(&f);
	swap(p);
	assert_log(&p->client, "1 response 200 body\n");
	assert_int_equal(h2_streams(p->client.s), 1);
	h2_shutdown(p->client.s);
	swap(p);
	assert_false(h2_is_over(p->client.s));
	h2_stream_unpause(p->client.st[0]);
	assert_log(&p->client, "1 data 5\n1 end [t: 1]\n");
	h2_flush(p->client.s);
	assert_log(&p->client, "1 closed 0\n");
	assert_true(h2_is_over(p->client.s));
}

static void test_pause_then_cut(void **state)
{
	struct pair *p = *state;
	const char *how = "response";

	p->client.on = pause_on;
	p->client.pause_on = how;
	ask(&p->client, "GET", "/", NULL, false);
	swap(p);
	answer(p->server.st[0], 200, NULL, true);
	say(p->server.st[0], "hello");
	swap(p);
	h2_reset(p->server.st[0], H2_INTERNAL_ERROR);
	swap(p);
	assert_log(&p->client, "1 response 200 body\n1 closed 2\n");
}

/* What is reset while it keeps data gives the connection's window back. */
static void test_reset_gives_window_back(void **state)
{
	static char big[65536];
	const struct slice span = { big, sizeof(big) };
	struct pair *p = *state;
	const char *how = "response";

	p->client.on = pause_on;
	p->client.pause_on = how;
	for (size_t i = 0; i < 40; i++) {
		ask(&p->client, "GET", "/", NULL, false);
		swap(p);
		answer(p->server.st[i], 200, NULL, true);
		h2_body(p->server.st[i], &span, 1);
		swap(p);
		assert_int_equal(h2_kept(p->client.s), sizeof(big));
		h2_reset(p->client.st[i], H2_CANCEL);
		swap(p);
	}
}

static void test_room(void **state)
{
	static char big[400000];
	const struct slice span = { big, sizeof(big) };
	struct pair *p = *state;

	ask(&p->client, "GET", "/", NULL, false);
	swap(p);
	buf_clear(&p->server.log);
	answer(p->server.st[0], 200, NULL, true);
	p->server.full = true;
	h2_body(p->server.st[0], &span, 1);
	assert_true(h2_stream_is_full(p->server.st[0]));
	assert_int_equal(h2_kept(p->server.s), sizeof(big));
	swap(p);
	assert_log(&p->server, "");
	assert_int_equal(h2_stream_sent(p->server.st[0]), 0);
	p->server.full = false;
	swap(p);
	assert_log(&p->server, "1 room\n");
	assert_false(h2_stream_is_full(p->server.st[0]));
	assert_int_equal(p->client.body.len, sizeof(big));
	h2_body_end(p->server.st[0], NULL);
	swap(p);
}

/* A body goes from the caller's memory, one frame a write, without a copy. */
static void test_no_copy(void **state)
{
	static char big[40000];
	const struct slice span = { big, sizeof(big) };
	struct pair *p = *state;

	ask(&p->client, "GET", "/", NULL, false);
	swap(p);
	answer(p->server.st[0], 200, NULL, true);
	p->server.writes = 0;
	h2_body(p->server.st[0], &span, 1);
	assert_int_equal(h2_kept(p->server.s), 0);
	assert_int_equal(p->server.writes, 3);
	assert_int_equal(h2_stream_sent(p->server.st[0]), sizeof(big));
	h2_body_end(p->server.st[0], NULL);
	swap(p);
	assert_int_equal(p->client.body.len, sizeof(big));
}

/* Readers that wait use the spare octets up before the window that all share. */
static void test_slow_readers(void **state)
{
	static char big[65535];
	const struct slice span = { big, sizeof(big) };
	const struct h2_config config = { .side = H2_CLIENT,
					  .max_fields = 100,
					  .max_head = 65536,
					  .stream_window = 65535,
					  .window = 65535,
					  .spare = 2 * 65535 };
	struct end c, s;
	const char *how = "response";

	(void)state;
	end_init(&c, &config);
	end_init(&s, &server_config);
	c.on = pause_on;
	c.pause_on = how;
	for (size_t round = 0; round < 5; round++) {
		size_t first = round * 4;

		for (size_t i = first; i < first + 4; i++) {
			ask(&c, "GET", "/", NULL, false);
			pump(&c, &s);
			answer(s.st[i], 200, NULL, true);
			h2_body(s.st[i], &span, 1);
			h2_body_end(s.st[i], NULL);
			pump(&c, &s);
		}
		assert_int_equal(h2_kept(c.s), 3 * sizeof(big)); /* the fourth finds no window */
		assert_int_equal(h2_stream_sent(s.st[first + 3]), 0);
		h2_stream_unpause(c.st[first]);
		pump(&c, &s);
		assert_null(c.st[first]);
		assert_int_equal(h2_kept(c.s), 3 * sizeof(big)); /* now it is here */
		h2_stream_unpause(c.st[first + 1]);
		pump(&c, &s);
		h2_reset(c.st[first + 2], H2_CANCEL);
		h2_stream_unpause(c.st[first + 3]);
		pump(&c, &s);
		assert_int_equal(h2_streams(c.s), 0);
		assert_int_equal(c.body.len, (round + 1) * 3 * sizeof(big));
	}
	end_release(&c);
	end_release(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PAIR(test_pause),
		PAIR(test_pause_often),
		PAIR(test_pause_till_closed),
		PAIR(test_pause_then_cut),
		PAIR(test_reset_gives_window_back),
		PAIR(test_room),
		PAIR(test_no_copy),
		cmocka_unit_test(test_slow_readers),
	};

	return cmocka_run_group_tests_name("http2_pause", tests, NULL, NULL);
}
