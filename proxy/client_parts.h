/*
 * client_parts.h - the inside of a client's connection, shared by client.c (birth, events and end),
 * client_h1.c (HTTP/1 requests), client_answer.c (what is written back to them), connect.c
 * (CONNECT) and h2_client.c (HTTP/2).
 */
#ifndef CRUMBGATE_PROXY_CLIENT_PARTS_H
#define CRUMBGATE_PROXY_CLIENT_PARTS_H

#include "proxy/client.h"
#include "proxy/downstream.h"
#include "proxy/http/h1_body.h"
#include "proxy/http/h1_head.h"
#include "proxy/minting.h"
#include "proxy/passes.h"

#include <sys/queue.h>

/* One door: client_go() is the only writer of the state. */
enum client_state {
	CLIENT_IDLE,	  /* between requests */
	CLIENT_HEAD,	  /* a head has begun */
	CLIENT_BODY,	  /* a request's body is read */
	CLIENT_WAIT,	  /* the request is read, its answer is not over */
	CLIENT_DIAL,	  /* CONNECT: the origin is dialled */
	CLIENT_HELLO,	  /* CONNECT was answered: what does the client speak? */
	CLIENT_MINT,	  /* the keeper makes a certificate, the origin says what it speaks */
	CLIENT_HANDSHAKE, /* TLS with the client */
	CLIENT_OVER,
};

struct h2_client;

/* What a CONNECT fixed for all that follows; NULL for a connection without one. */
struct client_tunnel {
	struct origin_target target;
	struct origin *ahead; /* dialled before the first request; NULL when taken or not dialled */
	bool desk, never;
	bool dialled_for_tunnel; /* the client has its 200, and speaks something of its own */
	bool asks_origin;	 /* what the client is offered waits for what the origin chooses */
	enum http_protocol protocol; /* that is it */
	const char *passed;	     /* passes.h lets it through: the reason in the record */
	struct pass_try attempt;     /* the client's handshake */
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
	bool secure;	      /* requests come through TLS */
	char site[SITE_MAX];  /* what this connection showed of its top-level site */
	struct h2_client *h2; /* NULL: it speaks HTTP/1, and has the following */

	struct h1_request *partial; /* a head that came in pieces */

	/* the running request */
	struct downstream down;
	struct h1_body body;
	struct fields trailers;
	bool reading_body, has_trailers;
	uint8_t minor;
	bool keep_alive, expects;

	/* its answer */
	bool answer_chunked, answer_to_close, answered, input_ended;
	struct deferred pump, free_me;
};

/* client.c */
void client_go(struct client *c, enum client_state to);
void client_close(struct client *c, enum stream_how how);
void client_on_stream(struct stream *s, enum stream_event event, void *arg);
/* TLS stands: the connection speaks what was agreed on. */
void client_secured(struct client *c);
/* Without its stream, which somebody else has now. */
void client_leave(struct client *c);
/* What a request of this connection has in common with the others. */
void client_describe(struct client *c, struct downstream *d);

/* client_h1.c */
void client_pump(struct client *c);
/* Looks at what has come, at the end of this turn. */
void client_pump_later(struct client *c);
/* The answer is out: the next request, or the end. */
void client_next(struct client *c);
/* The request can no longer be told from the next one: the connection ends after this answer. */
void client_forget_request(struct client *c);
void client_timeout(struct client *c);
void client_release_request(struct client *c);

/* connect.c */
void connect_begin(struct client *c, const struct authority *to);
void connect_hello(struct client *c);
void connect_secured(struct client *c);
/* Bytes came. */
void connect_used(struct client *c);
/* The connection is about to be closed; its stream still tells why. */
void connect_over(struct client *c);
void connect_release(struct client *c);

/* client_answer.c */
extern const struct downstream_ops client_downstream;

#endif
