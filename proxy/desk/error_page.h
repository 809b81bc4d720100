/*
 * error_page.h - the page a person sees when the proxy has no answer of the origin to give.
 *
 * Self-contained: no script, no outside resource, its own style inside, which
 * error_page_csp() allows by its hash.  There is no way to click through.  All
 * strings are escaped here; they may hold any byte.  A page is shown inside the origin's own
 * origin, so send with it: Content-Type: text/html; charset=utf-8, Cache-Control: no-store,
 * Content-Security-Policy: error_page_csp(), X-Content-Type-Options: nosniff, Referrer-Policy:
 * no-referrer. error_page_fields() writes these.
 */
#ifndef CRUMBGATE_PROXY_DESK_ERROR_PAGE_H
#define CRUMBGATE_PROXY_DESK_ERROR_PAGE_H

#include "base/buf.h"

/* A line of the table: "Issuer", "CN=...". */
struct error_detail {
	const char *name;
	struct slice value;
};

struct error_page {
	unsigned status;     /* 400, 403, 431, 502, 503, 504 */
	const char *title;   /* "This site's certificate is not valid" */
	struct slice host;   /* the origin; empty when there is none */
	struct slice reason; /* one sentence: what is wrong */
	const struct error_detail *details;
	size_t details_n;
	const char *const *hints; /* what a person can do, one sentence each */
	size_t hints_n;
};

/* Appends the page's body. */
void error_page(struct buf *body, const struct error_page *page);
const char *error_page_csp(void);
/* Appends the field lines named above, each with CRLF. */
void error_page_fields(struct buf *fields);

#endif
