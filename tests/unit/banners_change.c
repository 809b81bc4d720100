/* When a new reading is a person's act, and when it is a finding. */
#include "filters/banners/change.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static const struct banner_reading none = { .state = BANNER_NONE };
static const struct banner_reading undecided = { .state = BANNER_UNDECIDED };
static const struct banner_reading implied = { .state = BANNER_IMPLIED, .claimed = BANNER_ALL };
static const struct banner_reading unreadable = { .state = BANNER_UNREADABLE };
static const struct banner_reading refuse = { .state = BANNER_REFUSE };
static const struct banner_reading some = { .state = BANNER_PARTIAL, .granted = BANNER_ANALYTICS };
static const struct banner_reading accept = { .state = BANNER_ACCEPT, .granted = BANNER_ALL };

/* A request of the page's script, four seconds after the page; the page itself, on arrival. */
static const struct banner_moment later = { .by = BANNER_IN_REQUEST,
					    .whole = true,
					    .since_document_ms = 4000 };
static const struct banner_moment at_once = { .by = BANNER_IN_REQUEST,
					      .whole = true,
					      .since_document_ms = 80 };
static const struct banner_moment unknown = { .by = BANNER_IN_REQUEST,
					      .whole = true,
					      .since_document_ms = -1 };
static const struct banner_moment arrival = {
	.by = BANNER_IN_REQUEST, .document = true, .whole = true, .since_document_ms = -1
};
static const struct banner_moment served = {
	.by = BANNER_IN_SET_COOKIE, .document = true, .whole = true, .since_document_ms = -1
};
static const struct banner_moment clicked_on = {
	.by = BANNER_IN_SET_COOKIE, .document = true, .whole = true, .since_document_ms = 9000
};
static const struct banner_moment fetched = { .by = BANNER_IN_SET_COOKIE,
					      .whole = true,
					      .since_document_ms = 4000 };
static const struct banner_moment posted = {
	.by = BANNER_IN_SET_COOKIE, .document = true, .posts = true, .since_document_ms = 4000
};
static const struct banner_moment report = { .by = BANNER_IN_REPORT, .since_document_ms = 4000 };
static const struct banner_moment report_at_once = { .by = BANNER_IN_REPORT,
						     .since_document_ms = 10 };
static const struct banner_moment posted_at_once = { .by = BANNER_IN_SET_COOKIE,
						     .posts = true,
						     .since_document_ms = 80 };

static enum banner_change step(uint32_t *memory, const struct banner_reading *now,
			       const struct banner_moment *m)
{
	return banner_change(*memory, now, m, memory);
}

static void test_click(void **state)
{
	const struct banner_reading *before[] = { &none, &undecided, &implied, &unreadable };

	(void)state;
	for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++) {
		uint32_t memory = 0;

		assert_int_equal(step(&memory, before[i], &arrival), BANNER_SAME);
		assert_int_equal(step(&memory, &accept, &later), BANNER_ACT);
		assert_int_equal(step(&memory, &accept, &later), BANNER_SAME);
		assert_int_equal(step(&memory, &accept, &arrival), BANNER_SAME);
	}
}

static void test_refusal_by_click(void **state)
{
	uint32_t memory = 0;

	(void)state;
	step(&memory, &undecided, &arrival);
	assert_int_equal(step(&memory, &refuse, &later), BANNER_ACT);
	assert_int_equal(step(&memory, &some, &later), BANNER_ACT);
	assert_int_equal(step(&memory, &accept, &later), BANNER_ACT);
}

static void test_faster_than_a_hand(void **state)
{
	uint32_t memory = 0;

	(void)state;
	step(&memory, &none, &arrival);
	assert_int_equal(step(&memory, &accept, &at_once), BANNER_UNASKED);
	/* It does not become consent by staying. */
	assert_int_equal(step(&memory, &accept, &later), BANNER_SAME);
	/* Who confirms it in the banner acts after all. */
	assert_int_equal(step(&memory, &accept, &report), BANNER_ACT);
}

static void test_refusal_by_itself_is_no_finding(void **state)
{
	uint32_t memory = 0;

	(void)state;
	step(&memory, &none, &arrival);
	assert_int_equal(step(&memory, &refuse, &at_once), BANNER_SAME);
	assert_int_equal(step(&memory, &accept, &later), BANNER_ACT);
}

static void test_from_before(void **state)
{
	uint32_t memory = 0;

	(void)state;
	assert_int_equal(step(&memory, &accept, &arrival), BANNER_BEFORE);
	assert_int_equal(step(&memory, &accept, &later), BANNER_SAME);
	memory = 0;
	/* A request that leaves cookies out was no look. */
	assert_int_equal(step(&memory, &none,
			      &(struct banner_moment){ .by = BANNER_IN_REQUEST,
						       .document = true,
						       .since_document_ms = -1 }),
			 BANNER_SAME);
	assert_int_equal(memory, 0);
	assert_int_equal(step(&memory, &accept, &later), BANNER_BEFORE);
	/* When it was answered is not known: no act, no finding. */
	memory = 0;
	step(&memory, &none, &arrival);
	assert_int_equal(step(&memory, &accept, &unknown), BANNER_BEFORE);
}

/* What a page does at once nobody did, however it sends it; nor what its server wrote in parts. */
static void test_no_hand(void **state)
{
	uint32_t memory = 0;

	(void)state;
	step(&memory, &none, &arrival);
	assert_int_equal(step(&memory, &accept, &report_at_once), BANNER_UNASKED);
	memory = 0;
	step(&memory, &none, &arrival);
	assert_int_equal(step(&memory, &accept, &posted_at_once), BANNER_UNASKED);
	memory = 0;
	step(&memory, &none, &arrival);
	memory = banner_served(memory);
	assert_int_equal(step(&memory, &undecided, &later), BANNER_SAME);
	assert_int_equal(step(&memory, &accept, &later), BANNER_BEFORE);
	assert_int_equal(step(&memory, &refuse, &later), BANNER_ACT);
	assert_int_equal(step(&memory, &accept, &later), BANNER_ACT);
}

static void test_server(void **state)
{
	uint32_t memory = 0;

	(void)state;
	assert_int_equal(step(&memory, &accept, &served), BANNER_UNASKED);
	/* The browser sends back what the server set: still nobody's act. */
	assert_int_equal(step(&memory, &accept, &later), BANNER_SAME);
	memory = 0;
	step(&memory, &none, &arrival);
	/* To go on to another page is no consent. */
	assert_int_equal(step(&memory, &some, &clicked_on), BANNER_UNASKED);
	memory = 0;
	step(&memory, &none, &arrival);
	assert_int_equal(step(&memory, &accept, &posted), BANNER_ACT);
	memory = 0;
	step(&memory, &undecided, &arrival);
	assert_int_equal(step(&memory, &some, &fetched), BANNER_ACT);
	memory = 0;
	assert_int_equal(step(&memory, &refuse, &served), BANNER_SAME);
}

static void test_report(void **state)
{
	uint32_t memory = 0;

	(void)state;
	assert_int_equal(step(&memory, &undecided, &report), BANNER_SAME);
	assert_int_equal(step(&memory, &implied, &report), BANNER_SAME);
	assert_int_equal(memory, 0);
	assert_int_equal(step(&memory, &accept, &report), BANNER_ACT);
	/* The cookie that goes with it is no second act. */
	assert_int_equal(step(&memory, &accept, &later), BANNER_SAME);
	assert_int_equal(step(&memory, &refuse, &report), BANNER_ACT);
}

static void test_withdrawal(void **state)
{
	const struct banner_moment *moments[] = { &later, &at_once, &unknown, &served };

	(void)state;
	for (size_t i = 0; i < sizeof(moments) / sizeof(moments[0]); i++) {
		uint32_t memory = 0;

		step(&memory, &accept, &report);
		assert_int_equal(step(&memory, &some, moments[i]), BANNER_ACT);
		assert_int_equal(step(&memory, &refuse, moments[i]), BANNER_ACT);
	}
}

static void test_lapse(void **state)
{
	const struct banner_reading *gone[] = { &undecided, &implied, &unreadable };

	(void)state;
	for (size_t i = 0; i < sizeof(gone) / sizeof(gone[0]); i++) {
		uint32_t memory = 0;

		step(&memory, &accept, &report);
		assert_int_equal(step(&memory, gone[i], &arrival), BANNER_LAPSED);
		assert_int_equal(step(&memory, gone[i], &arrival), BANNER_SAME);
	}
}

/* A cookie of another path is not sent everywhere. */
static void test_missing_is_not_gone(void **state)
{
	uint32_t memory = 0;

	(void)state;
	step(&memory, &accept, &report);
	assert_int_equal(step(&memory, &none, &arrival), BANNER_SAME);
	assert_int_equal(step(&memory, &accept, &later), BANNER_SAME);
}

static void test_exchange_of_purposes(void **state)
{
	struct banner_reading other = { .state = BANNER_PARTIAL, .granted = BANNER_ADVERTISING };
	uint32_t memory = 0;

	(void)state;
	step(&memory, &some, &report);
	/* One given up for another: it needs what a new consent needs. */
	assert_int_equal(step(&memory, &other, &at_once), BANNER_UNASKED);
	memory = 0;
	step(&memory, &some, &report);
	assert_int_equal(step(&memory, &other, &later), BANNER_ACT);
}

static void test_prefetch(void **state)
{
	struct banner_moment m = served;
	uint32_t memory = 0;

	(void)state;
	m.prefetch = true;
	assert_int_equal(step(&memory, &accept, &m), BANNER_BEFORE);
}

static void test_words(void **state)
{
	(void)state;
	assert_string_equal(banner_change_word(BANNER_SAME), "same");
	assert_string_equal(banner_change_word(BANNER_UNASKED), "unasked");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_click),
		cmocka_unit_test(test_refusal_by_click),
		cmocka_unit_test(test_faster_than_a_hand),
		cmocka_unit_test(test_refusal_by_itself_is_no_finding),
		cmocka_unit_test(test_from_before),
		cmocka_unit_test(test_server),
		cmocka_unit_test(test_no_hand),
		cmocka_unit_test(test_report),
		cmocka_unit_test(test_withdrawal),
		cmocka_unit_test(test_lapse),
		cmocka_unit_test(test_missing_is_not_gone),
		cmocka_unit_test(test_exchange_of_purposes),
		cmocka_unit_test(test_prefetch),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
