/* contradict.h: all claims of one request, and what they say of each other. */
#include "filters/claims/contradict_parts.h"

/* What the claims of a request have to do with each other. */
struct together {
	bool gdpr, tc_there;
	bool first; /* the first good TC string is in `tc` */
	struct tcf tc;
};

static void of_tc(const struct claim *claim, const struct claim_choice *choice,
		  struct together *all, struct contradictions *out)
{
	const char *why;
	struct tcf tc;

	if (!tcf_decode(claim->value, &tc, &why))
		return;
	contradictions_of_tcf(&tc, choice, out);
	contradictions_in_tcf(&tc, out);
	if (!all->first) {
		all->tc = tc;
		all->first = true;
	} else if (all->tc.created_ds == tc.created_ds && all->tc.cmp_id == tc.cmp_id &&
		   (all->tc.purpose_consents != tc.purpose_consents ||
		    all->tc.purpose_legitimate_interests != tc.purpose_legitimate_interests)) {
		contradiction_add(out, CONTRA_TC_DIFFER,
				  "the request has two TC strings of the same time that claim "
				  "different purposes");
	}
}

static void of_gpp(const struct claim *claim, const struct claim_choice *choice,
		   struct together *all, struct contradictions *out)
{
	const char *why;
	struct gpp gpp;

	if (!gpp_decode(claim->value, &gpp, &why))
		return;
	contradictions_of_gpp(&gpp, choice, out);
	all->tc_there = all->tc_there || gpp_find(&gpp, GPP_TCF_EU) != NULL;
}

static void of_other(const struct claim *claim, const struct claim_choice *choice,
		     struct together *all, struct contradictions *out)
{
	const char *why;
	struct ac_string ac;
	struct gcs gcs;
	struct gcd gcd;
	struct usp usp;
	bool on;

	if (claim->kind == CLAIM_AC && ac_decode(claim->value, &ac, &why))
		contradictions_of_ac(&ac, choice, out);
	else if (claim->kind == CLAIM_GCS && gcs_decode(claim->value, &gcs, &why))
		contradictions_of_gcs(&gcs, choice, out);
	else if (claim->kind == CLAIM_GCD && gcd_decode(claim->value, &gcd, &why))
		contradictions_of_gcd(&gcd, choice, out);
	else if (claim->kind == CLAIM_US_PRIVACY && usp_decode(claim->value, &usp, &why))
		contradictions_of_usp(&usp, choice, out);
	else if (claim->kind == CLAIM_GDPR && switch_decode(claim->value, &on, &why))
		all->gdpr = all->gdpr || on;
	else if (switch_decode(claim->value, &on, &why))
		contradictions_of_switch(claim->kind, on, choice, out);
}

static bool gpc_sent(const struct claims *claims)
{
	for (size_t i = 0; i < claims->n; i++)
		if (claims->list[i].kind == CLAIM_GPC && claims->list[i].source == CLAIM_IN_FIELD)
			return true;
	return false;
}

void contradictions_find(const struct claims *claims, const struct claim_choice *choice,
			 struct contradictions *out)
{
	struct together all = { .first = false };
	struct claim_choice asked = *choice;

	out->n = 0;
	asked.gpc = asked.gpc || gpc_sent(claims);
	for (size_t i = 0; i < claims->n; i++) {
		const struct claim *claim = &claims->list[i];

		if (claim->refused != NULL)
			continue;
		if (claim->kind == CLAIM_TC)
			of_tc(claim, &asked, &all, out);
		else if (claim->kind == CLAIM_GPP)
			of_gpp(claim, &asked, &all, out);
		else
			of_other(claim, &asked, &all, out);
	}
	if (all.gdpr && !all.first && !all.tc_there && !claims->more)
		contradiction_add(out, CONTRA_GDPR_WITHOUT_TC,
				  "the request says that the GDPR applies, and has no TC string "
				  "that can be read");
}
