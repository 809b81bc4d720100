#include "proxy/desk/passes.h"

#include "base/clock.h"
#include "base/json.h"
#include "proxy/desk/assets.h"
#include "proxy/desk/guard.h"
#include "proxy/desk/html.h"
#include "proxy/desk/words.h"

void passes_load(const struct desk_context *ctx, const struct desk_request *req,
		 struct passes_list *out)
{
	size_t n = ctx->passes != NULL ? ctx->passes(ctx->lookup_arg, req->client, out->v) : 0;

	out->n = n < DESK_PASSES_MAX ? n : DESK_PASSES_MAX;
}

/* Is the host the site itself or a name below it? */
static bool is_of(struct slice host, struct slice site)
{
	size_t more = host.n - site.n;

	return site.n != 0 && host.n >= site.n && slice_eq(slice_skip(host, more), site) &&
	       (more == 0 || host.p[more - 1] == '.');
}

bool passes_cover(const struct passes_list *l, struct slice site)
{
	for (size_t i = 0; i < l->n; i++)
		if (is_of(l->v[i].host, site))
			return true;
	return false;
}

/* A part that failed makes the whole fail. */
static struct slice part_of(struct buf *out, const struct buf *part)
{
	if (!buf_ok(part))
		out->failed = true;
	return buf_slice(part);
}

/* `page`: the site whose page it stands on, empty on the start page. */
static void row(struct buf *out, const struct desk_request *req, const struct desk_pass *p,
		struct slice page, const char *token)
{
	struct buf since, left, link, why;

	buf_init(&link, 1024);
	url_segment(&link, p->host);
	buf_init(&why, 512);
	plain_pass(&why, p->why, p->count);
	buf_init(&since, 64);
	buf_init(&left, 64);
	plain_age(&since, p->since, req->now);
	plain_left(&left, p->until, req->now);
	html_fill(out, asset_pass_html,
		  (const struct slot[]){ { "host", p->host, SLOT_TEXT },
					 { "why", part_of(out, &why), SLOT_HTML },
					 { "since", part_of(out, &since), SLOT_TEXT },
					 { "left", part_of(out, &left), SLOT_TEXT },
					 { "link", part_of(out, &link), SLOT_HTML },
					 { "page", page, SLOT_TEXT },
					 { "token", slice_str(token), SLOT_TEXT } },
		  7);
	buf_release(&link);
	buf_release(&why);
	buf_release(&since);
	buf_release(&left);
}

void passes_section(const struct desk_context *ctx, const struct desk_request *req,
		    const struct passes_list *l, struct slice site, struct buf *out)
{
	char token[GUARD_TOKEN_LEN + 1];
	struct buf rows;

	if (site.n != 0 ? !passes_cover(l, site) : l->n == 0)
		return;
	guard_token(ctx, req, "form", token);
	buf_init(&rows, DESK_ANSWER_MAX);
	for (size_t i = 0; i < l->n; i++)
		if (site.n == 0 || is_of(l->v[i].host, site))
			row(&rows, req, &l->v[i], site, token);
	html_fill(out, asset_passes_html,
		  (const struct slot[]){ { "title",
					   site.n != 0 ? SLICE("This site passes unread")
						       : SLICE("Sites that pass unread"),
					   SLOT_TEXT },
					 { "rows", part_of(out, &rows), SLOT_HTML } },
		  2);
	buf_release(&rows);
}

static void json_time(struct buf *out, const char *key, int64_t wall_ms)
{
	char text[CLOCK_RFC3339_LEN + 1];

	clock_rfc3339(wall_ms, text, sizeof(text));
	json_kv(out, key, slice_str(text));
}

void passes_json(const struct desk_context *ctx, const struct desk_request *req, struct buf *out)
{
	struct passes_list l;

	passes_load(ctx, req, &l);
	json_open(out, '{');
	json_key(out, "passes");
	json_open(out, '[');
	for (size_t i = 0; i < l.n; i++) {
		json_item(out);
		json_open(out, '{');
		json_kv(out, "host", l.v[i].host);
		json_kv(out, "why", l.v[i].why);
		json_time(out, "since", l.v[i].since);
		json_time(out, "until", l.v[i].until);
		json_close(out, '}');
	}
	json_close(out, ']');
	json_close(out, '}');
	buf_addc(out, '\n');
}
