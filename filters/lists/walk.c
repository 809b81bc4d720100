#include "filters/lists/walk.h"

#include "filters/lists/keys.h"
#include "filters/lists/pattern.h"

static bool pattern_is_in(const struct lists *l, struct query *q, const struct image_rule *r)
{
	struct slice pattern = slice_of(l->text + r->text + r->at, r->pattern_n);
	bool as_is = (r->flags & RULE_CASE) != 0;
	const uint32_t *words;

	if (!query_pay(q, r, q->rule_cost))
		return false;
	if ((r->flags & RULE_ANY) != 0)
		return true;
	if ((r->flags & RULE_REGEX) != 0) {
		words = rule_option(l, r, OPT_REGEX);
		return rule_finds(l, q, r, words[0], query_raw(q));
	}
	if (r->options != 0) {
		words = rule_option(l, r, OPT_PATTERN);
		if (words != NULL)
			pattern = lists_string(l, words);
	}
	return pattern_matches(pattern, r->flags, as_is ? query_raw(q) : query_low(q), q->host_at,
			       q->host.n, &q->left);
}

static bool hosts_fit(const struct query *q, const struct image_rule *r)
{
	if ((r->flags & RULE_SAME_HOST) != 0 && !q->same_host)
		return false;
	return (r->flags & RULE_OTHER_HOST) == 0 || !q->same_host;
}

static bool method_fits(const struct query *q, uint32_t methods)
{
	uint32_t yes = methods & 0xffff, no = methods >> 16;

	return (q->method_bit & no) == 0 && (yes == 0 || (q->method_bit & yes) != 0);
}

/* Most rules about cookies have none of these. */
static bool has_conditions(const struct lists *l, const struct image_rule *r)
{
	const uint32_t any = 1u << OPT_DOMAIN | 1u << OPT_TO | 1u << OPT_DENYALLOW |
			     1u << OPT_METHOD;

	return r->options != 0 && (l->options[r->options - 1] & any) != 0;
}

static bool options_fit(const struct lists *l, struct query *q, const struct image_rule *r)
{
	const uint32_t *w;

	if (!has_conditions(l, r))
		return true;
	w = rule_option(l, r, OPT_DOMAIN);
	if (!query_pay(q, r, q->source.count + q->host.count))
		return false;
	if (w != NULL && !names_in_set(&q->source, l, w[0], q->scratch))
		return false;
	w = rule_option(l, r, OPT_TO);
	if (w != NULL && !names_in_set(&q->host, l, w[0], q->scratch))
		return false;
	w = rule_option(l, r, OPT_DENYALLOW);
	if (w != NULL && names_in_set(&q->host, l, w[0], q->scratch))
		return false;
	w = rule_option(l, r, OPT_METHOD);
	return w == NULL || method_fits(q, w[0]);
}

bool rule_matches(const struct lists *l, struct query *q, const struct image_rule *r)
{
	if ((r->types & q->type_bit) == 0 || (r->flags & q->party_bit) == 0 || !hosts_fit(q, r))
		return false;
	/* A set of domains is asked faster than an expression. */
	if ((r->flags & RULE_REGEX) != 0)
		return options_fit(l, q, r) && pattern_is_in(l, q, r);
	return pattern_is_in(l, q, r) && options_fit(l, q, r);
}
