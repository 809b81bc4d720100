/* Which claims stand on a request, and JSON walked for them. */
#include "filters/claims/find.h"
#include "filters/claims/json_walk.h"
#include "filters/claims/tcf.h"
#include "tests/unit/claims_tools.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static struct claims claims; /* large */

/* The one claim that is there. */
static const struct claim *only(enum claim_kind kind, enum claim_source source)
{
	if (claims.n != 1)
		fail_msg("%zu claims", claims.n);
	if (claims.list[0].kind != kind || claims.list[0].source != source)
		fail_msg("%s in %s", claim_kind_word(claims.list[0].kind),
			 claim_source_word(claims.list[0].source));
	return &claims.list[0];
}

static void find_query(const char *query)
{
	claims_find(&(struct claim_request){ .query = slice_str(query) }, &claims);
}

static void find_cookie(const char *line)
{
	claims_find(&(struct claim_request){ .cookie = slice_str(line) }, &claims);
}

static void find_json(const char *body)
{
	claims_find(
		&(struct claim_request){ .body_type = CLAIM_BODY_JSON, .body = slice_str(body) },
		&claims);
}

static void test_query(void **state)
{
	const struct claim *c;
	char query[256];
	struct written w;

	(void)state;
	whole_core(&w, &core_usual);
	snprintf(query, sizeof(query), "id=7&gdpr_consent=%.*s&x", SLICE_ARG(written(&w)));
	find_query(query);
	c = only(CLAIM_TC, CLAIM_IN_QUERY);
	assert_null(c->refused);
	assert_true(slice_eq(c->value, written(&w)));
	assert_true(slice_eq(c->name, SLICE("gdpr_consent")));
	find_query(
		"GDPR=1&gdpr_consent=XYZ&gcs=G111&gcd=11t1t1t1t5&npa=0&us_privacy=1YNN&gpp_sid=-1"
		"&addtl_consent=2%7E7.12%7Edv.9&tfcd=0&rdp=1&ltd=1");
	assert_int_equal(claims.n, 11);
	assert_int_equal(claims.list[0].kind, CLAIM_GDPR);
	assert_int_equal(claims.list[1].kind, CLAIM_TC);
	assert_string_equal(claims.list[1].refused, "it is no TC string of version 2");
	assert_int_equal(claims.list[7].kind, CLAIM_AC);
	assert_true(slice_eq(claims.list[7].value, SLICE("2~7.12~dv.9")));
	assert_null(claims.list[7].refused);
	assert_false(claims.more);
}

static void test_nothing(void **state)
{
	(void)state;
	find_query("");
	assert_int_equal(claims.n, 0);
	find_query("q=gdpr_consent&gdpr_consent&gdpr_consents=1&&=&=5&");
	assert_int_equal(claims.n, 0);
	/* Macros that nobody filled in, plain and percent-coded. */
	find_query("gdpr=${GDPR}&gdpr_consent=${GDPR_CONSENT_755}&us_privacy=%24%7BUS_PRIVACY%7D&"
		   "gpp=[GPP]&addtl_consent={{AC}}&usprivacy=%%CCPA%%");
	assert_int_equal(claims.n, 0);
	/* Names that others use too. */
	find_query("npa=maybe&gcs=bucket&gcd=12&gpp=pro&ltd=x&ccpa=y&coppa=&consent_string=hello");
	assert_int_equal(claims.n, 0);
	find_cookie("");
	assert_int_equal(claims.n, 0);
	find_json("");
	assert_int_equal(claims.n, 0);
}

static void test_empty_is_refused(void **state)
{
	(void)state;
	find_query("gdpr_consent=");
	assert_string_equal(only(CLAIM_TC, CLAIM_IN_QUERY)->refused, "it is empty");
}

static void test_path(void **state)
{
	(void)state;
	claims_find(
		&(struct claim_request){
			.path = SLICE("/activity;src=5;gdpr=1;gcs=G110;gdpr_consent=${GDPR};ord=1"),
		},
		&claims);
	assert_int_equal(claims.n, 2);
	assert_int_equal(claims.list[1].kind, CLAIM_GCS);
	assert_int_equal(claims.list[1].source, CLAIM_IN_PATH);
}

static void test_percent(void **state)
{
	(void)state;
	find_query("us_privacy=%31%59%4e%4E");
	assert_true(slice_eq(only(CLAIM_US_PRIVACY, CLAIM_IN_QUERY)->value, SLICE("1YNN")));
	find_query("us_privacy=1YN%4");
	assert_non_null(only(CLAIM_US_PRIVACY, CLAIM_IN_QUERY)->refused);
	find_query("us_privacy=1YN%");
	assert_non_null(only(CLAIM_US_PRIVACY, CLAIM_IN_QUERY)->refused);
	find_query("us_privacy=1YN%zz");
	assert_non_null(only(CLAIM_US_PRIVACY, CLAIM_IN_QUERY)->refused);
}

static void test_cookies(void **state)
{
	(void)state;
	find_cookie("a=1; usprivacy=1YYN; __gpp=DBABTA~1YNN; OTGPPConsent=no; gdpr_consent=x; "
		    "__cmpconsent23=none");
	assert_int_equal(claims.n, 3);
	assert_int_equal(claims.list[0].kind, CLAIM_US_PRIVACY);
	assert_int_equal(claims.list[0].source, CLAIM_IN_COOKIE);
	assert_int_equal(claims.list[1].kind, CLAIM_GPP);
	assert_null(claims.list[1].refused);
	assert_non_null(claims.list[2].refused);
}

/* Google's own banner keeps both strings in an array, percent-coded. */
static void test_fccdcf(void **state)
{
	char line[512];
	struct written w;

	(void)state;
	whole_core(&w, &core_usual);
	snprintf(line, sizeof(line),
		 "FCCDCF=%%5Bnull%%2Cnull%%2Cnull%%2C%%5B%%22%.*s%%22%%2C%%221~7.12%%22%%2C%%22id"
		 "%%22%%5D%%2Cnull%%5D",
		 SLICE_ARG(written(&w)));
	find_cookie(line);
	assert_int_equal(claims.n, 2);
	assert_int_equal(claims.list[0].kind, CLAIM_TC);
	assert_true(slice_eq(claims.list[0].value, written(&w)));
	assert_true(slice_eq(claims.list[0].name, SLICE("FCCDCF")));
	assert_int_equal(claims.list[1].kind, CLAIM_AC);
	find_cookie("FCCDCF=[null,null,null,null,null,null,\"7d9c\"]");
	assert_int_equal(claims.n, 0);
	find_cookie("FCCDCF=[[[[[");
	assert_int_equal(claims.n, 0);
}

static void test_openrtb(void **state)
{
	char body[512];
	struct written w;

	(void)state;
	whole_core(&w, &core_usual);
	snprintf(body, sizeof(body),
		 "{\"imp\":[{\"id\":\"1\",\"ext\":{\"consent\":\"no claim\"}}],"
		 "\"regs\":{\"coppa\":0,\"ext\":{\"gdpr\":1,\"us_privacy\":\"1YNN\"},"
		 "\"gpp_sid\":[6,7],\"gpp\":\"DBABTA~1YNN\"},"
		 "\"user\":{\"ext\":{\"consent\":\"%.*s\"}}}",
		 SLICE_ARG(written(&w)));
	find_json(body);
	assert_int_equal(claims.n, 7);
	assert_int_equal(claims.list[0].kind, CLAIM_CHILD);
	assert_int_equal(claims.list[1].kind, CLAIM_GDPR);
	assert_int_equal(claims.list[2].kind, CLAIM_US_PRIVACY);
	assert_int_equal(claims.list[3].kind, CLAIM_GPP_SID);
	assert_true(slice_eq(claims.list[4].value, SLICE("7")));
	assert_int_equal(claims.list[5].kind, CLAIM_GPP);
	assert_int_equal(claims.list[6].kind, CLAIM_TC);
	assert_int_equal(claims.list[6].source, CLAIM_IN_BODY);
	assert_null(claims.list[6].refused);
	find_json("{\"user\":{\"consent\":\"\\u0043Q\\/x\"}}");
	assert_int_equal(claims.n, 0);
	find_json("{\"us_privacy\":\"1\\u0059\\u004eN\"}");
	assert_true(slice_eq(only(CLAIM_US_PRIVACY, CLAIM_IN_BODY)->value, SLICE("1YNN")));
	find_json("{\"gdpr_consent\":null}");
	assert_int_equal(claims.n, 0);
}

static void test_form(void **state)
{
	claims_find(&(struct claim_request){ .body_type = CLAIM_BODY_FORM,
					     .body = SLICE("a=b&us_privacy=1---") },
		    &claims);
	(void)state;
	assert_null(only(CLAIM_US_PRIVACY, CLAIM_IN_BODY)->refused);
}

static void test_body_types(void **state)
{
	static const struct {
		const char *type;
		enum claim_body body;
	} rows[] = {
		{ "application/json", CLAIM_BODY_JSON },
		{ "Application/JSON ; charset=utf-8", CLAIM_BODY_JSON },
		{ "application/cloudevents+json", CLAIM_BODY_JSON },
		{ "application/x-www-form-urlencoded;charset=UTF-8", CLAIM_BODY_FORM },
		{ "text/plain;charset=UTF-8", CLAIM_BODY_TEXT },
		{ "multipart/form-data; boundary=x", CLAIM_BODY_NONE },
		{ "image/png", CLAIM_BODY_NONE },
		{ "", CLAIM_BODY_NONE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(claim_body_of_type(slice_str(rows[i].type)), rows[i].body);
	claims_find(&(struct claim_request){ .body_type = CLAIM_BODY_TEXT,
					     .body = SLICE("\r\n {\"us_privacy\":\"1---\"}") },
		    &claims);
	only(CLAIM_US_PRIVACY, CLAIM_IN_BODY);
	claims_find(&(struct claim_request){ .body_type = CLAIM_BODY_TEXT,
					     .body = SLICE("us_privacy=1---&c={") },
		    &claims);
	only(CLAIM_US_PRIVACY, CLAIM_IN_BODY);
	claims_find(&(struct claim_request){ .body_type = CLAIM_BODY_TEXT }, &claims);
	assert_int_equal(claims.n, 0);
}

static void test_gpc(void **state)
{
	(void)state;
	claims_find(&(struct claim_request){ .sec_gpc = SLICE("1") }, &claims);
	only(CLAIM_GPC, CLAIM_IN_FIELD);
	claims_find(&(struct claim_request){ .sec_gpc = SLICE("0") }, &claims);
	assert_int_equal(claims.n, 0);
}

/* More claims, and longer ones, than there is room for. */
static void test_bounds(void **state)
{
	size_t n = 0, size = 200000;
	char *text = malloc(size);

	(void)state;
	assert_non_null(text);
	for (unsigned i = 0; i < 2 * CLAIMS_MAX; i++)
		n += (size_t)snprintf(text + n, size - n, "us_privacy=1YN%c&", 'A' + (int)i % 60);
	claims_find(&(struct claim_request){ .query = slice_of(text, n) }, &claims);
	assert_int_equal(claims.n, CLAIMS_MAX);
	assert_true(claims.more);
	n = (size_t)snprintf(text, size, "gdpr_consent=");
	while (n < 100000)
		n += (size_t)snprintf(text + n, size - n, "%%41");
	claims_find(&(struct claim_request){ .query = slice_of(text, n) }, &claims);
	assert_non_null(only(CLAIM_TC, CLAIM_IN_QUERY)->refused);
	assert_true(claims.more);
	memset(text, ' ', CLAIM_BODY_MAX + 1);
	claims_find(&(struct claim_request){ .body_type = CLAIM_BODY_JSON,
					     .body = slice_of(text, CLAIM_BODY_MAX + 1) },
		    &claims);
	assert_int_equal(claims.n, 0);
	assert_true(claims.more);
	free(text);
}

/* The same claim again in the same place is one. */
static void test_repeats(void **state)
{
	(void)state;
	find_query("us_privacy=1YNN&usprivacy=1YNN&us_privacy=1YYN");
	assert_int_equal(claims.n, 2);
}

/* ---- JSON ---- */

struct json_case {
	const char *text;
	size_t scalars;
	bool bad;
};

static void test_json_walk(void **state)
{
	static const struct json_case cases[] = {
		{ "", 0, true },
		{ "1", 1, false },
		{ " \"a\\\"b\" ", 1, false },
		{ "[]", 0, false },
		{ "{}", 0, false },
		{ "[1,[2,{}],{\"a\":3,\"b\":[]},-4.5e+6,true,null]", 6, false },
		{ "[1,]", 1, true },
		{ "[,1]", 0, true },
		{ "[1 2]", 1, true },
		{ "[1", 1, true },
		{ "[1}", 1, true },
		{ "{\"a\"}", 0, true },
		{ "{\"a\":}", 0, true },
		{ "{\"a\":1,}", 1, true },
		{ "{a:1}", 0, true },
		{ "\"open", 0, true },
		{ "\"open\\", 0, true },
		{ "\"new\nline\"", 0, true },
		{ "nul", 0, true },
		{ "[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]", 1, false },
		{ "[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]", 0, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct json_scalar v;
		struct json_walk w;
		size_t n = 0;

		json_walk_init(&w, slice_str(cases[i].text));
		while (json_walk_next(&w, &v))
			n++;
		if (n != cases[i].scalars || w.bad != cases[i].bad)
			fail_msg("%s: %zu scalars, bad %d", cases[i].text, n, w.bad);
	}
}

static void test_json_under(void **state)
{
	struct json_scalar v;
	struct json_walk w;

	(void)state;
	json_walk_init(&w, SLICE("{\"x\":[{\"User\":{\"ext\":{\"consent\":\"C\"}}}]}"));
	assert_true(json_walk_next(&w, &v));
	assert_true(v.string);
	assert_true(json_walk_under(&w, SLICE("consent")));
	assert_true(json_walk_under(&w, SLICE("user.ext.consent")));
	assert_true(json_walk_under(&w, SLICE("x.user.ext.consent")));
	assert_false(json_walk_under(&w, SLICE("user.consent")));
	assert_false(json_walk_under(&w, SLICE("y.x.user.ext.consent")));
	assert_false(json_walk_next(&w, &v));
	assert_false(w.bad);
}

static void test_json_text(void **state)
{
	struct slice out;
	char dst[8];

	(void)state;
	assert_true(json_scalar_text(SLICE("plain and long"), dst, sizeof(dst), &out));
	assert_true(slice_eq(out, SLICE("plain and long")));
	assert_true(json_scalar_text(SLICE("a\\\"\\\\\\/\\u0041b"), dst, sizeof(dst), &out));
	assert_true(slice_eq(out, SLICE("a\"\\/Ab")));
	assert_false(json_scalar_text(SLICE("\\u00e9"), dst, sizeof(dst), &out));
	assert_false(json_scalar_text(SLICE("\\u0000"), dst, sizeof(dst), &out));
	assert_false(json_scalar_text(SLICE("\\u004"), dst, sizeof(dst), &out));
	assert_false(json_scalar_text(SLICE("\\x"), dst, sizeof(dst), &out));
	assert_false(json_scalar_text(SLICE("\\"), dst, sizeof(dst), &out));
	assert_false(json_scalar_text(SLICE("\\n12345678"), dst, sizeof(dst), &out));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_query),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_empty_is_refused),
		cmocka_unit_test(test_path),
		cmocka_unit_test(test_percent),
		cmocka_unit_test(test_cookies),
		cmocka_unit_test(test_fccdcf),
		cmocka_unit_test(test_openrtb),
		cmocka_unit_test(test_form),
		cmocka_unit_test(test_body_types),
		cmocka_unit_test(test_gpc),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_repeats),
		cmocka_unit_test(test_json_walk),
		cmocka_unit_test(test_json_under),
		cmocka_unit_test(test_json_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
