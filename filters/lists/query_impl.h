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

/*
 * In steps of regular expressions, some 10 ns each.  The lists in use take tens to thousands of them
 * for a request, and for the longest URLs a few hundred thousand.  What is paid for a rule beforehand
 * is what most take; the worst ones take some eight times as much.
 */
#define QUERY_WORK_MAX 2000000u
#define QUERY_WORK_RULE 4u    /* a rule that is looked at */
#define QUERY_WORK_OCTETS 16u /* so much of the URL is passed in one step, for its pattern */
#define QUERY_WORK_RECORDS 8u /* so many that are filed under the same key are passed in one step */

/* More rules about the cookies of one request than this are not heard. */
#define QUERY_COOKIE_RULES_MAX 256u

/*
 * What rules that are filed under no name say of a name, remembered by a keyed hash of it and of which
 * rules they are: browsers send the same few cookies with each request.
 */
#define QUERY_NAMES_BITS 8
#define QUERY_NAMES_WAYS 4

struct query_name {
	uint64_t id; /* 0: free */
	/* The strongest of each kind, the first of equals; NULL: none. */
	const struct image_rule *remove, *change, *except;
};

struct query_run {
	uint16_t from, end; /* in low */
};

struct query {
	struct sites *sites;
	struct regex_scratch *scratch;
	const struct query_facts *facts;
	uint32_t rule_cost;	     /* of looking at one rule */
	uint32_t left;		     /* of the work that one request may be; 0: it was too much */
	const struct image_rule *at; /* the last rule that it was done for; NULL: none yet */
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
	uint64_t cookie_rules_id;
	const void *names_of; /* the image */
	struct query_name names[1u << QUERY_NAMES_BITS][QUERY_NAMES_WAYS];
	uint32_t stamp;
	uint64_t seen[QUERY_SEEN];
};

/* The same request, as if it went to another host: for aliases, and back. */
bool query_set_host(struct query *q, struct slice host);

/* Pays for looking at a rule.  False: there is not enough left, and nothing more is looked at. */
static inline bool query_pay(struct query *q, const struct image_rule *r, size_t cost)
{
	if (q->left <= cost) {
		q->left = 0;
		return false;
	}
	q->left -= (uint32_t)cost;
	q->at = r;
	return true;
}

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
