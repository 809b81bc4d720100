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
	int64_t last;					    /* wall ms */
};

struct desk_site {
	struct slice name; /* registrable domain; empty: not known */
	int64_t last;
	const struct desk_cookie *cookies; /* newest first */
	size_t cookies_n;
};

struct desk_data {
	struct desk_site *sites; /* newest first */
	size_t sites_n;
	struct desk_cookie *cookies; /* by site */
	size_t cookies_n;
	bool more; /* the ledger has older ones */
	void *document;
};

/* NULL: not JSON of the right form, or no memory. */
struct desk_data *desk_data_new(struct slice json);
const struct desk_site *desk_data_find(const struct desk_data *d, struct slice site);
void desk_data_free(struct desk_data *d);

/* What the newest verdict was; after a change of mind the counts tell of the time before. */
bool desk_kept_out(const struct desk_cookie *c);
/* It was kept out, and is let through for a day because the site went round in circles. */
bool desk_put_back(const struct desk_cookie *c);

#endif
