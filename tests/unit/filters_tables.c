/* Choices, host patterns, and the words of the enums. */
#include "filters/choices.h"
#include "filters/hosts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static const uint8_t alice[16] = { 1 }, bob[16] = { 2 };

static void test_choices(void **state)
{
	struct choices *t = choices_new(3);
	const struct choice yes = { CHOICE_ACCEPTED, SEEN_DESK, 1000 };
	const struct choice no = { CHOICE_REFUSED, SEEN_CLI, 2000 };
	const struct choice none = { CHOICE_NONE, SEEN_NOWHERE, 0 };
	struct choice c;

	(void)state;
	c = choices_find(t, alice, SLICE("a.example"), 3000);
	assert_int_equal(c.state, CHOICE_NONE);
	assert_int_equal(c.seen, SEEN_NOWHERE);
	assert_true(choices_set(t, alice, SLICE("*"), &yes));
	assert_true(choices_set(t, alice, SLICE("a.example"), &no));
	c = choices_find(t, alice, SLICE("a.example"), 3000);
	assert_int_equal(c.state, CHOICE_REFUSED);
	assert_int_equal(c.seen, SEEN_CLI);
	assert_int_equal(c.when_ms, 2000);
	assert_int_equal(choices_find(t, alice, SLICE("b.example"), 3000).state, CHOICE_ACCEPTED);
	assert_true(choices_has_own(t, alice, SLICE("a.example"), 3000));
	assert_false(choices_has_own(t, alice, SLICE("a.example"), 3000 + CHOICE_HOLDS_MS));
	assert_false(choices_has_own(t, alice, SLICE("b.example"), 3000));
	assert_false(choices_has_own(t, alice, SLICE("*"), 3000));
	assert_false(choices_has_own(t, bob, SLICE("a.example"), 3000));
	assert_int_equal(choices_find(t, bob, SLICE("a.example"), 3000).state, CHOICE_NONE);
	assert_true(choices_set(t, alice, SLICE("a.example"), &none));
	assert_int_equal(choices_find(t, alice, SLICE("a.example"), 3000).state, CHOICE_ACCEPTED);
	choices_clear(t, alice, SLICE("*"));
	assert_int_equal(choices_count(t), 0);
	assert_false(choices_set(t, alice, SLICE(""), &yes));
	assert_false(choices_set(t, alice, SLICE("a\0b"), &yes));
	choices_free(t);
}

/* A choice holds for six months, and then the one for all sites stands again. */
static void test_choices_end(void **state)
{
	struct choices *t = choices_new(3);
	const struct choice yes = { CHOICE_ACCEPTED, SEEN_DESK, 1000 };
	const struct choice some = { CHOICE_ANALYTICS, SEEN_DESK, 2000 };

	(void)state;
	assert_true(choices_set(t, alice, SLICE("a.example"), &yes));
	assert_true(choices_set(t, alice, SLICE("*"), &some));
	assert_int_equal(choices_find(t, alice, SLICE("a.example"), 0).state, CHOICE_ACCEPTED);
	assert_int_equal(choices_find(t, alice, SLICE("a.example"), 999 + CHOICE_HOLDS_MS).state,
			 CHOICE_ACCEPTED);
	assert_int_equal(choices_find(t, alice, SLICE("a.example"), 1000 + CHOICE_HOLDS_MS).state,
			 CHOICE_ANALYTICS);
	assert_int_equal(choices_find(t, alice, SLICE("a.example"), 2000 + CHOICE_HOLDS_MS).state,
			 CHOICE_NONE);
	choices_free(t);
}

static void test_choice_sets(void **state)
{
	static const enum purpose of[] = { PURPOSE_FUNCTIONAL, PURPOSE_ANALYTICS,
					   PURPOSE_ADVERTISING };

	(void)state;
	assert_int_equal(choice_of_set(0), CHOICE_REFUSED);
	assert_int_equal(choice_of_set(ALLOW_ALL), CHOICE_ACCEPTED);
	assert_int_equal(choice_set_of(CHOICE_NONE), 0);
	assert_int_equal(choice_set_of(CHOICE_PUT_BACK), 0);
	for (unsigned set = 0; set <= ALLOW_ALL; set++) {
		enum choice_state v = choice_of_set(set);

		assert_int_equal(choice_set_of(v), set);
		for (unsigned i = 0; i < 3; i++)
			assert_int_equal(choice_accepts(v, of[i]), (set >> i & 1) != 0);
		assert_int_equal(choice_accepts(v, PURPOSE_UNKNOWN), set == ALLOW_ALL);
		assert_false(choice_accepts(v, PURPOSE_ESSENTIAL));
	}
	assert_string_equal(choice_word(choice_of_set(ALLOW_FUNCTIONAL | ALLOW_ADVERTISING)),
			    "functional+advertising");
	assert_string_equal(choice_word(choice_of_set(ALLOW_ANALYTICS)), "analytics");
}

static void note_site(void *arg, const char *site, const struct choice *choice)
{
	buf_addf(arg, "%s=%s ", site, choice_word(choice->state));
}

static void test_choices_bounded(void **state)
{
	struct choices *t = choices_new(3);
	const struct choice yes = { CHOICE_ACCEPTED, SEEN_DESK, 1 };
	struct buf out;

	(void)state;
	choices_set(t, alice, SLICE("a.example"), &yes);
	choices_set(t, bob, SLICE("b.example"), &yes);
	choices_set(t, alice, SLICE("c.example"), &yes);
	choices_set(t, alice, SLICE("a.example"), &yes); /* set anew: now the youngest */
	choices_set(t, alice, SLICE("d.example"), &yes);
	assert_int_equal(choices_count(t), 3);
	assert_int_equal(choices_find(t, bob, SLICE("b.example"), 3000).state, CHOICE_NONE);
	buf_init(&out, 256);
	choices_each(t, alice, note_site, &out);
	assert_true(slice_eq(buf_slice(&out),
			     SLICE("c.example=accepted a.example=accepted d.example=accepted ")));
	buf_release(&out);
	choices_free(t);
}

static void test_hosts(void **state)
{
	static const char table[] = "pattern\tnote\twhy\n"
				    "# comment\n"
				    "\n"
				    "bank.example\tmoney\tx\r\n"
				    "*.Health.example\thealth\n"
				    "one.two.example\n";
	struct hosts *h = hosts_new();
	struct hosts_match m;
	struct buf error;

	(void)state;
	buf_init(&error, 1024);
	assert_false(hosts_match(h, SLICE("bank.example"), &m));
	assert_true(hosts_add_table(h, SLICE(table), "never.tsv", &error));
	assert_int_equal(hosts_count(h), 3);
	assert_true(hosts_match(h, SLICE("Bank.Example."), &m));
	assert_string_equal(m.pattern, "bank.example");
	assert_string_equal(m.note, "money");
	assert_false(hosts_match(h, SLICE("www.bank.example"), &m));
	assert_false(hosts_match(h, SLICE("xbank.example"), &m));
	assert_true(hosts_match(h, SLICE("a.b.health.example"), &m));
	assert_string_equal(m.pattern, "*.Health.example");
	assert_false(hosts_match(h, SLICE("health.example"), &m));
	assert_false(hosts_match(h, SLICE("myhealth.example"), NULL));
	assert_true(hosts_match(h, SLICE("one.two.example"), NULL));
	assert_false(hosts_match(h, SLICE(""), NULL));
	assert_false(hosts_match(h, SLICE("."), NULL));
	assert_true(hosts_add(h, SLICE("bank.example"), SLICE("again"), &error));
	assert_int_equal(hosts_count(h), 3);
	buf_release(&error);
	hosts_free(h);
}

static void test_hosts_errors(void **state)
{
	static const char *const bad[] = { "",	 "*",  "*.",   "*example.com", "a.*.com", "a b",
					   ".a", "a.", "a..b", "http://a",     "\xc3\xa9" };
	struct hosts *h = hosts_new();
	struct buf error;

	(void)state;
	buf_init(&error, 1024);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (hosts_add(h, slice_str(bad[i]), SLICE(""), &error))
			fail_msg("taken: %s", bad[i]);
	buf_clear(&error);
	assert_false(hosts_add_table(h, SLICE("a.example\n\nb example\n"), "h.tsv", &error));
	assert_true(slice_starts(buf_slice(&error), SLICE("h.tsv:3: host pattern \"b example\"")));
	buf_release(&error);
	hosts_free(h);
}

/* The list that ships loads, and matches. */
static void test_hosts_shipped(void **state)
{
	static char text[1 << 20];
	const char *srcdir = getenv("srcdir");
	struct hosts *h = hosts_new();
	struct buf error;
	char path[4096];
	size_t n;
	FILE *f;

	(void)state;
	snprintf(path, sizeof(path), "%s/data/never-intercept.tsv", srcdir != NULL ? srcdir : ".");
	f = fopen(path, "rb");
	if (f == NULL) {
		hosts_free(h);
		skip();
	}
	n = fread(text, 1, sizeof(text), f);
	fclose(f);
	buf_init(&error, 1024);
	if (!hosts_add_table(h, slice_of(text, n), "data/never-intercept.tsv", &error))
		fail_msg("%.*s", SLICE_ARG(buf_slice(&error)));
	assert_true(hosts_count(h) > 100);
	assert_true(hosts_match(h, SLICE("fe2.update.microsoft.com"), NULL));
	assert_false(hosts_match(h, SLICE("www.microsoft.com"), NULL));
	buf_release(&error);
	hosts_free(h);
}

/* Each word of an enum finds its value again, and what is no value has no word. */
#define CHECK_WORDS(name, type, last)                                                              \
	do {                                                                                       \
		enum type v_;                                                                      \
		for (unsigned i_ = 0; i_ <= (unsigned)(last); i_++) {                              \
			assert_true(name##_of_word(slice_str(name##_word((enum type)i_)), &v_));   \
			assert_int_equal(v_, i_);                                                  \
		}                                                                                  \
		assert_string_equal(name##_word((enum type)((unsigned)(last) + 1)), "?");          \
		assert_false(name##_of_word(SLICE("?"), &v_));                                     \
		assert_false(name##_of_word(SLICE(""), &v_));                                      \
	} while (0)

static void test_words(void **state)
{
	(void)state;
	CHECK_WORDS(purpose, purpose, PURPOSE_CHOICE);
	CHECK_WORDS(profile, profile, PROFILE_INVESTIGATOR);
	CHECK_WORDS(choice, choice_state, CHOICE_PUT_BACK);
	CHECK_WORDS(seen, choice_seen, SEEN_CLAIM);
	CHECK_WORDS(verdict, verdict, VERDICT_EXPIRED);
	CHECK_WORDS(cookie_kind, cookie_kind, COOKIE_SENT);
	CHECK_WORDS(party, party, PARTY_THIRD);
	CHECK_WORDS(site_by, site_by, BY_SELF);
	CHECK_WORDS(confidence, confidence, CONFIDENCE_LOW);
	CHECK_WORDS(same_site, same_site, SAME_SITE_STRICT);
	assert_string_equal(purpose_word(PURPOSE_ADVERTISING), "advertising");
	assert_string_equal(site_by_word(BY_SAME_SITE), "same-site");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_choices),	      cmocka_unit_test(test_choices_bounded),
		cmocka_unit_test(test_choices_end),   cmocka_unit_test(test_choice_sets),
		cmocka_unit_test(test_hosts),	      cmocka_unit_test(test_hosts_errors),
		cmocka_unit_test(test_hosts_shipped), cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
