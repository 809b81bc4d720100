/*
 * blocking.h - requests that filter lists are about: refused, or freed of what follows the person,
 * where their purpose has no consent.
 *
 *	blocking_begin(w, &scene, request);	// the others are about this one, in the same call
 *	if (blocking_refuses(w, &scene, &body)) answer it with blocking_answer()
 *	if (blocking_skips(w, &scene, request, &url)) answer it with blocking_redirect()
 *	blocking_strip(w, &scene, request);	// link decoration, of pages and frames
 *
 * A list has one purpose (filters/lists/list_purpose.h), and who accepted that is not bothered.
 * Each refusal is an entry with the rule and its list.
 */
#ifndef CRUMBGATE_PROXY_BLOCKING_H
#define CRUMBGATE_PROXY_BLOCKING_H

#include "filters/lists/modify.h"

struct blocking;
struct cookie_scene;
struct downstream;
struct request_head;
struct worker;

/* NULL: no memory. */
struct blocking *blocking_new(struct worker *w);
void blocking_free(struct blocking *b);

void blocking_begin(struct worker *w, const struct cookie_scene *scene,
		    const struct request_head *r);
/* What is answered instead; NONE: that it was refused. */
bool blocking_refuses(struct worker *w, const struct cookie_scene *scene, enum lists_body *body);
void blocking_answer(struct downstream *d, enum lists_body body);
/* A redirector between two pages that a rule leads past (urlskip): appends where it leads to. */
bool blocking_skips(struct worker *w, const struct cookie_scene *scene,
		    const struct request_head *r, struct buf *url);
void blocking_redirect(struct downstream *d, struct slice url);
/* What rules say about header fields of the request and of its answer; how many. */
size_t blocking_edits(struct worker *w, const struct cookie_scene *scene, struct lists_field *out,
		      size_t n);

/*
 * Takes click identifiers, and what rules with removeparam name, out of r->path where advertising
 * was not accepted.
 */
void blocking_strip(struct worker *w, const struct cookie_scene *scene, struct request_head *r);

#endif
