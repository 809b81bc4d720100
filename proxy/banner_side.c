#include "proxy/banner_side.h"

#include "base/config.h"
#include "base/hash.h"
#include "base/msg.h"
#include "filters/banners/change.h"
#include "filters/banners/read.h"
#include "filters/banners/refusal.h"
#include "filters/cookie.h"
#include "proxy/choosing.h"
#include "proxy/claim_side.h"
#include "proxy/cookies.h"
#include "proxy/http/field.h"
#include "proxy/peers.h"
#include "proxy/visitor.h"
#include "proxy/visitor_host.h"
#include "proxy/worker.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#define PAGES_MAX 8192u
#define PAIRS_MAX 32u
#define NEVER INT64_MIN

/* A host that was a page of this client, and what its banner said last. */
struct page {
	UT_hash_handle hh;
	uint32_t state;
	uint64_t pairs;	     /* names them and their values; another number in each worker */
	int64_t answered_at; /* monotonic ms: the page itself; NEVER */
	struct slice asks;   /* the product whose banner waits for an answer; borrowed */
	unsigned written;    /* refusals, for it */
	size_t key_n;
	char key[];
};

struct banner_side {
	struct page *pages; /* the one unused for longest first */
};

struct banner_side *banner_side_new(void)
{
	return calloc(1, sizeof(struct banner_side));
}

static void forget(struct banner_side *b, struct page *p)
{
	HASH_DEL(b->pages, p);
	free(p);
}

void banner_side_free(struct banner_side *b)
{
	if (b == NULL)
		return;
	while (b->pages != NULL)
		forget(b, b->pages);
	free(b);
}

/* ---- what is remembered ---- */

static struct page *find(const struct banner_side *b, const struct visitor_host *k)
{
	struct page *p = NULL;

	if (k->n != 0)
		HASH_FIND(hh, b->pages, k->text, k->n, p);
	return p;
}

/* The page, now the one that was used last; NULL: no memory. */
static struct page *meet(struct banner_side *b, const struct visitor_host *k)
{
	struct page *p = find(b, k);

	if (p != NULL && p->hh.next == NULL)
		return p;
	if (p != NULL) {
		HASH_DEL(b->pages, p);
	} else if (k->n != 0 && (p = malloc(sizeof(*p) + k->n)) != NULL) {
		*p = (struct page){ .answered_at = NEVER, .key_n = k->n };
		memcpy(p->key, k->text, k->n);
	}
	if (p == NULL)
		return NULL;
	while (HASH_COUNT(b->pages) >= PAGES_MAX)
		forget(b, b->pages);
	HASH_ADD_KEYPTR(hh, b->pages, p->key, p->key_n, p);
	return p;
}

/* The other workers may get the next request of the page. */
static void tell(struct worker *w, const struct page *p)
{
	struct buf body;

	if (w->setup->workers < 2)
		return;
	buf_init(&body, 1024);
	msg_put_bytes(&body, slice_of(p->key, p->key_n));
	msg_put_u64(&body, p->state);
	msg_put_u64(&body, (uint64_t)p->answered_at);
	if (buf_ok(&body))
		peers_tell(w, MSG_BANNER, buf_slice(&body));
	buf_release(&body);
}

bool banner_letter(struct worker *w, struct slice body)
{
	struct visitor_host k;
	struct msg_reader r;
	uint64_t state, answered;
	struct page *p;

	msg_reader_init(&r, body);
	k = visitor_host_get(&r);
	state = msg_get_u64(&r);
	answered = msg_get_u64(&r);
	if (!msg_end(&r) || k.n == 0 || state > UINT32_MAX)
		return false;
	p = meet(w->banners, &k);
	if (p != NULL) {
		p->state = (uint32_t)state;
		if ((int64_t)answered >= 0 && (int64_t)answered <= loop_now_ms(w->loop))
			p->answered_at = (int64_t)answered;
		p->pairs = 0;
	}
	return true;
}

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

static void look(struct worker *w, struct cookie_scene *s, struct page *p,
		 const struct banner_reading *r, enum banner_seen_by by)
{
	struct banner_moment m = {
		.by = by,
		.document = s->document,
		.whole = !s->cross_site,
		.posts = s->posts,
		.prefetch = s->prefetch,
		.since_document_ms =
			p->answered_at == NEVER ? -1 : loop_now_ms(w->loop) - p->answered_at,
	};
	uint32_t before = p->state;
	enum banner_change change = banner_change(before, r, &m, &p->state);

	p->asks = r->state == BANNER_UNDECIDED || r->state == BANNER_IMPLIED ? r->product
									     : slice_of("", 0);
	conclude(w, s, r, change);
	if (by == BANNER_IN_SET_COOKIE && change != BANNER_ACT)
		p->state = banner_served(p->state);
	if (p->state != before)
		tell(w, p);
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

/* Pages and what they load from their own host. */
static struct page *page_of(struct worker *w, const struct cookie_scene *s)
{
	struct visitor_host k;

	if (s->site.party != PARTY_FIRST)
		return NULL;
	k = visitor_host_of(s->visitor->id, slice_str(s->host));
	return s->document ? meet(w->banners, &k) : find(w->banners, &k);
}

static void summarize(struct worker *w, struct cookie_scene *s, struct page *p,
		      const struct banner_reading *each, size_t n, enum banner_seen_by by)
{
	struct banner_reading sum = banner_summary(each, n);

	look(w, s, p, &sum, by);
}

bool banner_request(struct worker *w, struct cookie_scene *s, const struct fields *f)
{
	struct banner_reading each[BANNER_READINGS_MAX];
	struct page *p = page_of(w, s);
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

static void stamp(struct worker *w, struct page *p)
{
	p->answered_at = loop_now_ms(w->loop);
	tell(w, p);
}

/* Another host of a page's site writes the page's record. */
static void note_served(struct worker *w, const struct cookie_scene *s, struct slice domain)
{
	struct page *p, *next;

	HASH_ITER(hh, w->banners->pages, p, next) {
		struct slice host = slice_of(p->key + CLIENT_ID_LEN, p->key_n - CLIENT_ID_LEN);
		uint32_t before = p->state;

		if (memcmp(p->key, s->visitor->id, CLIENT_ID_LEN) != 0 ||
		    !cookie_domain_match(host, domain))
			continue;
		p->state = banner_served(p->state);
		if (p->state != before)
			tell(w, p);
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
	struct page *p;

	if (w->banners->pages != NULL && !s->document)
		mind_domains(w, s, f);
	gather_set(w, s, f, &set);
	if (set.n == 0 && !s->document)
		return;
	p = page_of(w, s);
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
	p = meet(w->banners, &k);
	if (p != NULL)
		stamp(w, p);
}

/* ---- a refusal in the site's own words ---- */

/* A banner that does not take it is not told for ever. */
#define WRITES_MAX 3u

static bool may_write(const struct worker *w, const struct cookie_scene *s)
{
	return w->config->consent_write && s->document && s->visitor->profile == PROFILE_DEFAULT &&
	       s->choice.state == CHOICE_REFUSED && choosing_is_own(&s->choice);
}

static bool waits(const struct page *p)
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
static void remember(struct worker *w, const struct cookie_scene *s, struct page *p,
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
	tell(w, p);
}

void banner_write_refusal(struct worker *w, const struct cookie_scene *s, struct fields *f)
{
	struct banner_occasion o = { .host = slice_str(s->host), .now_s = s->wall_ms / 1000 };
	struct banner_write v[BANNER_WRITES_MAX];
	struct page *p = may_write(w, s) ? page_of(w, s) : NULL;
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
	struct page *p;

	if (!is_surely_of_page(s) || !banner_read_report(w->setup->banners, report, &r))
		return;
	p = meet(w->banners, &k);
	if (p != NULL)
		look(w, s, p, &r, BANNER_IN_REPORT);
}
