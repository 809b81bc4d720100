/*
 * explain_kinds.h - what an entry of the log means, in a sentence.
 */
#ifndef CRUMBGATE_CMD_EXPLAIN_KINDS_H
#define CRUMBGATE_CMD_EXPLAIN_KINDS_H

#include "evidence/entry.h"
#include "filters/words.h"

const char *explain_kind_means(enum entry_kind kind);
/* What was done with a cookie that went this way. */
const char *explain_verdict_means(enum cookie_kind way, enum verdict v);
/* Of a contradiction, by its name; NULL: none that this version knows. */
const char *explain_contradiction_means(struct slice name);

/* The parts of the reason of a block entry; false: it has another form. */
struct explain_block {
	struct slice list, version;
	enum purpose purpose;
	struct slice alias; /* empty: the rule is about the host itself */
};

bool explain_block_read(struct slice why, struct explain_block *out);

#endif
