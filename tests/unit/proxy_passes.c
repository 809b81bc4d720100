/*
 * What passes unread: how often a certificate must be refused, who challenges, how it ends; under
 * virtual time.
 */
#include "base/msg.h"
#include "proxy/challenges.h"
#include "proxy/passes.h"
#include "proxy/visitor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define START INT64_C(1795305600000) /* 2026-11-22T00:00:00Z */
#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOST SLICE("pinned.example")

/* One worker: its passes, and what they told. */
struct side {
	struct passes *passes;
	struct side *peer; /* the other worker gets the letters */
	struct side *heir; /* the worker with the same number in the next generation */
	bool deaf;	   /* nothing can be handed over */
	unsigned told, began, retired, ended, own_ended;
	enum pass_end how;
	char host[SITE_MAX], by[32];
	enum pass_why why;
	unsigned count;
	int64_t since, until;
};

struct stage {
	int64_t wall, mono;
	struct clock clock;
	struct passes_rules rules;
	struct side a, b;
	struct side c, d; /* of the next generation */
	struct visitor person, minor, other;
};

static void on_tell(void *arg, struct slice letter)
{
	struct side *s = arg;

	s->told++;
	if (s->peer != NULL)
		assert_true(passes_letter(s->peer->passes, letter));
}

static bool on_hand(void *arg, struct slice letter, bool all)
{
	struct side *s = arg;

	if (s->deaf)
		return false;
	assert_non_null(s->heir);
	assert_true(passes_letter(s->heir->passes, letter));
	if (all && s->heir->peer != NULL)
		assert_true(passes_letter(s->heir->peer->passes, letter));
	return true;
}

static void on_began(void *arg, struct visitor *v, const struct pass *p, const char *by)
{
	struct side *s = arg;

	assert_non_null(v);
	s->began++;
	s->why = p->why;
	s->count = p->count;
	s->since = p->since;
	s->until = p->until;
	snprintf(s->host, sizeof(s->host), "%s", p->host);
	snprintf(s->by, sizeof(s->by), "%s", by != NULL ? by : "");
}

static void on_retire(void *arg, const uint8_t visitor[CLIENT_ID_LEN], const char *host)
{
	struct side *s = arg;

	(void)visitor;
	assert_true(strlen(host) < SITE_MAX);
	s->retired++;
}

static void on_ended(void *arg, const uint8_t visitor[CLIENT_ID_LEN], const struct pass *p,
		     enum pass_end how, bool own)
{
	struct side *s = arg;

	(void)visitor;
	assert_non_null(p->host);
	assert_non_null(p->address);
	s->ended++;
	s->own_ended += own;
	s->how = how;
}

static const struct passes_ops ops = { on_tell, on_hand, on_began, on_retire, on_ended };

static int setup(void **state)
{
	struct stage *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->wall = START;
	s->mono = 100 * MINUTE;
	s->clock = (struct clock){ &s->wall, &s->mono };
	s->rules = (struct passes_rules){
		.after_refusals = 3,
		.window_ms = 10 * MINUTE,
		.time_ms = 60 * MINUTE,
		.on_challenge = true,
	};
	memset(s->person.id, 'p', CLIENT_ID_LEN);
	memset(s->minor.id, 'm', CLIENT_ID_LEN);
	memset(s->other.id, 'o', CLIENT_ID_LEN);
	snprintf(s->person.address, sizeof(s->person.address), "192.0.2.1");
	s->minor.profile = PROFILE_MINORS;
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	struct stage *s = *state;

	passes_free(s->a.passes);
	passes_free(s->b.passes);
	passes_free(s->c.passes);
	passes_free(s->d.passes);
	free(s);
	return 0;
}

/* With the rules as they stand now; the CA is trusted by all. */
static struct passes *open_passes(struct stage *s, struct side *side)
{
	side->passes = passes_new(&s->rules, &s->clock, &ops, side);
	assert_non_null(side->passes);
	return side->passes;
}

static struct passes *open_trusted(struct stage *s)
{
	struct passes *p = open_passes(s, &s->a);

	passes_accepted(p, &s->person, SLICE("known.example"));
	passes_accepted(p, &s->minor, SLICE("known.example"));
	passes_accepted(p, &s->other, SLICE("known.example"));
	s->a.told = 0;
	return p;
}

static void later(struct stage *s, int64_t ms)
{
	s->mono += ms;
	s->wall += ms;
}

static void refuse(struct stage *s, struct passes *p, struct visitor *v, struct slice host)
{
	int64_t began = s->mono;

	later(s, 20);
	passes_refused(p, v, host, began);
	later(s, SECOND);
}

static bool is_passed(struct passes *p, const struct visitor *v, struct slice host)
{
	return passes_why(p, v, host) != NULL;
}

static void one_more(void *arg, const struct pass *pass)
{
	assert_true(pass->until > pass->since);
	++*(size_t *)arg;
}

/* How many are in force. */
static size_t count(const struct stage *s, const struct passes *p)
{
	size_t n = 0;

	passes_each(p, s->person.id, one_more, &n);
	passes_each(p, s->minor.id, one_more, &n);
	passes_each(p, s->other.id, one_more, &n);
	return n;
}

static void test_threshold(void **state)
{
	struct stage *s = *state;
	struct passes *p = open_trusted(s);

	assert_null(passes_why(p, &s->person, HOST));
	for (int i = 0; i < 2; i++) {
		refuse(s, p, &s->person, HOST);
		assert_null(passes_why(p, &s->person, HOST));
	}
	refuse(s, p, &s->person, HOST);
	assert_string_equal(passes_why(p, &s->person, HOST), "pass-refusals");
	assert_int_equal(s->a.began, 1);
	assert_int_equal(s->a.retired, 1);
	assert_int_equal(s->a.why, PASS_REFUSALS);
	assert_int_equal(s->a.count, 3);
	assert_string_equal(s->a.host, "pinned.example");
	assert_string_equal(s->a.by, "");
	assert_int_equal(s->a.until - s->a.since, s->rules.time_ms);
	assert_string_equal(pass_word(s->a.why), "refused-by-client");
	/* Spelling does not matter, anything else does. */
	assert_true(is_passed(p, &s->person, SLICE("Pinned.Example.")));
	assert_false(is_passed(p, &s->person, SLICE("www.pinned.example")));
	assert_false(is_passed(p, &s->person, SLICE("example")));
	assert_false(is_passed(p, &s->person, SLICE("pinned.example.org")));
	assert_false(is_passed(p, &s->person, SLICE("inned.example")));
	assert_false(is_passed(p, &s->other, HOST));
	/* Another one while it lasts changes nothing. */
	refuse(s, p, &s->person, HOST);
	assert_int_equal(s->a.began, 1);
}

static void test_each_apart(void **state)
{
	struct stage *s = *state;
	struct passes *p = open_trusted(s);

	for (int i = 0; i < 2; i++) {
		refuse(s, p, &s->person, HOST);
		refuse(s, p, &s->other, HOST);
		refuse(s, p, &s->person, SLICE("www.pinned.example"));
		refuse(s, p, &s->person, SLICE("else.example"));
	}
	assert_int_equal(s->a.began, 0);
	assert_int_equal(count(s, p), 0);
}

static void test_decay(void **state)
{
	struct stage *s = *state;
	struct passes *p = open_trusted(s);

	/* Three in eleven minutes are two at a time. */
	for (int i = 0; i < 20; i++) {
		refuse(s, p, &s->person, HOST);
		later(s, 5 * MINUTE);
	}
	assert_int_equal(s->a.began, 0);
	/* The last of the slow ones still counts. */
	refuse(s, p, &s->person, HOST);
	refuse(s, p, &s->person, HOST);
	assert_int_equal(s->a.began, 1);
}

/* Whom his browser uses it for shows that the host works: who refuses is somebody else. */
static void test_used(void **state)
{
	struct stage *s = *state;
	struct passes *p = open_trusted(s);

	refuse(s, p, &s->person, HOST);
	refuse(s, p, &s->person, HOST);
	passes_accepted(p, &s->person, SLICE("Pinned.Example."));
	for (int i = 0; i < 10; i++)
		refuse(s, p, &s->person, HOST);
	assert_int_equal(s->a.began, 0);
	/* Used again, even if only just before the time is over. */
	later(s, 55 * MINUTE);
	passes_accepted(p, &s->person, HOST);
	later(s, 55 * MINUTE);
	for (int i = 0; i < 10; i++)
		refuse(s, p, &s->person, HOST);
	assert_int_equal(s->a.began, 0);
	/* Then it counts from the beginning. */
	later(s, 5 * MINUTE);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(s->a.began, 0);
		refuse(s, p, &s->person, HOST);
	}
	assert_int_equal(s->a.began, 1);
}

static void test_used_elsewhere(void **state)
{
	struct stage *s = *state;
	struct passes *p = open_trusted(s);

	refuse(s, p, &s->person, HOST);
	refuse(s, p, &s->person, HOST);
	passes_accepted(p, &s->person, SLICE("www.pinned.example"));
	passes_accepted(p, &s->other, HOST);
	refuse(s, p, &s->person, HOST);
	assert_int_equal(s->a.began, 1);
	/* What drives a use out is 16384 later ones. */
	passes_accepted(p, &s->person, SLICE("mine.example"));
	for (unsigned i = 0; i < 16000; i++) {
		char host[32];

		snprintf(host, sizeof(host), "h%u.example", i);
		passes_accepted(p, &s->other, slice_str(host));
	}
	for (int i = 0; i < 5; i++)
		refuse(s, p, &s->person, SLICE("mine.example"));
	assert_int_equal(s->a.began, 1);
	for (unsigned i = 0; i < 16384; i++) {
		char host[32];

		snprintf(host, sizeof(host), "i%u.example", i);
		passes_accepted(p, &s->other, slice_str(host));
	}
	for (int i = 0; i < 3; i++)
		refuse(s, p, &s->person, SLICE("mine.example"));
	assert_int_equal(s->a.began, 2);
}

/* One connection that lasts is a use whenever bytes come, told about now and then. */
static void test_used_long(void **state)
{
	static const struct pass_try_end left = { -1, true, true };
	struct stage *s = *state;
	struct passes *p = open_trusted(s);
	struct pass_try t = { 0 };

	pass_try_begin(&t, p);
	pass_try_secured(&t, p);
	for (int i = 0; i < 300; i++) {
		pass_try_used(&t, p, &s->person, HOST);
		later(s, MINUTE);
	}
	assert_in_range(s->a.told, 30, 40);
	for (int i = 0; i < 5; i++)
		refuse(s, p, &s->person, HOST);
	assert_int_equal(s->a.began, 0);
	/* Its end is none, and no refusal. */
	later(s, 60 * MINUTE);
	pass_try_over(&t, p, &s->person, HOST, &left);
	for (int i = 0; i < 3; i++)
		refuse(s, p, &s->person, HOST);
	assert_int_equal(s->a.began, 1);
}

static void test_side_by_side(void **state)
{
	struct stage *s = *state;
	struct passes *p = open_trusted(s);
	int64_t began = s->mono;

	/* Six connections of one page, all begun before the first was refused. */
	for (int i = 0; i < 6; i++) {
		later(s, 5);
		passes_refused(p, &s->person, HOST, began + i / 5);
	}
	assert_int_equal(s->a.began, 0);
	later(s, SECOND);
	refuse(s, p, &s->person, HOST);
	assert_int_equal(s->a.began, 0);
	refuse(s, p, &s->person, HOST);
	assert_int_equal(s->a.began, 1);
}

static void test_without_trust(void **state)
{
	struct stage *s = *state;
	struct passes *p = open_passes(s, &s->a);

	for (int i = 0; i < 10; i++)
		refuse(s, p, &s->person, HOST);
	passes_accepted(p, &s->other, SLICE("known.example"));
	refuse(s, p, &s->person, HOST);
	assert_int_equal(s->a.began, 0);
	/* Then those from before do not count. */
	passes_accepted(p, &s->person, SLICE("known.example"));
	for (int i = 0; i < 3; i++) {
		assert_int_equal(s->a.began, 0);
		refuse(s, p, &s->person, HOST);
	}
	assert_int_equal(s->a.began, 1);
}

static void test_off(void **state)
{
	struct stage *s = *state;
	struct passes *p;

	s->rules.after_refusals = 0;
	s->rules.on_challenge = false;
	p = open_trusted(s);
	for (int i = 0; i < 20; i++)
		refuse(s, p, &s->person, HOST);
	assert_false(passes_challenged(p, &s->person, HOST, "cloudflare", true));
	assert_int_equal(s->a.began, 0);
	assert_int_equal(s->a.told, 0);
}

/* Whatever was asked for, one error is never enough. */
static void test_never_after_one(void **state)
{
	struct stage *s = *state;
	struct passes *p;

	s->rules.after_refusals = 1;
	p = open_trusted(s);
	for (int i = 0; i < 20; i++)
		refuse(s, p, &s->person, HOST);
	assert_int_equal(s->a.began, 0);
}

static void test_most(void **state)
{
	struct stage *s = *state;
	struct passes *p;

	s->rules.after_refusals = PASS_REFUSALS_MAX;
	p = open_trusted(s);
	for (unsigned i = 0; i < PASS_REFUSALS_MAX; i++) {
		assert_int_equal(s->a.began, 0);
		refuse(s, p, &s->person, HOST);
	}
	assert_int_equal(s->a.began, 1);
	assert_int_equal(s->a.count, PASS_REFUSALS_MAX);
}

static void test_minors(void **state)
{
	struct stage *s = *state;
	struct passes *p = open_trusted(s);

	for (int i = 0; i < 20; i++)
		refuse(s, p, &s->minor, HOST);
	assert_false(passes_challenged(p, &s->minor, HOST, "cloudflare", true));
	assert_false(is_passed(p, &s->minor, HOST));
	assert_int_equal(s->a.began + s->a.told, 0);
	/* Who becomes one while something passes gets no more of it. */
	assert_true(passes_challenged(p, &s->person, HOST, "cloudflare", true));
	s->person.profile = PROFILE_MINORS;
	assert_false(is_passed(p, &s->person, HOST));
}

static void test_challenge(void **state)
{
	struct stage *s = *state;
	struct passes *p = open_passes(s, &s->a);

	/* A third party's does not count. */
	assert_false(passes_challenged(p, &s->person, HOST, "cloudflare", false));
	assert_int_equal(s->a.began, 0);
	assert_true(passes_challenged(p, &s->person, HOST, "cloudflare", true));
	assert_string_equal(passes_why(p, &s->person, HOST), "pass-challenge");
	assert_int_equal(s->a.began, 1);
	assert_int_equal(s->a.retired, 1);
	assert_string_equal(s->a.by, "cloudflare");
	assert_string_equal(pass_word(s->a.why), "challenge");
	assert_false(is_passed(p, &s->person, SLICE("www.pinned.example")));
	assert_false(is_passed(p, &s->other, HOST));
	/* A connection from before it: to be retired too, but nothing begins. */
	assert_true(passes_challenged(p, &s->person, HOST, "cloudflare", true));
	assert_int_equal(s->a.began, 1);
	assert_int_equal(s->a.retired, 2);
}

static void test_time(void **state)
{
	struct stage *s = *state;
	struct passes *p = open_trusted(s);

	assert_true(passes_challenged(p, &s->person, HOST, "cloudflare", true));
	later(s, 60 * MINUTE - 1);
	passes_tick(p);
	assert_true(is_passed(p, &s->person, HOST));
	later(s, 1);
	/* Over at once, even before the tick says so. */
	assert_false(is_passed(p, &s->person, HOST));
	assert_int_equal(s->a.ended, 0);
	passes_tick(p);
	assert_int_equal(s->a.ended, 1);
	assert_int_equal(s->a.own_ended, 1);
	assert_int_equal(s->a.how, PASS_TIME_OVER);
	passes_tick(p);
	assert_int_equal(s->a.ended, 1);
	/* Then everything begins anew. */
	for (int i = 0; i < 2; i++)
		refuse(s, p, &s->person, HOST);
	assert_false(is_passed(p, &s->person, HOST));
	refuse(s, p, &s->person, HOST);
	assert_true(is_passed(p, &s->person, HOST));
	/* The wall clock may jump as it likes. */
	s->wall += 100 * 24 * 60 * MINUTE;
	passes_tick(p);
	assert_true(is_passed(p, &s->person, HOST));
}

static void test_stop(void **state)
{
	struct stage *s = *state;
	struct passes *p = open_trusted(s);

	assert_false(passes_stop(p, &s->person, HOST));
	assert_true(passes_challenged(p, &s->person, HOST, "cloudflare", true));
	assert_false(passes_stop(p, &s->other, HOST));
	assert_false(passes_stop(p, &s->person, SLICE("www.pinned.example")));
	later(s, 30 * MINUTE);
	assert_true(passes_stop(p, &s->person, SLICE("PINNED.example")));
	assert_false(is_passed(p, &s->person, HOST));
	assert_int_equal(s->a.ended, 1);
	assert_int_equal(s->a.how, PASS_STOPPED);
	assert_false(passes_stop(p, &s->person, HOST));
	/* What a person ended does not come back by itself for as long as it would have lasted. */
	assert_false(passes_challenged(p, &s->person, HOST, "cloudflare", true));
	for (int i = 0; i < 5; i++)
		refuse(s, p, &s->person, HOST);
	assert_int_equal(s->a.began, 1);
	later(s, 60 * MINUTE);
	passes_tick(p);
	assert_int_equal(s->a.ended, 1);
	assert_true(passes_challenged(p, &s->person, HOST, "cloudflare", true));
}

/* ---- how an attempt ends ---- */

static void test_signs(void **state)
{
	static const struct {
		enum pass_try_state state;
		struct pass_try_end end;
		int64_t after;
		bool refusal;
	} rows[] = {
		{ TRY_SHAKING, { 42, true, true }, 0, true },	 /* bad_certificate */
		{ TRY_SHAKING, { 43, true, true }, 0, true },	 /* unsupported_certificate */
		{ TRY_SHAKING, { 46, true, true }, 0, true },	 /* certificate_unknown */
		{ TRY_SHAKING, { 48, false, true }, 0, true },	 /* unknown_ca */
		{ TRY_SECURED, { 48, true, true }, 9000, true }, /* late, but said so */
		{ TRY_SHAKING, { 40, true, true }, 0, false },	 /* handshake_failure */
		{ TRY_SHAKING, { 70, true, true }, 0, false },	 /* protocol_version */
		{ TRY_SHAKING, { 45, true, true }, 0, false },	 /* certificate_expired: a clock */
		{ TRY_SHAKING, { 80, true, true }, 0, false },	 /* internal_error */
		{ TRY_SHAKING, { 90, true, true }, 0, false },	 /* user_canceled */
		{ TRY_SHAKING, { 116, true, true }, 0, false },	 /* certificate_required */
		{ TRY_SHAKING, { 0, true, true }, 0, false },	 /* close_notify */
		{ TRY_SHAKING, { -1, true, true }, 0, true },	 /* gone after the certificate */
		{ TRY_SHAKING, { -1, true, false }, 0, false },	 /* ... before it */
		{ TRY_SHAKING, { -1, false, true }, 0, false },	 /* we ended it, or time did */
		{ TRY_SECURED, { -1, true, true }, 0, true },	 /* gone before the first byte */
		{ TRY_SECURED, { -1, true, true }, PASS_UNUSED_MS, true },
		{ TRY_SECURED, { -1, true, true }, PASS_UNUSED_MS + 1, false },
		{ TRY_SECURED, { -1, false, true }, 0, false },
		{ TRY_OVER, { 48, true, true }, 0, false },
		{ TRY_NONE, { 48, true, true }, 0, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pass_try t = { .state = rows[i].state, .began = 1000, .secured = 2000 };

		if (pass_try_is_refusal(&t, &rows[i].end, 2000 + rows[i].after) != rows[i].refusal)
			fail_msg("row %zu", i);
	}
}

static void test_try(void **state)
{
	static const struct pass_try_end refused = { 48, true, true }, left = { -1, true, true };
	struct stage *s = *state;
	struct passes *p = open_passes(s, &s->a);
	struct pass_try t;

	/* Used: trusted from now on. */
	t = (struct pass_try){ 0 };
	pass_try_used(&t, p, &s->person, SLICE("known.example"));
	assert_int_equal(s->a.told, 0);
	pass_try_begin(&t, p);
	pass_try_secured(&t, p);
	pass_try_used(&t, p, &s->person, SLICE("known.example"));
	pass_try_used(&t, p, &s->person, SLICE("known.example"));
	assert_int_equal(s->a.told, 1);
	pass_try_over(&t, p, &s->person, SLICE("known.example"), &left);
	assert_int_equal(s->a.told, 1);
	/* Three that are not: by alert, by leaving before and after the handshake. */
	for (int i = 0; i < 3; i++) {
		assert_int_equal(s->a.began, 0);
		t = (struct pass_try){ 0 };
		pass_try_begin(&t, p);
		later(s, 10);
		pass_try_begin(&t, p);
		if (i == 2)
			pass_try_secured(&t, p);
		later(s, 10);
		pass_try_over(&t, p, &s->person, HOST, i == 0 ? &refused : &left);
		/* Told twice, counted once. */
		pass_try_over(&t, p, &s->person, HOST, &refused);
		later(s, 10);
	}
	assert_int_equal(s->a.began, 1);
	assert_true(is_passed(p, &s->person, HOST));
}

/* ---- two workers ---- */

static void open_two(struct stage *s)
{
	open_passes(s, &s->a);
	s->rules.self = 1;
	open_passes(s, &s->b);
	s->a.peer = &s->b;
	s->b.peer = &s->a;
	passes_accepted(s->a.passes, &s->person, SLICE("known.example"));
}

static void test_workers(void **state)
{
	struct stage *s = *state;

	open_two(s);
	/* Counted together, at whichever they arrive; known to both at once. */
	refuse(s, s->a.passes, &s->person, HOST);
	refuse(s, s->b.passes, &s->person, HOST);
	assert_int_equal(s->a.began + s->b.began, 0);
	refuse(s, s->a.passes, &s->person, HOST);
	assert_int_equal(s->a.began, 1);
	assert_int_equal(s->b.began, 0);
	assert_string_equal(passes_why(s->b.passes, &s->person, HOST), "pass-refusals");
	assert_int_equal(s->a.retired, 1);
	assert_int_equal(s->b.retired, 1);
	/* Ended at either one, in both; said once. */
	assert_true(passes_stop(s->b.passes, &s->person, HOST));
	assert_false(is_passed(s->a.passes, &s->person, HOST));
	assert_int_equal(s->a.ended, 1);
	assert_int_equal(s->b.ended, 1);
	assert_int_equal(s->a.own_ended + s->b.own_ended, 1);
	assert_false(passes_challenged(s->a.passes, &s->person, HOST, "cloudflare", true));
	assert_false(passes_challenged(s->b.passes, &s->person, HOST, "cloudflare", true));
}

static void test_workers_time(void **state)
{
	struct stage *s = *state;

	open_two(s);
	assert_true(passes_challenged(s->b.passes, &s->person, HOST, "cloudflare", true));
	assert_string_equal(passes_why(s->a.passes, &s->person, HOST), "pass-challenge");
	later(s, 60 * MINUTE);
	passes_tick(s->a.passes);
	passes_tick(s->b.passes);
	assert_int_equal(s->a.ended, 1);
	assert_int_equal(s->b.ended, 1);
	assert_int_equal(s->a.own_ended, 0);
	assert_int_equal(s->b.own_ended, 1);
}

static void test_workers_used(void **state)
{
	struct stage *s = *state;

	open_two(s);
	refuse(s, s->a.passes, &s->person, HOST);
	refuse(s, s->b.passes, &s->person, HOST);
	passes_accepted(s->b.passes, &s->person, HOST);
	for (int i = 0; i < 10; i++)
		refuse(s, i & 1 ? s->a.passes : s->b.passes, &s->person, HOST);
	assert_int_equal(s->a.began + s->b.began, 0);
	later(s, 60 * MINUTE);
	refuse(s, s->a.passes, &s->person, HOST);
	refuse(s, s->b.passes, &s->person, HOST);
	assert_int_equal(s->a.began + s->b.began, 0);
	refuse(s, s->b.passes, &s->person, HOST);
	assert_int_equal(s->b.began, 1);
}

/* Both begin one at the same moment, before the letters arrive. */
static void test_workers_race(void **state)
{
	struct stage *s = *state;
	struct passes *a, *b;

	open_two(s);
	a = s->a.passes;
	b = s->b.passes;
	s->a.peer = s->b.peer = NULL;
	assert_true(passes_challenged(a, &s->person, HOST, "cloudflare", true));
	assert_true(passes_challenged(b, &s->person, HOST, "cloudflare", true));
	s->a.peer = &s->b;
	/* The letter that comes late finds one, which stays. */
	assert_true(passes_challenged(a, &s->other, HOST, "cloudflare", true));
	assert_int_equal(count(s, a), 2);
	assert_int_equal(count(s, b), 2);
}

/* ---- two generations ---- */

static void open_next(struct stage *s)
{
	s->rules.self = 0;
	open_passes(s, &s->c);
	s->rules.self = 1;
	open_passes(s, &s->d);
	s->c.peer = &s->d;
	s->d.peer = &s->c;
	s->a.heir = &s->c;
	s->b.heir = &s->d;
}

static void hand_over(struct stage *s)
{
	passes_hand_over(s->a.passes);
	passes_hand_over(s->b.passes);
}

static unsigned own_ended(const struct stage *s)
{
	return s->a.own_ended + s->b.own_ended + s->c.own_ended + s->d.own_ended;
}

static void all_tick(struct stage *s)
{
	passes_tick(s->a.passes);
	passes_tick(s->b.passes);
	passes_tick(s->c.passes);
	passes_tick(s->d.passes);
}

static void test_reload(void **state)
{
	struct stage *s = *state;
	struct slice ended = SLICE("ended.example");

	open_two(s);
	assert_true(passes_challenged(s->b.passes, &s->person, HOST, "cloudflare", true));
	assert_true(passes_challenged(s->a.passes, &s->person, ended, "cloudflare", true));
	assert_true(passes_stop(s->b.passes, &s->person, ended));
	later(s, 10 * MINUTE);
	open_next(s);
	hand_over(s);
	/* In force in both, and barred in both; nothing begins again, nothing ended. */
	assert_string_equal(passes_why(s->c.passes, &s->person, HOST), "pass-challenge");
	assert_string_equal(passes_why(s->d.passes, &s->person, HOST), "pass-challenge");
	assert_false(passes_challenged(s->c.passes, &s->person, ended, "cloudflare", true));
	for (int i = 0; i < 5; i++)
		refuse(s, i & 1 ? s->c.passes : s->d.passes, &s->person, ended);
	assert_int_equal(s->c.began + s->d.began, 0);
	assert_int_equal(own_ended(s), 1);
	/* Who trusts the CA is known: a third host counts from the first refusal on. */
	for (int i = 0; i < 3; i++)
		refuse(s, s->d.passes, &s->person, SLICE("third.example"));
	assert_int_equal(s->d.began, 1);
	/* And which hosts he used. */
	for (int i = 0; i < 5; i++)
		refuse(s, s->c.passes, &s->person, SLICE("known.example"));
	assert_int_equal(s->c.began, 0);
	/* It ends when it would have, and one worker of four says so. */
	later(s, 49 * MINUTE);
	all_tick(s);
	assert_true(is_passed(s->c.passes, &s->person, HOST));
	later(s, MINUTE);
	all_tick(s);
	assert_false(is_passed(s->c.passes, &s->person, HOST));
	assert_int_equal(own_ended(s), 2);
	assert_int_equal(s->d.own_ended, 1);
	assert_int_equal(s->a.ended, 2);
	/* What was ended may begin again an hour after that. */
	assert_true(passes_challenged(s->c.passes, &s->person, ended, "cloudflare", true));
}

/* What old connections lead to, after the table was handed over. */
static void test_reload_later(void **state)
{
	struct stage *s = *state;

	open_two(s);
	open_next(s);
	hand_over(s);
	assert_true(passes_challenged(s->a.passes, &s->person, HOST, "cloudflare", true));
	assert_true(is_passed(s->b.passes, &s->person, HOST));
	assert_true(is_passed(s->c.passes, &s->person, HOST));
	assert_true(is_passed(s->d.passes, &s->person, HOST));
	assert_int_equal(s->a.began + s->b.began + s->c.began + s->d.began, 1);
	later(s, 60 * MINUTE);
	all_tick(s);
	assert_int_equal(own_ended(s), 1);
	assert_int_equal(s->c.own_ended, 1);
	/* Ended by a desk of the old ones. */
	assert_true(passes_challenged(s->c.passes, &s->other, HOST, "cloudflare", true));
	assert_true(passes_challenged(s->b.passes, &s->person, HOST, "cloudflare", true));
	assert_true(passes_stop(s->a.passes, &s->person, HOST));
	assert_false(is_passed(s->c.passes, &s->person, HOST));
	assert_false(is_passed(s->d.passes, &s->person, HOST));
	assert_true(is_passed(s->d.passes, &s->other, HOST));
	assert_int_equal(own_ended(s), 2);
	/* The old ones end: nobody says anything again. */
	passes_close(s->a.passes);
	passes_close(s->b.passes);
	assert_int_equal(own_ended(s), 2);
}

/* The next configuration has shorter times, or none of it. */
static void test_reload_rules(void **state)
{
	struct stage *s = *state;

	open_two(s);
	assert_true(passes_challenged(s->a.passes, &s->person, HOST, "cloudflare", true));
	for (int i = 0; i < 3; i++)
		refuse(s, s->b.passes, &s->person, SLICE("app.example"));
	s->rules.on_challenge = false;
	s->rules.time_ms = 5 * MINUTE;
	open_next(s);
	hand_over(s);
	assert_false(is_passed(s->c.passes, &s->person, HOST));
	assert_false(is_passed(s->d.passes, &s->person, HOST));
	assert_int_equal(s->c.how, PASS_FORBIDDEN);
	assert_int_equal(own_ended(s), 1);
	assert_int_equal(s->c.own_ended, 1);
	assert_true(is_passed(s->c.passes, &s->person, SLICE("app.example")));
	later(s, 5 * MINUTE);
	all_tick(s);
	assert_false(is_passed(s->c.passes, &s->person, SLICE("app.example")));
	assert_int_equal(s->d.own_ended, 1);
}

static void test_not_handed(void **state)
{
	struct stage *s = *state;

	open_two(s);
	assert_true(passes_challenged(s->a.passes, &s->person, HOST, "cloudflare", true));
	s->a.deaf = s->b.deaf = true;
	hand_over(s);
	assert_false(is_passed(s->a.passes, &s->person, HOST));
	assert_int_equal(s->a.how, PASS_NOT_HANDED);
	assert_int_equal(s->a.own_ended, 1);
	assert_int_equal(s->b.own_ended, 0);
}

/* The next generation has as many of this visitor already as there may be. */
static void test_no_room(void **state)
{
	struct stage *s = *state;
	char host[32];

	open_two(s);
	assert_true(passes_challenged(s->a.passes, &s->person, HOST, "cloudflare", true));
	open_next(s);
	for (unsigned i = 0; i < PASSES_OWN_MAX; i++) {
		snprintf(host, sizeof(host), "h%u.example", i);
		assert_true(passes_challenged(s->d.passes, &s->person, slice_str(host), "x", true));
	}
	hand_over(s);
	assert_int_equal(s->c.own_ended, 1);
	assert_int_equal(s->c.how, PASS_NOT_HANDED);
	assert_int_equal(s->d.own_ended, 0);
}

static void test_close(void **state)
{
	struct stage *s = *state;

	open_two(s);
	assert_true(passes_challenged(s->a.passes, &s->person, HOST, "cloudflare", true));
	assert_true(passes_challenged(s->b.passes, &s->other, HOST, "cloudflare", true));
	assert_true(passes_challenged(s->b.passes, &s->person, SLICE("c.example"), "x", true));
	assert_true(passes_stop(s->b.passes, &s->person, SLICE("c.example")));
	passes_close(s->a.passes);
	assert_int_equal(s->a.own_ended, 1);
	assert_int_equal(s->a.how, PASS_CLOSED);
	passes_close(s->b.passes);
	passes_close(s->b.passes);
	/* The one that was ended at the desk, and the one of its own. */
	assert_int_equal(s->b.own_ended, 2);
	/* Nothing begins any more, by itself or by letter. */
	assert_false(passes_challenged(s->a.passes, &s->person, HOST, "cloudflare", true));
	assert_int_equal(count(s, s->a.passes) + count(s, s->b.passes), 0);
	passes_hand_over(s->a.passes);
}

/* ---- letters from a worker that is not itself any more ---- */

struct letters {
	struct buf last;
};

static void keep_letter(void *arg, struct slice letter)
{
	struct letters *l = arg;

	buf_clear(&l->last);
	buf_add(&l->last, letter);
}

static bool hand_nothing(void *arg, struct slice letter, bool all)
{
	(void)arg;
	(void)letter;
	(void)all;
	return false;
}

static void ignore_began(void *arg, struct visitor *v, const struct pass *p, const char *by)
{
	(void)arg;
	(void)v;
	(void)p;
	(void)by;
}

static void ignore_retire(void *arg, const uint8_t visitor[CLIENT_ID_LEN], const char *host)
{
	(void)arg;
	(void)visitor;
	(void)host;
}

static void ignore_ended(void *arg, const uint8_t visitor[CLIENT_ID_LEN], const struct pass *p,
			 enum pass_end how, bool own)
{
	(void)arg;
	(void)visitor;
	(void)p;
	(void)how;
	(void)own;
}

static void test_letters(void **state)
{
	static const struct passes_ops keep = { keep_letter, hand_nothing, ignore_began,
						ignore_retire, ignore_ended };
	struct stage *s = *state;
	struct passes *p = open_passes(s, &s->a), *from;
	struct letters l;
	char copy[1024];
	size_t n;

	buf_init(&l.last, sizeof(copy));
	from = passes_new(&s->rules, &s->clock, &keep, &l);
	assert_non_null(from);
	assert_true(passes_challenged(from, &s->person, HOST, "cloudflare", true));
	n = l.last.len;
	memcpy(copy, l.last.mem + l.last.off, n);
	/* Cut short, with something behind it, of no kind, for no host. */
	for (size_t i = 0; i < n; i++)
		assert_false(passes_letter(p, slice_of(copy, i)));
	copy[n] = 0;
	assert_false(passes_letter(p, slice_of(copy, n + 1)));
	copy[0] = 9;
	assert_false(passes_letter(p, slice_of(copy, n)));
	memcpy(copy, l.last.mem + l.last.off, n);
	copy[5 + CLIENT_ID_LEN] = '\n';
	assert_false(passes_letter(p, slice_of(copy, n)));
	copy[5 + CLIENT_ID_LEN] = 'P'; /* not as it is written */
	assert_false(passes_letter(p, slice_of(copy, n)));
	copy[5 + CLIENT_ID_LEN] = '\0';
	assert_false(passes_letter(p, slice_of(copy, n)));
	assert_int_equal(count(s, p), 0);
	/* A time in far future is cut to what the rules allow. */
	memcpy(copy, l.last.mem + l.last.off, n);
	memset(copy + n - 8, 0x7f, 8);
	assert_true(passes_letter(p, slice_of(copy, n)));
	assert_int_equal(count(s, p), 1);
	later(s, 60 * MINUTE);
	passes_tick(p);
	assert_int_equal(count(s, p), 0);
	/* Anything. */
	srand(7);
	for (int i = 0; i < 20000; i++) {
		size_t len = (size_t)rand() % 64;

		for (size_t j = 0; j < len; j++)
			copy[j] = (char)(j == 0	 ? rand() % 6
					 : j < 5 ? (j == 1 ? rand() % 40 : 0)
						 : rand());
		(void)passes_letter(p, slice_of(copy, len));
	}
	passes_free(from);
	buf_release(&l.last);
}

/* ---- hosts and bounds ---- */

static void test_hosts(void **state)
{
	struct stage *s = *state;
	struct passes *p = open_trusted(s);
	char big[SITE_MAX + 1];
	struct slice none[] = { SLICE(""),     SLICE("."),   SLICE("a b"),
				SLICE("a\0b"), SLICE("a/b"), slice_of(big, SITE_MAX) };

	memset(big, 'a', sizeof(big));
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
		for (int j = 0; j < 5; j++)
			refuse(s, p, &s->person, none[i]);
		assert_false(passes_challenged(p, &s->person, none[i], "cloudflare", true));
		assert_false(is_passed(p, &s->person, none[i]));
		assert_false(passes_stop(p, &s->person, none[i]));
	}
	assert_int_equal(s->a.began, 0);
	assert_true(passes_challenged(p, &s->person, slice_of(big, SITE_MAX - 1), "x", true));
	assert_true(passes_challenged(p, &s->person, SLICE("[::1]"), "x", true));
	assert_true(passes_challenged(p, &s->person, SLICE("192.0.2.1"), "x", true));
	assert_int_equal(count(s, p), 3);
}

static void test_bounds(void **state)
{
	struct stage *s = *state;
	struct passes *p = open_trusted(s);
	char host[32];

	for (unsigned i = 0; i < 10000; i++) {
		struct visitor v = s->other;
		unsigned n = i / 50;

		memcpy(v.id, &n, sizeof(n));
		snprintf(host, sizeof(host), "h%u.example", i);
		refuse(s, p, &s->person, slice_str(host));
		assert_true(passes_challenged(p, &v, slice_str(host), "x", true));
		assert_true(is_passed(p, &v, slice_str(host)));
		s->mono -= SECOND + 20;
	}
	/* The oldest ended, and said so. */
	assert_int_equal(s->a.ended, 10000 - 4096);
	for (unsigned i = 0; i < 20000; i++) {
		struct visitor v = s->person;

		memcpy(v.id, &i, sizeof(i));
		passes_accepted(p, &v, HOST);
	}
}

/* A site with many names gets no more than its share, and nobody loses what he has by it. */
static void test_share(void **state)
{
	struct stage *s = *state;
	struct passes *p = open_trusted(s), *q = open_passes(s, &s->b);
	unsigned began = 0;
	char host[32];

	s->a.peer = &s->b;
	assert_true(passes_challenged(p, &s->other, HOST, "x", true));
	assert_true(passes_challenged(p, &s->person, HOST, "x", true));
	assert_true(passes_stop(p, &s->person, HOST));
	for (unsigned i = 0; i < 10000; i++) {
		snprintf(host, sizeof(host), "h%u.example", i);
		began += passes_challenged(p, &s->person, slice_str(host), "x", true);
	}
	assert_int_equal(began, PASSES_OWN_MAX);
	assert_true(is_passed(p, &s->other, HOST) && is_passed(q, &s->other, HOST));
	assert_int_equal(count(s, p), PASSES_OWN_MAX + 1);
	assert_int_equal(count(s, q), PASSES_OWN_MAX + 1);
	assert_false(passes_challenged(p, &s->person, HOST, "x", true));
	later(s, s->rules.time_ms);
	assert_true(passes_challenged(p, &s->person, SLICE("later.example"), "x", true));
}

struct list {
	size_t n;
	char hosts[4][SITE_MAX];
};

static void take(void *arg, const struct pass *pass)
{
	struct list *l = arg;

	assert_true(l->n < 4);
	snprintf(l->hosts[l->n++], SITE_MAX, "%s", pass->host);
}

static void test_list(void **state)
{
	struct stage *s = *state;
	struct passes *p = open_trusted(s);
	struct list l = { 0 };

	assert_true(passes_challenged(p, &s->person, SLICE("one.example"), "x", true));
	assert_true(passes_challenged(p, &s->other, SLICE("two.example"), "x", true));
	assert_true(passes_challenged(p, &s->person, SLICE("Three.example."), "x", true));
	passes_each(p, s->person.id, take, &l);
	assert_int_equal(l.n, 2);
	assert_string_equal(l.hosts[0], "one.example");
	assert_string_equal(l.hosts[1], "three.example");
	assert_true(passes_stop(p, &s->person, SLICE("one.example")));
	l.n = 0;
	passes_each(p, s->person.id, take, &l);
	assert_int_equal(l.n, 1);
	later(s, 60 * MINUTE);
	l.n = 0;
	passes_each(p, s->person.id, take, &l);
	assert_int_equal(l.n, 0);
}

/* ---- challenges ---- */

static const char *challenge(unsigned status, const char *name, const char *value)
{
	struct fields f;
	const char *by;

	fields_init(&f, 16, 4096);
	assert_true(fields_add(&f, SLICE("Server"), SLICE("cloudflare")));
	assert_true(fields_add(&f, SLICE("x-datadome"), SLICE("protected")));
	if (name != NULL)
		assert_true(fields_add(&f, slice_str(name), slice_str(value)));
	by = challenge_of(status, &f);
	fields_release(&f);
	return by;
}

static void test_markers(void **state)
{
	static const struct {
		unsigned status;
		const char *name, *value, *by;
	} rows[] = {
		{ 403, "cf-mitigated", "challenge", "cloudflare" },
		{ 503, "CF-Mitigated", "Challenge", "cloudflare" },
		{ 403, "cf-mitigated", "block", NULL },
		{ 403, "cf-mitigated", "", NULL },
		{ 403, "cf-mitigated", "challenges", NULL },
		{ 200, "cf-mitigated", "challenge", NULL },
		{ 302, "cf-mitigated", "challenge", NULL },
		{ 403, "cf-ray", "challenge", NULL },
		{ 202, "x-amzn-waf-action", "challenge", "aws-waf" },
		{ 405, "x-amzn-waf-action", "captcha", "aws-waf" },
		{ 403, "x-amzn-waf-action", "captcha", NULL },
		{ 405, "x-amzn-waf-action", "challenge", NULL },
		{ 429, "x-vercel-mitigated", "challenge", "vercel" },
		{ 403, "x-vercel-mitigated", "challenge", "vercel" },
		{ 403, "x-vercel-mitigated", "deny", NULL },
		{ 403, "x-dd-b", "1", "datadome" },
		{ 403, "x-dd-b", "2", "datadome" },
		{ 403, "x-dd-b", "0", NULL },
		{ 404, "x-dd-b", "1", NULL },
		{ 429, "x-kpsdk-ct", "0abc", "kasada" },
		{ 200, "x-kpsdk-ct", "0abc", NULL },
		{ 403, NULL, NULL, NULL },
		{ 429, NULL, NULL, NULL },
		{ 202, NULL, NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *by = challenge(rows[i].status, rows[i].name, rows[i].value);

		if ((by == NULL) != (rows[i].by == NULL) ||
		    (by != NULL && strcmp(by, rows[i].by) != 0))
			fail_msg("row %zu: %s", i, by != NULL ? by : "none");
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_threshold),
		TEST(test_each_apart),
		TEST(test_decay),
		TEST(test_used),
		TEST(test_used_elsewhere),
		TEST(test_used_long),
		TEST(test_side_by_side),
		TEST(test_without_trust),
		TEST(test_off),
		TEST(test_never_after_one),
		TEST(test_most),
		TEST(test_minors),
		TEST(test_challenge),
		TEST(test_time),
		TEST(test_stop),
		cmocka_unit_test(test_signs),
		TEST(test_try),
		TEST(test_workers),
		TEST(test_workers_time),
		TEST(test_workers_used),
		TEST(test_workers_race),
		TEST(test_letters),
		TEST(test_hosts),
		TEST(test_bounds),
		TEST(test_share),
		TEST(test_reload),
		TEST(test_reload_later),
		TEST(test_reload_rules),
		TEST(test_not_handed),
		TEST(test_close),
		TEST(test_no_room),
		TEST(test_list),
		cmocka_unit_test(test_markers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
