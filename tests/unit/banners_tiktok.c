/* data/tiktok.tsv: what it says about a cookie is what data/cookies.tsv decides. */
#include "filters/cookie.h"
#include "filters/rules.h"

#include "data/tables.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

enum column { KIND, NAME, WHERE, PURPOSE, LIFE, WHAT, SOURCE, COLUMNS };

static bool split(struct slice line, struct slice c[COLUMNS])
{
	for (unsigned i = 0; i < COLUMNS; i++) {
		if (line.p == NULL)
			return false;
		line = slice_cut(line, '\t', &c[i]);
	}
	return line.p == NULL;
}

/* A row that holds where it stands: on the site, in its frames, or under another site's name. */
static void check_cookie(const struct rules *rules, const struct slice c[COLUMNS])
{
	bool site = slice_eq(c[WHERE], SLICE("site")), embed = slice_eq(c[WHERE], SLICE("embed"));
	struct rules_row row = { .line = 0 };
	enum purpose want;
	char name[128];

	snprintf(name, sizeof(name), "%.*s%s", (int)(c[NAME].n - slice_ends(c[NAME], SLICE("*"))),
		 c[NAME].p, slice_ends(c[NAME], SLICE("*")) ? "C1ABC" : "");
	assert_true(purpose_of_word(c[PURPOSE], &want));
	if (!rules_match(rules, slice_str(name),
			 site || embed ? SLICE("www.tiktok.com") : SLICE("shop.example"),
			 embed ? PARTY_THIRD : PARTY_FIRST, LIFETIME_UNKNOWN, &row))
		fail_msg("%s (%.*s): no row of cookies.tsv", name, SLICE_ARG(c[WHERE]));
	if (row.purpose != want)
		fail_msg("%s (%.*s): %.*s here, %s in cookies.tsv:%u", name, SLICE_ARG(c[WHERE]),
			 SLICE_ARG(c[PURPOSE]), purpose_word(row.purpose), row.line);
}

static void test_agrees(void **state)
{
	struct slice rest = table_tiktok, line, c[COLUMNS];
	struct rules *rules;
	unsigned cookies = 0;
	struct buf error;

	(void)state;
	buf_init(&error, 512);
	rules = rules_new(table_rules, "cookies.tsv", &error);
	assert_non_null(rules);
	while (rest.p != NULL) {
		rest = slice_cut(rest, '\n', &line);
		if (line.n == 0 || line.p[0] == '#' || !split(line, c) ||
		    !slice_eq(c[KIND], SLICE("cookie")))
			continue;
		check_cookie(rules, c);
		cookies++;
	}
	assert_true(cookies >= 30);
	rules_free(rules);
	buf_release(&error);
}

static bool has(const char *kind, const char *name, const char *where)
{
	struct slice rest = table_tiktok, line, c[COLUMNS];

	while (rest.p != NULL) {
		rest = slice_cut(rest, '\n', &line);
		if (split(line, c) && slice_eq(c[KIND], slice_str(kind)) &&
		    slice_eq(c[NAME], slice_str(name)) && slice_eq(c[WHERE], slice_str(where)))
			return true;
	}
	return false;
}

/* The pixel on other sites, whole. */
static void test_pixel(void **state)
{
	(void)state;
	assert_true(has("cookie", "_ttp", "pixel"));
	assert_true(has("cookie", "_tt_enable_cookie", "pixel"));
	assert_true(has("cookie", "ttcsid", "pixel"));
	assert_true(has("cookie", "ttcsid_*", "pixel"));
	assert_true(has("parameter", "ttclid", "pixel"));
	assert_true(has("host", "analytics.tiktok.com", "pixel"));
	assert_true(has("cookie", "cookie-consent", "site"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_agrees),
		cmocka_unit_test(test_pixel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
