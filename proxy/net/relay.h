/*
 * relay.h - bytes both ways between two streams, for tunnels and WebSockets.
 *
 * relay_start() takes both streams over (their old owner must not touch them again).  Bytes that
 * either one has not consumed yet go first, and an end or a failure that was told already counts.
 * While one side is full the other is paused.  The end of one direction is handed on as an end
 * for writing (half-close).  When both have ended, or one fails, or nothing has moved for the idle
 * class (once to twice its duration), both are closed and done() is called, once, from the loop.
 * After a failure, or an end of TLS without close_notify, the other side gets what was read before,
 * but no close_notify either (STREAM_CUT), so that a truncation stays visible.
 */
#ifndef CRUMBGATE_PROXY_NET_RELAY_H
#define CRUMBGATE_PROXY_NET_RELAY_H

#include "proxy/net/stream.h"

struct relay;

enum relay_end { RELAY_DONE, RELAY_FAILED, RELAY_IDLE, RELAY_STOPPED };

struct relay_result {
	enum relay_end end;
	const char *text; /* for RELAY_FAILED; valid during the call */
	uint64_t a_to_b, b_to_a;
};

typedef void relay_done(const struct relay_result *r, void *arg);

/* NULL: memory is out, and both streams are still the caller's. */
struct relay *relay_start(struct stream *a, struct stream *b, struct timer_class *idle,
			  relay_done *done, void *arg);
/*
 * Ends it from outside (drain, pass-through withdrawn): resets both, calls done() before it
 * returns.
 */
void relay_stop(struct relay *r);

#endif
