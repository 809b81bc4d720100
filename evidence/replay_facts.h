/*
 * replay_facts.h - the facts that a cookie was judged by, read back from its entry, so that the
 * decision can be made once more.
 */
#ifndef CRUMBGATE_EVIDENCE_REPLAY_FACTS_H
#define CRUMBGATE_EVIDENCE_REPLAY_FACTS_H

#include "evidence/entry.h"
#include "filters/decide.h"

/*
 * Of an entry of kind set or sent; borrowed from it.  False: a fact is none that this version
 * knows.
 */
bool replay_facts(const struct entry *e, struct cookie_facts *out);

#endif
