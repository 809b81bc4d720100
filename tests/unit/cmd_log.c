/* crumbgate log: the table, in every width, and with what sites name their cookies. */
#include "base/clock.h"
#include "cmd/log_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define T0 1795318610123 /* 2026-11-22T03:36:50.123Z */

static struct entry cookie(void)
{
	struct entry e;

	entry_init(&e, ENTRY_SET, T0);
	e.n = 7;
	e.verdict = SLICE("expired");
	e.purpose = SLICE("advertising");
	e.cookie = SLICE("_ttp");
	e.host = SLICE("analytics.tiktok.com");
	e.site = SLICE("shop.test");
	e.choice = SLICE("none");
	e.profile = SLICE("default");
	e.why = SLICE("table:721 _ttp; third party");
	e.count = 1;
	return e;
}

/* The head, then the entry; what is returned is to be released. */
static struct buf table_of(size_t width, const struct entry *e)
{
	struct log_table t;
	struct buf out;

	buf_init(&out, 64 * 1024);
	log_table_init(&t, width);
	log_table_head(&t, true, &out);
	log_table_entry(&t, e, &out);
	log_table_release(&t);
	assert_true(buf_addc(&out, '\0'));
	return out;
}

static void is_table(size_t width, const struct entry *e, const char *text)
{
	struct buf out = table_of(width, e);

	assert_string_equal(out.mem, text);
	buf_release(&out);
}

static void test_wide(void **state)
{
	struct entry e = cookie();

	(void)state;
	is_table(
		0, &e,
		"       N TIME (UTC)          KIND          VERDICT     PURPOSE     COOKIE         "
		"        HOST                           SITE                 COUNT CHOICE        "
		"PROFILE      WHY\n"
		"       7 2026-11-22T03:36:50 set           deleted     advertising _ttp           "
		"        analytics.tiktok.com           shop.test            x1    no choice yet "
		"default      table:721 _ttp; third party\n");
}

static void test_narrow(void **state)
{
	struct entry e = cookie();

	(void)state;
	is_table(80, &e,
		 "       N UTC      KIND  VERDICT     COOKIE     HOST         WHY\n"
		 "       7 03:36:50 set   deleted     _ttp       analytics.t~ table:721 _ttp; "
		 "t...\n");
}

/* No line is wider than the terminal from 80 columns on; under each title stands its cell. */
static void test_all_widths(void **state)
{
	struct entry e = cookie();

	(void)state;
	e.cookie = SLICE(
		"\x1b[2J\xe4\xb8\xad\xe6\x96\x87 a name that is much too long for any column");
	for (size_t width = 80; width <= 260; width++) {
		struct buf out = table_of(width, &e);
		struct slice head, row,
			rest = slice_cut(slice_of(out.mem, out.len - 1), '\n', &head);

		slice_cut(rest, '\n', &row);
		assert_true(head.n <= width && row.n <= width);
		for (size_t i = 0; i < row.n; i++)
			assert_true(row.p[i] >= ' ' && row.p[i] < 0x7f);
		for (size_t i = 1; i < head.n && i < row.n; i++)
			if (head.p[i - 1] == ' ' && head.p[i] != ' ' && head.p[i] != '(')
				assert_true(row.p[i - 1] == ' ' && (row.p[i] != ' ' || i < 9));
		buf_release(&out);
	}
}

/* What is last is whole where there is no terminal. */
static void test_last(void **state)
{
	char why[ENTRY_WHY_MAX];
	struct entry e;
	struct log_table t;
	struct buf out;

	(void)state;
	memset(why, 'w', sizeof(why));
	entry_init(&e, ENTRY_CONTRADICTION, T0);
	e.host = SLICE("a.test");
	e.choice = SLICE("refused");
	e.why = slice_of(why, sizeof(why));
	e.count = 3;
	buf_init(&out, 64 * 1024);
	log_table_init(&t, 0);
	log_table_head(&t, false, &out);
	log_table_entry(&t, &e, &out);
	log_table_release(&t);
	assert_true(slice_starts(
		buf_slice(&out),
		SLICE("       N TIME (UTC)          KIND          FACTS\n"
		      "       0 2026-11-22T03:36:50 contradiction a.test refused wwww")));
	assert_true(slice_ends(buf_slice(&out), SLICE("www x3\n")));
	assert_true(out.len > sizeof(why) + 80);
	buf_clear(&out);
	log_table_init(&t, 80);
	log_table_entry(&t, &e, &out);
	log_table_release(&t);
	assert_int_equal(out.len, 81);
	assert_true(slice_ends(buf_slice(&out), SLICE("w...\n")));
	buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wide),
		cmocka_unit_test(test_narrow),
		cmocka_unit_test(test_all_widths),
		cmocka_unit_test(test_last),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
