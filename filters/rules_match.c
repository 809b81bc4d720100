/* Looking a cookie up in a compiled table (rules_index.h). */
#include "filters/rules.h"

#include "filters/rules_index.h"

/* A host has 127 labels at most. */
#define LABELS_MAX 128u

/* One look-up: what is asked, and the best row so far. */
struct query {
	const struct rules *rules;
	struct slice name, host;
	enum party party;
	int64_t lifetime_s;
	uint32_t best;
	bool labels_known;
	unsigned label_count;
	uint64_t label_hash[LABELS_MAX];
};

static bool matches_pattern(struct slice pattern, size_t star, struct slice name)
{
	if (star == pattern.n)
		return slice_eq(pattern, name);
	return name.n + 1 >= pattern.n && slice_starts(name, slice_head(pattern, star)) &&
	       slice_ends(name, slice_skip(pattern, star + 1));
}

/* Clocks of an origin and of this machine differ, so a limit has a minute or 2 % of slack. */
static bool matches_life(uint32_t max_life_s, int64_t lifetime_s)
{
	int64_t max = max_life_s;

	if (max_life_s == RULE_LIFE_ANY || lifetime_s <= 0)
		return true;
	if (max == 0)
		return false;
	return lifetime_s <= max + (max / 50 > 60 ? max / 50 : 60);
}

static bool matches_domain(const struct query *q, const struct item *i)
{
	struct slice domain = slice_of(q->rules->text + i->domain_at, i->domain_length);

	if (domain.n == 0)
		return true;
	return slice_iends(q->host, domain) &&
	       (q->host.n == domain.n || q->host.p[q->host.n - domain.n - 1] == '.');
}

static void scan_list(struct query *q, uint32_t head)
{
	const struct rules *r = q->rules;

	for (uint32_t at = head & ~HAS_DOMAINS; at != NO_ITEM; at = r->items[at].next) {
		const struct item *i = &r->items[at];
		const struct rule *row = &r->rows.at[i->row];

		if (i->row >= q->best)
			return;
		if ((row->party == RULE_PARTY_ANY || row->party == (uint8_t)q->party) &&
		    matches_life(row->max_life_s, q->lifetime_s) &&
		    matches_pattern(rules_row_pattern(r, row), row->star, q->name) &&
		    matches_domain(q, i)) {
			q->best = i->row;
			return;
		}
	}
}

/* The hash of the host and of each of its parents, the top label first. */
static void hash_labels(struct query *q)
{
	uint64_t h = 0;

	for (size_t i = q->host.n; i > 0; i--) {
		h = rules_hash_octet(h, ascii_lower(q->host.p[i - 1]));
		if (i != 1 && q->host.p[i - 2] != '.')
			continue;
		if (q->label_count == q->rules->max_labels || q->label_count == LABELS_MAX)
			break;
		q->label_hash[q->label_count++] = h;
	}
	q->labels_known = true;
}

static void probe(struct query *q, uint64_t key)
{
	const struct slot *s = rules_find_slot(q->rules, key);

	if (s->tag == 0)
		return;
	scan_list(q, s->head);
	if ((s->head & HAS_DOMAINS) == 0)
		return;
	if (!q->labels_known)
		hash_labels(q);
	for (unsigned i = 0; i < q->label_count; i++) {
		const struct slot *d =
			rules_find_slot(q->rules, rules_hash_join(key, q->label_hash[i]));

		if (d->tag != 0)
			scan_list(q, d->head);
	}
}

static void probe_wildcards(struct query *q)
{
	const struct rules *r = q->rules;
	size_t n = q->name.n < RULE_PATTERN_MAX ? q->name.n : RULE_PATTERN_MAX;
	uint64_t h = rules_hash_start(LITERAL_PREFIX);

	for (size_t i = 0;; i++) {
		if (lengths_have(&r->prefixes, i))
			probe(q, h);
		if (i == n)
			break;
		h = rules_hash_octet(h, q->name.p[i]);
	}
	h = rules_hash_start(LITERAL_SUFFIX);
	for (size_t i = 1; i <= n; i++) {
		h = rules_hash_octet(h, q->name.p[q->name.n - i]);
		if (lengths_have(&r->suffixes, i))
			probe(q, h);
	}
}

static const struct rule *best_row(const struct rules *r, struct slice name, struct slice host,
				   enum party party, int64_t lifetime_s)
{
	struct query q;

	/* Member by member: label_hash is a kilobyte that is seldom used. */
	q.rules = r;
	q.name = name;
	q.host = host.n != 0 && host.p[host.n - 1] == '.' ? slice_head(host, host.n - 1) : host;
	q.party = party;
	q.lifetime_s = lifetime_s;
	q.best = UINT32_MAX;
	q.labels_known = false;
	q.label_count = 0;
	if (name.n <= RULE_PATTERN_MAX)
		probe(&q, rules_hash_forward(LITERAL_EXACT, name));
	/* An exact row outranks every wildcard. */
	if (q.best == UINT32_MAX)
		probe_wildcards(&q);
	return q.best != UINT32_MAX ? &r->rows.at[q.best] : NULL;
}

static struct rules_hit hit_of(const struct rules *r, const struct rule *row)
{
	return (struct rules_hit){
		.pattern = rules_row_pattern(r, row),
		.purpose = (enum purpose)row->purpose,
		.line = row->line,
	};
}

bool rules_find(const struct rules *r, struct slice name, struct slice host, enum party party,
		int64_t lifetime_s, struct rules_hit *out)
{
	const struct rule *row = best_row(r, name, host, party, lifetime_s);

	if (row == NULL)
		return false;
	*out = hit_of(r, row);
	return true;
}

/* The larger, the better a row fits a name of which no more is known. */
static unsigned fits_name(const struct rule *row, enum party party)
{
	if (row->party == (uint8_t)party)
		return 3;
	return row->purpose == PURPOSE_ESSENTIAL ? 2 : 1;
}

bool rules_find_by_name(const struct rules *r, struct slice name, enum party party,
			struct rules_hit *out)
{
	const struct rule *best = NULL;

	for (uint32_t i = 0; i < r->rows.count; i++) {
		const struct rule *row = &r->rows.at[i];

		if (slice_eq(rules_row_pattern(r, row), name) &&
		    (best == NULL || fits_name(row, party) > fits_name(best, party)))
			best = row;
	}
	if (best != NULL)
		*out = hit_of(r, best);
	return best != NULL;
}

bool rules_match(const struct rules *r, struct slice name, struct slice host, enum party party,
		 int64_t lifetime_s, struct rules_row *out)
{
	const struct rule *row = best_row(r, name, host, party, lifetime_s);
	struct slice c[COLUMN_COUNT];

	if (row == NULL || !rules_split(slice_of(r->text + row->at, row->length), c))
		return false;
	*out = (struct rules_row){
		.pattern = c[COLUMN_PATTERN],
		.kind = c[COLUMN_KIND],
		.setter = c[COLUMN_SETTER],
		.life = c[COLUMN_LIFE],
		.what = c[COLUMN_WHAT],
		.source = c[COLUMN_SOURCE],
		.purpose = (enum purpose)row->purpose,
		.line = row->line,
	};
	return true;
}
