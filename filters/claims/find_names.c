#include "filters/claims/find_names.h"

/* Query and form parameters, path parameters, and single names in JSON. */
static const struct claim_name parameters[] = {
	{ "gdpr_consent", CLAIM_TC, false },
	{ "gdpr_consent_string", CLAIM_TC, false },
	{ "tc_string", CLAIM_TC, false },
	{ "tcString", CLAIM_TC, false },
	{ "euconsent-v2", CLAIM_TC, false },
	{ "consent_string", CLAIM_TC, true },
	{ "consentString", CLAIM_TC, true },
	{ "gdprConsent", CLAIM_TC, true },
	{ "addtl_consent", CLAIM_AC, false },
	{ "addtlConsent", CLAIM_AC, false },
	{ "gpp", CLAIM_GPP, true },
	{ "gpp_string", CLAIM_GPP, false },
	{ "gppString", CLAIM_GPP, false },
	{ "gpp_consent", CLAIM_GPP, false },
	{ "gpp_sid", CLAIM_GPP_SID, false },
	{ "us_privacy", CLAIM_US_PRIVACY, false },
	{ "usprivacy", CLAIM_US_PRIVACY, false },
	{ "us_privacy_string", CLAIM_US_PRIVACY, false },
	{ "ccpa", CLAIM_US_PRIVACY, true },
	{ "gcs", CLAIM_GCS, true },
	{ "gcd", CLAIM_GCD, true },
	{ "gdpr", CLAIM_GDPR, true },
	{ "gdpr_applies", CLAIM_GDPR, true },
	{ "gdprApplies", CLAIM_GDPR, true },
	{ "npa", CLAIM_NPA, true },
	{ "rdp", CLAIM_RESTRICTED, true },
	{ "ltd", CLAIM_LIMITED, true },
	{ "tfcd", CLAIM_CHILD, true },
	{ "tfua", CLAIM_CHILD, true },
	{ "coppa", CLAIM_CHILD, true },
	{ "tag_for_child_directed_treatment", CLAIM_CHILD, true },
	{ "tag_for_under_age_of_consent", CLAIM_CHILD, true },
};

/* A trailing '*' stands for anything. */
static const struct claim_name cookies[] = {
	{ "euconsent-v2", CLAIM_TC, false },
	{ "eupubconsent-v2", CLAIM_TC, false },
	{ "dm-euconsent-v2", CLAIM_TC, false },
	{ "__cmpconsent*", CLAIM_TC, true },
	{ "addtl_consent", CLAIM_AC, false },
	{ "OTAdditionalConsentString", CLAIM_AC, false },
	{ "OTGPPConsent", CLAIM_GPP, false },
	{ "IABGPP_HDR_GppString", CLAIM_GPP, false },
	{ "__gpp", CLAIM_GPP, true },
	{ "gpp", CLAIM_GPP, true },
	{ "usprivacy", CLAIM_US_PRIVACY, false },
	{ "us_privacy", CLAIM_US_PRIVACY, false },
};

/* OpenRTB, where the name alone would say too little. */
static const struct claim_name json_names[] = {
	{ "user.consent", CLAIM_TC, true },
	{ "user.ext.consent", CLAIM_TC, true },
	{ "gdpr.consent", CLAIM_TC, true },
	{ "ConsentedProvidersSettings.consented_providers", CLAIM_AC, true },
	{ "regs.ext.gpc", CLAIM_GPC, true },
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static bool fits(const char *pattern, struct slice name)
{
	struct slice p = slice_str(pattern);

	if (slice_ends(p, SLICE("*")))
		return slice_istarts(name, slice_head(p, p.n - 1));
	return slice_ieq(p, name);
}

static const struct claim_name *find(const struct claim_name *table, size_t n, struct slice name)
{
	for (size_t i = 0; i < n; i++)
		if (fits(table[i].name, name))
			return &table[i];
	return NULL;
}

const struct claim_name *claim_parameter(struct slice name)
{
	return find(parameters, COUNT(parameters), name);
}

const struct claim_name *claim_cookie(struct slice name)
{
	return find(cookies, COUNT(cookies), name);
}

const struct claim_name *claim_json_names(size_t index)
{
	return index < COUNT(json_names) ? &json_names[index] : NULL;
}
