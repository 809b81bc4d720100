#include "proxy/issuers.h"

#include "base/config.h"
#include "proxy/http/h1_body.h"
#include "proxy/http/h1_head.h"
#include "proxy/net/dial.h"
#include "proxy/ports.h"
#include "proxy/worker.h"

#include <stdlib.h>
#include <sys/queue.h>

struct fetch {
	TAILQ_ENTRY(fetch) next;
	struct issuers *table;
	struct dial *dial;
	struct stream *stream;
	struct buf request;
	struct buf answer; /* the body */
	bool head_done, body_started;
	struct h1_response head;
	struct h1_body body;
	fetch_cb *cb;
	void *arg;
	bool trusted_place; /* a verified certificate names it */
	bool closed;
	struct timer timer;
	struct deferred free_me;
};

struct issuers {
	struct worker *w;
	struct timer_class time;
	TAILQ_HEAD(, fetch) running;
	unsigned n;
};

struct issuers *issuers_new(struct worker *w)
{
	struct issuers *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	t->w = w;
	TAILQ_INIT(&t->running);
	timer_class_init(&t->time, w->loop, FETCH_MS);
	return t;
}

static void fetch_free(struct deferred *d)
{
	struct fetch *f = LOOP_OWNER(d, struct fetch, free_me);

	if (f->body_started)
		h1_body_release(&f->body);
	h1_response_release(&f->head);
	buf_release(&f->request);
	buf_release(&f->answer);
	free(f);
}

void issuers_cancel(struct fetch *f)
{
	if (f->closed)
		return;
	f->closed = true;
	TAILQ_REMOVE(&f->table->running, f, next);
	f->table->n--;
	dial_cancel(f->dial);
	f->dial = NULL;
	timer_stop(&f->timer);
	stream_close(f->stream, STREAM_RESET);
	loop_free_later(f->table->w->loop, &f->free_me, fetch_free);
}

static void finish(struct fetch *f, bool good)
{
	fetch_cb *cb = f->cb;
	void *arg = f->arg;

	if (f->closed)
		return;
	issuers_cancel(f); /* the memory lives until the end of the turn */
	cb(good && buf_ok(&f->answer) ? buf_slice(&f->answer) : slice_of("", 0), arg);
}

/* False: more bytes are needed, or it is over. */
static bool read_head(struct fetch *f)
{
	struct framing framing;

	switch (h1_parse_response(stream_peek(f->stream), &f->head)) {
	case H1_MORE:
		return false;
	case H1_BAD:
		finish(f, false);
		return false;
	case H1_OK:
		break;
	}
	if (f->head.status != 200 ||
	    framing_of_response(&f->head, METHOD_GET, slice_of("", 0), &framing, &f->head.error) !=
		    H1_OK ||
	    framing.kind == FRAMING_TUNNEL) {
		finish(f, false);
		return false;
	}
	stream_consume(f->stream, f->head.head_len);
	h1_body_init(&f->body, &framing, H1_FROM_ORIGIN, NULL);
	f->body_started = true;
	f->head_done = true;
	return true;
}

static void read_body(struct fetch *f)
{
	for (;;) {
		struct slice data;
		size_t used;
		enum h1_body_result r =
			h1_body_feed(&f->body, stream_peek(f->stream), &used, &data);

		if (r == H1_BODY_DATA && !buf_add(&f->answer, data))
			r = H1_BODY_BAD;
		stream_consume(f->stream, used);
		if (r == H1_BODY_DATA)
			continue;
		if (r != H1_BODY_MORE)
			finish(f, r == H1_BODY_DONE);
		return;
	}
}

static void on_event(struct stream *s, enum stream_event event, void *arg)
{
	struct fetch *f = arg;

	(void)s;
	switch (event) {
	case STREAM_READ:
		if (f->head_done || read_head(f))
			read_body(f);
		break;
	case STREAM_EOF:
		finish(f, f->head_done && h1_body_eof(&f->body));
		break;
	case STREAM_ERROR:
	case STREAM_TIMEOUT:
		finish(f, false);
		break;
	default:
		break;
	}
}

static void on_dialled(struct dial *d, const struct dial_result *r, void *arg)
{
	struct fetch *f = arg;

	(void)d;
	f->dial = NULL;
	if (r->error != DIAL_OK) {
		finish(f, false);
		return;
	}
	f->stream = r->stream;
	stream_set_cb(f->stream, on_event, f);
	stream_write(f->stream, buf_slice(&f->request));
}

/*
 * What an origin left out is the origin's to say, so it never leads inside.  Where revocation is
 * asked for only what is trusted already has said.
 */
static bool allow(const struct address *a, void *arg, const char **reason)
{
	const struct fetch *f = arg;

	if (f->trusted_place && f->table->w->config->allow_private) {
		enum address_class c = address_class(a);

		if (c != ADDRESS_UNSPECIFIED && c != ADDRESS_MULTICAST)
			return true;
	}
	return address_is_public(a, reason);
}

/* "http://authority/path" and nothing else. */
static bool cut_url(const char *url, struct authority *to, struct slice *path)
{
	struct slice rest = slice_str(url), host;

	if (!slice_istarts(rest, SLICE("http://")))
		return false;
	rest = slice_skip(rest, 7);
	*path = slice_cut(rest, '/', &host);
	for (size_t i = 0; i < path->n; i++)
		if (path->p[i] <= ' ' || path->p[i] >= 0x7f || path->p[i] == '#')
			return false;
	return authority_parse(to, host) == NULL;
}

static void write_request(struct buf *b, const struct trust_want *want, const struct authority *to,
			  struct slice path)
{
	buf_adds(b, want->kind == TRUST_WANT_OCSP ? "POST /" : "GET /");
	buf_add(b, path);
	buf_adds(b, " HTTP/1.1\r\nHost: ");
	authority_write(b, to, 80);
	buf_adds(b, "\r\nConnection: close\r\n");
	if (want->kind == TRUST_WANT_OCSP)
		buf_addf(b, "Content-Type: application/ocsp-request\r\nContent-Length: %zu\r\n",
			 want->request.n);
	buf_adds(b, "\r\n");
	if (want->kind == TRUST_WANT_OCSP)
		buf_add(b, want->request);
}

static void on_time(struct timer *timer)
{
	finish(LOOP_OWNER(timer, struct fetch, timer), false);
}

struct fetch *issuers_fetch(struct issuers *t, const struct trust_want *want, fetch_cb *cb,
			    void *arg)
{
	struct authority to;
	struct slice path;
	struct fetch *f;

	if (t->n >= FETCH_MAX || !cut_url(want->url, &to, &path) ||
	    port_is_blocked(authority_port(&to, 80)))
		return NULL;
	f = calloc(1, sizeof(*f));
	if (f == NULL)
		return NULL;
	f->table = t;
	f->trusted_place = want->kind != TRUST_WANT_ISSUER;
	f->cb = cb;
	f->arg = arg;
	buf_init(&f->request, 8192);
	buf_init(&f->answer, want->max_bytes);
	h1_response_init(&f->head, &h1_response_limits);
	write_request(&f->request, want, &to, path);
	if (buf_ok(&f->request))
		f->dial = dial_start(t->w->dialer, authority_host(&to), authority_port(&to, 80),
				     allow, f, on_dialled, f);
	if (f->dial == NULL) {
		fetch_free(&f->free_me);
		return NULL;
	}
	TAILQ_INSERT_TAIL(&t->running, f, next);
	t->n++;
	timer_start(&t->time, &f->timer, on_time);
	return f;
}

void issuers_free(struct issuers *t)
{
	struct fetch *f;

	if (t == NULL)
		return;
	while ((f = TAILQ_FIRST(&t->running)) != NULL)
		issuers_cancel(f);
	timer_class_release(&t->time);
	free(t);
}
