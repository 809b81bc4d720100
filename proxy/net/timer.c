#include <event2/event.h>
#include <sys/time.h>

#include "proxy/net/loop_parts.h"

/*
 * The loop sleeps with one libevent timer, `wake`.  It is only ever moved to an earlier time; when
 * it goes off too early (the timer that asked for it was touched or stopped) the next time is
 * worked out then, at most once per LOOP_TICK_MS.
 */
static void on_wake(evutil_socket_t fd, short what, void *arg)
{
	struct loop *loop = arg;

	(void)fd;
	(void)what;
	loop->woken = true;
}

static void wake_by(struct loop *loop, int64_t due)
{
	int64_t delay;
	struct timeval tv;

	if (due >= loop->wake_at)
		return;
	loop->wake_at = due;
	delay = due - loop_now_ms(loop);
	if (delay < 1)
		delay = 1;
	tv.tv_sec = delay / 1000;
	tv.tv_usec = delay % 1000 * 1000;
	event_add(loop->wake, &tv);
}

bool timers_init(struct loop *loop)
{
	loop->wake_at = LOOP_NEVER;
	loop->oneshots.next = &loop->oneshots;
	loop->oneshots.prev = &loop->oneshots;
	loop->wake = event_new(loop->base, -1, 0, on_wake, loop);
	return loop->wake != NULL;
}

void timers_release(struct loop *loop)
{
	if (loop->wake != NULL)
		event_free(loop->wake);
	loop->wake = NULL;
}

/* When the class's first timer is over, put off to the next tick so that many go off at once. */
static int64_t class_due(const struct timer_class *c)
{
	int64_t due = c->first->started + c->duration_ms;

	return due + (LOOP_TICK_MS - due % LOOP_TICK_MS) % LOOP_TICK_MS;
}

void timer_class_init(struct timer_class *c, struct loop *loop, int64_t duration_ms)
{
	*c = (struct timer_class){ .loop = loop,
				   .duration_ms = duration_ms > 0 ? duration_ms : 1,
				   .next_class = loop->classes };
	loop->classes = c;
}

void timer_class_release(struct timer_class *c)
{
	struct timer_class **at = &c->loop->classes;

	while (c->first != NULL)
		timer_stop(c->first);
	while (*at != NULL && *at != c)
		at = &(*at)->next_class;
	if (*at == c)
		*at = c->next_class;
	if (c->loop->class_cursor == c)
		c->loop->class_cursor = c->next_class;
}

void timer_class_set(struct timer_class *c, int64_t duration_ms)
{
	c->duration_ms = duration_ms > 0 ? duration_ms : 1;
	if (c->first != NULL)
		wake_by(c->loop, class_due(c));
}

static void append(struct timer_class *c, struct timer *t)
{
	t->class = c;
	t->started = loop_now_ms(c->loop);
	t->next = NULL;
	t->prev = c->last;
	if (c->last != NULL)
		c->last->next = t;
	else
		c->first = t;
	c->last = t;
}

void timer_start(struct timer_class *c, struct timer *t, timer_fn *fn)
{
	timer_stop(t);
	t->fn = fn;
	append(c, t);
	if (c->first == t)
		wake_by(c->loop, class_due(c));
}

void timer_touch(struct timer *t)
{
	struct timer_class *c = t->class;

	if (c == NULL)
		return;
	if (c->last == t) {
		t->started = loop_now_ms(c->loop);
		return;
	}
	timer_stop(t);
	append(c, t);
}

void timer_stop(struct timer *t)
{
	struct timer_class *c = t->class;

	if (c == NULL)
		return;
	if (t->prev != NULL)
		t->prev->next = t->next;
	else
		c->first = t->next;
	if (t->next != NULL)
		t->next->prev = t->prev;
	else
		c->last = t->prev;
	t->class = NULL;
	t->next = NULL;
	t->prev = NULL;
}

void loop_after(struct loop *loop, struct oneshot *o, int64_t ms, oneshot_fn *fn)
{
	struct oneshot *at = loop->oneshots.prev;

	oneshot_stop(o);
	o->loop = loop;
	o->fn = fn;
	o->due = loop_now_ms(loop) + (ms > 0 ? ms : 1);
	while (at != &loop->oneshots && at->due > o->due)
		at = at->prev;
	o->prev = at;
	o->next = at->next;
	at->next->prev = o;
	at->next = o;
	wake_by(loop, o->due);
}

void oneshot_stop(struct oneshot *o)
{
	if (o->loop == NULL)
		return;
	o->prev->next = o->next;
	o->next->prev = o->prev;
	o->loop = NULL;
	o->next = NULL;
	o->prev = NULL;
}

static void run_oneshots(struct loop *loop, int64_t now)
{
	while (loop->oneshots.next != &loop->oneshots && loop->oneshots.next->due <= now) {
		struct oneshot *o = loop->oneshots.next;

		oneshot_stop(o);
		o->fn(o);
	}
}

static void run_class(struct timer_class *c, int64_t now)
{
	/* Should a callback release the class, its list is empty and the cursor has moved on. */
	while (c->first != NULL && c->first->started + c->duration_ms <= now) {
		struct timer *t = c->first;

		timer_stop(t);
		t->fn(t);
	}
}

void timers_run(struct loop *loop)
{
	int64_t now;

	if (loop->wake_at == LOOP_NEVER)
		return;
	now = loop_now_ms(loop);
	if (!loop->woken && now < loop->wake_at)
		return;
	loop->woken = false;
	event_del(loop->wake);
	loop->wake_at = LOOP_NEVER;
	run_oneshots(loop, now);
	loop->class_cursor = loop->classes;
	while (loop->class_cursor != NULL) {
		struct timer_class *c = loop->class_cursor;

		loop->class_cursor = c->next_class;
		run_class(c, now);
	}
	for (struct timer_class *c = loop->classes; c != NULL; c = c->next_class)
		if (c->first != NULL)
			wake_by(loop, class_due(c));
	if (loop->oneshots.next != &loop->oneshots)
		wake_by(loop, loop->oneshots.next->due);
}
