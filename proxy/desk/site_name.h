/*
 * site_name.h - which site a path or a form of the desk means.
 *
 * A name is taken for its site (its registrable domain), as cookies and choices are.  A public
 * suffix ("com") or a single word ("printer") can be the name of a host, but hardly ever is: it is
 * odd.  What is odd has a page only where it was seen, and only that page's form chooses for it.
 */
#ifndef CRUMBGATE_PROXY_DESK_SITE_NAME_H
#define CRUMBGATE_PROXY_DESK_SITE_NAME_H

#include "proxy/desk/desk.h"

#define SITE_NAME_MAX 256

/* The title and the text of the answer where a name is none, or is odd. */
extern const char site_name_title[], site_name_text[];

/* A host name as it was typed, decoded and in lower case; false: it is none. */
bool site_name_read(struct slice text, bool plus, char out[SITE_NAME_MAX]);
/* The site of such a name; false: it has none. */
bool site_name_resolve(const struct desk_context *ctx, struct slice name, char out[SITE_NAME_MAX]);
bool site_name_odd(const struct desk_context *ctx, struct slice site);

/* What the token of a form that chooses for the site (or "*") is for; see guard_token(). */
#define SITE_NAME_USE_MAX (SITE_NAME_MAX + 8)
void site_name_use(const struct desk_context *ctx, struct slice site, char use[SITE_NAME_USE_MAX]);

#endif
