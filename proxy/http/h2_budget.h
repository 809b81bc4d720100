/*
 * h2_budget.h - what a peer may make us do without asking for anything (RFC 9113 section 10.5).
 *
 * A meter reads the frame headers of what is fed, before nghttp2 does: so frames count that it
 * skips, those of closed streams and of unknown types too.  Each kind of frame that costs work and
 * brings none draws on a bucket; time fills the buckets, and so does useful work.  An empty bucket
 * means that the connection is to end with ENHANCE_YOUR_CALM.
 *
 * The sizes are far above what browsers and servers do (h2_budget.c has them beside what is real)
 * and far below what a flood needs to be felt.
 */
#ifndef CRUMBGATE_HTTP_H2_BUDGET_H
#define CRUMBGATE_HTTP_H2_BUDGET_H

#include "base/slice.h"

enum h2_cost {
	H2_COST_RESET,	  /* RST_STREAM, and what makes us send one */
	H2_COST_SETTINGS, /* and their acknowledgements */
	H2_COST_PING,
	H2_COST_PRIORITY, /* PRIORITY, PRIORITY_UPDATE, types nobody knows */
	H2_COST_WINDOW,	  /* WINDOW_UPDATE */
	H2_COST_EMPTY,	  /* DATA without an octet that does not end the stream */
	H2_COST_TINY,	  /* DATA of a few octets */
	H2_COST_HEAD,	  /* KiB of decoded heads */
	H2_COSTS,
};

struct h2_budget {
	int64_t at_ms; /* the buckets were filled up to here */
	int32_t left[H2_COSTS];
};

void h2_budget_init(struct h2_budget *b, int64_t now_ms);
/* Lets time fill the buckets; a clock that went back does no harm. */
void h2_budget_time(struct h2_budget *b, int64_t now_ms);
/* False: that was too much. */
bool h2_spend(struct h2_budget *b, enum h2_cost cost, size_t n);
void h2_earn(struct h2_budget *b, enum h2_cost cost, size_t n);
/* A request was asked and answered. */
void h2_earn_request(struct h2_budget *b);
/* DATA with n octets was sent: the peer will open windows for it. */
void h2_earn_sent(struct h2_budget *b, size_t n);

#define H2_FRAME_HEAD 9

/* Where frames begin in a stream of bytes. */
struct h2_meter {
	uint32_t skip;	/* octets until the next frame header */
	uint8_t have;	/* octets of it, and of a PRIORITY frame's stream dependency */
	uint8_t judged; /* octets of the last one when it was judged: before them all was good */
	uint8_t head[13];
};

enum h2_metered {
	H2_METER_GOOD, /* `in` is used up */
	/* From here on `in` goes on where what was judged of the frame ends (`judged` octets). */
	H2_METER_DATA, /* the header of a DATA frame */
	H2_METER_TOO_MUCH,
	/* A PRIORITY frame that breaks RFC 7540 sections 5.3.1 and 6.3; nghttp2 looks at none. */
	H2_METER_BAD,
};

/* `preface`: the client's 24 octets come first. */
void h2_meter_init(struct h2_meter *m, bool preface);
/* Spends for the frame headers in *in, and advances it; to be called again after H2_METER_DATA. */
enum h2_metered h2_meter_feed(struct h2_meter *m, struct h2_budget *b, struct slice *in);
/* The stream of the last frame header. */
int32_t h2_meter_stream(const struct h2_meter *m);

#endif
