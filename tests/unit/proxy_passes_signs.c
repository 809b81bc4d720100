/* What a sign is: which end of a handshake is a refusal, which answer is a challenge. */
#include "tests/unit/proxy_passes_tools.h"

#include "proxy/challenges.h"

static void test_signs(void **state)
{
	static const struct {
		enum pass_try_state state;
		struct pass_try_end end;
		int64_t after;
		bool refusal;
	} rows[] = {
		{ TRY_SHAKING, { 42, true, true }, 0, true },	 /* bad_certificate */
		{ TRY_SHAKING, { 43, true, true }, 0, true },	 /* unsupported_certificate */
		{ TRY_SHAKING, { 46, true, true }, 0, true },	 /* certificate_unknown */
		{ TRY_SHAKING, { 48, false, true }, 0, true },	 /* unknown_ca */
		{ TRY_SECURED, { 48, true, true }, 9000, true }, /* late, but said so */
		{ TRY_SHAKING, { 40, true, true }, 0, false },	 /* handshake_failure */
		{ TRY_SHAKING, { 70, true, true }, 0, false },	 /* protocol_version */
		{ TRY_SHAKING, { 45, true, true }, 0, false },	 /* certificate_expired: a clock */
		{ TRY_SHAKING, { 80, true, true }, 0, false },	 /* internal_error */
		{ TRY_SHAKING, { 90, true, true }, 0, false },	 /* user_canceled */
		{ TRY_SHAKING, { 116, true, true }, 0, false },	 /* certificate_required */
		{ TRY_SHAKING, { 0, true, true }, 0, false },	 /* close_notify */
		{ TRY_SHAKING, { -1, true, true }, 0, true },	 /* gone after the certificate */
		{ TRY_SHAKING, { -1, true, false }, 0, false },	 /* ... before it */
		{ TRY_SHAKING, { -1, false, true }, 0, false },	 /* we ended it, or time did */
		{ TRY_SECURED, { -1, true, true }, 0, true },	 /* gone before the first byte */
		{ TRY_SECURED, { -1, true, true }, PASS_UNUSED_MS, true },
		{ TRY_SECURED, { -1, true, true }, PASS_UNUSED_MS + 1, false },
		{ TRY_SECURED, { -1, false, true }, 0, false },
		{ TRY_OVER, { 48, true, true }, 0, false },
		{ TRY_NONE, { 48, true, true }, 0, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pass_try t = { .state = rows[i].state, .began = 1000, .secured = 2000 };

		if (pass_try_is_refusal(&t, &rows[i].end, 2000 + rows[i].after) != rows[i].refusal)
			fail_msg("row %zu", i);
	}
}

static void test_try(void **state)
{
	static const struct pass_try_end refused = { 48, true, true }, left = { -1, true, true };
	struct stage *s = *state;
	struct passes *p = open_passes(s, &s->a);
	struct pass_try t;

	/* Used: trusted from now on. */
	t = (struct pass_try){ 0 };
	pass_try_used(&t, p, &s->person, SLICE("known.example"));
	assert_int_equal(s->a.told, 0);
	pass_try_begin(&t, p);
	pass_try_secured(&t, p);
	pass_try_used(&t, p, &s->person, SLICE("known.example"));
	pass_try_used(&t, p, &s->person, SLICE("known.example"));
	assert_int_equal(s->a.told, 1);
	pass_try_over(&t, p, &s->person, SLICE("known.example"), &left);
	assert_int_equal(s->a.told, 1);
	/* Three that are not: by alert, by leaving before and after the handshake. */
	for (int i = 0; i < 3; i++) {
		assert_int_equal(s->a.began, 0);
		t = (struct pass_try){ 0 };
		pass_try_begin(&t, p);
		later(s, 10);
		pass_try_begin(&t, p);
		if (i == 2)
			pass_try_secured(&t, p);
		later(s, 10);
		pass_try_over(&t, p, &s->person, HOST, i == 0 ? &refused : &left);
		/* Told twice, counted once. */
		pass_try_over(&t, p, &s->person, HOST, &refused);
		later(s, 10);
	}
	assert_int_equal(s->a.began, 1);
	assert_true(is_passed(p, &s->person, HOST));
}

static const char *challenge(unsigned status, const char *name, const char *value)
{
	struct fields f;
	const char *by;

	fields_init(&f, 16, 4096);
	assert_true(fields_add(&f, SLICE("Server"), SLICE("cloudflare")));
	assert_true(fields_add(&f, SLICE("x-datadome"), SLICE("protected")));
	if (name != NULL)
		assert_true(fields_add(&f, slice_str(name), slice_str(value)));
	by = challenge_of(status, &f);
	fields_release(&f);
	return by;
}

static void test_markers(void **state)
{
	static const struct {
		unsigned status;
		const char *name, *value, *by;
	} rows[] = {
		{ 403, "cf-mitigated", "challenge", "cloudflare" },
		{ 503, "CF-Mitigated", "Challenge", "cloudflare" },
		{ 403, "cf-mitigated", "block", NULL },
		{ 403, "cf-mitigated", "", NULL },
		{ 403, "cf-mitigated", "challenges", NULL },
		{ 200, "cf-mitigated", "challenge", NULL },
		{ 302, "cf-mitigated", "challenge", NULL },
		{ 403, "cf-ray", "challenge", NULL },
		{ 202, "x-amzn-waf-action", "challenge", "aws-waf" },
		{ 405, "x-amzn-waf-action", "captcha", "aws-waf" },
		{ 403, "x-amzn-waf-action", "captcha", NULL },
		{ 405, "x-amzn-waf-action", "challenge", NULL },
		{ 429, "x-vercel-mitigated", "challenge", "vercel" },
		{ 403, "x-vercel-mitigated", "challenge", "vercel" },
		{ 403, "x-vercel-mitigated", "deny", NULL },
		{ 403, "x-dd-b", "1", "datadome" },
		{ 403, "x-dd-b", "2", "datadome" },
		{ 403, "x-dd-b", "0", NULL },
		{ 404, "x-dd-b", "1", NULL },
		{ 429, "x-kpsdk-ct", "0abc", "kasada" },
		{ 200, "x-kpsdk-ct", "0abc", NULL },
		{ 403, NULL, NULL, NULL },
		{ 429, NULL, NULL, NULL },
		{ 202, NULL, NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *by = challenge(rows[i].status, rows[i].name, rows[i].value);

		if ((by == NULL) != (rows[i].by == NULL) ||
		    (by != NULL && strcmp(by, rows[i].by) != 0))
			fail_msg("row %zu: %s", i, by != NULL ? by : "none");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_signs),
		TEST(test_try),
		cmocka_unit_test(test_markers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
