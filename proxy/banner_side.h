/*
 * banner_side.h - what sites' consent banners say, seen by a worker: read, remembered, told.
 *
 *	for each exchange, in its order:
 *	banner_request(w, &scene, &fields);		// before cookies are decided
 *	if (banner_wants(w, &report, &body)) keep the body if it needs one, then
 *		banner_report(w, &scene, &report);
 *	banner_answer(w, &scene, &fields);		// before the answer's cookies are decided
 *	banner_write_refusal(w, &scene, &fields);	// and after: what is added is no site's
 *
 * An explicit act that filters/banners/change.h sees becomes the client's choice for the page's
 * site (SEEN_BANNER), at once: scene.choice is what this very exchange is decided by, the recorder
 * makes it last, and the other workers hear of it.  A choice of the person's own (desk, command
 * line, scripted session) is stronger and stays; for minors none counts, so none is made.  Consent
 * that nobody's act produced is none, and an entry of its own kind.
 *
 * What is remembered is one small number for each client and host of a page, bounded, shared with
 * the other workers by MSG_BANNER.  A worker that forgot looks for the first time again, which at
 * worst misses an act: nothing is then granted.
 */
#ifndef CRUMBGATE_PROXY_BANNER_SIDE_H
#define CRUMBGATE_PROXY_BANNER_SIDE_H

#include "base/slice.h"

struct banner_report;
struct banner_side;
struct cookie_scene;
struct fields;
struct worker;

/* NULL: no memory. */
struct banner_side *banner_side_new(void);
void banner_side_free(struct banner_side *b);

/* True: it brings other records than the last one of its page did, or is the first. */
bool banner_request(struct worker *w, struct cookie_scene *scene, const struct fields *f);
void banner_answer(struct worker *w, struct cookie_scene *scene, const struct fields *f);

/*
 * With consent-write: where the person has refused at the desk or by command and this page's banner
 * still asks, its own record of a refusal is added to the answer, and an entry says so.
 */
void banner_write_refusal(struct worker *w, const struct cookie_scene *scene, struct fields *f);

/*
 * Is the request, whose host and path these are, a banner's report?  It is read with its body,
 * BANNER_BODY_MAX octets at most, if it needs one; the answer to it is not waited for.
 */
bool banner_wants(const struct worker *w, const struct banner_report *report, bool *body);
void banner_report(struct worker *w, struct cookie_scene *scene,
		   const struct banner_report *report);

/* MSG_BANNER.  False: malformed. */
bool banner_letter(struct worker *w, struct slice body);

#endif
