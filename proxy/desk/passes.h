/*
 * passes.h - the part of the desk that shows what passes unread for this client just now.
 */
#ifndef CRUMBGATE_PROXY_DESK_PASSES_H
#define CRUMBGATE_PROXY_DESK_PASSES_H

#include "proxy/desk/desk.h"

/* A section with a button for each; nothing when there is none.  Check buf_ok(). */
void passes_section(const struct desk_context *ctx, const struct desk_request *req,
		    struct buf *out);
/* The same for programs, one JSON object. */
void passes_json(const struct desk_context *ctx, const struct desk_request *req, struct buf *out);

#endif
