/* print.h: TC strings, by themselves and as sections of a GPP string. */
#include "filters/claims/print_parts.h"

#include <stdio.h>

#define RESTRICTION_KEYS (64 * 4)

static unsigned key_of(const struct restriction *r)
{
	return (unsigned)r->purpose * 4 + (unsigned)r->type;
}

const char *restriction_words(enum restriction_type type)
{
	static const char *const words[] = { [RESTRICTION_NOT_ALLOWED] = "not allowed",
					     [RESTRICTION_REQUIRE_CONSENT] = "by consent only",
					     [RESTRICTION_REQUIRE_LI] =
						     "by legitimate interest only",
					     [RESTRICTION_UNDEFINED] = "?" };

	return words[type];
}

static void print_restriction(struct claim_printer *p, const struct restriction *r,
			      const struct vendor_ids *ids)
{
	char name[64];

	if (!p->json) {
		snprintf(name, sizeof(name), "purpose %u %s", r->purpose,
			 restriction_words(r->type));
		print_ordered_runs(p, name, ids);
		return;
	}
	print_open(p, NULL);
	print_u64(p, "purposeId", r->purpose);
	print_u64(p, "restrictionType", (uint64_t)r->type);
	print_ordered_runs(p, "vendors", ids);
	print_close(p);
}

/* All that the list says about one purpose and type; false: nothing, or of no vendor. */
static bool gather(struct restrictions list, unsigned key, struct restriction *out,
		   struct vendor_ids *ids)
{
	struct restriction r;
	bool any = false;

	while (restrictions_next(&list, &r)) {
		if (key_of(&r) != key || r.vendors.entries == 0)
			continue;
		vendor_ids_add(ids, &r.vendors);
		*out = r;
		any = true;
	}
	return any;
}

/* One for each purpose and type, in order; one without vendors restricts nobody and is left out. */
static void print_restrictions(struct claim_printer *p, const struct restrictions *list)
{
	struct restriction r;

	print_open_list(p, "publisherRestrictions");
	for (unsigned key = 0; list->left != 0 && key < RESTRICTION_KEYS; key++) {
		struct vendor_ids ids = { { 0 } };

		if (gather(*list, key, &r, &ids))
			print_restriction(p, &r, &ids);
	}
	print_close_list(p);
}

static void print_segments(struct claim_printer *p, const struct tcf *tc)
{
	static const char *const names[] = { [TCF_CORE] = "core",
					     [TCF_VENDORS_DISCLOSED] = "vendorsDisclosed",
					     [TCF_VENDORS_ALLOWED] = "vendorsAllowed",
					     [TCF_PUBLISHER] = "publisherTC" };
	const char *words[TCF_SEGMENTS];

	for (unsigned i = 0; i < tc->segments; i++)
		words[i] = names[tc->order[i]];
	print_words(p, "segments", words, tc->segments);
}

static void print_publisher(struct claim_printer *p, const struct tcf_publisher *pub)
{
	unsigned n = pub->custom_purposes;

	print_open(p, "publisherTC");
	print_numbers(p, "publisherConsents", pub->consents, TCF_PURPOSES);
	print_numbers(p, "publisherLegitimateInterests", pub->legitimate_interests, TCF_PURPOSES);
	print_u64(p, "numCustomPurposes", n);
	print_numbers(p, "publisherCustomConsents", pub->custom_consents, n);
	print_numbers(p, "publisherCustomLegitimateInterests", pub->custom_legitimate_interests, n);
	print_close(p);
}

/* The numbers; in a table also what each of them is, one a line. */
static void print_named(struct claim_printer *p, const char *name, uint64_t flags, unsigned n,
			const char *(*word)(unsigned i))
{
	char number[8];

	print_numbers(p, name, flags, n);
	p->depth++;
	for (unsigned i = 1; !p->json && i <= n; i++) {
		if (!flag_has(flags, i))
			continue;
		snprintf(number, sizeof(number), "%u", i);
		print_text(p, number, slice_str(word(i)));
	}
	p->depth--;
}

void print_tcf(struct claim_printer *p, const struct tcf *tc)
{
	print_u64(p, "version", tc->version);
	print_time(p, "created", tc->created_ds);
	print_time(p, "lastUpdated", tc->last_updated_ds);
	print_u64(p, "cmpId", tc->cmp_id);
	print_u64(p, "cmpVersion", tc->cmp_version);
	print_u64(p, "consentScreen", tc->consent_screen);
	print_text(p, "consentLanguage", slice_str(tc->consent_language));
	print_u64(p, "vendorListVersion", tc->vendor_list_version);
	print_u64(p, "tcfPolicyVersion", tc->policy_version);
	print_bool(p, "isServiceSpecific", tc->is_service_specific);
	print_bool(p, "useNonStandardTexts", tc->use_non_standard_texts);
	print_named(p, "specialFeatureOptins", tc->special_feature_optins, TCF_SPECIAL_FEATURES,
		    tcf_special_feature_words);
	print_named(p, "purposeConsents", tc->purpose_consents, TCF_PURPOSES, tcf_purpose_words);
	print_named(p, "purposeLegitimateInterests", tc->purpose_legitimate_interests, TCF_PURPOSES,
		    tcf_purpose_words);
	print_bool(p, "purposeOneTreatment", tc->purpose_one_treatment);
	print_text(p, "publisherCountryCode", slice_str(tc->publisher_country));
	print_runs(p, "vendorConsents", &tc->vendor_consents);
	print_runs(p, "vendorLegitimateInterests", &tc->vendor_legitimate_interests);
	print_restrictions(p, &tc->restrictions);
	print_segments(p, tc);
	if (tcf_has_segment(tc, TCF_VENDORS_DISCLOSED))
		print_runs(p, "vendorsDisclosed", &tc->vendors_disclosed);
	if (tcf_has_segment(tc, TCF_VENDORS_ALLOWED))
		print_runs(p, "vendorsAllowed", &tc->vendors_allowed);
	if (tcf_has_segment(tc, TCF_PUBLISHER))
		print_publisher(p, &tc->publisher);
}
