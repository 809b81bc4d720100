/*
 * h1_body.h - reads a body by its framing, and writes the chunked coding (RFC 9112 sections 6, 7).
 *
 *	struct h1_body b;
 *	h1_body_init(&b, &framing, H1_FROM_CLIENT, &trailers);
 *	while (in.n != 0 || ...) {
 *		result = h1_body_feed(&b, in, &consumed, &data);
 *		in = slice_skip(in, consumed);
 *		H1_BODY_DATA: pass `data` on (it points into `in`); continue;
 *		H1_BODY_MORE: all was consumed, wait for more; break;
 *		H1_BODY_DONE: the body is over; what is left of `in` is the next message; break;
 *		H1_BODY_BAD:  b.reason; close, and let the receiver see that the body is cut; break;
 *	}
 *	h1_body_release(&b);
 *
 * Zero copy: `data` is a piece of `in`, never of another buffer, and every octet fed is consumed,
 * so the caller keeps nothing back.  h1_body_spans() takes many pieces at once, to be written as
 * one chunk.
 *
 * Chunk extensions are checked and dropped; they and the trailer section have caps.  Trailer fields
 * that may not be there are dropped, those about framing and routing (Content-Length,
 * Transfer-Encoding, Host) make the body BAD.  They live in the caller's `trailers` and in its
 * memory (fields_keep()), so its max_bytes is at least H1_TRAILERS_MAX; they may be used after
 * DONE.
 */
#ifndef CRUMBGATE_HTTP_H1_BODY_H
#define CRUMBGATE_HTTP_H1_BODY_H

#include "base/buf.h"
#include "proxy/http/framing.h"

enum h1_side { H1_FROM_CLIENT, H1_FROM_ORIGIN };
enum h1_body_result { H1_BODY_MORE, H1_BODY_DATA, H1_BODY_DONE, H1_BODY_BAD };

/* Octets of extensions on one chunk line and in one body; of one trailer section. */
#define H1_CHUNK_LINE_MAX 1024
#define H1_CHUNK_EXT_MAX (64 * 1024)
#define H1_TRAILERS_MAX (16 * 1024)

struct h1_body {
	enum framing_kind kind;
	enum h1_side side;
	uint8_t state;
	uint16_t line;	     /* octets of this chunk line; of the trailer lines that were judged */
	uint32_t extensions; /* octets of extensions so far */
	uint64_t left;	     /* of the length, or of this chunk */
	uint64_t total;	     /* octets of data seen */
	struct fields *trailers;
	struct buf section; /* the trailer section, only if there is one */
	const char *reason; /* static, after BAD */
};

/*
 * `trailers` is initialised and empty, and outlives b; NULL: a trailer section makes the body BAD.
 * What follows a FRAMING_TUNNEL is all data, without end.
 */
void h1_body_init(struct h1_body *b, const struct framing *f, enum h1_side side,
		  struct fields *trailers);
void h1_body_release(struct h1_body *b);

/* DATA comes with data->n != 0.  Feeding nothing is allowed: a body of length 0 is DONE at once. */
enum h1_body_result h1_body_feed(struct h1_body *b, struct slice in, size_t *consumed,
				 struct slice *data);

/*
 * As h1_body_feed() again and again, up to `max` pieces: spans[0..*n) and the sum of their lengths.
 * Never returns DATA: DONE, MORE or BAD may come together with pieces, which come before it; MORE
 * with *n == max means call again for what was not consumed.
 */
enum h1_body_result h1_body_spans(struct h1_body *b, struct slice in, size_t *consumed,
				  struct slice *spans, size_t max, size_t *n, uint64_t *total);

bool h1_body_done(const struct h1_body *b);
/* The peer closed: true if that ends the body well (UNTIL_CLOSE, or done already), else not. */
bool h1_body_eof(struct h1_body *b);

/* "1f4\r\n"; n must not be 0 (that would end the body). */
bool h1_chunk_begin(struct buf *out, uint64_t n);
/* The CRLF behind the data. */
bool h1_chunk_end(struct buf *out);
/* The last chunk, the trailer fields (may be NULL) and the empty line. */
bool h1_last_chunk(struct buf *out, const struct fields *trailers);

#endif
