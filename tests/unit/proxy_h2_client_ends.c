/* How a browser's HTTP/2 connection and its streams end, or go to somebody else. */
#include "tests/unit/proxy_h2_client_tools.h"

#include <stdlib.h>

static void what_the_browser_gives_up_is_dropped(void **state)
{
	struct stage t;
	struct seen *b;

	(void)state;
	open_stage(&t, false);
	b = get(&t, 0);
	get(&t, 1);
	h2_reset(b->stream, H2_CANCEL);
	settle(&t);
	assert_null(t.asked[0].d);
	assert_non_null(t.asked[1].d);
	/* The rest goes with the connection, also from inside an event. */
	t.free_when_idle = true;
	answer_ok(&t, &t.asked[1]);
	assert_null(t.h);
	close_stage(&t);

	open_stage(&t, false);
	get(&t, 0);
	ask(&t, 1, "POST", NULL, NULL, true);
	h2_client_free(t.h);
	t.h = NULL;
	assert_null(t.asked[0].d);
	assert_null(t.asked[1].d);
	close_stage(&t);
}

static void a_connection_that_is_not_read(void **state)
{
	struct slice s = { large(), LARGE };
	struct asked *a;
	struct stage t;

	(void)state;
	open_stage(&t, false);
	for (size_t i = 0; i < 6; i++)
		get(&t, i);
	stream_pause(t.browser);
	for (size_t i = 0; i < 6; i++) {
		a = &t.asked[i];
		assert_true(answer(a, 200, &chunked, NULL));
		for (int k = 0; k < 20 && !a->d->ops->is_full(a->d); k++) {
			answer_body(a, slice_head(s, 65536));
			settle(&t);
		}
	}
	advance(&t, STALL_MS / 2);
	assert_non_null(t.asked[0].d);
	advance(&t, STALL_MS + 1000);
	for (size_t i = 0; i < 6; i++)
		assert_null(t.asked[i].d);
	assert_false(t.busy);
	close_stage(&t);
	free((char *)s.p);
}

static void draining(void **state)
{
	struct stage t;
	struct seen *b;

	(void)state;
	open_stage(&t, false);
	assert_true(h2_client_drain(t.h));
	settle(&t);
	close_stage(&t);

	open_stage(&t, false);
	b = get(&t, 0);
	assert_false(h2_client_drain(t.h));
	settle(&t);
	assert_false(t.over);
	assert_false(h2_has_room(t.session));
	answer_ok(&t, &t.asked[0]);
	assert_true(body_is(&b->body, "good"));
	assert_int_equal(b->error, H2_NO_ERROR);
	assert_true(t.over);
	close_stage(&t);

	/* A replaced generation keeps who is there until the next answer. */
	open_stage(&t, false);
	t.w.draining = true;
	b = get(&t, 0);
	answer_ok(&t, &t.asked[0]);
	assert_true(b->closed && b->error == H2_NO_ERROR);
	assert_true(t.over);
	close_stage(&t);
}

static void what_breaks_the_protocol_ends_the_connection(void **state)
{
	struct stage t;

	(void)state;
	open_stage(&t, false);
	get(&t, 0);
	/* DATA on stream 0 */
	stream_write(t.browser, slice_of("\0\0\1\0\0\0\0\0\0x", 10));
	settle(&t);
	assert_true(t.over);
	assert_null(t.asked[0].d);
	close_stage(&t);
}

static void a_stream_that_is_taken(void **state)
{
	struct stage t;
	struct seen *b;

	(void)state;
	open_stage(&t, false);
	b = ask(&t, 0, "CONNECT", NULL, NULL, true);
	assert_non_null(t.taken);
	advance(&t, 3 * STALL_MS); /* not ours to watch */
	h2_body(b->stream, &SLICE("hello"), 1);
	settle(&t);
	assert_int_equal(t.taken_body.len, 0);
	assert_true(h2_respond(t.taken_stream, 200, NULL, true));
	h2_stream_unpause(t.taken_stream);
	h2_body(t.taken_stream, &SLICE("tunnel"), 1);
	h2_client_wake(t.taken);
	settle(&t);
	assert_int_equal(b->status, 200);
	assert_true(body_is(&t.taken_body, "hello"));
	assert_true(body_is(&b->body, "tunnel"));
	h2_body_end(b->stream, NULL);
	settle(&t);
	assert_true(t.taken_end);
	h2_body_end(t.taken_stream, NULL);
	h2_client_wake(t.taken);
	settle(&t);
	assert_int_equal(t.taken_closed, 1);
	assert_true(b->closed && b->error == H2_NO_ERROR);

	/* refused after all */
	b = ask(&t, 1, "CONNECT", NULL, NULL, true);
	refuse_origin(t.taken, NULL);
	settle(&t);
	assert_int_equal(b->status, 502);
	assert_true(b->closed);
	assert_int_equal(t.taken_closed, 1);
	/* ended by the taker */
	b = ask(&t, 2, "CONNECT", NULL, NULL, true);
	h2_client_reset(t.taken, H2_CONNECT_ERROR);
	settle(&t);
	assert_int_equal(b->error, H2_CONNECT_ERROR);
	assert_int_equal(t.taken_closed, 1);
	/* ended by the browser, and with the connection */
	b = ask(&t, 3, "CONNECT", NULL, NULL, true);
	h2_reset(b->stream, H2_CANCEL);
	settle(&t);
	assert_int_equal(t.taken_closed, 2);
	ask(&t, 4, "CONNECT", NULL, NULL, true);
	h2_client_free(t.h);
	t.h = NULL;
	assert_int_equal(t.taken_closed, 3);
	for (size_t i = 0; i < t.asked_n; i++)
		t.asked[i].d = NULL; /* whoever takes a stream drops nothing */
	close_stage(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_browser_gives_up_is_dropped),
		cmocka_unit_test(a_connection_that_is_not_read),
		cmocka_unit_test(draining),
		cmocka_unit_test(what_breaks_the_protocol_ends_the_connection),
		cmocka_unit_test(a_stream_that_is_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
