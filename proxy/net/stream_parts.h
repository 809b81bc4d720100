/*
 * stream_parts.h - a stream's inside, shared by stream.c (life and reading), stream_write.c,
 * stream_close.c, stream_pair.c and tls.c; nobody else includes it.
 *
 * Layers, from the socket up:
 *	in:  recv -> [tls: shared in, raw -> SSL_read] -> scratch, or `in` -> view -> the owner
 *	out: the owner -> `out` -> [tls: SSL_write -> shared out] -> `wire` -> send
 * `wire` holds bytes as they go to the socket; for a plain stream only what was queued before
 * TLS began.  OpenSSL never waits to write, because its BIO takes everything.
 */
#ifndef CRUMBGATE_PROXY_NET_STREAM_PARTS_H
#define CRUMBGATE_PROXY_NET_STREAM_PARTS_H

#include <event2/event.h>
#include <event2/event_struct.h>

#include "base/buf.h"
#include "proxy/net/stream.h"

#define WIRE_MAX (1024u * 1024)
/* How long a reset that came together with data may go unnoticed. */
#define STREAM_DOUBT_MS 500

struct tls_shared;

/* What all streams of one loop have in common. */
struct stream_shared {
	struct loop *loop;
	struct timer_class linger, stuck, doubt;
	struct stream *lingering;
	unsigned lingering_count;
	struct tls_shared *tls; /* tls.c; NULL until the first TLS stream */
};

struct stream {
	struct loop *loop;
	struct stream_shared *shared;
	stream_cb *cb;
	void *arg;
	struct event ev;
	int fd; /* -1: closed */
	struct ssl_st *ssl;

	struct slice view; /* not yet consumed; in the loop's scratch if `borrowed`, else in `in` */
	struct buf in, raw, out, wire;
	size_t read_max;
	uint64_t bytes_in, bytes_out;

	struct deferred resume, flush, dead;
	struct timer timer;
	struct timer doubt; /* a short read is looked behind once, see stream_recv() */
	struct stream *linger_next, *linger_prev;
	size_t lingered; /* bytes dropped */

	struct stream *twin;   /* stream_pair(): the other end, while it is there */
	struct address *local; /* stream_pair(): what to say instead of the socket's own */

	int err, alert;
	char *text;

	bool connecting : 1, handshaking : 1, suspended : 1, paused : 1;
	bool can_read : 1,
		can_write : 1; /* what edge-triggered epoll said and no call has denied since */
	bool hangup : 1;       /* a FIN is there: read on to the very end */
	bool raw_eof : 1, eof_clean : 1, eof_told : 1;
	bool broken : 1;     /* `err` is set; STREAM_ERROR is told when reading finds no more */
	bool unreadable : 1; /* ... which is now */
	bool socket_dead : 1;
	bool error_told : 1;
	bool borrowed : 1, showing : 1, reshow : 1;
	bool full : 1;
	bool fin_wanted : 1, fin_sent : 1, notified : 1;
	bool touches : 1; /* bytes touch the timer */
	bool closed : 1;  /* by the owner */
	bool dying : 1;	  /* waits for the end of the turn */
	bool widowed : 1; /* the twin is gone */
};

/* stream.c */
void stream_tell(struct stream *s, enum stream_event event);
/* The first failure counts; what is queued is dropped, STREAM_ERROR follows from the loop. */
void stream_fail(struct stream *s, int err, const char *text);
/* Socket calls: >0 bytes, 0 not now (EOF and failure are noted in s). */
size_t stream_recv(struct stream *s, char *p, size_t n);
size_t stream_send(struct stream *s, struct slice a, struct slice b);
void stream_on_resume(struct deferred *d);

/* stream_write.c */
void stream_on_flush(struct deferred *d);

/* stream_close.c */
void stream_closed_event(struct stream *s);
/* Everything is with the kernel and FIN is sent: wait for the peer's end. */
void stream_linger(struct stream *s);
void stream_destroy(struct stream *s);

/* stream_pair.c */
/* The twin learns that this end is gone. */
void stream_part(struct stream *s, bool reset);

/* tls.c */
enum tls_step { TLS_DONE, TLS_AGAIN, TLS_WANT, TLS_FAILED };
enum tls_step tls_handshake(struct stream *s);
/* Bytes read into p; 0: nothing for now (end: raw_eof or eof_clean is set; failure: broken). */
size_t tls_read(struct stream *s, char *p, size_t n);
bool tls_has_input(const struct stream *s);
/*
 * Encrypts and sends `out` and then *data, as far as the kernel takes it; *data becomes the rest.
 */
void tls_send(struct stream *s, struct slice *data);
/* Puts close_notify on the wire. */
void tls_notify(struct stream *s);
void tls_stop(struct stream *s);
void tls_shared_free(struct tls_shared *t);

#endif
