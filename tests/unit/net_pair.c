/* proxy/net: pairs of streams without a socket. */
#include "tests/unit/net_tools.h"

#include <errno.h>

static void test_pair(void **state)
{
	struct stream *ends[2];
	char text[ADDRESS_TEXT];
	struct address local;
	struct pair p;

	(void)state;
	for (int how = STREAM_GRACEFUL; how <= STREAM_RESET; how++) {
		pair_init(&p, false);
		pair_ends(&p, ends);
		assert_true(stream_local(ends[1], &local));
		address_print(&local, text);
		assert_string_equal(text, "192.0.2.1:8443");
		stream_write(ends[0], SLICE("there"));
		stream_write(ends[1], SLICE("and back"));
		RUN_UNTIL(p.loop, p.a.count == 8 && p.b.count == 5);
		stream_write(ends[0], SLICE("last"));
		stream_close(ends[0], (enum stream_how)how);
		p.a.s = NULL;
		RUN_UNTIL(p.loop, p.b.eofs + p.b.errors != 0);
		if (how == STREAM_RESET) {
			/* As over TCP: what was on the way is lost. */
			assert_int_equal(p.b.eofs, 0);
			assert_int_equal(stream_errno(ends[1]), ECONNRESET);
		} else {
			assert_int_equal(p.b.count, 9);
			assert_int_equal(p.b.errors, 0);
			stream_write(ends[1], SLICE("still dropped"));
			/* Until the lingering end goes. */
			RUN_UNTIL(p.loop, p.b.errors == 1);
			assert_int_equal(stream_errno(ends[1]), EPIPE);
		}
		pair_release(&p);
	}
}

/* Both ends have ended in order: nothing is left to tell. */
static void test_pair_ends(void **state)
{
	struct stream *ends[2];
	struct pair p;

	(void)state;
	pair_init(&p, false);
	pair_ends(&p, ends);
	stream_shutdown_write(ends[1]);
	RUN_UNTIL(p.loop, p.a.eofs == 1);
	stream_close(ends[0], STREAM_GRACEFUL);
	p.a.s = NULL;
	RUN_UNTIL(p.loop, p.b.eofs == 1);
	RUN_UNTIL(p.loop, p.b.errors == 1);
	stream_close(ends[1], STREAM_GRACEFUL);
	p.b.s = NULL;
	run_idle(p.loop);
	assert_int_equal(stream_lingering(p.loop), 0);
	pair_release(&p);
}

static void take_a_little(struct end *e, enum stream_event ev)
{
	if (ev == STREAM_READ)
		stream_pause(e->s);
}

/* Who takes nothing of what a peer left does not wait for ever, now that it is gone. */
static void test_pair_unread(void **state)
{
	static const char left[100000];
	struct stream *ends[2];
	struct pair p;

	(void)state;
	pair_init(&p, true);
	pair_ends(&p, ends);
	p.b.hook = take_a_little;
	stream_set_read_max(ends[1], 1000);
	stream_pause(ends[1]);
	stream_write(ends[0], slice_of(left, sizeof(left)));
	stream_close(ends[0], STREAM_GRACEFUL);
	p.a.s = NULL;
	for (int s = 0; s < 5 + STREAM_LINGER_MS / 1000; s++) {
		p.mono += 1000;
		run_idle(p.loop);
	}
	assert_int_equal(stream_lingering(p.loop), 0);
	p.mono += STREAM_STUCK_MS - 10000;
	run_idle(p.loop);
	assert_int_equal(p.b.errors, 0);
	stream_unpause(ends[1]);
	RUN_UNTIL(p.loop, p.b.count != 0);
	p.mono += STREAM_STUCK_MS - 10000;
	run_idle(p.loop);
	assert_int_equal(p.b.errors + p.b.eofs, 0);
	p.mono += 11000;
	run_idle(p.loop);
	assert_int_equal(p.b.errors, 1);
	pair_release(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pair),
		cmocka_unit_test(test_pair_ends),
		cmocka_unit_test(test_pair_unread),
	};

	return cmocka_run_group_tests_name("net_pair", tests, NULL, NULL);
}
