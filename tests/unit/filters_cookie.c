/* Set-Cookie, cookie-date, the store's rules, and the Cookie field. */
#include "filters/cookie.h"
#include "filters/site.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#define NOW INT64_C(1795305600) /* 2026-11-22T00:00:00Z */
#define DAY INT64_C(86400)

struct parse_case {
	const char *line;
	const char *name, *value; /* name NULL: ignored as a whole */
	const char *domain, *path;
	int64_t life;
};

static void check_parse(const struct parse_case *t)
{
	struct set_cookie c;

	if (set_cookie_parse(slice_str(t->line), &c) != (t->name != NULL))
		fail_msg("parsed or ignored: %s", t->line);
	if (t->name == NULL)
		return;
	if (!slice_eq(c.name, slice_str(t->name)) || !slice_eq(c.value, slice_str(t->value)) ||
	    !slice_eq(c.domain, slice_str(t->domain)) || !slice_eq(c.path, slice_str(t->path)))
		fail_msg("%s: name '%.*s' value '%.*s' domain '%.*s' path '%.*s'", t->line,
			 SLICE_ARG(c.name), SLICE_ARG(c.value), SLICE_ARG(c.domain),
			 SLICE_ARG(c.path));
	if (set_cookie_lifetime_s(&c, NOW) != t->life)
		fail_msg("%s: lifetime %lld", t->line, (long long)set_cookie_lifetime_s(&c, NOW));
}

static void test_parse(void **state)
{
	static const struct parse_case table[] = {
		{ "foo=bar", "foo", "bar", "", "", -1 },
		{ " foo = bar ", "foo", "bar", "", "", -1 },
		{ "foo\t=\tbar\t;Path=/", "foo", "bar", "", "/", -1 },
		{ "foo", "", "foo", "", "", -1 },
		{ "=foo", "", "foo", "", "", -1 },
		{ "foo=", "foo", "", "", "", -1 },
		{ "a=b=c==", "a", "b=c==", "", "", -1 },
		{ "a=\"b c\"; Path=/", "a", "\"b c\"", "", "/", -1 },
		{ "a=\"b;c\"; Path=/", "a", "\"b", "", "/", -1 },
		{ "a=b\tc", "a", "b\tc", "", "", -1 },
		{ "a=b;;; ;Path=/x;", "a", "b", "", "/x", -1 },
		{ "a=%0d%0aSet-Cookie: x=y", "a", "%0d%0aSet-Cookie: x=y", "", "", -1 },
		{ "\xc3\xa9=caf\xe9", "\xc3\xa9", "caf\xe9", "", "", -1 },
		/* ignored as a whole */
		{ "", NULL, NULL, NULL, NULL, 0 },
		{ "=", NULL, NULL, NULL, NULL, 0 },
		{ " ; Path=/", NULL, NULL, NULL, NULL, 0 },
		{ "a=b\x01", NULL, NULL, NULL, NULL, 0 },
		{ "a=b; Path=/\x7f", NULL, NULL, NULL, NULL, 0 },
		{ "a=b\r\nX: y", NULL, NULL, NULL, NULL, 0 },
		{ "a=b; Domain=\xc3\xa9.example", NULL, NULL, NULL, NULL, 0 },
		/* Domain and Path: the last one wins, empty ones too */
		{ "a=b; Domain=.Example.COM", "a", "b", "Example.COM", "", -1 },
		{ "a=b; Domain=..x.example", "a", "b", ".x.example", "", -1 },
		{ "a=b; Domain=x.example; Domain=", "a", "b", "", "", -1 },
		{ "a=b; Domain=\xc3\xa9; Domain=x.example", "a", "b", "x.example", "", -1 },
		{ "a=b; Domain=.", "a", "b", "", "", -1 },
		{ "a=b; path=/one; PATH=/two", "a", "b", "", "/two", -1 },
		{ "a=b; Path=/one; Path=two", "a", "b", "", "", -1 },
		/* Max-Age and Expires */
		{ "a=b; Max-Age=60", "a", "b", "", "", 60 },
		{ "a=b; max-age = 60 ", "a", "b", "", "", 60 },
		{ "a=b; Max-Age=0", "a", "b", "", "", 0 },
		{ "a=b; Max-Age=-1", "a", "b", "", "", 0 },
		{ "a=b; Max-Age=-99999999999999999999", "a", "b", "", "", 0 },
		{ "a=b; Max-Age=99999999999999999999", "a", "b", "", "", 400 * DAY },
		{ "a=b; Max-Age=34560001", "a", "b", "", "", 400 * DAY },
		{ "a=b; Max-Age=+60", "a", "b", "", "", -1 },
		{ "a=b; Max-Age=6x", "a", "b", "", "", -1 },
		{ "a=b; Max-Age=", "a", "b", "", "", -1 },
		{ "a=b; Max-Age=-", "a", "b", "", "", -1 },
		{ "a=b; Max-Age=5; Max-Age=7", "a", "b", "", "", 7 },
		{ "a=b; Max-Age=5; Max-Age=x", "a", "b", "", "", 5 },
		{ "a=b; Expires=Mon, 23 Nov 2026 00:00:00 GMT", "a", "b", "", "", DAY },
		{ "a=b; Expires=Sat, 21 Nov 2026 00:00:00 GMT", "a", "b", "", "", 0 },
		{ "a=b; Expires=Sun, 22 Nov 2026 00:00:00 GMT", "a", "b", "", "", 0 },
		{ "a=b; Expires=Fri, 22 Nov 2036 00:00:00 GMT", "a", "b", "", "", 400 * DAY },
		{ "a=b; Expires=whenever", "a", "b", "", "", -1 },
		{ "a=b; Expires=Mon, 23 Nov 2026 00:00:00 GMT; Expires=never", "a", "b", "", "",
		  DAY },
		{ "a=b; Max-Age=9; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "a", "b", "", "", 9 },
		{ "a=b; Expires=Mon, 23 Nov 2026 00:00:00 GMT; Max-Age=0", "a", "b", "", "", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		check_parse(&table[i]);
}

static void test_flags(void **state)
{
	struct set_cookie c;

	(void)state;
	assert_true(set_cookie_parse(SLICE("a=b; SECURE=no; httponly; PaRtItIoNeD; SameSite=NONE"),
				     &c));
	assert_true(c.secure && c.httponly && c.partitioned);
	assert_int_equal(c.same_site, SAME_SITE_NONE);
	assert_true(set_cookie_parse(SLICE("a=b; SameSite=None; SameSite=Strict"), &c));
	assert_int_equal(c.same_site, SAME_SITE_STRICT);
	assert_true(set_cookie_parse(SLICE("a=b; SameSite=Strict; SameSite=odd"), &c));
	assert_int_equal(c.same_site, SAME_SITE_DEFAULT);
	assert_false(c.secure || c.httponly || c.partitioned || c.has_domain || c.has_path);
	assert_true(set_cookie_parse(SLICE("a=b; Secured; HttpOnlyX"), &c));
	assert_false(c.secure || c.httponly);
}

/* The limits: 4096 for name and value together, 1024 for an attribute. */
static void test_limits(void **state)
{
	static char line[9000];
	struct set_cookie c;

	(void)state;
	memset(line, 'x', sizeof(line));
	line[1] = '=';
	assert_true(set_cookie_parse(slice_of(line, 4097), &c));
	assert_int_equal(c.name.n + c.value.n, 4096);
	assert_false(set_cookie_parse(slice_of(line, 4098), &c));
	memcpy(line, "a=b;Path=/", 10);
	assert_true(set_cookie_parse(slice_of(line, 9 + 1024), &c));
	assert_int_equal(c.path.n, 1024);
	assert_true(set_cookie_parse(slice_of(line, 9 + 1025), &c));
	assert_false(c.has_path);
}

static void test_dates(void **state)
{
	static const struct {
		const char *text;
		int64_t seconds; /* -1: fails */
	} table[] = {
		{ "Thu, 01 Jan 1970 00:00:01 GMT", 1 },
		{ "Sun, 06 Nov 1994 08:49:37 GMT", 784111777 },
		{ "Sunday, 06-Nov-94 08:49:37 GMT", 784111777 },
		{ "Sun Nov  6 08:49:37 1994", 784111777 },
		{ "08:49:37 6 nov 94", 784111777 },
		{ "94 6 November 8:49:37", -1 }, /* 94 is the day, so 6 is no year */
		{ "6 November 94 8:49:37pm", 784111777 },
		{ "Tue, 19 Jan 2038 03:14:08 GMT", INT64_C(2147483648) },
		{ "Fri, 31 Dec 9999 23:59:59 GMT", INT64_C(253402300799) },
		{ "Thu, 29 Feb 2024 00:00:00 GMT", 1709164800 },
		{ "Wed, 29 Feb 2023 00:00:00 GMT", -1 },
		{ "Thu, 29 Feb 1900 00:00:00 GMT", -1 },
		{ "Sat, 01 Jan 2000 00:00:00 GMT", 946684800 },
		{ "01 Jan 69 00:00:00", INT64_C(3124224000) },
		{ "01 Jan 70 00:00:00", 0 },
		{ "01 Jan 1600 00:00:00", -1 },
		{ "31 Apr 2026 00:00:00", -1 },
		{ "00 Jan 2026 00:00:00", -1 },
		{ "32 Jan 2026 00:00:00", -1 },
		{ "01 Jan 2026 24:00:00", -1 },
		{ "01 Jan 2026 23:60:00", -1 },
		{ "01 Jan 2026 23:59:60", -1 },
		{ "01 Jan 2026 1:2:3", 1767229323 },
		{ "01 Jan 2026 001:02:03", -1 },
		{ "01 Jan 20260 00:00:00", -1 },
		{ "01 Jan 2026", -1 },
		{ "Jan 2026 00:00:00", -1 },
		{ "", -1 },
		{ "1 1 Jan 2026 00:00:00", 1767225600 },
		{ "Wed, 21 Oct 2037 07:28:00 GMT", INT64_C(2139722880) },
		{ "21-Oct-2037 07:28:00x", INT64_C(2139722880) },
		{ "21/oct/2037;07:28:00", INT64_C(2139722880) },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		int64_t got = -1;
		bool good = cookie_date_parse(slice_str(table[i].text), &got);

		if (good != (table[i].seconds >= 0) || got != table[i].seconds)
			fail_msg("'%s': %d %lld", table[i].text, good, (long long)got);
	}
	assert_true(cookie_date_parse(SLICE("01 Jan 1601 00:00:00"), &(int64_t){ 0 }));
}

static void test_store(void **state)
{
	static const struct {
		const char *host;
		bool secure, cross;
		const char *line;
		enum cookie_store_result want;
	} table[] = {
		{ "www.shop.example", true, false, "a=b", STORE_YES },
		{ "www.shop.example", true, false, "a=b; Domain=shop.example", STORE_YES },
		{ "www.shop.example", true, false, "a=b; Domain=.WWW.Shop.Example", STORE_YES },
		{ "www.shop.example.", true, false, "a=b; Domain=shop.example", STORE_YES },
		{ "shop.example", true, false, "a=b; Domain=www.shop.example",
		  STORE_NO_FOREIGN_DOMAIN },
		{ "eshop.example", true, false, "a=b; Domain=shop.example",
		  STORE_NO_FOREIGN_DOMAIN },
		{ "a.co.uk", true, false, "a=b; Domain=co.uk", STORE_NO_PUBLIC_SUFFIX },
		{ "a.github.io", true, false, "a=b; Domain=github.io", STORE_NO_PUBLIC_SUFFIX },
		{ "github.io", true, false, "a=b; Domain=github.io", STORE_YES },
		{ "10.0.0.1", true, false, "a=b; Domain=10.0.0.1", STORE_YES },
		{ "10.0.0.1", true, false, "a=b; Domain=0.0.1", STORE_NO_FOREIGN_DOMAIN },
		{ "x.example", false, false, "a=b; Secure", STORE_NO_INSECURE },
		{ "x.example", true, true, "a=b", STORE_NO_SAME_SITE },
		{ "x.example", true, true, "a=b; SameSite=Lax", STORE_NO_SAME_SITE },
		{ "x.example", true, true, "a=b; SameSite=None; Secure", STORE_YES },
		{ "x.example", true, false, "a=b; SameSite=None", STORE_NO_NONE_INSECURE },
		{ "x.example", true, false, "a=b; Partitioned", STORE_NO_PARTITIONED },
		{ "x.example", true, false, "__Secure-a=b", STORE_NO_PREFIX },
		{ "x.example", true, false, "__sEcUrE-a=b; Secure", STORE_YES },
		{ "x.example", true, false, "__Host-a=b; Secure; Path=/", STORE_YES },
		{ "x.example", true, false, "__Host-a=b; Secure", STORE_NO_PREFIX },
		{ "x.example", true, false, "__Host-a=b; Secure; Path=/x", STORE_NO_PREFIX },
		{ "x.example", true, false, "__Host-a=b; Secure; Path=/; Domain=x.example",
		  STORE_NO_PREFIX },
		{ "x.example", true, false, "__Host-a=b; Secure; Path=/; Domain=", STORE_YES },
		{ "x.example", true, false, "__Http-a=b; Secure", STORE_NO_PREFIX },
		{ "x.example", true, false, "__Http-a=b; Secure; HttpOnly", STORE_YES },
		{ "x.example", true, false, "__Host-Http-a=b; Secure; Path=/", STORE_NO_PREFIX },
		{ "x.example", true, false, "__Host-Http-a=b; Secure; Path=/; HttpOnly",
		  STORE_YES },
		{ "x.example", true, false, "=__Host-a=b; Secure; Path=/", STORE_NO_PREFIX },
		{ "x.example", true, false, "__Secure-a; Secure", STORE_NO_PREFIX },
	};
	struct sites *sites = sites_new(SITES_BUILTIN);

	(void)state;
	assert_non_null(sites);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct cookie_context ctx = { slice_str(table[i].host), table[i].secure,
					      table[i].cross };
		struct set_cookie c;
		enum cookie_store_result got;

		assert_true(set_cookie_parse(slice_str(table[i].line), &c));
		got = set_cookie_would_store(sites, &c, &ctx);
		if (got != table[i].want)
			fail_msg("%s: %s: %s", table[i].host, table[i].line,
				 cookie_store_word(got));
	}
	sites_free(sites);
}

static void test_next(void **state)
{
	static const char *const want[][3] = {
		{ "a=b", "a", "b" },  { " c = d ", "c", "d" }, { "", "", "" },
		{ "foo", "", "foo" }, { "=x=y", "", "x=y" },   { " ", "", "" },
	};
	struct slice rest = SLICE("a=b; c = d ;;foo;=x=y; "), pair, name, value;
	size_t n = 0;

	(void)state;
	while (cookie_next(&rest, &pair, &name, &value)) {
		assert_true(n < 6);
		assert_true(slice_eq(pair, slice_str(want[n][0])));
		assert_true(slice_eq(name, slice_str(want[n][1])));
		assert_true(slice_eq(value, slice_str(want[n][2])));
		n++;
	}
	assert_int_equal(n, 6);
}

/* Pairs whose name or value begins with 'x' go. */
static bool keep_no_x(void *arg, size_t index, struct slice name, struct slice value)
{
	size_t *asked = arg;

	assert_int_equal(index, *asked);
	++*asked;
	return !slice_starts(name, SLICE("x")) && !slice_starts(value, SLICE("x"));
}

static void test_edit(void **state)
{
	static const struct {
		const char *value, *want; /* NULL: the line goes; same pointer text: unchanged */
	} table[] = {
		{ "a=1; b=2", "a=1; b=2" },
		{ "a=1; x=2; c=3", "a=1; c=3" },
		{ "x=1; b=2; c=3", "b=2; c=3" },
		{ "a=1; b=2; x=3", "a=1; b=2" },
		{ "x=1; b=2; x=3; d=4", "b=2; d=4" },
		{ "x=1", NULL },
		{ "x=1; x=2;", NULL },
		{ "; x=1; ", NULL },
		{ "", "" },
		{ ";;", ";;" },
		{ "a=1;x=2;c=3", "a=1;c=3" },
		{ "a=1;   x=2 ;\tc=3", "a=1;\tc=3" },
		{ "x=1 ;  b=2", "b=2" },
		{ "a=1;; x=2;; c=3", "a=1;;; c=3" },
		{ "a=\"q\"; x=\"b; c=d\"", "a=\"q\"; c=d\"" },
		{ "foo; x; a=b", "foo; a=b" },
		{ "=y; =x; a=b", "=y; a=b" },
		{ "a=\xc3\xa9; x=1; b=\xff", "a=\xc3\xa9; b=\xff" },
		{ "x=1; x=1; a=; x=", "a=" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct slice value = slice_str(table[i].value);
		enum cookie_edit_result r;
		size_t asked = 0;
		struct buf out;

		buf_init(&out, 1024);
		r = cookie_header_edit(value, keep_no_x, &asked, &out);
		if (table[i].want == NULL) {
			assert_int_equal(r, COOKIE_EDIT_DROP);
			assert_int_equal(out.len, 0);
		} else if (strcmp(table[i].want, table[i].value) == 0) {
			assert_int_equal(r, COOKIE_EDIT_SAME);
			assert_int_equal(out.len, 0);
		} else {
			assert_int_equal(r, COOKIE_EDIT_CHANGED);
			if (!slice_eq(buf_slice(&out), slice_str(table[i].want)))
				fail_msg("'%s' became '%.*s'", table[i].value,
					 SLICE_ARG(buf_slice(&out)));
		}
		buf_release(&out);
	}
}

static void test_edit_bounds(void **state)
{
	size_t asked = 0;
	struct buf many, out;

	(void)state;
	buf_init(&out, 4);
	assert_int_equal(cookie_header_edit(SLICE("abc=def; x=1"), keep_no_x, &asked, &out),
			 COOKIE_EDIT_ERROR);
	buf_release(&out);
	/* More pairs than one line is searched for: the rest is not let through. */
	buf_init(&many, 1 << 20);
	buf_init(&out, 1 << 20);
	for (unsigned i = 0; i < 9000; i++)
		buf_addf(&many, "%sa=%u", i == 0 ? "" : "; ", i);
	asked = 0;
	assert_int_equal(cookie_header_edit(buf_slice(&many), keep_no_x, &asked, &out),
			 COOKIE_EDIT_CHANGED);
	assert_int_equal(asked, 8192);
	assert_true(slice_ends(buf_slice(&out), SLICE("; a=8191")));
	buf_release(&out);
	buf_release(&many);
}

/* Wherever it stands, and whatever stands around it. */
static void test_forbidden_octets(void **state)
{
	static const char fills[] = { 'v', ' ', '\t', (char)0x80, (char)0xff };
	char line[40];
	struct set_cookie c;

	(void)state;
	for (size_t f = 0; f < sizeof(fills); f++) {
		for (size_t at = 2; at < sizeof(line) - 1; at++) {
			for (unsigned octet = 0; octet < 256; octet++) {
				bool bad = (octet < 0x20 && octet != '\t') || octet == 0x7f;

				memset(line, fills[f], sizeof(line));
				memcpy(line, "n=", 2);
				line[at] = (char)octet;
				assert_int_equal(set_cookie_parse(slice_of(line, sizeof(line)), &c),
						 !bad);
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forbidden_octets),
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_dates),
		cmocka_unit_test(test_store),
		cmocka_unit_test(test_next),
		cmocka_unit_test(test_edit),
		cmocka_unit_test(test_edit_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
