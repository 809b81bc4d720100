/* Compiling a cookie table: its rows sorted and filed (rules_index.h). */
#include "filters/rules.h"

#include "filters/rules_index.h"
#include "filters/rules_text.h"
#include "filters/score.h"
#include "filters/setters.h"

#include <stdlib.h>

static uint64_t hash_backward(enum literal kind, struct slice s)
{
	uint64_t h = rules_hash_start(kind);

	for (size_t i = s.n; i > 0; i--)
		h = rules_hash_octet(h, s.p[i - 1]);
	return h;
}

/* Domains are hashed from their end, so that one pass gives all parents of a host. */
static uint64_t hash_domain(struct slice s)
{
	uint64_t h = 0;

	for (size_t i = s.n; i > 0; i--)
		h = rules_hash_octet(h, ascii_lower(s.p[i - 1]));
	return h;
}

static void add_length(struct lengths *l, size_t n)
{
	l->bits[n / 64] |= UINT64_C(1) << (n % 64);
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

/* As rules_find_slot(), and takes the slot if it is free. */
static struct slot *take_slot(struct rules *r, uint64_t key)
{
	struct slot *s = rules_find_slot(r, key);

	if (s->tag == 0) {
		s->tag = (uint32_t)(rules_hash_finish(key) >> 32) | 1u;
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
	struct slice p = rules_row_pattern(r, row);
	struct slice before = slice_head(p, row->star), after = slice_skip(p, row->star + 1u);

	if (is_exact(row))
		return rules_hash_forward(LITERAL_EXACT, p);
	if (before.n >= after.n) {
		add_length(&r->prefixes, before.n);
		return rules_hash_forward(LITERAL_PREFIX, before);
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
		file_item(r, take_slot(r, rules_hash_join(key, hash_domain(domain))), n, domain);
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

static bool compile_sections(struct rules *r, const struct rules_sections *s, struct buf *error)
{
	if (s->trackers.p != NULL) {
		r->setters = setters_new(s->trackers, "trackers.tsv", error);
		if (r->setters == NULL)
			return false;
	}
	if (s->weights.p != NULL)
		r->model = score_new(s->weights, "score.tsv", error);
	return s->weights.p == NULL || r->model != NULL;
}

struct rules *rules_new(struct slice text, const char *name, struct buf *error)
{
	const struct rules_sections sections = rules_sections_of(text);
	struct slice table = sections.cookies;
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
	if (!rules_parse(slice_of(r->text, table.n), name, &r->rows, error) ||
	    !compile_sections(r, &sections, error)) {
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
	setters_free(r->setters);
	score_free(r->model);
	free(r);
}

size_t rules_count(const struct rules *r)
{
	return r->rows.count;
}

const struct setters *rules_setters(const struct rules *r)
{
	return r->setters;
}

const struct score_model *rules_model(const struct rules *r)
{
	return r->model;
}

size_t rules_size(const struct rules *r)
{
	return sizeof(*r) + r->text_length + 1 + r->rows.cap * sizeof(*r->rows.at) +
	       r->item_count * sizeof(*r->items) + ((size_t)r->slot_mask + 1) * sizeof(*r->slots);
}
