#include "proxy/http/h2_parts.h"

#include <stdlib.h>

/* Requests at one time on one connection to an origin, whatever it allows. */
#define REQUESTS_MAX 256
/* What a peer that did not say yet allows (section 6.5.2 recommends no less). */
#define PEER_STREAMS 100
/* Acknowledgements that wait because the peer does not read. */
#define ACKS_MAX 256
#define ENTRIES_MAX 32
#define CONTINUATIONS_SPARE 8

void h2_drop_head(struct h2_session *s)
{
	if (s->head == NULL)
		return;
	h2_head_release(s->head);
	free(s->head);
	s->head = NULL;
}

int h2_break(struct h2_session *s, uint32_t error)
{
	if (s->broken)
		return NGHTTP2_ERR_CALLBACK_FAILURE;
	s->broken = true;
	s->error = error;
	for (struct h2_stream *st = s->streams; st != NULL; st = st->next) {
		if (!st->gone)
			st->error = error;
		st->gone = true;
		h2_notice(st);
	}
	return NGHTTP2_ERR_CALLBACK_FAILURE;
}

static nghttp2_option *options_for(const struct h2_config *c)
{
	nghttp2_option *o;

	if (nghttp2_option_new(&o) != 0)
		return NULL;
	nghttp2_option_set_no_auto_window_update(o, 1);
	nghttp2_option_set_no_closed_streams(o, 1);
	nghttp2_option_set_peer_max_concurrent_streams(o, PEER_STREAMS);
	nghttp2_option_set_max_reserved_remote_streams(o, 0);
	nghttp2_option_set_max_send_header_block_length(o, 2 * (size_t)H2_LINES_MAX);
	nghttp2_option_set_max_outbound_ack(o, ACKS_MAX);
	nghttp2_option_set_max_settings(o, ENTRIES_MAX);
	nghttp2_option_set_max_continuations(o, c->max_head / 16384 + CONTINUATIONS_SPARE);
	/* h2_budget.h counts these, and says what is too much in another way. */
	nghttp2_option_set_stream_reset_rate_limit(o, 1 << 20, 1 << 20);
	if (c->side == H2_SERVER)
		nghttp2_option_set_builtin_recv_extension_type(o, NGHTTP2_PRIORITY_UPDATE);
	else /* fields with blanks around them are real, and those are cut off */
		nghttp2_option_set_no_rfc9113_leading_and_trailing_ws_validation(o, 1);
	return o;
}

static bool begin(struct h2_session *s)
{
	nghttp2_session_callbacks *callbacks = NULL;
	nghttp2_option *options = options_for(&s->config);
	nghttp2_mem mem = h2_scratch(s);
	int result = -1;

	s->beginning = true;
	if (options != NULL && nghttp2_session_callbacks_new(&callbacks) == 0) {
		h2_receive_callbacks(callbacks);
		h2_send_callbacks(callbacks);
		if (s->config.side == H2_SERVER)
			result = nghttp2_session_server_new3(&s->ng, callbacks, s, options, &mem);
		else
			result = nghttp2_session_client_new3(&s->ng, callbacks, s, options, &mem);
	}
	s->beginning = false;
	nghttp2_session_callbacks_del(callbacks);
	nghttp2_option_del(options);
	return result == 0;
}

struct h2_session *h2_session_new(const struct h2_config *config, const struct h2_events *events,
				  void *arg)
{
	struct h2_session *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->config = *config;
	s->events = *events;
	s->arg = arg;
	s->noticed_end = &s->noticed;
	buf_init(&s->out, SIZE_MAX / 2);
	h2_meter_init(&s->meter, config->side == H2_SERVER);
	h2_budget_init(&s->budget, 0);
	if (!begin(s) || !h2_settings_submit(s)) {
		h2_session_free(s);
		return NULL;
	}
	s->config.like = NULL; /* borrowed for the call */
	h2_send(s);	       /* the client's preface lies in the shared buffer */
	if (!s->broken)
		return s;
	h2_session_free(s);
	return NULL;
}

void h2_session_free(struct h2_session *s)
{
	struct h2_stream *st;

	if (s == NULL)
		return;
	if (!s->tainted) /* else better lost than freed twice */
		nghttp2_session_del(s->ng);
	h2_drop_head(s);
	s->broken = true; /* nothing below touches nghttp2 */
	while (s->streams != NULL)
		h2_stream_bury(s->streams);
	while ((st = s->dead) != NULL) {
		s->dead = st->next;
		h2_stream_free(st);
	}
	buf_release(&s->out);
	free(s);
}

static uint32_t error_for(ssize_t result)
{
	switch (result) {
	case NGHTTP2_ERR_FLOODED:
	case NGHTTP2_ERR_TOO_MANY_SETTINGS:
	case NGHTTP2_ERR_TOO_MANY_CONTINUATIONS:
		return H2_ENHANCE_YOUR_CALM;
	case NGHTTP2_ERR_BAD_CLIENT_MAGIC:
		return H2_PROTOCOL_ERROR;
	default:
		return H2_INTERNAL_ERROR;
	}
}

static void feed_all(struct h2_session *s, struct slice in)
{
	ssize_t result;

	if (in.n == 0 || s->broken)
		return;
	s->busy++;
	result = nghttp2_session_mem_recv(s->ng, (const uint8_t *)in.p, in.n);
	s->busy--;
	if (result < 0)
		h2_break(s, error_for(result));
}

/* What the frame that the meter stopped at means for the connection. */
static void judge(struct h2_session *s, enum h2_metered what)
{
	if (what == H2_METER_TOO_MUCH)
		h2_break(s, H2_ENHANCE_YOUR_CALM);
	else if (what == H2_METER_BAD)
		h2_break(s, H2_PROTOCOL_ERROR);
	else if (h2_is_closed_stream(s, h2_meter_stream(&s->meter)))
		h2_break(s, H2_STREAM_CLOSED);
}

/*
 * nghttp2 passes over DATA on a closed stream without a word, so it is stopped before each such
 * frame.  Whatever is wrong with a frame, those before it count.
 */
static void feed(struct h2_session *s, struct slice in)
{
	struct slice rest = in;

	while (!s->broken) {
		enum h2_metered what = h2_meter_feed(&s->meter, &s->budget, &rest);
		size_t ended = in.n - rest.n;

		if (what == H2_METER_GOOD)
			break;
		if (ended > s->meter.judged) {
			feed_all(s, slice_head(in, ended - s->meter.judged));
			in = slice_skip(in, ended - s->meter.judged);
		}
		if (!s->broken)
			judge(s, what);
	}
	feed_all(s, in);
}

bool h2_feed(struct h2_session *s, struct slice in, int64_t now_ms)
{
	if (s->busy != 0) /* from inside an event: the order of the bytes is lost */
		h2_break(s, H2_INTERNAL_ERROR);
	if (s->broken)
		return false;
	h2_budget_time(&s->budget, now_ms);
	if (in.n != 0)
		feed(s, in);
	h2_tell(s);
	return !s->broken;
}

/* By hand: nghttp2 does nothing after an error of its own. */
static void write_goaway(struct h2_session *s)
{
	uint32_t last = (uint32_t)nghttp2_session_get_last_proc_stream_id(s->ng);
	const unsigned char frame[] = {
		0,
		0,
		8,
		NGHTTP2_GOAWAY,
		0,
		0,
		0,
		0,
		0,
		(unsigned char)(last >> 24),
		(unsigned char)(last >> 16),
		(unsigned char)(last >> 8),
		(unsigned char)last,
		(unsigned char)(s->error >> 24),
		(unsigned char)(s->error >> 16),
		(unsigned char)(s->error >> 8),
		(unsigned char)s->error,
	};

	s->goaway_sent = true;
	buf_add(&s->out, slice_of((const char *)frame, sizeof(frame)));
}

static void write_rest(struct h2_session *s)
{
	if (s->out.len != 0)
		s->events.write(s->arg, buf_slice(&s->out), SLICE(""));
	if (s->streams == NULL)
		buf_release(&s->out);
	else
		buf_clear(&s->out);
}

void h2_flush(struct h2_session *s)
{
	bool again = true;

	if (s->busy != 0)
		return;
	while (again) {
		if (!s->broken && !s->events.is_full(s->arg))
			h2_send(s);
		if (s->broken && !s->goaway_sent)
			write_goaway(s);
		again = h2_tell(s);
	}
	write_rest(s);
}

bool h2_is_over(const struct h2_session *s)
{
	if (s->broken)
		return s->goaway_sent;
	return s->streams_n == 0 && s->out.len == 0 && nghttp2_session_want_read(s->ng) == 0 &&
	       nghttp2_session_want_write(s->ng) == 0;
}

void h2_shutdown(struct h2_session *s)
{
	if (s->broken || s->shut)
		return;
	s->shut = true;
	if (nghttp2_submit_goaway(s->ng, NGHTTP2_FLAG_NONE,
				  nghttp2_session_get_last_proc_stream_id(s->ng), NGHTTP2_NO_ERROR,
				  NULL, 0) != 0)
		h2_break(s, H2_INTERNAL_ERROR);
}

unsigned h2_streams(const struct h2_session *s)
{
	return s->streams_n;
}

size_t h2_kept(const struct h2_session *s)
{
	return s->kept;
}

bool h2_is_closing(const struct h2_session *s)
{
	if (s->broken || s->shut)
		return true;
	return s->config.side == H2_CLIENT && nghttp2_session_check_request_allowed(s->ng) == 0;
}

bool h2_has_room(const struct h2_session *s)
{
	uint32_t most;

	if (s->config.side != H2_CLIENT || h2_is_closing(s))
		return false;
	most = nghttp2_session_get_remote_settings(s->ng, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
	return s->streams_n < REQUESTS_MAX && s->streams_n < most;
}

void h2_ping(struct h2_session *s)
{
	if (s->broken || s->ping_out)
		return;
	s->ping_out = true;
	if (nghttp2_submit_ping(s->ng, NGHTTP2_FLAG_NONE, NULL) != 0)
		h2_break(s, H2_INTERNAL_ERROR);
}
