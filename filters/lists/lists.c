#include "filters/lists/lists_impl.h"

#include "filters/lists/regex.h"

#include <stdlib.h>

static void open_index(struct index *x, const char *image, const struct image_index *from,
		       size_t record)
{
	x->records = image_at(image, from->records);
	x->directory = image_at(image, from->directory);
	x->filter = image_at(image, from->filter);
	x->filter_mask = from->filter.n / 8 - 1;
	x->bits = from->bits;
	x->always = from->always;
	x->parts = from->parts;
	x->n = (uint32_t)(from->records.n / record);
}

bool lists_ready(struct lists *l)
{
	struct image_span s = l->h->section[SECTION_REGEXES];
	const struct image_regex *r = image_at(l->image, s);

	if (l->regexes != NULL)
		return true;
	l->regexes_n = (uint32_t)(s.n / sizeof(*r));
	l->regexes = calloc((size_t)l->regexes_n + 1, sizeof(struct regex *));
	if (l->regexes == NULL)
		return false;
	/* One that does not compile stays NULL and matches nothing. */
	for (uint32_t i = 0; i < l->regexes_n; i++)
		l->regexes[i] =
			regex_new(slice_of(l->text + r[i].text, r[i].n), r[i].match_case != 0);
	return true;
}

static bool find_entities(const struct lists *l)
{
	uint32_t n = (uint32_t)(l->h->section[SECTION_SETS].n / 4), at = 0;

	while (at < n) {
		const struct image_set *set = (const void *)(l->sets + at);
		const struct image_set_entry *e = (const void *)(l->sets + at + IMAGE_SET_WORDS);
		uint32_t entries = set->yes + set->no;

		for (uint32_t i = 0; i < entries; i++)
			if (e[i].entity != 0)
				return true;
		at += (uint32_t)(IMAGE_SET_WORDS + entries * IMAGE_ENTRY_WORDS) + set->yes_regexes +
		      set->no_regexes;
	}
	return false;
}

struct lists *lists_open_unready(struct slice image, struct buf *error)
{
	const char *why = image_check(image);
	struct lists *l = why == NULL ? calloc(1, sizeof(*l)) : NULL;

	if (l == NULL) {
		buf_adds(error, why != NULL ? why : "out of memory");
		return NULL;
	}
	l->image = image.p;
	l->h = (const void *)image.p;
	l->text = image_at(image.p, l->h->section[SECTION_TEXT]);
	l->text_n = l->h->section[SECTION_TEXT].n;
	l->options = image_at(image.p, l->h->section[SECTION_OPTIONS]);
	l->sets = image_at(image.p, l->h->section[SECTION_SETS]);
	l->classes = image_at(image.p, l->h->section[SECTION_CLASSES]);
	for (unsigned i = 0; i < 2; i++)
		open_index(&l->hosts[i], image.p, &l->h->hosts[i], sizeof(struct image_host));
	for (unsigned i = 0; i < REALMS; i++)
		open_index(&l->realm[i], image.p, &l->h->realm[i], sizeof(struct image_rule));
	l->has_entities = find_entities(l);
	return l;
}

struct lists *lists_open(struct slice image, struct buf *error)
{
	struct lists *l = lists_open_unready(image, error);

	if (l == NULL || lists_ready(l))
		return l;
	lists_free(l);
	buf_adds(error, "out of memory");
	return NULL;
}

void lists_free(struct lists *l)
{
	if (l == NULL)
		return;
	for (uint32_t i = 0; l->regexes != NULL && i < l->regexes_n; i++)
		regex_free(l->regexes[i]);
	free(l->regexes);
	free(l);
}

static const struct image_list *list_table(const struct lists *l)
{
	return image_at(l->image, l->h->section[SECTION_LISTS]);
}

size_t lists_count(const struct lists *l)
{
	return l->h->section[SECTION_LISTS].n / sizeof(struct image_list);
}

struct slice lists_name(const struct lists *l, size_t i)
{
	const struct image_list *list = list_table(l) + i;

	if (i >= lists_count(l))
		return SLICE("");
	return slice_of(l->text + list->name, list->name_n);
}

size_t lists_rules_of(const struct lists *l, size_t i)
{
	return i < lists_count(l) ? list_table(l)[i].rules : 0;
}

size_t lists_rules(const struct lists *l)
{
	return l->h->rules;
}

uint64_t lists_source(const struct lists *l)
{
	return l->h->source;
}

size_t lists_left_count(const struct lists *l, enum left_kind kind)
{
	struct image_span s = l->h->section[SECTION_COUNTS];
	const uint32_t *counts = image_at(l->image, s);

	return kind < s.n / 4 ? counts[kind] : 0;
}

bool lists_left(const struct lists *l, size_t i, struct lists_left *out)
{
	struct image_span s = l->h->section[SECTION_LEFT];
	const struct image_left *left = image_at(l->image, s);

	if (i >= s.n / sizeof(*left))
		return false;
	out->kind = (enum left_kind)left[i].kind;
	out->list = left[i].list;
	out->line = left[i].line;
	out->text = slice_of(l->text + left[i].text, left[i].n);
	return true;
}

const uint32_t *rule_option(const struct lists *l, const struct image_rule *r,
			    enum image_option option)
{
	const uint32_t *at = l->options + r->options - 1;
	uint32_t mask;

	if (r->options == 0 || (*at >> option & 1) == 0)
		return NULL;
	mask = *at++ & ((1u << option) - 1);
	for (unsigned i = 0; mask != 0; i++, mask >>= 1)
		if ((mask & 1) != 0)
			at += image_option_words(i);
	return at;
}

struct slice rule_text(const struct lists *l, uint32_t text)
{
	struct slice rest = slice_of(l->text + text, l->text_n - text);

	return slice_head(rest, slice_find(rest, '\n'));
}

/* The last list that begins at it or before. */
size_t rule_list(const struct lists *l, uint32_t text)
{
	const struct image_list *list = list_table(l);
	size_t low = 0, high = lists_count(l);

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (list[mid].from <= text)
			low = mid + 1;
		else
			high = mid;
	}
	return low != 0 ? low - 1 : 0;
}
