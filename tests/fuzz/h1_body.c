/*
 * Any bytes as a body.  How they are cut must not matter, and what was decoded must come out again
 * when it is encoded as chunks and decoded.
 *
 * The first octet chooses: bits 0-1 the framing, bit 2 the side, bits 3-7 the seed of the cuts; the
 * second is the length.
 */
#include "proxy/http/h1_body.h"

#include <stdio.h>
#include <stdlib.h>

#define MUST(what)                                                                                 \
	do {                                                                                       \
		if (!(what)) {                                                                     \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #what);                 \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

struct decoded {
	struct buf data;
	struct fields trailers;
	enum h1_body_result result;
	const char *reason;
	size_t used;
};

static void decoded_init(struct decoded *d)
{
	*d = (struct decoded){ .result = H1_BODY_MORE };
	buf_init(&d->data, 1 << 22);
	fields_init(&d->trailers, 50, H1_TRAILERS_MAX);
}

static void decoded_release(struct decoded *d)
{
	buf_release(&d->data);
	fields_release(&d->trailers);
}

/* One piece, in memory of its own. */
static void feed(struct h1_body *b, struct slice piece, struct decoded *d)
{
	char *copy = malloc(piece.n + 1);
	struct slice in = slice_of(copy, piece.n), data;
	size_t used;

	MUST(copy != NULL);
	if (piece.n != 0)
		memcpy(copy, piece.p, piece.n);
	do {
		d->result = h1_body_feed(b, in, &used, &data);
		MUST(used <= in.n);
		MUST((d->result == H1_BODY_DATA) == (data.n != 0));
		if (data.n != 0)
			MUST(data.p >= in.p && data.p + data.n <= in.p + used);
		buf_add(&d->data, data);
		d->used += used;
		in = slice_skip(in, used);
	} while (d->result == H1_BODY_DATA);
	if (d->result == H1_BODY_MORE)
		MUST(in.n == 0);
	free(copy);
}

/* step 0: all at once. */
static void decode(struct slice in, const struct framing *f, enum h1_side side, unsigned seed,
		   size_t step, struct decoded *d)
{
	struct h1_body b;
	size_t at = 0;

	decoded_init(d);
	h1_body_init(&b, f, side, &d->trailers);
	do {
		size_t n = in.n - at;

		seed = seed * 1103515245u + 12345u;
		if (step != 0 && n > 1 + (seed >> 16) % step)
			n = 1 + (seed >> 16) % step;
		feed(&b, slice_of(in.p + at, n), d);
		at += n;
	} while (at < in.n && d->result == H1_BODY_MORE);
	d->reason = b.reason;
	MUST(h1_body_done(&b) == (d->result == H1_BODY_DONE));
	MUST((d->reason != NULL) == (d->result == H1_BODY_BAD));
	MUST(b.total == buf_slice(&d->data).n);
	MUST(h1_body_eof(&b) == (d->result == H1_BODY_DONE || f->kind == FRAMING_UNTIL_CLOSE));
	h1_body_release(&b);
}

static void same(const struct decoded *a, const struct decoded *b)
{
	MUST(a->result == b->result);
	MUST(a->reason == b->reason);
	MUST(slice_eq(buf_slice(&a->data), buf_slice(&b->data)));
	if (a->result != H1_BODY_DONE)
		return;
	MUST(a->used == b->used);
	MUST(a->trailers.n == b->trailers.n);
	for (uint32_t i = 0; i < a->trailers.n; i++) {
		MUST(slice_eq(a->trailers.v[i].name, b->trailers.v[i].name));
		MUST(slice_eq(a->trailers.v[i].value, b->trailers.v[i].value));
		MUST(!field_no_trailer((enum field_id)a->trailers.v[i].id));
	}
}

static void round_trip(struct decoded *d, enum h1_side side, unsigned seed)
{
	struct framing chunked = { .kind = FRAMING_CHUNKED };
	struct slice rest = buf_slice(&d->data);
	struct decoded again;
	struct buf coded;

	buf_init(&coded, 1 << 24);
	while (rest.n != 0) {
		size_t n = 1 + (seed = seed * 1103515245u + 12345u) / 65536 % 300;
		struct slice chunk = slice_head(rest, n);

		h1_chunk_begin(&coded, chunk.n);
		buf_add(&coded, chunk);
		h1_chunk_end(&coded);
		rest = slice_skip(rest, n);
	}
	MUST(h1_last_chunk(&coded, &d->trailers));
	decode(buf_slice(&coded), &chunked, side, seed, 9, &again);
	MUST(again.used == buf_slice(&coded).n);
	again.used = d->used;
	same(d, &again);
	decoded_release(&again);
	buf_release(&coded);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum framing_kind kinds[] = { FRAMING_CHUNKED, FRAMING_CHUNKED, FRAMING_LENGTH,
						   FRAMING_UNTIL_CLOSE };
	struct framing framing;
	struct decoded once, cut;
	enum h1_side side;
	struct slice in;

	if (size < 2)
		return 0;
	framing = (struct framing){ .kind = kinds[data[0] & 3], .length = data[1] };
	side = (data[0] & 4) != 0 ? H1_FROM_ORIGIN : H1_FROM_CLIENT;
	in = slice_of((const char *)data + 2, size - 2);
	decode(in, &framing, side, 0, 0, &once);
	decode(in, &framing, side, data[0] >> 3, 5, &cut);
	same(&once, &cut);
	decoded_release(&cut);
	decode(in, &framing, side, 0, 1, &cut);
	same(&once, &cut);
	if (once.result == H1_BODY_DONE)
		round_trip(&once, side, data[0] >> 3);
	decoded_release(&cut);
	decoded_release(&once);
	return 0;
}
