#include "tests/unit/proxy_passes_tools.h"

#include <stdio.h>
#include <stdlib.h>

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

int setup(void **state)
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

int teardown(void **state)
{
	struct stage *s = *state;

	passes_free(s->a.passes);
	passes_free(s->b.passes);
	passes_free(s->c.passes);
	passes_free(s->d.passes);
	free(s);
	return 0;
}

struct passes *open_passes(struct stage *s, struct side *side)
{
	side->passes = passes_new(&s->rules, &s->clock, &ops, side);
	assert_non_null(side->passes);
	return side->passes;
}

struct passes *open_trusted(struct stage *s)
{
	struct passes *p = open_passes(s, &s->a);

	passes_accepted(p, &s->person, SLICE("known.example"));
	passes_accepted(p, &s->minor, SLICE("known.example"));
	passes_accepted(p, &s->other, SLICE("known.example"));
	s->a.told = 0;
	return p;
}

void open_two(struct stage *s)
{
	open_passes(s, &s->a);
	s->rules.self = 1;
	open_passes(s, &s->b);
	s->a.peer = &s->b;
	s->b.peer = &s->a;
	passes_accepted(s->a.passes, &s->person, SLICE("known.example"));
}

void later(struct stage *s, int64_t ms)
{
	s->mono += ms;
	s->wall += ms;
}

void refuse(struct stage *s, struct passes *p, struct visitor *v, struct slice host)
{
	int64_t began = s->mono;

	later(s, 20);
	passes_refused(p, v, host, began);
	later(s, SECOND);
}

bool is_passed(struct passes *p, const struct visitor *v, struct slice host)
{
	return passes_why(p, v, host) != NULL;
}

static void one_more(void *arg, const struct pass *pass)
{
	assert_true(pass->until > pass->since);
	++*(size_t *)arg;
}

size_t count(const struct stage *s, const struct passes *p)
{
	size_t n = 0;

	passes_each(p, s->person.id, one_more, &n);
	passes_each(p, s->minor.id, one_more, &n);
	passes_each(p, s->other.id, one_more, &n);
	return n;
}
