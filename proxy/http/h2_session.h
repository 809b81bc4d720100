/*
 * h2_session.h - one HTTP/2 connection, either end of it: bytes in, events out, no socket (RFC
 * 9113).
 *
 * nghttp2 does the frames, HPACK and the state machine; this puts over it what the proxy needs:
 * checked heads, bodies with back-pressure, and budgets against peers that make work without
 * asking for anything.
 *
 *	s = h2_session_new(&config, &events, owner);
 *	on bytes:  good = h2_feed(s, bytes, now_ms); h2_flush(s);
 *	room:      h2_flush(s);
 *	           if (h2_is_over(s)) close when what was written is with the kernel
 *
 * Events come from inside h2_feed(), h2_flush() and h2_stream_unpause() only.  Inside an event
 * every function here but h2_feed(), h2_flush() and h2_session_free() may be called; what it
 * makes to send waits for h2_flush().
 *
 * Streams.  The server side gets one with its `request` event, the client side from h2_request().
 * `owner` of a stream is the caller's.  Exactly one `closed` event ends each stream, after which
 * the pointer is dead; none comes after h2_reset() or h2_session_free(), which end the caller's
 * interest at once.  A stream of the server side whose answer was ended before its request is
 * reset with NO_ERROR by the session (section 8.1).
 *
 * Heads.  A head event has fields that are sound (field.h), names in lower case, without
 * pseudo-fields and connection-specific ones; several `cookie` fields are joined by "; " at the
 * place of the first (section 8.2.3); `set-cookie` stays apart.  A request's fields always have
 * exactly one Host (section 8.3.1), whose value is the authority. What breaks the rules resets
 * the stream or the connection and is never told.  Everything is borrowed during the event, but
 * `fields` may be edited in place.
 *
 * A head of a request above the limits is answered by 431 in here, one of an answer resets its
 * stream; neither is ever told.  A stream of an answer with more than 32 interim heads is reset.
 * Trailers lose the fields that may not be there (section 6.5.1 of RFC 9110); those about
 * framing and routing reset the stream.
 *
 * Bodies.  `data` is a piece of what was fed.  While a stream is paused no data and no end event
 * of it comes: what arrives is kept (at most its window) and its window is withheld, and the
 * connection's too once config.spare octets wait, so that all that a session keeps is at most
 * its window (config.window, or what is announced like a browser) and config.spare; h2_stream_unpause() delivers it.  An answer whose length is known
 * and came is whole, even if the origin then closed the stream with NO_ERROR instead of ending it.
 * Outwards, h2_body() takes everything, sends what windows and
 * `is_full` allow without a copy of its own, and keeps the rest; above H2_HIGH kept bytes
 * h2_stream_is_full() is true and one `room` event comes below H2_LOW.
 *
 * After the answer's last octet was sent the server side hears no more of the request than
 * `closed`.
 *
 * Which stream's DATA goes first: towards a browser as its `priority` fields and PRIORITY_UPDATE
 * frames say (RFC 9218), and streams without a word and tunnels share; towards an origin all
 * share. Frames have at most 16 KiB.
 *
 * Budgets (bounded work for a peer's bytes, section 10.5): resets by the peer, resets that the
 * peer's errors provoke, SETTINGS, PING, PRIORITY, WINDOW_UPDATE, unknown and empty frames,
 * CONTINUATION, and octets of decoded heads.  Past a budget the connection ends with GOAWAY
 * ENHANCE_YOUR_CALM.  Useful work (finished requests) earns budget back, and so does time.
 */
#ifndef CRUMBGATE_HTTP_H2_SESSION_H
#define CRUMBGATE_HTTP_H2_SESSION_H

#include "proxy/http/field.h"
#include "proxy/http/framing.h"
#include "proxy/http/method.h"
#include "proxy/http/uri.h"

#define H2_HIGH (128u * 1024)
#define H2_LOW (32u * 1024)

/* Error codes of section 7 that callers name. */
enum h2_error {
	H2_NO_ERROR = 0x0,
	H2_PROTOCOL_ERROR = 0x1,
	H2_INTERNAL_ERROR = 0x2,
	H2_STREAM_CLOSED = 0x5,
	H2_REFUSED_STREAM = 0x7,
	H2_CANCEL = 0x8,
	H2_CONNECT_ERROR = 0xa,
	H2_ENHANCE_YOUR_CALM = 0xb,
	H2_HTTP_1_1_REQUIRED = 0xd,
};

enum h2_side {
	H2_SERVER, /* the peer is a browser */
	H2_CLIENT, /* the peer is an origin server */
};

/* The parameters of SETTINGS (section 6.5.2) in the order in which the peer gave them. */
#define H2_SETTINGS_MAX 16
struct h2_settings {
	struct {
		uint16_t id;
		uint32_t value;
	} v[H2_SETTINGS_MAX];
	size_t n;
	uint32_t window; /* the connection's, if a WINDOW_UPDATE raised it right behind; else 0 */
};

struct h2_config {
	enum h2_side side;
	size_t max_fields, max_head; /* lines and octets of one head */
	unsigned max_streams;	     /* announced to the peer (server side) */
	uint32_t stream_window, window;
	uint32_t spare; /* octets that may wait for slow readers without narrowing `window` */
	bool extended_connect; /* RFC 8441: announced (server side) */
	/*
	 * Client side: a browser's own SETTINGS, announced as it did as far as they are safe
	 * (windows are capped, push is off); NULL: the values above.
	 */
	const struct h2_settings *like;
};

struct h2_session;
struct h2_stream;

/*
 * A request's head.  As an argument of h2_request() its fields have names in any case and
 * connection-specific fields, which are dropped, and Host, which becomes :authority.
 */
struct h2_request {
	struct slice method;
	enum http_method method_id;
	bool https;		    /* the scheme; of CONNECT nothing */
	struct slice protocol;	    /* :protocol of an extended CONNECT; empty: none */
	struct authority authority; /* parsed and normalised */
	struct slice path;	    /* begins with '/', or "*"; empty for a plain CONNECT */
	struct fields *fields;
	struct framing framing; /* NONE, LENGTH, or CHUNKED where no length is known */
};

struct h2_response {
	unsigned status; /* 100 to 599, never 101 */
	struct fields *fields;
	struct framing framing; /* of a final one: NONE, LENGTH, or CHUNKED for "until the end of
				   the stream" */
};

struct h2_events {
	/* Server side: a request.  `arg` is the session's, here and below. */
	void (*request)(void *arg, struct h2_stream *s, struct h2_request *r);
	/* Client side: an answer, interim (1xx) ones too. */
	void (*response)(void *arg, struct h2_stream *s, struct h2_response *r);
	void (*data)(void *arg, struct h2_stream *s, struct slice data);
	/*
	 * The peer ended its half; trailers may be NULL.  Comes also for a head without body, right
	 * after it.
	 */
	void (*end)(void *arg, struct h2_stream *s, const struct fields *trailers);
	/*
	 * H2_NO_ERROR: both halves ended in order.  Anything else: it was cut.  `unprocessed`
	 * (client side): the origin surely did nothing for it (REFUSED_STREAM, or beyond the last
	 * stream of GOAWAY), so it may be sent again.
	 */
	void (*closed)(void *arg, struct h2_stream *s, uint32_t error, bool unprocessed);
	/* The stream is no longer full. */
	void (*room)(void *arg, struct h2_stream *s);
	/* Sends bytes: two pieces in one go. */
	void (*write)(void *arg, struct slice a, struct slice b);
	/*
	 * True: the way to the peer is full; h2_flush() stops and is to be called again when there
	 * is room.
	 */
	bool (*is_full)(void *arg);
	/*
	 * Server side: PRIORITY_UPDATE for the stream, its value as it came (RFC 9218 section 7.1);
	 * NULL: not wanted.
	 */
	void (*priority)(void *arg, struct h2_stream *s, struct slice value);
};

/* NULL: no memory. */
struct h2_session *h2_session_new(const struct h2_config *config, const struct h2_events *events,
				  void *arg);
void h2_session_free(struct h2_session *s);

/*
 * False: the connection is broken; GOAWAY waits for h2_flush(), h2_is_over() is true.  All of `in`
 * is consumed.
 */
bool h2_feed(struct h2_session *s, struct slice in, int64_t now_ms);
void h2_flush(struct h2_session *s);
/* Nothing more is to be read or written: close.  */
bool h2_is_over(const struct h2_session *s);
/* No new streams from now on; over when those that run are done (section 6.8). */
void h2_shutdown(struct h2_session *s);
/* Streams that are not closed. */
unsigned h2_streams(const struct h2_session *s);
/* Bytes kept for streams, both directions: for memory accounting. */
size_t h2_kept(const struct h2_session *s);
/* What the peer announced so far; n == 0: nothing yet. */
const struct h2_settings *h2_peer_settings(const struct h2_session *s);
/* The peer takes extended CONNECT (RFC 8441 section 3). */
bool h2_peer_extended_connect(const struct h2_session *s);
/*
 * Server side: announces it from now on, if config.extended_connect did not (RFC 8441 section 3).
 */
void h2_offer_extended_connect(struct h2_session *s);
/*
 * The first bytes of a server, looked at before there is a session: its SETTINGS are there and
 * offer it.
 */
bool h2_preface_offers_extended_connect(struct slice in);

/* Client side.  Another request may be begun: the peer's limit, GOAWAY, ids. */
bool h2_has_room(const struct h2_session *s);
/*
 * `body`: h2_body() and h2_body_end() will follow.  NULL: no memory, no room or unsound; nothing
 * was sent.
 */
struct h2_stream *h2_request(struct h2_session *s, const struct h2_request *r, bool body,
			     void *owner);
/* No stream can ever be begun again: GOAWAY came or went, it is broken, or the ids are used up. */
bool h2_is_closing(const struct h2_session *s);
/* Its head was given to write(), or may have been. */
bool h2_stream_is_asked(const struct h2_stream *st);
/* Octets of the stream's body that went out, to tell a slow peer from one that is stuck. */
uint64_t h2_stream_sent(const struct h2_stream *st);
/* Sends PING, unless one is under way: a peer that is there answers. */
void h2_ping(struct h2_session *s);

/* Client side: PRIORITY_UPDATE, if the peer takes it. */
void h2_priority(struct h2_stream *st, struct slice value);

/*
 * Server side. False: unsound or no memory; the caller resets the stream.  Field names in any case;
 * connection-specific ones are dropped.
 */
bool h2_respond(struct h2_stream *st, unsigned status, const struct fields *f, bool body);
bool h2_interim(struct h2_stream *st, unsigned status, const struct fields *f);

/* Both. */
void h2_body(struct h2_stream *st, const struct slice *spans, size_t n);
void h2_body_end(struct h2_stream *st, const struct fields *trailers);
bool h2_stream_is_full(const struct h2_stream *st);
/*
 * Octets of h2_body() wait, and it is a window of the peer's, the stream's or the connection's,
 * that is used up.
 */
bool h2_stream_is_shut(const struct h2_stream *st);
void h2_stream_pause(struct h2_stream *st);
void h2_stream_unpause(struct h2_stream *st);
bool h2_stream_is_paused(const struct h2_stream *st);
/*
 * All of the peer's half came, though it may not have been told yet because the stream is paused.
 */
bool h2_stream_is_whole(const struct h2_stream *st);
/* Ends it with RST_STREAM; no further event of it. NULL is allowed. */
void h2_reset(struct h2_stream *st, enum h2_error error);
void h2_stream_own(struct h2_stream *st, void *owner);
void *h2_stream_owner(const struct h2_stream *st);

#endif
