/* contradict_parts.h - what the files contradict*.c share; for them alone. */
#ifndef CRUMBGATE_FILTERS_CLAIMS_CONTRADICT_PARTS_H
#define CRUMBGATE_FILTERS_CLAIMS_CONTRADICT_PARTS_H

#include "filters/claims/contradict.h"

void contradiction_add(struct contradictions *out, enum contradiction_kind kind,
		       const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#define PURPOSE_LIST 96
/* "purpose 3", "purposes 1, 3 and 4". */
void purpose_list(uint32_t flags, char out[PURPOSE_LIST]);

/*
 * What became of several answers together: accepted where one was, else refused where one was.
 */
enum choice_state choice_of_any(const struct claim_choice *choice);

#endif
