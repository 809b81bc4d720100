/*
 * pages.h - what one client has open: its recent documents and frames, bounded.
 *
 * A worker keeps one `struct pages` for each client it serves.  pages_see() learns from each
 * request after find_site(); where it learned something (a page or a frame was loaded) it fills an
 * event, which goes to the other workers before the answer goes out to the browser, and they
 * pages_apply() it, because the page's next requests may come in at any of them.
 *
 * Pure: time is passed in (monotonic milliseconds) and only orders things.  At most
 * PAGES_DOCUMENTS_MAX documents and PAGES_FRAMES_MAX frames; the one not used for longest goes
 * first.  An empty graph costs some hundred bytes, a full one about 50 KiB.
 */
#ifndef CRUMBGATE_FILTERS_PAGES_H
#define CRUMBGATE_FILTERS_PAGES_H

#include "base/msg.h"
#include "filters/party.h"

#define PAGES_DOCUMENTS_MAX 256u
#define PAGES_FRAMES_MAX 256u
/* A longer URL is told apart by its first so many octets and its length only. */
#define PAGE_URL_MAX 1024u
/* How long the last page counts for a request that shows nothing (site_by "recent"). */
#define PAGES_RECENT_MS 30000

struct pages;

/* NULL when memory is out. */
struct pages *pages_new(void);
void pages_free(struct pages *p);
/* Bytes held. */
size_t pages_size(const struct pages *p);

/* One page or frame was loaded.  The slices are borrowed from the request or the message. */
struct page_event {
	bool frame; /* else a document */
	bool prefetch;
	bool secure;
	uint16_t port;
	struct slice host;
	struct slice target;	/* cut to PAGE_URL_MAX */
	uint32_t target_length; /* before the cut */
	uint64_t agent;
	struct slice own; /* the site of host */
	struct slice top; /* the top-level site */
};

/* True when *learned was filled and must be told to the other workers. */
bool pages_see(struct pages *p, const struct request_facts *f, const struct site_verdict *v,
	       int64_t now_ms, struct page_event *learned);
void pages_apply(struct pages *p, const struct page_event *e, int64_t now_ms);

/* The event's bytes within a message; unpack is false for anything malformed. */
void page_event_pack(const struct page_event *e, struct buf *out);
bool page_event_unpack(struct msg_reader *r, struct page_event *out);

/* What find_site() asks. */
struct pages_hit {
	bool document;	     /* a document matches */
	int64_t document_ms; /* last used */
	bool frame;	     /* a frame matches */
	int64_t frame_ms;
	const char *frame_top; /* top-level site of the frame used last */
	bool frames_differ;    /* frames of more than one top-level site match */
};
/* By exact URL (`target` from its '/'), by origin, or by site. */
struct pages_hit pages_find_url(const struct pages *p, uint64_t agent, bool secure,
				struct slice host, uint16_t port, struct slice target);
struct pages_hit pages_find_origin(const struct pages *p, uint64_t agent, bool secure,
				   struct slice host, uint16_t port);
struct pages_hit pages_find_site(const struct pages *p, uint64_t agent, const char *site);
/* The top-level site loaded last, within PAGES_RECENT_MS; NULL: none. */
const char *pages_recent(const struct pages *p, uint64_t agent, int64_t now_ms);

#endif
