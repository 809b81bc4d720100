/* proxy/net: the order of a turn, timers, sleep. */
#include "tests/unit/net_tools.h"

#include <event2/event.h>
#include <string.h>
#include <unistd.h>

static char order[64];
static struct loop *the_loop;
static struct deferred da, db, dc;

static void note(char c)
{
	size_t n = strlen(order);

	assert_true(n + 1 < sizeof(order));
	order[n] = c;
	order[n + 1] = '\0';
}

static void on_c(struct deferred *d)
{
	(void)d;
	note('c');
}

static void on_b(struct deferred *d)
{
	(void)d;
	note('b');
	loop_free_later(the_loop, &dc, on_c);
}

static void on_a(struct deferred *d)
{
	(void)d;
	note('a');
	loop_defer(the_loop, &db, on_b);
	loop_defer(the_loop, &db, on_b);
}

static void on_letter(evutil_socket_t fd, short what, void *arg)
{
	char c;

	(void)what;
	assert_int_equal(read(fd, &c, 1), 1);
	note(*(char *)arg);
}

static void test_loop_order(void **state)
{
	struct event *letter, *rest;
	int x[2], y[2];
	char l = 'L', r = 'R';

	(void)state;
	order[0] = '\0';
	the_loop = loop_new(&clock_system);
	assert_int_equal(pipe(x), 0);
	assert_int_equal(pipe(y), 0);
	rest = event_new(loop_base(the_loop), y[0], EV_READ | EV_PERSIST, on_letter, &r);
	letter = event_new(loop_base(the_loop), x[0], EV_READ | EV_PERSIST, on_letter, &l);
	event_priority_set(letter, LOOP_PRIORITY_LETTERS);
	event_add(rest, NULL);
	event_add(letter, NULL);
	assert_int_equal(write(y[1], "y", 1), 1);
	assert_int_equal(write(x[1], "x", 1), 1);
	loop_next(the_loop, &da, on_a);
	assert_true(loop_turn(the_loop, true));
	assert_string_equal(order, "LRabc");
	loop_defer(the_loop, &da, on_a);
	deferred_cancel(&da);
	loop_turn(the_loop, false);
	assert_string_equal(order, "LRabc");
	event_free(letter);
	event_free(rest);
	/* Nothing is left to wait for. */
	assert_false(loop_run(the_loop));
	loop_free(the_loop);
	for (int i = 0; i < 2; i++) {
		close(x[i]);
		close(y[i]);
	}
}

static int64_t mono;
static const struct clock virtual_clock = { &mono, &mono };
static struct timer ta, tb, tc;
static struct oneshot oa, ob;
static struct timer_class short_class, long_class;

static void on_timer(struct timer *t)
{
	note(t == &ta ? 'a' : t == &tb ? 'b' : 'c');
	if (t == &tb)
		timer_stop(&tc);
}

static void on_oneshot(struct oneshot *o)
{
	note(o == &oa ? 'A' : 'B');
}

static void later(int64_t ms)
{
	mono += ms;
	run_idle(the_loop);
}

static void test_timers(void **state)
{
	(void)state;
	order[0] = '\0';
	mono = 5000;
	the_loop = loop_new(&virtual_clock);
	timer_class_init(&short_class, the_loop, 1000);
	timer_class_init(&long_class, the_loop, 3000);
	timer_start(&long_class, &tb, on_timer);
	timer_start(&short_class, &ta, on_timer);
	loop_after(the_loop, &oa, 700, on_oneshot);
	loop_after(the_loop, &ob, 300, on_oneshot);
	later(299);
	assert_string_equal(order, "");
	later(1);
	assert_string_equal(order, "B");
	later(400);
	assert_string_equal(order, "BA");
	timer_touch(&ta);
	later(950);
	assert_string_equal(order, "BA");
	later(50 + LOOP_TICK_MS);
	assert_string_equal(order, "BAa");
	timer_start(&long_class, &tc, on_timer);
	/* A class made shorter counts for those that run; b stops c. */
	timer_class_set(&long_class, 100);
	later(100 + LOOP_TICK_MS);
	assert_string_equal(order, "BAab");
	later(100000);
	assert_string_equal(order, "BAab");
	assert_false(timer_runs(&tc));
	timer_start(&short_class, &ta, on_timer);
	timer_class_release(&short_class);
	assert_false(timer_runs(&ta));
	timer_class_release(&long_class);
	later(100000);
	assert_string_equal(order, "BAab");
	loop_free(the_loop);
}

static void stop_it(struct oneshot *o)
{
	(void)o;
	loop_stop(the_loop);
}

/* With the real clock the loop sleeps until a timer is over, and not much longer. */
static void test_real_sleep(void **state)
{
	int64_t before;

	(void)state;
	the_loop = loop_new(&clock_system);
	before = clock_mono_ms(&clock_system);
	loop_after(the_loop, &oa, 30, stop_it);
	assert_true(loop_run(the_loop));
	assert_true(clock_mono_ms(&clock_system) - before >= 30);
	loop_free(the_loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_loop_order),
		cmocka_unit_test(test_timers),
		cmocka_unit_test(test_real_sleep),
	};

	return cmocka_run_group_tests_name("net_loop", tests, NULL, NULL);
}
