/* Exchanges on an origin's HTTP/2 connection: many at once, both ways, and all kinds of answers. */
#include "tests/unit/proxy_h2_origin_tools.h"

#include <stdlib.h>

static void interleaved(void **state)
{
	struct scene *t = *state;
	const struct ask query = { .target = "?q", .host = "ORIGIN.example:443" };
	const struct ask bare = { .target = "" };
	const struct ask options = { .method = "OPTIONS", .target = "", .host = "origin.example" };
	unsigned reads;

	turns(t);
	reads = t->v.reads;
	get(t, 0, "/a");
	assert_true(begin(t, 1, &query));
	assert_true(begin(t, 2, &bare));
	assert_true(begin(t, 3, &options));
	turns(t);
	/* One turn's requests are one write. */
	assert_int_equal(t->v.reads, reads + 1);
	assert_int_equal(t->v.n, 4);
	assert_string_equal(t->v.asked[0].path, "/a");
	assert_string_equal(t->v.asked[0].te, "trailers");
	assert_string_equal(t->v.asked[1].path, "/?q");
	assert_string_equal(t->v.asked[1].host, "origin.example");
	assert_string_equal(t->v.asked[2].path, "/");
	assert_string_equal(t->v.asked[2].host, "origin.example");
	assert_string_equal(t->v.asked[3].path, "*");
	assert_string_equal(t->v.asked[3].method, "OPTIONS");
	assert_true(t->v.asked[0].ended);

	answer(t, 1, "two-", false);
	answer(t, 0, "one-", false);
	assert_true(!t->x[0].ended && !t->x[1].ended);
	say(t, 0, "one", true);
	say(t, 1, "two", true);
	assert_true(t->x[0].ended && t->x[1].ended);
	assert_string_equal(t->x[0].first, "one-one");
	assert_string_equal(t->x[1].first, "two-two");
	assert_int_equal(t->x[1].status, 200);
	answer(t, 2, NULL, true);
	assert_true(t->x[2].ended);
	assert_int_equal(t->x[2].got, 0);
	assert_int_equal(unshared, 0);
}

static void uploads(void **state)
{
	struct scene *t = *state;
	struct fields f;

	post(t, 0);
	send_body(&t->x[0], "hello", 5);
	fields_init(&f, 4, 1024);
	fields_add(&f, SLICE("x-sum"), SLICE("1"));
	t->x[0].u.up.ops->body_end(&t->x[0].u.up, &f);
	fields_release(&f);
	turns(t);
	assert_int_equal(t->v.asked[0].body, 5);
	assert_true(t->v.asked[0].ended && t->v.asked[0].has_trailers);
	answer(t, 0, "done", true);
	assert_true(t->x[0].ended);
}

static void upload_waits(void **state)
{
	struct scene *t = *state;
	const size_t size = 400000;
	char *big = calloc(1, size);
	struct exchange *x = &t->x[0];

	assert_non_null(big);
	post(t, 0);
	turns(t);
	h2_stream_pause(t->v.asked[0].stream);
	assert_false(x->u.up.ops->is_full(&x->u.up));
	send_body(x, big, size);
	free(big);
	turns(t);
	assert_true(x->u.up.ops->is_full(&x->u.up));
	assert_int_equal(x->rooms, 0);
	h2_stream_unpause(t->v.asked[0].stream);
	h2_flush(t->v.session);
	turns(t);
	assert_int_equal(t->v.asked[0].body, size);
	assert_false(x->u.up.ops->is_full(&x->u.up));
	assert_int_equal(x->rooms, 1);
	/* Both directions at once, as gRPC does. */
	answer(t, 0, "first", false);
	assert_string_equal(x->first, "first");
	send_body(x, "more", 4);
	turns(t);
	assert_int_equal(t->v.asked[0].body, size + 4);
	x->u.up.ops->body_end(&x->u.up, NULL);
	turns(t);
	assert_true(t->v.asked[0].ended);
	say(t, 0, "last", true);
	assert_true(x->ended && t->v.asked[0].closed);
	assert_int_equal(t->v.asked[0].error, H2_NO_ERROR);
}

static void trailers(void **state)
{
	struct scene *t = *state;
	struct fields f;

	post(t, 0);
	get(t, 1, "/");
	turns(t);
	fields_init(&f, 4, 1024);
	fields_add(&f, SLICE("grpc-status"), SLICE("12"));
	/* An answer of a head alone, while the request still runs: the rest of it is not wanted. */
	assert_true(h2_respond(t->v.asked[0].stream, 200, &f, false));
	h2_flush(t->v.session);
	turns(t);
	assert_true(t->x[0].ended && !t->x[0].has_trailers);
	assert_int_equal(t->x[0].got, 0);
	assert_true(t->v.asked[0].closed);

	answer(t, 1, "data", false);
	h2_body_end(t->v.asked[1].stream, &f);
	h2_flush(t->v.session);
	turns(t);
	assert_true(t->x[1].ended && t->x[1].has_trailers);
	fields_release(&f);
}

/* The answer is over before the request's body is taken: the rest still goes out. */
static void early_answer(void **state)
{
	struct scene *t = *state;
	const size_t size = 100000;
	char *big = calloc(1, size);

	assert_non_null(big);
	post(t, 0);
	turns(t);
	h2_stream_pause(t->v.asked[0].stream);
	send_body(&t->x[0], big, size);
	t->x[0].u.up.ops->body_end(&t->x[0].u.up, NULL);
	turns(t);
	/* By hand, because this codec would reset it: a head with END_STREAM, ":status: 200". */
	raw(t, "\0\0\1\1\5\0\0\0\1\x88", 10);
	assert_true(t->x[0].ended);
	assert_int_equal(t->origin.closed, 0);
	h2_stream_unpause(t->v.asked[0].stream);
	h2_flush(t->v.session);
	turns(t);
	assert_int_equal(t->v.asked[0].body, size);
	assert_true(t->v.asked[0].ended);
	free(big);
}

static void interims(void **state)
{
	struct scene *t = *state;
	struct fields f;

	fields_init(&f, 4, 1024);
	fields_add(&f, SLICE("link"), SLICE("</a.css>; rel=preload"));
	get(t, 0, "/");
	get(t, 1, "/");
	turns(t);
	assert_true(h2_interim(t->v.asked[0].stream, 103, &f));
	h2_flush(t->v.session);
	turns(t);
	assert_int_equal(t->x[0].interims, 1);
	answer(t, 0, "data", true);
	assert_true(t->x[0].ended);
	for (int i = 0; i < 33; i++)
		assert_true(h2_interim(t->v.asked[1].stream, 103, &f));
	h2_flush(t->v.session);
	turns(t);
	fields_release(&f);
	assert_int_equal(t->x[1].interims, 32);
	assert_true(t->x[1].failed);
	assert_true(t->v.asked[1].closed);
}

static void reset_in_the_middle(void **state)
{
	struct scene *t = *state;

	get(t, 0, "/");
	get(t, 1, "/");
	turns(t);
	answer(t, 0, "part", false);
	reset(t, 0, H2_INTERNAL_ERROR);
	assert_true(t->x[0].failed && !t->x[0].unprocessed && t->x[0].u.up.heard);
	assert_int_equal(t->x[0].fault, FAULT_BROKEN);
	assert_string_equal(t->x[0].text, "the site reset the stream (INTERNAL_ERROR)");
	assert_int_equal(t->x[0].u.error, H2_INTERNAL_ERROR);
	assert_int_equal(t->x[0].got, 4);
	assert_false(t->x[1].failed);
	answer(t, 1, "whole", true);
	assert_true(t->x[1].ended);
	assert_int_equal(unshared, 0);
}

static void refused(void **state)
{
	struct scene *t = *state;

	get(t, 0, "/");
	turns(t);
	reset(t, 0, H2_REFUSED_STREAM);
	assert_true(t->x[0].failed && t->x[0].unprocessed && !t->x[0].u.up.heard);
	assert_true(h2_origin_has_room(t->h));
	get(t, 1, "/");
	turns(t);
	reset(t, 1, H2_HTTP_1_1_REQUIRED);
	assert_true(t->x[1].failed);
	assert_int_equal(t->x[1].u.error, H2_HTTP_1_1_REQUIRED);
	assert_int_equal(unshared, 0);
}

static void dropped(void **state)
{
	struct scene *t = *state;

	get(t, 0, "/");
	get(t, 1, "/");
	turns(t);
	t->x[0].u.up.ops->drop(&t->x[0].u.up);
	turns(t);
	assert_true(t->v.asked[0].closed);
	assert_int_equal(t->v.asked[0].error, H2_CANCEL);
	t->x[1].drop_at_head = true;
	answer(t, 1, "answer", true);
	assert_int_equal(t->x[1].status, 200);
	assert_int_equal(t->x[1].got, 0);
	assert_true(!t->x[1].ended && !t->x[1].failed);
	/* A second one does nothing. */
	t->x[1].u.up.ops->drop(&t->x[1].u.up);
	assert_true(h2_origin_has_room(t->h));
}

/* As many as the origin takes, and again one when one is over. */
static void room(void **state)
{
	struct scene *t = *state;
	const struct ask a = { .target = "/", .host = "origin.example" };

	for (size_t i = 0; i < STREAMS; i++)
		get(t, i, "/");
	assert_false(h2_origin_has_room(t->h));
	assert_false(begin(t, STREAMS, &a));
	turns(t);
	assert_int_equal(t->v.n, STREAMS);
	assert_int_equal(unshared, 0);
	answer(t, 7, "seven", true);
	assert_true(t->x[7].ended);
	assert_true(h2_origin_has_room(t->h));
	get(t, STREAMS, "/");
	turns(t);
	for (size_t i = 0; i <= STREAMS; i++)
		if (i != 7)
			answer(t, i, "data", true);
	for (size_t i = 0; i <= STREAMS; i++)
		assert_true(t->x[i].ended);
}

static void websockets(void **state)
{
	struct scene *t = *state;
	const struct ask a = { .method = "CONNECT", .target = "/chat", .host = "origin.example" };

	assert_true(h2_origin_takes_websockets(t->h));
	assert_true(begin(t, 0, &a));
	turns(t);
	assert_string_equal(t->v.asked[0].protocol, "websocket");
	assert_string_equal(t->v.asked[0].path, "/chat");
	answer(t, 0, "frame", false);
	assert_string_equal(t->x[0].first, "frame");
	send_body(&t->x[0], "frame", 5);
	turns(t);
	assert_int_equal(t->v.asked[0].body, 5);
	t->x[0].u.up.ops->body_end(&t->x[0].u.up, NULL);
	turns(t);
	say(t, 0, "bye", true);
	assert_true(t->x[0].ended);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(interleaved, set_up, tear_down),
		cmocka_unit_test_setup_teardown(uploads, set_up, tear_down),
		cmocka_unit_test_setup_teardown(upload_waits, set_up, tear_down),
		cmocka_unit_test_setup_teardown(reset_in_the_middle, set_up, tear_down),
		cmocka_unit_test_setup_teardown(refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(dropped, set_up, tear_down),
		cmocka_unit_test_setup_teardown(trailers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(early_answer, set_up, tear_down),
		cmocka_unit_test_setup_teardown(interims, set_up, tear_down),
		cmocka_unit_test_setup_teardown(room, set_up, tear_down),
		cmocka_unit_test_setup_teardown(websockets, set_up, tear_down),
		cmocka_unit_test_setup_teardown(websockets, set_up_late, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
