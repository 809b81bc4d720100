/* nghttp2's callbacks for what comes. */
#include "proxy/http/h2_parts.h"

#include <stdlib.h>

/*
 * Heads above the limit are answered or reset; above this many limits their rest is not even
 * counted.
 */
#define BOMB 8

static struct slice slice_from(const uint8_t *p, size_t n)
{
	return slice_of(p != NULL ? (const char *)p : "", n);
}

static struct h2_stream *stream_of(struct h2_session *s, int32_t id)
{
	return nghttp2_session_get_stream_user_data(s->ng, id);
}

/* Resets a stream that the caller may not know yet. */
static int refuse(struct h2_session *s, int32_t id, uint32_t error)
{
	if (nghttp2_submit_rst_stream(s->ng, NGHTTP2_FLAG_NONE, id, error) != 0)
		return h2_break(s, H2_INTERNAL_ERROR);
	return 0;
}

static int spend_head(struct h2_session *s)
{
	size_t kib = s->head->octets / 1024 + 1;

	return h2_spend(&s->budget, H2_COST_HEAD, kib) ? 0 : h2_break(s, H2_ENHANCE_YOUR_CALM);
}

static enum h2_head_kind kind_of(struct h2_session *s, const nghttp2_frame *frame)
{
	const struct h2_stream *st = stream_of(s, frame->hd.stream_id);

	if (frame->headers.cat == NGHTTP2_HCAT_REQUEST)
		return H2_HEAD_REQUEST;
	if (s->config.side == H2_CLIENT && (st == NULL || !st->head_seen))
		return H2_HEAD_RESPONSE;
	return H2_HEAD_TRAILERS;
}

static bool was_reset_here(const struct h2_session *s, int32_t id)
{
	for (size_t i = 0; i < H2_RESETS_KEPT; i++)
		if (s->resets[i] == id)
			return true;
	return false;
}

bool h2_is_closed_stream(const struct h2_session *s, int32_t id)
{
	return s->config.side == H2_SERVER && id != 0 && id <= s->last_id &&
	       nghttp2_session_find_stream(s->ng, id) == NULL && !was_reset_here(s, id);
}

static int on_begin_frame(nghttp2_session *ng, const nghttp2_frame_hd *hd, void *arg)
{
	struct h2_session *s = arg;

	(void)ng;
	if (hd->type != NGHTTP2_HEADERS)
		return 0;
	if (h2_is_closed_stream(s, hd->stream_id))
		return h2_break(s, H2_STREAM_CLOSED);
	if (hd->stream_id > s->last_id)
		s->last_id = hd->stream_id;
	return 0;
}

static int on_begin_headers(nghttp2_session *ng, const nghttp2_frame *frame, void *arg)
{
	struct h2_session *s = arg;

	(void)ng;
	h2_drop_head(s);
	if (frame->hd.type != NGHTTP2_HEADERS)
		return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
	s->opened = true;
	s->head = malloc(sizeof(*s->head));
	if (s->head == NULL)
		return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
	h2_head_init(s->head, kind_of(s, frame), s->config.max_fields, s->config.max_head);
	s->head->stream = frame->hd.stream_id;
	return 0;
}

static int on_header(nghttp2_session *ng, const nghttp2_frame *frame, const uint8_t *name,
		     size_t name_n, const uint8_t *value, size_t value_n, uint8_t flags, void *arg)
{
	struct h2_session *s = arg;
	struct h2_head *h = s->head;
	bool bomb;

	(void)ng;
	(void)flags;
	if (h == NULL || h->stream != frame->hd.stream_id)
		return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
	if (h2_head_add(h, slice_from(name, name_n), slice_from(value, value_n)))
		return 0;
	bomb = h->octets / BOMB > h->max_octets;
	if (h->state != H2_HEAD_BAD && !bomb)
		return 0;
	if (spend_head(s) != 0 ||
	    refuse(s, h->stream, bomb ? H2_ENHANCE_YOUR_CALM : H2_PROTOCOL_ERROR) != 0)
		return NGHTTP2_ERR_CALLBACK_FAILURE;
	h2_drop_head(s);
	return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

/* A browser shows more for 431 than for a reset. */
static int answer_large(struct h2_session *s, int32_t id)
{
	struct h2_lines lines;
	int result = -1;

	if (h2_lines_response(&lines, 431, NULL))
		result = nghttp2_submit_response(s->ng, id, lines.v, lines.n, NULL);
	h2_lines_release(&lines);
	return result == 0 ? 0 : refuse(s, id, H2_ENHANCE_YOUR_CALM);
}

/*
 * Streams without a word about their priority share, and tunnels always: none must hold up the
 * others, as the default of RFC 9218 (one after the other) would let it.
 */
static int share(struct h2_session *s, int32_t id, const struct h2_request *r)
{
	static const nghttp2_extpri shared = { .urgency = NGHTTP2_EXTPRI_DEFAULT_URGENCY,
					       .inc = 1 };
	bool tunnel = r->method_id == METHOD_CONNECT;

	if (!tunnel && fields_find_name(r->fields, SLICE("priority")) != NULL)
		return 0;
	return nghttp2_session_change_extpri_stream_priority(s->ng, id, &shared, tunnel);
}

static int on_request(struct h2_session *s, struct h2_head *h, bool end)
{
	struct h2_request r;
	struct h2_stream *st;

	if (h->state == H2_HEAD_LARGE)
		return answer_large(s, h->stream);
	if (!h2_head_request(h, end, &r))
		return refuse(s, h->stream, H2_PROTOCOL_ERROR);
	st = h2_stream_new(s, r.method_id, NULL);
	if (st == NULL)
		return refuse(s, h->stream, H2_INTERNAL_ERROR);
	st->id = h->stream;
	if (nghttp2_session_set_stream_user_data(s->ng, st->id, st) != 0 ||
	    share(s, st->id, &r) != 0)
		return h2_break(s, H2_INTERNAL_ERROR);
	s->busy++;
	s->events.request(s->arg, st, &r);
	s->busy--;
	if (end && !st->dead)
		h2_stream_end(st, NULL);
	return 0;
}

static int on_response(struct h2_session *s, struct h2_stream *st, struct h2_head *h, bool end)
{
	struct h2_response r;

	if (h->state == H2_HEAD_LARGE) {
		h2_stream_fail(st, H2_ENHANCE_YOUR_CALM);
		return 0;
	}
	if (!h2_head_response(h, end, st->method, &r) ||
	    (r.status < 200 && st->interims++ == H2_INTERIM_MAX)) {
		h2_stream_fail(st, H2_PROTOCOL_ERROR);
		return 0;
	}
	st->head_seen = r.status >= 200;
	if (r.framing.kind == FRAMING_LENGTH)
		st->due = r.framing.length;
	s->busy++;
	s->events.response(s->arg, st, &r);
	s->busy--;
	if (end && !st->dead)
		h2_stream_end(st, NULL);
	return 0;
}

/* The list outlives the block: the stream may be paused. */
static struct fields *take_fields(struct h2_head *h)
{
	struct fields *f;

	if (h->fields.n == 0)
		return NULL;
	f = malloc(sizeof(*f));
	if (f == NULL)
		return NULL;
	*f = h->fields;
	fields_init(&h->fields, 0, 0);
	return f;
}

static int on_trailers(struct h2_stream *st, struct h2_head *h)
{
	struct fields *f;

	if (!h2_head_trailers(h)) {
		h2_stream_fail(st, H2_PROTOCOL_ERROR);
		return 0;
	}
	f = take_fields(h);
	if (f == NULL && h->fields.n != 0)
		h2_stream_fail(st, H2_INTERNAL_ERROR);
	else
		h2_stream_end(st, f);
	return 0;
}

static int on_headers(struct h2_session *s, const nghttp2_frame *frame)
{
	bool end = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
	struct h2_stream *st = stream_of(s, frame->hd.stream_id);
	struct h2_head *h = s->head;
	int result = 0;

	if (h == NULL || h->stream != frame->hd.stream_id)
		return 0;
	if (spend_head(s) != 0)
		return NGHTTP2_ERR_CALLBACK_FAILURE;
	s->head = NULL; /* an event may end the session's interest in it, not its memory */
	if (h->kind == H2_HEAD_REQUEST)
		result = on_request(s, h, end);
	else if (st == NULL) /* reset by the caller */
		result = 0;
	else if (h->kind == H2_HEAD_RESPONSE)
		result = on_response(s, st, h, end);
	else
		result = on_trailers(st, h);
	h2_head_release(h);
	free(h);
	return result;
}

static void on_priority(struct h2_session *s, const nghttp2_frame *frame)
{
	const nghttp2_ext_priority_update *update = frame->ext.payload;
	struct h2_stream *st = stream_of(s, update->stream_id);

	if (s->events.priority == NULL || st == NULL || st->dead)
		return;
	s->busy++;
	s->events.priority(s->arg, st, slice_from(update->field_value, update->field_value_len));
	s->busy--;
}

static int on_frame(nghttp2_session *ng, const nghttp2_frame *frame, void *arg)
{
	struct h2_session *s = arg;
	struct h2_stream *st;

	(void)ng;
	switch (frame->hd.type) {
	case NGHTTP2_HEADERS:
		return on_headers(s, frame) == 0 && !s->broken ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE;
	case NGHTTP2_DATA:
		st = stream_of(s, frame->hd.stream_id);
		if ((frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0 && st != NULL)
			h2_stream_end(st, NULL);
		break;
	case NGHTTP2_SETTINGS:
		if ((frame->hd.flags & NGHTTP2_FLAG_ACK) == 0)
			h2_settings_received(s, &frame->settings);
		break;
	case NGHTTP2_WINDOW_UPDATE:
		if (frame->hd.stream_id == 0)
			h2_window_received(s, (uint32_t)frame->window_update.window_size_increment);
		break;
	case NGHTTP2_PING:
		if ((frame->hd.flags & NGHTTP2_FLAG_ACK) != 0)
			s->ping_out = false;
		break;
	case NGHTTP2_PRIORITY_UPDATE:
		on_priority(s, frame);
		break;
	default:
		break;
	}
	return s->broken ? NGHTTP2_ERR_CALLBACK_FAILURE : 0;
}

static int on_data(nghttp2_session *ng, uint8_t flags, int32_t id, const uint8_t *data, size_t n,
		   void *arg)
{
	struct h2_session *s = arg;
	struct h2_stream *st = nghttp2_session_get_stream_user_data(ng, id);

	(void)flags;
	if (st == NULL)
		h2_consume(s, id, n);
	else
		h2_stream_data(st, slice_from(data, n));
	return s->broken ? NGHTTP2_ERR_CALLBACK_FAILURE : 0;
}

static int on_invalid_frame(nghttp2_session *ng, const nghttp2_frame *frame, int error, void *arg)
{
	struct h2_session *s = arg;

	(void)ng;
	(void)error;
	if (s->head != NULL && s->head->stream == frame->hd.stream_id)
		h2_drop_head(s);
	return 0;
}

/*
 * A server may close a stream with NO_ERROR when all octets of its answer are out but the frame
 * that ends it waits for a window (Node does).  An answer of a known length lacks nothing then.
 */
static bool came_whole(const struct h2_stream *st)
{
	return st->error == H2_NO_ERROR && !st->in_end && st->due == 0;
}

static int on_stream_close(nghttp2_session *ng, int32_t id, uint32_t error, void *arg)
{
	const struct h2_session *s = arg;
	struct h2_stream *st = nghttp2_session_get_stream_user_data(ng, id);

	if (st == NULL)
		return 0;
	st->gone = true;
	st->error = error;
	if (came_whole(st))
		h2_stream_end(st, NULL);
	h2_notice(st);
	return s->broken ? NGHTTP2_ERR_CALLBACK_FAILURE : 0;
}

void h2_receive_callbacks(nghttp2_session_callbacks *to)
{
	nghttp2_session_callbacks_set_on_begin_frame_callback(to, on_begin_frame);
	nghttp2_session_callbacks_set_on_begin_headers_callback(to, on_begin_headers);
	nghttp2_session_callbacks_set_on_header_callback(to, on_header);
	nghttp2_session_callbacks_set_on_frame_recv_callback(to, on_frame);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(to, on_data);
	nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(to, on_invalid_frame);
	nghttp2_session_callbacks_set_on_stream_close_callback(to, on_stream_close);
}
