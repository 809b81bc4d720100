/* Requests and answers on a browser's HTTP/2 connection, each for itself. */
#include "tests/unit/proxy_h2_client_tools.h"

#include <stdlib.h>

static void a_request_and_its_answer(void **state)
{
	static const char *const sent[][2] = { { "cookie", "a=1" },
					       { "cookie", "b=2" },
					       { NULL, NULL } };
	static const char *const fields[][2] = { { "Content-Type", "text/plain" },
						 { "Transfer-Encoding", "chunked" },
						 { "Connection", "close" },
						 { NULL, NULL } };
	struct fields trailers;
	struct stage t;
	struct seen *b;

	(void)state;
	open_stage(&t, false);
	assert_false(t.busy);
	b = ask(&t, 0, "GET", NULL, sent, false);
	assert_true(t.busy);
	assert_int_equal(t.asked_n, 1);
	assert_string_equal(t.asked[0].method, "GET");
	assert_string_equal(t.asked[0].path, "/p?q");
	assert_string_equal(t.asked[0].host, "a.test");
	assert_string_equal(t.asked[0].cookie, "a=1; b=2");
	assert_true(t.asked[0].https);
	assert_true(t.asked[0].ended);
	assert_int_equal(h2_peer_settings(t.session)->n != 0, 1);
	assert_non_null(t.asked[0].d->like);

	assert_true(answer(&t.asked[0], 200, &chunked, fields));
	settle(&t);
	assert_int_equal(b->status, 200);
	assert_string_equal(b->type, "text/plain");
	answer_body(&t.asked[0], SLICE("one "));
	settle(&t);
	assert_true(body_is(&b->body, "one "));
	answer_body(&t.asked[0], SLICE("two"));
	fields_init(&trailers, 4, 0);
	fields_add(&trailers, SLICE("grpc-status"), SLICE("0"));
	t.asked[0].d->ops->end(t.asked[0].d, &trailers);
	fields_release(&trailers);
	assert_null(t.asked[0].d);
	settle(&t);
	assert_true(body_is(&b->body, "one two"));
	assert_true(b->ended && b->trailers && b->closed);
	assert_int_equal(b->error, H2_NO_ERROR);
	assert_false(t.busy);
	assert_int_equal(t.busies, 2);
	close_stage(&t);
}

static void answers_without_a_body(void **state)
{
	static const char *const five[][2] = { { "Content-Length", "5, 5" }, { NULL, NULL } };
	static const struct framing none = { .kind = FRAMING_NONE,
					     .has_length = true,
					     .length = 5 };
	static const struct framing length = { .kind = FRAMING_LENGTH,
					       .has_length = true,
					       .length = 5 };
	struct stage t;
	struct seen *b;

	(void)state;
	open_stage(&t, false);
	b = ask(&t, 0, "HEAD", NULL, NULL, false);
	assert_true(answer(&t.asked[0], 200, &none, five));
	t.asked[0].d->ops->end(t.asked[0].d, NULL);
	settle(&t);
	assert_string_equal(b->length, "5");
	assert_true(b->closed && b->ended && b->error == H2_NO_ERROR && b->body.len == 0);

	b = get(&t, 1);
	assert_true(answer(&t.asked[1], 204, &none, five));
	t.asked[1].d->ops->end(t.asked[1].d, NULL);
	settle(&t);
	assert_string_equal(b->length, "");
	assert_true(b->closed && b->error == H2_NO_ERROR);

	b = get(&t, 2);
	assert_true(answer(&t.asked[2], 200, &length, five));
	answer_body(&t.asked[2], SLICE("12345"));
	t.asked[2].d->ops->end(t.asked[2].d, NULL);
	settle(&t);
	assert_string_equal(b->length, "5");
	assert_true(body_is(&b->body, "12345"));

	b = get(&t, 3);
	assert_false(answer(&t.asked[3], 101, &none, NULL));
	t.asked[3].d->ops->cut(t.asked[3].d);
	settle(&t);
	assert_true(b->closed);
	assert_int_equal(b->error, H2_INTERNAL_ERROR);
	close_stage(&t);
}

static void interim_answers(void **state)
{
	static const char *const expect[][2] = { { "expect", "100-continue" }, { NULL, NULL } };
	struct fields hints;
	struct stage t;
	struct seen *b, *c;

	(void)state;
	open_stage(&t, false);
	b = ask(&t, 0, "POST", NULL, expect, true);
	c = get(&t, 1);
	for (size_t i = 0; i < 2; i++)
		t.asked[i].d->ops->interim(t.asked[i].d, 100, NULL);
	settle(&t);
	assert_int_equal(b->interims, 1);
	assert_int_equal(c->interims, 0);

	fields_init(&hints, 8, 0);
	fields_add(&hints, SLICE("Set-Cookie"), SLICE("a=1"));
	t.asked[1].d->ops->interim(t.asked[1].d, 103, &hints);
	settle(&t);
	assert_int_equal(c->interims, 0);
	fields_add(&hints, SLICE("Link"), SLICE("</a.css>; rel=preload"));
	t.asked[1].d->ops->interim(t.asked[1].d, 103, &hints);
	fields_release(&hints);
	settle(&t);
	assert_int_equal(c->interims, 1);
	assert_int_equal(c->cookies, 0);
	assert_string_equal(c->link, "</a.css>; rel=preload");

	h2_body_end(b->stream, NULL);
	settle(&t);
	answer_ok(&t, &t.asked[0]);
	answer_ok(&t, &t.asked[1]);
	assert_int_equal(b->status, 200);
	assert_true(body_is(&c->body, "good"));
	close_stage(&t);
}

static void requests_are_independent(void **state)
{
	struct slice s = { large(), LARGE };
	struct stage t;
	struct seen *b[4];

	(void)state;
	open_stage(&t, false);
	b[0] = get(&t, 0);
	b[1] = ask(&t, 1, "POST", NULL, NULL, true);
	b[2] = get(&t, 2);
	t.takes = false;
	b[3] = ask(&t, 3, "POST", NULL, NULL, true);
	h2_body(b[3]->stream, &s, 1);
	h2_body(b[1]->stream, &s, 1);
	settle(&t);
	/* refused in the middle of its body: the rest is dropped and asked no more */
	refuse(t.asked[1].d, 413, "too large");
	assert_null(t.asked[1].d);
	refuse(t.asked[3].d, 413, "too large");
	settle(&t);
	assert_int_equal(b[1]->status, 413);
	assert_true(b[1]->ended && b[1]->closed);
	assert_true(body_is(&b[1]->body, "too large"));
	assert_string_equal(b[1]->length, "9");
	assert_string_equal(b[1]->type, "text/plain");
	assert_true(b[3]->ended && b[3]->closed);
	assert_int_equal(t.asked[3].body.len, 0);
	/* cut */
	assert_true(answer(&t.asked[2], 200, &chunked, NULL));
	answer_body(&t.asked[2], SLICE("half"));
	settle(&t);
	t.asked[2].d->ops->cut(t.asked[2].d);
	settle(&t);
	assert_true(b[2]->closed && !b[2]->ended);
	assert_int_equal(b[2]->error, H2_INTERNAL_ERROR);
	assert_null(t.asked[2].d);
	assert_true(t.busy);
	answer_ok(&t, &t.asked[0]);
	assert_true(body_is(&b[0]->body, "good"));
	assert_false(t.busy);
	assert_false(t.over);
	close_stage(&t);
	free((char *)s.p);
}

static void websockets(void **state)
{
	struct stage t;
	struct seen *b;

	(void)state;
	open_stage(&t, true);
	assert_true(h2_peer_extended_connect(t.session));
	b = ask(&t, 0, "CONNECT", "websocket", NULL, true);
	assert_string_equal(t.asked[0].method, "CONNECT");
	assert_string_equal(t.asked[0].upgrade, "websocket");
	assert_string_equal(t.asked[0].path, "/p?q");
	assert_int_equal(t.asked[0].framing, FRAMING_CHUNKED);
	assert_true(answer(&t.asked[0], 200, &chunked, NULL));
	answer_body(&t.asked[0], SLICE("from the origin"));
	h2_body(b->stream, &SLICE("from the browser"), 1);
	settle(&t);
	assert_true(body_is(&b->body, "from the origin"));
	assert_true(body_is(&t.asked[0].body, "from the browser"));
	/* Silence is no fault, but not for ever. */
	advance(&t, 3 * STALL_MS);
	assert_false(b->closed);
	advance(&t, 8 * STALL_MS);
	assert_true(b->closed);
	assert_null(t.asked[0].d);

	b = ask(&t, 1, "CONNECT", "something-else", NULL, true);
	assert_int_equal(b->status, 501);
	close_stage(&t);
}

static void offers_and_priorities_that_come_later(void **state)
{
	struct stage t;
	struct seen *b;

	(void)state;
	open_stage(&t, false);
	b = get(&t, 0);
	h2_priority(b->stream, SLICE("u=1, i"));
	settle(&t);
	assert_string_equal(t.asked[0].priority, "u=1, i");
	assert_false(h2_peer_extended_connect(t.session));
	t.asked[0].d->ops->websockets(t.asked[0].d);
	answer_ok(&t, &t.asked[0]);
	assert_true(h2_peer_extended_connect(t.session));
	ask(&t, 1, "CONNECT", "websocket", NULL, true);
	assert_string_equal(t.asked[1].upgrade, "websocket");
	answer_ok(&t, &t.asked[1]);
	close_stage(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_and_its_answer),
		cmocka_unit_test(answers_without_a_body),
		cmocka_unit_test(interim_answers),
		cmocka_unit_test(requests_are_independent),
		cmocka_unit_test(websockets),
		cmocka_unit_test(offers_and_priorities_that_come_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
