#include "proxy/net/loop.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>

#include "proxy/net/loop_parts.h"

/* Work that puts off more work may do so this often within one turn; then events are looked at. */
#define PASSES_MAX 16

static void ring_init(struct deferred *head)
{
	head->next = head;
	head->prev = head;
}

static bool ring_empty(const struct deferred *head)
{
	return head->next == head;
}

static void ring_add(struct deferred *head, struct deferred *d, deferred_fn *fn)
{
	if (d->next != NULL)
		return;
	d->fn = fn;
	d->prev = head->prev;
	d->next = head;
	head->prev->next = d;
	head->prev = d;
}

static void ring_drop(struct deferred *d)
{
	d->prev->next = d->next;
	d->next->prev = d->prev;
	d->next = NULL;
	d->prev = NULL;
}

/* Moves all of `from` to the empty ring `to`. */
static void ring_move(struct deferred *from, struct deferred *to)
{
	ring_init(to);
	if (ring_empty(from))
		return;
	*to = *from;
	to->next->prev = to;
	to->prev->next = to;
	ring_init(from);
}

static void ring_run(struct deferred *head)
{
	while (!ring_empty(head)) {
		struct deferred *d = head->next;

		ring_drop(d);
		d->fn(d);
	}
}

static struct event_base *base_new(void)
{
	struct event_config *config = event_config_new();
	struct event_base *base = NULL;

	if (config == NULL)
		return NULL;
	if (event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK) == 0 &&
	    event_config_require_features(config, EV_FEATURE_ET | EV_FEATURE_EARLY_CLOSE) == 0)
		base = event_base_new_with_config(config);
	event_config_free(config);
	if (base != NULL && event_base_priority_init(base, LOOP_PRIORITY_REST + 1) != 0) {
		event_base_free(base);
		base = NULL;
	}
	return base;
}

struct loop *loop_new(const struct clock *clock)
{
	struct loop *loop = calloc(1, sizeof(*loop));

	if (loop == NULL)
		return NULL;
	loop->clock = clock;
	ring_init(&loop->next);
	ring_init(&loop->deferred);
	ring_init(&loop->dead);
	loop->scratch = malloc(LOOP_SCRATCH);
	errno = 0;
	loop->base = base_new();
	if (loop->scratch == NULL || loop->base == NULL || !timers_init(loop)) {
		int e = errno != 0 ? errno : ENOMEM;

		loop_free(loop);
		errno = e;
		return NULL;
	}
	return loop;
}

void loop_free(struct loop *loop)
{
	if (loop == NULL)
		return;
	ring_run(&loop->dead);
	if (loop->attached != NULL)
		loop->attached_free(loop->attached);
	timers_release(loop);
	if (loop->base != NULL)
		event_base_free(loop->base);
	free(loop->scratch);
	free(loop);
}

struct event_base *loop_base(struct loop *loop)
{
	return loop->base;
}

const struct clock *loop_clock(struct loop *loop)
{
	return loop->clock;
}

char *loop_scratch(struct loop *loop)
{
	return loop->scratch;
}

int64_t loop_now_ms(struct loop *loop)
{
	if (!loop->now_known) {
		loop->now = clock_mono_ms(loop->clock);
		loop->now_known = true;
	}
	return loop->now;
}

void loop_reap(struct loop *loop)
{
	ring_run(&loop->dead);
}

void *loop_attached(struct loop *loop)
{
	return loop->attached;
}

void loop_attach(struct loop *loop, void *object, void (*free_fn)(void *))
{
	loop->attached = object;
	loop->attached_free = free_fn;
}

static bool has_work(const struct loop *loop)
{
	return !ring_empty(&loop->next) || !ring_empty(&loop->deferred) || !ring_empty(&loop->dead);
}

static void run_deferred(struct loop *loop)
{
	struct deferred pass;

	for (int i = 0; i < PASSES_MAX && !ring_empty(&loop->deferred); i++) {
		ring_move(&loop->deferred, &pass);
		ring_run(&pass);
	}
}

bool loop_turn(struct loop *loop, bool wait)
{
	bool busy = has_work(loop);
	int flags = EVLOOP_ONCE | (busy || !wait ? EVLOOP_NONBLOCK : 0);
	struct deferred current;
	int r;

	loop->now_known = false;
	r = event_base_loop(loop->base, flags);
	ring_move(&loop->next, &current);
	ring_run(&current);
	timers_run(loop);
	run_deferred(loop);
	ring_run(&loop->dead);
	return r == 0 || busy || has_work(loop);
}

bool loop_run(struct loop *loop)
{
	bool more = true;

	loop->stop = false;
	while (more && !loop->stop)
		more = loop_turn(loop, true);
	return loop->stop;
}

void loop_stop(struct loop *loop)
{
	loop->stop = true;
}

void loop_defer(struct loop *loop, struct deferred *d, deferred_fn *fn)
{
	ring_add(&loop->deferred, d, fn);
}

void loop_next(struct loop *loop, struct deferred *d, deferred_fn *fn)
{
	ring_add(&loop->next, d, fn);
}

void loop_free_later(struct loop *loop, struct deferred *d, deferred_fn *fn)
{
	deferred_cancel(d);
	ring_add(&loop->dead, d, fn);
}

bool deferred_waits(const struct deferred *d)
{
	return d->next != NULL;
}

void deferred_cancel(struct deferred *d)
{
	if (d->next != NULL)
		ring_drop(d);
}
