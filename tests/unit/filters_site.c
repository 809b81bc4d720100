/* Sites of hosts, and URLs. */
#include "filters/site.h"
#include "filters/url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

static void test_site(void **state)
{
	static const struct {
		const char *host, *site; /* NULL: no host */
	} table[] = {
		{ "www.example.com", "example.com" },
		{ "WWW.Example.COM.", "example.com" },
		{ "example.com", "example.com" },
		{ "com", "com" },
		{ "a.b.c.co.uk", "c.co.uk" },
		{ "co.uk", "co.uk" },
		{ "user.github.io", "user.github.io" },
		{ "github.io", "github.io" },
		{ "www.ck", "www.ck" },
		{ "a.b.ck", "a.b.ck" },
		{ "localhost", "localhost" },
		{ "printer.school.internal", "school.internal" },
		{ "crumbgate.internal", "crumbgate.internal" },
		{ "10.20.30.40", "10.20.30.40" },
		{ "[2001:DB8::1]", "[2001:db8::1]" },
		{ "2001:db8::1", "2001:db8::1" },
		{ "0x7f.1", "0x7f.1" },
		{ "xn--85x722f.xn--55qx5d.cn", "xn--85x722f.xn--55qx5d.cn" },
		{ "www.xn--85x722f.com.cn", "xn--85x722f.com.cn" },
		{ "_srv.example.com", "example.com" },
		{ "", NULL },
		{ ".", NULL },
		{ ".com", NULL },
		{ "a..b", NULL },
		{ "a b.example", NULL },
		{ "a/b.example", NULL },
		{ "a.example\n", NULL },
		{ "\xc3\xa9.example", NULL },
	};
	struct sites *sites = sites_new(SITES_BUILTIN);
	char site[SITE_MAX];

	(void)state;
	assert_non_null(sites);
	/* Twice: the second time from the cache. */
	for (size_t i = 0; i < 2 * sizeof(table) / sizeof(table[0]); i++) {
		size_t n = i % (sizeof(table) / sizeof(table[0]));
		bool good = site_of_host(sites, slice_str(table[n].host), site);

		if (good != (table[n].site != NULL) ||
		    strcmp(site, table[n].site != NULL ? table[n].site : "") != 0)
			fail_msg("%s: '%s'", table[n].host, site);
	}
	assert_true(site_is_public_suffix(sites, SLICE("Co.UK.")));
	assert_false(site_is_public_suffix(sites, SLICE("a.co.uk")));
	assert_false(site_is_public_suffix(sites, SLICE("1.2.3.4")));
	assert_true(same_site("a.example", "a.example"));
	assert_false(same_site("a.example", "b.example"));
	assert_false(same_site("", ""));
	sites_free(sites);
}

static void test_long_hosts(void **state)
{
	struct sites *sites = sites_new(SITES_LATEST);
	char host[300], site[SITE_MAX];

	(void)state;
	assert_non_null(sites);
	memset(host, 'a', sizeof(host));
	for (size_t i = 50; i < sizeof(host); i += 50)
		host[i] = '.';
	memcpy(host + 243, ".b.example", 10);
	assert_true(site_of_host(sites, slice_of(host, 253), site));
	assert_string_equal(site, "b.example");
	assert_true(site_of_host(sites, slice_of(host, 255), site) || site[0] == '\0');
	assert_false(site_of_host(sites, slice_of(host, 256), site));
	assert_string_equal(site, "");
	sites_free(sites);
}

static void test_own_list(void **state)
{
	struct sites *sites = sites_new_from_text(SLICE("example\n*.school.example\n"));
	char site[SITE_MAX];

	(void)state;
	assert_non_null(sites);
	assert_true(site_of_host(sites, SLICE("www.b.school.example"), site));
	assert_string_equal(site, "www.b.school.example");
	assert_true(site_of_host(sites, SLICE("www.shop.example"), site));
	assert_string_equal(site, "shop.example");
	sites_free(sites);
	assert_null(sites_new_from_text(SLICE("")));
}

static void test_url(void **state)
{
	static const struct {
		const char *url, *host;
		unsigned port;
		const char *target;
		bool secure;
	} table[] = {
		{ "https://a.example/x?y=z#f", "a.example", 443, "/x?y=z", true },
		{ "https://a.example", "a.example", 443, "/", true },
		{ "HTTP://A.example:8080/", "A.example", 8080, "/", false },
		{ "http://a.example:/", "a.example", 80, "/", false },
		{ "https://u:p@a.example/x", "a.example", 443, "/x", true },
		{ "wss://[::1]:9443/s", "[::1]", 9443, "/s", true },
		{ "https://[::1]", "[::1]", 443, "/", true },
		{ "https://a.example?q", "a.example", 443, "?q", true },
		{ "null", NULL, 0, NULL, false },
		{ "", NULL, 0, NULL, false },
		{ "about:client", NULL, 0, NULL, false },
		{ "https://", NULL, 0, NULL, false },
		{ "https://:443/", NULL, 0, NULL, false },
		{ "https://a.example:99999/", NULL, 0, NULL, false },
		{ "https://[::1/", NULL, 0, NULL, false },
		{ "android-app://com.example/", NULL, 0, NULL, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct url_parts u;
		bool good = url_split(slice_str(table[i].url), &u);

		if (good != (table[i].host != NULL))
			fail_msg("%s: %d", table[i].url, good);
		if (!good)
			continue;
		assert_true(slice_eq(u.host, slice_str(table[i].host)));
		assert_int_equal(u.port, table[i].port);
		assert_true(slice_eq(u.target, slice_str(table[i].target)));
		assert_int_equal(u.secure, table[i].secure);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_site),
		cmocka_unit_test(test_long_hosts),
		cmocka_unit_test(test_own_list),
		cmocka_unit_test(test_url),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
