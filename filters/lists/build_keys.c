#include "filters/lists/build_impl.h"

#include "filters/lists/keys.h"
#include "filters/lists/regex.h"

#include <stdlib.h>

#define KEYS_MAX 64u
/* A rule for more sources than this is not filed under each of them. */
#define SOURCES_MAX 256u
/* A key with more rules than this is worth less than the rule's sources. */
#define CROWD 40u

/* Whole tokens, and parts of runs that are bounded on one side. */
struct keys {
	uint32_t key[KEYS_MAX];
	bool part[KEYS_MAX];
	unsigned n;
};

/* How often keys occur in rules; those with the same upper bits are counted as one. */
struct counts {
	uint32_t *n;
	unsigned bits;
};

static bool counts_init(struct counts *c, size_t rules)
{
	c->bits = 10;
	while (c->bits < 20 && rules >> c->bits != 0)
		c->bits++;
	/* A rule has several keys. */
	c->bits += 2;
	c->n = calloc((size_t)1 << c->bits, sizeof(*c->n));
	return c->n != NULL;
}

static uint32_t *count_of(struct counts *c, uint32_t key)
{
	return &c->n[key >> (32 - c->bits)];
}

/* Words that are in very many URLs.  Their weight is in rules. */
static const struct {
	const char *token;
	uint32_t weight;
} common[] = {
	{ "http", 1u << 24 },	 { "https", 1u << 24 },	  { "com", 1u << 22 },
	{ "www", 1u << 21 },	 { "net", 1u << 19 },	  { "js", 1u << 20 },
	{ "org", 1u << 18 },	 { "css", 1u << 17 },	  { "html", 1u << 17 },
	{ "php", 1u << 17 },	 { "jpg", 1u << 18 },	  { "png", 1u << 18 },
	{ "gif", 1u << 17 },	 { "svg", 1u << 16 },	  { "webp", 1u << 17 },
	{ "json", 1u << 16 },	 { "woff2", 1u << 16 },	  { "static", 1u << 16 },
	{ "images", 1u << 16 },	 { "image", 1u << 16 },	  { "img", 1u << 16 },
	{ "cdn", 1u << 16 },	 { "assets", 1u << 16 },  { "media", 1u << 15 },
	{ "api", 1u << 15 },	 { "scripts", 1u << 15 }, { "script", 1u << 15 },
	{ "content", 1u << 15 }, { "id", 1u << 15 },	  { "min", 1u << 15 },
	{ "index", 1u << 14 },	 { "v1", 1u << 15 },	  { "v2", 1u << 15 },
	{ "1", 1u << 15 },	 { "0", 1u << 15 },	  { "2", 1u << 15 },
	{ "3", 1u << 14 },	 { "en", 1u << 14 },	  { "de", 1u << 14 },
	{ "uk", 1u << 14 },	 { "co", 1u << 15 },	  { "io", 1u << 15 },
	{ "wp", 1u << 14 },	 { "main", 1u << 14 },	  { "css2", 1u << 12 },
	{ "fonts", 1u << 14 },	 { "google", 1u << 13 },  { "2f", 1u << 12 },
	{ "t", 1u << 13 },	 { "s", 1u << 13 },	  { "d", 1u << 12 },
	{ "c", 1u << 12 },	 { "a", 1u << 12 },	  { "p", 1u << 12 },
	{ "v", 1u << 13 },	 { "true", 1u << 12 },	  { "url", 1u << 12 },
	{ "type", 1u << 12 },	 { "utm", 1u << 12 },	  { "page", 1u << 12 },
};

static void add_common(struct counts *c, struct slice token, uint32_t weight)
{
	char padded[16] = { 0 };

	memcpy(padded, token.p, token.n);
	*count_of(c, key_of_token(padded, token.n)) += weight;
	if (token.n < KEY_PART)
		return;
	*count_of(c, key_of_part(padded, KEY_HEAD)) += weight;
	*count_of(c, key_of_part(padded + token.n - KEY_PART, KEY_TAIL)) += weight;
}

/* ---- the keys a rule could be filed under ---- */

static void add_key(struct keys *k, uint32_t key, bool part)
{
	if (k->n == KEYS_MAX)
		return;
	k->part[k->n] = part;
	k->key[k->n++] = key;
}

static void add_run(struct keys *k, struct slice run, bool open_start, bool open_end)
{
	char padded[RULE_PATTERN_MAX + 16] = { 0 };

	if (run.n > RULE_PATTERN_MAX || (open_start && open_end))
		return;
	memcpy(padded, run.p, run.n);
	if (!open_start && !open_end)
		add_key(k, key_of_token(padded, run.n), false);
	else if (run.n >= KEY_PART && open_end)
		add_key(k, key_of_part(padded, KEY_HEAD), true);
	else if (run.n >= KEY_PART)
		add_key(k, key_of_part(padded + run.n - KEY_PART, KEY_TAIL), true);
}

/* The runs of a pattern; open: a URL may have more of the run on that side. */
static void add_tokens(struct keys *k, struct slice p, bool open_start, bool open_end)
{
	size_t from;

	for (size_t i = 0; i < p.n;) {
		if (!is_token_char(p.p[i])) {
			i++;
			continue;
		}
		for (from = i; i < p.n && is_token_char(p.p[i]);)
			i++;
		add_run(k, slice_of(p.p + from, i - from),
			from == 0 ? open_start : p.p[from - 1] == '*',
			i == p.n ? open_end : p.p[i] == '*');
	}
}

static const uint32_t *option_of(const struct build *b, const struct image_rule *r,
				 enum image_option option)
{
	const uint32_t *at = (const void *)buf_slice(&b->options).p;
	uint32_t mask;

	if (r->options == 0)
		return NULL;
	at += r->options - 1;
	mask = *at++;
	if ((mask >> option & 1) == 0)
		return NULL;
	for (unsigned i = 0; i < option; i++)
		if ((mask >> i & 1) != 0)
			at += image_option_words(i);
	return at;
}

static struct slice string_of(const struct build *b, const uint32_t *w)
{
	return slice_head(slice_skip(buf_slice(&b->text), w[0]), w[1]);
}

static void add_pattern_keys(const struct build *b, struct keys *k, const struct image_rule *r)
{
	const uint32_t *w = option_of(b, r, OPT_PATTERN);
	struct slice p = slice_head(slice_skip(buf_slice(&b->text), r->text + r->at), r->pattern_n);
	char low[RULE_PATTERN_MAX + 1];

	if (w != NULL)
		p = string_of(b, w);
	if (p.n > sizeof(low))
		return;
	for (size_t i = 0; i < p.n; i++)
		low[i] = ascii_lower(p.p[i]);
	add_tokens(k, slice_of(low, p.n), (r->flags & (RULE_AT_LABEL | RULE_AT_START)) == 0,
		   (r->flags & RULE_AT_END) == 0);
}

static void add_regex_keys(const struct build *b, struct keys *k, const struct image_rule *r)
{
	const uint32_t *w = option_of(b, r, OPT_REGEX);
	const struct image_regex *regexes = (const void *)buf_slice(&b->regexes).p;
	char outline[REGEX_TEXT_MAX + 2];
	struct slice text;

	text = slice_head(slice_skip(buf_slice(&b->text), regexes[w[0]].text), regexes[w[0]].n);
	if (text.n <= REGEX_TEXT_MAX)
		add_tokens(k, slice_of(outline, regex_outline(text, outline)), true, true);
}

/* A parameter has '?' or '&' before and '=' behind its name; one that is encoded is not known. */
static void add_param_keys(const struct build *b, struct keys *k, const struct image_rule *r)
{
	const uint32_t *value = option_of(b, r, OPT_VALUE), *mode = option_of(b, r, OPT_MODE);
	char low[64];
	struct slice name;

	if (value == NULL || option_of(b, r, OPT_VALUE_REGEX) != NULL ||
	    (mode != NULL && (mode[0] & MODE_NOT) != 0))
		return;
	name = string_of(b, value);
	if (name.n > sizeof(low))
		return;
	for (size_t i = 0; i < name.n; i++) {
		if (!is_host_char(name.p[i]))
			return;
		low[i] = ascii_lower(name.p[i]);
	}
	add_tokens(k, slice_of(low, name.n), false, false);
}

/* A cookie's rule is looked for by the cookie's name, whatever else it asks for. */
static bool cookie_key(const struct build *b, const struct image_rule *r, uint32_t *key)
{
	const uint32_t *value = option_of(b, r, OPT_VALUE);

	if (value == NULL || option_of(b, r, OPT_VALUE_REGEX) != NULL)
		return false;
	*key = key_of(string_of(b, value), KEY_NAME);
	return true;
}

static void keys_of(const struct build *b, const struct draft *d, struct keys *k)
{
	k->n = 0;
	if ((d->rule.flags & RULE_REGEX) != 0)
		add_regex_keys(b, k, &d->rule);
	else if ((d->rule.flags & RULE_ANY) == 0)
		add_pattern_keys(b, k, &d->rule);
	if (d->realm == REALM_PARAM)
		add_param_keys(b, k, &d->rule);
}

/* ---- which of them ---- */

static void file(struct build *b, struct buf *out, const struct draft *d, size_t i, uint32_t key)
{
	struct filing f = { .key = key, .draft = (uint32_t)i, .realm = d->realm };

	build_add(b, out, &f, sizeof(f));
}

/* Under each source, where domain= names some and only by name. */
static bool file_by_source(struct build *b, struct buf *out, const struct draft *d, size_t i)
{
	const uint32_t *w = option_of(b, &d->rule, OPT_DOMAIN), *words;
	const struct image_set_entry *e;
	const struct image_set *set;

	if (w == NULL)
		return false;
	words = (const uint32_t *)(const void *)buf_slice(&b->sets).p + w[0];
	set = (const void *)words;
	e = (const void *)(words + IMAGE_SET_WORDS);
	if (set->yes == 0 || set->yes > SOURCES_MAX || set->yes_regexes != 0)
		return false;
	for (uint32_t j = 0; j < set->yes; j++)
		if (e[j].entity != 0)
			return false;
	for (uint32_t j = 0; j < set->yes; j++) {
		struct slice name = slice_head(slice_skip(buf_slice(&b->text), e[j].name), e[j].n);

		file(b, out, d, i, key_end(host_hash_raw(name), KEY_SOURCE));
	}
	return true;
}

/* A part is shared by many runs, so a whole token is taken before it. */
#define PART_WEIGHT 16u

static void file_draft(struct build *b, struct buf *out, struct counts *counts,
		       const struct draft *d, size_t i)
{
	struct filing f = { .draft = (uint32_t)i, .realm = d->realm, .always = true };
	uint32_t least = UINT32_MAX;
	struct keys k;

	if (d->realm == REALM_COOKIE && cookie_key(b, &d->rule, &f.key)) {
		file(b, out, d, i, f.key);
		return;
	}
	keys_of(b, d, &k);
	for (unsigned j = 0; j < k.n; j++) {
		uint32_t n = *count_of(counts, k.key[j]) + (k.part[j] ? PART_WEIGHT : 0);

		if (n < least) {
			least = n;
			f.key = k.key[j];
			f.part = k.part[j];
			f.always = false;
		}
	}
	if (least > CROWD && file_by_source(b, out, d, i))
		return;
	build_add(b, out, &f, sizeof(f));
}

static void count_keys(struct build *b, struct counts *counts)
{
	size_t n = draft_count(b);
	struct keys k;

	for (size_t i = 0; i < sizeof(common) / sizeof(common[0]); i++)
		add_common(counts, slice_str(common[i].token), common[i].weight);
	for (size_t i = 0; i < n; i++) {
		if (draft_at(b, i)->host)
			continue;
		keys_of(b, draft_at(b, i), &k);
		for (unsigned j = 0; j < k.n; j++)
			++*count_of(counts, k.key[j]);
	}
}

/* Fewer rules than this are asked faster than all parts of a URL are looked up. */
#define PARTS_WORTH 12u

static void drop_few_parts(struct buf *filings)
{
	struct filing *f = (void *)(filings->mem + filings->off);
	size_t n = buf_slice(filings).n / sizeof(*f);
	unsigned parts[REALMS] = { 0 };

	for (size_t i = 0; i < n; i++)
		parts[f[i].realm] += f[i].part;
	for (size_t i = 0; i < n; i++) {
		if (!f[i].part || parts[f[i].realm] >= PARTS_WORTH)
			continue;
		f[i].part = false;
		f[i].always = true;
	}
}

/* So many of a realm are asked about every request; real lists have a few. */
#define ALWAYS_MAX 2000u

static void leave_many(struct build *b, struct buf *filings)
{
	struct filing *f = (void *)(filings->mem + filings->off);
	size_t n = buf_slice(filings).n / sizeof(*f), kept = 0;
	unsigned always[REALMS] = { 0 };

	for (size_t i = 0; i < n; i++) {
		if (f[i].always && ++always[f[i].realm] > ALWAYS_MAX)
			build_left_draft(b, LEFT_PATTERN, draft_at(b, f[i].draft));
		else
			f[kept++] = f[i];
	}
	filings->len = kept * sizeof(*f);
}

bool build_filings(struct build *b, struct buf *filings)
{
	size_t n = draft_count(b);
	struct counts counts;

	if (!counts_init(&counts, n))
		return false;
	count_keys(b, &counts);
	for (size_t i = 0; i < n && b->error == NULL; i++)
		if (!draft_at(b, i)->host)
			file_draft(b, filings, &counts, draft_at(b, i), i);
	drop_few_parts(filings);
	leave_many(b, filings);
	free(counts.n);
	return b->error == NULL;
}
