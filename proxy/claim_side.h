/*
 * claim_side.h - what requests claim about consent, seen by a worker: TC strings and the like in
 * their URLs, in a page's cookies and in small bodies, and where that contradicts what the client
 * chose.
 *
 *	claim_request(w, &scene, r, news);	// once for each request, when its choice is known
 *	claim_body(w, &scene, gpc, type, body);	// and once its body is whole
 *	claim_refused_cookie(w, &scene, kind, name, purpose);	// a cookie that the choice refused
 *
 * Each claim and each contradiction is an entry; the same ones within a window are only counted.
 * Nothing is decided by a claim: a site's word that somebody consented is no consent.
 */
#ifndef CRUMBGATE_PROXY_CLAIM_SIDE_H
#define CRUMBGATE_PROXY_CLAIM_SIDE_H

#include "base/slice.h"
#include "evidence/entry.h"
#include "filters/claims/find.h"
#include "filters/words.h"

struct cookie_scene;
struct request_head;
struct worker;

/* `news`: what banner_request() says; the same cookies come with all that a page loads. */
void claim_request(struct worker *w, const struct cookie_scene *scene, const struct request_head *r,
		   bool news);
/* `gpc`: the browser asks by Sec-GPC not to sell or share. */
void claim_body(struct worker *w, const struct cookie_scene *scene, bool gpc, enum claim_body type,
		struct slice body);
/*
 * A cookie for a purpose that the client refused by a choice, and that was set or sent all the
 * same.
 */
void claim_refused_cookie(struct worker *w, const struct cookie_scene *scene, enum cookie_kind kind,
			  struct slice name, enum purpose purpose);

/* An entry about the site's word; `name` and `why` as in crumbgate-evidence(5). */
void claim_record(struct worker *w, const struct cookie_scene *scene, enum entry_kind kind,
		  struct slice name, const char *why);

#endif
