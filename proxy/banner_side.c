#include "proxy/banner_parts.h"

#include "filters/banners/change.h"
#include "filters/banners/read.h"
#include "filters/cookie.h"
#include "proxy/choosing.h"
#include "proxy/claim_side.h"
#include "proxy/cookies.h"
#include "proxy/http/field.h"
#include "proxy/visitor.h"
#include "proxy/worker.h"

#include <stdio.h>

#define PAIRS_MAX 32u

/* ---- what it comes to ---- */

static void choose(struct worker *w, struct cookie_scene *s, enum choice_state state)
{
	if (s->visitor->profile == PROFILE_MINORS || choosing_is_own(&s->choice) ||
	    (s->choice.state == state && s->choice.seen == SEEN_BANNER))
		return;
	if (state == CHOICE_NONE && s->choice.seen != SEEN_BANNER)
		return;
	s->choice = choosing_tell(w, s->visitor, slice_str(s->site.site), state, SEEN_BANNER,
				  s->wall_ms);
}

static enum choice_state choice_of(const struct banner_reading *r)
{
	_Static_assert(BANNER_FUNCTIONAL == ALLOW_FUNCTIONAL &&
			       BANNER_ANALYTICS == ALLOW_ANALYTICS &&
			       BANNER_ADVERTISING == ALLOW_ADVERTISING,
		       "the same sets");
	return choice_of_set(r->granted);
}

/* Before we looked it was decided; but what was granted then may have been taken back since. */
static bool takes_back(const struct cookie_scene *s, const struct banner_reading *r)
{
	return s->choice.seen == SEEN_BANNER && s->choice.state != CHOICE_NONE &&
	       (choice_set_of(s->choice.state) & ~r->granted) != 0;
}

static void conclude(struct worker *w, struct cookie_scene *s, const struct banner_reading *r,
		     enum banner_change change)
{
	char why[ENTRY_WHY_MAX];

	switch (change) {
	case BANNER_SAME:
		return;
	case BANNER_BEFORE:
		if (takes_back(s, r))
			choose(w, s, banner_explicit(r->state) ? choice_of(r) : CHOICE_NONE);
		break;
	case BANNER_ACT:
		choose(w, s, choice_of(r));
		break;
	case BANNER_LAPSED:
		choose(w, s, CHOICE_NONE);
		break;
	case BANNER_UNASKED:
		claim_record(w, s, ENTRY_CONTRADICTION, SLICE("consent-unasked"), r->why);
		break;
	}
	snprintf(why, sizeof(why), "%s, %s: %s", banner_state_word(r->state),
		 banner_change_word(change), r->why);
	claim_record(w, s, ENTRY_CLAIM, r->product.n != 0 ? r->product : SLICE("banner"), why);
}

static void look(struct worker *w, struct cookie_scene *s, struct banner_page *p,
		 const struct banner_reading *r, enum banner_seen_by by)
{
	struct banner_moment m = {
		.by = by,
		.document = s->document,
		.whole = !s->cross_site,
		.posts = s->posts,
		.prefetch = s->prefetch,
		.since_document_ms =
			p->answered_at == BANNER_NEVER ? -1 : loop_now_ms(w->loop) - p->answered_at,
	};
	uint32_t before = p->state;
	enum banner_change change = banner_change(before, r, &m, &p->state);

	p->asks = r->state == BANNER_UNDECIDED || r->state == BANNER_IMPLIED ? r->product
									     : slice_of("", 0);
	conclude(w, s, r, change);
	if (by == BANNER_IN_SET_COOKIE && change != BANNER_ACT)
		p->state = banner_served(p->state);
	if (p->state != before)
		banner_page_tell(w, p);
}

/* ---- requests ---- */

struct pairs {
	struct banner_pair v[PAIRS_MAX];
	size_t n;
	struct hasher hash;
};

static void add_pair(struct pairs *all, struct slice name, struct slice value)
{
	hasher_add(&all->hash, name);
	hasher_add(&all->hash, value);
	/* More than anybody has: the last one says that they cannot be read. */
	if (all->n == PAIRS_MAX)
		all->n--;
	all->v[all->n++] = (struct banner_pair){ name, value };
}

static void gather(const struct worker *w, const struct cookie_scene *s, const struct fields *f,
		   struct pairs *all)
{
	struct slice host = slice_str(s->host), pair, name, value;

	all->n = 0;
	hasher_init(&all->hash);
	for (uint32_t i = 0; i < f->n; i++) {
		struct slice rest = f->v[i].value;

		if (f->v[i].id != FIELD_COOKIE)
			continue;
		while (cookie_next(&rest, &pair, &name, &value))
			if (banners_cookie(w->setup->banners, host, name) != NULL)
				add_pair(all, name, value);
	}
}

static void summarize(struct worker *w, struct cookie_scene *s, struct banner_page *p,
		      const struct banner_reading *each, size_t n, enum banner_seen_by by)
{
	struct banner_reading sum = banner_summary(each, n);

	look(w, s, p, &sum, by);
}

bool banner_request(struct worker *w, struct cookie_scene *s, const struct fields *f)
{
	struct banner_reading each[BANNER_READINGS_MAX];
	struct banner_page *p = banner_page_of(w, s);
	struct pairs all;
	uint64_t id;

	if (p == NULL)
		return false;
	gather(w, s, f, &all);
	id = hasher_result(&all.hash);
	if (p->pairs == id)
		return false;
	/* A request that may leave cookies out says nothing about those that are not there. */
	if (all.n == 0 && !s->document)
		return false;
	p->pairs = id;
	summarize(w, s, p, each,
		  banner_read(w->setup->banners, slice_str(s->host), all.v, all.n, each),
		  BANNER_IN_REQUEST);
	return true;
}

/* Is the Set-Cookie line about a banner's cookie?  Nearly none is: they are parsed only then. */
static bool is_banners(const struct worker *w, const struct cookie_scene *s, const struct field *at,
		       struct set_cookie *c)
{
	struct slice pair, name;

	if (at->id != FIELD_SET_COOKIE)
		return false;
	(void)slice_cut(at->value, ';', &pair);
	(void)slice_cut(pair, '=', &name);
	return banners_cookie(w->setup->banners, slice_str(s->host), slice_trim(name)) != NULL &&
	       set_cookie_parse(at->value, c);
}

/* The lines of an answer that are about a banner's cookies. */
static void gather_set(const struct worker *w, const struct cookie_scene *s, const struct fields *f,
		       struct pairs *all)
{
	const struct slice deleted = slice_of(NULL, 0);
	struct set_cookie c;

	all->n = 0;
	hasher_init(&all->hash);
	for (uint32_t i = 0; i < f->n; i++)
		if (is_banners(w, s, &f->v[i], &c))
			add_pair(all, c.name,
				 set_cookie_lifetime_s(&c, s->wall_ms / 1000) == LIFETIME_DELETES
					 ? deleted
					 : c.value);
}

static void stamp(struct worker *w, struct banner_page *p)
{
	p->answered_at = loop_now_ms(w->loop);
	banner_page_tell(w, p);
}

/* Another host of a page's site writes the page's record. */
static void note_served(struct worker *w, const struct cookie_scene *s, struct slice domain)
{
	struct banner_page *p, *next;

	HASH_ITER(hh, w->banners->pages, p, next) {
		struct slice host = slice_of(p->key + CLIENT_ID_LEN, p->key_n - CLIENT_ID_LEN);
		uint32_t before = p->state;

		if (memcmp(p->key, s->visitor->id, CLIENT_ID_LEN) != 0 ||
		    !cookie_domain_match(host, domain))
			continue;
		p->state = banner_served(p->state);
		if (p->state != before)
			banner_page_tell(w, p);
	}
}

static void mind_domains(struct worker *w, const struct cookie_scene *s, const struct fields *f)
{
	struct set_cookie c;

	for (uint32_t i = 0; i < f->n; i++)
		if (is_banners(w, s, &f->v[i], &c) && c.has_domain && c.domain.n != 0)
			note_served(w, s, c.domain);
}

void banner_answer(struct worker *w, struct cookie_scene *s, const struct fields *f)
{
	struct banner_reading each[BANNER_READINGS_MAX];
	struct visitor_host k;
	struct pairs set;
	struct banner_page *p;

	if (w->banners->pages != NULL && !s->document)
		mind_domains(w, s, f);
	gather_set(w, s, f, &set);
	if (set.n == 0 && !s->document)
		return;
	p = banner_page_of(w, s);
	if (p == NULL)
		return;
	if (set.n != 0) {
		p->pairs = 0;
		summarize(w, s, p, each,
			  banner_read_set(w->setup->banners, slice_str(s->host), SLICE(""), set.v,
					  set.n, each),
			  BANNER_IN_SET_COOKIE);
	}
	if (!s->document)
		return;
	stamp(w, p);
	/* Reports are remembered by the page's site. */
	if (slice_eq(slice_str(s->site.own), slice_str(s->host)))
		return;
	k = visitor_host_of(s->visitor->id, slice_str(s->site.own));
	p = banner_page_meet(w->banners, &k);
	if (p != NULL)
		stamp(w, p);
}

/* ---- reports ---- */

bool banner_wants(const struct worker *w, const struct banner_report *report, bool *body)
{
	return banner_is_report(w->setup->banners, report, body);
}

/*
 * Consent is not taken from a form that another site sends, from a frame, or from a tab that is
 * only likely to be the one.
 */
static bool is_surely_of_page(const struct cookie_scene *s)
{
	return !s->document && !s->prefetch && s->site.confidence == CONFIDENCE_HIGH &&
	       (s->site.by == BY_SAME_SITE || s->site.by == BY_REFERER);
}

/* A report says nothing of the host it goes to, so it belongs to the page that made it. */
void banner_report(struct worker *w, struct cookie_scene *s, const struct banner_report *report)
{
	struct visitor_host k = visitor_host_of(s->visitor->id, slice_str(s->site.site));
	struct banner_reading r;
	struct banner_page *p;

	if (!is_surely_of_page(s) || !banner_read_report(w->setup->banners, report, &r))
		return;
	p = banner_page_meet(w->banners, &k);
	if (p != NULL)
		look(w, s, p, &r, BANNER_IN_REPORT);
}
