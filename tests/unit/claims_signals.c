/* The short signals: US Privacy, additional consent, consent mode, switches. */
#include "filters/claims/signals.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

static void test_usp(void **state)
{
	static const char *const wrong[] = { "", "1YN", "1YNNN", "2YNN", "1yNN", "1YN0", "YNNN" };
	const char *why;
	struct usp usp;

	(void)state;
	assert_true(usp_decode(SLICE("1YN-"), &usp, &why));
	assert_int_equal(usp.notice, 'Y');
	assert_int_equal(usp.opt_out_sale, 'N');
	assert_int_equal(usp.lspa_covered, '-');
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		if (usp_decode(slice_str(wrong[i]), &usp, &why))
			fail_msg("decoded: %s", wrong[i]);
		assert_int_equal(usp.version, 0);
	}
}

static size_t ids(struct slice list, uint32_t *first)
{
	uint32_t id;
	size_t n = 0;

	*first = 0;
	while (ac_next(&list, &id)) {
		*first = n == 0 ? id : *first;
		n++;
	}
	return n;
}

struct ac_case {
	const char *text;
	uint8_t version; /* 0: refused */
	size_t consented, disclosed;
	uint32_t first;
};

static void test_ac(void **state)
{
	static const struct ac_case cases[] = {
		{ "1~", 1, 0, 0, 0 },
		{ "1~7.12.35", 1, 3, 0, 7 },
		{ "2~7.12~dv.9.21", 2, 2, 2, 7 },
		{ "2~~dv.9", 2, 0, 1, 0 },
		{ "2~4~dv.", 2, 1, 0, 4 },
		{ "2~4~dv", 2, 1, 0, 4 },
		{ "", 0, 0, 0, 0 },
		{ "1", 0, 0, 0, 0 },
		{ "3~1", 0, 0, 0, 0 },
		{ "12~1", 0, 0, 0, 0 },
		{ "2~1", 0, 0, 0, 0 },
		{ "1~1~dv.2", 0, 0, 0, 0 },
		{ "2~1~dx.2", 0, 0, 0, 0 },
		{ "2~1~dv2", 0, 0, 0, 0 },
		{ "2~1~dv.2~3", 0, 0, 0, 0 },
		{ "1~1..2", 0, 0, 0, 0 },
		{ "1~1.", 0, 0, 0, 0 },
		{ "1~.1", 0, 0, 0, 0 },
		{ "1~0", 0, 0, 0, 0 },
		{ "1~-1", 0, 0, 0, 0 },
		{ "1~99999999999999999999999", 0, 0, 0, 0 },
		{ "1~1 2", 0, 0, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct ac_case *t = &cases[i];
		struct ac_string ac;
		const char *why;
		uint32_t first;

		if (ac_decode(slice_str(t->text), &ac, &why) != (t->version != 0))
			fail_msg("decoded or refused: '%s'", t->text);
		assert_int_equal(ac.version, t->version);
		if (t->version == 0)
			continue;
		assert_int_equal(ids(ac.consented, &first), t->consented);
		assert_int_equal(first, t->first);
		assert_int_equal(ids(ac.disclosed, &first), t->disclosed);
	}
}

static void test_gcs(void **state)
{
	static const char *const wrong[] = { "", "G1", "G111 ", "G211", "g111", "G12-", "G1x1" };
	const char *why;
	struct gcs gcs;

	(void)state;
	assert_true(gcs_decode(SLICE("G101"), &gcs, &why));
	assert_int_equal(gcs.ad_storage, STATE_DENIED);
	assert_int_equal(gcs.analytics_storage, STATE_GRANTED);
	assert_true(gcs_decode(SLICE("G1-0"), &gcs, &why));
	assert_int_equal(gcs.ad_storage, STATE_NOT_SET);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (gcs_decode(slice_str(wrong[i]), &gcs, &why))
			fail_msg("decoded: %s", wrong[i]);
}

static void test_gcd(void **state)
{
	static const char *const good[] = { "11p1r1l1t5", "13p3r3l3t2", "13p3r3l3t2l1",
					    "11p1r1l1t5R" };
	static const char *const wrong[] = {
		"",	      "11p1r1l1",   "p1r1l1t5",	   "11p1r1l1t",	  "11prlt5",   "11p1r1l1x5",
		"11P1r1l1t5", "21p1r1l1t5", "11p1r1l1t5 ", "11p1r1l1t5%", "1pp1r1l1t5"
	};
	const char *why;
	struct gcd gcd;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		if (!gcd_decode(slice_str(good[i]), &gcd, &why))
			fail_msg("%s: %s", good[i], why);
		assert_int_equal(gcd.letters[AD_STORAGE], 'p');
		assert_int_equal(gcd.letters[ANALYTICS_STORAGE], 'r');
		assert_int_equal(gcd.letters[AD_USER_DATA], 'l');
		assert_int_equal(gcd.letters[AD_PERSONALIZATION], 't');
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (gcd_decode(slice_str(wrong[i]), &gcd, &why))
			fail_msg("decoded: %s", wrong[i]);
}

static void test_gcd_letters(void **state)
{
	static const char granted[] = "nrtv", denied[] = "mpqu";

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(gcd_state(granted[i]), STATE_GRANTED);
		assert_int_equal(gcd_state(denied[i]), STATE_DENIED);
		assert_int_equal(gcd_by_default_only(granted[i]), granted[i] == 't');
		assert_false(gcd_by_default_only(denied[i]));
	}
	assert_int_equal(gcd_state('l'), STATE_NOT_SET);
	assert_int_equal(gcd_state('x'), STATE_NOT_SET);
	assert_string_equal(gcd_words('r'), "denied by default, granted by update");
	assert_string_equal(gcd_words('x'), "?");
}

static void test_switches(void **state)
{
	const char *why;
	bool on;

	(void)state;
	assert_true(switch_decode(SLICE("1"), &on, &why) && on);
	assert_true(switch_decode(SLICE("TRUE"), &on, &why) && on);
	assert_true(switch_decode(SLICE("0"), &on, &why) && !on);
	assert_true(switch_decode(SLICE("false"), &on, &why) && !on);
	assert_false(switch_decode(SLICE(""), &on, &why));
	assert_false(switch_decode(SLICE("2"), &on, &why));
	assert_false(switch_decode(SLICE("yes"), &on, &why));
	assert_true(gpp_sid_check(SLICE("2"), &why));
	assert_true(gpp_sid_check(SLICE("2,6"), &why));
	assert_true(gpp_sid_check(SLICE("7_8"), &why));
	assert_true(gpp_sid_check(SLICE("-1"), &why));
	assert_false(gpp_sid_check(SLICE(""), &why));
	assert_false(gpp_sid_check(SLICE("2,"), &why));
	assert_false(gpp_sid_check(SLICE("a"), &why));
	assert_true(gpc_asks(SLICE("1")));
	assert_true(gpc_asks(SLICE(" 1 ")));
	assert_false(gpc_asks(SLICE("0")));
	assert_false(gpc_asks(SLICE("11")));
	assert_false(gpc_asks(SLICE("")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_usp),	    cmocka_unit_test(test_ac),
		cmocka_unit_test(test_gcs),	    cmocka_unit_test(test_gcd),
		cmocka_unit_test(test_gcd_letters), cmocka_unit_test(test_switches),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
