/* nghttp2's callbacks for what goes, and the bodies. */
#include "proxy/http/h2_parts.h"

#include <stdlib.h>

/*
 * Less than this is copied and leaves with h2_flush(), one frame with what comes before and behind
 * it.
 */
#define COPY_BELOW 8192
/* Frames without a body are written when they are so many. */
#define GATHER 65536
/* So are bodies that are so small. */
#define GATHER_BELOW 2048
/* An empty buffer above this is given back. */
#define KEEP_EMPTY 16384

static ssize_t on_send(nghttp2_session *ng, const uint8_t *data, size_t n, int flags, void *arg)
{
	struct h2_session *s = arg;

	(void)ng;
	(void)flags;
	s->attaching = false;
	if (!buf_add(&s->out, slice_of((const char *)data, n)))
		return NGHTTP2_ERR_CALLBACK_FAILURE;
	if (s->out.len >= GATHER) {
		s->events.write(s->arg, buf_slice(&s->out), SLICE(""));
		buf_clear(&s->out);
	}
	return (ssize_t)n;
}

static int submit_trailers(struct h2_stream *st)
{
	struct h2_lines lines;
	int result = NGHTTP2_ERR_NOMEM;

	if (h2_lines_trailers(&lines, st->trailers_out))
		result = nghttp2_submit_trailer(st->s->ng, st->id, lines.v, lines.n);
	h2_lines_release(&lines);
	return result;
}

/* nghttp2 asks what the next DATA of the stream is to be. */
static ssize_t on_read(nghttp2_session *ng, int32_t id, uint8_t *to, size_t most, uint32_t *flags,
		       nghttp2_data_source *source, void *arg)
{
	struct h2_session *s = arg;
	struct h2_stream *st = nghttp2_session_get_stream_user_data(ng, id);
	size_t have;

	(void)to;
	(void)source;
	if (st == NULL)
		return NGHTTP2_ERR_DEFERRED;
	if (s->events.is_full(s->arg))
		return NGHTTP2_ERR_PAUSE;
	have = st->out.len + st->spans_octets;
	if (have == 0 && !st->out_ended) {
		st->deferred = true;
		return NGHTTP2_ERR_DEFERRED;
	}
	*flags |= NGHTTP2_DATA_FLAG_NO_COPY;
	if (have <= most && st->out_ended) {
		*flags |= NGHTTP2_DATA_FLAG_EOF;
		if (st->trailers_out != NULL) {
			*flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
			if (submit_trailers(st) != 0)
				return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
		}
	}
	s->sending = st;
	return (ssize_t)(have < most ? have : most);
}

/*
 * The next piece of at most n octets, from what was kept, else from the caller's; it stays where it
 * is.
 */
static struct slice take(struct h2_stream *st, size_t n)
{
	struct slice piece;

	if (st->out.len != 0) {
		piece = slice_head(buf_slice(&st->out), n);
		buf_take(&st->out, piece.n);
		st->s->kept -= piece.n;
		return piece;
	}
	while (st->spans_at == st->spans->n) {
		st->spans++;
		st->spans_at = 0;
	}
	piece = slice_head(slice_skip(*st->spans, st->spans_at), n);
	st->spans_at += piece.n;
	st->spans_octets -= piece.n;
	return piece;
}

/* A few octets go with the frames around them. */
static bool gather(struct h2_session *s, struct h2_stream *st, size_t n)
{
	while (n != 0) {
		struct slice piece = take(st, n);

		n -= piece.n;
		if (!buf_add(&s->out, piece))
			return false;
	}
	return true;
}

static void write_out(struct h2_session *s, struct h2_stream *st, size_t n)
{
	struct slice a = buf_slice(&s->out), b;

	while (a.n != 0) {
		b = n != 0 ? take(st, n) : SLICE("");
		n -= b.n;
		s->events.write(s->arg, a, b);
		a = n != 0 ? take(st, n) : SLICE("");
		n -= a.n;
	}
	buf_clear(&s->out);
}

static void after_data(struct h2_session *s, struct h2_stream *st, size_t n)
{
	st->sent += n;
	h2_earn_sent(&s->budget, n);
	if (st->out.len == 0 && st->out.cap > KEEP_EMPTY)
		buf_release(&st->out);
	if (!st->full || st->out.len >= H2_LOW)
		return;
	st->full = false;
	st->room_due = true;
	h2_notice(st);
}

static int on_send_data(nghttp2_session *ng, nghttp2_frame *frame, const uint8_t *head, size_t n,
			nghttp2_data_source *source, void *arg)
{
	struct h2_session *s = arg;
	struct h2_stream *st = s->sending;

	(void)ng;
	(void)frame;
	(void)source;
	if (!buf_add(&s->out, slice_of((const char *)head, H2_FRAME_HEAD)))
		return NGHTTP2_ERR_CALLBACK_FAILURE;
	if (n > GATHER_BELOW)
		write_out(s, st, n);
	else if (!gather(s, st, n))
		return NGHTTP2_ERR_CALLBACK_FAILURE;
	after_data(s, st, n);
	return 0;
}

/* Section 8.1: who was answered need not go on asking. */
static int message_sent(struct h2_session *s, int32_t id)
{
	struct h2_stream *st = nghttp2_session_get_stream_user_data(s->ng, id);

	if (st != NULL)
		st->out_end = true;
	if (s->config.side == H2_CLIENT || nghttp2_session_get_stream_remote_close(s->ng, id) != 0)
		return 0;
	s->own_resets++;
	return nghttp2_submit_rst_stream(s->ng, NGHTTP2_FLAG_NONE, id, H2_NO_ERROR);
}

static void head_sent(struct h2_session *s, int32_t id)
{
	struct h2_stream *st = nghttp2_session_get_stream_user_data(s->ng, id);

	s->attaching = true;
	if (st != NULL)
		st->asked = true;
}

static int reset_sent(struct h2_session *s, int32_t id)
{
	s->resets[s->resets_at++ % H2_RESETS_KEPT] = id;
	if (s->own_resets != 0) {
		s->own_resets--;
		return 0;
	}
	return h2_spend(&s->budget, H2_COST_RESET, 2) ? 0 : h2_break(s, H2_ENHANCE_YOUR_CALM);
}

static int on_sent(nghttp2_session *ng, const nghttp2_frame *frame, void *arg)
{
	struct h2_session *s = arg;

	(void)ng;
	switch (frame->hd.type) {
	case NGHTTP2_HEADERS:
		head_sent(s, frame->hd.stream_id);
		/* fall through */
	case NGHTTP2_DATA:
		if ((frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0)
			return message_sent(s, frame->hd.stream_id);
		return 0;
	case NGHTTP2_RST_STREAM:
		return reset_sent(s, frame->hd.stream_id);
	case NGHTTP2_GOAWAY:
		if (frame->goaway.error_code == NGHTTP2_NO_ERROR)
			return 0;
		s->goaway_sent = true;
		return h2_break(s, frame->goaway.error_code);
	default:
		return 0;
	}
}

static int on_not_sent(nghttp2_session *ng, const nghttp2_frame *frame, int error, void *arg)
{
	struct h2_session *s = arg;
	struct h2_stream *st = nghttp2_session_get_stream_user_data(ng, frame->hd.stream_id);

	(void)error;
	if (frame->hd.type == NGHTTP2_RST_STREAM && s->own_resets != 0)
		s->own_resets--;
	/* Of a request nghttp2 says itself that it was not sent. */
	if (frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat != NGHTTP2_HCAT_REQUEST &&
	    st != NULL)
		h2_stream_fail(st, H2_INTERNAL_ERROR);
	return 0;
}

void h2_send_callbacks(nghttp2_session_callbacks *to)
{
	nghttp2_session_callbacks_set_send_callback(to, on_send);
	nghttp2_session_callbacks_set_send_data_callback(to, on_send_data);
	nghttp2_session_callbacks_set_on_frame_send_callback(to, on_sent);
	nghttp2_session_callbacks_set_on_frame_not_send_callback(to, on_not_sent);
}

void h2_send(struct h2_session *s)
{
	int result;

	if (s->broken)
		return;
	s->busy++;
	s->attaching = false;
	result = nghttp2_session_send(s->ng);
	s->busy--;
	if (result == 0)
		return;
	h2_break(s, H2_INTERNAL_ERROR);
	if (result == NGHTTP2_ERR_NOMEM && s->attaching)
		s->tainted = true;
}

static void resume(struct h2_stream *st)
{
	struct h2_session *s = st->s;

	if (!st->deferred || s->broken || st->gone)
		return;
	st->deferred = false;
	if (nghttp2_is_fatal(nghttp2_session_resume_data(s->ng, st->id)))
		h2_break(s, H2_INTERNAL_ERROR);
}

/* What was not sent is kept. */
static void keep(struct h2_stream *st)
{
	struct h2_session *s = st->s;

	while (st->spans_octets != 0) {
		size_t n = st->spans->n - st->spans_at;

		if (!buf_add(&st->out, slice_skip(*st->spans, st->spans_at))) {
			h2_stream_fail(st, H2_INTERNAL_ERROR);
			break;
		}
		s->kept += n;
		st->spans_octets -= n;
		st->spans++;
		st->spans_at = 0;
	}
	st->spans = NULL;
	st->spans_octets = 0;
	st->full = st->out.len > H2_HIGH;
}

static bool may_send(const struct h2_stream *st)
{
	return st->out_began && !st->out_ended && !st->dead && !st->gone && !st->s->broken;
}

void h2_body(struct h2_stream *st, const struct slice *spans, size_t n)
{
	struct h2_session *s = st->s;
	size_t total = 0;

	for (size_t i = 0; i < n; i++)
		total += spans[i].n;
	if (total == 0 || !may_send(st))
		return;
	st->spans = spans;
	st->spans_at = 0;
	st->spans_octets = total;
	resume(st);
	if (s->busy == 0 && total + st->out.len >= COPY_BELOW && !s->events.is_full(s->arg))
		h2_send(s);
	keep(st);
}

static struct fields *copy_fields(const struct fields *f)
{
	struct fields *copy = malloc(sizeof(*copy));

	if (copy == NULL)
		return NULL;
	fields_init(copy, f->n, H2_LINES_MAX);
	for (uint32_t i = 0; i < f->n; i++) {
		if (fields_add_copy(copy, f->v[i].name, f->v[i].value))
			continue;
		fields_release(copy);
		free(copy);
		return NULL;
	}
	return copy;
}

void h2_body_end(struct h2_stream *st, const struct fields *trailers)
{
	if (!may_send(st))
		return;
	if (trailers != NULL && trailers->n != 0) {
		st->trailers_out = copy_fields(trailers);
		if (st->trailers_out == NULL) {
			h2_stream_fail(st, H2_INTERNAL_ERROR);
			return;
		}
	}
	st->out_ended = true;
	resume(st);
}

bool h2_stream_is_full(const struct h2_stream *st)
{
	return st->full;
}

bool h2_stream_is_shut(const struct h2_stream *st)
{
	nghttp2_session *ng = st->s->ng;

	if (st->out.len == 0 || st->gone || st->s->broken)
		return false;
	return nghttp2_session_get_remote_window_size(ng) <= 0 ||
	       nghttp2_session_get_stream_remote_window_size(ng, st->id) <= 0;
}

static bool submit_response(struct h2_stream *st, const struct h2_lines *l, bool body)
{
	const nghttp2_data_provider provider = { .read_callback = on_read };

	return nghttp2_submit_response(st->s->ng, st->id, l->v, l->n, body ? &provider : NULL) == 0;
}

bool h2_respond(struct h2_stream *st, unsigned status, const struct fields *f, bool body)
{
	struct h2_lines lines;
	bool good;

	if (st->dead || st->out_began || status < 200)
		return false;
	if (st->gone || st->s->broken) /* `closed` is on its way */
		return true;
	good = h2_lines_response(&lines, status, f) && submit_response(st, &lines, body);
	h2_lines_release(&lines);
	st->out_began = good;
	st->out_ended = good && !body;
	return good;
}

bool h2_interim(struct h2_stream *st, unsigned status, const struct fields *f)
{
	struct h2_lines lines;
	bool good;

	if (st->dead || st->out_began || status < 100 || status > 199)
		return false;
	if (st->gone || st->s->broken)
		return true;
	good = h2_lines_response(&lines, status, f) &&
	       nghttp2_submit_headers(st->s->ng, NGHTTP2_FLAG_NONE, st->id, NULL, lines.v, lines.n,
				      NULL) == 0;
	h2_lines_release(&lines);
	return good;
}

static int32_t submit_request(struct h2_stream *st, const struct h2_lines *l, bool body)
{
	const nghttp2_data_provider provider = { .read_callback = on_read };

	return nghttp2_submit_request(st->s->ng, NULL, l->v, l->n, body ? &provider : NULL, st);
}

struct h2_stream *h2_request(struct h2_session *s, const struct h2_request *r, bool body,
			     void *owner)
{
	struct h2_lines lines;
	struct h2_stream *st;

	if (!h2_has_room(s))
		return NULL;
	st = h2_stream_new(s, r->method_id, owner);
	if (st == NULL)
		return NULL;
	if (h2_lines_request(&lines, r))
		st->id = submit_request(st, &lines, body);
	h2_lines_release(&lines);
	if (st->id > 0) {
		st->out_began = true;
		st->out_ended = !body;
		return st;
	}
	if (nghttp2_is_fatal(st->id))
		h2_break(s, H2_INTERNAL_ERROR);
	h2_stream_bury(st);
	h2_reap(s);
	return NULL;
}

void h2_priority(struct h2_stream *st, struct slice value)
{
	struct h2_session *s = st->s;

	if (!s->broken && !st->gone && !st->dead && s->config.side == H2_CLIENT)
		nghttp2_submit_priority_update(s->ng, NGHTTP2_FLAG_NONE, st->id,
					       (const uint8_t *)value.p, value.n);
}
