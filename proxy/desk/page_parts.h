/*
 * page_parts.h - what all the desk's pages are put together with; for the files that make them.
 */
#ifndef CRUMBGATE_PROXY_DESK_PAGE_PARTS_H
#define CRUMBGATE_PROXY_DESK_PAGE_PARTS_H

#include "proxy/desk/desk.h"
#include "proxy/desk/html.h"

#define PART_MAX DESK_ANSWER_MAX

#define TEXT(name, slice)                                                                          \
	{                                                                                          \
		(name), (slice), SLOT_TEXT                                                         \
	}
#define HTML(name, slice)                                                                          \
	{                                                                                          \
		(name), (slice), SLOT_HTML                                                         \
	}
#define FILL(out, template, ...)                                                                   \
	html_fill((out), (template), (const struct slot[]){ __VA_ARGS__ },                         \
		  sizeof((const struct slot[]){ __VA_ARGS__ }) / sizeof(struct slot))

enum tab { TAB_NONE, TAB_SITES, TAB_TIKTOK, TAB_TRUST };

/* A part that failed makes the whole fail: a page is never sent with a hole. */
struct slice page_part(struct buf *out, const struct buf *part);
void page_layout(struct buf *out, const struct desk_context *ctx, const char *title, enum tab tab,
		 const struct buf *main_part);
/* Without the desk's navigation, which works through the proxy only. */
void page_layout_bare(struct buf *out, const struct desk_context *ctx, const char *title,
		      const struct buf *main_part);
/* Whether the browser trusts the CA: a picture over https tells. */
void page_probe(struct buf *out, const struct desk_context *ctx, const struct desk_request *req);

#endif
