/*
 * explain_facts.h - the facts of a decision as the layers of purpose.h take them, for asking
 * about it.
 */
#ifndef CRUMBGATE_CMD_EXPLAIN_FACTS_H
#define CRUMBGATE_CMD_EXPLAIN_FACTS_H

#include "filters/decide.h"
#include "filters/score_features.h"

/* What decide_cookie() asks the layers with, the shape found.  Borrowed. */
void explain_score_facts(const struct cookie_facts *f, struct score_facts *out);

#endif
