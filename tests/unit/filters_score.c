/* The learned score: its words, its arithmetic, its reasons; the guards; the layers in order. */
#include "base/hash.h"
#include "filters/guesses.h"
#include "filters/purpose.h"
#include "filters/rules_text.h"
#include "filters/score_guard.h"
#include "filters/setters.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define YEAR_S (INT64_C(365) * 24 * 3600)
#define HEADER "feature\tessential\tfunctional\tanalytics\tadvertising\tchoice\n"
#define LIMITS "threshold\t750\t500\t650\t900\t0\n"

/* ---- words ---- */

static void append(void *arg, struct slice feature)
{
	struct buf *out = arg;

	buf_add(out, feature);
	buf_addc(out, ' ');
}

static void assert_features(const struct score_facts *f, const char *want)
{
	struct buf got;

	buf_init(&got, 1 << 16);
	score_features(f, append, &got);
	buf_addc(&got, '\0');
	assert_string_equal(buf_slice(&got).p, want);
	buf_release(&got);
}

static void test_features(void **state)
{
	struct score_facts f = { .name = SLICE("aId"), .lifetime_s = LIFETIME_UNKNOWN };

	(void)state;
	assert_features(&f, "g:^ai g:^aid g:aid g:aid$ g:id$ t:a t:id c:camel d:short ");
	f.name = SLICE("uid");
	f.lifetime_s = YEAR_S;
	f.party_known = true;
	f.party = PARTY_THIRD;
	f.host = SLICE("WWW.ads-1.Example.com");
	f.attributes_known = true;
	f.secure = true;
	f.same_site = SAME_SITE_NONE;
	value_shape_of(SLICE("deadbeef00112233"), &f.shape);
	f.shape_known = true;
	assert_features(&f, "g:^ui g:^uid g:uid g:uid$ g:id$ t:uid c:lower d:short "
			    "v:hex v:hex:5 x:hex:year x:third:hex l:year p:third x:third:year "
			    "a:script a:secure a:host a:none "
			    "y:third:script:host y:third:script:none y:third:script:hex "
			    "y:third:script:year y:third:host:year z:third:hex:year "
			    "h:ads i:^ad i:ads i:ds$ "
			    "h:example i:^ex i:exa i:xam i:amp i:mpl i:ple i:le$ ");
	/* Of a first party's host only what stands before the site. */
	f.party = PARTY_FIRST;
	f.host = SLICE("metrics.example.com");
	f.shape_known = f.attributes_known = false;
	f.lifetime_s = LIFETIME_SESSION;
	assert_features(&f, "g:^ui g:^uid g:uid g:uid$ g:id$ t:uid c:lower d:short "
			    "l:session p:first x:first:session "
			    "h:metrics i:^me i:met i:etr i:tri i:ric i:ics i:cs$ ");
}

static void assert_name(const char *name, const char *want, unsigned words)
{
	struct score_name n;

	score_name_of(slice_str(name), &n);
	if (!slice_eq(slice_of(n.text, n.n), slice_str(want)) || n.words != words)
		fail_msg("%s: %.*s, %u words", name, (int)n.n, n.text, n.words);
}

static void test_names(void **state)
{
	char longest[600];

	(void)state;
	assert_name("_ga_AB12CD34EF", "_ga_#", 1);
	assert_name("_hjSession_123456", "_hjsession_0", 2);
	assert_name("GUIDToken", "guidtoken", 2);
	assert_name("visid_incap_1719358", "visid_incap_0", 2);
	assert_name("__Host-session", "session", 1);
	assert_name("__secure-x", "x", 1);
	assert_name("face", "face", 1);
	assert_name("a\tb\x80", "a?b?", 2);
	assert_name("", "", 0);
	for (size_t i = 0; i < sizeof(longest) - 1; i++)
		longest[i] = i % 2 != 0 ? 'B' : 'a';
	longest[sizeof(longest) - 1] = '\0';
	assert_name(longest, "abababababababababababababababababababab", SCORE_WORDS_MAX);
}

/* ---- the table of weights ---- */

static struct score_model *model_of(const char *text)
{
	struct buf error;
	struct score_model *m;

	buf_init(&error, 1024);
	m = score_new(slice_str(text), "w.tsv", &error);
	if (m == NULL)
		fail_msg("%.*s", SLICE_ARG(buf_slice(&error)));
	buf_release(&error);
	return m;
}

static void test_errors(void **state)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
		{ "", "w.tsv:1: the table ends without" },
		{ "t:a\t1\t1\t1\t1\t1\n", "w.tsv:1: the first line that is no comment" },
		{ HEADER "bias\t1\t1\t1\t1\t1\n", "w.tsv:3: the table ends without" },
		{ HEADER "bias\t1\t1\t1\t1\n", "w.tsv:2: a row is a word and five weights" },
		{ HEADER "bias\t1\t1\t1\t1\t1\t1\n", "w.tsv:2: a row is" },
		{ HEADER "t:a\t1\t1\t1\t1\t10000\n", "w.tsv:2: a row is" },
		{ HEADER "t:a\t1\t1\t1\t1\t-\n", "w.tsv:2: a row is" },
		{ HEADER "t:a\t1\t1\t1\t1\t1.5\n", "w.tsv:2: a row is" },
		{ HEADER "# c\nbase\t1\t1\t1\t1\t1\n", "w.tsv:3: the first column is no word" },
		{ HEADER "threshold\t1\t1\t1\t0\t0\n", "w.tsv:2: the four thresholds" },
		{ HEADER "t:a\t1\t1\t1\t1\t1\nt:a\t1\t1\t1\t1\t1\n",
		  "w.tsv:3: this word stands in an earlier line" },
		{ HEADER
		  "t:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\t1\t1\t1\t1\t1\n",
		  "w.tsv:2: a word has 48" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf error;

		buf_init(&error, 1024);
		assert_null(score_new(slice_str(cases[i].text), "w.tsv", &error));
		if (!slice_starts(buf_slice(&error), slice_str(cases[i].error)))
			fail_msg("%zu: %.*s", i, SLICE_ARG(buf_slice(&error)));
		buf_release(&error);
	}
}

/* ---- arithmetic and reasons ---- */

static const char small[] = "# a small model\n" HEADER LIMITS "bias\t0\t0\t0\t0\t0\n"
			    "t:track\t0\t0\t100\t250\t0\n"
			    "t:lang\t0\t300\t0\t0\t0\n"
			    "v:uuid\t-50\t-50\t50\t100\t-50\n"
			    "l:year\t-30\t0\t40\t60\t0\n"
			    "p:third\t-100\t0\t0\t120\t0\n"
			    "h:ads\t0\t0\t0\t200\t0\n"
			    "i:pix\t0\t0\t0\t300\t0\n"
			    "z:third:uuid:year\t0\t0\t0\t1\t0\n"
			    "a:httponly\t150\t0\t-20\t-20\t0\n";

static void test_exact(void **state)
{
	struct score_model *m = model_of(small);
	struct score_facts f = { .name = SLICE("x"), .lifetime_s = LIFETIME_UNKNOWN };
	struct score_result s;

	(void)state;
	assert_int_equal(score_count(m), 9);
	/* Nothing known: all alike, and below the threshold. */
	score_of(m, &f, &s);
	for (unsigned i = 0; i < SCORE_CLASSES; i++)
		assert_int_equal(s.classes[i], 200);
	assert_int_equal(s.purpose, PURPOSE_ESSENTIAL);
	assert_string_equal(s.why, "nothing that speaks for tracking");

	/* exp(1) and exp(2.5) beside three times 1. */
	f.name = SLICE("my-track");
	score_of(m, &f, &s);
	assert_int_equal(s.purpose, PURPOSE_ADVERTISING);
	assert_int_equal(s.permille, 681);
	assert_int_equal(s.classes[0], 56);
	assert_int_equal(s.classes[1], 56);
	assert_int_equal(s.classes[2], 152);
	assert_int_equal(s.classes[4], 56);
	assert_string_equal(s.why, "a name that says \"track\"");

	f.name = SLICE("lang");
	score_of(m, &f, &s);
	assert_int_equal(s.purpose, PURPOSE_FUNCTIONAL);
	assert_int_equal(s.permille, 834);
	score_free(m);
}

static void test_why(void **state)
{
	struct score_model *m = model_of(small);
	struct score_facts f = { .name = SLICE("trackId"),
				 .host = SLICE("ads.example"),
				 .party_known = true,
				 .party = PARTY_THIRD,
				 .lifetime_s = YEAR_S,
				 .shape_known = true };
	struct score_result s;

	(void)state;
	value_shape_of(SLICE("123e4567-e89b-12d3-a456-426614174000"), &f.shape);
	score_of(m, &f, &s);
	assert_int_equal(s.purpose, PURPOSE_ADVERTISING);
	assert_int_equal(s.permille, 995);
	assert_string_equal(s.why,
			    "a name that says \"track\", a setter that is called \"ads\", set "
			    "by a third party");
	f.host = SLICE("mypixels.example");
	score_of(m, &f, &s);
	assert_string_equal(s.why, "a setter called like those of advertising cookies, a name that "
				   "says \"track\", set by a third party");
	f.host = SLICE("");
	f.name = SLICE("x");
	score_of(m, &f, &s);
	assert_string_equal(s.why, "set by a third party, a random id, kept for about a year");
	f.party = PARTY_FIRST;
	f.attributes_known = f.httponly = true;
	score_of(m, &f, &s);
	assert_int_equal(s.purpose, PURPOSE_ESSENTIAL);
	assert_string_equal(s.why, "hidden from scripts");
	score_free(m);
}

/* What does not fit is left out whole. */
static void test_long_why(void **state)
{
	struct score_model *m = model_of(HEADER LIMITS "bias\t0\t0\t0\t0\t0\n"
						       "i:pix\t0\t0\t0\t300\t0\n"
						       "g:zqz\t0\t0\t0\t200\t0\n"
						       "a:domain\t0\t0\t0\t100\t0\n");
	struct score_facts f = { .name = SLICE("zqz"),
				 .host = SLICE("mypixels.example"),
				 .party_known = true,
				 .party = PARTY_THIRD,
				 .attributes_known = true,
				 .has_domain = true };
	struct score_result s;

	(void)state;
	score_of(m, &f, &s);
	assert_string_equal(s.why, "a setter called like those of advertising cookies, a name "
				   "like those of advertising cookies");
	score_free(m);
}

/* The threshold is another for a first party, a third, and one that is not known. */
static void test_threshold(void **state)
{
	struct score_model *m = model_of(HEADER LIMITS "bias\t0\t0\t200\t0\t0\n");
	struct score_facts f = { .name = SLICE("x"),
				 .party_known = true,
				 .party = PARTY_FIRST,
				 .attributes_known = true };
	struct score_result s;

	(void)state;
	/* Measuring and advertising together: 737 of 1000. */
	score_of(m, &f, &s);
	assert_int_equal(s.classes[2] + s.classes[3], 737);
	assert_int_equal(s.purpose, PURPOSE_ESSENTIAL);
	assert_string_equal(s.why, "nothing that speaks for tracking");
	f.party = PARTY_THIRD;
	score_of(m, &f, &s);
	assert_int_equal(s.purpose, PURPOSE_ANALYTICS);
	assert_string_equal(s.why, "too little is known; most such cookies are for analytics");
	f.party_known = false;
	score_of(m, &f, &s);
	assert_int_equal(s.purpose, PURPOSE_ANALYTICS);
	score_free(m);

	m = model_of(HEADER LIMITS "bias\t0\t0\t300\t0\t0\n");
	f.party_known = true;
	f.party = PARTY_FIRST;
	score_of(m, &f, &s);
	assert_int_equal(s.purpose, PURPOSE_ANALYTICS);
	/* A request shows less, and what is taken out of it is gone. */
	f.attributes_known = false;
	score_of(m, &f, &s);
	assert_int_equal(s.purpose, PURPOSE_ESSENTIAL);
	score_free(m);
}

/* ---- guards ---- */

static void assert_guard(const char *name, enum guard want)
{
	struct slice word;
	struct score_name n;

	score_name_of(slice_str(name), &n);
	if (score_guard(&n, &word) != want)
		fail_msg("%s: %d", name, (int)score_guard(&n, &word));
}

static void test_guard(void **state)
{
	(void)state;
	assert_guard("my_csrf", GUARD_STRONG);
	assert_guard("appLoginState", GUARD_STRONG);
	assert_guard("shop.auth", GUARD_STRONG);
	assert_guard("BIGipServer~a~b", GUARD_STRONG);
	assert_guard("NSC_abc", GUARD_STRONG);
	assert_guard("MyShopSession", GUARD_WEAK);
	assert_guard("foo.sid", GUARD_WEAK);
	assert_guard("cookie_consent_v3", GUARD_CHOICE);
	assert_guard("gdprSettings", GUARD_CHOICE);
	assert_guard("gdpr_opt_out", GUARD_OBJECTION);
	assert_guard("visitorSession", GUARD_NONE);
	assert_guard("ad_session_id", GUARD_NONE);
	assert_guard("author", GUARD_WEAK);
	assert_guard("uid", GUARD_NONE);
	assert_guard("residence", GUARD_NONE);
	assert_guard("", GUARD_NONE);
}

/* ---- the layers, with the tables as they ship ---- */

static bool read_file(const char *name, struct buf *out)
{
	const char *folder = getenv("srcdir");
	char path[4096];
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder != NULL ? folder : ".", name);
	f = fopen(path, "rb");
	if (f == NULL)
		return false;
	do {
		char *to = buf_reserve(out, 1 << 16);

		n = to != NULL ? fread(to, 1, 1 << 16, f) : 0;
		buf_commit(out, n);
	} while (n != 0);
	fclose(f);
	return buf_ok(out);
}

static int load_shipped(void **state)
{
	static const char *const names[] = { "data/cookies.tsv", "data/trackers.tsv",
					     "data/score.tsv" };
	struct buf text[3], whole, error;
	struct rules *r = NULL;
	bool good = true;

	buf_init(&error, 1024);
	buf_init(&whole, RULES_TEXT_MAX);
	for (unsigned i = 0; i < 3; i++) {
		buf_init(&text[i], 1 << 24);
		good = good && read_file(names[i], &text[i]);
	}
	if (good) {
		const struct rules_sections s = { buf_slice(&text[0]), buf_slice(&text[1]),
						  buf_slice(&text[2]) };

		if (rules_sections_join(&s, &whole))
			r = rules_new(buf_slice(&whole), "cookies.tsv", &error);
	}
	if (error.len != 0)
		print_message("%.*s\n", SLICE_ARG(buf_slice(&error)));
	for (unsigned i = 0; i < 3; i++)
		buf_release(&text[i]);
	buf_release(&whole);
	buf_release(&error);
	*state = r;
	return r != NULL ? 0 : -1;
}

static int unload_shipped(void **state)
{
	rules_free(*state);
	return 0;
}

/* What frameworks, servers and products call what keeps somebody signed in or a form safe. */
static const char *const authentication[] = {
	"PHPSESSID",
	"JSESSIONID",
	"ASP.NET_SessionId",
	".ASPXAUTH",
	".AspNetCore.Cookies",
	".AspNetCore.Identity.Application",
	".AspNetCore.Antiforgery.x1",
	"ASPSESSIONIDABCDEFGH",
	"__RequestVerificationToken",
	"connect.sid",
	"express.sid",
	"koa.sess",
	"koa.sess.sig",
	"laravel_session",
	"XSRF-TOKEN",
	"remember_web_59ba36addc2b2f9401580f014c7f58ea4e30989d",
	"sessionid",
	"csrftoken",
	"messages_session",
	"_myapp_session",
	"_session_id",
	"remember_user_token",
	"rack.session",
	"ci_session",
	"cisession",
	"symfony_session",
	"REMEMBERME",
	"remember-me",
	"SESSION",
	"session",
	"sess",
	"sid",
	"SID",
	"CAKEPHP",
	"CakeCookie[rememberMe]",
	"_identity",
	"_csrf",
	"_csrf-frontend",
	"YII_CSRF_TOKEN",
	"PLAY_SESSION",
	"play_session",
	"grails_remember_me",
	"SSESS0123456789abcdef",
	"SESS0123456789abcdef",
	"wordpress_logged_in_0123",
	"wordpress_sec_0123",
	"wp_woocommerce_session_0123",
	"joomla_remember_me_0123",
	"fe_typo_user",
	"be_typo_user",
	"frontend",
	"adminhtml",
	"form_key",
	"PrestaShop-0123",
	"OCSESSID",
	"MoodleSession",
	"MOODLEID1_",
	"bb_sessionhash",
	"phpbb3_abc_sid",
	"phpbb3_abc_k",
	"xf_session",
	"xf_user",
	"xf_csrf",
	"_forum_session",
	"_t",
	"bugzilla_login",
	"gitlab_session",
	"_gitlab_session",
	"user_session",
	"__Host-user_session_same_site",
	"atlassian.xsrf.token",
	"seraph.confluence",
	"crowd.token_key",
	"cloud.session.token",
	"JIRASESSIONID",
	"KEYCLOAK_IDENTITY",
	"KEYCLOAK_SESSION",
	"AUTH_SESSION_ID",
	"KC_RESTART",
	"auth0",
	"auth0_compat",
	"_shibsession_64656661",
	"_saml_idp",
	"SimpleSAML",
	"SimpleSAMLAuthToken",
	"CASTGC",
	"TGC",
	"MOD_AUTH_CAS",
	"mod_auth_openidc_session",
	"okta-oauth-state",
	"okta-oauth-nonce",
	"access_token",
	"refresh_token",
	"id_token",
	"accessToken",
	"refreshToken",
	"authToken",
	"auth_token",
	"token",
	"jwt",
	"jwtToken",
	"api_token",
	"user_token",
	"oauth_state",
	"oauth2_proxy",
	"_oauth2_proxy",
	"_oauth2_proxy_csrf",
	"authelia_session",
	"authentik_session",
	"next-auth.session-token",
	"__Secure-next-auth.session-token",
	"__Host-next-auth.csrf-token",
	"authjs.session-token",
	"better-auth.session_token",
	"sb-abcdefgh-auth-token",
	"sb-access-token",
	"__session",
	"__clerk_db_jwt",
	"supertokens",
	"sAccessToken",
	"sRefreshToken",
	"ory_kratos_session",
	"ory_session_abc",
	"csrf_token_82b1",
	"CognitoIdentityServiceProvider.1a2b.idToken",
	"ESTSAUTH",
	"ESTSAUTHPERSISTENT",
	"FedAuth",
	"FedAuth1",
	"MSISAuth",
	"MSISAuthenticated",
	"rtFa",
	"LtpaToken",
	"LtpaToken2",
	"iPlanetDirectoryPro",
	"SMSESSION",
	"SSOAUTH",
	"ObSSOCookie",
	"OAMAuthnCookie_host",
	"PD-S-SESSION-ID",
	"NSC_AAAC",
	"NSC_TMAS",
	"MRHSession",
	"LastMRH_Session",
	"DSID_session",
	"SAML_SESSION",
	"login_token",
	"loginToken",
	"userlogin",
	"is_logged_in",
	"logged_in",
	"signin_token",
	"sso_token",
	"sso",
	"webvpn",
	"webvpnlogin",
	"SVPNCOOKIE",
	"mfa_token",
	"trusted_device_token",
	"device_auth",
	"li_at",
	"auth-key",
	"passport_csrf_token",
	"sessionid_ss",
	"customer_auth_token",
	"shopify_customer_session",
	"secure_session_token",
};

static const char *const balancers[] = {
	"AWSALB",
	"AWSALBCORS",
	"AWSELB",
	"AWSALBTG-x",
	"BIGipServerpool_www",
	"NSC_wtfsw",
	"citrix_ns_id",
	"SERVERID",
	"ARRAffinity",
	"ARRAffinitySameSite",
	"ApplicationGatewayAffinity",
	"HAPROXY_SRV",
	"lb_sticky",
	"stickounet",
	"incap_ses_12_345",
	"visid_incap_345",
	"nlbi_345",
	"__cf_bm",
	"cf_clearance",
	"_cfuvid",
	"datadome",
	"ak_bmsc",
	"bm_sv",
	"_abck",
	"GCLB",
};

static void assert_kept(const struct rules *t, const char *name, const int64_t *life, bool known)
{
	struct score_facts f = { .name = slice_str(name),
				 .host = SLICE("www.shop.example"),
				 .party_known = known,
				 .party = PARTY_FIRST,
				 .lifetime_s = *life,
				 .shape_known = true };
	struct purpose_found p;

	value_shape_of(SLICE("8d2c0f4be61a4d9a8d2c0f4be61a4d9a"), &f.shape);
	purpose_find(t, &f, &p);
	if (p.purpose == PURPOSE_ANALYTICS || p.purpose == PURPOSE_ADVERTISING)
		fail_msg("%s: %s, %s", name, purpose_word(p.purpose), p.why);
}

static void test_authentication(void **state)
{
	static const int64_t lives[] = { LIFETIME_SESSION, LIFETIME_UNKNOWN, 14 * 24 * 3600,
					 YEAR_S };

	for (size_t i = 0; i < sizeof(authentication) / sizeof(authentication[0]); i++)
		for (size_t k = 0; k < sizeof(lives) / sizeof(lives[0]); k++) {
			assert_kept(*state, authentication[i], &lives[k], true);
			assert_kept(*state, authentication[i], &lives[k], false);
		}
	for (size_t i = 0; i < sizeof(balancers) / sizeof(balancers[0]); i++)
		for (size_t k = 0; k < 2; k++)
			assert_kept(*state, balancers[i], &lives[k], true);
}

static void assert_layer(const struct rules *t, const struct score_facts *f,
			 enum purpose_layer layer, enum purpose purpose, const char *why)
{
	struct purpose_found p;

	purpose_find(t, f, &p);
	if (p.layer != layer || p.purpose != purpose ||
	    !slice_starts(slice_str(p.why), slice_str(why)))
		fail_msg("%.*s: %s, %s, %s", SLICE_ARG(f->name), purpose_layer_word(p.layer),
			 purpose_word(p.purpose), p.why);
}

static void test_layers(void **state)
{
	const struct rules *t = *state;
	struct score_facts f = { .name = SLICE("_ga"),
				 .host = SLICE("www.example.com"),
				 .party_known = true,
				 .party = PARTY_FIRST,
				 .lifetime_s = LIFETIME_UNKNOWN };

	assert_layer(t, &f, LAYER_TABLE, PURPOSE_ANALYTICS, "table:");
	assert_layer(NULL, &f, LAYER_NONE, PURPOSE_UNKNOWN, "no row");
	f.name = SLICE("zzqx7");
	f.host = SLICE("x.ads.DoubleClick.net.");
	f.party = PARTY_THIRD;
	assert_layer(t, &f, LAYER_SETTER, PURPOSE_ADVERTISING, "setter:doubleclick.net ");
	/* On its own pages a tracker is a site like any other. */
	f.party = PARTY_FIRST;
	assert_layer(t, &f, LAYER_SCORE, PURPOSE_ESSENTIAL, "score:");
	/* A name, which is free, comes behind the setter, but for an objection. */
	f.party = PARTY_THIRD;
	f.name = SLICE("zz_csrf");
	assert_layer(t, &f, LAYER_SETTER, PURPOSE_ADVERTISING, "setter:");
	f.name = SLICE("zz_gdpr_optout");
	assert_layer(t, &f, LAYER_GUARD, PURPOSE_CHOICE, "guard:optout");
	f.name = SLICE("zzsession");
	assert_layer(t, &f, LAYER_SETTER, PURPOSE_ADVERTISING, "setter:");
	f.host = SLICE("www.example.com");
	f.party = PARTY_FIRST;
	assert_layer(t, &f, LAYER_GUARD, PURPOSE_ESSENTIAL, "guard:session");
	/* What only the site's server can have set, for a short time. */
	f.name = SLICE("zzadclick_uid");
	f.attributes_known = f.httponly = true;
	f.lifetime_s = 7 * 24 * 3600;
	assert_layer(t, &f, LAYER_GUARD, PURPOSE_ESSENTIAL, "guard:HttpOnly");
	f.lifetime_s = YEAR_S;
	assert_layer(t, &f, LAYER_SCORE, PURPOSE_ADVERTISING, "score:");
	f.attributes_known = f.httponly = false;
	f.lifetime_s = LIFETIME_UNKNOWN;
	f.name = SLICE("zz_cookieconsent_x");
	assert_layer(t, &f, LAYER_GUARD, PURPOSE_CHOICE, "guard:consent");
	f.name = SLICE("zzadclick_uid");
	f.party = PARTY_THIRD;
	assert_layer(t, &f, LAYER_SCORE, PURPOSE_ADVERTISING, "score:");
}

/* A host of the site's own that is an alias of a tracker's, as only a live cookie has it. */
static void test_alias(void **state)
{
	const struct rules *t = *state;
	struct score_facts f = { .name = SLICE("zzqx7"),
				 .host = SLICE("metrics.example.com"),
				 .alias = SLICE("example.ads.doubleclick.net"),
				 .party_known = true,
				 .party = PARTY_FIRST,
				 .attributes_known = true,
				 .httponly = true,
				 .lifetime_s = 7 * 24 * 3600 };
	struct purpose_found p;

	assert_layer(t, &f, LAYER_SETTER, PURPOSE_ADVERTISING, "setter:doubleclick.net ");
	purpose_find(t, &f, &p);
	assert_true(p.by_alias);
	f.party = PARTY_THIRD;
	assert_layer(t, &f, LAYER_SETTER, PURPOSE_ADVERTISING, "setter:doubleclick.net ");
	f.host = SLICE("x.criteo.com");
	purpose_find(t, &f, &p);
	assert_false(p.by_alias);
	assert_layer(t, &f, LAYER_SETTER, PURPOSE_ADVERTISING, "setter:criteo.com ");
	/* What the site itself needs may be sent there: table and names of sign-in come before. */
	f.party = PARTY_FIRST;
	f.name = SLICE("_ga");
	assert_layer(t, &f, LAYER_TABLE, PURPOSE_ANALYTICS, "table:");
	f.name = SLICE("zz_csrf");
	assert_layer(t, &f, LAYER_GUARD, PURPOSE_ESSENTIAL, "guard:csrf");
	f.alias = SLICE("cdn.example.net");
	f.name = SLICE("zzqx7");
	assert_layer(t, &f, LAYER_GUARD, PURPOSE_ESSENTIAL, "guard:HttpOnly");
}

/* Without a page a name may count alone; with one, never. */
static void test_name_alone(void **state)
{
	struct score_facts f = { .name = SLICE("c_user"), .lifetime_s = LIFETIME_UNKNOWN };

	assert_layer(*state, &f, LAYER_TABLE, PURPOSE_ESSENTIAL, "table:");
	/* On the list of a site that names who sets it, it is a third party's. */
	f.declared = true;
	assert_layer(*state, &f, LAYER_TABLE, PURPOSE_ADVERTISING, "table:");
	f.host = SLICE("www.facebook.com");
	assert_layer(*state, &f, LAYER_TABLE, PURPOSE_ADVERTISING, "table:");
	f.declared = false;
	assert_layer(*state, &f, LAYER_TABLE, PURPOSE_ESSENTIAL, "table:");
	f.host = SLICE("www.example.com");
	f.party_known = true;
	f.party = PARTY_FIRST;
	assert_layer(*state, &f, LAYER_SCORE, PURPOSE_ESSENTIAL, "score:");
}

struct named_case {
	const char *name, *host;
	enum party party;
	enum purpose purpose;
};

static void assert_purposes(const struct rules *t, const struct named_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct score_facts f = { .name = slice_str(cases[i].name),
					 .host = slice_str(cases[i].host),
					 .party_known = true,
					 .party = cases[i].party,
					 .lifetime_s = LIFETIME_UNKNOWN };
		struct purpose_found p;

		purpose_find(t, &f, &p);
		if (p.purpose != cases[i].purpose)
			fail_msg("%s of %s: %s, %s", cases[i].name, cases[i].host,
				 purpose_word(p.purpose), p.why);
	}
}

/* Signing in within a frame; names that any site may use. */
static void test_not_tracking(void **state)
{
	static const struct named_case cases[] = {
		{ "disqusauth", "disqus.com", PARTY_THIRD, PURPOSE_ESSENTIAL },
		{ "sessionid", "disqus.com", PARTY_THIRD, PURPOSE_ESSENTIAL },
		{ "disqus_unique", "disqus.com", PARTY_THIRD, PURPOSE_ADVERTISING },
		{ "access_token", "launcher.spot.im", PARTY_THIRD, PURPOSE_ESSENTIAL },
		{ "zz_login", "id.piano.io", PARTY_THIRD, PURPOSE_ESSENTIAL },
		{ "userlang", "www.example.com", PARTY_FIRST, PURPOSE_FUNCTIONAL },
		{ "campaign_token", "www.example.com", PARTY_FIRST, PURPOSE_ESSENTIAL },
		{ "_opt_expid", "www.example.com", PARTY_FIRST, PURPOSE_ANALYTICS },
		{ "analytics_id", "www.example.com", PARTY_FIRST, PURPOSE_ANALYTICS },
	};

	assert_purposes(*state, cases, sizeof(cases) / sizeof(cases[0]));
}

/* A tracker in other sites is not believed what it calls its number; on its own pages it is. */
static void test_names_of_trackers(void **state)
{
	static const struct named_case cases[] = {
		{ "lb_uid", "ad.doubleclick.net", PARTY_THIRD, PURPOSE_ADVERTISING },
		{ "uid_login", "gum.criteo.com", PARTY_THIRD, PURPOSE_ADVERTISING },
		{ "gdpr_uid", "ib.adnxs.com", PARTY_THIRD, PURPOSE_ADVERTISING },
		{ "zz_optout", "ib.adnxs.com", PARTY_THIRD, PURPOSE_CHOICE },
		{ "uid_login", "www.criteo.com", PARTY_FIRST, PURPOSE_ESSENTIAL },
		{ "zz_login", "accounts.example.com", PARTY_THIRD, PURPOSE_ESSENTIAL },
		{ "gdpr_done", "www.example.com", PARTY_FIRST, PURPOSE_CHOICE },
	};

	assert_purposes(*state, cases, sizeof(cases) / sizeof(cases[0]));
}

/* Products that measure others have a sign-in of their own. */
static void test_sign_in_of_trackers(void **state)
{
	static const struct named_case cases[] = {
		{ "_vercel_jwt", "preview.example.com", PARTY_FIRST, PURPOSE_ESSENTIAL },
		{ "umami.auth", "count.example.com", PARTY_FIRST, PURPOSE_ESSENTIAL },
		{ "sentry-sc", "acme.sentry.io", PARTY_FIRST, PURPOSE_ESSENTIAL },
		{ "sentry-su", "acme.sentry.io", PARTY_FIRST, PURPOSE_ESSENTIAL },
		{ "hubspotapi", "app.hubspot.com", PARTY_FIRST, PURPOSE_ESSENTIAL },
		{ "hubspotapi-prefs", "app.hubspot.com", PARTY_FIRST, PURPOSE_ESSENTIAL },
		{ "hubspotapi-csrf", "app.hubspot.com", PARTY_FIRST, PURPOSE_ESSENTIAL },
		{ "hubspotapi", "app.hubspot.com", PARTY_THIRD, PURPOSE_ADVERTISING },
		{ "hubspotapi-csrf", "app.hubspot.com", PARTY_THIRD, PURPOSE_ADVERTISING },
		{ "SWID", "www.espn.com", PARTY_FIRST, PURPOSE_ESSENTIAL },
		{ "SWID", "registerdisney.go.com", PARTY_THIRD, PURPOSE_ADVERTISING },
		{ "pardot", "pi.pardot.com", PARTY_FIRST, PURPOSE_ESSENTIAL },
		{ "pardot", "pi.pardot.com", PARTY_THIRD, PURPOSE_ADVERTISING },
		{ "pardot", "go.example.com", PARTY_FIRST, PURPOSE_ADVERTISING },
		{ "__tac", "www.paper.example", PARTY_FIRST, PURPOSE_ESSENTIAL },
		{ "__idr", "www.paper.example", PARTY_FIRST, PURPOSE_ESSENTIAL },
		{ "__eea", "www.paper.example", PARTY_FIRST, PURPOSE_ESSENTIAL },
		{ "__code", "www.paper.example", PARTY_FIRST, PURPOSE_ESSENTIAL },
		{ "__ut", "www.paper.example", PARTY_FIRST, PURPOSE_ESSENTIAL },
	};

	assert_purposes(*state, cases, sizeof(cases) / sizeof(cases[0]));
}

/* What a wildcard of a tracker does not take. */
static void test_wildcards(void **state)
{
	static const struct named_case cases[] = {
		{ "_hjOptOut", "www.example.com", PARTY_FIRST, PURPOSE_CHOICE },
		{ "_vwo_global_opt_out", "www.example.com", PARTY_FIRST, PURPOSE_CHOICE },
		{ "kameleoonOptout", "www.example.com", PARTY_FIRST, PURPOSE_CHOICE },
		{ "emos_optout", "www.example.com", PARTY_FIRST, PURPOSE_CHOICE },
		{ "emos_privacy", "www.example.com", PARTY_FIRST, PURPOSE_CHOICE },
		{ "__adroll_consent", "www.example.com", PARTY_FIRST, PURPOSE_CHOICE },
		{ "__cq_dnt", "www.example.com", PARTY_FIRST, PURPOSE_CHOICE },
		{ "_ga_optout", "www.example.com", PARTY_FIRST, PURPOSE_CHOICE },
		{ "_vis_opt_out", "www.example.com", PARTY_FIRST, PURPOSE_CHOICE },
		{ "moe_dnt", "www.example.com", PARTY_FIRST, PURPOSE_CHOICE },
		{ "AMP_OPTOUT", "www.example.com", PARTY_FIRST, PURPOSE_CHOICE },
		{ "cto_optout", "www.criteo.com", PARTY_THIRD, PURPOSE_CHOICE },
		{ "cto_optout_2", "www.criteo.com", PARTY_THIRD, PURPOSE_CHOICE },
		{ "affiliates_auth_token", "www.example.com", PARTY_FIRST, PURPOSE_ESSENTIAL },
		{ "analytics_csrf", "www.example.com", PARTY_FIRST, PURPOSE_ESSENTIAL },
		{ "plausible_login", "www.example.com", PARTY_FIRST, PURPOSE_ESSENTIAL },
		{ "_compass_session", "www.example.com", PARTY_FIRST, PURPOSE_ESSENTIAL },
		{ "_td_session", "www.example.com", PARTY_FIRST, PURPOSE_ESSENTIAL },
		/* The words of a random id are none. */
		{ "_ga_1JWTAVPN7Q", "www.example.com", PARTY_FIRST, PURPOSE_ANALYTICS },
		{ "ph_phc_a1Lb9jwtQ7e_posthog", "www.example.com", PARTY_FIRST, PURPOSE_ANALYTICS },
		/* Words of the row itself are meant. */
		{ "_hjSession_123", "www.example.com", PARTY_FIRST, PURPOSE_ANALYTICS },
		{ "utm_source", "www.example.com", PARTY_FIRST, PURPOSE_ADVERTISING },
	};

	assert_purposes(*state, cases, sizeof(cases) / sizeof(cases[0]));
}

/* A guess that is kept is of exactly these facts. */
static void test_guesses(void **state)
{
	static const char *const values[] = { "1", "8d2c0f4be61a4d9a8d2c0f4be61a4d9a", "en-GB",
					      "{\"a\":1}", "1768867200" };
	struct guesses *g = guesses_new(*state);
	struct score_facts f = { .name = SLICE("zzq"),
				 .host = SLICE("www.example.com"),
				 .party_known = true,
				 .party = PARTY_THIRD,
				 .lifetime_s = YEAR_S,
				 .shape_known = true };
	struct purpose_found fresh, kept;

	assert_non_null(g);
	hash_seed();
	for (size_t i = 0; i < 2 * sizeof(values) / sizeof(values[0]); i++) {
		value_shape_of(slice_str(values[i / 2]), &f.shape);
		purpose_find(*state, &f, &fresh);
		guesses_find(g, &f, &kept);
		assert_int_equal(kept.purpose, fresh.purpose);
		assert_int_equal(kept.permille, fresh.permille);
		assert_string_equal(kept.why, fresh.why);
	}
	guesses_free(g);
}

static void test_sections(void **state)
{
	static const char *const whole = "a\n#section trackers.tsv\nb\n#section score.tsv\nc\n";
	struct rules_sections s = rules_sections_of(slice_str(whole));
	struct buf again;

	(void)state;
	assert_true(slice_eq(s.cookies, SLICE("a\n")));
	assert_true(slice_eq(s.trackers, SLICE("b\n")));
	assert_true(slice_eq(s.weights, SLICE("c\n")));
	buf_init(&again, 4096);
	assert_true(rules_sections_join(&s, &again));
	assert_true(slice_eq(buf_slice(&again), slice_str(whole)));
	buf_release(&again);

	s = rules_sections_of(SLICE("a\n#section\n#section scores\nb"));
	assert_int_equal(s.cookies.n, 28);
	assert_null(s.trackers.p);
	assert_null(s.weights.p);
	s = rules_sections_of(SLICE("#section score.tsv"));
	assert_int_equal(s.cookies.n, 0);
	assert_non_null(s.weights.p);
	assert_int_equal(s.weights.n, 0);
}

static void test_setters(void **state)
{
	static const char *const bad[] = {
		"domain\tcompany\tpurpose\tsource\nexample.com\tA\tessential\tx\n",
		"domain\tcompany\tpurpose\tsource\nexample\tA\tanalytics\tx\n",
		"domain\tcompany\tpurpose\tsource\nexample.com\tA\tanalytics\n",
		"domain\tcompany\tpurpose\tsource\nexample.com\tA\tanalytics\tx\ty\n",
		"domain\tcompany\tpurpose\tsource\na.b\tA\tanalytics\tx\na.b\tA\tanalytics\tx\n",
		"example.com\tA\tanalytics\tx\n",
		"domain\tcompany\tpurpose\tsource\nExample.com\tA\tanalytics\tx\n",
	};
	struct setters_hit hit;
	struct setters *s;
	struct buf error;

	(void)state;
	buf_init(&error, 4096);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		buf_clear(&error);
		assert_null(setters_new(slice_str(bad[i]), "t.tsv", &error));
		assert_true(slice_starts(buf_slice(&error), SLICE("t.tsv:")));
	}
	s = setters_new(SLICE("# c\ndomain\tcompany\tpurpose\tsource\nt.example\tT\tanalytics\tx\n"
			      "ads.t.example\tA\tadvertising\tx"),
			"t.tsv", &error);
	assert_non_null(s);
	assert_int_equal(setters_count(s), 2);
	/* The supervisor makes the table, each worker seeds its hashes and asks. */
	hash_seed();
	assert_true(setters_find(s, SLICE("T.example"), &hit));
	assert_int_equal(hit.purpose, PURPOSE_ANALYTICS);
	assert_true(setters_find(s, SLICE("a.ads.t.example"), &hit));
	assert_true(slice_eq(hit.company, SLICE("A")));
	assert_false(setters_find(s, SLICE("nott.example"), &hit));
	assert_false(setters_find(s, SLICE(""), &hit));
	assert_false(setters_find(s, SLICE("."), &hit));
	setters_free(s);
	buf_release(&error);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_features),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_exact),
		cmocka_unit_test(test_why),
		cmocka_unit_test(test_long_why),
		cmocka_unit_test(test_threshold),
		cmocka_unit_test(test_guard),
		cmocka_unit_test(test_sections),
		cmocka_unit_test(test_setters),
		cmocka_unit_test_setup_teardown(test_authentication, load_shipped, unload_shipped),
		cmocka_unit_test_setup_teardown(test_layers, load_shipped, unload_shipped),
		cmocka_unit_test_setup_teardown(test_alias, load_shipped, unload_shipped),
		cmocka_unit_test_setup_teardown(test_name_alone, load_shipped, unload_shipped),
		cmocka_unit_test_setup_teardown(test_wildcards, load_shipped, unload_shipped),
		cmocka_unit_test_setup_teardown(test_guesses, load_shipped, unload_shipped),
		cmocka_unit_test_setup_teardown(test_not_tracking, load_shipped, unload_shipped),
		cmocka_unit_test_setup_teardown(test_names_of_trackers, load_shipped,
						unload_shipped),
		cmocka_unit_test_setup_teardown(test_sign_in_of_trackers, load_shipped,
						unload_shipped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
