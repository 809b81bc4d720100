/* host[:port]: one form for each host, and nothing that two readers could take for two hosts. */
#include "proxy/http/uri.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#define L10 "abcdefghij"
#define L60 L10 L10 L10 L10 L10 L10
#define L63 L60 "abc"

static void test_good(void **state)
{
	static const struct {
		const char *text, *host;
		enum host_kind kind;
		unsigned port;
		bool dotted;
	} table[] = {
		{ "example.org", "example.org", HOST_NAME, 0, false },
		{ "EXAMPLE.org:443", "example.org", HOST_NAME, 443, false },
		{ "example.org:", "example.org", HOST_NAME, 0, false },
		{ "example.org.", "example.org", HOST_NAME, 0, true },
		{ "example.org.:8080", "example.org", HOST_NAME, 8080, true },
		{ "localhost:65535", "localhost", HOST_NAME, 65535, false },
		{ "a_b.-x-.example:1", "a_b.-x-.example", HOST_NAME, 1, false },
		{ "xn--bcher-kva.example:00080", "xn--bcher-kva.example", HOST_NAME, 80, false },
		{ "1.2.3.4.example", "1.2.3.4.example", HOST_NAME, 0, false },
		{ "0xg", "0xg", HOST_NAME, 0, false },
		{ "1a", "1a", HOST_NAME, 0, false },
		{ L63 "." L63, L63 "." L63, HOST_NAME, 0, false },
		{ L63 "." L63 "." L63 "." L60 "a.", L63 "." L63 "." L63 "." L60 "a", HOST_NAME, 0,
		  true },
		{ "192.0.2.1", "192.0.2.1", HOST_IPV4, 0, false },
		{ "0.0.0.0:80", "0.0.0.0", HOST_IPV4, 80, false },
		{ "255.255.255.255.", "255.255.255.255", HOST_IPV4, 0, true },
		{ "[::1]", "::1", HOST_IPV6, 0, false },
		{ "[::]:443", "::", HOST_IPV6, 443, false },
		{ "[::1]:", "::1", HOST_IPV6, 0, false },
		{ "[2001:0DB8:0:0:0:0:0:1]:80", "2001:db8::1", HOST_IPV6, 80, false },
		{ "[1:0:0:2:0:0:0:3]", "1:0:0:2::3", HOST_IPV6, 0, false },
		{ "[::FFFF:192.0.2.1]", "::ffff:192.0.2.1", HOST_IPV6, 0, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct authority a;
		const char *reason = authority_parse(&a, slice_str(table[i].text));

		if (reason != NULL)
			fail_msg("%s: %s", table[i].text, reason);
		if (a.kind != table[i].kind || strcmp(a.host, table[i].host) != 0 ||
		    a.len != strlen(a.host) || a.port != table[i].port ||
		    a.dotted != table[i].dotted)
			fail_msg("%s: kind %d host %s port %u", table[i].text, (int)a.kind, a.host,
				 a.port);
	}
}

static void test_refused(void **state)
{
	static const struct slice table[] = {
		{ "", 0 },
		{ ":80", 3 },
		{ ".", 1 },
		{ "..", 2 },
		{ ".a", 2 },
		{ "a..b", 4 },
		{ "a..", 3 },
		{ "a b", 3 },
		{ " a", 2 },
		{ "a\t", 2 },
		{ "a\0b", 3 },
		{ "a\r\nb", 4 },
		{ "a/b", 3 },
		{ "a?b", 3 },
		{ "a#b", 3 },
		{ "a\\b", 3 },
		{ "u@h", 3 },
		{ "u:p@h", 5 },
		{ "%61", 3 },
		{ "a,b", 3 },
		{ "*", 1 },
		{ "b\xc3\xbc"
		  "cher",
		  7 },
		/* ports */
		{ "a:0", 3 },
		{ "a:65536", 7 },
		{ "a:000080", 8 },
		{ "a:-1", 4 },
		{ "a:+80", 5 },
		{ "a: 80", 5 },
		{ "a:80 ", 5 },
		{ "a:http", 6 },
		{ "a:80:80", 7 },
		{ "a:0x50", 6 },
		/* what some resolvers take for 127.0.0.1, and addresses that are none */
		{ "127.1", 5 },
		{ "127.0.1", 7 },
		{ "2130706433", 10 },
		{ "0x7f000001", 10 },
		{ "0x7f.1", 6 },
		{ "0177.0.0.1", 10 },
		{ "127.0.0.01", 10 },
		{ "127.0.0.0x1", 11 },
		{ "127.0.0.256", 11 },
		{ "1.2.3.4.5", 9 },
		{ "1.2.3.4..", 9 },
		{ "a.1", 3 },
		{ "a.0x", 4 },
		{ "a.0XfF", 6 },
		{ "0", 1 },
		/* brackets */
		{ "[", 1 },
		{ "[]", 2 },
		{ "[::1", 4 },
		{ "::1", 3 },
		{ "[::1]80", 7 },
		{ "[::1]x:80", 9 },
		{ "[::1]]:80", 9 },
		{ "[[::1]]:80", 10 },
		{ "[::1%25eth0]", 12 },
		{ "[fe80::1%eth0]", 14 },
		{ "[v1.x]", 6 },
		{ "[1.2.3.4]", 9 },
		{ "[example.org]", 13 },
		{ "[::1\0]", 6 },
		{ "[0:0:0:0:0:0:0:0:1]", 19 },
		{ "[::12345]", 9 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct authority a;

		if (authority_parse(&a, table[i]) == NULL)
			fail_msg("'%.*s' passed as %s", SLICE_ARG(table[i]), a.host);
		assert_int_equal(a.kind, HOST_NONE);
		assert_int_equal(a.len, 0);
	}
}

static void test_lengths(void **state)
{
	struct authority a;

	(void)state;
	assert_non_null(authority_parse(&a, SLICE(L63 "a.example")));
	assert_non_null(authority_parse(&a, SLICE("example." L63 "a")));
	assert_non_null(authority_parse(&a, SLICE(L63 "." L63 "." L63 "." L60 "ab")));
	assert_non_null(authority_parse(&a, SLICE(L63 "." L63 "." L63 "." L60 "ab.")));
	assert_non_null(authority_parse(&a, SLICE("[::1" L63 "]")));
}

static void test_connect_and_host(void **state)
{
	struct authority a;

	(void)state;
	assert_null(authority_parse_connect(&a, SLICE("h:443")));
	assert_int_equal(a.port, 443);
	assert_non_null(authority_parse_connect(&a, SLICE("h")));
	assert_non_null(authority_parse_connect(&a, SLICE("h:")));
	assert_int_equal(a.kind, HOST_NONE);
	assert_non_null(authority_parse_connect(&a, SLICE("[::1]")));
	assert_null(authority_parse_host(&a, SLICE("h")));
	assert_null(authority_parse_host(&a, SLICE("[::1]")));
	assert_non_null(authority_parse_host(&a, SLICE("h:")));
	assert_non_null(authority_parse_host(&a, SLICE("h:80")));
	assert_non_null(authority_parse_host(&a, SLICE("[::1]:80")));
}

static void test_eq(void **state)
{
	static const struct {
		const char *a, *b;
		bool eq; /* with default port 443 */
	} table[] = {
		{ "h", "H.:443", true },
		{ "h:443", "h:", true },
		{ "h", "h:80", false },
		{ "h", "i", false },
		{ "[::1]", "[0::1]:443", true },
		{ "[::1]", "[::2]", false },
		{ "1.2.3.4", "1.2.3.4.", true },
		{ "h:80", "h:80", true },
		{ "[::ffff:1.2.3.4]", "1.2.3.4", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct authority a, b;

		assert_null(authority_parse(&a, slice_str(table[i].a)));
		assert_null(authority_parse(&b, slice_str(table[i].b)));
		assert_int_equal(authority_eq(&a, &b, 443), table[i].eq);
		assert_int_equal(authority_eq(&b, &a, 443), table[i].eq);
	}
}

static void test_write(void **state)
{
	static const struct {
		const char *text, *written; /* with default port 80 */
	} table[] = {
		{ "Example.org", "example.org" }, { "h:80", "h" },
		{ "h:8080", "h:8080" },		  { "[0::1]:80", "[::1]" },
		{ "[::1]:443", "[::1]:443" },	  { "1.2.3.4:", "1.2.3.4" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct authority a, again;
		struct buf out;

		buf_init(&out, 300);
		assert_null(authority_parse(&a, slice_str(table[i].text)));
		assert_true(authority_write(&out, &a, 80));
		assert_true(slice_eq(buf_slice(&out), slice_str(table[i].written)));
		assert_null(authority_parse(&again, buf_slice(&out)));
		assert_true(authority_eq(&a, &again, 80));
		buf_release(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),	cmocka_unit_test(test_refused),
		cmocka_unit_test(test_lengths), cmocka_unit_test(test_connect_and_host),
		cmocka_unit_test(test_eq),	cmocka_unit_test(test_write),
	};

	return cmocka_run_group_tests_name("http1_uri", tests, NULL, NULL);
}
