#include "proxy/desk/own_choices.h"

#include "proxy/desk/assets.h"
#include "proxy/desk/choice.h"
#include "proxy/desk/guard.h"
#include "proxy/desk/page_parts.h"
#include "proxy/desk/words.h"

static void row(struct buf *out, const struct desk_own_choice *own, const char *token)
{
	struct buf text, link;

	buf_init(&text, 256);
	buf_init(&link, 1024);
	choice_told(&text, &own->choice);
	url_segment(&link, own->site);
	FILL(out, asset_own_choice_html, TEXT("site", own->site),
	     HTML("link", page_part(out, &link)), TEXT("text", page_part(out, &text)),
	     TEXT("token", slice_str(token)));
	buf_release(&text);
	buf_release(&link);
}

static void title_of(struct buf *out, const struct desk_own_choices *own)
{
	size_t accepted = 0, in_part = 0;

	for (size_t i = 0; i < own->n; i++) {
		accepted += slice_eq(own->v[i].choice.word, SLICE("accepted"));
		in_part += !slice_eq(own->v[i].choice.word, SLICE("accepted")) &&
			   !slice_eq(own->v[i].choice.word, SLICE("refused"));
	}
	buf_adds(out, "Your choices, site by site: ");
	plain_count(out, own->all, "site", "sites");
	if (own->n < own->all)
		return;
	if (accepted != 0)
		buf_addf(out, ", %zu accepted", accepted);
	if (in_part != 0)
		buf_addf(out, ", %zu accepted in part", in_part);
}

void own_choices(struct buf *out, const struct desk_context *ctx, const struct desk_request *req)
{
	struct desk_own_choices own = { .n = 0 };
	char token[GUARD_TOKEN_LEN + 1];
	struct buf rows, title;

	if (ctx->own_choices != NULL && choice_offered(req->profile))
		ctx->own_choices(ctx->lookup_arg, req->client, &own);
	if (own.n == 0)
		return;
	buf_init(&rows, PART_MAX);
	buf_init(&title, 128);
	guard_token(ctx, req, "form", token);
	for (size_t i = 0; i < own.n; i++)
		row(&rows, &own.v[i], token);
	if (own.n < own.all)
		buf_addf(&rows,
			 "<li class=\"quiet\">The newest %zu of %zu; \"crumbgate choice list\" has "
			 "all.</li>\n",
			 own.n, own.all);
	title_of(&title, &own);
	FILL(out, asset_own_choices_html, TEXT("title", page_part(out, &title)),
	     HTML("rows", page_part(out, &rows)));
	buf_release(&rows);
	buf_release(&title);
}
