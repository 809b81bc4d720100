/* The names that hosts led to. */
#include "proxy/aliases.h"
#include "proxy/net/resolve.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static void note(struct aliases *a, const char *host, const char *const *names, size_t n)
{
	const struct resolution r = { .host = host, .cname_count = n, .cnames = names };

	aliases_note(a, slice_str(host), &r);
}

static void test_aliases(void **state)
{
	static const char *const chain[] = { "edge.tracker.test", "a.cdn.test" };
	static const char *const many[] = { "1",  "2",	"3",  "4",  "5",  "6",	"7",  "8", "9",
					    "10", "11", "12", "13", "14", "15", "16", "17" };
	struct slice out[ALIASES_MAX];
	struct aliases *a = aliases_new();

	(void)state;
	assert_int_equal(aliases_of(a, SLICE("x.shop.test"), out), 0);
	assert_int_equal(aliases_of(a, SLICE(""), out), 0);
	note(a, "x.shop.test", chain, 2);
	note(a, "y.shop.test", chain, 0);
	assert_int_equal(aliases_of(a, SLICE("x.shop.test"), out), 2);
	assert_true(slice_eq(out[0], SLICE("edge.tracker.test")));
	assert_true(slice_eq(out[1], SLICE("a.cdn.test")));
	assert_int_equal(aliases_of(a, SLICE("y.shop.test"), out), 0);
	note(a, "x.shop.test", many, 17);
	assert_int_equal(aliases_of(a, SLICE("x.shop.test"), out), ALIASES_MAX);
	assert_true(slice_eq(out[ALIASES_MAX - 1], SLICE("16")));
	note(a, "x.shop.test", chain, 0); /* it is none any more */
	assert_int_equal(aliases_of(a, SLICE("x.shop.test"), out), 0);
	note(a, "", chain, 2);
	aliases_free(a);
}

static bool is_tracker(const void *arg, struct slice host, struct slice alias)
{
	unsigned *asked = *(unsigned *const *)arg;

	++*asked;
	return slice_ends(alias, SLICE(".tracker.test")) && slice_eq(host, SLICE("x.shop.test"));
}

static void test_find(void **state)
{
	static const char *const chain[] = { "a.cdn.test", "edge.tracker.test", "b.tracker.test" };
	struct aliases *a = aliases_new();
	unsigned asked = 0, *arg = &asked;

	(void)state;
	assert_int_equal(aliases_find(a, SLICE("x.shop.test"), is_tracker, &arg).n, 0);
	assert_int_equal(asked, 0);
	note(a, "x.shop.test", chain, 3);
	note(a, "y.shop.test", chain, 3);
	for (int i = 0; i < 3; i++)
		assert_true(slice_eq(aliases_find(a, SLICE("x.shop.test"), is_tracker, &arg),
				     SLICE("edge.tracker.test")));
	assert_int_equal(asked, 2); /* of each name once */
	assert_int_equal(aliases_find(a, SLICE("y.shop.test"), is_tracker, &arg).n, 0);
	note(a, "x.shop.test", chain, 1); /* another chain is asked about anew */
	assert_int_equal(aliases_find(a, SLICE("x.shop.test"), is_tracker, &arg).n, 0);
	aliases_free(a);
}

static void test_bounded(void **state)
{
	static const char *const chain[] = { "tracker.test" };
	struct slice out[ALIASES_MAX];
	struct aliases *a = aliases_new();
	char host[32];

	(void)state;
	for (unsigned i = 0; i < ALIASES_HOSTS_MAX + 10; i++) {
		snprintf(host, sizeof(host), "h%u.test", i);
		note(a, host, chain, 1);
	}
	assert_int_equal(aliases_of(a, SLICE("h9.test"), out), 0);
	assert_int_equal(aliases_of(a, SLICE("h10.test"), out), 1);
	aliases_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_aliases),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
