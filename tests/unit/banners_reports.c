/* Every example of a banner's report reads as the state it stands for. */
#include "filters/banners/read.h"

#include "data/tables.h"
#include "tests/unit/banners_cases.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

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

static struct banner_report report_of(const struct banner_report_case *c)
{
	return (struct banner_report){
		.method = slice_str(c->method),
		.host = slice_str(c->host),
		.path = slice_str(c->path),
		.query = slice_str(c->query),
		.body = slice_str(c->body),
	};
}

static void test_cases(void **state)
{
	struct banners *t = table();
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(banner_report_cases) / sizeof(banner_report_cases[0]); i++) {
		const struct banner_report_case *c = &banner_report_cases[i];
		struct banner_report report = report_of(c);
		struct banner_reading r;
		bool body;

		assert_true(banner_is_report(t, &report, &body));
		assert_true(body == (strcmp(c->method, "POST") == 0));
		assert_true(banner_read_report(t, &report, &r));
		if (r.state == c->state && r.granted == c->granted)
			continue;
		wrong++;
		fprintf(stderr, "%s: %s (granted %u) instead of %s (%u): %s\n\t%s%s\n", c->row,
			banner_state_word(r.state), r.granted, banner_state_word(c->state),
			c->granted, r.why, c->query, c->body);
	}
	assert_int_equal(wrong, 0);
	banners_free(t);
}

static void check_not(const struct banners *t, const char *method, const char *host,
		      const char *path)
{
	struct banner_report report = {
		.method = slice_str(method),
		.host = slice_str(host),
		.path = slice_str(path),
		.body = SLICE("{\"purposes\":[{\"Id\":\"a\",\"TransactionType\":\"CONFIRMED\"}]}"),
	};
	struct banner_reading r;
	bool body = true;

	if (banner_is_report(t, &report, &body) || body || banner_read_report(t, &report, &r) ||
	    r.state != BANNER_NONE)
		fail_msg("%s %s%s is taken for a report", method, host, path);
}

/* Another method, host or path is no report, however much it looks like one. */
static void test_others(void **state)
{
	struct banners *t = table();

	(void)state;
	check_not(t, "GET", "privacyportal.onetrust.com", "/request/v1/consentreceipts");
	check_not(t, "POST", "privacyportal.onetrust.com.evil.example",
		  "/request/v1/consentreceipts");
	check_not(t, "POST", "evilonetrust.com", "/request/v1/consentreceipts");
	check_not(t, "POST", ".onetrust.com", "/request/v1/consentreceipts");
	check_not(t, "POST", "privacyportal.onetrust.com", "/request/v1/consentreceipts/x");
	check_not(t, "POST", "api.privacy-center.org", "/v1/event");
	check_not(t, "GET", "cmp.shop.example", "/wrapper/v2/choice/gdpr/11");
	check_not(t, "POST", "cmp.shop.example", "/wrapper/v2/choice/ccpa/11");
	check_not(t, "OPTIONS", "consent-api.service.consent.usercentrics.eu", "/consent/uw/3");
	banners_free(t);
}

static void test_host_case(void **state)
{
	struct banners *t = table();
	struct banner_report report = {
		.method = SLICE("POST"),
		.host = SLICE("PrivacyPortal.OneTrust.COM"),
		.path = SLICE("/request/v1/consentreceipts"),
		.body = SLICE("{\"purposes\":[{\"Id\":\"a\",\"TransactionType\":\"CONFIRMED\"}]}"),
	};
	struct banner_reading r;

	(void)state;
	assert_true(banner_read_report(t, &report, &r));
	assert_int_equal(r.state, BANNER_ACCEPT);
	banners_free(t);
}

/* A body beyond the cap, and one that nests too deep, are not looked into. */
static void test_bounds(void **state)
{
	struct banners *t = table();
	struct banner_report report = {
		.method = SLICE("POST"),
		.host = SLICE("privacyportal.onetrust.com"),
		.path = SLICE("/request/v1/consentreceipts"),
	};
	struct banner_reading r;
	struct buf body;

	(void)state;
	buf_init(&body, 1 << 20);
	buf_adds(&body, "{\"purposes\":[");
	while (body.len <= BANNER_BODY_MAX)
		buf_adds(&body, "{\"Id\":\"a\",\"TransactionType\":\"CONFIRMED\"},");
	buf_adds(&body, "{\"Id\":\"a\",\"TransactionType\":\"CONFIRMED\"}]}");
	report.body = buf_slice(&body);
	assert_true(banner_read_report(t, &report, &r));
	assert_int_equal(r.state, BANNER_UNREADABLE);
	buf_clear(&body);
	for (unsigned i = 0; i < 30000; i++)
		buf_addc(&body, '[');
	report.body = buf_slice(&body);
	assert_true(banner_read_report(t, &report, &r));
	assert_int_equal(r.state, BANNER_UNREADABLE);
	buf_release(&body);
	banners_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_host_case),
		cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
