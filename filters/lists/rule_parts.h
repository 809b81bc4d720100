/*
 * rule_parts.h - what rule.c, rule_options.c and rule_values.c share.
 */
#ifndef CRUMBGATE_FILTERS_LISTS_RULE_PARTS_H
#define CRUMBGATE_FILTERS_LISTS_RULE_PARTS_H

#include "filters/lists/format.h"
#include "filters/lists/options.h"
#include "filters/lists/rule.h"

/* False: *why says what the rule is left out for. */
bool rule_read_options(struct rule *r, struct slice options, enum left_kind *why);
/* Types, parties and the realm, when options and pattern are known. */
bool rule_finish(struct rule *r, enum left_kind *why);

bool rule_is_host(struct slice s);

/* What the options of one rule add up to before they are a rule. */
struct options_sum {
	struct rule *r;
	unsigned types, not_types, pages;
	enum left_kind why;
};

static inline bool wrong(struct options_sum *s, enum left_kind why)
{
	s->why = why;
	return false;
}

/* A realm of its own for each rule: two options that both want one cannot stand together. */
static inline bool take_realm(struct options_sum *s, enum image_realm realm)
{
	if (s->r->realm != REALM_BLOCK || s->r->redirects)
		return wrong(s, LEFT_TOGETHER);
	s->r->realm = realm;
	return true;
}

static inline bool is_exception(const struct options_sum *s)
{
	return (s->r->flags & RULE_EXCEPTION) != 0;
}

/* An option that has a value, or stands for one that has. */
bool rule_read_value(struct options_sum *s, const struct option_given *o);

#endif
