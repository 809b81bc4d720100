/*
 * query.h - one request, made ready to be asked about.
 *
 *	struct query *q = query_new(sites);           // one a worker, reused
 *	struct query_facts f = { .url = ..., .source = ..., .type = LISTS_SCRIPT };
 *	if (!query_set(q, &f)) ...                    // no http, https, ws or wss URL
 *	lists_match(l, q, &verdict);                  // match.h, modify.h
 *
 * query_set() goes over the URL once: lower case, tokens, the host and its parents.  After that all
 * questions about the request are look-ups, without allocation.  Facts are borrowed until the next
 * query_set(); what is asked of one query stays in one thread.
 */
#ifndef CRUMBGATE_FILTERS_LISTS_QUERY_H
#define CRUMBGATE_FILTERS_LISTS_QUERY_H

#include "filters/lists/types.h"
#include "filters/site.h"

/* Of a longer URL the first so many octets are looked at. */
#define QUERY_URL_MAX 8192u

enum query_party { QUERY_PARTY_UNKNOWN, QUERY_FIRST, QUERY_THIRD };

struct query_field {
	struct slice name, value;
};

struct query_facts {
	struct slice url;    /* absolute */
	struct slice source; /* the page or frame that asks: its URL, or its host; empty: unknown */
	enum lists_type type;
	enum query_party
		party;	     /* UNKNOWN: by the sites of the two hosts; without a source, third */
	struct slice method; /* empty: not known */
	/* The CNAME chain of the host, as far as it is known.  What they are is party to nothing. */
	const struct slice *aliases;
	size_t aliases_n;
	/* Of the answer, for header=; none before it comes. */
	const struct query_field *fields;
	size_t fields_n;
};

struct query;

/* `sites` is borrowed. */
struct query *query_new(struct sites *sites);
void query_free(struct query *q);

bool query_set(struct query *q, const struct query_facts *facts);

#endif
