/* What is written for a refusal reads as a refusal, and as nothing else. */
#include "filters/banners/refusal.h"
#include "filters/cookie.h"

#include "data/tables.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static struct banners *compile(struct slice text)
{
	struct banners *t;
	struct buf error;

	buf_init(&error, 512);
	t = banners_new(text, "banners.tsv", &error);
	if (t == NULL)
		fail_msg("%.*s", SLICE_ARG(buf_slice(&error)));
	buf_release(&error);
	return t;
}

static struct banner_occasion occasion(const char *host)
{
	struct banner_occasion o = { .host = slice_str(host), .now_s = 1768903872 };

	for (unsigned i = 0; i < sizeof(o.random); i++)
		o.random[i] = (uint8_t)(i * 17);
	return o;
}

static void check_line(const struct banner_write *w, const char *host)
{
	struct set_cookie c;
	struct buf line;

	buf_init(&line, 4096);
	buf_addf(&line, "%s=%s%s", w->name, w->value, w->attributes);
	assert_true(set_cookie_parse(buf_slice(&line), &c));
	assert_true(slice_eq(c.name, slice_str(w->name)));
	assert_true(slice_eq(c.value, slice_str(w->value)));
	assert_true(c.secure && c.has_path && slice_eq(c.path, SLICE("/")));
	/* The banner's script reads it. */
	assert_false(c.httponly);
	assert_int_equal(set_cookie_lifetime_s(&c, 0), BANNER_WRITE_LIFE_S);
	assert_true(!c.has_domain || cookie_domain_match(slice_str(host), c.domain));
	buf_release(&line);
}

static unsigned check_product(const struct banners *t, const struct banner_row *row)
{
	const char *host =
		slice_eq(row->domains, SLICE("*")) ? "www.example.com" : "www.tiktok.com";
	struct banner_write w[BANNER_WRITES_MAX];
	struct banner_reading r[BANNER_READINGS_MAX];
	struct banner_pair pairs[BANNER_WRITES_MAX];
	struct banner_occasion o = occasion(host);
	size_t n = banner_refusal(t, row->product, &o, w);

	if (n == 0)
		fail_msg("%.*s: nothing is written", SLICE_ARG(row->product));
	for (size_t i = 0; i < n; i++) {
		check_line(&w[i], host);
		pairs[i] = (struct banner_pair){ slice_str(w[i].name), slice_str(w[i].value) };
	}
	n = banner_read(t, o.host, pairs, n, r);
	assert_int_equal(n, 1);
	assert_int_equal(r[0].state, BANNER_REFUSE);
	assert_int_equal(r[0].granted, 0);
	assert_int_equal(r[0].claimed, 0);
	assert_true(slice_eq(r[0].product, row->product));
	return 1;
}

static void test_round_trip(void **state)
{
	struct banners *t = compile(table_banners);
	unsigned written = 0;

	(void)state;
	for (size_t i = 0; i < banners_count(t); i++)
		if (banners_at(t, i)->refusal.n != 0)
			written += check_product(t, banners_at(t, i));
	assert_true(written >= 10);
	banners_free(t);
}

static void test_values(void **state)
{
	struct banners *t = compile(table_banners);
	struct banner_occasion o = occasion("shop.example.com");
	struct banner_write w[BANNER_WRITES_MAX];

	(void)state;
	assert_int_equal(banner_refusal(t, SLICE("OneTrust"), &o, w), 2);
	assert_string_equal(w[0].name, "OptanonConsent");
	assert_non_null(strstr(w[0].value, "consentId=00112233-4455-4677-8899-aabbccddeeff&"));
	assert_non_null(strstr(w[0].value, "groups=C0001%3A1%2CC0002%3A0"));
	assert_string_equal(w[1].name, "OptanonAlertBoxClosed");
	assert_string_equal(w[1].value, "2026-01-20T10:11:12.000Z");
	assert_string_equal(w[1].attributes, "; Path=/; Max-Age=15552000; Secure; SameSite=Lax");
	assert_int_equal(banner_refusal(t, SLICE("Tealium"), &o, w), 1);
	assert_string_equal(w[0].value, "consent:false%7Cts:1768903872000");
	banners_free(t);
}

static void test_leap_years(void **state)
{
	static const struct {
		int64_t s;
		const char *want;
	} days[] = {
		{ 1330473600, "2012-02-29T00:00:00.000Z" },
		{ 1709251199, "2024-02-29T23:59:59.000Z" },
		{ 4107542400, "2100-03-01T00:00:00.000Z" },
	};
	struct banners *t = compile(table_banners);
	struct banner_write w[BANNER_WRITES_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(days) / sizeof(days[0]); i++) {
		struct banner_occasion o = occasion("a.example");

		o.now_s = days[i].s;
		assert_int_equal(banner_refusal(t, SLICE("OneTrust"), &o, w), 2);
		assert_string_equal(w[1].value, days[i].want);
	}
	/* A clock that was never set writes nothing: it would not be read as an answer. */
	assert_int_equal(banner_refusal(t, SLICE("OneTrust"),
					&(struct banner_occasion){ .host = SLICE("a.example") }, w),
			 0);
	banners_free(t);
}

static void test_hosts(void **state)
{
	struct banners *t = compile(table_banners);
	struct banner_occasion o = occasion("www.tiktok.com");
	struct banner_write w[BANNER_WRITES_MAX];

	(void)state;
	assert_true(banner_can_refuse(t, SLICE("TikTok"), o.host));
	assert_int_equal(banner_refusal(t, SLICE("TikTok"), &o, w), 1);
	assert_non_null(strstr(w[0].attributes, "; Domain=tiktok.com"));
	o.host = SLICE("www.example.com");
	assert_false(banner_can_refuse(t, SLICE("TikTok"), o.host));
	assert_int_equal(banner_refusal(t, SLICE("TikTok"), &o, w), 0);
	/* Known to read, not to write. */
	assert_false(banner_can_refuse(t, SLICE("Didomi"), o.host));
	assert_int_equal(banner_refusal(t, SLICE("Didomi"), &o, w), 0);
	assert_int_equal(banner_refusal(t, SLICE("Nobody"), &o, w), 0);
	banners_free(t);
}

/* A table that would write an acceptance, or half a refusal, writes nothing. */
static void test_never_an_acceptance(void **state)
{
	static const char *const refusals[] = { "xyz_status=allow", "xyz_status=dismiss",
						"xyz_status=<iso>", "xyz_status=<what>",
						"xyz_status=<iso",  "xyz_status",
						"other=deny" };
	struct banner_occasion o = occasion("a.example");
	struct banner_write w[BANNER_WRITES_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		struct banners *t;
		struct buf text;

		buf_init(&text, 4096);
		buf_adds(&text, "where\tmatch\tdomains\tproduct\tkind\tcode\tpath\tfields\twhen\t"
				"refusal\twhat\tsource\n");
		buf_addf(&text,
			 "cookie\txyz_status\t*\tXyz\tword\tpercent\t-\t"
			 "allow:accept deny:refuse dismiss:undecided\t-\t%s\tW.\tobserved\n",
			 refusals[i]);
		t = compile(buf_slice(&text));
		if (banner_refusal(t, SLICE("Xyz"), &o, w) != 0)
			fail_msg("%s is written", refusals[i]);
		banners_free(t);
		buf_release(&text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),	    cmocka_unit_test(test_values),
		cmocka_unit_test(test_leap_years),	    cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_never_an_acceptance),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
