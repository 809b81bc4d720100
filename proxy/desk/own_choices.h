/*
 * own_choices.h - what was chosen for single sites, as a folded list: such a choice stays when
 * another is made for all sites, and it may be for a site that was never seen.
 */
#ifndef CRUMBGATE_PROXY_DESK_OWN_CHOICES_H
#define CRUMBGATE_PROXY_DESK_OWN_CHOICES_H

#include "proxy/desk/desk.h"

/* Markup; nothing where nothing was chosen, or nothing can be. */
void own_choices(struct buf *out, const struct desk_context *ctx, const struct desk_request *req);

#endif
