/*
 * classify_row.h - a CSV record as the facts of one cookie.
 *
 * The header's names say which facts are there; names in brackets mean the same:
 *
 *	name (cookie, cookie_name)	the only one that must be there
 *	domain (host)			who sets it; a leading dot makes it a Domain attribute
 *	provider			the same where domain is empty: its first host name
 *	site (page)			the page, as URL or host
 *	party, third_party		first or third; 0 or 1.  Else found from domain and site
 *	value, or shape			the value, or its shape as the log writes it
 *	expiry_s (lifetime_s, max_age), session		seconds; 1: until the browser closes
 *	http_only (httponly), host_only, secure, same_site (samesite)
 *
 * Other columns are left alone.  A fact whose field is empty or makes no sense is not known.
 */
#ifndef CRUMBGATE_CMD_CLASSIFY_ROW_H
#define CRUMBGATE_CMD_CLASSIFY_ROW_H

#include "cmd/csv.h"
#include "filters/score_features.h"
#include "filters/site.h"

enum classify_column {
	CLASSIFY_NAME,
	CLASSIFY_DOMAIN,
	CLASSIFY_PROVIDER,
	CLASSIFY_SITE,
	CLASSIFY_PARTY,
	CLASSIFY_THIRD_PARTY,
	CLASSIFY_VALUE,
	CLASSIFY_SHAPE,
	CLASSIFY_EXPIRY,
	CLASSIFY_SESSION,
	CLASSIFY_HTTP_ONLY,
	CLASSIFY_HOST_ONLY,
	CLASSIFY_SECURE,
	CLASSIFY_SAME_SITE,
	CLASSIFY_COLUMNS,
};

/* Where each column stands, counted from 1; 0: not there. */
struct classify_columns {
	size_t at[CLASSIFY_COLUMNS];
	size_t n; /* fields of the header */
};

/* From the header record.  False: what is wrong, in *error. */
bool classify_columns_of(const struct csv *header, struct classify_columns *out,
			 const char **error);

/* The facts are borrowed from the record.  False: the record does not fit, why in *error. */
bool classify_facts(struct sites *sites, const struct classify_columns *columns,
		    const struct csv *record, struct score_facts *out, const char **error);

#endif
