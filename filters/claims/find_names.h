/* find_names.h - under which names claims travel; for find.c alone. */
#ifndef CRUMBGATE_FILTERS_CLAIMS_FIND_NAMES_H
#define CRUMBGATE_FILTERS_CLAIMS_FIND_NAMES_H

#include "filters/claims/find.h"

struct claim_name {
	struct slice name;
	enum claim_kind kind;
	bool shared; /* others use the name too: a value of another form is none of ours */
};

/* NULL: the name carries no claim.  Any case. */
const struct claim_name *claim_parameter(struct slice name);
const struct claim_name *claim_cookie(struct slice name);

/* Names within JSON bodies, beside those of parameters; index from 0, NULL at the end. */
const struct claim_name *claim_json_names(size_t index);

#endif
