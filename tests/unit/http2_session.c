/* HTTP/2 sessions, two of them back to back or one against frames made by hand. */
#include "tests/unit/http2_tools.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

struct pair {
	struct end server, client;
};

static int setup(void **state)
{
	struct pair *p = calloc(1, sizeof(*p));

	end_init(&p->server, &server_config);
	end_init(&p->client, &client_config);
	*state = p;
	return p->server.s != NULL && p->client.s != NULL ? 0 : -1;
}

static int teardown(void **state)
{
	struct pair *p = *state;

	assert_int_equal(h2_kept(p->server.s), 0);
	assert_int_equal(h2_kept(p->client.s), 0);
	end_release(&p->server);
	end_release(&p->client);
	free(p);
	return 0;
}

static void swap(struct pair *p)
{
	pump(&p->client, &p->server);
}

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

static void pause_on(struct end *e, const char *event, struct h2_stream *st)
{
	if (strcmp(event, e->pause_on) == 0)
		h2_stream_pause(st);
}

/* A paused stream lets its window shut and nothing is lost. */
static void test_pause(void **state)
{
	static char big[200000];
	const struct slice span = { big, sizeof(big) };
	struct pair *p = *state;
	const char *how = "response";

	p->client.on = pause_on;
	p->client.pause_on = how;
	ask(&p->client, "GET", "/", NULL, false);
	swap(p);
	answer(p->server.st[0], 200, NULL, true);
	h2_body(p->server.st[0], &span, 1);
	h2_body_end(p->server.st[0], NULL);
	swap(p);
	assert_log(&p->client, "1 response 200 body\n");
	assert_true(h2_stream_is_paused(p->client.st[0]));
	assert_int_equal(h2_kept(p->client.s), 65536);
	assert_int_equal(p->client.body.len, 0);
	assert_int_equal(h2_stream_sent(p->server.st[0]), 65536);
	h2_stream_unpause(p->client.st[0]);
	assert_int_equal(p->client.body.len, 65536);
	assert_int_equal(h2_kept(p->client.s), 0);
	swap(p);
	assert_int_equal(p->client.body.len, sizeof(big));
	assert_int_equal(h2_streams(p->client.s), 0);
}

/* Paused by each piece: it never has more than its window. */
static void test_pause_often(void **state)
{
	static char big[500000];
	const struct slice span = { big, sizeof(big) };
	struct pair *p = *state;
	const char *how = "data";

	p->client.on = pause_on;
	p->client.pause_on = how;
	ask(&p->client, "GET", "/", NULL, false);
	swap(p);
	answer(p->server.st[0], 200, NULL, true);
	h2_body(p->server.st[0], &span, 1);
	h2_body_end(p->server.st[0], NULL);
	swap(p);
	while (p->client.st[0] != NULL) {
		size_t before = p->client.body.len;

		h2_stream_unpause(p->client.st[0]);
		swap(p);
		assert_true(p->client.body.len - before <= 65536);
	}
	assert_int_equal(p->client.body.len, sizeof(big));
}

/* The whole answer is here, and closed, before the reader wants it. */
static void test_pause_till_closed(void **state)
{
	struct pair *p = *state;
	struct fields f;
	const char *how = "response";

	p->client.on = pause_on;
	p->client.pause_on = how;
	ask(&p->client, "GET", "/", NULL, false);
	swap(p);
	answer(p->server.st[0], 200, NULL, true);
	say(p->server.st[0], "hello");
	fields_of(&f, "t: 1\n");
	h2_body_end(p->server.st[0], &f);
	fields_release(&f);
	swap(p);
	assert_log(&p->client, "1 response 200 body\n");
	assert_int_equal(h2_streams(p->client.s), 1);
	h2_shutdown(p->client.s);
	swap(p);
	assert_false(h2_is_over(p->client.s));
	h2_stream_unpause(p->client.st[0]);
	assert_log(&p->client, "1 data 5\n1 end [t: 1]\n");
	h2_flush(p->client.s);
	assert_log(&p->client, "1 closed 0\n");
	assert_true(h2_is_over(p->client.s));
}

static void test_pause_then_cut(void **state)
{
	struct pair *p = *state;
	const char *how = "response";

	p->client.on = pause_on;
	p->client.pause_on = how;
	ask(&p->client, "GET", "/", NULL, false);
	swap(p);
	answer(p->server.st[0], 200, NULL, true);
	say(p->server.st[0], "hello");
	swap(p);
	h2_reset(p->server.st[0], H2_INTERNAL_ERROR);
	swap(p);
	assert_log(&p->client, "1 response 200 body\n1 closed 2\n");
}

/* What is reset while it keeps data gives the connection's window back. */
static void test_reset_gives_window_back(void **state)
{
	static char big[65536];
	const struct slice span = { big, sizeof(big) };
	struct pair *p = *state;
	const char *how = "response";

	p->client.on = pause_on;
	p->client.pause_on = how;
	for (size_t i = 0; i < 40; i++) {
		ask(&p->client, "GET", "/", NULL, false);
		swap(p);
		answer(p->server.st[i], 200, NULL, true);
		h2_body(p->server.st[i], &span, 1);
		swap(p);
		assert_int_equal(h2_kept(p->client.s), sizeof(big));
		h2_reset(p->client.st[i], H2_CANCEL);
		swap(p);
	}
}

static void test_room(void **state)
{
	static char big[400000];
	const struct slice span = { big, sizeof(big) };
	struct pair *p = *state;

	ask(&p->client, "GET", "/", NULL, false);
	swap(p);
	buf_clear(&p->server.log);
	answer(p->server.st[0], 200, NULL, true);
	p->server.full = true;
	h2_body(p->server.st[0], &span, 1);
	assert_true(h2_stream_is_full(p->server.st[0]));
	assert_int_equal(h2_kept(p->server.s), sizeof(big));
	swap(p);
	assert_log(&p->server, "");
	assert_int_equal(h2_stream_sent(p->server.st[0]), 0);
	p->server.full = false;
	swap(p);
	assert_log(&p->server, "1 room\n");
	assert_false(h2_stream_is_full(p->server.st[0]));
	assert_int_equal(p->client.body.len, sizeof(big));
	h2_body_end(p->server.st[0], NULL);
	swap(p);
}

/* A body goes from the caller's memory, one frame a write, without a copy. */
static void test_no_copy(void **state)
{
	static char big[40000];
	const struct slice span = { big, sizeof(big) };
	struct pair *p = *state;

	ask(&p->client, "GET", "/", NULL, false);
	swap(p);
	answer(p->server.st[0], 200, NULL, true);
	p->server.writes = 0;
	h2_body(p->server.st[0], &span, 1);
	assert_int_equal(h2_kept(p->server.s), 0);
	assert_int_equal(p->server.writes, 3);
	assert_int_equal(h2_stream_sent(p->server.st[0]), sizeof(big));
	h2_body_end(p->server.st[0], NULL);
	swap(p);
	assert_int_equal(p->client.body.len, sizeof(big));
}

static void test_peer_resets(void **state)
{
	struct pair *p = *state;

	ask(&p->client, "GET", "/", NULL, false);
	ask(&p->client, "GET", "/", NULL, false);
	swap(p);
	buf_clear(&p->server.log);
	h2_reset(p->client.st[0], H2_CANCEL);
	h2_reset(p->server.st[1], H2_REFUSED_STREAM);
	h2_reset(NULL, H2_CANCEL);
	swap(p);
	assert_log(&p->server, "1 closed 8\n");
	assert_log(&p->client, "2 closed 7 unprocessed\n");
	assert_int_equal(h2_streams(p->client.s) + h2_streams(p->server.s), 0);
}

/* RST_STREAM with NO_ERROR in the middle of an answer is a cut too. */
static void test_no_error_is_a_cut(void **state)
{
	struct pair *p = *state;

	ask(&p->client, "GET", "/", NULL, false);
	swap(p);
	answer(p->server.st[0], 200, NULL, true);
	say(p->server.st[0], "x");
	swap(p);
	buf_clear(&p->client.log);
	h2_reset(p->server.st[0], H2_NO_ERROR);
	swap(p);
	assert_log(&p->client, "1 closed 8\n");
}

/* But not of one whose length is known and came: Node closes so when END_STREAM finds no window. */
static void test_no_error_behind_whole(void **state)
{
	struct pair *p = *state;

	ask(&p->client, "GET", "/", NULL, false);
	swap(p);
	answer(p->server.st[0], 200, "content-length: 5\n", true);
	say(p->server.st[0], "hello");
	swap(p);
	h2_reset(p->server.st[0], H2_NO_ERROR);
	swap(p);
	assert_log(&p->client, "1 response 200 length 5 [content-length: 5]\n"
			       "1 data 5\n1 end\n1 closed 0\n");
}

/* Nor of one that we cut ourselves, though nghttp2 calls its end no error. */
static void test_whole_but_bad_trailers(void **state)
{
	struct end e;
	struct buf b;

	(void)state;
	end_init(&e, &client_config);
	buf_init(&b, 4096);
	ask(&e, "GET", "/", NULL, false);
	h2_flush(e.s);
	frame(&b, SETTINGS, 0, 0, SLICE(""));
	headers(&b, END_HEADERS, 1, ":status: 200\ncontent-length: 5\n");
	frame(&b, DATA, 0, 1, SLICE("hello"));
	headers(&b, END_HEADERS | END_STREAM, 1, "host: x\n");
	assert_true(give(&e, &b));
	assert_log(&e, "1 response 200 length 5 [content-length: 5]\n1 data 5\n1 closed 8\n");
	end_release(&e);
	buf_release(&b);
}

static void test_no_error_while_paused(void **state)
{
	struct pair *p = *state;
	const char *how = "response";

	p->client.on = pause_on;
	p->client.pause_on = how;
	ask(&p->client, "GET", "/", NULL, false);
	ask(&p->client, "GET", "/", NULL, false);
	swap(p);
	for (size_t i = 0; i < 2; i++) {
		answer(p->server.st[i], 200, "content-length: 5\n", true);
		say(p->server.st[i], i == 0 ? "hello" : "hell");
		swap(p);
		h2_reset(p->server.st[i], H2_NO_ERROR);
	}
	swap(p);
	assert_log(&p->client, "1 response 200 length 5 [content-length: 5]\n"
			       "2 response 200 length 5 [content-length: 5]\n2 closed 8\n");
	h2_stream_unpause(p->client.st[0]);
	h2_flush(p->client.s);
	assert_log(&p->client, "1 data 5\n1 end\n1 closed 0\n");
}

/* Readers that wait use the spare octets up before the window that all share. */
static void test_slow_readers(void **state)
{
	static char big[65535];
	const struct slice span = { big, sizeof(big) };
	const struct h2_config config = { .side = H2_CLIENT,
					  .max_fields = 100,
					  .max_head = 65536,
					  .stream_window = 65535,
					  .window = 65535,
					  .spare = 2 * 65535 };
	struct end c, s;
	const char *how = "response";

	(void)state;
	end_init(&c, &config);
	end_init(&s, &server_config);
	c.on = pause_on;
	c.pause_on = how;
	for (size_t round = 0; round < 5; round++) {
		size_t first = round * 4;

		for (size_t i = first; i < first + 4; i++) {
			ask(&c, "GET", "/", NULL, false);
			pump(&c, &s);
			answer(s.st[i], 200, NULL, true);
			h2_body(s.st[i], &span, 1);
			h2_body_end(s.st[i], NULL);
			pump(&c, &s);
		}
		assert_int_equal(h2_kept(c.s), 3 * sizeof(big)); /* the fourth finds no window */
		assert_int_equal(h2_stream_sent(s.st[first + 3]), 0);
		h2_stream_unpause(c.st[first]);
		pump(&c, &s);
		assert_null(c.st[first]);
		assert_int_equal(h2_kept(c.s), 3 * sizeof(big)); /* now it is here */
		h2_stream_unpause(c.st[first + 1]);
		pump(&c, &s);
		h2_reset(c.st[first + 2], H2_CANCEL);
		h2_stream_unpause(c.st[first + 3]);
		pump(&c, &s);
		assert_int_equal(h2_streams(c.s), 0);
		assert_int_equal(c.body.len, (round + 1) * 3 * sizeof(big));
	}
	end_release(&c);
	end_release(&s);
}

static void test_answer_before_request_ended(void **state)
{
	struct pair *p = *state;

	ask(&p->client, "POST", "/", NULL, true);
	swap(p);
	buf_clear(&p->server.log);
	answer(p->server.st[0], 413, NULL, false);
	swap(p);
	assert_log(&p->server, "1 closed 0\n");
	assert_log(&p->client, "1 response 413 length 0\n1 end\n1 closed 0\n");
}

static void test_goaway(void **state)
{
	struct pair *p = *state;

	ask(&p->client, "GET", "/", NULL, false);
	swap(p);
	h2_shutdown(p->server.s);
	ask(&p->client, "GET", "/late", NULL, false);
	h2_flush(p->client.s);
	swap(p);
	assert_log(&p->client, "2 closed 7 unprocessed\n");
	assert_true(h2_is_closing(p->client.s));
	assert_false(h2_has_room(p->client.s));
	assert_null(ask(&p->client, "GET", "/", NULL, false));
	assert_false(h2_is_over(p->server.s));
	answer(p->server.st[0], 200, NULL, false);
	swap(p);
	assert_log(&p->client, "1 response 200 length 0\n1 end\n1 closed 0\n");
	assert_true(h2_is_over(p->server.s));
	assert_true(h2_is_over(p->client.s));
}

static void test_limits(void **state)
{
	struct pair *p = *state;
	size_t n = 0;

	assert_int_equal(h2_peer_settings(p->client.s)->n, 0);
	swap(p);
	assert_true(h2_peer_settings(p->client.s)->n != 0);
	while (h2_has_room(p->client.s) && n < 200) {
		assert_non_null(ask(&p->client, "GET", "/", NULL, false));
		n++;
	}
	assert_int_equal(n, 100);
	assert_null(ask(&p->client, "GET", "/", NULL, false));
	swap(p);
	assert_int_equal(h2_streams(p->server.s), 100);
	for (size_t i = 0; i < 100; i++)
		answer(p->server.st[i], 200, NULL, false);
	swap(p);
	assert_true(h2_has_room(p->client.s));
	assert_int_equal(h2_streams(p->server.s), 0);
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

#define GET ":method: GET\n:scheme: https\n:authority: a.example\n:path: /\n"
#define POST ":method: POST\n:scheme: https\n:authority: a.example\n:path: /\n"

static void server_alone(struct end *e, struct buf *b)
{
	end_init(e, &server_config);
	buf_init(b, 64u << 20);
	preface(b);
	assert_true(give(e, b));
	buf_clear(&e->wire);
}

static void release(struct end *e, struct buf *b)
{
	end_release(e);
	buf_release(b);
}

/* One stream that breaks the rules is reset and never told; the next one is good. */
static void test_malformed_requests(void **state)
{
	static const char *const heads[] = {
		GET "connection: close\n",
		GET "te: gzip\n",
		GET "host: b.example\n",
		GET "host: a.example\nhost: a.example\n",
		GET "X: y\n",
		GET "x y: z\n",
		GET "content-length: 5\n",
		GET "content-length: +0\n",
		GET "x: a\rb\n",
		GET ":path: /\n",
		":method: GET\n:scheme: https\n:path: /\n",
		":method: GET\n:scheme: https\n:authority: u@a.example\n:path: /\n",
		":method: GET\n:scheme: https\n:authority: a.example/b\n:path: /\n",
		":method: GET\n:scheme: ftp\n:authority: a.example\n:path: /\n",
		":method: GET\n:scheme: https\n:authority: a.example\n:path: /a b\n",
		":method: GET\n:scheme: https\n:authority: a.example\n:path: /a#b\n",
		":method: GET\n:scheme: https\n:authority: a.example\n:path: a\n",
		":method: GET\n:scheme: https\n:authority: a.example\n:path: *\n",
		":method: G T\n:scheme: https\n:authority: a.example\n:path: /\n",
	};
	struct end e;
	struct buf b;
	uint32_t id = 1;

	(void)state;
	server_alone(&e, &b);
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++, id += 2) {
		headers(&b, END_STREAM, id, heads[i]);
		assert_true(give(&e, &b));
		assert_log(&e, "");
		assert_int_equal(error_in(&e, RST_STREAM), H2_PROTOCOL_ERROR);
		assert_int_equal(h2_streams(e.s), 0);
	}
	headers(&b, END_STREAM, id, GET);
	assert_true(give(&e, &b));
	assert_log(&e, "1 request GET https a.example / none [host: a.example]\n1 end\n");
	release(&e, &b);
}

static void test_malformed_trailers(void **state)
{
	static const struct {
		const char *lines;
		bool good;
	} rows[] = {
		{ "x: y\n", true },
		{ ":path: /\n", false },
		{ "content-length: 1\n", false },
		{ "transfer-encoding: chunked\n", false },
		{ "host: a\n", false },
		{ "X: y\n", false },
	};
	struct end e;
	struct buf b;

	(void)state;
	server_alone(&e, &b);
	for (uint32_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		headers(&b, 0, 2 * i + 1, POST);
		frame(&b, DATA, 0, 2 * i + 1, SLICE("x"));
		headers(&b, END_STREAM, 2 * i + 1, rows[i].lines);
		assert_true(give(&e, &b));
		assert_int_equal(error_in(&e, RST_STREAM), rows[i].good ? -1 : H2_PROTOCOL_ERROR);
		assert_int_equal(h2_streams(e.s), rows[i].good ? 1 : 0);
		if (rows[i].good)
			h2_reset(e.st[0], H2_NO_ERROR);
		h2_flush(e.s);
		assert_int_equal(h2_streams(e.s), 0);
		buf_clear(&e.wire);
	}
	release(&e, &b);
}

/* Wrong lengths, and data behind the end. */
static void test_lengths(void **state)
{
	struct end e;
	struct buf b;

	(void)state;
	server_alone(&e, &b);
	headers(&b, 0, 1, POST "content-length: 3\n");
	frame(&b, DATA, END_STREAM, 1, SLICE("hello"));
	headers(&b, 0, 3, POST "content-length: 9\n");
	frame(&b, DATA, END_STREAM, 3, SLICE("hello"));
	headers(&b, 0, 5, POST "content-length: 5\n");
	frame(&b, DATA, END_STREAM, 5, SLICE("hello"));
	assert_true(give(&e, &b));
	assert_log(
		&e,
		"1 request POST https a.example / length 3 [host: a.example] [content-length: 3]\n"
		"2 request POST https a.example / length 9 [host: a.example] [content-length: 9]\n"
		"2 data 5\n"
		"3 request POST https a.example / length 5 [host: a.example] [content-length: 5]\n"
		"3 data 5\n3 end\n1 closed 1\n2 closed 1\n");
	release(&e, &b);
}

static void test_large_head(void **state)
{
	struct end e;
	struct buf b, block;
	char value[5000];
	int type, flags;
	uint32_t stream;
	struct slice payload;

	(void)state;
	server_alone(&e, &b);
	memset(value, 'v', sizeof(value));
	buf_init(&block, 1 << 20);
	headers(&block, 0, 1, GET);
	buf_take(&block, 9);
	for (size_t i = 0; i < 14; i++)
		line(&block, SLICE("x"), slice_of(value, sizeof(value)));
	for (bool first = true; block.len != 0; first = false) {
		size_t n = block.len < 16000 ? block.len : 16000;

		frame(&b, first ? HEADERS : CONTINUATION,
		      (first ? END_STREAM : 0) | (n == block.len ? END_HEADERS : 0), 1,
		      slice_head(buf_slice(&block), n));
		buf_take(&block, n);
	}
	assert_true(give(&e, &b));
	assert_log(&e, "");
	assert_true(next_frame(&e, &type, &flags, &stream, &payload));
	assert_int_equal(type, HEADERS);
	assert_int_equal(flags, END_STREAM | END_HEADERS);
	assert_true(memmem(payload.p, payload.n, "431", 3) != NULL || payload.n < 9);
	assert_int_equal(h2_streams(e.s), 0);
	buf_release(&block);
	release(&e, &b);
}

/* 16,000 references to one line of 4,000 octets: 64 MB from 20 KB. */
static void test_hpack_bomb(void **state)
{
	struct end e;
	struct buf b, block;

	(void)state;
	server_alone(&e, &b);
	buf_init(&block, 1 << 20);
	headers(&block, 0, 1, GET);
	buf_take(&block, 9);
	buf_addc(&block, 0x40);
	buf_add(&block, SLICE("\x01"
			      "a"
			      "\x7f\xa1\x1e"));
	for (size_t i = 0; i < 4000; i++)
		buf_addc(&block, 'b');
	frame(&b, HEADERS, END_STREAM | END_HEADERS, 1, buf_slice(&block));
	buf_clear(&block);
	headers(&block, 0, 1, GET);
	buf_take(&block, 9);
	for (size_t i = 0; i < 16000; i++)
		buf_addc(&block, (char)0xbe);
	frame(&b, HEADERS, END_STREAM, 3, slice_head(buf_slice(&block), 16000));
	frame(&b, CONTINUATION, END_HEADERS, 3, slice_skip(buf_slice(&block), 16000));
	assert_true(give(&e, &b));
	assert_int_equal(error_in(&e, RST_STREAM), H2_ENHANCE_YOUR_CALM);
	assert_int_equal(h2_streams(e.s), 1);
	headers(&b, END_STREAM, 5, GET);
	assert_true(give(&e, &b));
	assert_int_equal(h2_streams(e.s), 2);
	buf_release(&block);
	release(&e, &b);
}

/* What each answer of a malformed origin comes to. */
static void test_malformed_responses(void **state)
{
	static const struct {
		const char *lines, *log;
	} rows[] = {
		{ ":status: 200\n", "response 200 body\n" },
		{ ":status: 200\nx:  a \n", "response 200 body [x: a]\n" },
		{ "x: y\n", "closed 1\n" },
		{ ":status: 2x0\n", "closed 1\n" },
		{ ":status: 099\n", "closed 1\n" },
		{ ":status: 101\n", "closed 1\n" },
		{ ":status: 700\n", "closed 1\n" },
		{ ":status: 200\n:status: 200\n", "closed 1\n" },
		{ ":status: 200\nX: y\n", "closed 1\n" },
		{ ":status: 200\nx: a\rb\n", "closed 1\n" },
		{ ":status: 200\ntransfer-encoding: chunked\n", "closed 1\n" },
		{ ":status: 200\nconnection: close\n", "closed 1\n" },
		{ ":status: 200\ncontent-length: 2\ncontent-length: 3\n", "closed 1\n" },
		{ ":status: 200\n:path: /\n", "closed 1\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct end e;
		struct buf b;
		char text[128];

		end_init(&e, &client_config);
		buf_init(&b, 1 << 20);
		assert_non_null(ask(&e, "GET", "/", NULL, false));
		h2_flush(e.s);
		frame(&b, SETTINGS, 0, 0, SLICE(""));
		headers(&b, 0, 1, rows[i].lines);
		assert_true(give(&e, &b));
		snprintf(text, sizeof(text), "1 %s", rows[i].log);
		assert_log(&e, text);
		release(&e, &b);
	}
}

static void test_broken_connections(void **state)
{
	static const struct {
		int type, flags;
		uint32_t stream;
		const char *payload;
		size_t n;
		int error;
	} rows[] = {
		{ DATA, 0, 0, "x", 1, 1 },
		{ DATA, 0, 7, "x", 1, 1 },
		{ HEADERS, END_HEADERS, 2, "", 0, 1 },
		{ HEADERS, END_HEADERS, 3, "\xff\xff\xff\xff\xff\xff", 6, 9 },
		{ PRIORITY, 0, 3, "x", 1, 6 },
		{ PRIORITY, 0, 0, "\0\0\0\1\x10", 5, 1 },
		{ PRIORITY, 0, 5, "\x80\0\0\5\x10", 5, 1 },
		{ RST_STREAM, 0, 9, "\0\0\0\0", 4, 1 },
		{ SETTINGS, 0, 0, "x", 1, 6 },
		{ PUSH_PROMISE, END_HEADERS, 1, "\0\0\0\2", 4, 1 },
		{ PING, 0, 0, "x", 1, 6 },
		{ WINDOW_UPDATE, 0, 0, "\0\0\0\0", 4, 1 },
		{ WINDOW_UPDATE, 0, 0, "\x7f\xff\xff\xff", 4, 3 },
		{ CONTINUATION, 0, 1, "", 0, 1 },
		{ PRIORITY_UPDATE, 0, 1, "\0\0\0\1u=1", 7, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct end e;
		struct buf b;

		server_alone(&e, &b);
		headers(&b, 0, 1, POST);
		frame(&b, rows[i].type, rows[i].flags, rows[i].stream,
		      slice_of(rows[i].payload, rows[i].n));
		give(&e, &b);
		assert_int_equal(error_in(&e, GOAWAY), rows[i].error);
		assert_true(h2_is_over(e.s));
		assert_int_equal(h2_streams(e.s), 0);
		assert_false(h2_feed(e.s, SLICE("more"), 0));
		release(&e, &b);
	}
}

/* RFC 9113 section 5.1: what comes on a stream that both have closed, and ids that go down. */
static void test_closed_streams(void **state)
{
	static const struct {
		int type;
		bool reset; /* by the peer, else answered whole */
		uint32_t stream;
	} rows[] = { { DATA, true, 3 },	    { HEADERS, true, 3 }, { DATA, false, 3 },
		     { HEADERS, false, 3 }, { DATA, false, 1 },	  { HEADERS, false, 1 } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct end e;
		struct buf b;

		server_alone(&e, &b);
		headers(&b, rows[i].reset ? END_HEADERS : END_HEADERS | END_STREAM, 3,
			rows[i].reset ? POST : GET);
		give(&e, &b);
		if (rows[i].reset) {
			frame(&b, RST_STREAM, 0, 3, slice_of("\0\0\0\x8", 4));
		} else {
			assert_true(answer(e.st[0], 200, NULL, false));
			h2_flush(e.s);
		}
		if (rows[i].type == DATA)
			frame(&b, DATA, END_STREAM, rows[i].stream, SLICE("x"));
		else
			headers(&b, END_HEADERS | END_STREAM, rows[i].stream, GET);
		give(&e, &b);
		assert_int_equal(error_in(&e, GOAWAY), H2_STREAM_CLOSED);
		release(&e, &b);
	}
}

/* What was on its way when we reset the stream is passed over. */
static void test_late_for_reset(void **state)
{
	struct end e;
	struct buf b;

	(void)state;
	server_alone(&e, &b);
	headers(&b, END_HEADERS, 1, POST);
	give(&e, &b);
	h2_reset(e.st[0], H2_CANCEL);
	h2_flush(e.s);
	frame(&b, DATA, 0, 1, SLICE("late"));
	frame(&b, DATA, END_STREAM, 1, SLICE("later"));
	headers(&b, END_HEADERS | END_STREAM, 3, GET);
	assert_true(give(&e, &b));
	assert_int_equal(e.n, 2);
	release(&e, &b);
}

static void test_no_preface(void **state)
{
	struct end e;

	(void)state;
	end_init(&e, &server_config);
	assert_false(h2_feed(e.s, SLICE("GET / HTTP/1.1\r\n\r\n"), 0));
	assert_false(h2_is_over(e.s));
	h2_flush(e.s);
	assert_int_equal(error_in(&e, GOAWAY), H2_PROTOCOL_ERROR);
	assert_true(h2_is_over(e.s));
	end_release(&e);
}

/* Each flood alone ends with ENHANCE_YOUR_CALM, and the streams hear of it. */
static void test_floods(void **state)
{
	static const struct {
		int type, flags;
		uint32_t stream;
		const char *payload;
		size_t n, enough;
	} rows[] = {
		{ SETTINGS, 0, 0, "\0\4\0\0\xff\xff", 6, 300 },
		{ PING, 0, 0, "01234567", 8, 1000 },
		{ PRIORITY, 0, 1001, "\0\0\0\0\x10", 5, 5000 },
		{ WINDOW_UPDATE, 0, 0, "\0\0\0\1", 4, 10000 },
		{ WINDOW_UPDATE, 0, 1, "\0\0\0\1", 4, 10000 },
		{ 0xfa, 0, 0, "xxxxxxxxxx", 10, 5000 },
		{ DATA, 0, 1, "", 0, 1000 },
		{ DATA, 0, 1, "x", 1, 50000 },
		{ DATA, PADDED, 1, "\0", 1, 50000 },
		{ RST_STREAM, 0, 1, "\0\0\0\0", 4, 1000 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct end e;
		struct buf b;
		bool good = true;

		server_alone(&e, &b);
		headers(&b, 0, 1, POST);
		for (size_t n = 0; n < rows[i].enough && good; n++) {
			frame(&b, rows[i].type, rows[i].flags, rows[i].stream,
			      slice_of(rows[i].payload, rows[i].n));
			if (n % 100 == 99)
				good = give(&e, &b);
			buf_clear(&e.log);
			if (good)
				buf_clear(&e.wire);
		}
		assert_false(good);
		assert_int_equal(error_in(&e, GOAWAY), H2_ENHANCE_YOUR_CALM);
		assert_true(h2_is_over(e.s));
		assert_int_equal(h2_streams(e.s), 0);
		release(&e, &b);
	}
}

/* RST_STREAM behind each request (CVE-2023-44487), and errors that make us send one. */
static void test_reset_floods(void **state)
{
	static const struct {
		int type;
		const char *payload;
		size_t n;
	} rows[] = {
		{ RST_STREAM, "\0\0\0\x08", 4 },
		{ WINDOW_UPDATE, "\x7f\xff\xff\xff", 4 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct end e;
		struct buf b;
		uint32_t id = 1;

		server_alone(&e, &b);
		while (id < 4000 && !h2_is_over(e.s)) {
			headers(&b, END_STREAM, id, GET);
			frame(&b, rows[i].type, 0, id, slice_of(rows[i].payload, rows[i].n));
			give(&e, &b);
			e.n = 0;
			buf_clear(&e.log);
			if (!h2_is_over(e.s))
				buf_clear(&e.wire);
			id += 2;
		}
		assert_true(id > 400 && id < 1100);
		assert_int_equal(error_in(&e, GOAWAY), H2_ENHANCE_YOUR_CALM);
		assert_int_equal(h2_streams(e.s), 0);
		release(&e, &b);
	}
}

static void test_continuation_flood(void **state)
{
	struct end e;
	struct buf b;

	(void)state;
	server_alone(&e, &b);
	frame(&b, HEADERS, END_STREAM, 1, SLICE(""));
	for (size_t i = 0; i < 1000; i++)
		frame(&b, CONTINUATION, 0, 1, SLICE(""));
	assert_false(give(&e, &b));
	assert_int_equal(error_in(&e, GOAWAY), H2_ENHANCE_YOUR_CALM);
	release(&e, &b);
}

/* Acknowledgements for a peer that does not read are bounded. */
static void test_unread(void **state)
{
	struct end e;
	struct buf b;
	bool good = true;

	(void)state;
	server_alone(&e, &b);
	e.full = true;
	for (size_t i = 0; i < 400 && good; i++) {
		frame(&b, PING, 0, 0, SLICE("01234567"));
		good = give(&e, &b);
	}
	assert_false(good);
	assert_int_equal(error_in(&e, GOAWAY), H2_ENHANCE_YOUR_CALM);
	release(&e, &b);
}

/* What real peers do for hours costs nothing. */
static void test_no_false_alarm(void **state)
{
	struct end e;
	struct buf b;
	uint32_t id = 1;
	int64_t now = 1000;

	(void)state;
	server_alone(&e, &b);
	/*
	 * A browser: for each request two PRIORITY_UPDATEs, an unknown frame; one in three is left.
	 */
	for (size_t i = 0; i < 20000; i++, id += 2) {
		headers(&b, END_STREAM, id, GET "cookie: 0123456789\npriority: u=1\n");
		frame(&b, PRIORITY_UPDATE, 0, 0,
		      slice_of((char[]){ (char)(id >> 24), (char)(id >> 16), (char)(id >> 8),
					 (char)id, 'u', '=', '2' },
			       7));
		frame(&b, 0xfa, 0, id, SLICE("grease"));
		if (i % 3 == 0)
			frame(&b, RST_STREAM, 0, id, SLICE("\0\0\0\x08"));
		e.n = 0;
		assert_true(h2_feed(e.s, buf_slice(&b), now += 5));
		buf_clear(&b);
		if (i % 3 != 0)
			assert_true(answer(e.st[0], 200, NULL, false));
		h2_flush(e.s);
		buf_clear(&e.log);
		buf_clear(&e.wire);
	}
	/*
	 * gRPC: messages of 9 octets, a thousand a second, with a WINDOW_UPDATE for each of ours.
	 */
	headers(&b, 0, id, POST);
	e.n = 0;
	assert_true(give(&e, &b));
	assert_true(answer(e.st[0], 200, NULL, true));
	for (size_t i = 0; i < 100000; i++) {
		say(e.st[0], "answer");
		h2_flush(e.s);
		frame(&b, DATA, 0, id, SLICE("\0\0\0\0\4ping"));
		frame(&b, WINDOW_UPDATE, 0, 0, SLICE("\0\0\0\6"));
		frame(&b, WINDOW_UPDATE, 0, id, SLICE("\0\0\0\6"));
		assert_true(h2_feed(e.s, buf_slice(&b), now += 1));
		h2_flush(e.s);
		buf_clear(&b);
		buf_clear(&e.log);
		buf_clear(&e.wire);
		buf_clear(&e.body);
	}
	release(&e, &b);
}

int main(void)
{
#define PAIR(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
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
		PAIR(test_pause),
		PAIR(test_pause_often),
		PAIR(test_pause_till_closed),
		PAIR(test_pause_then_cut),
		PAIR(test_reset_gives_window_back),
		PAIR(test_room),
		PAIR(test_no_copy),
		PAIR(test_peer_resets),
		PAIR(test_no_error_is_a_cut),
		PAIR(test_no_error_behind_whole),
		cmocka_unit_test(test_whole_but_bad_trailers),
		PAIR(test_no_error_while_paused),
		cmocka_unit_test(test_slow_readers),
		PAIR(test_answer_before_request_ended),
		PAIR(test_goaway),
		PAIR(test_limits),
		PAIR(test_connect),
		PAIR(test_priority),
		PAIR(test_inside_events),
		PAIR(test_feed_inside_event),
		PAIR(test_settings_like),
		cmocka_unit_test(test_malformed_requests),
		cmocka_unit_test(test_malformed_trailers),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_large_head),
		cmocka_unit_test(test_hpack_bomb),
		cmocka_unit_test(test_malformed_responses),
		cmocka_unit_test(test_broken_connections),
		cmocka_unit_test(test_closed_streams),
		cmocka_unit_test(test_late_for_reset),
		cmocka_unit_test(test_no_preface),
		cmocka_unit_test(test_floods),
		cmocka_unit_test(test_reset_floods),
		cmocka_unit_test(test_continuation_flood),
		cmocka_unit_test(test_unread),
		cmocka_unit_test(test_no_false_alarm),
	};

	return cmocka_run_group_tests_name("http2_session", tests, NULL, NULL);
}
