#include "filters/lists/build_impl.h"

#include "base/hash.h"
#include "filters/lists/keys.h"
#include "filters/lists/regex.h"

#include <stdlib.h>

/* A domain list that is in SETS already, by the text it was read from. */
struct set_name {
	uint32_t text, n, set;
};

bool build_has_upper(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] >= 'A' && s.p[i] <= 'Z')
			return true;
	return false;
}

/* Where a part of the rule stands in TEXT; what an option stands for may be no part of it. */
static uint32_t place_of(struct build *b, struct slice s)
{
	uintptr_t line = (uintptr_t)b->rule_line.p, at = (uintptr_t)s.p;

	if (at >= line && at - line < b->rule_line.n)
		return b->rule_text + (uint32_t)(at - line);
	return build_text(b, s);
}

/*
 * The same for a value in which "\\," stands for a comma and `bar` (if any) for what stands between
 * two policies; where it does, as a string of its own.
 */
static uint32_t place_of_value(struct build *b, struct slice s, char bar, uint32_t *n)
{
	uint32_t at = (uint32_t)buf_slice(&b->text).n, dropped = 0;
	bool as_is = bar == 0 || slice_find(s, bar) == s.n;

	for (size_t i = 1; i < s.n; i++)
		dropped += s.p[i] == ',' && s.p[i - 1] == '\\';
	*n = (uint32_t)s.n;
	if (dropped == 0 && as_is)
		return place_of(b, s);
	for (size_t i = 0; i < s.n; i++) {
		if (bar != 0 && s.p[i] == bar)
			build_add(b, &b->text, ", ", 2);
		else if (s.p[i] != '\\' || i + 1 == s.n || s.p[i + 1] != ',')
			build_add(b, &b->text, s.p + i, 1);
	}
	*n = (uint32_t)buf_slice(&b->text).n - at;
	build_add(b, &b->text, "\n", 1);
	return at;
}

static uint32_t word_count(const struct buf *b)
{
	return (uint32_t)(buf_slice(b).n / 4);
}

/* Compiled once here, so that only what compiles is in an image. */
static bool add_regex(struct build *b, struct slice text, bool match_case, uint32_t *out)
{
	struct image_regex e = { .match_case = match_case };
	struct regex *r = NULL;

	e.text = place_of_value(b, text, 0, &e.n);
	if (b->error == NULL)
		r = regex_new(slice_head(slice_skip(buf_slice(&b->text), e.text), e.n), match_case);
	*out = (uint32_t)(buf_slice(&b->regexes).n / sizeof(e));
	if (r == NULL || *out >= IMAGE_REGEXES_MAX ||
	    b->regex_bytes + regex_size(r) > IMAGE_REGEX_BYTES_MAX) {
		regex_free(r);
		return false;
	}
	b->regex_bytes += regex_size(r);
	regex_free(r);
	return build_add(b, &b->regexes, &e, sizeof(e));
}

/* ---- domain lists ---- */

struct set_parts {
	struct buf yes, no, yes_regexes, no_regexes;
};

/* Up to the next '|' that is not inside of a regular expression. */
static struct slice next_item(struct slice *rest)
{
	struct slice item = *rest;
	size_t n = slice_find(item, '|'), from = item.n != 0 && item.p[0] == '~';

	if (from < item.n && item.p[from] == '/')
		for (n = from + 1; n < item.n; n++)
			if (item.p[n] == '|' && item.p[n - 1] == '/' && n - 1 > from)
				break;
	*rest = n < item.n ? slice_skip(item, n + 1) : slice_of(NULL, 0);
	return slice_head(item, n);
}

/* A host, a part of one that others share, or an IPv6 address in brackets. */
static bool is_name(struct slice name)
{
	bool v6 = name.n > 2 && name.p[0] == '[' && name.p[name.n - 1] == ']';

	if (name.n == 0 || name.n > 253 || (!v6 && !is_token_char(name.p[0])))
		return false;
	if (v6)
		name = slice_of(name.p + 1, name.n - 2);
	for (size_t i = 0; i < name.n; i++)
		if (!is_host_char(name.p[i]) && !(v6 && name.p[i] == ':'))
			return false;
	return true;
}

static bool add_name(struct build *b, struct buf *to, struct slice name)
{
	struct image_set_entry e = { 0 };

	if (name.n > 2 && slice_ends(name, SLICE(".*"))) {
		e.entity = 1;
		name.n -= 2;
	}
	if (!is_name(name))
		return false;
	e.name = build_has_upper(name) ? build_lower(b, name) : place_of(b, name);
	e.n = (uint16_t)name.n;
	if (b->error == NULL)
		e.hash = host_hash(slice_head(slice_skip(buf_slice(&b->text), e.name), e.n));
	return build_add(b, to, &e, sizeof(e));
}

static bool add_item(struct build *b, struct set_parts *p, struct slice item)
{
	bool not = item.n != 0 && item.p[0] == '~';
	uint32_t regex;

	item = slice_trim(slice_skip(item, not ));
	if (item.n > 2 && item.p[0] == '/' && item.p[item.n - 1] == '/')
		return add_regex(b, slice_of(item.p + 1, item.n - 2), false, &regex) &&
		       build_add(b, not ? &p->no_regexes : &p->yes_regexes, &regex, 4);
	return add_name(b, not ? &p->no : &p->yes, item);
}

static int by_hash(const void *a, const void *b)
{
	const struct image_set_entry *x = a, *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return x->name < y->name ? -1 : x->name > y->name;
}

static void sort_entries(struct buf *b)
{
	if (b->len != 0)
		qsort(b->mem + b->off, b->len / sizeof(struct image_set_entry),
		      sizeof(struct image_set_entry), by_hash);
}

static void write_set(struct build *b, struct set_parts *p)
{
	struct image_set set = {
		.yes = (uint32_t)(buf_slice(&p->yes).n / sizeof(struct image_set_entry)),
		.no = (uint32_t)(buf_slice(&p->no).n / sizeof(struct image_set_entry)),
		.yes_regexes = word_count(&p->yes_regexes),
		.no_regexes = word_count(&p->no_regexes),
	};
	const struct buf *const parts[] = { &p->yes, &p->no, &p->yes_regexes, &p->no_regexes };

	sort_entries(&p->yes);
	sort_entries(&p->no);
	build_add(b, &b->sets, &set, sizeof(set));
	for (unsigned i = 0; i < 4; i++)
		build_add(b, &b->sets, buf_slice(parts[i]).p, buf_slice(parts[i]).n);
}

static bool new_set(struct build *b, struct slice value, uint32_t *out)
{
	struct set_parts p;
	struct buf *const parts[] = { &p.yes, &p.no, &p.yes_regexes, &p.no_regexes };
	bool good = true;

	for (unsigned i = 0; i < 4; i++)
		buf_init(parts[i], IMAGE_MAX);
	while (good && value.p != NULL)
		good = add_item(b, &p, next_item(&value));
	*out = word_count(&b->sets);
	if (good)
		write_set(b, &p);
	for (unsigned i = 0; i < 4; i++)
		buf_release(parts[i]);
	return good;
}

struct same_set {
	const struct build *b;
	struct slice value;
};

static bool is_set(void *arg, uint32_t i)
{
	const struct same_set *s = arg;
	const struct set_name *name = (const void *)buf_slice(&s->b->set_table).p;

	return name[i].n == s->value.n &&
	       memcmp(buf_slice(&s->b->text).p + name[i].text, s->value.p, s->value.n) == 0;
}

static bool find_set(struct build *b, struct slice value, uint32_t *out)
{
	uint64_t hash = hash_bytes(value.p, value.n);
	struct same_set same = { b, value };
	struct set_name name = { .n = (uint32_t)value.n };
	const uint32_t *known = interner_find(&b->set_names, hash, is_set, &same);

	if (known != NULL) {
		*out = ((const struct set_name *)(const void *)buf_slice(&b->set_table).p)[*known]
			       .set;
		return true;
	}
	if (!new_set(b, value, &name.set))
		return false;
	*out = name.set;
	name.text = place_of(b, value);
	if (!interner_add(&b->set_names, hash,
			  (uint32_t)(buf_slice(&b->set_table).n / sizeof(name))))
		b->error = "out of memory";
	return build_add(b, &b->set_table, &name, sizeof(name));
}

/* ---- the words ---- */

struct words {
	uint32_t mask, n;
	uint32_t value[32];
};

static void put(struct words *w, enum image_option option, const uint32_t *values)
{
	w->mask |= 1u << option;
	for (unsigned i = 0; i < image_option_words(option); i++)
		w->value[w->n++] = values[i];
}

static bool put_set(struct build *b, struct words *w, enum image_option option, struct slice value,
		    enum left_kind *why)
{
	uint32_t set;

	if (value.p == NULL)
		return true;
	*why = LEFT_VALUE;
	if (!find_set(b, value, &set))
		return false;
	put(w, option, &set);
	return true;
}

static bool put_regex(struct build *b, struct words *w, enum image_option option, struct slice text,
		      bool match_case, enum left_kind *why)
{
	uint32_t number;

	*why = LEFT_REGEX;
	if (!add_regex(b, text, match_case, &number))
		return false;
	put(w, option, &number);
	return true;
}

static void put_value(struct build *b, struct words *w, const struct rule *r)
{
	bool policies = (r->mode & MODE_PERMISSIONS) != 0;
	uint32_t values[2];

	values[0] = place_of_value(b, r->value, policies ? '|' : 0, &values[1]);
	put(w, OPT_VALUE, values);
}

/* Where the rule's own text is not in lower case. */
static void put_pattern(struct build *b, struct words *w, const struct rule *r)
{
	uint32_t values[2] = { 0, (uint32_t)r->pattern.n + r->host };
	char text[RULE_PATTERN_MAX + 1];

	if ((r->flags & (RULE_REGEX | RULE_CASE)) != 0 || !build_has_upper(r->pattern) ||
	    r->pattern.n > RULE_PATTERN_MAX)
		return;
	memcpy(text, r->pattern.p, r->pattern.n);
	text[r->pattern.n] = '^';
	values[0] = build_lower(b, slice_of(text, values[1]));
	put(w, OPT_PATTERN, values);
}

static bool put_header(struct build *b, struct words *w, const struct rule *r, enum left_kind *why)
{
	uint32_t values[5] = { 0, (uint32_t)r->header.n, 0, 0, UINT32_MAX };

	*why = LEFT_REGEX;
	values[0] = place_of(b, r->header);
	if (r->header_regex) {
		if (!add_regex(b, r->value_of_header, false, &values[4]))
			return false;
	} else if (r->header_value) {
		values[2] = place_of(b, r->value_of_header);
		values[3] = (uint32_t)r->value_of_header.n;
	}
	put(w, OPT_HEADER, values);
	return true;
}

/* In the order of enum image_option. */
static bool put_all(struct build *b, struct words *w, const struct rule *r, enum left_kind *why)
{
	uint32_t methods = r->methods | r->not_methods << 16, mode = r->mode;

	if (!put_set(b, w, OPT_DOMAIN, r->domain, why))
		return false;
	put_pattern(b, w, r);
	if ((r->flags & RULE_REGEX) != 0 &&
	    !put_regex(b, w, OPT_REGEX, r->pattern, (r->flags & RULE_CASE) != 0, why))
		return false;
	if (!put_set(b, w, OPT_TO, r->to, why) || !put_set(b, w, OPT_DENYALLOW, r->denyallow, why))
		return false;
	if (methods != 0)
		put(w, OPT_METHOD, &methods);
	if (r->realm == REALM_HEADER && !put_header(b, w, r, why))
		return false;
	/* A rule that also redirects says so in its other realm. */
	if (r->realm == REALM_BLOCK)
		return true;
	if (r->has_value)
		put_value(b, w, r);
	if (r->has_value && r->value_regex &&
	    !put_regex(b, w, OPT_VALUE_REGEX, r->value, r->value_case, why))
		return false;
	if (mode != 0)
		put(w, OPT_MODE, &mode);
	if ((mode & MODE_MAX_AGE) != 0)
		put(w, OPT_MAX_AGE, &r->max_age);
	return true;
}

bool build_options(struct build *b, const struct rule *r, uint32_t *out, enum left_kind *why)
{
	struct words w = { 0 };

	*out = 0;
	if (!put_all(b, &w, r, why))
		return false;
	if (w.mask == 0)
		return true;
	*out = word_count(&b->options) + 1;
	return build_add(b, &b->options, &w.mask, 4) &&
	       build_add(b, &b->options, w.value, w.n * 4u);
}
