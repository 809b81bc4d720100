#include "proxy/origin.h"

#include "base/config.h"
#include "base/diag.h"
#include "proxy/aliases.h"
#include "proxy/alpn.h"
#include "proxy/issuers.h"
#include "proxy/pool.h"
#include "proxy/visitor.h"
#include "proxy/worker.h"

#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>

struct origin {
	struct worker *w;
	struct origin_target target;
	char site[SITE_MAX];
	origin_cb *cb;
	void *arg;
	struct dial *dial;
	struct stream *stream;
	SSL_SESSION *pending; /* came before the site was known */
	struct fetch *fetch;  /* of an issuer's certificate, while the handshake waits */
	struct origin_failure *failure;
	bool connected, ready, closed;
	bool redialled; /* with another offer of protocols */
	struct deferred free_me;
};

static void tell(struct origin *o, enum origin_event event)
{
	if (!o->closed && o->cb != NULL)
		o->cb(o, event, o->arg);
}

static struct origin_failure *fail_with(struct origin *o, enum origin_fault fault, const char *text)
{
	struct origin_failure *f;

	if (o->failure != NULL)
		return o->failure;
	f = calloc(1, sizeof(*f));
	if (f == NULL)
		return NULL;
	f->fault = fault;
	snprintf(f->text, sizeof(f->text), "%s", text);
	o->failure = f;
	return f;
}

/* ---- dialling ---- */

static bool any_listens(const struct config_listen *list, size_t n, const struct address *a)
{
	for (size_t i = 0; i < n; i++) {
		struct address l;

		memcpy(&l.sa, &list[i].sa, sizeof(l.sa));
		l.len = list[i].sa_len;
		if (address_port(&l) != address_port(a))
			continue;
		if (address_same_ip(&l, a) || address_class(&l) == ADDRESS_UNSPECIFIED)
			return true;
	}
	return false;
}

/* A proxy that connects to itself would do so for ever. */
static bool is_own_listener(const struct config *c, const struct address *a)
{
	return any_listens(c->listen, c->listen_n, a) ||
	       any_listens(c->listen_tls, c->listen_tls_n, a);
}

static bool allow(const struct address *a, void *arg, const char **reason)
{
	const struct worker *w = arg;

	if (is_own_listener(w->config, a)) {
		*reason = "it is this proxy's own address";
		return false;
	}
	if (w->config->allow_private) {
		enum address_class c = address_class(a);

		if (c != ADDRESS_UNSPECIFIED && c != ADDRESS_MULTICAST)
			return true;
	}
	return address_is_public(a, reason);
}

static void on_stream(struct stream *s, enum stream_event event, void *arg);

static void on_dialled(struct dial *d, const struct dial_result *r, void *arg)
{
	struct origin *o = arg;
	struct origin_failure *f;

	(void)d;
	o->dial = NULL;
	if (r->dns != NULL)
		aliases_note(o->w->aliases, slice_str(o->target.host), r->dns);
	if (r->error == DIAL_OK) {
		o->stream = r->stream;
		o->connected = true;
		o->ready = !o->target.secure;
		stream_set_cb(o->stream, on_stream, o);
		if (o->w->config->max_head > STREAM_READ_MAX)
			stream_set_read_max(o->stream, o->w->config->max_head + 1);
		if (!o->redialled)
			tell(o, ORIGIN_CONNECTED);
		else if (!origin_secure(o, slice_str(o->target.identity)))
			tell(o, ORIGIN_FAILED);
		return;
	}
	f = fail_with(o, FAULT_DIAL, r->text);
	if (f != NULL)
		f->dial = r->error;
	tell(o, ORIGIN_FAILED);
}

static bool start_dial(struct origin *o)
{
	const struct origin_target *t = &o->target;
	const struct config_connect_to *to =
		config_connect_to(o->w->config, slice_str(t->host), t->port);
	struct slice host = slice_str(t->host);
	uint16_t port = t->port;

	if (to != NULL && to->to_host[0] != '\0')
		host = slice_str(to->to_host);
	if (to != NULL && to->to_port != 0)
		port = to->to_port;
	o->dial = dial_start(o->w->dialer, host, port, allow, o->w, on_dialled, o);
	return o->dial != NULL;
}

struct origin *origin_dial(struct worker *w, const struct origin_target *target, origin_cb *cb,
			   void *arg)
{
	struct origin *o = NULL;

	if (visitor_may_dial(w->visitors, target->visitor))
		o = calloc(1, sizeof(*o));
	if (o == NULL)
		return NULL;
	o->w = w;
	o->target = *target;
	o->cb = cb;
	o->arg = arg;
	if (!start_dial(o)) {
		free(o);
		return NULL;
	}
	visitor_hold(w->visitors, o->target.visitor);
	o->target.visitor->origins++;
	return o;
}

/* ---- TLS ---- */

static void note_tls_failure(struct origin *o)
{
	SSL *ssl = stream_ssl(o->stream);
	const struct trust_error *why = ssl != NULL ? trust_error_get(ssl) : NULL;
	struct origin_failure *f;

	if (why == NULL) {
		fail_with(o, FAULT_TLS, stream_error_text(o->stream));
		return;
	}
	f = fail_with(o, FAULT_CERTIFICATE, why->text);
	if (f == NULL)
		return;
	f->trust = *why;
	f->has_cert = trust_describe(ssl, &f->cert);
}

static void on_fetched(struct slice answer, void *arg)
{
	struct origin *o = arg;

	o->fetch = NULL;
	trust_give(stream_ssl(o->stream), answer);
	stream_resume_handshake(o->stream);
}

/* The verification wants something first: an intermediate certificate that the origin left out. */
static void on_want(struct origin *o)
{
	struct trust_want want;

	if (!trust_wants(stream_ssl(o->stream), &want)) {
		fail_with(o, FAULT_TLS, "the handshake stopped");
		tell(o, ORIGIN_FAILED);
		return;
	}
	o->fetch = issuers_fetch(o->w->issuers, &want, on_fetched, o);
	if (o->fetch == NULL) {
		trust_give(stream_ssl(o->stream), slice_of("", 0));
		stream_resume_handshake(o->stream);
	}
}

void origin_set_tls(struct origin *o, enum alpn_offer alpn, const struct tls_shape *shape)
{
	o->target.alpn = alpn;
	o->target.shape = *shape;
}

static SSL *new_ssl(struct origin *o)
{
	struct trust *trust = o->w->setup->trust;
	struct slice identity = slice_str(o->target.identity), names = alpn_names(o->target.alpn);
	SSL_CTX *ctx = trust_shaped_ctx(trust, &o->target.shape);
	SSL *ssl = ctx != NULL ? SSL_new(ctx) : NULL;

	/* SSL_set_alpn_protos() is one of the few that say 0 when they did it. */
	if (ssl == NULL || !trust_attach(trust, ssl, identity) ||
	    SSL_set_alpn_protos(ssl, (const unsigned char *)names.p, (unsigned)names.n) != 0) {
		SSL_free(ssl);
		return NULL;
	}
	SSL_set_app_data(ssl, o);
	return ssl;
}

bool origin_secure(struct origin *o, struct slice identity)
{
	SSL_SESSION *session;
	SSL *ssl;

	if (!slice_copy(identity, o->target.identity, sizeof(o->target.identity)))
		return false;
	ssl = new_ssl(o);
	if (ssl == NULL)
		return false;
	if (o->site[0] != '\0') {
		session = pool_session(o->w->pool, &o->target, o->site);
		if (session != NULL && trust_session_usable(o->w->setup->trust, session))
			SSL_set_session(ssl, session);
		SSL_SESSION_free(session);
	}
	if (!stream_start_tls_client(o->stream, ssl))
		return false;
	stream_set_deadline(o->stream, &o->w->times.handshake);
	return true;
}

/* ---- events of the stream ---- */

#define ALERT_NO_APPLICATION_PROTOCOL 120

/*
 * The browser speaks HTTP/1 alone, so that alone was offered, and the origin speaks HTTP/2 alone:
 * once more with both, the requests are translated.
 */
static bool offer_more(struct origin *o)
{
	if (o->ready || o->redialled || !o->target.secure || o->target.alpn != ALPN_H1 ||
	    stream_alert(o->stream) != ALERT_NO_APPLICATION_PROTOCOL)
		return false;
	o->redialled = true;
	o->connected = false;
	o->target.alpn = ALPN_H1_H2;
	stream_close(o->stream, STREAM_GRACEFUL);
	o->stream = NULL;
	if (!start_dial(o)) {
		fail_with(o, FAULT_BROKEN, "the proxy is out of memory");
		tell(o, ORIGIN_FAILED);
	}
	return true;
}

static void on_stream_error(struct origin *o)
{
	if (offer_more(o))
		return;
	if (o->target.secure && !o->ready)
		note_tls_failure(o);
	else
		fail_with(o, FAULT_BROKEN, stream_error_text(o->stream));
	tell(o, ORIGIN_FAILED);
}

static void note_protocol(struct origin *o)
{
	if (o->target.secure)
		alpn_note(o->w->alpn, &o->target, alpn_chosen(stream_ssl(o->stream)),
			  loop_now_ms(o->w->loop));
}

static void on_stream(struct stream *s, enum stream_event event, void *arg)
{
	struct origin *o = arg;

	(void)s;
	switch (event) {
	case STREAM_CONNECTED:
		o->ready = true;
		note_protocol(o);
		stream_set_timer(o->stream, NULL);
		tell(o, ORIGIN_READY);
		break;
	case STREAM_READ:
		tell(o, ORIGIN_BYTES);
		break;
	case STREAM_DRAINED:
		tell(o, ORIGIN_ROOM);
		break;
	case STREAM_EOF:
		if (o->ready) {
			tell(o, ORIGIN_ENDED);
		} else {
			fail_with(o, o->target.secure ? FAULT_TLS : FAULT_BROKEN,
				  "the origin closed the connection");
			tell(o, ORIGIN_FAILED);
		}
		break;
	case STREAM_ERROR:
		on_stream_error(o);
		break;
	case STREAM_TIMEOUT:
		fail_with(o, FAULT_TIMEOUT, "the origin took too long");
		tell(o, ORIGIN_FAILED);
		break;
	case STREAM_WANT:
		on_want(o);
		break;
	}
}

/* ---- the rest ---- */

void origin_make_plain(struct origin *o)
{
	o->target.secure = false;
	o->ready = o->connected;
}

void origin_own(struct origin *o, origin_cb *cb, void *arg)
{
	o->cb = cb;
	o->arg = arg;
}

void origin_set_site(struct origin *o, const char *site)
{
	if (o->site[0] != '\0')
		return;
	(void)slice_copy(slice_str(site), o->site, sizeof(o->site));
	if (o->pending != NULL)
		pool_keep_session(o->w->pool, &o->target, o->site, o->pending);
	o->pending = NULL;
}

bool origin_keep_session(struct ssl_st *ssl, struct ssl_session_st *session, void *arg)
{
	struct origin *o = SSL_get_app_data(ssl);

	(void)arg;
	if (o == NULL || o->closed)
		return false;
	if (o->site[0] != '\0') {
		pool_keep_session(o->w->pool, &o->target, o->site, session);
		return true;
	}
	SSL_SESSION_free(o->pending);
	o->pending = session;
	return true;
}

const struct origin_target *origin_target(const struct origin *o)
{
	return &o->target;
}

const char *origin_site(const struct origin *o)
{
	return o->site;
}

struct stream *origin_stream(struct origin *o)
{
	return o->stream;
}

bool origin_is_connected(const struct origin *o)
{
	return o->connected;
}

bool origin_is_ready(const struct origin *o)
{
	return o->ready && o->failure == NULL;
}

bool origin_speaks_h2(const struct origin *o)
{
	return o->stream != NULL && alpn_chosen(stream_ssl(o->stream)) == PROTOCOL_H2;
}

const struct origin_failure *origin_failure(const struct origin *o)
{
	return o->failure;
}

struct stream *origin_take_stream(struct origin *o)
{
	struct stream *s = o->stream;

	/* A session ticket that still comes must not look for this origin. */
	if (s != NULL && stream_ssl(s) != NULL)
		SSL_set_app_data(stream_ssl(s), NULL);
	o->stream = NULL;
	return s;
}

static void origin_free(struct deferred *d)
{
	struct origin *o = LOOP_OWNER(d, struct origin, free_me);

	SSL_SESSION_free(o->pending);
	free(o->failure);
	free(o);
}

void origin_close(struct origin *o, enum stream_how how)
{
	if (o == NULL || o->closed)
		return;
	o->closed = true;
	dial_cancel(o->dial);
	if (o->fetch != NULL)
		issuers_cancel(o->fetch);
	if (o->stream != NULL && stream_ssl(o->stream) != NULL)
		SSL_set_app_data(stream_ssl(o->stream), NULL);
	stream_close(o->stream, how);
	o->target.visitor->origins--;
	visitor_let_go(o->w->visitors, o->target.visitor);
	loop_free_later(o->w->loop, &o->free_me, origin_free);
}

const char *origin_failure_word(const struct origin_failure *f)
{
	switch (f->fault) {
	case FAULT_DIAL:
		return dial_error_word(f->dial);
	case FAULT_CERTIFICATE:
		return f->trust.code;
	case FAULT_TLS:
		return "tls";
	case FAULT_BROKEN:
		return "broken";
	case FAULT_TIMEOUT:
		return "timeout";
	case FAULT_NONE:
		break;
	}
	return "none";
}
