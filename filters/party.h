/*
 * party.h - whose page is this request for?  The facts of one request, and the top-level site.
 *
 * A request does not say which page it belongs to; fetch metadata, Origin, Referer, the client's
 * recent pages (pages.h), and the connection do, each to a degree.  For each request:
 *
 *	struct request_facts f;
 *	request_facts_init(&f, method, secure, host, port, target);
 *	for each field: request_facts_field(&f, name, value);
 *	f.connection_site = ...;                         // what this connection showed before
 *	find_site(sites, pages, &f, now_ms, &verdict);
 *	if (pages_see(pages, &f, &verdict, now_ms, &learned)) tell the other workers
 *
 * All slices are borrowed from the request head.  The verdict is a copy and goes into the entry
 * (site, site_by, party, confidence); replay takes it from there and does not find it again.
 */
#ifndef CRUMBGATE_FILTERS_PARTY_H
#define CRUMBGATE_FILTERS_PARTY_H

#include "filters/site.h"
#include "filters/words.h"

/* Sec-Fetch-Site (W3C Fetch Metadata); ABSENT also for a word we do not know. */
enum fetch_site {
	FETCH_SITE_ABSENT,
	FETCH_SITE_NONE,
	FETCH_SITE_ORIGIN,
	FETCH_SITE_SITE,
	FETCH_SITE_CROSS
};
/* Sec-Fetch-Dest, in the classes that matter here. */
enum fetch_dest { FETCH_DEST_ABSENT, FETCH_DEST_DOCUMENT, FETCH_DEST_FRAME, FETCH_DEST_OTHER };

struct request_facts {
	struct slice method;
	bool secure;	   /* https or wss */
	struct slice host; /* without port; any case */
	uint16_t port;
	struct slice target; /* path and query, from its '/' on */

	enum fetch_site fetch_site;
	enum fetch_dest fetch_dest;
	bool fetch_navigate;  /* Sec-Fetch-Mode: navigate */
	bool fetch_user;      /* Sec-Fetch-User: ?1 */
	bool prefetch;	      /* Sec-Purpose: prefetch...: nobody looks at it yet */
	bool storage_access;  /* Sec-Fetch-Storage-Access is there: cross-site to its top level */
	bool wants_document;  /* Upgrade-Insecure-Requests: 1: how a navigation looks without
				 metadata */
	struct slice origin;  /* as sent; empty: absent */
	struct slice referer; /* as sent; empty: absent */
	uint64_t agent;	      /* names the User-Agent; the same number in every process */

	/*
	 * The site that earlier requests on this client connection belonged to, where one of them
	 * was found with high confidence; empty: unknown.  Browsers that partition the network
	 * never share a connection between top-level sites.
	 */
	struct slice connection_site;
};

void request_facts_init(struct request_facts *f, struct slice method, bool secure,
			struct slice host, uint16_t port, struct slice target);
/* Takes what matters here from one field line; others are ignored. */
void request_facts_field(struct request_facts *f, struct slice name, struct slice value);

/* True for the load of a page into a tab or window. */
bool request_is_navigation(const struct request_facts *f);
/* True for the load of a page into a frame of another. */
bool request_is_frame(const struct request_facts *f);

struct site_verdict {
	char site[SITE_MAX]; /* the top-level site; the request's own where nothing is known */
	char own[SITE_MAX];  /* the site of the request's host */
	enum site_by by;
	enum confidence confidence;
	/*
	 * FIRST when own and site are the same.  A request that says it is cross-site while nothing
	 * tells the page is THIRD with by SELF: its site is then not known.
	 */
	enum party party;
	bool own_page; /* it loads the page, or something from the page's own origin */
};

struct pages;

/*
 * pages may be NULL (nothing known about the client).  False only when host is no host name; then
 * the verdict holds empty sites, by SELF, LOW, THIRD.
 */
bool find_site(struct sites *sites, const struct pages *pages, const struct request_facts *f,
	       int64_t now_ms, struct site_verdict *out);

/* True when cookies of this exchange are in a third-party context for the browser's SameSite. */
bool request_is_cross_site(const struct request_facts *f, const struct site_verdict *v);

#endif
