/*
 * read.h - what a site's consent banner says somebody chose.
 *
 *	struct banner_reading r[BANNER_READINGS_MAX], all;
 *	size_t n = banner_read(table, host, pairs, count, r);
 *	all = banner_summary(r, n);
 *	if (all.state == BANNER_ACCEPT || (all.state == BANNER_PARTIAL && all.granted & bit))
 *		...                             // see change.h before you call it a person's choice
 *
 * banner_read() takes all cookies of one request at once, because some products need two of them
 * (OptanonConsent and OptanonAlertBoxClosed); those of a Set-Cookie go in together with what the
 * browser already sends.  The result is one reading for each product that is there.
 *
 * Pure: no clock, no file, nothing kept.  Everything given is hostile: a value of more than
 * BANNER_VALUE_MAX octets is not looked into, JSON within more than 16 brackets neither, and what
 * cannot be read is UNREADABLE, which is no consent.  No part of a value appears in a reading.
 *
 * Jansson hashes its objects' keys with a seed that it takes from the system at its first use: a
 * process that is to be locked in calls json_object_seed(0) before.
 */
#ifndef CRUMBGATE_FILTERS_BANNERS_READ_H
#define CRUMBGATE_FILTERS_BANNERS_READ_H

#include "filters/banners/reading.h"
#include "filters/banners/table.h"

#define BANNER_VALUE_MAX 8192u
#define BANNER_BODY_MAX 65536u
/* Products on one site; where there are more, all of them are UNREADABLE. */
#define BANNER_READINGS_MAX 8u

struct banner_pair {
	struct slice name, value; /* as they stand on the wire */
};

/* host: of the request, without port.  Returns how many readings there are. */
size_t banner_read(const struct banners *t, struct slice host, const struct banner_pair *pairs,
		   size_t count, struct banner_reading out[BANNER_READINGS_MAX]);

/* The same of a Cookie field value (crumbs joined). */
size_t banner_read_field(const struct banners *t, struct slice host, struct slice cookie,
			 struct banner_reading out[BANNER_READINGS_MAX]);

/*
 * What the browser will have once an answer is stored: the request's Cookie field value, with the
 * cookies that the answer sets instead of those of the same name.  A pair whose value has no bytes
 * and p == NULL is one that the answer deletes.
 */
size_t banner_read_set(const struct banners *t, struct slice host, struct slice cookie,
		       const struct banner_pair *set, size_t count,
		       struct banner_reading out[BANNER_READINGS_MAX]);

/*
 * One answer for the site.  Where two products disagree the one that grants less counts, and a
 * refusal counts at once; a TC string that belongs to no product speaks where nothing else does,
 * and takes back all when it grants nothing.
 */
struct banner_reading banner_summary(const struct banner_reading *readings, size_t count);

/* A request by which a banner may report the answer. */
struct banner_report {
	struct slice method, host; /* host without port */
	struct slice path, query;  /* path from '/', query without '?' */
	struct slice body;	   /* the whole of it, decoded; may be empty */
};

/* Is it one, and is it worth keeping its body (of at most BANNER_BODY_MAX octets) for it? */
bool banner_is_report(const struct banners *t, const struct banner_report *r, bool *needs_body);

/* False: it is no banner's report.  The reading then is BANNER_NONE. */
bool banner_read_report(const struct banners *t, const struct banner_report *r,
			struct banner_reading *out);

#endif
