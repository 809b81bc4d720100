/*
 * CONNECT over HTTP/2: the browser's stream is played here, and so is the inner client at the far
 * end of the pair.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/config.h"
#include "proxy/client.h"
#include "proxy/downstream.h"
#include "proxy/h2_client.h"
#include "proxy/h2_tunnel.h"
#include "proxy/http/h1_head.h"
#include "proxy/worker.h"

#include <errno.h>
#include <stdlib.h>

#define STALL_MS 20000
#define LARGE (1024u * 1024)
#define ASKED "CONNECT site.test:443 HTTP/1.1\r\nHost: site.test:443\r\n\r\n"
#define ESTABLISHED "HTTP/1.1 200 Connection established\r\n\r\n"
#define PAGE                                                                                       \
	"HTTP/1.1 502 Bad Gateway\r\nDate: x\r\nContent-Type: text/html\r\nContent-Length: "       \
	"4\r\n\r\n"

struct stage {
	int64_t wall_ms, mono_ms;
	struct clock clock;
	struct config config;
	struct worker w;
	struct h1_response response;
	struct stream *outer[2]; /* stands for the browser's connection */
	struct downstream d;
	struct downstream_ops ops;

	/* the browser's stream */
	const struct h2_taker *taker;
	void *arg;
	unsigned status, own, refused;
	bool full, paused, ended;
	struct buf body;
	uint64_t sent;
	int reset; /* an error code, or -1 */

	/* the inner client */
	struct stream *far;
	struct buf got;
	bool far_eof;
	int far_errno;
};

/* The functions that the tunnel calls have no argument for it. */
static struct stage *stage;

/* ---- the browser's side ---- */

struct h2_stream *h2_client_take(struct downstream *d, const struct h2_taker *taker, void *arg)
{
	assert_ptr_equal(d, &stage->d);
	stage->taker = taker;
	stage->arg = arg;
	stage->paused = true;
	return (struct h2_stream *)(void *)stage;
}

void h2_client_wake(struct downstream *d)
{
	assert_ptr_equal(d, &stage->d);
}

void h2_client_reset(struct downstream *d, enum h2_error error)
{
	assert_ptr_equal(d, &stage->d);
	stage->reset = (int)error;
}

bool h2_respond(struct h2_stream *st, unsigned status, const struct fields *f, bool body)
{
	(void)st;
	assert_int_equal(f->n, 0);
	assert_true(body);
	stage->status = status;
	return true;
}

void h2_body(struct h2_stream *st, const struct slice *spans, size_t n)
{
	(void)st;
	assert_int_equal(stage->status, 200);
	for (size_t i = 0; i < n; i++)
		assert_true(buf_add(&stage->body, spans[i]));
}

void h2_body_end(struct h2_stream *st, const struct fields *trailers)
{
	(void)st;
	assert_null(trailers);
	assert_false(stage->ended);
	stage->ended = true;
}

uint64_t h2_stream_sent(const struct h2_stream *st)
{
	(void)st;
	return stage->sent;
}

void h2_stream_pause(struct h2_stream *st)
{
	(void)st;
	stage->paused = true;
}

void h2_stream_unpause(struct h2_stream *st)
{
	(void)st;
	stage->paused = false;
}

void refuse(struct downstream *d, unsigned status, const char *reason)
{
	(void)reason;
	assert_ptr_equal(d, &stage->d);
	stage->refused = status;
}

static void on_own(struct downstream *d, unsigned status, struct slice lines, struct slice body)
{
	assert_ptr_equal(d, &stage->d);
	stage->own = status;
	assert_true(slice_eq(lines, SLICE("Content-Type: text/html\r\n")));
	assert_true(slice_eq(body, SLICE("page")));
}

static bool on_is_full(struct downstream *d)
{
	assert_ptr_equal(d, &stage->d);
	return stage->full;
}

/* ---- the inner client ---- */

static void on_far(struct stream *s, enum stream_event event, void *arg)
{
	struct slice in = stream_peek(s);

	(void)arg;
	assert_true(buf_add(&stage->got, in));
	stream_consume(s, in.n);
	if (event == STREAM_EOF)
		stage->far_eof = true;
	if (event == STREAM_ERROR)
		stage->far_errno = stream_errno(s);
}

void client_take(struct worker *w, struct stream *s, const struct address *peer)
{
	assert_ptr_equal(w, &stage->w);
	assert_int_equal(peer->len, sizeof(peer->sa.ss_family));
	stage->far = s;
	stream_set_cb(s, on_far, NULL);
}

/* ---- the stage ---- */

static void settle(void)
{
	for (int i = 0; i < 200; i++)
		loop_turn(stage->w.loop, false);
}

static void pass_time(int64_t ms)
{
	for (; ms > 0; ms -= 500) {
		stage->mono_ms += 500;
		settle();
	}
}

static void on_nothing(struct stream *s, enum stream_event event, void *arg)
{
	(void)s;
	(void)event;
	(void)arg;
}

static int set_up(void **state)
{
	struct stage *t = calloc(1, sizeof(*t));

	assert_non_null(t);
	stage = t;
	*state = t;
	t->mono_ms = 1000000;
	t->clock = (struct clock){ &t->wall_ms, &t->mono_ms };
	t->config.stall_timeout_ms = STALL_MS;
	t->w.config = &t->config;
	t->w.loop = loop_new(&t->clock);
	assert_non_null(t->w.loop);
	timer_class_init(&t->w.times.second, t->w.loop, 1000);
	h1_response_init(&t->response, &h1_response_limits);
	t->w.response = &t->response;
	assert_true(stream_pair(t->w.loop, NULL, t->outer));
	stream_set_cb(t->outer[0], on_nothing, NULL);
	t->ops = (struct downstream_ops){ .own = on_own, .is_full = on_is_full };
	t->d = (struct downstream){ .ops = &t->ops, .w = &t->w, .stream = t->outer[0] };
	buf_init(&t->body, 64u * LARGE);
	buf_init(&t->got, 64u * LARGE);
	t->reset = -1;
	return 0;
}

static int tear_down(void **state)
{
	struct stage *t = *state;

	stream_close(t->far, STREAM_RESET);
	stream_close(t->outer[0], STREAM_RESET);
	stream_close(t->outer[1], STREAM_RESET);
	settle();
	assert_int_equal(stream_lingering(t->w.loop), 0);
	timer_class_release(&t->w.times.second);
	h1_response_release(&t->response);
	buf_release(&t->body);
	buf_release(&t->got);
	loop_free(t->w.loop);
	free(t);
	return 0;
}

static void open_tunnel(void)
{
	struct authority to;

	assert_null(authority_parse_host(&to, SLICE("site.test")));
	to.port = 443;
	h2_tunnel_open(&stage->d, &to);
	settle();
	assert_non_null(stage->far);
	assert_true(slice_eq(buf_slice(&stage->got), SLICE(ASKED)));
	buf_clear(&stage->got);
	assert_true(stage->paused);
}

static void say(struct slice s)
{
	stream_write(stage->far, s);
	settle();
}

static void open_and_establish(void)
{
	open_tunnel();
	say(SLICE(ESTABLISHED));
	assert_int_equal(stage->status, 200);
	assert_false(stage->paused);
}

static void close_far(enum stream_how how)
{
	stream_close(stage->far, how);
	stage->far = NULL;
	settle();
}

static void all_ended(void)
{
	stage->taker->closed(stage->arg, H2_NO_ERROR);
	settle();
}

/* ---- tests ---- */

static void test_both_ways(void **state)
{
	static const char answer[] = ESTABLISHED "first";

	(void)state;
	open_tunnel();
	for (size_t i = 0; i < sizeof(answer) - 1; i++)
		say(slice_of(answer + i, 1));
	assert_int_equal(stage->status, 200);
	assert_true(slice_eq(buf_slice(&stage->body), SLICE("first")));
	stage->taker->data(stage->arg, SLICE("question"));
	settle();
	assert_true(slice_eq(buf_slice(&stage->got), SLICE("question")));
	/* One half ends, the other goes on. */
	stage->taker->end(stage->arg);
	settle();
	assert_true(stage->far_eof);
	say(SLICE(" and last"));
	close_far(STREAM_GRACEFUL);
	assert_true(slice_eq(buf_slice(&stage->body), SLICE("first and last")));
	assert_true(stage->ended);
	all_ended();
	assert_int_equal(stage->reset, -1);
}

static void test_to_browser_full(void **state)
{
	(void)state;
	open_and_establish();
	stage->full = true;
	say(SLICE("on its way"));
	say(SLICE(", held back"));
	assert_true(slice_eq(buf_slice(&stage->body), SLICE("on its way")));
	close_far(STREAM_GRACEFUL);
	assert_false(stage->ended);
	stage->full = false;
	stage->taker->room(stage->arg);
	settle();
	assert_true(slice_eq(buf_slice(&stage->body), SLICE("on its way, held back")));
	assert_true(stage->ended);
	all_ended();
}

static void test_from_browser_full(void **state)
{
	static char large[LARGE];

	(void)state;
	open_and_establish();
	stream_pause(stage->far);
	for (int i = 0; i < 4 && !stage->paused; i++)
		stage->taker->data(stage->arg, slice_of(large, sizeof(large) / 2));
	assert_true(stage->paused);
	settle();
	assert_true(stage->paused);
	stream_unpause(stage->far);
	settle();
	assert_false(stage->paused);
	all_ended();
	settle();
	assert_true(stage->far_eof);
}

static void test_refused(void **state)
{
	(void)state;
	open_tunnel();
	say(SLICE(PAGE));
	say(SLICE("pa"));
	assert_int_equal(stage->own, 0);
	say(SLICE("ge and more"));
	assert_int_equal(stage->own, 502);
	assert_int_equal(stage->refused, 0);
}

static void test_no_answer(void **state)
{
	static const struct {
		const char *bytes;
		enum stream_how how;
	} ways[] = {
		{ "", STREAM_RESET },
		{ "", STREAM_GRACEFUL },
		{ "HTTP/1.1 20", STREAM_GRACEFUL },
		{ PAGE, STREAM_GRACEFUL },
		{ "rubbish\r\n\r\n", STREAM_GRACEFUL },
		{ "HTTP/1.1 502 No\r\nTransfer-Encoding: chunked\r\n\r\n", STREAM_GRACEFUL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		open_tunnel();
		say(slice_str(ways[i].bytes));
		close_far(ways[i].how);
		assert_int_equal(stage->refused, 503);
		assert_int_equal(stage->status, 0);
		stage->refused = 0;
	}
}

static void test_resets(void **state)
{
	(void)state;
	open_and_establish();
	close_far(STREAM_RESET);
	assert_int_equal(stage->reset, H2_CONNECT_ERROR);
	assert_false(stage->ended);

	stage->reset = -1;
	open_and_establish();
	stage->taker->closed(stage->arg, H2_CANCEL);
	settle();
	assert_int_equal(stage->far_errno, ECONNRESET);
	assert_int_equal(stage->reset, -1);
}

/* The inner connection is gone whole, and the browser does not end its half. */
static void test_farewell(void **state)
{
	(void)state;
	open_and_establish();
	say(SLICE("all of it"));
	stage->taker->data(stage->arg, SLICE("unread"));
	stream_shutdown_write(stage->far);
	settle();
	assert_true(stage->ended);
	pass_time(STALL_MS);
	assert_int_equal(stage->reset, -1); /* it may still send */
	close_far(STREAM_RESET);
	/* Nobody reads it, and nobody is harmed. */
	stage->taker->data(stage->arg, SLICE("late"));
	pass_time(STALL_MS - 2000);
	assert_int_equal(stage->reset, -1);
	stage->sent = 4;
	pass_time(STALL_MS - 2000);
	assert_int_equal(stage->reset, -1);
	stage->sent = 9;
	pass_time(2000);
	assert_int_equal(stage->reset, H2_NO_ERROR);
}

static void test_farewell_not_taken(void **state)
{
	(void)state;
	open_and_establish();
	say(SLICE("all of it"));
	stream_shutdown_write(stage->far);
	settle();
	close_far(STREAM_RESET);
	pass_time(STALL_MS + 2000);
	assert_int_equal(stage->reset, H2_CANCEL);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_both_ways), TEST(test_to_browser_full),    TEST(test_from_browser_full),
		TEST(test_refused),   TEST(test_no_answer),	     TEST(test_resets),
		TEST(test_farewell),  TEST(test_farewell_not_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
