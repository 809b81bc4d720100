/*
 * cookies.h - where the filters meet a message: each cookie of an exchange decided, edited,
 * recorded.
 *
 *	scene, filled once per exchange, and blocking_begin() or blocking_begin_answer()
 *	cookies_of_request(w, &scene, &fields, &expiries);	// before it goes to the origin
 *	cookies_of_answer(w, &scene, status, &fields);		// before it goes to the browser
 *	cookies_expire(w, &scene, target, &fields, &expiries);	// adds the expiring lines
 *
 * What is kept stays byte for byte and in order.  If an edit cannot be made (no memory, over a cap)
 * the whole field goes: an error never lets a cookie through.
 */
#ifndef CRUMBGATE_PROXY_COOKIES_H
#define CRUMBGATE_PROXY_COOKIES_H

#include "base/buf.h"
#include "filters/choices.h"
#include "filters/party.h"

struct blocking_held;
struct fields;
struct visitor;
struct worker;

/* The facts of an exchange that all its cookies share. */
struct cookie_scene {
	struct visitor *visitor;
	struct site_verdict site;
	struct choice choice;
	bool secure;
	bool cross_site; /* request_is_cross_site() */
	bool document;	 /* it loads a page into a tab or window, of its own site */
	bool prefetch;	 /* ... that nobody looks at yet */
	bool posts;	 /* POST, PUT or PATCH */
	bool own_host;	 /* it loads the page, or something from the page's own origin */
	int64_t wall_ms;
	char host[SITE_MAX];
	struct blocking_held *held; /* for filter lists (blocking.h); may be NULL */
};

/* The site of the page; empty where it is not known. */
struct slice scene_site(const struct cookie_scene *scene);

/* Cookies that the answer will expire: names and how often each was tried.  Bounded. */
#define EXPIRIES_BYTES 4096
struct expiries {
	struct buf names;
};

void expiries_init(struct expiries *e);
void expiries_release(struct expiries *e);

void cookies_of_request(struct worker *w, const struct cookie_scene *scene, struct fields *f,
			struct expiries *out);
void cookies_of_answer(struct worker *w, const struct cookie_scene *scene, unsigned status,
		       struct fields *f);
void cookies_expire(struct worker *w, const struct cookie_scene *scene, struct slice target,
		    struct fields *f, const struct expiries *e);

#endif
