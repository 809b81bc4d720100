/*
 * print.h: GPP strings.  The reference library knows a value for every field of a section, also where
 * the string lacks the sub-section that holds it; those are printed as it has them.
 */
#include "base/json.h"
#include "filters/claims/gpp_ca.h"
#include "filters/claims/gpp_us.h"
#include "filters/claims/print_parts.h"

#include <stdio.h>

static void print_restrictions(struct claim_printer *p, const char *name,
			       const struct restrictions *list)
{
	struct restrictions at = *list;
	struct restriction r;
	char words[64];

	print_open_list(p, name);
	while (buf_ok(p->out) && restrictions_next(&at, &r)) {
		snprintf(words, sizeof(words), "purpose %u %s", r.purpose,
			 restriction_words(r.type));
		if (!p->json) {
			print_ids(p, words, &r.vendors);
			continue;
		}
		print_open(p, NULL);
		print_u64(p, "key", r.purpose);
		print_u64(p, "type", (uint64_t)r.type);
		print_ids(p, "ids", &r.vendors);
		print_close(p);
	}
	print_close_list(p);
}

static void print_eu_core(struct claim_printer *p, const struct tcf *tc)
{
	print_u64(p, "Version", tc->version);
	print_time(p, "Created", tc->created_ds);
	print_time(p, "LastUpdated", tc->last_updated_ds);
	print_u64(p, "CmpId", tc->cmp_id);
	print_u64(p, "CmpVersion", tc->cmp_version);
	print_u64(p, "ConsentScreen", tc->consent_screen);
	print_text(p, "ConsentLanguage", slice_str(tc->consent_language));
	print_u64(p, "VendorListVersion", tc->vendor_list_version);
	print_u64(p, "PolicyVersion", tc->policy_version);
	print_bool(p, "IsServiceSpecific", tc->is_service_specific);
	print_bool(p, "UseNonStandardStacks", tc->use_non_standard_texts);
	print_bools(p, "SpecialFeatureOptins", tc->special_feature_optins, TCF_SPECIAL_FEATURES);
	print_bools(p, "PurposeConsents", tc->purpose_consents, TCF_PURPOSES);
	print_bools(p, "PurposeLegitimateInterests", tc->purpose_legitimate_interests,
		    TCF_PURPOSES);
	print_bool(p, "PurposeOneTreatment", tc->purpose_one_treatment);
	print_text(p, "PublisherCountryCode", slice_str(tc->publisher_country));
	print_ids(p, "VendorConsents", &tc->vendor_consents);
	print_ids(p, "VendorLegitimateInterests", &tc->vendor_legitimate_interests);
	print_restrictions(p, "PublisherRestrictions", &tc->restrictions);
}

static void print_eu(struct claim_printer *p, const struct tcf *tc)
{
	const struct tcf_publisher *pub = &tc->publisher;

	print_eu_core(p, tc);
	print_u64(p, "PublisherPurposesSegmentType", TCF_PUBLISHER);
	print_bools(p, "PublisherConsents", pub->consents, TCF_PURPOSES);
	print_bools(p, "PublisherLegitimateInterests", pub->legitimate_interests, TCF_PURPOSES);
	print_u64(p, "NumCustomPurposes", pub->custom_purposes);
	print_bools(p, "PublisherCustomConsents", pub->custom_consents, pub->custom_purposes);
	print_bools(p, "PublisherCustomLegitimateInterests", pub->custom_legitimate_interests,
		    pub->custom_purposes);
	print_u64(p, "VendorsAllowedSegmentType", TCF_VENDORS_ALLOWED);
	print_ids(p, "VendorsAllowed", &tc->vendors_allowed);
	print_u64(p, "VendorsDisclosedSegmentType", TCF_VENDORS_DISCLOSED);
	print_ids(p, "VendorsDisclosed", &tc->vendors_disclosed);
}

static void print_ca_core(struct claim_printer *p, const struct gpp_ca *ca)
{
	print_u64(p, "Version", ca->version);
	print_time(p, "Created", ca->created_ds);
	print_time(p, "LastUpdated", ca->last_updated_ds);
	print_u64(p, "CmpId", ca->cmp_id);
	print_u64(p, "CmpVersion", ca->cmp_version);
	print_u64(p, "ConsentScreen", ca->consent_screen);
	print_text(p, "ConsentLanguage", slice_str(ca->consent_language));
	print_u64(p, "VendorListVersion", ca->vendor_list_version);
	print_u64(p, "TcfPolicyVersion", ca->policy_version);
	print_bool(p, "UseNonStandardStacks", ca->use_non_standard_stacks);
	print_bools(p, "SpecialFeatureExpressConsent", ca->special_feature_express,
		    TCF_SPECIAL_FEATURES);
	print_bools(p, "PurposesExpressConsent", ca->purposes_express, TCF_PURPOSES);
	print_bools(p, "PurposesImpliedConsent", ca->purposes_implied, TCF_PURPOSES);
	print_ids(p, "VendorExpressConsent", &ca->vendors_express);
	print_ids(p, "VendorImpliedConsent", &ca->vendors_implied);
	print_restrictions(p, "PubRestrictions", &ca->restrictions);
}

static void print_ca(struct claim_printer *p, const struct gpp_ca *ca)
{
	const struct tcf_publisher *pub = &ca->publisher;

	print_ca_core(p, ca);
	print_u64(p, "PubPurposesSegmentType", TCF_PUBLISHER);
	print_bools(p, "PubPurposesExpressConsent", pub->consents, TCF_PURPOSES);
	print_bools(p, "PubPurposesImpliedConsent", pub->legitimate_interests, TCF_PURPOSES);
	print_u64(p, "NumCustomPurposes", pub->custom_purposes);
	print_bools(p, "CustomPurposesExpressConsent", pub->custom_consents, pub->custom_purposes);
	print_bools(p, "CustomPurposesImpliedConsent", pub->custom_legitimate_interests,
		    pub->custom_purposes);
	print_u64(p, "DisclosedVendorsSegmentType", TCF_VENDORS_DISCLOSED);
	print_ids(p, "DisclosedVendors", &ca->vendors_disclosed);
}

/* What the two bits of a field mean, by its name; NULL: a number only. */
static const char *answer_words(struct slice field, uint8_t answer)
{
	static const char *const notice[] = { "not applicable", "notice given", "no notice", "?" };
	static const char *const opt_out[] = { "not applicable", "opted out", "did not opt out",
					       "?" };

	if (slice_ends(field, SLICE("Notice")))
		return notice[answer & 3];
	return slice_ends(field, SLICE("OptOut")) ? opt_out[answer & 3] : NULL;
}

static void print_answer(struct claim_printer *p, const char *name, uint8_t answer)
{
	const char *words = answer_words(slice_str(name), answer);

	if (p->json || words == NULL)
		print_u64(p, name, answer);
	else
		print_text(p, name, slice_str(words));
}

static void print_us(struct claim_printer *p, const struct gpp_us *us)
{
	/* Since Maryland's the version is the agreement's. */
	bool newest = slice_starts(us->fields, SLICE("Mspa"));
	struct gpp_us_field f = { .begun = false };
	char name[64];

	print_u64(p, newest ? "MspaVersion" : "Version", us->version);
	while (gpp_us_next(us, &f)) {
		slice_copy(f.name, name, sizeof(name));
		if (f.list)
			print_answers(p, name, f.answers, f.n);
		else
			print_answer(p, name, f.answers[0]);
	}
	if (us->has_gpc) {
		print_u64(p, "GpcSegmentType", us->gpc_type);
		print_bool(p, "Gpc", us->gpc);
	}
	if (us->has_sensitive)
		print_answers(p, "SensitiveDataProcessing", us->sensitive, sizeof(us->sensitive));
}

/* gpp_decode() read every known section before, so none is refused here. */
static void print_section(struct claim_printer *p, const struct gpp_section *s)
{
	const char *why;
	struct gpp_ca ca;
	struct gpp_us us;
	struct usp usp;
	struct tcf tc;

	if (s->id == GPP_TCF_EU && tcf_decode_section(s->text, &tc, &why))
		print_eu(p, &tc);
	else if (s->id == GPP_TCF_CA && gpp_ca_read(s->text, &ca, &why))
		print_ca(p, &ca);
	else if (s->id == GPP_USP_V1 && usp_decode(s->text, &usp, &why))
		print_usp(p, &usp);
	else if (gpp_us_read(s->id, s->text, &us, &why))
		print_us(p, &us);
}

static void print_section_ids(struct claim_printer *p, const struct gpp *gpp)
{
	uint8_t ids[GPP_SECTIONS_MAX];
	size_t n = 0;

	for (size_t i = 0; i < gpp->count; i++)
		if (gpp->sections[i].known)
			ids[n++] = (uint8_t)gpp->sections[i].id;
	print_answers(p, "sectionIds", ids, n);
}

void print_gpp(struct claim_printer *p, const struct gpp *gpp)
{
	char name[32];

	print_section_ids(p, gpp);
	print_open(p, "sections");
	for (size_t i = 0; i < gpp->count; i++) {
		const struct gpp_section *s = &gpp->sections[i];

		if (!s->known && !p->json) {
			snprintf(name, sizeof(name), "section %u", s->id);
			print_text(p, name, SLICE("not known here, left unread"));
		}
		if (!s->known)
			continue;
		slice_copy(gpp_section_name(s->id), name, sizeof(name));
		print_open(p, name);
		print_section(p, s);
		print_close(p);
	}
	print_close(p);
}
