#include "proxy/outer.h"

#include "base/config.h"
#include "certs/leaf.h"
#include "proxy/alpn.h"
#include "proxy/desk/desk.h"
#include "proxy/h2_client.h"
#include "proxy/h2_tunnel.h"
#include "proxy/inner.h"
#include "proxy/minting.h"
#include "proxy/net/hello.h"
#include "proxy/net/relay.h"
#include "proxy/sniff.h"
#include "proxy/visitor.h"
#include "proxy/worker.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define HOST_MAX 256
/* Tunnels and requests of one browser at the same time: many, for they replace its connections. */
#define STREAMS_MAX 256
/* Tunnels to slow origins must not hold up those to others: 64 of them fill this. */
#define WINDOW (16u * 1024 * 1024)

/* A fatal alert in a record of its own (RFC 8446 sections 5.1 and 6): unrecognized_name. */
static const char unrecognized_name[] = "\x15\x03\x01\x00\x02\x02\x70";

static const char speak_tls[] =
	"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 88\r\n"
	"Connection: close\r\n\r\n"
	"This port of the proxy speaks TLS: use https:// for this proxy address, or the PAC file.";

enum outer_state {
	OUTER_HELLO,	 /* what does the browser speak, to which name? */
	OUTER_MINT,	 /* the keeper makes a certificate */
	OUTER_HANDSHAKE, /* TLS with the browser */
	OUTER_H2,	 /* HTTP/2 to the proxy */
	OUTER_RELAY,	 /* the relay and the inner client go on alone */
	OUTER_OVER,
};

struct outer {
	TAILQ_ENTRY(outer) next;
	struct outers *all;
	enum outer_state state;
	struct stream *stream;	 /* NULL once the relay has it */
	struct visitor *visitor; /* NULL when an inner client counts instead */
	struct address peer, local;
	char name[HOST_MAX];	/* what the certificate is for */
	struct slice protocols; /* what ALPN may choose, static */
	struct minting_wait wait;
	struct h2_client *h2;
	struct relay *relay;
	struct deferred free_me;
};

struct outers {
	struct worker *w;
	TAILQ_HEAD(, outer) list;
	char host_name[HOST_MAX]; /* the machine's, lower case; "" when it has none */
};

/* ---- all of them ---- */

struct outers *outers_new(struct worker *w)
{
	struct outers *all = calloc(1, sizeof(*all));

	if (all == NULL)
		return NULL;
	all->w = w;
	TAILQ_INIT(&all->list);
	if (gethostname(all->host_name, sizeof(all->host_name) - 1) != 0)
		all->host_name[0] = '\0';
	for (char *p = all->host_name; *p != '\0'; p++)
		*p = ascii_lower(*p);
	return all;
}

bool outers_own_name(const struct outers *all, struct slice name)
{
	struct slice host = slice_str(all->host_name);

	return slice_eq(name, SLICE("localhost")) || desk_is_host(name) ||
	       (host.n != 0 && (slice_eq(name, host) ||
				slice_eq(name, slice_head(host, slice_find(host, '.'))))) ||
	       config_tls_name(all->w->config, name);
}

bool outers_empty(const struct outers *all)
{
	return TAILQ_EMPTY(&all->list);
}

/* ---- the end of one ---- */

static void outer_free(struct deferred *d)
{
	free(LOOP_OWNER(d, struct outer, free_me));
}

static void stop_counting(struct outer *o)
{
	struct worker *w = o->all->w;

	if (o->visitor == NULL)
		return;
	visitor_leave(w->visitors, o->visitor);
	w->clients_n--;
	o->visitor = NULL;
}

static void outer_end(struct outer *o, enum stream_how how)
{
	if (o->state == OUTER_OVER)
		return;
	o->state = OUTER_OVER;
	minting_cancel(&o->wait);
	h2_client_free(o->h2);
	o->h2 = NULL;
	stream_close(o->stream, how);
	o->stream = NULL;
	stop_counting(o);
	TAILQ_REMOVE(&o->all->list, o, next);
	loop_free_later(o->all->w->loop, &o->free_me, outer_free);
}

/* ---- what is inside ---- */

static void on_relayed(const struct relay_result *r, void *arg)
{
	(void)r;
	outer_end(arg, STREAM_RESET);
}

static void on_early(struct stream *s, enum stream_event event, void *arg)
{
	/* The relay takes it over before anything can happen. */
	(void)s;
	(void)event;
	(void)arg;
}

/* HTTP/1.1: the relay has no time-out of its own, because the inner client has them all. */
static void relay_to_inner(struct outer *o)
{
	struct worker *w = o->all->w;
	struct stream *inner, *s = o->stream;

	stop_counting(o);
	inner = inner_open(w, &o->peer, &o->local, on_early, NULL);
	o->relay = inner != NULL ? relay_start(s, inner, NULL, on_relayed, o) : NULL;
	if (o->relay == NULL) {
		stream_close(inner, STREAM_RESET);
		outer_end(o, STREAM_RESET);
		return;
	}
	o->stream = NULL;
	o->state = OUTER_RELAY;
}

static void on_busy(void *owner, bool busy)
{
	struct outer *o = owner;

	if (o->stream != NULL)
		stream_set_timer(o->stream, busy ? NULL : &o->all->w->times.idle);
}

static void on_over(void *owner, enum stream_how how)
{
	outer_end(owner, how);
}

static void begin_h2(struct outer *o)
{
	const struct downstream common = {
		.w = o->all->w,
		.visitor = o->visitor,
		.stream = o->stream,
	};
	const struct h2_client_setup setup = {
		.stream = o->stream,
		.common = &common,
		.max_streams = STREAMS_MAX,
		.window = WINDOW,
		.connect = h2_tunnel_open,
		.busy = on_busy,
		.over = on_over,
		.owner = o,
	};

	o->state = OUTER_H2;
	on_busy(o, false);
	o->h2 = h2_client_new(&setup);
	if (o->h2 == NULL)
		outer_end(o, STREAM_RESET);
}

/* ---- the certificate and the handshake ---- */

static void begin_handshake(struct outer *o)
{
	SSL *ssl = leaves_accept(o->all->w->leaves, slice_str(o->name));

	if (ssl == NULL || !leaves_set_alpn(ssl, o->protocols)) {
		SSL_free(ssl);
		outer_end(o, STREAM_RESET);
		return;
	}
	if (!stream_start_tls_server(o->stream, ssl)) {
		outer_end(o, STREAM_RESET);
		return;
	}
	o->state = OUTER_HANDSHAKE;
}

static void on_minted(struct minting_wait *wait, bool minted)
{
	struct outer *o = LOOP_OWNER(wait, struct outer, wait);

	if (minted)
		begin_handshake(o);
	else
		outer_end(o, STREAM_GRACEFUL);
}

static void take_name(struct outer *o, const struct hello *hello)
{
	char ip[ADDRESS_TEXT];

	if (hello->sni[0] == '\0') {
		address_print_ip(&o->local, ip);
		snprintf(o->name, sizeof(o->name), "%s", ip);
		return;
	}
	if (outers_own_name(o->all, slice_str(hello->sni)))
		snprintf(o->name, sizeof(o->name), "%s", hello->sni);
}

static void meet(struct outer *o, const struct hello *hello)
{
	struct worker *w = o->all->w;

	o->protocols = alpn_names(alpn_offer_of(hello));
	take_name(o, hello);
	if (o->name[0] == '\0') {
		stream_write(o->stream, slice_of(unrecognized_name, sizeof(unrecognized_name) - 1));
		outer_end(o, STREAM_GRACEFUL);
		return;
	}
	if (leaves_ready(w->leaves, slice_str(o->name))) {
		begin_handshake(o);
		return;
	}
	o->state = OUTER_MINT;
	if (!minting_ask(w->minting, slice_str(o->name), &o->wait, on_minted))
		outer_end(o, STREAM_GRACEFUL);
}

static void on_clear_bytes(struct outer *o, struct slice in)
{
	enum sniff what = sniff_http(in);

	if (what == SNIFF_MORE)
		return;
	if (what == SNIFF_HTTP)
		stream_write(o->stream, slice_str(speak_tls));
	outer_end(o, STREAM_GRACEFUL);
}

static void on_hello(struct outer *o)
{
	struct slice in = stream_peek(o->stream);
	struct hello hello;

	switch (hello_parse(in, &hello)) {
	case HELLO_MORE:
		break;
	case HELLO_NOT_TLS:
		on_clear_bytes(o, in);
		break;
	case HELLO_BAD:
		outer_end(o, STREAM_GRACEFUL);
		break;
	case HELLO_OK:
		meet(o, &hello);
		break;
	}
}

static void on_event(struct stream *s, enum stream_event event, void *arg)
{
	struct outer *o = arg;

	(void)s;
	switch (event) {
	case STREAM_READ:
		if (o->state == OUTER_HELLO)
			on_hello(o);
		else if (o->state == OUTER_H2)
			h2_client_read(o->h2);
		break;
	case STREAM_CONNECTED:
		if (alpn_chosen(stream_ssl(o->stream)) == PROTOCOL_H2)
			begin_h2(o);
		else
			relay_to_inner(o);
		break;
	case STREAM_DRAINED:
		if (o->state == OUTER_H2)
			h2_client_room(o->h2);
		break;
	case STREAM_EOF:
	case STREAM_ERROR:
	case STREAM_TIMEOUT:
	case STREAM_WANT:
		outer_end(o, event == STREAM_EOF ? STREAM_GRACEFUL : STREAM_RESET);
		break;
	}
}

/* ---- the beginning of one ---- */

void outers_accept(struct outers *all, int fd, const struct address *peer)
{
	struct worker *w = all->w;
	struct outer *o = calloc(1, sizeof(*o));

	if (o != NULL)
		o->visitor = visitor_admit(w->visitors, peer);
	if (o == NULL || o->visitor == NULL) {
		free(o);
		close(fd);
		return;
	}
	o->all = all;
	o->peer = *peer;
	w->clients_n++;
	TAILQ_INSERT_TAIL(&all->list, o, next);
	o->stream = stream_from_fd(w->loop, fd, on_event, o);
	if (o->stream == NULL || !stream_local(o->stream, &o->local))
		outer_end(o, STREAM_RESET);
	else
		stream_set_deadline(o->stream, &w->times.handshake);
}

void outers_drain(struct outers *all)
{
	struct outer *o, *next;

	for (o = TAILQ_FIRST(&all->list); o != NULL; o = next) {
		next = TAILQ_NEXT(o, next);
		if (o->state != OUTER_RELAY && (o->state != OUTER_H2 || h2_client_drain(o->h2)))
			outer_end(o, STREAM_GRACEFUL);
	}
}

void outers_free(struct outers *all)
{
	struct outer *o;

	if (all == NULL)
		return;
	while ((o = TAILQ_FIRST(&all->list)) != NULL) {
		if (o->state == OUTER_RELAY)
			relay_stop(o->relay); /* ends in outer_end() */
		else
			outer_end(o, STREAM_RESET);
	}
	free(all);
}
