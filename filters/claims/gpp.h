/*
 * gpp.h - GPP strings: the Global Privacy Platform's envelope of sections.
 *
 *	struct gpp gpp;
 *
 *	if (!gpp_decode(text, &gpp, &why))
 *		...                             // malformed: it says nothing at all
 *	for (size_t i = 0; i < gpp.count; i++)
 *		if (gpp.sections[i].id == GPP_TCF_EU) ...
 *
 * A header of Fibonacci-coded ids, then a section for each id behind "~", then within a section
 * sub-sections behind ".".  gpp_decode() reads and checks every section it knows; sections it does not
 * know stay as text with `known` false, and say nothing.  Sections of GPP_US are read by gpp_us_read() (gpp_us.h),
 * GPP_TCF_EU by tcf_decode_section() (tcf.h), GPP_TCF_CA by gpp_ca_read() (gpp_ca.h), GPP_USP_V1 by usp_decode()
 * (signals.h).  Nothing is allocated; all slices stand in the text, which is the caller's.
 *
 * Source: IAB Tech Lab, Global Privacy Platform, "Consent String Specification" and "Section Information".
 */
#ifndef CRUMBGATE_FILTERS_CLAIMS_GPP_H
#define CRUMBGATE_FILTERS_CLAIMS_GPP_H

#include "base/slice.h"

/* More sections than there are ids given out. */
#define GPP_SECTIONS_MAX 64

enum gpp_section_id {
	GPP_TCF_EU = 2,
	GPP_TCF_CA = 5,
	GPP_USP_V1 = 6,
	GPP_US_FIRST = 7, /* US national; from here on the states */
};

struct gpp_section {
	uint16_t id;
	bool known;
	struct slice text;
};

struct gpp {
	size_t count;
	struct gpp_section sections[GPP_SECTIONS_MAX];
};

/* False: *why is a sentence without its full stop, *out empty. */
bool gpp_decode(struct slice text, struct gpp *out, const char **why);
/* NULL when it is not there. */
const struct gpp_section *gpp_find(const struct gpp *gpp, uint16_t id);
/* "tcfeuv2", "usnat" and so on, "" for an id that is not known. */
struct slice gpp_section_name(uint16_t id);

#endif
