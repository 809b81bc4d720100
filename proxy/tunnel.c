#include "proxy/tunnel.h"

#include "evidence/entry.h"
#include "proxy/net/relay.h"
#include "proxy/tap.h"
#include "proxy/visitor.h"
#include "proxy/worker.h"

#include <stdlib.h>

struct tunnel {
	TAILQ_ENTRY(tunnel) next;
	struct worker *w;
	struct visitor *visitor;
	struct relay *relay;
	struct deferred free_me;
	bool passes; /* a pass let it through */
	char host[];
};

static void tunnel_free(struct deferred *d)
{
	free(LOOP_OWNER(d, struct tunnel, free_me));
}

static void on_done(const struct relay_result *r, void *arg)
{
	struct tunnel *t = arg;

	(void)r;
	TAILQ_REMOVE(&t->w->tunnels, t, next);
	t->visitor->connections--;
	t->w->clients_n--;
	visitor_let_go(t->w->visitors, t->visitor);
	loop_free_later(t->w->loop, &t->free_me, tunnel_free);
}

static void record(struct worker *w, struct visitor *v, struct slice host, const char *why)
{
	struct entry e;

	entry_init(&e, ENTRY_PASS, clock_wall_ms(loop_clock(w->loop)));
	e.client = visitor_log_id(w->visitors, v);
	e.host = host;
	e.why = slice_str(why);
	tap_event(w->tap, &e);
}

void tunnel_start(struct worker *w, struct visitor *v, struct slice host, const char *why,
		  struct stream *client, struct stream *origin)
{
	struct tunnel *t = calloc(1, sizeof(*t) + host.n + 1);

	if (t != NULL)
		t->relay = relay_start(client, origin, &w->times.tunnel_idle, on_done, t);
	if (t == NULL || t->relay == NULL) {
		free(t);
		stream_close(client, STREAM_RESET);
		stream_close(origin, STREAM_RESET);
		return;
	}
	t->w = w;
	t->visitor = v;
	t->passes = why != NULL && slice_starts(slice_str(why), SLICE("pass-"));
	(void)slice_copy(host, t->host, host.n + 1);
	visitor_hold(w->visitors, v);
	v->connections++; /* it still is a client's connection */
	w->clients_n++;
	TAILQ_INSERT_TAIL(&w->tunnels, t, next);
	if (why != NULL)
		record(w, v, host, why);
}

void tunnels_end(struct worker *w, const uint8_t visitor[CLIENT_ID_LEN], const char *host)
{
	struct tunnel *t, *next;

	for (t = TAILQ_FIRST(&w->tunnels); t != NULL; t = next) {
		next = TAILQ_NEXT(t, next);
		if (t->passes && slice_ieq(slice_str(t->host), slice_str(host)) &&
		    memcmp(t->visitor->id, visitor, CLIENT_ID_LEN) == 0)
			relay_stop(t->relay);
	}
}

void tunnels_stop(struct worker *w)
{
	struct tunnel *t;

	while ((t = TAILQ_FIRST(&w->tunnels)) != NULL)
		relay_stop(t->relay);
}
