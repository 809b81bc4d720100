#include "filters/url.h"

static bool take_scheme(struct slice *url, bool *secure)
{
	static const struct {
		const char *prefix;
		bool secure;
	} schemes[] = {
		{ "https://", true },
		{ "http://", false },
		{ "wss://", true },
		{ "ws://", false },
	};

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		struct slice prefix = slice_str(schemes[i].prefix);

		if (slice_istarts(*url, prefix)) {
			*url = slice_skip(*url, prefix.n);
			*secure = schemes[i].secure;
			return true;
		}
	}
	return false;
}

static size_t authority_end(struct slice url)
{
	size_t n = 0;

	while (n < url.n && url.p[n] != '/' && url.p[n] != '?' && url.p[n] != '#' &&
	       url.p[n] != '\\')
		n++;
	return n;
}

static struct slice without_userinfo(struct slice authority)
{
	size_t at = authority.n;

	while (at > 0 && authority.p[at - 1] != '@')
		at--;
	return slice_skip(authority, at);
}

/* The ':' before the port is behind the ']' of a v6 literal. */
static bool split_port(struct slice authority, struct url_parts *out)
{
	size_t from = 0, colon;
	uint64_t port;

	if (authority.n != 0 && authority.p[0] == '[') {
		from = slice_find(authority, ']');
		if (from == authority.n)
			return false;
	}
	colon = from + slice_find(slice_skip(authority, from), ':');
	out->host = slice_head(authority, colon);
	out->port = out->secure ? 443 : 80;
	if (colon + 1 >= authority.n)
		return out->host.n != 0;
	if (!slice_to_u64(slice_skip(authority, colon + 1), UINT16_MAX, &port))
		return false;
	out->port = (uint16_t)port;
	return out->host.n != 0;
}

bool url_split(struct slice url, struct url_parts *out)
{
	size_t n;

	*out = (struct url_parts){ 0 };
	if (!take_scheme(&url, &out->secure))
		return false;
	n = authority_end(url);
	if (!split_port(without_userinfo(slice_head(url, n)), out))
		return false;
	url = slice_skip(url, n);
	out->target = slice_head(url, slice_find(url, '#'));
	if (out->target.n == 0)
		out->target = SLICE("/");
	return true;
}

struct slice url_query(struct slice url)
{
	url = slice_head(url, slice_find(url, '#'));
	return slice_skip(url, slice_find(url, '?') + 1);
}
