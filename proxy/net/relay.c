#include "proxy/net/relay.h"

#include <stdlib.h>

/* What changes whenever a byte moves. */
struct progress {
	uint64_t moved[2];
	size_t queued[2];
};

struct relay {
	struct stream *side[2]; /* NULL: closed */
	struct timer_class *idle;
	struct timer timer;
	struct progress seen;
	relay_done *done;
	void *arg;
	struct loop *loop;
	struct deferred start, dead;
	uint64_t moved[2]; /* [0]: from side 0 to side 1 */
	bool ended[2];	   /* this side sends no more */
};

static void relay_free(struct deferred *d)
{
	free(LOOP_OWNER(d, struct relay, dead));
}

static void end(struct relay *r, enum relay_end how, const char *text)
{
	static const enum stream_how closes[] = {
		[RELAY_DONE] = STREAM_GRACEFUL,
		[RELAY_FAILED] = STREAM_CUT,
		[RELAY_IDLE] = STREAM_RESET,
		[RELAY_STOPPED] = STREAM_RESET,
	};
	struct relay_result result = { how, text, r->moved[0], r->moved[1] };
	enum stream_how close = closes[how];
	relay_done *done = r->done;

	deferred_cancel(&r->start);
	timer_stop(&r->timer);
	stream_close(r->side[0], close);
	stream_close(r->side[1], close);
	/* The text is one of the streams', which live until the turn ends. */
	loop_free_later(r->loop, &r->dead, relay_free);
	done(&result, r->arg);
}

static void move(struct relay *r, int from)
{
	struct stream *s = r->side[from], *to = r->side[!from];
	struct slice in = stream_peek(s);

	if (in.n == 0)
		return;
	if (stream_write(to, in))
		r->moved[from] += in.n;
	/* If it could not be written, that side's STREAM_ERROR is on its way. */
	stream_consume(s, in.n);
	if (stream_is_full(to))
		stream_pause(s);
}

static void on_eof(struct relay *r, int from)
{
	move(r, from);
	if (!stream_eof_clean(r->side[from])) {
		end(r, RELAY_FAILED, "TLS ended without close_notify");
		return;
	}
	r->ended[from] = true;
	stream_shutdown_write(r->side[!from]);
	if (r->ended[!from])
		end(r, RELAY_DONE, NULL);
}

static void on_event(struct stream *s, enum stream_event event, void *arg)
{
	struct relay *r = arg;
	int side = s == r->side[1];

	switch (event) {
	case STREAM_READ:
		move(r, side);
		break;
	case STREAM_DRAINED:
		stream_unpause(r->side[!side]);
		break;
	case STREAM_EOF:
		on_eof(r, side);
		break;
	case STREAM_ERROR:
		/* Everything it had to say came before: only the way towards it is broken. */
		if (r->ended[side])
			end(r, RELAY_DONE, NULL);
		else
			end(r, RELAY_FAILED, stream_error_text(s));
		break;
	case STREAM_CONNECTED:
	case STREAM_TIMEOUT:
	case STREAM_WANT:
		break;
	}
}

/* What came before the relay, an end included, is found by reading on. */
static void on_start(struct deferred *d)
{
	struct relay *r = LOOP_OWNER(d, struct relay, start);

	for (int i = 0; i < 2; i++) {
		if (stream_errno(r->side[i]) != 0) {
			end(r, RELAY_FAILED, stream_error_text(r->side[i]));
			return;
		}
	}
	for (int i = 0; i < 2; i++) {
		if (stream_saw_eof(r->side[i]) && !r->ended[i])
			on_eof(r, i);
		if (deferred_waits(&r->dead))
			return;
		if (!stream_is_full(r->side[!i]))
			stream_unpause(r->side[i]);
	}
}

static struct progress progress(const struct relay *r)
{
	return (struct progress){ { r->moved[0], r->moved[1] },
				  { stream_queued(r->side[0]), stream_queued(r->side[1]) } };
}

/* Looking once per duration is cheaper than touching a timer with every byte. */
static void on_timer(struct timer *t)
{
	struct relay *r = LOOP_OWNER(t, struct relay, timer);
	struct progress now = progress(r);

	if (memcmp(&now, &r->seen, sizeof(now)) == 0) {
		end(r, RELAY_IDLE, NULL);
		return;
	}
	r->seen = now;
	timer_start(r->idle, &r->timer, on_timer);
}

struct relay *relay_start(struct stream *a, struct stream *b, struct timer_class *idle,
			  relay_done *done, void *arg)
{
	struct relay *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return NULL;
	*r = (struct relay){
		.side = { a, b }, .idle = idle, .done = done, .arg = arg, .loop = stream_loop(a)
	};
	for (int i = 0; i < 2; i++) {
		stream_set_cb(r->side[i], on_event, r);
		stream_set_timer(r->side[i], NULL);
		stream_pause(r->side[i]);
	}
	loop_defer(r->loop, &r->start, on_start);
	r->seen = progress(r);
	if (idle != NULL)
		timer_start(idle, &r->timer, on_timer);
	return r;
}

void relay_stop(struct relay *r)
{
	end(r, RELAY_STOPPED, NULL);
}
