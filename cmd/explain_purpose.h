/*
 * explain_purpose.h - which layer knew what a cookie is for, with what it knew; and what would
 * change the verdict.
 */
#ifndef CRUMBGATE_CMD_EXPLAIN_PURPOSE_H
#define CRUMBGATE_CMD_EXPLAIN_PURPOSE_H

#include "cmd/explain_out.h"
#include "cmd/explain_rules.h"
#include "filters/decide.h"

/* The purpose, the layer, and the layer's row, word or features. */
void explain_purpose(struct explain_out *o, const struct explain_rules *r,
		     const struct cookie_facts *f);

/* Both ways a cookie can go; a NULL is a way that is not asked about. */
struct explain_ways {
	const struct explain_rules *rules;
	const struct cookie_facts *set, *sent;
};

void explain_cookie_changes(struct explain_out *o, const struct explain_ways *ways);

#endif
