/*
 * blocking.h - requests that filter lists are about: refused, or freed of what follows the person,
 * where their purpose has no consent.
 *
 *	if (blocking_refuses(w, &scene, request, &answer)) answer it with blocking_answer()
 *	blocking_strip(w, &scene, request);	// link decoration, of pages and frames
 *
 * A list has one purpose (filters/lists/list_purpose.h), and who accepted that is not bothered.
 * Each refusal is an entry with the rule and its list.
 */
#ifndef CRUMBGATE_PROXY_BLOCKING_H
#define CRUMBGATE_PROXY_BLOCKING_H

#include "filters/lists/bodies.h"

struct blocking;
struct cookie_scene;
struct downstream;
struct request_head;
struct worker;

/* NULL: no memory. */
struct blocking *blocking_new(struct worker *w);
void blocking_free(struct blocking *b);

/* What is answered instead; NONE: that it was refused. */
bool blocking_refuses(struct worker *w, const struct cookie_scene *scene,
		      const struct request_head *r, enum lists_body *body);
void blocking_answer(struct downstream *d, enum lists_body body);

/*
 * Takes click identifiers, and what rules with removeparam name, out of r->path where advertising
 * was not accepted.
 */
void blocking_strip(struct worker *w, const struct cookie_scene *scene, struct request_head *r);

#endif
