/* What passes is known to all workers: what each hears of it by letter. */
#include "tests/unit/proxy_passes_tools.h"

#include "base/buf.h"

#include <stdlib.h>

static void test_workers(void **state)
{
	struct stage *s = *state;

	open_two(s);
	/* Counted together, at whichever they arrive; known to both at once. */
	refuse(s, s->a.passes, &s->person, HOST);
	refuse(s, s->b.passes, &s->person, HOST);
	assert_int_equal(s->a.began + s->b.began, 0);
	refuse(s, s->a.passes, &s->person, HOST);
	assert_int_equal(s->a.began, 1);
	assert_int_equal(s->b.began, 0);
	assert_string_equal(passes_why(s->b.passes, &s->person, HOST), "pass-refusals");
	assert_int_equal(s->a.retired, 1);
	assert_int_equal(s->b.retired, 1);
	/* Ended at either one, in both; said once. */
	assert_true(passes_stop(s->b.passes, &s->person, HOST));
	assert_false(is_passed(s->a.passes, &s->person, HOST));
	assert_int_equal(s->a.ended, 1);
	assert_int_equal(s->b.ended, 1);
	assert_int_equal(s->a.own_ended + s->b.own_ended, 1);
	assert_false(passes_challenged(s->a.passes, &s->person, HOST, "cloudflare", true));
	assert_false(passes_challenged(s->b.passes, &s->person, HOST, "cloudflare", true));
}

static void test_workers_time(void **state)
{
	struct stage *s = *state;

	open_two(s);
	assert_true(passes_challenged(s->b.passes, &s->person, HOST, "cloudflare", true));
	assert_string_equal(passes_why(s->a.passes, &s->person, HOST), "pass-challenge");
	later(s, 60 * MINUTE);
	passes_tick(s->a.passes);
	passes_tick(s->b.passes);
	assert_int_equal(s->a.ended, 1);
	assert_int_equal(s->b.ended, 1);
	assert_int_equal(s->a.own_ended, 0);
	assert_int_equal(s->b.own_ended, 1);
}

static void test_workers_used(void **state)
{
	struct stage *s = *state;

	open_two(s);
	refuse(s, s->a.passes, &s->person, HOST);
	refuse(s, s->b.passes, &s->person, HOST);
	passes_accepted(s->b.passes, &s->person, HOST);
	for (int i = 0; i < 10; i++)
		refuse(s, i & 1 ? s->a.passes : s->b.passes, &s->person, HOST);
	assert_int_equal(s->a.began + s->b.began, 0);
	later(s, 60 * MINUTE);
	refuse(s, s->a.passes, &s->person, HOST);
	refuse(s, s->b.passes, &s->person, HOST);
	assert_int_equal(s->a.began + s->b.began, 0);
	refuse(s, s->b.passes, &s->person, HOST);
	assert_int_equal(s->b.began, 1);
}

/* Both begin one at the same moment, before the letters arrive. */
static void test_workers_race(void **state)
{
	struct stage *s = *state;
	struct passes *a, *b;

	open_two(s);
	a = s->a.passes;
	b = s->b.passes;
	s->a.peer = s->b.peer = NULL;
	assert_true(passes_challenged(a, &s->person, HOST, "cloudflare", true));
	assert_true(passes_challenged(b, &s->person, HOST, "cloudflare", true));
	s->a.peer = &s->b;
	/* The letter that comes late finds one, which stays. */
	assert_true(passes_challenged(a, &s->other, HOST, "cloudflare", true));
	assert_int_equal(count(s, a), 2);
	assert_int_equal(count(s, b), 2);
}

/* ---- letters from a worker that is not itself any more ---- */

struct letters {
	struct buf last;
};

static void keep_letter(void *arg, struct slice letter)
{
	struct letters *l = arg;

	buf_clear(&l->last);
	buf_add(&l->last, letter);
}

static bool hand_nothing(void *arg, struct slice letter, bool all)
{
	(void)arg;
	(void)letter;
	(void)all;
	return false;
}

static void ignore_began(void *arg, struct visitor *v, const struct pass *p, const char *by)
{
	(void)arg;
	(void)v;
	(void)p;
	(void)by;
}

static void ignore_retire(void *arg, const uint8_t visitor[CLIENT_ID_LEN], const char *host)
{
	(void)arg;
	(void)visitor;
	(void)host;
}

static void ignore_ended(void *arg, const uint8_t visitor[CLIENT_ID_LEN], const struct pass *p,
			 enum pass_end how, bool own)
{
	(void)arg;
	(void)visitor;
	(void)p;
	(void)how;
	(void)own;
}

static void test_letters(void **state)
{
	static const struct passes_ops keep = { keep_letter, hand_nothing, ignore_began,
						ignore_retire, ignore_ended };
	struct stage *s = *state;
	struct passes *p = open_passes(s, &s->a), *from;
	struct letters l;
	char copy[1024];
	size_t n;

	buf_init(&l.last, sizeof(copy));
	from = passes_new(&s->rules, &s->clock, &keep, &l);
	assert_non_null(from);
	assert_true(passes_challenged(from, &s->person, HOST, "cloudflare", true));
	n = l.last.len;
	memcpy(copy, l.last.mem + l.last.off, n);
	/* Cut short, with something behind it, of no kind, for no host. */
	for (size_t i = 0; i < n; i++)
		assert_false(passes_letter(p, slice_of(copy, i)));
	copy[n] = 0;
	assert_false(passes_letter(p, slice_of(copy, n + 1)));
	copy[0] = 9;
	assert_false(passes_letter(p, slice_of(copy, n)));
	memcpy(copy, l.last.mem + l.last.off, n);
	copy[5 + CLIENT_ID_LEN] = '\n';
	assert_false(passes_letter(p, slice_of(copy, n)));
	copy[5 + CLIENT_ID_LEN] = 'P'; /* not as it is written */
	assert_false(passes_letter(p, slice_of(copy, n)));
	copy[5 + CLIENT_ID_LEN] = '\0';
	assert_false(passes_letter(p, slice_of(copy, n)));
	assert_int_equal(count(s, p), 0);
	/* A time in far future is cut to what the rules allow. */
	memcpy(copy, l.last.mem + l.last.off, n);
	memset(copy + n - 8, 0x7f, 8);
	assert_true(passes_letter(p, slice_of(copy, n)));
	assert_int_equal(count(s, p), 1);
	later(s, 60 * MINUTE);
	passes_tick(p);
	assert_int_equal(count(s, p), 0);
	/* Anything. */
	srand(7);
	for (int i = 0; i < 20000; i++) {
		size_t len = (size_t)rand() % 64;

		for (size_t j = 0; j < len; j++)
			copy[j] = (char)(j == 0	 ? rand() % 6
					 : j < 5 ? (j == 1 ? rand() % 40 : 0)
						 : rand());
		(void)passes_letter(p, slice_of(copy, len));
	}
	passes_free(from);
	buf_release(&l.last);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_workers),	 TEST(test_workers_time), TEST(test_workers_used),
		TEST(test_workers_race), TEST(test_letters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
