/*
 * guard.h - who may ask the desk for what.
 *
 * See desk.h for the rules.  guard_refuses() is asked once for each request, before anything else;
 * a POST must show guard_token_good() besides.
 */
#ifndef CRUMBGATE_PROXY_DESK_GUARD_H
#define CRUMBGATE_PROXY_DESK_GUARD_H

#include "proxy/desk/desk.h"

/* What a page of another site may do with a path. */
enum guard_rule {
	GUARD_OWN,	/* nothing */
	GUARD_NAVIGATE, /* a link to it may be followed */
	GUARD_EMBED	/* it may be loaded; the path asks for a token of its own */
};

/* NULL: may go on.  Else one sentence for the answer, and its status. */
const char *guard_refuses(const struct desk_request *req, enum guard_rule rule, unsigned *status);
/*
 * May a direct request have what tells this proxy from others, that is its CA?  Only under the
 * proxy's own address: a name may be rebound to it, and its pages could read the answer.
 */
bool guard_is_own_address(const struct desk_request *req);

#define GUARD_TOKEN_LEN 32u
/* A token for one use ("form", "probe"), this client and this day. */
void guard_token(const struct desk_context *ctx, const struct desk_request *req, const char *use,
		 char out[GUARD_TOKEN_LEN + 1]);
/* Of this day or the one before. */
bool guard_token_good(const struct desk_context *ctx, const struct desk_request *req,
		      const char *use, struct slice token);

#endif
