/*
 * exchange_parts.h - the inside of an exchange, for its two halves: exchange.c asks the origin,
 * exchange_answer.c brings back what it says.
 */
#ifndef CRUMBGATE_PROXY_EXCHANGE_PARTS_H
#define CRUMBGATE_PROXY_EXCHANGE_PARTS_H

#include "proxy/cookies.h"
#include "proxy/exchange.h"
#include "proxy/http/h1_body.h"

/* One door: exchange_go() is the only writer of the state. */
enum exchange_state {
	EXCHANGE_NEW,
	EXCHANGE_WAITING,  /* for its connection */
	EXCHANGE_ASKED,	   /* the head is with the origin */
	EXCHANGE_ANSWERED, /* the answer's head is with the browser */
	EXCHANGE_OVER,	   /* one of the four endings was told */
};

/* So much of the target as the expiry of cookies needs. */
#define EXCHANGE_TARGET_MAX 1024

struct exchange {
	struct worker *w;
	const struct downstream_ops *ops;
	void *down;
	enum exchange_state state;

	/* the request */
	struct origin_target target;
	struct cookie_scene scene;
	struct expiries expiries;
	enum http_method method;
	struct framing asked; /* the request's framing */
	struct buf head;      /* written anew; kept while it may have to be sent again */
	struct buf upgrade;
	char path[EXCHANGE_TARGET_MAX];
	size_t path_n;
	bool body_begun, body_ended, retried;

	/* the answer */
	struct origin *origin;
	struct h1_response *partial; /* a head that came in pieces */
	unsigned interims;
	struct framing answered;
	struct h1_body body;
	struct fields trailers;
	bool has_trailers, reading_body, heard, persistent, paused;

	struct origin_failure failure; /* when it is none of an origin's own */
	struct deferred fail_later, free_me;
};

void exchange_go(struct exchange *x, enum exchange_state to);
/* Once, after the last byte of the answer: gives the connection back or closes it. */
void exchange_part_from_origin(struct exchange *x, bool reusable);
void exchange_refuse(struct exchange *x, const struct origin_failure *why);
/* Bytes, room, end: the origin's events once the head was sent. */
void exchange_on_origin(struct origin *o, enum origin_event event, void *arg);
/* A reused connection broke before it answered: asks once more on a new one.  False: not allowed. */
bool exchange_ask_again(struct exchange *x);

void answer_bytes(struct exchange *x);
void answer_end_of_stream(struct exchange *x);
void answer_release(struct exchange *x);

#endif
