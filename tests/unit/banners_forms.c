/* The forms below the readers (percent, base64, TC strings), bounds, and several banners at once. */
#include "filters/banners/decode.h"
#include "filters/banners/fields.h"
#include "filters/banners/read.h"
#include "filters/banners/time.h"

#include "data/tables.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define TC_ALL "CQeU7cAQeU7cAB7ABBENCMFgAP_gAAAAAAYgAAAAAAAA"
#define TC_NO "CQeU7cAQeU7cAB7ABBENCMFgAAAAAAAAAAYgAAAAAAAA"
#define TC_CLAIMS "CQeU7cAQeU7cAB7ABBENCMFgAAAAAEPAAAYgAAAAAAAA"
#define OPEN_BOX "OptanonAlertBoxClosed=2026-01-20T10:11:12Z; "

static void check_decode(const char *code, const char *value, const char *want)
{
	struct buf out;
	bool good;

	buf_init(&out, 256);
	good = decode_value(slice_str(code), slice_str(value), &out);
	if (good != (want != NULL) || (good && !slice_eq(buf_slice(&out), slice_str(want))))
		fail_msg("%s %s: \"%.*s\"", code, value, SLICE_ARG(buf_slice(&out)));
	buf_release(&out);
}

static void test_decode(void **state)
{
	(void)state;
	check_decode("plain", "a%20b", "a%20b");
	check_decode("items", "a%20b", "a%20b");
	check_decode("percent", "a%20b+c", "a b+c");
	check_decode("percent", "100%", "100%");
	check_decode("percent", "%zz%4", "%zz%4");
	check_decode("percent", "%257B%2522a%2522%257D", "{\"a\"}");
	check_decode("percent", "", "");
	check_decode("base64", "YWI=", "ab");
	check_decode("base64", "YWI", "ab");
	check_decode("base64", "-_-_", "\xfb\xff\xbf");
	check_decode("base64", "+/+/", "\xfb\xff\xbf");
	check_decode("base64", "Y", NULL);
	check_decode("base64", "YW=I", NULL);
	check_decode("base64", "YW I", NULL);
	check_decode("percent base64", "YQ%3D%3D", "a");
}

static void test_decode_bound(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 4);
	assert_true(decode_value(SLICE("percent"), SLICE("%41bcd"), &out) == false);
	buf_release(&out);
}

static void test_fields(void **state)
{
	struct slice list = SLICE("a:analytics a*:functional *:unknown"), bad;
	enum banner_meaning m = MEANS_COUNT;
	bool listed;

	(void)state;
	assert_true(banner_field_find(list, SLICE("a"), &m, &listed) && listed);
	assert_int_equal(m, MEANS_ANALYTICS);
	assert_true(banner_field_find(list, SLICE("ab"), &m, &listed) && listed);
	assert_int_equal(m, MEANS_FUNCTIONAL);
	assert_true(banner_field_find(list, SLICE("b"), &m, &listed) && !listed);
	assert_int_equal(m, MEANS_UNKNOWN);
	assert_false(banner_field_find(SLICE(""), SLICE("b"), &m, &listed));
	assert_true(banner_fields_check(list, &bad));
	assert_false(banner_fields_check(SLICE("a:analytics  b:unknown"), &bad));
	assert_false(banner_fields_check(SLICE("a"), &bad));
}

static void test_when(void **state)
{
	struct slice rest = SLICE("a=:undecided b.c!=x:partial !d:unreadable @yes:implied");
	struct when_item w;

	(void)state;
	assert_true(when_next(&rest, &w));
	assert_true(w.test == WHEN_EQUAL && slice_eq(w.name, SLICE("a")) && w.value.n == 0);
	assert_int_equal(w.meaning, MEANS_UNDECIDED);
	assert_true(when_next(&rest, &w));
	assert_true(w.test == WHEN_DIFFERENT && slice_eq(w.name, SLICE("b.c")));
	assert_true(slice_eq(w.value, SLICE("x")));
	assert_true(when_next(&rest, &w));
	assert_true(w.test == WHEN_ABSENT && slice_eq(w.name, SLICE("d")));
	assert_true(when_next(&rest, &w));
	assert_int_equal(w.test, WHEN_ANY_YES);
	assert_false(when_next(&rest, &w));
}

static void test_votes(void **state)
{
	(void)state;
	assert_int_equal(vote_of_word(SLICE("TRUE")), VOTE_YES);
	assert_int_equal(vote_of_word(SLICE("CONFIRMED")), VOTE_YES);
	assert_int_equal(vote_of_word(SLICE("OPT_OUT")), VOTE_NO);
	assert_int_equal(vote_of_word(SLICE("0")), VOTE_NO);
	assert_int_equal(vote_of_word(SLICE("")), VOTE_OPEN);
	assert_int_equal(vote_of_word(SLICE("NO_CHOICE")), VOTE_OPEN);
	assert_int_equal(vote_of_word(SLICE("11")), VOTE_NONE);
}

static struct banners *table(void)
{
	struct banners *t;
	struct buf error;

	buf_init(&error, 512);
	t = banners_new(table_banners, "banners.tsv", &error);
	if (t == NULL)
		fail_msg("%.*s", SLICE_ARG(buf_slice(&error)));
	buf_release(&error);
	return t;
}

static struct banner_reading read_all(const struct banners *t, const char *cookies)
{
	struct banner_reading r[BANNER_READINGS_MAX];
	size_t n = banner_read_field(t, SLICE("www.example.com"), slice_str(cookies), r);

	return banner_summary(r, n);
}

struct several {
	const char *cookies;
	enum banner_state state;
	unsigned granted;
};

static void test_several(void **state)
{
	static const struct several cases[] = {
		{ "", BANNER_NONE, 0 },
		{ "a=b; _ga=GA1.1", BANNER_NONE, 0 },
		{ "consentUUID=1; _sp_su=false", BANNER_NONE, 0 },
		/* A TC string speaks for a product that keeps its answer on a server. */
		{ "consentUUID=1; euconsent-v2=" TC_ALL, BANNER_ACCEPT, BANNER_ALL },
		{ "consentUUID=1; euconsent-v2=" TC_NO, BANNER_REFUSE, 0 },
		/* Beside a product's own record it only takes back. */
		{ "cookieconsent_status=deny; euconsent-v2=" TC_ALL, BANNER_REFUSE, 0 },
		{ "cookieconsent_status=allow; euconsent-v2=" TC_NO, BANNER_PARTIAL, 0 },
		{ "cookieconsent_status=dismiss; euconsent-v2=" TC_ALL, BANNER_UNDECIDED, 0 },
		{ "cookieconsent_status=allow; euconsent-v2=" TC_ALL, BANNER_ACCEPT, BANNER_ALL },
		/* Two products: the one that grants less. */
		{ "cookieconsent_status=allow; edp_cookie_agree=0", BANNER_REFUSE, 0 },
		{ "edp_cookie_agree=0; cookieconsent_status=allow", BANNER_REFUSE, 0 },
		{ "edp_cookie_agree=1; cookieconsent_status=dismiss", BANNER_UNDECIDED, 0 },
		{ "edp_cookie_agree=0; cookieconsent_status=dismiss", BANNER_REFUSE, 0 },
		{ "edp_cookie_agree=1; klaro={\"matomo\":true,\"own\":false}", BANNER_PARTIAL,
		  BANNER_ANALYTICS },
		{ "edp_cookie_agree=1; osano_consentmanager=x", BANNER_UNREADABLE, 0 },
		/* The same cookie twice, as two paths give it: both count. */
		{ "klaro={\"matomo\":true}; klaro={\"matomo\":false}", BANNER_PARTIAL, 0 },
		{ "euconsent-v2=" TC_ALL "; euconsent-v2=" TC_NO, BANNER_REFUSE, 0 },
	};
	struct banners *t = table();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct banner_reading r = read_all(t, cases[i].cookies);

		if (r.state != cases[i].state || r.granted != cases[i].granted)
			fail_msg("%s: %s (%u)", cases[i].cookies, banner_state_word(r.state),
				 r.granted);
	}
	banners_free(t);
}

static void test_order_makes_no_difference(void **state)
{
	struct banners *t = table();
	struct banner_reading a, b;

	(void)state;
	a = read_all(t, OPEN_BOX "OptanonConsent=groups=C0001:1,C0002:1; eupubconsent-v2=" TC_ALL);
	b = read_all(t, "eupubconsent-v2=" TC_ALL "; OptanonConsent=groups=C0001:1,C0002:1; "
			"OptanonAlertBoxClosed=2026-01-20T10:11:12Z");
	assert_int_equal(a.state, BANNER_ACCEPT);
	assert_int_equal(b.state, a.state);
	assert_int_equal(b.granted, a.granted);
	assert_int_equal(b.claimed, a.claimed);
	banners_free(t);
}

static void test_beside_the_answer(void **state)
{
	struct banners *t = table();
	struct banner_reading r;

	(void)state;
	/* An assumption claims, and grants nothing. */
	r = read_all(t, "OptanonConsent=isGpcEnabled=1&groups=C0001:1,C0002:1,C0004:0");
	assert_int_equal(r.state, BANNER_IMPLIED);
	assert_int_equal(r.granted, 0);
	assert_int_equal(r.claimed, BANNER_ANALYTICS);
	assert_int_equal(r.asked, BANNER_ANALYTICS | BANNER_ADVERTISING);
	assert_true(r.privacy_signal);
	/* Refused, and yet a legitimate interest is claimed. */
	r = read_all(t, "euconsent-v2=" TC_CLAIMS);
	assert_int_equal(r.state, BANNER_REFUSE);
	assert_true(r.legitimate);
	r = read_all(t, "__cmpcpc=__1__; __cmpiabli=_6_23_");
	assert_int_equal(r.state, BANNER_REFUSE);
	assert_true(r.legitimate);
	r = read_all(t, "__cmpcpc=__1__; __cmpiabli=__");
	assert_false(r.legitimate);
	banners_free(t);
}

struct time_case {
	const char *text;
	int64_t want; /* 0: none */
};

static void test_times(void **state)
{
	static const struct time_case cases[] = {
		{ "2026-01-20T10:11:12.345Z", 1768903872 },
		{ "2024-02-29T23:59:59", 1709251199 },
		{ "2100-03-01T00:00:00Z", 4107542400 },
		{ "1768903872", 1768903872 },
		{ "1768903872345", 1768903872 },
		{ "2026-13-20T10:11:12Z", 0 },
		{ "2026-01-20", 0 },
		{ "0000-00-00T00:00:00", 0 },
		{ "1970-01-01T00:00:00Z", 0 },
		{ "12345", 0 },
		{ "99999999999999999999", 0 },
		{ "-1768903872", 0 },
		{ "", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t got = 0;
		bool good = banner_time_read(slice_str(cases[i].text), &got);

		if (good != (cases[i].want != 0) || (good && got != cases[i].want))
			fail_msg("%s: %lld", cases[i].text, (long long)got);
	}
}

/* There and back over every day of two centuries. */
static void test_every_day(void **state)
{
	struct buf text;

	(void)state;
	buf_init(&text, 64);
	for (int64_t s = INT64_C(1000000000); s < INT64_C(7000000000); s += 86400 + 3661) {
		int64_t back = 0;

		buf_clear(&text);
		banner_time_write(s, &text);
		assert_true(banner_time_read(buf_slice(&text), &back));
		assert_int_equal(back, s);
	}
	buf_release(&text);
}

static void test_when_it_was_answered(void **state)
{
	static const struct time_case cases[] = {
		{ OPEN_BOX "OptanonConsent=groups=C0001:1,C0002:0", 1768903872 },
		{ "euconsent-v2=" TC_NO, 1768867200 },
		{ "CookieConsent={stamp:'x',necessary:true,marketing:false,method:'explicit',"
		  "utc:1768903872000}",
		  1768903872 },
		{ "_iub_cs-1={\"timestamp\":\"2026-01-20T10:11:12.9Z\",\"consent\":false}",
		  1768903872 },
		{ "cc_cookie={\"categories\":[],\"consentTimestamp\":\"2026-01-20T10:11:12Z\"}",
		  1768903872 },
		{ "CONSENTMGR=consent:false%7Cts:1768903872345", 1768903872 },
		{ "CookieScriptConsent={\"action\":\"reject\",\"consenttime\":1768903872}",
		  1768903872 },
		{ "cookieconsent_status=deny", 0 },
		{ "CONSENTMGR=consent:false%7Cts:soon", 0 },
	};
	struct banners *t = table();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct banner_reading r = read_all(t, cases[i].text);

		if (r.answered_s != cases[i].want)
			fail_msg("%s: %lld", cases[i].text, (long long)r.answered_s);
		assert_int_equal(r.state, BANNER_REFUSE);
	}
	banners_free(t);
}

static struct banner_pair pair_of(const char *name, const char *value)
{
	return (struct banner_pair){ slice_str(name), slice_str(value) };
}

static enum banner_state after_set(const struct banners *t, const char *cookies,
				   const struct banner_pair *set, size_t count)
{
	struct banner_reading r[BANNER_READINGS_MAX];
	size_t n = banner_read_set(t, SLICE("www.example.com"), slice_str(cookies), set, count, r);

	return banner_summary(r, n).state;
}

/* JSON in a string is read, once; of a second string nothing is taken from the first. */
static void test_json_in_strings(void **state)
{
	struct banners *t = table();
	struct banner_reading r;

	(void)state;
	r = read_all(t, "_tracking_consent={\"purposes\":\"{\\\"a\\\":true,\\\"m\\\":true}\"}");
	assert_int_equal(r.state, BANNER_ACCEPT);
	r = read_all(t, "_tracking_consent={\"purposes\":\"{\\\"a\\\":true,\\\"CMP\\\":{\\\"m\\\":"
			"false}}\",\"con\":\"{}\"}");
	assert_int_equal(r.state, BANNER_ACCEPT);
	r = read_all(t, "_tracking_consent={\"purposes\":\"{\\\"a\\\":\"}");
	assert_int_equal(r.state, BANNER_UNDECIDED);
	r = read_all(t, "_tracking_consent={\"purposes\":{\"a\":true,\"m\":{}}}");
	assert_int_equal(r.state, BANNER_PARTIAL);
	banners_free(t);
}

/* What an answer sets stands in the place of what the request carried. */
static void test_set(void **state)
{
	const struct banner_pair allow = pair_of("cookieconsent_status", "allow");
	const struct banner_pair gone = { SLICE("cookieconsent_status"), { NULL, 0 } };
	const struct banner_pair box = pair_of("OptanonAlertBoxClosed", "2026-01-20T10:11:12Z");
	const struct banner_pair both[] = { allow, pair_of("cookieconsent_status", "deny") };
	struct banners *t = table();

	(void)state;
	assert_int_equal(after_set(t, "", &allow, 1), BANNER_ACCEPT);
	assert_int_equal(after_set(t, "cookieconsent_status=deny; a=b", &allow, 1), BANNER_ACCEPT);
	assert_int_equal(after_set(t, "cookieconsent_status=deny", &gone, 1), BANNER_NONE);
	assert_int_equal(after_set(t, "", both, 2), BANNER_REFUSE);
	/* Half of it was there before. */
	assert_int_equal(after_set(t, "OptanonConsent=groups=C0001:1,C0002:1", NULL, 0),
			 BANNER_IMPLIED);
	assert_int_equal(after_set(t, "OptanonConsent=groups=C0001:1,C0002:1", &box, 1),
			 BANNER_ACCEPT);
	banners_free(t);
}

/* cookie-consent is TikTok's on tiktok.com; elsewhere the name is anybody's. */
static void test_domains(void **state)
{
	struct slice cookies = SLICE("cookie-consent=%7B%22ga%22%3Atrue%7D");
	struct banner_reading r[BANNER_READINGS_MAX];
	struct banners *t = table();

	(void)state;
	assert_int_equal(banner_read_field(t, SLICE("www.tiktok.com"), cookies, r), 1);
	assert_int_equal(banner_read_field(t, SLICE("tiktok.com"), cookies, r), 1);
	assert_int_equal(banner_read_field(t, SLICE("www.example.com"), cookies, r), 0);
	assert_int_equal(banner_read_field(t, SLICE("eviltiktok.com"), cookies, r), 0);
	/* So is CONSENT Google's. */
	cookies = SLICE("CONSENT=YES+1");
	assert_int_equal(banner_read_field(t, SLICE("m.youtube.com"), cookies, r), 1);
	assert_int_equal(banner_read_field(t, SLICE("www.example.com"), cookies, r), 0);
	banners_free(t);
}

static void test_longest_name_wins(void **state)
{
	struct banners *t = table();
	const struct banner_row *row;

	(void)state;
	row = banners_cookie(t, SLICE("a.example"), SLICE("cmplz_banner-status"));
	assert_int_equal(row->kind, KIND_GATE);
	row = banners_cookie(t, SLICE("a.example"), SLICE("cmplz_marketing"));
	assert_int_equal(row->kind, KIND_FLAG);
	row = banners_cookie(t, SLICE("a.example"), SLICE("__cmpcpcx1"));
	assert_int_equal(row->kind, KIND_CONSENTMANAGER);
	assert_null(banners_cookie(t, SLICE("a.example"), SLICE("optanonconsent")));
	assert_null(banners_cookie(t, SLICE("a.example"), SLICE("")));
	banners_free(t);
}

static void test_too_long(void **state)
{
	struct banner_reading r[BANNER_READINGS_MAX];
	struct banners *t = table();
	struct buf cookie;

	(void)state;
	buf_init(&cookie, 1 << 16);
	buf_adds(&cookie, OPEN_BOX "OptanonConsent=groups=C0001:1,C0002:1&x=");
	while (cookie.len < 2 * BANNER_VALUE_MAX)
		buf_addc(&cookie, 'a');
	assert_int_equal(banner_read_field(t, SLICE("a.example"), buf_slice(&cookie), r), 1);
	assert_int_equal(r[0].state, BANNER_UNREADABLE);
	buf_release(&cookie);
	banners_free(t);
}

/* More products than anybody has: nothing of it counts. */
static void test_too_many(void **state)
{
	struct banner_reading r[BANNER_READINGS_MAX];
	struct banners *t = table();
	size_t n;

	(void)state;
	n = banner_read_field(
		t, SLICE("www.google.com"),
		SLICE("cookieconsent_status=allow; edp_cookie_agree=1; CONSENT=YES+1; "
		      "cookie-agreed=2; klaro={\"a\":true}; orejime={\"a\":true}; "
		      "tarteaucitron=!a=true; CONSENTMGR=consent:true; "
		      "notice_preferences=2:"),
		r);
	assert_int_equal(n, BANNER_READINGS_MAX);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(r[i].state, BANNER_UNREADABLE);
	banners_free(t);
}

static void test_words(void **state)
{
	(void)state;
	for (unsigned i = 0; i <= BANNER_ACCEPT; i++) {
		enum banner_state back = BANNER_NONE;

		assert_true(banner_state_of_word(slice_str(banner_state_word((enum banner_state)i)),
						 &back));
		assert_int_equal(back, i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decode),
		cmocka_unit_test(test_decode_bound),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_when),
		cmocka_unit_test(test_votes),
		cmocka_unit_test(test_several),
		cmocka_unit_test(test_order_makes_no_difference),
		cmocka_unit_test(test_beside_the_answer),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_every_day),
		cmocka_unit_test(test_when_it_was_answered),
		cmocka_unit_test(test_json_in_strings),
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_domains),
		cmocka_unit_test(test_longest_name_wins),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
