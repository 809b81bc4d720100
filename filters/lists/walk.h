/*
 * walk.h - the rules of one realm that match a request.  For the files of this folder.
 *
 * A rule is filed under one token of its pattern or a part of one, each host of its domain=, the name
 * of its cookie, or under nothing; so whoever looks under all of these for a request sees every rule that can match
 * it once, or, where a URL holds a token twice, twice.
 */
#ifndef CRUMBGATE_FILTERS_LISTS_WALK_H
#define CRUMBGATE_FILTERS_LISTS_WALK_H

#include "filters/lists/match.h"
#include "filters/lists/query_impl.h"

/* All of a rule but its modifier's own value. */
bool rule_matches(const struct lists *l, struct query *q, const struct image_rule *r);

static inline bool rule_excepts(const struct image_rule *r)
{
	return (r->flags & RULE_EXCEPTION) != 0;
}

static inline bool rule_is_important(const struct image_rule *r)
{
	return (r->flags & RULE_IMPORTANT) != 0;
}

static inline uint32_t rule_mode(const struct lists *l, const struct image_rule *r)
{
	const uint32_t *w = rule_option(l, r, OPT_MODE);

	return w != NULL ? w[0] : 0;
}

/* p == NULL: it names none. */
static inline struct slice rule_value(const struct lists *l, const struct image_rule *r)
{
	const uint32_t *w = rule_option(l, r, OPT_VALUE);

	return w != NULL ? lists_string(l, w) : slice_of(NULL, 0);
}

static inline void rule_say(const struct lists *l, uint32_t text, struct lists_rule *out)
{
	out->text = rule_text(l, text);
	out->list = rule_list(l, text);
}

/* Returns true to end the walk. */
typedef bool rule_visit(void *arg, const struct image_rule *r);

/* One of its regular expressions. */
static inline bool rule_finds(const struct lists *l, struct query *q, const struct image_rule *r,
			      uint32_t regex, struct slice subject)
{
	q->at = r;
	return regex_matches(l->regexes[regex], q->scratch, subject);
}

/* Those filed under one key. */
static inline bool walk_key(const struct lists *l, struct query *q, const struct index *x,
			    uint32_t key, rule_visit *visit, void *arg)
{
	const struct image_rule *r = x->records;
	uint32_t at, end;

	if (!index_may_have(x, key))
		return false;
	end = index_find(x, key, &at);
	if (end - at >= QUERY_WORK_RECORDS &&
	    !query_pay(q, r + at, (end - at) / QUERY_WORK_RECORDS))
		return false;
	for (; at < end; at++)
		if (r[at].tag == (uint8_t)key && (r[at].types & q->type_bit) != 0 &&
		    (r[at].flags & q->party_bit) != 0 && rule_matches(l, q, &r[at]) &&
		    visit(arg, &r[at]))
			return true;
	return false;
}

static inline bool walk_parts(const struct lists *l, struct query *q, const struct index *x,
			      rule_visit *visit, void *arg)
{
	if (!q->parts_found)
		query_find_parts(q);
	for (unsigned i = 0; i < q->heads_n; i++)
		if (walk_key(l, q, x, q->heads[i], visit, arg))
			return true;
	for (unsigned i = 0; i < q->tails_n; i++)
		if (walk_key(l, q, x, q->tails[i], visit, arg))
			return true;
	return false;
}

/* Those filed under anything that a request has. */
static inline bool walk(const struct lists *l, struct query *q, enum image_realm realm,
			rule_visit *visit, void *arg)
{
	const struct index *x = &l->realm[realm];
	const struct image_rule *r = x->records;

	for (unsigned i = 0; i < q->tokens_n; i++)
		if (walk_key(l, q, x, q->tokens[i], visit, arg))
			return true;
	if (x->parts != 0 && walk_parts(l, q, x, visit, arg))
		return true;
	for (unsigned i = 0; i < q->source.count; i++)
		if (walk_key(l, q, x, q->source_key[i], visit, arg))
			return true;
	for (uint32_t i = 0; i < x->always; i++)
		if (rule_matches(l, q, &r[i]) && visit(arg, &r[i]))
			return true;
	return false;
}

#endif
