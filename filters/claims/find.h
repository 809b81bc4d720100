/*
 * find.h - the claims on one request: where it says what somebody consented to.
 *
 *	struct claims claims;          // 20 KiB, the caller's
 *
 *	claims_find(&(struct claim_request){ .path = path, .query = query, .cookie = line }, &claims);
 *	for (size_t i = 0; i < claims.n; i++)
 *		if (claims.list[i].kind == CLAIM_TC && claims.list[i].refused == NULL)
 *			tcf_decode(claims.list[i].value, &tc, &why);
 *
 * Looked at: parameters of the query and of the path (";name=value"), consent cookies, form bodies, the
 * fields of OpenRTB requests and the like in JSON bodies, and Sec-GPC.  Every claim was decoded once: a
 * refused one says why in words, and means that there is no consent.  A parameter that was left as its macro
 * ("${GDPR_CONSENT_755}") is absent.  Short names that other programs use too ("npa", "gcd") count only with a value
 * that can be what they claim.
 *
 * Values are slices of the request, or of the memory in struct claims where percent-coding or JSON escapes
 * had to be undone: they live as long as both, and struct claims may not be moved.  At most CLAIMS_MAX
 * claims; the rest, and bodies above CLAIM_BODY_MAX, are left out and `more` says so.
 *
 * Sources: TCF "URL-based services to process the TC string when it can't obtain it"; GPP "URL passing";
 * OpenRTB 2.6 section 3.2.3 and 3.2.20; Google Ad Manager and Tag help pages.
 */
#ifndef CRUMBGATE_FILTERS_CLAIMS_FIND_H
#define CRUMBGATE_FILTERS_CLAIMS_FIND_H

#include "base/slice.h"

#define CLAIMS_MAX 32
#define CLAIM_BODY_MAX ((size_t)64 * 1024)
#define CLAIMS_SCRATCH 16384

enum claim_kind {
	CLAIM_TC,
	CLAIM_GPP,
	CLAIM_GPP_SID,
	CLAIM_AC,
	CLAIM_US_PRIVACY,
	CLAIM_GCS,
	CLAIM_GCD,
	CLAIM_GDPR,	  /* whether the GDPR applies */
	CLAIM_NPA,	  /* no personalised ads */
	CLAIM_CHILD,	  /* to be treated as a child or below the age of consent */
	CLAIM_RESTRICTED, /* restricted data processing */
	CLAIM_LIMITED,	  /* limited ads */
	CLAIM_GPC,	  /* the browser's own: it asks not to sell or share */
	CLAIM_KINDS,
};

enum claim_source { CLAIM_IN_QUERY, CLAIM_IN_PATH, CLAIM_IN_COOKIE, CLAIM_IN_BODY, CLAIM_IN_FIELD };

/* Words for the log and for tables. */
const char *claim_kind_word(enum claim_kind v);
const char *claim_source_word(enum claim_source v);

struct claim {
	enum claim_kind kind;
	enum claim_source source;
	struct slice name; /* as it stands in the request */
	struct slice value;
	const char *refused; /* NULL: well-formed */
};

struct claims {
	size_t n;
	bool more;
	struct claim list[CLAIMS_MAX];
	size_t used;
	char scratch[CLAIMS_SCRATCH];
};

/* TEXT: of either kind, which its first octet tells. */
enum claim_body { CLAIM_BODY_NONE, CLAIM_BODY_FORM, CLAIM_BODY_JSON, CLAIM_BODY_TEXT };

/* By a Content-Type field's value; NONE: a body of that type is not looked at. */
enum claim_body claim_body_of_type(struct slice content_type);

/* All slices may be empty. */
struct claim_request {
	struct slice path, query; /* without '?' */
	struct slice cookie;	  /* a Cookie field value, lines joined by "; " */
	struct slice sec_gpc;	  /* a Sec-GPC field value */
	enum claim_body body_type;
	struct slice body;
};

void claims_find(const struct claim_request *request, struct claims *out);

/* Is a claim of this kind well-formed?  *why says what is not. */
bool claim_check(enum claim_kind kind, struct slice value, const char **why);

#endif
