/*
 * explain_put.h - the parts that all forms of `crumbgate explain` print alike.
 */
#ifndef CRUMBGATE_CMD_EXPLAIN_PUT_H
#define CRUMBGATE_CMD_EXPLAIN_PUT_H

#include "cmd/explain_change.h"
#include "cmd/explain_out.h"

/*
 * One thing that may pass: its key, its bit, and what is said where it does and where not; to people
 * in other words, unless these are NULL.
 */
struct explain_way {
	const char *key;
	unsigned bit;
	const char *passes, *stays;
	const char *passes_plain, *stays_plain;
};

/* Words of the log, to people as base/plain.h has them. */
void explain_put_verdict(struct explain_out *o, struct slice verdict);
void explain_put_choice(struct explain_out *o, struct slice choice);

void explain_put_changes(struct explain_out *o, const struct explain_change *found, size_t n,
			 const struct explain_way *ways, size_t ways_n);

#endif
