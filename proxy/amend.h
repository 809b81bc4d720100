/*
 * amend.h - header fields that filter lists take away or add: removeheader, csp, permissions.
 *
 *	a = amend_request(w, &scene, request);	// the request's are gone; NULL: none for the answer
 *	amend_answer(a, w, &scene, fields);
 *	amend_free(a);
 *
 * Fields of cookies are none of them: a rule about these is one about each cookie (blocking.h).
 * Only where what the list is about was not accepted (blocking.h), and never for an investigator.
 * Each is an entry.
 */
#ifndef CRUMBGATE_PROXY_AMEND_H
#define CRUMBGATE_PROXY_AMEND_H

struct amend;
struct cookie_scene;
struct fields;
struct request_head;
struct worker;

struct amend *amend_request(struct worker *w, struct cookie_scene *scene, struct request_head *r);
/* NULL is allowed for both. */
void amend_answer(const struct amend *a, struct worker *w, const struct cookie_scene *scene,
		  struct fields *f);
void amend_free(struct amend *a);

#endif
