/* proxy/net: loop and timers, addresses, ClientHello, relay, listener. */
#include "tests/unit/net_tools.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proxy/net/hello.h"
#include "proxy/net/listener.h"
#include "proxy/net/relay.h"

/* ---- loop ---- */

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

/* ---- addresses ---- */

static void test_address_text(void **state)
{
	static const char *const good[] = { "127.0.0.1:8118", "[::1]:8118", "[2001:db8::1]:443" };
	static const char *const bad[] = { "",
					   "127.0.0.1",
					   "127.0.0.1:0",
					   "127.0.0.1:65536",
					   "127.1:80",
					   "0177.0.0.1:80",
					   "::1:80",
					   "[127.0.0.1]:80",
					   "[::1%lo]:80",
					   "localhost:80",
					   "127.0.0.1:80:80",
					   "[::1]:+80",
					   "[::1]",
					   ":80",
					   "1.2.3.4 :80" };
	char out[ADDRESS_TEXT];
	struct address a;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(address_parse(slice_str(good[i]), &a));
		address_print(&a, out);
		assert_string_equal(out, good[i]);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(address_parse(slice_str(bad[i]), &a));
	assert_true(address_parse_listen(SLICE("[::1]:0"), &a));
	assert_false(address_parse_ip(SLICE("1.2.3.4\0"), 1, &a));
	address_print(&(struct address){ .len = 0 }, out);
	assert_string_equal(out, "unknown:0");
}

static void test_address_client(void **state)
{
	static const char *const rows[][2] = {
		{ "127.0.0.1", "local" },
		{ "127.8.8.8", "local" },
		{ "::1", "local" },
		{ "::ffff:127.0.0.1", "local" },
		{ "::ffff:10.1.2.3", "10.1.2.3" },
		{ "10.1.2.3", "10.1.2.3" },
		{ "2001:db8:0:0::5", "2001:db8::5" },
	};
	char out[ADDRESS_TEXT];
	struct address a;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_true(address_parse_ip(slice_str(rows[i][0]), 80, &a));
		address_client(&a, out);
		assert_string_equal(out, rows[i][1]);
	}
}

static void test_address_class(void **state)
{
	static const struct {
		const char *text;
		enum address_class class;
	} rows[] = {
		{ "8.8.8.8", ADDRESS_PUBLIC },
		{ "0.0.0.0", ADDRESS_UNSPECIFIED },
		{ "0.1.2.3", ADDRESS_UNSPECIFIED },
		{ "10.255.255.255", ADDRESS_PRIVATE },
		{ "11.0.0.0", ADDRESS_PUBLIC },
		{ "100.63.255.255", ADDRESS_PUBLIC },
		{ "100.64.0.0", ADDRESS_PRIVATE },
		{ "100.127.255.255", ADDRESS_PRIVATE },
		{ "100.128.0.0", ADDRESS_PUBLIC },
		{ "127.255.255.254", ADDRESS_LOOPBACK },
		{ "169.254.169.254", ADDRESS_LINK_LOCAL },
		{ "172.15.0.1", ADDRESS_PUBLIC },
		{ "172.16.0.1", ADDRESS_PRIVATE },
		{ "172.31.255.255", ADDRESS_PRIVATE },
		{ "172.32.0.1", ADDRESS_PUBLIC },
		{ "192.168.0.1", ADDRESS_PRIVATE },
		{ "192.0.2.1", ADDRESS_DOCUMENTATION },
		{ "192.0.0.8", ADDRESS_RESERVED },
		{ "198.19.0.1", ADDRESS_RESERVED },
		{ "198.20.0.1", ADDRESS_PUBLIC },
		{ "224.0.0.251", ADDRESS_MULTICAST },
		{ "239.255.255.255", ADDRESS_MULTICAST },
		{ "240.0.0.1", ADDRESS_RESERVED },
		{ "255.255.255.255", ADDRESS_RESERVED },
		{ "2a00:1450:4001::1", ADDRESS_PUBLIC },
		{ "2606:4700::1111", ADDRESS_PUBLIC },
		{ "::", ADDRESS_UNSPECIFIED },
		{ "::1", ADDRESS_LOOPBACK },
		{ "::2", ADDRESS_RESERVED },
		{ "::127.0.0.1", ADDRESS_RESERVED },
		{ "::ffff:8.8.8.8", ADDRESS_PUBLIC },
		{ "::ffff:127.0.0.1", ADDRESS_LOOPBACK },
		{ "::ffff:192.168.1.1", ADDRESS_PRIVATE },
		{ "64:ff9b::8.8.8.8", ADDRESS_PUBLIC },
		{ "64:ff9b::169.254.169.254", ADDRESS_LINK_LOCAL },
		{ "64:ff9b:1::1", ADDRESS_PRIVATE },
		{ "2002:0808:0808::1", ADDRESS_PUBLIC },
		{ "2002:7f00:0001::1", ADDRESS_LOOPBACK },
		{ "2002:c0a8:0101::1", ADDRESS_PRIVATE },
		{ "2001:0:1:2:3:4:80ff:fffe", ADDRESS_LOOPBACK }, /* Teredo for 127.0.0.1 */
		{ "2001:0:1:2:3:4:f7f7:f7f7", ADDRESS_RESERVED },
		{ "2001:db8::1", ADDRESS_DOCUMENTATION },
		{ "3fff:abc::1", ADDRESS_DOCUMENTATION },
		{ "3fff:f000::1", ADDRESS_PUBLIC },
		{ "fc00::1", ADDRESS_PRIVATE },
		{ "fdff::1", ADDRESS_PRIVATE },
		{ "fe80::1", ADDRESS_LINK_LOCAL },
		{ "fec0::1", ADDRESS_RESERVED },
		{ "ff02::1", ADDRESS_MULTICAST },
		{ "4000::1", ADDRESS_RESERVED },
	};
	struct address a;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *reason = NULL;

		assert_true(address_parse_ip(slice_str(rows[i].text), 80, &a));
		if (address_class(&a) != rows[i].class)
			fail_msg("%s is %d, not %d", rows[i].text, address_class(&a),
				 rows[i].class);
		assert_int_equal(address_is_public(&a, &reason), rows[i].class == ADDRESS_PUBLIC);
		assert_int_equal(reason == NULL, rows[i].class == ADDRESS_PUBLIC);
	}
	assert_int_equal(address_class(&(struct address){ .len = 0 }), ADDRESS_RESERVED);
}

/* ---- ClientHello ---- */

static size_t client_hello(char *out, size_t size, const char *sni, bool alpn)
{
	static const unsigned char protocols[] = "\x02h2\x08http/1.1";
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	SSL *ssl = SSL_new(ctx);
	BIO *in = BIO_new(BIO_s_mem()), *to = BIO_new(BIO_s_mem());
	int n;

	SSL_set_bio(ssl, in, to);
	SSL_set_connect_state(ssl);
	if (sni != NULL)
		SSL_set_tlsext_host_name(ssl, sni);
	if (alpn)
		SSL_set_alpn_protos(ssl, protocols, sizeof(protocols) - 1);
	SSL_do_handshake(ssl);
	n = BIO_read(to, out, (int)size);
	assert_true(n > 0);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	return (size_t)n;
}

static void check_hello(const struct hello *h)
{
	assert_string_equal(h->sni, "www.example.com");
	assert_true(hello_offers_alpn(h, SLICE("h2")));
	assert_true(hello_offers_alpn(h, SLICE("http/1.1")));
	assert_false(hello_offers_alpn(h, SLICE("http/1.")));
	assert_true(hello_offers_tls(h, 3));
	assert_true(hello_offers_tls(h, 2));
	assert_false(h->has_ech);
}

/* The same message cut into records of `piece` bytes. */
static size_t split(const char *in, size_t n, size_t piece, char *out)
{
	size_t to = 0;

	for (size_t at = 5; at < n; at += piece) {
		size_t part = n - at < piece ? n - at : piece;

		memcpy(out + to, "\x16\x03\x01", 3);
		out[to + 3] = (char)(part >> 8);
		out[to + 4] = (char)part;
		memcpy(out + to + 5, in + at, part);
		to += part + 5;
	}
	return to;
}

static void test_hello(void **state)
{
	char raw[4096], cut[40000];
	size_t n = client_hello(raw, sizeof(raw), "WWW.Example.com", true), m;
	struct hello h;

	(void)state;
	assert_int_equal(hello_parse(slice_of(raw, n), &h), HELLO_OK);
	check_hello(&h);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(hello_parse(slice_of(raw, i), &h), HELLO_MORE);
	for (size_t piece = 5; piece < n; piece += 3) {
		m = split(raw, n, piece, cut);
		if ((n - 5 + piece - 1) / piece > HELLO_RECORDS_MAX) {
			assert_int_equal(hello_parse(slice_of(cut, m), &h), HELLO_BAD);
			continue;
		}
		assert_int_equal(hello_parse(slice_of(cut, m), &h), HELLO_OK);
		check_hello(&h);
		assert_int_equal(hello_parse(slice_of(cut, m - 1), &h), HELLO_MORE);
	}
	/* Bytes behind it (early data) do not matter. */
	memcpy(cut, raw, n);
	memcpy(cut + n, "\x17\x03\x03junk", 7);
	assert_int_equal(hello_parse(slice_of(cut, n + 7), &h), HELLO_OK);
	n = client_hello(raw, sizeof(raw), NULL, false);
	assert_int_equal(hello_parse(slice_of(raw, n), &h), HELLO_OK);
	assert_string_equal(h.sni, "");
	assert_int_equal(h.alpn_len, 0);
}

static void test_hello_bad(void **state)
{
	static const struct {
		struct slice bytes;
		enum hello_status status;
	} rows[] = {
		{ { "", 0 }, HELLO_MORE },
		{ { "G", 1 }, HELLO_NOT_TLS },
		{ { "SSH-2.0-x", 9 }, HELLO_NOT_TLS },
		{ { "\x16", 1 }, HELLO_MORE },
		{ { "\x16\x02", 2 }, HELLO_NOT_TLS },
		{ { "\x16\x03\x01\x00\x00", 5 }, HELLO_BAD },
		{ { "\x16\x03\x01\xff\xff", 5 }, HELLO_BAD },
		{ { "\x16\x03\x01\x00\x04\x02\x00\x00\x10", 9 }, HELLO_BAD },
		{ { "\x16\x03\x01\x00\x04\x01\x01\x00\x00", 9 }, HELLO_BAD },
		{ { "\x16\x03\x01\x00\x04\x01\x00\x00\x02", 9 }, HELLO_BAD },
		{ { "\x16\x03\x01\x00\x02\x01\x00\x15", 8 }, HELLO_BAD },
	};
	char raw[4096];
	size_t n = client_hello(raw, sizeof(raw), "a.example", true);
	unsigned seed = 1;
	struct hello h;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(hello_parse(rows[i].bytes, &h), rows[i].status);
	/* Any change of any byte is survived (the sanitizers watch). */
	for (size_t i = 0; i < n; i++) {
		for (int k = 0; k < 8; k++) {
			char was = raw[i];

			seed = seed * 1103515245u + 12345u;
			raw[i] = (char)(seed >> 16);
			hello_parse(slice_of(raw, n), &h);
			assert_true(memchr(h.sni, 0, sizeof(h.sni)) != NULL);
			raw[i] = was;
		}
	}
}

/* ---- relay ---- */

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

/* ---- pairs ---- */

static void pair_ends(struct pair *p, struct stream *ends[2])
{
	struct address local;

	assert_true(address_parse(SLICE("192.0.2.1:8443"), &local));
	assert_true(stream_pair(p->loop, &local, ends));
	p->a = (struct end){ .s = ends[0], .keep_bytes = true };
	p->b = (struct end){ .s = ends[1], .keep_bytes = true };
	buf_init(&p->a.got, 1 << 20);
	buf_init(&p->b.got, 1 << 20);
	stream_set_cb(ends[0], end_event, &p->a);
	stream_set_cb(ends[1], end_event, &p->b);
}

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

/* ---- listener ---- */

struct taken {
	unsigned count;
	int fd[64];
	struct listener *free_me;
};

static void on_accept(int fd, const struct address *peer, void *arg)
{
	struct taken *t = arg;

	assert_true(address_class(peer) == ADDRESS_LOOPBACK);
	assert_true(t->count < 64);
	t->fd[t->count++] = fd;
	listener_free(t->free_me);
}

static int dial_in(int listening)
{
	struct address at;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	at.len = sizeof(at.sa);
	assert_int_equal(getsockname(listening, (struct sockaddr *)&at.sa, &at.len), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&at.sa, at.len), 0);
	return fd;
}

static void test_bind(void **state)
{
	char error[200], again[ADDRESS_TEXT];
	struct address at;
	int fd, fd6;

	(void)state;
	fd = listener_bind("127.0.0.1:0", error, sizeof(error));
	assert_true(fd >= 0);
	at.len = sizeof(at.sa);
	getsockname(fd, (struct sockaddr *)&at.sa, &at.len);
	address_print(&at, again);
	assert_int_equal(listener_bind(again, error, sizeof(error)), -1);
	assert_non_null(strstr(error, again));
	assert_non_null(strstr(error, "with --listen ADDR:PORT"));
	fd6 = listener_bind("[::1]:0", error, sizeof(error));
	if (fd6 >= 0)
		close(fd6);
	assert_int_equal(listener_bind("localhost:80", error, sizeof(error)), -1);
	assert_non_null(strstr(error, "127.0.0.1:8118"));
	assert_int_equal(listener_bind("192.0.2.1:8118", error, sizeof(error)), -1);
	assert_non_null(strstr(error, "no such address"));
	close(fd);
}

/* Each of the sockets gets its share, and who comes after finds the address taken. */
static void test_bind_shared(void **state)
{
	char error[512], again[ADDRESS_TEXT];
	int fds[2], clients[64];
	unsigned share[2] = { 0, 0 };
	struct address at;

	(void)state;
	assert_true(listener_bind_shared("127.0.0.1:0", fds, 2, error, sizeof(error)));
	at.len = sizeof(at.sa);
	getsockname(fds[0], (struct sockaddr *)&at.sa, &at.len);
	address_print(&at, again);
	for (size_t i = 0; i < 64; i++) {
		clients[i] = socket(AF_INET, SOCK_STREAM, 0);
		assert_int_equal(connect(clients[i], (struct sockaddr *)&at.sa, at.len), 0);
	}
	for (size_t i = 0; i < 2; i++) {
		int fd;

		while ((fd = accept(fds[i], NULL, NULL)) >= 0) {
			share[i]++;
			close(fd);
		}
	}
	for (size_t i = 0; i < 64; i++)
		close(clients[i]);
	assert_int_equal(share[0] + share[1], 64);
	assert_true(share[0] >= 8 && share[1] >= 8);
	assert_false(listener_bind_shared(again, clients, 2, error, sizeof(error)));
	assert_non_null(strstr(error, "with --listen ADDR:PORT"));
	close(fds[0]);
	close(fds[1]);
}

static void test_listener(void **state)
{
	struct loop *loop = loop_new(&clock_system);
	struct taken t = { .count = 0 };
	char error[200];
	int fd = listener_bind("127.0.0.1:0", error, sizeof(error)), clients[40];
	struct listener *l = listener_new(loop, fd, on_accept, &t);

	(void)state;
	assert_non_null(l);
	for (int i = 0; i < 40; i++)
		clients[i] = dial_in(fd);
	RUN_UNTIL(loop, t.count == 40);
	t.free_me = l;
	clients[0] = (close(clients[0]), dial_in(fd));
	RUN_UNTIL(loop, t.count == 41);
	for (int i = 0; i < 40; i++)
		close(clients[i]);
	for (unsigned i = 0; i < t.count; i++)
		close(t.fd[i]);
	loop_free(loop);
	close(fd);
}

static void test_out_of_descriptors(void **state)
{
	struct rlimit was, now;
	struct pair p;
	struct taken t = { .count = 0 };
	char error[200], c;
	int fd, a, b;
	struct listener *l;

	(void)state;
	pair_init(&p, true);
	fd = listener_bind("127.0.0.1:0", error, sizeof(error));
	l = listener_new(p.loop, fd, on_accept, &t);
	a = dial_in(fd);
	b = dial_in(fd);
	getrlimit(RLIMIT_NOFILE, &was);
	now = was;
	now.rlim_cur = (rlim_t)b + 1;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &now), 0);
	run_idle(p.loop);
	assert_int_equal(t.count, 0);
	/* Descriptors are back: the waiting are served at the next try. */
	setrlimit(RLIMIT_NOFILE, &was);
	run_idle(p.loop);
	assert_int_equal(t.count, 0);
	p.mono += LISTENER_RETRY_MS;
	run_idle(p.loop);
	assert_int_equal(t.count, 2);
	/* They do not come back: after a while the waiting learn it. */
	close(t.fd[0]);
	close(t.fd[1]);
	close(a);
	a = dial_in(fd);
	now.rlim_cur = (rlim_t)(a > b ? a : b) + 1;
	while ((t.fd[0] = dup(0)) >= 0 && t.fd[0] + 1 < (int)now.rlim_cur)
		;
	setrlimit(RLIMIT_NOFILE, &now);
	for (int i = 0; i < 10; i++) {
		run_idle(p.loop);
		p.mono += LISTENER_RETRY_MS;
	}
	setrlimit(RLIMIT_NOFILE, &was);
	assert_int_equal(t.count, 2);
	assert_true(recv(a, &c, 1, 0) <= 0);
	close(a);
	close(b);
	listener_free(l);
	close(fd);
	pair_release(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_loop_order),
		cmocka_unit_test(test_timers),
		cmocka_unit_test(test_real_sleep),
		cmocka_unit_test(test_address_text),
		cmocka_unit_test(test_address_client),
		cmocka_unit_test(test_address_class),
		cmocka_unit_test(test_hello),
		cmocka_unit_test(test_hello_bad),
		cmocka_unit_test(test_relay),
		cmocka_unit_test(test_relay_back_pressure),
		cmocka_unit_test(test_relay_failure),
		cmocka_unit_test(test_bind),
		cmocka_unit_test(test_pair),
		cmocka_unit_test(test_pair_ends),
		cmocka_unit_test(test_pair_unread),
		cmocka_unit_test(test_pair_relay),
		cmocka_unit_test(test_bind_shared),
		cmocka_unit_test(test_listener),
		cmocka_unit_test(test_out_of_descriptors),
	};

	return cmocka_run_group_tests_name("net_edge", tests, NULL, NULL);
}
