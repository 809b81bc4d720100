/*
 * pages.h - the desk's pages as HTML, from templates (html.h) and data (data.h).
 *
 * Each appends a whole document to `out`; check buf_ok().
 */
#ifndef CRUMBGATE_PROXY_DESK_PAGES_H
#define CRUMBGATE_PROXY_DESK_PAGES_H

#include "proxy/desk/choice.h"
#include "proxy/desk/data.h"
#include "proxy/desk/desk.h"

/* Sites on one page of the start; the next ones are at ?from=N. */
#define PAGE_SITES 30u

void page_home(const struct desk_context *ctx, const struct desk_request *req,
	       const struct desk_data *data, size_t from, struct buf *out);
void page_site(const struct desk_context *ctx, const struct desk_request *req,
	       const struct desk_data *data, struct slice site, struct buf *out);
/* What was done with a cookie, in words. */
void cookie_done(struct buf *out, const struct desk_request *req, const struct choice_now *now,
		 const struct desk_cookie *c);
/* Markup behind a purpose that is a guess; nothing behind another. */
struct slice cookie_guess(const struct desk_cookie *c);
void page_trust(const struct desk_context *ctx, const struct desk_request *req, struct buf *out);
/* For a direct request: what the proxy is and how to use it. */
void page_direct(const struct desk_context *ctx, const struct desk_request *req, struct buf *out);
/* A title and a sentence. */
void page_note(const struct desk_context *ctx, const struct desk_request *req, const char *title,
	       const char *text, struct buf *out);

#endif
