/*
 * What an exchange, the desk or a refusal brings back, written to a stream of a browser's HTTP/2.
 */
#include "proxy/h2_client_parts.h"
#include "proxy/http/date.h"
#include "proxy/worker.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define OWN_FIELDS_MAX 64
#define OWN_BYTES_MAX 1024
/*
 * When a connection keeps so much, in both directions and for all its streams, each of them may go
 * on to keep only a little.
 */
#define KEPT_MAX (2u * 1024 * 1024)
#define KEPT_ALONE (16u * 1024)

/* ---- the end ---- */

void h2_down_reset(struct h2_down *d, enum h2_error error)
{
	if (d->stream == NULL)
		return;
	h2_reset(d->stream, error);
	h2_client_flush_later(d->h);
	downstream_drop(&d->down);
	h2_down_leave(d);
}

/* The answer is all with the session: it remains to be taken by the browser. */
static void finish(struct h2_down *d)
{
	d->ended = true;
	d->forgot = true;
	buf_release(&d->kept);
	downstream_drop(&d->down);
	if (d->h->w->draining)
		h2_client_shut(d->h);
	h2_client_flush_later(d->h);
	if (h2_stream_is_paused(d->stream))
		h2_stream_unpause(d->stream); /* what waits there is dropped */
}

/* ---- an origin's answer ---- */

/* What HTML looks at in early hints; a cookie never comes this way, where nothing is decided. */
static bool is_hint(const struct field *f)
{
	return f->id == FIELD_LINK || f->id == FIELD_CONTENT_SECURITY_POLICY ||
	       slice_ieq(f->name, SLICE("referrer-policy"));
}

static void write_hints(struct h2_down *d, const struct fields *f)
{
	struct fields hints;

	fields_init(&hints, f->n, 0);
	for (uint32_t i = 0; i < f->n; i++)
		if (is_hint(&f->v[i]))
			fields_add(&hints, f->v[i].name, f->v[i].value);
	if (hints.n != 0 && fields_ok(&hints))
		h2_interim(d->stream, 103, &hints);
	fields_release(&hints);
}

static void on_interim(struct downstream *down, unsigned status, const struct fields *f)
{
	struct h2_down *d = h2_down_of(down);

	if (d->stream == NULL || d->answered)
		return;
	if (status == 100 && d->expects) {
		d->expects = false;
		h2_interim(d->stream, status, NULL);
	} else if (status == 103 && f != NULL) {
		write_hints(d, f);
	}
	h2_stall_moved(d);
	h2_client_flush_later(d->h);
}

static bool has_body(const struct h2_down *d, const struct answer_head *head)
{
	const struct framing *f = &head->framing;

	return !d->down.head_only && head->status != 204 && head->status != 304 &&
	       f->kind != FRAMING_NONE && !(f->kind == FRAMING_LENGTH && f->length == 0);
}

/* At most one Content-Length, and none that does not hold (RFC 9110 section 8.6). */
static void tidy_length(const struct answer_head *head)
{
	const struct framing *f = &head->framing;
	struct field *first = fields_find(head->fields, FIELD_CONTENT_LENGTH);
	char digits[24];

	if (first == NULL)
		return;
	if (f->kind == FRAMING_CHUNKED || f->kind == FRAMING_UNTIL_CLOSE || head->status == 204) {
		fields_remove_all(head->fields, FIELD_CONTENT_LENGTH);
		return;
	}
	if (fields_next(head->fields, first) == NULL &&
	    slice_find(first->value, ',') == first->value.n)
		return;
	fields_remove_all(head->fields, FIELD_CONTENT_LENGTH);
	snprintf(digits, sizeof(digits), "%" PRIu64, f->length);
	if (f->has_length)
		fields_add_copy(head->fields, SLICE("content-length"), slice_str(digits));
}

static bool on_head(struct downstream *down, const struct answer_head *head)
{
	struct h2_down *d = h2_down_of(down);

	/* HTTP/2 has no 101 (RFC 9113 section 8.6). */
	if (d->stream == NULL || d->answered || head->status < 200)
		return false;
	d->has_body = has_body(d, head);
	tidy_length(head);
	if (!h2_respond(d->stream, head->status, head->fields, d->has_body))
		return false;
	d->answered = true;
	h2_stall_moved(d);
	h2_client_flush_later(d->h);
	return true;
}

static void on_body(struct downstream *down, const struct slice *spans, size_t n, uint64_t total)
{
	struct h2_down *d = h2_down_of(down);

	if (d->stream == NULL || !d->has_body || total == 0)
		return;
	d->given += total;
	h2_body(d->stream, spans, n);
	h2_stall_moved(d);
	h2_client_flush_later(d->h);
}

static void on_end(struct downstream *down, const struct fields *trailers)
{
	struct h2_down *d = h2_down_of(down);

	if (d->stream == NULL)
		return;
	if (d->has_body)
		h2_body_end(d->stream, trailers);
	finish(d);
}

static void on_cut(struct downstream *down)
{
	h2_down_reset(h2_down_of(down), H2_INTERNAL_ERROR);
}

static void on_tunnel(struct downstream *down, struct stream *origin)
{
	/* Follows a 101, which head() refuses. */
	stream_close(origin, STREAM_RESET);
	on_cut(down);
}

bool h2_down_is_full(struct h2_down *d)
{
	struct h2_client *h = d->h;

	if (h2_stream_is_full(d->stream) || stream_is_full(h->stream))
		return true; /* whose end is told */
	/* Who takes a stream writes to it by himself. */
	if (d->taker != NULL || h2_kept(h->session) <= KEPT_MAX ||
	    d->given - h2_stream_sent(d->stream) <= KEPT_ALONE)
		return false;
	d->held = true;
	h->held = true;
	return true;
}

static bool on_is_full(struct downstream *down)
{
	struct h2_down *d = h2_down_of(down);

	return d->stream != NULL && h2_down_is_full(d);
}

/* ---- an answer of the proxy's own ---- */

static bool add_lines(struct fields *f, struct slice lines)
{
	struct slice line, name, value;

	while (lines.n != 0) {
		lines = slice_cut(lines, '\n', &line);
		if (slice_ends(line, SLICE("\r")))
			line.n--;
		value = slice_cut(line, ':', &name);
		if (!fields_add(f, name, slice_trim(value)))
			return false;
	}
	return true;
}

static bool own_fields(const struct h2_down *d, struct fields *f, unsigned status,
		       struct slice lines, size_t length)
{
	char digits[24];
	struct buf date;
	bool good;

	buf_init(&date, 64);
	http_date(&date, clock_wall_ms(loop_clock(d->h->w->loop)));
	snprintf(digits, sizeof(digits), "%zu", length);
	good = buf_ok(&date) && fields_add_copy(f, SLICE("date"), buf_slice(&date)) &&
	       (status == 204 || fields_add_copy(f, SLICE("content-length"), slice_str(digits))) &&
	       add_lines(f, lines);
	buf_release(&date);
	return good;
}

static void write_own(struct h2_down *d, unsigned status, struct slice lines, struct slice body)
{
	struct fields f;
	bool good;

	d->has_body = body.n != 0 && !d->down.head_only && status != 204 && status != 304;
	fields_init(&f, OWN_FIELDS_MAX, OWN_BYTES_MAX);
	good = own_fields(d, &f, status, lines, body.n) &&
	       h2_respond(d->stream, status, &f, d->has_body);
	fields_release(&f);
	if (!good) {
		h2_down_reset(d, H2_INTERNAL_ERROR);
		return;
	}
	d->answered = true;
	if (d->has_body) {
		h2_body(d->stream, &body, 1);
		h2_body_end(d->stream, NULL);
	}
	h2_stall_moved(d);
	finish(d);
}

void h2_down_release_held(struct h2_down *d)
{
	struct h2_held *held = d->waits;

	if (held == NULL)
		return;
	d->waits = NULL;
	if (d->stream != NULL)
		write_own(d, held->status, slice_of(held->bytes, held->lines),
			  slice_of(held->bytes + held->lines, held->body));
	free(held);
}

/*
 * What is refused by its head alone waits a moment for a short rest of the request, so that what is
 * wrong with that is found and told as such, not hidden behind a page.
 */
static bool hold(struct h2_down *d, unsigned status, struct slice lines, struct slice body)
{
	struct h2_held *held;

	if (!d->fresh || d->expects || d->live)
		return false;
	held = malloc(sizeof(*held) + lines.n + body.n);
	if (held == NULL)
		return false;
	held->status = status;
	held->lines = lines.n;
	held->body = body.n;
	if (lines.n != 0)
		memcpy(held->bytes, lines.p, lines.n);
	if (body.n != 0)
		memcpy(held->bytes + lines.n, body.p, body.n);
	d->waits = held;
	d->forgot = true;
	timer_start(&d->h->w->times.second, &d->stall, h2_stall_over);
	buf_release(&d->kept);
	downstream_drop(&d->down);
	if (h2_stream_is_paused(d->stream))
		h2_stream_unpause(d->stream);
	return true;
}

static void on_own(struct downstream *down, unsigned status, struct slice lines, struct slice body)
{
	struct h2_down *d = h2_down_of(down);
	bool taken = d->taker != NULL;

	if (d->stream == NULL)
		return;
	if (taken) {
		d->taker = NULL;
		h2_stall_begin(d);
	}
	if (taken || !hold(d, status, lines, body))
		write_own(d, status, lines, body);
}

/* ---- the request's body ---- */

static void on_forget(struct downstream *down)
{
	struct h2_down *d = h2_down_of(down);

	d->forgot = true;
	buf_release(&d->kept);
}

static void on_want_body(struct downstream *down)
{
	struct h2_down *d = h2_down_of(down);
	struct slice kept = buf_slice(&d->kept);

	if (d->stream == NULL || d->forgot || d->taker != NULL || !downstream_takes_body(down))
		return;
	if (kept.n != 0) {
		downstream_body(down, &kept, 1, kept.n);
		buf_release(&d->kept);
	}
	if (h2_stream_is_paused(d->stream) && downstream_takes_body(down)) {
		h2_stall_moved(d);
		h2_stream_unpause(d->stream);
	}
	h2_client_flush_later(d->h);
}

static void on_websockets(struct downstream *down)
{
	struct h2_client *h = h2_down_of(down)->h;

	if (h->setup.websockets)
		return;
	h->setup.websockets = true;
	h2_offer_extended_connect(h->session);
	h2_client_flush_later(h);
}

const struct downstream_ops h2_down_ops = {
	.interim = on_interim,
	.head = on_head,
	.body = on_body,
	.end = on_end,
	.cut = on_cut,
	.tunnel = on_tunnel,
	.is_full = on_is_full,
	.want_body = on_want_body,
	.own = on_own,
	.forget = on_forget,
	.websockets = on_websockets,
};
