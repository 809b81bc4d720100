/* CSV as classify reads it, and the facts of a record. */
#include "cmd/classify_row.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

/* Every record as its fields in brackets, then "end" or the line and the error. */
static void read_csv(struct slice text, struct buf *out)
{
	enum csv_result got;
	struct csv c;

	csv_init(&c, text);
	while ((got = csv_next(&c)) == CSV_RECORD) {
		buf_addf(out, "%zu:", c.line);
		for (size_t i = 0; i < c.n; i++)
			buf_addf(out, "[%.*s]", SLICE_ARG(c.field[i]));
		buf_addc(out, ' ');
	}
	if (got == CSV_END)
		buf_adds(out, "end");
	else
		buf_addf(out, "%zu!%.14s", c.line, c.error);
	csv_release(&c);
}

static void test_csv(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "", "end" },
		{ "\n\r\n\n", "end" },
		{ "a,b\n1,2\n", "1:[a][b] 2:[1][2] end" },
		{ "a,b\r\n1,2", "1:[a][b] 2:[1][2] end" },
		{ "\xef\xbb\xbf"
		  "a\n",
		  "1:[a] end" },
		{ ",\n", "1:[][] end" },
		{ "a,\n", "1:[a][] end" },
		{ "\"a,b\",c\n", "1:[a,b][c] end" },
		{ "\"a\"\"b\",\"\",\"c\"\n", "1:[a\"b][][c] end" },
		{ "\"a\r\nb\nc\",d\ne\n", "1:[a\r\nb\nc][d] 4:[e] end" },
		{ "a\rb,c\n", "1:[a\rb][c] end" },
		{ "\"a", "1!a quoted field" },
		{ "x\n\"a\n\n", "1:[x] 2!a quoted field" },
		{ "\"a\"b\n", "1!text behind th" },
		{ "a\"b\n", "1!a quote inside" },
		{ "\"\"\"\n", "1!a quoted field" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf got;

		buf_init(&got, 4096);
		read_csv(slice_str(cases[i].text), &got);
		if (!slice_eq(buf_slice(&got), slice_str(cases[i].want)))
			fail_msg("%zu: %.*s", i, SLICE_ARG(buf_slice(&got)));
		buf_release(&got);
	}
}

static void assert_error(const char *piece, size_t times, const char *before, const char *want)
{
	struct buf text, got;

	buf_init(&text, 1 << 20);
	buf_init(&got, 1 << 20);
	buf_adds(&text, before);
	for (size_t i = 0; i < times; i++)
		buf_adds(&text, piece);
	buf_adds(&text, "\n");
	read_csv(buf_slice(&text), &got);
	if (!slice_ends(buf_slice(&got), slice_str(want)))
		fail_msg("%.200s", buf_slice(&got).p);
	buf_release(&text);
	buf_release(&got);
}

static void test_bounds(void **state)
{
	(void)state;
	assert_error(",", CSV_FIELDS_MAX - 1, "", "end");
	assert_error(",", CSV_FIELDS_MAX, "", "1!a record has m");
	assert_error("x", CSV_FIELD_MAX, "", "end");
	assert_error("x", CSV_FIELD_MAX + 1, "", "1!a field is lon");
	assert_error("x", CSV_FIELD_MAX + 1, "\"", "1!a field is lon");
	assert_error("\"\"", CSV_FIELD_MAX + 1, "\"", "1!a field is lon");
}

static const char *facts_of(const char *text, struct score_facts *f, struct csv *c)
{
	static const char *error;
	struct classify_columns columns;
	struct sites *sites = sites_new(SITES_LATEST);

	error = NULL;
	csv_init(c, slice_str(text));
	assert_int_equal(csv_next(c), CSV_RECORD);
	if (classify_columns_of(c, &columns, &error)) {
		assert_int_equal(csv_next(c), CSV_RECORD);
		(void)classify_facts(sites, &columns, c, f, &error);
	}
	sites_free(sites);
	return error;
}

static void test_facts(void **state)
{
	struct score_facts f;
	struct csv c;

	(void)state;
	assert_null(facts_of("name,family,domain,site,value,expiry_s,session,http_only,host_only,"
			     "secure,same_site\n"
			     "id,x,.ads.example.com,https://www.example.org/p,0123456789abcdef,"
			     "31535999,0,0,0,1,no_restriction\n",
			     &f, &c));
	assert_true(slice_eq(f.name, SLICE("id")));
	assert_true(slice_eq(f.host, SLICE("ads.example.com")));
	assert_true(f.party_known);
	assert_int_equal(f.party, PARTY_THIRD);
	assert_int_equal(f.lifetime_s, 31535999);
	assert_true(f.shape_known);
	assert_int_equal(f.shape.form, FORM_HEX);
	assert_true(f.attributes_known && f.secure && !f.httponly && f.has_domain);
	assert_int_equal(f.same_site, SAME_SITE_NONE);
	csv_release(&c);

	/* Only a name: nothing else is known. */
	assert_null(facts_of("Cookie\nid\n", &f, &c));
	assert_false(f.party_known || f.shape_known || f.attributes_known);
	assert_int_equal(f.lifetime_s, LIFETIME_UNKNOWN);
	assert_int_equal(f.host.n, 0);
	csv_release(&c);

	/* Nonsense is not known, a short record lacks its end. */
	assert_null(facts_of("name,expiry_s,domain,session,same_site,value\n"
			     "id,99999999999999999999,no host,maybe,odd\n",
			     &f, &c));
	assert_int_equal(f.lifetime_s, LIFETIME_UNKNOWN);
	assert_int_equal(f.host.n, 0);
	assert_false(f.shape_known);
	csv_release(&c);

	assert_null(facts_of("name,domain,provider,third_party,session,shape,expiry_s\n"
			     "id,,\"Example Ltd, www.example.com\",1,1,uuid:36,5\n",
			     &f, &c));
	assert_true(slice_eq(f.host, SLICE("www.example.com")));
	assert_int_equal(f.party, PARTY_THIRD);
	assert_int_equal(f.lifetime_s, LIFETIME_SESSION);
	assert_int_equal(f.shape.form, FORM_UUID);
	csv_release(&c);

	/* Longer than a browser keeps anything. */
	assert_null(facts_of("name,expiry_s\nid,999999999.5\n", &f, &c));
	assert_int_equal(f.lifetime_s, COOKIE_LIFETIME_MAX_S);
	csv_release(&c);
}

static void assert_refused(const char *text)
{
	struct score_facts f;
	struct csv c;

	assert_non_null(facts_of(text, &f, &c));
	csv_release(&c);
}

static void test_refused(void **state)
{
	struct buf text;

	(void)state;
	assert_refused("domain,value\nx,y\n");
	assert_refused("name,cookie\nx,y\n");
	assert_refused("name,value\nx,y,z\n");
	buf_init(&text, 1 << 16);
	buf_adds(&text, "name\n");
	for (unsigned i = 0; i < COOKIE_PAIR_MAX + 1; i++)
		buf_addc(&text, 'x');
	buf_addc(&text, '\0');
	assert_refused(buf_slice(&text).p);
	buf_release(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_csv),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_facts),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
