#include "filters/pages.h"

#include "base/hash.h"
#include "filters/url.h"

#include <stdlib.h>

struct page {
	uint64_t url, origin, own; /* keyed hashes; own: the page's own site */
	uint64_t agent;
	int64_t loaded_ms, used_ms;
	char *top; /* top-level site */
	bool prefetch;
};

/* Grows by doubling up to max, then the page that was not used for longest makes room. */
struct page_list {
	struct page *at;
	unsigned count, cap, max;
};

struct pages {
	struct page_list documents, frames;
	size_t bytes;
};

struct pages *pages_new(void)
{
	struct pages *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	p->documents.max = PAGES_DOCUMENTS_MAX;
	p->frames.max = PAGES_FRAMES_MAX;
	p->bytes = sizeof(*p);
	return p;
}

static void release_list(struct page_list *list)
{
	for (unsigned i = 0; i < list->count; i++)
		free(list->at[i].top);
	free(list->at);
}

void pages_free(struct pages *p)
{
	if (p == NULL)
		return;
	release_list(&p->documents);
	release_list(&p->frames);
	free(p);
}

size_t pages_size(const struct pages *p)
{
	return p->bytes;
}

static uint64_t mix(uint64_t a, uint64_t b)
{
	const uint64_t both[2] = { a, b };

	return hash_bytes(both, sizeof(both));
}

/* Case, the brackets of a v6 literal and a trailing dot do not tell hosts apart. */
static uint64_t host_hash(struct slice host)
{
	char lower[SITE_MAX];
	size_t n = 0;

	if (host.n >= 2 && host.p[0] == '[' && host.p[host.n - 1] == ']')
		host = slice_of(host.p + 1, host.n - 2);
	if (host.n != 0 && host.p[host.n - 1] == '.')
		host.n--;
	while (n < host.n && n < sizeof(lower)) {
		lower[n] = ascii_lower(host.p[n]);
		n++;
	}
	return hash_bytes(lower, n);
}

static uint64_t origin_hash(bool secure, struct slice host, uint16_t port)
{
	return mix(host_hash(host), (uint64_t)port << 1 | (secure ? 1 : 0));
}

static uint64_t url_hash(uint64_t origin, struct slice target, size_t length)
{
	struct slice head = slice_head(target, PAGE_URL_MAX);

	return mix(origin, mix(hash_bytes(head.p, head.n), length));
}

static uint64_t site_hash(struct slice site)
{
	return hash_bytes(site.p, site.n);
}

static struct page *find_page(struct page_list *list, const struct page *like, struct slice top)
{
	for (unsigned i = 0; i < list->count; i++) {
		struct page *at = &list->at[i];

		if (at->url == like->url && at->agent == like->agent &&
		    slice_eq(slice_str(at->top), top))
			return at;
	}
	return NULL;
}

static struct page *least_used(struct page_list *list)
{
	struct page *least = &list->at[0];

	for (unsigned i = 1; i < list->count; i++)
		if (list->at[i].used_ms < least->used_ms)
			least = &list->at[i];
	return least;
}

static bool grow(struct pages *p, struct page_list *list)
{
	unsigned cap = list->cap == 0 ? 4 : list->cap * 2;
	struct page *at;

	if (cap > list->max)
		cap = list->max;
	at = realloc(list->at, cap * sizeof(*at));
	if (at == NULL)
		return false;
	p->bytes += (cap - list->cap) * sizeof(*at);
	list->at = at;
	list->cap = cap;
	return true;
}

static struct page *place_for(struct pages *p, struct page_list *list)
{
	struct page *old;

	if (list->count < list->cap || (list->cap < list->max && grow(p, list)))
		return &list->at[list->count++];
	if (list->count == 0)
		return NULL;
	old = least_used(list);
	p->bytes -= strlen(old->top) + 1;
	free(old->top);
	return old;
}

static void remember(struct pages *p, struct page_list *list, const struct page *page,
		     struct slice top)
{
	struct page *at = find_page(list, page, top);
	char *copy;

	if (at != NULL) {
		at->loaded_ms = page->loaded_ms;
		at->used_ms = page->used_ms;
		at->prefetch = page->prefetch;
		return;
	}
	copy = malloc(top.n + 1);
	if (copy == NULL)
		return;
	at = place_for(p, list);
	if (at == NULL) {
		free(copy);
		return;
	}
	slice_copy(top, copy, top.n + 1);
	p->bytes += top.n + 1;
	*at = *page;
	at->top = copy;
}

void pages_apply(struct pages *p, const struct page_event *e, int64_t now_ms)
{
	uint64_t origin = origin_hash(e->secure, e->host, e->port);
	const struct page page = {
		.url = url_hash(origin, e->target, e->target_length),
		.origin = origin,
		.own = site_hash(e->own),
		.agent = e->agent,
		.loaded_ms = now_ms,
		.used_ms = now_ms,
		.prefetch = e->prefetch,
	};

	remember(p, e->frame ? &p->frames : &p->documents, &page, e->top);
}

/* The page that a request names in full is in use: it must not be forgotten first. */
static void touch(struct page_list *list, uint64_t url, uint64_t agent, int64_t now_ms)
{
	for (unsigned i = 0; i < list->count; i++)
		if (list->at[i].url == url && list->at[i].agent == agent)
			list->at[i].used_ms = now_ms;
}

static void touch_referer(struct pages *p, const struct request_facts *f, int64_t now_ms)
{
	struct url_parts u;
	uint64_t url;

	if (f->referer.n == 0 || !url_split(f->referer, &u))
		return;
	url = url_hash(origin_hash(u.secure, u.host, u.port), u.target, u.target.n);
	touch(&p->documents, url, f->agent, now_ms);
	touch(&p->frames, url, f->agent, now_ms);
}

bool pages_see(struct pages *p, const struct request_facts *f, const struct site_verdict *v,
	       int64_t now_ms, struct page_event *learned)
{
	bool frame = request_is_frame(f);

	if (v->own[0] == '\0' || (!frame && !request_is_navigation(f))) {
		touch_referer(p, f, now_ms);
		return false;
	}
	/* A frame whose page is not known teaches nothing. */
	if (frame && v->by == BY_SELF)
		return false;
	*learned = (struct page_event){
		.frame = frame,
		.prefetch = f->prefetch,
		.secure = f->secure,
		.port = f->port,
		.host = f->host,
		.target = slice_head(f->target, PAGE_URL_MAX),
		.target_length = f->target.n > UINT32_MAX ? UINT32_MAX : (uint32_t)f->target.n,
		.agent = f->agent,
		.own = slice_str(v->own),
		.top = slice_str(v->site),
	};
	pages_apply(p, learned, now_ms);
	return true;
}

enum match_by { MATCH_URL, MATCH_ORIGIN, MATCH_SITE };

static bool matches(const struct page *page, enum match_by by, uint64_t key, uint64_t agent)
{
	if (page->agent != agent)
		return false;
	switch (by) {
	case MATCH_URL:
		return page->url == key;
	case MATCH_ORIGIN:
		return page->origin == key;
	case MATCH_SITE:
		return page->own == key;
	}
	return false;
}

static struct pages_hit find_hit(const struct pages *p, enum match_by by, uint64_t key,
				 uint64_t agent)
{
	struct pages_hit hit = { 0 };

	for (unsigned i = 0; i < p->documents.count; i++) {
		const struct page *at = &p->documents.at[i];

		if (!matches(at, by, key, agent))
			continue;
		if (!hit.document || at->used_ms > hit.document_ms)
			hit.document_ms = at->used_ms;
		hit.document = true;
	}
	for (unsigned i = 0; i < p->frames.count; i++) {
		const struct page *at = &p->frames.at[i];

		if (!matches(at, by, key, agent))
			continue;
		if (hit.frame && strcmp(hit.frame_top, at->top) != 0)
			hit.frames_differ = true;
		if (!hit.frame || at->used_ms > hit.frame_ms) {
			hit.frame_ms = at->used_ms;
			hit.frame_top = at->top;
		}
		hit.frame = true;
	}
	return hit;
}

struct pages_hit pages_find_url(const struct pages *p, uint64_t agent, bool secure,
				struct slice host, uint16_t port, struct slice target)
{
	uint64_t origin = origin_hash(secure, host, port);

	return find_hit(p, MATCH_URL, url_hash(origin, target, target.n), agent);
}

struct pages_hit pages_find_origin(const struct pages *p, uint64_t agent, bool secure,
				   struct slice host, uint16_t port)
{
	return find_hit(p, MATCH_ORIGIN, origin_hash(secure, host, port), agent);
}

struct pages_hit pages_find_site(const struct pages *p, uint64_t agent, const char *site)
{
	return find_hit(p, MATCH_SITE, site_hash(slice_str(site)), agent);
}

const char *pages_recent(const struct pages *p, uint64_t agent, int64_t now_ms)
{
	const struct page *last = NULL;

	for (unsigned i = 0; i < p->documents.count; i++) {
		const struct page *at = &p->documents.at[i];

		if (at->agent == agent && !at->prefetch &&
		    (last == NULL || at->loaded_ms > last->loaded_ms))
			last = at;
	}
	if (last == NULL || now_ms - last->loaded_ms > PAGES_RECENT_MS)
		return NULL;
	return last->top;
}
