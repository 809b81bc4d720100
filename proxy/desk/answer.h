/*
 * answer.h - how the desk's answers begin and end, whatever stands in them; for the files that make
 * them.
 */
#ifndef CRUMBGATE_PROXY_DESK_ANSWER_H
#define CRUMBGATE_PROXY_DESK_ANSWER_H

#include "proxy/desk/desk.h"

#define DESK_HTML "text/html; charset=utf-8"

/* The status and the fields that every answer has, but for that of desk_answer_embeddable(). */
void desk_answer_begin(struct desk_answer *a, unsigned status, const char *type);
/* Whether pages of other sites may load it. */
void desk_answer_embeddable(struct desk_answer *a, bool anywhere);
/* A whole page with a title and a sentence. */
void desk_answer_note(const struct desk_context *ctx, const struct desk_request *req,
		      struct desk_answer *a, unsigned status, const char *title, const char *text);
/* An answer that could not be built becomes a plain 500. */
void desk_answer_finish(struct desk_answer *a);

/* The value of a key in a query or a form; p == NULL when it is not there. */
struct slice desk_form_value(struct slice form, struct slice key);

#endif
