/*
 * gpp_us.h - the sections of a GPP string for the privacy laws of the United States, 7 to 27.
 *
 * They are all alike: a version of six bits, then answers of two bits each, of which some come
 * as lists; and behind a dot one sub-section, the Global Privacy Control bit or the consents for
 * sensitive data.  Which answers come in which order is one row of a table for each section.
 *
 * What the two bits mean: 0 not applicable; for an opt-out 1 opted out, 2 did not; for a notice 1 given, 2 not;
 * for a consent 1 refused, 2 given; 3 is not defined.
 *
 * Source: IAB Tech Lab, Global Privacy Platform, the document of each section; the names of the fields are
 * those of the reference library.
 */
#ifndef CRUMBGATE_FILTERS_CLAIMS_GPP_US_H
#define CRUMBGATE_FILTERS_CLAIMS_GPP_US_H

#include "base/slice.h"

/* More than the two-bit answers of any section. */
#define GPP_US_ANSWERS 48

struct gpp_us {
	uint16_t id;
	uint8_t version;
	struct slice
		fields; /* names of the core's answers, "*N" behind a list of N; for gpp_us_next() */
	uint8_t answers[GPP_US_ANSWERS];
	/* The second sub-section; where it is not there its answers are 0. */
	bool has_gpc, has_sensitive; /* the section is one that may have it */
	uint8_t gpc_type;
	bool gpc;
	uint8_t sensitive[8];
};

/* False: *why says it.  Extra sub-sections are passed over. */
bool gpp_us_read(uint16_t id, struct slice text, struct gpp_us *out, const char **why);
/* "usnat" ... "usri", "" for another id. */
struct slice gpp_us_name(uint16_t id);

/* One field after the other: name and its n answers.  Begin with *at zero. */
struct gpp_us_field {
	struct slice rest; /* set by the first call */
	bool begun;
	unsigned next;
	struct slice name;
	bool list;
	unsigned n;
	const uint8_t *answers;
};
bool gpp_us_next(const struct gpp_us *us, struct gpp_us_field *at);

/* The first answer of the field called so; 0 where the section has no such field. */
uint8_t gpp_us_answer(const struct gpp_us *us, struct slice name);

#endif
