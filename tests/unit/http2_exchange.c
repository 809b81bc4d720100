/* HTTP/2 messages from one session to another: heads, bodies, trailers, what an event may do. */
#include "tests/unit/http2_tools.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void test_exchange(void **state)
{
	struct pair *p = *state;

	assert_non_null(ask(&p->client, "GET", "/a?b", "User-Agent: x\nHost: other\n", false));
	swap(p);
	assert_log(&p->server,
		   "1 request GET https example.com /a?b none [host: example.com] [user-agent: x]\n"
		   "1 end\n");
	assert_true(answer(p->server.st[0], 200, "Content-Type: text/plain\n", true));
	say(p->server.st[0], "hello");
	h2_body_end(p->server.st[0], NULL);
	swap(p);
	assert_log(&p->server, "1 closed 0\n");
	assert_log(&p->client, "1 response 200 body [content-type: text/plain]\n"
			       "1 data 5\n1 end\n1 closed 0\n");
	assert_memory_equal(buf_slice(&p->client.body).p, "hello", 5);
	assert_int_equal(h2_streams(p->client.s), 0);
	assert_int_equal(h2_streams(p->server.s), 0);
}

static void test_one_write(void **state)
{
	struct pair *p = *state;

	ask(&p->client, "GET", "/", NULL, false);
	swap(p);
	p->server.writes = 0;
	answer(p->server.st[0], 200, NULL, true);
	say(p->server.st[0], "hello");
	h2_body_end(p->server.st[0], NULL);
	h2_flush(p->server.s);
	assert_int_equal(p->server.writes, 1);
	swap(p);
}

static void test_no_body(void **state)
{
	struct pair *p = *state;

	ask(&p->client, "HEAD", "/", NULL, false);
	ask(&p->client, "GET", "/", NULL, false);
	swap(p);
	answer(p->server.st[0], 200, "content-length: 7\n", false);
	answer(p->server.st[1], 304, "content-length: 8\n", false);
	swap(p);
	assert_log(&p->client, "1 response 200 none [content-length: 7]\n1 end\n"
			       "2 response 304 none [content-length: 8]\n2 end\n"
			       "1 closed 0\n2 closed 0\n");
}

/* Whole bodies both ways, however the bytes are cut. */
static void test_bodies(void **state)
{
	static char big[300000];
	struct pair *p = *state;
	const struct slice spans[] = {
		{ big, 100 },
		{ big, 0 },
		{ big + 100, 199900 },
		{ big + 200000, 100000 },
	};

	for (size_t i = 0; i < sizeof(big); i++)
		big[i] = (char)(i * 7 / 3);
	for (size_t cut = 0; cut < 1200; cut += 571) {
		struct h2_stream *st = ask(&p->client, "POST", "/", NULL, true);
		size_t at = p->server.n;

		pump_cut(&p->client, &p->server, cut);
		assert_true(answer(p->server.st[at], 200, NULL, true));
		h2_body(st, spans, 4);
		h2_body_end(st, NULL);
		assert_true(h2_stream_is_full(st));
		pump_cut(&p->client, &p->server, cut);
		assert_int_equal(p->server.body.len, sizeof(big));
		assert_memory_equal(buf_slice(&p->server.body).p, big, sizeof(big));
		h2_body(p->server.st[at], spans, 4);
		h2_body_end(p->server.st[at], NULL);
		pump_cut(&p->client, &p->server, cut);
		assert_int_equal(p->client.body.len, sizeof(big));
		assert_memory_equal(buf_slice(&p->client.body).p, big, sizeof(big));
		assert_int_equal(h2_streams(p->client.s) + h2_streams(p->server.s), 0);
		buf_clear(&p->server.body);
		buf_clear(&p->client.body);
	}
}

static void test_trailers(void **state)
{
	struct pair *p = *state;
	struct fields f;
	struct h2_stream *st = ask(&p->client, "POST", "/", "TE: deflate, trailers\n", true);

	say(st, "ping");
	fields_of(&f, "Checksum: 1\nCookie: no\n");
	h2_body_end(st, &f);
	fields_release(&f);
	swap(p);
	assert_log(&p->server,
		   "1 request POST https example.com / body [host: example.com] [te: trailers]\n"
		   "1 data 4\n1 end [checksum: 1]\n");
	answer(p->server.st[0], 200, NULL, true);
	fields_of(&f, "grpc-status: 0\n");
	h2_body_end(p->server.st[0], &f);
	fields_release(&f);
	swap(p);
	assert_log(&p->client, "1 response 200 body\n1 end [grpc-status: 0]\n1 closed 0\n");
}

static void test_interim(void **state)
{
	struct pair *p = *state;

	ask(&p->client, "GET", "/", NULL, false);
	swap(p);
	assert_true(answer(p->server.st[0], 103, "link: </a>\n", false));
	assert_false(answer(p->server.st[0], 101, NULL, false));
	assert_true(answer(p->server.st[0], 204, NULL, false));
	assert_false(answer(p->server.st[0], 103, NULL, false));
	swap(p);
	assert_log(&p->client, "1 response 103 none [link: </a>]\n1 response 204 none\n1 end\n"
			       "1 closed 0\n");
	ask(&p->client, "GET", "/", NULL, false);
	swap(p);
	buf_clear(&p->client.log);
	for (size_t i = 0; i < 40; i++)
		answer(p->server.st[1], 103, NULL, false);
	swap(p);
	p->client.log.len = p->client.log.len < 11 ? 0 : p->client.log.len;
	buf_take(&p->client.log, p->client.log.len - 11);
	assert_log(&p->client, "2 closed 1\n");
}

static void test_crumbs(void **state)
{
	struct pair *p = *state;

	ask(&p->client, "GET", "/", "cookie: a=1; b=2;c=3; d\nx: y\ncookie: e=5\n", false);
	swap(p);
	assert_log(&p->server, "1 request GET https example.com / none [host: example.com] "
			       "[cookie: a=1; b=2;c=3; d; e=5] [x: y]\n1 end\n");
	answer(p->server.st[0], 200, "set-cookie: a=1; path=/\nx: y\nset-cookie: b=2\n", false);
	swap(p);
	assert_log(&p->client, "1 response 200 length 0 [set-cookie: a=1; path=/] [x: y] "
			       "[set-cookie: b=2]\n1 end\n1 closed 0\n");
}

static void test_hop_by_hop(void **state)
{
	struct pair *p = *state;

	ask(&p->client, "GET", "/",
	    "Connection: keep-alive, X-Hop, Cookie\nKeep-Alive: 5\nX-Hop: 1\nUpgrade: h2c\n"
	    "Transfer-Encoding: chunked\nProxy-Authorization: x\nHTTP2-Settings: y\nTE: gzip\nX: "
	    "y\n"
	    "Cookie: a\n",
	    false);
	swap(p);
	assert_log(&p->server, "1 request GET https example.com / none [host: example.com] [x: y] "
			       "[cookie: a]\n1 end\n");
	answer(p->server.st[0], 407, "Connection: close\nProxy-Authenticate: Basic\n", false);
	swap(p);
	assert_log(&p->client, "1 response 407 length 0 [proxy-authenticate: Basic]\n1 end\n"
			       "1 closed 0\n");
}

static void test_unsound(void **state)
{
	struct pair *p = *state;

	assert_null(ask(&p->client, "G T", "/", NULL, false));
	assert_null(ask(&p->client, "GET", "/a b", NULL, false));
	assert_null(ask(&p->client, "GET", "a", NULL, false));
	assert_null(ask(&p->client, "GET", "", NULL, false));
	assert_null(ask(&p->client, "CONNECT", "", NULL, false)); /* without a port */
	assert_int_equal(h2_streams(p->client.s), 0);
	ask(&p->client, "GET", "/", NULL, false);
	swap(p);
	assert_false(answer(p->server.st[0], 99, NULL, false));
	assert_false(answer(p->server.st[0], 600, NULL, false));
	h2_reset(p->server.st[0], H2_INTERNAL_ERROR);
	swap(p);
}

static void test_connect(void **state)
{
	struct pair *p = *state;
	struct fields f;
	struct h2_request r = {
		.method = SLICE("CONNECT"),
		.method_id = METHOD_CONNECT,
		.fields = &f,
	};

	fields_init(&f, 10, 1000);
	authority_parse(&r.authority, SLICE("example.com:80"));
	p->client.st[p->client.n++] = h2_request(p->client.s, &r, true, NULL);
	r.path = SLICE("/chat");
	r.https = true;
	r.protocol = SLICE("websocket");
	p->client.st[p->client.n++] = h2_request(p->client.s, &r, true, NULL);
	swap(p);
	assert_true(h2_peer_extended_connect(p->client.s));
	assert_log(&p->server, "1 request CONNECT http example.com  body [host: example.com:80]\n"
			       "2 request CONNECT https example.com /chat protocol websocket body "
			       "[host: example.com:80]\n");
	answer(p->server.st[0], 200, NULL, true);
	say(p->client.st[0], "hi");
	say(p->server.st[0], "ho");
	swap(p);
	assert_log(&p->client, "1 response 200 body\n1 data 2\n");
	assert_log(&p->server, "1 data 2\n");
	h2_reset(p->client.st[0], H2_CANCEL);
	h2_reset(p->client.st[1], H2_CANCEL);
	swap(p);
	assert_log(&p->server, "1 closed 8\n2 closed 8\n");
}

static void test_priority(void **state)
{
	struct pair *p = *state;

	swap(p);
	ask(&p->client, "GET", "/", "priority: u=1, i\n", false);
	swap(p);
	h2_priority(p->client.st[0], SLICE("u=5"));
	swap(p);
	assert_log(&p->server, "1 request GET https example.com / none [host: example.com] "
			       "[priority: u=1, i]\n1 end\n1 priority u=5\n");
	h2_reset(p->client.st[0], H2_CANCEL);
	h2_ping(p->client.s);
	h2_ping(p->client.s);
	swap(p);
}

/* Everything that may be done inside an event, done there. */
static void in_events(struct end *e, const char *event, struct h2_stream *st)
{
	static char big[50000];
	const struct slice span = { big, sizeof(big) };

	if (strcmp(event, "request") == 0) {
		assert_true(answer(st, 103, NULL, false));
		assert_true(answer(st, 200, NULL, true));
		h2_body(st, &span, 1);
		h2_flush(e->s); /* not allowed: does nothing */
		h2_body_end(st, NULL);
	}
}

static void ask_again(struct end *e, const char *event, struct h2_stream *st)
{
	if (strcmp(event, "closed") == 0 && e->n < 5)
		ask(e, "GET", "/", NULL, false);
	if (strcmp(event, "data") == 0 && e->n == 3 && st == e->st[2]) {
		h2_reset(st, H2_CANCEL);
		e->st[2] = NULL;
		ask(e, "GET", "/", NULL, false);
	}
}

static void test_inside_events(void **state)
{
	struct pair *p = *state;

	p->server.on = in_events;
	p->client.on = ask_again;
	ask(&p->client, "GET", "/", NULL, false);
	swap(p);
	assert_int_equal(p->client.n, 5);
	assert_int_equal(h2_streams(p->client.s) + h2_streams(p->server.s), 0);
	assert_true(p->client.body.len >= 4 * 50000);
}

/* Feeding from inside an event is a mistake that must not crash. */
static void feed_inside(struct end *e, const char *event, struct h2_stream *st)
{
	(void)st;
	if (strcmp(event, "request") == 0)
		assert_false(h2_feed(e->s, SLICE("abc"), 0));
}

static void test_feed_inside_event(void **state)
{
	struct pair *p = *state;

	p->server.on = feed_inside;
	ask(&p->client, "GET", "/", NULL, false);
	swap(p);
	assert_true(h2_is_over(p->server.s));
}

static void test_settings_like(void **state)
{
	const struct h2_settings like = {
		.v = { { 1, 65536 },
		       { 4, 2147483647 },
		       { 0x2a2a, 7 },
		       { 2, 1 },
		       { 6, 262144000 },
		       { 9, 1 },
		       { 5, 16384 },
		       { 8, 1 } },
		.n = 8,
		.window = 2147483647,
	};
	struct h2_config config = client_config;
	const struct h2_settings *seen;
	struct end client;
	struct pair *p = *state;

	config.like = &like;
	end_init(&client, &config);
	pump(&client, &p->server);
	seen = h2_peer_settings(p->server.s);
	assert_int_equal(seen->n, 6);
	assert_int_equal(seen->v[0].value, 65536);
	assert_int_equal(seen->v[1].id, 4);
	assert_int_equal(seen->v[1].value, 6291456);
	assert_int_equal(seen->v[2].id, 2);
	assert_int_equal(seen->v[2].value, 0);
	assert_int_equal(seen->v[3].value, 262144);
	assert_int_equal(seen->v[4].id, 9);
	assert_int_equal(seen->v[5].id, 5);
	assert_int_equal(seen->window, 16 << 20);
	end_release(&client);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		PAIR(test_exchange),
		PAIR(test_one_write),
		PAIR(test_no_body),
		PAIR(test_bodies),
		PAIR(test_trailers),
		PAIR(test_interim),
		PAIR(test_crumbs),
		PAIR(test_hop_by_hop),
		PAIR(test_unsound),
		PAIR(test_connect),
		PAIR(test_priority),
		PAIR(test_inside_events),
		PAIR(test_feed_inside_event),
		PAIR(test_settings_like),
	};

	return cmocka_run_group_tests_name("http2_exchange", tests, NULL, NULL);
}
