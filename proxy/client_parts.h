/*
 * client_parts.h - the inside of a client's connection, shared by client.c (requests), connect.c
 * (CONNECT), client_answer.c (what is written back) and client_own.c (answers of the proxy's own).
 */
#ifndef CRUMBGATE_PROXY_CLIENT_PARTS_H
#define CRUMBGATE_PROXY_CLIENT_PARTS_H

#include "proxy/client.h"
#include "proxy/exchange.h"
#include "proxy/http/h1_body.h"
#include "proxy/minting.h"

#include <sys/queue.h>

/* One door: client_go() is the only writer of the state. */
enum client_state {
	CLIENT_IDLE,	  /* between requests */
	CLIENT_HEAD,	  /* a head has begun */
	CLIENT_BODY,	  /* a request's body is read */
	CLIENT_WAIT,	  /* the request is read, its answer is not over */
	CLIENT_DIAL,	  /* CONNECT: the origin is dialled */
	CLIENT_HELLO,	  /* CONNECT was answered: what does the client speak? */
	CLIENT_MINT,	  /* the keeper makes a certificate */
	CLIENT_HANDSHAKE, /* TLS with the client */
	CLIENT_OVER,
};

struct desk_work;

/* What a CONNECT fixed for all that follows; NULL for a connection without one. */
struct client_tunnel {
	struct origin_target target;
	struct origin *ahead; /* dialled before the first request; NULL when taken or not dialled */
	bool desk, never;
	bool dialled_for_tunnel; /* the client has its 200, and speaks something of its own */
	struct minting_wait wait;
	struct timer silence; /* the origin spoke first: does the client? */
	struct client *owner;
};

struct client {
	TAILQ_ENTRY(client) next;
	struct worker *w;
	struct stream *stream;
	struct visitor *visitor;
	enum client_state state;
	struct client_tunnel *tunnel;
	bool secure;	    /* requests come through TLS */
	char site[SITE_MAX]; /* what this connection showed of its top-level site */

	struct h1_request *partial; /* a head that came in pieces */
	struct exchange *exchange;
	struct desk_work *desk;

	/* the running request */
	struct h1_body body;
	struct fields trailers;
	bool reading_body, has_trailers;
	uint8_t minor;
	bool is_head, keep_alive, expects;

	/* its answer */
	bool answer_chunked, answer_to_close, answered, input_ended;
	struct deferred pump, free_me;
};

void client_go(struct client *c, enum client_state to);
/* Looks at what has come, at the end of this turn. */
void client_pump_later(struct client *c);
/* The answer is out: the next request, or the end. */
void client_next(struct client *c);
/* The request can no longer be told from the next one: the connection ends after this answer. */
void client_forget_request(struct client *c);
void client_close(struct client *c, enum stream_how how);
void client_on_stream(struct stream *s, enum stream_event event, void *arg);
/* Without its stream, which somebody else has now. */
void client_leave(struct client *c);

/* connect.c */
void connect_begin(struct client *c, const struct authority *to);
void connect_hello(struct client *c);
void connect_secured(struct client *c);
void connect_release(struct client *c);

/* client_answer.c */
extern const struct downstream_ops client_downstream;

/* client_own.c: answers that no origin gave.  They end the running request. */
void client_refuse(struct client *c, unsigned status, const char *reason);
void client_refuse_origin(struct client *c, const struct origin_failure *why);
void client_write_own(struct client *c, unsigned status, struct slice fields, struct slice body);

/* desk_side.c: a request for crumbgate.internal, or for the proxy itself. */
void desk_request(struct client *c, const struct h1_request *r, bool direct);
void desk_body(struct client *c, const struct slice *spans, size_t n);
void desk_body_end(struct client *c);
void desk_drop(struct client *c);

#endif
