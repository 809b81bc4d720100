#include "filters/lists/build_impl.h"

#include "base/hash.h"
#include "filters/lists/keys.h"

#define INCLUDE_DEPTH_MAX 8u
#define INCLUDES_MAX 256u
/* Of one kind so many are listed, each cut to so many octets. */
#define LEFT_EACH_MAX 200u
#define LEFT_TEXT_MAX 200u

bool build_add(struct build *b, struct buf *to, const void *p, size_t n)
{
	if (!buf_add(to, slice_of(p, n)) && b->error == NULL)
		b->error = "the lists are too large, or memory is out";
	return b->error == NULL;
}

uint32_t build_text(struct build *b, struct slice s)
{
	uint32_t at = (uint32_t)buf_slice(&b->text).n;

	build_add(b, &b->text, s.p, s.n);
	build_add(b, &b->text, "\n", 1);
	return at;
}

uint32_t build_lower(struct build *b, struct slice s)
{
	uint32_t at = build_text(b, s);
	char *p = b->text.mem + b->text.off + at;

	for (size_t i = 0; b->error == NULL && i < s.n; i++)
		p[i] = ascii_lower(p[i]);
	return at;
}

void build_left(struct build *b, enum left_kind kind, struct slice text)
{
	struct image_left left = { .line = b->line,
				   .list = (uint16_t)b->list,
				   .kind = (uint16_t)kind };

	b->counts[kind]++;
	/* Cosmetic rules are a third of a list, and nobody misses them here. */
	if (kind == LEFT_COSMETIC || b->counts[kind] > LEFT_EACH_MAX ||
	    buf_slice(&b->left).n / sizeof(left) >= IMAGE_LEFT_MAX)
		return;
	text = slice_head(text, LEFT_TEXT_MAX);
	left.n = (uint32_t)text.n;
	left.text = build_text(b, text);
	build_add(b, &b->left, &left, sizeof(left));
}

void build_left_draft(struct build *b, enum left_kind kind, struct draft *d)
{
	struct slice line = slice_skip(buf_slice(&b->text), d->rule.text);
	char text[LEFT_TEXT_MAX];

	d->left = true;
	if (d->again)
		return;
	/* TEXT grows by it. */
	line = slice_head(slice_head(line, slice_find(line, '\n')), sizeof(text));
	memcpy(text, line.p, line.n);
	b->list = d->list;
	b->line = d->line;
	build_left(b, kind, slice_of(text, line.n));
}

/* ---- a line becomes a draft ---- */

struct same_text {
	const struct build *b;
	struct slice text;
};

static bool is_text(void *arg, uint32_t at)
{
	const struct same_text *s = arg;
	struct slice all = slice_skip(buf_slice(&s->b->text), at);

	return all.n > s->text.n && all.p[s->text.n] == '\n' &&
	       memcmp(all.p, s->text.p, s->text.n) == 0;
}

/* False: an earlier line says the same. */
static bool take_text(struct build *b, struct slice text, uint32_t *at)
{
	uint64_t hash = hash_bytes(text.p, text.n);
	struct same_text same = { b, text };

	if (interner_find(&b->texts, hash, is_text, &same) != NULL)
		return false;
	*at = build_text(b, text);
	if (!interner_add(&b->texts, hash, *at))
		b->error = "out of memory";
	return b->error == NULL;
}

/* The class of a host rule; false: there are too many kinds of them already. */
static bool host_class(struct build *b, const struct rule *r, uint8_t *class)
{
	struct image_class c = { (uint16_t)r->types,
				 (uint16_t)(r->flags & ~(unsigned)(RULE_AT_LABEL | RULE_PLAIN)) };
	const struct image_class *known = (const void *)buf_slice(&b->classes).p;
	size_t n = buf_slice(&b->classes).n / sizeof(c);

	for (size_t i = 0; i < n; i++) {
		if (known[i].types == c.types && known[i].flags == c.flags) {
			*class = (uint8_t)i;
			return true;
		}
	}
	*class = (uint8_t)n;
	return n < IMAGE_CLASSES_MAX && build_add(b, &b->classes, &c, sizeof(c));
}

static bool is_plain_host(struct build *b, const struct rule *r, uint32_t options, uint8_t *class)
{
	const unsigned others = RULE_SAME_HOST | RULE_OTHER_HOST | RULE_CASE;

	return r->host && (r->realm == REALM_BLOCK || r->realm == REALM_ALLOW) && options == 0 &&
	       (r->flags & others) == 0 && host_class(b, r, class);
}

/* `r` as the rule of a realm; its text is in TEXT already. */
static void add_rule(struct build *b, const struct rule *r, uint32_t text, unsigned realm,
		     bool again)
{
	struct draft d = { .same = r->same,
			   .list = b->list,
			   .line = b->line,
			   .realm = (uint8_t)realm,
			   .bad = r->bad,
			   .again = again };
	struct rule as = *r;
	enum left_kind why;
	size_t n = r->pattern.n;

	as.realm = realm;
	b->rule_text = text;
	b->rule_line = r->text;
	if (!build_options(b, &as, &d.rule.options, &why)) {
		build_left(b, why, r->text);
		return;
	}
	d.host = is_plain_host(b, &as, d.rule.options, &d.class);
	d.rule.text = text;
	d.rule.types = (uint16_t)r->types;
	d.rule.flags = (uint16_t)r->flags;
	if (n != 0 && (r->flags & RULE_REGEX) == 0)
		d.rule.at = (uint8_t)(r->pattern.p - r->text.p);
	/* Among other rules the '^' behind a host counts again. */
	if (r->host && !d.host) {
		d.rule.flags &= (uint16_t)~RULE_PLAIN;
		n++;
	}
	d.rule.pattern_n = (r->flags & RULE_REGEX) != 0 ? 0 : (uint16_t)n;
	b->any_bad = b->any_bad || r->bad;
	build_add(b, &b->drafts, &d, sizeof(d));
}

/* The other half of an exception for pages: every request whose source is of that host. */
static void add_page(struct build *b, const struct rule *r, uint32_t text)
{
	const unsigned place = RULE_AT_LABEL | RULE_AT_START | RULE_AT_END | RULE_PLAIN;
	struct rule as = *r;

	as.host = false;
	as.domain = r->pattern;
	as.pattern = slice_head(r->pattern, 0);
	as.flags = (r->flags & ~place) | RULE_ANY;
	as.types = LISTS_TYPES_ALL & ~LISTS_TYPE_BIT(LISTS_DOCUMENT);
	add_rule(b, &as, text, REALM_ALLOW, true);
}

static void take_rule(struct build *b, const struct rule *r)
{
	uint32_t text;

	if (!take_text(b, r->text, &text))
		return;
	add_rule(b, r, text, r->realm, false);
	if (r->redirects)
		add_rule(b, r, text, REALM_REDIRECT, true);
	if (r->page)
		add_page(b, r, text);
}

static void take_hosts(struct build *b, struct rule *r)
{
	uint32_t text;

	if (!take_text(b, r->text, &text))
		return;
	while (rule_next_host(r)) {
		struct rule one = *r;

		/* Far behind on a long line, or not in lower case: with a line of its own. */
		if (r->pattern.p - r->text.p > UINT8_MAX || build_has_upper(r->pattern)) {
			uint32_t own = build_lower(b, r->pattern);

			one.text = one.pattern =
				slice_of(b->text.mem + b->text.off + own, r->pattern.n);
			if (b->error == NULL)
				add_rule(b, &one, own, REALM_BLOCK, false);
		} else {
			add_rule(b, &one, text, REALM_BLOCK, false);
		}
	}
}

/* ---- the lines of a text ---- */

static void read_text(struct build *b, struct slice text, unsigned depth);

static void include(struct build *b, struct slice path, struct slice line, unsigned depth)
{
	uint32_t was = b->line;
	struct slice text;

	if (depth >= INCLUDE_DEPTH_MAX || b->includes >= INCLUDES_MAX || b->in->include == NULL ||
	    !b->in->include(b->in->arg, b->list, path, &text)) {
		build_left(b, LEFT_INCLUDE, line);
		return;
	}
	b->includes++;
	read_text(b, text, depth + 1);
	b->line = was;
}

static void take_directive(struct build *b, struct preprocess *p, struct slice line, unsigned depth)
{
	struct slice path;

	switch (preprocess_line(p, line, &path)) {
	case PREPROCESS_INCLUDE:
		if (preprocess_holds(p))
			include(b, path, line, depth);
		break;
	case PREPROCESS_BAD:
		build_left(b, LEFT_DIRECTIVE, line);
		break;
	case PREPROCESS_GOOD:
		break;
	}
}

static void take_line(struct build *b, struct preprocess *p, struct slice line, unsigned depth)
{
	struct rule r;
	enum line_kind kind = rule_read(line, &r);
	bool meant = preprocess_holds(p) && !p->skip_next;

	if (kind == LINE_NOTHING)
		return;
	if (kind == LINE_DIRECTIVE) {
		take_directive(b, p, r.text, depth);
		return;
	}
	p->skip_next = false;
	if (kind == LINE_LEFT && r.left == LEFT_COSMETIC)
		build_left(b, LEFT_COSMETIC, r.text);
	else if (!meant)
		build_left(b, LEFT_PLATFORM, r.text);
	else if (kind == LINE_LEFT)
		build_left(b, r.left, r.text);
	else if (kind == LINE_HOSTS)
		take_hosts(b, &r);
	else
		take_rule(b, &r);
}

static void read_text(struct build *b, struct slice text, unsigned depth)
{
	struct preprocess p = { 0 };
	struct slice line;

	/* U+FEFF in front, as some editors leave it. */
	if (slice_starts(text, SLICE("\xef\xbb\xbf")))
		text = slice_skip(text, 3);
	for (b->line = 1; text.p != NULL && b->error == NULL; b->line++) {
		text = slice_cut(text, '\n', &line);
		take_line(b, &p, line, depth);
	}
	if (p.depth != 0)
		build_left(b, LEFT_DIRECTIVE, SLICE("!#if without its !#endif"));
}

static void read_list(struct build *b, const struct lists_text *in)
{
	struct image_list list = { .name_n = (uint32_t)in->name.n };

	list.name = build_text(b, in->name);
	list.from = (uint32_t)buf_slice(&b->text).n;
	read_text(b, in->text, 0);
	list.to = (uint32_t)buf_slice(&b->text).n;
	build_add(b, &b->lists, &list, sizeof(list));
}

/* ---- badfilter ---- */

static bool is_any(void *arg, uint32_t value)
{
	(void)arg;
	(void)value;
	return true;
}

/* Drops the rules that are switched off, and those that do it. */
static void drop_bad(struct build *b)
{
	struct interner same = { 0 };
	struct draft *d = draft_at(b, 0);
	size_t n = draft_count(b), kept = 0;

	if (!b->any_bad)
		return;
	for (size_t i = 0; i < n; i++)
		if (d[i].bad && !interner_add(&same, d[i].same, 0))
			b->error = "out of memory";
	for (size_t i = 0; i < n; i++)
		if (!d[i].bad && interner_find(&same, d[i].same, is_any, NULL) == NULL)
			d[kept++] = d[i];
	b->drafts.len = kept * sizeof(*d);
	interner_release(&same);
}

static void count_rules(struct build *b)
{
	struct image_list *lists = (void *)(b->lists.mem + b->lists.off);
	const struct draft *d = draft_at(b, 0);

	for (size_t i = 0; i < draft_count(b); i++)
		lists[d[i].list].rules += draft_counts(&d[i]);
}

/* ---- all of it ---- */

static void build_init(struct build *b, const struct lists_input *in)
{
	struct buf *const bufs[] = { &b->text,	&b->options, &b->sets,	    &b->regexes, &b->left,
				     &b->lists, &b->drafts,  &b->set_table, &b->classes };

	*b = (struct build){ .in = in };
	for (size_t i = 0; i < sizeof(bufs) / sizeof(bufs[0]); i++)
		buf_init(bufs[i], IMAGE_MAX);
}

static void build_release(struct build *b)
{
	struct buf *const bufs[] = { &b->text,	&b->options, &b->sets,	    &b->regexes, &b->left,
				     &b->lists, &b->drafts,  &b->set_table, &b->classes };

	for (size_t i = 0; i < sizeof(bufs) / sizeof(bufs[0]); i++)
		buf_release(bufs[i]);
	interner_release(&b->texts);
	interner_release(&b->set_names);
}

static bool write_all(struct build *b, struct buf *filings, struct buf *image)
{
	if (!build_filings(b, filings))
		return false;
	count_rules(b);
	return build_image(b, filings, image);
}

/* Of hosts files, bare hosts and `||host^`: they always find theirs. */
static const struct image_class usual_classes[] = {
	{ LISTS_TYPES_USUAL, RULE_FIRST | RULE_THIRD },
	{ LISTS_TYPES_USUAL, RULE_FIRST | RULE_THIRD | RULE_EXCEPTION },
};

bool lists_build(const struct lists_input *in, struct buf *image, struct buf *error)
{
	struct buf filings;
	struct build b;

	build_init(&b, in);
	buf_init(&filings, IMAGE_MAX);
	if (in->n > LISTS_MAX)
		b.error = "too many lists";
	/* No offset is 0, and there is an end of line where there is no list. */
	build_text(&b, SLICE(""));
	build_add(&b, &b.classes, usual_classes, sizeof(usual_classes));
	for (size_t i = 0; i < in->n && b.error == NULL; i++) {
		b.list = (uint32_t)i;
		read_list(&b, &in->texts[i]);
	}
	if (b.error == NULL)
		drop_bad(&b);
	if (b.error == NULL && !write_all(&b, &filings, image) && b.error == NULL)
		b.error = "out of memory";
	if (b.error != NULL)
		buf_adds(error, b.error);
	buf_release(&filings);
	build_release(&b);
	return buf_ok(error) && buf_slice(error).n == 0 && buf_ok(image);
}

/* ---- the digest ---- */

static struct slice include_path(struct slice line)
{
	struct slice path = slice_trim(slice_skip(line, sizeof("!#include") - 1));

	if (path.n != 0 && path.p[path.n - 1] == '\r')
		path.n--;
	return slice_trim(path);
}

struct digest {
	const struct lists_input *in;
	size_t list;
	unsigned includes;
	uint64_t h;
};

static void digest_text(struct digest *d, struct slice text, unsigned depth)
{
	static const struct slice mark = { "!#include", 9 };
	struct slice rest = text, line, more;

	d->h = image_checksum(d->h, text.p, text.n);
	if (d->in->include == NULL || depth >= INCLUDE_DEPTH_MAX)
		return;
	while (rest.n != 0) {
		rest = slice_skip(rest, slice_find(rest, '!'));
		line = slice_head(rest, slice_find(rest, '\n'));
		rest = slice_skip(rest, 1);
		if (!slice_starts(line, mark) || d->includes++ >= INCLUDES_MAX)
			continue;
		if (d->in->include(d->in->arg, d->list, include_path(line), &more))
			digest_text(d, more, depth + 1);
	}
}

uint64_t lists_digest(const struct lists_input *in)
{
	struct digest d = { .in = in, .h = IMAGE_VERSION };

	for (; d.list < in->n; d.list++) {
		const struct lists_text *t = &in->texts[d.list];

		d.h = image_checksum(d.h, t->name.p, t->name.n);
		digest_text(&d, t->text, 0);
	}
	return d.h;
}
