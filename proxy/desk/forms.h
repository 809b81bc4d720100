/*
 * forms.h - what is sent to the desk: a choice, or the end of a pass.  desk.h has what is answered
 * when it is done (desk_chosen(), desk_stopped()).
 */
#ifndef CRUMBGATE_PROXY_DESK_FORMS_H
#define CRUMBGATE_PROXY_DESK_FORMS_H

#include "proxy/desk/desk.h"

/* pass: it ends one.  DESK_DONE: the form is refused, and the answer says why. */
enum desk_step desk_form_take(const struct desk_context *ctx, const struct desk_request *req,
			      bool pass, struct desk_answer *a);

#endif
