/* evidence: the three forms of an entry, and what is not a line. */
#include "base/clock.h"
#include "evidence/entry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define T0 1795318610123 /* 2026-11-22T03:36:50.123Z */
#define CLIENT "00112233445566778899aabbccddeeff"
#define VALUE "ffeeddccbbaa99887766554433221100"
#define SHA "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static char scratch[ENTRY_LINE_MAX];

static struct entry cookie(enum entry_kind kind)
{
	struct entry e;

	entry_init(&e, kind, T0);
	e.n = 7;
	e.client = SLICE(CLIENT);
	e.site = SLICE("example.com");
	e.site_by = SLICE("same-site");
	e.confidence = SLICE("high");
	e.party = SLICE("first");
	e.host = SLICE("www.example.com");
	e.scheme = SLICE("https");
	e.rules = SLICE("0123456789abcdef");
	e.cookie = SLICE("_ga");
	e.purpose = SLICE("analytics");
	e.why = SLICE("table:412 _ga*");
	e.profile = SLICE("default");
	e.choice = SLICE("none");
	e.seen = SLICE("nowhere");
	e.verdict = SLICE("removed");
	e.value = SLICE(VALUE);
	e.shape = SLICE("uuid:36");
	e.count = 1;
	e.attrs = (struct entry_attrs){ .domain = SLICE("example.com"),
					.path = SLICE("/"),
					.lifetime_s = 34560000,
					.secure = true,
					.samesite = SLICE("lax") };
	e.status = 200;
	return e;
}

static void check_line(const struct entry *e, const char *want)
{
	struct entry again;
	struct buf b, c;
	size_t where = 0;

	buf_init(&b, ENTRY_LINE_MAX);
	buf_init(&c, ENTRY_LINE_MAX);
	assert_true(entry_ok(e));
	entry_format(&b, e);
	assert_true(buf_ok(&b));
	buf_addc(&b, '\0');
	if (want != NULL)
		assert_string_equal(b.mem, want);
	assert_true(entry_parse(slice_of(b.mem, b.len - 1), scratch, &again, &where));
	entry_format(&c, &again);
	assert_int_equal(c.len, b.len - 1);
	assert_memory_equal(c.mem, b.mem, c.len);
	buf_release(&b);
	buf_release(&c);
}

#define FACTS                                                                                      \
	",\"client\":\"" CLIENT "\",\"site\":\"example.com\",\"site_by\":\"same-site\","           \
	"\"confidence\":\"high\",\"party\":\"first\",\"host\":\"www.example.com\","                \
	"\"cookie\":\"_ga\",\"purpose\":\"analytics\",\"why\":\"table:412 _ga*\","                 \
	"\"profile\":\"default\",\"choice\":\"none\",\"seen\":\"nowhere\","                        \
	"\"verdict\":\"removed\",\"value\":\"" VALUE "\",\"shape\":\"uuid:36\""
#define HEAD(kind) "{\"v\":1,\"n\":7,\"t\":\"2026-11-22T03:36:50.123Z\",\"kind\":\"" kind "\""

static void test_golden_set(void **state)
{
	struct entry e = cookie(ENTRY_SET);

	(void)state;
	check_line(&e, HEAD("set") FACTS
		   ",\"count\":1,\"last\":\"2026-11-22T03:36:50.123Z\",\"scheme\":\"https\","
		   "\"rules\":\"0123456789abcdef\",\"attrs\":{\"domain\":\"example.com\",\"path\":"
		   "\"/\",\"lifetime_s\":34560000,"
		   "\"session\":false,\"secure\":true,\"httponly\":false,\"samesite\":\"lax\","
		   "\"partitioned\":false},\"status\":200}");
}

static void test_golden_sent(void **state)
{
	struct entry e = cookie(ENTRY_SENT);

	(void)state;
	e.count = 12;
	e.first = T0 + 1;
	e.last = T0 + 60000;
	e.tries = 2;
	check_line(&e,
		   HEAD("sent") FACTS ",\"count\":12,\"last\":\"2026-11-22T03:37:50.123Z\","
				      "\"first\":\"2026-11-22T03:36:50.124Z\",\"scheme\":\"https\","
				      "\"rules\":\"0123456789abcdef\",\"tries\":2}");
}

/* What is not always there: old lines are without it. */
#define LIST                                                                                       \
	",\"list\":{\"says\":\"remove\",\"purpose\":\"analytics\",\"name\":\"privacy.txt\","       \
	"\"version\":\"fedcba9876543210\",\"rule\":\"||x.example^$cookie\"}"

#define SEEN                                                                                       \
	",\"count\":1,\"last\":\"2026-11-22T03:36:50.123Z\",\"scheme\":\"https\","                 \
	"\"rules\":\"0123456789abcdef\""

static void test_optional(void **state)
{
	const struct entry_list list = { .says = SLICE("remove"),
					 .purpose = SLICE("analytics"),
					 .name = SLICE("privacy.txt"),
					 .version = SLICE("fedcba9876543210"),
					 .rule = SLICE("||x.example^$cookie") };
	struct entry e = cookie(ENTRY_SENT), back;
	struct msg_reader r;
	struct buf packed;
	char line[4096];
	size_t where;

	(void)state;
	e.alias = SLICE("t.tracker.example");
	check_line(&e, HEAD("sent") FACTS SEEN ",\"alias\":\"t.tracker.example\",\"tries\":0}");
	e.list = list;
	check_line(&e,
		   HEAD("sent") FACTS SEEN ",\"alias\":\"t.tracker.example\"" LIST ",\"tries\":0}");
	buf_init(&packed, ENTRY_PACKED_MAX);
	entry_pack(&packed, &e);
	msg_reader_init(&r, buf_slice(&packed));
	assert_true(entry_unpack(&r, &back));
	back.n = e.n;
	check_line(&back,
		   HEAD("sent") FACTS SEEN ",\"alias\":\"t.tracker.example\"" LIST ",\"tries\":0}");
	e.alias = SLICE("");
	check_line(&e, HEAD("sent") FACTS SEEN LIST ",\"tries\":0}");
	e = cookie(ENTRY_SET);
	e.list = list;
	check_line(&e, NULL);
	e.list.version = SLICE("fedc");
	assert_false(entry_ok(&e));
	buf_release(&packed);
	/* Nothing may be half there, empty or in another order. */
	static const char *const wrong[] = {
		",\"alias\":\"\"",
		",\"list\":{\"says\":\"remove\"}",
		",\"list\":{\"says\":\"\",\"purpose\":\"\",\"name\":\"\",\"version\":\"\",\"rule\":"
		"\"\"}",
		LIST ",\"alias\":\"t.example\"",
		LIST LIST,
		",\"purpose\":\"analytics\"",
		"}",
	};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		snprintf(line, sizeof(line), "%s%s%s", HEAD("sent") FACTS SEEN, wrong[i],
			 ",\"tries\":0}");
		if (entry_parse(slice_str(line), scratch, &e, &where))
			fail_msg("%s was taken", wrong[i]);
	}
}

static void test_every_kind(void **state)
{
	(void)state;
	for (unsigned k = 0; k < ENTRY_KINDS; k++) {
		struct entry e = cookie((enum entry_kind)k);
		enum entry_kind found;

		e.name = SLICE("cookies.tsv");
		e.digest = SLICE(SHA);
		e.version = SLICE("0.1.0");
		e.origin = SLICE("crumbgate/0123456789abcdef");
		e.jump_ms = -1500;
		check_line(&e, NULL);
		assert_true(entry_kind_of(slice_str(entry_kind_word(e.kind)), &found));
		assert_int_equal(found, k);
	}
	assert_null(entry_kind_word(ENTRY_KINDS));
}

static void test_bytes_come_back(void **state)
{
	struct entry e = cookie(ENTRY_SET), again;
	char all[256];
	struct buf b;
	size_t where;

	(void)state;
	for (int i = 0; i < 256; i++)
		all[i] = (char)i;
	e.cookie = slice_of(all, 256);
	e.attrs.path = slice_of(all + 1, 200);
	buf_init(&b, ENTRY_LINE_MAX);
	entry_format(&b, &e);
	assert_true(entry_parse(buf_slice(&b), scratch, &again, &where));
	assert_true(slice_eq(again.cookie, e.cookie));
	assert_true(slice_eq(again.attrs.path, e.attrs.path));
	for (size_t i = 0; i < b.len; i++)
		assert_true(b.mem[i] >= 0x20 && b.mem[i] < 0x7f);
	buf_release(&b);
}

/* The longest entry there can be still fits a line, and its packed form a letter. */
static void test_caps(void **state)
{
	static char ones[ENTRY_NAME_MAX + 1];
	struct entry e = cookie(ENTRY_SET);
	struct buf b;

	(void)state;
	memset(ones, 1, sizeof(ones));
	e.cookie = slice_of(ones, ENTRY_NAME_MAX);
	e.attrs.path = e.attrs.domain = slice_of(ones, ENTRY_PATH_MAX);
	e.host = e.site = slice_of(ones, ENTRY_HOST_MAX);
	e.why = slice_of(ones, ENTRY_WHY_MAX);
	e.profile = e.shape = slice_of(ones, ENTRY_WORD_MAX);
	e.clear = slice_of(ones, ENTRY_CLEAR_MAX);
	check_line(&e, NULL);
	buf_init(&b, ENTRY_PACKED_MAX);
	entry_pack(&b, &e);
	assert_true(buf_ok(&b));
	buf_release(&b);
	e.cookie.n++;
	assert_false(entry_ok(&e));
}

static void test_packed(void **state)
{
	(void)state;
	for (unsigned k = 0; k < ENTRY_KINDS; k++) {
		struct entry e = cookie((enum entry_kind)k), again;
		struct buf b, one, two;
		struct msg_reader r;

		e.name = SLICE("cookies.tsv");
		e.digest = SLICE(SHA);
		e.clear = SLICE("secret");
		buf_init(&b, MSG_MAX);
		buf_init(&one, ENTRY_LINE_MAX);
		buf_init(&two, ENTRY_LINE_MAX);
		entry_pack(&b, &e);
		entry_pack(&b, &e);
		msg_reader_init(&r, buf_slice(&b));
		assert_true(entry_unpack(&r, &again));
		assert_true(entry_unpack(&r, &again));
		assert_true(msg_end(&r));
		assert_true(slice_eq(again.clear, SLICE("secret")));
		again.n = e.n;
		entry_format(&one, &e);
		entry_format(&two, &again);
		assert_true(slice_eq(buf_slice(&one), buf_slice(&two)));
		for (size_t cut = 0; cut < b.len / 2; cut++) {
			msg_reader_init(&r, slice_head(buf_slice(&b), cut));
			assert_false(entry_unpack(&r, &again) && msg_end(&r));
		}
		buf_release(&b);
		buf_release(&one);
		buf_release(&two);
	}
}

static void refuse(const char *line, size_t where_wanted)
{
	struct entry e;
	size_t where = SIZE_MAX;

	assert_false(entry_parse(slice_str(line), scratch, &e, &where));
	assert_int_equal(where, where_wanted);
}

#define BEAT "{\"v\":1,\"n\":3,\"t\":\"2026-11-22T03:36:50.123Z\",\"kind\":\"heartbeat\"}"

static void test_not_canonical(void **state)
{
	struct entry e;
	size_t where;

	(void)state;
	assert_true(entry_parse(SLICE(BEAT), scratch, &e, &where));
	assert_int_equal(e.n, 3);
	assert_true(e.t == T0);
	refuse("", 0);
	refuse("{\"v\":2,\"n\":3", 0);
	refuse("{\"v\":1,\"n\":03,\"t\":\"2026-11-22T03:36:50.123Z\",\"kind\":\"heartbeat\"}", 11);
	refuse("{\"v\":1,\"n\":9007199254740992,\"t\":", 11);
	refuse("{\"v\":1,\"n\":3,\"t\":\"2026-11-31T03:36:50.123Z\",\"kind\":\"heartbeat\"}", 17);
	refuse("{\"v\":1,\"n\":3,\"t\":\"2026-11-22t03:36:50.123Z\",\"kind\":\"heartbeat\"}", 17);
	refuse("{\"v\":1,\"n\":3,\"t\":\"2026-11-22T03:36:50.123Z\",\"kind\":\"beat\"}", 43);
	refuse(BEAT " ", sizeof(BEAT) - 1);
	refuse("{\"v\":1,\"n\":3,\"t\":\"2026-11-22T03:36:50.123Z\",\"kind\":\"stop\",\"why\":"
	       "\"\\u0041\"}",
	       65);
	refuse("{\"v\":1,\"n\":3,\"t\":\"2026-11-22T03:36:50.123Z\",\"kind\":\"stop\",\"why\":"
	       "\"\\u00E9\"}",
	       65);
	refuse("{\"v\":1,\"n\":3,\"t\":\"2026-11-22T03:36:50.123Z\",\"kind\":\"stop\",\"why\":"
	       "\"\\n\"}",
	       65);
	refuse("{\"v\":1,\"n\":3,\"t\":\"2026-11-22T03:36:50.123Z\",\"kind\":\"stop\",\"why\":\"a",
	       66);
	refuse("{\"v\":1,\"n\":3,\"t\":\"2026-11-22T03:36:50.123Z\",\"kind\":\"clock\",\"jump_ms\":"
	       "-0}",
	       69);
}

/* Every change of one byte of a line is refused or is another line: never the same entry. */
static void test_one_byte(void **state)
{
	struct entry e = cookie(ENTRY_SET), again;
	struct buf b, c;
	size_t where;

	(void)state;
	buf_init(&b, ENTRY_LINE_MAX);
	buf_init(&c, ENTRY_LINE_MAX);
	e.why = SLICE("\"\\\x01\xff");
	entry_format(&b, &e);
	for (size_t i = 0; i < b.len; i++) {
		for (int v = 0; v < 256; v++) {
			char was = b.mem[i];

			b.mem[i] = (char)v;
			if (entry_parse(buf_slice(&b), scratch, &again, &where)) {
				buf_clear(&c);
				entry_format(&c, &again);
				assert_true(slice_eq(buf_slice(&b), buf_slice(&c)));
			}
			b.mem[i] = was;
		}
	}
	for (size_t i = 0; i < b.len; i++)
		assert_false(entry_parse(slice_head(buf_slice(&b), i), scratch, &again, &where));
	buf_release(&b);
	buf_release(&c);
}

static void test_words_are_checked(void **state)
{
	struct entry e = cookie(ENTRY_SENT);

	(void)state;
	e.verdict = SLICE("");
	assert_false(entry_ok(&e));
	e.verdict = SLICE("Kept");
	assert_false(entry_ok(&e));
	e.verdict = SLICE("kept");
	assert_true(entry_ok(&e));
	e.client = SLICE("00112233445566778899AABBCCDDEEFF");
	assert_false(entry_ok(&e));
	e = cookie(ENTRY_SENT);
	e.last = -1;
	assert_false(entry_ok(&e));
	e.last = 253402300800000;
	assert_false(entry_ok(&e));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden_set),	cmocka_unit_test(test_golden_sent),
		cmocka_unit_test(test_optional),	cmocka_unit_test(test_every_kind),
		cmocka_unit_test(test_bytes_come_back), cmocka_unit_test(test_caps),
		cmocka_unit_test(test_packed),		cmocka_unit_test(test_not_canonical),
		cmocka_unit_test(test_one_byte),	cmocka_unit_test(test_words_are_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
