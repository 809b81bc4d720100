#include "filters/lists/query_impl.h"

#include "filters/lists/keys.h"

#include <stdlib.h>

struct query *query_new(struct sites *sites)
{
	struct query *q = calloc(1, sizeof(*q));

	if (q == NULL)
		return NULL;
	q->sites = sites;
	q->scratch = regex_scratch_new();
	if (q->scratch == NULL) {
		free(q);
		return NULL;
	}
	return q;
}

void query_free(struct query *q)
{
	if (q == NULL)
		return;
	regex_scratch_free(q->scratch);
	free(q);
}

/* ---- the source ---- */

static struct slice without_dot(struct slice host)
{
	if (host.n > 1 && host.p[host.n - 1] == '.')
		host.n--;
	return host;
}

/* A page makes many requests, so the last source is kept. */
static void set_source(struct query *q, struct slice source)
{
	struct url_parts parts;
	struct slice host = source;

	if (q->source_was.p != NULL && slice_eq(source, q->source_was))
		return;
	if (url_split(source, &parts))
		host = parts.host;
	host = without_dot(host);
	if (!site_of_host(q->sites, host, q->source_site))
		host = SLICE("");
	names_set(&q->source, host);
	names_set_site(&q->source, strlen(q->source_site));
	for (unsigned i = 0; i < q->source.count; i++)
		q->source_key[i] = key_end(q->source.raw[i], KEY_SOURCE);
	q->source_was = slice_of(NULL, 0);
	if (source.n <= sizeof(q->source_text)) {
		if (source.n != 0)
			memcpy(q->source_text, source.p, source.n);
		q->source_was = slice_of(q->source_text, source.n);
	}
}

static void set_party(struct query *q)
{
	char site[SITE_MAX];
	size_t site_n = 0;

	q->same_host = q->host.n == q->source.n &&
		       memcmp(q->host.host, q->source.host, q->host.n) == 0;
	if (q->same_host) {
		site_n = strlen(q->source_site);
		q->first_party = true;
	} else {
		if (site_of_host(q->sites, slice_of(q->host.host, q->host.n), site))
			site_n = strlen(site);
		q->first_party = same_site(site, q->source_site);
	}
	names_set_site(&q->host, site_n);
	if (q->facts->party != QUERY_PARTY_UNKNOWN)
		q->first_party = q->facts->party == QUERY_FIRST;
	q->party_bit = q->first_party ? RULE_FIRST : RULE_THIRD;
}

/* ---- the URL ---- */

static void add_token(struct query *q, uint64_t h)
{
	if (q->tokens_n < QUERY_TOKENS_MAX)
		q->tokens[q->tokens_n++] = key_end(h, KEY_TOKEN);
}

/* Shell's sort: no memory, and long URLs are few. */
static void drop_equal_tokens(struct query *q)
{
	uint32_t *t = q->tokens;
	unsigned n = q->tokens_n, kept = 0;

	for (unsigned gap = n / 2; gap > 0; gap /= 2) {
		for (unsigned i = gap; i < n; i++) {
			uint32_t v = t[i];
			unsigned j = i;

			for (; j >= gap && t[j - gap] > v; j -= gap)
				t[j] = t[j - gap];
			t[j] = v;
		}
	}
	for (unsigned i = 0; i < n; i++)
		if (i == 0 || t[i] != t[i - 1])
			t[kept++] = t[i];
	q->tokens_n = kept;
}

/* From here on a URL has so many tokens that a hostile one could repeat a costly one. */
#define TOKENS_FEW 64u

static void set_tokens(struct query *q)
{
	uint64_t h = 0;

	q->tokens_n = 0;
	for (size_t i = 0; i < q->n; i++) {
		char c = ascii_lower(q->raw[i]);

		q->low[i] = c;
		if (is_token_char(c)) {
			h = key_step(h, c);
		} else if (h != 0) {
			add_token(q, h);
			h = 0;
		}
	}
	if (h != 0)
		add_token(q, h);
	if (q->tokens_n > TOKENS_FEW)
		drop_equal_tokens(q);
}

static void put(struct query *q, struct slice s)
{
	if (s.n > sizeof(q->raw) - q->n)
		s.n = sizeof(q->raw) - q->n;
	if (s.n != 0)
		memcpy(q->raw + q->n, s.p, s.n);
	q->n += s.n;
}

static void put_port(struct query *q, unsigned port)
{
	char digits[6];
	size_t n = sizeof(digits);

	do {
		digits[--n] = (char)('0' + port % 10);
		port /= 10;
	} while (port != 0);
	digits[--n] = ':';
	put(q, slice_of(digits + n, sizeof(digits) - n));
}

static bool is_host(struct slice host)
{
	return host.n != 0 && host.n < SITE_MAX;
}

bool query_set_host(struct query *q, struct slice host)
{
	struct slice url = q->facts->url, target = q->parts.target;

	host = without_dot(host);
	if (!is_host(host))
		return false;
	q->n = 0;
	put(q, slice_head(url, slice_find(url, ':')));
	for (size_t i = 0; i < q->n; i++)
		q->raw[i] = ascii_lower(q->raw[i]);
	put(q, SLICE("://"));
	q->host_at = q->n;
	names_set(&q->host, host);
	put(q, slice_of(q->host.host, q->host.n));
	if (q->parts.port != (q->parts.secure ? 443 : 80))
		put_port(q, q->parts.port);
	q->path_at = q->n;
	/* "http://host?query" stands for "http://host/?query". */
	if (target.n != 0 && target.p[0] != '/')
		put(q, SLICE("/"));
	put(q, slice_head(target, QUERY_URL_MAX));
	set_tokens(q);
	set_party(q);
	return true;
}

bool query_set(struct query *q, const struct query_facts *facts)
{
	q->facts = facts;
	if (!url_split(facts->url, &q->parts) || (unsigned)facts->type >= LISTS_TYPES)
		return false;
	q->type_bit = LISTS_TYPE_BIT(facts->type);
	q->method_bit = lists_method_bit(facts->method);
	set_source(q, facts->source);
	return query_set_host(q, q->parts.host);
}
