/* The desk: what sites claimed, what contradicts it, what was kept back; the page about TikTok. */
#include "data/tables.h"
#include "proxy/desk/claim_words.h"
#include "proxy/desk/desk.h"
#include "proxy/desk/tiktok_facts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

/* 2026-11-21T22:00:00Z */
#define NOW INT64_C(1795298400000)

static void digest(void *arg, struct slice text, unsigned char out[32])
{
	(void)arg;
	memset(out, (int)text.n, 32);
}

struct visit {
	struct desk_context ctx;
	struct desk_request req;
	struct desk_answer a;
};

static void visit(struct visit *v, const char *target, const char *json)
{
	v->ctx = (struct desk_context){ .digest = digest, .tiktok = table_tiktok };
	v->req = (struct desk_request){ .method = SLICE("GET"),
					.target = slice_str(target),
					.host = SLICE("crumbgate.internal"),
					.client = SLICE("local"),
					.now = NOW };
	desk_answer_init(&v->a);
	assert_int_equal(desk_handle(&v->ctx, &v->req, &v->a), DESK_SITES);
	desk_sites(&v->ctx, &v->req, slice_str(json), &v->a);
	assert_int_equal(v->a.status, 200);
	assert_true(buf_addc(&v->a.body, '\0'));
	assert_null(strstr(v->a.body.mem, "{{"));
}

static void has(const struct visit *v, const char *what)
{
	if (strstr(v->a.body.mem, what) == NULL)
		fail_msg("no \"%s\" in:\n%s", what, v->a.body.mem);
}

static void has_not(const struct visit *v, const char *what)
{
	if (strstr(v->a.body.mem, what) != NULL)
		fail_msg("\"%s\" in:\n%s", what, v->a.body.mem);
}

/* ---- sentences ---- */

static const struct {
	const char *kind, *name, *why, *choice, *sentence;
} sentences[] = {
	{ "contradiction", "mode-grants",
	  "gcs claims as granted what the person refused: analytics_storage", "refused",
	  "It told Google that you allow analytics, though you refused." },
	{ "contradiction", "mode-grants",
	  "gcd claims as granted by default what the person refused: ad_storage, ad_user_data, x",
	  "none",
	  "It told Google that you allow cookies for advertising, data about you for advertising "
	  "and x, though it is refused for you here." },
	{ "contradiction", "mode-unasked",
	  "gcs claims as granted, and no choice was seen: ad_storage", "none",
	  "It told Google that you allow cookies for advertising, though you had not chosen "
	  "anything." },
	{ "contradiction", "li-profiling", "the TC string claims ...", "none",
	  "It claimed a legitimate interest in profiles of you, or in ads or content chosen by "
	  "them, where only consent counts." },
	{ "contradiction", "consent-unasked", "OneTrust: 4 of 4 yes", "none",
	  "It noted a consent that nobody gave." },
	{ "contradiction", "tc-grants", "w", "functional",
	  "It claimed your consent in a consent string, though you had not accepted that." },
	{ "contradiction", "tc-grants", "w", "refused",
	  "It claimed your consent in a consent string, though you refused." },
	{ "contradiction", "set-after-refusal", "_ga:x: analytics", "refused",
	  "The cookie _ga:x (Analytics) was set, though you refused." },
	{ "contradiction", "sent-after-refusal", "odd", "refused",
	  "The cookie odd (Unknown) came with a request, though you refused." },
	{ "contradiction", "never-heard", "so it is", "refused", "never-heard: so it is." },
	{ "claim", "tc", "consent for purposes: 1 3; legitimate interest for: 7 12", "none",
	  "It claimed your consent for keeping things in your browser, building a profile for "
	  "ads; and a legitimate interest, which asks nobody, for measuring ads, 12." },
	{ "claim", "tc", "consent for purposes: none; legitimate interest for: none", "none",
	  "It sent a consent string that claims neither consent nor a legitimate interest." },
	{ "claim", "tc", "consent for purposes: none; legitimate interest for: 2", "none",
	  "It claimed a legitimate interest, which asks nobody, for choosing ads by a few facts." },
	{ "claim", "tc", "refused: too short", "none",
	  "It sent a consent string (TC) that cannot be read and so grants nothing: too short." },
	{ "claim", "gcs", "G110", "none",
	  "It told Google: advertising allowed, analytics refused." },
	{ "claim", "gcs", "G1-1", "none",
	  "It told Google: advertising not said, analytics allowed." },
	{ "claim", "gcs", "G2", "none", "It told Google about consent: G2." },
	{ "claim", "gdpr", "1", "none", "It said that the GDPR applies." },
	{ "claim", "npa", "0", "none", "It said that ads may be chosen for you." },
	{ "claim", "gpp", "well-formed", "none", "It sent a consent string (GPP)." },
	{ "claim", "us-privacy", "1YNN", "none",
	  "It sent a privacy string of the United States: 1YNN." },
	{ "claim", "TikTok", "refuse, act: TikTok: 0 of 9 yes", "refused",
	  "Its banner (TikTok) noted that you refused, after somebody's click." },
	{ "claim", "OneTrust", "implied, unasked: OneTrust: set, but by no act of a person", "none",
	  "Its banner (OneTrust) took your silence for consent, though nobody did anything." },
	{ "claim", "new-word", "", "none", "new-word." },
	{ "block", "||x^", "list:easyprivacy.txt 0123456789abcdef; analytics; alias of y.test",
	  "none", "2 requests were not sent: easyprivacy.txt names them (Analytics)." },
	{ "block", "||x^", "list:my list.txt 0123456789abcdef; advertising", "none",
	  "2 requests were not sent: my list.txt names them (Advertising)." },
	{ "block", "||x^", "", "none", "2 requests were not sent:  names them." },
	{ "strip", "ttclid", "click identifier", "none",
	  "ttclid, which tells who clicked, was taken out of the address." },
	{ "strip", "$removeparam=x", "list", "none",
	  "A part was taken out of the address, by the rule $removeparam=x." },
	{ "write", "OneTrust", "w", "refused",
	  "Your refusal was written down for its banner (OneTrust)." },
	{ "heal", "sid", "w", "put-back",
	  "The cookie sid was put back for a day: without it the site went round in circles." },
	{ "later", "n", "w", "none", "n: w." },
};

static void test_sentences(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 4096);
	for (size_t i = 0; i < sizeof(sentences) / sizeof(sentences[0]); i++) {
		const struct desk_claim c = { .kind = slice_str(sentences[i].kind),
					      .name = slice_str(sentences[i].name),
					      .why = slice_str(sentences[i].why),
					      .choice = slice_str(sentences[i].choice) };

		buf_clear(&out);
		claim_sentence(&out, &c, 2);
		assert_true(buf_addc(&out, '\0'));
		assert_string_equal(out.mem, sentences[i].sentence);
	}
	buf_release(&out);
}

static void test_basis(void **state)
{
	static const struct {
		const char *kind, *name, *why;
		bool is;
	} cases[] = {
		{ "claim", "tc", "consent for purposes: 1; legitimate interest for: none", true },
		{ "claim", "TikTok", "accept, act: TikTok: 9 of 9 yes", true },
		{ "claim", "tc", "refused: too short", false },
		{ "claim", "gdpr", "1", false },
		{ "contradiction", "tc-grants", "w", false },
		{ "block", "tc", "w", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct desk_claim c = { .kind = slice_str(cases[i].kind),
					      .name = slice_str(cases[i].name),
					      .why = slice_str(cases[i].why) };

		assert_int_equal(claim_is_basis(&c), cases[i].is);
	}
}

/* ---- a site's page ---- */

#define CLAIM(site, host, kind, name, why, choice, count)                                          \
	"{\"site\":\"" site "\",\"host\":\"" host "\",\"kind\":\"" kind "\",\"name\":\"" name      \
	"\",\"why\":\"" why "\",\"choice\":\"" choice "\",\"count\":" count                        \
	",\"last\":\"2026-11-21T21:00:00.000Z\"}"
#define COOKIE(site, host, name, purpose, party, more)                                             \
	"{\"site\":\"" site "\",\"host\":\"" host "\",\"cookie\":\"" name                          \
	"\",\"purpose\":\"" purpose "\",\"why\":\"w\",\"party\":\"" party "\"," more               \
	",\"last\":\"2026-11-21T21:30:00.000Z\"}"

static const char shop[] = "{\"rows\":[" COOKIE("shop.test", "shop.test", "sid", "essential", "first", "\"kept\":1") "],\"claims\":[" CLAIM(
	"shop.test", "a.test", "contradiction", "mode-grants",
	"gcs claims as granted what the person refused: ad_storage", "refused",
	"3") "," CLAIM("shop.test", "b.test", "contradiction", "mode-grants",
		       "gcs claims as granted what the person refused: ad_storage", "refused",
		       "4") "," CLAIM("shop.test", "c.test", "contradiction", "mode-grants",
				      "gcs claims as granted what the person refused: ad_storage",
				      "refused",
				      "1") "," CLAIM("shop.test", "d.test", "contradiction",
						     "mode-grants",
						     "gcs claims as granted what the person "
						     "refused: ad_storage",
						     "refused",
						     "1") "," CLAIM("shop.test", "a.test", "claim",
								    "<b>",
								    "\\\"><script>alert(1)</"
								    "script>",
								    "none",
								    "1") "," CLAIM("shop.test",
										   "t.test",
										   "block",
										   "||t.test^",
										   "list:l.txt "
										   "0123456789abcde"
										   "f; analytics",
										   "none",
										   "5") "," CLAIM("shop.test",
												  "u.test",
												  "block",
												  "||u.test^",
												  "list:l.txt 0123456789abcdef; analytics",
												  "refused",
												  "6") "," CLAIM("only.test",
														 "only.test",
														 "claim",
														 "gdpr",
														 "1",
														 "none",
														 "1") "],\"more\":false}";

static void test_site(void **state)
{
	struct visit v;

	(void)state;
	visit(&v, "/site/shop.test", shop);
	has(&v, "<h2 id=\"claimed\">What it claimed</h2>");
	has(&v, "1 cookie, 0 removed, 1 contradiction, 11 requests not sent, seen 30 minutes ago");
	has(&v, "<li>It told Google that you allow cookies for advertising, though you refused. "
		"<span class=\"quiet\">At a.test, b.test, c.test and others, 9 times, last 1 hour "
		"ago. In the record: <code>contradiction mode-grants</code></span></li>");
	has(&v,
	    "<li>11 requests were not sent: l.txt names them (Analytics). <span class=\"quiet\">"
	    "At t.test and u.test, last 1 hour ago. In the record: <code>block</code>");
	has(&v, "&lt;b&gt;: &quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;.");
	has_not(&v, "<script>");
	has(&v, "<code>crumbgate log --site shop.test</code>; <code>crumbgate explain entry</code>");
	has_not(&v, "only.test");
	desk_answer_release(&v.a);

	/* The same said again, to another host and under another choice, is said once. */
	visit(&v, "/site/shop.test",
	      "{\"rows\":[],\"claims\":["
	      "{\"site\":\"shop.test\",\"host\":\"a.test\",\"kind\":\"claim\",\"name\":\"gcs\","
	      "\"why\":\"G111\",\"choice\":\"none\",\"count\":2,"
	      "\"first\":\"2026-11-20T20:00:00.000Z\",\"last\":\"2026-11-21T20:00:00.000Z\"},"
	      "{\"site\":\"shop.test\",\"host\":\"b.test\",\"kind\":\"claim\",\"name\":\"gcs\","
	      "\"why\":\"G111\",\"choice\":\"refused\",\"count\":3,"
	      "\"first\":\"2026-11-21T20:30:00.000Z\",\"last\":\"2026-11-21T21:00:00.000Z\"},"
	      "{\"site\":\"shop.test\",\"host\":\"www.shop.test\",\"kind\":\"claim\","
	      "\"name\":\"gcs\",\"why\":\"G111\",\"choice\":\"refused\",\"count\":1,"
	      "\"first\":\"2026-11-21T20:59:59.000Z\",\"last\":\"2026-11-21T20:59:59.000Z\"},"
	      "{\"site\":\"shop.test\",\"host\":\"b.test\",\"kind\":\"claim\",\"name\":\"gcs\","
	      "\"why\":\"G101\",\"choice\":\"refused\",\"count\":1,"
	      "\"last\":\"2026-11-21T19:00:00.000Z\"}]}");
	has(&v,
	    "analytics allowed. <span class=\"quiet\">At b.test and a.test, 5 times, first 1 day "
	    "ago, last 1 hour ago. In");
	has(&v,
	    "analytics allowed. <span class=\"quiet\">At www.shop.test, 1 time, last 1 hour ago. "
	    "In");
	has(&v, "advertising refused, analytics allowed. <span class=\"quiet\">At b.test, 1 time, "
		"last 3 hours ago. In");
	desk_answer_release(&v.a);

	visit(&v, "/site/quiet.test", shop);
	has(&v, "It claimed nothing about consent that was seen here.");
	has_not(&v, "Before any choice");
	has_not(&v, "crumbgate log");
	desk_answer_release(&v.a);

	visit(
		&v, "/site/news.test",
		"{\"rows\":[" COOKIE(
			"news.test", "news.test", "sid", "essential",
			"first", "\"kept\":1,\"unasked\":1") "," COOKIE("news.test", "news.test",
									"_ga", "analytics", "first",
									"\"removed\":4,\"unasked\":"
									"2") "," COOKIE("news.test",
											"news.test",
											"_gid",
											"analytics",
											"first",
											"\"removed"
											"\":4,"
											"\"unasked"
											"\":0") "," COOKIE("news.test",
													   "news.test",
													   "old",
													   "analytics",
													   "first",
													   "\"removed\":4") "]}");
	has(&v, "<p>Before any choice of yours 2 of 3 cookies were set or sent, 1 of these for "
		"advertising or analytics.</p>");
	desk_answer_release(&v.a);

	/* How long a cookie is kept: as it was set, not as the table has it. */
	visit(&v, "/site/news.test",
	      "{\"rows\":[" COOKIE("news.test", "news.test", "_ttp", "advertising", "first",
				   "\"kept\":1,\"life_s\":604800") "]}");
	has(&v, "<span class=\"quiet\">Kept for 7 days.</span>");
	has(&v, "kept for up to 7 days; let through.");
	has_not(&v, "sually kept");
	desk_answer_release(&v.a);

	/* A site of which only a claim is known has its place at the start. */
	visit(&v, "/", shop);
	has(&v, "<a href=\"/site/only.test\">only.test</a>");
	has(&v, "2 sites, 1 cookie: 0 removed, 1 let through.");
	desk_answer_release(&v.a);
}

/* One line for many cookies of which the same is said; a line for each where they are few. */
static void test_alike(void **state)
{
	static const char form[] =
		"%s{\"site\":\"a.test\",\"host\":\"%s\",\"kind\":\"contradiction\",\"name\":\"%s\","
		"\"why\":\"c%u: analytics\",\"choice\":\"%s\",\"count\":2,\"last\":\"2026-11-21T21:%02u:"
		"00.000Z\"}";
	struct visit v;
	struct buf json;

	(void)state;
	buf_init(&json, 1 << 20);
	buf_adds(&json, "{\"rows\":[],\"claims\":[");
	for (unsigned i = 0; i < 7; i++)
		buf_addf(&json, form, i == 0 ? "" : ",", i == 3 ? "www.a.test" : "a.test",
			 "set-after-refusal", i, "refused", 40 - i);
	for (unsigned i = 0; i < 6; i++)
		buf_addf(&json, form, ",", "a.test", "sent-after-refusal", i, "refused", 30 - i);
	buf_addf(&json, form, ",", "a.test", "set-after-refusal", 7u, "functional", 20u);
	buf_addf(&json, form, ",", "ads.test", "set-after-refusal", 8u, "refused", 19u);
	buf_adds(&json, "]}");
	assert_true(buf_addc(&json, '\0'));
	visit(&v, "/site/a.test", json.mem);
	has(&v, "<li>8 cookies were set, though you refused: c0 (Analytics), c1 (Analytics), "
		"c2 (Analytics), c3 (Analytics), c4 (Analytics), c5 (Analytics), c6 (Analytics), "
		"c8 (Analytics, ads.test). "
		"<span class=\"quiet\">At a.test, www.a.test and ads.test, 16 times, last 20 minutes ago. In the "
		"record: <code>contradiction set-after-refusal</code></span></li>");
	has_not(&v, "The cookie c1 (Analytics) was set, ");
	has(&v, "<li>The cookie c5 (Analytics) came with a request, though you refused. ");
	has(&v, "<li>The cookie c7 (Analytics) was set, though you had not accepted that. ");
	has(&v, "15 contradictions");
	desk_answer_release(&v.a);
	buf_clear(&json);
	buf_adds(&json, "{\"rows\":[],\"claims\":[");
	for (unsigned i = 0; i < 200; i++)
		buf_addf(&json, form, i == 0 ? "" : ",", "a.test", "set-after-refusal", i, "refused", 40u);
	buf_adds(&json, "]}");
	assert_true(buf_addc(&json, '\0'));
	visit(&v, "/site/a.test", json.mem);
	has(&v, "<li>100 cookies were set, though you refused: ");
	has(&v, "(Analytics) and 50 more. ");
	has(&v, "There are more in the record.");
	desk_answer_release(&v.a);
	buf_release(&json);
}

/* More than are shown, and what is of another form than ours. */
static void test_many(void **state)
{
	static const char *const odd[] = {
		"{\"rows\":[],\"claims\":{}}", "{\"rows\":[],\"claims\":[1,null,{}]}",
		"{\"rows\":[],\"claims\":[{\"site\":1,\"count\":-1,\"why\":{}}]}"
	};
	struct visit v;
	struct buf json;

	(void)state;
	buf_init(&json, 1 << 20);
	buf_adds(&json, "{\"rows\":[],\"claims\":[");
	for (unsigned i = 0; i < DESK_ROWS_MAX; i++)
		buf_addf(&json,
			 "%s{\"site\":\"a.test\",\"kind\":\"claim\",\"name\":\"n%u\",\"last\":%u}",
			 i == 0 ? "" : ",", i, 1000000 - i);
	buf_adds(&json, "]}");
	assert_true(buf_addc(&json, '\0'));
	visit(&v, "/site/a.test", json.mem);
	has(&v, "<li>n99. ");
	has_not(&v, "<li>n100. ");
	has(&v, "There are more in the record.");
	desk_answer_release(&v.a);
	buf_release(&json);
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		visit(&v, "/site/a.test", odd[i]);
		desk_answer_release(&v.a);
		visit(&v, "/", odd[i]);
		desk_answer_release(&v.a);
		visit(&v, "/tiktok", odd[i]);
		desk_answer_release(&v.a);
	}
}

/* ---- TikTok ---- */

static void test_facts(void **state)
{
	struct tiktok_facts f;
	const struct tiktok_fact *one;

	(void)state;
	tiktok_facts_read(table_tiktok, &f);
	assert_true(f.n >= 45 && f.n < TIKTOK_FACTS_MAX);
	assert_false(slice_eq(f.v[0].kind, SLICE("kind")));
	one = tiktok_fact(&f, "cookie", "pixel", SLICE("ttcsid_C1ABC"));
	assert_true(one != NULL && slice_eq(one->name, SLICE("ttcsid_*")));
	assert_null(tiktok_fact(&f, "cookie", "pixel", SLICE("sessionid")));
	one = tiktok_host(&f, SLICE("cdn.analytics.tiktok.com"));
	assert_true(one != NULL && slice_eq(one->name, SLICE("analytics.tiktok.com")));
	assert_true(tiktok_is_own(&f, SLICE("tiktok.com")));
	assert_true(tiktok_is_own(&f, SLICE("m.TikTok.com")));
	assert_true(tiktok_is_own(&f, SLICE("tiktokw.us")));
	assert_true(tiktok_is_own(&f, SLICE("p16.tiktokcdn.com")));
	assert_false(tiktok_is_own(&f, SLICE("nottiktok.com")));
	assert_false(tiktok_is_own(&f, SLICE("tiktok.com.evil.test")));
	assert_false(tiktok_is_own(&f, SLICE("com")));
	assert_false(tiktok_is_own(&f, SLICE("")));
	tiktok_facts_read(SLICE("\n#\ncookie\n\tx\na\tb\tc\td\te\tf\tg"), &f);
	assert_int_equal(f.n, 1);
	assert_true(slice_eq(f.v[0].what, SLICE("f")));
	tiktok_facts_read((struct slice){ NULL, 0 }, &f);
	assert_int_equal(f.n, 0);
}

static void test_nothing_seen(void **state)
{
	struct visit v;

	(void)state;
	visit(&v, "/tiktok",
	      "{\"rows\":[" COOKIE("shop.test", "shop.test", "sessionid", "essential", "first",
				   "\"kept\":1,\"unasked\":1") "]}");
	has(&v, "<a href=\"/tiktok\" aria-current=\"page\">TikTok</a>");
	has(&v, "Nothing of TikTok's was seen yet.");
	has(&v, "5,000,000 euros");
	has(&v, "<code>tt_csrf_token</code>");
	has_not(&v, "shop.test");
	has_not(&v, "<table");
	desk_answer_release(&v.a);
}

static const char pixel[] =
	"{\"rows\":[" COOKIE("shop.test", "shop.test", "_ttp", "advertising", "first", "\"removed\":5,\"unasked\":3") "," COOKIE(
		"shop.test", "shop.test", "ttcsid_C1ABC", "advertising", "first",
		"\"removed\":1,\"unasked\":0") "," COOKIE("shop.test", "analytics.tiktok.com",
							  "odd<", "unknown", "third",
							  "\"removed\":1") "," COOKIE("shop.test",
										      "shop.test",
										      "_ga",
										      "analytics",
										      "first",
										      "\"removed\":"
										      "1,"
										      "\"unasked\":"
										      "1") "," COOKIE("tiktok.com",
												      "www.tiktok.com",
												      "msToken",
												      "essential",
												      "first",
												      "\"kept\":2,\"unasked\":2") "," COOKIE("plain.test", "plain.test", "_ga", "analytics", "first", "\"removed\":1,\"unasked\":1") "],\"claims\":[" CLAIM("shop.test",
																															    "business-api.tiktok.com", "block", "||x^", "list:l.txt 0123456789abcdef; advertising", "none", "7") "," CLAIM("shop.test", "www.shop.test", "strip", "ttclid", "click identifier",
																																													   "none", "2") "," CLAIM("shop.test",
																																																  "www.shop.test",
																																																  "strip",
																																																  "gclid", "click identifier", "none", "2") "," CLAIM("shop.test",
																																																						      "ads.test",
																																																						      "claim",
																																																						      "tc",
																																																						      "consent for purposes: 4; legitimate interest for: none",
																																																						      "none", "1") "," CLAIM("shop.test",
																																																									     "shop.test", "contradiction", "set-after-refusal", "_ttp: advertising",
																																																									     "refused", "2") "," CLAIM("shop.test", "shop.test",
																																																												       "contradiction", "set-after-refusal", "_ga: analytics", "refused", "2") "," CLAIM("claims.test",
																																																																							 "analytics.tiktok.com", "claim", "tc", "consent for purposes: 1; legitimate interest for: 2 7", "none", "3") "," CLAIM("tiktok.com",
																																																																																						"www.tiktok.com",
																																																																																						"claim",
																																																																																						"TikTok",
																																																																																						"implied, unasked: TikTok: 9 of 9 yes",
																																																																																						"none",
																																																																																						"1") "]}";

static void test_pixel(void **state)
{
	struct visit v;
	const char *own, *shop_at, *claims_at;

	(void)state;
	visit(&v, "/tiktok", pixel);
	own = strstr(v.a.body.mem, "<a href=\"/site/tiktok.com\">");
	shop_at = strstr(v.a.body.mem, "<a href=\"/site/shop.test\">");
	claims_at = strstr(v.a.body.mem, "<a href=\"/site/claims.test\">");
	assert_true(own != NULL && shop_at != NULL && claims_at != NULL && own < shop_at &&
		    shop_at < claims_at);
	has_not(&v, "plain.test");
	has_not(&v, "_ga");
	has_not(&v, "gclid");
	has_not(&v, "Nothing of TikTok's was seen");
	/* msToken; two cookies of the pixel, one of its host, two hosts, a parameter. */
	has(&v, "TikTok&#39;s own pages. 1 thing was asked for, 1 of them before any choice.");
	has(&v,
	    "Carries TikTok&#39;s pixel or frames. 6 things were asked for, 3 of them before any "
	    "choice, 3 of these for advertising or analytics.");
	has(&v, "<code>_ttp</code> <span class=\"quiet\">shop.test</span></th>\n<td role=\"cell\">"
		"<span class=\"tag advertising\">Advertising</span> The number under which TikTok "
		"knows you on this site. <span class=\"quiet\">Usually kept for 13 months.</span></td>\n"
		"<td role=\"cell\" class=\"before\">Yes, 3 of 5 times</td>\n"
		"<td role=\"cell\"><span class=\"done out\">Removed</span></td>");
	has(&v, "<code>ttcsid_C1ABC</code>");
	has(&v, "<td role=\"cell\" class=\"before\">No</td>");
	has(&v, "<code>odd&lt;</code>");
	has(&v, "<td role=\"cell\" class=\"before\">Not known</td>");
	has(&v, "7 requests not sent");
	has(&v, "Taken out of the address 2 times");
	has(&v, "The cookie _ttp (Advertising) was set, though you refused.");
	has(&v, "<p>No basis was claimed: no request to TikTok's hosts said that you consented");
	has(&v, "It claimed your consent for keeping things in your browser; and a legitimate "
		"interest, which asks nobody, for choosing ads by a few facts, measuring ads. "
		"<span class=\"quiet\">At analytics.tiktok.com, 3 times");
	has(&v, "Its banner (TikTok) took your silence for consent, though nobody did anything.");
	has_not(&v, "choosing ads by your profile. ");
	desk_answer_release(&v.a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sentences), cmocka_unit_test(test_basis),
		cmocka_unit_test(test_site),	  cmocka_unit_test(test_many),
		cmocka_unit_test(test_facts),	  cmocka_unit_test(test_nothing_seen),
		cmocka_unit_test(test_pixel),	  cmocka_unit_test(test_alike),
	};

	return cmocka_run_group_tests_name("desk_claims", tests, NULL, NULL);
}
