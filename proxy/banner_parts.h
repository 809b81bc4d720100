/*
 * banner_parts.h - the inside of banner_side.h, for its parts: banner_pages.c remembers pages,
 * banner_side.c reads what banners say, banner_write.c writes a refusal for them.
 */
#ifndef CRUMBGATE_PROXY_BANNER_PARTS_H
#define CRUMBGATE_PROXY_BANNER_PARTS_H

#include "base/hash.h"
#include "proxy/banner_side.h"
#include "proxy/visitor_host.h"

#define BANNER_NEVER INT64_MIN

/* A host that was a page of this client, and what its banner said last. */
struct banner_page {
	UT_hash_handle hh;
	uint32_t state;
	uint64_t pairs;	     /* names them and their values; another number in each worker */
	int64_t answered_at; /* monotonic ms: the page itself; BANNER_NEVER */
	struct slice asks;   /* the product whose banner waits for an answer; borrowed */
	unsigned written;    /* refusals, for it */
	size_t key_n;
	char key[];
};

struct banner_side {
	struct banner_page *pages; /* the one unused for longest first */
};

/* NULL: it was none, or was forgotten. */
struct banner_page *banner_page_find(const struct banner_side *b, const struct visitor_host *k);
/* The page, now the one that was used last; NULL: no memory. */
struct banner_page *banner_page_meet(struct banner_side *b, const struct visitor_host *k);
/* Of the host that is asked, for pages and what they load from their own host; NULL: for all else. */
struct banner_page *banner_page_of(struct worker *w, const struct cookie_scene *s);
/* The other workers may get the next request of the page. */
void banner_page_tell(struct worker *w, const struct banner_page *p);

#endif
