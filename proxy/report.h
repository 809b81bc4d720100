/*
 * report.h - the body of a request by which a site's banner reports an answer, kept until it is
 * whole.
 *
 *	r = report_new(w, &request);		// NULL: it is no report, which is nearly always
 *	report_body(r, spans, n); ...
 *	report_end(r, w, &scene);		// reads it; report_free() in any case
 *
 * The request goes on its way untouched meanwhile.  What is longer than a report can be, or coded
 * (Content-Encoding), is not read.
 */
#ifndef CRUMBGATE_PROXY_REPORT_H
#define CRUMBGATE_PROXY_REPORT_H

#include "base/slice.h"

struct cookie_scene;
struct report;
struct request_head;
struct worker;

struct report *report_new(const struct worker *w, const struct cookie_scene *scene,
			  const struct request_head *r);
/* NULL is allowed for all. */
void report_body(struct report *r, const struct slice *spans, size_t n);
void report_end(struct report *r, struct worker *w, struct cookie_scene *scene);
void report_free(struct report *r);

#endif
