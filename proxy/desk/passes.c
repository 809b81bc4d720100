#include "proxy/desk/passes.h"

#include "base/clock.h"
#include "base/json.h"
#include "proxy/desk/assets.h"
#include "proxy/desk/guard.h"
#include "proxy/desk/html.h"
#include "proxy/desk/words.h"

static size_t list(const struct desk_context *ctx, const struct desk_request *req,
		   struct desk_pass out[DESK_PASSES_MAX])
{
	size_t n = ctx->passes != NULL ? ctx->passes(ctx->lookup_arg, req->client, out) : 0;

	return n < DESK_PASSES_MAX ? n : DESK_PASSES_MAX;
}

/* A part that failed makes the whole fail. */
static struct slice part_of(struct buf *out, const struct buf *part)
{
	if (!buf_ok(part))
		out->failed = true;
	return buf_slice(part);
}

static void row(struct buf *out, const struct desk_request *req, const struct desk_pass *p,
		const char *token)
{
	struct buf since, left;

	buf_init(&since, 64);
	buf_init(&left, 64);
	plain_age(&since, p->since, req->now);
	plain_left(&left, p->until, req->now);
	html_fill(out, asset_pass_html,
		  (const struct slot[]){ { "host", p->host, SLOT_TEXT },
					 { "why", slice_str(plain_pass(p->why)), SLOT_TEXT },
					 { "since", part_of(out, &since), SLOT_TEXT },
					 { "left", part_of(out, &left), SLOT_TEXT },
					 { "token", slice_str(token), SLOT_TEXT } },
		  5);
	buf_release(&since);
	buf_release(&left);
}

void passes_section(const struct desk_context *ctx, const struct desk_request *req, struct buf *out)
{
	struct desk_pass passes[DESK_PASSES_MAX];
	size_t n = list(ctx, req, passes);
	char token[GUARD_TOKEN_LEN + 1];
	struct buf rows;

	if (n == 0)
		return;
	guard_token(ctx, req, "form", token);
	buf_init(&rows, DESK_ANSWER_MAX);
	for (size_t i = 0; i < n; i++)
		row(&rows, req, &passes[i], token);
	html_fill(out, asset_passes_html,
		  (const struct slot[]){ { "rows", part_of(out, &rows), SLOT_HTML } }, 1);
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
	struct desk_pass passes[DESK_PASSES_MAX];
	size_t n = list(ctx, req, passes);

	json_open(out, '{');
	json_key(out, "passes");
	json_open(out, '[');
	for (size_t i = 0; i < n; i++) {
		json_item(out);
		json_open(out, '{');
		json_kv(out, "host", passes[i].host);
		json_kv(out, "why", passes[i].why);
		json_time(out, "since", passes[i].since);
		json_time(out, "until", passes[i].until);
		json_close(out, '}');
	}
	json_close(out, ']');
	json_close(out, '}');
	buf_addc(out, '\n');
}
