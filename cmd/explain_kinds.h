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

struct explain_contradiction {
	const char *means;
	const char *weight; /* what the entry is worth as evidence */
};

/* By its name; false: none that this version knows. */
bool explain_contradiction(struct slice name, struct explain_contradiction *out);

/* The parts of the reason of a block entry; false: it has another form. */
struct explain_block {
	struct slice list, version;
	enum purpose purpose;
	struct slice alias; /* empty: the rule is about the host itself */
};

bool explain_block_read(struct slice why, struct explain_block *out);

#endif
