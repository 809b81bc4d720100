/* What decides about a fetched list: its expiry, whether it is one, its parts, its name, its copy. */
#include "cmd/lists_check.h"
#include "cmd/lists_kept.h"
#include "cmd/lists_whole.h"
#include "evidence/files.h"
#include "filters/lists/looks.h"
#include "proxy/list_sources.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#define DAYS(n) ((n) * (int64_t)LIST_DAY_S)
#define HOURS(n) ((n) * (int64_t)LIST_HOUR_S)

/* ---- expiry ---- */

static void test_expires(void **state)
{
	static const struct {
		const char *text;
		int64_t s;
	} rows[] = {
		{ "", DAYS(4) },
		{ "[Adblock Plus 2.0]\n! Title: x\n! Expires: 2 days (update frequency)\n||a^\n",
		  DAYS(2) },
		{ "! Expires: 10 days (update frequency)\r\n", DAYS(10) },
		{ "! Expires: 12 hours\n", HOURS(12) },
		{ "!Expires:6h\n", HOURS(6) },
		{ "! expires: 1 Hour", HOURS(1) },
		{ "! Expires: 1d\n", DAYS(1) },
		{ "! Expires: 3\n", DAYS(3) },
		{ "# Expires: 1 day\n0.0.0.0 a.test\n", DAYS(1) },
		{ "! Expires: 90 minutes\n", 5400 },
		/* Out of bounds. */
		{ "! Expires: 5 minutes\n", HOURS(1) },
		{ "! Expires: 365 days\n", DAYS(30) },
		{ "! Expires: 1000000 days\n", DAYS(30) },
		/* Not to be read: as if it were not there. */
		{ "! Expires: 1000001 days\n", DAYS(4) },
		{ "! Expires: 99999999999999999999 days\n", DAYS(4) },
		{ "! Expires: 0 days\n", DAYS(4) },
		{ "! Expires: -1 days\n", DAYS(4) },
		{ "! Expires: soon\n", DAYS(4) },
		{ "! Expires: \n! Expires: 7 days\n", DAYS(7) },
		/* No remark. */
		{ "Expires: 1 day\n||a.test^$Expires: 1 day\n", DAYS(4) },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (list_expires_s(slice_str(rows[i].text)) != rows[i].s)
			fail_msg("%s: %lld", rows[i].text,
				 (long long)list_expires_s(slice_str(rows[i].text)));
}

static void test_expires_far_behind(void **state)
{
	struct buf text;

	(void)state;
	buf_init(&text, 65536);
	while (buf_slice(&text).n < 8192)
		buf_adds(&text, "||a.test^\n");
	buf_adds(&text, "! Expires: 1 day\n");
	assert_int_equal(list_expires_s(buf_slice(&text)), DAYS(4));
	buf_release(&text);
}

/* ---- is it a list? ---- */

static void check(struct slice text, size_t before, const char *wrong)
{
	struct list_facts facts;
	struct buf why;
	bool good;

	buf_init(&why, 4096);
	good = list_check(text, before, &facts, &why);
	buf_addc(&why, '\0');
	if (good != (wrong == NULL) || (wrong != NULL && strstr(buf_slice(&why).p, wrong) == NULL))
		fail_msg("%.*s: %s", SLICE_ARG(slice_head(text, 80)), buf_slice(&why).p);
	buf_release(&why);
}

static void test_is_a_list(void **state)
{
	static const char *const good[] = {
		"||a.test^",
		"\xef\xbb\xbf[Adblock Plus 2.0]\n||a.test^\n",
		"# a hosts file\n0.0.0.0 a.test b.test\n",
		"a.test\nb.test\n",
		"@@/ok.js$script\n",
		"/banner/*$third-party\n##.ad\n",
	};
	static const char *const none[] = { "##.ad\n",
					    "ok",
					    "Not Found\n",
					    "! only remarks\n",
					    "{\"error\":\"no\"}",
					    "Service unavailable.\nSorry.\n" };

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		check(slice_str(good[i]), 0, NULL);
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		check(slice_str(none[i]), 0, "no rule in it");
	check(SLICE(""), 0, "it is empty");
	check(SLICE(" \r\n\t\n"), 0, "it is empty");
	check(SLICE("\xef\xbb\xbf\n <html>\n||a.test^\n"), 0, "a web page");
	check(SLICE("||a.test^\n\0||b.test^\n"), 0, "it is no text");
}

static void looks(struct slice text, enum list_looks wanted, const char *said)
{
	struct list_look look = list_look(text);
	struct buf why;

	buf_init(&why, 4096);
	if (look.looks != wanted || list_look_good(&look, &why) != (said == NULL))
		fail_msg("%.*s: it looks like %d", SLICE_ARG(slice_head(text, 80)), look.looks);
	buf_addc(&why, '\0');
	if (said != NULL && strstr(buf_slice(&why).p, said) == NULL)
		fail_msg("%.*s: %s", SLICE_ARG(slice_head(text, 80)), buf_slice(&why).p);
	buf_release(&why);
}

/* What a person writes by hand need not be as sure as what comes from a server. */
static void test_looks(void **state)
{
	(void)state;
	looks(SLICE("||a.test^\n"), LIST_LOOKS_GOOD, NULL);
	looks(SLICE("/ads/*\n-banner.\nadserver\n"), LIST_LOOKS_GOOD, NULL);
	looks(SLICE(""), LIST_LOOKS_EMPTY, NULL);
	looks(SLICE("\xef\xbb\xbf \r\n"), LIST_LOOKS_EMPTY, NULL);
	looks(SLICE("! mine\n[Adblock Plus 2.0]\n# not yet\n"), LIST_LOOKS_REMARKS, NULL);
	looks(SLICE("!#include other.txt\n"), LIST_LOOKS_REMARKS, NULL);
	looks(SLICE("\n <!doctype html>\n||a.test^\n"), LIST_LOOKS_PAGE,
	      "a web page and no filter list: it protects nothing");
	looks(SLICE("\177ELF\0||a.test^\n"), LIST_LOOKS_BINARY, "no text");
	looks(SLICE("##.ad\n"), LIST_LOOKS_NO_RULE, "no rule in it");
	looks(SLICE("{\"error\":\"no\"}\n"), LIST_LOOKS_NO_RULE, "no rule in it");
	looks(SLICE("Not Found\nThere is nothing here.\nBye\n"), LIST_LOOKS_NO_RULE,
	      "no rule in it");
	looks(SLICE("||a.test^\n$no-1\n$no-2\n$no-3\n$no-4\n"), LIST_LOOKS_GOOD, NULL);
	looks(SLICE("||a.test^\n$no-1\n$no-2\n$no-3\n$no-4\n$no-5\n"), LIST_LOOKS_NONSENSE,
	      "5 of its 6 rules make no sense");
}

static void test_shrinks(void **state)
{
	struct slice text = SLICE("||a.test^\n"); /* 10 octets */

	(void)state;
	check(text, 20, NULL);
	check(text, 21, NULL);
	check(text, 22, "has shrunk from 22 to 10 octets");
}

/* 95 rules and so many lines of nonsense: 5 of 100 are the most. */
static void test_parse_rate(void **state)
{
	struct buf text;

	(void)state;
	buf_init(&text, 65536);
	for (unsigned i = 0; i < 95; i++)
		buf_addf(&text, "||a%u.test^\n", i);
	/* What is known and not for a proxy is no failure. */
	for (unsigned i = 0; i < 200; i++)
		buf_addf(&text, "##.a%u\n@@||b%u.test^$generichide\n! %u\n", i, i, i);
	for (unsigned i = 0; i < 5; i++)
		buf_addf(&text, "||c%u.test^$no-such-option\n", i);
	check(buf_slice(&text), 0, NULL);
	buf_adds(&text, "one line more\n");
	check(buf_slice(&text), 0, "6 of its 101 rules make no sense");
	buf_release(&text);
}

/* ---- parts ---- */

struct part {
	const char *url, *text;
};

static bool get(void *arg, const char *url, struct buf *text, struct buf *why)
{
	const struct part *p = arg;

	for (; p->url != NULL; p++)
		if (strcmp(p->url, url) == 0)
			return buf_adds(text, p->text);
	buf_adds(why, "404");
	return false;
}

static void whole(const struct part *parts, const char *url, const char *text, const char *want,
		  const char *wrong)
{
	struct buf out, why;
	struct whole w = { .out = &out, .get = get, .arg = (void *)(uintptr_t)parts };
	bool good;

	buf_init(&out, 65536);
	buf_init(&why, 4096);
	good = whole_make(&w, url, slice_str(text), &why);
	buf_addc(&out, '\0');
	buf_addc(&why, '\0');
	assert_true(good == (wrong == NULL));
	if (good)
		assert_string_equal(buf_slice(&out).p, want);
	else if (strstr(buf_slice(&why).p, wrong) == NULL)
		fail_msg("%s: %s", text, buf_slice(&why).p);
	buf_release(&out);
	buf_release(&why);
}

static void test_whole(void **state)
{
	static const char url[] = "https://a.test/f/l.txt?x=/y";
	static const struct part parts[] = {
		{ "https://a.test/f/b.txt", "\xef\xbb\xbf||b.test^\r\n!#include c/d.txt" },
		{ "https://a.test/f/c/d.txt", "||d.test^\n" },
		{ "https://a.test/f/loop.txt", "!#include loop.txt\n" },
		{ "https://a.test/f/open.txt", "!#if true\n" },
		{ NULL, NULL },
	};

	(void)state;
	whole(parts, url, "||a.test^\n", "||a.test^\n", NULL);
	whole(parts, url, "1\n !#include b.txt \r\n2\n",
	      "1\n! begin of b.txt\n||b.test^\r\n! begin of c/d.txt\n||d.test^\n"
	      "\n! end of c/d.txt\n\n! end of b.txt\n2\n",
	      NULL);
	/* Not where it does not hold. */
	whole(parts, url, "!#if adguard\n!#include no.txt\n!#else\n1\n!#endif\n",
	      "!#if adguard\n!#include no.txt\n!#else\n1\n!#endif\n", NULL);
	whole(parts, url, "!#if true\n", "!#if true\n", NULL);
	whole(parts, url, "!#include no.txt\n", NULL, "404 (https://a.test/f/no.txt, which");
	whole(parts, url, "!#include loop.txt\n", NULL, "one another");
	whole(parts, url, "!#include open.txt\n", NULL, "without its !#endif");
	whole(parts, url, "!#include ../l.txt\n", NULL, "no path below its own");
	whole(parts, url, "!#include ./b.txt\n", NULL, "no path below its own");
	whole(parts, url, "!#include /b.txt\n", NULL, "no path below its own");
	whole(parts, url, "!#include c//d.txt\n", NULL, "no path below its own");
	whole(parts, url, "!#include //b.test/b.txt\n", NULL, "no path below its own");
	whole(parts, url, "!#include https://b.test/b.txt\n", NULL, "no path below its own");
	whole(parts, url, "!#include b.txt?x#y\n", NULL, "no path below its own");
	whole(parts, url, "!#include %2e%2e/b.txt\n", NULL, "no path below its own");
	whole(parts, url, "!#include b\\c.txt\n", NULL, "no path below its own");
}

static void test_whole_too_many(void **state)
{
	static const struct part parts[] = { { "https://a.test/b", "||b.test^\n" },
					     { NULL, NULL } };
	char text[(WHOLE_INCLUDES_MAX + 1) * 12 + 1] = "";
	size_t n = 0;

	(void)state;
	for (unsigned i = 0; i <= WHOLE_INCLUDES_MAX; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "!#include b\n");
	whole(parts, "https://a.test/l", text, NULL, "more than 64 lists");
}

/* ---- names ---- */

static void test_names(void **state)
{
	static const struct {
		const char *url, *name;
	} rows[] = {
		{ "https://easylist.to/easylist/easyprivacy.txt", "easyprivacy-" },
		{ "https://a.test/f/3.txt?x=1/2.y", "3-" },
		{ "https://a.test/f/list.min.txt", "list.min-" },
		{ "https://a.test/f/", "f-" },
		{ "https://a.test", "a.test-" },
		{ "https://a.test/", "a.test-" },
		{ "https://a.test/..", "_-" },
		{ "https://a.test/%2e%2e%2fx", "_2e_2e_2fx-" },
		{ "file:///tmp/.hidden", "_hidden-" },
		{ "file:///", "-" },
		{ "https://a.test/"
		  "0123456789012345678901234567890123456789012345678901234567890123456789.txt",
		  "012345678901234567890123456789012345678901234567-" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char name[LIST_NAME_SIZE];
		size_t n = strlen(rows[i].name);

		assert_true(list_url_name(slice_str(rows[i].url), name));
		if (strncmp(name, rows[i].name, n) != 0 || strlen(name) != n + 8 ||
		    strchr(name, '/') != NULL)
			fail_msg("%s: %s", rows[i].url, name);
	}
}

/* ---- the copy ---- */

static const char list_url[] = "https://a.test/l.txt";

static void read_kept(int folder, const char *url, struct kept *k)
{
	struct buf why;

	buf_init(&why, 4096);
	kept_init(k);
	assert_true(kept_read(folder, "l", url, k, &why));
	buf_release(&why);
}

static void write_kept(int folder, struct kept *k, const char *text)
{
	struct buf why;

	buf_init(&why, 4096);
	assert_true(kept_write(folder, "l", list_url, k, slice_str(text), &why));
	buf_release(&why);
}

static void expect_known(int folder, const char *url, bool known)
{
	struct kept k;

	read_kept(folder, url, &k);
	assert_true(k.there);
	assert_true(k.known == known);
	if (known) {
		assert_int_equal(k.fetched, 1000);
		assert_int_equal(k.expires, 2000);
		assert_int_equal(k.rules, 7);
		assert_string_equal(k.etag, "W/\"x y\"");
		assert_string_equal(k.modified, "");
	} else {
		assert_int_equal(k.expires, 0);
	}
	kept_release(&k);
}

static void test_kept(void **state)
{
	char path[] = "/tmp/crumbgate-kept-XXXXXX";
	int folder;
	struct kept k;
	struct buf text;

	(void)state;
	assert_non_null(mkdtemp(path));
	folder = open(path, O_RDONLY | O_DIRECTORY);
	assert_true(folder >= 0);
	read_kept(folder, list_url, &k);
	assert_false(k.there || k.known);
	k.fetched = 1000;
	k.expires = 2000;
	k.rules = 7;
	assert_true(slice_copy(SLICE("W/\"x y\""), k.etag, sizeof(k.etag)));
	write_kept(folder, &k, "||one^\n");
	expect_known(folder, list_url, true);
	assert_false(file_exists(folder, "l.txt.old"));
	/* What is known is of one URL and of one text. */
	expect_known(folder, "https://a.test/other.txt", false);
	write_kept(folder, &k, "||two^\n");
	expect_known(folder, list_url, true);
	buf_init(&text, 4096);
	assert_true(file_read(folder, "l.txt.old", &text));
	assert_true(slice_eq(buf_slice(&text), SLICE("||one^\n")));
	assert_true(file_replace(&file_ops_system, folder, "l.txt", SLICE("||else^\n")));
	expect_known(folder, list_url, false);
	write_kept(folder, &k, "||two^\n");
	/* Cut short, or with more than belongs there. */
	buf_clear(&text);
	assert_true(file_read(folder, "l.meta", &text));
	for (size_t n = 0; n < buf_slice(&text).n; n += 9) {
		assert_true(file_replace(&file_ops_system, folder, "l.meta",
					 slice_head(buf_slice(&text), n)));
		expect_known(folder, list_url, false);
	}
	buf_adds(&text, "more\t\n");
	assert_true(file_replace(&file_ops_system, folder, "l.meta", buf_slice(&text)));
	expect_known(folder, list_url, false);
	assert_true(unlinkat(folder, "l.meta", 0) == 0);
	expect_known(folder, list_url, false);
	buf_release(&text);
	kept_release(&k);
	unlinkat(folder, "l.txt", 0);
	unlinkat(folder, "l.txt.old", 0);
	close(folder);
	assert_int_equal(rmdir(path), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_expires),	  cmocka_unit_test(test_expires_far_behind),
		cmocka_unit_test(test_is_a_list), cmocka_unit_test(test_looks),
		cmocka_unit_test(test_shrinks),	  cmocka_unit_test(test_parse_rate),
		cmocka_unit_test(test_whole),	  cmocka_unit_test(test_whole_too_many),
		cmocka_unit_test(test_names),	  cmocka_unit_test(test_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
