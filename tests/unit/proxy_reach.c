/*
 * Several who want one connection, and one who dials it: whatever becomes of the dial, nobody is
 * left waiting.  Connections to origins are played here; the pool is the real one.
 */
#include "proxy/h2_origin.h"
#include "proxy/reach.h"
#include "proxy/visitor.h"
#include "proxy/worker.h"

#include "proxy/http/h2_session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#define SITE "site.example"
#define ORIGINS 16

/* ---- connections ---- */

struct origin {
	struct origin_target target;
	origin_cb *cb;
	void *arg;
	bool h2, closed;
	struct origin_failure *failure, told;
};

static struct origin origins[ORIGINS];
static unsigned dialled;

struct origin *origin_dial(struct worker *w, const struct origin_target *target, origin_cb *cb,
			   void *arg)
{
	struct origin *o = &origins[dialled++];

	(void)w;
	*o = (struct origin){ .target = *target, .cb = cb, .arg = arg };
	return o;
}

void origin_own(struct origin *o, origin_cb *cb, void *arg)
{
	o->cb = cb;
	o->arg = arg;
}

void origin_set_tls(struct origin *o, enum alpn_offer alpn, const struct tls_shape *shape)
{
	o->target.alpn = alpn;
	o->target.shape = *shape;
}

bool origin_secure(struct origin *o, struct slice identity)
{
	(void)o;
	(void)identity;
	return true;
}

void origin_set_site(struct origin *o, const char *site)
{
	(void)o;
	assert_string_equal(site, SITE);
}

const struct origin_target *origin_target(const struct origin *o)
{
	return &o->target;
}

const char *origin_site(const struct origin *o)
{
	(void)o;
	return SITE;
}

struct stream *origin_stream(struct origin *o)
{
	(void)o;
	return NULL;
}

bool origin_is_connected(const struct origin *o)
{
	(void)o;
	return false;
}

bool origin_is_ready(const struct origin *o)
{
	(void)o;
	return false;
}

bool origin_speaks_h2(const struct origin *o)
{
	return o->h2;
}

const struct origin_failure *origin_failure(const struct origin *o)
{
	return o->failure;
}

void origin_close(struct origin *o, enum stream_how how)
{
	(void)how;
	assert_false(o->closed);
	o->closed = true;
}

/* ---- what HTTP/2 makes of them ---- */

struct h2_origin {
	struct origin *origin;
	unsigned room;
};

static struct h2_origin shared[ORIGINS];
static unsigned shared_n, shared_room;

struct h2_origin *h2_origin_new(struct worker *w, struct origin *o, const struct h2_settings *like)
{
	struct h2_origin *h = &shared[shared_n++];

	(void)w;
	assert_non_null(like);
	*h = (struct h2_origin){ o, shared_room };
	return h;
}

bool h2_origin_has_room(const struct h2_origin *h)
{
	return h->room != 0;
}

bool h2_origin_takes_websockets(const struct h2_origin *h)
{
	(void)h;
	return false;
}

const struct origin_target *h2_origin_target(const struct h2_origin *h)
{
	return &h->origin->target;
}

const char *h2_origin_site(const struct h2_origin *h)
{
	(void)h;
	return SITE;
}

void h2_origin_retire(struct h2_origin *h)
{
	(void)h;
}

void h2_origin_free(struct h2_origin *h)
{
	(void)h;
}

/* ---- those who want one ---- */

struct asker {
	struct reach reach;
	unsigned told;
	bool failed;
	struct h2_origin *h2;
	struct origin *h1;
};

struct stage {
	int64_t wall, mono;
	struct clock clock;
	struct worker w;
	struct visitor visitor;
	struct h2_settings like;
	struct origin_target target;
	struct asker asker[4];
};

static void on_reached(struct reach *r, const struct reached_by *by)
{
	struct asker *a = LOOP_OWNER(r, struct asker, reach);

	a->told++;
	a->failed = by->failure != NULL;
	a->h1 = by->h1;
	a->h2 = by->h2;
	if (by->h2 != NULL)
		by->h2->room--;
}

static void ask(struct stage *s, unsigned i)
{
	s->asker[i].reach = (struct reach){
		.w = &s->w,
		.target = &s->target,
		.site = SITE,
		.like = &s->like,
		.max_idle_ms = INT64_MAX,
		.cb = on_reached,
	};
	reach_begin(&s->asker[i].reach, NULL, false);
}

static int set_up(void **state)
{
	struct stage *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->wall = s->mono = 1000000;
	s->clock = (struct clock){ &s->wall, &s->mono };
	s->w.loop = loop_new(&s->clock);
	s->w.pool = pool_new(&s->w);
	assert_true(s->w.loop != NULL && s->w.pool != NULL);
	s->target = (struct origin_target){ .visitor = &s->visitor,
					    .secure = true,
					    .host = "origin.example",
					    .identity = "origin.example",
					    .port = 443 };
	dialled = shared_n = 0;
	shared_room = 100;
	for (unsigned i = 0; i < 3; i++)
		ask(s, i);
	assert_int_equal(dialled, 1);
	*state = s;
	return 0;
}

static int tear_down(void **state)
{
	struct stage *s = *state;

	for (unsigned i = 0; i < 4; i++)
		reach_cancel(&s->asker[i].reach);
	pool_free(s->w.pool);
	loop_free(s->w.loop);
	free(s);
	return 0;
}

static void ready(struct origin *o, bool h2)
{
	o->h2 = h2;
	o->cb(o, ORIGIN_READY, o->arg);
}

static void one_for_all(void **state)
{
	struct stage *s = *state;

	ready(&origins[0], true);
	for (unsigned i = 0; i < 3; i++)
		assert_true(s->asker[i].told == 1 && s->asker[i].h2 == &shared[0]);
	assert_int_equal(dialled, 1);
}

/* The browser gave the first request up: the next one dials, the others wait for that. */
static void who_dials_goes(void **state)
{
	struct stage *s = *state;

	reach_cancel(&s->asker[0].reach);
	assert_true(origins[0].closed);
	assert_int_equal(dialled, 2);
	assert_true(s->asker[1].told == 0 && s->asker[2].told == 0);
	ready(&origins[1], true);
	assert_true(s->asker[1].h2 == &shared[0] && s->asker[2].h2 == &shared[0]);
}

static void who_dials_goes_again_and_again(void **state)
{
	struct stage *s = *state;

	reach_cancel(&s->asker[0].reach);
	reach_cancel(&s->asker[1].reach);
	assert_int_equal(dialled, 3);
	ready(&origins[2], true);
	assert_int_equal(s->asker[0].told + s->asker[1].told, 0);
	assert_true(s->asker[2].h2 == &shared[0]);
}

static void who_waits_goes(void **state)
{
	struct stage *s = *state;

	reach_cancel(&s->asker[1].reach);
	ready(&origins[0], true);
	assert_int_equal(s->asker[1].told, 0);
	assert_true(s->asker[2].h2 == &shared[0]);
}

/* More wait than have room: the first of them dials for the rest. */
static void no_room(void **state)
{
	struct stage *s = *state;

	shared_room = 1;
	ready(&origins[0], true);
	assert_true(s->asker[0].h2 == &shared[0]);
	assert_int_equal(dialled, 2);
	shared_room = 2;
	ready(&origins[1], true);
	assert_true(s->asker[1].h2 == &shared[1] && s->asker[2].h2 == &shared[1]);
}

static void each_his_own(void **state)
{
	struct stage *s = *state;

	ready(&origins[0], false);
	assert_true(s->asker[0].h1 == &origins[0]);
	assert_int_equal(dialled, 3);
	ready(&origins[2], false);
	ready(&origins[1], false);
	assert_true(s->asker[1].h1 == &origins[1] && s->asker[2].h1 == &origins[2]);
}

static void fails_for_all(void **state)
{
	struct stage *s = *state;

	origins[0].failure = &origins[0].told;
	origins[0].told.fault = FAULT_DIAL;
	origins[0].cb(&origins[0], ORIGIN_FAILED, origins[0].arg);
	for (unsigned i = 0; i < 3; i++)
		assert_true(s->asker[i].told == 1 && s->asker[i].failed);
	ask(s, 3);
	assert_int_equal(dialled, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(one_for_all, set_up, tear_down),
		cmocka_unit_test_setup_teardown(who_dials_goes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(who_dials_goes_again_and_again, set_up, tear_down),
		cmocka_unit_test_setup_teardown(who_waits_goes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(no_room, set_up, tear_down),
		cmocka_unit_test_setup_teardown(each_his_own, set_up, tear_down),
		cmocka_unit_test_setup_teardown(fails_for_all, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
