/*
 * replay_rules.h - the copies of rules in evidence/rules, by the number that entries carry.
 */
#ifndef CRUMBGATE_EVIDENCE_REPLAY_RULES_H
#define CRUMBGATE_EVIDENCE_REPLAY_RULES_H

#include "evidence/entry.h"
#include "filters/rules.h"

struct rulebook;

/* Loads and compiles all copies; each must be what its name says.  NULL: `error`. */
struct rulebook *rulebook_open(int evidence_dir, char *error, size_t size);
void rulebook_free(struct rulebook *b);
/* False when there is no copy; *out is NULL for the number of "no rules" (all zeros). */
bool rulebook_find(const struct rulebook *b, struct slice number, const struct rules **out);

#endif
