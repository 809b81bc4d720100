/* A pass from its challenge to its end: for whom, for which hosts, how long and how many. */
#include "tests/unit/proxy_passes_tools.h"

#include <stdio.h>

static void test_challenge(void **state)
{
	struct stage *s = *state;
	struct passes *p = open_passes(s, &s->a);

	/* A third party's does not count. */
	assert_false(passes_challenged(p, &s->person, HOST, "cloudflare", false));
	assert_int_equal(s->a.began, 0);
	assert_true(passes_challenged(p, &s->person, HOST, "cloudflare", true));
	assert_string_equal(passes_why(p, &s->person, HOST), "pass-challenge");
	assert_int_equal(s->a.began, 1);
	assert_int_equal(s->a.retired, 1);
	assert_string_equal(s->a.by, "cloudflare");
	assert_string_equal(pass_word(s->a.why), "challenge");
	assert_false(is_passed(p, &s->person, SLICE("www.pinned.example")));
	assert_false(is_passed(p, &s->other, HOST));
	/* A connection from before it: to be retired too, but nothing begins. */
	assert_true(passes_challenged(p, &s->person, HOST, "cloudflare", true));
	assert_int_equal(s->a.began, 1);
	assert_int_equal(s->a.retired, 2);
}

static void test_minors(void **state)
{
	struct stage *s = *state;
	struct passes *p = open_trusted(s);

	for (int i = 0; i < 20; i++)
		refuse(s, p, &s->minor, HOST);
	assert_false(passes_challenged(p, &s->minor, HOST, "cloudflare", true));
	assert_false(is_passed(p, &s->minor, HOST));
	assert_int_equal(s->a.began + s->a.told, 0);
	/* Who becomes one while something passes gets no more of it. */
	assert_true(passes_challenged(p, &s->person, HOST, "cloudflare", true));
	s->person.profile = PROFILE_MINORS;
	assert_false(is_passed(p, &s->person, HOST));
}

static void test_time(void **state)
{
	struct stage *s = *state;
	struct passes *p = open_trusted(s);

	assert_true(passes_challenged(p, &s->person, HOST, "cloudflare", true));
	later(s, 60 * MINUTE - 1);
	passes_tick(p);
	assert_true(is_passed(p, &s->person, HOST));
	later(s, 1);
	/* Over at once, even before the tick says so. */
	assert_false(is_passed(p, &s->person, HOST));
	assert_int_equal(s->a.ended, 0);
	passes_tick(p);
	assert_int_equal(s->a.ended, 1);
	assert_int_equal(s->a.own_ended, 1);
	assert_int_equal(s->a.how, PASS_TIME_OVER);
	passes_tick(p);
	assert_int_equal(s->a.ended, 1);
	/* Then everything begins anew. */
	for (int i = 0; i < 2; i++)
		refuse(s, p, &s->person, HOST);
	assert_false(is_passed(p, &s->person, HOST));
	refuse(s, p, &s->person, HOST);
	assert_true(is_passed(p, &s->person, HOST));
	/* The wall clock may jump as it likes. */
	s->wall += 100 * 24 * 60 * MINUTE;
	passes_tick(p);
	assert_true(is_passed(p, &s->person, HOST));
}

static void test_stop(void **state)
{
	struct stage *s = *state;
	struct passes *p = open_trusted(s);

	assert_false(passes_stop(p, &s->person, HOST));
	assert_true(passes_challenged(p, &s->person, HOST, "cloudflare", true));
	assert_false(passes_stop(p, &s->other, HOST));
	assert_false(passes_stop(p, &s->person, SLICE("www.pinned.example")));
	later(s, 30 * MINUTE);
	assert_true(passes_stop(p, &s->person, SLICE("PINNED.example")));
	assert_false(is_passed(p, &s->person, HOST));
	assert_int_equal(s->a.ended, 1);
	assert_int_equal(s->a.how, PASS_STOPPED);
	assert_false(passes_stop(p, &s->person, HOST));
	/* What a person ended does not come back by itself for as long as it would have lasted. */
	assert_false(passes_challenged(p, &s->person, HOST, "cloudflare", true));
	for (int i = 0; i < 5; i++)
		refuse(s, p, &s->person, HOST);
	assert_int_equal(s->a.began, 1);
	later(s, 60 * MINUTE);
	passes_tick(p);
	assert_int_equal(s->a.ended, 1);
	assert_true(passes_challenged(p, &s->person, HOST, "cloudflare", true));
}

static void test_hosts(void **state)
{
	struct stage *s = *state;
	struct passes *p = open_trusted(s);
	char big[SITE_MAX + 1];
	struct slice none[] = { SLICE(""),     SLICE("."),   SLICE("a b"),
				SLICE("a\0b"), SLICE("a/b"), slice_of(big, SITE_MAX) };

	memset(big, 'a', sizeof(big));
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		for (int j = 0; j < 5; j++)
			refuse(s, p, &s->person, none[i]);
		assert_false(passes_challenged(p, &s->person, none[i], "cloudflare", true));
		assert_false(is_passed(p, &s->person, none[i]));
		assert_false(passes_stop(p, &s->person, none[i]));
	}
	assert_int_equal(s->a.began, 0);
	assert_true(passes_challenged(p, &s->person, slice_of(big, SITE_MAX - 1), "x", true));
	assert_true(passes_challenged(p, &s->person, SLICE("[::1]"), "x", true));
	assert_true(passes_challenged(p, &s->person, SLICE("192.0.2.1"), "x", true));
	assert_int_equal(count(s, p), 3);
}

static void test_bounds(void **state)
{
	struct stage *s = *state;
	struct passes *p = open_trusted(s);
	char host[32];

	for (unsigned i = 0; i < 10000; i++) {
		struct visitor v = s->other;
		unsigned n = i / 50;

		memcpy(v.id, &n, sizeof(n));
		snprintf(host, sizeof(host), "h%u.example", i);
		refuse(s, p, &s->person, slice_str(host));
		assert_true(passes_challenged(p, &v, slice_str(host), "x", true));
		assert_true(is_passed(p, &v, slice_str(host)));
		s->mono -= SECOND + 20;
	}
	/* The oldest ended, and said so. */
	assert_int_equal(s->a.ended, 10000 - 4096);
	for (unsigned i = 0; i < 20000; i++) {
		struct visitor v = s->person;

		memcpy(v.id, &i, sizeof(i));
		passes_accepted(p, &v, HOST);
	}
}

/* A site with many names gets no more than its share, and nobody loses what he has by it. */
static void test_share(void **state)
{
	struct stage *s = *state;
	struct passes *p = open_trusted(s), *q = open_passes(s, &s->b);
	unsigned began = 0;
	char host[32];

	s->a.peer = &s->b;
	assert_true(passes_challenged(p, &s->other, HOST, "x", true));
	assert_true(passes_challenged(p, &s->person, HOST, "x", true));
	assert_true(passes_stop(p, &s->person, HOST));
	for (unsigned i = 0; i < 10000; i++) {
		snprintf(host, sizeof(host), "h%u.example", i);
		began += passes_challenged(p, &s->person, slice_str(host), "x", true);
	}
	assert_int_equal(began, PASSES_OWN_MAX);
	assert_true(is_passed(p, &s->other, HOST) && is_passed(q, &s->other, HOST));
	assert_int_equal(count(s, p), PASSES_OWN_MAX + 1);
	assert_int_equal(count(s, q), PASSES_OWN_MAX + 1);
	assert_false(passes_challenged(p, &s->person, HOST, "x", true));
	later(s, s->rules.time_ms);
	assert_true(passes_challenged(p, &s->person, SLICE("later.example"), "x", true));
}

struct list {
	size_t n;
	char hosts[4][SITE_MAX];
};

static void take(void *arg, const struct pass *pass)
{
	struct list *l = arg;

	assert_true(l->n < 4);
	snprintf(l->hosts[l->n++], SITE_MAX, "%s", pass->host);
}

static void test_list(void **state)
{
	struct stage *s = *state;
	struct passes *p = open_trusted(s);
	struct list l = { 0 };

	assert_true(passes_challenged(p, &s->person, SLICE("one.example"), "x", true));
	assert_true(passes_challenged(p, &s->other, SLICE("two.example"), "x", true));
	assert_true(passes_challenged(p, &s->person, SLICE("Three.example."), "x", true));
	passes_each(p, s->person.id, take, &l);
	assert_int_equal(l.n, 2);
	assert_string_equal(l.hosts[0], "one.example");
	assert_string_equal(l.hosts[1], "three.example");
	assert_true(passes_stop(p, &s->person, SLICE("one.example")));
	l.n = 0;
	passes_each(p, s->person.id, take, &l);
	assert_int_equal(l.n, 1);
	later(s, 60 * MINUTE);
	l.n = 0;
	passes_each(p, s->person.id, take, &l);
	assert_int_equal(l.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_minors), TEST(test_challenge), TEST(test_time),  TEST(test_stop),
		TEST(test_hosts),  TEST(test_bounds),	 TEST(test_share), TEST(test_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
