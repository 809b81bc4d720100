/*
 * Any bytes as what an HTTP/2 peer sends, to either side.  What is told must be sound; how the
 * bytes were cut must not matter; with a caller that answers, pauses and resets as the input says,
 * nothing breaks.
 *
 * The first octet chooses: bit 0 the side, bit 1 a caller that acts, bits 2-7 the seed of the cuts
 * and acts.
 */
#include "base/buf.h"
#include "proxy/http/chars.h"
#include "proxy/http/h2_session.h"

#include <stdio.h>
#include <stdlib.h>

#define MUST(what)                                                                                 \
	do {                                                                                       \
		if (!(what)) {                                                                     \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #what);                 \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

#define STREAMS 256
#define WINDOW 65536u

struct seen {
	struct h2_stream *st;
	uint64_t hash; /* of what was told of it, in order */
	uint64_t data;
	bool ended;
};

struct peer {
	struct h2_session *s;
	enum h2_side side;
	bool acts;
	uint32_t seed;
	size_t wrote;
	size_t n;
	struct seen streams[STREAMS];
};

static uint32_t chance(struct peer *p)
{
	p->seed = p->seed * 1664525u + 1013904223u;
	return p->seed >> 16;
}

static void mix(uint64_t *hash, struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		*hash = (*hash ^ (unsigned char)s.p[i]) * UINT64_C(1099511628211);
}

static struct seen *seen_of(struct peer *p, const struct h2_stream *st)
{
	for (size_t i = p->n; i != 0; i--)
		if (p->streams[i - 1].st == st)
			return &p->streams[i - 1];
	MUST(false); /* an event of a stream that is not there */
	return NULL;
}

static void check_fields(const struct fields *f, uint64_t *hash)
{
	for (uint32_t i = 0; f != NULL && i < f->n; i++) {
		struct slice name = f->v[i].name, value = f->v[i].value;

		MUST(chars_token(name));
		for (size_t j = 0; j < name.n; j++)
			MUST(name.p[j] < 'A' || name.p[j] > 'Z');
		MUST(value.n == 0 ||
		     chars_value_end(value.p, value.p + value.n) == value.p + value.n);
		MUST(!field_hop_by_hop((enum field_id)f->v[i].id) || f->v[i].id == FIELD_TE ||
		     f->v[i].id == FIELD_PROXY_AUTHORIZATION ||
		     f->v[i].id == FIELD_PROXY_AUTHENTICATE ||
		     f->v[i].id == FIELD_PROXY_AUTHENTICATION_INFO);
		mix(hash, name);
		mix(hash, SLICE(":"));
		mix(hash, value);
	}
}

static void forget(struct peer *p, const struct h2_stream *st)
{
	seen_of(p, st)->st = NULL;
}

/* A caller's whim. */
static void act(struct peer *p, struct h2_stream *st)
{
	static const char big[20000];
	struct slice span = slice_of(big, chance(p) % sizeof(big));
	struct fields f;

	if (!p->acts)
		return;
	fields_init(&f, 10, 1000);
	fields_add(&f, SLICE("x"), SLICE("y"));
	switch (chance(p) % 10) {
	case 0:
		h2_stream_pause(st);
		break;
	case 1:
		h2_body(st, &span, 1);
		break;
	case 2:
		h2_body_end(st, chance(p) % 2 != 0 ? &f : NULL);
		break;
	case 3:
		forget(p, st);
		h2_reset(st, H2_CANCEL);
		break;
	case 4:
	case 5:
		if (p->side == H2_SERVER)
			h2_respond(st, 200, &f, chance(p) % 2 != 0);
		break;
	case 6:
		if (p->side == H2_SERVER)
			h2_interim(st, 103, &f);
		break;
	default:
		break;
	}
	fields_release(&f);
}

static void on_request(void *arg, struct h2_stream *st, struct h2_request *r)
{
	struct peer *p = arg;
	struct seen *seen = &p->streams[p->n];

	MUST(p->side == H2_SERVER);
	if (p->n == STREAMS) {
		h2_reset(st, H2_CANCEL);
		return;
	}
	p->n++;
	*seen = (struct seen){ .st = st, .hash = 1 };
	MUST(chars_token(r->method) && chars_all(r->path, CHAR_TARGET));
	MUST(r->authority.kind != HOST_NONE);
	MUST(fields_count(r->fields, FIELD_HOST) == 1);
	MUST(fields_count(r->fields, FIELD_COOKIE) <= 1);
	mix(&seen->hash, r->method);
	mix(&seen->hash, r->path);
	check_fields(r->fields, &seen->hash);
	act(p, st);
}

static void on_response(void *arg, struct h2_stream *st, struct h2_response *r)
{
	struct peer *p = arg;
	struct seen *seen = seen_of(p, st);

	MUST(p->side == H2_CLIENT && r->status >= 100 && r->status <= 599 && r->status != 101);
	MUST(!seen->ended);
	check_fields(r->fields, &seen->hash);
	act(p, st);
}

static void on_data(void *arg, struct h2_stream *st, struct slice data)
{
	struct peer *p = arg;
	struct seen *seen = seen_of(p, st);

	MUST(data.n != 0 && !seen->ended && !h2_stream_is_paused(st));
	mix(&seen->data, data);
	act(p, st);
}

static void on_end(void *arg, struct h2_stream *st, const struct fields *trailers)
{
	struct peer *p = arg;
	struct seen *seen = seen_of(p, st);

	MUST(!seen->ended && !h2_stream_is_paused(st));
	seen->ended = true;
	mix(&seen->hash, SLICE("end"));
	check_fields(trailers, &seen->hash);
	act(p, st);
}

static void on_closed(void *arg, struct h2_stream *st, uint32_t error, bool unprocessed)
{
	struct peer *p = arg;
	struct seen *seen = seen_of(p, st);

	MUST(!unprocessed || p->side == H2_CLIENT);
	seen->hash = seen->hash * 31 + error;
	seen->st = NULL;
}

static void on_room(void *arg, struct h2_stream *st)
{
	struct peer *p = arg;

	seen_of(p, st);
	act(p, st);
}

static void on_write(void *arg, struct slice a, struct slice b)
{
	struct peer *p = arg;
	uint64_t hash = 0;

	p->wrote += a.n + b.n;
	mix(&hash, a); /* reads it all */
	mix(&hash, b);
}

static bool on_is_full(void *arg)
{
	struct peer *p = arg;

	return p->acts && chance(p) % 8 == 0;
}

static void on_priority(void *arg, struct h2_stream *st, struct slice value)
{
	struct peer *p = arg;

	mix(&seen_of(p, st)->hash, value);
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

static void ask(struct peer *p, bool body)
{
	struct fields f;
	struct h2_request r = {
		.method = SLICE("GET"),
		.method_id = METHOD_GET,
		.https = true,
		.path = SLICE("/"),
		.fields = &f,
	};
	struct h2_stream *st;

	fields_init(&f, 10, 1000);
	authority_parse(&r.authority, SLICE("a.example"));
	st = h2_request(p->s, &r, body, NULL);
	MUST(st != NULL);
	p->streams[p->n++] = (struct seen){ .st = st, .hash = 1 };
	fields_release(&f);
}

static void peer_init(struct peer *p, enum h2_side side, bool acts, uint32_t seed)
{
	const struct h2_config config = {
		.side = side,
		.max_fields = 100,
		.max_head = 16384,
		.max_streams = 100,
		.stream_window = WINDOW,
		.window = WINDOW * 4,
		.spare = WINDOW,
		.extended_connect = (seed & 4) != 0,
	};

	*p = (struct peer){ .side = side, .acts = acts, .seed = seed };
	p->s = h2_session_new(&config, &events, p);
	MUST(p->s != NULL);
	if (side == H2_CLIENT)
		for (size_t i = 0; i < 4; i++)
			ask(p, i % 2 != 0);
	h2_flush(p->s);
}

static void between(struct peer *p)
{
	if (!p->acts)
		return;
	for (size_t i = 0; i < p->n; i++)
		if (p->streams[i].st != NULL && chance(p) % 2 == 0)
			h2_stream_unpause(p->streams[i].st);
	if (chance(p) % 64 == 0)
		h2_shutdown(p->s);
	if (chance(p) % 2 == 0)
		h2_flush(p->s);
}

/* In pieces of at most `cut` octets, each in memory of its own size; 0: whole. */
static void feed(struct peer *p, struct slice in, size_t cut)
{
	int64_t now = 0;

	while (in.n != 0) {
		size_t n = cut == 0 ? in.n : 1 + chance(p) % cut;
		char *piece;

		n = n < in.n ? n : in.n;
		piece = malloc(n);
		MUST(piece != NULL);
		memcpy(piece, in.p, n);
		h2_feed(p->s, slice_of(piece, n), now += p->acts ? 10 : 0);
		free(piece);
		in = slice_skip(in, n);
		between(p);
		MUST(h2_kept(p->s) <= WINDOW * 5 + STREAMS * 2 * 1024 * 1024);
	}
	p->acts = false;
	h2_flush(p->s);
	h2_flush(p->s);
}

static void run(struct peer *p, struct slice in, size_t cut)
{
	struct slice settings = slice_of("\0\0\0\4\0\0\0\0\0", 9);

	if (p->side == H2_SERVER)
		h2_feed(p->s, SLICE("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 0);
	h2_feed(p->s, settings, 0);
	feed(p, in, cut);
}

static void compare(const struct peer *a, const struct peer *b)
{
	MUST(a->n == b->n);
	MUST(h2_is_over(a->s) == h2_is_over(b->s));
	MUST(h2_streams(a->s) == h2_streams(b->s));
	for (size_t i = 0; i < a->n; i++)
		MUST(a->streams[i].hash == b->streams[i].hash &&
		     a->streams[i].ended == b->streams[i].ended);
	/* Of a body that is cut because it is too long, more or less came through before. */
	for (size_t i = 0; i < a->n; i++)
		MUST(!a->streams[i].ended || a->streams[i].data == b->streams[i].data);
}

/* Behind GOAWAY nghttp2 reads what came in the same piece, and no other when nothing runs. */
static bool has_goaway(struct slice in)
{
	while (in.n >= 9) {
		const unsigned char *p = (const unsigned char *)in.p;

		if (p[3] == 7)
			return true;
		in = slice_skip(in, 9 + ((size_t)p[0] << 16 | (size_t)p[1] << 8 | p[2]));
	}
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct peer a, b;
	struct slice in = slice_of((const char *)data, size);
	enum h2_side side;

	if (size == 0)
		return 0;
	side = (data[0] & 1) != 0 ? H2_CLIENT : H2_SERVER;
	in = slice_skip(in, 1);
	peer_init(&a, side, (data[0] & 2) != 0, data[0]);
	run(&a, in, a.acts ? 40 : 0);
	if ((data[0] & 2) == 0) {
		peer_init(&b, side, false, data[0]);
		run(&b, in, 1 + data[0] / 4u);
		if (!has_goaway(in))
			compare(&a, &b);
		h2_session_free(b.s);
	}
	h2_session_free(a.s);
	return 0;
}
