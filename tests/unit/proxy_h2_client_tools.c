#include "tests/unit/proxy_h2_client_tools.h"

#include <stdio.h>
#include <stdlib.h>

#define SETTLE_TURNS 60

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

void settle(struct stage *t)
{
	for (int i = 0; i < SETTLE_TURNS; i++) {
		h2_flush(t->session);
		loop_turn(t->w.loop, false);
	}
}

void advance(struct stage *t, int64_t ms)
{
	for (; ms > 0; ms -= LOOP_TICK_MS) {
		t->mono_ms += LOOP_TICK_MS;
		t->wall_ms += LOOP_TICK_MS;
		loop_turn(t->w.loop, false);
	}
	settle(t);
}

void open_stage(struct stage *t, bool websockets)
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

void close_stage(struct stage *t)
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

struct seen *ask(struct stage *t, size_t i, const char *method, const char *protocol,
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

struct seen *get(struct stage *t, size_t i)
{
	return ask(t, i, "GET", NULL, NULL, false);
}

bool answer(struct asked *a, unsigned status, const struct framing *framing,
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

void answer_body(struct asked *a, struct slice s)
{
	a->d->ops->body(a->d, &s, 1, s.n);
}

const struct framing chunked = { .kind = FRAMING_CHUNKED };

void answer_ok(struct stage *t, struct asked *a)
{
	assert_true(answer(a, 200, &chunked, NULL));
	answer_body(a, SLICE("good"));
	a->d->ops->end(a->d, NULL);
	settle(t);
}

bool body_is(const struct buf *b, const char *text)
{
	return slice_eq(buf_slice(b), slice_str(text));
}

char *large(void)
{
	char *p = malloc(LARGE);

	assert_non_null(p);
	for (size_t i = 0; i < LARGE; i++)
		p[i] = (char)(i * 2654435761u >> 24);
	return p;
}
