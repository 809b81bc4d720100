/*
 * wants.h - what a site asked for, purpose by purpose: how many cookies, who sets them, for how
 * long at most, and what is done with them.  What to choose is seen before how each was decided.
 */
#ifndef CRUMBGATE_PROXY_DESK_WANTS_H
#define CRUMBGATE_PROXY_DESK_WANTS_H

#include "proxy/desk/choice.h"
#include "proxy/desk/data.h"
#include "proxy/desk/desk.h"

/* A list; nothing where the site has no cookie. */
void wants_list(const struct desk_context *ctx, const struct desk_request *req,
		const struct desk_site *s, const struct choice_now *now, struct buf *out);

#endif
