/* Bits in base64url, sets of vendors, and TC strings, good and malformed. */
#include "filters/claims/print.h"
#include "filters/claims/tcf.h"
#include "tests/unit/claims_tools.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static void refused(struct slice text, const char *word)
{
	const char *why = NULL;
	struct tcf tc;

	if (tcf_decode(text, &tc, &why))
		fail_msg("decoded: %.*s", SLICE_ARG(text));
	if (strstr(why, word) == NULL)
		fail_msg("%.*s: \"%s\" has no \"%s\"", SLICE_ARG(text), why, word);
	assert_int_equal(tc.version, 0);
	assert_int_equal(tc.purpose_consents, 0);
}

static struct tcf decoded(struct slice text)
{
	const char *why = NULL;
	struct tcf tc;

	if (!tcf_decode(text, &tc, &why))
		fail_msg("%.*s: %s", SLICE_ARG(text), why);
	return tc;
}

/* ---- bits ---- */

static void test_bits(void **state)
{
	struct bits b;

	(void)state;
	assert_true(bits_init(&b, SLICE("CQ-_"), BITS_URL));
	assert_int_equal(bits_take(&b, 6), 2);
	assert_int_equal(bits_take(&b, 2), 1);
	assert_int_equal(bits_take(&b, 10), 62);
	assert_int_equal(bits_left(&b), 6);
	assert_false(b.failed);
	assert_int_equal(bits_take(&b, 7), 0);
	assert_true(b.failed);
	assert_int_equal(bits_take(&b, 1), 0);
	assert_false(bits_init(&b, SLICE("CQ+/"), BITS_URL));
	assert_true(bits_init(&b, SLICE("+/"), BITS_EITHER));
	assert_int_equal(bits_take(&b, 12), 62 << 6 | 63);
	assert_false(bits_init(&b, SLICE(""), BITS_EITHER));
	assert_false(bits_init(&b, slice_of("A\0A", 3), BITS_EITHER));
	assert_false(bits_init(&b, SLICE("AA=="), BITS_EITHER));
	assert_true(bits_init(&b, SLICE("__________9"), BITS_URL));
	assert_true(bits_take(&b, 64) == (UINT64_MAX & ~UINT64_C(0)));
}

static void test_fibonacci(void **state)
{
	static const uint32_t numbers[] = { 1, 2, 3, 4, 5, 12, 13, 987, 4180, 65535 };

	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		struct written w;
		struct bits b;

		write_begin(&w);
		write_fibonacci(&w, numbers[i]);
		assert_int_equal(w.bits, fibonacci_length(numbers[i]));
		assert_true(bits_init(&b, written(&w), BITS_URL));
		assert_int_equal(bits_fibonacci(&b, VENDOR_ID_MAX), numbers[i]);
		assert_int_equal(b.at, w.bits);
		assert_false(b.failed);
		assert_true(bits_init(&b, written(&w), BITS_URL));
		bits_fibonacci(&b, numbers[i] - 1);
		assert_true(b.failed);
	}
}

static void test_letters(void **state)
{
	char two[3];
	struct bits b;

	(void)state;
	assert_true(bits_init(&b, SLICE("FR"), BITS_URL));
	bits_letters(&b, two);
	assert_string_equal(two, "FR");
	assert_true(bits_init(&b, SLICE("g5"), BITS_URL)); /* 32 and 57 */
	bits_letters(&b, two);
	assert_string_equal(two, "az");
	assert_false(b.failed);
	for (const char *c = "af6_"; *c != '\0'; c++) { /* 26, 31, 58, 63 */
		assert_true(bits_init(&b, slice_of((const char[]){ 'A', *c }, 2), BITS_URL));
		bits_letters(&b, two);
		assert_true(b.failed);
	}
}

/* A run of zeros never ends a number, however long. */
static void test_fibonacci_endless(void **state)
{
	char zeros[200];
	struct bits b;

	(void)state;
	memset(zeros, 'A', sizeof(zeros));
	assert_true(bits_init(&b, slice_of(zeros, sizeof(zeros)), BITS_URL));
	bits_fibonacci(&b, VENDOR_ID_MAX);
	assert_true(b.failed);
	assert_true(b.at < 40);
}

/* ---- vendors ---- */

static void entry(struct written *w, unsigned first, unsigned last)
{
	write_bits(w, last != 0, 1);
	write_bits(w, first, 16);
	if (last != 0)
		write_bits(w, last, 16);
}

static bool read_set(const struct written *w, enum vendor_coding coding, struct vendor_set *out,
		     bool *as_encoder)
{
	struct bits b;

	assert_true(bits_init(&b, written(w), BITS_URL));
	return vendor_set_read(&b, coding, out, as_encoder);
}

static void test_field(void **state)
{
	struct vendor_walk walk;
	struct vendor_set set;
	uint16_t first, last;
	struct written w;
	bool as_encoder;

	(void)state;
	write_begin(&w);
	write_bits(&w, 9, 16);
	write_bits(&w, 0, 1);
	write_flags(&w, 9, (const unsigned[]){ 1, 2, 3, 7, 9, 0 });
	assert_true(read_set(&w, VENDORS_FIXED, &set, &as_encoder));
	assert_true(as_encoder);
	assert_true(vendor_set_has(&set, 1));
	assert_false(vendor_set_has(&set, 4));
	assert_true(vendor_set_has(&set, 9));
	assert_false(vendor_set_has(&set, 10));
	assert_false(vendor_set_has(&set, 0));
	walk = vendor_walk(&set);
	assert_true(vendor_next(&walk, &first, &last));
	assert_int_equal(first, 1);
	assert_int_equal(last, 3);
	assert_true(vendor_next(&walk, &first, &last));
	assert_int_equal(first, 7);
	assert_int_equal(last, 7);
	assert_true(vendor_next(&walk, &first, &last));
	assert_int_equal(first, 9);
	assert_false(vendor_next(&walk, &first, &last));
}

struct entries_case {
	unsigned max;
	unsigned entries[6]; /* first, last, ...; last 0: one id */
	unsigned n;
	bool good, as_encoder;
};

static void test_entries(void **state)
{
	static const struct entries_case cases[] = {
		{ 900, { 10, 16, 20, 0, 900, 0 }, 3, true, true },
		{ 900, { 20, 0, 10, 16, 900, 0 }, 3, true, false }, /* not in order */
		{ 900, { 10, 16, 17, 0, 900, 0 }, 3, true, false }, /* could be merged */
		{ 900, { 10, 10, 900, 0 }, 2, true, false },	    /* a range of one */
		{ 1000, { 10, 16, 900, 0 }, 2, true, false }, /* the last is not the greatest */
		{ 40, { 10, 16, 40, 0 }, 2, true, false },    /* a field were shorter */
		{ 900, { 10, 16, 8, 30 }, 2, true, false },   /* they overlap */
		{ 900, { 0, 0 }, 1, false, false },
		{ 900, { 0, 5 }, 1, false, false },
		{ 900, { 901, 0 }, 1, false, false },
		{ 900, { 10, 901 }, 1, false, false },
		{ 900, { 16, 10 }, 1, false, false },
		{ 65535, { 1, 65535 }, 1, true, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct entries_case *t = &cases[i];
		struct vendor_set set;
		struct written w;
		bool as_encoder;

		write_begin(&w);
		write_bits(&w, t->max, 16);
		write_bits(&w, 1, 1);
		write_bits(&w, t->n, 12);
		for (unsigned k = 0; k < t->n; k++)
			entry(&w, t->entries[2 * k], t->entries[2 * k + 1]);
		if (read_set(&w, VENDORS_FIXED, &set, &as_encoder) != t->good ||
		    as_encoder != t->as_encoder)
			fail_msg("case %zu", i);
		if (t->good)
			assert_true(vendor_set_has(&set, (uint16_t)t->entries[0]));
		else
			assert_false(vendor_set_has(&set, 1));
	}
}

/* The traps: a count without its entries, a greatest id without its field. */
static void test_counts(void **state)
{
	struct vendor_set set;
	struct written w;

	(void)state;
	write_begin(&w);
	write_bits(&w, 65535, 16);
	write_bits(&w, 1, 1);
	write_bits(&w, 4095, 12);
	for (int i = 0; i < 40; i++)
		entry(&w, 1, 65535);
	assert_false(read_set(&w, VENDORS_FIXED, &set, NULL));
	assert_int_equal(set.entries, 0);
	write_begin(&w);
	write_bits(&w, 65535, 16);
	write_bits(&w, 0, 1);
	write_bits(&w, UINT64_MAX, 60);
	assert_false(read_set(&w, VENDORS_FIXED, &set, NULL));
	assert_false(vendor_set_has(&set, 1));
}

static void test_ids_in_order(void **state)
{
	static const uint16_t wanted[][2] = { { 3, 70 }, { 128, 128 }, { 65535, 65535 } };
	struct vendor_ids ids = { { 0 } };
	uint16_t first, last;
	struct vendor_set set;
	struct written w;
	uint32_t at = 0;

	(void)state;
	write_begin(&w);
	write_bits(&w, 4, 12);
	entry(&w, 65535, 0);
	entry(&w, 64, 70);
	entry(&w, 3, 65);
	entry(&w, 128, 128);
	assert_true(read_set(&w, VENDORS_ENTRIES, &set, NULL));
	vendor_ids_add(&ids, &set);
	for (size_t i = 0; i < 3; i++) {
		assert_true(vendor_ids_next(&ids, &at, &first, &last));
		assert_int_equal(first, wanted[i][0]);
		assert_int_equal(last, wanted[i][1]);
	}
	assert_false(vendor_ids_next(&ids, &at, &first, &last));
}

/* ---- TC strings ---- */

static void test_core(void **state)
{
	struct core c = core_usual;
	struct written w;
	struct tcf tc;

	(void)state;
	c.consents[0] = 1;
	c.consents[1] = 4;
	c.legitimate[0] = 2;
	c.legitimate[1] = 24;
	tc = decoded(whole_core(&w, &c));
	assert_int_equal(tc.version, 2);
	assert_true(tc.created_ds == core_usual.created_ds);
	assert_int_equal(tc.cmp_id, 300);
	assert_int_equal(tc.cmp_version, 7);
	assert_int_equal(tc.consent_screen, 1);
	assert_string_equal(tc.consent_language, "FR");
	assert_string_equal(tc.publisher_country, "DE");
	assert_int_equal(tc.vendor_list_version, 250);
	assert_int_equal(tc.policy_version, 5);
	assert_true(tc.is_service_specific);
	assert_false(tc.use_non_standard_texts);
	assert_int_equal(tc.special_feature_optins, 1);
	assert_int_equal(tc.purpose_consents, 1 | 1 << 3);
	assert_int_equal(tc.purpose_legitimate_interests, 1 << 1 | 1 << 23);
	assert_true(flag_has(tc.purpose_consents, 4));
	assert_false(flag_has(tc.purpose_consents, 2));
	assert_false(vendor_set_has(&tc.vendor_consents, 1));
	assert_int_equal(tc.segments, 1);
	assert_false(tcf_has_segment(&tc, TCF_VENDORS_DISCLOSED));
	assert_false(vendor_set_has(&tc.vendors_disclosed, 1));
}

static void write_publisher(struct written *w)
{
	write_bits(w, TCF_PUBLISHER, 3);
	write_flags(w, 24, (const unsigned[]){ 1, 8, 0 });
	write_flags(w, 24, (const unsigned[]){ 7, 0 });
	write_bits(w, 63, 6);
	write_flags(w, 63, (const unsigned[]){ 1, 63, 0 });
	write_flags(w, 63, (const unsigned[]){ 2, 0 });
}

static void test_segments(void **state)
{
	struct written w;
	struct tcf tc;

	(void)state;
	whole_core(&w, &core_usual);
	write_next(&w, '.');
	write_publisher(&w);
	write_next(&w, '.');
	write_bits(&w, TCF_VENDORS_DISCLOSED, 3);
	write_bits(&w, 3, 16);
	write_bits(&w, 0, 1);
	write_flags(&w, 3, (const unsigned[]){ 3, 0 });
	tc = decoded(written(&w));
	assert_int_equal(tc.segments, 3);
	assert_int_equal(tc.order[1], TCF_PUBLISHER);
	assert_int_equal(tc.order[2], TCF_VENDORS_DISCLOSED);
	assert_true(vendor_set_has(&tc.vendors_disclosed, 3));
	assert_false(vendor_set_has(&tc.vendors_disclosed, 2));
	assert_int_equal(tc.publisher.consents, 1 | 1 << 7);
	assert_int_equal(tc.publisher.legitimate_interests, 1 << 6);
	assert_int_equal(tc.publisher.custom_purposes, 63);
	assert_true(tc.publisher.custom_consents == (UINT64_C(1) | UINT64_C(1) << 62));
	assert_true(tc.publisher.custom_legitimate_interests == 2);
}

/* Cut at each place: what is not whole says nothing, but for padding. */
static void test_cut(void **state)
{
	struct slice whole;
	struct written w;
	size_t last = 0;

	(void)state;
	write_begin(&w);
	write_core(&w, &core_usual);
	write_bits(&w, 20, 16);
	write_bits(&w, 0, 1);
	write_flags(&w, 20, (const unsigned[]){ 20, 0 });
	write_bits(&w, 0, 17);
	write_bits(&w, 1, 12);
	write_bits(&w, 2, 6);
	write_bits(&w, RESTRICTION_REQUIRE_CONSENT, 2);
	write_bits(&w, 1, 12);
	entry(&w, 5, 9);
	whole = written(&w);
	for (size_t n = 0; n < whole.n; n++) {
		char *exact = malloc(n + 1); /* nothing behind it to read */
		const char *why;
		struct tcf tc;

		assert_non_null(exact);
		memcpy(exact, whole.p, n);
		if (tcf_decode(slice_of(exact, n), &tc, &why))
			last = n;
		free(exact);
	}
	assert_int_equal(last, 0);
	decoded(whole);
}

static void test_malformed(void **state)
{
	struct core c = core_usual;
	struct written w;

	(void)state;
	refused(SLICE(""), "empty");
	refused(SLICE("."), "empty");
	refused(SLICE("no-base64!"), "base64url");
	refused(SLICE("BOEFEAyOEFEAyAHABDENAI4AAAB9vABAASA"), "version 2");
	refused(SLICE("DBABMA"), "version 2");
	refused(SLICE("CQ"), "cut short");
	whole_core(&w, &c);
	write_next(&w, '.');
	refused(written(&w), "empty");
	write_bits(&w, TCF_VENDORS_DISCLOSED, 3);
	write_bits(&w, 0, 17);
	decoded(written(&w));
	write_next(&w, '.');
	write_bits(&w, TCF_VENDORS_DISCLOSED, 3);
	write_bits(&w, 0, 17);
	refused(written(&w), "twice");
	for (unsigned type = 4; type < 8; type++) {
		whole_core(&w, &c);
		write_next(&w, '.');
		write_bits(&w, type, 3);
		write_bits(&w, 0, 60);
		refused(written(&w), "does not exist");
	}
	c.cmp_id = 1;
	refused(whole_core(&w, &c), "id 0 or 1");
}

/* Padding may hold anything; more than padding may not. */
static void test_tail(void **state)
{
	struct written w;

	(void)state;
	whole_core(&w, &core_usual);
	write_bits(&w, UINT64_MAX, 23);
	decoded(written(&w));
	whole_core(&w, &core_usual);
	write_bits(&w, 0, 60);
	decoded(written(&w));
	write_bits(&w, 1, 1);
	refused(written(&w), "behind its last field");
}

static void test_restrictions(void **state)
{
	struct restrictions at;
	struct restriction r;
	struct written w;
	struct tcf tc;

	(void)state;
	write_begin(&w);
	write_core(&w, &core_usual);
	write_bits(&w, 0, 17);
	write_bits(&w, 0, 17);
	write_bits(&w, 2, 12);
	write_bits(&w, 7, 6);
	write_bits(&w, RESTRICTION_REQUIRE_LI, 2);
	write_bits(&w, 0, 12);
	write_bits(&w, 2, 6);
	write_bits(&w, RESTRICTION_NOT_ALLOWED, 2);
	write_bits(&w, 2, 12);
	entry(&w, 10, 12);
	entry(&w, 65535, 0);
	tc = decoded(written(&w));
	at = tc.restrictions;
	assert_true(restrictions_next(&at, &r));
	assert_int_equal(r.purpose, 7);
	assert_int_equal(r.type, RESTRICTION_REQUIRE_LI);
	assert_false(vendor_set_has(&r.vendors, 1));
	assert_true(restrictions_next(&at, &r));
	assert_int_equal(r.purpose, 2);
	assert_true(vendor_set_has(&r.vendors, 11));
	assert_true(vendor_set_has(&r.vendors, 65535));
	assert_false(vendor_set_has(&r.vendors, 13));
	assert_false(restrictions_next(&at, &r));
}

static void restriction_refused(unsigned purpose, unsigned type, unsigned first, unsigned last)
{
	struct written w;

	write_begin(&w);
	write_core(&w, &core_usual);
	write_bits(&w, 0, 17);
	write_bits(&w, 0, 17);
	write_bits(&w, 1, 12);
	write_bits(&w, purpose, 6);
	write_bits(&w, type, 2);
	write_bits(&w, 1, 12);
	entry(&w, first, last);
	refused(written(&w), "restrictions");
}

static void test_restrictions_malformed(void **state)
{
	(void)state;
	restriction_refused(0, RESTRICTION_NOT_ALLOWED, 1, 0);
	restriction_refused(2, RESTRICTION_UNDEFINED, 1, 0);
	restriction_refused(2, RESTRICTION_NOT_ALLOWED, 0, 0);
	restriction_refused(2, RESTRICTION_NOT_ALLOWED, 9, 8);
}

static void test_too_long(void **state)
{
	static char text[TCF_TEXT_MAX + 1];

	(void)state;
	memset(text, 'A', sizeof(text));
	text[0] = 'C';
	refused(slice_of(text, sizeof(text)), "longer");
}

static void test_print(void **state)
{
	struct claim_printer p;
	struct written w;
	struct tcf tc;
	struct buf out;

	(void)state;
	write_begin(&w);
	write_core(&w, &core_usual);
	write_bits(&w, 800, 16);
	write_bits(&w, 1, 1);
	write_bits(&w, 2, 12);
	entry(&w, 800, 0);
	entry(&w, 2, 4);
	write_bits(&w, 0, 17);
	write_bits(&w, 2, 12);
	for (int i = 0; i < 2; i++) {
		write_bits(&w, 9, 6);
		write_bits(&w, RESTRICTION_REQUIRE_LI, 2);
		write_bits(&w, 1, 12);
		entry(&w, i == 0 ? 6 : 5, 0);
	}
	tc = decoded(written(&w));
	buf_init(&out, 4096);
	p = (struct claim_printer){ .out = &out, .json = true };
	print_open(&p, NULL);
	print_tcf(&p, &tc);
	print_close(&p);
	assert_true(slice_eq(
		buf_slice(&out),
		SLICE("{\"version\":2,\"created\":\"2026-01-15T00:00:00.000Z\",\"lastUpdated\":"
		      "\"2026-01-15T00:00:00.000Z\",\"cmpId\":300,\"cmpVersion\":7,"
		      "\"consentScreen\":1,\"consentLanguage\":\"FR\",\"vendorListVersion\":250,"
		      "\"tcfPolicyVersion\":5,\"isServiceSpecific\":true,"
		      "\"useNonStandardTexts\":false,\"specialFeatureOptins\":[1],"
		      "\"purposeConsents\":[],\"purposeLegitimateInterests\":[],"
		      "\"purposeOneTreatment\":false,\"publisherCountryCode\":\"DE\","
		      "\"vendorConsents\":\"2-4,800\",\"vendorLegitimateInterests\":\"\","
		      "\"publisherRestrictions\":[{\"purposeId\":9,\"restrictionType\":2,"
		      "\"vendors\":\"5-6\"}],\"segments\":[\"core\"]}")));
	buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bits),
		cmocka_unit_test(test_fibonacci),
		cmocka_unit_test(test_fibonacci_endless),
		cmocka_unit_test(test_letters),
		cmocka_unit_test(test_field),
		cmocka_unit_test(test_entries),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_ids_in_order),
		cmocka_unit_test(test_core),
		cmocka_unit_test(test_segments),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_tail),
		cmocka_unit_test(test_restrictions),
		cmocka_unit_test(test_restrictions_malformed),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_print),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
