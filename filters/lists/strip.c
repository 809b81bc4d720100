#include "filters/lists/gather.h"

/* One "name=value" of a query against one rule. */
static bool is_about(const struct lists *l, struct query *q, const struct image_rule *r,
		     struct slice param)
{
	const uint32_t *regex = rule_option(l, r, OPT_VALUE_REGEX);
	struct slice value = rule_value(l, r), name;
	bool same;

	if (value.p == NULL)
		return true;
	if (regex != NULL) {
		same = rule_finds(l, q, r, regex[0], param);
	} else {
		slice_cut(param, '=', &name);
		same = slice_eq(name, value);
	}
	return same != ((rule_mode(l, r) & MODE_NOT) != 0);
}

/* The rule by which a parameter goes; NULL: it stays. */
static const struct image_rule *goes_by(const struct lists *l, struct query *q,
					const struct gathered *g, struct slice param)
{
	const struct image_rule *by = NULL;
	bool excepted = false;

	for (unsigned i = 0; i < g->n; i++) {
		const struct image_rule *r = g->rule[i];

		if (!is_about(l, q, r, param))
			continue;
		if (rule_excepts(r))
			excepted = true;
		else if (by == NULL || rule_is_important(r))
			by = r;
	}
	return excepted && by != NULL && !rule_is_important(by) ? NULL : by;
}

static size_t strip_query(const struct lists *l, struct query *q, const struct gathered *g,
			  struct slice query, struct buf *out, struct lists_rule *by, size_t by_n)
{
	size_t gone = 0, kept = 0;
	struct slice param;

	while (query.p != NULL) {
		const struct image_rule *r;

		query = slice_cut(query, '&', &param);
		r = param.n != 0 ? goes_by(l, q, g, param) : NULL;
		if (r == NULL) {
			buf_addc(out, kept++ == 0 ? '?' : '&');
			buf_add(out, param);
			continue;
		}
		if (gone < by_n)
			rule_say(l, r->text, &by[gone]);
		gone++;
	}
	return gone;
}

size_t lists_strip(const struct lists *l, struct query *q, struct buf *url, struct lists_rule *by,
		   size_t by_n)
{
	struct slice all = q->facts->url, fragment, query;
	struct gathered g;
	struct buf out;
	size_t gone;

	fragment = slice_skip(all, slice_find(all, '#'));
	all = slice_head(all, all.n - fragment.n);
	query = slice_skip(all, slice_find(all, '?'));
	if (query.n < 2)
		return 0;
	g.n = 0;
	gather(l, q, REALM_PARAM, gather_add, &g);
	if (g.n == 0)
		return 0;
	buf_init(&out, q->facts->url.n + 1);
	buf_add(&out, slice_head(all, all.n - query.n));
	gone = strip_query(l, q, &g, slice_skip(query, 1), &out, by, by_n);
	buf_add(&out, fragment);
	if (gone != 0 && (!buf_ok(&out) || !buf_add(url, buf_slice(&out))))
		gone = 0;
	buf_release(&out);
	return gone;
}
