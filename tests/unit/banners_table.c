/* data/banners.tsv as a table: it compiles, each row has its tests, and mistakes are named. */
#include "filters/banners/kinds.h"
#include "filters/banners/read.h"

#include "data/tables.h"
#include "filters/rules.h"
#include "filters/cookie.h"
#include "tests/unit/banners_cases.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define HEADER                                                                                     \
	"where\tmatch\tdomains\tproduct\tkind\tcode\tpath\tfields\twhen\trefusal\twhat\tsource\n"

static struct banners *table(void)
{
	struct banners *t;
	struct buf error;

	buf_init(&error, 512);
	t = banners_new(table_banners, "banners.tsv", &error);
	if (t == NULL)
		fail_msg("%.*s", SLICE_ARG(buf_slice(&error)));
	buf_release(&error);
	return t;
}

/* The match column as it was written. */
static void match_of(const struct banner_row *row, char out[256])
{
	snprintf(out, 256, "%.*s%s%.*s%.*s%s", SLICE_ARG(row->method), row->method.n ? " " : "",
		 SLICE_ARG(row->host), SLICE_ARG(row->match), row->star ? "*" : "");
}

/* The states that have an example or a reason. */
static unsigned covered(const char *match)
{
	unsigned mask = 0;

	for (size_t i = 0; i < COUNT(banner_cases); i++)
		if (strcmp(banner_cases[i].row, match) == 0)
			mask |= 1u << banner_cases[i].state;
	for (size_t i = 0; i < COUNT(banner_report_cases); i++)
		if (strcmp(banner_report_cases[i].row, match) == 0)
			mask |= 1u << banner_report_cases[i].state;
	for (size_t i = 0; i < COUNT(banner_cannots); i++) {
		if (strcmp(banner_cannots[i].row, match) != 0)
			continue;
		if ((mask & banner_cannots[i].states) != 0)
			fail_msg("%s: has a test of what it cannot express", match);
		mask |= banner_cannots[i].states;
	}
	return mask;
}

static void test_every_row_is_tested(void **state)
{
	struct banners *t = table();
	unsigned missing = 0;

	(void)state;
	for (size_t i = 0; i < banners_count(t); i++) {
		char match[256];
		unsigned mask;

		match_of(banners_at(t, i), match);
		mask = covered(match);
		for (unsigned s = 0; s <= BANNER_ACCEPT; s++) {
			if ((S_EVERY >> s & 1) == 0 || (mask >> s & 1) != 0)
				continue;
			missing++;
			fprintf(stderr, "%s: no test of %s\n", match,
				banner_state_word((enum banner_state)s));
		}
	}
	assert_int_equal(missing, 0);
	banners_free(t);
}

static bool has_row(const struct banners *t, const char *match)
{
	for (size_t i = 0; i < banners_count(t); i++) {
		char have[256];

		match_of(banners_at(t, i), have);
		if (strcmp(have, match) == 0)
			return true;
	}
	return false;
}

static void test_no_test_of_nothing(void **state)
{
	struct banners *t = table();

	(void)state;
	for (size_t i = 0; i < COUNT(banner_cases); i++)
		if (!has_row(t, banner_cases[i].row))
			fail_msg("no row %s", banner_cases[i].row);
	for (size_t i = 0; i < COUNT(banner_report_cases); i++)
		if (!has_row(t, banner_report_cases[i].row))
			fail_msg("no row %s", banner_report_cases[i].row);
	for (size_t i = 0; i < COUNT(banner_cannots); i++)
		if (!has_row(t, banner_cannots[i].row))
			fail_msg("no row %s", banner_cannots[i].row);
	banners_free(t);
}

/* An example of a row holds that row's cookie, so it is that row which reads it. */
static void test_examples_meet_their_row(void **state)
{
	struct banners *t = table();

	(void)state;
	for (size_t i = 0; i < COUNT(banner_cases); i++) {
		const struct banner_case *c = &banner_cases[i];
		struct slice rest = slice_str(c->cookies), pair, name, value;
		const char *host = c->host != NULL ? c->host : "www.example.com";
		bool met = c->state == BANNER_IMPLIED || c->state == BANNER_UNDECIDED;

		while (cookie_next(&rest, &pair, &name, &value)) {
			const struct banner_row *row = banners_cookie(t, slice_str(host), name);
			char match[256] = "";

			if (row != NULL)
				match_of(row, match);
			met = met || strcmp(match, c->row) == 0;
		}
		if (!met)
			fail_msg("%s does not read %s", c->row, c->cookies);
	}
	banners_free(t);
}

static void test_kinds_have_readers(void **state)
{
	struct banners *t = table();

	(void)state;
	for (size_t i = 0; i < banners_count(t); i++) {
		const struct banner_row *row = banners_at(t, i);
		bool read = banner_reader_of(row->kind) != NULL;

		if (read != (row->where != BANNER_STORAGE))
			fail_msg("line %u: kind %s where %s", row->line,
				 banner_kind_word(row->kind), banner_where_word(row->where));
		if (row->kind == KIND_JSON && slice_find(row->path, '*') == row->path.n)
			fail_msg("line %u: a json path needs a *", row->line);
		if (row->kind == KIND_PAIRS && row->path.n != 2)
			fail_msg("line %u: pairs need two separators", row->line);
	}
	assert_null(banner_reader_of(KIND_COUNT));
	banners_free(t);
}

/* What is read as somebody's choice must never be removed as a tracker. */
static void test_cookies_tsv_agrees(void **state)
{
	struct banners *t = table();
	struct rules *rules;
	struct buf error;

	(void)state;
	buf_init(&error, 512);
	rules = rules_new(table_rules, "cookies.tsv", &error);
	assert_non_null(rules);
	for (size_t i = 0; i < banners_count(t); i++) {
		const struct banner_row *row = banners_at(t, i);
		struct rules_row hit = { .line = 0 };
		char name[256];

		if (row->where != BANNER_COOKIE)
			continue;
		snprintf(name, sizeof(name), "%.*s%s", SLICE_ARG(row->match),
			 row->star ? "x1" : "");
		if (rules_match(rules, slice_str(name),
				slice_eq(row->domains, SLICE("*")) ? SLICE("www.example.com")
								   : SLICE("www.tiktok.com"),
				PARTY_FIRST, LIFETIME_UNKNOWN, &hit) &&
		    hit.purpose != PURPOSE_CHOICE)
			fail_msg("%s is %s in cookies.tsv:%u", name, purpose_word(hit.purpose),
				 hit.line);
	}
	rules_free(rules);
	buf_release(&error);
	banners_free(t);
}

static void refused(const char *rows, const char *want)
{
	struct buf text, error;
	struct banners *t;

	buf_init(&text, 1 << 16);
	buf_init(&error, 512);
	buf_adds(&text, rows);
	t = banners_new(buf_slice(&text), "b.tsv", &error);
	if (t != NULL)
		fail_msg("taken: %s", rows);
	buf_addc(&error, '\0');
	if (strstr(error.mem + error.off, want) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", error.mem + error.off, want);
	buf_release(&text);
	buf_release(&error);
}

static void test_mistakes_are_named(void **state)
{
	(void)state;
	refused("what\n", "b.tsv:1: header");
	refused(HEADER "cookie\tabc\n", "b.tsv:2: line");
	refused(HEADER "jar\tabc\t*\tP\tword\tplain\t-\ta:accept\t-\t-\tW.\tobserved\n",
		"b.tsv:2: where");
	refused(HEADER "cookie\tabc\t*\tP\twords\tplain\t-\ta:accept\t-\t-\tW.\tobserved\n",
		"kind");
	refused(HEADER "cookie\tabc\t*\tP\tword\tzip\t-\ta:accept\t-\t-\tW.\tobserved\n", "code");
	refused(HEADER "cookie\tabc\t*\tP\tword\tplain\t-\ta:yes\t-\t-\tW.\tobserved\n", "fields");
	refused(HEADER "cookie\tabc\t*\tP\tword\tplain\t-\ta:accept\tb=c\t-\tW.\tobserved\n",
		"when");
	refused(HEADER "cookie\ta*b*\t*\tP\tword\tplain\t-\ta:accept\t-\t-\tW.\tobserved\n",
		"match");
	refused(HEADER "call\tPOST\t*\tP\tword\tplain\t-\ta:accept\t-\t-\tW.\tobserved\n", "match");
	refused(HEADER "cookie\tabc\t*\t\tword\tplain\t-\ta:accept\t-\t-\tW.\tobserved\n",
		"product");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_row_is_tested),
		cmocka_unit_test(test_no_test_of_nothing),
		cmocka_unit_test(test_examples_meet_their_row),
		cmocka_unit_test(test_kinds_have_readers),
		cmocka_unit_test(test_cookies_tsv_agrees),
		cmocka_unit_test(test_mistakes_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
