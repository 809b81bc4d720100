#include "proxy/http/h2_parts.h"

#include <stdlib.h>

/* A stream keeps at most its window; more is the peer's error, which nghttp2 finds. */
#define KEPT_SLACK 65536

struct h2_stream *h2_stream_new(struct h2_session *s, enum http_method method, void *owner)
{
	struct h2_stream *st = calloc(1, sizeof(*st));

	if (st == NULL)
		return NULL;
	st->s = s;
	st->owner = owner;
	st->method = method;
	st->due = H2_ENDLESS;
	buf_init(&st->kept, (size_t)INT32_MAX + KEPT_SLACK);
	buf_init(&st->out, SIZE_MAX / 2);
	st->next = s->streams;
	if (st->next != NULL)
		st->next->prev = st;
	s->streams = st;
	s->streams_n++;
	return st;
}

static void free_fields(struct fields *f)
{
	if (f == NULL)
		return;
	fields_release(f);
	free(f);
}

void h2_stream_free(struct h2_stream *st)
{
	buf_release(&st->kept);
	buf_release(&st->out);
	free_fields(st->trailers_in);
	free_fields(st->trailers_out);
	free(st);
}

void h2_consume(struct h2_session *s, int32_t stream, size_t n)
{
	if (!s->broken && n != 0 && nghttp2_session_consume(s->ng, stream, n) != 0)
		h2_break(s, H2_INTERNAL_ERROR);
}

/*
 * Octets that wait for their reader hold up their own stream; the connection's window, which the
 * other streams need too, is narrower only by what is more than the spare octets.
 */
static size_t withheld(const struct h2_session *s)
{
	return s->waiting > s->config.spare ? s->waiting - s->config.spare : 0;
}

static void widen(struct h2_session *s, size_t n)
{
	if (n != 0 && !s->broken && nghttp2_session_consume_connection(s->ng, n) != 0)
		h2_break(s, H2_INTERNAL_ERROR);
}

static void withhold(struct h2_session *s, size_t n)
{
	size_t before = withheld(s);

	s->waiting += n;
	widen(s, n - (withheld(s) - before));
}

static void give_back(struct h2_stream *st, size_t n)
{
	struct h2_session *s = st->s;
	size_t before = withheld(s);

	s->waiting -= n;
	if (n != 0 && !s->broken && nghttp2_session_consume_stream(s->ng, st->id, n) != 0)
		h2_break(s, H2_INTERNAL_ERROR);
	widen(s, before - withheld(s));
}

/* What nobody will hear any more counts as heard. */
static void forget_kept(struct h2_stream *st)
{
	size_t n = st->kept.len + st->owed;

	st->s->kept -= st->kept.len;
	buf_release(&st->kept);
	st->owed = 0;
	give_back(st, n);
}

void h2_stream_bury(struct h2_stream *st)
{
	struct h2_session *s = st->s;

	if (st->dead)
		return;
	st->dead = true;
	forget_kept(st);
	s->kept -= st->out.len;
	buf_release(&st->out);
	if (st->prev != NULL)
		st->prev->next = st->next;
	else
		s->streams = st->next;
	if (st->next != NULL)
		st->next->prev = st->prev;
	s->streams_n--;
	st->prev = NULL;
	st->next = s->dead;
	s->dead = st;
}

void h2_reap(struct h2_session *s)
{
	struct h2_stream **at = &s->dead;

	if (s->busy != 0)
		return;
	while (*at != NULL) {
		struct h2_stream *st = *at;

		if (st->noticed) { /* freed when its notice comes up */
			at = &st->next;
			continue;
		}
		*at = st->next;
		h2_stream_free(st);
	}
}

void h2_notice(struct h2_stream *st)
{
	struct h2_session *s = st->s;

	if (st->noticed || st->dead)
		return;
	st->noticed = true;
	st->next_noticed = NULL;
	*s->noticed_end = st;
	s->noticed_end = &st->next_noticed;
}

/*
 * The error that `closed` tells: none only if the message that the caller waits for came through.
 */
static uint32_t error_of(const struct h2_stream *st)
{
	bool whole = st->s->config.side == H2_SERVER ? st->out_end : st->end_told;

	return st->error == H2_NO_ERROR && !whole ? (uint32_t)H2_CANCEL : st->error;
}

static void tell_closed(struct h2_stream *st)
{
	struct h2_session *s = st->s;
	bool client = s->config.side == H2_CLIENT;
	uint32_t error = error_of(st);
	bool unprocessed = client && !st->head_seen && (error == H2_REFUSED_STREAM || !st->asked);

	if (client && st->paused && st->in_end && !st->end_told && !s->broken)
		return; /* the answer is here: it goes first */
	if (error == H2_NO_ERROR)
		h2_earn_request(&s->budget);
	h2_stream_bury(st);
	s->events.closed(s->arg, st, error, unprocessed);
}

static void tell(struct h2_stream *st)
{
	bool room = st->room_due;

	st->room_due = false;
	if (st->dead)
		return;
	if (st->gone)
		tell_closed(st);
	else if (room)
		st->s->events.room(st->s->arg, st);
}

bool h2_tell(struct h2_session *s)
{
	bool any = s->noticed != NULL;

	s->busy++;
	while (s->noticed != NULL) {
		struct h2_stream *st = s->noticed;

		s->noticed = st->next_noticed;
		if (s->noticed == NULL)
			s->noticed_end = &s->noticed;
		st->noticed = false;
		tell(st);
	}
	s->busy--;
	h2_reap(s);
	return any;
}

void h2_stream_fail(struct h2_stream *st, uint32_t error)
{
	struct h2_session *s = st->s;

	st->due = H2_ENDLESS; /* whatever came, it is not whole */
	if (!s->broken && !st->gone &&
	    nghttp2_submit_rst_stream(s->ng, NGHTTP2_FLAG_NONE, st->id, error) != 0)
		h2_break(s, H2_INTERNAL_ERROR);
}

void h2_stream_data(struct h2_stream *st, struct slice data)
{
	struct h2_session *s = st->s;

	if (st->due != H2_ENDLESS)
		st->due -= data.n; /* nghttp2 lets no more come than the length says */
	if (st->paused) {
		if (!buf_add(&st->kept, data)) {
			h2_consume(s, st->id, data.n);
			h2_stream_fail(st, H2_INTERNAL_ERROR);
			return;
		}
		s->kept += data.n;
		withhold(s, data.n);
		return;
	}
	s->busy++;
	s->events.data(s->arg, st, data);
	s->busy--;
	if (st->paused && !st->dead) {
		st->owed += data.n;
		withhold(s, data.n);
	} else {
		h2_consume(s, st->id, data.n);
	}
}

static void tell_end(struct h2_stream *st)
{
	struct h2_session *s = st->s;

	st->end_told = true;
	s->busy++;
	s->events.end(s->arg, st, st->trailers_in);
	s->busy--;
}

void h2_stream_end(struct h2_stream *st, struct fields *trailers)
{
	st->in_end = true;
	st->trailers_in = trailers;
	if (!st->paused)
		tell_end(st);
}

void h2_stream_pause(struct h2_stream *st)
{
	st->paused = true;
}

bool h2_stream_is_paused(const struct h2_stream *st)
{
	return st->paused;
}

bool h2_stream_is_whole(const struct h2_stream *st)
{
	return st->in_end && !st->s->broken;
}

static void tell_kept(struct h2_stream *st)
{
	struct h2_session *s = st->s;
	struct buf kept = st->kept;

	buf_init(&st->kept, kept.max);
	s->kept -= kept.len;
	s->events.data(s->arg, st, buf_slice(&kept));
	if (st->paused && !st->dead)
		st->owed += kept.len;
	else
		give_back(st, kept.len);
	buf_release(&kept);
}

void h2_stream_unpause(struct h2_stream *st)
{
	struct h2_session *s = st->s;
	size_t owed = st->owed;

	st->paused = false;
	if (st->telling || st->dead)
		return;
	if (st->gone && (s->config.side == H2_SERVER || !st->in_end || s->broken)) {
		h2_notice(st); /* it was cut, or nobody waits for the rest */
		return;
	}
	st->owed = 0;
	give_back(st, owed);
	st->telling = true;
	s->busy++;
	if (st->kept.len != 0)
		tell_kept(st);
	if (!st->dead && !st->paused && st->in_end && !st->end_told)
		tell_end(st);
	s->busy--;
	st->telling = false;
	if (st->gone)
		h2_notice(st);
	h2_reap(s);
}

void h2_reset(struct h2_stream *st, enum h2_error error)
{
	struct h2_session *s;

	if (st == NULL || st->dead)
		return;
	s = st->s;
	if (!s->broken && !st->gone) {
		nghttp2_session_set_stream_user_data(s->ng, st->id, NULL);
		s->own_resets++;
		h2_stream_fail(st, (uint32_t)error);
	}
	h2_stream_bury(st);
	h2_reap(s);
}

void h2_stream_own(struct h2_stream *st, void *owner)
{
	st->owner = owner;
}

void *h2_stream_owner(const struct h2_stream *st)
{
	return st->owner;
}

bool h2_stream_is_asked(const struct h2_stream *st)
{
	return st->asked;
}

uint64_t h2_stream_sent(const struct h2_stream *st)
{
	return st->sent;
}
