#include "tests/unit/proxy_h2_origin_tools.h"

#include <arpa/inet.h>
#include <stdlib.h>

/* ---- the server ---- */

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

void turns(struct scene *t)
{
	run_idle(t->w.loop);
}

void advance(struct scene *t, int64_t ms)
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

int set_up(void **state)
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

int set_up_late(void **state)
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

int tear_down(void **state)
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

bool begin(struct scene *t, size_t i, const struct ask *a)
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

void get(struct scene *t, size_t i, const char *target)
{
	const struct ask a = { .target = target, .host = "origin.example" };

	assert_true(begin(t, i, &a));
}

void post(struct scene *t, size_t i)
{
	const struct ask a = {
		.method = "POST", .target = "/post", .host = "origin.example", .body = true
	};

	assert_true(begin(t, i, &a));
}

void send_body(struct exchange *x, const char *p, size_t n)
{
	struct slice s = slice_of(p, n);

	x->u.up.ops->body(&x->u.up, &s, 1, n);
}

void answer(struct scene *t, size_t i, const char *data, bool end)
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

void say(struct scene *t, size_t i, const char *data, bool end)
{
	struct h2_stream *s = t->v.asked[i].stream;
	struct slice body = slice_str(data);

	h2_body(s, &body, 1);
	if (end)
		h2_body_end(s, NULL);
	h2_flush(t->v.session);
	turns(t);
}

void reset(struct scene *t, size_t i, enum h2_error error)
{
	h2_reset(t->v.asked[i].stream, error);
	t->v.asked[i].stream = NULL;
	h2_flush(t->v.session);
	turns(t);
}

void raw(struct scene *t, const void *p, size_t n)
{
	stream_write(t->v.stream, slice_of(p, n));
	turns(t);
}

void go_away(struct scene *t, uint32_t last, uint32_t error)
{
	unsigned char frame[17] = { 0, 0, 8, 7 };
	uint32_t v[2] = { htonl(last), htonl(error) };

	memcpy(frame + 9, v, sizeof(v));
	raw(t, frame, sizeof(frame));
}
