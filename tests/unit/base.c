/* base: slices, buffers, canonical JSON, time, messages and letter boxes. */
#include "base/clock.h"
#include "base/coding.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/plain.h"
#include "base/post.h"

#include <event2/event.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void test_slice_cut(void **state)
{
	struct slice rest = SLICE("a,,b"), item;
	const char *want[] = { "a", "", "b" };
	size_t n = 0;

	(void)state;
	while (rest.p != NULL) {
		rest = slice_cut(rest, ',', &item);
		assert_true(n < 3);
		assert_true(slice_eq(item, slice_str(want[n++])));
	}
	assert_int_equal(n, 3);
}

static void test_slice_u64(void **state)
{
	uint64_t v = 0;

	(void)state;
	assert_true(slice_to_u64(SLICE("18446744073709551615"), UINT64_MAX, &v));
	assert_true(v == UINT64_MAX);
	assert_false(slice_to_u64(SLICE("18446744073709551616"), UINT64_MAX, &v));
	assert_false(slice_to_u64(SLICE("+1"), UINT64_MAX, &v));
	assert_false(slice_to_u64(SLICE(""), UINT64_MAX, &v));
	assert_false(slice_to_u64(SLICE("11"), 10, &v));
	assert_false(slice_to_u64(SLICE("9"), 5, &v));
	assert_true(slice_to_u64(SLICE("0010"), 10, &v));
	assert_true(v == 10);
}

static void test_buf_cap(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 8);
	assert_true(buf_add(&b, SLICE("12345678")));
	assert_false(buf_addc(&b, '9'));
	assert_false(buf_ok(&b));
	assert_true(slice_eq(buf_slice(&b), SLICE("12345678")));
	buf_clear(&b);
	assert_true(buf_add(&b, SLICE("abcdef")));
	buf_take(&b, 4);
	assert_true(buf_add(&b, SLICE("ghijkl")));
	assert_true(slice_eq(buf_slice(&b), SLICE("efghijkl")));
	buf_release(&b);
}

static void test_coding(void **state)
{
	struct buf out;
	struct slice s = SLICE("%4");

	(void)state;
	buf_init(&out, 8);
	assert_int_equal(ascii_hex('0'), 0);
	assert_int_equal(ascii_hex('f'), 15);
	assert_int_equal(ascii_hex('F'), 15);
	assert_int_equal(ascii_hex('g'), -1);
	assert_int_equal(ascii_hex('/'), -1);
	assert_int_equal(percent_take(&s), '%');
	assert_int_equal(s.n, 1);
	assert_true(percent_decode(SLICE("%41%zz+%00"), &out));
	assert_true(slice_eq(buf_slice(&out), SLICE("A%zz+\0")));
	buf_clear(&out);
	assert_true(base64_decode(SLICE("-_+/YQ=="), &out));
	assert_true(slice_eq(buf_slice(&out), SLICE("\xfb\xff\xbf\x61")));
	buf_clear(&out);
	assert_false(base64_decode(SLICE("Y==="), &out));
	assert_false(base64_decode(SLICE("Y"), &out));
	assert_false(base64_decode(SLICE("Y W"), &out));
	buf_clear(&out);
	assert_false(percent_decode(SLICE("123456789"), &out));
	buf_clear(&out);
	assert_true(buf_add_shown(&out, SLICE("a\n\x1b\xc3z!"), 5));
	assert_true(slice_eq(buf_slice(&out), SLICE("a???z")));
	buf_release(&out);
}

static void test_json(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 1024);
	json_open(&b, '{');
	json_kv(&b, "a", SLICE("x\"\\\n\xe9"));
	json_kv_i64(&b, "b", INT64_MIN);
	json_key(&b, "c");
	json_open(&b, '[');
	json_item(&b);
	json_bool(&b, true);
	json_item(&b);
	json_u64(&b, 7);
	json_close(&b, ']');
	json_close(&b, '}');
	assert_true(slice_eq(buf_slice(&b),
			     SLICE("{\"a\":\"x\\\"\\\\\\u000a\\u00e9\",\"b\":-9223372036854775808,"
				   "\"c\":[true,7]}")));
	buf_release(&b);
}

static void test_clock(void **state)
{
	static const struct {
		int64_t ms;
		const char *text;
	} rows[] = {
		{ 0, "1970-01-01T00:00:00.000Z" },
		{ 951782400123, "2000-02-29T00:00:00.123Z" },
		{ 1795318610999, "2026-11-22T03:36:50.999Z" },
		{ 4102444800000, "2100-01-01T00:00:00.000Z" },
	};
	char out[CLOCK_RFC3339_LEN + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		clock_rfc3339(rows[i].ms, out, sizeof(out));
		assert_string_equal(out, rows[i].text);
		assert_true(clock_parse_rfc3339(out, strlen(out)) == rows[i].ms);
	}
	assert_true(clock_parse_rfc3339("2026-02-30T00:00:00.000Z", 24) == -1);
	assert_true(clock_parse_rfc3339("2026-02-20 00:00:00.000Z", 24) == -1);
}

static void test_siphash(void **state)
{
	(void)state;
	/* Keyed and not constant over length and content. */
	assert_true(hash_bytes("", 0) != hash_bytes("\0", 1));
	assert_true(hash_bytes("abcdefgh", 8) != hash_bytes("abcdefgi", 8));
	/* SipHash-1-3 with the key 00 01 .. 0f, which is the one before hash_seed(). */
	assert_true(hash_bytes("", 0) == UINT64_C(0xabac0158050fc4dc));
}

static uint64_t hash_of_two(struct slice a, struct slice b)
{
	struct hasher h;

	hasher_init(&h);
	hasher_add(&h, a);
	hasher_add(&h, b);
	return hasher_result(&h);
}

/* Every division of the same octets has a result of its own, whatever the lengths. */
static void test_hasher(void **state)
{
	static const char text[] = "abcdefgh\0\0\0\0\0\0\0\0klmnopqrstuvwxyz";
	const size_t n = sizeof(text) - 1;
	struct hasher h, copy;

	(void)state;
	for (size_t i = 0; i <= n; i++) {
		for (size_t j = 0; j < i; j++)
			assert_true(hash_of_two(slice_of(text, i), slice_of(text + i, n - i)) !=
				    hash_of_two(slice_of(text, j), slice_of(text + j, n - j)));
		for (size_t j = 0; j < n; j++)
			assert_true(hash_of_two(slice_of(text, i), SLICE("")) !=
					    hash_of_two(slice_of(text, j), SLICE("")) ||
				    i == j);
	}
	hasher_init(&h);
	hasher_add_u64(&h, 7);
	copy = h;
	hasher_add_u64(&copy, 8);
	assert_true(hasher_result(&copy) != hasher_result(&h));
	hasher_add_u64(&h, 8);
	assert_true(hasher_result(&copy) == hasher_result(&h));
}

static void test_msg(void **state)
{
	struct buf b;
	struct msg_reader r;

	(void)state;
	buf_init(&b, 256);
	msg_put_u8(&b, 7);
	msg_put_u32(&b, 0xdeadbeef);
	msg_put_bytes(&b, SLICE("hello"));
	msg_put_i64(&b, -5);
	msg_reader_init(&r, buf_slice(&b));
	assert_int_equal(msg_get_u8(&r), 7);
	assert_true(msg_get_u32(&r) == 0xdeadbeef);
	assert_true(slice_eq(msg_get_bytes(&r), SLICE("hello")));
	assert_false(msg_end(&r));
	assert_true(msg_get_i64(&r) == -5);
	assert_true(msg_end(&r));
	assert_int_equal(msg_get_u8(&r), 0);
	assert_false(msg_end(&r));
	msg_reader_init(&r, SLICE("\xff\xff\xff\xff"));
	assert_int_equal(msg_get_bytes(&r).n, 0);
	assert_false(msg_end(&r));
	buf_release(&b);
}

struct seen {
	struct event_base *base;
	unsigned n, want, from;
	uint32_t last_id;
};

static void on_letter(const struct letter *letter, void *arg)
{
	struct seen *s = arg;

	s->n++;
	s->from = letter->from;
	s->last_id = letter->id;
	assert_int_equal(letter->body.n, 30000);
	if (s->n == s->want)
		event_base_loopbreak(s->base);
}

/* More letters than a box holds: the rest waits in the sender, order and count are kept. */
static void test_post(void **state)
{
	static char body[30000];
	struct event_base *base = event_base_new();
	struct post_boxes boxes;
	struct seen seen = { .base = base, .want = 400 };
	struct post *tx, *rx;

	(void)state;
	assert_int_equal(event_base_priority_init(base, 2), 0);
	assert_true(post_boxes_open(&boxes, 5));
	tx = post_new(&boxes, POST_WORKER, base, false, on_letter, &seen);
	rx = post_new(&boxes, POST_RECORDER, base, true, on_letter, &seen);
	assert_non_null(tx);
	assert_non_null(rx);
	for (uint32_t i = 1; i <= seen.want; i++)
		assert_true(
			post_send(tx, POST_RECORDER, MSG_ENTRIES, i, slice_of(body, sizeof(body))));
	assert_true(post_queued(tx) > 0);
	assert_false(post_send(tx, POST_RECORDER, MSG_ENTRIES, 0, slice_of(body, MSG_MAX)));
	event_base_dispatch(base);
	assert_int_equal(seen.n, seen.want);
	assert_true(seen.last_id == seen.want);
	assert_int_equal(seen.from, POST_WORKER);
	assert_int_equal(post_queued(tx), 0);
	post_free(tx);
	post_free(rx);
	post_boxes_close(&boxes);
	event_base_free(base);
}

static void plain_choice_is(const char *word, const char *plain)
{
	struct buf b;

	buf_init(&b, 256);
	plain_choice(&b, slice_str(word));
	if (!slice_eq(buf_slice(&b), slice_str(plain)))
		fail_msg("%s: %.*s", word, SLICE_ARG(buf_slice(&b)));
	buf_release(&b);
}

/* What people read; every word of the log has its own, and no other word is passed on. */
static void test_plain(void **state)
{
	(void)state;
	plain_choice_is("none", "no choice yet");
	plain_choice_is("refused", "refused");
	plain_choice_is("accepted", "accepted");
	plain_choice_is("analytics", "accepted analytics only");
	plain_choice_is("functional+advertising", "accepted functional and advertising only");
	plain_choice_is("put-back", "put back");
	plain_choice_is("<b>", "accepted unknown only");
	assert_string_equal(plain_verdict(SLICE("kept")), "let through");
	assert_string_equal(plain_verdict(SLICE("expired")), "deleted");
	assert_string_equal(plain_verdict(SLICE("<b>")), "unknown");
	assert_string_equal(plain_purpose(SLICE("analytics")), "Analytics");
	assert_string_equal(plain_purpose(SLICE("Analytics")), "Unknown");
	assert_string_equal(plain_purpose_word(SLICE("choice")), "choice");
	assert_string_equal(plain_purpose_word(SLICE("<b>")), "unknown");
	assert_true(slice_eq(plain_client(SLICE("local")), SLICE("this machine")));
	assert_true(slice_eq(plain_client(SLICE("192.0.2.7")), SLICE("192.0.2.7")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slice_cut), cmocka_unit_test(test_slice_u64),
		cmocka_unit_test(test_buf_cap),	  cmocka_unit_test(test_coding),
		cmocka_unit_test(test_json),	  cmocka_unit_test(test_clock),
		cmocka_unit_test(test_siphash),	  cmocka_unit_test(test_hasher),
		cmocka_unit_test(test_msg),	  cmocka_unit_test(test_post),
		cmocka_unit_test(test_plain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
