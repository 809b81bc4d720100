#include "proxy/visitor.h"

#include "base/config.h"
#include "base/diag.h"
#include "base/hash.h"
#include "proxy/tap.h"
#include "proxy/worker.h"

#include <stdlib.h>
#include <sys/queue.h>

#define VISITORS_MAX 8192
/*
 * Connections to origins for each that a client may have here, and never more than half of what all
 * may have.  One of HTTP/2 may ask many origins at once, and one origin in the name of many sites; a
 * browser is far from this.
 */
#define ORIGINS_EACH 8u

struct seat {
	struct visitor v; /* first: a visitor is its seat */
	UT_hash_handle hh;
	TAILQ_ENTRY(seat) idle; /* in the list while nobody holds it */
};

struct visitors {
	struct worker *w;
	struct seat *by_address;
	TAILQ_HEAD(, seat) idle;
};

struct visitors *visitors_new(struct worker *w)
{
	struct visitors *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	t->w = w;
	TAILQ_INIT(&t->idle);
	return t;
}

static void forget(struct visitors *t, struct seat *s)
{
	HASH_DEL(t->by_address, s);
	if (s->v.holds == 0)
		TAILQ_REMOVE(&t->idle, s, idle);
	pages_free(s->v.pages);
	free(s);
}

void visitors_free(struct visitors *t)
{
	struct seat *s, *next;

	if (t == NULL)
		return;
	HASH_ITER(hh, t->by_address, s, next)
		forget(t, s);
	free(t);
}

bool visitor_id_of_hex(struct slice hex, uint8_t id[CLIENT_ID_LEN])
{
	if (hex.n != 2 * CLIENT_ID_LEN)
		return false;
	for (size_t i = 0; i < CLIENT_ID_LEN; i++) {
		unsigned v = 0;

		for (size_t j = 0; j < 2; j++) {
			char c = hex.p[2 * i + j];

			if (ascii_digit(c))
				v = v << 4 | (unsigned)(c - '0');
			else if (c >= 'a' && c <= 'f')
				v = v << 4 | (unsigned)(c - 'a' + 10);
			else
				return false;
		}
		id[i] = (uint8_t)v;
	}
	return true;
}

static enum profile profile_of(const struct worker *w, struct slice address)
{
	struct address a;
	bool known = slice_eq(address, SLICE("local")) ? address_parse_ip(SLICE("127.0.0.1"), 1, &a)
						       : address_parse_ip(address, 1, &a);

	if (!known)
		return PROFILE_DEFAULT;
	switch (config_profile_of(w->config, (const struct sockaddr *)&a.sa)) {
	case CONFIG_MINORS:
		return PROFILE_MINORS;
	case CONFIG_INVESTIGATOR:
		return PROFILE_INVESTIGATOR;
	default:
		return PROFILE_DEFAULT;
	}
}

static struct seat *seat_new(struct visitors *t, struct slice address)
{
	struct seat *s;

	if (HASH_COUNT(t->by_address) >= VISITORS_MAX) {
		s = TAILQ_FIRST(&t->idle);
		if (s == NULL)
			return NULL;
		forget(t, s);
	}
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return NULL;
	s->v.pages = pages_new();
	if (s->v.pages == NULL || !slice_copy(address, s->v.address, sizeof(s->v.address)) ||
	    !tap_client(t->w->tap, address, s->v.log, s->v.ledger) ||
	    !visitor_id_of_hex(slice_str(s->v.ledger), s->v.id)) {
		pages_free(s->v.pages);
		free(s);
		return NULL;
	}
	s->v.period = tap_period(t->w->tap);
	s->v.profile = profile_of(t->w, address);
	HASH_ADD_STR(t->by_address, v.address, s);
	TAILQ_INSERT_TAIL(&t->idle, s, idle);
	return s;
}

struct visitor *visitor_find(struct visitors *t, struct slice address)
{
	struct seat *s;

	HASH_FIND(hh, t->by_address, address.p, address.n, s);
	return s != NULL ? &s->v : NULL;
}

struct visitor *visitor_meet(struct visitors *t, struct slice address)
{
	struct visitor *v = visitor_find(t, address);
	struct seat *s = v == NULL ? seat_new(t, address) : NULL;

	return v != NULL ? v : s != NULL ? &s->v : NULL;
}

/*
 * The profile belongs to the real address: 127.0.0.2 may be configured apart from 127.0.0.1.  So
 * where the configuration tells loopback addresses apart they are different visitors.
 */
static void canonical(const struct worker *w, const struct address *peer, char out[ADDRESS_TEXT])
{
	enum config_profile own, local;
	struct address loop;

	address_client(peer, out);
	if (strcmp(out, "local") != 0 || !address_parse_ip(SLICE("127.0.0.1"), 1, &loop))
		return;
	own = config_profile_of(w->config, (const struct sockaddr *)&peer->sa);
	local = config_profile_of(w->config, (const struct sockaddr *)&loop.sa);
	if (own != local)
		address_print_ip(peer, out);
}

struct visitor *visitor_enter(struct visitors *t, const struct address *peer)
{
	char text[ADDRESS_TEXT];
	struct visitor *v;

	canonical(t->w, peer, text);
	v = visitor_meet(t, slice_str(text));
	if (v == NULL)
		return NULL;
	visitor_hold(t, v);
	v->connections++;
	return v;
}

struct visitor *visitor_admit(struct visitors *t, const struct address *peer)
{
	const struct worker *w = t->w;
	struct visitor *v;

	if (w->clients_n > w->config->max_connections / w->setup->workers)
		return NULL;
	v = visitor_enter(t, peer);
	if (v != NULL && v->connections > w->config->connections_per_client) {
		diag_warning("a client has more than %u connections (connections-per-client)",
			     w->config->connections_per_client);
		visitor_leave(t, v);
		v = NULL;
	}
	return v;
}

bool visitor_may_dial(const struct visitors *t, const struct visitor *v)
{
	const struct config *c = t->w->config;

	return v->origins / ORIGINS_EACH < c->connections_per_client &&
	       v->origins <= c->max_connections / 2;
}

void visitor_leave(struct visitors *t, struct visitor *v)
{
	v->connections--;
	visitor_let_go(t, v);
}

void visitor_hold(struct visitors *t, struct visitor *v)
{
	if (v->holds++ == 0)
		TAILQ_REMOVE(&t->idle, (struct seat *)v, idle);
}

void visitor_let_go(struct visitors *t, struct visitor *v)
{
	if (--v->holds == 0)
		TAILQ_INSERT_TAIL(&t->idle, (struct seat *)v, idle);
}

struct slice visitor_log_id(struct visitors *t, struct visitor *v)
{
	if (v->period != tap_period(t->w->tap)) {
		char ledger[ENTRY_DIGEST_LEN + 1];

		if (tap_client(t->w->tap, slice_str(v->address), v->log, ledger))
			v->period = tap_period(t->w->tap);
	}
	return slice_of(v->log, ENTRY_DIGEST_LEN);
}
