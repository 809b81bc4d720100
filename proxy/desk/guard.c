#include "proxy/desk/guard.h"

#define DAY_MS (24 * 3600 * 1000)

bool desk_is_host(struct slice host)
{
	if (host.n != 0 && host.p[host.n - 1] == '.')
		host.n--;
	return slice_ieq(host, SLICE("crumbgate.internal"));
}

/* "crumbgate.internal", alone or with the scheme's own port. */
static bool own_authority(struct slice authority, bool https)
{
	struct slice host, port = slice_cut(authority, ':', &host);

	return slice_ieq(host, SLICE("crumbgate.internal")) &&
	       (port.p == NULL || slice_eq(port, https ? SLICE("443") : SLICE("80")));
}

static bool own_origin(struct slice origin, bool https)
{
	struct slice scheme = https ? SLICE("https://") : SLICE("http://");

	return slice_istarts(origin, scheme) && own_authority(slice_skip(origin, scheme.n), https);
}

/* A person follows a link or a redirect in a whole window. */
static bool navigates(const struct desk_request *req)
{
	return slice_eq(req->method, SLICE("GET")) &&
	       slice_eq(req->sec_fetch_mode, SLICE("navigate")) &&
	       slice_eq(req->sec_fetch_dest, SLICE("document"));
}

const char *guard_refuses(const struct desk_request *req, enum guard_rule rule, unsigned *status)
{
	*status = 403;
	if (!own_authority(req->host, req->https)) {
		*status = 421;
		return "This page is at http://crumbgate.internal/ only.";
	}
	if (req->sec_fetch_site.p != NULL && !slice_eq(req->sec_fetch_site, SLICE("same-origin")) &&
	    !slice_eq(req->sec_fetch_site, SLICE("none")) && rule != GUARD_EMBED &&
	    !(rule == GUARD_NAVIGATE && navigates(req)))
		return "Another site asked for this. Open http://crumbgate.internal/ yourself.";
	if (req->origin.p != NULL && !own_origin(req->origin, req->https))
		return "Another site asked for this. Open http://crumbgate.internal/ yourself.";
	return NULL;
}

bool guard_is_own_address(const struct desk_request *req)
{
	return req->host.n != 0 &&
	       (slice_eq(req->host, req->proxy) || slice_eq(req->host, req->tls_proxy));
}

static void token_of_day(const struct desk_context *ctx, const struct desk_request *req,
			 const char *use, int64_t day, char out[GUARD_TOKEN_LEN + 1])
{
	unsigned char digest[32];
	struct buf text;

	buf_init(&text, 512);
	buf_addf(&text, "desk %s %lld ", use, (long long)day);
	buf_add(&text, req->client);
	ctx->digest(ctx->digest_arg, buf_slice(&text), digest);
	buf_clear(&text);
	buf_add_hex(&text, digest, GUARD_TOKEN_LEN / 2);
	/* No memory: an empty token, which is never good. */
	if (!buf_ok(&text) || !slice_copy(buf_slice(&text), out, GUARD_TOKEN_LEN + 1))
		out[0] = '\0';
	buf_release(&text);
}

void guard_token(const struct desk_context *ctx, const struct desk_request *req, const char *use,
		 char out[GUARD_TOKEN_LEN + 1])
{
	token_of_day(ctx, req, use, req->now / DAY_MS, out);
}

/* In a time that does not depend on where they differ. */
static bool same(struct slice a, struct slice b)
{
	unsigned char differ = 0;

	if (a.n != b.n || a.n != GUARD_TOKEN_LEN)
		return false;
	for (size_t i = 0; i < a.n; i++)
		differ |= (unsigned char)(a.p[i] ^ b.p[i]);
	return differ == 0;
}

bool guard_token_good(const struct desk_context *ctx, const struct desk_request *req,
		      const char *use, struct slice token)
{
	char want[2][GUARD_TOKEN_LEN + 1] = { "", "" };
	bool today, yesterday;

	token_of_day(ctx, req, use, req->now / DAY_MS, want[0]);
	token_of_day(ctx, req, use, req->now / DAY_MS - 1, want[1]);
	today = same(token, slice_str(want[0]));
	yesterday = same(token, slice_str(want[1]));
	return today || yesterday;
}
