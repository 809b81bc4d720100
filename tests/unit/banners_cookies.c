/* Every example of a banner's cookies reads as the state it stands for. */
#include "filters/banners/read.h"

#include "data/tables.h"
#include "tests/unit/banners_cases.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Base64 with its padding percent-encoded, as a cookie carries it. */
static void add_base64(struct buf *out, struct slice s)
{
	for (size_t i = 0; i < s.n; i += 3) {
		uint32_t v = 0;
		size_t n = s.n - i < 3 ? s.n - i : 3;

		for (size_t j = 0; j < 3; j++)
			v = v << 8 | (j < n ? (unsigned char)s.p[i + j] : 0);
		for (size_t j = 0; j < 4; j++) {
			if (j <= n)
				buf_addc(out, digits[v >> (18 - 6 * j) & 63]);
			else
				buf_adds(out, "%3D");
		}
	}
}

/* Puts the base64 of what stands between << and >> in its place. */
static void expand(const char *text, struct buf *out)
{
	const char *open;

	while ((open = strstr(text, "<<")) != NULL) {
		const char *close = strstr(open, ">>");

		assert_non_null(close);
		buf_add(out, slice_of(text, (size_t)(open - text)));
		add_base64(out, slice_of(open + 2, (size_t)(close - open - 2)));
		text = close + 2;
	}
	buf_adds(out, text);
}

static struct banner_reading read_case(const struct banners *t, const struct banner_case *c)
{
	struct banner_reading r[BANNER_READINGS_MAX];
	const char *host = c->host != NULL ? c->host : "www.example.com";
	struct buf cookies;
	size_t n;

	buf_init(&cookies, 1 << 16);
	expand(c->cookies, &cookies);
	assert_true(buf_ok(&cookies));
	n = banner_read_field(t, slice_str(host), buf_slice(&cookies), r);
	buf_release(&cookies);
	return banner_summary(r, n);
}

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

static void test_cases(void **state)
{
	struct banners *t = table();
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(banner_cases) / sizeof(banner_cases[0]); i++) {
		const struct banner_case *c = &banner_cases[i];
		struct banner_reading r = read_case(t, c);

		if (r.state == c->state && r.granted == c->granted)
			continue;
		wrong++;
		fprintf(stderr, "%s: %s (granted %u) instead of %s (%u): %s\n\t%s\n", c->row,
			banner_state_word(r.state), r.granted, banner_state_word(c->state),
			c->granted, r.why, c->cookies);
	}
	assert_int_equal(wrong, 0);
	banners_free(t);
}

/* The reason says nothing that stands in the value, and always names the product. */
static void test_why(void **state)
{
	struct banners *t = table();

	(void)state;
	for (size_t i = 0; i < sizeof(banner_cases) / sizeof(banner_cases[0]); i++) {
		struct banner_reading r = read_case(t, &banner_cases[i]);

		assert_true(r.product.n != 0 && r.line != 0);
		assert_true(slice_starts(slice_str(r.why), r.product));
		assert_true(strlen(r.why) < BANNER_WHY_MAX);
	}
	banners_free(t);
}

/* A refusal that is cut short anywhere never turns into consent. */
static void check_cut(const struct banners *t, const struct banner_case *c, struct slice cookies)
{
	struct banner_reading r[BANNER_READINGS_MAX];
	const char *host = c->host != NULL ? c->host : "www.example.com";

	for (size_t n = 0; n < cookies.n; n++) {
		size_t count = banner_read_field(t, slice_str(host), slice_head(cookies, n), r);
		struct banner_reading all = banner_summary(r, count);

		if (all.state == BANNER_ACCEPT || all.granted != 0)
			fail_msg("%.*s reads as %s", SLICE_ARG(slice_head(cookies, n)),
				 banner_state_word(all.state));
	}
}

static void test_cut(void **state)
{
	struct banners *t = table();

	(void)state;
	for (size_t i = 0; i < sizeof(banner_cases) / sizeof(banner_cases[0]); i++) {
		struct buf cookies;

		if (banner_cases[i].state != BANNER_REFUSE)
			continue;
		buf_init(&cookies, 1 << 16);
		expand(banner_cases[i].cookies, &cookies);
		check_cut(t, &banner_cases[i], buf_slice(&cookies));
		buf_release(&cookies);
	}
	banners_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_why),
		cmocka_unit_test(test_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
