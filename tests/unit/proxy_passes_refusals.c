/*
 * How often a certificate must be refused until its host passes unread: counted for each visitor
 * and host, forgotten after a while and by use.
 */
#include "tests/unit/proxy_passes_tools.h"

#include <stdio.h>

static void test_threshold(void **state)
{
	struct stage *s = *state;
	struct passes *p = open_trusted(s);

	assert_null(passes_why(p, &s->person, HOST));
	for (int i = 0; i < 2; i++) {
		refuse(s, p, &s->person, HOST);
		assert_null(passes_why(p, &s->person, HOST));
	}
	refuse(s, p, &s->person, HOST);
	assert_string_equal(passes_why(p, &s->person, HOST), "pass-refusals");
	assert_int_equal(s->a.began, 1);
	assert_int_equal(s->a.retired, 1);
	assert_int_equal(s->a.why, PASS_REFUSALS);
	assert_int_equal(s->a.count, 3);
	assert_string_equal(s->a.host, "pinned.example");
	assert_string_equal(s->a.by, "");
	assert_int_equal(s->a.until - s->a.since, s->rules.time_ms);
	assert_string_equal(pass_word(s->a.why), "refused-by-client");
	/* Spelling does not matter, anything else does. */
	assert_true(is_passed(p, &s->person, SLICE("Pinned.Example.")));
	assert_false(is_passed(p, &s->person, SLICE("www.pinned.example")));
	assert_false(is_passed(p, &s->person, SLICE("example")));
	assert_false(is_passed(p, &s->person, SLICE("pinned.example.org")));
	assert_false(is_passed(p, &s->person, SLICE("inned.example")));
	assert_false(is_passed(p, &s->other, HOST));
	/* Another one while it lasts changes nothing. */
	refuse(s, p, &s->person, HOST);
	assert_int_equal(s->a.began, 1);
}

static void test_each_apart(void **state)
{
	struct stage *s = *state;
	struct passes *p = open_trusted(s);

	for (int i = 0; i < 2; i++) {
		refuse(s, p, &s->person, HOST);
		refuse(s, p, &s->other, HOST);
		refuse(s, p, &s->person, SLICE("www.pinned.example"));
		refuse(s, p, &s->person, SLICE("else.example"));
	}
	assert_int_equal(s->a.began, 0);
	assert_int_equal(count(s, p), 0);
}

static void test_decay(void **state)
{
	struct stage *s = *state;
	struct passes *p = open_trusted(s);

	/* Three in eleven minutes are two at a time. */
	for (int i = 0; i < 20; i++) {
		refuse(s, p, &s->person, HOST);
		later(s, 5 * MINUTE);
	}
	assert_int_equal(s->a.began, 0);
	/* The last of the slow ones still counts. */
	refuse(s, p, &s->person, HOST);
	refuse(s, p, &s->person, HOST);
	assert_int_equal(s->a.began, 1);
}

/* Whom his browser uses it for shows that the host works: who refuses is somebody else. */
static void test_used(void **state)
{
	struct stage *s = *state;
	struct passes *p = open_trusted(s);

	refuse(s, p, &s->person, HOST);
	refuse(s, p, &s->person, HOST);
	passes_accepted(p, &s->person, SLICE("Pinned.Example."));
	for (int i = 0; i < 10; i++)
		refuse(s, p, &s->person, HOST);
	assert_int_equal(s->a.began, 0);
	/* Used again, even if only just before the time is over. */
	later(s, 55 * MINUTE);
	passes_accepted(p, &s->person, HOST);
	later(s, 55 * MINUTE);
	for (int i = 0; i < 10; i++)
		refuse(s, p, &s->person, HOST);
	assert_int_equal(s->a.began, 0);
	/* Then it counts from the beginning. */
	later(s, 5 * MINUTE);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(s->a.began, 0);
		refuse(s, p, &s->person, HOST);
	}
	assert_int_equal(s->a.began, 1);
}

static void test_used_elsewhere(void **state)
{
	struct stage *s = *state;
	struct passes *p = open_trusted(s);

	refuse(s, p, &s->person, HOST);
	refuse(s, p, &s->person, HOST);
	passes_accepted(p, &s->person, SLICE("www.pinned.example"));
	passes_accepted(p, &s->other, HOST);
	refuse(s, p, &s->person, HOST);
	assert_int_equal(s->a.began, 1);
	/* What drives a use out is 16384 later ones. */
	passes_accepted(p, &s->person, SLICE("mine.example"));
	for (unsigned i = 0; i < 16000; i++) {
		char host[32];

		snprintf(host, sizeof(host), "h%u.example", i);
		passes_accepted(p, &s->other, slice_str(host));
	}
	for (int i = 0; i < 5; i++)
		refuse(s, p, &s->person, SLICE("mine.example"));
	assert_int_equal(s->a.began, 1);
	for (unsigned i = 0; i < 16384; i++) {
		char host[32];

		snprintf(host, sizeof(host), "i%u.example", i);
		passes_accepted(p, &s->other, slice_str(host));
	}
	for (int i = 0; i < 3; i++)
		refuse(s, p, &s->person, SLICE("mine.example"));
	assert_int_equal(s->a.began, 2);
}

/* One connection that lasts is a use whenever bytes come, told about now and then. */
static void test_used_long(void **state)
{
	static const struct pass_try_end left = { -1, true, true };
	struct stage *s = *state;
	struct passes *p = open_trusted(s);
	struct pass_try t = { 0 };

	pass_try_begin(&t, p);
	pass_try_secured(&t, p);
	for (int i = 0; i < 300; i++) {
		pass_try_used(&t, p, &s->person, HOST);
		later(s, MINUTE);
	}
	assert_in_range(s->a.told, 30, 40);
	for (int i = 0; i < 5; i++)
		refuse(s, p, &s->person, HOST);
	assert_int_equal(s->a.began, 0);
	/* Its end is none, and no refusal. */
	later(s, 60 * MINUTE);
	pass_try_over(&t, p, &s->person, HOST, &left);
	for (int i = 0; i < 3; i++)
		refuse(s, p, &s->person, HOST);
	assert_int_equal(s->a.began, 1);
}

static void test_side_by_side(void **state)
{
	struct stage *s = *state;
	struct passes *p = open_trusted(s);
	int64_t began = s->mono;

	/* Six connections of one page, all begun before the first was refused. */
	for (int i = 0; i < 6; i++) {
		later(s, 5);
		passes_refused(p, &s->person, HOST, began + i / 5);
	}
	assert_int_equal(s->a.began, 0);
	later(s, SECOND);
	refuse(s, p, &s->person, HOST);
	assert_int_equal(s->a.began, 0);
	refuse(s, p, &s->person, HOST);
	assert_int_equal(s->a.began, 1);
}

static void test_without_trust(void **state)
{
	struct stage *s = *state;
	struct passes *p = open_passes(s, &s->a);

	for (int i = 0; i < 10; i++)
		refuse(s, p, &s->person, HOST);
	passes_accepted(p, &s->other, SLICE("known.example"));
	refuse(s, p, &s->person, HOST);
	assert_int_equal(s->a.began, 0);
	/* Then those from before do not count. */
	passes_accepted(p, &s->person, SLICE("known.example"));
	for (int i = 0; i < 3; i++) {
		assert_int_equal(s->a.began, 0);
		refuse(s, p, &s->person, HOST);
	}
	assert_int_equal(s->a.began, 1);
}

static void test_off(void **state)
{
	struct stage *s = *state;
	struct passes *p;

	s->rules.after_refusals = 0;
	s->rules.on_challenge = false;
	p = open_trusted(s);
	for (int i = 0; i < 20; i++)
		refuse(s, p, &s->person, HOST);
	assert_false(passes_challenged(p, &s->person, HOST, "cloudflare", true));
	assert_int_equal(s->a.began, 0);
	assert_int_equal(s->a.told, 0);
}

/* Whatever was asked for, one error is never enough. */
static void test_never_after_one(void **state)
{
	struct stage *s = *state;
	struct passes *p;

	s->rules.after_refusals = 1;
	p = open_trusted(s);
	for (int i = 0; i < 20; i++)
		refuse(s, p, &s->person, HOST);
	assert_int_equal(s->a.began, 0);
}

static void test_most(void **state)
{
	struct stage *s = *state;
	struct passes *p;

	s->rules.after_refusals = PASS_REFUSALS_MAX;
	p = open_trusted(s);
	for (unsigned i = 0; i < PASS_REFUSALS_MAX; i++) {
		assert_int_equal(s->a.began, 0);
		refuse(s, p, &s->person, HOST);
	}
	assert_int_equal(s->a.began, 1);
	assert_int_equal(s->a.count, PASS_REFUSALS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_threshold),
		TEST(test_each_apart),
		TEST(test_decay),
		TEST(test_used),
		TEST(test_used_elsewhere),
		TEST(test_used_long),
		TEST(test_side_by_side),
		TEST(test_without_trust),
		TEST(test_off),
		TEST(test_never_after_one),
		TEST(test_most),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
