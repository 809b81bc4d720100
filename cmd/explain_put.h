/*
 * explain_put.h - the parts that all forms of `crumbgate explain` print alike.
 */
#ifndef CRUMBGATE_CMD_EXPLAIN_PUT_H
#define CRUMBGATE_CMD_EXPLAIN_PUT_H

#include "cmd/explain_change.h"
#include "cmd/explain_out.h"

/* One thing that may pass: its key, its bit, and what is said where it does and where not. */
struct explain_way {
	const char *key;
	unsigned bit;
	const char *passes, *stays;
};

void explain_put_changes(struct explain_out *o, const struct explain_change *found, size_t n,
			 const struct explain_way *ways, size_t ways_n);

#endif
