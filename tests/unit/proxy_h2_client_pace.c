/* Bodies on a browser's HTTP/2 connection that nobody sends or takes: who waits, and how long. */
#include "tests/unit/proxy_h2_client_tools.h"

#include <stdlib.h>

static void a_body_that_nobody_takes_yet_waits(void **state)
{
	struct slice s = { large(), LARGE };
	struct stage t;
	struct seen *b;

	(void)state;
	open_stage(&t, false);
	t.takes = false;
	b = ask(&t, 0, "POST", NULL, NULL, true);
	h2_body(b->stream, &s, 1);
	h2_body_end(b->stream, NULL);
	settle(&t);
	assert_int_equal(t.asked[0].body.len, 0);
	assert_true(h2_stream_is_full(b->stream));
	/* It takes now and then a little, and is without a connection in between. */
	for (int i = 0; i < 2000 && !t.asked[0].ended; i++) {
		t.asked[0].takes = true;
		t.asked[0].d->ops->want_body(t.asked[0].d);
		t.asked[0].takes = i % 3 == 0;
		settle(&t);
		t.asked[0].takes = false;
	}
	assert_true(t.asked[0].ended);
	assert_int_equal(t.asked[0].body.len, LARGE);
	assert_memory_equal(buf_slice(&t.asked[0].body).p, s.p, LARGE);
	answer_ok(&t, &t.asked[0]);
	assert_true(b->closed && b->error == H2_NO_ERROR);
	close_stage(&t);
	free((char *)s.p);
}

static void an_answer_that_is_not_taken_waits(void **state)
{
	struct slice s = { large(), 64u * 1024 };
	struct asked *a;
	struct stage t;
	struct seen *b;
	size_t wrote = 0;

	(void)state;
	open_stage(&t, false);
	b = get(&t, 0);
	a = &t.asked[0];
	h2_stream_pause(b->stream);
	assert_true(answer(a, 200, &chunked, NULL));
	while (!a->d->ops->is_full(a->d)) {
		answer_body(a, s);
		wrote += s.n;
		assert_true(wrote < LARGE);
		settle(&t);
	}
	assert_int_equal(a->rooms, 0);
	h2_stream_unpause(b->stream);
	settle(&t);
	assert_true(a->rooms > 0);
	assert_false(a->d->ops->is_full(a->d));
	a->d->ops->end(a->d, NULL);
	settle(&t);
	assert_true(b->ended && b->closed);
	assert_int_equal(b->body.len, wrote);
	close_stage(&t);
	free((char *)s.p);
}

static void a_body_that_does_not_come(void **state)
{
	static const char *const expect[][2] = { { "expect", "100-continue" }, { NULL, NULL } };
	struct stage t;
	struct seen *b, *c, *d;

	(void)state;
	open_stage(&t, false);
	b = ask(&t, 0, "POST", NULL, NULL, true);
	c = get(&t, 1); /* its origin is slow: no fault of the browser's */
	d = ask(&t, 2, "POST", NULL, expect, true);
	advance(&t, STALL_MS / 2);
	h2_body(b->stream, &SLICE("x"), 1);
	settle(&t);
	advance(&t, STALL_MS / 2 + 1000);
	assert_int_equal(b->status, 0);
	advance(&t, STALL_MS / 2);
	assert_int_equal(b->status, 408);
	assert_true(b->closed);
	assert_int_equal(t.refused, 408);
	assert_null(t.asked[0].d);
	advance(&t, 3 * STALL_MS);
	assert_int_equal(c->status, 0);
	assert_int_equal(d->status, 0);
	answer_ok(&t, &t.asked[1]);
	assert_int_equal(c->status, 200);
	close_stage(&t);
}

static void an_answer_that_is_never_taken(void **state)
{
	struct slice s = { large(), LARGE };
	struct stage t;
	struct seen *b[3];

	(void)state;
	open_stage(&t, false);
	for (size_t i = 0; i < 3; i++) {
		b[i] = get(&t, i);
		assert_true(answer(&t.asked[i], 200, &chunked, NULL));
	}
	h2_stream_pause(b[0]->stream);
	h2_stream_pause(b[1]->stream);
	answer_body(&t.asked[0], s);
	answer_body(&t.asked[1], s);
	t.asked[1].d->ops->end(t.asked[1].d, NULL); /* all of it is said: it still has to end */
	settle(&t);
	advance(&t, STALL_MS + 1000);
	assert_null(t.asked[0].d);
	assert_true(b[0]->closed && b[1]->closed);
	assert_int_equal(b[0]->error, H2_CANCEL);
	assert_int_equal(b[1]->error, H2_CANCEL);
	assert_non_null(t.asked[2].d);
	assert_false(b[2]->closed);
	close_stage(&t);
	free((char *)s.p);
}

static void many_answers_that_are_not_taken(void **state)
{
	struct slice s = { large(), 16u * 1024 };
	size_t kept = 0, wrote[REQUESTS] = { 0 };
	struct asked *a;
	struct stage t;

	(void)state;
	open_stage(&t, false);
	for (size_t i = 0; i < REQUESTS; i++) {
		get(&t, i);
		h2_stream_pause(t.seen[i].stream);
		assert_true(answer(&t.asked[i], 200, &chunked, NULL));
	}
	for (size_t i = 0; i < REQUESTS; i++) {
		a = &t.asked[i];
		while (!a->d->ops->is_full(a->d)) {
			answer_body(a, s);
			wrote[i] += s.n;
			settle(&t);
		}
		kept += wrote[i] - 65535; /* that much the browser's window took */
	}
	assert_true(kept < 3 * LARGE);
	for (size_t i = 0; i < REQUESTS; i++)
		assert_int_equal(t.asked[i].rooms, 0);
	for (size_t i = 0; i < REQUESTS; i++) {
		h2_stream_unpause(t.seen[i].stream);
		settle(&t);
		assert_int_equal(t.seen[i].body.len, wrote[i]);
		assert_true(t.asked[i].rooms > 0);
	}
	for (size_t i = 0; i < REQUESTS; i++)
		t.asked[i].d->ops->end(t.asked[i].d, NULL);
	settle(&t);
	assert_false(t.busy);
	close_stage(&t);
	free((char *)s.p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_body_that_nobody_takes_yet_waits),
		cmocka_unit_test(an_answer_that_is_not_taken_waits),
		cmocka_unit_test(a_body_that_does_not_come),
		cmocka_unit_test(an_answer_that_is_never_taken),
		cmocka_unit_test(many_answers_that_are_not_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
