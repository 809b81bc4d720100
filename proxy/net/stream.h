/*
 * stream.h - one non-blocking byte stream, plain or TLS, under one callback.
 *
 *	static void on_event(struct stream *s, enum stream_event ev, void *arg)
 *	{
 *		struct slice in = stream_peek(s);
 *		switch (ev) {
 *		case STREAM_READ:
 *			stream_consume(s, parse(in));   // what is left comes again with more
 *			if (stream_is_full(other))
 *				stream_pause(s);        // costs no system call
 *			break;
 *		...
 *
 * Events come only from the loop, never from inside a call of the owner's, and never after
 * stream_close().  Inside the callback every function here may be called, stream_close() and
 * stream_set_cb() as well.
 *
 * Reading.  New bytes are read into a buffer that all streams of the loop share, and STREAM_READ is
 * told; stream_peek() shows everything not yet consumed.  What is left when the
 * callback returns is copied to a buffer of the stream's own, so a stream that has nothing pending
 * owns none.  At most read_max bytes are kept; when the owner consumed nothing of a full buffer and
 * did not pause, STREAM_ERROR (ENOBUFS) follows.  Bytes that wait are shown again with the next
 * bytes, at STREAM_EOF, and when stream_unpause() asks for it.  A slice from stream_peek() is valid
 * until the callback returns or something is consumed; outside a callback until the turn ends.
 *
 * Writing.  stream_write() queues a copy and one system call at the end of the turn takes all that
 * was written in it; a large slice goes out at once from the caller's memory, and only what
 * the kernel did not take is copied.  Above STREAM_HIGH queued bytes stream_is_full() is true and
 * STREAM_DRAINED is told as soon as fewer than STREAM_LOW are left.  An owner who goes on writing
 * without looking ends at STREAM_OUT_MAX with an error.
 *
 * TLS.  stream_start_tls_server/client() turn a plain stream into a TLS one: bytes not yet consumed
 * are the first ones of the handshake, bytes queued before leave in clear before it.
 * STREAM_CONNECTED is told when the handshake is done.  When it is suspended (certificate callback
 * returned -1, SSL_set_retry_verify(), client hello callback returned SSL_CLIENT_HELLO_RETRY)
 * STREAM_WANT is told once and nothing goes on until stream_resume_handshake().  Renegotiation is
 * refused (RFC 9325 section 3.5).  The SSL has no file descriptor; SSL_read() and its like are not
 * for owners.
 *
 * Ending.  The owner ends every stream with stream_close(), after STREAM_EOF and STREAM_ERROR too.
 */
#ifndef CRUMBGATE_PROXY_NET_STREAM_H
#define CRUMBGATE_PROXY_NET_STREAM_H

#include "base/slice.h"

#include "proxy/net/loop.h"

struct address;
struct ssl_st;
struct stream;

enum stream_event {
	STREAM_CONNECTED, /* stream_connect(): TCP stands; start_tls: the handshake is done */
	STREAM_READ,	  /* there are new bytes to peek at (or the old ones again, see unpause) */
	STREAM_DRAINED,	  /* no longer full */
	STREAM_EOF,	  /* the peer's orderly end; told once; writing still works */
	STREAM_ERROR,	  /* stream_errno(), stream_error_text(); told once and last */
	STREAM_TIMEOUT,	  /* the timer ran out; it does not run any more */
	STREAM_WANT,	  /* the handshake is suspended */
};

typedef void stream_cb(struct stream *s, enum stream_event event, void *arg);

#define STREAM_HIGH (256u * 1024)
#define STREAM_LOW (64u * 1024)
#define STREAM_OUT_MAX (4u * 1024 * 1024)
#define STREAM_READ_MAX LOOP_SCRATCH

/*
 * Takes a connected stream socket over, also when it fails (NULL, errno: the descriptor is closed).
 * No STREAM_CONNECTED follows.
 */
struct stream *stream_from_fd(struct loop *loop, int fd, stream_cb *cb, void *arg);
/* Begins to connect; STREAM_CONNECTED or STREAM_ERROR follows.  NULL: errno. */
struct stream *stream_connect(struct loop *loop, const struct address *to, stream_cb *cb,
			      void *arg);

/*
 * Two streams that are each other's peer, within this process.  As over TCP, a reset of one fails
 * the other (ECONNRESET); and who has seen the end of a peer that then is gone altogether fails too
 * (EPIPE), as does one without a time-out of its own that lets lie for STREAM_STUCK_MS what such a
 * peer left.  `local`, unless NULL, is what stream_local() says of both.  False: errno.
 */
bool stream_pair(struct loop *loop, const struct address *local, struct stream *ends[2]);

/* A new owner, for example from the pool to an exchange and back. */
void stream_set_cb(struct stream *s, stream_cb *cb, void *arg);
struct loop *stream_loop(const struct stream *s);
/* The local and the peer's address as the kernel knows them; false: errno. */
bool stream_local(const struct stream *s, struct address *out);
bool stream_peer(const struct stream *s, struct address *out);

/* TLS.  The SSL belongs to the stream from here on, also on failure.  False: memory is out. */
bool stream_start_tls_server(struct stream *s, struct ssl_st *ssl);
bool stream_start_tls_client(struct stream *s, struct ssl_st *ssl);
/*
 * NULL for a plain stream.  The handshake begins after the turn's callbacks, so it can still be set
 * up.
 */
struct ssl_st *stream_ssl(const struct stream *s);
/* The stream that runs this SSL, for OpenSSL's callbacks. */
struct stream *stream_of_ssl(const struct ssl_st *ssl);
void stream_resume_handshake(struct stream *s);

/* Reading. */
struct slice stream_peek(const struct stream *s);
/* Drops n bytes from the front (clamped). */
void stream_consume(struct stream *s, size_t n);
/* How many unconsumed bytes are kept; at least 1.  Default STREAM_READ_MAX. */
void stream_set_read_max(struct stream *s, size_t max);
/*
 * No STREAM_READ and no STREAM_EOF until stream_unpause(), and a peer that goes away is noticed by
 * writing only.
 */
void stream_pause(struct stream *s);
/*
 * Reading goes on in the next turn.  If bytes are unconsumed STREAM_READ shows them, paused or not.
 */
void stream_unpause(struct stream *s);
bool stream_is_paused(const struct stream *s);
/* Connected, shaken hands, and neither STREAM_EOF nor STREAM_ERROR seen yet. */
bool stream_is_open(const struct stream *s);
/* STREAM_EOF was told. */
bool stream_saw_eof(const struct stream *s);
/* After STREAM_EOF: a plain FIN, or TLS that ended with close_notify (RFC 8446 section 6.1). */
bool stream_eof_clean(const struct stream *s);

/*
 * Writing.  False: the stream has failed or was ended for writing, nothing was queued; if it is an
 * error, STREAM_ERROR follows anyway, so the result need not be looked at.
 */
bool stream_write(struct stream *s, struct slice data);
/* The same as two writes, in one piece on the wire where possible. */
bool stream_writev2(struct stream *s, struct slice head, struct slice body);
/* Bytes written and not yet with the kernel. */
size_t stream_queued(const struct stream *s);
bool stream_is_full(const struct stream *s);

/* After what is queued: close_notify (TLS) and FIN.  Reading goes on. */
void stream_shutdown_write(struct stream *s);

enum stream_how {
	/*
	 * Sends what is queued, close_notify and FIN, then reads and drops what still comes
	 * (at most STREAM_LINGER_BYTES and STREAM_LINGER_MS), so that a last answer is not lost to
	 * a reset (RFC 9112 section 9.6).  A peer that has not taken all of it after
	 * STREAM_STUCK_MS is reset.
	 */
	STREAM_GRACEFUL,
	/* The same without close_notify: a TLS peer sees that what it got is not the whole. */
	STREAM_CUT,
	/* Drops what is queued and sends RST: the peer must not take what it got for whole. */
	STREAM_RESET,
};
#define STREAM_LINGER_BYTES (1024u * 1024)
#define STREAM_LINGER_MS 2000
#define STREAM_STUCK_MS 60000

/* The owner is done; no event follows.  The memory lives until the turn ends.  NULL is allowed. */
void stream_close(struct stream *s, enum stream_how how);

/*
 * One time-out for the stream; NULL stops it.  stream_set_timer(): idle, starts anew with every
 * byte that moves in either direction.  stream_set_deadline(): runs, whatever moves (heads,
 * handshakes). Calling either one replaces the other.
 */
void stream_set_timer(struct stream *s, struct timer_class *c);
void stream_set_deadline(struct stream *s, struct timer_class *c);

/* Why STREAM_ERROR: an errno value (EPROTO for TLS), and words that are good for a diagnostic. */
int stream_errno(const struct stream *s);
const char *stream_error_text(const struct stream *s);
/* The TLS alert that the peer sent (RFC 8446 section 6; 48 unknown_ca ...), or -1. */
int stream_alert(const struct stream *s);

/* Bytes that the owner wrote (payload, not TLS records). */
uint64_t stream_bytes_out(const struct stream *s);

/* Streams of this loop that were closed by their owner and still send or linger. */
unsigned stream_lingering(const struct loop *loop);
/* Ends those at once (before loop_free()). */
void stream_reset_lingering(struct loop *loop);

#endif
