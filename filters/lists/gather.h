/*
 * gather.h - all the rules of a realm that match a request, for questions that need them together.
 * For the files of this folder.
 */
#ifndef CRUMBGATE_FILTERS_LISTS_GATHER_H
#define CRUMBGATE_FILTERS_LISTS_GATHER_H

#include "filters/lists/modify.h"
#include "filters/lists/walk.h"

struct gathered {
	const struct image_rule *rule[LISTS_MODIFY_MAX];
	unsigned n;
};

/* Struct gathered is large: its owner zeroes only n. */
static inline void gather(const struct lists *l, struct query *q, enum image_realm realm,
			  rule_visit *add, struct gathered *g)
{
	if (l->realm[realm].n != 0)
		walk(l, q, realm, add, g);
}

/* A rule_visit for it. */
static inline bool gather_add(void *arg, const struct image_rule *r)
{
	struct gathered *g = arg;

	g->rule[g->n++] = r;
	return g->n == LISTS_MODIFY_MAX;
}

/* Does an exception of the same mode take r's value out? */
static inline bool value_excepted(const struct lists *l, const struct gathered *g,
				  const struct image_rule *r, uint32_t mode_bits)
{
	struct slice value = rule_value(l, r), other;

	if (rule_is_important(r))
		return false;
	for (unsigned i = 0; i < g->n; i++) {
		if (!rule_excepts(g->rule[i]) ||
		    ((rule_mode(l, g->rule[i]) ^ rule_mode(l, r)) & mode_bits) != 0)
			continue;
		other = rule_value(l, g->rule[i]);
		if (other.p == NULL || slice_eq(other, value))
			return true;
	}
	return false;
}

#endif
