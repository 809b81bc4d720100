/* What passes outlives a reload, or ends with its workers and says so. */
#include "tests/unit/proxy_passes_tools.h"

#include <stdio.h>

static void open_next(struct stage *s)
{
	s->rules.self = 0;
	open_passes(s, &s->c);
	s->rules.self = 1;
	open_passes(s, &s->d);
	s->c.peer = &s->d;
	s->d.peer = &s->c;
	s->a.heir = &s->c;
	s->b.heir = &s->d;
}

static void hand_over(struct stage *s)
{
	passes_hand_over(s->a.passes);
	passes_hand_over(s->b.passes);
}

static unsigned own_ended(const struct stage *s)
{
	return s->a.own_ended + s->b.own_ended + s->c.own_ended + s->d.own_ended;
}

static void all_tick(struct stage *s)
{
	passes_tick(s->a.passes);
	passes_tick(s->b.passes);
	passes_tick(s->c.passes);
	passes_tick(s->d.passes);
}

static void test_reload(void **state)
{
	struct stage *s = *state;
	struct slice ended = SLICE("ended.example");

	open_two(s);
	assert_true(passes_challenged(s->b.passes, &s->person, HOST, "cloudflare", true));
	assert_true(passes_challenged(s->a.passes, &s->person, ended, "cloudflare", true));
	assert_true(passes_stop(s->b.passes, &s->person, ended));
	later(s, 10 * MINUTE);
	open_next(s);
	hand_over(s);
	/* In force in both, and barred in both; nothing begins again, nothing ended. */
	assert_string_equal(passes_why(s->c.passes, &s->person, HOST), "pass-challenge");
	assert_string_equal(passes_why(s->d.passes, &s->person, HOST), "pass-challenge");
	assert_false(passes_challenged(s->c.passes, &s->person, ended, "cloudflare", true));
	for (int i = 0; i < 5; i++)
		refuse(s, i & 1 ? s->c.passes : s->d.passes, &s->person, ended);
	assert_int_equal(s->c.began + s->d.began, 0);
	assert_int_equal(own_ended(s), 1);
	/* Who trusts the CA is known: a third host counts from the first refusal on. */
	for (int i = 0; i < 3; i++)
		refuse(s, s->d.passes, &s->person, SLICE("third.example"));
	assert_int_equal(s->d.began, 1);
	/* And which hosts he used. */
	for (int i = 0; i < 5; i++)
		refuse(s, s->c.passes, &s->person, SLICE("known.example"));
	assert_int_equal(s->c.began, 0);
	/* It ends when it would have, and one worker of four says so. */
	later(s, 49 * MINUTE);
	all_tick(s);
	assert_true(is_passed(s->c.passes, &s->person, HOST));
	later(s, MINUTE);
	all_tick(s);
	assert_false(is_passed(s->c.passes, &s->person, HOST));
	assert_int_equal(own_ended(s), 2);
	assert_int_equal(s->d.own_ended, 1);
	assert_int_equal(s->a.ended, 2);
	/* What was ended may begin again an hour after that. */
	assert_true(passes_challenged(s->c.passes, &s->person, ended, "cloudflare", true));
}

/* What old connections lead to, after the table was handed over. */
static void test_reload_later(void **state)
{
	struct stage *s = *state;

	open_two(s);
	open_next(s);
	hand_over(s);
	assert_true(passes_challenged(s->a.passes, &s->person, HOST, "cloudflare", true));
	assert_true(is_passed(s->b.passes, &s->person, HOST));
	assert_true(is_passed(s->c.passes, &s->person, HOST));
	assert_true(is_passed(s->d.passes, &s->person, HOST));
	assert_int_equal(s->a.began + s->b.began + s->c.began + s->d.began, 1);
	later(s, 60 * MINUTE);
	all_tick(s);
	assert_int_equal(own_ended(s), 1);
	assert_int_equal(s->c.own_ended, 1);
	/* Ended by a desk of the old ones. */
	assert_true(passes_challenged(s->c.passes, &s->other, HOST, "cloudflare", true));
	assert_true(passes_challenged(s->b.passes, &s->person, HOST, "cloudflare", true));
	assert_true(passes_stop(s->a.passes, &s->person, HOST));
	assert_false(is_passed(s->c.passes, &s->person, HOST));
	assert_false(is_passed(s->d.passes, &s->person, HOST));
	assert_true(is_passed(s->d.passes, &s->other, HOST));
	assert_int_equal(own_ended(s), 2);
	/* The old ones end: nobody says anything again. */
	passes_close(s->a.passes);
	passes_close(s->b.passes);
	assert_int_equal(own_ended(s), 2);
}

/* The next configuration has shorter times, or none of it. */
static void test_reload_rules(void **state)
{
	struct stage *s = *state;

	open_two(s);
	assert_true(passes_challenged(s->a.passes, &s->person, HOST, "cloudflare", true));
	for (int i = 0; i < 3; i++)
		refuse(s, s->b.passes, &s->person, SLICE("app.example"));
	s->rules.on_challenge = false;
	s->rules.time_ms = 5 * MINUTE;
	open_next(s);
	hand_over(s);
	assert_false(is_passed(s->c.passes, &s->person, HOST));
	assert_false(is_passed(s->d.passes, &s->person, HOST));
	assert_int_equal(s->c.how, PASS_FORBIDDEN);
	assert_int_equal(own_ended(s), 1);
	assert_int_equal(s->c.own_ended, 1);
	assert_true(is_passed(s->c.passes, &s->person, SLICE("app.example")));
	later(s, 5 * MINUTE);
	all_tick(s);
	assert_false(is_passed(s->c.passes, &s->person, SLICE("app.example")));
	assert_int_equal(s->d.own_ended, 1);
}

static void test_not_handed(void **state)
{
	struct stage *s = *state;

	open_two(s);
	assert_true(passes_challenged(s->a.passes, &s->person, HOST, "cloudflare", true));
	s->a.deaf = s->b.deaf = true;
	hand_over(s);
	assert_false(is_passed(s->a.passes, &s->person, HOST));
	assert_int_equal(s->a.how, PASS_NOT_HANDED);
	assert_int_equal(s->a.own_ended, 1);
	assert_int_equal(s->b.own_ended, 0);
}

/* The next generation has as many of this visitor already as there may be. */
static void test_no_room(void **state)
{
	struct stage *s = *state;
	char host[32];

	open_two(s);
	assert_true(passes_challenged(s->a.passes, &s->person, HOST, "cloudflare", true));
	open_next(s);
	for (unsigned i = 0; i < PASSES_OWN_MAX; i++) {
		snprintf(host, sizeof(host), "h%u.example", i);
		assert_true(passes_challenged(s->d.passes, &s->person, slice_str(host), "x", true));
	}
	hand_over(s);
	assert_int_equal(s->c.own_ended, 1);
	assert_int_equal(s->c.how, PASS_NOT_HANDED);
	assert_int_equal(s->d.own_ended, 0);
}

static void test_close(void **state)
{
	struct stage *s = *state;

	open_two(s);
	assert_true(passes_challenged(s->a.passes, &s->person, HOST, "cloudflare", true));
	assert_true(passes_challenged(s->b.passes, &s->other, HOST, "cloudflare", true));
	assert_true(passes_challenged(s->b.passes, &s->person, SLICE("c.example"), "x", true));
	assert_true(passes_stop(s->b.passes, &s->person, SLICE("c.example")));
	passes_close(s->a.passes);
	assert_int_equal(s->a.own_ended, 1);
	assert_int_equal(s->a.how, PASS_CLOSED);
	passes_close(s->b.passes);
	passes_close(s->b.passes);
	/* The one that was ended at the desk, and the one of its own. */
	assert_int_equal(s->b.own_ended, 2);
	/* Nothing begins any more, by itself or by letter. */
	assert_false(passes_challenged(s->a.passes, &s->person, HOST, "cloudflare", true));
	assert_int_equal(count(s, s->a.passes) + count(s, s->b.passes), 0);
	passes_hand_over(s->a.passes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_reload),     TEST(test_reload_later), TEST(test_reload_rules),
		TEST(test_not_handed), TEST(test_close),	TEST(test_no_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
