#include "proxy/pool.h"

#include "base/buf.h"
#include "base/hash.h"
#include "base/msg.h"
#include "proxy/h2_origin.h"
#include "proxy/visitor.h"
#include "proxy/worker.h"

#include <stdlib.h>
#include <sys/queue.h>

#define IDLE_MAX 4096u
#define IDLE_PER_KEY 256u
/*
 * Beyond so many under one key, in all workers, the others are kept for a moment only: a burst is over soon.
 * Browsers have six at a time.
 */
#define IDLE_KEPT 16u
#define IDLE_KEPT_LEAST 6u
#define SESSIONS_MAX 4096u
#define SESSIONS_PER_KEY 2u
#define REACHED_MAX 8192u
#define REACHED_MS 60000
/* Visitor, two names, port, flags. */
#define KEY_MAX (CLIENT_ID_LEN + 3 * SITE_MAX + 16)

struct idle {
	TAILQ_ENTRY(idle) in_place, in_pool;
	struct pool *pool;
	struct place *place;
	struct origin *origin;
	int64_t since;
};

struct session {
	TAILQ_ENTRY(session) in_place, in_pool;
	struct place *place;
	SSL_SESSION *session;
};

struct shared {
	TAILQ_ENTRY(shared) in_place, in_pool;
	struct place *place;
	struct h2_origin *h2;
};

TAILQ_HEAD(shared_list, shared);
TAILQ_HEAD(waiter_list, pool_waiter);
TAILQ_HEAD(idle_list, idle);
TAILQ_HEAD(session_list, session);

/* Everything under one (visitor, site, origin). */
struct place {
	UT_hash_handle hh;
	struct idle_list idle;
	struct session_list sessions;
	struct shared_list shared;
	struct waiter_list waiting;
	unsigned idle_n, sessions_n, dialling;
	unsigned waking; /* calls that look at it again */
	size_t key_len;
	char key[];
};

struct reached {
	UT_hash_handle hh;
	TAILQ_ENTRY(reached) next;
	int64_t at;
	size_t key_len;
	char key[];
};

struct pool {
	struct worker *w;
	struct place *places;
	struct reached *reached;
	struct idle_list idle; /* longest idle first */
	struct session_list sessions;
	struct shared_list shared;
	TAILQ_HEAD(, reached) reached_list;
	unsigned idle_n, sessions_n;
};

struct pool *pool_new(struct worker *w)
{
	struct pool *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	p->w = w;
	TAILQ_INIT(&p->idle);
	TAILQ_INIT(&p->sessions);
	TAILQ_INIT(&p->shared);
	TAILQ_INIT(&p->reached_list);
	return p;
}

/* site NULL: the key of `reached`. */
static struct slice key_of(char mem[KEY_MAX], const struct origin_target *t, const char *site)
{
	size_t n = 0;
	const char *parts[3] = { t->host, t->identity, site != NULL ? site : "" };

	memcpy(mem, t->visitor->id, CLIENT_ID_LEN);
	n += CLIENT_ID_LEN;
	for (size_t i = 0; i < 3; i++) {
		size_t len = strlen(parts[i]);

		memcpy(mem + n, parts[i], len + 1);
		n += len + 1;
	}
	mem[n++] = (char)(t->port & 0xff);
	mem[n++] = (char)(t->port >> 8);
	mem[n++] = (char)t->secure;
	return slice_of(mem, n);
}

static struct place *place_find(struct pool *p, struct slice key)
{
	struct place *place;

	HASH_FIND(hh, p->places, key.p, key.n, place);
	return place;
}

static struct place *place_get(struct pool *p, struct slice key)
{
	struct place *place = place_find(p, key);

	if (place != NULL)
		return place;
	place = calloc(1, sizeof(*place) + key.n);
	if (place == NULL)
		return NULL;
	TAILQ_INIT(&place->idle);
	TAILQ_INIT(&place->sessions);
	TAILQ_INIT(&place->shared);
	TAILQ_INIT(&place->waiting);
	memcpy(place->key, key.p, key.n);
	place->key_len = key.n;
	HASH_ADD_KEYPTR(hh, p->places, place->key, place->key_len, place);
	return place;
}

static void place_let_go(struct pool *p, struct place *place)
{
	if (place->idle_n != 0 || place->sessions_n != 0 || place->dialling != 0 ||
	    place->waking != 0 || !TAILQ_EMPTY(&place->shared) || !TAILQ_EMPTY(&place->waiting))
		return;
	HASH_DEL(p->places, place);
	free(place);
}

/* ---- idle connections ---- */

static struct origin *idle_remove(struct pool *p, struct idle *i)
{
	struct origin *o = i->origin;
	struct place *place = i->place;

	TAILQ_REMOVE(&place->idle, i, in_place);
	place->idle_n--;
	TAILQ_REMOVE(&p->idle, i, in_pool);
	p->idle_n--;
	free(i);
	place_let_go(p, place);
	return o;
}

/* Whatever happens to an idle connection, it is of no use any more: bytes nobody asked for too. */
static void on_idle_event(struct origin *o, enum origin_event event, void *arg)
{
	struct idle *i = arg;

	if (event == ORIGIN_ROOM)
		return;
	(void)idle_remove(i->pool, i);
	origin_close(o, STREAM_GRACEFUL);
}

static void idle_drop_oldest(struct pool *p, struct idle *i)
{
	if (i != NULL)
		origin_close(idle_remove(p, i), STREAM_GRACEFUL);
}

struct origin *pool_take(struct pool *p, const struct origin_target *target, const char *site,
			 int64_t max_idle_ms)
{
	char mem[KEY_MAX];
	struct place *place = place_find(p, key_of(mem, target, site));
	struct idle *i;

	/* The one used last is the least likely to have been closed meanwhile. */
	i = place != NULL ? TAILQ_LAST(&place->idle, idle_list) : NULL;
	if (i == NULL || loop_now_ms(p->w->loop) - i->since > max_idle_ms)
		return NULL;
	return idle_remove(p, i);
}

static unsigned kept(const struct pool *p)
{
	unsigned share = IDLE_KEPT / p->w->setup->workers;

	return share > IDLE_KEPT_LEAST ? share : IDLE_KEPT_LEAST;
}

void pool_give(struct pool *p, struct origin *o)
{
	char mem[KEY_MAX];
	struct place *place = place_get(p, key_of(mem, origin_target(o), origin_site(o)));
	struct idle *i = place != NULL ? calloc(1, sizeof(*i)) : NULL;

	if (i == NULL || p->w->draining) {
		if (place != NULL)
			place_let_go(p, place);
		free(i);
		origin_close(o, STREAM_GRACEFUL);
		return;
	}
	i->pool = p;
	i->place = place;
	i->origin = o;
	i->since = loop_now_ms(p->w->loop);
	TAILQ_INSERT_TAIL(&place->idle, i, in_place);
	TAILQ_INSERT_TAIL(&p->idle, i, in_pool);
	place->idle_n++;
	p->idle_n++;
	origin_own(o, on_idle_event, i);
	stream_set_timer(origin_stream(o), place->idle_n > kept(p) ? &p->w->times.origin_spare
								     : &p->w->times.origin_idle);
	if (place->idle_n > IDLE_PER_KEY)
		idle_drop_oldest(p, TAILQ_FIRST(&place->idle));
	else if (p->idle_n > IDLE_MAX)
		idle_drop_oldest(p, TAILQ_FIRST(&p->idle));
}

void pool_drain(struct pool *p)
{
	struct idle *i;

	while ((i = TAILQ_FIRST(&p->idle)) != NULL)
		idle_drop_oldest(p, i);
	while (!TAILQ_EMPTY(&p->shared)) {
		struct h2_origin *h = TAILQ_FIRST(&p->shared)->h2;

		pool_unshare(p, h);
		h2_origin_retire(h);
	}
}

/* ---- shared connections ---- */

static struct shared *shared_find(struct pool *p, struct h2_origin *h)
{
	char mem[KEY_MAX];
	struct place *place = place_find(p, key_of(mem, h2_origin_target(h), h2_origin_site(h)));
	struct shared *s = NULL;

	if (place != NULL)
		TAILQ_FOREACH(s, &place->shared, in_place)
			if (s->h2 == h)
				break;
	return s;
}

bool pool_share(struct pool *p, struct h2_origin *h)
{
	char mem[KEY_MAX];
	struct place *place = place_get(p, key_of(mem, h2_origin_target(h), h2_origin_site(h)));
	struct shared *s = place != NULL ? calloc(1, sizeof(*s)) : NULL;

	if (s == NULL) {
		if (place != NULL)
			place_let_go(p, place);
		return false;
	}
	s->place = place;
	s->h2 = h;
	TAILQ_INSERT_TAIL(&place->shared, s, in_place);
	TAILQ_INSERT_TAIL(&p->shared, s, in_pool);
	return true;
}

void pool_unshare(struct pool *p, struct h2_origin *h)
{
	struct shared *s = shared_find(p, h);
	struct place *place;

	if (s == NULL)
		return;
	place = s->place;
	TAILQ_REMOVE(&place->shared, s, in_place);
	TAILQ_REMOVE(&p->shared, s, in_pool);
	free(s);
	place_let_go(p, place);
}

struct h2_origin *pool_shared(struct pool *p, const struct origin_target *target, const char *site)
{
	char mem[KEY_MAX];
	struct place *place = place_find(p, key_of(mem, target, site));
	struct shared *s;

	if (place == NULL)
		return NULL;
	TAILQ_FOREACH(s, &place->shared, in_place)
		if (h2_origin_has_room(s->h2))
			return s->h2;
	return NULL;
}

/* ---- dialled once for many ---- */

void pool_dialling(struct pool *p, const struct origin_target *target, const char *site,
		   struct pool_dial *dial)
{
	char mem[KEY_MAX];
	struct place *place = place_get(p, key_of(mem, target, site));

	if (place == NULL)
		return; /* the others dial for themselves */
	place->dialling++;
	dial->pool = p;
	dial->place = place;
}

/* Each who waits now once: who is woken may wait again, at the end. */
static void wake(struct place *place, enum pool_dialled how, const struct origin_failure *why)
{
	struct pool_waiter *waiter;
	unsigned n = 0;

	TAILQ_FOREACH(waiter, &place->waiting, next)
		n++;
	while (n-- > 0 && (waiter = TAILQ_FIRST(&place->waiting)) != NULL) {
		TAILQ_REMOVE(&place->waiting, waiter, next);
		waiter->pool = NULL;
		waiter->fn(waiter, how, why);
	}
}

void pool_dialled(struct pool_dial *dial, enum pool_dialled how, const struct origin_failure *why)
{
	struct pool *p = dial->pool;
	struct place *place = dial->place;

	if (p == NULL)
		return;
	dial->pool = NULL;
	/*
	 * It is over before anybody is woken: who finds nothing else is to dial, not to wait for
	 * it.
	 */
	place->dialling--;
	place->waking++;
	if (place->dialling == 0 || how == POOL_SHARED)
		wake(place, how, why);
	place->waking--;
	place_let_go(p, place);
}

bool pool_wait(struct pool *p, const struct origin_target *target, const char *site,
	       struct pool_waiter *waiter, pool_woken *fn)
{
	char mem[KEY_MAX];
	struct place *place = place_find(p, key_of(mem, target, site));

	if (place == NULL || place->dialling == 0)
		return false;
	waiter->pool = p;
	waiter->place = place;
	waiter->fn = fn;
	TAILQ_INSERT_TAIL(&place->waiting, waiter, next);
	return true;
}

void pool_wait_cancel(struct pool_waiter *waiter)
{
	struct pool *p = waiter->pool;

	if (p == NULL)
		return;
	waiter->pool = NULL;
	TAILQ_REMOVE(&waiter->place->waiting, waiter, next);
	place_let_go(p, waiter->place);
}

/* ---- sessions ---- */

static SSL_SESSION *session_remove(struct pool *p, struct session *s)
{
	SSL_SESSION *session = s->session;
	struct place *place = s->place;

	TAILQ_REMOVE(&place->sessions, s, in_place);
	place->sessions_n--;
	TAILQ_REMOVE(&p->sessions, s, in_pool);
	p->sessions_n--;
	free(s);
	place_let_go(p, place);
	return session;
}

void pool_keep_session(struct pool *p, const struct origin_target *target, const char *site,
		       SSL_SESSION *session)
{
	char mem[KEY_MAX];
	struct place *place = place_get(p, key_of(mem, target, site));
	struct session *s = place != NULL ? calloc(1, sizeof(*s)) : NULL;

	if (s == NULL) {
		if (place != NULL)
			place_let_go(p, place);
		SSL_SESSION_free(session);
		return;
	}
	s->place = place;
	s->session = session;
	TAILQ_INSERT_TAIL(&place->sessions, s, in_place);
	TAILQ_INSERT_TAIL(&p->sessions, s, in_pool);
	place->sessions_n++;
	p->sessions_n++;
	if (place->sessions_n > SESSIONS_PER_KEY)
		SSL_SESSION_free(session_remove(p, TAILQ_FIRST(&place->sessions)));
	else if (p->sessions_n > SESSIONS_MAX)
		SSL_SESSION_free(session_remove(p, TAILQ_FIRST(&p->sessions)));
}

SSL_SESSION *pool_session(struct pool *p, const struct origin_target *target, const char *site)
{
	char mem[KEY_MAX];
	struct place *place = place_find(p, key_of(mem, target, site));
	struct session *s = place != NULL ? TAILQ_LAST(&place->sessions, session_list) : NULL;

	return s != NULL ? session_remove(p, s) : NULL;
}

/* ---- what was reached lately ---- */

static struct reached *reached_find(struct pool *p, struct slice key)
{
	struct reached *r;

	HASH_FIND(hh, p->reached, key.p, key.n, r);
	return r;
}

static void reached_forget(struct pool *p, struct reached *r)
{
	HASH_DEL(p->reached, r);
	TAILQ_REMOVE(&p->reached_list, r, next);
	free(r);
}

void pool_note_reached(struct pool *p, const struct origin_target *target)
{
	char mem[KEY_MAX];
	struct slice key = key_of(mem, target, NULL);
	struct reached *r = reached_find(p, key);

	if (r == NULL) {
		r = calloc(1, sizeof(*r) + key.n);
		if (r == NULL)
			return;
		memcpy(r->key, key.p, key.n);
		r->key_len = key.n;
		HASH_ADD_KEYPTR(hh, p->reached, r->key, r->key_len, r);
		if (HASH_COUNT(p->reached) > REACHED_MAX)
			reached_forget(p, TAILQ_FIRST(&p->reached_list));
	} else {
		TAILQ_REMOVE(&p->reached_list, r, next);
	}
	r->at = loop_now_ms(p->w->loop);
	TAILQ_INSERT_TAIL(&p->reached_list, r, next);
}

void pool_note_failed(struct pool *p, const struct origin_target *target)
{
	char mem[KEY_MAX];
	struct reached *r = reached_find(p, key_of(mem, target, NULL));

	if (r != NULL)
		reached_forget(p, r);
}

bool pool_reached_lately(struct pool *p, const struct origin_target *target)
{
	char mem[KEY_MAX];
	struct reached *r = reached_find(p, key_of(mem, target, NULL));

	return r != NULL && loop_now_ms(p->w->loop) - r->at < REACHED_MS;
}

void pool_free(struct pool *p)
{
	struct session *s;
	struct reached *r;

	if (p == NULL)
		return;
	while (!TAILQ_EMPTY(&p->shared)) {
		struct h2_origin *h = TAILQ_FIRST(&p->shared)->h2;

		pool_unshare(p, h);
		h2_origin_free(h);
	}
	pool_drain(p);
	while ((s = TAILQ_FIRST(&p->sessions)) != NULL)
		SSL_SESSION_free(session_remove(p, s));
	while ((r = TAILQ_FIRST(&p->reached_list)) != NULL)
		reached_forget(p, r);
	free(p);
}
