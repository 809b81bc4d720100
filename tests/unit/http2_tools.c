#include "tests/unit/http2_tools.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

const struct h2_config server_config = {
	.side = H2_SERVER,
	.max_fields = 200,
	.max_head = 65536,
	.max_streams = 100,
	.stream_window = 65536,
	.window = 1 << 20,
	.extended_connect = true,
};

const struct h2_config client_config = {
	.side = H2_CLIENT,
	.max_fields = 500,
	.max_head = 262144,
	.stream_window = 65536,
	.window = 1 << 20,
};

static int index_of(const struct end *e, const struct h2_stream *st)
{
	for (size_t i = e->n; i != 0; i--)
		if (e->st[i - 1] == st)
			return (int)i;
	return 0;
}

static void tell(struct end *e, const char *event, struct h2_stream *st)
{
	if (e->on != NULL)
		e->on(e, event, st);
}

static void log_fields(struct end *e, const struct fields *f)
{
	for (uint32_t i = 0; f != NULL && i < f->n; i++)
		buf_addf(&e->log, " [%.*s: %.*s]", SLICE_ARG(f->v[i].name),
			 SLICE_ARG(f->v[i].value));
}

static void log_framing(struct end *e, const struct framing *f)
{
	if (f->kind == FRAMING_LENGTH)
		buf_addf(&e->log, " length %u", (unsigned)f->length);
	else
		buf_adds(&e->log, f->kind == FRAMING_CHUNKED ? " body" : " none");
}

static void on_request(void *arg, struct h2_stream *st, struct h2_request *r)
{
	struct end *e = arg;

	assert_true(e->n < STREAMS);
	e->st[e->n++] = st;
	buf_addf(&e->log, "%d request %.*s %s %s %.*s", index_of(e, st), SLICE_ARG(r->method),
		 r->https ? "https" : "http", r->authority.host, SLICE_ARG(r->path));
	if (r->protocol.n != 0)
		buf_addf(&e->log, " protocol %.*s", SLICE_ARG(r->protocol));
	log_framing(e, &r->framing);
	log_fields(e, r->fields);
	buf_addc(&e->log, '\n');
	tell(e, "request", st);
}

static void on_response(void *arg, struct h2_stream *st, struct h2_response *r)
{
	struct end *e = arg;

	buf_addf(&e->log, "%d response %u", index_of(e, st), r->status);
	log_framing(e, &r->framing);
	log_fields(e, r->fields);
	buf_addc(&e->log, '\n');
	tell(e, "response", st);
}

static void on_data(void *arg, struct h2_stream *st, struct slice data)
{
	struct end *e = arg;

	assert_true(data.n != 0);
	buf_addf(&e->log, "%d data %u\n", index_of(e, st), (unsigned)data.n);
	assert_true(buf_add(&e->body, data));
	tell(e, "data", st);
}

static void on_end(void *arg, struct h2_stream *st, const struct fields *trailers)
{
	struct end *e = arg;

	buf_addf(&e->log, "%d end", index_of(e, st));
	log_fields(e, trailers);
	buf_addc(&e->log, '\n');
	tell(e, "end", st);
}

static void on_closed(void *arg, struct h2_stream *st, uint32_t error, bool unprocessed)
{
	struct end *e = arg;
	int i = index_of(e, st);

	buf_addf(&e->log, "%d closed %u%s\n", i, (unsigned)error,
		 unprocessed ? " unprocessed" : "");
	tell(e, "closed", st);
	if (i != 0)
		e->st[i - 1] = NULL;
}

static void on_room(void *arg, struct h2_stream *st)
{
	struct end *e = arg;

	buf_addf(&e->log, "%d room\n", index_of(e, st));
	tell(e, "room", st);
}

static void on_priority(void *arg, struct h2_stream *st, struct slice value)
{
	struct end *e = arg;

	buf_addf(&e->log, "%d priority %.*s\n", index_of(e, st), SLICE_ARG(value));
}

static void on_write(void *arg, struct slice a, struct slice b)
{
	struct end *e = arg;

	e->writes++;
	assert_true(buf_add(&e->wire, a));
	assert_true(buf_add(&e->wire, b));
}

static bool on_is_full(void *arg)
{
	const struct end *e = arg;

	return e->full;
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
	.priority = on_priority,
};

void end_init(struct end *e, const struct h2_config *config)
{
	*e = (struct end){ .n = 0 };
	buf_init(&e->wire, 64u << 20);
	buf_init(&e->log, 1u << 20);
	buf_init(&e->body, 64u << 20);
	e->s = h2_session_new(config, &events, e);
}

void end_release(struct end *e)
{
	h2_session_free(e->s);
	buf_release(&e->wire);
	buf_release(&e->log);
	buf_release(&e->body);
}

static bool carry(struct end *from, struct end *to, size_t cut)
{
	struct buf bytes = from->wire;
	struct slice in = buf_slice(&bytes);
	bool any = in.n != 0;

	buf_init(&from->wire, bytes.max);
	while (in.n != 0) {
		/* A copy of its own size, so that a sanitizer sees a read behind it. */
		size_t n = cut == 0 || in.n < cut ? in.n : cut;
		char *piece = malloc(n);

		assert_non_null(piece);
		memcpy(piece, in.p, n);
		h2_feed(to->s, slice_of(piece, n), 0);
		free(piece);
		in = slice_skip(in, n);
	}
	h2_flush(to->s);
	buf_release(&bytes);
	return any;
}

void pump_cut(struct end *a, struct end *b, size_t cut)
{
	bool any = true;

	while (any) {
		h2_flush(a->s);
		any = carry(a, b, cut);
		any = carry(b, a, cut) || any;
	}
}

void pump(struct end *a, struct end *b)
{
	pump_cut(a, b, 0);
}

void assert_log_(struct end *e, const char *text, const char *file, int at)
{
	buf_addc(&e->log, '\0');
	_assert_string_equal(buf_slice(&e->log).p, text, file, at);
	buf_clear(&e->log);
}

static struct slice next_line(struct slice rest, struct slice *name, struct slice *value)
{
	struct slice text;

	rest = slice_cut(rest, '\n', &text);
	*name = slice_head(text, 1 + slice_find(slice_skip(text, 1), ':'));
	*value = slice_skip(text, name->n + 2);
	return rest;
}

void fields_of(struct fields *f, const char *lines)
{
	struct slice rest = slice_str(lines), name, value;

	fields_init(f, 1000, 1 << 20);
	while (rest.n != 0) {
		rest = next_line(rest, &name, &value);
		assert_true(fields_add(f, name, value));
	}
}

struct h2_stream *ask(struct end *e, const char *method, const char *target, const char *fields,
		      bool body)
{
	struct fields f;
	struct h2_request r = {
		.method = slice_str(method),
		.method_id = method_of(slice_str(method)),
		.https = true,
		.path = slice_str(target),
		.fields = &f,
	};
	struct h2_stream *st;

	fields_of(&f, fields != NULL ? fields : "");
	authority_parse(&r.authority, SLICE("example.com"));
	st = h2_request(e->s, &r, body, e);
	fields_release(&f);
	if (st != NULL)
		e->st[e->n++] = st;
	return st;
}

bool answer(struct h2_stream *st, unsigned status, const char *fields, bool body)
{
	struct fields f;
	bool good;

	fields_of(&f, fields != NULL ? fields : "");
	good = status < 200 ? h2_interim(st, status, &f) : h2_respond(st, status, &f, body);
	fields_release(&f);
	return good;
}

void say(struct h2_stream *st, const char *text)
{
	struct slice span = slice_str(text);

	h2_body(st, &span, 1);
}

void frame(struct buf *to, int type, int flags, uint32_t stream, struct slice payload)
{
	const char head[] = {
		(char)(payload.n >> 16),
		(char)(payload.n >> 8),
		(char)payload.n,
		(char)type,
		(char)flags,
		(char)(stream >> 24),
		(char)(stream >> 16),
		(char)(stream >> 8),
		(char)stream,
	};

	buf_add(to, slice_of(head, sizeof(head)));
	buf_add(to, payload);
}

static void string(struct buf *to, struct slice s)
{
	size_t n = s.n;

	if (n < 127) {
		buf_addc(to, (char)n);
	} else {
		buf_addc(to, 127);
		for (n -= 127; n >= 128; n >>= 7)
			buf_addc(to, (char)((n & 127) | 128));
		buf_addc(to, (char)n);
	}
	buf_add(to, s);
}

void line(struct buf *to, struct slice name, struct slice value)
{
	buf_addc(to, 0x10);
	string(to, name);
	string(to, value);
}

void preface(struct buf *to)
{
	buf_adds(to, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
	frame(to, SETTINGS, 0, 0, SLICE(""));
}

void headers(struct buf *to, int flags, uint32_t stream, const char *lines)
{
	struct slice rest = slice_str(lines), name, value;
	struct buf block;

	buf_init(&block, 1 << 20);
	while (rest.n != 0) {
		rest = next_line(rest, &name, &value);
		line(&block, name, value);
	}
	frame(to, HEADERS, flags | END_HEADERS, stream, buf_slice(&block));
	buf_release(&block);
}

bool give(struct end *e, struct buf *bytes)
{
	bool good = h2_feed(e->s, buf_slice(bytes), 0);

	h2_flush(e->s);
	buf_clear(bytes);
	return good;
}

static uint32_t number(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

bool next_frame(struct end *e, int *type, int *flags, uint32_t *stream, struct slice *payload)
{
	struct slice s = buf_slice(&e->wire);
	const unsigned char *p = (const unsigned char *)s.p;
	size_t n;

	if (s.n < 9)
		return false;
	n = number(p) >> 8;
	assert_true(s.n >= 9 + n);
	*type = p[3];
	*flags = p[4];
	*stream = number(p + 5);
	*payload = slice_of(s.p + 9, n);
	buf_take(&e->wire, 9 + n); /* the bytes stay until the next write */
	return true;
}

int error_in(struct end *e, int type)
{
	int t, flags;
	uint32_t stream;
	struct slice payload;

	while (next_frame(e, &t, &flags, &stream, &payload))
		if (t == type)
			return (int)number((const unsigned char *)payload.p +
					   (type == GOAWAY ? 4 : 0));
	return -1;
}

int setup(void **state)
{
	struct pair *p = calloc(1, sizeof(*p));

	end_init(&p->server, &server_config);
	end_init(&p->client, &client_config);
	*state = p;
	return p->server.s != NULL && p->client.s != NULL ? 0 : -1;
}

int teardown(void **state)
{
	struct pair *p = *state;

	assert_int_equal(h2_kept(p->server.s), 0);
	assert_int_equal(h2_kept(p->client.s), 0);
	end_release(&p->server);
	end_release(&p->client);
	free(p);
	return 0;
}

void swap(struct pair *p)
{
	pump(&p->client, &p->server);
}

void pause_on(struct end *e, const char *event, struct h2_stream *st)
{
	if (strcmp(event, e->pause_on) == 0)
		h2_stream_pause(st);
}

void server_alone(struct end *e, struct buf *b)
{
	end_init(e, &server_config);
	buf_init(b, 64u << 20);
	preface(b);
	assert_true(give(e, b));
	buf_clear(&e->wire);
}

void release(struct end *e, struct buf *b)
{
	end_release(e);
	buf_release(b);
}
