/*
 * loop.h - one process's event loop: turns, work put off to the end of a turn, time-outs.
 *
 * A turn is: wait for events; run their callbacks, letters (priority 0, base/post.h) before
 * everything else (priority 1); run what was put off with loop_next() before this turn; run what
 * was put off with loop_defer() until nothing is left; at last run loop_free_later().
 * So nothing is ever freed under a caller's feet: who closes a thing inside a callback may still
 * touch it until the turn ends.
 *
 *	struct loop *loop = loop_new(&clock_system);
 *	... loop_base(loop) for post_new() and other users of libevent ...
 *	loop_run(loop);                 // until loop_stop()
 *	loop_free(loop);
 *
 * All links are intrusive: the caller embeds a struct deferred, timer or oneshot in his object
 * (all zero = idle), gets a pointer to it in the callback, and comes back to his object with
 * LOOP_OWNER().  Starting is idempotent and never allocates, so it cannot fail; stopping something
 * idle is allowed.  The owner stops what he embedded before he frees it.
 *
 * Time is the monotonic milliseconds of the clock given at birth, read at most once a turn.  With a
 * virtual clock a test moves the number and calls loop_turn().
 */
#ifndef CRUMBGATE_PROXY_NET_LOOP_H
#define CRUMBGATE_PROXY_NET_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"

struct event_base;
struct loop;

/* The object that embeds `member`. */
#define LOOP_OWNER(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

#define LOOP_PRIORITY_LETTERS 0
#define LOOP_PRIORITY_REST 1

/* NULL (errno) when memory or descriptors are out.  The clock is borrowed. */
struct loop *loop_new(const struct clock *clock);
/* Runs what is due to be freed, then frees.  Streams and listeners must have been closed before. */
void loop_free(struct loop *loop);
struct event_base *loop_base(struct loop *loop);
const struct clock *loop_clock(struct loop *loop);
/* Monotonic, the same number for a whole turn. */
int64_t loop_now_ms(struct loop *loop);

/* Turns until loop_stop(), or until there is nothing left to wait for (false). */
bool loop_run(struct loop *loop);
/* The current turn becomes the last. */
void loop_stop(struct loop *loop);
/* One turn; with `wait` it sleeps until something happens.  False: nothing to wait for. */
bool loop_turn(struct loop *loop, bool wait);

/*
 * LOOP_SCRATCH bytes for anybody, for as long as his callback runs and no other callback is
 * called.  The bytes of a STREAM_READ live in it: not for use inside that event.
 */
#define LOOP_SCRATCH (64u * 1024)
char *loop_scratch(struct loop *loop);

/* Work put off. */
struct deferred;
typedef void deferred_fn(struct deferred *d);
struct deferred {
	struct deferred *next, *prev;
	deferred_fn *fn;
};

/* Runs fn(d) once at the end of this turn. Already waiting (in either list): stays as it is. */
void loop_defer(struct loop *loop, struct deferred *d, deferred_fn *fn);
/* Runs fn(d) once in the next turn, which will look for events first but not sleep. */
void loop_next(struct loop *loop, struct deferred *d, deferred_fn *fn);
bool deferred_waits(const struct deferred *d);
void deferred_cancel(struct deferred *d);
/* Runs fn(d), which frees d's owner, when all other work of this turn is done. Not cancellable. */
void loop_free_later(struct loop *loop, struct deferred *d, deferred_fn *fn);

/*
 * Time-outs that come in classes of one fixed duration ("client idle, 60 s").  A class is a list
 * in the order of starting, so starting, touching and stopping is O(1), and thousands cost no more
 * than one.  A timer runs out between its duration and LOOP_TICK_MS after it.
 */
#define LOOP_TICK_MS 250

struct timer;
typedef void timer_fn(struct timer *t);
struct timer {
	struct timer *next, *prev;
	struct timer_class *class; /* NULL: idle */
	int64_t started;
	timer_fn *fn;
};

struct timer_class {
	struct loop *loop;
	int64_t duration_ms;
	struct timer *first, *last;
	struct timer_class *next_class;
};

/* The class is the caller's memory and must outlive its timers; release stops them all. */
void timer_class_init(struct timer_class *c, struct loop *loop, int64_t duration_ms);
void timer_class_release(struct timer_class *c);
/* Holds at once, for the timers that run as well. */
void timer_class_set(struct timer_class *c, int64_t duration_ms);
/* (Re)starts t in class c; fn(t) runs once when it is over. */
void timer_start(struct timer_class *c, struct timer *t, timer_fn *fn);
/* From now on again the whole duration; nothing when it does not run. */
void timer_touch(struct timer *t);
void timer_stop(struct timer *t);
static inline bool timer_runs(const struct timer *t)
{
	return t->class != NULL;
}

/* A single exact delay (to the millisecond), for the few places that need one. */
struct oneshot;
typedef void oneshot_fn(struct oneshot *o);
struct oneshot {
	struct oneshot *next, *prev;
	struct loop *loop; /* NULL: idle */
	int64_t due;
	oneshot_fn *fn;
};

/* (Re)starts: fn(o) runs once after ms milliseconds. */
void loop_after(struct loop *loop, struct oneshot *o, int64_t ms, oneshot_fn *fn);
void oneshot_stop(struct oneshot *o);
static inline bool oneshot_runs(const struct oneshot *o)
{
	return o->loop != NULL;
}

#endif
