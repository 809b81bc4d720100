/*
 * The index against no index: over many made-up rules and URLs, what is looked up must be what is
 * found by asking every rule; and a pattern must match where a simple matcher says so.
 */
#include "tests/unit/lists_tools.h"

#include "filters/lists/pattern.h"
#include "filters/lists/walk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

static uint64_t state_of_chance;

static unsigned chance(unsigned n)
{
	state_of_chance = state_of_chance * 6364136223846793005ull + 1442695040888963407ull;
	return (unsigned)(state_of_chance >> 33) % n;
}

static void put_some(struct buf *b, const char *from, unsigned max)
{
	size_t n = strlen(from);

	for (unsigned i = 1 + chance(max); i > 0; i--)
		buf_addc(b, from[chance((unsigned)n)]);
}

/* Words that meet often, whole and in part. */
static void put_word(struct buf *b)
{
	static const char *const words[] = { "ad",	"ads",	"banner", "banners", "track",
					     "tracker", "a1b2", "x",	  "pixel",   "ab" };

	if (chance(4) == 0)
		put_some(b, "ab12", 4);
	else
		buf_adds(b, words[chance(10)]);
}

static void put_pattern(struct buf *b)
{
	static const char *const glue[] = { "/", ".", "-", "_", "^", "*", "?", "=", "%2F", "&" };

	for (unsigned i = 1 + chance(4); i > 0; i--) {
		if (chance(5) != 0)
			put_word(b);
		buf_adds(b, glue[chance(10)]);
	}
	if (chance(2) == 0)
		put_word(b);
}

static void put_rule(struct buf *b)
{
	static const char *const anchors[] = { "", "", "||", "|https://", "||", "*" };
	static const char *const options[] = { "",
					       "",
					       "$script",
					       "$third-party",
					       "$domain=ads.example",
					       "$image,domain=a.ads.example|x.org",
					       "$domain=~x.org",
					       "$domain=ads.*",
					       "$important",
					       "$match-case" };

	if (chance(4) == 0)
		buf_adds(b, "@@");
	if (chance(12) == 0) {
		buf_adds(b, "*");
		buf_adds(b, options[2 + chance(7)]);
	} else {
		buf_adds(b, anchors[chance(6)]);
		put_pattern(b);
		if (chance(6) == 0)
			buf_adds(b, "|");
		buf_adds(b, options[chance(10)]);
	}
	buf_addc(b, '\n');
}

static void put_url(struct buf *b)
{
	static const char *const hosts[] = { "ads.example", "x.org", "a.ads.example",
					     "banner.track.x.org", "ab.a1b2.example" };
	static const char *const glue[] = { "/", ".", "-", "_", "?", "=", "%2f", "&", ":", "//" };

	buf_adds(b, "https://");
	buf_adds(b, hosts[chance(5)]);
	buf_addc(b, '/');
	for (unsigned i = 1 + chance(6); i > 0; i--) {
		put_word(b);
		buf_adds(b, glue[chance(10)]);
	}
	if (chance(2) == 0)
		put_word(b);
}

#define RULES_MAX 2000u

struct seen {
	uint32_t text[RULES_MAX];
	size_t n;
};

static bool see(void *arg, const struct image_rule *r)
{
	struct seen *s = arg;

	if (s->n < RULES_MAX)
		s->text[s->n++] = r->text;
	return false;
}

static bool was_seen(const struct seen *s, uint32_t text)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->text[i] == text)
			return true;
	return false;
}

static void compare(const struct lists *l, struct query *q, enum image_realm realm, size_t *found)
{
	const struct index *x = &l->realm[realm];
	const struct image_rule *r = x->records;
	struct seen seen = { .n = 0 };

	walk(l, q, realm, see, &seen);
	for (uint32_t i = 0; i < x->n; i++) {
		bool want = rule_matches(l, q, &r[i]);

		if (want != was_seen(&seen, r[i].text))
			fail_msg("%.*s %s %.*s", SLICE_ARG(rule_text(l, r[i].text)),
				 want ? "is not found for" : "is found for",
				 SLICE_ARG(query_raw(q)));
		*found += want;
	}
}

static void test_index(void **state)
{
	static const char *const sources[] = { "https://ads.example/", "https://x.org/",
					       "https://b.a.ads.example/", "https://ads.co.uk/",
					       "" };
	static const char *const types[] = { "script", "image", "xhr" };
	struct buf rules, url;
	size_t found = 0;

	(void)state;
	buf_init(&rules, 1 << 20);
	buf_init(&url, 4096);
	for (unsigned round = 0; round < 12; round++) {
		struct lists_fixture f;

		buf_clear(&rules);
		state_of_chance = round;
		for (unsigned i = 0; i < 400; i++)
			put_rule(&rules);
		buf_addc(&rules, '\0');
		fixture_open(&f, buf_slice(&rules).p);
		for (unsigned i = 0; i < 200; i++) {
			struct query_facts facts = { 0 };

			buf_clear(&url);
			put_url(&url);
			buf_addc(&url, '\0');
			fixture_set(&f, &facts, buf_slice(&url).p, sources[chance(5)],
				    types[chance(3)]);
			compare(f.lists, f.query, REALM_BLOCK, &found);
			compare(f.lists, f.query, REALM_ALLOW, &found);
		}
		fixture_close(&f);
	}
	/* Enough of them match to mean something. */
	assert_true(found > 10000);
	buf_release(&rules);
	buf_release(&url);
}

/* ---- patterns ---- */

static bool separator(char c)
{
	return !((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
		 c == '.' || c == '%');
}

/* By the definition, trying everything. */
static bool simple_match(const char *p, const char *url, bool to_end)
{
	if (*p == '\0')
		return !to_end || *url == '\0';
	if (*p == '*')
		return simple_match(p + 1, url, to_end) ||
		       (*url != '\0' && simple_match(p, url + 1, to_end));
	if (*p == '^' && *url == '\0')
		return simple_match(p + 1, url, to_end);
	if (*url == '\0' || (*p == '^' ? !separator(*url) : *p != *url))
		return false;
	return simple_match(p + 1, url + 1, to_end);
}

static bool simple(const char *p, unsigned flags, const char *url, size_t host_at, size_t host_n)
{
	bool to_end = (flags & RULE_AT_END) != 0;
	size_t n = strlen(url);

	if ((flags & RULE_AT_START) != 0)
		return simple_match(p, url, to_end);
	if ((flags & RULE_AT_LABEL) != 0) {
		for (size_t i = host_at; i < host_at + host_n; i++)
			if ((i == host_at || url[i - 1] == '.') && simple_match(p, url + i, to_end))
				return true;
		return false;
	}
	for (size_t i = 0; i <= n; i++)
		if (simple_match(p, url + i, to_end))
			return true;
	return false;
}

static void test_pattern(void **state)
{
	static const unsigned ways[] = { 0,
					 RULE_AT_START,
					 RULE_AT_LABEL,
					 RULE_AT_END,
					 RULE_AT_START | RULE_AT_END,
					 RULE_AT_LABEL | RULE_AT_END };
	size_t matched = 0;

	(void)state;
	state_of_chance = 77;
	for (unsigned i = 0; i < 300000; i++) {
		char url[64 + PATTERN_ROOM] = "h:"
					      "//",
			      pattern[16] = "";
		size_t host_n = 1 + chance(5), n = 4, m = 1 + chance(5);
		unsigned flags = ways[chance(6)];
		uint32_t left = UINT32_MAX;
		bool want, got;

		for (size_t j = 0; j < host_n; j++)
			url[n++] = "ab."[chance(3)];
		url[n++] = '/';
		for (unsigned j = chance(30); j > 0; j--)
			url[n++] = "ab./-"[chance(5)];
		url[n] = '\0';
		for (size_t j = 0; j < m; j++)
			pattern[j] = "ab./^*"[chance(6)];
		/* As rule_read() leaves them. */
		if (pattern[0] == '*' || pattern[m - 1] == '*')
			continue;
		if (strchr(pattern, '*') == NULL && strchr(pattern, '^') == NULL)
			flags |= RULE_PLAIN;
		want = simple(pattern, flags, url, 4, host_n);
		got = pattern_matches(slice_of(pattern, m), flags, slice_of(url, n), 4, host_n,
				      &left);
		if (want != got)
			fail_msg("%s (%x) %s %s", pattern, flags,
				 want ? "does not match" : "matches", url);
		matched += want;
	}
	assert_true(matched > 20000);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_index),
					    cmocka_unit_test(test_pattern) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
