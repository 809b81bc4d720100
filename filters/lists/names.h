/*
 * names.h - a host and all its parents, hashed once for every question about them.
 */
#ifndef CRUMBGATE_FILTERS_LISTS_NAMES_H
#define CRUMBGATE_FILTERS_LISTS_NAMES_H

#include "filters/lists/lists_impl.h"
#include "filters/lists/regex.h"
#include "filters/site.h"

/* A host of 253 characters has no more labels. */
#define NAMES_MAX 128u

struct names {
	char host[SITE_MAX]; /* lower case */
	size_t n;
	size_t suffix_at; /* of the public suffix; n: not known */
	unsigned count;
	uint8_t at[NAMES_MAX];	/* the last label first, the whole host last */
	uint32_t key[NAMES_MAX]; /* host_hash() */
	uint64_t raw[NAMES_MAX];
};

/* host: as site_of_host() would take it.  An empty one has no names. */
void names_set(struct names *names, struct slice host);
/* `site` is the registrable domain of the host: what is behind its first dot is the suffix. */
void names_set_site(struct names *names, size_t site_n);

/* Is the host in a set of SETS (domain=, to=)?  A set without a yes holds all but its noes. */
bool names_in_set(const struct names *names, const struct lists *l, uint32_t set,
		  struct regex_scratch *scratch);

#endif
