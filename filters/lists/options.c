#include "filters/lists/options.h"

#include <stdlib.h>

#define TYPE(name, type)                                                                           \
	{                                                                                          \
		name, OPTION_TYPE, LISTS_TYPE_BIT(type)                                            \
	}
#define LEFT(name, kind)                                                                           \
	{                                                                                          \
		name, OPTION_LEFT, kind                                                            \
	}

/* clang-format off */
/* By name, for bsearch(). */
static const struct option_row rows[] = {
	{ "1p", OPTION_FIRST, 0 },
	{ "3p", OPTION_THIRD, 0 },
	{ "all", OPTION_TYPE, LISTS_TYPES_ALL },
	LEFT("app", LEFT_APP),
	{ "badfilter", OPTION_BADFILTER, 0 },
	TYPE("beacon", LISTS_PING),
	LEFT("client", LEFT_DNS),
	{ "cname", OPTION_CNAME, 0 },
	{ "content", OPTION_PAGE, 0 },
	{ "cookie", OPTION_COOKIE, 0 },
	{ "csp", OPTION_CSP, 0 },
	TYPE("css", LISTS_STYLESHEET),
	LEFT("ctag", LEFT_DNS),
	{ "denyallow", OPTION_DENYALLOW, 0 },
	LEFT("dnsrewrite", LEFT_DNS),
	LEFT("dnstype", LEFT_DNS),
	TYPE("doc", LISTS_DOCUMENT),
	TYPE("document", LISTS_DOCUMENT),
	{ "domain", OPTION_DOMAIN, 0 },
	LEFT("donottrack", LEFT_PAGE),
	{ "ehide", OPTION_PAGE, 0 },
	{ "elemhide", OPTION_PAGE, 0 },
	{ "empty", OPTION_EMPTY, 0 },
	{ "extension", OPTION_PAGE, 0 },
	{ "first-party", OPTION_FIRST, 0 },
	TYPE("font", LISTS_FONT),
	TYPE("frame", LISTS_FRAME),
	{ "from", OPTION_DOMAIN, 0 },
	{ "genericblock", OPTION_PAGE, 0 },
	{ "generichide", OPTION_PAGE, 0 },
	{ "ghide", OPTION_PAGE, 0 },
	{ "header", OPTION_HEADER, 0 },
	LEFT("hls", LEFT_BODY),
	TYPE("image", LISTS_IMAGE),
	{ "important", OPTION_IMPORTANT, 0 },
	{ "inline-font", OPTION_PAGE, 0 },
	{ "inline-script", OPTION_PAGE, 0 },
	LEFT("ipaddress", LEFT_ADDRESS),
	{ "jsinject", OPTION_PAGE, 0 },
	LEFT("jsonprune", LEFT_BODY),
	{ "match-case", OPTION_CASE, 0 },
	TYPE("media", LISTS_MEDIA),
	{ "method", OPTION_METHOD, 0 },
	{ "mp4", OPTION_MP4, 0 },
	LEFT("network", LEFT_DNS),
	TYPE("object", LISTS_OBJECT),
	TYPE("object-subrequest", LISTS_OBJECT),
	TYPE("other", LISTS_OTHER),
	{ "permissions", OPTION_PERMISSIONS, 0 },
	TYPE("ping", LISTS_PING),
	{ "popunder", OPTION_PAGE, 0 },
	TYPE("popup", LISTS_POPUP),
	{ "queryprune", OPTION_PARAM, 0 },
	{ "reason", OPTION_NOTHING, 0 },
	{ "redirect", OPTION_REDIRECT, 0 },
	{ "redirect-rule", OPTION_REDIRECT_RULE, 0 },
	LEFT("referrerpolicy", LEFT_BODY),
	{ "removeheader", OPTION_FIELD, 0 },
	{ "removeparam", OPTION_PARAM, 0 },
	LEFT("replace", LEFT_BODY),
	{ "rewrite", OPTION_REDIRECT, 0 },
	TYPE("script", LISTS_SCRIPT),
	{ "shide", OPTION_PAGE, 0 },
	LEFT("sitekey", LEFT_PAGE),
	{ "specifichide", OPTION_PAGE, 0 },
	{ "stealth", OPTION_PAGE, 0 },
	{ "strict-first-party", OPTION_SAME_HOST, 0 },
	{ "strict-third-party", OPTION_OTHER_HOST, 0 },
	{ "strict1p", OPTION_SAME_HOST, 0 },
	{ "strict3p", OPTION_OTHER_HOST, 0 },
	TYPE("stylesheet", LISTS_STYLESHEET),
	TYPE("sub_frame", LISTS_FRAME),
	TYPE("subdocument", LISTS_FRAME),
	{ "third-party", OPTION_THIRD, 0 },
	{ "to", OPTION_TO, 0 },
	LEFT("uritransform", LEFT_TRANSFORM),
	{ "urlblock", OPTION_PAGE, 0 },
	{ "urlskip", OPTION_SKIP, 0 },
	LEFT("urltransform", LEFT_TRANSFORM),
	{ "webrtc", OPTION_PAGE, 0 },
	TYPE("websocket", LISTS_WEBSOCKET),
	TYPE("xhr", LISTS_XHR),
	TYPE("xmlhttprequest", LISTS_XHR),
	LEFT("xmlprune", LEFT_BODY),
};
/* clang-format on */

static const struct option_row nothing = { "_", OPTION_NOTHING, 0 };

static bool is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || ascii_digit(c) || c == '-' || c == '_';
}

static int compare(const void *key, const void *row)
{
	const struct slice *name = key;
	const struct option_row *r = row;
	int d = strncmp(name->p, r->name, name->n);

	return d != 0 ? d : r->name[name->n] != '\0' ? -1 : 0;
}

const struct option_row *option_row_of(struct slice name)
{
	size_t i = 0;

	if (name.n == 0)
		return NULL;
	/* With others, NUL among them, compare() would read past the end of a row's name. */
	for (size_t j = 0; j < name.n; j++)
		if (!is_name_char(name.p[j]))
			return NULL;
	while (i < name.n && name.p[i] == '_')
		i++;
	if (i == name.n)
		return &nothing;
	return bsearch(&name, rows, sizeof(rows) / sizeof(rows[0]), sizeof(rows[0]), compare);
}

/* The name of an option with which s begins; what ends it is '=', ',' or the end. */
static bool begins_option(struct slice s, struct slice *name)
{
	size_t n = 0;

	if (s.n != 0 && s.p[0] == '~')
		s = slice_skip(s, 1);
	while (n < s.n && is_name_char(s.p[n]))
		n++;
	*name = slice_head(s, n);
	return n != 0 && (n == s.n || s.p[n] == '=' || s.p[n] == ',');
}

bool options_part(struct slice rule, struct slice *pattern, struct slice *options)
{
	size_t last = SIZE_MAX;
	struct slice name;

	for (size_t at = slice_find(rule, '$'); at < rule.n;
	     at += 1 + slice_find(slice_skip(rule, at + 1), '$')) {
		if (!begins_option(slice_skip(rule, at + 1), &name))
			continue;
		last = at;
		if (option_row_of(name) != NULL)
			break;
	}
	*pattern = rule;
	*options = slice_of(NULL, 0);
	if (last == SIZE_MAX)
		return false;
	*pattern = slice_head(rule, last);
	*options = slice_skip(rule, last + 1);
	return true;
}

/* Where the option that s begins with ends. */
static size_t option_end(struct slice s)
{
	struct slice name;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] != ',' || (i > 0 && s.p[i - 1] == '\\'))
			continue;
		/* Without a '=' no value goes on behind the comma. */
		if (slice_find(slice_head(s, i), '=') == i)
			return i;
		if (begins_option(slice_skip(s, i + 1), &name) && option_row_of(name) != NULL)
			return i;
	}
	return s.n;
}

void options_next(struct slice *rest, struct option_given *out)
{
	size_t n = option_end(*rest), eq;
	struct slice one = slice_head(*rest, n);

	*rest = n < rest->n ? slice_skip(*rest, n + 1) : slice_of(NULL, 0);
	one = slice_trim(one);
	out->negated = one.n != 0 && one.p[0] == '~';
	if (out->negated)
		one = slice_skip(one, 1);
	eq = slice_find(one, '=');
	out->name = slice_head(one, eq);
	out->value = eq < one.n ? slice_skip(one, eq + 1) : slice_of(NULL, 0);
	out->row = option_row_of(out->name);
}
