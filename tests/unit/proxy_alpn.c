/*
 * proxy: what browsers' own hellos say, what is offered for them, and what is remembered of
 * origins.
 */
#include "proxy/alpn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "proxy/net/hello.h"
#include "proxy/origin.h"
#include "proxy/visitor.h"

/*
 * ---- hellos as the browsers sent them (the corpus of the fuzzer, which has an octet before) ----
 */

static void read_hello(const char *name, struct hello *out)
{
	const char *srcdir = getenv("srcdir");
	char path[512], bytes[8192];
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), "%s/tests/fuzz/corpus/hello/%s", srcdir != NULL ? srcdir : ".",
		 name);
	f = fopen(path, "r");
	if (f == NULL)
		skip();
	n = fread(bytes, 1, sizeof(bytes), f);
	fclose(f);
	assert_true(n > 1);
	for (size_t i = 1; i < n - 1; i++)
		assert_int_equal(hello_parse(slice_of(bytes + 1, i), out), HELLO_MORE);
	assert_int_equal(hello_parse(slice_of(bytes + 1, n - 1), out), HELLO_OK);
}

static void expect_ids(const struct hello_list *got, const uint16_t *want, size_t n)
{
	assert_int_equal(got->n, n);
	assert_memory_equal(got->ids, want, n * sizeof(*want));
}
#define EXPECT(list, ...)                                                                          \
	expect_ids(&(list), (const uint16_t[]){ __VA_ARGS__ },                                     \
		   sizeof((const uint16_t[]){ __VA_ARGS__ }) / sizeof(uint16_t))

static void test_chromium(void **state)
{
	struct hello h;

	(void)state;
	read_hello("chromium", &h);
	assert_string_equal(h.sni, "www.example.com");
	EXPECT(h.suites, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8,
	       0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035);
	EXPECT(h.groups, 0x11ec, 29, 23, 24);
	EXPECT(h.sigalgs, 0x0904, 0x0905, 0x0906, 0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501,
	       0x0806, 0x0601);
	assert_int_equal(alpn_offer_of(&h), ALPN_H2_H1);
	assert_true(h.has_ech);
	assert_int_equal(h.versions, 1u << 2 | 1u << 3);
}

static void test_firefox(void **state)
{
	struct hello h;

	(void)state;
	read_hello("firefox", &h);
	assert_string_equal(h.sni, "localhost");
	EXPECT(h.suites, 0x1301, 0x1303, 0x1302, 0xc02b, 0xc02f, 0xcca9, 0xcca8, 0xc02c, 0xc030,
	       0xc00a, 0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035);
	EXPECT(h.groups, 0x11ec, 29, 23, 24, 25, 256, 257);
	EXPECT(h.sigalgs, 0x0403, 0x0503, 0x0603, 0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601,
	       0x0203, 0x0201);
	assert_int_equal(alpn_offer_of(&h), ALPN_H2_H1);
}

static void test_curl(void **state)
{
	struct hello h;

	(void)state;
	read_hello("curl", &h);
	assert_string_equal(h.sni, "www.example.com");
	assert_int_equal(h.suites.n, 31);
	assert_int_equal(h.suites.ids[0], 0x1302);
	assert_int_equal(h.suites.ids[30], 0x00ff);
	EXPECT(h.groups, 29, 23, 30, 25, 24, 256, 257, 258, 259, 260);
	assert_int_equal(h.sigalgs.n, 20);
	assert_int_equal(alpn_offer_of(&h), ALPN_H2_H1);
	assert_false(h.has_ech);
}

/* ---- lists that are wrong, or long ---- */

/* A hello with these vectors; gives its length. */
static size_t compose(char *out, size_t suites, size_t groups_say, size_t groups_len)
{
	static const char head[] = "\x16\x03\x01\x00\x00\x01\x00\x00\x00\x03\x03";
	size_t n = sizeof(head) - 1, body;

	memcpy(out, head, n);
	memset(out + n, 7, 32);
	n += 32;
	out[n++] = 0;
	out[n++] = (char)(suites >> 8);
	out[n++] = (char)suites;
	for (size_t i = 0; i < suites; i++)
		out[n++] = (char)(i % 2 != 0 ? i / 2 : 0x40);
	out[n++] = 1;
	out[n++] = 0;
	out[n++] = (char)((groups_len + 6) >> 8);
	out[n++] = (char)(groups_len + 6);
	memcpy(out + n, "\x00\x0a", 2);
	n += 2;
	out[n++] = (char)((groups_len + 2) >> 8);
	out[n++] = (char)(groups_len + 2);
	out[n++] = (char)(groups_say >> 8);
	out[n++] = (char)groups_say;
	for (size_t i = 0; i < groups_len; i++)
		out[n++] = i % 4 < 2 ? 0x2a : (char)(i % 4 == 2 ? 0 : 29);
	body = n - 9;
	out[3] = (char)((n - 5) >> 8);
	out[4] = (char)(n - 5);
	out[7] = (char)(body >> 8);
	out[8] = (char)body;
	return n;
}

static void test_lists(void **state)
{
	static const struct {
		size_t suites, say, len;
		enum hello_status status;
		unsigned want_suites, want_groups;
	} rows[] = {
		{ 0, 0, 0, HELLO_OK, 0, 0 },
		{ 2, 4, 4, HELLO_OK, 1, 1 }, /* one of two is GREASE */
		{ 2 * HELLO_LIST_MAX, 8, 8, HELLO_OK, HELLO_LIST_MAX, 2 },
		{ 4 * HELLO_LIST_MAX, 512, 512, HELLO_OK, HELLO_LIST_MAX, HELLO_LIST_MAX },
		{ 3, 4, 4, HELLO_BAD, 0, 0 }, /* half a suite */
		{ 2, 3, 3, HELLO_BAD, 0, 0 }, /* half a group */
		{ 2, 4, 6, HELLO_BAD, 0, 0 }, /* shorter than its extension */
		{ 2, 6, 4, HELLO_BAD, 0, 0 }, /* longer */
		{ 2, 65534, 4, HELLO_BAD, 0, 0 },
	};
	char bytes[2048];
	struct hello h;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t n = compose(bytes, rows[i].suites, rows[i].say, rows[i].len);

		assert_int_equal(hello_parse(slice_of(bytes, n), &h), rows[i].status);
		if (rows[i].status != HELLO_OK)
			continue;
		assert_int_equal(h.suites.n, rows[i].want_suites);
		assert_int_equal(h.groups.n, rows[i].want_groups);
		for (unsigned k = 0; k < h.groups.n; k++)
			assert_int_equal(h.groups.ids[k], 29);
	}
}

/* ---- offers ---- */

static void test_offers(void **state)
{
	static const struct {
		struct slice list;
		enum alpn_offer offer;
		bool settled;
		enum http_protocol protocol;
		struct slice names;
	} rows[] = {
		{ { "", 0 }, ALPN_H1, true, PROTOCOL_H1, { "\x08http/1.1", 9 } },
		{ { "\x08http/1.0", 9 }, ALPN_H1, true, PROTOCOL_H1, { "\x08http/1.1", 9 } },
		{ { "\x08http/1.1", 9 }, ALPN_H1, true, PROTOCOL_H1, { "\x08http/1.1", 9 } },
		{ { "\x02h2", 3 }, ALPN_H2, true, PROTOCOL_H2, { "\x02h2\x08http/1.1", 12 } },
		{ { "\x02h2\x08http/1.1", 12 },
		  ALPN_H2_H1,
		  false,
		  PROTOCOL_H2,
		  { "\x02h2\x08http/1.1", 12 } },
		{ { "\x08http/1.1\x02h2", 12 },
		  ALPN_H1_H2,
		  false,
		  PROTOCOL_H1,
		  { "\x08http/1.1\x02h2", 12 } },
		{ { "\x02h3\x02h2\x02h2\x08http/1.0\x08http/1.1\x02h2", 30 },
		  ALPN_H2_H1,
		  false,
		  PROTOCOL_H2,
		  { "\x02h2\x08http/1.1", 12 } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct hello h = { .alpn_len = rows[i].list.n };
		enum http_protocol protocol;

		if (rows[i].list.n != 0)
			memcpy(h.alpn, rows[i].list.p, rows[i].list.n);
		assert_int_equal(alpn_offer_of(&h), rows[i].offer);
		assert_int_equal(alpn_is_settled(rows[i].offer, &protocol), rows[i].settled);
		assert_int_equal(protocol, rows[i].protocol);
		assert_true(slice_eq(alpn_names(rows[i].offer), rows[i].names));
	}
	assert_true(slice_eq(alpn_name(PROTOCOL_H1), SLICE("\x08http/1.1")));
	assert_true(slice_eq(alpn_name(PROTOCOL_H2), SLICE("\x02h2")));
}

/* ---- the memory ---- */

static void test_memory(void **state)
{
	struct alpn_memory *m = alpn_memory_new();
	struct visitor a = { .id = { 1 } }, b = { .id = { 2 } };
	struct origin_target t = { .visitor = &a,
				   .secure = true,
				   .host = "192.0.2.1",
				   .identity = "a.test",
				   .port = 443,
				   .alpn = ALPN_H2_H1 },
			     other;
	enum http_protocol protocol;

	(void)state;
	assert_non_null(m);
	assert_false(alpn_known(m, &t, 0, &protocol));
	/* Who could choose only one thing has chosen nothing. */
	t.alpn = ALPN_H1;
	alpn_note(m, &t, PROTOCOL_H1, 1000);
	assert_false(alpn_known(m, &t, 1000, &protocol));
	t.alpn = ALPN_H2_H1;
	alpn_note(m, &t, PROTOCOL_H2, 1000);
	assert_true(alpn_known(m, &t, 1000, &protocol));
	assert_int_equal(protocol, PROTOCOL_H2);
	/* Corrected, and not by what says nothing. */
	alpn_note(m, &t, PROTOCOL_H1, 2000);
	assert_true(alpn_known(m, &t, 2000, &protocol));
	assert_int_equal(protocol, PROTOCOL_H1);
	other = t;
	other.alpn = ALPN_H1;
	alpn_note(m, &other, PROTOCOL_H2, 3000);
	assert_true(alpn_known(m, &other, 3000, &protocol));
	assert_int_equal(protocol, PROTOCOL_H1);
	/* Nobody else's, nowhere else. */
	other = t;
	other.visitor = &b;
	assert_false(alpn_known(m, &other, 2000, &protocol));
	other = t;
	other.port = 8443;
	assert_false(alpn_known(m, &other, 2000, &protocol));
	other = t;
	snprintf(other.identity, sizeof(other.identity), "b.test");
	assert_false(alpn_known(m, &other, 2000, &protocol));
	other = t;
	snprintf(other.host, sizeof(other.host), "192.0.2.2");
	assert_false(alpn_known(m, &other, 2000, &protocol));
	/* For its time. */
	assert_true(alpn_known(m, &t, 2000 + ALPN_REMEMBERED_MS - 1, &protocol));
	assert_false(alpn_known(m, &t, 2000 + ALPN_REMEMBERED_MS, &protocol));
	alpn_memory_free(m);
}

/* However many there are, what is told is true, and most of the last ones are known. */
static void test_memory_is_bounded(void **state)
{
	struct alpn_memory *m = alpn_memory_new();
	struct visitor v = { .id = { 1 } };
	struct origin_target t = { .visitor = &v, .secure = true, .alpn = ALPN_H2_H1, .port = 443 };
	enum http_protocol protocol;
	unsigned known = 0;

	(void)state;
	for (unsigned i = 0; i < 100000; i++) {
		snprintf(t.host, sizeof(t.host), "h%u.test", i);
		alpn_note(m, &t, i % 2 != 0 ? PROTOCOL_H2 : PROTOCOL_H1, 0);
	}
	for (unsigned i = 0; i < 100000; i++) {
		snprintf(t.host, sizeof(t.host), "h%u.test", i);
		if (!alpn_known(m, &t, 1, &protocol))
			continue;
		known++;
		assert_int_equal(protocol, i % 2 != 0 ? PROTOCOL_H2 : PROTOCOL_H1);
	}
	assert_true(known > ALPN_REMEMBERED_MAX / 2 && known <= ALPN_REMEMBERED_MAX);
	alpn_memory_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_chromium),
		cmocka_unit_test(test_firefox),
		cmocka_unit_test(test_curl),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_offers),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_memory_is_bounded),
	};

	return cmocka_run_group_tests_name("proxy_alpn", tests, NULL, NULL);
}
