/* CONNECT: from the request to TLS that ends here, or to a tunnel. */
#include "base/config.h"
#include "base/diag.h"
#include "certs/leaf.h"
#include "evidence/entry.h"
#include "filters/hosts.h"
#include "proxy/client_parts.h"
#include "proxy/desk/desk.h"
#include "proxy/net/hello.h"
#include "proxy/pass_side.h"
#include "proxy/pool.h"
#include "proxy/sniff.h"
#include "proxy/tunnel.h"
#include "proxy/visitor.h"
#include "proxy/worker.h"

#include <stdio.h>
#include <stdlib.h>

static void proceed(struct client *c);

static bool is_never(const struct worker *w, struct slice host)
{
	return config_never_intercept(w->config, host) ||
	       (w->setup->never != NULL && hosts_match(w->setup->never, host, NULL));
}

static void say_established(struct client *c)
{
	stream_write(c->stream, SLICE("HTTP/1.1 200 Connection established\r\n\r\n"));
	client_go(c, CLIENT_HELLO);
	if (stream_peek(c->stream).n != 0)
		client_pump_later(c); /* some clients do not wait for the 200 */
}

static const char *unread_because(const struct client *c)
{
	return c->tunnel->passed != NULL ? c->tunnel->passed : "protocol";
}

/* Both streams belong to the tunnel from here on. */
static void become_tunnel(struct client *c, const char *why)
{
	struct worker *w = c->w;
	struct visitor *v = c->visitor;
	const struct client_tunnel *t = c->tunnel;
	struct stream *client = c->stream, *origin = origin_take_stream(t->ahead);
	char host[SITE_MAX];

	/* A pass is for the name that TLS is for, and its tunnels end with it. */
	snprintf(host, sizeof(host), "%s", t->passed != NULL ? t->target.identity : t->target.host);
	visitor_hold(w->visitors, v);
	client_leave(c); /* closes what is left of the origin */
	stream_set_timer(client, NULL);
	tunnel_start(w, v, slice_str(host), why, client, origin);
	visitor_let_go(w->visitors, v);
}

/* ---- the origin that was dialled ahead ---- */

static void on_silence(struct timer *t)
{
	struct client *c = LOOP_OWNER(t, struct client_tunnel, silence)->owner;

	if (c->state == CLIENT_HELLO && stream_peek(c->stream).n == 0)
		become_tunnel(c, "protocol");
}

static bool secure_ahead(struct client *c)
{
	const struct origin_target *t = &c->tunnel->target;
	struct origin *o = c->tunnel->ahead;

	origin_set_tls(o, t->alpn, &t->shape);
	return origin_secure(o, slice_str(t->identity));
}

/* It goes on without: any two protocols fit together. */
static void stop_asking(struct client *c, enum http_protocol protocol)
{
	if (!c->tunnel->asks_origin)
		return;
	c->tunnel->asks_origin = false;
	c->tunnel->protocol = protocol;
	proceed(c);
}

static void on_dialled(struct client *c)
{
	if (c->state == CLIENT_DIAL && c->tunnel->dialled_for_tunnel) {
		/* The client spoke before: it has its 200 already. */
		become_tunnel(c, unread_because(c));
	} else if (c->state == CLIENT_DIAL) {
		say_established(c);
		if (c->tunnel->never)
			become_tunnel(c, "never-intercept");
	} else if (c->tunnel->asks_origin && !secure_ahead(c)) {
		client_close(c, STREAM_RESET);
	}
}

#define TELL_PRIVATE_MS 60000

/*
 * Browsers do not show the page that comes with a failed CONNECT: the operator is told.  A page
 * that tries one address after the other shall not fill the log.
 */
static void tell_if_private(struct client *c, const struct origin_failure *why)
{
	struct worker *w = c->w;
	int64_t now = loop_now_ms(w->loop);

	if (why == NULL || why->fault != FAULT_DIAL || why->dial != DIAL_FORBIDDEN ||
	    w->config->allow_private ||
	    (w->told_private != 0 && now - w->told_private < TELL_PRIVATE_MS))
		return;
	w->told_private = now;
	diag_info("%s is on an address that is refused (%s): see allow-private",
		  c->tunnel->target.host, why->text);
}

static void on_ahead(struct origin *o, enum origin_event event, void *arg)
{
	struct client *c = arg;

	switch (event) {
	case ORIGIN_CONNECTED:
		on_dialled(c);
		break;
	case ORIGIN_READY:
		pool_note_reached(c->w->pool, &c->tunnel->target);
		stop_asking(c, origin_speaks_h2(o) ? PROTOCOL_H2 : PROTOCOL_H1);
		break;
	case ORIGIN_BYTES:
		/*
		 * The origin speaks first.  If the client goes on saying nothing it is neither TLS
		 * nor HTTP; the origin's bytes alone must not switch the interception off.
		 */
		if (c->state == CLIENT_HELLO && stream_ssl(origin_stream(o)) == NULL &&
		    !timer_runs(&c->tunnel->silence))
			timer_start(&c->w->times.second, &c->tunnel->silence, on_silence);
		break;
	case ORIGIN_ENDED:
	case ORIGIN_FAILED:
		if (c->state == CLIENT_DIAL && !c->tunnel->dialled_for_tunnel) {
			client_forget_request(c);
			tell_if_private(c, origin_failure(o));
			refuse_origin(&c->down, origin_failure(o));
		} else if (c->state == CLIENT_DIAL || c->state == CLIENT_HELLO) {
			client_close(c, STREAM_GRACEFUL);
		} else if (event == ORIGIN_ENDED) {
			origin_close(o, STREAM_GRACEFUL);
			c->tunnel->ahead = NULL;
		}
		/* Else the first request will be told: origin_failure() stays. */
		stop_asking(c, PROTOCOL_H1);
		break;
	case ORIGIN_ROOM:
		break;
	}
}

static bool start_dialling(struct client *c)
{
	c->tunnel->ahead = origin_dial(c->w, &c->tunnel->target, on_ahead, c);
	return c->tunnel->ahead != NULL;
}

static bool dial_ahead(struct client *c)
{
	if (!start_dialling(c))
		return false;
	client_go(c, CLIENT_DIAL);
	return true;
}

void connect_begin(struct client *c, const struct authority *to)
{
	struct client_tunnel *t = calloc(1, sizeof(*t));

	if (t == NULL) {
		refuse(&c->down, 503, "The proxy is out of memory.");
		return;
	}
	c->tunnel = t;
	t->owner = c;
	t->target.visitor = c->visitor;
	t->target.secure = true;
	t->target.port = to->port;
	snprintf(t->target.host, sizeof(t->target.host), "%s", to->host);
	snprintf(t->target.identity, sizeof(t->target.identity), "%s", to->host);
	t->desk = desk_is_host(authority_host(to));
	t->never = !t->desk && is_never(c->w, authority_host(to));
	if (t->desk || (!t->never && pool_reached_lately(c->w->pool, &t->target))) {
		say_established(c);
	} else if (!dial_ahead(c)) {
		refuse(&c->down, 503, "The proxy is out of memory.");
	}
}

/* ---- what the client speaks ---- */

static void begin_handshake(struct client *c)
{
	struct client_tunnel *t = c->tunnel;
	SSL *ssl = leaves_accept(c->w->leaves, slice_str(t->target.identity));

	if (ssl == NULL || !leaves_set_alpn(ssl, alpn_name(t->protocol))) {
		SSL_free(ssl);
		client_close(c, STREAM_RESET);
		return;
	}
	if (!stream_start_tls_server(c->stream, ssl)) {
		client_close(c, STREAM_RESET);
		return;
	}
	pass_try_begin(&t->attempt, c->w->passes);
	client_go(c, CLIENT_HANDSHAKE);
}

/* Whatever came last of what the handshake waits for. */
static void proceed(struct client *c)
{
	const struct client_tunnel *t = c->tunnel;

	if (c->state == CLIENT_MINT && t->wait.host == NULL && !t->asks_origin)
		begin_handshake(c);
}

static void on_minted(struct minting_wait *wait, bool minted)
{
	struct client *c = LOOP_OWNER(wait, struct client_tunnel, wait)->owner;

	if (minted)
		proceed(c);
	else if (c->state == CLIENT_MINT)
		client_close(c, STREAM_GRACEFUL);
}

/* What the client's own TLS is like; the origin will see the same. */
static void keep_hello(struct origin_target *t, const struct hello *h)
{
	if (h->sni[0] != '\0')
		snprintf(t->identity, sizeof(t->identity), "%s", h->sni);
	t->alpn = alpn_offer_of(h);
	tls_shape_follow(&t->shape, TLS_LIST_SUITES, h->suites.ids, h->suites.n);
	tls_shape_follow(&t->shape, TLS_LIST_GROUPS, h->groups.ids, h->groups.n);
	tls_shape_follow(&t->shape, TLS_LIST_SIGALGS, h->sigalgs.ids, h->sigalgs.n);
}

/* Must the origin's handshake come before the client's?  If not t->protocol is known. */
static bool must_ask(struct client *c)
{
	struct client_tunnel *t = c->tunnel;

	if (alpn_is_settled(t->target.alpn, &t->protocol) || t->desk)
		return false;
	return !alpn_known(c->w->alpn, &t->target, loop_now_ms(c->w->loop), &t->protocol);
}

static bool ask_for_leaf(struct client *c)
{
	struct slice host = slice_str(c->tunnel->target.identity);

	return leaves_ready(c->w->leaves, host) ||
	       minting_ask(c->w->minting, host, &c->tunnel->wait, on_minted);
}

static void intercept(struct client *c)
{
	struct client_tunnel *t = c->tunnel;
	bool good;

	t->asks_origin = must_ask(c);
	c->secure = true;
	/* Before the client's time begins to run, so that the origin's is over first. */
	if (t->ahead != NULL)
		good = secure_ahead(c);
	else
		good = !t->asks_origin || start_dialling(c);
	client_go(c, CLIENT_MINT);
	if (good && ask_for_leaf(c))
		proceed(c);
	else
		client_close(c, STREAM_GRACEFUL);
}

static void pass_through(struct client *c)
{
	if (c->tunnel->ahead != NULL && origin_is_connected(c->tunnel->ahead)) {
		become_tunnel(c, unread_because(c));
		return;
	}
	c->tunnel->dialled_for_tunnel = true;
	if (!dial_ahead(c))
		client_close(c, STREAM_GRACEFUL);
}

static void on_clear_bytes(struct client *c, struct slice in)
{
	enum sniff what = sniff_http(in);

	if (what == SNIFF_MORE)
		return;
	if (what == SNIFF_OTHER && !c->tunnel->desk) {
		pass_through(c);
		return;
	}
	c->tunnel->target.secure = false;
	if (c->tunnel->ahead != NULL)
		origin_make_plain(c->tunnel->ahead);
	client_go(c, CLIENT_IDLE);
	client_pump_later(c);
}

static bool speaks_http(const struct hello *h)
{
	return h->alpn_len == 0 || h->alpn_cut || hello_offers_alpn(h, SLICE("http/1.1")) ||
	       hello_offers_alpn(h, SLICE("h2")) || hello_offers_alpn(h, SLICE("http/1.0"));
}

static bool stays_unread(struct client *c, const struct hello *h)
{
	struct client_tunnel *t = c->tunnel;

	if (t->desk)
		return false;
	if (!speaks_http(h) || (h->sni[0] != '\0' && is_never(c->w, slice_str(h->sni))))
		return true;
	t->passed = passes_why(c->w->passes, c->visitor, slice_str(t->target.identity));
	return t->passed != NULL;
}

void connect_hello(struct client *c)
{
	struct slice in = stream_peek(c->stream);
	struct hello hello;

	if (in.n == 0)
		return;
	switch (hello_parse(in, &hello)) {
	case HELLO_MORE:
		return;
	case HELLO_BAD:
		client_close(c, STREAM_GRACEFUL);
		return;
	case HELLO_NOT_TLS:
		on_clear_bytes(c, in);
		return;
	case HELLO_OK:
		break;
	}
	keep_hello(&c->tunnel->target, &hello);
	if (stays_unread(c, &hello))
		pass_through(c);
	else
		intercept(c);
}

void connect_secured(struct client *c)
{
	if (c->state != CLIENT_HANDSHAKE)
		return;
	pass_try_secured(&c->tunnel->attempt, c->w->passes);
	client_secured(c);
}

void connect_used(struct client *c)
{
	struct client_tunnel *t = c->tunnel;

	if (t != NULL && t->attempt.state != TRY_NONE)
		pass_try_used(&t->attempt, c->w->passes, c->visitor, slice_str(t->target.identity));
}

void connect_over(struct client *c)
{
	struct client_tunnel *t = c->tunnel;

	if (t != NULL && t->attempt.state != TRY_NONE)
		pass_side_over(c->w, &t->attempt, c->visitor, slice_str(t->target.identity),
			       c->stream);
}

void connect_release(struct client *c)
{
	if (c->tunnel == NULL)
		return;
	minting_cancel(&c->tunnel->wait);
	timer_stop(&c->tunnel->silence);
	if (c->tunnel->ahead != NULL)
		origin_close(c->tunnel->ahead, STREAM_GRACEFUL);
	c->tunnel->ahead = NULL;
}
