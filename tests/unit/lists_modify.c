/*
 * removeparam, cookie, removeheader, csp, permissions, urlskip.
 */
#include "tests/unit/lists_tools.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#define PAGE "https://news.example/"

struct row {
	const char *list, *url, *type;
	const char *want; /* NULL: nothing changes */
};

static void check_strip(const struct row *r)
{
	struct query_facts facts = { 0 };
	struct lists_rule by[4];
	struct lists_fixture f;
	struct buf url;
	size_t n;

	buf_init(&url, 4096);
	fixture_open(&f, r->list);
	fixture_set(&f, &facts, r->url, r->url, r->type);
	n = lists_strip(f.lists, f.query, &url, by, 4);
	if (n == 0 ? r->want != NULL
		   : r->want == NULL || !slice_eq(buf_slice(&url), slice_str(r->want)))
		fail_msg("%s: %s becomes %.*s", r->list, r->url, SLICE_ARG(buf_slice(&url)));
	for (size_t i = 0; i < n && i < 4; i++)
		assert_true(by[i].text.n != 0 && by[i].list == 0);
	fixture_close(&f);
	buf_release(&url);
}

static void test_removeparam(void **state)
{
	static const struct row rows[] = {
		{ "$removeparam=gclid", "https://a.example/?gclid=1", "document",
		  "https://a.example/" },
		{ "$removeparam=gclid", "https://a.example/p?x=1&gclid=1&y=%20#f", "document",
		  "https://a.example/p?x=1&y=%20#f" },
		{ "$removeparam=gclid", "https://A.example/P?gclid&X=1", "sub_frame",
		  "https://A.example/P?X=1" },
		{ "$queryprune=gclid", "https://a.example/?gclid=1&gclid=2", "document",
		  "https://a.example/" },
		{ "$removeparam=gclid", "https://a.example/?xgclid=1&gclidx=2", "document", NULL },
		{ "$removeparam=gclid", "https://a.example/?GCLID=1", "document", NULL },
		{ "$removeparam=gclid", "https://a.example/#?gclid=1", "document", NULL },
		{ "$removeparam=gclid", "https://a.example/gclid=1", "document", NULL },
		{ "$removeparam=gclid", "https://a.example/?", "document", NULL },
		/* Without a type a rule is for pages. */
		{ "$removeparam=gclid", "https://a.example/?gclid=1", "script", NULL },
		{ "$removeparam=gclid,script", "https://a.example/?gclid=1", "script",
		  "https://a.example/" },
		{ "$removeparam=utm_source", "https://a.example/?utm_source=1&utm_medium=2",
		  "document", "https://a.example/?utm_medium=2" },
		{ "$removeparam=/^utm_/", "https://a.example/?utm_source=1&x=utm_&utm_medium=2",
		  "document", "https://a.example/?x=utm_" },
		{ "$removeparam=/^UTM_/i", "https://a.example/?utm_source=1", "document",
		  "https://a.example/" },
		{ "$removeparam=/^s=[a-f0-9]{2\\,}$/", "https://a.example/?s=a&s=ab", "document",
		  "https://a.example/?s=a" },
		{ "$removeparam", "https://a.example/?a=1&b=2", "document", "https://a.example/" },
		{ "$removeparam=~id", "https://a.example/?a=1&id=2&b", "document",
		  "https://a.example/?id=2" },
		{ "$removeparam=foo[]", "https://a.example/?foo[]=1&a", "document",
		  "https://a.example/?a" },
		{ "||a.example^$removeparam=x", "https://a.example/?x=1", "document",
		  "https://a.example/" },
		{ "||b.example^$removeparam=x", "https://a.example/?x=1", "document", NULL },
		{ "$removeparam=x,domain=a.example", "https://a.example/?x=1", "document",
		  "https://a.example/" },
		{ "$removeparam=x,denyallow=a.example", "https://a.example/?x=1", "document",
		  NULL },
		/* exceptions */
		{ "$removeparam=x\n$removeparam=y\n@@||a.example^$removeparam=x",
		  "https://a.example/?x=1&y=1", "document", "https://a.example/?x=1" },
		{ "$removeparam\n@@||a.example^$removeparam=x", "https://a.example/?x=1&y=1",
		  "document", "https://a.example/?x=1" },
		{ "$removeparam=x\n@@||a.example^$removeparam", "https://a.example/?x=1",
		  "document", NULL },
		{ "$removeparam=x,important\n@@||a.example^$removeparam", "https://a.example/?x=1",
		  "document", "https://a.example/" },
		{ "$removeparam=x\n$removeparam=x,badfilter", "https://a.example/?x=1", "document",
		  NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_strip(&rows[i]);
}

static void ask_cookie(const char *list, const char *url, const char *name,
		       struct lists_cookie *out, char *rule, size_t size)
{
	struct query_facts facts = { 0 };
	struct lists_fixture f;

	fixture_open(&f, list);
	fixture_set(&f, &facts, url, PAGE, "document");
	lists_match_cookie(f.lists, f.query, slice_str(name), out);
	assert_true(slice_copy(out->rule.text, rule, size));
	fixture_close(&f);
}

static void test_cookie(void **state)
{
	static const struct {
		const char *list, *name;
		enum lists_cookie_action action;
		const char *rule;
	} rows[] = {
		{ "$cookie=_ga", "_ga", LISTS_COOKIE_REMOVE, "$cookie=_ga" },
		{ "$cookie=_ga", "_GA", LISTS_COOKIE_NOTHING, "" },
		{ "$cookie=_ga", "_gat", LISTS_COOKIE_NOTHING, "" },
		{ "$cookie=/^_ga/", "_gat", LISTS_COOKIE_REMOVE, "$cookie=/^_ga/" },
		{ "$cookie=/^_ga[a-z]{1,2}$/", "_gatx", LISTS_COOKIE_REMOVE,
		  "$cookie=/^_ga[a-z]{1,2}$/" },
		{ "$cookie=/^_ga/", "x_ga", LISTS_COOKIE_NOTHING, "" },
		{ "||a.example^$cookie", "any", LISTS_COOKIE_REMOVE, "||a.example^$cookie" },
		{ "||b.example^$cookie", "any", LISTS_COOKIE_NOTHING, "" },
		{ "||a.example^$cookie=sid", "sid", LISTS_COOKIE_REMOVE,
		  "||a.example^$cookie=sid" },
		{ "||b.example^$cookie=sid", "sid", LISTS_COOKIE_NOTHING, "" },
		{ "$cookie=sid,third-party", "sid", LISTS_COOKIE_REMOVE,
		  "$cookie=sid,third-party" },
		{ "$cookie=sid,~third-party", "sid", LISTS_COOKIE_NOTHING, "" },
		{ "$cookie=sid,domain=news.example", "sid", LISTS_COOKIE_REMOVE,
		  "$cookie=sid,domain=news.example" },
		{ "$cookie=sid,domain=~news.example", "sid", LISTS_COOKIE_NOTHING, "" },
		{ "$cookie=sid\n@@||a.example^$cookie=sid", "sid", LISTS_COOKIE_EXCEPT,
		  "@@||a.example^$cookie=sid" },
		{ "$cookie=sid\n@@||a.example^$cookie=/^s/", "sid", LISTS_COOKIE_EXCEPT,
		  "@@||a.example^$cookie=/^s/" },
		{ "$cookie=sid\n@@||a.example^$cookie", "sid", LISTS_COOKIE_EXCEPT,
		  "@@||a.example^$cookie" },
		{ "$cookie=sid,important\n@@||a.example^$cookie", "sid", LISTS_COOKIE_REMOVE,
		  "$cookie=sid,important" },
		{ "$cookie=sid\n@@||a.example^", "sid", LISTS_COOKIE_REMOVE, "$cookie=sid" },
		{ "$cookie=sid;maxAge=60\n$cookie=sid", "sid", LISTS_COOKIE_REMOVE, "$cookie=sid" },
	};
	struct lists_cookie c;
	char rule[256];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ask_cookie(rows[i].list, "https://a.example/", rows[i].name, &c, rule,
			   sizeof(rule));
		if (c.action != rows[i].action || strcmp(rule, rows[i].rule) != 0)
			fail_msg("%s, %s: %d by %s", rows[i].list, rows[i].name, (int)c.action,
				 rule);
	}
	ask_cookie("$cookie=a;maxAge=3600;sameSite=lax", "https://a.example/", "a", &c, rule,
		   sizeof(rule));
	assert_int_equal(c.action, LISTS_COOKIE_CHANGE);
	assert_true(c.has_max_age);
	assert_int_equal(c.max_age, 3600);
	assert_int_equal(c.same_site, LISTS_SAME_SITE_LAX);
	ask_cookie("$cookie=/^a;b/;sameSite=Strict", "https://a.example/", "a;b", &c, rule,
		   sizeof(rule));
	assert_int_equal(c.action, LISTS_COOKIE_CHANGE);
	assert_false(c.has_max_age);
	assert_int_equal(c.same_site, LISTS_SAME_SITE_STRICT);
	ask_cookie("$cookie;maxAge=0", "https://a.example/", "a", &c, rule, sizeof(rule));
	assert_int_equal(c.action, LISTS_COOKIE_NOTHING);
	ask_cookie("||a.example^$cookie=;maxAge=0", "https://a.example/", "a", &c, rule,
		   sizeof(rule));
	assert_int_equal(c.action, LISTS_COOKIE_CHANGE);
	assert_true(c.has_max_age && c.max_age == 0);
}

/* The edits as "kind value" with a blank behind each. */
static void check_fields(const char *list, const char *type, const char *want)
{
	static const char *const words[] = { "request:", "answer:", "csp:", "permissions:" };
	struct query_facts facts = { 0 };
	struct lists_field fields[8];
	struct lists_fixture f;
	struct buf got;
	size_t n;

	buf_init(&got, 1024);
	fixture_open(&f, list);
	fixture_set(&f, &facts, "https://a.example/", "https://a.example/", type);
	n = lists_match_fields(f.lists, f.query, fields, 8);
	for (size_t i = 0; i < n; i++) {
		buf_adds(&got, words[fields[i].edit]);
		buf_add(&got, fields[i].value);
		buf_addc(&got, ';');
	}
	if (!slice_eq(buf_slice(&got), slice_str(want)))
		fail_msg("%s: %.*s", list, SLICE_ARG(buf_slice(&got)));
	fixture_close(&f);
	buf_release(&got);
}

/* What is remembered of a name is about the rules of the request at hand. */
static void test_cookie_again(void **state)
{
	static const char *const urls[] = { "https://a.example/", "https://b.example/" };
	struct query_facts facts = { 0 };
	struct lists_cookie c;
	struct lists_fixture f;

	(void)state;
	fixture_open(&f,
		     "||a.example^$cookie=/^x/\n$cookie=/^y/;maxAge=5\n@@||b.example^$cookie=/2$/\n"
		     "$cookie=x3\n$cookie=/^z/,important\n@@$cookie=z");
	for (unsigned i = 0; i < 8; i++) {
		bool a = i % 2 == 0;

		fixture_set(&f, &facts, urls[i % 2], "https://a.example/", "script");
		lists_match_cookie(f.lists, f.query, SLICE("x1"), &c);
		assert_int_equal(c.action, a ? LISTS_COOKIE_REMOVE : LISTS_COOKIE_NOTHING);
		lists_match_cookie(f.lists, f.query, SLICE("x3"), &c);
		assert_int_equal(c.action, LISTS_COOKIE_REMOVE);
		assert_true(slice_eq(c.rule.text, SLICE("$cookie=x3")));
		lists_match_cookie(f.lists, f.query, SLICE("y2"), &c);
		assert_int_equal(c.action, a ? LISTS_COOKIE_CHANGE : LISTS_COOKIE_EXCEPT);
		lists_match_cookie(f.lists, f.query, SLICE("z"), &c);
		assert_int_equal(c.action, LISTS_COOKIE_REMOVE);
		lists_match_cookie(f.lists, f.query, SLICE("w"), &c);
		assert_int_equal(c.action, LISTS_COOKIE_NOTHING);
	}
	fixture_close(&f);
}

static void test_fields(void **state)
{
	(void)state;
	check_fields("||a.example^$removeheader=refresh", "document", "answer:refresh;");
	check_fields("||a.example^$removeheader=request:x-client-data", "xhr",
		     "request:x-client-data;");
	check_fields("||b.example^$removeheader=refresh", "document", "");
	check_fields("$removeheader=refresh\n@@||a.example^$removeheader", "document", "");
	check_fields("$removeheader=a\n$removeheader=b\n@@||a.example^$removeheader=a", "document",
		     "answer:b;");
	check_fields("$removeheader=a\n@@||a.example^$removeheader=request:a", "document",
		     "answer:a;");
	check_fields("$removeheader=a\n||a.example^$removeheader=a", "document", "answer:a;");
	/* What a list may not take away. */
	check_fields("$removeheader=content-length\n$removeheader=Content-Security-Policy\n"
		     "$removeheader=access-control-allow-origin\n$removeheader=a b",
		     "document", "");
	check_fields("$removeheader=request:Sec-Fetch-Site\n$removeheader=sec-websocket-key\n"
		     "$removeheader=referrer-policy\n$removeheader=timing-allow-origin",
		     "document", "");
	check_fields("$removeheader=sec-ch-ua\n$removeheader=set-cookie", "document",
		     "answer:sec-ch-ua;answer:set-cookie;");
	check_fields("||a.example^$csp=script-src 'self' *.cdn.example, domain=b.example",
		     "document", "csp:script-src 'self' *.cdn.example, domain=b.example;");
	check_fields("||a.example^$csp=script-src 'none',domain=a.example", "sub_frame",
		     "csp:script-src 'none';");
	check_fields("||a.example^$csp=script-src 'none'", "script", "");
	check_fields("||a.example^$csp=default-src 'none'; report-uri https://x", "document", "");
	check_fields("||a.example^$csp=x\n@@||a.example^$csp", "document", "");
	check_fields("||a.example^$csp=x\n||a.example^$csp=y\n@@||a.example^$csp=x", "document",
		     "csp:y;");
	check_fields("||a.example^$permissions=geolocation=()|camera=()", "document",
		     "permissions:geolocation=(), camera=();");
	check_fields("||a.example^$permissions=geolocation=()\\, camera=()", "document",
		     "permissions:geolocation=(), camera=();");
	check_fields("||a.example^$csp=x\n||a.example^$permissions=y=()\n@@||a.example^$csp",
		     "document", "permissions:y=();");
}

static void check_skip(const char *list, const char *url, bool blocked, const char *want)
{
	struct query_facts facts = { 0 };
	struct lists_fixture f;
	struct lists_rule by;
	struct buf out;
	bool got;

	buf_init(&out, 9000);
	fixture_open(&f, list);
	fixture_set(&f, &facts, url, PAGE, "document");
	got = lists_skip(f.lists, f.query, blocked, &out, &by);
	if (got != (want != NULL) || (got && !slice_eq(buf_slice(&out), slice_str(want))))
		fail_msg("%s: %s leads to %.*s", list, url, SLICE_ARG(buf_slice(&out)));
	fixture_close(&f);
	buf_release(&out);
}

static void test_urlskip(void **state)
{
	static const char rule[] = "||r.example/go$urlskip=?u";

	(void)state;
	check_skip(rule, "https://r.example/go?u=https%3A%2F%2Fx.org%2Fa%3Fb", false,
		   "https://x.org/a?b");
	check_skip(rule, "https://r.example/go?v=1&u=https://x.org/", false, "https://x.org/");
	check_skip(rule, "https://r.example/go?v=https://x.org/", false, NULL);
	check_skip(rule, "https://o.example/go?u=https://x.org/", false, NULL);
	check_skip(rule, "https://r.example/go?u=javascript:alert(1)", false, NULL);
	check_skip(rule, "https://r.example/go?u=x.org", false, NULL);
	check_skip(rule, "https://r.example/go?u=https://x.org/%0d%0aSet-Cookie:a", false, NULL);
	check_skip("||r.example^$urlskip=?u +https", "https://r.example/?u=x.org", false,
		   "https://x.org");
	check_skip("||r.example^$urlskip=?u -base64",
		   "https://r.example/?u=aHR0cHM6Ly94Lm9yZy8=", false, "https://x.org/");
	check_skip("||r.example^$urlskip=?u -safebase64",
		   "https://r.example/?u=aHR0cHM6Ly94Lm9yZy8_YQ", false, "https://x.org/?a");
	check_skip("||r.example^$urlskip=?u -base64", "https://r.example/?u=*", false, NULL);
	check_skip("||r.example^$urlskip=?u -uricomponent",
		   "https://r.example/?u=https%253A%252F%252Fx.org", false, "https://x.org");
	check_skip("||r.example^$urlskip=&1", "https://r.example/?https://x.org/", false,
		   "https://x.org/");
	check_skip("||r.example^$urlskip=#", "https://r.example/#https://x.org/", false,
		   "https://x.org/");
	check_skip("||r.example^$urlskip=?u -blocked", "https://r.example/?u=https://x.org/", false,
		   NULL);
	check_skip("||r.example^$urlskip=?u -blocked", "https://r.example/?u=https://x.org/", true,
		   "https://x.org/");
	check_skip("||r.example^$urlskip=?u\n@@||r.example^$urlskip=?u",
		   "https://r.example/?u=https://x.org/", false, NULL);
	check_skip("||r.example^$urlskip=?u\n@@||r.example^$urlskip",
		   "https://r.example/?u=https://x.org/", false, NULL);
}

static void test_bodies(void **state)
{
	enum lists_body body;

	(void)state;
	for (unsigned i = 0; i < LISTS_BODIES; i++) {
		assert_non_null(lists_body_data((enum lists_body)i)->name);
		assert_non_null(lists_body_data((enum lists_body)i)->bytes.p);
	}
	assert_true(lists_body_of_name(SLICE("1x1.gif"), &body));
	assert_true(slice_starts(lists_body_data(body)->bytes, SLICE("GIF89a")));
	assert_int_equal(lists_body_data(body)->bytes.n, 43);
	assert_false(lists_body_of_name(SLICE("no-such-thing"), &body));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_removeparam),  cmocka_unit_test(test_cookie),
		cmocka_unit_test(test_cookie_again), cmocka_unit_test(test_fields),
		cmocka_unit_test(test_urlskip),	     cmocka_unit_test(test_bodies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
