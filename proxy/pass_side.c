#include "proxy/pass_side.h"

#include "base/config.h"
#include "base/diag.h"
#include "evidence/entry.h"
#include "proxy/client_parts.h"
#include "proxy/desk/desk.h"
#include "proxy/peers.h"
#include "proxy/tap.h"
#include "proxy/tunnel.h"
#include "proxy/visitor.h"
#include "proxy/worker.h"

#include <errno.h>
#include <openssl/ssl.h>

static void record(struct worker *w, struct visitor *v, const char *host, const struct buf *why)
{
	struct entry e;

	if (!buf_ok(why))
		return;
	entry_init(&e, ENTRY_PASS, clock_wall_ms(loop_clock(w->loop)));
	e.client = visitor_log_id(w->visitors, v);
	e.host = slice_str(host);
	e.why = buf_slice(why);
	tap_event(w->tap, &e);
}

static void on_tell(void *arg, struct slice letter)
{
	peers_tell(arg, MSG_PASS, letter);
}

static bool on_hand(void *arg, struct slice letter, bool all)
{
	return peers_hand(arg, MSG_PASS, letter, all);
}

static void on_began(void *arg, struct visitor *v, const struct pass *p, const char *by)
{
	struct worker *w = arg;
	char until[CLOCK_RFC3339_LEN + 1];
	struct buf why;

	clock_rfc3339(p->until, until, sizeof(until));
	buf_init(&why, ENTRY_WHY_MAX);
	buf_addf(&why, "%s: ", pass_word(p->why));
	if (p->why == PASS_CHALLENGE)
		buf_adds(&why, by);
	else
		buf_addf(&why, "%u times in %u s", p->count, w->config->pass_window_ms / 1000);
	buf_addf(&why, "; passes until %s", until);
	record(w, v, p->host, &why);
	buf_release(&why);
	if (p->why == PASS_CHALLENGE)
		diag_info("%s passes unread for one client until %s: it answered with a challenge "
			  "(%s)",
			  p->host, until, by);
	else
		diag_info("%s passes unread for one client until %s: the client refused our "
			  "certificate %u times",
			  p->host, until, p->count);
}

static void on_retire(void *arg, const uint8_t visitor[CLIENT_ID_LEN], const char *host)
{
	struct worker *w = arg;
	struct client *c, *next;

	for (c = TAILQ_FIRST(&w->clients); c != NULL; c = next) {
		next = client_after(c);
		if (c->tunnel != NULL && c->secure &&
		    memcmp(c->visitor->id, visitor, CLIENT_ID_LEN) == 0 &&
		    slice_ieq(slice_str(c->tunnel->target.identity), slice_str(host)))
			client_drain(c);
	}
}

static const char *end_words(enum pass_end how)
{
	switch (how) {
	case PASS_STOPPED:
		return "at the desk";
	case PASS_FORBIDDEN:
		return "switched off";
	case PASS_NOT_HANDED:
		return "the configuration was reloaded";
	case PASS_CLOSED:
		return "the proxy ends";
	default:
		return "its time is over";
	}
}

static void on_ended(void *arg, const uint8_t visitor[CLIENT_ID_LEN], const struct pass *p,
		     enum pass_end how, bool own)
{
	struct worker *w = arg;
	struct visitor *v;
	struct buf why;

	if (how != PASS_CLOSED)
		tunnels_end(w, visitor, p->host);
	if (!own)
		return;
	diag_info("%s passes unread no more: ended, %s", p->host, end_words(how));
	/* Whom nobody remembers here is met again, or the record had a beginning without an end. */
	v = visitor_meet(w->visitors, slice_str(p->address));
	if (v == NULL)
		return;
	buf_init(&why, ENTRY_WHY_MAX);
	buf_addf(&why, "ended: %s", end_words(how));
	record(w, v, p->host, &why);
	buf_release(&why);
}

static const struct passes_ops ops = {
	.tell = on_tell,
	.hand = on_hand,
	.began = on_began,
	.retire = on_retire,
	.ended = on_ended,
};

struct passes *pass_side_new(struct worker *w)
{
	const struct passes_rules rules = {
		.after_refusals = w->config->pass_after_refusals,
		.window_ms = w->config->pass_window_ms,
		.time_ms = w->config->pass_time_ms,
		.on_challenge = w->config->pass_on_challenge,
		.self = peers_self(w),
	};

	return passes_new(&rules, loop_clock(w->loop), &ops, w);
}

/* A full handshake sends our certificate as soon as it has read the client's first message. */
static bool certificate_went(const SSL *ssl)
{
	OSSL_HANDSHAKE_STATE state = SSL_get_state(ssl);

	return state != TLS_ST_BEFORE && state != TLS_ST_SR_CLNT_HELLO && !SSL_session_reused(ssl);
}

void pass_side_over(struct worker *w, struct pass_try *t, struct visitor *v, struct slice host,
		    const struct stream *s)
{
	const SSL *ssl = stream_ssl(s);
	int error = stream_errno(s);
	const struct pass_try_end end = {
		.alert = stream_alert(s),
		.by_client = stream_saw_eof(s) || error == ECONNRESET || error == EPIPE,
		.answered = ssl != NULL && certificate_went(ssl),
	};

	/* The desk is never unread. */
	if (!desk_is_host(host))
		pass_try_over(t, w->passes, v, host, &end);
}
