/* proxy/net: names and connections, with a name server of our own on the loop. */
#include "tests/unit/net_tools.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proxy/net/dial.h"

#define TYPE_A 1
#define TYPE_CNAME 5
#define TYPE_AAAA 28

/* What the server says to (name, type); rcode 0 without data: no address of this type. */
struct record {
	const char *name;
	unsigned type;
	unsigned rcode;
	const char *cname; /* an alias that comes before the addresses */
	const char *ip[3];
	unsigned ttl;
	bool hold; /* answered by release() only */
};

struct question {
	char packet[512];
	size_t len;
	struct sockaddr_in from;
};

static struct server {
	int fd;
	struct event *ev;
	char text[32];
	const struct record *records;
	size_t count;
	unsigned asked;
	struct question held[8];
	size_t held_count;
} server;

static size_t put_name(char *out, const char *name)
{
	struct slice rest = slice_str(name), label;
	size_t n = 0;

	while (rest.p != NULL) {
		rest = slice_cut(rest, '.', &label);
		out[n++] = (char)label.n;
		memcpy(out + n, label.p, label.n);
		n += label.n;
	}
	out[n++] = 0;
	return n;
}

static size_t put_record(char *out, const char *owner, unsigned type, unsigned ttl,
			 const char *data, size_t len)
{
	size_t n = put_name(out, owner);

	out[n++] = 0;
	out[n++] = (char)type;
	out[n++] = 0;
	out[n++] = 1;
	out[n++] = (char)(ttl >> 24);
	out[n++] = (char)(ttl >> 16);
	out[n++] = (char)(ttl >> 8);
	out[n++] = (char)ttl;
	out[n++] = 0;
	out[n++] = (char)len;
	memcpy(out + n, data, len);
	return n + len;
}

static size_t read_name(const struct question *q, char *name)
{
	size_t at = 12, n = 0;

	while (at < q->len && q->packet[at] != 0) {
		size_t len = (unsigned char)q->packet[at++];

		if (n != 0)
			name[n++] = '.';
		assert_true(n + len < 256 && at + len < q->len);
		for (size_t i = 0; i < len; i++)
			name[n++] = ascii_lower(q->packet[at++]);
	}
	name[n] = '\0';
	return at + 1;
}

static const struct record *find(const char *name, unsigned type)
{
	static const struct record nothing = { .rcode = 3 };

	for (size_t i = 0; i < server.count; i++)
		if (strcmp(server.records[i].name, name) == 0 && server.records[i].type == type)
			return &server.records[i];
	return &nothing;
}

static void reply(const struct question *q, bool even_held)
{
	char name[256], out[2048], data[256];
	size_t at = read_name(q, name), n = at + 4, answers = 0;
	unsigned type = (unsigned char)q->packet[at + 1];
	const struct record *r = find(name, type);

	if (r->hold && !even_held) {
		assert_true(server.held_count < 8);
		server.held[server.held_count++] = *q;
		return;
	}
	memcpy(out, q->packet, n);
	out[2] = (char)0x81;
	out[3] = (char)(0x80 | r->rcode);
	if (r->cname != NULL) {
		n += put_record(out + n, name, TYPE_CNAME, r->ttl, data, put_name(data, r->cname));
		answers++;
	}
	for (int i = 0; i < 3 && r->ip[i] != NULL; i++) {
		int family = type == TYPE_A ? AF_INET : AF_INET6;

		assert_int_equal(inet_pton(family, r->ip[i], data), 1);
		n += put_record(out + n, r->cname != NULL ? r->cname : name, type, r->ttl, data,
				type == TYPE_A ? 4 : 16);
		answers++;
	}
	memset(out + 6, 0, 6);
	out[7] = (char)answers;
	sendto(server.fd, out, n, 0, (const struct sockaddr *)&q->from, sizeof(q->from));
}

static void on_question(evutil_socket_t fd, short what, void *arg)
{
	struct question q;
	socklen_t len = sizeof(q.from);
	ssize_t n = recvfrom(fd, q.packet, sizeof(q.packet), MSG_DONTWAIT,
			     (struct sockaddr *)&q.from, &len);

	(void)what;
	(void)arg;
	if (n < 17)
		return;
	q.len = (size_t)n;
	server.asked++;
	reply(&q, false);
}

static void release(void)
{
	for (size_t i = 0; i < server.held_count; i++)
		reply(&server.held[i], true);
	server.held_count = 0;
}

/* ---- a world: loop with virtual time, server, resolver, dialer ---- */

static int64_t now_ms;
static const struct clock virtual_clock = { &now_ms, &now_ms };

static struct world {
	struct loop *loop;
	struct resolver *resolver;
	struct dialer *dialer;
} w;

static void world_init(const struct record *records, size_t count)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(at);

	now_ms = 1000000;
	server = (struct server){ .records = records, .count = count };
	w.loop = loop_new(&virtual_clock);
	server.fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(server.fd, (struct sockaddr *)&at, sizeof(at)), 0);
	getsockname(server.fd, (struct sockaddr *)&at, &len);
	snprintf(server.text, sizeof(server.text), "127.0.0.1:%u", ntohs(at.sin_port));
	server.ev =
		event_new(loop_base(w.loop), server.fd, EV_READ | EV_PERSIST, on_question, NULL);
	event_add(server.ev, NULL);
	w.resolver = resolver_new(w.loop, server.text);
	assert_non_null(w.resolver);
	w.dialer = dialer_new(w.loop, w.resolver, NULL, NULL);
	assert_non_null(w.dialer);
}

static void world_release(void)
{
	dialer_free(w.dialer);
	resolver_free(w.resolver);
	event_free(server.ev);
	close(server.fd);
	loop_free(w.loop);
}

#define WORLD(records) world_init((records), sizeof(records) / sizeof((records)[0]))

/* Time passes and everything that follows happens. */
static void pass(int64_t ms)
{
	now_ms += ms;
	run_idle(w.loop);
}

struct answer {
	unsigned calls, v6, v4, cnames;
	enum resolve_state v6_state, v4_state;
	char cname[3][64], first4[ADDRESS_TEXT], first6[ADDRESS_TEXT];
};

static void on_answer(struct resolve *q, const struct resolution *r, void *arg)
{
	struct answer *a = arg;

	(void)q;
	a->calls++;
	a->v6 = (unsigned)r->v6_count;
	a->v4 = (unsigned)r->v4_count;
	a->v6_state = r->v6_state;
	a->v4_state = r->v4_state;
	a->cnames = (unsigned)r->cname_count;
	for (size_t i = 0; i < r->cname_count && i < 3; i++)
		snprintf(a->cname[i], sizeof(a->cname[i]), "%s", r->cnames[i]);
	if (r->v4_count != 0)
		address_print_ip(&r->v4[0], a->first4);
	if (r->v6_count != 0)
		address_print_ip(&r->v6[0], a->first6);
}

static bool done(const struct answer *a)
{
	return a->calls != 0 && a->v6_state != RESOLVE_PENDING && a->v4_state != RESOLVE_PENDING;
}

static struct answer ask(const char *host)
{
	struct answer a = { .calls = 0 };

	assert_non_null(resolve_start(w.resolver, slice_str(host), on_answer, &a));
	assert_int_equal(a.calls, 0);
	RUN_UNTIL(w.loop, done(&a));
	return a;
}

static const struct record zone[] = {
	{ .name = "both.test.example",
	  .type = TYPE_A,
	  .ip = { "192.0.2.1", "192.0.2.2" },
	  .ttl = 60 },
	{ .name = "both.test.example", .type = TYPE_AAAA, .ip = { "2001:db8::1" }, .ttl = 20 },
	{ .name = "v4.test.example", .type = TYPE_A, .ip = { "192.0.2.4" }, .ttl = 100000 },
	{ .name = "v4.test.example", .type = TYPE_AAAA },
	{ .name = "www.shop.example",
	  .type = TYPE_A,
	  .cname = "shop.tracker.example",
	  .ip = { "192.0.2.5" },
	  .ttl = 60 },
	{ .name = "www.shop.example",
	  .type = TYPE_AAAA,
	  .cname = "shop.tracker.example",
	  .ttl = 60 },
	{ .name = "broken.example", .type = TYPE_A, .rcode = 2 },
	{ .name = "broken.example", .type = TYPE_AAAA, .rcode = 2 },
	{ .name = "slow.example", .type = TYPE_A, .ip = { "192.0.2.6" }, .hold = true },
	{ .name = "slow.example", .type = TYPE_AAAA, .ip = { "2001:db8::6" }, .ttl = 9 },
};

static void test_resolve(void **state)
{
	struct answer a;

	(void)state;
	WORLD(zone);
	a = ask("Both.TEST.example.");
	assert_int_equal(a.v4, 2);
	assert_int_equal(a.v6, 1);
	assert_string_equal(a.first4, "192.0.2.1");
	assert_string_equal(a.first6, "2001:db8::1");
	assert_int_equal(a.cnames, 0);
	a = ask("v4.test.example");
	assert_int_equal(a.v6_state, RESOLVE_NOT_FOUND);
	assert_int_equal(a.v4_state, RESOLVE_FOUND);
	a = ask("www.shop.example");
	assert_int_equal(a.cnames, 1);
	assert_string_equal(a.cname[0], "shop.tracker.example");
	a = ask("nobody.example");
	assert_int_equal(a.v6_state, RESOLVE_NOT_FOUND);
	assert_int_equal(a.v4_state, RESOLVE_NOT_FOUND);
	world_release();
}

/* No question leaves for these. */
static void test_resolve_without_asking(void **state)
{
	static const char *const bad[] = { "",
					   ".",
					   "a..b",
					   "a b",
					   "-\n",
					   "1.2.3",
					   "0x7f.1",
					   "2130706433",
					   "a.example/",
					   "[::1",
					   "caf\xc3\xa9.example" };
	struct answer a;
	char big[300];

	(void)state;
	WORLD(zone);
	a = ask("192.0.2.9");
	assert_int_equal(a.v4, 1);
	assert_int_equal(a.v6_state, RESOLVE_NOT_FOUND);
	a = ask("[2001:db8::9]");
	assert_string_equal(a.first6, "2001:db8::9");
	a = ask("localhost");
	assert_string_equal(a.first4, "127.0.0.1");
	assert_string_equal(a.first6, "::1");
	a = ask("x.localhost");
	assert_string_equal(a.first4, "127.0.0.1");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		a = ask(bad[i]);
		assert_int_equal(a.v6_state, RESOLVE_NOT_FOUND);
		assert_int_equal(a.v4_state, RESOLVE_NOT_FOUND);
	}
	memset(big, 'a', sizeof(big));
	big[299] = '\0';
	a = ask(big);
	assert_int_equal(a.v4_state, RESOLVE_NOT_FOUND);
	assert_int_equal(server.asked, 0);
	world_release();
}

static void test_cache(void **state)
{
	struct answer a, b = { .calls = 0 };
	unsigned asked;

	(void)state;
	WORLD(zone);
	/* The smaller TTL of the two families counts: 20 s. */
	ask("both.test.example");
	assert_int_equal(server.asked, 2);
	pass(19000);
	a = ask("BOTH.test.example");
	assert_int_equal(a.calls, 1);
	assert_int_equal(server.asked, 2);
	pass(1000);
	ask("both.test.example");
	assert_int_equal(server.asked, 4);
	/* At most RESOLVE_TTL_MAX. */
	ask("v4.test.example");
	pass(RESOLVE_TTL_MAX * 1000 - 1);
	ask("v4.test.example");
	assert_int_equal(server.asked, 6);
	pass(1);
	ask("v4.test.example");
	assert_int_equal(server.asked, 8);
	/* Negative answers for a short while; failures too. */
	ask("nobody.example");
	asked = server.asked;
	ask("nobody.example");
	assert_int_equal(server.asked, asked);
	pass(RESOLVE_TTL_NEGATIVE * 1000);
	ask("nobody.example");
	assert_true(server.asked > asked);
	a = ask("broken.example");
	assert_int_equal(a.v4_state, RESOLVE_FAILED);
	asked = server.asked;
	ask("broken.example");
	assert_int_equal(server.asked, asked);
	resolver_forget(w.resolver);
	ask("broken.example");
	assert_true(server.asked > asked);
	/* Left over when the resolver goes. */
	resolve_start(w.resolver, SLICE("slow.example"), on_answer, &b);
	resolve_start(w.resolver, SLICE("192.0.2.1"), on_answer, &b);
	world_release();
	assert_int_equal(b.calls, 0);
}

static void test_in_flight(void **state)
{
	struct answer a = { .calls = 0 }, b = a, c = a, d = a;
	struct resolve *gone;

	(void)state;
	WORLD(zone);
	resolve_start(w.resolver, SLICE("slow.example"), on_answer, &a);
	gone = resolve_start(w.resolver, SLICE("slow.example"), on_answer, &b);
	/* AAAA is there, A is held. */
	RUN_UNTIL(w.loop, a.calls == 1 && b.calls == 1);
	assert_int_equal(a.v6, 1);
	assert_int_equal(a.v4_state, RESOLVE_PENDING);
	resolve_cancel(gone);
	resolve_start(w.resolver, SLICE("slow.example"), on_answer, &c);
	RUN_UNTIL(w.loop, c.calls == 1);
	assert_int_equal(server.asked, 2);
	release();
	RUN_UNTIL(w.loop, done(&a) && done(&c));
	assert_int_equal(a.calls, 2);
	assert_int_equal(b.calls, 1);
	assert_string_equal(a.first4, "192.0.2.6");
	/* No answer in time. */
	resolver_forget(w.resolver);
	resolve_start(w.resolver, SLICE("slow.example"), on_answer, &d);
	RUN_UNTIL(w.loop, d.calls == 1);
	pass(RESOLVE_TIMEOUT_MS);
	assert_int_equal(d.v4_state, RESOLVE_FAILED);
	assert_int_equal(d.v6_state, RESOLVE_FOUND);
	assert_int_equal(d.calls, 2);
	world_release();
}

/* ---- dialling ---- */

struct outcome {
	unsigned calls;
	enum dial_error error;
	char text[200], at[ADDRESS_TEXT], cname[64];
	struct stream *stream;
};

static void ignore(struct stream *s, enum stream_event ev, void *arg)
{
	(void)s;
	(void)ev;
	(void)arg;
}

static void on_dialled(struct dial *d, const struct dial_result *r, void *arg)
{
	struct outcome *o = arg;

	(void)d;
	o->calls++;
	o->error = r->error;
	snprintf(o->text, sizeof(o->text), "%s", r->text);
	o->stream = r->stream;
	if (r->stream != NULL) {
		assert_int_equal(r->error, DIAL_OK);
		stream_set_cb(r->stream, ignore, NULL);
		address_print_ip(&r->address, o->at);
		assert_true(stream_is_open(r->stream));
	}
	if (r->dns != NULL && r->dns->cname_count != 0)
		snprintf(o->cname, sizeof(o->cname), "%s", r->dns->cnames[0]);
}

static struct outcome dial_name(const char *host, uint16_t port)
{
	struct outcome o = { .calls = 0 };

	assert_non_null(dial_start(w.dialer, slice_str(host), port, NULL, NULL, on_dialled, &o));
	assert_int_equal(o.calls, 0);
	RUN_UNTIL(w.loop, o.calls == 1);
	stream_close(o.stream, STREAM_RESET);
	return o;
}

/* Listens on ip with the given port (0: any); *port becomes the real one.  -1: not there. */
static int listen_on(const char *ip, uint16_t *port, int backlog)
{
	struct address a;
	int fd, one = 1;

	assert_true(address_parse_ip(slice_str(ip), *port, &a));
	fd = socket(address_family(&a), SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (fd < 0 || bind(fd, (struct sockaddr *)&a.sa, a.len) != 0) {
		if (fd >= 0)
			close(fd);
		return -1;
	}
	if (backlog >= 0)
		assert_int_equal(listen(fd, backlog), 0);
	a.len = sizeof(a.sa);
	getsockname(fd, (struct sockaddr *)&a.sa, &a.len);
	*port = address_port(&a);
	return fd;
}

#define FILL 64

/* Lets nobody in any more: the backlog of `ip` is full.  Returns how many are on their way. */
static int fill(const char *ip, uint16_t port, int fds[FILL])
{
	struct address a;
	int n;

	address_parse_ip(slice_str(ip), port, &a);
	for (n = 0; n < FILL; n++) {
		fds[n] = socket(address_family(&a), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		assert_true(fds[n] >= 0);
		connect(fds[n], (struct sockaddr *)&a.sa, a.len);
	}
	return n;
}

static void test_dial(void **state)
{
	static const struct record here[] = {
		{ .name = "here.example",
		  .type = TYPE_A,
		  .cname = "real.example",
		  .ip = { "127.0.0.1" },
		  .ttl = 60 },
		{ .name = "here.example", .type = TYPE_AAAA, .cname = "real.example", .ttl = 60 },
		{ .name = "broken.example", .type = TYPE_A, .rcode = 2 },
		{ .name = "broken.example", .type = TYPE_AAAA, .rcode = 2 },
	};
	struct outcome o;
	uint16_t port = 0, closed = 0;
	int fd = listen_on("127.0.0.1", &port, 8), bound = listen_on("127.0.0.1", &closed, -1);

	(void)state;
	WORLD(here);
	o = dial_name("here.example", port);
	assert_int_equal(o.error, DIAL_OK);
	assert_string_equal(o.at, "127.0.0.1");
	assert_string_equal(o.cname, "real.example");
	o = dial_name("127.0.0.1", port);
	assert_int_equal(o.error, DIAL_OK);
	o = dial_name("here.example", closed);
	assert_int_equal(o.error, DIAL_REFUSED);
	assert_non_null(strstr(o.text, "127.0.0.1"));
	o = dial_name("nobody.example", port);
	assert_int_equal(o.error, DIAL_DNS_NOT_FOUND);
	o = dial_name("broken.example", port);
	assert_int_equal(o.error, DIAL_DNS_FAILED);
	assert_string_equal(dial_error_word(o.error), "dns-failed");
	world_release();
	close(fd);
	close(bound);
}

static bool no_loopback(const struct address *a, void *arg, const char **reason)
{
	++*(unsigned *)arg;
	return address_is_public(a, reason);
}

/* A name that points to a private address does not get past the policy. */
static void test_forbidden(void **state)
{
	static const struct record rebound[] = {
		{ .name = "evil.example", .type = TYPE_A, .ip = { "127.0.0.1", "10.0.0.1" } },
		{ .name = "evil.example",
		  .type = TYPE_AAAA,
		  .ip = { "::ffff:127.0.0.1", "fd00::1" } },
	};
	struct outcome o = { .calls = 0 };
	unsigned shown = 0;

	(void)state;
	WORLD(rebound);
	dial_start(w.dialer, SLICE("evil.example"), 80, no_loopback, &shown, on_dialled, &o);
	RUN_UNTIL(w.loop, o.calls == 1);
	assert_int_equal(o.error, DIAL_FORBIDDEN);
	assert_int_equal(shown, 4);
	assert_non_null(strstr(o.text, "address"));
	world_release();
}

/* The first address does not answer: the second is tried 250 ms later and wins. */
static void test_stagger(void **state)
{
	static const struct record two[] = {
		{ .name = "two.example",
		  .type = TYPE_A,
		  .ip = { "127.0.0.2", "127.0.0.3" },
		  .ttl = 60 },
		{ .name = "two.example", .type = TYPE_AAAA },
	};
	struct outcome o = { .calls = 0 };
	uint16_t port = 0;
	int full = listen_on("127.0.0.2", &port, 0), fds[FILL], n, open = -1;

	(void)state;
	n = fill("127.0.0.2", port, fds);
	open = listen_on("127.0.0.3", &port, 8);
	assert_true(open >= 0);
	WORLD(two);
	dial_start(w.dialer, SLICE("two.example"), port, NULL, NULL, on_dialled, &o);
	RUN_UNTIL(w.loop, server.asked == 2);
	for (int i = 0; i < 50; i++)
		run_idle(w.loop);
	if (o.calls != 0) {
		/* This kernel accepts beyond the backlog. */
		stream_close(o.stream, STREAM_RESET);
	} else {
		pass(DIAL_STAGGER_MS - 1);
		assert_int_equal(o.calls, 0);
		now_ms++;
		RUN_UNTIL(w.loop, o.calls == 1);
		assert_int_equal(o.error, DIAL_OK);
		assert_string_equal(o.at, "127.0.0.3");
		stream_close(o.stream, STREAM_RESET);
		/* And with nobody else to ask it ends by time. */
		o = (struct outcome){ .calls = 0 };
		dial_start(w.dialer, SLICE("127.0.0.2"), port, NULL, NULL, on_dialled, &o);
		run_idle(w.loop);
		pass(DIAL_TIMEOUT_MS - 1);
		assert_int_equal(o.calls, 0);
		pass(1);
		assert_int_equal(o.error, DIAL_TIMEOUT);
	}
	world_release();
	while (n > 0)
		close(fds[--n]);
	close(full);
	close(open);
}

/* IPv6 refuses: IPv4 follows at once, and is first the next time. */
static void test_families(void **state)
{
	struct outcome o;
	uint16_t port = 0;
	int fd = listen_on("127.0.0.1", &port, 8), fd6;

	(void)state;
	WORLD(zone);
	o = dial_name("localhost", port);
	assert_int_equal(o.error, DIAL_OK);
	assert_string_equal(o.at, "127.0.0.1");
	fd6 = listen_on("::1", &port, 8);
	if (fd6 >= 0) {
		o = dial_name("localhost", port);
		assert_string_equal(o.at, "127.0.0.1");
		o = dial_name("x.localhost", port);
		assert_string_equal(o.at, "::1");
		pass(10 * 60 * 1000);
		o = dial_name("localhost", port);
		assert_string_equal(o.at, "::1");
		close(fd6);
	}
	world_release();
	close(fd);
}

/* A first: AAAA gets 50 ms more, then IPv4 begins without it. */
static void test_resolution_delay(void **state)
{
	static const struct record late[] = {
		{ .name = "late.example", .type = TYPE_A, .ip = { "127.0.0.1" }, .ttl = 60 },
		{ .name = "late.example",
		  .type = TYPE_AAAA,
		  .ip = { "::1" },
		  .ttl = 60,
		  .hold = true },
	};
	struct outcome o = { .calls = 0 };
	uint16_t port = 0;
	int fd = listen_on("127.0.0.1", &port, 8), fd6 = listen_on("::1", &port, 8);

	(void)state;
	for (int i = 0; i < 2; i++) {
		WORLD(late);
		o.calls = 0;
		dial_start(w.dialer, SLICE("late.example"), port, NULL, NULL, on_dialled, &o);
		RUN_UNTIL(w.loop, server.held_count == 1);
		for (int k = 0; k < 20; k++)
			run_idle(w.loop);
		assert_int_equal(o.calls, 0);
		if (i == 1)
			release();
		else
			now_ms += DIAL_RESOLUTION_DELAY_MS;
		RUN_UNTIL(w.loop, o.calls == 1);
		assert_string_equal(o.at, i == 1 && fd6 >= 0 ? "::1" : "127.0.0.1");
		stream_close(o.stream, STREAM_RESET);
		world_release();
	}
	close(fd);
	if (fd6 >= 0)
		close(fd6);
}

static void test_cancel(void **state)
{
	struct outcome o = { .calls = 0 };
	struct rlimit was, now;
	uint16_t port = 0;
	int fd = listen_on("127.0.0.1", &port, 8), next;

	(void)state;
	WORLD(zone);
	dial_cancel(dial_start(w.dialer, SLICE("127.0.0.1"), port, NULL, NULL, on_dialled, &o));
	dial_cancel(dial_start(w.dialer, SLICE("slow.example"), port, NULL, NULL, on_dialled, &o));
	dial_cancel(NULL);
	for (int i = 0; i < 20; i++)
		run_idle(w.loop);
	assert_int_equal(o.calls, 0);
	/* No descriptors. */
	getrlimit(RLIMIT_NOFILE, &was);
	now = was;
	next = dup(0);
	close(next);
	now.rlim_cur = (rlim_t)next;
	setrlimit(RLIMIT_NOFILE, &now);
	dial_start(w.dialer, SLICE("127.0.0.1"), port, NULL, NULL, on_dialled, &o);
	RUN_UNTIL(w.loop, o.calls == 1);
	setrlimit(RLIMIT_NOFILE, &was);
	assert_int_equal(o.error, DIAL_NO_FDS);
	/* Under way when the dialer goes. */
	dial_start(w.dialer, SLICE("slow.example"), port, NULL, NULL, on_dialled, &o);
	world_release();
	assert_int_equal(o.calls, 2);
	assert_int_equal(o.error, DIAL_CANCELLED);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_resolve),
		cmocka_unit_test(test_resolve_without_asking),
		cmocka_unit_test(test_cache),
		cmocka_unit_test(test_in_flight),
		cmocka_unit_test(test_dial),
		cmocka_unit_test(test_forbidden),
		cmocka_unit_test(test_stagger),
		cmocka_unit_test(test_families),
		cmocka_unit_test(test_resolution_delay),
		cmocka_unit_test(test_cancel),
	};

	return cmocka_run_group_tests_name("net_dial", tests, NULL, NULL);
}
