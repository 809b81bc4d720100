/*
 * site.h - the site of a host: its registrable domain by the Public Suffix List.
 *
 *	struct sites *sites = sites_new(SITES_LATEST);
 *	char site[SITE_MAX];
 *	if (!site_of_host(sites, host, site)) ...   // no host name at all: treat as an error
 *
 * A site here has no scheme (HTML's "schemelessly same site"): the log speaks of organisations,
 * and http and https of one domain are one.  Made once per process, before it is sandboxed:
 * SITES_LATEST reads the system's list when that is newer than the one compiled into libpsl.
 * A small direct-mapped cache inside makes repeated hosts cheap; so the struct is not const, and
 * not shared by threads.
 */
#ifndef CRUMBGATE_FILTERS_SITE_H
#define CRUMBGATE_FILTERS_SITE_H

#include "base/slice.h"

/* A DNS name has 253 characters at most; with the NUL. */
#define SITE_MAX 256

struct sites;

enum sites_source { SITES_BUILTIN, SITES_LATEST };

/* NULL when there is no list or no memory. */
struct sites *sites_new(enum sites_source source);
/* A list in the publisher's text format, from memory; NULL when it cannot be loaded. */
struct sites *sites_new_from_text(struct slice list);
void sites_free(struct sites *s);

/*
 * Lower case, no trailing dot.  An IP address (v4, or v6 in brackets or bare) and a public suffix
 * are their own site; IDNs are taken in punycode, as they are on the wire.  False, and out empty:
 * host is empty, longer than a DNS name can be, or holds octets no host has.
 */
bool site_of_host(struct sites *s, struct slice host, char out[SITE_MAX]);
/* True when the host itself is a public suffix ("com", "github.io"), never for addresses. */
bool site_is_public_suffix(struct sites *s, struct slice host);
/* The same, but only what the list names: "printer", a host of one's own network, is none then. */
bool site_is_listed_suffix(struct sites *s, struct slice host);

/* Two sites as site_of_host() writes them. */
bool same_site(const char *a, const char *b);
/* An IPv4 address (its last label is a number) or a v6 literal. */
bool host_is_address(struct slice host);

#endif
