#include "filters/lists/query_impl.h"

#include "filters/lists/keys.h"

#include <stdlib.h>

struct query *query_new(struct sites *sites)
{
	struct query *q = calloc(1, sizeof(*q));

	if (q == NULL)
		return NULL;
	q->sites = sites;
	q->scratch = regex_scratch_new(&q->left);
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
	names_set(&q->source, q->sites, host);
	q->source_site_n = strlen(q->source_site);
	for (unsigned i = 0; i < q->source.count; i++)
		q->source_key[i] = key_end(q->source.raw[i], KEY_SOURCE);
	q->source_was = slice_of(NULL, 0);
	if (source.n <= sizeof(q->source_text)) {
		if (source.n != 0)
			memcpy(q->source_text, source.p, source.n);
		q->source_was = slice_of(q->source_text, source.n);
	}
}

/* Whatever is of the source's site ends in its name; what does is looked up. */
static bool is_of_source_site(struct query *q)
{
	struct slice host = names_host(&q->host);
	char site[SITE_MAX];

	if (q->source_site_n == 0 || !slice_ends(host, slice_of(q->source_site, q->source_site_n)))
		return false;
	return q->same_host ||
	       (site_of_host(q->sites, host, site) && same_site(site, q->source_site));
}

static void set_party(struct query *q)
{
	q->same_host = slice_eq(names_host(&q->host), names_host(&q->source));
	if (q->facts->party != QUERY_PARTY_UNKNOWN)
		q->first_party = q->facts->party == QUERY_FIRST;
	else
		q->first_party = is_of_source_site(q);
	q->party_bit = q->first_party ? RULE_FIRST : RULE_THIRD;
}

/* ---- the URL ---- */

#define EACH(octet) (0x0101010101010101ull * (octet))

/* The high bit of each octet that is from low to high; octets are below 0x80. */
static inline uint64_t octets_within(uint64_t v, unsigned char low, unsigned char high)
{
	return ((v + EACH(0x80u - low)) ^ (v + EACH(0x7fu - high))) & EACH(0x80u);
}

/* Eight octets of the URL into lower case; a bit for each that is part of a token. */
static inline unsigned lower_eight(const char *raw, char *low)
{
	uint64_t v, seven, upper, token;

	memcpy(&v, raw, 8);
	seven = v & EACH(0x7fu);
	upper = octets_within(seven, 'A', 'Z') & ~v;
	v |= upper >> 2;
	memcpy(low, &v, 8);
	seven |= upper >> 2;
	token = (octets_within(seven, 'a', 'z') | octets_within(seven, '0', '9')) & ~v;
	token = le64toh(token) >> 7;
	/* Gathers the lowest bits of eight octets, the first octet's lowest. */
	return (unsigned)(token * 0x0102040810204080ull >> 56);
}

static inline void add_token(struct query *q, size_t from, size_t end)
{
	if (end - from >= KEY_PART)
		q->runs[q->runs_n++] = (struct query_run){ (uint16_t)from, (uint16_t)end };
	q->tokens[q->tokens_n++] = key_of_token(q->low + from, end - from);
}

/* A set without clearing: what carries another stamp than this one's is free. */
static unsigned drop_equal(struct query *q, uint32_t *t, unsigned n)
{
	uint64_t stamp = (uint64_t)++q->stamp << 32;
	unsigned kept = 0;

	for (unsigned i = 0; i < n; i++) {
		uint64_t *at = q->seen + t[i] % QUERY_SEEN;

		while (*at >> 32 == q->stamp && *at != (stamp | t[i]))
			at = at + 1 < q->seen + QUERY_SEEN ? at + 1 : q->seen;
		if (*at != (stamp | t[i]))
			t[kept++] = t[i];
		*at = stamp | t[i];
	}
	return kept;
}

/* From here on a URL has so many tokens that a hostile one could repeat a costly one. */
#define TOKENS_FEW 64u

/* Tokens begin and end where the bits change. */
static void set_tokens(struct query *q)
{
	uint64_t bits, changes, before = 0;
	size_t from = 0;
	bool in = false;

	memset(q->raw + q->n, 0, 8);
	if (q->stamp >= UINT32_MAX - 8) {
		memset(q->seen, 0, sizeof(q->seen));
		q->stamp = 0;
	}
	q->tokens_n = q->runs_n = 0;
	q->parts_found = false;
	for (size_t at = 0; at <= q->n; at += 64) {
		bits = 0;
		for (size_t i = at; i < q->n && i < at + 64; i += 8)
			bits |= (uint64_t)lower_eight(q->raw + i, q->low + i) << (i - at);
		for (changes = bits ^ (bits << 1 | before); changes != 0; changes &= changes - 1) {
			size_t here = at + (size_t)__builtin_ctzll(changes);

			if (in)
				add_token(q, from, here);
			from = here;
			in = !in;
		}
		before = bits >> 63;
	}
	if (q->tokens_n > TOKENS_FEW)
		q->tokens_n = drop_equal(q, q->tokens, q->tokens_n);
}

void query_find_parts(struct query *q)
{
	unsigned n = q->runs_n;

	for (unsigned i = 0; i < n; i++) {
		q->heads[i] = key_of_part(q->low + q->runs[i].from, KEY_HEAD);
		q->tails[i] = key_of_part(q->low + q->runs[i].end - KEY_PART, KEY_TAIL);
	}
	q->heads_n = q->tails_n = n;
	if (n > TOKENS_FEW) {
		q->heads_n = drop_equal(q, q->heads, n);
		q->tails_n = drop_equal(q, q->tails, n);
	}
	q->parts_found = true;
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
	q->cookie_rules_of = NULL;
	q->n = 0;
	put(q, slice_head(url, slice_find(url, ':')));
	for (size_t i = 0; i < q->n; i++)
		q->raw[i] = ascii_lower(q->raw[i]);
	put(q, SLICE("://"));
	q->host_at = q->n;
	names_set(&q->host, q->sites, host);
	put(q, slice_of(q->host.host, q->host.n));
	if (q->parts.port != (q->parts.secure ? 443 : 80))
		put_port(q, q->parts.port);
	q->path_at = q->n;
	/* "http://host?query" stands for "http://host/?query". */
	if (target.n != 0 && target.p[0] != '/')
		put(q, SLICE("/"));
	put(q, slice_head(target, QUERY_URL_MAX));
	q->rule_cost = QUERY_WORK_RULE + (uint32_t)(q->n / QUERY_WORK_OCTETS);
	set_tokens(q);
	set_party(q);
	return true;
}

bool query_set(struct query *q, const struct query_facts *facts)
{
	q->facts = facts;
	q->left = QUERY_WORK_MAX;
	q->at = NULL;
	if (!url_split(facts->url, &q->parts) || (unsigned)facts->type >= LISTS_TYPES)
		return false;
	q->type_bit = LISTS_TYPE_BIT(facts->type);
	q->method_bit = lists_method_bit(facts->method);
	set_source(q, facts->source);
	return query_set_host(q, q->parts.host);
}
