/*
 * load: asks for one object again and again, through a proxy or straight, and says what that cost.
 *
 *	tests/bench/load --proxy HOST:PORT|--to HOST:PORT --ca FILE [OPTION...] MODE
 *
 *	MODE		keep	CONNECTIONS stay open, one request at a time on each
 *			new	a new connection and a full handshake for each request
 *			resume	the same, each resumes the session of the one before
 *			cold	one request to each of HOSTS names, each on a new connection
 *			h2	CONNECTIONS with STREAMS requests at a time on each
 *			idle	CONNECTIONS are opened one request each, held for SECONDS, and asked
 *				once more
 *	--to		no proxy: TLS starts at once there (an origin, a relay)
 *	--port N	the origin's port by its name (443)
 *	--path P	what to ask for (/1k); --expect N: its size
 *	--connections N, --streams N, --hosts N (s0.bench.test, s1.bench.test, ...), --seconds S, --warmup N
 *	--watch PID	measures that process and its children from the end of the warm-up on
 *
 * Closed loop, one thread.  Prints one line of JSON; exit status 1 when an answer was missing or
 *wrong.
 */
#include "tests/bench/watch.h"
#include "tests/bench/wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>

#define LATENCIES (1u << 20)

enum mode { KEEP, NEW, RESUME, COLD, H2, IDLE };
static const char *const modes[] = { "keep", "new", "resume", "cold", "h2", "idle" };

/* One connection at a time: the next takes its place. */
struct slot {
	struct load *load;
	struct wire *wire;
	SSL_SESSION *session;
	bool answered; /* idle: since it was last asked */
};

struct load {
	enum mode mode;
	struct wire_setup setup;
	unsigned connections, streams, hosts, warmup, opened;
	double seconds;
	uint64_t expect;
	pid_t watched;
	struct slot *slots;
	/* The measurement. */
	bool measuring, over;
	uint64_t began_ns, ended_ns, cpu_ns, done, warm, bytes, errors, resumed, handshakes;
	uint32_t *latency_us;
	size_t latencies;
	char first_error[80];
};

static void fail(const char *what)
{
	fprintf(stderr, "load: %s\n", what);
	exit(2);
}

static void start_measuring(struct load *l)
{
	l->measuring = true;
	l->cpu_ns = l->watched != 0 ? watch_cpu_ns(l->watched) : 0;
	l->began_ns = now_ns();
}

static void stop_measuring(struct load *l)
{
	if (l->over)
		return;
	l->over = true;
	l->ended_ns = now_ns();
	l->cpu_ns = l->watched != 0 ? watch_cpu_ns(l->watched) - l->cpu_ns : 0;
}

static void open_slot(struct slot *s)
{
	struct load *l = s->load;
	char host[32];
	unsigned n = l->opened++;

	snprintf(host, sizeof(host), "s%u.bench.test", n % l->hosts);
	s->answered = false;
	s->wire = wire_open(&l->setup, host, l->mode == RESUME ? s->session : NULL, s);
	if (s->wire == NULL)
		fail("no connection can be opened (see ulimit -n)");
}

static void on_broken(void *arg, struct wire *w, const char *why)
{
	struct slot *s = arg;
	struct load *l = s->load;

	if (l->errors++ == 0)
		snprintf(l->first_error, sizeof(l->first_error), "%s", why);
	wire_close(w);
	s->wire = NULL;
	if (l->errors > 1000)
		fail(l->first_error);
	if (l->mode != IDLE && !l->over)
		open_slot(s);
}

static void on_ready(void *arg, struct wire *w)
{
	struct slot *s = arg;
	unsigned n = s->load->mode == H2 ? s->load->streams : 1;

	if (s->load->measuring) {
		s->load->handshakes++;
		s->load->resumed += wire_resumed(w);
	}
	for (unsigned i = 0; i < n; i++)
		wire_ask(w);
}

static void count(struct load *l, const struct wire_answer *a)
{
	if (a->status != 200 || a->bytes != l->expect) {
		if (l->errors++ == 0)
			snprintf(l->first_error, sizeof(l->first_error), "status %u, %llu octets",
				 a->status, (unsigned long long)a->bytes);
	}
	if (!l->measuring) {
		l->warm++;
		return;
	}
	l->done++;
	l->bytes += a->bytes;
	if (l->latencies < LATENCIES)
		l->latency_us[l->latencies++] = (uint32_t)((now_ns() - a->begun_ns) / 1000);
}

static void on_answer(void *arg, struct wire *w, const struct wire_answer *a)
{
	struct slot *s = arg;
	struct load *l = s->load;

	if (l->over)
		return;
	count(l, a);
	s->answered = true;
	if (!l->measuring && l->mode != IDLE && l->warm >= l->warmup)
		start_measuring(l);
	switch (l->mode) {
	case KEEP:
	case H2:
		wire_ask(w);
		break;
	case NEW:
	case RESUME:
		wire_close(w);
		open_slot(s);
		break;
	case COLD:
		wire_close(w);
		s->wire = NULL;
		if (l->opened < l->hosts)
			open_slot(s);
		else if (l->done == l->hosts)
			stop_measuring(l);
		break;
	case IDLE:
		break;
	}
}

static void on_session(void *arg, SSL_SESSION *session)
{
	struct slot *s = arg;

	SSL_SESSION_free(s->session);
	s->session = session;
}

static const struct wire_events events = { on_ready, on_answer, on_broken, on_session };

/* Turns until `until` (0: the measurement is over); the end of the time ends the measurement. */
static void turn(struct load *l, bool (*until)(const struct load *l), uint64_t limit_ns)
{
	struct epoll_event ready[256];
	uint64_t end = now_ns() + limit_ns;

	while (!l->over && (until == NULL || !until(l)) && now_ns() < end) {
		int n = epoll_wait(l->setup.epoll, ready, 256, 20);

		for (int i = 0; i < n; i++)
			wire_turn(ready[i].data.ptr, ready[i].events);
		wire_sweep();
		if (l->measuring && l->mode != COLD && l->mode != IDLE &&
		    (double)(now_ns() - l->began_ns) / 1e9 >= l->seconds)
			stop_measuring(l);
	}
}

static int by_size(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static void report(struct load *l)
{
	double s = (double)(l->ended_ns - l->began_ns) / 1e9, n = (double)l->done;

	qsort(l->latency_us, l->latencies, sizeof(l->latency_us[0]), by_size);
	printf("{\"mode\":\"%s\",\"n\":%llu,\"errors\":%llu,\"seconds\":%.3f,\"per_s\":%.1f,"
	       "\"bytes\":%llu,"
	       "\"cpu_us\":%.2f,\"cpu_ms_per_gib\":%.1f,\"p50_us\":%u,\"p99_us\":%u,\"handshakes\":"
	       "%llu,"
	       "\"resumed\":%llu,\"first_error\":\"%s\"}\n",
	       modes[l->mode], (unsigned long long)l->done, (unsigned long long)l->errors, s,
	       s > 0 ? n / s : 0, (unsigned long long)l->bytes,
	       n > 0 ? (double)l->cpu_ns / 1000 / n : 0,
	       l->bytes > 0 ? (double)l->cpu_ns / 1e6 / ((double)l->bytes / (1 << 30)) : 0,
	       l->latencies > 0 ? l->latency_us[l->latencies / 2] : 0,
	       l->latencies > 0 ? l->latency_us[l->latencies * 99 / 100] : 0,
	       (unsigned long long)l->handshakes, (unsigned long long)l->resumed, l->first_error);
}

/* --- idle */

static unsigned answered(const struct load *l)
{
	unsigned n = 0;

	for (unsigned i = 0; i < l->connections; i++)
		n += l->slots[i].wire != NULL && l->slots[i].answered;
	return n;
}

static bool all_answered(const struct load *l)
{
	return answered(l) + l->errors >= l->connections;
}

static bool opened_answered(const struct load *l)
{
	return answered(l) + l->errors >= l->opened;
}

static bool never(const struct load *l)
{
	(void)l;
	return false;
}

static void idle(struct load *l)
{
	struct watch before = { 0 }, held = { 0 }, after = { 0 };
	unsigned kept, usable;
	uint64_t began = now_ns();

	if (l->watched != 0)
		watch_read(l->watched, &before);
	/* Fifty at a time, so that no queue of handshakes is measured. */
	while (l->opened < l->connections) {
		for (unsigned i = 0; i < 50 && l->opened < l->connections; i++)
			open_slot(&l->slots[l->opened]);
		turn(l, opened_answered, 30000000000u);
	}
	/* For who runs something beside it. */
	fprintf(stderr, "held\n");
	turn(l, never, (uint64_t)(l->seconds * 1e9));
	kept = answered(l);
	if (l->watched != 0)
		watch_read(l->watched, &held);
	for (unsigned i = 0; i < l->connections; i++) {
		if (l->slots[i].wire == NULL)
			continue;
		l->slots[i].answered = false;
		wire_ask(l->slots[i].wire);
		wire_send(l->slots[i].wire);
		if (i % 50 == 49)
			turn(l, never, 10000000u);
	}
	turn(l, all_answered, 60000000000u);
	usable = answered(l);
	if (l->watched != 0)
		watch_read(l->watched, &after);
	printf("{\"mode\":\"idle\",\"connections\":%u,\"kept\":%u,\"usable\":%u,\"errors\":%llu,"
	       "\"seconds\":%.1f,"
	       "\"kib_each\":%.2f,\"pss_before_kib\":%llu,\"pss_held_kib\":%llu,\"rss_before_kib\":"
	       "%llu,"
	       "\"rss_held_kib\":%llu,\"fds_before\":%u,\"fds_held\":%u,\"pss_after_kib\":%llu,"
	       "\"first_error\":\"%s\"}\n",
	       l->connections, kept, usable, (unsigned long long)l->errors,
	       (double)(now_ns() - began) / 1e9,
	       ((double)held.pss_kib - (double)before.pss_kib) / (double)(kept > 0 ? kept : 1),
	       (unsigned long long)before.pss_kib, (unsigned long long)held.pss_kib,
	       (unsigned long long)before.rss_kib, (unsigned long long)held.rss_kib, before.fds,
	       held.fds, (unsigned long long)after.pss_kib, l->first_error);
	if (usable < l->connections)
		l->errors++;
}

/* --- options */

static bool address(const char *text, struct sockaddr_in *to)
{
	char host[64];
	const char *colon = strrchr(text, ':');

	if (colon == NULL || (size_t)(colon - text) >= sizeof(host))
		return false;
	memcpy(host, text, (size_t)(colon - text));
	host[colon - text] = '\0';
	*to = (struct sockaddr_in){ .sin_family = AF_INET,
				    .sin_port = htons((uint16_t)strtoul(colon + 1, NULL, 10)) };
	/* Loads are for one's own machine. */
	return inet_pton(AF_INET, host, &to->sin_addr) == 1 &&
	       ntohl(to->sin_addr.s_addr) >> 24 == 127;
}

static void options(struct load *l, int argc, char **argv)
{
	static const struct option names[] = {
		{ "proxy", required_argument, NULL, 'x' },
		{ "to", required_argument, NULL, 't' },
		{ "ca", required_argument, NULL, 'a' },
		{ "port", required_argument, NULL, 'p' },
		{ "path", required_argument, NULL, 'u' },
		{ "expect", required_argument, NULL, 'e' },
		{ "connections", required_argument, NULL, 'c' },
		{ "streams", required_argument, NULL, 'm' },
		{ "hosts", required_argument, NULL, 'h' },
		{ "seconds", required_argument, NULL, 's' },
		{ "warmup", required_argument, NULL, 'w' },
		{ "watch", required_argument, NULL, 'k' },
		{ 0 },
	};
	const char *ca = NULL;
	bool known = false;
	int c;

	while ((c = getopt_long(argc, argv, "", names, NULL)) != -1) {
		unsigned n = optarg != NULL ? (unsigned)strtoul(optarg, NULL, 10) : 0;

		switch (c) {
		case 'x':
		case 't':
			l->setup.tunnel = c == 'x';
			if (!address(optarg, &l->setup.to))
				fail("--proxy and --to want 127.x.x.x:PORT");
			break;
		case 'a':
			ca = optarg;
			break;
		case 'p':
			l->setup.port = n;
			break;
		case 'u':
			l->setup.path = optarg;
			break;
		case 'e':
			l->expect = strtoull(optarg, NULL, 10);
			break;
		case 'c':
			l->connections = n;
			break;
		case 'm':
			l->streams = n;
			break;
		case 'h':
			l->hosts = n;
			break;
		case 's':
			l->seconds = strtod(optarg, NULL);
			break;
		case 'w':
			l->warmup = n;
			break;
		case 'k':
			l->watched = (pid_t)n;
			break;
		default:
			fail("see the head of tests/bench/load.c");
		}
	}
	for (unsigned i = 0; optind < argc && !known && i < sizeof(modes) / sizeof(modes[0]); i++) {
		l->mode = (enum mode)i;
		known = strcmp(argv[optind], modes[i]) == 0;
	}
	if (!known || ca == NULL || l->setup.to.sin_port == 0 || l->connections == 0 ||
	    l->hosts == 0 || l->streams == 0 || l->streams > 128)
		fail("an address, --ca and a mode are needed; see the head of tests/bench/load.c");
	l->setup.h2 = l->mode == H2;
	l->setup.ctx = wire_context(ca, l->setup.h2);
	if (l->setup.ctx == NULL)
		fail("the --ca file cannot be read");
}

int main(int argc, char **argv)
{
	struct load l = {
		.connections = 32, .streams = 8, .hosts = 8, .seconds = 3, .expect = 1024
	};
	struct rlimit files;

	l.setup = (struct wire_setup){ .port = 443, .path = "/1k", .events = &events };
	options(&l, argc, argv);
	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	l.setup.epoll = epoll_create1(EPOLL_CLOEXEC);
	l.slots = calloc(l.connections, sizeof(l.slots[0]));
	l.latency_us = calloc(LATENCIES, sizeof(l.latency_us[0]));
	if (l.setup.epoll < 0 || l.slots == NULL || l.latency_us == NULL)
		fail("no memory");
	for (unsigned i = 0; i < l.connections; i++)
		l.slots[i] = (struct slot){ .load = &l };
	if (l.mode == IDLE) {
		idle(&l);
		return l.errors > 0;
	}
	if (l.mode == COLD && l.connections > l.hosts)
		l.connections = l.hosts;
	if (l.warmup == 0 || l.mode == COLD)
		start_measuring(&l);
	for (unsigned i = 0; i < l.connections; i++)
		open_slot(&l.slots[i]);
	/* Whoever does not answer does not hold it up: ten times the time, and a minute. */
	turn(&l, NULL, (uint64_t)((l.seconds * 10 + 60) * 1e9));
	stop_measuring(&l);
	report(&l);
	return l.errors > 0 || l.done == 0;
}
