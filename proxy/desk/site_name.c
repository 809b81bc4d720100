#include "proxy/desk/site_name.h"

#include "proxy/desk/html.h"

#include <stdio.h>

const char site_name_title[] = "No such site";
const char site_name_text[] = "This is no site's name: an ending that many sites share, a single "
			      "word, or no name at all. "
			      "Name one site, as in news.example.";

bool site_name_read(struct slice text, bool plus, char out[SITE_NAME_MAX])
{
	if (!url_decode(text, plus, out, SITE_NAME_MAX) || out[0] == '\0')
		return false;
	for (char *c = out; *c != '\0'; c++) {
		*c = ascii_lower(*c);
		if (!((*c >= 'a' && *c <= 'z') || ascii_digit(*c) || strchr("-._:[]", *c) != NULL))
			return false;
	}
	return true;
}

bool site_name_resolve(const struct desk_context *ctx, struct slice name, char out[SITE_NAME_MAX])
{
	if (ctx->site_of != NULL)
		return ctx->site_of(ctx->lookup_arg, name, out) != DESK_NAMES_NOTHING;
	return slice_copy(name, out, SITE_NAME_MAX);
}

/* An IPv6 address has colons. */
static bool is_single_word(struct slice site)
{
	return slice_find(site, '.') == site.n && slice_find(site, ':') == site.n &&
	       !slice_eq(site, SLICE("localhost"));
}

bool site_name_odd(const struct desk_context *ctx, struct slice site)
{
	char name[SITE_NAME_MAX];

	if (slice_eq(site, SLICE("*")))
		return false;
	return is_single_word(site) ||
	       (ctx->site_of != NULL &&
		ctx->site_of(ctx->lookup_arg, site, name) != DESK_NAMES_SITE);
}

void site_name_use(const struct desk_context *ctx, struct slice site, char use[SITE_NAME_USE_MAX])
{
	if (site_name_odd(ctx, site))
		snprintf(use, SITE_NAME_USE_MAX, "form %.*s", SLICE_ARG(site));
	else
		snprintf(use, SITE_NAME_USE_MAX, "form");
}
