/* From sightings to the recorder's box: what is new, what is counted, what is lost and said so. */
#include "base/hash.h"
#include "base/post.h"
#include "evidence/digest.h"
#include "evidence/repeats.h"
#include "proxy/net/loop.h"
#include "proxy/tap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define START INT64_C(1795305600000) /* 2026-11-22T00:00:00Z */
#define SECRET "GA1.2.1234567890"

struct stage {
	int64_t wall, mono;
	struct clock clock;
	struct loop *loop;
	struct post_boxes boxes;
	struct post *post;
	struct tap *tap;
	char *mem;

	/* What was read from the recorder's box so far. */
	uint64_t entries, sightings, lost;
	struct entry last; /* its slices are copied to `text` */
	struct buf text;
	bool clear;
};

static void give_keys(struct stage *s, char key, bool keep_values)
{
	struct recorder_keys keys = { .period = SLICE("2026-11"), .keep_values = keep_values };

	memset(keys.log_key, key, sizeof(keys.log_key));
	memset(keys.ledger_key, 'l', sizeof(keys.ledger_key));
	assert_true(tap_keys(s->tap, &keys));
}

static void ignore(const struct letter *letter, void *arg)
{
	(void)letter;
	(void)arg;
}

static int setup(void **state)
{
	struct stage *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->wall = START;
	s->mono = 1000;
	s->clock = (struct clock){ &s->wall, &s->mono };
	s->mem = malloc(MSG_MAX);
	s->loop = loop_new(&s->clock);
	assert_true(s->mem != NULL && s->loop != NULL && post_boxes_open(&s->boxes, 4));
	s->post = post_new(&s->boxes, POST_WORKER, loop_base(s->loop), false, ignore, NULL);
	assert_non_null(s->post);
	s->tap = tap_new(s->loop, s->post);
	assert_non_null(s->tap);
	buf_init(&s->text, 1 << 20);
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	struct stage *s = *state;

	tap_free(s->tap);
	post_free(s->post);
	post_boxes_close(&s->boxes);
	loop_free(s->loop);
	buf_release(&s->text);
	free(s->mem);
	free(s);
	return 0;
}

static void take_letter(struct stage *s, struct slice body)
{
	struct msg_reader r;

	/* The value never leaves the worker unless the recorder asked for it. */
	for (size_t i = 0; i + sizeof(SECRET) - 1 <= body.n; i++)
		s->clear |= memcmp(body.p + i, SECRET, sizeof(SECRET) - 1) == 0;
	buf_clear(&s->text);
	buf_add(&s->text, body);
	msg_reader_init(&r, buf_slice(&s->text));
	while (r.rest.n != 0) {
		assert_true(entry_unpack(&r, &s->last));
		s->entries++;
		if (s->last.kind == ENTRY_LOSS)
			s->lost += s->last.count;
		else
			s->sightings += s->last.count;
	}
}

/* All that is in the box, and all that still waits for room in it. */
static void take_all(struct stage *s)
{
	for (int round = 0; round < 1000; round++) {
		struct letter letter;

		loop_turn(s->loop, false);
		while (post_take(&s->boxes, POST_RECORDER, s->mem, &letter, false) == 1) {
			assert_int_equal(letter.type, MSG_ENTRIES);
			assert_int_equal(letter.from, POST_WORKER);
			take_letter(s, letter.body);
		}
		if (post_queued(s->post) == 0 && round > 2)
			return;
	}
	fail_msg("the queue does not empty");
}

static void pass(struct stage *s, int64_t ms)
{
	s->wall += ms;
	s->mono += ms;
	loop_turn(s->loop, false);
	tap_tick(s->tap);
	take_all(s);
}

static void see(struct stage *s, const char *name, const char *value)
{
	struct hasher seen;
	struct entry e;

	hasher_init(&seen);
	hasher_add(&seen, slice_str(name));
	hasher_add(&seen, slice_str(value));
	if (tap_seen(s->tap, hasher_result(&seen), s->wall))
		return;
	entry_init(&e, ENTRY_SENT, s->wall);
	e.client = SLICE("00112233445566778899aabbccddeeff");
	e.site = SLICE("shop.test");
	e.site_by = SLICE("same-site");
	e.confidence = SLICE("high");
	e.party = SLICE("first");
	e.host = SLICE("www.shop.test");
	e.scheme = SLICE("https");
	e.rules = SLICE("0000000000000000");
	e.cookie = slice_str(name);
	e.purpose = SLICE("analytics");
	e.why = SLICE("table");
	e.profile = SLICE("default");
	e.choice = SLICE("none");
	e.seen = SLICE("nowhere");
	e.verdict = SLICE("removed");
	tap_cookie(s->tap, &e, slice_str(value));
}

static void test_counted(void **state)
{
	struct stage *s = *state;

	give_keys(s, 'k', false);
	see(s, "_ga", SECRET);
	take_all(s);
	assert_int_equal(s->entries, 1);
	assert_int_equal(s->last.count, 1);
	assert_int_equal(s->last.t, START);
	assert_int_equal(s->last.first, ENTRY_NO_TIME);
	for (int i = 0; i < 5; i++) {
		pass(s, 1000);
		see(s, "_ga", SECRET);
	}
	take_all(s);
	assert_int_equal(s->entries, 1);
	pass(s, REPEATS_WINDOW_MS);
	assert_int_equal(s->entries, 2);
	assert_int_equal(s->last.count, 5);
	assert_int_equal(s->last.first, START + 1000);
	assert_int_equal(s->last.last, START + 5000);
	assert_int_equal(s->last.t, s->wall);
	/* The window is over: the same is new again, and nothing more comes of the old one. */
	see(s, "_ga", SECRET);
	pass(s, 2 * REPEATS_WINDOW_MS);
	assert_int_equal(s->entries, 3);
	assert_int_equal(s->sightings, 7);
	assert_false(s->clear);
}

static void test_different(void **state)
{
	static const unsigned char key[DIGEST_KEY_LEN] = "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk";
	struct stage *s = *state;
	struct digest *d = digest_new(key);
	char want[DIGEST_HEX_LEN + 1];

	assert_non_null(d);
	give_keys(s, 'k', false);
	see(s, "_ga", SECRET);
	see(s, "_ga", "another");
	see(s, "_gid", "another");
	take_all(s);
	assert_int_equal(s->entries, 3);
	assert_true(digest_value(d, SLICE("_gid"), SLICE("another"), want));
	assert_true(slice_eq(s->last.value, slice_str(want)));
	assert_null(s->last.clear.p);
	digest_free(d);
}

static void test_values_kept(void **state)
{
	struct stage *s = *state;

	give_keys(s, 'k', true);
	see(s, "_ga", SECRET);
	take_all(s);
	assert_true(s->clear);
	assert_true(slice_eq(s->last.clear, SLICE(SECRET)));
	/* The count of a closed window does not say it again. */
	see(s, "_ga", SECRET);
	pass(s, 2 * REPEATS_WINDOW_MS);
	assert_int_equal(s->last.count, 1);
	assert_null(s->last.clear.p);
}

/* New keys: what was counted under the old ones is told, and nothing links the periods. */
static void test_period(void **state)
{
	struct stage *s = *state;
	char log[2][ENTRY_DIGEST_LEN + 1], ledger[2][ENTRY_DIGEST_LEN + 1], value[ENTRY_DIGEST_LEN];
	unsigned period;

	assert_false(tap_client(s->tap, SLICE("local"), log[0], ledger[0]));
	give_keys(s, 'k', false);
	period = tap_period(s->tap);
	assert_true(tap_client(s->tap, SLICE("local"), log[0], ledger[0]));
	see(s, "_ga", SECRET);
	take_all(s);
	memcpy(value, s->last.value.p, sizeof(value));
	see(s, "_ga", SECRET);
	give_keys(s, 'n', false);
	assert_int_not_equal(tap_period(s->tap), period);
	assert_true(tap_client(s->tap, SLICE("local"), log[1], ledger[1]));
	assert_string_not_equal(log[0], log[1]);
	assert_string_equal(ledger[0], ledger[1]);
	take_all(s);
	assert_int_equal(s->entries, 2);
	assert_memory_equal(s->last.value.p, value, sizeof(value));
	see(s, "_ga", SECRET);
	take_all(s);
	assert_int_equal(s->entries, 3);
	assert_memory_not_equal(s->last.value.p, value, sizeof(value));
}

/* Before the keys nothing can be written; it is not forgotten either. */
static void test_no_keys(void **state)
{
	struct stage *s = *state;

	see(s, "_ga", SECRET);
	take_all(s);
	assert_int_equal(s->entries, 0);
	pass(s, 1000);
	assert_int_equal(s->lost, 1);
	assert_true(s->last.why.n != 0);
}

/* A recorder that does not read: whatever does not fit is counted, and the sum is right. */
static void test_loss(void **state)
{
	struct stage *s = *state;
	const uint64_t all = 60000;
	char name[512];

	give_keys(s, 'k', false);
	for (uint64_t i = 0; i < all; i++) {
		snprintf(name, sizeof(name), "c%0400llu", (unsigned long long)i);
		see(s, name, "v");
		if (i % 50 == 0)
			loop_turn(s->loop, false);
	}
	loop_turn(s->loop, false);
	tap_tick(s->tap);
	take_all(s);
	assert_int_equal(s->lost, 0);
	pass(s, 1000);
	assert_true(s->lost > 0);
	assert_true(s->sightings > 1000);
	assert_int_equal(s->sightings + s->lost, all);
	see(s, "_ga", "v");
	take_all(s);
	assert_int_equal(s->sightings + s->lost, all + 1);
}

static void test_flush(void **state)
{
	struct stage *s = *state;

	give_keys(s, 'k', false);
	see(s, "_ga", SECRET);
	see(s, "_ga", SECRET);
	see(s, "_ga", SECRET);
	tap_flush(s->tap);
	take_all(s);
	assert_int_equal(s->entries, 2);
	assert_int_equal(s->sightings, 3);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_counted), TEST(test_different), TEST(test_values_kept), TEST(test_period),
		TEST(test_no_keys), TEST(test_loss),	  TEST(test_flush),
	};

	return cmocka_run_group_tests_name("proxy_tap", tests, NULL, NULL);
}
