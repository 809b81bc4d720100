/*
 * explain_facts.h - the facts of a decision, for asking about it: from an entry of the log, and as
 * the layers of purpose.h take them.
 */
#ifndef CRUMBGATE_CMD_EXPLAIN_FACTS_H
#define CRUMBGATE_CMD_EXPLAIN_FACTS_H

#include "evidence/entry.h"
#include "filters/decide.h"
#include "filters/score_features.h"

/*
 * Of an entry of kind set or sent, borrowed from it.  False: a fact is none that this version
 * knows.
 */
bool explain_entry_facts(const struct entry *e, struct cookie_facts *out);

/* What decide_cookie() asks the layers with, the shape found.  Borrowed. */
void explain_score_facts(const struct cookie_facts *f, struct score_facts *out);

#endif
