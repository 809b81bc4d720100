/*
 * exchange_parts.h - the inside of an exchange, for its two halves: exchange.c asks the origin,
 * exchange_answer.c brings back what it says.
 */
#ifndef CRUMBGATE_PROXY_EXCHANGE_PARTS_H
#define CRUMBGATE_PROXY_EXCHANGE_PARTS_H

#include "proxy/amend.h"
#include "proxy/blocking.h"
#include "proxy/consent_body.h"
#include "proxy/cookies.h"
#include "proxy/exchange.h"
#include "proxy/h2_origin.h"
#include "proxy/reach.h"
#include "proxy/upstream_h1.h"

/* One door: exchange_go() is the only writer of the state. */
enum exchange_state {
	EXCHANGE_NEW,
	EXCHANGE_WAITING,  /* for its connection */
	EXCHANGE_ASKED,	   /* the head is with the origin */
	EXCHANGE_ANSWERED, /* the answer's head is with the browser */
	EXCHANGE_OVER,	   /* the downstream was told an ending */
};

/* So much of the target as the expiry of cookies needs. */
#define EXCHANGE_TARGET_MAX 1024

struct exchange {
	struct worker *w;
	struct downstream *down;
	enum exchange_state state;

	/* the request */
	struct origin_target target;
	struct cookie_scene scene;
	struct expiries expiries;
	struct consent_body *said; /* being read; NULL: nothing about consent */
	enum http_method method;
	struct framing asked; /* the request's framing */
	struct buf head;      /* written anew as HTTP/1; kept while it may have to be sent again */
	struct buf upgrade;
	const struct request_head *now; /* only inside exchange_request() */
	size_t path_at, path_n;		/* of the target in the head: so much as expiring needs */
	/* What of the body went to an HTTP/2 origin, while it may have to be sent again. */
	struct buf body;
	unsigned refusals;
	bool body_lost; /* not all of it is there any more */
	bool body_ended, retried, reused;

	/* the way to the origin */
	struct reach reach;
	struct upstream *up; /* NULL: none now */
	union {
		struct upstream_h1 h1;
		struct upstream_h2 h2;
	} as;

	enum lists_body blocked; /* what it is answered with */
	struct amend *amend;	 /* what lists do to the answer; NULL: nothing */
	const char *refusal; /* why it is refused at the end of this turn */
	struct deferred refuse_later, free_me;
};

void exchange_go(struct exchange *x, enum exchange_state to);
/* What the person chose by now: an answer may come long after its request. */
void exchange_hear_choice(struct exchange *x);
void exchange_refuse(struct exchange *x, const struct origin_failure *why);
/* Answers for what filter lists keep out, with x->blocked. */
void exchange_block(struct exchange *x);
/* Asks once more on a new connection, where that cannot do harm.  False: not allowed. */
bool exchange_ask_again(struct exchange *x, bool heard, bool unprocessed);

/* What the upstream tells (exchange_answer.c). */
extern const struct upstream_events exchange_answer;

#endif
