/*
 * An origin's HTTP/2 connection and the exchanges on it, against the server side of the codec at
 * the other end of a socketpair, under virtual time.  struct origin and the pool are played here.
 */
#include "tests/unit/net_tools.h"

#include "base/config.h"
#include "proxy/h2_origin.h"
#include "proxy/http/h2_session.h"
#include "proxy/pool.h"
#include "proxy/visitor.h"
#include "proxy/worker.h"

#include <arpa/inet.h>
#include <stdlib.h>

#define STALL_MS 60000
#define IDLE_MS 30000
#define ASKED_MAX 128
#define EXCHANGES 128
#define STREAMS 100

/* ---- the origin and the pool ---- */

struct origin {
	struct stream *stream;
	origin_cb *cb;
	void *arg;
	struct origin_target target;
	struct origin_failure failure;
	bool failed;
	unsigned closed;
};

static unsigned unshared;

void pool_unshare(struct pool *p, struct h2_origin *h)
{
	(void)p;
	assert_non_null(h);
	unshared++;
}

void visitor_hold(struct visitors *all, struct visitor *v)
{
	(void)all;
	v->holds++;
}

void visitor_let_go(struct visitors *all, struct visitor *v)
{
	(void)all;
	v->holds--;
}

void origin_own(struct origin *o, origin_cb *cb, void *arg)
{
	o->cb = cb;
	o->arg = arg;
}

const struct origin_target *origin_target(const struct origin *o)
{
	return &o->target;
}

const char *origin_site(const struct origin *o)
{
	(void)o;
	return "site.example";
}

struct stream *origin_stream(struct origin *o)
{
	return o->stream;
}

const struct origin_failure *origin_failure(const struct origin *o)
{
	return o->failed ? &o->failure : NULL;
}

void origin_close(struct origin *o, enum stream_how how)
{
	assert_int_equal(o->closed++, 0);
	stream_close(o->stream, how);
	o->stream = NULL;
}

static void tell_origin(struct origin *o, enum origin_event event)
{
	if (o->closed == 0)
		o->cb(o, event, o->arg);
}

static void on_origin_stream(struct stream *s, enum stream_event event, void *arg)
{
	struct origin *o = arg;

	(void)s;
	switch (event) {
	case STREAM_READ:
		tell_origin(o, ORIGIN_BYTES);
		break;
	case STREAM_DRAINED:
		tell_origin(o, ORIGIN_ROOM);
		break;
	case STREAM_EOF:
		tell_origin(o, ORIGIN_ENDED);
		break;
	case STREAM_ERROR:
		o->failed = true;
		o->failure.fault = FAULT_BROKEN;
		snprintf(o->failure.text, sizeof(o->failure.text), "it broke");
		tell_origin(o, ORIGIN_FAILED);
		break;
	default:
		break;
	}
}

/* ---- the server ---- */

struct asked {
	struct h2_stream *stream; /* NULL: closed */
	char method[16], path[64], host[64], te[16], protocol[16];
	uint64_t body;
	bool ended, closed, has_trailers;
	uint32_t error;
};

struct server {
	struct stream *stream;
	struct h2_session *session;
	struct asked asked[ASKED_MAX];
	size_t n;
	unsigned reads;
	bool eof, mute; /* mute: reads and says nothing */
};

static struct asked *asked_of(struct server *v, const struct h2_stream *s)
{
	for (size_t i = 0; i < v->n; i++)
		if (v->asked[i].stream == s)
			return &v->asked[i];
	fail_msg("an event of an unknown stream");
	return NULL;
}

static void on_request(void *arg, struct h2_stream *s, struct h2_request *r)
{
	struct server *v = arg;
	struct asked *a = &v->asked[v->n++];

	assert_true(v->n <= ASKED_MAX);
	a->stream = s;
	assert_true(slice_copy(r->method, a->method, sizeof(a->method)));
	assert_true(slice_copy(r->path, a->path, sizeof(a->path)));
	assert_true(slice_copy(fields_value(r->fields, FIELD_HOST), a->host, sizeof(a->host)));
	assert_true(slice_copy(fields_value(r->fields, FIELD_TE), a->te, sizeof(a->te)));
	assert_true(slice_copy(r->protocol, a->protocol, sizeof(a->protocol)));
}

static void on_server_data(void *arg, struct h2_stream *s, struct slice data)
{
	asked_of(arg, s)->body += data.n;
}

static void on_server_end(void *arg, struct h2_stream *s, const struct fields *trailers)
{
	asked_of(arg, s)->ended = true;
	asked_of(arg, s)->has_trailers = trailers != NULL && trailers->n != 0;
}

static void on_server_closed(void *arg, struct h2_stream *s, uint32_t error, bool unprocessed)
{
	struct asked *a = asked_of(arg, s);

	(void)unprocessed;
	a->stream = NULL;
	a->closed = true;
	a->error = error;
}

static void on_server_room(void *arg, struct h2_stream *s)
{
	(void)asked_of(arg, s);
}

static void on_server_write(void *arg, struct slice a, struct slice b)
{
	struct server *v = arg;

	stream_writev2(v->stream, a, b);
}

static bool on_server_is_full(void *arg)
{
	struct server *v = arg;

	return stream_is_full(v->stream);
}

static const struct h2_events server_events = {
	.request = on_request,
	.data = on_server_data,
	.end = on_server_end,
	.closed = on_server_closed,
	.room = on_server_room,
	.write = on_server_write,
	.is_full = on_server_is_full,
};

static void on_server_stream(struct stream *s, enum stream_event event, void *arg)
{
	struct server *v = arg;
	struct slice in = stream_peek(s);

	switch (event) {
	case STREAM_READ:
		v->reads++;
		if (!v->mute) {
			h2_feed(v->session, in, loop_now_ms(stream_loop(s)));
			h2_flush(v->session);
		}
		stream_consume(s, in.n);
		break;
	case STREAM_DRAINED:
		h2_flush(v->session);
		break;
	case STREAM_EOF:
	case STREAM_ERROR:
		v->eof = true;
		break;
	default:
		break;
	}
}

/* ---- an exchange ---- */

struct exchange {
	struct upstream_h2 u;
	unsigned status, interims, rooms;
	struct framing framing;
	uint64_t got;
	char first[64]; /* the first bytes of the body */
	bool ended, failed, unprocessed, has_trailers, drop_at_head, pause_at_body;
	struct exchange *drop_with_me;
	enum origin_fault fault;
	char text[256];
};

static void on_interim(void *arg, unsigned status, struct fields *f)
{
	struct exchange *x = arg;

	(void)f;
	assert_true(status >= 100 && status < 200);
	x->interims++;
}

static void on_head(void *arg, const struct upstream_head *head)
{
	struct exchange *x = arg;

	assert_int_equal(x->status, 0);
	assert_int_equal(head->reason.n, 0);
	x->status = head->status;
	x->framing = head->framing;
	if (x->drop_at_head)
		x->u.up.ops->drop(&x->u.up);
}

static void on_body(void *arg, const struct slice *spans, size_t n, uint64_t total)
{
	struct exchange *x = arg;
	uint64_t sum = 0;

	assert_true(x->status != 0 && !x->ended && !x->failed);
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < spans[i].n && x->got + sum + k + 1 < sizeof(x->first); k++)
			x->first[x->got + sum + k] = spans[i].p[k];
		sum += spans[i].n;
	}
	assert_int_equal(sum, total);
	x->got += sum;
	if (x->pause_at_body)
		x->u.up.ops->pause(&x->u.up);
}

static void on_end(void *arg, const struct fields *trailers)
{
	struct exchange *x = arg;

	assert_true(!x->ended && !x->failed && x->status != 0);
	x->ended = true;
	x->has_trailers = trailers != NULL && trailers->n != 0;
	/* The memory may be used for something else now. */
	memset(&x->u, 0xee, sizeof(x->u));
}

static void on_room(void *arg)
{
	struct exchange *x = arg;

	x->rooms++;
}

static void on_failed(void *arg, const struct origin_failure *why, bool unprocessed)
{
	struct exchange *x = arg;

	assert_true(!x->ended && !x->failed);
	x->failed = true;
	x->unprocessed = unprocessed;
	x->fault = why->fault;
	memcpy(x->text, why->text, sizeof(x->text));
	if (x->drop_with_me != NULL)
		x->drop_with_me->u.up.ops->drop(&x->drop_with_me->u.up);
}

static const struct upstream_events exchange_events = {
	.interim = on_interim,
	.head = on_head,
	.body = on_body,
	.end = on_end,
	.room = on_room,
	.failed = on_failed,
};

/* ---- all of it ---- */

struct scene {
	int64_t mono;
	struct clock clock;
	struct config config;
	struct worker w;
	struct visitor visitor;
	struct origin origin;
	struct server v;
	struct h2_origin *h;
	struct exchange x[EXCHANGES];
	bool freed;
};

static void turns(struct scene *t)
{
	run_idle(t->w.loop);
}

static void advance(struct scene *t, int64_t ms)
{
	while (ms > 0) {
		t->mono += ms < LOOP_TICK_MS ? ms : LOOP_TICK_MS;
		ms -= LOOP_TICK_MS;
		loop_turn(t->w.loop, false);
	}
	turns(t);
}

/* The origin's SETTINGS are on their way. */
static struct scene *set_scene(void)
{
	struct scene *t = calloc(1, sizeof(*t));
	const struct h2_config config = { .side = H2_SERVER,
					  .max_fields = 100,
					  .max_head = 65536,
					  .max_streams = STREAMS,
					  .stream_window = 65536,
					  .window = 1u << 20,
					  .extended_connect = true };
	int fd[2];

	assert_non_null(t);
	unshared = 0;
	t->mono = 1000000;
	t->clock = (struct clock){ &t->mono, &t->mono };
	t->config.max_fields = 100;
	t->config.max_head = 65536;
	t->w.config = &t->config;
	t->w.loop = loop_new(&t->clock);
	assert_non_null(t->w.loop);
	timer_class_init(&t->w.times.stall, t->w.loop, STALL_MS);
	timer_class_init(&t->w.times.origin_idle, t->w.loop, IDLE_MS);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
	snprintf(t->origin.target.host, sizeof(t->origin.target.host), "origin.example");
	t->origin.target.port = 443;
	t->origin.target.visitor = &t->visitor;
	t->origin.target.secure = true;
	t->origin.stream = stream_from_fd(t->w.loop, fd[0], on_origin_stream, &t->origin);
	t->v.stream = stream_from_fd(t->w.loop, fd[1], on_server_stream, &t->v);
	t->v.session = h2_session_new(&config, &server_events, &t->v);
	assert_true(t->origin.stream != NULL && t->v.stream != NULL && t->v.session != NULL);
	h2_flush(t->v.session);
	return t;
}

static int set_up(void **state)
{
	struct scene *t = set_scene();

	t->h = h2_origin_new(&t->w, &t->origin, NULL);
	assert_non_null(t->h);
	turns(t);
	*state = t;
	return 0;
}

static void hold(struct origin *o, enum origin_event event, void *arg)
{
	(void)event;
	(void)arg;
	stream_pause(o->stream);
}

/* What came together with the end of the handshake. */
static int set_up_late(void **state)
{
	struct scene *t = set_scene();

	t->origin.cb = hold;
	turns(t);
	assert_true(stream_peek(t->origin.stream).n != 0);
	t->h = h2_origin_new(&t->w, &t->origin, NULL);
	assert_non_null(t->h);
	*state = t;
	return 0;
}

static int tear_down(void **state)
{
	struct scene *t = *state;

	if (t->origin.closed == 0)
		h2_origin_free(t->h);
	assert_int_equal(t->origin.closed, 1);
	h2_session_free(t->v.session);
	stream_close(t->v.stream, STREAM_RESET);
	turns(t);
	assert_int_equal(t->visitor.holds, 0);
	assert_true(t->visitor.kept == 0 && t->w.kept == 0);
	stream_reset_lingering(t->w.loop);
	timer_class_release(&t->w.times.stall);
	timer_class_release(&t->w.times.origin_idle);
	loop_free(t->w.loop);
	free(t);
	return 0;
}

struct ask {
	const char *method, *target, *host;
	bool body;
};

static bool begin(struct scene *t, size_t i, const struct ask *a)
{
	struct exchange *x = &t->x[i];
	struct slice method = slice_str(a->method != NULL ? a->method : "GET");
	struct upstream_request r = { .method = method,
				      .method_id = method_of(method),
				      .target = slice_str(a->target),
				      .secure = true };
	struct fields f;
	bool good;

	fields_init(&f, 20, 4096);
	if (a->host != NULL)
		assert_true(fields_add(&f, SLICE("Host"), slice_str(a->host)));
	assert_true(fields_add(&f, SLICE("Connection"), SLICE("keep-alive")));
	assert_true(fields_add(&f, SLICE("User-Agent"), SLICE("test")));
	assert_true(fields_add(&f, SLICE("TE"), SLICE("trailers")));
	r.fields = &f;
	r.framing.kind = a->body ? FRAMING_CHUNKED : FRAMING_NONE;
	if (method_of(method) == METHOD_CONNECT)
		r.upgrade = SLICE("websocket");
	memset(x, 0, sizeof(*x));
	x->u.up.events = &exchange_events;
	x->u.up.x = x;
	good = upstream_h2_begin(&x->u, t->h, &r);
	fields_release(&f);
	return good;
}

static void get(struct scene *t, size_t i, const char *target)
{
	const struct ask a = { .target = target, .host = "origin.example" };

	assert_true(begin(t, i, &a));
}

static void post(struct scene *t, size_t i)
{
	const struct ask a = {
		.method = "POST", .target = "/post", .host = "origin.example", .body = true
	};

	assert_true(begin(t, i, &a));
}

static void send_body(struct exchange *x, const char *p, size_t n)
{
	struct slice s = slice_of(p, n);

	x->u.up.ops->body(&x->u.up, &s, 1, n);
}

/* The i-th request's answer: a head, and if `data` is not NULL that as a body. */
static void answer(struct scene *t, size_t i, const char *data, bool end)
{
	struct h2_stream *s = t->v.asked[i].stream;
	struct slice body = slice_str(data);
	struct fields f;

	fields_init(&f, 20, 4096);
	assert_true(fields_add(&f, SLICE("Content-Type"), SLICE("text/plain")));
	assert_true(h2_respond(s, 200, &f, data != NULL));
	if (data != NULL)
		h2_body(s, &body, 1);
	if (data != NULL && end)
		h2_body_end(s, NULL);
	h2_flush(t->v.session);
	fields_release(&f);
	turns(t);
}

static void say(struct scene *t, size_t i, const char *data, bool end)
{
	struct h2_stream *s = t->v.asked[i].stream;
	struct slice body = slice_str(data);

	h2_body(s, &body, 1);
	if (end)
		h2_body_end(s, NULL);
	h2_flush(t->v.session);
	turns(t);
}

static void reset(struct scene *t, size_t i, enum h2_error error)
{
	h2_reset(t->v.asked[i].stream, error);
	t->v.asked[i].stream = NULL;
	h2_flush(t->v.session);
	turns(t);
}

static void raw(struct scene *t, const void *p, size_t n)
{
	stream_write(t->v.stream, slice_of(p, n));
	turns(t);
}

static void go_away(struct scene *t, uint32_t last, uint32_t error)
{
	unsigned char frame[17] = { 0, 0, 8, 7 };
	uint32_t v[2] = { htonl(last), htonl(error) };

	memcpy(frame + 9, v, sizeof(v));
	raw(t, frame, sizeof(frame));
}

/* ---- the tests ---- */

static void interleaved(void **state)
{
	struct scene *t = *state;
	const struct ask query = { .target = "?q", .host = "ORIGIN.example:443" };
	const struct ask bare = { .target = "" };
	const struct ask options = { .method = "OPTIONS", .target = "", .host = "origin.example" };
	unsigned reads;

	turns(t);
	reads = t->v.reads;
	get(t, 0, "/a");
	assert_true(begin(t, 1, &query));
	assert_true(begin(t, 2, &bare));
	assert_true(begin(t, 3, &options));
	turns(t);
	/* One turn's requests are one write. */
	assert_int_equal(t->v.reads, reads + 1);
	assert_int_equal(t->v.n, 4);
	assert_string_equal(t->v.asked[0].path, "/a");
	assert_string_equal(t->v.asked[0].te, "trailers");
	assert_string_equal(t->v.asked[1].path, "/?q");
	assert_string_equal(t->v.asked[1].host, "origin.example");
	assert_string_equal(t->v.asked[2].path, "/");
	assert_string_equal(t->v.asked[2].host, "origin.example");
	assert_string_equal(t->v.asked[3].path, "*");
	assert_string_equal(t->v.asked[3].method, "OPTIONS");
	assert_true(t->v.asked[0].ended);

	answer(t, 1, "two-", false);
	answer(t, 0, "one-", false);
	assert_true(!t->x[0].ended && !t->x[1].ended);
	say(t, 0, "one", true);
	say(t, 1, "two", true);
	assert_true(t->x[0].ended && t->x[1].ended);
	assert_string_equal(t->x[0].first, "one-one");
	assert_string_equal(t->x[1].first, "two-two");
	assert_int_equal(t->x[1].status, 200);
	answer(t, 2, NULL, true);
	assert_true(t->x[2].ended);
	assert_int_equal(t->x[2].got, 0);
	assert_int_equal(unshared, 0);
}

static void uploads(void **state)
{
	struct scene *t = *state;
	struct fields f;

	post(t, 0);
	send_body(&t->x[0], "hello", 5);
	fields_init(&f, 4, 1024);
	fields_add(&f, SLICE("x-sum"), SLICE("1"));
	t->x[0].u.up.ops->body_end(&t->x[0].u.up, &f);
	fields_release(&f);
	turns(t);
	assert_int_equal(t->v.asked[0].body, 5);
	assert_true(t->v.asked[0].ended && t->v.asked[0].has_trailers);
	answer(t, 0, "done", true);
	assert_true(t->x[0].ended);
}

static void upload_waits(void **state)
{
	struct scene *t = *state;
	const size_t size = 400000;
	char *big = calloc(1, size);
	struct exchange *x = &t->x[0];

	assert_non_null(big);
	post(t, 0);
	turns(t);
	h2_stream_pause(t->v.asked[0].stream);
	assert_false(x->u.up.ops->is_full(&x->u.up));
	send_body(x, big, size);
	free(big);
	turns(t);
	assert_true(x->u.up.ops->is_full(&x->u.up));
	assert_int_equal(x->rooms, 0);
	h2_stream_unpause(t->v.asked[0].stream);
	h2_flush(t->v.session);
	turns(t);
	assert_int_equal(t->v.asked[0].body, size);
	assert_false(x->u.up.ops->is_full(&x->u.up));
	assert_int_equal(x->rooms, 1);
	/* Both directions at once, as gRPC does. */
	answer(t, 0, "first", false);
	assert_string_equal(x->first, "first");
	send_body(x, "more", 4);
	turns(t);
	assert_int_equal(t->v.asked[0].body, size + 4);
	x->u.up.ops->body_end(&x->u.up, NULL);
	turns(t);
	assert_true(t->v.asked[0].ended);
	say(t, 0, "last", true);
	assert_true(x->ended && t->v.asked[0].closed);
	assert_int_equal(t->v.asked[0].error, H2_NO_ERROR);
}

static void pausing(void **state)
{
	struct scene *t = *state;
	const size_t size = 3u << 20;
	char *big = calloc(1, size);
	struct slice body = slice_of(big, size);
	struct exchange *x = &t->x[0];

	assert_non_null(big);
	get(t, 0, "/big");
	get(t, 1, "/small");
	turns(t);
	x->pause_at_body = true;
	answer(t, 0, "first", false);
	assert_int_equal(x->got, 5);
	h2_body(t->v.asked[0].stream, &body, 1);
	h2_body_end(t->v.asked[0].stream, NULL);
	free(big);
	h2_flush(t->v.session);
	turns(t);
	assert_int_equal(x->got, 5);
	assert_true(h2_stream_is_full(t->v.asked[0].stream));
	/* The other one is not held up, and time does not count while it is our browser's. */
	answer(t, 1, "small", true);
	assert_true(t->x[1].ended);
	advance(t, 3 * STALL_MS);
	assert_false(x->failed);
	x->pause_at_body = false;
	x->u.up.ops->unpause(&x->u.up);
	turns(t);
	assert_int_equal(x->got, size + 5);
	assert_true(x->ended);
}

static void flood(struct scene *t, size_t i)
{
	static const char zeros[1u << 20];
	struct slice body = slice_of(zeros, sizeof(zeros));

	get(t, i, "/big");
	turns(t);
	t->x[i].pause_at_body = true;
	answer(t, i, "first", false);
	h2_body(t->v.asked[i].stream, &body, 1);
	h2_flush(t->v.session);
	turns(t);
}

/* What waits for browsers that do not read is counted, and beyond a limit not kept. */
static void hoarded(void **state)
{
	static const size_t others = 100u << 20;
	struct scene *t = *state;

	flood(t, 0);
	assert_true(t->visitor.kept > 900000 && t->visitor.kept == t->w.kept);
	t->x[0].pause_at_body = false;
	t->x[0].u.up.ops->unpause(&t->x[0].u.up);
	turns(t);
	assert_int_equal(t->visitor.kept, 0);

	/* One stream may always wait; two are too much for a visitor who has so much elsewhere. */
	t->visitor.kept += others;
	t->w.kept += others;
	flood(t, 1);
	assert_false(t->x[1].failed);
	flood(t, 2);
	assert_true(t->x[0].failed && t->x[1].failed && t->x[2].failed);
	assert_int_equal(t->x[1].fault, FAULT_BROKEN);
	assert_int_equal(t->visitor.kept, others);
	t->visitor.kept -= others;
	t->w.kept -= others;
}

/* An answer that is whole, held here, and whose stream the origin has done with. */
static void paused_to_the_end(void **state)
{
	struct scene *t = *state;
	struct exchange *x = &t->x[0];

	get(t, 0, "/");
	turns(t);
	x->pause_at_body = true;
	answer(t, 0, "first", false);
	say(t, 0, "second", true);
	assert_true(!x->ended && !x->failed);
	assert_int_equal(x->got, 5);
	x->pause_at_body = false;
	x->u.up.ops->unpause(&x->u.up);
	turns(t);
	assert_true(x->ended);
	assert_string_equal(x->first, "firstsecond");
}

static void reset_in_the_middle(void **state)
{
	struct scene *t = *state;

	get(t, 0, "/");
	get(t, 1, "/");
	turns(t);
	answer(t, 0, "part", false);
	reset(t, 0, H2_INTERNAL_ERROR);
	assert_true(t->x[0].failed && !t->x[0].unprocessed && t->x[0].u.up.heard);
	assert_int_equal(t->x[0].fault, FAULT_BROKEN);
	assert_string_equal(t->x[0].text, "the site reset the stream (INTERNAL_ERROR)");
	assert_int_equal(t->x[0].u.error, H2_INTERNAL_ERROR);
	assert_int_equal(t->x[0].got, 4);
	assert_false(t->x[1].failed);
	answer(t, 1, "whole", true);
	assert_true(t->x[1].ended);
	assert_int_equal(unshared, 0);
}

static void refused(void **state)
{
	struct scene *t = *state;

	get(t, 0, "/");
	turns(t);
	reset(t, 0, H2_REFUSED_STREAM);
	assert_true(t->x[0].failed && t->x[0].unprocessed && !t->x[0].u.up.heard);
	assert_true(h2_origin_has_room(t->h));
	get(t, 1, "/");
	turns(t);
	reset(t, 1, H2_HTTP_1_1_REQUIRED);
	assert_true(t->x[1].failed);
	assert_int_equal(t->x[1].u.error, H2_HTTP_1_1_REQUIRED);
	assert_int_equal(unshared, 0);
}

static void dropped(void **state)
{
	struct scene *t = *state;

	get(t, 0, "/");
	get(t, 1, "/");
	turns(t);
	t->x[0].u.up.ops->drop(&t->x[0].u.up);
	turns(t);
	assert_true(t->v.asked[0].closed);
	assert_int_equal(t->v.asked[0].error, H2_CANCEL);
	t->x[1].drop_at_head = true;
	answer(t, 1, "answer", true);
	assert_int_equal(t->x[1].status, 200);
	assert_int_equal(t->x[1].got, 0);
	assert_true(!t->x[1].ended && !t->x[1].failed);
	/* A second one does nothing. */
	t->x[1].u.up.ops->drop(&t->x[1].u.up);
	assert_true(h2_origin_has_room(t->h));
}

static void going_away(void **state)
{
	struct scene *t = *state;

	get(t, 0, "/");
	get(t, 1, "/");
	turns(t);
	go_away(t, 1, H2_NO_ERROR);
	assert_true(t->x[1].failed && t->x[1].unprocessed);
	assert_false(t->x[0].failed);
	assert_false(h2_origin_has_room(t->h));
	assert_int_equal(unshared, 1);
	assert_int_equal(t->origin.closed, 0);
	answer(t, 0, "whole", true);
	assert_true(t->x[0].ended);
	assert_int_equal(t->origin.closed, 1);
	assert_int_equal(unshared, 1);
}

static void trailers(void **state)
{
	struct scene *t = *state;
	struct fields f;

	post(t, 0);
	get(t, 1, "/");
	turns(t);
	fields_init(&f, 4, 1024);
	fields_add(&f, SLICE("grpc-status"), SLICE("12"));
	/* An answer of a head alone, while the request still runs: the rest of it is not wanted. */
	assert_true(h2_respond(t->v.asked[0].stream, 200, &f, false));
	h2_flush(t->v.session);
	turns(t);
	assert_true(t->x[0].ended && !t->x[0].has_trailers);
	assert_int_equal(t->x[0].got, 0);
	assert_true(t->v.asked[0].closed);

	answer(t, 1, "data", false);
	h2_body_end(t->v.asked[1].stream, &f);
	h2_flush(t->v.session);
	turns(t);
	assert_true(t->x[1].ended && t->x[1].has_trailers);
	fields_release(&f);
}

/* The answer is over before the request's body is taken: the rest still goes out. */
static void early_answer(void **state)
{
	struct scene *t = *state;
	const size_t size = 100000;
	char *big = calloc(1, size);

	assert_non_null(big);
	post(t, 0);
	turns(t);
	h2_stream_pause(t->v.asked[0].stream);
	send_body(&t->x[0], big, size);
	t->x[0].u.up.ops->body_end(&t->x[0].u.up, NULL);
	turns(t);
	/* By hand, because this codec would reset it: a head with END_STREAM, ":status: 200". */
	raw(t, "\0\0\1\1\5\0\0\0\1\x88", 10);
	assert_true(t->x[0].ended);
	assert_int_equal(t->origin.closed, 0);
	h2_stream_unpause(t->v.asked[0].stream);
	h2_flush(t->v.session);
	turns(t);
	assert_int_equal(t->v.asked[0].body, size);
	assert_true(t->v.asked[0].ended);
	free(big);
}

static void interims(void **state)
{
	struct scene *t = *state;
	struct fields f;

	fields_init(&f, 4, 1024);
	fields_add(&f, SLICE("link"), SLICE("</a.css>; rel=preload"));
	get(t, 0, "/");
	get(t, 1, "/");
	turns(t);
	assert_true(h2_interim(t->v.asked[0].stream, 103, &f));
	h2_flush(t->v.session);
	turns(t);
	assert_int_equal(t->x[0].interims, 1);
	answer(t, 0, "data", true);
	assert_true(t->x[0].ended);
	for (int i = 0; i < 33; i++)
		assert_true(h2_interim(t->v.asked[1].stream, 103, &f));
	h2_flush(t->v.session);
	turns(t);
	fields_release(&f);
	assert_int_equal(t->x[1].interims, 32);
	assert_true(t->x[1].failed);
	assert_true(t->v.asked[1].closed);
}

static void stalls(void **state)
{
	struct scene *t = *state;

	get(t, 0, "/");
	turns(t);
	answer(t, 0, "some", false);
	advance(t, STALL_MS - 1000);
	say(t, 0, "more", false);
	advance(t, STALL_MS - 1000);
	assert_false(t->x[0].failed);
	/* The other one moves, so the connection is well. */
	get(t, 1, "/");
	turns(t);
	answer(t, 1, "data", false);
	advance(t, 2000);
	assert_true(t->x[0].failed && !t->x[0].unprocessed);
	assert_int_equal(t->x[0].fault, FAULT_TIMEOUT);
	assert_string_equal(t->x[0].text, "the origin took too long");
	assert_true(t->v.asked[0].closed);
	assert_int_equal(unshared, 0);
	say(t, 1, "data", true);
	assert_true(t->x[1].ended);
}

/* A slow reader of an upload is not a stuck one. */
static void slow_upload(void **state)
{
	struct scene *t = *state;
	const size_t size = 300000;
	char *big = calloc(1, size);

	assert_non_null(big);
	post(t, 0);
	turns(t);
	h2_stream_pause(t->v.asked[0].stream);
	send_body(&t->x[0], big, size);
	free(big);
	turns(t);
	for (int i = 0; i < 3; i++) {
		advance(t, STALL_MS - 1000);
		assert_false(t->x[0].failed);
		h2_stream_unpause(t->v.asked[0].stream);
		h2_stream_pause(t->v.asked[0].stream);
		h2_flush(t->v.session);
		turns(t);
	}
	advance(t, 3 * STALL_MS);
	assert_true(t->x[0].failed);
	assert_int_equal(t->x[0].fault, FAULT_TIMEOUT);
}

static void vanished(void **state)
{
	struct scene *t = *state;

	/* Silent for a while, but it answers PING: all is well. */
	advance(t, IDLE_MS - 5000);
	get(t, 0, "/");
	advance(t, 15000);
	assert_int_equal(unshared, 0);
	answer(t, 0, "data", true);
	assert_true(t->x[0].ended);
	/* It does not: who waits is told, and may ask elsewhere. */
	t->v.mute = true;
	advance(t, IDLE_MS - 5000);
	get(t, 1, "/");
	advance(t, 9000);
	assert_int_equal(unshared, 0);
	advance(t, 2000);
	assert_int_equal(unshared, 1);
	assert_true(t->x[1].failed && !t->x[1].unprocessed);
	assert_int_equal(t->x[1].fault, FAULT_BROKEN);
	assert_int_equal(t->origin.closed, 1);
}

/* A body may stand before the PING: the others go elsewhere, this one has its time. */
static void vanished_uploading(void **state)
{
	struct scene *t = *state;

	t->v.mute = true;
	advance(t, IDLE_MS - 5000);
	post(t, 0);
	advance(t, 15000);
	assert_int_equal(unshared, 1);
	assert_false(h2_origin_has_room(t->h));
	assert_false(t->x[0].failed);
	advance(t, STALL_MS);
	assert_true(t->x[0].failed);
	assert_int_equal(t->x[0].fault, FAULT_TIMEOUT);
	assert_int_equal(t->origin.closed, 1);
}

static void idle(void **state)
{
	struct scene *t = *state;

	get(t, 0, "/");
	turns(t);
	answer(t, 0, "data", false);
	advance(t, IDLE_MS + 5000);
	say(t, 0, "more", true);
	assert_true(t->x[0].ended);
	advance(t, IDLE_MS - 1000);
	assert_int_equal(unshared, 0);
	advance(t, 2000);
	assert_int_equal(unshared, 1);
	assert_int_equal(t->origin.closed, 1);
	turns(t);
	assert_true(t->v.eof);
}

static void retired(void **state)
{
	struct scene *t = *state;
	const struct ask a = { .target = "/", .host = "origin.example" };

	get(t, 0, "/");
	turns(t);
	answer(t, 0, "one-", false);
	h2_origin_retire(t->h);
	assert_int_equal(unshared, 1);
	assert_false(h2_origin_has_room(t->h));
	assert_false(begin(t, 1, &a));
	turns(t);
	assert_int_equal(t->origin.closed, 0);
	say(t, 0, "two", true);
	assert_true(t->x[0].ended);
	assert_int_equal(t->origin.closed, 1);
	assert_int_equal(unshared, 1);
}

static void ended(void **state)
{
	struct scene *t = *state;

	get(t, 0, "/");
	turns(t);
	answer(t, 0, "part", false);
	get(t, 1, "/");
	turns(t);
	stream_close(t->v.stream, STREAM_RESET);
	t->v.stream = NULL;
	turns(t);
	assert_true(t->x[0].failed && t->x[0].u.up.heard);
	assert_true(t->x[1].failed && !t->x[1].u.up.heard);
	assert_true(!t->x[0].unprocessed && !t->x[1].unprocessed);
	assert_int_equal(t->origin.closed, 1);
	assert_int_equal(unshared, 1);
}

/* A browser's connection ends with the first of its failures, and takes the others with it. */
static void ended_for_all(void **state)
{
	struct scene *t = *state;

	get(t, 0, "/");
	get(t, 1, "/");
	get(t, 2, "/");
	turns(t);
	t->x[0].drop_with_me = &t->x[1];
	tell_origin(&t->origin, ORIGIN_ENDED);
	assert_true(t->x[0].failed && !t->x[1].failed && t->x[2].failed);
	assert_int_equal(t->origin.closed, 1);
}

/* As many as the origin takes, and again one when one is over. */
static void room(void **state)
{
	struct scene *t = *state;
	const struct ask a = { .target = "/", .host = "origin.example" };

	for (size_t i = 0; i < STREAMS; i++)
		get(t, i, "/");
	assert_false(h2_origin_has_room(t->h));
	assert_false(begin(t, STREAMS, &a));
	turns(t);
	assert_int_equal(t->v.n, STREAMS);
	assert_int_equal(unshared, 0);
	answer(t, 7, "seven", true);
	assert_true(t->x[7].ended);
	assert_true(h2_origin_has_room(t->h));
	get(t, STREAMS, "/");
	turns(t);
	for (size_t i = 0; i <= STREAMS; i++)
		if (i != 7)
			answer(t, i, "data", true);
	for (size_t i = 0; i <= STREAMS; i++)
		assert_true(t->x[i].ended);
}

/* An origin that answers early and never takes the rest does not make us keep ever more of it. */
static void leftovers(void **state)
{
	struct scene *t = *state;
	unsigned char head[10] = { 0, 0, 1, 1, 5, 0, 0, 0, 0, 0x88 };
	char *big = calloc(1, 100000);
	unsigned n = 0;

	assert_non_null(big);
	while (unshared == 0 && n < 64) {
		post(t, n);
		turns(t);
		h2_stream_pause(t->v.asked[n].stream);
		send_body(&t->x[n], big, 100000);
		t->x[n].u.up.ops->body_end(&t->x[n].u.up, NULL);
		turns(t);
		head[8] = (unsigned char)(2 * n + 1);
		raw(t, head, sizeof(head));
		assert_true(t->x[n].ended);
		n++;
	}
	free(big);
	assert_int_equal(n, 17);
	assert_int_equal(t->origin.closed, 0);
	advance(t, IDLE_MS + 1000);
	assert_int_equal(t->origin.closed, 1);
}

/* What came whole is told to the end, however slowly the browser takes it. */
static void ended_while_paused(void **state)
{
	struct scene *t = *state;

	for (size_t i = 0; i < 4; i++) {
		get(t, i, "/");
		turns(t);
		t->x[i].pause_at_body = i != 0;
		answer(t, i, "first", false);
	}
	say(t, 1, "second", true);
	say(t, 2, "second", false);
	say(t, 3, "second", true);
	stream_close(t->v.stream, STREAM_GRACEFUL);
	t->v.stream = NULL;
	turns(t);
	assert_true(t->x[0].failed && !t->x[1].failed && t->x[2].failed && !t->x[3].failed);
	assert_int_equal(t->origin.closed, 1);
	advance(t, 2 * STALL_MS);
	assert_false(t->x[1].failed);
	t->x[1].u.up.ops->unpause(&t->x[1].u.up);
	assert_string_equal(t->x[1].first, "firstsecond");
	assert_false(t->x[1].ended);
	t->x[1].u.up.ops->unpause(&t->x[1].u.up);
	assert_true(t->x[1].ended);
	t->x[3].u.up.ops->drop(&t->x[3].u.up);
	turns(t);
}

/* It ends in the turn in which the request was begun: nothing of that was sent. */
static void ended_before_it_was_written(void **state)
{
	struct scene *t = *state;

	get(t, 0, "/");
	tell_origin(&t->origin, ORIGIN_ENDED);
	assert_true(t->x[0].failed && t->x[0].unprocessed);
	assert_int_equal(t->origin.closed, 1);
}

/* A large body of another stream takes the head along before the turn ends. */
static void ended_after_another_was_written(void **state)
{
	static const char body[1u << 14];
	const struct slice piece = slice_of(body, sizeof(body));
	struct scene *t = *state;

	post(t, 0);
	turns(t);
	get(t, 1, "/");
	t->x[0].u.up.ops->body(&t->x[0].u.up, &piece, 1, piece.n);
	tell_origin(&t->origin, ORIGIN_ENDED);
	assert_true(t->x[0].failed && !t->x[0].unprocessed);
	assert_true(t->x[1].failed && !t->x[1].unprocessed);
}

static void broken(void **state)
{
	struct scene *t = *state;

	get(t, 0, "/");
	turns(t);
	/* DATA for a stream that nobody opened. */
	raw(t, "\0\0\1\0\0\0\0\0\7x", 10);
	assert_true(t->x[0].failed);
	assert_int_equal(t->origin.closed, 1);
	assert_int_equal(unshared, 1);
}

static void freed(void **state)
{
	struct scene *t = *state;

	get(t, 0, "/");
	post(t, 1);
	turns(t);
	h2_origin_free(t->h);
	turns(t);
	assert_true(!t->x[0].failed && !t->x[1].failed);
	t->x[0].u.up.ops->drop(&t->x[0].u.up);
	assert_int_equal(unshared, 0);
}

static void websockets(void **state)
{
	struct scene *t = *state;
	const struct ask a = { .method = "CONNECT", .target = "/chat", .host = "origin.example" };

	assert_true(h2_origin_takes_websockets(t->h));
	assert_true(begin(t, 0, &a));
	turns(t);
	assert_string_equal(t->v.asked[0].protocol, "websocket");
	assert_string_equal(t->v.asked[0].path, "/chat");
	answer(t, 0, "frame", false);
	assert_string_equal(t->x[0].first, "frame");
	send_body(&t->x[0], "frame", 5);
	turns(t);
	assert_int_equal(t->v.asked[0].body, 5);
	t->x[0].u.up.ops->body_end(&t->x[0].u.up, NULL);
	turns(t);
	say(t, 0, "bye", true);
	assert_true(t->x[0].ended);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(interleaved, set_up, tear_down),
		cmocka_unit_test_setup_teardown(uploads, set_up, tear_down),
		cmocka_unit_test_setup_teardown(upload_waits, set_up, tear_down),
		cmocka_unit_test_setup_teardown(pausing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(hoarded, set_up, tear_down),
		cmocka_unit_test_setup_teardown(paused_to_the_end, set_up, tear_down),
		cmocka_unit_test_setup_teardown(reset_in_the_middle, set_up, tear_down),
		cmocka_unit_test_setup_teardown(refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(dropped, set_up, tear_down),
		cmocka_unit_test_setup_teardown(going_away, set_up, tear_down),
		cmocka_unit_test_setup_teardown(trailers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(early_answer, set_up, tear_down),
		cmocka_unit_test_setup_teardown(interims, set_up, tear_down),
		cmocka_unit_test_setup_teardown(stalls, set_up, tear_down),
		cmocka_unit_test_setup_teardown(slow_upload, set_up, tear_down),
		cmocka_unit_test_setup_teardown(vanished, set_up, tear_down),
		cmocka_unit_test_setup_teardown(vanished_uploading, set_up, tear_down),
		cmocka_unit_test_setup_teardown(idle, set_up, tear_down),
		cmocka_unit_test_setup_teardown(retired, set_up, tear_down),
		cmocka_unit_test_setup_teardown(ended, set_up, tear_down),
		cmocka_unit_test_setup_teardown(ended_before_it_was_written, set_up, tear_down),
		cmocka_unit_test_setup_teardown(ended_after_another_was_written, set_up, tear_down),
		cmocka_unit_test_setup_teardown(ended_for_all, set_up, tear_down),
		cmocka_unit_test_setup_teardown(room, set_up, tear_down),
		cmocka_unit_test_setup_teardown(leftovers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(ended_while_paused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(broken, set_up, tear_down),
		cmocka_unit_test_setup_teardown(freed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(websockets, set_up, tear_down),
		cmocka_unit_test_setup_teardown(websockets, set_up_late, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
