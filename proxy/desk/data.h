/*
 * data.h - what the ledger says about one client, read for the pages.
 *
 * The document is the recorder's (evidence/ledger.h).  Strings are borrowed from it and live until
 * desk_data_free(); a key that is missing or of another type is an empty string or 0, so that a
 * page can always be made.
 */
#ifndef CRUMBGATE_PROXY_DESK_DATA_H
#define CRUMBGATE_PROXY_DESK_DATA_H

#include "base/slice.h"

struct desk_cookie {
	struct slice site, host, name, party, purpose, why; /* of the newest sighting */
	uint64_t kept, removed, expired;		    /* sightings */
	int64_t unasked; /* of these, before any choice; -1: not known */
	int64_t life_s;	 /* as an origin set it; 0: until the browser is closed; -1: not known */
	int64_t last;	 /* wall ms */
};

/*
 * What a site claimed, what contradicts it, and what was done about a request: an entry of kind
 * claim, contradiction, write, block, strip or heal (crumbgate-evidence(5)).
 */
struct desk_claim {
	struct slice site, host, kind, name, why;
	struct slice choice; /* in force then */
	uint64_t count;
	int64_t first, last; /* wall ms; first 0: not known */
};

struct desk_site {
	struct slice name; /* registrable domain; empty: not known */
	int64_t last;
	const struct desk_cookie *cookies; /* newest first */
	size_t cookies_n;
	const struct desk_claim *claims; /* newest first */
	size_t claims_n;
};

struct desk_data {
	struct desk_site *sites; /* newest first */
	size_t sites_n;
	struct desk_cookie *cookies; /* by site */
	size_t cookies_n;
	struct desk_claim *claims; /* by site */
	size_t claims_n;
	bool more; /* the ledger has older ones */
	void *document;
};

/* NULL: not JSON of the right form, or no memory. */
struct desk_data *desk_data_new(struct slice json);
const struct desk_site *desk_data_find(const struct desk_data *d, struct slice site);
void desk_data_free(struct desk_data *d);

/* What the newest verdict was; after a change of mind the counts tell of the time before. */
bool desk_removed(const struct desk_cookie *c);
/* No table knows the cookie; its purpose was guessed from what it looks like. */
bool desk_guessed(const struct desk_cookie *c);
/* It is let through because somebody accepted that. */
bool desk_accepted(const struct desk_cookie *c);
/* It was removed, and is let through for a day because the site went round in circles. */
bool desk_put_back(const struct desk_cookie *c);

#endif
