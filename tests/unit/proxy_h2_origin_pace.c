/* Who is slow on an origin's HTTP/2 connection: how much is kept for it, and for how long. */
#include "tests/unit/proxy_h2_origin_tools.h"

#include <stdlib.h>

static void pausing(void **state)
{
	struct scene *t = *state;
	const size_t size = 3u << 20;
	char *big = calloc(1, size);
	struct slice body = slice_of(big, size);
	struct exchange *x = &t->x[0];

	assert_non_null(big);
	get(t, 0, "/big");
	get(t, 1, "/small");
	turns(t);
	x->pause_at_body = true;
	answer(t, 0, "first", false);
	assert_int_equal(x->got, 5);
	h2_body(t->v.asked[0].stream, &body, 1);
	h2_body_end(t->v.asked[0].stream, NULL);
	free(big);
	h2_flush(t->v.session);
	turns(t);
	assert_int_equal(x->got, 5);
	assert_true(h2_stream_is_full(t->v.asked[0].stream));
	/* The other one is not held up, and time does not count while it is our browser's. */
	answer(t, 1, "small", true);
	assert_true(t->x[1].ended);
	advance(t, 3 * STALL_MS);
	assert_false(x->failed);
	x->pause_at_body = false;
	x->u.up.ops->unpause(&x->u.up);
	turns(t);
	assert_int_equal(x->got, size + 5);
	assert_true(x->ended);
}

static void flood(struct scene *t, size_t i)
{
	static const char zeros[1u << 20];
	struct slice body = slice_of(zeros, sizeof(zeros));

	get(t, i, "/big");
	turns(t);
	t->x[i].pause_at_body = true;
	answer(t, i, "first", false);
	h2_body(t->v.asked[i].stream, &body, 1);
	h2_flush(t->v.session);
	turns(t);
}

/* What waits for browsers that do not read is counted, and beyond a limit not kept. */
static void hoarded(void **state)
{
	static const size_t others = 100u << 20;
	struct scene *t = *state;

	flood(t, 0);
	assert_true(t->visitor.kept > 900000 && t->visitor.kept == t->w.kept);
	t->x[0].pause_at_body = false;
	t->x[0].u.up.ops->unpause(&t->x[0].u.up);
	turns(t);
	assert_int_equal(t->visitor.kept, 0);

	/* One stream may always wait; two are too much for a visitor who has so much elsewhere. */
	t->visitor.kept += others;
	t->w.kept += others;
	flood(t, 1);
	assert_false(t->x[1].failed);
	flood(t, 2);
	assert_true(t->x[0].failed && t->x[1].failed && t->x[2].failed);
	assert_int_equal(t->x[1].fault, FAULT_BROKEN);
	assert_int_equal(t->visitor.kept, others);
	t->visitor.kept -= others;
	t->w.kept -= others;
}

/* An answer that is whole, held here, and whose stream the origin has done with. */
static void paused_to_the_end(void **state)
{
	struct scene *t = *state;
	struct exchange *x = &t->x[0];

	get(t, 0, "/");
	turns(t);
	x->pause_at_body = true;
	answer(t, 0, "first", false);
	say(t, 0, "second", true);
	assert_true(!x->ended && !x->failed);
	assert_int_equal(x->got, 5);
	x->pause_at_body = false;
	x->u.up.ops->unpause(&x->u.up);
	turns(t);
	assert_true(x->ended);
	assert_string_equal(x->first, "firstsecond");
}

static void stalls(void **state)
{
	struct scene *t = *state;

	get(t, 0, "/");
	turns(t);
	answer(t, 0, "some", false);
	advance(t, STALL_MS - 1000);
	say(t, 0, "more", false);
	advance(t, STALL_MS - 1000);
	assert_false(t->x[0].failed);
	/* The other one moves, so the connection is well. */
	get(t, 1, "/");
	turns(t);
	answer(t, 1, "data", false);
	advance(t, 2000);
	assert_true(t->x[0].failed && !t->x[0].unprocessed);
	assert_int_equal(t->x[0].fault, FAULT_TIMEOUT);
	assert_string_equal(t->x[0].text, "the origin took too long");
	assert_true(t->v.asked[0].closed);
	assert_int_equal(unshared, 0);
	say(t, 1, "data", true);
	assert_true(t->x[1].ended);
}

/* A slow reader of an upload is not a stuck one. */
static void slow_upload(void **state)
{
	struct scene *t = *state;
	const size_t size = 300000;
	char *big = calloc(1, size);

	assert_non_null(big);
	post(t, 0);
	turns(t);
	h2_stream_pause(t->v.asked[0].stream);
	send_body(&t->x[0], big, size);
	free(big);
	turns(t);
	for (int i = 0; i < 3; i++) {
		advance(t, STALL_MS - 1000);
		assert_false(t->x[0].failed);
		h2_stream_unpause(t->v.asked[0].stream);
		h2_stream_pause(t->v.asked[0].stream);
		h2_flush(t->v.session);
		turns(t);
	}
	advance(t, 3 * STALL_MS);
	assert_true(t->x[0].failed);
	assert_int_equal(t->x[0].fault, FAULT_TIMEOUT);
}

static void vanished(void **state)
{
	struct scene *t = *state;

	/* Silent for a while, but it answers PING: all is well. */
	advance(t, IDLE_MS - 5000);
	get(t, 0, "/");
	advance(t, 15000);
	assert_int_equal(unshared, 0);
	answer(t, 0, "data", true);
	assert_true(t->x[0].ended);
	/* It does not: who waits is told, and may ask elsewhere. */
	t->v.mute = true;
	advance(t, IDLE_MS - 5000);
	get(t, 1, "/");
	advance(t, 9000);
	assert_int_equal(unshared, 0);
	advance(t, 2000);
	assert_int_equal(unshared, 1);
	assert_true(t->x[1].failed && !t->x[1].unprocessed);
	assert_int_equal(t->x[1].fault, FAULT_BROKEN);
	assert_int_equal(t->origin.closed, 1);
}

/* A body may stand before the PING: the others go elsewhere, this one has its time. */
static void vanished_uploading(void **state)
{
	struct scene *t = *state;

	t->v.mute = true;
	advance(t, IDLE_MS - 5000);
	post(t, 0);
	advance(t, 15000);
	assert_int_equal(unshared, 1);
	assert_false(h2_origin_has_room(t->h));
	assert_false(t->x[0].failed);
	advance(t, STALL_MS);
	assert_true(t->x[0].failed);
	assert_int_equal(t->x[0].fault, FAULT_TIMEOUT);
	assert_int_equal(t->origin.closed, 1);
}

static void idle(void **state)
{
	struct scene *t = *state;

	get(t, 0, "/");
	turns(t);
	answer(t, 0, "data", false);
	advance(t, IDLE_MS + 5000);
	say(t, 0, "more", true);
	assert_true(t->x[0].ended);
	advance(t, IDLE_MS - 1000);
	assert_int_equal(unshared, 0);
	advance(t, 2000);
	assert_int_equal(unshared, 1);
	assert_int_equal(t->origin.closed, 1);
	turns(t);
	assert_true(t->v.eof);
}

/* An origin that answers early and never takes the rest does not make us keep ever more of it. */
static void leftovers(void **state)
{
	struct scene *t = *state;
	unsigned char head[10] = { 0, 0, 1, 1, 5, 0, 0, 0, 0, 0x88 };
	char *big = calloc(1, 100000);
	unsigned n = 0;

	assert_non_null(big);
	while (unshared == 0 && n < 64) {
		post(t, n);
		turns(t);
		h2_stream_pause(t->v.asked[n].stream);
		send_body(&t->x[n], big, 100000);
		t->x[n].u.up.ops->body_end(&t->x[n].u.up, NULL);
		turns(t);
		head[8] = (unsigned char)(2 * n + 1);
		raw(t, head, sizeof(head));
		assert_true(t->x[n].ended);
		n++;
	}
	free(big);
	assert_int_equal(n, 17);
	assert_int_equal(t->origin.closed, 0);
	advance(t, IDLE_MS + 1000);
	assert_int_equal(t->origin.closed, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(pausing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(hoarded, set_up, tear_down),
		cmocka_unit_test_setup_teardown(paused_to_the_end, set_up, tear_down),
		cmocka_unit_test_setup_teardown(stalls, set_up, tear_down),
		cmocka_unit_test_setup_teardown(slow_upload, set_up, tear_down),
		cmocka_unit_test_setup_teardown(vanished, set_up, tear_down),
		cmocka_unit_test_setup_teardown(vanished_uploading, set_up, tear_down),
		cmocka_unit_test_setup_teardown(idle, set_up, tear_down),
		cmocka_unit_test_setup_teardown(leftovers, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
