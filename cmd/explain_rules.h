/*
 * explain_rules.h - rules to explain by: the program's own, or a copy that is kept beside a log.
 *
 *	struct explain_rules r;
 *	explain_rules_init(&r);
 *	if (!explain_rules_own(&r)) ...			// said on stderr
 *	...
 *	explain_rules_release(&r);
 *
 * Their text is kept too, because what is explained is a line of it.
 */
#ifndef CRUMBGATE_CMD_EXPLAIN_RULES_H
#define CRUMBGATE_CMD_EXPLAIN_RULES_H

#include "base/buf.h"
#include "evidence/entry.h"
#include "filters/rules.h"

struct explain_rules {
	struct rules *rules; /* NULL: no rules at all, every cookie is unknown */
	struct slice text;
	char number[ENTRY_RULES_LEN + 1]; /* as entries carry it */
	struct buf mem;
};

void explain_rules_init(struct explain_rules *r);
void explain_rules_release(struct explain_rules *r);

/* False: said on stderr. */
bool explain_rules_own(struct explain_rules *r);

enum explain_rules_result {
	EXPLAIN_RULES_KEPT,
	EXPLAIN_RULES_GONE, /* there is no copy */
	EXPLAIN_RULES_ERROR /* it was changed or cannot be read: said on stderr */
};

/* The copy in evidence/rules of that number; `dir` is the open folder evidence/. */
enum explain_rules_result explain_rules_kept(struct explain_rules *r, int dir, struct slice number);

#endif
