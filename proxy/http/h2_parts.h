/*
 * h2_parts.h - what the files of h2_session.h share.
 *
 * h2_session.c begins, feeds and ends a connection; h2_receive.c has nghttp2's callbacks for what
 * comes, h2_send.c those for what goes, with the bodies; h2_scratch.c the memory of a frame;
 * h2_stream.c is the life of a stream; h2_settings.c what both ends announce.
 *
 * `busy` is above 0 while nghttp2 or an event of ours runs: nothing is then sent, fed or freed.
 * What nghttp2 says while the caller may not hear it (a stream closed while a body was sent)
 * becomes a notice, told at the end of the next h2_feed() or h2_flush().  A stream that ended lies
 * among the dead until busy is 0.
 *
 * After an error of nghttp2's it may be touched no more: `broken`.  GOAWAY is then written by hand.
 */
#ifndef CRUMBGATE_HTTP_H2_PARTS_H
#define CRUMBGATE_HTTP_H2_PARTS_H

#include "base/buf.h"
#include "proxy/http/h2_budget.h"
#include "proxy/http/h2_head.h"
#include "proxy/http/h2_lines.h"
#include "proxy/http/h2_session.h"

#include <nghttp2/nghttp2.h>

#define H2_INTERIM_MAX 32
/* As many as a browser may have open, and some. */
#define H2_RESETS_KEPT 128
#define H2_ENDLESS UINT64_MAX

struct h2_stream {
	struct h2_session *s;
	struct h2_stream *prev, *next; /* the session's, or the next of the dead */
	struct h2_stream *next_noticed;
	void *owner;
	uint64_t sent;
	uint64_t due;	/* octets to come of an answer of known length; H2_ENDLESS */
	uint32_t error; /* once gone */
	int32_t id;
	enum http_method method;

	bool noticed;  /* is in the list of notices */
	bool room_due; /* a notice: room */
	bool gone;     /* a notice: nghttp2 has it no more, or the session is broken */
	bool dead;     /* the caller knows it no more */
	bool paused, telling;
	bool head_seen; /* a final head came */
	bool in_end;	/* the peer's half ended well */
	bool end_told;
	bool out_began; /* a final head was given */
	bool asked;	/* a head was sent */
	bool out_ended; /* no more will be given */
	bool out_end;	/* all of it was sent */
	bool deferred;	/* nghttp2 waits for h2_body() */
	bool full;	/* `room` is owed */
	uint8_t interims;

	struct buf kept; /* came while paused */
	size_t owed;	 /* told, but not given back to the windows yet */
	struct fields *trailers_in, *trailers_out;

	struct buf out;		       /* to be sent */
	const struct slice *spans;     /* during h2_body(): and these behind it */
	size_t spans_at, spans_octets; /* octets gone of the first, left of all */
};

struct h2_session {
	nghttp2_session *ng;
	struct h2_config config;
	struct h2_events events;
	void *arg;
	struct h2_stream *streams, *dead;
	struct h2_stream *noticed, **noticed_end;
	unsigned streams_n;
	unsigned busy;
	int32_t last_id;		/* the highest that the peer used */
	int32_t resets[H2_RESETS_KEPT]; /* streams that we reset, the latest */
	unsigned resets_at;
	unsigned own_resets; /* RST_STREAM under way that no error of the peer provoked */

	bool broken;	  /* no nghttp2 any more */
	bool goaway_sent; /* with an error */
	/*
	 * HEADERS went, and its body is being attached.  When memory runs out right there, nghttp2
	 * 1.52 frees the body's item and keeps it in the stream: it must not be freed again.
	 */
	bool attaching, tainted;
	bool beginning; /* nghttp2 takes its buffers */
	bool shut;
	bool settled; /* the peer's first SETTINGS came */
	bool opened;  /* and something else than the window behind it */
	bool ping_out;
	uint32_t error;

	struct h2_meter meter;
	struct h2_budget budget;
	struct h2_settings peer;
	struct h2_head *head; /* a block that is open */

	struct buf out;		   /* frames that wait for the next write */
	struct h2_stream *sending; /* whose DATA nghttp2 is about to send */
	size_t kept;
	size_t waiting; /* kept and owed, of all streams */
};

/* h2_session.c */
/* Ends the connection with this error; returns what a callback of nghttp2's is to return. */
int h2_break(struct h2_session *s, uint32_t error);
void h2_drop_head(struct h2_session *s);

/* h2_receive.c, h2_send.c */
void h2_receive_callbacks(nghttp2_session_callbacks *to);
/*
 * Server side: both ends have closed it (RFC 9113 section 5.1), or its id was passed over (5.1.1).
 * nghttp2 keeps no closed streams here.  Those that we reset do not count: frames were on their
 * way.
 */
bool h2_is_closed_stream(const struct h2_session *s, int32_t id);
void h2_send_callbacks(nghttp2_session_callbacks *to);
/* nghttp2 sends what it can; nothing while broken. */
void h2_send(struct h2_session *s);

/* h2_scratch.c */
nghttp2_mem h2_scratch(struct h2_session *s);

/* h2_settings.c */
bool h2_settings_submit(struct h2_session *s);
void h2_settings_received(struct h2_session *s, const nghttp2_settings *frame);
void h2_window_received(struct h2_session *s, uint32_t increment);

/* h2_stream.c */
struct h2_stream *h2_stream_new(struct h2_session *s, enum http_method method, void *owner);
void h2_stream_free(struct h2_stream *st);
/* Out of the session and among the dead. */
void h2_stream_bury(struct h2_stream *st);
void h2_notice(struct h2_stream *st);
/* Tells what is due; false: nothing was. */
bool h2_tell(struct h2_session *s);
void h2_reap(struct h2_session *s);
/* A reset for an error; `closed` follows when it is sent. */
void h2_stream_fail(struct h2_stream *st, uint32_t error);
void h2_stream_data(struct h2_stream *st, struct slice data);
void h2_stream_end(struct h2_stream *st, struct fields *trailers);
/* Octets that the caller has had, or never will. */
void h2_consume(struct h2_session *s, int32_t stream, size_t n);

#endif
