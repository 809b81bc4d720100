/*
 * guesses.h - what was guessed about cookies that no table knows, remembered.
 *
 * The score costs microseconds, and a browser sends the same cookies with every request.  The same
 * facts, value and all, come to the same guess, so it is looked up instead of made again; nothing
 * else is decided by the memory, and a replay does without.  A guess is named by a 64-bit keyed
 * hash of the facts; no value is kept.
 */
#ifndef CRUMBGATE_FILTERS_GUESSES_H
#define CRUMBGATE_FILTERS_GUESSES_H

#include "filters/purpose.h"

struct guesses;

/* For one set of rules.  NULL: no memory. */
struct guesses *guesses_new(const struct rules *rules);
void guesses_free(struct guesses *g);

/* As purpose_find(), but for out->score, which only a new guess has. */
void guesses_find(struct guesses *g, const struct score_facts *facts, struct purpose_found *out);

#endif
