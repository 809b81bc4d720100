/*
 * tc.h - of an IAB TC string (TCF 2.x, core segment) the few fields that say what somebody chose:
 * nothing else of it is decoded here.
 *
 * The core is base64url without padding; bits are counted from the left: version 0-5, lastUpdated
 * 42-77 (tenths of a second since 1970), cmpId 78-89, purposesConsent 152-175,
 * purposesLITransparency 176-199.
 */
#ifndef CRUMBGATE_FILTERS_BANNERS_TC_H
#define CRUMBGATE_FILTERS_BANNERS_TC_H

#include "base/slice.h"

#define TC_PURPOSES 24
/* Bit of purpose p, 1 to TC_PURPOSES, in the two masks. */
#define TC_PURPOSE(p) (UINT32_C(1) << ((p)-1))
/* All ten of TCF 2.0 and later; the eleventh came with 2.2. */
#define TC_ALL_PURPOSES UINT32_C(0x3ff)

struct tc_core {
	int64_t updated_s; /* seconds since 1970 */
	unsigned cmp_id;
	uint32_t consent, legitimate;
};

/* False: no TC string of version 2, or one that is cut short or has a foreign character. */
bool tc_read(struct slice text, struct tc_core *out);

/*
 * An additional-consent string, "1~ids" or "2~ids~dv.ids" with ids separated by dots: is anybody
 * in its list of consents?  False: it is none.
 */
bool ac_read(struct slice text, bool *some);

#endif
