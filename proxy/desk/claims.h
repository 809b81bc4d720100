/*
 * claims.h - what a site claimed, what contradicts it and what was kept back, as lists of sentences.
 *
 * What reads the same and comes from the same party stands in one line, whatever was chosen
 * meanwhile: with the hosts, how often, and when it was first and last seen.  Markup, made with
 * html.h.
 */
#ifndef CRUMBGATE_PROXY_DESK_CLAIMS_H
#define CRUMBGATE_PROXY_DESK_CLAIMS_H

#include "proxy/desk/choice.h"
#include "proxy/desk/data.h"
#include "proxy/desk/desk.h"

/* Whether one is wanted in the lists. */
typedef bool claims_pick_fn(const void *arg, const struct desk_claim *c);

struct claims_view {
	const struct desk_claim *list;
	size_t n;
	claims_pick_fn *pick;
	const void *arg;
	char level; /* of the headings: '3' for h3 */
};

/* Appends a heading and a list for each kind there is; false: there was nothing to list. */
bool claims_lists(struct buf *out, const struct desk_request *req, const struct claims_view *view);
/* The section of a site's page. */
void claims_section(struct buf *out, const struct desk_request *req, const struct desk_site *s);
/*
 * A paragraph where a click in the site's banner came after the person's own choice and says
 * something else: it does not count, and somebody may wonder why.
 */
void claims_overruled(struct buf *out, const struct desk_request *req, const struct desk_site *s,
		      const struct choice_now *now);
/* ", 2 contradictions, 7 requests not sent"; nothing where there are none. */
void claims_summary(struct buf *out, const struct desk_site *s);

#endif
