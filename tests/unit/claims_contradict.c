/* What claims say against the person's choice, their framework's rules, and each other. */
#include "filters/claims/contradict.h"
#include "tests/unit/claims_tools.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#define DAY_DS UINT64_C(864000)

static const struct claim_choice refused = { CHOICE_REFUSED, CHOICE_REFUSED, CHOICE_REFUSED, false,
					     false };
static const struct claim_choice accepted = { CHOICE_ACCEPTED, CHOICE_ACCEPTED, CHOICE_ACCEPTED,
					      false, false };
static const struct claim_choice none = { CHOICE_NONE, CHOICE_NONE, CHOICE_NONE, false, false };
static const struct claim_choice analytics_only = { CHOICE_REFUSED, CHOICE_ACCEPTED, CHOICE_REFUSED,
						    false, false };

static const struct contradiction *of_kind(const struct contradictions *found,
					   enum contradiction_kind kind)
{
	for (size_t i = 0; i < found->n; i++)
		if (found->list[i].kind == kind)
			return &found->list[i];
	return NULL;
}

/* What a request with this query has against the choice. */
static struct contradictions on(const char *query, const struct claim_choice *choice)
{
	static struct claims claims;
	struct contradictions found;

	claims_find(&(struct claim_request){ .query = slice_str(query) }, &claims);
	contradictions_find(&claims, choice, &found);
	return found;
}

static void says(const char *query, const struct claim_choice *choice, enum contradiction_kind kind,
		 const char *words)
{
	struct contradictions found = on(query, choice);

	if (found.n != 1 || found.list[0].kind != kind)
		fail_msg("%s: %zu found, first %s", query, found.n,
			 found.n != 0 ? contradiction_word(found.list[0].kind) : "-");
	if (strcmp(found.list[0].words, words) != 0)
		fail_msg("%s: %s", query, found.list[0].words);
}

static void silent(const char *query, const struct claim_choice *choice)
{
	struct contradictions found = on(query, choice);

	if (found.n != 0)
		fail_msg("%s: %s", query, found.list[0].words);
}

/* A string that breaks no rule of its own: with disclosed vendors. */
static const char *tc_query(struct written *w, const struct core *c)
{
	static char query[512];

	whole_core(w, c);
	write_next(w, '.');
	write_bits(w, 1, 3);
	write_bits(w, 0, 17);
	snprintf(query, sizeof(query), "gdpr_consent=%.*s", SLICE_ARG(written(w)));
	return query;
}

static void test_tc(void **state)
{
	struct core c = core_usual;
	struct written w;

	(void)state;
	silent(tc_query(&w, &c), &refused);
	silent(tc_query(&w, &c), &none);
	for (unsigned i = 0; i < 4; i++)
		c.consents[i] = (const unsigned[]){ 1, 3, 8, 11 }[i];
	silent(tc_query(&w, &c), &accepted);
	says(tc_query(&w, &c), &refused, CONTRA_TC_GRANTS,
	     "the TC string claims consent for purposes 1, 3, 8 and 11, which the person refused");
	says(tc_query(&w, &c), &none, CONTRA_TC_UNASKED,
	     "the TC string claims consent for purposes 1, 3, 8 and 11, and no choice was seen");
	says(tc_query(&w, &c), &analytics_only, CONTRA_TC_GRANTS,
	     "the TC string claims consent for purposes 3 and 11, which the person refused");
	c.consents[0] = 9;
	c.consents[1] = 0;
	silent(tc_query(&w, &c), &analytics_only);
	says(tc_query(&w, &c), &refused, CONTRA_TC_GRANTS,
	     "the TC string claims consent for purpose 9, which the person refused");
}

static void test_legitimate_interest(void **state)
{
	struct core c = core_usual;
	struct written w;

	(void)state;
	for (unsigned i = 0; i < 5; i++)
		c.legitimate[i] = (const unsigned[]){ 2, 7, 8, 9, 10 }[i];
	silent(tc_query(&w, &c), &accepted);
	c.legitimate[1] = 4;
	c.legitimate[2] = 6;
	c.legitimate[3] = 0;
	says(tc_query(&w, &c), &accepted, CONTRA_LI_PROFILING,
	     "the TC string claims legitimate interest for purposes 4 and 6, where since TCF 2.2 "
	     "only "
	     "consent counts");
	/* Before TCF 2.2 that was allowed. */
	c.policy = 2;
	c.created_ds = c.updated_ds = UINT64_C(19000) * DAY_DS;
	silent(tc_query(&w, &c), &accepted);
	c.legitimate[0] = 1;
	c.legitimate[1] = 0;
	says(tc_query(&w, &c), &accepted, CONTRA_LI_STORAGE,
	     "the TC string claims legitimate interest for purpose 1, where only consent counts");
}

static void test_own_rules(void **state)
{
	struct core c = core_usual;
	struct contradictions found = { .n = 0 };
	struct written w;
	const char *why;
	struct tcf tc;

	(void)state;
	c.global = true;
	assert_non_null(strstr(tc_query(&w, &c), "="));
	says(tc_query(&w, &c), &accepted, CONTRA_TC_GLOBAL,
	     "the TC string is not for one site; since 2021 each has to be");
	c = core_usual;
	c.policy = 2;
	says(tc_query(&w, &c), &accepted, CONTRA_TC_POLICY,
	     "the TC string was made after September 2023 under policy version 2, which had ended");
	c = core_usual;
	c.updated_ds += DAY_DS;
	says(tc_query(&w, &c), &accepted, CONTRA_TC_TIMES,
	     "the TC string was made after 2021, and its two times are not the same midnight");
	c = core_usual;
	c.created_ds = c.updated_ds = core_usual.created_ds + 1;
	says(tc_query(&w, &c), &accepted, CONTRA_TC_TIMES,
	     "the TC string was made after 2021, and its two times are not the same midnight");
	/* Without disclosed vendors: fine on 28 February 2026, not on the next day. */
	c = core_usual;
	c.created_ds = c.updated_ds = UINT64_C(20512) * DAY_DS;
	assert_true(tcf_decode(whole_core(&w, &c), &tc, &why));
	contradictions_in_tcf(&tc, &found);
	assert_int_equal(found.n, 0);
	c.created_ds = c.updated_ds = UINT64_C(20513) * DAY_DS;
	assert_true(tcf_decode(whole_core(&w, &c), &tc, &why));
	contradictions_in_tcf(&tc, &found);
	assert_int_equal(found.n, 1);
	assert_int_equal(found.list[0].kind, CONTRA_TC_UNDISCLOSED);
}

static void test_mode(void **state)
{
	(void)state;
	silent("gcs=G100&gcd=11q1q1q1q5", &refused);
	silent("gcs=G111&gcd=11r1r1r1r5", &accepted);
	silent("gcs=G1--&gcd=13l3l3l3l1", &refused);
	silent("gcs=G101", &analytics_only);
	silent("gcs=G2zz&gcd=11x1x1x1x5", &refused);
	says("gcs=G111", &refused, CONTRA_MODE_GRANTS,
	     "gcs claims as granted what the person refused: ad_storage, analytics_storage");
	says("gcs=G110", &analytics_only, CONTRA_MODE_GRANTS,
	     "gcs claims as granted what the person refused: ad_storage");
	says("gcd=11r1p1p1v5", &refused, CONTRA_MODE_GRANTS,
	     "gcd claims as granted what the person refused: ad_storage, ad_personalization");
	says("gcd=11t1t1t1t5", &none, CONTRA_MODE_UNASKED,
	     "gcd claims as granted by default, and no choice was seen: ad_storage, "
	     "analytics_storage, ad_user_data, ad_personalization");
}

static void test_others(void **state)
{
	struct claim_choice gpc = accepted, minor = refused;
	static struct claims claims;
	struct contradictions found;

	(void)state;
	gpc.gpc = true;
	minor.minor = true;
	says("addtl_consent=1~7", &refused, CONTRA_AC_GRANTS,
	     "the additional consent string claims consent for Google's providers, and the person "
	     "refused advertising");
	silent("addtl_consent=2~~dv.7", &refused);
	silent("addtl_consent=1~7", &accepted);
	says("npa=0", &refused, CONTRA_PERSONALISED,
	     "npa claims that ads may be personalised, which the person refused");
	silent("npa=1", &refused);
	silent("npa=0", &accepted);
	says("tfcd=0", &minor, CONTRA_CHILD_DENIED,
	     "a flag claims that this is no child, and the client is in the profile of minors");
	silent("tfcd=1", &minor);
	silent("tfcd=0", &refused);
	says("us_privacy=1YNN", &gpc, CONTRA_GPC_IGNORED,
	     "us_privacy says that nobody opted out of sale, though the browser sent Sec-GPC: 1");
	claims_find(
		&(struct claim_request){ .query = SLICE("us_privacy=1YNN"), .sec_gpc = SLICE("1") },
		&claims);
	contradictions_find(&claims, &accepted, &found);
	assert_int_equal(found.n, 1);
	assert_int_equal(found.list[0].kind, CONTRA_GPC_IGNORED);
	silent("us_privacy=1YYN", &gpc);
	silent("us_privacy=1---", &gpc);
	silent("us_privacy=1YNN", &accepted);
	says("gpp=DBABTA~1YNN", &gpc, CONTRA_GPC_IGNORED,
	     "us_privacy says that nobody opted out of sale, though the browser sent Sec-GPC: 1");
	says("gdpr=1", &accepted, CONTRA_GDPR_WITHOUT_TC,
	     "the request says that the GDPR applies, and has no TC string that can be read");
	says("gdpr=1&gdpr_consent=C", &accepted, CONTRA_GDPR_WITHOUT_TC,
	     "the request says that the GDPR applies, and has no TC string that can be read");
	silent("gdpr=0", &accepted);
}

/* Two strings of one time that differ. */
static void test_two_strings(void **state)
{
	struct core c = core_usual;
	char query[1024];
	struct written w;
	size_t n;

	(void)state;
	n = (size_t)snprintf(query, sizeof(query), "%s", tc_query(&w, &c));
	c.consents[0] = 9;
	snprintf(query + n, sizeof(query) - n, "&%s", tc_query(&w, &c));
	says(query, &accepted, CONTRA_TC_DIFFER,
	     "the request has two TC strings of the same time that claim different purposes");
	c.created_ds = c.updated_ds = core_usual.created_ds + DAY_DS;
	snprintf(query + n, sizeof(query) - n, "&%s", tc_query(&w, &c));
	silent(query, &accepted);
}

/* Much at once: one of each kind, and the words end where their room does. */
static void test_all(void **state)
{
	struct core c = core_usual;
	struct contradictions found;
	char query[1024];
	struct written w;

	(void)state;
	for (unsigned i = 0; i < 24; i++)
		c.consents[i] = c.legitimate[i] = i + 1;
	snprintf(query, sizeof(query), "%s&gcs=G111&gcd=11v1v1v1v5&npa=0", tc_query(&w, &c));
	found = on(query, &refused);
	assert_int_equal(found.n, 5);
	assert_non_null(of_kind(&found, CONTRA_TC_GRANTS));
	assert_non_null(of_kind(&found, CONTRA_MODE_GRANTS));
	assert_non_null(of_kind(&found, CONTRA_PERSONALISED));
	assert_non_null(of_kind(&found, CONTRA_LI_STORAGE));
	assert_string_equal(of_kind(&found, CONTRA_LI_PROFILING)->words,
			    "the TC string claims legitimate interest for purposes 3, 4, 5 and 6, "
			    "where since TCF 2.2 only consent counts");
	for (int k = 0; k < CONTRADICTION_KINDS; k++)
		assert_string_not_equal(contradiction_word((enum contradiction_kind)k), "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tc),	  cmocka_unit_test(test_legitimate_interest),
		cmocka_unit_test(test_own_rules), cmocka_unit_test(test_mode),
		cmocka_unit_test(test_others),	  cmocka_unit_test(test_two_strings),
		cmocka_unit_test(test_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
