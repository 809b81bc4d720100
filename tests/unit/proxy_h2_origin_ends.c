/* How an origin's HTTP/2 connection ends, and what each exchange on it then hears. */
#include "tests/unit/proxy_h2_origin_tools.h"

static void going_away(void **state)
{
	struct scene *t = *state;

	get(t, 0, "/");
	get(t, 1, "/");
	turns(t);
	go_away(t, 1, H2_NO_ERROR);
	assert_true(t->x[1].failed && t->x[1].unprocessed);
	assert_false(t->x[0].failed);
	assert_false(h2_origin_has_room(t->h));
	assert_int_equal(unshared, 1);
	assert_int_equal(t->origin.closed, 0);
	answer(t, 0, "whole", true);
	assert_true(t->x[0].ended);
	assert_int_equal(t->origin.closed, 1);
	assert_int_equal(unshared, 1);
}

static void retired(void **state)
{
	struct scene *t = *state;
	const struct ask a = { .target = "/", .host = "origin.example" };

	get(t, 0, "/");
	turns(t);
	answer(t, 0, "one-", false);
	h2_origin_retire(t->h);
	assert_int_equal(unshared, 1);
	assert_false(h2_origin_has_room(t->h));
	assert_false(begin(t, 1, &a));
	turns(t);
	assert_int_equal(t->origin.closed, 0);
	say(t, 0, "two", true);
	assert_true(t->x[0].ended);
	assert_int_equal(t->origin.closed, 1);
	assert_int_equal(unshared, 1);
}

static void ended(void **state)
{
	struct scene *t = *state;

	get(t, 0, "/");
	turns(t);
	answer(t, 0, "part", false);
	get(t, 1, "/");
	turns(t);
	stream_close(t->v.stream, STREAM_RESET);
	t->v.stream = NULL;
	turns(t);
	assert_true(t->x[0].failed && t->x[0].u.up.heard);
	assert_true(t->x[1].failed && !t->x[1].u.up.heard);
	assert_true(!t->x[0].unprocessed && !t->x[1].unprocessed);
	assert_int_equal(t->origin.closed, 1);
	assert_int_equal(unshared, 1);
}

/* A browser's connection ends with the first of its failures, and takes the others with it. */
static void ended_for_all(void **state)
{
	struct scene *t = *state;

	get(t, 0, "/");
	get(t, 1, "/");
	get(t, 2, "/");
	turns(t);
	t->x[0].drop_with_me = &t->x[1];
	tell_origin(&t->origin, ORIGIN_ENDED);
	assert_true(t->x[0].failed && !t->x[1].failed && t->x[2].failed);
	assert_int_equal(t->origin.closed, 1);
}

/* What came whole is told to the end, however slowly the browser takes it. */
static void ended_while_paused(void **state)
{
	struct scene *t = *state;

	for (size_t i = 0; i < 4; i++) {
		get(t, i, "/");
		turns(t);
		t->x[i].pause_at_body = i != 0;
		answer(t, i, "first", false);
	}
	say(t, 1, "second", true);
	say(t, 2, "second", false);
	say(t, 3, "second", true);
	stream_close(t->v.stream, STREAM_GRACEFUL);
	t->v.stream = NULL;
	turns(t);
	assert_true(t->x[0].failed && !t->x[1].failed && t->x[2].failed && !t->x[3].failed);
	assert_int_equal(t->origin.closed, 1);
	advance(t, 2 * STALL_MS);
	assert_false(t->x[1].failed);
	t->x[1].u.up.ops->unpause(&t->x[1].u.up);
	assert_string_equal(t->x[1].first, "firstsecond");
	assert_false(t->x[1].ended);
	t->x[1].u.up.ops->unpause(&t->x[1].u.up);
	assert_true(t->x[1].ended);
	t->x[3].u.up.ops->drop(&t->x[3].u.up);
	turns(t);
}

/* It ends in the turn in which the request was begun: nothing of that was sent. */
static void ended_before_it_was_written(void **state)
{
	struct scene *t = *state;

	get(t, 0, "/");
	tell_origin(&t->origin, ORIGIN_ENDED);
	assert_true(t->x[0].failed && t->x[0].unprocessed);
	assert_int_equal(t->origin.closed, 1);
}

/* A large body of another stream takes the head along before the turn ends. */
static void ended_after_another_was_written(void **state)
{
	static const char body[1u << 14];
	const struct slice piece = slice_of(body, sizeof(body));
	struct scene *t = *state;

	post(t, 0);
	turns(t);
	get(t, 1, "/");
	t->x[0].u.up.ops->body(&t->x[0].u.up, &piece, 1, piece.n);
	tell_origin(&t->origin, ORIGIN_ENDED);
	assert_true(t->x[0].failed && !t->x[0].unprocessed);
	assert_true(t->x[1].failed && !t->x[1].unprocessed);
}

static void broken(void **state)
{
	struct scene *t = *state;

	get(t, 0, "/");
	turns(t);
	/* DATA for a stream that nobody opened. */
	raw(t, "\0\0\1\0\0\0\0\0\7x", 10);
	assert_true(t->x[0].failed);
	assert_int_equal(t->origin.closed, 1);
	assert_int_equal(unshared, 1);
}

static void freed(void **state)
{
	struct scene *t = *state;

	get(t, 0, "/");
	post(t, 1);
	turns(t);
	h2_origin_free(t->h);
	turns(t);
	assert_true(!t->x[0].failed && !t->x[1].failed);
	t->x[0].u.up.ops->drop(&t->x[0].u.up);
	assert_int_equal(unshared, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(going_away, set_up, tear_down),
		cmocka_unit_test_setup_teardown(retired, set_up, tear_down),
		cmocka_unit_test_setup_teardown(ended, set_up, tear_down),
		cmocka_unit_test_setup_teardown(ended_before_it_was_written, set_up, tear_down),
		cmocka_unit_test_setup_teardown(ended_after_another_was_written, set_up, tear_down),
		cmocka_unit_test_setup_teardown(ended_for_all, set_up, tear_down),
		cmocka_unit_test_setup_teardown(ended_while_paused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(broken, set_up, tear_down),
		cmocka_unit_test_setup_teardown(freed, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
