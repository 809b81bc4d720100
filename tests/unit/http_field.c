/* Fields, hosts, methods, dates: what HTTP/1 and HTTP/2 share. */
#include "proxy/http/chars.h"
#include "proxy/http/date.h"
#include "proxy/http/field.h"
#include "proxy/http/method.h"
#include "proxy/http/uri.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

/* A slice in a static table. */
#define B(literal)                                                                                 \
	{                                                                                          \
		(literal), sizeof(literal) - 1                                                     \
	}

static void test_known_names(void **state)
{
	(void)state;
	for (unsigned id = FIELD_PROXY_OTHER + 1; id < FIELD_IDS; id++) {
		struct slice name = field_id_name((enum field_id)id);
		char upper[64];

		assert_true(name.n != 0 && name.n < sizeof(upper));
		assert_int_equal(field_id_of(name), id);
		for (size_t i = 0; i < name.n; i++)
			upper[i] = name.p[i] >= 'a' && name.p[i] <= 'z' ? (char)(name.p[i] - 32)
									: name.p[i];
		assert_int_equal(field_id_of(slice_of(upper, name.n)), id);
		upper[name.n / 2] = '~';
		assert_true(field_id_of(slice_of(upper, name.n)) <= FIELD_PROXY_OTHER);
	}
}

static void test_unknown_names(void **state)
{
	static const char *const names[] = {
		"",
		"x",
		"hos",
		"hostx",
		"host_",
		"Transfer_Encoding",
		"content_length",
		"h~st",
		"X-Forwarded-For",
		"access-control-allow-originx",
		"cookie2",
		"set-cookie2",
		"proxy",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_int_equal(field_id_of(slice_str(names[i])), FIELD_OTHER);
	assert_int_equal(field_id_of(SLICE("Proxy-Status")), FIELD_PROXY_OTHER);
	assert_int_equal(field_id_of(SLICE("pRoXy-anything-long-that-has-no-id-at-all")),
			 FIELD_PROXY_OTHER);
	assert_true(field_hop_by_hop(FIELD_TE) && !field_hop_by_hop(FIELD_COOKIE));
	assert_true(field_no_trailer(FIELD_SET_COOKIE) && !field_no_trailer(FIELD_OTHER));
}

static void test_list_edits(void **state)
{
	struct fields f;
	struct field *at;

	(void)state;
	fields_init(&f, 100, 4096);
	assert_null(fields_find(&f, FIELD_COOKIE));
	assert_true(fields_add(&f, SLICE("Cookie"), SLICE("a=1")));
	assert_true(fields_add(&f, SLICE("X-A"), SLICE("  1\t")));
	assert_true(fields_add_copy(&f, SLICE("cookie"), SLICE("b=2")));
	assert_true(fields_add_first(&f, SLICE("Host"), SLICE("h")));
	assert_int_equal(f.n, 4);
	assert_int_equal(fields_count(&f, FIELD_COOKIE), 2);
	assert_int_equal(fields_count_name(&f, SLICE("x-a")), 1);
	assert_true(slice_eq(fields_find_name(&f, SLICE("x-a"))->value, SLICE("1")));
	assert_true(slice_eq(f.v[0].name, SLICE("Host")));
	at = fields_find(&f, FIELD_COOKIE);
	assert_true(slice_eq(at->value, SLICE("a=1")));
	assert_true(fields_set(&f, at, fields_keep(&f, SLICE("a=9"))));
	at = fields_next(&f, at);
	assert_true(slice_eq(at->value, SLICE("b=2")));
	assert_null(fields_next(&f, at));
	fields_remove(&f, fields_find(&f, FIELD_COOKIE));
	assert_true(slice_eq(fields_value(&f, FIELD_COOKIE), SLICE("b=2")));
	assert_int_equal(fields_remove_all(&f, FIELD_COOKIE), 1);
	assert_null(fields_find(&f, FIELD_COOKIE));
	assert_null(fields_value(&f, FIELD_COOKIE).p);
	fields_remove(&f, NULL);
	assert_int_equal(f.n, 2);
	assert_true(fields_ok(&f));
	fields_clear(&f);
	assert_int_equal(f.n, 0);
	assert_null(fields_find(&f, FIELD_HOST));
	fields_release(&f);
}

static void test_list_refuses(void **state)
{
	static const struct {
		struct slice name, value;
	} bad[] = {
		{ B(""), B("v") },
		{ B("a b"), B("v") },
		{ B("a:"), B("v") },
		{ B("a\r\n"), B("v") },
		{ B("a"), B("v\r\nX: y") },
		{ B("a"), B("v\n") },
		{ B("a"), B("v\0w") },
		{ B("a"), B("a value of some length\x7f") },
		{ B("a\xe9"), B("v") },
		{ B("a"), B("12345678\x1f") },
		{ B("a"), B("12345678\r34") },
	};
	struct fields f;

	(void)state;
	fields_init(&f, 10, 4096);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(fields_add(&f, bad[i].name, bad[i].value));
		assert_false(fields_ok(&f));
		fields_clear(&f);
	}
	assert_true(fields_add(&f, SLICE("a"), SLICE("caf\xe9 \t x")));
	assert_false(fields_set(&f, &f.v[0], SLICE("x\r\n")));
	assert_false(fields_set(&f, &f.v[0], slice_of(NULL, 0)));
	assert_true(slice_eq(f.v[0].value, SLICE("caf\xe9 \t x")));
	fields_release(&f);
}

static void test_list_caps(void **state)
{
	struct fields f;

	(void)state;
	fields_init(&f, 3, 10);
	for (int i = 0; i < 3; i++)
		assert_true(fields_add(&f, SLICE("a"), SLICE("b")));
	assert_false(fields_add(&f, SLICE("a"), SLICE("b")));
	assert_false(fields_ok(&f));
	fields_clear(&f);
	assert_true(fields_keep(&f, SLICE("1234567")).n == 7);
	assert_null(fields_keep(&f, SLICE("1234")).p);
	assert_false(fields_ok(&f));
	assert_false(fields_add_copy(&f, SLICE("abcd"), SLICE("e")));
	fields_clear(&f);
	assert_true(fields_ok(&f));
	assert_true(fields_keep(&f, SLICE("1234567890")).n == 10);
	fields_release(&f);
}

static void test_tokens(void **state)
{
	struct fields f;

	(void)state;
	fields_init(&f, 10, 100);
	fields_add(&f, SLICE("Connection"), SLICE("Keep-Alive , X-A"));
	fields_add(&f, SLICE("X"), SLICE("close"));
	fields_add(&f, SLICE("connection"), SLICE("Upgrade;x=1,,"));
	assert_true(fields_has_token(&f, FIELD_CONNECTION, SLICE("keep-alive")));
	assert_true(fields_has_token(&f, FIELD_CONNECTION, SLICE("x-a")));
	assert_true(fields_has_token(&f, FIELD_CONNECTION, SLICE("upgrade")));
	assert_false(fields_has_token(&f, FIELD_CONNECTION, SLICE("close")));
	assert_false(fields_has_token(&f, FIELD_CONNECTION, SLICE("keep")));
	assert_false(fields_has_token(&f, FIELD_TE, SLICE("trailers")));
	fields_release(&f);
}

static void test_rebase(void **state)
{
	char one[] = "Name: value", *two = malloc(sizeof(one));
	struct fields f;

	(void)state;
	assert_non_null(two);
	memcpy(two, one, sizeof(one));
	fields_init(&f, 10, 100);
	fields_add(&f, slice_of(one, 4), slice_of(one + 6, 5));
	fields_add(&f, SLICE("Other"), SLICE("x"));
	fields_rebase(&f, one, 11, two);
	assert_ptr_equal(f.v[0].name.p, two);
	assert_ptr_equal(f.v[0].value.p, two + 6);
	assert_true(slice_eq(f.v[1].name, SLICE("Other")));
	fields_release(&f);
	free(two);
}

static void test_value_end(void **state)
{
	char text[40];

	(void)state;
	for (size_t at = 0; at < sizeof(text); at++)
		for (unsigned c = 0; c < 256; c++) {
			bool good = c == '\t' || (c >= 0x20 && c != 0x7f);
			const char *stop;

			memset(text, at % 2 != 0 ? 0x80 : '\t', sizeof(text));
			text[at] = (char)c;
			stop = chars_value_end(text, text + sizeof(text));
			assert_ptr_equal(stop, good ? text + sizeof(text) : text + at);
		}
}

struct host_case {
	const char *in, *host; /* host NULL: refused */
	enum host_kind kind;
	unsigned port;
};

static const struct host_case hosts[] = {
	{ "example.com", "example.com", HOST_NAME, 0 },
	{ "EXAMPLE.Com:8443", "example.com", HOST_NAME, 8443 },
	{ "example.com:", "example.com", HOST_NAME, 0 },
	{ "example.com.", "example.com", HOST_NAME, 0 },
	{ "example.com.:80", "example.com", HOST_NAME, 80 },
	{ "my_host-1.test", "my_host-1.test", HOST_NAME, 0 },
	{ "xn--bcher-kva.example", "xn--bcher-kva.example", HOST_NAME, 0 },
	{ "localhost", "localhost", HOST_NAME, 0 },
	{ "1e100.net", "1e100.net", HOST_NAME, 0 },
	{ "a.0xg", "a.0xg", HOST_NAME, 0 },
	{ "127.0.0.1", "127.0.0.1", HOST_IPV4, 0 },
	{ "127.0.0.1.:65535", "127.0.0.1", HOST_IPV4, 65535 },
	{ "[::1]", "::1", HOST_IPV6, 0 },
	{ "[2001:DB8:0:0:0:0:0:1]:443", "2001:db8::1", HOST_IPV6, 443 },
	{ "[::ffff:127.0.0.1]:1", "::ffff:127.0.0.1", HOST_IPV6, 1 },
	{ "[::1]:", "::1", HOST_IPV6, 0 },
	{ "", NULL, HOST_NONE, 0 },
	{ ".", NULL, HOST_NONE, 0 },
	{ ":80", NULL, HOST_NONE, 0 },
	{ ".example.com", NULL, HOST_NONE, 0 },
	{ "a..b", NULL, HOST_NONE, 0 },
	{ "a..", NULL, HOST_NONE, 0 },
	{ "user@example.com", NULL, HOST_NONE, 0 },
	{ "example.com/evil", NULL, HOST_NONE, 0 },
	{ "example.com?x", NULL, HOST_NONE, 0 },
	{ "exa mple.com", NULL, HOST_NONE, 0 },
	{ "ex%61mple.com", NULL, HOST_NONE, 0 },
	{ "b\xc3\xbc"
	  "cher.example",
	  NULL, HOST_NONE, 0 },
	{ "a,b", NULL, HOST_NONE, 0 },
	{ "a\\b", NULL, HOST_NONE, 0 },
	{ "*.example.com", NULL, HOST_NONE, 0 },
	{ "example.com:0", NULL, HOST_NONE, 0 },
	{ "example.com:65536", NULL, HOST_NONE, 0 },
	{ "example.com:000443", NULL, HOST_NONE, 0 },
	{ "example.com:44x3", NULL, HOST_NONE, 0 },
	{ "example.com:-1", NULL, HOST_NONE, 0 },
	{ "example.com:80:80", NULL, HOST_NONE, 0 },
	{ "127.1", NULL, HOST_NONE, 0 },
	{ "2130706433", NULL, HOST_NONE, 0 },
	{ "0x7f000001", NULL, HOST_NONE, 0 },
	{ "0x7F.1", NULL, HOST_NONE, 0 },
	{ "foo.0x", NULL, HOST_NONE, 0 },
	{ "0177.0.0.1", NULL, HOST_NONE, 0 },
	{ "256.0.0.1", NULL, HOST_NONE, 0 },
	{ "1.2.3.4.5", NULL, HOST_NONE, 0 },
	{ "example.123", NULL, HOST_NONE, 0 },
	{ "::1", NULL, HOST_NONE, 0 },
	{ "[::1", NULL, HOST_NONE, 0 },
	{ "[::1]x", NULL, HOST_NONE, 0 },
	{ "[fe80::1%eth0]", NULL, HOST_NONE, 0 },
	{ "[fe80::1%25eth0]", NULL, HOST_NONE, 0 },
	{ "[v1.x]", NULL, HOST_NONE, 0 },
	{ "[127.0.0.1]", NULL, HOST_NONE, 0 },
	{ "[]", NULL, HOST_NONE, 0 },
	{ "[::ffff:127.0.0.1]:99999", NULL, HOST_NONE, 0 },
	{ "../../etc:443", NULL, HOST_NONE, 0 },
};

static void test_hosts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		struct authority a;
		const char *reason = authority_parse(&a, slice_str(hosts[i].in));

		if ((reason == NULL) != (hosts[i].host != NULL))
			fail_msg("\"%s\": %s", hosts[i].in, reason != NULL ? reason : "accepted");
		assert_int_equal(a.kind, hosts[i].kind);
		if (reason != NULL)
			continue;
		assert_string_equal(a.host, hosts[i].host);
		assert_int_equal(a.port, hosts[i].port);
	}
}

static void test_host_edges(void **state)
{
	struct authority a, b;
	struct buf out;
	char name[400];

	(void)state;
	memset(name, 'a', sizeof(name));
	assert_non_null(authority_parse(&a, slice_of(name, 64)));
	assert_null(authority_parse(&a, slice_of(name, 63)));
	for (size_t i = 50; i < sizeof(name); i += 51)
		name[i] = '.';
	assert_null(authority_parse(&a, slice_of(name, 253)));
	assert_non_null(authority_parse(&a, slice_of(name, 254)));
	assert_non_null(authority_parse(&a, SLICE("a\0b")));
	assert_non_null(authority_parse(&a, SLICE("[::1\0]")));
	assert_non_null(authority_parse_connect(&a, SLICE("example.com")));
	assert_non_null(authority_parse_connect(&a, SLICE("example.com:")));
	assert_int_equal(a.kind, HOST_NONE);
	assert_null(authority_parse_connect(&a, SLICE("Example.com:443")));
	assert_null(authority_parse(&b, SLICE("example.COM")));
	assert_true(authority_eq(&a, &b, 443));
	assert_false(authority_eq(&a, &b, 80));
	assert_non_null(authority_parse_host(&b, SLICE("example.com:1")));
	assert_null(authority_parse_host(&b, SLICE("[::0]")));
	b.port = 8443;
	buf_init(&out, 100);
	assert_true(authority_write(&out, &b, 443));
	buf_addc(&out, ' ');
	assert_true(authority_write(&out, &a, 443));
	assert_true(slice_eq(buf_slice(&out), SLICE("[::]:8443 example.com")));
	buf_release(&out);
}

static void test_methods(void **state)
{
	(void)state;
	assert_int_equal(method_of(SLICE("GET")), METHOD_GET);
	assert_int_equal(method_of(SLICE("CONNECT")), METHOD_CONNECT);
	assert_int_equal(method_of(SLICE("get")), METHOD_OTHER);
	assert_int_equal(method_of(SLICE("")), METHOD_OTHER);
	assert_true(method_idempotent(METHOD_PUT));
	assert_false(method_idempotent(METHOD_POST));
	assert_false(method_idempotent(METHOD_OTHER));
}

static void assert_date(int64_t wall_ms, const char *want)
{
	struct buf out;

	buf_init(&out, 100);
	assert_true(http_date(&out, wall_ms));
	assert_true(slice_eq(buf_slice(&out), slice_str(want)));
	buf_release(&out);
}

static void test_dates(void **state)
{
	(void)state;
	assert_date(784111777999, "Sun, 06 Nov 1994 08:49:37 GMT");
	assert_date(0, "Thu, 01 Jan 1970 00:00:00 GMT");
	assert_date(-5, "Thu, 01 Jan 1970 00:00:00 GMT");
	assert_date(951782400000, "Tue, 29 Feb 2000 00:00:00 GMT");
	assert_date(1709251199000, "Thu, 29 Feb 2024 23:59:59 GMT");
	assert_date(1709251200000, "Fri, 01 Mar 2024 00:00:00 GMT");
	assert_date(INT64_MAX, "Fri, 31 Dec 9999 23:59:59 GMT");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_names), cmocka_unit_test(test_unknown_names),
		cmocka_unit_test(test_list_edits),  cmocka_unit_test(test_list_refuses),
		cmocka_unit_test(test_list_caps),   cmocka_unit_test(test_tokens),
		cmocka_unit_test(test_rebase),	    cmocka_unit_test(test_value_end),
		cmocka_unit_test(test_hosts),	    cmocka_unit_test(test_host_edges),
		cmocka_unit_test(test_methods),	    cmocka_unit_test(test_dates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
