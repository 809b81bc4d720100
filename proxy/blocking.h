/*
 * blocking.h - requests that filter lists are about: refused, or freed of what follows the person,
 * where their purpose has no consent.
 *
 *	blocking_begin(w, &scene, request);	// the others are about this one, in the same call
 *	if (blocking_refuses(w, &scene, &body)) answer it with blocking_answer()
 *	if (blocking_skips(w, &scene, request, &url)) answer it with blocking_redirect()
 *	if (blocking_strip(w, &scene, request)) send the browser on with blocking_redirect()
 *	blocking_hold(w, &scene);		// what its answer will be asked about with
 *	if (blocking_cookie(w, &scene, name, &said)) ...
 *
 *	blocking_begin_answer(w, &scene, fields);	// the same request again
 *	if (blocking_refuses_answer(w, &scene, &body)) answer with blocking_answer() instead
 *	if (blocking_cookie(w, &scene, name, &said)) ...
 *	blocking_let_go(&scene);
 *
 * A list has one purpose (filters/lists/list_purpose.h), and who accepted that is not bothered.
 * Each refusal is an entry with the rule and its list.
 */
#ifndef CRUMBGATE_PROXY_BLOCKING_H
#define CRUMBGATE_PROXY_BLOCKING_H

#include "filters/decide.h"
#include "filters/lists/modify.h"

struct blocking;
struct cookie_scene;
struct downstream;
struct fields;
struct request_head;
struct set_cookie;
struct worker;

/* NULL: no memory. */
struct blocking *blocking_new(struct worker *w);
void blocking_free(struct blocking *b);

void blocking_begin(struct worker *w, const struct cookie_scene *scene,
		    const struct request_head *r);
/*
 * Keeps in the scene what lists need to know once the answer is there, if they have rules for it.
 * False: no memory; nobody would ask them then.
 */
bool blocking_hold(struct worker *w, struct cookie_scene *scene);
void blocking_let_go(struct cookie_scene *scene);
void blocking_begin_answer(struct worker *w, const struct cookie_scene *scene,
			   const struct fields *f);
/* What is answered instead; NONE: that it was refused. */
bool blocking_refuses(struct worker *w, const struct cookie_scene *scene, enum lists_body *body);
void blocking_answer(struct downstream *d, enum lists_body body);
/* The same by the header of the answer that came (header=), before anything of it goes on. */
bool blocking_refuses_answer(struct worker *w, const struct cookie_scene *scene,
			     const struct fields *f, enum lists_body *body);
/* A redirector between two pages that a rule leads past (urlskip): appends where it leads to. */
bool blocking_skips(struct worker *w, const struct cookie_scene *scene,
		    const struct request_head *r, struct buf *url);
void blocking_redirect(struct downstream *d, struct slice url);
/*
 * What rules say about header fields of the request and of its answer; how many.  What they say about
 * the fields of cookies is kept for blocking_cookie() instead.
 */
size_t blocking_edits(struct worker *w, struct cookie_scene *scene, struct lists_field *out,
		      size_t n);

/*
 * Takes click identifiers, and what rules with removeparam name, out of a page's r->path where
 * advertising was not accepted.  True: the browser had better ask for r->path itself, so that no
 * script of the page reads them either.
 */
bool blocking_strip(struct worker *w, const struct cookie_scene *scene, struct request_head *r);

/* What lists say of a cookie of the request, or of the answer, at hand. */
struct blocking_cookie {
	struct cookie_list list; /* as a fact of the decision; borrowed from the lists */
	/* With LIST_SAYS_LIMIT. */
	bool has_max_age;
	uint32_t max_age;
	enum lists_same_site same_site;
};

/* False: nothing, and *out is not written.  Whether anything is done about it filters/decide.h says. */
bool blocking_cookie(struct worker *w, const struct cookie_scene *scene, struct slice name,
		     struct blocking_cookie *out);
/* Would its limits change anything about that Set-Cookie?  Nothing is ever prolonged or widened. */
bool blocking_cookie_limits(const struct blocking_cookie *by, const struct set_cookie *c,
			    int64_t lifetime_s);
/* Appends the line with its limits. */
void blocking_cookie_limit(const struct blocking_cookie *by, const struct set_cookie *c,
			   int64_t lifetime_s, struct slice line, struct buf *out);

#endif
