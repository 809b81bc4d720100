/* Would a browser keep it?  RFC 6265bis section 5.7, the rules that a proxy can judge. */
#include "filters/cookie.h"
#include "filters/site.h"

struct cookie_prefix cookie_prefix_of(struct slice name)
{
	struct cookie_prefix p = { false, false, false };

	if (slice_istarts(name, SLICE("__Host-Http-")))
		p = (struct cookie_prefix){ true, true, true };
	else if (slice_istarts(name, SLICE("__Host-")))
		p = (struct cookie_prefix){ true, true, false };
	else if (slice_istarts(name, SLICE("__Http-")))
		p = (struct cookie_prefix){ true, false, true };
	else if (slice_istarts(name, SLICE("__Secure-")))
		p = (struct cookie_prefix){ true, false, false };
	return p;
}

/* A nameless cookie whose value begins like a prefix would come back as if it had the prefix. */
static bool prefix_allows(const struct set_cookie *c)
{
	struct cookie_prefix p;

	if (c->name.n == 0)
		return !cookie_prefix_of(c->value).secure;
	p = cookie_prefix_of(c->name);
	if (p.secure && !c->secure)
		return false;
	if (p.http && !c->httponly)
		return false;
	if (p.host && (c->has_domain || !c->has_path || !slice_eq(c->path, SLICE("/"))))
		return false;
	return true;
}

static struct slice without_dot(struct slice host)
{
	if (host.n != 0 && host.p[host.n - 1] == '.')
		host.n--;
	return host;
}

bool cookie_domain_match(struct slice host, struct slice domain)
{
	host = without_dot(host);
	if (slice_ieq(host, domain))
		return true;
	if (domain.n == 0 || host.n <= domain.n || host_is_address(host))
		return false;
	return slice_iends(host, domain) && host.p[host.n - domain.n - 1] == '.';
}

static enum cookie_store_result domain_allows(struct sites *sites, const struct set_cookie *c,
					      struct slice host)
{
	if (!c->has_domain || slice_ieq(without_dot(host), c->domain))
		return STORE_YES;
	if (site_is_public_suffix(sites, c->domain))
		return STORE_NO_PUBLIC_SUFFIX;
	return cookie_domain_match(host, c->domain) ? STORE_YES : STORE_NO_FOREIGN_DOMAIN;
}

enum cookie_store_result set_cookie_would_store(struct sites *sites, const struct set_cookie *c,
						const struct cookie_context *ctx)
{
	enum cookie_store_result r = domain_allows(sites, c, ctx->host);

	if (r != STORE_YES)
		return r;
	if (c->secure && !ctx->secure)
		return STORE_NO_INSECURE;
	if (c->same_site != SAME_SITE_NONE && ctx->cross_site)
		return STORE_NO_SAME_SITE;
	if (c->same_site == SAME_SITE_NONE && !c->secure)
		return STORE_NO_NONE_INSECURE;
	if (c->partitioned && !c->secure)
		return STORE_NO_PARTITIONED;
	if (!prefix_allows(c))
		return STORE_NO_PREFIX;
	return STORE_YES;
}

const char *cookie_store_word(enum cookie_store_result v)
{
	static const char *const words[] = {
		"yes",	     "public-suffix", "foreign-domain", "insecure",
		"same-site", "none-insecure", "partitioned",	"prefix",
	};

	return (unsigned)v < sizeof(words) / sizeof(words[0]) ? words[v] : "?";
}
