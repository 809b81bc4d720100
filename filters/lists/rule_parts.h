/*
 * rule_parts.h - what rule.c and rule_options.c share.
 */
#ifndef CRUMBGATE_FILTERS_LISTS_RULE_PARTS_H
#define CRUMBGATE_FILTERS_LISTS_RULE_PARTS_H

#include "filters/lists/rule.h"

/* False: *why says what the rule is left out for. */
bool rule_read_options(struct rule *r, struct slice options, enum left_kind *why);
/* Types, parties and the realm, when options and pattern are known. */
bool rule_finish(struct rule *r, enum left_kind *why);

bool rule_is_host(struct slice s);

#endif
