#include "proxy/desk/page_parts.h"

#include "proxy/desk/assets.h"
#include "proxy/desk/guard.h"
#include "proxy/desk/pages.h"

struct slice page_part(struct buf *out, const struct buf *part)
{
	if (!buf_ok(part))
		out->failed = true;
	return buf_slice(part);
}

void page_layout(struct buf *out, const struct desk_context *ctx, const char *title, enum tab tab,
		 const struct buf *main_part)
{
	struct slice current = SLICE(" aria-current=\"page\""), none = SLICE("");

	FILL(out, asset_layout_html, TEXT("title", slice_str(title)), TEXT("version", ctx->version),
	     HTML("at_sites", tab == TAB_SITES ? current : none),
	     HTML("at_tiktok", tab == TAB_TIKTOK ? current : none),
	     HTML("at_trust", tab == TAB_TRUST ? current : none),
	     HTML("main", page_part(out, main_part)));
}

void page_layout_bare(struct buf *out, const struct desk_context *ctx, const char *title,
		      const struct buf *main_part)
{
	FILL(out, asset_bare_html, TEXT("title", slice_str(title)), TEXT("version", ctx->version),
	     HTML("main", page_part(out, main_part)));
}

void page_probe(struct buf *out, const struct desk_context *ctx, const struct desk_request *req)
{
	char token[GUARD_TOKEN_LEN + 1];
	struct buf url;

	buf_init(&url, 256);
	guard_token(ctx, req, "probe", token);
	buf_addf(&url, "https://crumbgate.internal/probe.svg?t=%s", token);
	FILL(out, asset_probe_html, TEXT("url", page_part(out, &url)));
	buf_release(&url);
}

void page_note(const struct desk_context *ctx, const struct desk_request *req, const char *title,
	       const char *text, struct buf *out)
{
	struct buf main_part;

	buf_init(&main_part, PART_MAX);
	FILL(&main_part, asset_note_html, TEXT("title", slice_str(title)),
	     TEXT("text", slice_str(text)),
	     HTML("start", req->direct ? SLICE("") : asset_start_html));
	if (req->direct)
		page_layout_bare(out, ctx, title, &main_part);
	else
		page_layout(out, ctx, title, TAB_NONE, &main_part);
	buf_release(&main_part);
}
