/*
 * url.h - the parts of an absolute http or https URL, as Referer and Origin carry it.
 *
 * Browsers serialise these fields themselves (WHATWG URL), so this reads that form only: lower- or
 * upper-case scheme, no fragment; user information is skipped, a missing port is the scheme's.
 */
#ifndef CRUMBGATE_FILTERS_URL_H
#define CRUMBGATE_FILTERS_URL_H

#include "base/slice.h"

struct url_parts {
	bool secure;	   /* https or wss */
	struct slice host; /* a v6 literal keeps its brackets */
	uint16_t port;
	struct slice target; /* path and query; "/" where there is none */
};

/* Slices are borrowed.  False for "null", other schemes, and anything malformed. */
bool url_split(struct slice url, struct url_parts *out);

/* What stands behind the first '?', the fragment left out; empty where there is none. */
struct slice url_query(struct slice url);

#endif
