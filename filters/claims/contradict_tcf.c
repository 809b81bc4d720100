/* contradict.h: TC strings. */
#include "filters/claims/contradict_parts.h"

#include <stdio.h>

#define PURPOSE(n) (UINT32_C(1) << ((n)-1))
#define ADVERTISING_PURPOSES (PURPOSE(2) | PURPOSE(3) | PURPOSE(4) | PURPOSE(7))
#define ANALYTICS_PURPOSES (PURPOSE(8) | PURPOSE(9) | PURPOSE(10))
#define FUNCTIONAL_PURPOSES (PURPOSE(5) | PURPOSE(6) | PURPOSE(11))
#define STORAGE_PURPOSE PURPOSE(1)
#define PROFILING_PURPOSES (PURPOSE(3) | PURPOSE(4) | PURPOSE(5) | PURPOSE(6))

#define DAY_DS (UINT64_C(86400) * 10)
/* Days since 1970: from then on a rule of the framework holds. */
#define FROM_2022 (UINT64_C(18993) * DAY_DS)	     /* times are equal, and midnight */
#define FROM_OCTOBER_2023 (UINT64_C(19631) * DAY_DS) /* policy version 4 */
#define FROM_MARCH_2026 (UINT64_C(20513) * DAY_DS)   /* disclosed vendors */
#define POLICY_2_2 4

void purpose_list(uint32_t flags, char out[PURPOSE_LIST])
{
	unsigned left = (unsigned)__builtin_popcount(flags);
	size_t n;

	n = (size_t)snprintf(out, PURPOSE_LIST, "purpose%s", left > 1 ? "s" : "");
	for (unsigned i = 1; i <= TCF_PURPOSES && n < PURPOSE_LIST; i++) {
		const char *before = " ";

		if (!flag_has(flags, i))
			continue;
		if (n > sizeof("purposes"))
			before = left == 1 ? " and " : ", ";
		n += (size_t)snprintf(out + n, PURPOSE_LIST - n, "%s%u", before, i);
		left--;
	}
}

/* The purposes that serve what was decided so. */
static uint32_t purposes_decided(const struct claim_choice *c, enum choice_state state)
{
	uint32_t purposes = 0;

	if (c->advertising == state)
		purposes |= ADVERTISING_PURPOSES;
	if (c->analytics == state)
		purposes |= ANALYTICS_PURPOSES;
	if (c->functional == state)
		purposes |= FUNCTIONAL_PURPOSES;
	if (choice_of_any(c) == state)
		purposes |= STORAGE_PURPOSE;
	return purposes;
}

void contradictions_of_tcf(const struct tcf *tc, const struct claim_choice *choice,
			   struct contradictions *out)
{
	uint32_t refused = tc->purpose_consents & purposes_decided(choice, CHOICE_REFUSED);
	uint32_t unasked = tc->purpose_consents & purposes_decided(choice, CHOICE_NONE);
	char list[PURPOSE_LIST];

	purpose_list(refused, list);
	if (refused != 0)
		contradiction_add(out, CONTRA_TC_GRANTS,
				  "the TC string claims consent for %s, which the person refused",
				  list);
	purpose_list(unasked, list);
	if (unasked != 0)
		contradiction_add(out, CONTRA_TC_UNASKED,
				  "the TC string claims consent for %s, and no choice was seen",
				  list);
}

static void legitimate_interest(const struct tcf *tc, struct contradictions *out)
{
	uint32_t profiling = tc->purpose_legitimate_interests & PROFILING_PURPOSES;
	char list[PURPOSE_LIST];

	purpose_list(profiling, list);
	if (profiling != 0 && tc->policy_version >= POLICY_2_2)
		contradiction_add(out, CONTRA_LI_PROFILING,
				  "the TC string claims legitimate interest for %s, where since "
				  "TCF 2.2 only consent counts",
				  list);
	if ((tc->purpose_legitimate_interests & STORAGE_PURPOSE) != 0)
		contradiction_add(out, CONTRA_LI_STORAGE,
				  "the TC string claims legitimate interest for purpose 1, where "
				  "only consent counts");
}

void contradictions_in_tcf(const struct tcf *tc, struct contradictions *out)
{
	legitimate_interest(tc, out);
	if (!tc->is_service_specific)
		contradiction_add(out, CONTRA_TC_GLOBAL,
				  "the TC string is not for one site; since 2021 each has to be");
	if (tc->policy_version < POLICY_2_2 && tc->created_ds >= FROM_OCTOBER_2023)
		contradiction_add(out, CONTRA_TC_POLICY,
				  "the TC string was made after September 2023 under policy "
				  "version %u, which had ended",
				  tc->policy_version);
	if (!tcf_has_segment(tc, TCF_VENDORS_DISCLOSED) && tc->created_ds >= FROM_MARCH_2026)
		contradiction_add(out, CONTRA_TC_UNDISCLOSED,
				  "the TC string was made after February 2026 and does not say "
				  "which vendors were disclosed");
	if (tc->created_ds >= FROM_2022 &&
	    (tc->created_ds != tc->last_updated_ds || tc->created_ds % DAY_DS != 0))
		contradiction_add(out, CONTRA_TC_TIMES,
				  "the TC string was made after 2021, and its two times are not "
				  "the same midnight");
}
