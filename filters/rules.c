/*
 * The index of a cookie table.
 *
 * Rows are sorted once, the most specific first, so a row's place is its rank and the best match is
 * the smallest place.  Each row is filed under its literal (the whole name, or the longer side of
 * its '*') and, when it has domains, under the literal with each of them.  A look-up hashes the
 * name once from each end and probes only the lengths that occur in the table; domains are probed
 * only for a literal that was found and has any.  Hashes choose candidates and no more: every
 * candidate is compared, so nothing depends on them but speed.
 */
#include "filters/rules.h"

#include "filters/cookie.h"
#include "filters/rules_parse.h"

#include <stdlib.h>

#define NO_ITEM 0x7fffffffu
#define HAS_DOMAINS 0x80000000u
/* A host has 127 labels at most. */
#define LABELS_MAX 128u

/* One row under one key.  Lists run from the smallest row up. */
struct item {
	uint32_t row, next;
	uint32_t domain_at;
	uint32_t domain_length; /* 0: any host */
};

/* tag 0: free.  head: the first item, and HAS_DOMAINS. */
struct slot {
	uint32_t tag, head;
};

struct lengths {
	uint64_t bits[4];
};

struct rules {
	char *text;
	size_t text_length;
	struct rule_list rows;
	struct item *items;
	uint32_t item_count;
	struct slot *slots;
	uint32_t slot_mask;
	unsigned max_labels;
	struct lengths prefixes, suffixes;
};

/* What a literal is; each has its own start value, so that they do not meet. */
enum literal { LITERAL_EXACT, LITERAL_PREFIX, LITERAL_SUFFIX };

#define HASH_STEP UINT64_C(0x9e3779b97f4a7c15)

static uint64_t hash_start(enum literal kind)
{
	return ((uint64_t)kind + 1) * UINT64_C(0xd6e8feb86659fd93);
}

static uint64_t hash_octet(uint64_t h, char c)
{
	h = (h ^ (unsigned char)c) * HASH_STEP;
	return h ^ h >> 29;
}

static uint64_t hash_forward(enum literal kind, struct slice s)
{
	uint64_t h = hash_start(kind);

	for (size_t i = 0; i < s.n; i++)
		h = hash_octet(h, s.p[i]);
	return h;
}

static uint64_t hash_backward(enum literal kind, struct slice s)
{
	uint64_t h = hash_start(kind);

	for (size_t i = s.n; i > 0; i--)
		h = hash_octet(h, s.p[i - 1]);
	return h;
}

/* Domains are hashed from their end, so that one pass gives all parents of a host. */
static uint64_t hash_domain(struct slice s)
{
	uint64_t h = 0;

	for (size_t i = s.n; i > 0; i--)
		h = hash_octet(h, ascii_lower(s.p[i - 1]));
	return h;
}

static uint64_t join(uint64_t literal, uint64_t domain)
{
	return (literal ^ domain * UINT64_C(0xbf58476d1ce4e5b9)) * HASH_STEP;
}

static uint64_t finish(uint64_t h)
{
	h = (h ^ h >> 32) * UINT64_C(0x94d049bb133111eb);
	return h ^ h >> 31;
}

static void add_length(struct lengths *l, size_t n)
{
	l->bits[n / 64] |= UINT64_C(1) << (n % 64);
}

static bool has_length(const struct lengths *l, size_t n)
{
	return (l->bits[n / 64] >> (n % 64) & 1) != 0;
}

static struct slice row_pattern(const struct rules *r, const struct rule *row)
{
	return slice_of(r->text + row->at, row->pattern_length);
}

static bool is_exact(const struct rule *row)
{
	return row->star == row->pattern_length;
}

static unsigned literal_length(const struct rule *row)
{
	return is_exact(row) ? row->pattern_length : row->pattern_length - 1u;
}

static int compare(uint32_t a, uint32_t b)
{
	return a < b ? -1 : a > b;
}

/* The order that rules.h promises. */
static int by_rank(const void *left, const void *right)
{
	const struct rule *a = left, *b = right;
	int c = compare(!is_exact(a), !is_exact(b));

	if (c == 0)
		c = compare(literal_length(b), literal_length(a));
	if (c == 0)
		c = compare(a->domains_length == 0, b->domains_length == 0);
	if (c == 0)
		c = compare(a->party == RULE_PARTY_ANY, b->party == RULE_PARTY_ANY);
	if (c == 0)
		c = compare(a->max_life_s == RULE_LIFE_ANY, b->max_life_s == RULE_LIFE_ANY);
	return c != 0 ? c : compare(a->line, b->line);
}

static struct slot *find_slot(const struct rules *r, uint64_t key)
{
	uint64_t h = finish(key);
	uint32_t tag = (uint32_t)(h >> 32) | 1u;
	uint32_t at = (uint32_t)h & r->slot_mask;

	while (r->slots[at].tag != tag && r->slots[at].tag != 0)
		at = (at + 1) & r->slot_mask;
	return &r->slots[at];
}

/* As find_slot(), and takes the slot if it is free. */
static struct slot *take_slot(struct rules *r, uint64_t key)
{
	struct slot *s = find_slot(r, key);

	if (s->tag == 0) {
		s->tag = (uint32_t)(finish(key) >> 32) | 1u;
		s->head = NO_ITEM;
	}
	return s;
}

static void file_item(struct rules *r, struct slot *s, uint32_t row, struct slice domain)
{
	struct item *i = &r->items[r->item_count];

	i->row = row;
	i->next = s->head & ~HAS_DOMAINS;
	i->domain_at = domain.n != 0 ? (uint32_t)(domain.p - r->text) : 0;
	i->domain_length = (uint32_t)domain.n;
	s->head = (s->head & HAS_DOMAINS) | r->item_count++;
}

static uint64_t literal_key(struct rules *r, const struct rule *row)
{
	struct slice p = row_pattern(r, row);
	struct slice before = slice_head(p, row->star), after = slice_skip(p, row->star + 1u);

	if (is_exact(row))
		return hash_forward(LITERAL_EXACT, p);
	if (before.n >= after.n) {
		add_length(&r->prefixes, before.n);
		return hash_forward(LITERAL_PREFIX, before);
	}
	add_length(&r->suffixes, after.n);
	return hash_backward(LITERAL_SUFFIX, after);
}

static unsigned count_labels(struct slice domain)
{
	unsigned n = 1;

	for (size_t i = 0; i < domain.n; i++)
		n += domain.p[i] == '.';
	return n;
}

static void file_row(struct rules *r, uint32_t n)
{
	const struct rule *row = &r->rows.at[n];
	uint64_t key = literal_key(r, row);
	struct slice rest = slice_of(r->text + row->domains_at, row->domains_length), domain;

	if (row->domains_length == 0) {
		file_item(r, take_slot(r, key), n, slice_of(NULL, 0));
		return;
	}
	take_slot(r, key)->head |= HAS_DOMAINS;
	while (rest.p != NULL) {
		rest = slice_cut(rest, ',', &domain);
		if (count_labels(domain) > r->max_labels)
			r->max_labels = count_labels(domain);
		file_item(r, take_slot(r, join(key, hash_domain(domain))), n, domain);
	}
}

static size_t count_items(const struct rules *r)
{
	size_t n = 0;

	for (uint32_t i = 0; i < r->rows.count; i++) {
		const struct rule *row = &r->rows.at[i];

		n++;
		for (uint32_t k = 0; k < row->domains_length; k++)
			n += r->text[row->domains_at + k] == ',';
	}
	return n;
}

/* Rows are filed from the last to the first, each at the head of its list. */
static bool build_index(struct rules *r)
{
	size_t items = count_items(r), keys = items + r->rows.count, slots = 64;

	while (slots < keys * 2)
		slots *= 2;
	r->slot_mask = (uint32_t)(slots - 1);
	r->slots = calloc(slots, sizeof(*r->slots));
	r->items = calloc(items + 1, sizeof(*r->items));
	if (r->slots == NULL || r->items == NULL)
		return false;
	for (uint32_t i = r->rows.count; i > 0; i--)
		file_row(r, i - 1);
	return true;
}

/* Gives back what growing by doubling took too much. */
static void trim_rows(struct rule_list *rows)
{
	struct rule *at = realloc(rows->at, ((size_t)rows->count + 1) * sizeof(*at));

	if (at == NULL)
		return;
	rows->at = at;
	rows->cap = rows->count + 1;
}

struct rules *rules_new(struct slice table, const char *name, struct buf *error)
{
	struct rules *r;

	if (table.n > RULES_TEXT_MAX) {
		buf_addf(error, "%s:1: the table is larger than 64 MiB: split it", name);
		return NULL;
	}
	r = calloc(1, sizeof(*r));
	if (r != NULL)
		r->text = malloc(table.n + 1);
	if (r == NULL || r->text == NULL) {
		rules_free(r);
		buf_addf(error, "%s:1: out of memory", name);
		return NULL;
	}
	r->text_length = table.n;
	slice_copy(table, r->text, table.n + 1);
	if (!rules_parse(slice_of(r->text, table.n), name, &r->rows, error)) {
		rules_free(r);
		return NULL;
	}
	trim_rows(&r->rows);
	if (r->rows.count != 0)
		qsort(r->rows.at, r->rows.count, sizeof(*r->rows.at), by_rank);
	if (!build_index(r)) {
		rules_free(r);
		buf_addf(error, "%s:1: out of memory", name);
		return NULL;
	}
	return r;
}

void rules_free(struct rules *r)
{
	if (r == NULL)
		return;
	free(r->text);
	free(r->rows.at);
	free(r->items);
	free(r->slots);
	free(r);
}

size_t rules_count(const struct rules *r)
{
	return r->rows.count;
}

size_t rules_size(const struct rules *r)
{
	return sizeof(*r) + r->text_length + 1 + r->rows.cap * sizeof(*r->rows.at) +
	       r->item_count * sizeof(*r->items) + ((size_t)r->slot_mask + 1) * sizeof(*r->slots);
}

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
		    matches_pattern(row_pattern(r, row), row->star, q->name) &&
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
		h = hash_octet(h, ascii_lower(q->host.p[i - 1]));
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
	const struct slot *s = find_slot(q->rules, key);

	if (s->tag == 0)
		return;
	scan_list(q, s->head);
	if ((s->head & HAS_DOMAINS) == 0)
		return;
	if (!q->labels_known)
		hash_labels(q);
	for (unsigned i = 0; i < q->label_count; i++) {
		const struct slot *d = find_slot(q->rules, join(key, q->label_hash[i]));

		if (d->tag != 0)
			scan_list(q, d->head);
	}
}

static void probe_wildcards(struct query *q)
{
	const struct rules *r = q->rules;
	size_t n = q->name.n < RULE_PATTERN_MAX ? q->name.n : RULE_PATTERN_MAX;
	uint64_t h = hash_start(LITERAL_PREFIX);

	for (size_t i = 0;; i++) {
		if (has_length(&r->prefixes, i))
			probe(q, h);
		if (i == n)
			break;
		h = hash_octet(h, q->name.p[i]);
	}
	h = hash_start(LITERAL_SUFFIX);
	for (size_t i = 1; i <= n; i++) {
		h = hash_octet(h, q->name.p[q->name.n - i]);
		if (has_length(&r->suffixes, i))
			probe(q, h);
	}
}

static void fill_row(const struct rules *r, const struct rule *row, struct rules_row *out)
{
	struct slice c[COLUMN_COUNT];

	rules_split(slice_of(r->text + row->at, row->length), c);
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
}

bool rules_match(const struct rules *r, struct slice name, struct slice host, enum party party,
		 int64_t lifetime_s, struct rules_row *out)
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
		probe(&q, hash_forward(LITERAL_EXACT, name));
	/* An exact row outranks every wildcard. */
	if (q.best == UINT32_MAX)
		probe_wildcards(&q);
	if (q.best == UINT32_MAX)
		return false;
	fill_row(r, &r->rows.at[q.best], out);
	return true;
}
