/*
 * tcf.h - TC strings: what a site says a person consented to, in IAB Europe's Transparency and
 * Consent Framework, version 2 (2.0 to 2.3).
 *
 *	struct tcf tc;
 *	const char *why;
 *
 *	if (!tcf_decode(text, &tc, &why))
 *		...                       // malformed: there is no consent; why says it in words
 *	if (flag_has(tc.purpose_consents, 1) && vendor_set_has(&tc.vendor_consents, 755)) ...
 *
 * A TC string is a core segment and up to three others behind dots, each told by its first bits.
 * Up to 23 bits behind the last field of a segment are padding and ignored, since writers fill up to 6,
 * 8 or 24; what comes behind those must be zero.  Refused beside what vendors.h refuses: any version but
 * 2, a segment twice or of an unknown type, text longer than TCF_TEXT_MAX, letters of languages and
 * countries that are none, and the CMP ids 0 and 1, which nobody has.
 *
 * Nothing is allocated; the sets stay in the text, which is the caller's and outlives struct tcf.
 *
 * Source: "Consent string and vendor list formats v2", IAB Tech Lab; fields are named as there.
 */
#ifndef CRUMBGATE_FILTERS_CLAIMS_TCF_H
#define CRUMBGATE_FILTERS_CLAIMS_TCF_H

#include "filters/claims/vendors.h"

/* The longest that any claim may be, in characters; the longest seen in the wild have 3,000. */
#define TCF_TEXT_MAX 32768

/* By their type on the wire. */
enum tcf_segment {
	TCF_CORE,
	TCF_VENDORS_DISCLOSED,
	TCF_VENDORS_ALLOWED,
	TCF_PUBLISHER,
	TCF_SEGMENTS
};

#define TCF_PURPOSES 24
#define TCF_SPECIAL_FEATURES 12

struct tcf_publisher {
	uint32_t consents, legitimate_interests; /* bit i-1: purpose i */
	uint8_t custom_purposes;
	uint64_t custom_consents, custom_legitimate_interests; /* bit i-1: custom purpose i */
};

struct tcf {
	uint8_t version;
	uint64_t created_ds, last_updated_ds; /* tenths of a second since 1970 */
	uint16_t cmp_id, cmp_version;
	uint8_t consent_screen;
	char consent_language[3];
	uint16_t vendor_list_version;
	uint8_t policy_version;
	bool is_service_specific, use_non_standard_texts;
	uint32_t special_feature_optins; /* bit i-1: special feature i */
	uint32_t purpose_consents, purpose_legitimate_interests;
	bool purpose_one_treatment;
	char publisher_country[3];
	struct vendor_set vendor_consents, vendor_legitimate_interests;
	struct restrictions restrictions;
	/* The segments that are there, in the order of the text. */
	uint8_t segments, order[TCF_SEGMENTS];
	struct vendor_set vendors_disclosed, vendors_allowed; /* empty where not there */
	struct tcf_publisher publisher;
};

/* False: *why is a sentence without its full stop; *out is then zero. */
bool tcf_decode(struct slice text, struct tcf *out, const char **why);

/*
 * The same for the section of a GPP string, where the id of the CMP is not looked at, + and / are read
 * as - and _, and restrictions may be left out altogether, as some writers do.
 */
bool tcf_decode_section(struct slice text, struct tcf *out, const char **why);

bool tcf_has_segment(const struct tcf *tc, enum tcf_segment segment);

/* PublisherTC, of which TCF Canada has one of the same form. */
void tcf_publisher_read(struct bits *b, struct tcf_publisher *out);

/* Is i, from 1, in the flags? */
static inline bool flag_has(uint64_t flags, unsigned i)
{
	return i >= 1 && i <= 64 && (flags >> (i - 1) & 1) != 0;
}

/* What a purpose or a special feature is, in a few words; "not defined" where there is none. */
const char *tcf_purpose_words(unsigned purpose);
const char *tcf_special_feature_words(unsigned feature);

#endif
