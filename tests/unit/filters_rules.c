/* The cookie table: compiling it, and which row wins. */
#include "filters/cookie.h"
#include "filters/rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define HEADER "pattern\tpurpose\tkind\tsetter\tdomains\tparty\tmax_life\tlife\twhat\tsource\n"

static struct rules *compile(const char *rows)
{
	struct buf text, error;
	struct rules *r;

	buf_init(&text, 1 << 20);
	buf_init(&error, 1024);
	buf_adds(&text, HEADER);
	buf_adds(&text, rows);
	r = rules_new(buf_slice(&text), "t.tsv", &error);
	if (r == NULL)
		fail_msg("%.*s", SLICE_ARG(buf_slice(&error)));
	buf_release(&text);
	buf_release(&error);
	return r;
}

struct match_case {
	const char *name, *host;
	enum party party;
	int64_t life;
	unsigned line; /* 0: none */
};

static void check_matches(const struct rules *r, const struct match_case *t, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct rules_row row = { .line = 0 };
		bool good = rules_match(r, slice_str(t[i].name), slice_str(t[i].host), t[i].party,
					t[i].life, &row);

		if (good != (t[i].line != 0) || row.line != t[i].line)
			fail_msg("%s at %s: line %u instead of %u", t[i].name, t[i].host, row.line,
				 t[i].line);
	}
}

#define CHECK(r, t) check_matches((r), (t), sizeof(t) / sizeof((t)[0]))
#define FIRST PARTY_FIRST
#define THIRD PARTY_THIRD

static void test_row(void **state)
{
	struct rules *r =
		compile("# a comment\n\n"
			"_ga*\tanalytics\taudience\tGoogle\t*\tany\t*\t2y\tWhat.\tvendor\r\n");
	struct rules_row row;

	(void)state;
	assert_int_equal(rules_count(r), 1);
	assert_true(rules_size(r) > 100);
	assert_true(
		rules_match(r, SLICE("_ga_X"), SLICE("a.example"), FIRST, LIFETIME_UNKNOWN, &row));
	assert_int_equal(row.purpose, PURPOSE_ANALYTICS);
	assert_true(slice_eq(row.pattern, SLICE("_ga*")));
	assert_true(slice_eq(row.kind, SLICE("audience")));
	assert_true(slice_eq(row.setter, SLICE("Google")));
	assert_true(slice_eq(row.life, SLICE("2y")));
	assert_true(slice_eq(row.what, SLICE("What.")));
	assert_true(slice_eq(row.source, SLICE("vendor")));
	assert_int_equal(row.line, 4);
	rules_free(r);
}

static void test_patterns(void **state)
{
	struct rules *r = compile("sid\tessential\tk\ts\t*\tany\t*\tl\tw\ts\n"		   /* 2 */
				  "sid*\tanalytics\tk\ts\t*\tany\t*\tl\tw\ts\n"		   /* 3 */
				  "*_session\tessential\tk\ts\t*\tany\t*\tl\tw\ts\n"	   /* 4 */
				  "sid_*_x\tfunctional\tk\ts\t*\tany\t*\tl\tw\ts\n"	   /* 5 */
				  "a*long_end\tfunctional\tk\ts\t*\tany\t*\tl\tw\ts\n"	   /* 6 */
				  "aa*aa\tfunctional\tk\ts\t*\tany\t*\tl\tw\ts\n"	   /* 7 */
				  "*\tadvertising\tk\ts\tads.example\tany\t*\tl\tw\ts\n"); /* 8 */
	static const struct match_case t[] = {
		{ "sid", "x.example", FIRST, -2, 2 },
		{ "Sid", "x.example", FIRST, -2, 0 },
		{ "sid2", "x.example", FIRST, -2, 3 },
		{ "sid_session", "x.example", FIRST, -2, 4 },
		{ "_session", "x.example", FIRST, -2, 4 },
		{ "session", "x.example", FIRST, -2, 0 },
		{ "sid_abc_x", "x.example", FIRST, -2, 5 },
		{ "sid__x", "x.example", FIRST, -2, 5 },
		{ "sid_x", "x.example", FIRST, -2, 3 }, /* the two sides may not overlap */
		{ "a_long_end", "x.example", FIRST, -2, 6 },
		{ "along_end", "x.example", FIRST, -2, 6 },
		{ "long_end", "x.example", FIRST, -2, 0 },
		{ "aaaa", "x.example", FIRST, -2, 7 },
		{ "aaa", "x.example", FIRST, -2, 0 },
		{ "whatever", "ads.example", THIRD, -2, 8 },
		{ "", "a.ads.example", THIRD, -2, 8 },
		{ "whatever", "bads.example", THIRD, -2, 0 },
		{ "sid", "ads.example", THIRD, -2, 2 },
		{ "", "x.example", FIRST, -2, 0 },
	};

	(void)state;
	CHECK(r, t);
	rules_free(r);
}

static void test_specific(void **state)
{
	struct rules *r =
		compile("uid\tanalytics\tk\ts\t*\tany\t*\tl\tw\ts\n"			   /* 2 */
			"uid\tanalytics\tk\ts\t*\tthird\t*\tl\tw\ts\n"			   /* 3 */
			"uid\tadvertising\tk\ts\tads.example,b.example\tany\t*\tl\tw\ts\n" /* 4 */
			"uid\tadvertising\tk\ts\tads.example\tthird\t*\tl\tw\ts\n"	   /* 5 */
			"tok\tfunctional\tk\ts\t*\tany\t*\tl\tw\ts\n"			   /* 6 */
			"tok\tessential\tk\ts\t*\tany\tsession\tl\tw\ts\n"		   /* 7 */
			"tok\tessential\tk\ts\t*\tany\t30m\tl\tw\ts\n"			   /* 8 */
			"dup\tfunctional\tk\ts\t*\tany\t*\tl\tw\ts\n"			   /* 9 */
			"dup\tessential\tk\ts\t*\tany\t*\tl\tw\ts\n"			   /* 10 */
			"pre*\tfunctional\tk\ts\t*\tany\t*\tl\tw\ts\n"			   /* 11 */
			"prefix*\tessential\tk\ts\t*\tthird\t*\tl\tw\ts\n");		   /* 12 */
	static const struct match_case t[] = {
		{ "uid", "x.example", FIRST, -2, 2 },
		{ "uid", "x.example", THIRD, -2, 3 },
		{ "uid", "www.ADS.example", FIRST, -2, 4 },
		{ "uid", "b.example.", THIRD, -2, 4 },
		{ "uid", "a.b.c.ads.example", THIRD, -2, 5 },
		{ "uid", "example", FIRST, -2, 2 },
		{ "tok", "x.example", FIRST, LIFETIME_SESSION, 7 },
		{ "tok", "x.example", FIRST, LIFETIME_UNKNOWN, 7 },
		{ "tok", "x.example", FIRST, LIFETIME_DELETES, 7 },
		{ "tok", "x.example", FIRST, 1, 8 },
		{ "tok", "x.example", FIRST, 1800, 8 },
		{ "tok", "x.example", FIRST, 1860, 8 },
		{ "tok", "x.example", FIRST, 1861, 6 },
		{ "dup", "x.example", FIRST, -2, 9 },
		{ "prefix1", "x.example", THIRD, -2, 12 },
		{ "prefix1", "x.example", FIRST, -2, 11 },
	};

	(void)state;
	CHECK(r, t);
	rules_free(r);
}

static void test_units(void **state)
{
	struct rules *r = compile("s\tessential\tk\ts\t*\tany\t90s\tl\tw\ts\n"
				  "h\tessential\tk\ts\t*\tany\t24h\tl\tw\ts\n"
				  "d\tessential\tk\ts\t*\tany\t90d\tl\tw\ts\n"
				  "w\tessential\tk\ts\t*\tany\t2w\tl\tw\ts\n"
				  "y\tessential\tk\ts\t*\tany\t1y\tl\tw\ts\n"
				  "e\tessential\tk\ts\t*\tany\t999999d\tl\tw\ts\n");
	static const struct match_case t[] = {
		{ "s", "x.example", FIRST, 90, 2 },
		{ "s", "x.example", FIRST, 151, 0 },
		{ "h", "x.example", FIRST, 86400, 3 },
		{ "h", "x.example", FIRST, 88129, 0 },
		{ "d", "x.example", FIRST, 90 * 86400, 4 },
		{ "d", "x.example", FIRST, 92 * 86400, 0 },
		{ "w", "x.example", FIRST, 14 * 86400, 5 },
		{ "w", "x.example", FIRST, 15 * 86400, 0 },
		{ "y", "x.example", FIRST, 365 * 86400, 6 },
		{ "y", "x.example", FIRST, 400 * 86400, 0 },
		{ "e", "x.example", FIRST, 400 * 86400, 7 },
	};

	(void)state;
	CHECK(r, t);
	rules_free(r);
}

static void test_errors(void **state)
{
	static const struct {
		const char *text, *error; /* how it begins */
	} table[] = {
		{ "a\tessential\tk\ts\t*\tany\t*\tl\tw\ts\n", "t.tsv:1: header " },
		{ "# c\n\npattern\tpurpose\n", "t.tsv:3: header " },
		{ HEADER "a\tessential\tk\ts\t*\tany\t*\tl\tw\n", "t.tsv:2: line " },
		{ HEADER "a\tessential\tk\ts\t*\tany\t*\tl\tw\ts\tx\n", "t.tsv:2: line " },
		{ HEADER "\n\tessential\tk\ts\t*\tany\t*\tl\tw\ts\n", "t.tsv:3: pattern " },
		{ HEADER "a*b*\tessential\tk\ts\t*\tany\t*\tl\tw\ts\n", "t.tsv:2: pattern " },
		{ HEADER "a=b\tessential\tk\ts\t*\tany\t*\tl\tw\ts\n", "t.tsv:2: pattern " },
		{ HEADER "a \tessential\tk\ts\t*\tany\t*\tl\tw\ts\n", "t.tsv:2: pattern " },
		{ HEADER "*\tadvertising\tk\ts\t*\tany\t*\tl\tw\ts\n", "t.tsv:2: pattern \"*\"" },
		{ HEADER "a\tEssential\tk\ts\t*\tany\t*\tl\tw\ts\n", "t.tsv:2: purpose \"Ess" },
		{ HEADER "a\tessential\tk\ts\t\tany\t*\tl\tw\ts\n", "t.tsv:2: domains " },
		{ HEADER "a\tessential\tk\ts\tb.c, d.e\tany\t*\tl\tw\ts\n", "t.tsv:2: domains " },
		{ HEADER "a\tessential\tk\ts\t*.b.c\tany\t*\tl\tw\ts\n", "t.tsv:2: domains " },
		{ HEADER "a\tessential\tk\ts\t*\tboth\t*\tl\tw\ts\n", "t.tsv:2: party \"both" },
		{ HEADER "a\tessential\tk\ts\t*\tany\t90\tl\tw\ts\n", "t.tsv:2: max_life " },
		{ HEADER "a\tessential\tk\ts\t*\tany\t0d\tl\tw\ts\n", "t.tsv:2: max_life " },
		{ HEADER "a\tessential\tk\ts\t*\tany\td\tl\tw\ts\n", "t.tsv:2: max_life " },
		{ HEADER "a\tessential\tk\ts\t*\tany\t999999999999y\tl\tw\ts\n",
		  "t.tsv:2: max_life " },
		{ HEADER "a\x1b[1m\tessential\tk\ts\t*\tany\t*\tl\tw\ts\n",
		  "t.tsv:2: line \"a?[1m?" },
	};
	struct buf error;

	(void)state;
	buf_init(&error, 1024);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct rules *r;

		buf_clear(&error);
		r = rules_new(slice_str(table[i].text), "t.tsv", &error);
		if (r != NULL || !slice_starts(buf_slice(&error), slice_str(table[i].error)))
			fail_msg("case %zu: %.*s", i, SLICE_ARG(buf_slice(&error)));
	}
	buf_release(&error);
}

static void test_empty(void **state)
{
	struct rules_row row;
	struct rules *r = compile("");

	(void)state;
	assert_int_equal(rules_count(r), 0);
	assert_false(rules_match(r, SLICE("a"), SLICE("b"), FIRST, -2, &row));
	rules_free(r);
}

static void test_long_name(void **state)
{
	static char name[5000];
	struct rules *r = compile("xx*\tfunctional\tk\ts\t*\tany\t*\tl\tw\ts\n"
				  "*yy\tessential\tk\ts\t*\tany\t*\tl\tw\ts\n");
	struct rules_row row;

	(void)state;
	memset(name, 'x', sizeof(name));
	assert_true(rules_match(r, slice_of(name, sizeof(name)), SLICE("a.b"), FIRST, -2, &row));
	assert_int_equal(row.line, 2);
	memset(name, 'y', sizeof(name));
	assert_true(rules_match(r, slice_of(name, sizeof(name)), SLICE("a.b"), FIRST, -2, &row));
	assert_int_equal(row.line, 3);
	rules_free(r);
}

/* The plain meaning of the table, to compare the index with. */
static bool wild_matches(struct slice p, struct slice name)
{
	size_t star = slice_find(p, '*');

	if (star == p.n)
		return slice_eq(p, name);
	return name.n + 1 >= p.n && slice_starts(name, slice_head(p, star)) &&
	       slice_ends(name, slice_skip(p, star + 1));
}

#define RANDOM_ROWS 400

struct random_row {
	char pattern[8];
	const char *domain, *party;
};

static unsigned next_random(unsigned *seed)
{
	*seed = *seed * 1103515245u + 12345u;
	return *seed >> 16;
}

static void random_name(unsigned *seed, char out[8])
{
	size_t n = 1 + next_random(seed) % 5;

	for (size_t i = 0; i < n; i++)
		out[i] = (char)('a' + next_random(seed) % 2);
	out[n] = '\0';
}

/* Smaller is more specific: the documented order as one number. */
static unsigned rank_of(const struct random_row *r, unsigned index)
{
	size_t n = strlen(r->pattern);
	bool wild = strchr(r->pattern, '*') != NULL;
	unsigned literal = (unsigned)n - (wild ? 1 : 0);

	return (wild ? 1u : 0u) << 28 | (15 - literal) << 24 |
	       (strcmp(r->domain, "*") == 0 ? 1u : 0u) << 23 |
	       (strcmp(r->party, "any") == 0 ? 1u : 0u) << 22 | index;
}

static void test_against_plain(void **state)
{
	static const char *const domains[] = { "*", "a.example", "example", "b.a.example" };
	static const char *const parties[] = { "any", "first", "third" };
	static const char *const hosts[] = { "a.example", "c.b.a.example", "z.example", "other" };
	static struct random_row rows[RANDOM_ROWS];
	unsigned seed = 7;
	struct buf text;
	struct rules *r;

	(void)state;
	buf_init(&text, 1 << 20);
	for (unsigned i = 0; i < RANDOM_ROWS; i++) {
		random_name(&seed, rows[i].pattern);
		if (next_random(&seed) % 2 == 0)
			rows[i].pattern[next_random(&seed) % strlen(rows[i].pattern)] = '*';
		rows[i].domain = domains[next_random(&seed) % 4];
		if (strcmp(rows[i].pattern, "*") == 0)
			rows[i].domain = "a.example";
		rows[i].party = parties[next_random(&seed) % 3];
		buf_addf(&text, "%s\tanalytics\tk\ts\t%s\t%s\t*\tl\tw\ts\n", rows[i].pattern,
			 rows[i].domain, rows[i].party);
	}
	buf_addc(&text, '\0');
	r = compile(buf_slice(&text).p);
	for (unsigned n = 0; n < 20000; n++) {
		const char *host = hosts[next_random(&seed) % 4];
		enum party party = next_random(&seed) % 2 == 0 ? FIRST : THIRD;
		unsigned best = UINT32_MAX, line = 0;
		struct rules_row row = { .line = 0 };
		char name[8];

		random_name(&seed, name);
		for (unsigned i = 0; i < RANDOM_ROWS; i++) {
			if (wild_matches(slice_str(rows[i].pattern), slice_str(name)) &&
			    (strcmp(rows[i].party, "any") == 0 ||
			     strcmp(rows[i].party, party_word(party)) == 0) &&
			    (strcmp(rows[i].domain, "*") == 0 ||
			     cookie_domain_match(slice_str(host), slice_str(rows[i].domain))) &&
			    rank_of(&rows[i], i) < best) {
				best = rank_of(&rows[i], i);
				line = i + 2;
			}
		}
		rules_match(r, slice_str(name), slice_str(host), party, -2, &row);
		if (row.line != line)
			fail_msg("%s at %s, %s party: line %u instead of %u", name, host,
				 party_word(party), row.line, line);
	}
	rules_free(r);
	buf_release(&text);
}

static bool read_file(const char *path, struct buf *out)
{
	FILE *f = fopen(path, "rb");
	char *to;
	size_t n;

	if (f == NULL)
		return false;
	do {
		to = buf_reserve(out, 65536);
		n = to != NULL ? fread(to, 1, 65536, f) : 0;
		buf_commit(out, n);
	} while (n != 0);
	fclose(f);
	return buf_ok(out);
}

/* The table that ships compiles, and its best-known rows are found. */
static void test_shipped(void **state)
{
	static const struct {
		const char *name;
		enum purpose purpose;
	} known[] = {
		{ "_ga", PURPOSE_ANALYTICS },	     { "_fbp", PURPOSE_ADVERTISING },
		{ "PHPSESSID", PURPOSE_ESSENTIAL },  { "OptanonConsent", PURPOSE_CHOICE },
		{ "JSESSIONID", PURPOSE_ESSENTIAL }, { "_gid", PURPOSE_ANALYTICS },
	};
	const char *srcdir = getenv("srcdir");
	char path[4096];
	struct buf text, error;
	struct rules *r;

	(void)state;
	snprintf(path, sizeof(path), "%s/data/cookies.tsv", srcdir != NULL ? srcdir : ".");
	buf_init(&text, RULES_TEXT_MAX);
	buf_init(&error, 1024);
	if (!read_file(path, &text)) {
		buf_release(&text);
		skip();
	}
	r = rules_new(buf_slice(&text), "data/cookies.tsv", &error);
	if (r == NULL)
		fail_msg("%.*s", SLICE_ARG(buf_slice(&error)));
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		struct rules_row row;

		if (!rules_match(r, slice_str(known[i].name), SLICE("www.shop.example"), FIRST,
				 LIFETIME_SESSION, &row) ||
		    row.purpose != known[i].purpose)
			fail_msg("%s", known[i].name);
	}
	rules_free(r);
	buf_release(&text);
	buf_release(&error);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_row),	  cmocka_unit_test(test_patterns),
		cmocka_unit_test(test_specific),  cmocka_unit_test(test_units),
		cmocka_unit_test(test_errors),	  cmocka_unit_test(test_empty),
		cmocka_unit_test(test_long_name), cmocka_unit_test(test_against_plain),
		cmocka_unit_test(test_shipped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
