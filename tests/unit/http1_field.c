/* The list of fields, the known names, octet classes, methods, dates. */
#include "proxy/http/chars.h"
#include "proxy/http/date.h"
#include "proxy/http/field.h"
#include "proxy/http/method.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

/* The grammar once more, slowly: RFC 9110 section 5.6.2, RFC 3986 section 2. */
static bool slow_is(unsigned c, uint8_t kind)
{
	bool digit = c >= '0' && c <= '9';
	bool alpha = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

	switch (kind) {
	case CHAR_TOKEN:
		return digit || alpha || (c != 0 && strchr("!#$%&'*+-.^_`|~", (int)c) != NULL);
	case CHAR_VALUE:
		return c == '\t' || (c >= 0x20 && c != 0x7f);
	case CHAR_TARGET:
		return c > 0x20 && c < 0x7f && c != '#';
	case CHAR_HOST:
		return digit || alpha || c == '-' || c == '.' || c == '_';
	default:
		return digit || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
	}
}

static void test_chars(void **state)
{
	static const uint8_t kinds[] = { CHAR_TOKEN, CHAR_VALUE, CHAR_TARGET, CHAR_HOST, CHAR_HEX };

	(void)state;
	for (unsigned c = 0; c < 256; c++) {
		char octet = (char)c;

		for (size_t k = 0; k < sizeof(kinds); k++) {
			assert_int_equal(char_is(octet, kinds[k]), slow_is(c, kinds[k]));
			assert_int_equal(chars_all(slice_of(&octet, 1), kinds[k]),
					 slow_is(c, kinds[k]));
		}
	}
	assert_true(chars_all(SLICE(""), CHAR_TOKEN));
	assert_false(chars_token(SLICE("")));
	assert_false(chars_token(SLICE("a b")));
}

/* Every octet at every place of strings of every length around the eight that are read at once. */
static void test_value_end(void **state)
{
	char *text = malloc(40);

	(void)state;
	assert_non_null(text);
	for (size_t n = 0; n <= 40; n++) {
		char *p = text + 40 - n; /* so that the end is the end of the memory */

		memset(text, 0xa0, 40);
		assert_ptr_equal(chars_value_end(p, p + n), p + n);
		for (size_t at = 0; at < n; at++) {
			for (unsigned c = 0; c < 256; c++) {
				p[at] = (char)c;
				assert_ptr_equal(chars_value_end(p, p + n),
						 slow_is(c, CHAR_VALUE) ? p + n : p + at);
			}
			p[at] = '\t';
		}
	}
	free(text);
}

static void upper(struct slice s, char *out)
{
	for (size_t i = 0; i < s.n; i++)
		out[i] = s.p[i] >= 'a' && s.p[i] <= 'z' ? (char)(s.p[i] - 'a' + 'A') : s.p[i];
}

/* Each name is found in both cases, and no name that differs in one octet or in its length. */
static void check_known(enum field_id id)
{
	struct slice name = field_id_name(id);
	char other[64];

	assert_true(name.n > 0 && name.n + 1 < sizeof(other));
	assert_int_equal(field_id_of(name), id);
	upper(name, other);
	assert_int_equal(field_id_of(slice_of(other, name.n)), id);
	other[name.n] = 's';
	assert_int_not_equal(field_id_of(slice_of(other, name.n + 1)), id);
	assert_int_not_equal(field_id_of(slice_of(other, name.n - 1)), id);
	for (size_t i = 0; i < name.n; i++) {
		memcpy(other, name.p, name.n);
		for (unsigned c = 0; c < 256; c++) {
			other[i] = (char)c;
			if (char_is(other[i], CHAR_TOKEN) &&
			    ascii_lower(other[i]) != ascii_lower(name.p[i]))
				assert_int_not_equal(field_id_of(slice_of(other, name.n)), id);
		}
	}
}

static void test_known_names(void **state)
{
	(void)state;
	for (int id = FIELD_HOST; id < FIELD_IDS; id++)
		check_known((enum field_id)id);
	assert_int_equal(field_id_name(FIELD_OTHER).n, 0);
	assert_int_equal(field_id_name(FIELD_IDS).n, 0);
	assert_int_equal(field_id_of(SLICE("")), FIELD_OTHER);
	assert_int_equal(field_id_of(SLICE("x-forwarded-for")), FIELD_OTHER);
	assert_int_equal(field_id_of(SLICE("Proxy-Status")), FIELD_PROXY_OTHER);
	assert_int_equal(field_id_of(SLICE("proxy-")), FIELD_PROXY_OTHER);
	assert_int_equal(field_id_of(SLICE("proxy")), FIELD_OTHER);
	assert_int_equal(field_id_of(SLICE("proxies-x")), FIELD_OTHER);
	assert_int_equal(field_id_of(SLICE("proxy-a-name-longer-than-any-known-name")),
			 FIELD_PROXY_OTHER);
}

/* RFC 9110 sections 6.5.1 and 7.6.1. */
static void test_kinds(void **state)
{
	static const char *const hop[] = { "Connection",
					   "Keep-Alive",
					   "Proxy-Connection",
					   "Proxy-Authorization",
					   "Proxy-Authenticate",
					   "Proxy-Authentication-Info",
					   "TE",
					   "Transfer-Encoding",
					   "Upgrade",
					   "HTTP2-Settings" };
	static const char *const end_to_end[] = { "Host",	   "Cookie",
						  "Set-Cookie",	   "Content-Length",
						  "Authorization", "Expect",
						  "Trailer",	   "X" };
	static const char *const not_in_trailers[] = {
		"Host",
		"Content-Length",
		"Transfer-Encoding",
		"Cookie",
		"Set-Cookie",
		"Trailer",
		"Authorization",
		"WWW-Authenticate",
		"Cache-Control",
		"Vary",
		"Content-Encoding",
		"Content-Type",
		"Content-Range",
		"TE",
		"Location",
		"Proxy-Whatever",
	};
	static const char *const in_trailers[] = { "ETag", "Server", "X-Checksum", "Digest" };

	(void)state;
	for (size_t i = 0; i < sizeof(hop) / sizeof(hop[0]); i++)
		assert_true(field_hop_by_hop(field_id_of(slice_str(hop[i]))));
	for (size_t i = 0; i < sizeof(end_to_end) / sizeof(end_to_end[0]); i++)
		assert_false(field_hop_by_hop(field_id_of(slice_str(end_to_end[i]))));
	for (size_t i = 0; i < sizeof(not_in_trailers) / sizeof(not_in_trailers[0]); i++)
		assert_true(field_no_trailer(field_id_of(slice_str(not_in_trailers[i]))));
	for (size_t i = 0; i < sizeof(in_trailers) / sizeof(in_trailers[0]); i++)
		assert_false(field_no_trailer(field_id_of(slice_str(in_trailers[i]))));
}

static void expect_order(const struct fields *f, const char *names)
{
	char got[64];
	size_t n = 0;

	for (uint32_t i = 0; i < f->n && n < sizeof(got) - 1; i++)
		got[n++] = f->v[i].name.p[0];
	got[n] = '\0';
	assert_string_equal(got, names);
}

static void test_list(void **state)
{
	struct fields f;
	const struct field *at;

	(void)state;
	fields_init(&f, 16, 4096);
	assert_true(fields_add(&f, SLICE("Accept"), SLICE("a")));
	assert_true(fields_add(&f, SLICE("cookie"), SLICE("1")));
	assert_true(fields_add(&f, SLICE("x-b"), SLICE("b")));
	assert_true(fields_add(&f, SLICE("Cookie"), SLICE("2")));
	assert_true(fields_add_first(&f, SLICE("Host"), SLICE("h")));
	expect_order(&f, "HAcxC");
	assert_int_equal(fields_count(&f, FIELD_COOKIE), 2);
	assert_int_equal(fields_count_name(&f, SLICE("COOKIE")), 2);
	at = fields_find(&f, FIELD_COOKIE);
	assert_true(slice_eq(at->value, SLICE("1")));
	at = fields_next(&f, at);
	assert_true(slice_eq(at->value, SLICE("2")));
	assert_null(fields_next(&f, at));
	assert_true(fields_set(&f, at, SLICE(" two ")));
	assert_true(slice_eq(at->value, SLICE("two")));
	assert_true(slice_eq(fields_value(&f, FIELD_COOKIE), SLICE("1")));
	assert_null(fields_value(&f, FIELD_EXPECT).p);
	assert_null(fields_find_name(&f, SLICE("x")));
	fields_remove(&f, fields_find_name(&f, SLICE("X-B")));
	fields_remove(&f, NULL);
	expect_order(&f, "HAcC");
	assert_int_equal(fields_remove_all(&f, FIELD_COOKIE), 2);
	assert_int_equal(fields_remove_all(&f, FIELD_COOKIE), 0);
	expect_order(&f, "HA");
	assert_null(fields_find(&f, FIELD_COOKIE));
	assert_true(fields_ok(&f));
	fields_clear(&f);
	assert_null(fields_find(&f, FIELD_HOST));
	fields_release(&f);
}

/* What could split or bend a head never gets into the list. */
static void test_unsound(void **state)
{
	static const struct {
		struct slice name, value;
	} table[] = {
		{ { "", 0 }, { "v", 1 } },	    { { "a b", 3 }, { "v", 1 } },
		{ { "a:", 2 }, { "v", 1 } },	    { { "a\r\nb", 4 }, { "v", 1 } },
		{ { "a\0", 2 }, { "v", 1 } },	    { { "\xc3\xa4", 2 }, { "v", 1 } },
		{ { "a", 1 }, { "b\r\nc: d", 7 } }, { { "a", 1 }, { "b\nc", 3 } },
		{ { "a", 1 }, { "b\rc", 3 } },	    { { "a", 1 }, { "b\0c", 3 } },
		{ { "a", 1 }, { "b\x7f", 2 } },	    { { "a", 1 }, { "12345678\x1b", 9 } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct fields f;

		fields_init(&f, 4, 256);
		assert_true(fields_add(&f, SLICE("x"), SLICE("good")));
		assert_false(fields_add(&f, table[i].name, table[i].value));
		assert_false(fields_ok(&f));
		fields_clear(&f);
		assert_true(fields_ok(&f));
		assert_false(fields_add_first(&f, table[i].name, table[i].value));
		assert_false(fields_add_copy(&f, table[i].name, table[i].value));
		assert_int_equal(f.n, 0);
		fields_clear(&f);
		assert_true(fields_add(&f, SLICE("x"), SLICE("good")));
		if (table[i].name.n == 1) {
			assert_false(fields_set(&f, &f.v[0], table[i].value));
			assert_true(slice_eq(f.v[0].value, SLICE("good")));
		}
		fields_release(&f);
	}
}

static void test_caps(void **state)
{
	struct fields f;
	char text[64];

	(void)state;
	memset(text, 'x', sizeof(text));
	fields_init(&f, 2, 100);
	assert_true(fields_add(&f, SLICE("a"), SLICE("1")));
	assert_true(fields_add(&f, SLICE("b"), SLICE("2")));
	assert_false(fields_add(&f, SLICE("c"), SLICE("3")));
	assert_false(fields_ok(&f));
	fields_clear(&f);
	assert_non_null(fields_keep(&f, slice_of(text, 60)).p);
	assert_null(fields_keep(&f, slice_of(text, 41)).p);
	assert_false(fields_ok(&f));
	/* An edit that found no room is refused, so nobody takes it for an empty value. */
	assert_true(fields_add(&f, SLICE("a"), SLICE("1")));
	assert_false(fields_set(&f, &f.v[0], fields_keep(&f, slice_of(text, 41))));
	assert_true(slice_eq(f.v[0].value, SLICE("1")));
	fields_clear(&f);
	assert_non_null(fields_keep(&f, slice_of(text, 60)).p);
	assert_non_null(fields_keep(&f, slice_of(text, 40)).p);
	assert_non_null(fields_keep(&f, SLICE("")).p);
	assert_null(fields_room(&f, SIZE_MAX));
	fields_release(&f);
}

/* Kept bytes stay where they are, however many follow. */
static void test_kept_memory(void **state)
{
	struct fields f;
	struct slice first;

	(void)state;
	fields_init(&f, 2000, 1024 * 1024);
	for (unsigned round = 0; round < 3; round++) {
		first = fields_keep(&f, SLICE("first"));
		for (unsigned i = 0; i < 1000; i++) {
			char name[16] = "x-";

			for (unsigned v = i, at = 2; at < 6; at++, v /= 10)
				name[at] = (char)('0' + v % 10);
			assert_true(fields_add_copy(&f, slice_of(name, 6), slice_of(name, 6)));
		}
		assert_non_null(fields_room(&f, 100 * 1024));
		assert_true(slice_eq(first, SLICE("first")));
		assert_true(slice_eq(f.v[777].value, SLICE("x-7770")));
		assert_int_equal(f.n, 1000);
		fields_clear(&f);
	}
	fields_release(&f);
}

/* When the bytes move, what points into them follows, and nothing else does. */
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

static void test_tokens(void **state)
{
	static const struct {
		const char *value;
		bool has; /* "chunked" */
	} table[] = {
		{ "chunked", true },
		{ "Chunked", true },
		{ "gzip, chunked", true },
		{ "gzip,chunked,x", true },
		{ ",, chunked ,", true },
		{ "chunked;q=1", true },
		{ "chunked ;q=1", true },
		{ "\tchunked\t", true },
		{ "xchunked", false },
		{ "chunkedx", false },
		{ "\"chunked\"", false },
		{ "chunked chunked", false },
		{ "", false },
		{ ",", false },
		{ ";chunked", false },
	};
	struct fields f;

	(void)state;
	fields_init(&f, 4, 64);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		fields_clear(&f);
		fields_add(&f, SLICE("TE"), SLICE("first"));
		fields_add(&f, SLICE("te"), slice_str(table[i].value));
		if (fields_has_token(&f, FIELD_TE, SLICE("chunked")) != table[i].has)
			fail_msg("%s", table[i].value);
		assert_true(fields_has_token(&f, FIELD_TE, SLICE("FIRST")));
		assert_false(fields_has_token(&f, FIELD_CONNECTION, SLICE("first")));
	}
	fields_release(&f);
}

static void test_methods(void **state)
{
	static const struct {
		const char *name;
		enum http_method id;
		bool idempotent;
	} table[] = {
		{ "GET", METHOD_GET, true },	     { "HEAD", METHOD_HEAD, true },
		{ "POST", METHOD_POST, false },	     { "PUT", METHOD_PUT, true },
		{ "DELETE", METHOD_DELETE, true },   { "CONNECT", METHOD_CONNECT, false },
		{ "OPTIONS", METHOD_OPTIONS, true }, { "TRACE", METHOD_TRACE, true },
		{ "PATCH", METHOD_PATCH, false },    { "get", METHOD_OTHER, false },
		{ "GETS", METHOD_OTHER, false },     { "GE", METHOD_OTHER, false },
		{ "", METHOD_OTHER, false },	     { "PROPFIND", METHOD_OTHER, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		assert_int_equal(method_of(slice_str(table[i].name)), table[i].id);
		assert_int_equal(method_idempotent(table[i].id), table[i].idempotent);
	}
}

static void test_date(void **state)
{
	static const struct {
		int64_t wall_ms;
		const char *text;
	} table[] = {
		{ 0, "Thu, 01 Jan 1970 00:00:00 GMT" },
		{ -1, "Thu, 01 Jan 1970 00:00:00 GMT" },
		{ INT64_MIN, "Thu, 01 Jan 1970 00:00:00 GMT" },
		{ INT64_C(784111777000), "Sun, 06 Nov 1994 08:49:37 GMT" }, /* RFC 9110's */
		{ INT64_C(951782400000), "Tue, 29 Feb 2000 00:00:00 GMT" },
		{ INT64_C(951868800000), "Wed, 01 Mar 2000 00:00:00 GMT" },
		{ INT64_C(4107542399999), "Sun, 28 Feb 2100 23:59:59 GMT" },
		{ INT64_C(4107542400000), "Mon, 01 Mar 2100 00:00:00 GMT" },
		{ INT64_C(1798761599000), "Thu, 31 Dec 2026 23:59:59 GMT" },
		{ INT64_C(253402300799000), "Fri, 31 Dec 9999 23:59:59 GMT" },
		{ INT64_MAX, "Fri, 31 Dec 9999 23:59:59 GMT" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct buf out;

		buf_init(&out, 64);
		assert_true(http_date(&out, table[i].wall_ms));
		if (!slice_eq(buf_slice(&out), slice_str(table[i].text)))
			fail_msg("%.*s instead of %s", SLICE_ARG(buf_slice(&out)), table[i].text);
		buf_release(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_chars),	    cmocka_unit_test(test_value_end),
		cmocka_unit_test(test_known_names), cmocka_unit_test(test_kinds),
		cmocka_unit_test(test_list),	    cmocka_unit_test(test_unsound),
		cmocka_unit_test(test_caps),	    cmocka_unit_test(test_kept_memory),
		cmocka_unit_test(test_rebase),	    cmocka_unit_test(test_tokens),
		cmocka_unit_test(test_methods),	    cmocka_unit_test(test_date),
	};

	return cmocka_run_group_tests_name("http1_field", tests, NULL, NULL);
}
