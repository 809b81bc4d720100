/*
 * passes.h - hosts that go through unread for a while, because reading them does not work.
 *
 * Two things lead to a pass.  It is for one visitor and exactly one host, never its subdomains, and
 * it ends by itself.
 *
 *   refusals
 *	The visitor's program does not take our certificates for this host, as applications do
 *	that accept only their own.  Never after one refusal, but after so many in so long a time
 *	(pass-after-refusals in pass-window).  Each attempt has to begin after the one before it
 *	was over, so connections opened side by side count once.  A visitor who has not used any
 *	connection that we intercepted does not trust the CA; nothing counts for him, for want of
 *	trust is no pinning.  Nor does it for a host that he has used intercepted within the time
 *	that a pass lasts: it works so, and who refuses is somebody else at the same address.
 *
 *   challenge
 *	The origin asks whether a robot is calling (challenges.h), which can be because our TLS is
 *	not the browser's.  Only where the host belongs to the page's own site: a third party's
 *	question nobody would see, and one field would be all a tracker needs to be rid of us.
 *
 * Never for the profile minors: there a site that cannot be read stays as it is.  A pass that a
 * person ends at the desk does not begin again by itself for as long as a pass lasts.
 *
 *	passes_why()		before TLS is answered: NULL, or the reason to let it through
 *	struct pass_try		one TLS handshake of a client, from its beginning to its end
 *	passes_challenged()	an origin's answer
 *	passes_tick()		each second
 *
 * Every worker of a generation has the same table: what one learns it tells the others (`tell`;
 * they give it to passes_letter()).  A generation that retires hands its table over to the next
 * (`hand`), each worker to the one with its own number, and tells that one's generation what it
 * learns from then on.  A pass keeps its owner's number: the worker of that number in the
 * generation that serves is the one that says how it ended.
 *
 * All tables are bounded, and what came first goes first; of one visitor no more than
 * PASSES_OWN_MAX are in force at once, and while they are none begins.  Nothing here knows a
 * worker, a loop or a socket: time is the clock's, the rest goes by struct passes_ops
 * (pass_side.c).
 */
#ifndef CRUMBGATE_PROXY_PASSES_H
#define CRUMBGATE_PROXY_PASSES_H

#include "base/clock.h"
#include "filters/choices.h"
#include "filters/site.h"

struct passes;
struct visitor;

enum pass_why { PASS_REFUSALS, PASS_CHALLENGE };
enum pass_end {
	PASS_TIME_OVER,
	PASS_STOPPED,	 /* by a person */
	PASS_FORBIDDEN,	 /* by the configuration of the next generation */
	PASS_NOT_HANDED, /* that could not be told */
	PASS_CLOSED,	 /* the program ends; what is open may finish */
};

#define PASSES_OWN_MAX 64u

/* The most of them: pass-after-refusals cannot ask for more. */
#define PASS_REFUSALS_MAX 16u

struct passes_rules {
	unsigned after_refusals; /* 0: never, else 2 to PASS_REFUSALS_MAX */
	int64_t window_ms;	 /* a refusal counts for so long */
	int64_t time_ms;	 /* how long a pass lasts */
	bool on_challenge;
	unsigned self; /* this worker's number in its generation */
};

/* One pass that is in force, as told and listed; the pointer is good during the call. */
struct pass {
	const char *host;    /* lower case */
	const char *address; /* of the visitor */
	enum pass_why why;
	unsigned count;	      /* refusals that led to it; 1 for a challenge */
	int64_t since, until; /* wall ms */
};

struct passes_ops {
	/* For passes_letter() of the other workers; to leave before any byte of this turn does. */
	void (*tell)(void *arg, struct slice letter);
	/*
	 * For passes_letter() in the next generation: of the worker with this one's number, or of
	 * all.  False: it cannot be told.
	 */
	bool (*hand)(void *arg, struct slice letter, bool all);
	/* This worker began the pass: to be recorded.  `by`: who challenged; NULL for refusals. */
	void (*began)(void *arg, struct visitor *v, const struct pass *p, const char *by);
	/*
	 * In every worker: intercepted connections of this visitor to this host are to end after
	 * what they have in work, or the browser would go on using them.
	 */
	void (*retire)(void *arg, const uint8_t visitor[CLIENT_ID_LEN], const char *host);
	/*
	 * In every worker: what still passes of this visitor to this host is to end now, unless
	 * the program ends.  `own`: this worker owns it, or it was ended here; it is the one to
	 * say so.
	 */
	void (*ended)(void *arg, const uint8_t visitor[CLIENT_ID_LEN], const struct pass *p,
		      enum pass_end how, bool own);
};

/* All borrowed but the rules.  NULL: no memory. */
struct passes *passes_new(const struct passes_rules *rules, const struct clock *clock,
			  const struct passes_ops *ops, void *arg);
void passes_free(struct passes *p);

/*
 * May TLS of this visitor to this host go through unread now?  NULL: no.  Else the tunnel's reason
 * in the record: "pass-refusals" or "pass-challenge".  `host`: the name in the client hello, else
 * that of CONNECT.
 */
const char *passes_why(struct passes *p, const struct visitor *v, struct slice host);
/* "refused-by-client", "challenge": why a pass began. */
const char *pass_word(enum pass_why why);

/* ---- refusals ---- */

enum pass_try_state { TRY_NONE, TRY_SHAKING, TRY_SECURED, TRY_OVER };

/* One handshake with a client; all zero: none yet. */
struct pass_try {
	enum pass_try_state state;
	int64_t began, secured; /* monotonic ms */
	int64_t noted;		/* when its use was noted last */
	bool used;
};

/* How a client's connection ended before anything was asked on it. */
struct pass_try_end {
	int alert;	/* stream_alert(): the alert that the client sent, or -1 */
	bool by_client; /* the client closed or broke it; not we, and not a time-out */
	bool answered;	/* our certificate was on its way */
};

/* Who leaves later than this after the handshake had opened the connection to have one. */
#define PASS_UNUSED_MS 2000

/*
 * The certificate was refused: bad_certificate, unsupported_certificate, certificate_unknown or
 * unknown_ca (RFC 8446 section 6.2), or the client left after it came: before its Finished, or
 * after it and without a byte.  Other alerts say other things, and a client that waits is none.
 * Pure.
 */
bool pass_try_is_refusal(const struct pass_try *t, const struct pass_try_end *end, int64_t now);

/*
 * It begins; is done; bytes came (whenever they do, for a long connection is a use all the time);
 * the connection is over.  Each may be told again.
 */
void pass_try_begin(struct pass_try *t, const struct passes *p);
void pass_try_secured(struct pass_try *t, const struct passes *p);
void pass_try_used(struct pass_try *t, struct passes *p, const struct visitor *v,
		   struct slice host);
void pass_try_over(struct pass_try *t, struct passes *p, struct visitor *v, struct slice host,
		   const struct pass_try_end *end);

/* What these come to; `began` is when the refused attempt began. */
void passes_accepted(struct passes *p, const struct visitor *v, struct slice host);
void passes_refused(struct passes *p, struct visitor *v, struct slice host, int64_t began);

/* ---- challenges ---- */

/*
 * An answer of this host, read by TLS that we end, is a challenge by `by` (challenges.h).  `first`:
 * the host is first party.  To be called before the answer goes on.  True: the host passes from now
 * on, ops->retire() was called, and the browser's next attempt comes by a connection of its own.
 */
bool passes_challenged(struct passes *p, struct visitor *v, struct slice host, const char *by,
		       bool first);

/* ---- the list ---- */

typedef void passes_visit(void *arg, const struct pass *pass);
/* The visitor's passes that are in force, oldest first. */
void passes_each(const struct passes *p, const uint8_t visitor[CLIENT_ID_LEN], passes_visit *visit,
		 void *arg);
/* A person ends it.  False: there is none. */
bool passes_stop(struct passes *p, const struct visitor *v, struct slice host);

/* Ends those whose time is over. */
void passes_tick(struct passes *p);
/* What another worker told.  False: malformed, nothing was changed. */
bool passes_letter(struct passes *p, struct slice letter);

/* ---- the end of a worker ---- */

/*
 * The next generation serves: it gets the passes, those that a person ended, who trusts the CA and
 * who used which host.
 * What is here goes on passing the connections that are here.
 */
void passes_hand_over(struct passes *p);
/* The program ends: those that were not handed over end, and none begins. */
void passes_close(struct passes *p);

#endif
