/*
 * The compiled form: the same from the same texts, and refused or harmless when it is damaged.
 */
#include "tests/unit/lists_tools.h"

#include "filters/lists/format.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define PAGE "https://news.example/"

/* Something of everything. */
static const char everything[] =
	"! Title: x\n||ads.example^\n||b.ads.example^$third-party,important\n"
	"/banner[0-9]+/$script,domain=a.example|~b.a.example|/^n/|c.*\n"
	"/Track.js?$to=x.org|y.*,denyallow=z.org,method=post|~get\n@@||ok.example/x^$match-case\n"
	"||h.example^$header=via:/v/\n||r.example^$script,redirect=noopjs:3\n$removeparam=gclid\n"
	"$removeparam=/^utm_/,domain=news.example\n||c.example^$cookie=/a/;maxAge=3\n$cookie=_ga\n"
	"||f.example^$removeheader=refresh\n||p.example^$permissions=a=()|b=()\n"
	"||s.example^$urlskip=?u\n@@||n.example^$cname\n||bad.example^\n||bad.example^$badfilter\n"
	"0.0.0.0 h1.example h2.example\n##.ad\n||x^$app=y\n$script,domain=only.example\n";

static void ask_everything(struct lists_fixture *f)
{
	static const char *const urls[] = {
		"https://b.ads.example/banner12/track.js?gclid=1&utm_a=2",
		"https://r.example/ok.example/x/", "https://s.example/?u=x",
		"https://c.example/Track.js?", "http://h.example/"
	};
	const struct query_field field = { SLICE("Via"), SLICE("v") };
	const struct slice alias = SLICE("ads.example");

	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		struct query_facts facts = { .url = slice_str(urls[i]),
					     .source = SLICE(PAGE),
					     .type = i % 2 == 0 ? LISTS_SCRIPT : LISTS_DOCUMENT,
					     .method = SLICE("POST"),
					     .aliases = &alias,
					     .aliases_n = 1,
					     .fields = &field,
					     .fields_n = 1 };
		struct lists_field fields[4];
		struct lists_cookie cookie;
		struct lists_verdict v;
		struct lists_rule by;
		struct lists_left left;
		struct buf url;

		buf_init(&url, 9000);
		assert_true(query_set(f->query, &facts));
		lists_match(f->lists, f->query, &v);
		lists_match_answer(f->lists, f->query, &v);
		lists_strip(f->lists, f->query, &url, &by, 1);
		lists_match_cookie(f->lists, f->query, SLICE("_ga"), &cookie);
		lists_match_fields(f->lists, f->query, fields, 4);
		lists_skip(f->lists, f->query, true, &url, &by);
		for (size_t j = 0; lists_left(f->lists, j, &left); j++)
			assert_true(left.text.n < 4096);
		buf_release(&url);
	}
}

static void test_same_octets(void **state)
{
	struct lists_text texts[2] = { { SLICE("one"), SLICE(everything) },
				       { SLICE("two"),
					 SLICE("||two.example^\n||ads.example^\n") } };
	struct lists_input in = { .texts = texts, .n = 2 };
	struct lists_fixture a, b;

	(void)state;
	fixture_open_many(&a, &in);
	fixture_open_many(&b, &in);
	assert_true(slice_eq(buf_slice(&a.image), buf_slice(&b.image)));
	assert_int_equal(lists_source(a.lists), lists_digest(&in));
	assert_int_equal(lists_count(a.lists), 2);
	assert_true(slice_eq(lists_name(a.lists, 1), SLICE("two")));
	/* What the first has, the second need not have again. */
	assert_int_equal(lists_rules_of(a.lists, 1), 1);
	assert_int_equal(lists_rules_of(a.lists, 0) + 1, lists_rules(a.lists));
	texts[1].text = SLICE("||two.example^\n||adz.example^\n");
	assert_true(lists_source(a.lists) != lists_digest(&in));
	texts[1] = (struct lists_text){ SLICE("2"), SLICE("||two.example^\n||ads.example^\n") };
	assert_true(lists_source(a.lists) != lists_digest(&in));
	fixture_close(&a);
	fixture_close(&b);
}

static void test_which_list(void **state)
{
	struct lists_text texts[4] = { { SLICE("one"), SLICE("||a.example^") },
				       { SLICE("empty"), SLICE("") },
				       { SLICE("three"), SLICE("||b.example^\r\n/x.js?\r\n") },
				       { SLICE("none"), SLICE("! nothing\n") } };
	struct lists_input in = { .texts = texts, .n = 4 };
	struct lists_fixture f;
	struct lists_verdict v;

	(void)state;
	fixture_open_many(&f, &in);
	fixture_ask(&f, "https://a.example/", PAGE, "script", &v);
	assert_int_equal(v.rule.list, 0);
	fixture_ask(&f, "https://b.example/", PAGE, "script", &v);
	assert_int_equal(v.rule.list, 2);
	assert_true(slice_eq(v.rule.text, SLICE("||b.example^")));
	fixture_ask(&f, "https://c.example/x.js?", PAGE, "script", &v);
	assert_int_equal(v.rule.list, 2);
	assert_true(slice_eq(v.rule.text, SLICE("/x.js?")));
	fixture_close(&f);
}

static void test_nothing_at_all(void **state)
{
	struct lists_input in = { .n = 0 };
	struct lists_fixture f;
	struct lists_verdict v;

	(void)state;
	fixture_open_many(&f, &in);
	assert_int_equal(lists_rules(f.lists), 0);
	assert_int_equal(fixture_ask(&f, "https://a.example/", PAGE, "script", &v), LISTS_NOTHING);
	ask_everything(&f);
	fixture_close(&f);
}

/* An image is opened on a multiple of 8; a copy in memory of its own, so that reading past it shows. */
static struct lists *open_copy(const char *image, size_t n, char **copy)
{
	struct buf why;
	struct lists *l;

	*copy = malloc(n != 0 ? n : 1);
	assert_non_null(*copy);
	memcpy(*copy, image, n);
	buf_init(&why, 256);
	l = lists_open(slice_of(*copy, n), &why);
	assert_int_equal(l == NULL, buf_slice(&why).n != 0);
	buf_release(&why);
	return l;
}

static void test_damage_is_found(void **state)
{
	struct lists_fixture f;
	struct slice image;
	char *copy;

	(void)state;
	fixture_open(&f, everything);
	image = buf_slice(&f.image);
	for (size_t n = 0; n < image.n; n += n < 512 ? 1 : 61) {
		assert_null(open_copy(image.p, n, &copy));
		free(copy);
	}
	for (size_t i = 0; i < image.n; i++) {
		f.image.mem[i] ^= (char)(1u << (i % 8));
		assert_null(open_copy(image.p, image.n, &copy));
		f.image.mem[i] ^= (char)(1u << (i % 8));
		free(copy);
	}
	fixture_close(&f);
}

/* As somebody would who knows the format: the sum is right, one octet is not. */
static void test_malice_is_harmless(void **state)
{
	static const unsigned char flips[] = { 0x01, 0x80, 0xff };
	const size_t summed = offsetof(struct image_header, version);
	size_t opened = 0, refused = 0;
	struct lists_fixture f, other;
	struct slice image;

	(void)state;
	fixture_open(&f, everything);
	other = f;
	image = buf_slice(&f.image);
	for (size_t i = summed; i < image.n; i++) {
		for (size_t j = 0; j < sizeof(flips); j++) {
			char *copy = f.image.mem;
			struct image_header *h = (void *)copy;

			copy[i] = (char)(copy[i] ^ flips[j]);
			h->checksum =
				image_checksum(IMAGE_VERSION, copy + summed, image.n - summed);
			other.lists = open_copy(image.p, image.n, &copy);
			if (other.lists != NULL)
				ask_everything(&other);
			opened += other.lists != NULL;
			refused += other.lists == NULL;
			lists_free(other.lists);
			free(copy);
			f.image.mem[i] = (char)(f.image.mem[i] ^ flips[j]);
		}
	}
	/* Both happen: letters of a rule may be any, numbers of the tables may not. */
	assert_true(opened > 1000 && refused > 1000);
	fixture_close(&f);
}

/* Lists of odd octets and endless lines compile, and what comes out can be asked. */
static void test_malformed_lists(void **state)
{
	static const char *const lists[] = { "\xef\xbb\xbf||a.example^\n",
					     "\n\n\n",
					     "||a.example^\r||b.example^",
					     "$",
					     "$$",
					     "@@",
					     "@@$",
					     "|||||",
					     "*",
					     "**",
					     "^",
					     "^^^^",
					     "$domain=|",
					     "/",
					     "//",
					     "///",
					     "$,",
					     "$,,,",
					     "@@@@||a^",
					     "0.0.0.0",
					     "0.0.0.0 ",
					     "::",
					     ":: ",
					     "#@",
					     "##",
					     "||a^$removeparam=/",
					     "||a^$cookie=/",
					     "||a^$cookie=;",
					     "||a^$header=:",
					     "\x01\x02\xff" };
	struct buf text;
	struct lists_fixture f;

	(void)state;
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		fixture_open(&f, lists[i]);
		ask_everything(&f);
		fixture_close(&f);
	}
	buf_init(&text, 1 << 20);
	buf_adds(&text, "||a.example/");
	for (unsigned i = 0; i < 100000; i++)
		buf_adds(&text, "a*");
	buf_adds(&text, "\n||b.example^$domain=");
	for (unsigned i = 0; i < 3000; i++)
		buf_addf(&text, "%sd%u.example", i != 0 ? "|" : "", i);
	buf_adds(&text, "\n0.0.0.0");
	for (unsigned i = 0; i < 40; i++)
		buf_addf(&text, " host%u.example", i);
	buf_addc(&text, '\0');
	fixture_open(&f, buf_slice(&text).p);
	assert_int_equal(lists_left_count(f.lists, LEFT_PATTERN), 1);
	assert_int_equal(lists_rules(f.lists), 41);
	{
		struct lists_verdict v;

		assert_int_equal(fixture_ask(&f, "https://b.example/", "https://d2999.example/",
					     "script", &v),
				 LISTS_BLOCK);
		assert_int_equal(fixture_ask(&f, "https://b.example/", "https://d3000.example/",
					     "script", &v),
				 LISTS_NOTHING);
		assert_int_equal(fixture_ask(&f, "https://x.host39.example/", PAGE, "script", &v),
				 LISTS_BLOCK);
	}
	fixture_close(&f);
	buf_release(&text);
}

/* More kinds of plain host rules than an image has classes for. */
static void test_many_classes(void **state)
{
	struct lists_fixture f;
	struct buf text;

	(void)state;
	buf_init(&text, 1 << 20);
	for (unsigned i = 1; i < 1024; i++) {
		buf_addf(&text, "||h%u.example^$", i);
		for (unsigned bit = 0; bit < LISTS_FONT + 1; bit++)
			if ((i >> bit & 1) != 0)
				buf_addf(&text, "%s,", lists_type_word((enum lists_type)bit));
		buf_addc(&text, '\n');
	}
	buf_addc(&text, '\0');
	fixture_open(&f, buf_slice(&text).p);
	assert_int_equal(lists_rules(f.lists), 1023);
	for (unsigned i = 1; i < 1024; i++) {
		struct lists_verdict v;
		char url[64];

		snprintf(url, sizeof(url), "https://x.h%u.example/", i);
		for (unsigned bit = 0; bit < 4; bit++)
			assert_int_equal(fixture_ask(&f, url, PAGE,
						     lists_type_word((enum lists_type)bit), &v),
					 (i >> bit & 1) != 0 ? LISTS_BLOCK : LISTS_NOTHING);
	}
	fixture_close(&f);
	buf_release(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same_octets),	   cmocka_unit_test(test_which_list),
		cmocka_unit_test(test_nothing_at_all),	   cmocka_unit_test(test_damage_is_found),
		cmocka_unit_test(test_malice_is_harmless), cmocka_unit_test(test_malformed_lists),
		cmocka_unit_test(test_many_classes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
