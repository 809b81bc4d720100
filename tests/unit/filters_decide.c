/* Verdicts, their reasons, and the shapes of values. */
#include "filters/cookie.h"
#include "filters/decide.h"
#include "filters/guesses.h"
#include "filters/shape.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

static const char table_text[] =
	"pattern\tpurpose\tkind\tsetter\tdomains\tparty\tmax_life\tlife\twhat\tsource\n"
	"sid\tessential\tsession\tx\t*\tfirst\t30d\tsession\tw\ts\n"
	"lang\tfunctional\tlanguage\tx\t*\tany\t*\t1y\tw\ts\n"
	"_ga*\tanalytics\taudience\tx\t*\tany\t*\t2y\tw\ts\n"
	"_fbp\tadvertising\tads\tx\t*\tany\t*\t90d\tw\ts\n"
	"consent\tchoice\tconsent\tx\t*\tany\t*\t1y\tw\ts\n";

static struct rules *rules;

static int set_up(void **state)
{
	struct buf error;

	(void)state;
	buf_init(&error, 1024);
	rules = rules_new(SLICE(table_text), "t.tsv", &error);
	buf_release(&error);
	return rules != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	rules_free(rules);
	return 0;
}

#define FIRST PARTY_FIRST
#define THIRD PARTY_THIRD
#define DEFAULT PROFILE_DEFAULT
#define MINORS PROFILE_MINORS
#define INVEST PROFILE_INVESTIGATOR
#define NONE CHOICE_NONE
#define REFUSED CHOICE_REFUSED
#define ACCEPTED CHOICE_ACCEPTED
#define KEPT VERDICT_KEPT
#define REMOVED VERDICT_REMOVED

static void test_policy(void **state)
{
	static const struct {
		const char *name;
		enum party party;
		enum profile profile;
		enum choice_state choice;
		enum verdict verdict;
		const char *why;
	} table[] = {
		{ "sid", FIRST, DEFAULT, NONE, KEPT, "table:2 sid" },
		{ "sid", FIRST, MINORS, REFUSED, KEPT, "table:2 sid" },
		{ "sid", THIRD, DEFAULT, NONE, REMOVED, "no row; third party" },
		{ "consent", THIRD, DEFAULT, REFUSED, KEPT, "table:6 consent" },
		{ "consent", THIRD, MINORS, NONE, KEPT, "table:6 consent" },
		{ "lang", FIRST, DEFAULT, NONE, KEPT, "table:3 lang; first party" },
		{ "lang", FIRST, DEFAULT, REFUSED, KEPT, "table:3 lang; first party" },
		{ "lang", THIRD, DEFAULT, REFUSED, REMOVED, "table:3 lang; third party" },
		{ "lang", THIRD, DEFAULT, ACCEPTED, KEPT, "table:3 lang; accepted" },
		{ "lang", FIRST, MINORS, NONE, REMOVED, "table:3 lang; first party; minors" },
		{ "lang", FIRST, MINORS, ACCEPTED, REMOVED,
		  "table:3 lang; first party; minors: no choice counts" },
		{ "_ga_1", FIRST, DEFAULT, NONE, REMOVED, "table:4 _ga*" },
		{ "_ga_1", FIRST, DEFAULT, REFUSED, REMOVED, "table:4 _ga*" },
		{ "_ga_1", FIRST, DEFAULT, ACCEPTED, KEPT, "table:4 _ga*; accepted" },
		{ "_ga_1", FIRST, MINORS, NONE, REMOVED, "table:4 _ga*; minors" },
		{ "_ga_1", FIRST, MINORS, ACCEPTED, REMOVED,
		  "table:4 _ga*; minors: no choice counts" },
		{ "_fbp", THIRD, DEFAULT, NONE, REMOVED, "table:5 _fbp" },
		{ "_fbp", THIRD, INVEST, REFUSED, KEPT, "table:5 _fbp; investigator" },
		{ "sid", FIRST, INVEST, NONE, KEPT, "table:2 sid; investigator" },
		{ "mystery", FIRST, DEFAULT, NONE, KEPT, "no row; first party" },
		{ "mystery", THIRD, DEFAULT, NONE, REMOVED, "no row; third party" },
		{ "mystery", THIRD, DEFAULT, ACCEPTED, KEPT, "no row; accepted" },
		{ "mystery", FIRST, MINORS, NONE, KEPT, "no row; first party" },
		{ "mystery", FIRST, MINORS, ACCEPTED, KEPT, "no row; first party" },
		{ "mystery", THIRD, MINORS, ACCEPTED, REMOVED,
		  "no row; third party; minors: no choice counts" },
		{ "mystery", THIRD, INVEST, NONE, KEPT, "no row; investigator" },
		{ "", THIRD, DEFAULT, NONE, REMOVED, "no row; third party" },
		{ "_ga_1", FIRST, DEFAULT, CHOICE_ANALYTICS, KEPT, "table:4 _ga*; accepted" },
		{ "_fbp", THIRD, DEFAULT, CHOICE_ANALYTICS, REMOVED, "table:5 _fbp" },
		{ "_fbp", THIRD, DEFAULT, CHOICE_ADVERTISING, KEPT, "table:5 _fbp; accepted" },
		{ "_fbp", FIRST, DEFAULT, CHOICE_PUT_BACK, KEPT, "table:5 _fbp; put back" },
		{ "_fbp", THIRD, DEFAULT, CHOICE_PUT_BACK, REMOVED, "table:5 _fbp" },
		{ "_fbp", FIRST, MINORS, CHOICE_PUT_BACK, REMOVED, "table:5 _fbp; minors" },
		{ "lang", FIRST, MINORS, CHOICE_PUT_BACK, KEPT, "table:3 lang; put back" },
		{ "lang", THIRD, DEFAULT, CHOICE_PUT_BACK, REMOVED, "table:3 lang; third party" },
		{ "lang", THIRD, DEFAULT, CHOICE_FUNCTIONAL, KEPT, "table:3 lang; accepted" },
		{ "mystery", THIRD, DEFAULT, CHOICE_FUNCTIONAL_ANALYTICS, REMOVED,
		  "no row; third party" },
		{ "_ga_1", FIRST, MINORS, CHOICE_ANALYTICS, REMOVED,
		  "table:4 _ga*; minors: no choice counts" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct cookie_facts f = {
			.kind = COOKIE_SET,
			.name = slice_str(table[i].name),
			.host = SLICE("www.shop.example"),
			.site = SLICE("shop.example"),
			.party = table[i].party,
			.profile = table[i].profile,
			.choice = table[i].choice,
			.lifetime_s = LIFETIME_SESSION,
		};
		struct cookie_decision d;

		decide_cookie(rules, &f, &d);
		if (d.verdict != table[i].verdict || strcmp(d.why, table[i].why) != 0)
			fail_msg("case %zu, %s: %s, %s", i, table[i].name, verdict_word(d.verdict),
				 d.why);
		/* Sent: the same, but what goes is expired. */
		f.kind = COOKIE_SENT;
		f.lifetime_s = LIFETIME_UNKNOWN;
		decide_cookie(rules, &f, &d);
		if (table[i].verdict == KEPT)
			assert_int_equal(d.verdict, KEPT);
		else
			assert_int_equal(d.verdict, table[i].name[0] != '\0' ? VERDICT_EXPIRED
									     : VERDICT_REMOVED);
		assert_string_equal(d.why, table[i].why);
	}
}

static void test_deletes(void **state)
{
	struct cookie_facts f = {
		.kind = COOKIE_SET,
		.name = SLICE("_fbp"),
		.host = SLICE("a.example"),
		.party = PARTY_THIRD,
		.lifetime_s = LIFETIME_DELETES,
	};
	struct cookie_decision d;

	(void)state;
	decide_cookie(rules, &f, &d);
	assert_int_equal(d.verdict, VERDICT_KEPT);
	assert_int_equal(d.purpose, PURPOSE_ADVERTISING);
	assert_string_equal(d.why, "deletes");
	f.lifetime_s = 1;
	decide_cookie(rules, &f, &d);
	assert_int_equal(d.verdict, VERDICT_REMOVED);
}

static void test_lifetime_vetoes(void **state)
{
	struct cookie_facts f = {
		.kind = COOKIE_SET,
		.name = SLICE("sid"),
		.host = SLICE("a.example"),
		.party = PARTY_FIRST,
		.lifetime_s = INT64_C(31) * 86400,
	};
	struct cookie_decision d;

	(void)state;
	decide_cookie(rules, &f, &d);
	assert_int_equal(d.purpose, PURPOSE_UNKNOWN);
	assert_int_equal(d.row.line, 0);
	f.lifetime_s = INT64_C(30) * 86400;
	decide_cookie(rules, &f, &d);
	assert_int_equal(d.purpose, PURPOSE_ESSENTIAL);
	assert_int_not_equal(d.row.line, 0);
}

static void test_tries(void **state)
{
	struct cookie_facts f = {
		.kind = COOKIE_SENT,
		.name = SLICE("_ga"),
		.host = SLICE("a.example"),
		.lifetime_s = LIFETIME_UNKNOWN,
		.tries = 3,
	};
	struct cookie_decision d;

	(void)state;
	decide_cookie(rules, &f, &d);
	assert_int_equal(d.verdict, VERDICT_EXPIRED);
	f.tries = 4;
	decide_cookie(rules, &f, &d);
	assert_int_equal(d.verdict, VERDICT_REMOVED);
	f.tries = 0;
	f.name = SLICE("_ga\x01");
	decide_cookie(rules, &f, &d);
	assert_int_equal(d.verdict, VERDICT_REMOVED);
	decide_cookie(NULL, &f, &d);
	assert_int_equal(d.verdict, VERDICT_KEPT);
	assert_string_equal(d.why, "no row; first party");
}

/* The layers behind the table, from the same text. */
static const char sections[] =
	"pattern\tpurpose\tkind\tsetter\tdomains\tparty\tmax_life\tlife\twhat\tsource\n"
	"sid\tessential\tsession\tx\t*\tfirst\t30d\tsession\tw\ts\n"
	"#section trackers.tsv\n"
	"domain\tcompany\tpurpose\tsource\n"
	"ads.example\tA\tadvertising\tx\n"
	"#section score.tsv\n"
	"feature\tessential\tfunctional\tanalytics\tadvertising\tchoice\n"
	"threshold\t750\t500\t650\t900\t0\n"
	"bias\t100\t0\t0\t0\t0\n"
	"t:track\t0\t0\t0\t300\t0\n"
	"v:uuid\t0\t0\t0\t300\t0\n";

static void test_sections(void **state)
{
	static const struct {
		const char *name, *host;
		enum party party;
		enum cookie_kind kind;
		enum purpose purpose;
		enum verdict verdict;
		const char *why;
	} table[] = {
		{ "sid", "a.example", FIRST, COOKIE_SET, PURPOSE_ESSENTIAL, KEPT, "table:2 sid" },
		{ "my_csrf", "b.example", THIRD, COOKIE_SET, PURPOSE_ESSENTIAL, KEPT,
		  "guard:csrf" },
		{ "my_csrf", "ads.example", FIRST, COOKIE_SET, PURPOSE_ESSENTIAL, KEPT,
		  "guard:csrf" },
		/* A tracker chooses the names of its cookies. */
		{ "my_csrf", "ads.example", THIRD, COOKIE_SET, PURPOSE_ADVERTISING, REMOVED,
		  "setter:ads.example A" },
		{ "q", "x.ads.example", THIRD, COOKIE_SET, PURPOSE_ADVERTISING, REMOVED,
		  "setter:ads.example A" },
		{ "my_track", "a.example", FIRST, COOKIE_SET, PURPOSE_ADVERTISING, REMOVED,
		  "score:986 a name that says \"track\", a random id" },
		/* A guess does not make a third party's cookie essential. */
		{ "q", "a.example", THIRD, COOKIE_SET, PURPOSE_ADVERTISING, REMOVED,
		  "score:778 a random id" },
		{ "q", "b.example", FIRST, COOKIE_SENT, PURPOSE_ESSENTIAL, KEPT,
		  "score:105 nothing that speaks for tracking" },
	};
	struct buf error;
	struct rules *r;

	(void)state;
	buf_init(&error, 1024);
	r = rules_new(SLICE(sections), "t.tsv", &error);
	assert_non_null(r);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct cookie_facts f = { .kind = table[i].kind,
					  .name = slice_str(table[i].name),
					  .host = slice_str(table[i].host),
					  .party = table[i].party,
					  .tries = 9,
					  .lifetime_s = LIFETIME_UNKNOWN };
		struct cookie_decision d;

		value_shape_of(SLICE("123e4567-e89b-12d3-a456-426614174000"), &f.shape);
		decide_cookie(r, &f, &d);
		assert_string_equal(d.why, table[i].why);
		assert_int_equal(d.purpose, table[i].purpose);
		assert_int_equal(d.verdict, table[i].verdict);
		/* The value itself says the same as its shape. */
		f.has_value = true;
		f.value = SLICE("123e4567-e89b-12d3-a456-426614174000");
		decide_cookie(r, &f, &d);
		assert_string_equal(d.why, table[i].why);
		f.has_value = false;
		/* The value's shape is a fact: without the id the third party's is not known. */
		f.shape.form = FORM_BOOL;
		decide_cookie(r, &f, &d);
		if (strcmp(table[i].why, "score:778 a random id") == 0) {
			assert_int_equal(d.purpose, PURPOSE_UNKNOWN);
			assert_int_equal(d.verdict, REMOVED);
		}
	}
	rules_free(r);
	assert_null(rules_new(SLICE("#section score.tsv\nx\n"), "t.tsv", &error));
	assert_true(slice_starts(buf_slice(&error), SLICE("score.tsv:1: ")));
	buf_release(&error);
}

/* A guess of no more than comfort takes nothing from a minor that may be a sign-in. */
static void test_guess_for_minors(void **state)
{
	static const char text[] =
		"pattern\tpurpose\tkind\tsetter\tdomains\tparty\tmax_life\tlife\twhat\tsource\n"
		"lang\tfunctional\tsetting\tx\t*\tany\t*\t1 year\tw\ts\n"
		"#section score.tsv\n"
		"feature\tessential\tfunctional\tanalytics\tadvertising\tchoice\n"
		"threshold\t750\t500\t650\t900\t0\n"
		"bias\t0\t300\t0\t0\t0\n"
		"t:track\t0\t0\t0\t900\t0\n";
	static const struct {
		const char *name;
		enum party party;
		enum purpose purpose;
		enum verdict verdict;
	} table[] = {
		{ "edupage", FIRST, PURPOSE_FUNCTIONAL, KEPT },
		{ "edupage", THIRD, PURPOSE_FUNCTIONAL, REMOVED },
		{ "lang", FIRST, PURPOSE_FUNCTIONAL, REMOVED },
		{ "my_track", FIRST, PURPOSE_ADVERTISING, REMOVED },
	};
	struct buf error;
	struct rules *r;

	(void)state;
	buf_init(&error, 1024);
	r = rules_new(slice_str(text), "t.tsv", &error);
	assert_non_null(r);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct cookie_facts f = { .kind = COOKIE_SENT,
					  .name = slice_str(table[i].name),
					  .host = SLICE("a.example"),
					  .party = table[i].party,
					  .profile = MINORS,
					  .tries = 9,
					  .lifetime_s = LIFETIME_UNKNOWN };
		struct cookie_decision d;

		value_shape_of(SLICE("0123456789abcdef0123456789abcdef"), &f.shape);
		decide_cookie(r, &f, &d);
		assert_int_equal(d.purpose, table[i].purpose);
		assert_int_equal(d.verdict, table[i].verdict);
	}
	rules_free(r);
	buf_release(&error);
}

static void test_long_reason(void **state)
{
	char row[600];
	struct cookie_facts f = { .kind = COOKIE_SET,
				  .host = SLICE("a.example"),
				  .party = PARTY_THIRD,
				  .profile = PROFILE_MINORS,
				  .choice = CHOICE_ACCEPTED,
				  .lifetime_s = LIFETIME_SESSION };
	struct cookie_decision d;
	struct buf text, error;
	struct rules *r;

	(void)state;
	memset(row, 'n', sizeof(row));
	buf_init(&text, 4096);
	buf_init(&error, 1024);
	buf_add(&text, slice_head(SLICE(table_text), slice_find(SLICE(table_text), '\n') + 1));
	buf_add(&text, slice_of(row, 255));
	buf_adds(&text, "\tfunctional\tk\ts\t*\tany\t*\tl\tw\ts\n");
	r = rules_new(buf_slice(&text), "t.tsv", &error);
	assert_non_null(r);
	f.name = slice_of(row, 255);
	decide_cookie(r, &f, &d);
	assert_true(strlen(d.why) < DECISION_WHY_MAX);
	assert_true(slice_ends(slice_str(d.why), SLICE("minors: no choice counts")));
	rules_free(r);
	buf_release(&text);
	buf_release(&error);
}

static void test_shapes(void **state)
{
	static const struct {
		const char *value, *shape;
	} table[] = {
		{ "", "empty:0" },
		{ "1", "bool:1" },
		{ "TRUE", "bool:4" },
		{ "12", "num:2" },
		{ "-1.5", "num:4" },
		{ "-", "text:1:.:e0" },
		{ "1795305600", "time:10" },
		{ "1795305600123", "time:13" },
		{ "0795305600", "num:10" },
		{ "123456789012", "num:12" },
		{ "123e4567-e89b-12d3-a456-426614174000", "uuid:36" },
		{ "0123456789abcdef0123456789abcdef", "hex:32:e4" },
		{ "aaaaaaaa", "hex:8:e0" },
		{ "deadbee", "text:7:a:e1" },
		{ "GA1.2.1234567890.1795305600", "ga:27" },
		{ "fb.1.1795305600123.1234567890", "ga:29" },
		{ "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.", "jwt:36" },
		{ "%7B%22a%22%3A1%7D", "json:17:e2" },
		{ "{\"a\":1}", "json:7:e2" },
		{ "Zm9vYmFyYmF6cXV4MTIzNA==", "b64:24:e4" },
		{ "Zm9vYmFyYmF6cXV4MTIzNA%3D%3D", "b64:28:e4" },
		{ "CPXxRfAPXxRfAAfKABENB-CgAAAAAAAAAAYgAAAAAAAA", "tc:44" },
		{ "de-DE", "text:5:aA.:e2" },
		{ "dark mode", "text:9:a_:e2" },
		{ "a%20b", "other:5:a0%:e2" },
		{ "caf\xe9", "other:4:ax:e2" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct value_shape s, again;
		char text[SHAPE_TEXT_MAX];

		value_shape_of(slice_str(table[i].value), &s);
		shape_write(&s, text);
		if (strcmp(text, table[i].shape) != 0)
			fail_msg("%s: %s instead of %s", table[i].value, text, table[i].shape);
		assert_true(shape_parse(slice_str(text), &again));
		assert_memory_equal(&again.form, &s.form, sizeof(s.form));
		assert_int_equal(again.length, s.length);
		assert_int_equal(again.classes, s.classes);
		assert_int_equal(again.entropy, s.entropy);
	}
}

static void test_shape_bounds(void **state)
{
	static const char *const bad[] = {
		"",	      "hex",	   "hex:32",	     "hex:32:e9",    "hex:032:e4",
		"hex:32:e4:", "text:1:e0", "text:1:Aa:e0",   "text:1:aa:e0", "uuid:36:e4",
		"odd:1",      "num:-1",	   "num:4294967296", "num:1 "
	};
	const struct value_shape widest = { FORM_OTHER, UINT32_MAX, 0x7f, 8 };
	static char value[256 * 16];
	char text[SHAPE_TEXT_MAX];
	struct value_shape s;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (shape_parse(slice_str(bad[i]), &s))
			fail_msg("taken: %s", bad[i]);
	shape_write(&widest, text);
	assert_string_equal(text, "other:4294967295:aA0.%_x:e8");
	assert_true(shape_parse(slice_str(text), &s));
	for (size_t i = 0; i < sizeof(value); i++)
		value[i] = (char)i;
	value_shape_of(slice_of(value, sizeof(value)), &s);
	assert_int_equal(s.entropy, 8);
	value_shape_of(slice_of(value, 1), &s);
	assert_int_equal(s.entropy, 0);
}

/* What is remembered is what is decided, and other facts are not taken for the same. */
static void test_guesses(void **state)
{
	static const char *const names[] = { "_ga_1", "sid", "mystery", "UserPrefs", "trk_seg" };
	struct guesses *g = guesses_new(rules);

	(void)state;
	for (size_t round = 0; round < 3; round++) {
		for (size_t i = 0; i < 2 * sizeof(names) / sizeof(names[0]); i++) {
			struct cookie_facts f = {
				.kind = i % 2 != 0 ? COOKIE_SENT : COOKIE_SET,
				.name = slice_str(names[i / 2]),
				.host = SLICE("www.shop.example"),
				.site = SLICE("shop.example"),
				.party = round == 1 ? PARTY_THIRD : PARTY_FIRST,
				.lifetime_s = LIFETIME_SESSION,
				.has_value = true,
				.value = round == 2 ? SLICE("1") : SLICE("0a9f8e7d6c5b4a39"),
			};
			struct cookie_decision a, b;

			decide_cookie(rules, &f, &a);
			decide_cookie_again(g, &f, &b);
			decide_cookie_again(g, &f, &b);
			assert_string_equal(a.why, b.why);
			assert_int_equal(a.verdict, b.verdict);
			assert_int_equal(a.purpose, b.purpose);
			assert_int_equal(a.row.line, b.row.line);
		}
	}
	guesses_free(g);
}

/* What filter lists say stands behind the table, and is the list's purpose's. */
static void test_lists(void **state)
{
	static const struct {
		const char *name;
		enum party party;
		enum profile profile;
		enum choice_state choice;
		enum list_says says;
		enum purpose purpose;
		enum verdict verdict;
		bool limited;
		const char *why;
	} table[] = {
		{ "mystery", FIRST, DEFAULT, NONE, LIST_SAYS_REMOVE, PURPOSE_ANALYTICS, REMOVED,
		  false, "list:l.txt 0123456789abcdef" },
		{ "mystery", FIRST, DEFAULT, CHOICE_ANALYTICS, LIST_SAYS_REMOVE, PURPOSE_ANALYTICS,
		  KEPT, false, "list:l.txt 0123456789abcdef; accepted" },
		{ "mystery", FIRST, DEFAULT, CHOICE_FUNCTIONAL, LIST_SAYS_REMOVE, PURPOSE_ANALYTICS,
		  REMOVED, false, "list:l.txt 0123456789abcdef" },
		{ "mystery", FIRST, DEFAULT, NONE, LIST_SAYS_REMOVE, PURPOSE_FUNCTIONAL, REMOVED,
		  false, "list:l.txt 0123456789abcdef" },
		{ "mystery", FIRST, MINORS, ACCEPTED, LIST_SAYS_REMOVE, PURPOSE_ANALYTICS, REMOVED,
		  false, "list:l.txt 0123456789abcdef; minors: no choice counts" },
		{ "mystery", FIRST, INVEST, NONE, LIST_SAYS_REMOVE, PURPOSE_ANALYTICS, KEPT, false,
		  "list:l.txt 0123456789abcdef; investigator" },
		{ "mystery", FIRST, DEFAULT, CHOICE_PUT_BACK, LIST_SAYS_REMOVE, PURPOSE_ANALYTICS,
		  KEPT, false, "list:l.txt 0123456789abcdef; put back" },
		{ "sid", FIRST, DEFAULT, NONE, LIST_SAYS_REMOVE, PURPOSE_ANALYTICS, KEPT, false,
		  "table:2 sid" },
		{ "lang", FIRST, DEFAULT, NONE, LIST_SAYS_REMOVE, PURPOSE_ANALYTICS, KEPT, false,
		  "table:3 lang; first party" },
		{ "mystery", FIRST, DEFAULT, NONE, LIST_SAYS_LIMIT, PURPOSE_ANALYTICS, KEPT, true,
		  "no row; limited by list:l.txt 0123456789abcdef; first party" },
		{ "mystery", FIRST, DEFAULT, CHOICE_ANALYTICS, LIST_SAYS_LIMIT, PURPOSE_ANALYTICS,
		  KEPT, false, "no row; first party" },
		{ "mystery", FIRST, DEFAULT, ACCEPTED, LIST_SAYS_LIMIT, PURPOSE_ANALYTICS, KEPT,
		  false, "no row; accepted" },
		{ "mystery", FIRST, MINORS, ACCEPTED, LIST_SAYS_LIMIT, PURPOSE_ANALYTICS, KEPT,
		  true, "no row; limited by list:l.txt 0123456789abcdef; first party" },
		{ "mystery", FIRST, INVEST, NONE, LIST_SAYS_LIMIT, PURPOSE_ANALYTICS, KEPT, false,
		  "no row; investigator" },
		{ "lang", FIRST, DEFAULT, NONE, LIST_SAYS_LIMIT, PURPOSE_ANALYTICS, KEPT, true,
		  "table:3 lang; limited by list:l.txt 0123456789abcdef; first party" },
		{ "sid", FIRST, DEFAULT, NONE, LIST_SAYS_LIMIT, PURPOSE_ANALYTICS, KEPT, false,
		  "table:2 sid" },
		{ "mystery", THIRD, DEFAULT, NONE, LIST_SAYS_LIMIT, PURPOSE_ANALYTICS, REMOVED,
		  false, "no row; third party" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct cookie_facts f = {
			.kind = COOKIE_SET,
			.name = slice_str(table[i].name),
			.host = SLICE("www.shop.example"),
			.site = SLICE("shop.example"),
			.party = table[i].party,
			.profile = table[i].profile,
			.choice = table[i].choice,
			.seen = SEEN_DESK,
			.lifetime_s = LIFETIME_SESSION,
			.list = { .says = table[i].says,
				  .purpose = table[i].purpose,
				  .name = SLICE("l.txt"),
				  .version = SLICE("0123456789abcdef"),
				  .rule = SLICE("$cookie") },
		};
		struct cookie_decision d;

		if (table[i].choice == CHOICE_PUT_BACK)
			f.seen = SEEN_NOWHERE;
		decide_cookie(rules, &f, &d);
		if (d.verdict != table[i].verdict || d.limited != table[i].limited ||
		    strcmp(d.why, table[i].why) != 0)
			fail_msg("case %zu, %s: %s, %d, %s", i, table[i].name,
				 verdict_word(d.verdict), d.limited, d.why);
		f.lifetime_s = LIFETIME_DELETES;
		decide_cookie(rules, &f, &d);
		assert_int_equal(d.verdict, KEPT);
		assert_false(d.limited);
	}
}

static void test_objects(void **state)
{
	(void)state;
	assert_false(decide_objects(DEFAULT, NONE));
	assert_true(decide_objects(DEFAULT, REFUSED));
	assert_true(decide_objects(DEFAULT, CHOICE_FUNCTIONAL_ANALYTICS));
	assert_false(decide_objects(DEFAULT, CHOICE_ADVERTISING));
	assert_false(decide_objects(DEFAULT, ACCEPTED));
	assert_true(decide_objects(MINORS, NONE));
	assert_true(decide_objects(MINORS, ACCEPTED));
	assert_false(decide_objects(INVEST, REFUSED));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_policy),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_objects),
		cmocka_unit_test(test_guesses),
		cmocka_unit_test(test_deletes),
		cmocka_unit_test(test_lifetime_vetoes),
		cmocka_unit_test(test_tries),
		cmocka_unit_test(test_sections),
		cmocka_unit_test(test_guess_for_minors),
		cmocka_unit_test(test_long_reason),
		cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_shape_bounds),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
