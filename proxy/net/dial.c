#include "proxy/net/dial.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"

#define V6 0
#define V4 1
#define ATTEMPTS_MAX (2 * RESOLVE_ADDRESSES_MAX)
/* For how many hosts, and how long, it is remembered that IPv4 beat IPv6. */
#define MEMORY_SLOTS 1024
#define MEMORY_MS (10 * 60 * 1000)

/*
 * A host that has IPv6 addresses and was reached by IPv4; one that falls on its slot takes its
 * place.
 */
struct memory {
	uint64_t host; /* hash_bytes() of the name */
	int64_t until;
};

struct dialer {
	struct loop *loop;
	struct resolver *resolver;
	dial_allow *allow;
	void *allow_arg;
	struct dial *dials;
	struct memory memory[MEMORY_SLOTS];
};

struct attempt {
	struct dial *dial;
	struct stream *stream; /* NULL: over */
	struct address address;
};

struct family {
	bool settled;
	enum resolve_state state;
	size_t count, next;
	struct address list[RESOLVE_ADDRESSES_MAX];
};

struct dial {
	struct dialer *dialer;
	struct dial *next, *prev;
	dial_allow *allow;
	void *allow_arg;
	dial_cb *cb;
	void *arg;
	uint16_t port;

	struct resolve *query;
	char *host;
	char *cnames[RESOLVE_CNAMES_MAX];
	size_t cname_count;
	struct family family[2];
	int turn; /* the family whose turn it is */

	struct attempt attempts[ATTEMPTS_MAX];
	size_t attempt_count, active;
	struct oneshot delay, stagger, limit;
	struct deferred dead;
	int64_t began, found;
	bool started, over;

	/* What went wrong so far; the gravest is told. */
	enum dial_error error;
	char text[160];
};

static void attempt_more(struct dial *d);

/* ---- which family won ---- */

static void remember(struct dial *d, int winner)
{
	uint64_t host = hash_bytes(d->host, strlen(d->host));
	struct memory *m = &d->dialer->memory[host % MEMORY_SLOTS];

	if (winner == V4 && d->family[V6].count != 0)
		*m = (struct memory){ host, loop_now_ms(d->dialer->loop) + MEMORY_MS };
	else if (m->host == host)
		m->until = 0;
}

static int first_family(struct dialer *dialer, const char *name)
{
	uint64_t host = hash_bytes(name, strlen(name));
	const struct memory *m = &dialer->memory[host % MEMORY_SLOTS];

	return m->host == host && m->until > loop_now_ms(dialer->loop) ? V4 : V6;
}

/* ---- the end ---- */

static void dial_free(struct deferred *dead)
{
	struct dial *d = LOOP_OWNER(dead, struct dial, dead);

	for (size_t i = 0; i < d->cname_count; i++)
		free(d->cnames[i]);
	free(d->host);
	free(d);
}

static void stop(struct dial *d)
{
	d->over = true;
	resolve_cancel(d->query);
	d->query = NULL;
	oneshot_stop(&d->delay);
	oneshot_stop(&d->stagger);
	oneshot_stop(&d->limit);
	for (size_t i = 0; i < d->attempt_count; i++)
		stream_close(d->attempts[i].stream, STREAM_RESET);
	if (d->prev != NULL)
		d->prev->next = d->next;
	else
		d->dialer->dials = d->next;
	if (d->next != NULL)
		d->next->prev = d->prev;
	loop_free_later(d->dialer->loop, &d->dead, dial_free);
}

static void finish(struct dial *d, struct attempt *winner)
{
	int64_t now = loop_now_ms(d->dialer->loop);
	struct dial_result r = { .error = d->error, .text = d->text };
	struct resolution dns = { .host = d->host,
				  .v6_state = d->family[V6].state,
				  .v4_state = d->family[V4].state,
				  .v6_count = d->family[V6].count,
				  .v4_count = d->family[V4].count,
				  .v6 = d->family[V6].list,
				  .v4 = d->family[V4].list,
				  .cname_count = d->cname_count,
				  .cnames = (const char *const *)d->cnames };

	if (d->over)
		return;
	r.dns_ms = (d->found != 0 ? d->found : now) - d->began;
	r.connect_ms = d->found != 0 ? now - d->found : 0;
	if (d->found != 0)
		r.dns = &dns;
	if (winner != NULL) {
		r.error = DIAL_OK;
		r.text = "";
		r.stream = winner->stream;
		r.address = winner->address;
		winner->stream = NULL;
		remember(d, address_family(&r.address) == AF_INET6 ? V6 : V4);
	}
	stop(d);
	d->cb(d, &r, d->arg);
}

/* ---- what went wrong ---- */

/* From what says least about the host to what says most. */
static unsigned gravity(enum dial_error e)
{
	static const unsigned char rank[] = {
		[DIAL_OK] = 0,	       [DIAL_CANCELLED] = 0, [DIAL_DNS_NOT_FOUND] = 1,
		[DIAL_DNS_FAILED] = 2, [DIAL_FORBIDDEN] = 3, [DIAL_UNREACHABLE] = 4,
		[DIAL_TIMEOUT] = 5,    [DIAL_REFUSED] = 6,   [DIAL_NO_FDS] = 7,
	};

	return rank[e];
}

static void blame(struct dial *d, enum dial_error e, const char *what, const struct address *a)
{
	char at[ADDRESS_TEXT] = "";

	if (gravity(e) <= gravity(d->error))
		return;
	d->error = e;
	if (a != NULL)
		address_print(a, at);
	snprintf(d->text, sizeof(d->text), "%s%s%s", what, a != NULL ? ": " : "", at);
}

static void blame_errno(struct dial *d, int e, const struct address *a)
{
	switch (e) {
	case ECONNREFUSED:
	case ECONNRESET:
		blame(d, DIAL_REFUSED, "connection refused", a);
		break;
	case ETIMEDOUT:
		blame(d, DIAL_TIMEOUT, "no answer in time", a);
		break;
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM:
	case EADDRNOTAVAIL:
		blame(d, DIAL_NO_FDS, "this proxy has no descriptors, ports or memory left", NULL);
		break;
	default:
		blame(d, DIAL_UNREACHABLE, strerror(e), a);
	}
}

/* ---- attempts ---- */

static void on_attempt(struct stream *s, enum stream_event event, void *arg)
{
	struct attempt *a = arg;
	struct dial *d = a->dial;

	if (event == STREAM_CONNECTED) {
		finish(d, a);
	} else if (event == STREAM_ERROR) {
		blame_errno(d, stream_errno(s), &a->address);
		stream_close(s, STREAM_RESET);
		a->stream = NULL;
		d->active--;
		attempt_more(d);
	}
}

static void on_stagger(struct oneshot *o)
{
	attempt_more(LOOP_OWNER(o, struct dial, stagger));
}

/* The next address, families in turn as long as both have one (RFC 8305 section 4). */
static const struct address *next_address(struct dial *d)
{
	struct family *f = &d->family[d->turn];

	if (f->next == f->count)
		f = &d->family[!d->turn];
	if (f->next == f->count)
		return NULL;
	d->turn = f == &d->family[V6] ? V4 : V6;
	return &f->list[f->next++];
}

static bool allowed(struct dial *d, const struct address *a)
{
	const char *reason = "not allowed";

	if (d->allow == NULL || d->allow(a, d->allow_arg, &reason))
		return true;
	blame(d, DIAL_FORBIDDEN, reason, a);
	return false;
}

static bool attempt(struct dial *d, const struct address *address)
{
	struct attempt *a = &d->attempts[d->attempt_count];

	*a = (struct attempt){ .dial = d, .address = *address };
	address_set_port(&a->address, d->port);
	if (!allowed(d, &a->address))
		return false;
	a->stream = stream_connect(d->dialer->loop, &a->address, on_attempt, a);
	if (a->stream == NULL) {
		blame_errno(d, errno, &a->address);
		return false;
	}
	d->attempt_count++;
	d->active++;
	return true;
}

static void attempt_more(struct dial *d)
{
	const struct address *address;

	if (d->over || !d->started)
		return;
	while ((address = next_address(d)) != NULL) {
		if (attempt(d, address)) {
			loop_after(d->dialer->loop, &d->stagger, DIAL_STAGGER_MS, on_stagger);
			return;
		}
	}
	if (d->active == 0 && d->family[V6].settled && d->family[V4].settled)
		finish(d, NULL);
}

/* ---- names ---- */

static void begin(struct dial *d)
{
	oneshot_stop(&d->delay);
	/* A stagger that runs goes on running: later addresses wait for their turn. */
	if (d->started && oneshot_runs(&d->stagger))
		return;
	d->started = true;
	attempt_more(d);
}

static void on_delay(struct oneshot *o)
{
	begin(LOOP_OWNER(o, struct dial, delay));
}

static void note_family(struct dial *d, int which, enum resolve_state state,
			const struct address *list, size_t count)
{
	struct family *f = &d->family[which];

	if (f->settled || state == RESOLVE_PENDING)
		return;
	f->settled = true;
	f->state = state;
	f->count = count < RESOLVE_ADDRESSES_MAX ? count : RESOLVE_ADDRESSES_MAX;
	if (f->count != 0)
		memcpy(f->list, list, f->count * sizeof(*list));
	if (f->count != 0 && d->found == 0)
		d->found = loop_now_ms(d->dialer->loop);
}

static void note_cnames(struct dial *d, const struct resolution *r)
{
	while (d->cname_count < r->cname_count) {
		d->cnames[d->cname_count] = strdup(r->cnames[d->cname_count]);
		if (d->cnames[d->cname_count] == NULL)
			return;
		d->cname_count++;
	}
}

static void blame_dns(struct dial *d, const struct resolution *r)
{
	if (r->v6_state == RESOLVE_FAILED || r->v4_state == RESOLVE_FAILED)
		blame(d, DIAL_DNS_FAILED, r->text != NULL ? r->text : "name lookup failed", NULL);
	else
		blame(d, DIAL_DNS_NOT_FOUND, r->text != NULL ? r->text : "no such host", NULL);
}

static void on_resolved(struct resolve *q, const struct resolution *r, void *arg)
{
	struct dial *d = arg;
	bool all = r->v6_state != RESOLVE_PENDING && r->v4_state != RESOLVE_PENDING;

	(void)q;
	if (all)
		d->query = NULL;
	note_family(d, V6, r->v6_state, r->v6, r->v6_count);
	note_family(d, V4, r->v4_state, r->v4, r->v4_count);
	note_cnames(d, r);
	if (all && d->family[V6].count + d->family[V4].count == 0)
		blame_dns(d, r);
	if (all || d->family[V6].count != 0)
		begin(d);
	else if (d->family[V4].count != 0 && !d->started)
		loop_after(d->dialer->loop, &d->delay, DIAL_RESOLUTION_DELAY_MS, on_delay);
}

static void on_limit(struct oneshot *o)
{
	struct dial *d = LOOP_OWNER(o, struct dial, limit);

	if (d->found == 0)
		blame(d, DIAL_DNS_FAILED, "the name servers did not answer in time", NULL);
	else
		blame(d, DIAL_TIMEOUT, "no answer in time", NULL);
	finish(d, NULL);
}

struct dial *dial_start(struct dialer *dialer, struct slice host, uint16_t port, dial_allow *allow,
			void *allow_arg, dial_cb *cb, void *arg)
{
	struct dial *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return NULL;
	d->dialer = dialer;
	d->allow = allow != NULL ? allow : dialer->allow;
	d->allow_arg = allow != NULL ? allow_arg : dialer->allow_arg;
	d->cb = cb;
	d->arg = arg;
	d->port = port;
	d->began = loop_now_ms(dialer->loop);
	d->host = strndup(host.p, host.n);
	d->query = d->host != NULL ? resolve_start(dialer->resolver, host, on_resolved, d) : NULL;
	if (d->query == NULL) {
		free(d->host);
		free(d);
		return NULL;
	}
	for (char *p = d->host; *p != '\0'; p++)
		*p = ascii_lower(*p);
	d->turn = first_family(dialer, d->host);
	d->next = dialer->dials;
	if (d->next != NULL)
		d->next->prev = d;
	dialer->dials = d;
	loop_after(dialer->loop, &d->limit, DIAL_TIMEOUT_MS, on_limit);
	return d;
}

void dial_cancel(struct dial *d)
{
	if (d != NULL && !d->over)
		stop(d);
}

struct dialer *dialer_new(struct loop *loop, struct resolver *resolver, dial_allow *allow,
			  void *arg)
{
	struct dialer *dialer = calloc(1, sizeof(*dialer));

	if (dialer == NULL)
		return NULL;
	dialer->loop = loop;
	dialer->resolver = resolver;
	dialer->allow = allow;
	dialer->allow_arg = arg;
	return dialer;
}

void dialer_free(struct dialer *dialer)
{
	if (dialer == NULL)
		return;
	while (dialer->dials != NULL) {
		struct dial *d = dialer->dials;

		d->error = DIAL_CANCELLED;
		snprintf(d->text, sizeof(d->text), "cancelled");
		finish(d, NULL);
	}
	free(dialer);
}

const char *dial_error_word(enum dial_error error)
{
	static const char *const words[] = {
		[DIAL_OK] = "ok",
		[DIAL_DNS_NOT_FOUND] = "dns-not-found",
		[DIAL_DNS_FAILED] = "dns-failed",
		[DIAL_REFUSED] = "refused",
		[DIAL_UNREACHABLE] = "unreachable",
		[DIAL_TIMEOUT] = "timeout",
		[DIAL_FORBIDDEN] = "forbidden",
		[DIAL_NO_FDS] = "no-descriptors",
		[DIAL_CANCELLED] = "cancelled",
	};

	return words[error];
}
