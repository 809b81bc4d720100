/*
 * passes.h - the part of the desk that shows what passes unread for this client just now.
 */
#ifndef CRUMBGATE_PROXY_DESK_PASSES_H
#define CRUMBGATE_PROXY_DESK_PASSES_H

#include "proxy/desk/desk.h"

struct passes_list {
	struct desk_pass v[DESK_PASSES_MAX];
	size_t n;
};

void passes_load(const struct desk_context *ctx, const struct desk_request *req,
		 struct passes_list *out);
/* Does a host of the site, itself or a name below it, pass? */
bool passes_cover(const struct passes_list *l, struct slice site);
/*
 * A section with a button for each that is of the site, or for all when it is empty; nothing when
 * there is none.  Check buf_ok().
 */
void passes_section(const struct desk_context *ctx, const struct desk_request *req,
		    const struct passes_list *l, struct slice site, struct buf *out);
/* The same for programs, one JSON object. */
void passes_json(const struct desk_context *ctx, const struct desk_request *req, struct buf *out);

#endif
