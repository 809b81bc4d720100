/*
 * Lines of lists: what they are, what is left out and as what, directives.
 */
#include "tests/unit/lists_tools.h"

#include "filters/lists/options.h"
#include "filters/lists/preprocess.h"
#include "filters/lists/rule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static void test_kinds_of_lines(void **state)
{
	static const struct {
		const char *line;
		enum line_kind kind;
	} rows[] = {
		{ "", LINE_NOTHING },
		{ "  \t ", LINE_NOTHING },
		{ "\r", LINE_NOTHING },
		{ "! a remark", LINE_NOTHING },
		{ "!", LINE_NOTHING },
		{ "# a remark", LINE_NOTHING },
		{ "#a remark", LINE_NOTHING },
		{ "########", LINE_NOTHING },
		{ "[Adblock Plus 2.0]", LINE_NOTHING },
		{ "!#if x", LINE_DIRECTIVE },
		{ "!+ NOT_OPTIMIZED", LINE_DIRECTIVE },
		{ "||a.example^", LINE_RULE },
		{ "  ||a.example^  \r", LINE_RULE },
		{ "a.example", LINE_RULE },
		{ "/ads/", LINE_RULE },
		{ "@@||a.example^$script # why", LINE_RULE },
		{ "0.0.0.0 a.example", LINE_HOSTS },
		{ "::1\ta.example", LINE_HOSTS },
		{ "##.ad", LINE_LEFT },
		{ "###ad", LINE_LEFT },
		{ "a.example##.ad", LINE_LEFT },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct rule r;

		if (rule_read(slice_str(rows[i].line), &r) != rows[i].kind)
			fail_msg("%s", rows[i].line);
	}
}

static void test_what_is_left_out(void **state)
{
	static const struct {
		const char *line;
		enum left_kind kind;
	} rows[] = {
		{ "##.ad", LEFT_COSMETIC },
		{ "a.example,~b.a.example##.ad", LEFT_COSMETIC },
		{ "a.example#@#.ad", LEFT_COSMETIC },
		{ "a.example#?#.ad:has(x)", LEFT_COSMETIC },
		{ "a.example#$#body { x }", LEFT_COSMETIC },
		{ "a.example#@$?#body", LEFT_COSMETIC },
		{ "a.example#%#//scriptlet('x')", LEFT_COSMETIC },
		{ "a.example##+js(x)", LEFT_COSMETIC },
		{ "a.example##^script:has-text(x)", LEFT_COSMETIC },
		{ "a.example$$script[x]", LEFT_COSMETIC },
		{ "a.example$@$script[x]", LEFT_COSMETIC },
		{ "[$path=/x]a.example##.ad", LEFT_COSMETIC },
		{ "@@||a.example^$generichide", LEFT_PAGE },
		{ "@@||a.example^$elemhide,jsinject", LEFT_PAGE },
		{ "||a.example^$inline-script", LEFT_PAGE },
		{ "||a.example^$popunder", LEFT_PAGE },
		{ "@@||a.example^$stealth", LEFT_PAGE },
		{ "@@||a.example/x$document", LEFT_DOCUMENT },
		{ "@@||a.example^$document,domain=b.example", LEFT_DOCUMENT },
		{ "@@||a.example^$document,third-party", LEFT_DOCUMENT },
		{ "@@|https://a.$document,subdocument", LEFT_DOCUMENT },
		{ "@@$document", LEFT_DOCUMENT },
		{ "||a.example^$app=com.example", LEFT_APP },
		{ "||a.example^$dnsrewrite=x", LEFT_DNS },
		{ "||a.example^$client=x", LEFT_DNS },
		{ "||a.example^$network", LEFT_DNS },
		{ "||a.example^$replace=/a/b/", LEFT_BODY },
		{ "||a.example^$jsonprune=\\$..x", LEFT_BODY },
		{ "||a.example^$uritransform=/a/b/", LEFT_TRANSFORM },
		{ "||a.example^$ipaddress=1.2.3.4", LEFT_ADDRESS },
		{ "||a.example^$no-such-option", LEFT_OPTION },
		{ "||a.example^$script,no-such=option", LEFT_OPTION },
		{ "||a.example^$script,Image", LEFT_OPTION },
		{ "||a.example^$domain=", LEFT_VALUE },
		{ "||a.example^$domain=a||b", LEFT_VALUE },
		{ "||a.example^$domain=a b", LEFT_VALUE },
		{ "||a.example^$domain=[a b]", LEFT_VALUE },
		{ "||a.example^$script=x", LEFT_VALUE },
		{ "||a.example^$~domain=x", LEFT_VALUE },
		{ "||a.example^$method=eat", LEFT_VALUE },
		{ "||a.example^$redirect=no-such-thing", LEFT_VALUE },
		{ "||a.example^$redirect", LEFT_VALUE },
		{ "||a.example^$header=", LEFT_VALUE },
		{ "||a.example^$csp", LEFT_VALUE },
		{ "||a.example^$cookie=a;maxAge=soon", LEFT_VALUE },
		{ "||a.example^$cookie=a;sameSite=sometimes", LEFT_VALUE },
		{ "||a.example^$urlskip=somewhere", LEFT_VALUE },
		{ "||a.example^$cname", LEFT_VALUE },
		{ "$removeparam=|x", LEFT_VALUE },
		{ "||a.example^$cookie=a,removeparam=b", LEFT_TOGETHER },
		{ "||a.example^$csp=a,redirect=noopjs", LEFT_TOGETHER },
		{ "||a.example^$script,~script", LEFT_TOGETHER },
		{ "a", LEFT_PATTERN },
		{ "||", LEFT_PATTERN },
		{ "|", LEFT_PATTERN },
		{ "not a rule", LEFT_PATTERN },
		{ "||m\xc3\xbcller.example^", LEFT_UNICODE },
		{ "/(unclosed/", LEFT_REGEX },
		{ "/(*LIMIT_MATCH=9)x/", LEFT_REGEX },
		/* What JavaScript has not: without an end to it, or with another meaning. */
		{ "/a*+b/", LEFT_REGEX },
		{ "/a++b/", LEFT_REGEX },
		{ "/a?+b/", LEFT_REGEX },
		{ "/a{2,}+b/", LEFT_REGEX },
		{ "/[+*]++b/", LEFT_REGEX },
		{ "/(?>a)b/", LEFT_REGEX },
		{ "/a(?R)?b/", LEFT_REGEX },
		{ "/(a)(?1)b/", LEFT_REGEX },
		{ "/(a)(?-1)b/", LEFT_REGEX },
		{ "/(a)\\g<1>b/", LEFT_REGEX },
		{ "/a(*ACCEPT)b/", LEFT_REGEX },
		{ "/(?x)a/", LEFT_REGEX },
		{ "/\\Q[\\Ea*+]/", LEFT_REGEX },
		{ "/[\\c]a*+b]/", LEFT_REGEX },
		{ "/a)(b/", LEFT_REGEX },
		{ "/a\\/", LEFT_REGEX },
		/* Far larger compiled than written. */
		{ "/(?:[a-z]{40}[0-9]){900}/", LEFT_REGEX },
		{ "$removeparam=/(/", LEFT_REGEX },
		{ "||a.example^$domain=/(/", LEFT_VALUE },
		{ "!#if (a\n!#endif", LEFT_DIRECTIVE },
		{ "!#endif", LEFT_DIRECTIVE },
		{ "!#else", LEFT_DIRECTIVE },
		{ "!#if true", LEFT_DIRECTIVE },
		{ "!#include other.txt", LEFT_INCLUDE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct lists_left left;
		struct lists_fixture f;

		fixture_open(&f, rows[i].line);
		if (lists_rules(f.lists) != 0 || lists_left_count(f.lists, rows[i].kind) != 1)
			fail_msg("%s", rows[i].line);
		if (rows[i].kind != LEFT_COSMETIC && rows[i].kind != LEFT_DIRECTIVE) {
			assert_true(lists_left(f.lists, 0, &left));
			assert_int_equal(left.kind, rows[i].kind);
			assert_int_equal(left.line, 1);
			assert_true(slice_eq(left.text, slice_str(rows[i].line)));
		}
		assert_false(lists_left(f.lists, 1, &left));
		fixture_close(&f);
	}
	for (unsigned i = 0; i < LEFT_KINDS; i++)
		assert_true(strlen(left_kind_name((enum left_kind)i)) > 3);
}

/* What stands in front of a pattern has to be counted in an octet. */
static void test_far_patterns(void **state)
{
	static const struct {
		unsigned stars;
		bool kept;
	} rows[] = { { 0, true },    { 200, true },  { 255, true },
		     { 256, false }, { 300, false }, { 512, false } };
	char line[600];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct lists_verdict v;
		struct lists_fixture f;

		memset(line, '*', rows[i].stars);
		memcpy(line + rows[i].stars, "/ad^x", sizeof("/ad^x"));
		fixture_open(&f, line);
		assert_int_equal(lists_rules(f.lists), rows[i].kept);
		assert_int_equal(lists_left_count(f.lists, LEFT_PATTERN), !rows[i].kept);
		assert_int_equal(
			fixture_ask(&f, "https://a.example/x", "https://b.example/", "image", &v),
			LISTS_NOTHING);
		assert_int_equal(fixture_ask(&f, "https://a.example/ad?x", "https://b.example/",
					     "image", &v),
				 rows[i].kept ? LISTS_BLOCK : LISTS_NOTHING);
		fixture_close(&f);
	}
}

/* Rules that are filed under nothing are asked about every request, so there is an end to them. */
static void test_many_without_a_key(void **state)
{
	struct lists_left left;
	struct lists_verdict v;
	struct lists_fixture f;
	struct buf list;
	char line[64];

	(void)state;
	buf_init(&list, 1 << 20);
	buf_adds(&list, "||key.example/x\n");
	for (unsigned i = 0; i < 2001; i++) {
		snprintf(line, sizeof(line), "a%u*z\n@@b%u*z\n", i, i);
		buf_adds(&list, line);
	}
	buf_adds(&list, "/keyed-one/*\n$removeparam=/^x/");
	buf_addc(&list, 0);
	fixture_open(&f, list.mem + list.off);
	assert_int_equal(lists_rules(f.lists), 1 + 4000 + 2);
	assert_int_equal(lists_rules_of(f.lists, 0), 1 + 4000 + 2);
	assert_int_equal(lists_left_count(f.lists, LEFT_PATTERN), 2);
	assert_true(lists_left(f.lists, 0, &left));
	assert_true(slice_eq(left.text, SLICE("a2000*z")));
	assert_int_equal(left.line, 4002);
	assert_true(lists_left(f.lists, 1, &left));
	assert_true(slice_eq(left.text, SLICE("@@b2000*z")));
	assert_int_equal(fixture_ask(&f, "https://x.example/a1999z", "", "image", &v), LISTS_BLOCK);
	assert_int_equal(fixture_ask(&f, "https://x.example/keyed-one/", "", "image", &v),
			 LISTS_BLOCK);
	fixture_close(&f);
	buf_release(&list);
}

/* 8 KiB each, 32 MiB together: 4096 of the largest. */
static void test_memory_of_expressions(void **state)
{
	const unsigned n = 5200;
	struct lists_fixture f;
	struct buf list;
	char line[64];
	size_t kept;

	(void)state;
	buf_init(&list, 1 << 20);
	for (unsigned i = 0; i < n; i++) {
		snprintf(line, sizeof(line), "/\\/ad%04u\\/(?:[a-z][0-9]){95}/\n", i);
		buf_adds(&list, line);
	}
	buf_addc(&list, 0);
	fixture_open(&f, list.mem + list.off);
	kept = lists_rules(f.lists);
	assert_in_range(kept, 4097, n - 1);
	assert_int_equal(lists_left_count(f.lists, LEFT_REGEX), n - kept);
	fixture_close(&f);
	buf_release(&list);
}

static void test_where_options_begin(void **state)
{
	static const struct {
		const char *rule, *pattern, *options;
	} rows[] = {
		{ "||a.example^$script", "||a.example^", "script" },
		{ "$script", "", "script" },
		{ "/a$/$script", "/a$/", "script" },
		{ "/a$/", "/a$/", NULL },
		{ "/a|b$/$cookie=/^x$/", "/a|b$/", "cookie=/^x$/" },
		{ "||a.example/$x/y", "||a.example/$x/y", NULL },
		{ "||a.example^$csp=a $script", "||a.example^", "csp=a $script" },
		{ "||a.example^$brand-new,script", "||a.example^", "brand-new,script" },
		{ "||a.example^$~third-party", "||a.example^", "~third-party" },
	};
	struct slice pattern, options;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool any = options_part(slice_str(rows[i].rule), &pattern, &options);

		if (any != (rows[i].options != NULL) ||
		    !slice_eq(pattern, slice_str(rows[i].pattern)) ||
		    (any && !slice_eq(options, slice_str(rows[i].options))))
			fail_msg("%s: %.*s", rows[i].rule, SLICE_ARG(pattern));
	}
}

static void test_options_apart(void **state)
{
	struct slice rest =
		SLICE("script,~image,cookie=/a{1,2}/,csp=x 'a', y,removeparam=/a\\,css/,3p");
	static const char *const want[] = {
		"script", "image", "cookie", "csp", "removeparam", "3p"
	};
	struct option_given one;

	(void)state;
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		options_next(&rest, &one);
		assert_true(slice_eq(one.name, slice_str(want[i])));
		assert_non_null(one.row);
		assert_int_equal(one.negated, i == 1);
		if (i == 2)
			assert_true(slice_eq(one.value, SLICE("/a{1,2}/")));
		if (i == 3)
			assert_true(slice_eq(one.value, SLICE("x 'a', y")));
		if (i == 4)
			assert_true(slice_eq(one.value, SLICE("/a\\,css/")));
	}
	assert_null(rest.p);
}

/* bsearch() finds each by its name only if they are in order. */
static void test_every_option_is_found(void **state)
{
	static const char *const names[] = {
		"1p",
		"3p",
		"all",
		"app",
		"badfilter",
		"beacon",
		"client",
		"cname",
		"content",
		"cookie",
		"csp",
		"css",
		"ctag",
		"denyallow",
		"dnsrewrite",
		"dnstype",
		"doc",
		"document",
		"domain",
		"donottrack",
		"ehide",
		"elemhide",
		"empty",
		"extension",
		"first-party",
		"font",
		"frame",
		"from",
		"genericblock",
		"generichide",
		"ghide",
		"header",
		"hls",
		"image",
		"important",
		"inline-font",
		"inline-script",
		"ipaddress",
		"jsinject",
		"jsonprune",
		"match-case",
		"media",
		"method",
		"mp4",
		"network",
		"object",
		"object-subrequest",
		"other",
		"permissions",
		"ping",
		"popunder",
		"popup",
		"queryprune",
		"reason",
		"redirect",
		"redirect-rule",
		"referrerpolicy",
		"removeheader",
		"removeparam",
		"replace",
		"rewrite",
		"script",
		"shide",
		"sitekey",
		"specifichide",
		"stealth",
		"strict-first-party",
		"strict-third-party",
		"strict1p",
		"strict3p",
		"stylesheet",
		"sub_frame",
		"subdocument",
		"third-party",
		"to",
		"uritransform",
		"urlblock",
		"urlskip",
		"urltransform",
		"webrtc",
		"websocket",
		"xhr",
		"xmlhttprequest",
		"xmlprune",
		"____",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (option_row_of(slice_str(names[i])) == NULL)
			fail_msg("%s", names[i]);
	assert_null(option_row_of(SLICE("")));
	assert_null(option_row_of(SLICE("scrip")));
	assert_null(option_row_of(SLICE("scripts")));
	assert_null(option_row_of(SLICE("zzz")));
	assert_null(option_row_of(SLICE("domain\0\0\0\0\0\0\0\0\0\0\0\0")));
}

static void test_conditions(void **state)
{
	static const struct {
		const char *condition;
		bool value, good;
	} rows[] = {
		{ "true", true, true },
		{ "false", false, true },
		{ "env_chromium", false, true },
		{ "adguard_app_windows", false, true },
		{ "cap_html_filtering", false, true },
		{ "ext_ublock", true, true },
		{ "!env_safari", true, true },
		{ "!!true", true, true },
		{ "ext_ublock && !env_firefox", true, true },
		{ "env_firefox || ext_ublock", true, true },
		{ "env_firefox || false && true", false, true },
		{ "true || true && false", true, true },
		{ "(true || true) && false", false, true },
		{ "!(false || env_mobile)", true, true },
		{ "", false, false },
		{ "true &&", false, false },
		{ "(true", false, false },
		{ "true)", false, false },
		{ "true true", false, false },
		{ "((((((((((((((((((((true))))))))))))))))))))", false, false },
	};
	bool good;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool value = preprocess_condition(slice_str(rows[i].condition), &good);

		if (value != rows[i].value || good != rows[i].good)
			fail_msg("%s: %d %d", rows[i].condition, value, good);
	}
}

static void test_directives(void **state)
{
	static const char list[] = "!#if env_firefox\n||a.example^\n!#else\n||b.example^\n"
				   "!#if false\n||c.example^\n!#endif\n||d.example^\n!#endif\n"
				   "!#if ext_ublock\n!#if true\n||e.example^\n!#endif\n!#else\n"
				   "||f.example^\n##.ad\n!#endif\n"
				   "!+ NOT_OPTIMIZED PLATFORM(windows, mac)\n||g.example^\n"
				   "||h.example^\n!+ NOT_PLATFORM(ios)\n||i.example^\n"
				   "!#safari_cb_affinity(general)\n||j.example^\n";
	static const char passed[] = "acfg", blocked[] = "bdehij";
	struct lists_verdict v;
	struct lists_fixture f;
	char url[] = "https://?.example/";

	(void)state;
	fixture_open(&f, list);
	for (size_t i = 0; blocked[i] != '\0'; i++) {
		url[8] = blocked[i];
		if (fixture_ask(&f, url, "", "script", &v) != LISTS_BLOCK)
			fail_msg("%s", url);
	}
	for (size_t i = 0; passed[i] != '\0'; i++) {
		url[8] = passed[i];
		if (fixture_ask(&f, url, "", "script", &v) != LISTS_NOTHING)
			fail_msg("%s", url);
	}
	assert_int_equal(lists_left_count(f.lists, LEFT_PLATFORM), 4);
	assert_int_equal(lists_left_count(f.lists, LEFT_COSMETIC), 1);
	assert_int_equal(lists_left_count(f.lists, LEFT_DIRECTIVE), 0);
	fixture_close(&f);
}

static bool include(void *arg, size_t list, struct slice path, struct slice *text)
{
	unsigned *asked = arg;

	++*asked;
	assert_int_equal(list, 0);
	if (slice_eq(path, SLICE("self.txt")))
		*text = SLICE("||deep.example^\n!#include self.txt\n");
	else if (slice_eq(path, SLICE("sub/other.txt")))
		*text = SLICE("||other.example^\n");
	else
		return false;
	return true;
}

static void test_includes(void **state)
{
	static const char text[] = "!#include sub/other.txt\r\n||own.example^\n!#include self.txt\n"
				   "!#include none.txt\n!#if false\n!#include none.txt\n!#endif\n";
	struct lists_text one = { SLICE("list"), SLICE(text) };
	unsigned asked = 0;
	struct lists_input in = { &one, 1, include, &asked };
	struct lists_left left;
	struct lists_verdict v;
	struct lists_fixture f;

	(void)state;
	fixture_open_many(&f, &in);
	assert_int_equal(lists_rules(f.lists), 3);
	assert_int_equal(fixture_ask(&f, "https://other.example/", "", "script", &v), LISTS_BLOCK);
	assert_int_equal(fixture_ask(&f, "https://deep.example/", "", "script", &v), LISTS_BLOCK);
	assert_int_equal(v.rule.list, 0);
	/* The one that is not there, and the one that would include itself for ever. */
	assert_int_equal(lists_left_count(f.lists, LEFT_INCLUDE), 2);
	assert_true(lists_left(f.lists, 1, &left));
	assert_int_equal(left.line, 4);
	assert_true(asked < 50);
	fixture_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds_of_lines),
		cmocka_unit_test(test_what_is_left_out),
		cmocka_unit_test(test_far_patterns),
		cmocka_unit_test(test_many_without_a_key),
		cmocka_unit_test(test_memory_of_expressions),
		cmocka_unit_test(test_where_options_begin),
		cmocka_unit_test(test_options_apart),
		cmocka_unit_test(test_every_option_is_found),
		cmocka_unit_test(test_conditions),
		cmocka_unit_test(test_directives),
		cmocka_unit_test(test_includes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
