/* proxy/net: streams, plain and TLS. */
#include "tests/unit/net_tools.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void test_plain_echo(void **state)
{
	struct pair p;

	(void)state;
	for (int tcp = 0; tcp < 2; tcp++) {
		pair_init(&p, false);
		pair_sockets(&p, tcp);
		stream_writev2(p.a.s, SLICE("hello "), SLICE("world"));
		RUN_UNTIL(p.loop, p.b.count == 11);
		assert_true(slice_eq(buf_slice(&p.b.got), SLICE("hello world")));
		assert_int_equal(p.b.reads, 1);
		stream_write(p.b.s, SLICE("bye"));
		stream_shutdown_write(p.b.s);
		assert_false(stream_write(p.b.s, SLICE("late")));
		RUN_UNTIL(p.loop, p.a.eofs == 1);
		assert_true(slice_eq(buf_slice(&p.a.got), SLICE("bye")));
		assert_true(stream_eof_clean(p.a.s));
		/* The other half still works. */
		stream_write(p.a.s, SLICE("!"));
		RUN_UNTIL(p.loop, p.b.count == 12);
		assert_int_equal(stream_bytes_out(p.a.s), 12);
		pair_release(&p);
	}
}

/* Bytes and FIN are there before the first turn: neither may be lost. */
static void test_data_and_fin_at_once(void **state)
{
	struct pair p;
	int fd[2];

	(void)state;
	for (int tcp = 0; tcp < 2; tcp++) {
		pair_init(&p, false);
		if (tcp)
			tcp_pair(fd);
		else
			assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
		assert_int_equal(write(fd[0], "abc", 3), 3);
		close(fd[0]);
		p.b.s = stream_from_fd(p.loop, fd[1], end_event, &p.b);
		RUN_UNTIL(p.loop, p.b.eofs == 1);
		assert_int_equal(p.b.count, 3);
		pair_release(&p);
	}
}

static void test_partial_consume(void **state)
{
	struct pair p;

	(void)state;
	pair_init(&p, false);
	pair_sockets(&p, false);
	p.b.stop_reading = true;
	stream_write(p.a.s, SLICE("abc"));
	RUN_UNTIL(p.loop, p.b.reads == 1);
	assert_true(slice_eq(stream_peek(p.b.s), SLICE("abc")));
	stream_consume(p.b.s, 1);
	stream_write(p.a.s, SLICE("def"));
	RUN_UNTIL(p.loop, p.b.reads == 2);
	assert_true(slice_eq(stream_peek(p.b.s), SLICE("bcdef")));
	/* Shown again on request, and not otherwise. */
	run_idle(p.loop);
	assert_int_equal(p.b.reads, 2);
	p.b.stop_reading = false;
	stream_unpause(p.b.s);
	RUN_UNTIL(p.loop, p.b.reads == 3);
	assert_true(slice_eq(buf_slice(&p.b.got), SLICE("bcdef")));
	assert_int_equal(stream_peek(p.b.s).n, 0);
	pair_release(&p);
}

static void test_read_max(void **state)
{
	struct pair p;
	char big[3000];

	(void)state;
	memset(big, 'x', sizeof(big));
	pair_init(&p, false);
	pair_sockets(&p, false);
	stream_set_read_max(p.b.s, 1000);
	p.b.stop_reading = true;
	stream_write(p.a.s, slice_of(big, 999));
	RUN_UNTIL(p.loop, p.b.reads == 1);
	run_idle(p.loop);
	assert_int_equal(p.b.errors, 0);
	stream_pause(p.b.s);
	stream_write(p.a.s, slice_of(big, sizeof(big)));
	run_idle(p.loop);
	assert_int_equal(stream_peek(p.b.s).n, 999);
	stream_unpause(p.b.s);
	RUN_UNTIL(p.loop, p.b.errors == 1);
	assert_int_equal(stream_errno(p.b.s), ENOBUFS);
	pair_release(&p);
}

static void pause_each(struct end *e, enum stream_event ev)
{
	if (ev == STREAM_READ)
		stream_pause(e->s);
}

/* A paused stream misses no edge. */
static void test_pause(void **state)
{
	struct pair p;
	char chunk[5000];

	(void)state;
	memset(chunk, 'p', sizeof(chunk));
	for (int tls = 0; tls < 2; tls++) {
		pair_init(&p, false);
		pair_sockets(&p, true);
		if (tls) {
			pair_tls(&p, TLS1_3_VERSION);
			RUN_UNTIL(p.loop, p.a.connected + p.b.connected == 2);
		}
		p.b.hook = pause_each;
		stream_pause(p.b.s);
		for (unsigned i = 1; i <= 50; i++) {
			uint64_t before = p.b.count;

			stream_write(p.a.s, slice_of(chunk, sizeof(chunk)));
			run_idle(p.loop);
			assert_true(p.b.count == before);
			stream_unpause(p.b.s);
			RUN_UNTIL(p.loop, p.b.count != before);
		}
		while (p.b.count < 50 * sizeof(chunk)) {
			stream_unpause(p.b.s);
			loop_turn(p.loop, true);
		}
		stream_shutdown_write(p.a.s);
		run_idle(p.loop);
		assert_int_equal(p.b.eofs, 0);
		stream_unpause(p.b.s);
		RUN_UNTIL(p.loop, p.b.eofs == 1);
		pair_release(&p);
	}
}

static void test_tls_echo(void **state)
{
	static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };
	struct pair p;

	(void)state;
	for (int i = 0; i < 4; i++) {
		pair_init(&p, false);
		pair_sockets(&p, i >= 2);
		pair_tls(&p, versions[i % 2]);
		assert_true(stream_of_ssl(stream_ssl(p.a.s)) == p.a.s);
		/* Written before the handshake is done. */
		stream_write(p.a.s, SLICE("early"));
		assert_false(stream_is_open(p.a.s));
		RUN_UNTIL(p.loop, p.b.count == 5);
		assert_true(stream_is_open(p.a.s));
		assert_int_equal(p.a.connected, 1);
		assert_int_equal(p.b.connected, 1);
		stream_write(p.b.s, SLICE("answer"));
		stream_shutdown_write(p.b.s);
		RUN_UNTIL(p.loop, p.a.eofs == 1);
		assert_true(stream_eof_clean(p.a.s));
		assert_true(slice_eq(buf_slice(&p.a.got), SLICE("answer")));
		stream_write(p.a.s, SLICE("after"));
		RUN_UNTIL(p.loop, p.b.count == 10);
		assert_int_equal(p.a.errors + p.b.errors, 0);
		pair_release(&p);
	}
}

/* CONNECT, then at once in the same segment a ClientHello. */
static void start_inside(struct end *e, enum stream_event ev)
{
	if (ev == STREAM_READ && stream_ssl(e->s) == NULL) {
		stream_consume(e->s, 7);
		stream_write(e->s, SLICE("200 ok\n"));
		e->stop_reading = false;
		e->count = 0;
		assert_true(stream_start_tls_server(e->s, SSL_new(e->arg)));
	}
}

static void test_prebuffer(void **state)
{
	struct pair p;
	SSL *ssl;
	BIO *in, *out;
	char bytes[8192], got[8192];
	int n, fd[2], r = 0;

	(void)state;
	pair_init(&p, false);
	p.server = server_ctx();
	p.client = client_ctx(p.server);
	tcp_pair(fd);
	ssl = SSL_new(p.client);
	in = BIO_new(BIO_s_mem());
	out = BIO_new(BIO_s_mem());
	SSL_set_bio(ssl, in, out);
	SSL_set_connect_state(ssl);
	assert_int_equal(SSL_do_handshake(ssl), -1);
	memcpy(bytes, "CONNECT", 7);
	n = BIO_read(out, bytes + 7, sizeof(bytes) - 7);
	assert_true(n > 0);
	assert_int_equal(write(fd[0], bytes, 7 + (size_t)n), 7 + n);
	p.b.hook = start_inside;
	p.b.stop_reading = true;
	p.b.arg = p.server;
	p.b.s = stream_from_fd(p.loop, fd[1], end_event, &p.b);
	for (int i = 0; i < 1000 && p.b.connected == 0; i++) {
		loop_turn(p.loop, false);
		n = (int)recv(fd[0], got, sizeof(got), MSG_DONTWAIT);
		if (n <= 0)
			continue;
		if (r == 0) {
			assert_true(n >= 7 && memcmp(got, "200 ok\n", 7) == 0);
			BIO_write(in, got + 7, n - 7);
		} else {
			BIO_write(in, got, n);
		}
		r += n;
		SSL_do_handshake(ssl);
		n = BIO_read(out, bytes, sizeof(bytes));
		if (n > 0)
			assert_int_equal(write(fd[0], bytes, (size_t)n), n);
	}
	assert_int_equal(p.b.connected, 1);
	SSL_write(ssl, "data", 4);
	n = BIO_read(out, bytes, sizeof(bytes));
	assert_int_equal(write(fd[0], bytes, (size_t)n), n);
	RUN_UNTIL(p.loop, p.b.count == 4);
	close(fd[0]);
	RUN_UNTIL(p.loop, p.b.eofs == 1);
	/* No close_notify. */
	assert_false(stream_eof_clean(p.b.s));
	SSL_free(ssl);
	pair_release(&p);
}

#define BULK (50u * 1024 * 1024)

static uint64_t mix(uint64_t x)
{
	x ^= x >> 30;
	x *= 0xbf58476d1ce4e5b9u;
	x ^= x >> 27;
	return x * 0x94d049bb133111ebu;
}

static void fill(char *p, uint64_t at, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (char)mix(at + i);
}

struct bulk {
	uint64_t sent, checked;
	size_t piece, queued_max;
	char mem[100000];
};

static void pump(struct end *e)
{
	struct bulk *b = e->arg;

	while (b->sent < BULK && !stream_is_full(e->s)) {
		size_t n = b->piece < BULK - b->sent ? b->piece : (size_t)(BULK - b->sent);

		fill(b->mem, b->sent, n);
		assert_true(stream_write(e->s, slice_of(b->mem, n)));
		b->sent += n;
		b->piece = (b->piece * 7 + 13) % (sizeof(b->mem) - 1) + 1;
		if (stream_queued(e->s) > b->queued_max)
			b->queued_max = stream_queued(e->s);
	}
	if (b->sent == BULK)
		stream_shutdown_write(e->s);
}

static void bulk_hook(struct end *e, enum stream_event ev)
{
	if (ev == STREAM_DRAINED)
		pump(e);
}

static void check_hook(struct end *e, enum stream_event ev)
{
	struct bulk *b = e->arg;

	if (ev != STREAM_READ)
		return;
	/* Everything is checked piece by piece; now and then reading pauses for a while. */
	struct slice got = buf_slice(&e->got);

	fill(b->mem, b->checked, got.n <= sizeof(b->mem) ? got.n : sizeof(b->mem));
	assert_true(got.n <= sizeof(b->mem));
	assert_memory_equal(got.p, b->mem, got.n);
	b->checked += got.n;
	buf_clear(&e->got);
	if (e->reads % 37 == 0)
		stream_pause(e->s);
}

static void test_bulk(void **state)
{
	static struct bulk a, b;
	struct pair p;

	(void)state;
	for (int i = 0; i < 3; i++) {
		pair_init(&p, false);
		pair_sockets(&p, i != 0);
		if (i != 1) {
			pair_tls(&p, i == 0 ? TLS1_2_VERSION : TLS1_3_VERSION);
			RUN_UNTIL(p.loop, p.a.connected + p.b.connected == 2);
		}
		a = (struct bulk){ .piece = 3000 };
		b = (struct bulk){ .checked = 0 };
		p.a.arg = &a;
		p.b.arg = &b;
		p.a.hook = bulk_hook;
		p.b.hook = check_hook;
		pump(&p.a);
		while (p.b.eofs == 0) {
			assert_int_equal(p.a.errors + p.b.errors, 0);
			assert_true(loop_turn(p.loop, !stream_is_paused(p.b.s)));
			if (stream_is_paused(p.b.s))
				stream_unpause(p.b.s);
		}
		assert_true(b.checked == BULK);
		assert_true(a.queued_max <= STREAM_HIGH + sizeof(a.mem) + 20000);
		assert_int_equal(stream_queued(p.a.s), 0);
		pair_release(&p);
	}
}

/* The sender of a reset connection still reads what the peer said before. */
static void test_answer_before_reset(void **state)
{
	struct linger now = { .l_onoff = 1 };
	static char big[1024 * 1024];
	struct pair p;
	int fd[2];

	(void)state;
	pair_init(&p, false);
	tcp_pair(fd);
	p.a.s = stream_from_fd(p.loop, fd[0], end_event, &p.a);
	assert_int_equal(write(fd[1], "413", 3), 3);
	setsockopt(fd[1], SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(fd[1]);
	stream_write(p.a.s, slice_of(big, sizeof(big)));
	RUN_UNTIL(p.loop, p.a.errors + p.a.eofs == 1);
	assert_int_equal(p.a.errors, 1);
	assert_true(stream_errno(p.a.s) == EPIPE || stream_errno(p.a.s) == ECONNRESET);
	pair_release(&p);
}

static void test_out_max(void **state)
{
	static char big[1024 * 1024];
	struct pair p;
	int fd[2];

	(void)state;
	pair_init(&p, false);
	tcp_pair(fd);
	p.a.s = stream_from_fd(p.loop, fd[0], end_event, &p.a);
	for (int i = 0; i < 100 && stream_write(p.a.s, slice_of(big, sizeof(big))); i++)
		;
	assert_int_equal(p.a.errors, 0);
	RUN_UNTIL(p.loop, p.a.errors == 1);
	assert_int_equal(stream_errno(p.a.s), ENOBUFS);
	assert_false(stream_write(p.a.s, SLICE("x")));
	close(fd[1]);
	pair_release(&p);
}

/* Full, and then emptied by a large write: STREAM_DRAINED still comes. */
static void test_drained(void **state)
{
	static char big[2 * 1024 * 1024];
	struct pair p;

	(void)state;
	pair_init(&p, false);
	pair_sockets(&p, true);
	p.b.keep_bytes = false;
	stream_pause(p.b.s);
	while (!stream_is_full(p.a.s)) {
		stream_write(p.a.s, slice_of(big, sizeof(big)));
		run_idle(p.loop);
	}
	p.a.stop_reading = true;
	stream_unpause(p.b.s);
	for (int k = 0; k < 2000 && p.a.drained == 0; k++) {
		if (stream_queued(p.a.s) < 100000)
			stream_write(p.a.s, slice_of(big, 9000));
		loop_turn(p.loop, false);
	}
	assert_int_equal(p.a.drained, 1);
	assert_false(stream_is_full(p.a.s));
	pair_release(&p);
}

static void test_timers(void **state)
{
	struct timer_class idle;
	struct pair p;

	(void)state;
	pair_init(&p, true);
	timer_class_init(&idle, p.loop, 10000);
	pair_sockets(&p, false);
	stream_set_timer(p.a.s, &idle);
	stream_set_deadline(p.b.s, &idle);
	run_idle(p.loop);
	p.mono += 9000;
	stream_write(p.b.s, SLICE("x"));
	RUN_UNTIL(p.loop, p.a.count == 1);
	p.mono += 1300;
	run_idle(p.loop);
	assert_int_equal(p.a.timeouts, 0);
	assert_int_equal(p.b.timeouts, 1);
	p.mono += 9000;
	run_idle(p.loop);
	assert_int_equal(p.a.timeouts, 1);
	p.mono += 90000;
	run_idle(p.loop);
	assert_int_equal(p.a.timeouts + p.b.timeouts, 2);
	stream_set_timer(p.a.s, &idle);
	stream_set_timer(p.a.s, NULL);
	p.mono += 90000;
	run_idle(p.loop);
	assert_int_equal(p.a.timeouts, 1);
	pair_release(&p);
}

/* A last answer arrives though the client was still sending. */
static void test_lingering(void **state)
{
	static char big[300000];
	struct pair p;
	int fd[2], n;
	char got[100];

	(void)state;
	pair_init(&p, true);
	tcp_pair(fd);
	p.b.s = stream_from_fd(p.loop, fd[1], end_event, &p.b);
	assert_int_equal(send(fd[0], big, sizeof(big), MSG_DONTWAIT | MSG_NOSIGNAL) > 0, 1);
	stream_write(p.b.s, SLICE("400"));
	stream_close(p.b.s, STREAM_GRACEFUL);
	run_idle(p.loop);
	assert_int_equal(stream_lingering(p.loop), 1);
	assert_true(send(fd[0], big, 1000, MSG_DONTWAIT | MSG_NOSIGNAL) > 0);
	run_idle(p.loop);
	assert_true(send(fd[0], big, 1000, MSG_DONTWAIT | MSG_NOSIGNAL) > 0);
	n = (int)recv(fd[0], got, sizeof(got), 0);
	assert_int_equal(n, 3);
	assert_int_equal(recv(fd[0], got, sizeof(got), 0), 0);
	close(fd[0]);
	RUN_UNTIL(p.loop, stream_lingering(p.loop) == 0);
	assert_int_equal(p.b.eofs + p.b.errors + p.b.reads, 0);
	/* And one that never ends is ended by time. */
	tcp_pair(fd);
	p.b.s = stream_from_fd(p.loop, fd[1], end_event, &p.b);
	stream_close(p.b.s, STREAM_GRACEFUL);
	run_idle(p.loop);
	assert_int_equal(stream_lingering(p.loop), 1);
	p.mono += STREAM_LINGER_MS + LOOP_TICK_MS;
	run_idle(p.loop);
	assert_int_equal(stream_lingering(p.loop), 0);
	close(fd[0]);
	p.b.s = NULL;
	pair_release(&p);
}

/* A peer that takes nothing is reset in the end; loop_free() ends what still lingers. */
static void test_stuck(void **state)
{
	static char big[3 * 1024 * 1024];
	struct pair p;
	int fd[2];

	(void)state;
	pair_init(&p, true);
	for (int i = 0; i < 2; i++) {
		tcp_pair(fd);
		p.b.s = stream_from_fd(p.loop, fd[1], end_event, &p.b);
		stream_write(p.b.s, slice_of(big, sizeof(big)));
		stream_write(p.b.s, slice_of(big, sizeof(big)));
		stream_close(p.b.s, STREAM_GRACEFUL);
		run_idle(p.loop);
		assert_int_equal(stream_lingering(p.loop), 1);
		if (i == 0) {
			p.mono += STREAM_STUCK_MS + LOOP_TICK_MS;
			run_idle(p.loop);
			assert_int_equal(stream_lingering(p.loop), 0);
		}
		close(fd[0]);
	}
	p.b.s = NULL;
	pair_release(&p);
}

static void test_reset(void **state)
{
	struct pair p;

	(void)state;
	pair_init(&p, false);
	pair_sockets(&p, true);
	stream_write(p.a.s, SLICE("half an answ"));
	stream_close(p.a.s, STREAM_RESET);
	p.a.s = NULL;
	RUN_UNTIL(p.loop, p.b.errors == 1);
	assert_int_equal(stream_errno(p.b.s), ECONNRESET);
	assert_int_equal(p.b.count, 0);
	assert_int_equal(stream_queued(p.b.s), 0);
	pair_release(&p);
}

static void close_hook(struct end *e, enum stream_event ev)
{
	(void)ev;
	stream_close(e->s, STREAM_GRACEFUL);
}

/* Closing inside any callback: no event follows. */
static void test_close_inside(void **state)
{
	struct pair p;

	(void)state;
	for (int tls = 0; tls < 2; tls++) {
		pair_init(&p, false);
		pair_sockets(&p, true);
		p.b.hook = close_hook;
		if (tls)
			pair_tls(&p, TLS1_3_VERSION);
		stream_write(p.a.s, SLICE("x"));
		RUN_UNTIL(p.loop, p.b.reads + p.b.connected == 1);
		p.b.s = NULL;
		RUN_UNTIL(p.loop, p.a.eofs + p.a.errors == 1);
		stream_close(p.a.s, STREAM_GRACEFUL);
		p.a.s = NULL;
		RUN_UNTIL(p.loop, stream_lingering(p.loop) == 0);
		assert_int_equal(p.b.reads + p.b.connected, 1);
		pair_release(&p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain_echo),
		cmocka_unit_test(test_data_and_fin_at_once),
		cmocka_unit_test(test_partial_consume),
		cmocka_unit_test(test_read_max),
		cmocka_unit_test(test_pause),
		cmocka_unit_test(test_tls_echo),
		cmocka_unit_test(test_prebuffer),
		cmocka_unit_test(test_bulk),
		cmocka_unit_test(test_answer_before_reset),
		cmocka_unit_test(test_out_max),
		cmocka_unit_test(test_drained),
		cmocka_unit_test(test_timers),
		cmocka_unit_test(test_lingering),
		cmocka_unit_test(test_stuck),
		cmocka_unit_test(test_reset),
		cmocka_unit_test(test_close_inside),
	};

	return cmocka_run_group_tests_name("net_stream", tests, NULL, NULL);
}
