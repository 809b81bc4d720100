/*
 * explain_claims.h - what a URL claims about consent, in words.
 */
#ifndef CRUMBGATE_CMD_EXPLAIN_CLAIMS_H
#define CRUMBGATE_CMD_EXPLAIN_CLAIMS_H

#include "cmd/explain_out.h"

/* `target`: path and query.  Says nothing where nothing is claimed. */
void explain_put_claims(struct explain_out *o, struct slice target);

#endif
