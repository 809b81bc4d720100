/*
 * loop_parts.h - the loop's inside, shared by loop.c and timer.c only; streams use loop_attach().
 */
#ifndef CRUMBGATE_PROXY_NET_LOOP_PARTS_H
#define CRUMBGATE_PROXY_NET_LOOP_PARTS_H

#include "proxy/net/loop.h"

struct event;

struct loop {
	struct event_base *base;
	const struct clock *clock;
	int64_t now;
	bool now_known, stop;

	/* Ring heads. */
	struct deferred next, deferred, dead;

	/* timer.c */
	struct timer_class *classes, *class_cursor;
	struct oneshot oneshots;
	struct event *wake;
	int64_t wake_at;
	bool woken;

	char *scratch;
	void *attached;
	void (*attached_free)(void *);
};

#define LOOP_NEVER INT64_MAX

bool timers_init(struct loop *loop);
void timers_release(struct loop *loop);
/* Runs what is due; cheap when nothing is. */
void timers_run(struct loop *loop);

/* Runs loop_free_later() work now; for the end only. */
void loop_reap(struct loop *loop);

/* One object that other files of this folder keep per loop (stream.c), freed with it. */
void *loop_attached(struct loop *loop);
void loop_attach(struct loop *loop, void *object, void (*free_fn)(void *));

#endif
