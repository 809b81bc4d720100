/* Streams on which nothing moves, and whose fault that is. */
#include "proxy/h2_client_parts.h"
#include "proxy/worker.h"

/* A browser that takes less than this in all that time does not want the rest. */
#define LEAST_TAKEN 1024

/* What of this connection's output is with the kernel. */
static uint64_t taken(const struct h2_client *h)
{
	return stream_bytes_out(h->stream) - stream_queued(h->stream);
}

static void look(struct h2_down *d)
{
	d->seen_sent = h2_stream_sent(d->stream);
	d->seen_taken = taken(d->h);
}

/* It has not taken its answer: its window stays shut, or the connection is not read at all. */
static bool is_not_taken(const struct h2_down *d)
{
	/* What TLS adds to queued bytes may make this a little less than it was. */
	int64_t went = (int64_t)(taken(d->h) - d->seen_taken);

	if (stream_is_full(d->h->stream) && went < LEAST_TAKEN)
		return true;
	/* Streams that others are preferred to (RFC 9218) may wait as long as those take. */
	return h2_stream_is_shut(d->stream) &&
	       h2_stream_sent(d->stream) - d->seen_sent < LEAST_TAKEN;
}

/*
 * Its body does not come, though it might.  Of what was answered the origin knows how long it
 * waits.
 */
static bool is_not_given(const struct h2_down *d)
{
	return !d->asked && !d->forgot && !d->answered && !d->expects && !d->live &&
	       !h2_stream_is_paused(d->stream);
}

static void watch(struct h2_down *d)
{
	struct worker_times *times = &d->h->w->times;

	look(d);
	timer_start(d->live ? &times->tunnel_idle : &times->stall, &d->stall, h2_stall_over);
}

void h2_stall_over(struct timer *t)
{
	struct h2_down *d = LOOP_OWNER(t, struct h2_down, stall);
	bool idle = d->live && h2_stream_sent(d->stream) == d->seen_sent;

	if (d->waits != NULL) {
		watch(d);
		h2_down_release_held(d);
	} else if (is_not_given(d)) {
		downstream_drop(&d->down);
		watch(d);
		refuse(&d->down, 408, "The request took too long.");
	} else if (idle || is_not_taken(d)) {
		h2_down_reset(d, H2_CANCEL);
	} else {
		watch(d);
	}
}

void h2_stall_begin(struct h2_down *d)
{
	watch(d);
}

void h2_stall_moved(struct h2_down *d)
{
	look(d);
	timer_touch(&d->stall);
}
