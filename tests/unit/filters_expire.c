/* The lines that expire a cookie, and the memory of what was tried. */
#include "filters/cookie.h"
#include "filters/expire.h"
#include "filters/site.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/buf.h"

static void collect(void *arg, struct slice line)
{
	buf_add(arg, line);
	buf_addc(arg, '\n');
}

struct plan_case {
	const char *name, *host, *site, *target;
	bool secure, cross;
	unsigned tries;
	const char *want;
};

static void check_plan(const struct plan_case *t)
{
	struct expire_facts f = {
		.name = slice_str(t->name),
		.host = slice_str(t->host),
		.site = slice_str(t->site),
		.target = slice_str(t->target),
		.secure = t->secure,
		.cross_site = t->cross,
		.tries = t->tries,
	};
	unsigned lines = 0, count;
	struct buf out;

	buf_init(&out, 1 << 16);
	count = expire_lines(&f, collect, &out);
	for (const char *p = t->want; *p != '\0'; p++)
		lines += *p == '\n';
	if (count != lines || !slice_eq(buf_slice(&out), slice_str(t->want)))
		fail_msg("%s at %s%s, step %u:\n%.*s", t->name, t->host, t->target, t->tries,
			 SLICE_ARG(buf_slice(&out)));
	buf_release(&out);
}

static void test_plans(void **state)
{
	static const struct plan_case table[] = {
		{ "_ga", "www.shop.co.uk", "shop.co.uk", "/a/b?c", true, false, 0,
		  "_ga=; Max-Age=0; Path=/; Secure\n"
		  "_ga=; Max-Age=0; Path=/; Domain=www.shop.co.uk; Secure\n"
		  "_ga=; Max-Age=0; Path=/; Domain=shop.co.uk; Secure\n" },
		{ "_ga", "shop.example", "shop.example", "/a/b/c", false, false, 1,
		  "_ga=; Max-Age=0; Path=/a/b\n"
		  "_ga=; Max-Age=0; Path=/a/b; Domain=shop.example\n" },
		{ "_ga", "shop.example", "shop.example", "/a/b/c?d", false, false, 2,
		  "_ga=; Max-Age=0; Path=/a\n"
		  "_ga=; Max-Age=0; Path=/a; Domain=shop.example\n"
		  "_ga=; Max-Age=0; Path=/a/b/c\n"
		  "_ga=; Max-Age=0; Path=/a/b/c; Domain=shop.example\n" },
		{ "_ga", "shop.example", "shop.example", "/a/b/", true, false, 3,
		  "_ga=; Max-Age=0; Path=/; Secure; Partitioned\n"
		  "_ga=; Max-Age=0; Path=/; Domain=shop.example; Secure; Partitioned\n"
		  "_ga=; Max-Age=0; Path=/a/; Secure\n"
		  "_ga=; Max-Age=0; Path=/a/; Domain=shop.example; Secure\n"
		  "_ga=; Max-Age=0; Path=/a/b/; Secure\n"
		  "_ga=; Max-Age=0; Path=/a/b/; Domain=shop.example; Secure\n" },
		/* A step that this path has nothing for is step 0 again. */
		{ "a", "shop.example", "shop.example", "/", false, false, 1,
		  "a=; Max-Age=0; Path=/\na=; Max-Age=0; Path=/; Domain=shop.example\n" },
		{ "a", "shop.example", "shop.example", "/x", false, false, 1,
		  "a=; Max-Age=0; Path=/\na=; Max-Age=0; Path=/; Domain=shop.example\n" },
		{ "uid", "ads.example", "ads.example", "/p", true, true, 0,
		  "uid=; Max-Age=0; Path=/; Secure; SameSite=None\n"
		  "uid=; Max-Age=0; Path=/; Secure; SameSite=None; Partitioned\n"
		  "uid=; Max-Age=0; Path=/; Domain=ads.example; Secure; SameSite=None\n"
		  "uid=; Max-Age=0; Path=/; Domain=ads.example; Secure; SameSite=None; "
		  "Partitioned\n" },
		{ "a", "10.0.0.1", "10.0.0.1", "/", false, false, 0, "a=; Max-Age=0; Path=/\n" },
		{ "a", "[::1]", "[::1]", "/", true, false, 0, "a=; Max-Age=0; Path=/; Secure\n" },
		{ "a", "shop.example.", "shop.example", "/", false, false, 0,
		  "a=; Max-Age=0; Path=/\na=; Max-Age=0; Path=/; Domain=shop.example\n" },
		/* prefixes */
		{ "__Host-x", "www.shop.example", "shop.example", "/a/b", true, false, 0,
		  "__Host-x=; Max-Age=0; Path=/; Secure\n" },
		{ "__host-x", "www.shop.example", "shop.example", "/a/b", true, false, 1,
		  "__host-x=; Max-Age=0; Path=/; Secure\n" },
		{ "__Host-x", "www.shop.example", "shop.example", "/a/b", true, false, 3,
		  "__Host-x=; Max-Age=0; Path=/; Secure; Partitioned\n" },
		{ "__Host-x", "shop.example", "shop.example", "/", false, false, 0, "" },
		{ "__Secure-x", "shop.example", "shop.example", "/", false, false, 0, "" },
		{ "__Secure-x", "shop.example", "shop.example", "/", true, false, 0,
		  "__Secure-x=; Max-Age=0; Path=/; Secure\n"
		  "__Secure-x=; Max-Age=0; Path=/; Domain=shop.example; Secure\n" },
		{ "__Host-Http-x", "shop.example", "shop.example", "/", true, false, 0,
		  "__Host-Http-x=; Max-Age=0; Path=/; HttpOnly; Secure\n" },
		/* what cannot be written */
		{ "", "shop.example", "shop.example", "/", true, false, 0, "" },
		{ "a;b", "shop.example", "shop.example", "/", true, false, 0, "" },
		{ "a=b", "shop.example", "shop.example", "/", true, false, 0, "" },
		{ " a", "shop.example", "shop.example", "/", true, false, 0, "" },
		{ "a\r\nX", "shop.example", "shop.example", "/", true, false, 0, "" },
		{ "a", "shop.example;x", "shop.example", "/", true, false, 0, "" },
		{ "a", "shop.example", "shop.example", "/", true, false, 4, "" },
		{ "a", "shop.example", "shop.example", "/b;c/d", false, false, 2,
		  "a=; Max-Age=0; Path=/\na=; Max-Age=0; Path=/; Domain=shop.example\n" },
		{ "a", "shop.example", "shop.example", "*", false, false, 0,
		  "a=; Max-Age=0; Path=/\na=; Max-Age=0; Path=/; Domain=shop.example\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		check_plan(&table[i]);
}

static void count_good(void *arg, struct slice line)
{
	unsigned *count = arg;
	struct set_cookie c;

	assert_true(line.n <= EXPIRE_LINE_MAX);
	assert_true(set_cookie_parse(line, &c));
	assert_int_equal(set_cookie_lifetime_s(&c, 1), LIFETIME_DELETES);
	++*count;
}

/* However deep host and path are, a step stays bounded, and each line is a good one. */
static void test_bounds(void **state)
{
	char host[200], target[3000];
	struct expire_facts f = {
		.name = SLICE("a"), .site = SLICE("b.example"), .secure = true, .cross_site = true
	};

	(void)state;
	for (size_t i = 0; i < sizeof(host); i++)
		host[i] = i % 2 == 0 ? 'h' : '.';
	memcpy(host + sizeof(host) - 9, "b.example", 9);
	for (size_t i = 0; i < sizeof(target); i++)
		target[i] = i % 2 == 0 ? '/' : 'p';
	f.host = slice_of(host, sizeof(host));
	f.target = slice_of(target, sizeof(target));
	for (f.tries = 0; f.tries < EXPIRE_TRIES_MAX; f.tries++) {
		unsigned count = 0;

		assert_int_equal(expire_lines(&f, count_good, &count), EXPIRE_LINES_MAX);
		assert_int_equal(count, EXPIRE_LINES_MAX);
	}
}

/* Every line of every step would be stored by a browser, which is what overwrites the old one. */
struct store_check {
	struct sites *sites;
	struct cookie_context ctx;
};

static void would_store(void *arg, struct slice line)
{
	const struct store_check *s = arg;
	struct set_cookie c;

	assert_true(set_cookie_parse(line, &c));
	if (set_cookie_would_store(s->sites, &c, &s->ctx) != STORE_YES)
		fail_msg("%.*s", SLICE_ARG(line));
}

static void test_stored(void **state)
{
	static const char *const names[] = { "a", "__Host-a", "__Secure-a", "__Http-a",
					     "__Host-Http-a" };
	struct store_check s = { sites_new(SITES_BUILTIN),
				 { SLICE("x.shop.example"), true, false } };

	(void)state;
	for (unsigned n = 0; n < 40; n++) {
		struct expire_facts f = {
			.name = slice_str(names[n % 5]),
			.host = s.ctx.host,
			.site = SLICE("shop.example"),
			.target = SLICE("/one/two/three?x"),
			.secure = true,
			.cross_site = n >= 20,
			.tries = n / 5 % 4,
		};

		s.ctx.cross_site = f.cross_site;
		assert_true(expire_lines(&f, would_store, &s) > 0);
	}
	sites_free(s.sites);
}

static void test_memory(void **state)
{
	static const uint8_t alice[16] = { 1 }, bob[16] = { 2 };
	struct expiry_memory *m = expiry_memory_new(3);
	const struct slice host = SLICE("a.example"), name = SLICE("_ga");
	char longer[EXPIRE_NAME_MAX + 1] = { 'x' };
	int64_t t = 1000000;

	(void)state;
	assert_int_equal(expiry_tries(m, alice, host, name, 7, t), 0);
	expiry_note(m, alice, host, name, 7, t);
	/* At once: the same try. */
	assert_int_equal(expiry_tries(m, alice, host, name, 7, t + 100), 0);
	expiry_note(m, alice, host, name, 7, t + 100);
	assert_int_equal(expiry_tries(m, alice, SLICE("A.Example"), name, 7, t + 3000), 1);
	assert_int_equal(expiry_tries(m, bob, host, name, 7, t + 3000), 0);
	assert_int_equal(expiry_tries(m, alice, SLICE("b.example"), name, 7, t + 3000), 0);
	assert_int_equal(expiry_tries(m, alice, host, SLICE("_gb"), 7, t + 3000), 0);
	for (unsigned i = 1; i < 6; i++)
		expiry_note(m, alice, host, name, 7, t + 3000 * i);
	assert_int_equal(expiry_tries(m, alice, host, name, 7, t + 30000), 6);
	/* Set anew, or there for long: from the beginning. */
	assert_int_equal(expiry_tries(m, alice, host, name, 8, t + 30000), 0);
	assert_int_equal(expiry_tries(m, alice, host, name, 7, t + 30000 + EXPIRY_AGAIN_MS), 0);
	expiry_note(m, alice, host, name, 8, t + 30000);
	assert_int_equal(expiry_tries(m, alice, host, name, 8, t + 33000), 1);
	/* It may stay, and is to go again. */
	expiry_forget(m, alice, host, name);
	assert_int_equal(expiry_tries(m, alice, host, name, 8, t + 33000), 0);
	expiry_forget(m, alice, host, name);
	/* A day later it may be tried again. */
	t += 30000 + EXPIRY_FORGET_MS + 1;
	assert_int_equal(expiry_tries(m, alice, host, name, 7, t), 0);
	expiry_note(m, alice, host, name, 7, t);
	assert_int_equal(expiry_tries(m, alice, host, name, 7, t + 3000), 1);
	/* Bounded: what was used longest ago goes. */
	expiry_note(m, bob, host, name, 7, t);
	expiry_note(m, bob, host, SLICE("two"), 7, t);
	expiry_note(m, alice, host, name, 7, t + 5000);
	expiry_note(m, bob, host, SLICE("three"), 7, t);
	assert_int_equal(expiry_memory_count(m), 3);
	assert_int_equal(expiry_tries(m, bob, host, name, 7, t + 9000), 0);
	assert_int_equal(expiry_tries(m, alice, host, name, 7, t + 9000), 2);
	/* A name too long to remember is one that was tried enough. */
	assert_int_equal(expiry_tries(m, alice, host, slice_of(longer, sizeof(longer)), 7, t),
			 EXPIRE_TRIES_MAX);
	expiry_note(m, alice, host, slice_of(longer, sizeof(longer)), 7, t);
	assert_int_equal(expiry_memory_count(m), 3);
	expiry_memory_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plans),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_stored),
		cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
