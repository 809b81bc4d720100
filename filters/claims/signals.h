/*
 * signals.h - the short claims that travel beside TC and GPP strings: us_privacy, Google's additional
 * consent string, consent mode (gcs, gcd), and switches such as gdpr, npa and the child flags.
 *
 * Each X_decode() is strict: anything but the exact form is refused, *why says it in words, and a
 * refused claim means no consent.  Values are given as they were meant, percent-coding undone.
 * Slices stay in the text, which is the caller's.
 *
 * Sources: IAB "U.S. Privacy String" version 1; Google Ad Manager help 9681920 (additional consent);
 * Google documents gcs for debugging only and the letters of gcd not at all: they are read as Markus Baersch
 * and Simo Ahava found them out, so what they say is an indication and not a proof.
 */
#ifndef CRUMBGATE_FILTERS_CLAIMS_SIGNALS_H
#define CRUMBGATE_FILTERS_CLAIMS_SIGNALS_H

#include "base/slice.h"

/* us_privacy and GPP section 6: "1YNN". */
struct usp {
	uint8_t version;
	char notice, opt_out_sale, lspa_covered; /* 'Y', 'N' or '-' */
};
bool usp_decode(struct slice text, struct usp *out, const char **why);

/* addtl_consent: providers of Google's own list, outside the TCF. */
struct ac_string {
	uint8_t version;		   /* 1 or 2 */
	struct slice consented, disclosed; /* ids with dots between; for ac_next() */
};
bool ac_decode(struct slice text, struct ac_string *out, const char **why);
/* The next id of such a list; `*rest` starts as the list and is moved on.  False at the end. */
bool ac_next(struct slice *rest, uint32_t *id);

/* What Google's consent mode knows of. */
enum consent_type {
	AD_STORAGE,
	ANALYTICS_STORAGE,
	AD_USER_DATA,
	AD_PERSONALIZATION,
	CONSENT_TYPES
};
const char *consent_type_word(enum consent_type v);

enum consent_state { STATE_NOT_SET, STATE_DENIED, STATE_GRANTED };

/* gcs: "G1" and one character each for ad_storage and analytics_storage. */
struct gcs {
	enum consent_state ad_storage, analytics_storage;
};
bool gcs_decode(struct slice text, struct gcs *out, const char **why);

/* gcd: a letter for each type, with digits around them that say nothing known. */
struct gcd {
	char letters[CONSENT_TYPES];
};
bool gcd_decode(struct slice text, struct gcd *out, const char **why);
/* What the letter comes to, and how: "granted by default" and so on. */
enum consent_state gcd_state(char letter);
const char *gcd_words(char letter);
/* Granted by the page itself and by nobody's click. */
bool gcd_by_default_only(char letter);

/* gdpr, npa, tfcd and the like: "0" or "1"; also "true" and "false". */
bool switch_decode(struct slice text, bool *out, const char **why);
/* gpp_sid: ids of sections, comma or underscore between them; -1 is "not applicable". */
bool gpp_sid_check(struct slice text, const char **why);
/* A Sec-GPC field value: only "1" means anything (W3C Global Privacy Control, section 3.2). */
bool gpc_asks(struct slice field_value);

#endif
