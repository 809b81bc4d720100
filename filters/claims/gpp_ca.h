/*
 * gpp_ca.h - section 5 of a GPP string: TCF Canada, version 1.
 *
 * A core segment, and behind dots the publisher's purposes and the vendors that were disclosed.  The
 * sets of vendors come in two codings, and nothing in the text says which: the specification asks for
 * Fibonacci-coded ranges, libraries of before 2024 wrote ranges of fixed length.  Read is, as the
 * reference library does it, the first of the two in which an encoder would have written these very
 * bits; where neither fits, Fibonacci's.
 *
 * Source: IAB Tech Lab, "TCF Canada", consent string format, in GPP.  Fields as there.
 */
#ifndef CRUMBGATE_FILTERS_CLAIMS_GPP_CA_H
#define CRUMBGATE_FILTERS_CLAIMS_GPP_CA_H

#include "filters/claims/tcf.h"

struct gpp_ca {
	uint8_t version;
	uint64_t created_ds, last_updated_ds; /* tenths of a second since 1970 */
	uint16_t cmp_id, cmp_version;
	uint8_t consent_screen;
	char consent_language[3];
	uint16_t vendor_list_version;
	uint8_t policy_version;
	bool use_non_standard_stacks;
	uint32_t special_feature_express; /* bit i-1: special feature i */
	uint32_t purposes_express, purposes_implied;
	struct vendor_set vendors_express, vendors_implied;
	struct restrictions restrictions;
	struct tcf_publisher publisher; /* zero where not there */
	struct vendor_set vendors_disclosed;
};

/* False: *why says it.  The text is the caller's and outlives *out. */
bool gpp_ca_read(struct slice text, struct gpp_ca *out, const char **why);

#endif
