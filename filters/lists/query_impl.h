/*
 * query_impl.h - a request made ready, for the files of this folder.
 */
#ifndef CRUMBGATE_FILTERS_LISTS_QUERY_IMPL_H
#define CRUMBGATE_FILTERS_LISTS_QUERY_IMPL_H

#include "filters/lists/keys.h"
#include "filters/lists/names.h"
#include "filters/lists/pattern.h"
#include "filters/lists/query.h"
#include "filters/url.h"

/* Scheme, host and port in front of what QUERY_URL_MAX bounds. */
#define QUERY_BYTES_MAX (QUERY_URL_MAX + SITE_MAX + 64u)
/* Every second octet can end a token. */
#define QUERY_TOKENS_MAX (QUERY_BYTES_MAX / 2 + 1)
#define QUERY_PARTS_MAX (QUERY_BYTES_MAX / (KEY_PART + 1) + 1)
#define QUERY_SOURCE_MAX 512u
/* More than twice as many. */
#define QUERY_SEEN 9001u

/* More rules about the cookies of one request than this are not heard. */
#define QUERY_COOKIE_RULES_MAX 256u

struct query_run {
	uint16_t from, end; /* in low */
};

struct query {
	struct sites *sites;
	struct regex_scratch *scratch;
	const struct query_facts *facts;
	struct url_parts parts;
	bool first_party;
	bool same_host; /* the source's */
	unsigned type_bit, party_bit, method_bit;
	size_t n, host_at, path_at;
	unsigned tokens_n, runs_n, heads_n, tails_n;
	struct names host, source;
	char source_site[SITE_MAX];
	size_t source_site_n;
	struct slice source_was; /* in source_text */
	char source_text[QUERY_SOURCE_MAX];
	uint32_t source_key[NAMES_MAX];
	uint32_t tokens[QUERY_TOKENS_MAX];
	/* Runs long enough to have parts; these only once somebody asks for them. */
	struct query_run runs[QUERY_PARTS_MAX];
	bool parts_found;
	uint32_t heads[QUERY_PARTS_MAX], tails[QUERY_PARTS_MAX];
	/* With room behind them to be read in larger pieces. */
	char low[QUERY_BYTES_MAX + PATTERN_ROOM]; /* the URL in lower case */
	char raw[QUERY_BYTES_MAX + PATTERN_ROOM]; /* the same, only the host in lower case */
	/* Rules about any of its cookies, but those filed under names; once somebody asks. */
	const struct lists *cookie_rules_of; /* NULL: nobody did */
	const struct image_rule *cookie_rule[QUERY_COOKIE_RULES_MAX];
	unsigned cookie_rules_n;
	uint32_t stamp;
	uint64_t seen[QUERY_SEEN];
};

/* The same request, as if it went to another host: for aliases, and back. */
bool query_set_host(struct query *q, struct slice host);

/* Fills heads and tails. */
void query_find_parts(struct query *q);

static inline struct slice query_low(const struct query *q)
{
	return slice_of(q->low, q->n);
}

static inline struct slice query_raw(const struct query *q)
{
	return slice_of(q->raw, q->n);
}

#endif
