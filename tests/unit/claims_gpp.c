/* GPP strings: the header, the sections, and what is malformed. */
#include "filters/claims/gpp.h"
#include "filters/claims/gpp_ca.h"
#include "filters/claims/gpp_us.h"
#include "filters/claims/print.h"
#include "filters/claims/tcf.h"
#include "tests/unit/claims_tools.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

static struct gpp decoded(struct slice text)
{
	const char *why = NULL;
	struct gpp gpp;

	if (!gpp_decode(text, &gpp, &why))
		fail_msg("%.*s: %s", SLICE_ARG(text), why);
	return gpp;
}

static void refused(struct slice text, const char *word)
{
	const char *why = NULL;
	struct gpp gpp;

	if (gpp_decode(text, &gpp, &why))
		fail_msg("decoded: %.*s", SLICE_ARG(text));
	if (strstr(why, word) == NULL)
		fail_msg("%.*s: \"%s\" has no \"%s\"", SLICE_ARG(text), why, word);
	assert_int_equal(gpp.count, 0);
}

/* A header for these ids, ended by 0, each alone. */
static void write_header(struct written *w, const unsigned *ids)
{
	unsigned n = 0, last = 0;

	while (ids[n] != 0)
		n++;
	write_begin(w);
	write_bits(w, 3, 6);
	write_bits(w, 1, 6);
	write_bits(w, n, 12);
	for (unsigned i = 0; i < n; i++) {
		write_bits(w, 0, 1);
		write_fibonacci(w, ids[i] - last);
		last = ids[i];
	}
}

/* The specification's examples, and its older form that pads to 8 bits. */
static void test_header(void **state)
{
	struct gpp gpp;

	(void)state;
	gpp = decoded(SLICE("DBABTA~1YNN"));
	assert_int_equal(gpp.count, 1);
	assert_int_equal(gpp.sections[0].id, GPP_USP_V1);
	assert_true(gpp.sections[0].known);
	gpp = decoded(SLICE("DBABTA~1---"));
	assert_non_null(gpp_find(&gpp, 6));
	assert_null(gpp_find(&gpp, 2));
	refused(SLICE("DBABTA"), "more sections");
	refused(SLICE("DBABTA~"), "empty");
	refused(SLICE("DBABTA~1YNN~1YNN"), "than its header");
	refused(SLICE("DBABTA~1YN"), "US Privacy");
	refused(SLICE("DBABTA~2YNN"), "US Privacy");
	refused(SLICE("DBABTA~1ynn"), "US Privacy");
	refused(SLICE(""), "empty");
	refused(SLICE("~"), "base64url");
	refused(SLICE("DB!"), "base64url");
	refused(SLICE("DC"), "DB");
	refused(SLICE("CBABTA~1YNN"), "DB");
	refused(SLICE("DB__"), "header is cut");
	refused(SLICE("DBAA~1YNN"), "than its header");
}

/* A section that nobody knows yet is kept as text and says nothing. */
static void test_unknown_section(void **state)
{
	struct written w;
	struct gpp gpp;

	(void)state;
	write_header(&w, (const unsigned[]){ 6, 900, 0 });
	write_next(&w, '~');
	memcpy(w.text + w.n, "1YNY~!any.thing", 15);
	w.n += 15;
	gpp = decoded(written(&w));
	assert_int_equal(gpp.count, 2);
	assert_true(gpp.sections[0].known);
	assert_false(gpp.sections[1].known);
	assert_int_equal(gpp.sections[1].id, 900);
	assert_true(slice_eq(gpp.sections[1].text, SLICE("!any.thing")));
	assert_int_equal(gpp_section_name(900).n, 0);
}

/* Two numbers can name 65,535 sections. */
static void test_many_sections(void **state)
{
	struct written w;

	(void)state;
	write_begin(&w);
	write_bits(&w, 3, 6);
	write_bits(&w, 1, 6);
	write_bits(&w, 1, 12);
	write_bits(&w, 1, 1);
	write_fibonacci(&w, 1);
	write_fibonacci(&w, 65534);
	refused(written(&w), "list of sections");
}

static void test_eu(void **state)
{
	const struct gpp_section *s;
	struct core c = core_usual;
	struct written w;
	const char *why;
	struct gpp gpp;
	struct tcf tc;

	(void)state;
	c.cmp_id = 0;
	c.consents[0] = 3;
	write_header(&w, (const unsigned[]){ 2, 0 });
	write_next(&w, '~');
	write_core(&w, &c);
	write_bits(&w, 0, 17);
	write_bits(&w, 0, 17); /* and no word of restrictions */
	gpp = decoded(written(&w));
	s = gpp_find(&gpp, GPP_TCF_EU);
	assert_non_null(s);
	assert_true(tcf_decode_section(s->text, &tc, &why));
	assert_int_equal(tc.purpose_consents, 1 << 2);
	assert_false(tcf_decode(s->text, &tc, &why));
	write_next(&w, '.');
	write_bits(&w, 7, 3);
	refused(written(&w), "does not exist");
}

static void write_answers(struct written *w, unsigned version, unsigned n)
{
	write_bits(w, version, 6);
	for (unsigned i = 0; i < n; i++)
		write_bits(w, i % 3, 2);
}

struct us_case {
	uint16_t id;
	const char *name;
	unsigned answers; /* of the core */
	bool gpc, sensitive;
};

static void test_us(void **state)
{
	static const struct us_case cases[] = {
		{ 7, "usnat", 32, true, false },  { 8, "usca", 20, true, false },
		{ 9, "usva", 17, false, false },  { 10, "usco", 16, true, false },
		{ 11, "usut", 18, false, false }, { 12, "usct", 19, true, false },
		{ 13, "usfl", 20, false, false }, { 14, "usmt", 20, true, false },
		{ 15, "usor", 23, true, false },  { 16, "ustx", 18, true, false },
		{ 17, "usde", 23, true, false },  { 18, "usia", 18, true, false },
		{ 19, "usne", 18, true, false },  { 20, "usnh", 20, true, false },
		{ 21, "usnj", 24, true, false },  { 22, "ustn", 18, true, false },
		{ 23, "usmn", 18, true, false },  { 24, "usmd", 8, true, false },
		{ 25, "usin", 9, false, true },	  { 26, "usky", 9, false, true },
		{ 27, "usri", 9, false, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct us_case *t = &cases[i];
		struct gpp_us_field f = { .begun = false };
		struct written w;
		struct gpp_us us;
		const char *why;
		unsigned n = 0;

		write_begin(&w);
		write_answers(&w, t->id == 7 ? 2 : 1, t->answers);
		assert_true(slice_eq(gpp_us_name(t->id), slice_str(t->name)));
		if (!gpp_us_read(t->id, written(&w), &us, &why))
			fail_msg("%s: %s", t->name, why);
		assert_int_equal(us.has_gpc, t->gpc);
		assert_int_equal(us.has_sensitive, t->sensitive);
		while (gpp_us_next(&us, &f))
			for (unsigned k = 0; k < f.n; k++)
				assert_int_equal(f.answers[k], n++ % 3);
		assert_int_equal(n, t->answers);
		/* A character less is too short. */
		if (t->id != 7 && gpp_us_read(t->id, slice_head(written(&w), w.n - 1), &us, &why))
			fail_msg("%s: cut short and read", t->name);
	}
}

static void test_us_second(void **state)
{
	struct written w;
	struct gpp_us us;
	const char *why;

	(void)state;
	write_begin(&w);
	write_answers(&w, 1, 18);
	write_next(&w, '.');
	write_bits(&w, 1, 2);
	write_bits(&w, 1, 1);
	assert_true(gpp_us_read(16, written(&w), &us, &why));
	assert_true(us.gpc);
	assert_int_equal(us.gpc_type, 1);
	assert_true(gpp_us_read(11, written(&w), &us, &why)); /* Utah has none: passed over */
	assert_false(us.gpc);
	write_begin(&w);
	write_answers(&w, 1, 18);
	write_next(&w, '.');
	write_bits(&w, 2, 2);
	write_bits(&w, 1, 1);
	assert_false(gpp_us_read(16, written(&w), &us, &why));
	assert_non_null(strstr(why, "second part"));
	write_begin(&w);
	write_answers(&w, 1, 9);
	write_next(&w, '.');
	write_bits(&w, 0x1b1b, 16);
	assert_true(gpp_us_read(25, written(&w), &us, &why));
	assert_int_equal(us.sensitive[1], 1);
	assert_int_equal(us.sensitive[7], 3);
}

/* Version 1 has shorter lists; where it was written in 60 or 66 bits the rest comes as zero. */
static void test_us_national_v1(void **state)
{
	struct gpp_us_field f = { .begun = false };
	struct written w;
	struct gpp_us us;
	const char *why;
	unsigned sensitive = 0, child = 0;

	(void)state;
	write_begin(&w);
	write_answers(&w, 1, 27);
	assert_int_equal(w.n, 10);
	assert_true(gpp_us_read(7, written(&w), &us, &why));
	while (gpp_us_next(&us, &f)) {
		sensitive = slice_eq(f.name, SLICE("SensitiveDataProcessing")) ? f.n : sensitive;
		child = slice_eq(f.name, SLICE("KnownChildSensitiveDataConsents")) ? f.n : child;
	}
	assert_int_equal(sensitive, 12);
	assert_int_equal(child, 2);
	assert_int_equal(gpp_us_answer(&us, SLICE("SaleOptOut")), 6 % 3);
	assert_int_equal(gpp_us_answer(&us, SLICE("MspaServiceProviderMode")), 26 % 3);
	assert_int_equal(gpp_us_answer(&us, SLICE("NoSuchField")), 0);
}

static void write_ca_head(struct written *w)
{
	write_bits(w, 1, 6);
	write_bits(w, core_usual.created_ds, 36);
	write_bits(w, core_usual.created_ds, 36);
	write_bits(w, 50, 12);
	write_bits(w, 2, 12);
	write_bits(w, 0, 6);
	write_bits(w, 'F' - 'A', 6);
	write_bits(w, 'R' - 'A', 6);
	write_bits(w, 413, 12);
	write_bits(w, 2, 6);
	write_bits(w, 1, 1);
	write_flags(w, 12, (const unsigned[]){ 2, 0 });
	write_flags(w, 24, (const unsigned[]){ 1, 24, 0 });
	write_flags(w, 24, (const unsigned[]){ 5, 0 });
}

static void test_ca(void **state)
{
	struct written w;
	struct gpp_ca ca;
	const char *why;

	(void)state;
	write_begin(&w);
	write_ca_head(&w);
	write_bits(&w, 210, 16); /* 200-210, as an encoder writes it */
	write_bits(&w, 1, 1);
	write_bits(&w, 1, 12);
	write_bits(&w, 1, 1);
	write_fibonacci(&w, 200);
	write_fibonacci(&w, 10);
	write_bits(&w, 0, 17);
	write_bits(&w, 0, 12);
	write_next(&w, '.');
	write_bits(&w, 3, 3);
	write_flags(&w, 24, (const unsigned[]){ 2, 0 });
	write_flags(&w, 24, (const unsigned[]){ 3, 0 });
	write_bits(&w, 0, 6);
	assert_true(gpp_ca_read(written(&w), &ca, &why));
	assert_int_equal(ca.cmp_id, 50);
	assert_int_equal(ca.purposes_express, 1 | 1 << 23);
	assert_int_equal(ca.purposes_implied, 1 << 4);
	assert_true(vendor_set_has(&ca.vendors_express, 205));
	assert_false(vendor_set_has(&ca.vendors_express, 211));
	assert_int_equal(ca.publisher.consents, 2);
	write_next(&w, '.');
	write_bits(&w, 3, 3);
	write_bits(&w, 0, 60);
	assert_false(gpp_ca_read(written(&w), &ca, &why));
	assert_non_null(strstr(why, "twice"));
}

/* Libraries of before 2024: ranges of fixed length. */
static void test_ca_fixed(void **state)
{
	struct restrictions at;
	struct restriction r;
	struct written w;
	struct gpp_ca ca;
	const char *why;

	(void)state;
	write_begin(&w);
	write_ca_head(&w);
	write_bits(&w, 900, 16);
	write_bits(&w, 1, 1);
	write_bits(&w, 1, 12);
	write_bits(&w, 1, 1);
	write_bits(&w, 700, 16);
	write_bits(&w, 900, 16);
	write_bits(&w, 0, 17);
	write_bits(&w, 1, 12);
	write_bits(&w, 3, 6);
	write_bits(&w, 1, 2);
	write_bits(&w, 1, 12);
	write_bits(&w, 0, 1);
	write_bits(&w, 77, 16);
	assert_true(gpp_ca_read(written(&w), &ca, &why));
	assert_true(vendor_set_has(&ca.vendors_express, 800));
	assert_false(vendor_set_has(&ca.vendors_express, 699));
	at = ca.restrictions;
	assert_true(restrictions_next(&at, &r));
	assert_int_equal(r.purpose, 3);
	assert_true(vendor_set_has(&r.vendors, 77));
	assert_false(gpp_ca_read(slice_head(written(&w), 20), &ca, &why));
}

static void test_print(void **state)
{
	struct gpp gpp = decoded(SLICE("DBABTA~1YN-"));
	struct claim_printer p;
	struct buf out;

	(void)state;
	buf_init(&out, 4096);
	p = (struct claim_printer){ .out = &out, .json = true };
	print_open(&p, NULL);
	print_gpp(&p, &gpp);
	print_close(&p);
	assert_true(slice_eq(buf_slice(&out),
			     SLICE("{\"sectionIds\":[6],\"sections\":{\"uspv1\":{\"Version\":1,"
				   "\"Notice\":\"Y\",\"OptOutSale\":\"N\",\"LspaCovered\":\"-\"}}"
				   "}")));
	buf_clear(&out);
	p = (struct claim_printer){ .out = &out };
	print_open(&p, NULL);
	print_gpp(&p, &gpp);
	print_close(&p);
	assert_true(slice_starts(buf_slice(&out), SLICE("sectionIds  ")));
	assert_int_equal(p.depth, 0);
	buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_header),
		cmocka_unit_test(test_unknown_section),
		cmocka_unit_test(test_many_sections),
		cmocka_unit_test(test_eu),
		cmocka_unit_test(test_us),
		cmocka_unit_test(test_us_second),
		cmocka_unit_test(test_us_national_v1),
		cmocka_unit_test(test_ca),
		cmocka_unit_test(test_ca_fixed),
		cmocka_unit_test(test_print),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
