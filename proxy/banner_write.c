/* A refusal in the site's own words. */
#include "proxy/banner_parts.h"

#include "base/config.h"
#include "filters/banners/change.h"
#include "filters/banners/read.h"
#include "filters/banners/refusal.h"
#include "proxy/choosing.h"
#include "proxy/claim_side.h"
#include "proxy/cookies.h"
#include "proxy/http/field.h"
#include "proxy/visitor.h"
#include "proxy/worker.h"

#include <stdio.h>
#include <sys/random.h>

/* A banner that does not take it is not told for ever. */
#define WRITES_MAX 3u

static bool may_write(const struct worker *w, const struct cookie_scene *s)
{
	return w->config->consent_write && s->document && s->visitor->profile == PROFILE_DEFAULT &&
	       s->choice.state == CHOICE_REFUSED && choosing_is_own(&s->choice);
}

static bool waits(const struct banner_page *p)
{
	return p != NULL && p->asks.n != 0 && p->written < WRITES_MAX;
}

static void add_line(struct fields *f, const char *line, int n)
{
	struct slice own = fields_keep(f, slice_of(line, (size_t)n));

	if (own.p != NULL)
		fields_add(f, SLICE("Set-Cookie"), own);
}

/* The site's own record, which holds for all its hosts, would speak beside ours. */
static void expire_twin(struct fields *f, const struct banner_write *c, const char *site)
{
	char line[sizeof(c->name) + SITE_MAX + 64];

	if (strncmp(c->name, "__Host-", 7) != 0)
		add_line(f, line,
			 snprintf(line, sizeof(line), "%s=; Path=/; Domain=%s; Max-Age=0", c->name,
				  site));
}

static void add_write(struct fields *f, const struct banner_write *c)
{
	char line[sizeof(*c) + 8];

	add_line(f, line,
		 snprintf(line, sizeof(line), "%s=%s%s", c->name, c->value, c->attributes));
}

/* What we wrote ourselves is no act of anybody's when it comes back. */
static void remember(struct worker *w, const struct cookie_scene *s, struct banner_page *p,
		     const struct banner_write *v, size_t n)
{
	const struct banner_moment m = { .by = BANNER_IN_SET_COOKIE, .since_document_ms = -1 };
	struct banner_reading each[BANNER_READINGS_MAX], sum;
	struct banner_pair pairs[BANNER_WRITES_MAX];

	for (size_t i = 0; i < n; i++)
		pairs[i] = (struct banner_pair){ slice_str(v[i].name), slice_str(v[i].value) };
	sum = banner_summary(each,
			     banner_read(w->setup->banners, slice_str(s->host), pairs, n, each));
	(void)banner_change(p->state, &sum, &m, &p->state);
	banner_page_tell(w, p);
}

void banner_write_refusal(struct worker *w, const struct cookie_scene *s, struct fields *f)
{
	struct banner_occasion o = { .host = slice_str(s->host), .now_s = s->wall_ms / 1000 };
	struct banner_write v[BANNER_WRITES_MAX];
	struct banner_page *p = may_write(w, s) ? banner_page_of(w, s) : NULL;
	size_t n;

	if (!waits(p) || getrandom(o.random, sizeof(o.random), 0) != sizeof(o.random))
		return;
	n = banner_refusal(w->setup->banners, p->asks, &o, v);
	if (n == 0)
		return;
	for (size_t i = 0; i < n; i++) {
		expire_twin(f, &v[i], s->site.own);
		add_write(f, &v[i]);
	}
	f->failed = false; /* what did not fit is not written */
	p->written++;
	remember(w, s, p, v, n);
	claim_record(w, s, ENTRY_WRITE, p->asks, "the refusal that was chosen");
}
