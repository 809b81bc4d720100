#include "filters/lists/format.h"

#include <stdlib.h>

static uint64_t mix(uint64_t h, uint64_t v)
{
	h = (h ^ v) * 0x9fb21c651e98df25u;
	return h ^ h >> 29;
}

/* Four lanes, so that one multiplication need not wait for the other. */
uint64_t image_checksum(uint64_t seed, const void *p, size_t n)
{
	uint64_t lane[4] = { seed, seed ^ 1, seed ^ 2, seed ^ 3 }, v[4];
	const char *at = p;
	uint64_t h = n;

	for (; n >= sizeof(v); n -= sizeof(v), at += sizeof(v)) {
		memcpy(v, at, sizeof(v));
		for (unsigned i = 0; i < 4; i++)
			lane[i] = mix(lane[i], v[i]);
	}
	memset(v, 0, sizeof(v));
	if (n != 0)
		memcpy(v, at, n);
	for (unsigned i = 0; i < 4; i++)
		h = mix(h, mix(lane[i], v[i]));
	return h;
}

/* ---- the check ---- */

struct check {
	const char *image;
	const struct image_header *h;
	uint32_t text_n;
	uint32_t regexes;
	/* A bit for each word at which a block of OPTIONS, a set of SETS begins. */
	unsigned char *option_starts, *set_starts;
};

static uint32_t count_of(struct image_span s, size_t size)
{
	return (uint32_t)(s.n / size);
}

static bool span_good(const struct image_header *h, struct image_span s, size_t record)
{
	return s.off % 8 == 0 && s.off >= sizeof(*h) && s.off <= h->size &&
	       s.n <= h->size - s.off && s.n % record == 0;
}

static bool string_good(const struct check *c, uint32_t off, uint32_t n)
{
	return off <= c->text_n && n <= c->text_n - off;
}

static bool starts_here(const unsigned char *starts, uint32_t word)
{
	return (starts[word / 8] >> (word % 8) & 1) != 0;
}

static bool header_good(const struct check *c)
{
	static const size_t records[SECTIONS] = {
		[SECTION_TEXT] = 1,
		[SECTION_LISTS] = sizeof(struct image_list),
		[SECTION_CLASSES] = sizeof(struct image_class),
		[SECTION_OPTIONS] = 4,
		[SECTION_SETS] = 4,
		[SECTION_REGEXES] = sizeof(struct image_regex),
		[SECTION_LEFT] = sizeof(struct image_left),
		[SECTION_COUNTS] = 4,
	};
	const struct image_header *h = c->h;

	for (unsigned i = 0; i < SECTIONS; i++)
		if (!span_good(h, h->section[i], records[i]))
			return false;
	/* Whatever reads text to the end of a line finds one. */
	return h->section[SECTION_TEXT].n != 0 &&
	       c->image[h->section[SECTION_TEXT].off + h->section[SECTION_TEXT].n - 1] == '\n' &&
	       count_of(h->section[SECTION_LISTS], sizeof(struct image_list)) <= IMAGE_LISTS_MAX &&
	       count_of(h->section[SECTION_REGEXES], sizeof(struct image_regex)) <=
		       IMAGE_REGEXES_MAX;
}

static bool lists_good(const struct check *c)
{
	struct image_span s = c->h->section[SECTION_LISTS];
	const struct image_list *l = image_at(c->image, s);
	uint32_t before = 0;

	for (uint32_t i = 0; i < count_of(s, sizeof(*l)); i++) {
		if (!string_good(c, l[i].name, l[i].name_n) || l[i].from < before ||
		    l[i].to < l[i].from || l[i].to > c->text_n)
			return false;
		before = l[i].to;
	}
	return true;
}

static bool regexes_good(const struct check *c)
{
	struct image_span s = c->h->section[SECTION_REGEXES];
	const struct image_regex *r = image_at(c->image, s);

	for (uint32_t i = 0; i < c->regexes; i++)
		if (!string_good(c, r[i].text, r[i].n))
			return false;
	return true;
}

static bool left_good(const struct check *c)
{
	struct image_span s = c->h->section[SECTION_LEFT];
	const struct image_left *r = image_at(c->image, s);

	for (uint32_t i = 0; i < count_of(s, sizeof(*r)); i++)
		if (!string_good(c, r[i].text, r[i].n))
			return false;
	return true;
}

/* One set at word `at` of n: how many words it takes, 0 when it is wrong. */
static uint32_t set_words(const struct check *c, const uint32_t *words, uint32_t at, uint32_t n)
{
	const struct image_set *set = (const void *)(words + at);
	const struct image_set_entry *e;
	const uint32_t *regexes;
	uint64_t need;

	if (n - at < IMAGE_SET_WORDS)
		return 0;
	need = IMAGE_SET_WORDS + ((uint64_t)set->yes + set->no) * IMAGE_ENTRY_WORDS +
	       set->yes_regexes + set->no_regexes;
	if (need > n - at)
		return 0;
	e = (const void *)(words + at + IMAGE_SET_WORDS);
	for (uint32_t i = 0; i < set->yes + set->no; i++)
		if (!string_good(c, e[i].name, e[i].n))
			return 0;
	regexes = (const uint32_t *)(e + set->yes + set->no);
	for (uint32_t i = 0; i < set->yes_regexes + set->no_regexes; i++)
		if (regexes[i] >= c->regexes)
			return 0;
	return (uint32_t)need;
}

static bool sets_good(struct check *c)
{
	struct image_span s = c->h->section[SECTION_SETS];
	const uint32_t *words = image_at(c->image, s);
	uint32_t n = count_of(s, 4), at = 0, took;

	for (; at < n; at += took) {
		took = set_words(c, words, at, n);
		if (took == 0)
			return false;
		c->set_starts[at / 8] |= (unsigned char)(1u << (at % 8));
	}
	return true;
}

static bool set_named(const struct check *c, uint32_t word)
{
	return word < count_of(c->h->section[SECTION_SETS], 4) && starts_here(c->set_starts, word);
}

static bool option_good(const struct check *c, unsigned option, const uint32_t *w)
{
	switch (option) {
	case OPT_DOMAIN:
	case OPT_TO:
	case OPT_DENYALLOW:
		return set_named(c, w[0]);
	case OPT_PATTERN:
	case OPT_VALUE:
		return string_good(c, w[0], w[1]);
	case OPT_REGEX:
	case OPT_VALUE_REGEX:
		return w[0] < c->regexes;
	case OPT_HEADER:
		return string_good(c, w[0], w[1]) && string_good(c, w[2], w[3]) &&
		       (w[4] == UINT32_MAX || w[4] < c->regexes);
	default:
		return true;
	}
}

static uint32_t block_words(const struct check *c, const uint32_t *words, uint32_t at, uint32_t n)
{
	uint32_t mask = words[at], used = 1;

	if (mask == 0 || mask >> OPTIONS != 0)
		return 0;
	for (unsigned i = 0; i < OPTIONS; i++) {
		if ((mask >> i & 1) == 0)
			continue;
		if (image_option_words(i) > n - at - used || !option_good(c, i, words + at + used))
			return 0;
		used += image_option_words(i);
	}
	return used;
}

static bool options_good(struct check *c)
{
	struct image_span s = c->h->section[SECTION_OPTIONS];
	const uint32_t *words = image_at(c->image, s);
	uint32_t n = count_of(s, 4), at = 0, took;

	for (; at < n; at += took) {
		took = block_words(c, words, at, n);
		if (took == 0)
			return false;
		c->option_starts[at / 8] |= (unsigned char)(1u << (at % 8));
	}
	return true;
}

static bool index_good(const struct check *c, const struct image_index *x, size_t record)
{
	uint32_t n, before = x->always;
	const uint32_t *dir;

	if (!span_good(c->h, x->records, record) || !span_good(c->h, x->directory, 4) ||
	    !span_good(c->h, x->filter, 8) || x->bits > 24 ||
	    count_of(x->directory, 4) != (1u << x->bits) + 1)
		return false;
	n = count_of(x->filter, 8);
	if (n == 0 || (n & (n - 1)) != 0)
		return false;
	n = count_of(x->records, record);
	dir = image_at(c->image, x->directory);
	for (uint32_t i = 0; i <= 1u << x->bits; i++) {
		if (dir[i] < before)
			return false;
		before = dir[i];
	}
	return before == n;
}

static bool hosts_good(const struct check *c, const struct image_index *x)
{
	uint32_t classes = count_of(c->h->section[SECTION_CLASSES], sizeof(struct image_class));
	const struct image_host *r;

	if (!index_good(c, x, sizeof(*r)))
		return false;
	r = image_at(c->image, x->records);
	for (uint32_t i = 0; i < count_of(x->records, sizeof(*r)); i++)
		if (r[i].class >= classes || !string_good(c, r[i].text, r[i].at))
			return false;
	return true;
}

static bool rule_good(const struct check *c, const struct image_rule *r)
{
	const uint32_t *words = image_at(c->image, c->h->section[SECTION_OPTIONS]);
	uint32_t mask = 0;

	/* The line the rule is on has an end, even where the pattern is empty. */
	if (r->text >= c->text_n || !string_good(c, r->text, (uint32_t)r->at + r->pattern_n))
		return false;
	if (r->options != 0) {
		if (r->options > count_of(c->h->section[SECTION_OPTIONS], 4) ||
		    !starts_here(c->option_starts, r->options - 1))
			return false;
		mask = words[r->options - 1];
	}
	return (r->flags & RULE_REGEX) == 0 || (mask >> OPT_REGEX & 1) != 0;
}

static bool realm_good(const struct check *c, const struct image_index *x)
{
	const struct image_rule *r;

	if (!index_good(c, x, sizeof(*r)))
		return false;
	r = image_at(c->image, x->records);
	for (uint32_t i = 0; i < count_of(x->records, sizeof(*r)); i++)
		if (!rule_good(c, &r[i]))
			return false;
	return true;
}

static const char *check_all(struct check *c)
{
	if (!lists_good(c) || !regexes_good(c) || !left_good(c))
		return "the compiled list's tables are wrong";
	if (!sets_good(c) || !options_good(c))
		return "the compiled list's options are wrong";
	for (unsigned i = 0; i < 2; i++)
		if (!hosts_good(c, &c->h->hosts[i]))
			return "the compiled list's index of hosts is wrong";
	for (unsigned i = 0; i < REALMS; i++)
		if (!realm_good(c, &c->h->realm[i]))
			return "the compiled list's index of rules is wrong";
	return NULL;
}

static const char *check_head(const struct check *c, size_t n)
{
	const size_t summed = offsetof(struct image_header, version);

	if (n < sizeof(*c->h) || n > IMAGE_MAX || (uintptr_t)c->image % 8 != 0 ||
	    c->h->magic != IMAGE_MAGIC)
		return "this is no compiled filter list";
	if (c->h->version != IMAGE_VERSION)
		return "another version of the program compiled this list";
	if (c->h->size != n)
		return "the compiled list is cut";
	if (c->h->checksum != image_checksum(IMAGE_VERSION, c->image + summed, n - summed))
		return "the compiled list is damaged";
	if (!header_good(c))
		return "the compiled list's head is wrong";
	return NULL;
}

const char *image_check(struct slice image)
{
	struct check c = { .image = image.p, .h = (const void *)image.p };
	const char *why = check_head(&c, image.n);

	if (why != NULL)
		return why;
	c.text_n = c.h->section[SECTION_TEXT].n;
	c.regexes = count_of(c.h->section[SECTION_REGEXES], sizeof(struct image_regex));
	c.option_starts = calloc(1, c.h->section[SECTION_OPTIONS].n / 32 + 1);
	c.set_starts = calloc(1, c.h->section[SECTION_SETS].n / 32 + 1);
	why = c.option_starts != NULL && c.set_starts != NULL ? check_all(&c) : "out of memory";
	free(c.option_starts);
	free(c.set_starts);
	return why;
}
