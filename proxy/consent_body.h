/*
 * consent_body.h - the body of a request that may say something about consent, kept until it is
 * whole: the report of a banner, or a form or JSON with claims, such as an OpenRTB bid request.
 *
 *	b = consent_body_new(w, &scene, &request);	// NULL: it is none, which is nearly always
 *	consent_body_add(b, spans, n); ...
 *	consent_body_end(b, w, &scene);		// reads it; consent_body_free() in any case
 *
 * The request goes on its way untouched meanwhile.  What is longer than such a body can be, or
 * coded (Content-Encoding), is not read.
 */
#ifndef CRUMBGATE_PROXY_CONSENT_BODY_H
#define CRUMBGATE_PROXY_CONSENT_BODY_H

#include "base/slice.h"

struct consent_body;
struct cookie_scene;
struct request_head;
struct worker;

struct consent_body *consent_body_new(const struct worker *w, const struct cookie_scene *scene,
				      const struct request_head *r);
/* NULL is allowed for all. */
void consent_body_add(struct consent_body *b, const struct slice *spans, size_t n);
void consent_body_end(struct consent_body *b, struct worker *w, struct cookie_scene *scene);
void consent_body_free(struct consent_body *b);

#endif
