#include "filters/claims/find_names.h"

#define NAME(text)                                                                                 \
	{                                                                                          \
		(text), sizeof(text) - 1                                                           \
	}

/* Query and form parameters, path parameters, and single names in JSON. */
static const struct claim_name parameters[] = {
	{ NAME("gdpr_consent"), CLAIM_TC, false },
	{ NAME("gdpr_consent_string"), CLAIM_TC, false },
	{ NAME("tc_string"), CLAIM_TC, false },
	{ NAME("tcString"), CLAIM_TC, false },
	{ NAME("euconsent-v2"), CLAIM_TC, false },
	{ NAME("consent_string"), CLAIM_TC, true },
	{ NAME("consentString"), CLAIM_TC, true },
	{ NAME("gdprConsent"), CLAIM_TC, true },
	{ NAME("addtl_consent"), CLAIM_AC, false },
	{ NAME("addtlConsent"), CLAIM_AC, false },
	{ NAME("gpp"), CLAIM_GPP, true },
	{ NAME("gpp_string"), CLAIM_GPP, false },
	{ NAME("gppString"), CLAIM_GPP, false },
	{ NAME("gpp_consent"), CLAIM_GPP, false },
	{ NAME("gpp_sid"), CLAIM_GPP_SID, false },
	{ NAME("us_privacy"), CLAIM_US_PRIVACY, false },
	{ NAME("usprivacy"), CLAIM_US_PRIVACY, false },
	{ NAME("us_privacy_string"), CLAIM_US_PRIVACY, false },
	{ NAME("ccpa"), CLAIM_US_PRIVACY, true },
	{ NAME("gcs"), CLAIM_GCS, true },
	{ NAME("gcd"), CLAIM_GCD, true },
	{ NAME("gdpr"), CLAIM_GDPR, true },
	{ NAME("gdpr_applies"), CLAIM_GDPR, true },
	{ NAME("gdprApplies"), CLAIM_GDPR, true },
	{ NAME("npa"), CLAIM_NPA, true },
	{ NAME("rdp"), CLAIM_RESTRICTED, true },
	{ NAME("ltd"), CLAIM_LIMITED, true },
	{ NAME("tfcd"), CLAIM_CHILD, true },
	{ NAME("tfua"), CLAIM_CHILD, true },
	{ NAME("coppa"), CLAIM_CHILD, true },
	{ NAME("tag_for_child_directed_treatment"), CLAIM_CHILD, true },
	{ NAME("tag_for_under_age_of_consent"), CLAIM_CHILD, true },
};

/* A trailing '*' stands for anything. */
static const struct claim_name cookies[] = {
	{ NAME("euconsent-v2"), CLAIM_TC, false },
	{ NAME("eupubconsent-v2"), CLAIM_TC, false },
	{ NAME("dm-euconsent-v2"), CLAIM_TC, false },
	{ NAME("__cmpconsent*"), CLAIM_TC, true },
	{ NAME("addtl_consent"), CLAIM_AC, false },
	{ NAME("OTAdditionalConsentString"), CLAIM_AC, false },
	{ NAME("OTGPPConsent"), CLAIM_GPP, false },
	{ NAME("IABGPP_HDR_GppString"), CLAIM_GPP, false },
	{ NAME("__gpp"), CLAIM_GPP, true },
	{ NAME("gpp"), CLAIM_GPP, true },
	{ NAME("usprivacy"), CLAIM_US_PRIVACY, false },
	{ NAME("us_privacy"), CLAIM_US_PRIVACY, false },
};

/* OpenRTB, where the name alone would say too little. */
static const struct claim_name json_names[] = {
	{ NAME("user.consent"), CLAIM_TC, true },
	{ NAME("user.ext.consent"), CLAIM_TC, true },
	{ NAME("gdpr.consent"), CLAIM_TC, true },
	{ NAME("ConsentedProvidersSettings.consented_providers"), CLAIM_AC, true },
	{ NAME("regs.ext.gpc"), CLAIM_GPC, true },
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static bool fits(struct slice pattern, struct slice name)
{
	if (pattern.p[pattern.n - 1] == '*')
		return slice_istarts(name, slice_head(pattern, pattern.n - 1));
	return slice_ieq(pattern, name);
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
