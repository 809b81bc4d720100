/*
 * What an HTTP/2 session costs: `make tests/bench/h2 && tests/bench/h2 [ROUNDS [SESSIONS]]`. Prints
 * nanoseconds for one request with its answer of 1 KiB through two sessions, for one KiB of a large
 * body, and the memory of idle server sessions that had one request each.
 */
#include "base/buf.h"
#include "proxy/http/h2_session.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

struct end {
	struct h2_session *s;
	struct buf wire;
	struct h2_stream *st;
	size_t body;
};

static const struct {
	const char *name, *value;
} asked[] = {
	{ "sec-ch-ua", "\"Chromium\";v=\"142\", \"Not_A Brand\";v=\"99\"" },
	{ "sec-ch-ua-mobile", "?0" },
	{ "sec-ch-ua-platform", "\"Linux\"" },
	{ "user-agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
			"Chrome/142.0.0.0 Safari/537.36" },
	{ "accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8" },
	{ "sec-fetch-site", "same-origin" },
	{ "sec-fetch-mode", "navigate" },
	{ "sec-fetch-dest", "document" },
	{ "accept-encoding", "gzip, deflate, br, zstd" },
	{ "accept-language", "en-GB,en;q=0.9,de;q=0.8" },
	{ "cookie", "sid=7f3a9c1e5b8d42f6a0e1c2d3b4a59687; _ga=GA1.1.1234567890.1712345678" },
	{ "priority", "u=0, i" },
};

static const struct {
	const char *name, *value;
} answered[] = {
	{ "server", "nginx/1.22.1" },
	{ "date", "Sun, 22 Nov 2026 03:36:50 GMT" },
	{ "content-type", "text/html; charset=utf-8" },
	{ "content-length", "1024" },
	{ "etag", "\"5f3a-61b2c3d4e5f60\"" },
	{ "cache-control", "no-cache, must-revalidate" },
	{ "vary", "Accept-Encoding, Cookie" },
};

static void on_request(void *arg, struct h2_stream *st, struct h2_request *r)
{
	struct end *e = arg;

	(void)r;
	e->st = st;
}

static void on_response(void *arg, struct h2_stream *st, struct h2_response *r)
{
	(void)arg;
	(void)st;
	(void)r;
}

static void on_data(void *arg, struct h2_stream *st, struct slice data)
{
	struct end *e = arg;

	(void)st;
	e->body += data.n;
}

static void on_end(void *arg, struct h2_stream *st, const struct fields *trailers)
{
	(void)arg;
	(void)st;
	(void)trailers;
}

static void on_closed(void *arg, struct h2_stream *st, uint32_t error, bool unprocessed)
{
	(void)arg;
	(void)st;
	(void)error;
	(void)unprocessed;
}

static void on_room(void *arg, struct h2_stream *st)
{
	(void)arg;
	(void)st;
}

static void on_write(void *arg, struct slice a, struct slice b)
{
	struct end *e = arg;

	buf_add(&e->wire, a);
	buf_add(&e->wire, b);
}

static bool on_is_full(void *arg)
{
	(void)arg;
	return false;
}

static const struct h2_events events = {
	.request = on_request,
	.response = on_response,
	.data = on_data,
	.end = on_end,
	.closed = on_closed,
	.room = on_room,
	.write = on_write,
	.is_full = on_is_full,
};

static void end_init(struct end *e, enum h2_side side)
{
	const struct h2_config config = {
		.side = side,
		.max_fields = 200,
		.max_head = 65536,
		.max_streams = 100,
		.stream_window = 1 << 20,
		.window = 1 << 22,
	};

	*e = (struct end){ .body = 0 };
	buf_init(&e->wire, 1 << 26);
	e->s = h2_session_new(&config, &events, e);
	if (e->s == NULL)
		exit(1);
}

static void swap(struct end *a, struct end *b)
{
	do {
		h2_flush(a->s);
		h2_feed(b->s, buf_slice(&a->wire), 0);
		buf_clear(&a->wire);
		h2_flush(b->s);
		h2_feed(a->s, buf_slice(&b->wire), 0);
		buf_clear(&b->wire);
		h2_flush(a->s);
	} while (a->wire.len != 0);
}

static void one(struct end *client, struct end *server, const struct slice *body, size_t times)
{
	struct fields f;
	struct h2_request r = {
		.method = SLICE("GET"),
		.method_id = METHOD_GET,
		.https = true,
		.path = SLICE("/assets/app/main.8f3c1d2e.js?v=20261122&lang=en-GB"),
		.fields = &f,
	};

	fields_init(&f, 50, 10000);
	for (size_t i = 0; i < sizeof(asked) / sizeof(asked[0]); i++)
		fields_add(&f, slice_str(asked[i].name), slice_str(asked[i].value));
	authority_parse(&r.authority, SLICE("www.example.com"));
	h2_request(client->s, &r, false, NULL);
	swap(client, server);
	fields_clear(&f);
	for (size_t i = 0; i < sizeof(answered) / sizeof(answered[0]); i++)
		if (times == 1 || f.n != 3)
			fields_add(&f, slice_str(answered[i].name), slice_str(answered[i].value));
	h2_respond(server->st, 200, times == 1 ? &f : NULL, true);
	fields_release(&f);
	for (size_t i = 0; i < times; i++) {
		h2_body(server->st, body, 1);
		if (i + 1 < times)
			swap(client, server);
	}
	h2_body_end(server->st, NULL);
	swap(client, server);
}

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static long resident(void)
{
	long pages = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	if (f == NULL || fscanf(f, "%*d %ld", &pages) != 1)
		pages = 0;
	if (f != NULL)
		fclose(f);
	return pages * sysconf(_SC_PAGESIZE);
}

static void idle(size_t n, const struct slice *body)
{
	struct end *servers = calloc(n, sizeof(*servers)), client;
	long before = resident();

	if (servers == NULL)
		exit(1);
	for (size_t i = 0; i < n; i++) {
		end_init(&client, H2_CLIENT);
		end_init(&servers[i], H2_SERVER);
		one(&client, &servers[i], body, 1);
		h2_session_free(client.s);
		buf_release(&client.wire);
		buf_release(&servers[i].wire);
	}
	printf("%zu idle server sessions: %ld octets resident each\n", n,
	       (resident() - before) / (long)n);
	for (size_t i = 0; i < n; i++)
		h2_session_free(servers[i].s);
	free(servers);
}

int main(int argc, char **argv)
{
	static const char big[65536];
	const struct slice small = { big, 1024 }, large = { big, sizeof(big) };
	size_t rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 100000;
	size_t sessions = argc > 2 ? strtoul(argv[2], NULL, 10) : 2000;
	struct end client, server;
	double start;

	end_init(&client, H2_CLIENT);
	end_init(&server, H2_SERVER);
	start = now_ns();
	for (size_t i = 0; i < rounds; i++)
		one(&client, &server, &small, 1);
	printf("a request and its answer, both ends: %.0f ns\n",
	       (now_ns() - start) / (double)rounds);
	start = now_ns();
	one(&client, &server, &large, rounds / 50 + 1);
	printf("a KiB of a large body, both ends: %.1f ns\n",
	       (now_ns() - start) / ((double)(rounds / 50 + 1) * 64));
	h2_session_free(client.s);
	h2_session_free(server.s);
	buf_release(&client.wire);
	buf_release(&server.wire);
	if (sessions != 0)
		idle(sessions, &small);
	return 0;
}
