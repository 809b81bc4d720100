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
	struct sites *sites;
	size_t suffix_at; /* of the public suffix, once asked for; n: none */
	unsigned count;
	uint8_t at[NAMES_MAX];	 /* the last label first, the whole host last */
	uint32_t key[NAMES_MAX]; /* host_hash() */
	uint64_t raw[NAMES_MAX];
};

/* host: as site_of_host() would take it; an empty one has no names.  `sites` is borrowed. */
void names_set(struct names *names, struct sites *sites, struct slice host);

static inline struct slice names_host(const struct names *names)
{
	return slice_of(names->host, names->n);
}

/* Is the host in a set of SETS (domain=, to=)?  A set without a yes holds all but its noes. */
bool names_in_set(struct names *names, const struct lists *l, uint32_t set,
		  struct regex_scratch *scratch);

#endif
