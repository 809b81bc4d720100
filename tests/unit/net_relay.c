/* proxy/net: relays between sockets, and into a pair. */
#include "tests/unit/net_tools.h"

#include <string.h>

#include "proxy/net/relay.h"

struct relayed {
	unsigned count;
	struct relay_result result;
};

static void on_done(const struct relay_result *r, void *arg)
{
	struct relayed *e = arg;

	e->count++;
	e->result = *r;
}

static void make_streams(struct pair *p, struct pair *q)
{
	pair_sockets(p, true);
	q->loop = p->loop;
	pair_sockets(q, true);
}

static void test_relay(void **state)
{
	static char big[3 * 1024 * 1024];
	struct pair p, q;
	struct timer_class idle;
	struct relayed e = { .count = 0 };

	(void)state;
	memset(big, 'r', sizeof(big));
	pair_init(&p, true);
	q = p;
	make_streams(&p, &q);
	p.a.keep_bytes = false;
	q.b.keep_bytes = false;
	timer_class_init(&idle, p.loop, 10000);
	/* Bytes and an end that were there before the relay. */
	p.b.stop_reading = true;
	stream_write(p.a.s, SLICE("first"));
	RUN_UNTIL(p.loop, p.b.reads == 1);
	assert_non_null(relay_start(p.b.s, q.a.s, &idle, on_done, &e));
	RUN_UNTIL(p.loop, q.b.count == 5);
	stream_write(p.a.s, slice_of(big, sizeof(big)));
	stream_write(q.b.s, slice_of(big, sizeof(big)));
	stream_shutdown_write(p.a.s);
	RUN_UNTIL(p.loop, q.b.count == 5 + sizeof(big) && p.a.count == sizeof(big));
	RUN_UNTIL(p.loop, q.b.eofs == 1);
	assert_int_equal(e.count, 0);
	stream_write(q.b.s, SLICE("last"));
	stream_shutdown_write(q.b.s);
	RUN_UNTIL(p.loop, e.count == 1);
	RUN_UNTIL(p.loop, p.a.eofs == 1);
	assert_int_equal(p.a.count, sizeof(big) + 4);
	assert_int_equal(e.result.end, RELAY_DONE);
	assert_true(e.result.a_to_b == sizeof(big) + 5 && e.result.b_to_a == sizeof(big) + 4);
	p.b.s = q.b.s;
	p.b.arg = NULL;
	pair_release(&p);
}

static void test_relay_back_pressure(void **state)
{
	static char big[1024 * 1024];
	struct pair p, q;
	struct relayed e = { .count = 0 };
	struct timer_class idle;
	uint64_t taken;

	(void)state;
	pair_init(&p, true);
	q = p;
	make_streams(&p, &q);
	timer_class_init(&idle, p.loop, 10000);
	q.b.keep_bytes = false;
	stream_pause(q.b.s);
	assert_non_null(relay_start(p.b.s, q.a.s, &idle, on_done, &e));
	/* Until everything on the way is full. */
	for (unsigned i = 0; i < 200; i++) {
		if (!stream_is_full(p.a.s))
			stream_write(p.a.s, slice_of(big, sizeof(big)));
		run_idle(p.loop);
	}
	assert_true(stream_is_full(p.a.s));
	assert_true(stream_queued(q.a.s) <= STREAM_HIGH + LOOP_SCRATCH);
	taken = stream_bytes_out(p.a.s);
	/* Nothing moves: idle after one to two durations. */
	assert_int_equal(e.count, 0);
	stream_unpause(q.b.s);
	RUN_UNTIL(p.loop, q.b.count == taken);
	stream_pause(q.b.s);
	p.mono += 10000 + LOOP_TICK_MS;
	run_idle(p.loop);
	assert_int_equal(e.count, 0);
	p.mono += 10000 + LOOP_TICK_MS;
	run_idle(p.loop);
	assert_int_equal(e.count, 1);
	assert_int_equal(e.result.end, RELAY_IDLE);
	p.b.s = q.b.s;
	pair_release(&p);
}

static void test_relay_failure(void **state)
{
	struct pair p, q;
	struct relayed e = { .count = 0 };

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct relay *r;

		pair_init(&p, false);
		q = p;
		make_streams(&p, &q);
		e.count = 0;
		r = relay_start(p.b.s, q.a.s, NULL, on_done, &e);
		assert_non_null(r);
		if (i == 0) {
			relay_stop(r);
			assert_int_equal(e.result.end, RELAY_STOPPED);
		} else if (i == 1) {
			stream_close(p.a.s, STREAM_RESET);
			p.a.s = NULL;
			RUN_UNTIL(p.loop, e.count == 1);
			assert_int_equal(e.result.end, RELAY_FAILED);
		} else {
			stream_shutdown_write(p.a.s);
			stream_shutdown_write(q.b.s);
			RUN_UNTIL(p.loop, e.count == 1);
			assert_int_equal(e.result.end, RELAY_DONE);
		}
		RUN_UNTIL(p.loop, q.b.eofs + q.b.errors == 1);
		assert_int_equal(e.count, 1);
		p.b.s = q.b.s;
		pair_release(&p);
	}
}

/* A relay into a pair ends in order when the far end does, though the near peer says nothing. */
static void test_pair_relay(void **state)
{
	struct relayed e = { .count = 0 };
	struct stream *ends[2];
	struct pair p, q;

	(void)state;
	pair_init(&p, false);
	q = p;
	pair_ends(&q, ends);
	pair_sockets(&p, true);
	assert_non_null(relay_start(p.b.s, ends[0], NULL, on_done, &e));
	stream_write(p.a.s, SLICE("question"));
	RUN_UNTIL(p.loop, q.b.count == 8);
	stream_write(ends[1], SLICE("answer"));
	stream_close(ends[1], STREAM_GRACEFUL);
	RUN_UNTIL(p.loop, e.count == 1);
	assert_int_equal(e.result.end, RELAY_DONE);
	RUN_UNTIL(p.loop, p.a.eofs == 1);
	assert_int_equal(p.a.count, 6);
	assert_int_equal(p.a.errors, 0);
	buf_release(&q.a.got);
	buf_release(&q.b.got);
	p.b.s = NULL;
	pair_release(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_relay),
		cmocka_unit_test(test_relay_back_pressure),
		cmocka_unit_test(test_relay_failure),
		cmocka_unit_test(test_pair_relay),
	};

	return cmocka_run_group_tests_name("net_relay", tests, NULL, NULL);
}
