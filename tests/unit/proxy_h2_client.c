/*
 * A browser's HTTP/2 connection against a browser played by the client's side of the codec.  What
 * answers requests (dispatch.c and refusal.c in the proxy) is played here too.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/config.h"
#include "proxy/h2_client.h"
#include "proxy/worker.h"

#include <stdio.h>
#include <stdlib.h>

#define REQUESTS 40
#define SETTLE_TURNS 60
#define STALL_MS 20000
#define LARGE (1024u * 1024)

/* One request as the proxy saw it. */
struct asked {
	struct downstream *d; /* NULL: dropped */
	char method[16], path[64], host[64], upgrade[32], cookie[64];
	bool https;
	enum framing_kind framing;
	struct buf body;
	bool takes, ended, trailers;
	unsigned rooms;
	char priority[32];
};

/* One request as the browser sees it. */
struct seen {
	struct h2_stream *stream; /* NULL: closed */
	unsigned status, interims;
	char type[64], length[64], link[64], cookies;
	struct buf body;
	bool ended, closed, trailers;
	uint32_t error;
};

struct stage {
	int64_t wall_ms, mono_ms;
	struct clock clock;
	struct config config;
	struct worker w;
	struct stream *proxy, *browser;
	struct h2_client *h;
	struct h2_session *session;
	char site[SITE_MAX];
	struct asked asked[REQUESTS];
	size_t asked_n;
	struct seen seen[REQUESTS];
	bool takes; /* what new requests begin with */
	bool busy, over, free_when_idle, take;
	unsigned busies;
	/* a stream that was taken over */
	struct downstream *taken;
	struct h2_stream *taken_stream;
	struct buf taken_body;
	bool taken_end;
	unsigned taken_closed, taken_rooms;
	unsigned refused;
};

/* The functions that the proxy calls have no argument for it. */
static struct stage *stage;

/* ---- what answers ---- */

static struct asked *asked_of(const struct downstream *d)
{
	for (size_t i = 0; i < stage->asked_n; i++)
		if (stage->asked[i].d == d)
			return &stage->asked[i];
	return NULL;
}

static void print(char *to, size_t size, struct slice s)
{
	snprintf(to, size, "%.*s", SLICE_ARG(s));
}

void downstream_request(struct downstream *d, struct request_head *r)
{
	struct asked *a = &stage->asked[stage->asked_n++];

	assert_true(stage->asked_n <= REQUESTS);
	assert_true(r->absolute);
	assert_true(fields_count(r->fields, FIELD_HOST) == 1);
	a->d = d;
	d->head_only = r->method_id == METHOD_HEAD;
	print(a->method, sizeof(a->method), r->method);
	print(a->path, sizeof(a->path), r->path);
	print(a->host, sizeof(a->host), authority_host(r->authority));
	print(a->upgrade, sizeof(a->upgrade), r->upgrade);
	print(a->cookie, sizeof(a->cookie), fields_value(r->fields, FIELD_COOKIE));
	a->https = r->https;
	a->framing = r->framing.kind;
	a->takes = stage->takes;
	if (r->method_id == METHOD_CONNECT && r->upgrade.n == 0) {
		if (d->ops->connect != NULL)
			d->ops->connect(d, r->authority);
		else
			refuse(d, 400, "no");
	}
}

bool downstream_takes_body(const struct downstream *d)
{
	const struct asked *a = asked_of(d);

	return a == NULL || a->takes;
}

void downstream_body(struct downstream *d, const struct slice *spans, size_t n, uint64_t total)
{
	struct asked *a = asked_of(d);

	assert_non_null(a);
	assert_true(a->takes);
	assert_false(a->ended);
	for (size_t i = 0; i < n; i++) {
		assert_true(buf_add(&a->body, spans[i]));
		total -= spans[i].n;
	}
	assert_int_equal(total, 0);
}

void downstream_body_end(struct downstream *d, const struct fields *trailers)
{
	struct asked *a = asked_of(d);

	assert_non_null(a);
	assert_false(a->ended);
	a->ended = true;
	a->trailers = trailers != NULL && trailers->n != 0;
}

void downstream_priority(struct downstream *d, struct slice value)
{
	struct asked *a = asked_of(d);

	assert_non_null(a);
	print(a->priority, sizeof(a->priority), value);
}

void downstream_room(struct downstream *d)
{
	struct asked *a = asked_of(d);

	assert_non_null(a);
	a->rooms++;
}

void downstream_drop(struct downstream *d)
{
	struct asked *a = asked_of(d);

	if (a != NULL)
		a->d = NULL;
}

void refuse(struct downstream *d, unsigned status, const char *reason)
{
	stage->refused = status;
	d->ops->forget(d);
	d->ops->own(d, status, SLICE("Content-Type: text/plain\r\nX-A:b\r\n"), slice_str(reason));
}

void refuse_origin(struct downstream *d, const struct origin_failure *why)
{
	(void)why;
	refuse(d, 502, "broken");
}

/* ---- the owner of the connection ---- */

static void on_busy(void *owner, bool busy)
{
	struct stage *t = owner;

	assert_true(t->busy != busy);
	t->busy = busy;
	t->busies++;
	if (!busy && t->free_when_idle) {
		h2_client_free(t->h);
		t->h = NULL;
	}
}

static void on_over(void *owner, enum stream_how how)
{
	struct stage *t = owner;

	t->over = true;
	h2_client_free(t->h);
	t->h = NULL;
	stream_close(t->proxy, how);
	t->proxy = NULL;
}

static void on_proxy(struct stream *s, enum stream_event event, void *arg)
{
	struct stage *t = arg;

	(void)s;
	if (t->h == NULL)
		return;
	if (event == STREAM_READ)
		h2_client_read(t->h);
	else if (event == STREAM_DRAINED)
		h2_client_room(t->h);
}

/* ---- who takes a stream ---- */

static void taker_data(void *arg, struct slice data)
{
	struct stage *t = arg;

	buf_add(&t->taken_body, data);
}

static void taker_end(void *arg)
{
	((struct stage *)arg)->taken_end = true;
}

static void taker_closed(void *arg, uint32_t error)
{
	struct stage *t = arg;

	(void)error;
	t->taken_closed++;
	t->taken = NULL;
}

static void taker_room(void *arg)
{
	((struct stage *)arg)->taken_rooms++;
}

static const struct h2_taker taker = { taker_data, taker_end, taker_closed, taker_room };

static void on_connect(struct downstream *d, const struct authority *to)
{
	assert_int_equal(to->port, 443);
	stage->taken = d;
	stage->taken_stream = h2_client_take(d, &taker, stage);
	assert_non_null(stage->taken_stream);
}

/* ---- the browser ---- */

static void on_response(void *arg, struct h2_stream *s, struct h2_response *r)
{
	struct seen *b = h2_stream_owner(s);

	(void)arg;
	print(b->link, sizeof(b->link), fields_value(r->fields, FIELD_LINK));
	b->cookies += (char)fields_count(r->fields, FIELD_SET_COOKIE);
	if (r->status < 200) {
		b->interims++;
		return;
	}
	b->status = r->status;
	assert_true(fields_count(r->fields, FIELD_CONTENT_LENGTH) <= 1);
	print(b->type, sizeof(b->type), fields_value(r->fields, FIELD_CONTENT_TYPE));
	print(b->length, sizeof(b->length), fields_value(r->fields, FIELD_CONTENT_LENGTH));
}

static void on_data(void *arg, struct h2_stream *s, struct slice data)
{
	struct seen *b = h2_stream_owner(s);

	(void)arg;
	assert_true(buf_add(&b->body, data));
}

static void on_end(void *arg, struct h2_stream *s, const struct fields *trailers)
{
	struct seen *b = h2_stream_owner(s);

	(void)arg;
	b->ended = true;
	b->trailers = trailers != NULL && trailers->n != 0;
}

static void on_closed(void *arg, struct h2_stream *s, uint32_t error, bool unprocessed)
{
	struct seen *b = h2_stream_owner(s);

	(void)arg;
	(void)unprocessed;
	b->closed = true;
	b->error = error;
	b->stream = NULL;
}

static void on_room(void *arg, struct h2_stream *s)
{
	(void)arg;
	(void)s;
}

static void on_write(void *arg, struct slice a, struct slice b)
{
	struct stage *t = arg;

	stream_writev2(t->browser, a, b);
}

static bool on_is_full(void *arg)
{
	const struct stage *t = arg;

	return stream_is_full(t->browser);
}

static const struct h2_events browser_events = {
	.response = on_response,
	.data = on_data,
	.end = on_end,
	.closed = on_closed,
	.room = on_room,
	.write = on_write,
	.is_full = on_is_full,
};

static void on_browser(struct stream *s, enum stream_event event, void *arg)
{
	struct stage *t = arg;
	struct slice in = stream_peek(s);

	if (event == STREAM_READ) {
		h2_feed(t->session, in, t->mono_ms);
		stream_consume(s, in.n);
	}
	if (event == STREAM_READ || event == STREAM_DRAINED)
		h2_flush(t->session);
}

/* ---- the stage ---- */

static void settle(struct stage *t)
{
	for (int i = 0; i < SETTLE_TURNS; i++) {
		h2_flush(t->session);
		loop_turn(t->w.loop, false);
	}
}

static void advance(struct stage *t, int64_t ms)
{
	for (; ms > 0; ms -= LOOP_TICK_MS) {
		t->mono_ms += LOOP_TICK_MS;
		t->wall_ms += LOOP_TICK_MS;
		loop_turn(t->w.loop, false);
	}
	settle(t);
}

static void open_stage(struct stage *t, bool websockets)
{
	struct h2_config browser = { .side = H2_CLIENT,
				     .max_fields = 100,
				     .max_head = 65536,
				     .stream_window = 65535,
				     .window = 4 * LARGE };
	struct downstream common = { .w = &t->w, .secure = true, .connection_site = t->site };
	struct h2_client_setup setup = { .common = &common,
					 .websockets = websockets,
					 .connect = on_connect,
					 .busy = on_busy,
					 .over = on_over,
					 .owner = t };
	struct stream *ends[2];

	*t = (struct stage){ .wall_ms = INT64_C(1795305600000), .mono_ms = 1000000, .takes = true };
	stage = t;
	t->clock = (struct clock){ &t->wall_ms, &t->mono_ms };
	t->config.max_fields = 100;
	t->config.max_head = 65536;
	t->w.config = &t->config;
	t->w.loop = loop_new(&t->clock);
	assert_non_null(t->w.loop);
	timer_class_init(&t->w.times.stall, t->w.loop, STALL_MS);
	timer_class_init(&t->w.times.tunnel_idle, t->w.loop, 10 * STALL_MS);
	assert_true(stream_pair(t->w.loop, NULL, ends));
	t->proxy = ends[0];
	t->browser = ends[1];
	stream_set_cb(t->proxy, on_proxy, t);
	stream_set_cb(t->browser, on_browser, t);
	buf_init(&t->taken_body, 4 * LARGE);
	for (size_t i = 0; i < REQUESTS; i++) {
		buf_init(&t->asked[i].body, 4 * LARGE);
		buf_init(&t->seen[i].body, 4 * LARGE);
	}
	setup.stream = t->proxy;
	common.stream = t->proxy;
	t->h = h2_client_new(&setup);
	assert_non_null(t->h);
	t->session = h2_session_new(&browser, &browser_events, t);
	assert_non_null(t->session);
	settle(t);
}

static void close_stage(struct stage *t)
{
	h2_session_free(t->session);
	h2_client_free(t->h);
	stream_close(t->proxy, STREAM_RESET);
	stream_close(t->browser, STREAM_RESET);
	for (size_t i = 0; i < REQUESTS; i++) {
		assert_null(t->asked[i].d);
		buf_release(&t->asked[i].body);
		buf_release(&t->seen[i].body);
	}
	buf_release(&t->taken_body);
	loop_turn(t->w.loop, false);
	stream_reset_lingering(t->w.loop);
	timer_class_release(&t->w.times.stall);
	timer_class_release(&t->w.times.tunnel_idle);
	loop_free(t->w.loop);
}

/* The i-th request; "CONNECT" with a protocol is an extended one. */
static struct seen *ask(struct stage *t, size_t i, const char *method, const char *protocol,
			const char *const fields[][2], bool body)
{
	struct seen *b = &t->seen[i];
	struct fields f;
	struct h2_request r = {
		.method = slice_str(method),
		.method_id = method_of(slice_str(method)),
		.https = true,
		.protocol = slice_str(protocol),
		.fields = &f,
		.framing = { .kind = body ? FRAMING_CHUNKED : FRAMING_NONE },
	};
	bool plain = r.method_id == METHOD_CONNECT && protocol == NULL;

	fields_init(&f, 20, 1000);
	fields_add(&f, SLICE("Host"), plain ? SLICE("a.test:443") : SLICE("a.test"));
	for (; fields != NULL && (*fields)[0] != NULL; fields++)
		fields_add(&f, slice_str((*fields)[0]), slice_str((*fields)[1]));
	assert_null(authority_parse(&r.authority, fields_value(&f, FIELD_HOST)));
	if (!plain)
		r.path = SLICE("/p?q");
	b->stream = h2_request(t->session, &r, body, b);
	assert_non_null(b->stream);
	fields_release(&f);
	settle(t);
	return b;
}

static struct seen *get(struct stage *t, size_t i)
{
	return ask(t, i, "GET", NULL, NULL, false);
}

static bool answer(struct asked *a, unsigned status, const struct framing *framing,
		   const char *const fields[][2])
{
	struct fields f;
	struct answer_head head = { .status = status, .fields = &f, .framing = *framing };
	bool good;

	fields_init(&f, 20, 1000);
	for (; fields != NULL && (*fields)[0] != NULL; fields++)
		fields_add(&f, slice_str((*fields)[0]), slice_str((*fields)[1]));
	good = a->d->ops->head(a->d, &head);
	fields_release(&f);
	return good;
}

static void answer_body(struct asked *a, struct slice s)
{
	a->d->ops->body(a->d, &s, 1, s.n);
}

static const struct framing chunked = { .kind = FRAMING_CHUNKED };

/* A whole small answer. */
static void answer_ok(struct stage *t, struct asked *a)
{
	assert_true(answer(a, 200, &chunked, NULL));
	answer_body(a, SLICE("good"));
	a->d->ops->end(a->d, NULL);
	settle(t);
}

static bool body_is(const struct buf *b, const char *text)
{
	return slice_eq(buf_slice(b), slice_str(text));
}

/* ---- tests ---- */

static void a_request_and_its_answer(void **state)
{
	static const char *const sent[][2] = { { "cookie", "a=1" },
					       { "cookie", "b=2" },
					       { NULL, NULL } };
	static const char *const fields[][2] = { { "Content-Type", "text/plain" },
						 { "Transfer-Encoding", "chunked" },
						 { "Connection", "close" },
						 { NULL, NULL } };
	struct fields trailers;
	struct stage t;
	struct seen *b;

	(void)state;
	open_stage(&t, false);
	assert_false(t.busy);
	b = ask(&t, 0, "GET", NULL, sent, false);
	assert_true(t.busy);
	assert_int_equal(t.asked_n, 1);
	assert_string_equal(t.asked[0].method, "GET");
	assert_string_equal(t.asked[0].path, "/p?q");
	assert_string_equal(t.asked[0].host, "a.test");
	assert_string_equal(t.asked[0].cookie, "a=1; b=2");
	assert_true(t.asked[0].https);
	assert_true(t.asked[0].ended);
	assert_int_equal(h2_peer_settings(t.session)->n != 0, 1);
	assert_non_null(t.asked[0].d->like);

	assert_true(answer(&t.asked[0], 200, &chunked, fields));
	settle(&t);
	assert_int_equal(b->status, 200);
	assert_string_equal(b->type, "text/plain");
	answer_body(&t.asked[0], SLICE("one "));
	settle(&t);
	assert_true(body_is(&b->body, "one "));
	answer_body(&t.asked[0], SLICE("two"));
	fields_init(&trailers, 4, 0);
	fields_add(&trailers, SLICE("grpc-status"), SLICE("0"));
	t.asked[0].d->ops->end(t.asked[0].d, &trailers);
	fields_release(&trailers);
	assert_null(t.asked[0].d);
	settle(&t);
	assert_true(body_is(&b->body, "one two"));
	assert_true(b->ended && b->trailers && b->closed);
	assert_int_equal(b->error, H2_NO_ERROR);
	assert_false(t.busy);
	assert_int_equal(t.busies, 2);
	close_stage(&t);
}

static void answers_without_a_body(void **state)
{
	static const char *const five[][2] = { { "Content-Length", "5, 5" }, { NULL, NULL } };
	static const struct framing none = { .kind = FRAMING_NONE,
					     .has_length = true,
					     .length = 5 };
	static const struct framing length = { .kind = FRAMING_LENGTH,
					       .has_length = true,
					       .length = 5 };
	struct stage t;
	struct seen *b;

	(void)state;
	open_stage(&t, false);
	b = ask(&t, 0, "HEAD", NULL, NULL, false);
	assert_true(answer(&t.asked[0], 200, &none, five));
	t.asked[0].d->ops->end(t.asked[0].d, NULL);
	settle(&t);
	assert_string_equal(b->length, "5");
	assert_true(b->closed && b->ended && b->error == H2_NO_ERROR && b->body.len == 0);

	b = get(&t, 1);
	assert_true(answer(&t.asked[1], 204, &none, five));
	t.asked[1].d->ops->end(t.asked[1].d, NULL);
	settle(&t);
	assert_string_equal(b->length, "");
	assert_true(b->closed && b->error == H2_NO_ERROR);

	b = get(&t, 2);
	assert_true(answer(&t.asked[2], 200, &length, five));
	answer_body(&t.asked[2], SLICE("12345"));
	t.asked[2].d->ops->end(t.asked[2].d, NULL);
	settle(&t);
	assert_string_equal(b->length, "5");
	assert_true(body_is(&b->body, "12345"));

	b = get(&t, 3);
	assert_false(answer(&t.asked[3], 101, &none, NULL));
	t.asked[3].d->ops->cut(t.asked[3].d);
	settle(&t);
	assert_true(b->closed);
	assert_int_equal(b->error, H2_INTERNAL_ERROR);
	close_stage(&t);
}

static void interim_answers(void **state)
{
	static const char *const expect[][2] = { { "expect", "100-continue" }, { NULL, NULL } };
	struct fields hints;
	struct stage t;
	struct seen *b, *c;

	(void)state;
	open_stage(&t, false);
	b = ask(&t, 0, "POST", NULL, expect, true);
	c = get(&t, 1);
	for (size_t i = 0; i < 2; i++)
		t.asked[i].d->ops->interim(t.asked[i].d, 100, NULL);
	settle(&t);
	assert_int_equal(b->interims, 1);
	assert_int_equal(c->interims, 0);

	fields_init(&hints, 8, 0);
	fields_add(&hints, SLICE("Set-Cookie"), SLICE("a=1"));
	t.asked[1].d->ops->interim(t.asked[1].d, 103, &hints);
	settle(&t);
	assert_int_equal(c->interims, 0);
	fields_add(&hints, SLICE("Link"), SLICE("</a.css>; rel=preload"));
	t.asked[1].d->ops->interim(t.asked[1].d, 103, &hints);
	fields_release(&hints);
	settle(&t);
	assert_int_equal(c->interims, 1);
	assert_int_equal(c->cookies, 0);
	assert_string_equal(c->link, "</a.css>; rel=preload");

	h2_body_end(b->stream, NULL);
	settle(&t);
	answer_ok(&t, &t.asked[0]);
	answer_ok(&t, &t.asked[1]);
	assert_int_equal(b->status, 200);
	assert_true(body_is(&c->body, "good"));
	close_stage(&t);
}

static char *large(void)
{
	char *p = malloc(LARGE);

	assert_non_null(p);
	for (size_t i = 0; i < LARGE; i++)
		p[i] = (char)(i * 2654435761u >> 24);
	return p;
}

static void a_body_that_nobody_takes_yet_waits(void **state)
{
	struct slice s = { large(), LARGE };
	struct stage t;
	struct seen *b;

	(void)state;
	open_stage(&t, false);
	t.takes = false;
	b = ask(&t, 0, "POST", NULL, NULL, true);
	h2_body(b->stream, &s, 1);
	h2_body_end(b->stream, NULL);
	settle(&t);
	assert_int_equal(t.asked[0].body.len, 0);
	assert_true(h2_stream_is_full(b->stream));
	/* It takes now and then a little, and is without a connection in between. */
	for (int i = 0; i < 2000 && !t.asked[0].ended; i++) {
		t.asked[0].takes = true;
		t.asked[0].d->ops->want_body(t.asked[0].d);
		t.asked[0].takes = i % 3 == 0;
		settle(&t);
		t.asked[0].takes = false;
	}
	assert_true(t.asked[0].ended);
	assert_int_equal(t.asked[0].body.len, LARGE);
	assert_memory_equal(buf_slice(&t.asked[0].body).p, s.p, LARGE);
	answer_ok(&t, &t.asked[0]);
	assert_true(b->closed && b->error == H2_NO_ERROR);
	close_stage(&t);
	free((char *)s.p);
}

static void an_answer_that_is_not_taken_waits(void **state)
{
	struct slice s = { large(), 64u * 1024 };
	struct asked *a;
	struct stage t;
	struct seen *b;
	size_t wrote = 0;

	(void)state;
	open_stage(&t, false);
	b = get(&t, 0);
	a = &t.asked[0];
	h2_stream_pause(b->stream);
	assert_true(answer(a, 200, &chunked, NULL));
	while (!a->d->ops->is_full(a->d)) {
		answer_body(a, s);
		wrote += s.n;
		assert_true(wrote < LARGE);
		settle(&t);
	}
	assert_int_equal(a->rooms, 0);
	h2_stream_unpause(b->stream);
	settle(&t);
	assert_true(a->rooms > 0);
	assert_false(a->d->ops->is_full(a->d));
	a->d->ops->end(a->d, NULL);
	settle(&t);
	assert_true(b->ended && b->closed);
	assert_int_equal(b->body.len, wrote);
	close_stage(&t);
	free((char *)s.p);
}

static void requests_are_independent(void **state)
{
	struct slice s = { large(), LARGE };
	struct stage t;
	struct seen *b[4];

	(void)state;
	open_stage(&t, false);
	b[0] = get(&t, 0);
	b[1] = ask(&t, 1, "POST", NULL, NULL, true);
	b[2] = get(&t, 2);
	t.takes = false;
	b[3] = ask(&t, 3, "POST", NULL, NULL, true);
	h2_body(b[3]->stream, &s, 1);
	h2_body(b[1]->stream, &s, 1);
	settle(&t);
	/* refused in the middle of its body: the rest is dropped and asked no more */
	refuse(t.asked[1].d, 413, "too large");
	assert_null(t.asked[1].d);
	refuse(t.asked[3].d, 413, "too large");
	settle(&t);
	assert_int_equal(b[1]->status, 413);
	assert_true(b[1]->ended && b[1]->closed);
	assert_true(body_is(&b[1]->body, "too large"));
	assert_string_equal(b[1]->length, "9");
	assert_string_equal(b[1]->type, "text/plain");
	assert_true(b[3]->ended && b[3]->closed);
	assert_int_equal(t.asked[3].body.len, 0);
	/* cut */
	assert_true(answer(&t.asked[2], 200, &chunked, NULL));
	answer_body(&t.asked[2], SLICE("half"));
	settle(&t);
	t.asked[2].d->ops->cut(t.asked[2].d);
	settle(&t);
	assert_true(b[2]->closed && !b[2]->ended);
	assert_int_equal(b[2]->error, H2_INTERNAL_ERROR);
	assert_null(t.asked[2].d);
	assert_true(t.busy);
	answer_ok(&t, &t.asked[0]);
	assert_true(body_is(&b[0]->body, "good"));
	assert_false(t.busy);
	assert_false(t.over);
	close_stage(&t);
	free((char *)s.p);
}

static void what_the_browser_gives_up_is_dropped(void **state)
{
	struct stage t;
	struct seen *b;

	(void)state;
	open_stage(&t, false);
	b = get(&t, 0);
	get(&t, 1);
	h2_reset(b->stream, H2_CANCEL);
	settle(&t);
	assert_null(t.asked[0].d);
	assert_non_null(t.asked[1].d);
	/* The rest goes with the connection, also from inside an event. */
	t.free_when_idle = true;
	answer_ok(&t, &t.asked[1]);
	assert_null(t.h);
	close_stage(&t);

	open_stage(&t, false);
	get(&t, 0);
	ask(&t, 1, "POST", NULL, NULL, true);
	h2_client_free(t.h);
	t.h = NULL;
	assert_null(t.asked[0].d);
	assert_null(t.asked[1].d);
	close_stage(&t);
}

static void a_body_that_does_not_come(void **state)
{
	static const char *const expect[][2] = { { "expect", "100-continue" }, { NULL, NULL } };
	struct stage t;
	struct seen *b, *c, *d;

	(void)state;
	open_stage(&t, false);
	b = ask(&t, 0, "POST", NULL, NULL, true);
	c = get(&t, 1); /* its origin is slow: no fault of the browser's */
	d = ask(&t, 2, "POST", NULL, expect, true);
	advance(&t, STALL_MS / 2);
	h2_body(b->stream, &SLICE("x"), 1);
	settle(&t);
	advance(&t, STALL_MS / 2 + 1000);
	assert_int_equal(b->status, 0);
	advance(&t, STALL_MS / 2);
	assert_int_equal(b->status, 408);
	assert_true(b->closed);
	assert_int_equal(t.refused, 408);
	assert_null(t.asked[0].d);
	advance(&t, 3 * STALL_MS);
	assert_int_equal(c->status, 0);
	assert_int_equal(d->status, 0);
	answer_ok(&t, &t.asked[1]);
	assert_int_equal(c->status, 200);
	close_stage(&t);
}

static void an_answer_that_is_never_taken(void **state)
{
	struct slice s = { large(), LARGE };
	struct stage t;
	struct seen *b[3];

	(void)state;
	open_stage(&t, false);
	for (size_t i = 0; i < 3; i++) {
		b[i] = get(&t, i);
		assert_true(answer(&t.asked[i], 200, &chunked, NULL));
	}
	h2_stream_pause(b[0]->stream);
	h2_stream_pause(b[1]->stream);
	answer_body(&t.asked[0], s);
	answer_body(&t.asked[1], s);
	t.asked[1].d->ops->end(t.asked[1].d, NULL); /* all of it is said: it still has to end */
	settle(&t);
	advance(&t, STALL_MS + 1000);
	assert_null(t.asked[0].d);
	assert_true(b[0]->closed && b[1]->closed);
	assert_int_equal(b[0]->error, H2_CANCEL);
	assert_int_equal(b[1]->error, H2_CANCEL);
	assert_non_null(t.asked[2].d);
	assert_false(b[2]->closed);
	close_stage(&t);
	free((char *)s.p);
}

static void many_answers_that_are_not_taken(void **state)
{
	struct slice s = { large(), 16u * 1024 };
	size_t kept = 0, wrote[REQUESTS] = { 0 };
	struct asked *a;
	struct stage t;

	(void)state;
	open_stage(&t, false);
	for (size_t i = 0; i < REQUESTS; i++) {
		get(&t, i);
		h2_stream_pause(t.seen[i].stream);
		assert_true(answer(&t.asked[i], 200, &chunked, NULL));
	}
	for (size_t i = 0; i < REQUESTS; i++) {
		a = &t.asked[i];
		while (!a->d->ops->is_full(a->d)) {
			answer_body(a, s);
			wrote[i] += s.n;
			settle(&t);
		}
		kept += wrote[i] - 65535; /* that much the browser's window took */
	}
	assert_true(kept < 3 * LARGE);
	for (size_t i = 0; i < REQUESTS; i++)
		assert_int_equal(t.asked[i].rooms, 0);
	for (size_t i = 0; i < REQUESTS; i++) {
		h2_stream_unpause(t.seen[i].stream);
		settle(&t);
		assert_int_equal(t.seen[i].body.len, wrote[i]);
		assert_true(t.asked[i].rooms > 0);
	}
	for (size_t i = 0; i < REQUESTS; i++)
		t.asked[i].d->ops->end(t.asked[i].d, NULL);
	settle(&t);
	assert_false(t.busy);
	close_stage(&t);
	free((char *)s.p);
}

static void a_connection_that_is_not_read(void **state)
{
	struct slice s = { large(), LARGE };
	struct asked *a;
	struct stage t;

	(void)state;
	open_stage(&t, false);
	for (size_t i = 0; i < 6; i++)
		get(&t, i);
	stream_pause(t.browser);
	for (size_t i = 0; i < 6; i++) {
		a = &t.asked[i];
		assert_true(answer(a, 200, &chunked, NULL));
		for (int k = 0; k < 20 && !a->d->ops->is_full(a->d); k++) {
			answer_body(a, slice_head(s, 65536));
			settle(&t);
		}
	}
	advance(&t, STALL_MS / 2);
	assert_non_null(t.asked[0].d);
	advance(&t, STALL_MS + 1000);
	for (size_t i = 0; i < 6; i++)
		assert_null(t.asked[i].d);
	assert_false(t.busy);
	close_stage(&t);
	free((char *)s.p);
}

static void draining(void **state)
{
	struct stage t;
	struct seen *b;

	(void)state;
	open_stage(&t, false);
	assert_true(h2_client_drain(t.h));
	settle(&t);
	close_stage(&t);

	open_stage(&t, false);
	b = get(&t, 0);
	assert_false(h2_client_drain(t.h));
	settle(&t);
	assert_false(t.over);
	assert_false(h2_has_room(t.session));
	answer_ok(&t, &t.asked[0]);
	assert_true(body_is(&b->body, "good"));
	assert_int_equal(b->error, H2_NO_ERROR);
	assert_true(t.over);
	close_stage(&t);

	/* A replaced generation keeps who is there until the next answer. */
	open_stage(&t, false);
	t.w.draining = true;
	b = get(&t, 0);
	answer_ok(&t, &t.asked[0]);
	assert_true(b->closed && b->error == H2_NO_ERROR);
	assert_true(t.over);
	close_stage(&t);
}

static void what_breaks_the_protocol_ends_the_connection(void **state)
{
	struct stage t;

	(void)state;
	open_stage(&t, false);
	get(&t, 0);
	/* DATA on stream 0 */
	stream_write(t.browser, slice_of("\0\0\1\0\0\0\0\0\0x", 10));
	settle(&t);
	assert_true(t.over);
	assert_null(t.asked[0].d);
	close_stage(&t);
}

static void websockets(void **state)
{
	struct stage t;
	struct seen *b;

	(void)state;
	open_stage(&t, true);
	assert_true(h2_peer_extended_connect(t.session));
	b = ask(&t, 0, "CONNECT", "websocket", NULL, true);
	assert_string_equal(t.asked[0].method, "CONNECT");
	assert_string_equal(t.asked[0].upgrade, "websocket");
	assert_string_equal(t.asked[0].path, "/p?q");
	assert_int_equal(t.asked[0].framing, FRAMING_CHUNKED);
	assert_true(answer(&t.asked[0], 200, &chunked, NULL));
	answer_body(&t.asked[0], SLICE("from the origin"));
	h2_body(b->stream, &SLICE("from the browser"), 1);
	settle(&t);
	assert_true(body_is(&b->body, "from the origin"));
	assert_true(body_is(&t.asked[0].body, "from the browser"));
	/* Silence is no fault, but not for ever. */
	advance(&t, 3 * STALL_MS);
	assert_false(b->closed);
	advance(&t, 8 * STALL_MS);
	assert_true(b->closed);
	assert_null(t.asked[0].d);

	b = ask(&t, 1, "CONNECT", "something-else", NULL, true);
	assert_int_equal(b->status, 501);
	close_stage(&t);
}

static void offers_and_priorities_that_come_later(void **state)
{
	struct stage t;
	struct seen *b;

	(void)state;
	open_stage(&t, false);
	b = get(&t, 0);
	h2_priority(b->stream, SLICE("u=1, i"));
	settle(&t);
	assert_string_equal(t.asked[0].priority, "u=1, i");
	assert_false(h2_peer_extended_connect(t.session));
	t.asked[0].d->ops->websockets(t.asked[0].d);
	answer_ok(&t, &t.asked[0]);
	assert_true(h2_peer_extended_connect(t.session));
	ask(&t, 1, "CONNECT", "websocket", NULL, true);
	assert_string_equal(t.asked[1].upgrade, "websocket");
	answer_ok(&t, &t.asked[1]);
	close_stage(&t);
}

static void a_stream_that_is_taken(void **state)
{
	struct stage t;
	struct seen *b;

	(void)state;
	open_stage(&t, false);
	b = ask(&t, 0, "CONNECT", NULL, NULL, true);
	assert_non_null(t.taken);
	advance(&t, 3 * STALL_MS); /* not ours to watch */
	h2_body(b->stream, &SLICE("hello"), 1);
	settle(&t);
	assert_int_equal(t.taken_body.len, 0);
	assert_true(h2_respond(t.taken_stream, 200, NULL, true));
	h2_stream_unpause(t.taken_stream);
	h2_body(t.taken_stream, &SLICE("tunnel"), 1);
	h2_client_wake(t.taken);
	settle(&t);
	assert_int_equal(b->status, 200);
	assert_true(body_is(&t.taken_body, "hello"));
	assert_true(body_is(&b->body, "tunnel"));
	h2_body_end(b->stream, NULL);
	settle(&t);
	assert_true(t.taken_end);
	h2_body_end(t.taken_stream, NULL);
	h2_client_wake(t.taken);
	settle(&t);
	assert_int_equal(t.taken_closed, 1);
	assert_true(b->closed && b->error == H2_NO_ERROR);

	/* refused after all */
	b = ask(&t, 1, "CONNECT", NULL, NULL, true);
	refuse_origin(t.taken, NULL);
	settle(&t);
	assert_int_equal(b->status, 502);
	assert_true(b->closed);
	assert_int_equal(t.taken_closed, 1);
	/* ended by the taker */
	b = ask(&t, 2, "CONNECT", NULL, NULL, true);
	h2_client_reset(t.taken, H2_CONNECT_ERROR);
	settle(&t);
	assert_int_equal(b->error, H2_CONNECT_ERROR);
	assert_int_equal(t.taken_closed, 1);
	/* ended by the browser, and with the connection */
	b = ask(&t, 3, "CONNECT", NULL, NULL, true);
	h2_reset(b->stream, H2_CANCEL);
	settle(&t);
	assert_int_equal(t.taken_closed, 2);
	ask(&t, 4, "CONNECT", NULL, NULL, true);
	h2_client_free(t.h);
	t.h = NULL;
	assert_int_equal(t.taken_closed, 3);
	for (size_t i = 0; i < t.asked_n; i++)
		t.asked[i].d = NULL; /* whoever takes a stream drops nothing */
	close_stage(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_and_its_answer),
		cmocka_unit_test(answers_without_a_body),
		cmocka_unit_test(interim_answers),
		cmocka_unit_test(a_body_that_nobody_takes_yet_waits),
		cmocka_unit_test(an_answer_that_is_not_taken_waits),
		cmocka_unit_test(requests_are_independent),
		cmocka_unit_test(what_the_browser_gives_up_is_dropped),
		cmocka_unit_test(a_body_that_does_not_come),
		cmocka_unit_test(an_answer_that_is_never_taken),
		cmocka_unit_test(many_answers_that_are_not_taken),
		cmocka_unit_test(a_connection_that_is_not_read),
		cmocka_unit_test(draining),
		cmocka_unit_test(what_breaks_the_protocol_ends_the_connection),
		cmocka_unit_test(websockets),
		cmocka_unit_test(offers_and_priorities_that_come_later),
		cmocka_unit_test(a_stream_that_is_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
