#include "proxy/client.h"

#include "base/config.h"
#include "proxy/alpn.h"
#include "proxy/client_parts.h"
#include "proxy/h2_client.h"
#include "proxy/visitor.h"
#include "proxy/worker.h"

#include <openssl/ssl.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- birth and end ---- */

void client_go(struct client *c, enum client_state to)
{
	struct worker_times *t = &c->w->times;

	if (c->state == to)
		return;
	c->state = to;
	switch (to) {
	case CLIENT_IDLE:
		stream_set_timer(c->stream, &t->idle);
		break;
	case CLIENT_HEAD:
		stream_set_deadline(c->stream, &t->header);
		break;
	case CLIENT_HELLO:
	case CLIENT_MINT:
	case CLIENT_HANDSHAKE:
		stream_set_deadline(c->stream, &t->handshake);
		break;
	case CLIENT_BODY:
		stream_set_timer(c->stream, &t->stall);
		break;
	case CLIENT_WAIT:
	case CLIENT_DIAL:
	case CLIENT_OVER:
		stream_set_timer(c->stream, NULL);
		break;
	}
}

void client_describe(struct client *c, struct downstream *d)
{
	const struct client_tunnel *t = c->tunnel;

	d->w = c->w;
	d->visitor = c->visitor;
	d->stream = c->stream;
	d->secure = c->secure;
	d->connection_site = c->site;
	d->target = t != NULL ? &t->target : NULL;
	d->ahead = t != NULL ? &c->tunnel->ahead : NULL;
	d->to_desk = t != NULL && t->desk;
}

/* Takes the stream and the visitor's connection, also when there is no memory. */
static void begin(struct worker *w, struct visitor *v, struct stream *s)
{
	struct client *c = calloc(1, sizeof(*c));

	if (c == NULL) {
		stream_close(s, STREAM_RESET);
		visitor_leave(w->visitors, v);
		return;
	}
	c->w = w;
	c->visitor = v;
	c->stream = s;
	stream_set_cb(s, client_on_stream, c);
	if (w->config->max_head > STREAM_READ_MAX)
		stream_set_read_max(c->stream, w->config->max_head + 1);
	client_describe(c, &c->down);
	c->down.ops = &client_downstream;
	c->state = CLIENT_OVER; /* client_go() sees a change */
	TAILQ_INSERT_TAIL(&w->clients, c, next);
	w->clients_n++;
	client_go(c, CLIENT_IDLE);
}

void client_accept(struct worker *w, int fd, const struct address *peer)
{
	struct visitor *v = visitor_admit(w->visitors, peer);
	struct stream *s;

	if (v == NULL) {
		close(fd);
		return;
	}
	s = stream_from_fd(w->loop, fd, client_on_stream, NULL);
	if (s != NULL)
		begin(w, v, s);
	else
		visitor_leave(w->visitors, v);
}

void client_take(struct worker *w, struct stream *s, const struct address *peer)
{
	struct visitor *v = visitor_admit(w->visitors, peer);

	if (v != NULL)
		begin(w, v, s);
	else
		stream_close(s, STREAM_RESET);
}

static void client_free(struct deferred *d)
{
	struct client *c = LOOP_OWNER(d, struct client, free_me);

	client_release_request(c);
	if (c->partial != NULL) {
		h1_request_release(c->partial);
		free(c->partial);
	}
	free(c->tunnel);
	free(c);
}

void client_leave(struct client *c)
{
	struct worker *w = c->w;

	if (c->state == CLIENT_OVER)
		return;
	c->state = CLIENT_OVER;
	c->stream = NULL;
	deferred_cancel(&c->pump);
	downstream_drop(&c->down);
	h2_client_free(c->h2);
	c->h2 = NULL;
	connect_release(c);
	visitor_leave(w->visitors, c->visitor);
	TAILQ_REMOVE(&w->clients, c, next);
	w->clients_n--;
	loop_free_later(w->loop, &c->free_me, client_free);
}

void client_close(struct client *c, enum stream_how how)
{
	struct stream *s = c->stream;

	if (c->state == CLIENT_OVER)
		return;
	connect_over(c);
	client_leave(c);
	stream_close(s, how);
}

struct client *client_after(struct client *c)
{
	return TAILQ_NEXT(c, next);
}

void client_drain(struct client *c)
{
	if (c->h2 != NULL) {
		if (h2_client_drain(c->h2))
			client_close(c, STREAM_GRACEFUL);
	} else if (c->state == CLIENT_IDLE || c->state == CLIENT_HELLO)
		client_close(c, STREAM_GRACEFUL);
	else
		c->keep_alive = false;
}

/* ---- HTTP/2 ---- */

static void on_busy(void *owner, bool busy)
{
	struct client *c = owner;

	if (c->state != CLIENT_OVER)
		client_go(c, busy ? CLIENT_WAIT : CLIENT_IDLE);
}

static void on_over(void *owner, enum stream_how how)
{
	client_close(owner, how);
}

/* So far as is known already; else it is said with the first answer that shows it. */
static bool takes_websockets(const struct client *c)
{
	struct origin *o = c->tunnel->ahead;

	return o != NULL && origin_is_ready(o) && origin_speaks_h2(o) &&
	       h2_preface_offers_extended_connect(stream_peek(origin_stream(o)));
}

void client_secured(struct client *c)
{
	struct downstream common = { .ops = NULL };
	struct h2_client_setup setup = {
		.stream = c->stream, .common = &common, .busy = on_busy, .over = on_over, .owner = c
	};

	client_go(c, CLIENT_IDLE);
	if (alpn_chosen(stream_ssl(c->stream)) != PROTOCOL_H2)
		return;
	client_describe(c, &common);
	setup.websockets = c->tunnel != NULL && takes_websockets(c);
	c->h2 = h2_client_new(&setup);
	if (c->h2 == NULL)
		client_close(c, STREAM_RESET);
}

/* ---- what the stream tells ---- */

static void on_room(struct client *c)
{
	if (c->state == CLIENT_WAIT && c->h2 == NULL)
		stream_set_timer(c->stream, NULL);
	if (c->h2 != NULL)
		h2_client_room(c->h2);
	else if (c->down.exchange != NULL)
		downstream_room(&c->down);
	else if (stream_is_paused(c->stream))
		client_pump_later(c);
}

static void on_eof(struct client *c)
{
	c->input_ended = true;
	/* A plain client may have closed only its half and still wait (RFC 9112 section 9.6). */
	if (c->state == CLIENT_WAIT && !c->secure && stream_eof_clean(c->stream))
		return;
	client_close(c, c->state == CLIENT_IDLE ? STREAM_GRACEFUL : STREAM_RESET);
}

void client_on_stream(struct stream *s, enum stream_event event, void *arg)
{
	struct client *c = arg;

	(void)s;
	switch (event) {
	case STREAM_CONNECTED:
		connect_secured(c);
		break;
	case STREAM_READ:
		connect_used(c);
		if (c->h2 != NULL)
			h2_client_read(c->h2);
		else
			client_pump(c);
		break;
	case STREAM_DRAINED:
		on_room(c);
		break;
	case STREAM_EOF:
		on_eof(c);
		break;
	case STREAM_TIMEOUT:
		if (c->h2 != NULL)
			client_close(c, STREAM_GRACEFUL);
		else
			client_timeout(c);
		break;
	case STREAM_ERROR:
	case STREAM_WANT:
		client_close(c, STREAM_RESET);
		break;
	}
}
