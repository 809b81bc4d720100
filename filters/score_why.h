/*
 * score_why.h - a score in words: the two or three facts that spoke most for what was decided.
 */
#ifndef CRUMBGATE_FILTERS_SCORE_WHY_H
#define CRUMBGATE_FILTERS_SCORE_WHY_H

#include "filters/score_model.h"

/* The weights of the words a cookie has: what is beyond the last is not counted. */
#define SCORE_HITS_MAX 256u

struct score_hits {
	const struct score_weights *at[SCORE_HITS_MAX];
	unsigned n;
};

/*
 * "a random id, kept for about a year, a name that says "track"".  A fact speaks for a purpose by
 * what its words add to it beyond what they add to the other purposes on average.
 */
void score_explain(const struct score_model *m, const struct score_hits *hits,
		   const struct score_facts *f, enum purpose purpose, char out[SCORE_WHY_MAX]);

#endif
