/*
 * tiktok.h - the page about TikTok: what tiktok.com and sites with its pixel asked for before any
 * choice, what each is for, what was done, and on which basis it was claimed to be allowed.
 */
#ifndef CRUMBGATE_PROXY_DESK_TIKTOK_H
#define CRUMBGATE_PROXY_DESK_TIKTOK_H

#include "proxy/desk/data.h"
#include "proxy/desk/desk.h"

/* Appends a whole document; check buf_ok(). */
void page_tiktok(const struct desk_context *ctx, const struct desk_request *req,
		 const struct desk_data *data, struct buf *out);

#endif
