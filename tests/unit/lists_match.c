/*
 * Rules against requests: each pattern, option and their order, with what they match and what not.
 */
#include "tests/unit/lists_tools.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>
#include <time.h>

/* `word`: block, allow (nothing is said), except, or the name of a body. */
struct row {
	const char *list, *url, *source, *type, *word;
	const char *rule; /* that decides; NULL: the list is that one rule */
};

static const char *word_of(const struct lists_verdict *v)
{
	switch (v->action) {
	case LISTS_NOTHING:
		return "allow";
	case LISTS_EXCEPT:
		return "except";
	case LISTS_BLOCK:
		return "block";
	default:
		return lists_body_data(v->body)->name;
	}
}

static void check(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct row *r = &rows[i];
		struct lists_fixture f;
		struct lists_verdict v;

		fixture_open(&f, r->list);
		fixture_ask(&f, r->url, r->source, r->type, &v);
		if (strcmp(word_of(&v), r->word) != 0)
			fail_msg("%s | %s %s %s: %s, wanted %s", r->list, r->url, r->source,
				 r->type, word_of(&v), r->word);
		if (v.action != LISTS_NOTHING &&
		    !slice_eq(v.rule.text, slice_str(r->rule != NULL ? r->rule : r->list)))
			fail_msg("%s | %s: by %.*s", r->list, r->url, SLICE_ARG(v.rule.text));
		fixture_close(&f);
	}
}
#define CHECK(rows) check((rows), sizeof(rows) / sizeof((rows)[0]))

#define PAGE "https://news.example/"

static void test_patterns(void **state)
{
	static const struct row rows[] = {
		/* a host and its subdomains */
		{ "||ads.example^", "https://ads.example/x", PAGE, "script", "block", NULL },
		{ "||ads.example^", "https://a.ads.example:8443/", PAGE, "image", "block", NULL },
		{ "||ads.example^", "http://ads.example", PAGE, "image", "block", NULL },
		{ "||ads.example^", "https://ADS.Example./x", PAGE, "image", "block", NULL },
		{ "||ads.example^", "https://u:p@ads.example/x", PAGE, "image", "block", NULL },
		{ "||ads.example^", "https://myads.example/", PAGE, "image", "allow", NULL },
		{ "||ads.example^", "https://ads.example.org/", PAGE, "image", "allow", NULL },
		{ "||ads.example^", "https://x.example/ads.example/", PAGE, "image", "allow",
		  NULL },
		{ "||Ads.Example^", "https://ads.example/", PAGE, "image", "block", NULL },
		{ "ads.example", "https://x.ads.example/", PAGE, "image", "block", NULL },
		{ "Ads.Example", "https://x.ads.example/", PAGE, "image", "block", NULL },
		{ "Ads.Example", "https://ads.example.org/", PAGE, "image", "allow", NULL },
		{ "ads.example$image", "https://x.org/?ads.example.", PAGE, "image", "block",
		  NULL },
		{ "||10.1.2.3^", "http://10.1.2.3/", PAGE, "image", "block", NULL },
		/* a host, then something */
		{ "||ads.example/pix", "https://a.ads.example/pixel", PAGE, "image", "block",
		  NULL },
		{ "||ads.example/pix", "https://ads.example/x/pix", PAGE, "image", "allow", NULL },
		{ "||ads.", "https://ads.example/", PAGE, "image", "block", NULL },
		{ "||ads.", "https://x.ads.example/", PAGE, "image", "block", NULL },
		{ "||ads.", "https://x.example/ads.", PAGE, "image", "allow", NULL },
		{ "||example^*/ad/", "https://x.example/a/ad/b", PAGE, "image", "block", NULL },
		{ "||a*b", "https://a.a.a.example/cb", PAGE, "image", "block", NULL },
		{ "||a*b", "https://a.a.a.example/c", PAGE, "image", "allow", NULL },
		{ "||b.*x|", "https://b.a.b.x.example/x", PAGE, "image", "block", NULL },
		{ "||b.*x|", "https://b.a.b.x.example/y", PAGE, "image", "allow", NULL },
		{ "||a^*a.b", "https://x.a.b.a/?a.b", PAGE, "image", "block", NULL },
		{ "||x.example^|", "https://x.example/", PAGE, "image", "block", NULL },
		{ "||x.example^|", "https://x.example/y", PAGE, "image", "allow", NULL },
		/* anchors */
		{ "|https://ads.", "https://ads.example/", PAGE, "image", "block", NULL },
		{ "|https://ads.", "https://x.org/?https://ads.", PAGE, "image", "allow", NULL },
		{ ".swf|", "https://x.org/a.swf", PAGE, "object", "block", NULL },
		{ ".swf|", "https://x.org/a.swf?1", PAGE, "object", "allow", NULL },
		{ "/ad^|", "https://x.org/ad/", PAGE, "image", "block", NULL },
		{ "/ad^|", "https://x.org/ad", PAGE, "image", "block", NULL },
		{ "/ad^|", "https://x.org/ad/x", PAGE, "image", "allow", NULL },
		{ "ad*x|", "https://x.org/ad/xax", PAGE, "image", "block", NULL },
		{ "ad*x|", "https://x.org/ad/xay", PAGE, "image", "allow", NULL },
		/* separators and anything */
		{ "^ad^", "https://x.org/ad?x", PAGE, "image", "block", NULL },
		{ "^ad^", "https://x.org/ad", PAGE, "image", "block", NULL },
		{ "^ad^", "https://x.org/ad-1", PAGE, "image", "allow", NULL },
		{ "^ad^", "https://x.org/ad.gif", PAGE, "image", "allow", NULL },
		{ "^ad^", "https://x.org/ad%20", PAGE, "image", "allow", NULL },
		/* between two slashes it is an expression */
		{ "/xa*b*c/", "https://x.org/a1b2c/", PAGE, "image", "allow", NULL },
		{ "/xa*b*c/", "https://x.org/xaac/", PAGE, "image", "block", NULL },
		{ "/a*b*c/*", "https://x.org/a1b2c/", PAGE, "image", "block", "/a*b*c/*" },
		{ "/a*b*c/*", "https://x.org/a1c2b/", PAGE, "image", "allow", NULL },
		{ "/a*^b", "https://x.org/a-b/b", PAGE, "image", "block", NULL },
		{ "/a*^b", "https://x.org/a-b-b", PAGE, "image", "allow", NULL },
		{ "*ad_unit*", "https://x.org/1ad_unit2", PAGE, "image", "block", NULL },
		{ "*$image", "https://x.org/", PAGE, "image", "block", NULL },
		/* parts of words */
		{ "banner", "https://banner/", PAGE, "image", "block", NULL },
		{ "/banner", "https://x.org/banners", PAGE, "image", "block", NULL },
		{ "track.js?", "https://x.org/mytrack.js?1", PAGE, "image", "block", NULL },
		{ "-ad-", "https://x.org/my-ad-1", PAGE, "image", "block", NULL },
		{ "%2fad%2f", "https://x.org/?u=%2Fad%2F1", PAGE, "image", "block", NULL },
		{ "=ad", "https://x.org/?q=adult", PAGE, "image", "block", NULL },
		/* case */
		{ "/AdServer/", "https://x.org/adserver/", PAGE, "image", "block", NULL },
		{ "/adserver/*", "https://x.org/AdServer/", PAGE, "image", "block", NULL },
		{ "/Ad.js$match-case", "https://x.org/Ad.js", PAGE, "script", "block", NULL },
		{ "/Ad.js$match-case", "https://x.org/ad.js", PAGE, "script", "allow", NULL },
		/* what is no part of the pattern */
		{ "#ad", "https://x.org/#ad", PAGE, "image", "allow", NULL },
		{ "?ad", "https://x.org?ad", PAGE, "image", "block", NULL },
		{ "/?ad", "https://x.org?ad", PAGE, "image", "block", NULL },
	};

	(void)state;
	CHECK(rows);
}

static void test_expressions(void **state)
{
	static const struct row rows[] = {
		{ "/banner[0-9]+/", "https://x.org/banner12", PAGE, "image", "block", NULL },
		{ "/banner[0-9]+/", "https://x.org/BANNER12", PAGE, "image", "block", NULL },
		{ "/banner[0-9]+/", "https://x.org/banner", PAGE, "image", "allow", NULL },
		{ "/Banner\\d/$match-case", "https://x.org/Banner1", PAGE, "image", "block", NULL },
		{ "/Banner\\d/$match-case", "https://x.org/banner1", PAGE, "image", "allow", NULL },
		{ "/^https?:\\/\\/[a-z]{4}\\.org\\/x/$script", "https://abcd.org/x", PAGE, "script",
		  "block", NULL },
		{ "/\\.js\\?st=[0-9A-Z]{2}$/$script", "https://x.org/a.js?st=A1", PAGE, "script",
		  "block", NULL },
		{ "/a$|b$/", "https://x.org/b", PAGE, "script", "block", NULL },
		{ "/\\/ads?\\.(gif|png)/", "https://x.org/ad.png", PAGE, "image", "block", NULL },
		{ "/\\/ads?\\.(gif|png)/", "https://x.org/ads.gif", PAGE, "image", "block", NULL },
		{ "/^https:\\/\\/(?!good)[a-z]+\\.org/", "https://bad.org/", PAGE, "image", "block",
		  NULL },
		{ "/^https:\\/\\/(?!good)[a-z]+\\.org/", "https://good.org/", PAGE, "image",
		  "allow", NULL },
		{ "/\\?+x|[*+]+\\+\\}$/", "https://x.org/y?*+*++}", PAGE, "image", "block", NULL },
		{ "/(?i)Banner(?<n>\\d)\\k<n>/$match-case", "https://x.org/bAnner11", PAGE, "image",
		  "block", NULL },
		{ "/(?<=\\/)ad(?<!\\/x)/", "https://x.org/y/ad", PAGE, "image", "block", NULL },
		{ "/(a)(b)\\2\\1$/", "https://x.org/y/abba", PAGE, "image", "block", NULL },
		/* One that would take for ever ends, and says no. */
		{ "/(a+a+)+b/",
		  "https://x.org/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac", PAGE,
		  "image", "allow", NULL },
	};

	(void)state;
	CHECK(rows);
}

static void test_types(void **state)
{
	static const struct {
		const char *option, *yes, *no;
	} types[] = {
		{ "script", "script", "image" },
		{ "image", "image", "script" },
		{ "stylesheet", "stylesheet", "font" },
		{ "css", "stylesheet", "font" },
		{ "object", "object", "media" },
		{ "xmlhttprequest", "xhr", "ping" },
		{ "xhr", "xmlhttprequest", "websocket" },
		{ "subdocument", "sub_frame", "main_frame" },
		{ "frame", "subdocument", "document" },
		{ "ping", "ping", "xhr" },
		{ "beacon", "beacon", "xhr" },
		{ "websocket", "websocket", "xhr" },
		{ "media", "media", "image" },
		{ "font", "font", "stylesheet" },
		{ "other", "other", "script" },
		{ "document", "main_frame", "sub_frame" },
		{ "doc", "document", "script" },
		{ "popup", "popup", "document" },
		{ "all", "document", NULL },
		{ "all", "popup", NULL },
		{ "all", "script", NULL },
		{ "~script", "image", "script" },
		{ "~script", "image", "document" },
		{ "~script,~image", "font", "image" },
		{ "script,image", "image", "font" },
		{ "script,_,image,", "script", "font" },
		{ "third-party", "script", "document" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct lists_verdict v;
		struct lists_fixture f;
		char rule[64];

		snprintf(rule, sizeof(rule), "||ads.example^$%s", types[i].option);
		fixture_open(&f, rule);
		if (fixture_ask(&f, "https://ads.example/", PAGE, types[i].yes, &v) != LISTS_BLOCK)
			fail_msg("%s: %s passes", rule, types[i].yes);
		if (types[i].no != NULL &&
		    fixture_ask(&f, "https://ads.example/", PAGE, types[i].no, &v) != LISTS_NOTHING)
			fail_msg("%s: %s does not pass", rule, types[i].no);
		fixture_close(&f);
	}
}

#define HERE "https://a.news.example/x"

static void test_parties(void **state)
{
	static const struct row rows[] = {
		{ "/ad.$third-party", "https://ads.example.net/ad.", PAGE, "image", "block", NULL },
		{ "/ad.$third-party", HERE "/ad.", PAGE, "image", "allow", NULL },
		{ "/ad.$3p", "https://x.org/ad.", "", "image", "block", NULL },
		{ "/ad.$~third-party", HERE "/ad.", PAGE, "image", "block", NULL },
		{ "/ad.$1p", "https://x.org/ad.", PAGE, "image", "allow", NULL },
		{ "/ad.$first-party", HERE "/ad.", PAGE, "image", "block", NULL },
		{ "/ad.$~first-party", HERE "/ad.", PAGE, "image", "allow", NULL },
		{ "/ad.$1p,3p", HERE "/ad.", PAGE, "image", "block", NULL },
		{ "/ad.$strict1p", HERE "/ad.", PAGE, "image", "allow", NULL },
		{ "/ad.$strict1p", PAGE "ad.", PAGE, "image", "block", NULL },
		{ "/ad.$strict3p", HERE "/ad.", PAGE, "image", "block", NULL },
		{ "/ad.$strict3p", PAGE "ad.", PAGE, "image", "allow", NULL },
		/* two sites below one public suffix are two */
		{ "/ad.$third-party", "https://a.github.io/ad.", "https://b.github.io/", "image",
		  "block", NULL },
		{ "/ad.$third-party", "https://a.github.io/ad.", "https://github.io/", "image",
		  "block", NULL },
		{ "/ad.$third-party", "https://10.0.0.1/ad.", "https://10.0.0.1/", "image", "allow",
		  NULL },
		{ "||news.example^$third-party", "https://news.example/", PAGE, "image", "allow",
		  NULL },
	};

	(void)state;
	CHECK(rows);
}

static void test_domains(void **state)
{
	static const struct row rows[] = {
		{ "/ad.$domain=news.example", "https://x.org/ad.", PAGE, "image", "block", NULL },
		{ "/ad.$from=news.example", "https://x.org/ad.", "a.b.news.example", "image",
		  "block", NULL },
		{ "/ad.$domain=news.example", "https://x.org/ad.", "https://mynews.example/",
		  "image", "allow", NULL },
		{ "/ad.$domain=news.example", "https://x.org/ad.", "", "image", "allow", NULL },
		{ "/ad.$domain=~news.example", "https://x.org/ad.", PAGE, "image", "allow", NULL },
		{ "/ad.$domain=~news.example", "https://x.org/ad.", "https://o.example/", "image",
		  "block", NULL },
		{ "/ad.$domain=a.example|News.Example|c.example", "https://x.org/ad.", PAGE,
		  "image", "block", NULL },
		{ "/ad.$domain=news.example|~a.news.example", "https://x.org/ad.",
		  "https://a.news.example/", "image", "allow", NULL },
		{ "/ad.$domain=news.example|~a.news.example", "https://x.org/ad.",
		  "https://b.news.example/", "image", "block", NULL },
		{ "/ad.$domain=[::1]|10.0.0.1", "https://x.org/ad.", "http://[::1]:8080/", "image",
		  "block", NULL },
		{ "/ad.$domain=~[::1]|~10.0.0.1", "https://x.org/ad.", "http://10.0.0.1/", "image",
		  "allow", NULL },
		/* entities */
		{ "/ad.$domain=shop.*", "https://x.org/ad.", "https://www.shop.co.uk/", "image",
		  "block", NULL },
		{ "/ad.$domain=shop.*", "https://x.org/ad.", "https://shop.de/", "image", "block",
		  NULL },
		{ "/ad.$domain=shop.*", "https://x.org/ad.", "https://shop.x.de/", "image", "allow",
		  NULL },
		{ "/ad.$domain=shop.*|~shop.de", "https://x.org/ad.", "https://shop.de/", "image",
		  "allow", NULL },
		/* expressions */
		{ "/ad.$domain=/^n[a-z]+\\.example$/", "https://x.org/ad.", PAGE, "image", "block",
		  NULL },
		{ "/ad.$domain=/^n(a|b)\\./|o.example", "https://x.org/ad.", "https://o.example/",
		  "image", "block", NULL },
		{ "/ad.$domain=/^m[a-z]+\\.example$/", "https://x.org/ad.", PAGE, "image", "allow",
		  NULL },
		{ "/ad.$domain=~/^n/", "https://x.org/ad.", PAGE, "image", "allow", NULL },
		/* with no pattern to go by */
		{ "$script,domain=news.example", "https://x.org/", PAGE, "script", "block", NULL },
		{ "*$script,domain=news.example", "https://x.org/", "https://www.news.example/",
		  "script", "block", NULL },
		{ "$script,domain=news.example", "https://x.org/", "https://o.example/", "script",
		  "allow", NULL },
		{ "$script,domain=news.*", "https://x.org/", "https://news.de/", "script", "block",
		  NULL },
		{ "$script,domain=~o.example", "https://x.org/", PAGE, "script", "block", NULL },
		/* to= and denyallow= are about where it goes */
		{ "$script,to=x.org|~y.x.org", "https://a.x.org/", PAGE, "script", "block", NULL },
		{ "$script,to=x.org|~y.x.org", "https://y.x.org/", PAGE, "script", "allow", NULL },
		{ "$script,to=shop.*", "https://shop.co.uk/", PAGE, "script", "block", NULL },
		{ "$3p,script,denyallow=x.org,domain=news.example", "https://x.org/", PAGE,
		  "script", "allow", NULL },
		{ "$3p,script,denyallow=x.org,domain=news.example", "https://y.org/", PAGE,
		  "script", "block", NULL },
	};

	(void)state;
	CHECK(rows);
}

static void test_order(void **state)
{
	static const struct row rows[] = {
		{ "||ads.example^\n@@||ads.example/ok", "https://ads.example/ok", PAGE, "script",
		  "except", "@@||ads.example/ok" },
		{ "||ads.example^\n@@||ads.example/ok", "https://ads.example/no", PAGE, "script",
		  "block", "||ads.example^" },
		{ "@@||ads.example^", "https://ads.example/", PAGE, "script", "allow", NULL },
		{ "/x/*\n@@||ads.example^", "https://ads.example/x/", PAGE, "script", "except",
		  "@@||ads.example^" },
		{ "||ads.example^\n@@||ads.example^$image", "https://ads.example/", PAGE, "script",
		  "block", "||ads.example^" },
		{ "||ads.example^$important\n@@||ads.example^", "https://ads.example/", PAGE,
		  "script", "block", "||ads.example^$important" },
		{ "||ads.example^\n/x/$important\n@@||ads.example^", "https://ads.example/x/", PAGE,
		  "script", "block", "/x/$important" },
		{ "||ads.example^\n@@||ads.example^\n/ad*x$important", "https://ads.example/adsx",
		  PAGE, "script", "block", "/ad*x$important" },
		{ "||ads.example^$important\n@@||ads.example^$important", "https://ads.example/",
		  PAGE, "script", "except", "@@||ads.example^$important" },
		{ "||ads.example^\n||ads.example^$badfilter", "https://ads.example/", PAGE,
		  "script", "allow", NULL },
		{ "||ads.example^$script,3p\n||ads.example^$third-party,badfilter,script",
		  "https://ads.example/", PAGE, "script", "allow", NULL },
		{ "||ads.example^$script\n||ads.example^$image,badfilter", "https://ads.example/",
		  PAGE, "script", "block", "||ads.example^$script" },
		{ "@@||ads.example^\n@@||ads.example^$badfilter\n||ads.example^",
		  "https://ads.example/", PAGE, "script", "block", "||ads.example^" },
		/* A page with all that it loads, by its host. */
		{ "||ads.example^\n@@||news.example^$document", "https://ads.example/", PAGE,
		  "script", "except", "@@||news.example^$document" },
		{ "||ads.example^\n@@||news.example^$document", "https://ads.example/",
		  "https://www.news.example/x", "popup", "allow", NULL },
		{ "||ads.example^$popup\n@@||news.example^$document", "https://ads.example/",
		  "https://www.news.example/x", "popup", "except", "@@||news.example^$document" },
		{ "||ads.example^\n@@||News.Example^$doc", "https://ads.example/", PAGE, "image",
		  "except", "@@||News.Example^$doc" },
		{ "||ads.example^\n@@||news.example^$document", "https://ads.example/",
		  "https://oldnews.example/", "script", "block", "||ads.example^" },
		{ "||ads.example^\n@@||news.example^$document", "https://ads.example/",
		  "https://other.example/", "script", "block", "||ads.example^" },
		{ "||ads.example^\n@@||news.example^$document", "https://ads.example/", "",
		  "script", "block", "||ads.example^" },
		{ "||news.example^$all\n@@||news.example^$document", "https://news.example/", "",
		  "document", "except", "@@||news.example^$document" },
		{ "||ads.example^$document\n@@||news.example^$document", "https://ads.example/",
		  PAGE, "document", "block", "||ads.example^$document" },
		{ "||ads.example^$important\n@@||news.example^$document", "https://ads.example/",
		  PAGE, "script", "block", "||ads.example^$important" },
		{ "||ads.example^$important\n@@||news.example^$document,important",
		  "https://ads.example/", PAGE, "script", "except",
		  "@@||news.example^$document,important" },
		{ "||ads.example^\n@@||news.example^$document\n@@||news.example^$document,"
		  "badfilter",
		  "https://ads.example/", PAGE, "script", "block", "||ads.example^" },
		{ "||ads.example^\n@@||news.example^$all", "https://ads.example/", PAGE, "script",
		  "block", "||ads.example^" },
		{ "||ads.example^\n@@||news.example^$subdocument", "https://ads.example/", PAGE,
		  "script", "block", "||ads.example^" },
	};

	(void)state;
	CHECK(rows);
}

static void test_answers(void **state)
{
	static const struct row rows[] = {
		{ "||a.example^$script,redirect=noop.js", "https://a.example/", PAGE, "script",
		  "noop.js", NULL },
		{ "||a.example^$script,redirect=noopjs:10", "https://a.example/", PAGE, "script",
		  "noop.js", NULL },
		{ "||a.example^$script,redirect=noopjs", "https://a.example/", PAGE, "image",
		  "allow", NULL },
		{ "||a.example^$image,redirect=1x1-transparent.gif", "https://a.example/", PAGE,
		  "image", "1x1.gif", NULL },
		{ "||a.example^$rewrite=abp-resource:blank-mp4,domain=news.example",
		  "https://a.example/", PAGE, "media", "noop.mp4", NULL },
		{ "||a.example^$empty", "https://a.example/", PAGE, "xhr", "empty", NULL },
		{ "||a.example^$mp4", "https://a.example/", PAGE, "media", "noop.mp4", NULL },
		{ "||a.example^$mp4", "https://a.example/", PAGE, "image", "allow", NULL },
		{ "||a.example^$script,redirect=google-analytics.js", "https://a.example/", PAGE,
		  "script", "noop.js", NULL },
		/* by another rule than the one that blocks */
		{ "||a.example^\n||a.example/x$redirect-rule=noop.txt", "https://a.example/x", PAGE,
		  "xhr", "noop.txt", "||a.example^" },
		{ "||a.example/x$redirect-rule=noop.txt", "https://a.example/x", PAGE, "xhr",
		  "allow", NULL },
		{ "||a.example^\n||a.example/x$xhr,redirect=noop.txt", "https://a.example/x", PAGE,
		  "xhr", "noop.txt", "||a.example^" },
		/* the higher priority; exceptions by name or for all */
		{ "||a.example^\n$redirect-rule=noopjs:1\n$redirect-rule=noop.txt:2",
		  "https://a.example/", PAGE, "xhr", "noop.txt", "||a.example^" },
		{ "||a.example^\n$redirect-rule=noopjs:-1\n$redirect-rule=noop.txt",
		  "https://a.example/", PAGE, "xhr", "noop.txt", "||a.example^" },
		{ "||a.example^\n$redirect-rule=noopjs\n@@$redirect-rule=noopjs",
		  "https://a.example/", PAGE, "xhr", "block", "||a.example^" },
		{ "||a.example^\n$redirect-rule=noopjs\n@@$redirect-rule=noop.txt",
		  "https://a.example/", PAGE, "xhr", "noop.js", "||a.example^" },
		{ "||a.example^\n$redirect-rule=noopjs\n@@||a.example^$redirect-rule",
		  "https://a.example/", PAGE, "xhr", "block", "||a.example^" },
		{ "||a.example^$redirect=noopjs\n@@||a.example^", "https://a.example/", PAGE, "xhr",
		  "except", "@@||a.example^" },
	};

	(void)state;
	CHECK(rows);
}

static void test_methods(void **state)
{
	static const struct {
		const char *rule, *method;
		bool blocked;
	} rows[] = {
		{ "||a.example^$method=post", "POST", true },
		{ "||a.example^$method=post", "GET", false },
		{ "||a.example^$method=post", "", false },
		{ "||a.example^$method=post|get", "GET", true },
		{ "||a.example^$method=~get", "GET", false },
		{ "||a.example^$method=~get", "PUT", true },
		{ "||a.example^$method=~get", "", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct query_facts facts = { .method = slice_str(rows[i].method) };
		struct lists_verdict v;
		struct lists_fixture f;

		fixture_open(&f, rows[i].rule);
		fixture_set(&f, &facts, "https://a.example/", PAGE, "xhr");
		lists_match(f.lists, f.query, &v);
		if ((v.action == LISTS_BLOCK) != rows[i].blocked)
			fail_msg("%s %s", rows[i].rule, rows[i].method);
		fixture_close(&f);
	}
}

static void test_header(void **state)
{
	static const struct {
		const char *list;
		enum lists_action action;
	} rows[] = {
		{ "||a.example^$header=via", LISTS_BLOCK },
		{ "||a.example^$header=VIA:1.1 varnish", LISTS_BLOCK },
		{ "||a.example^$header=via:varnish", LISTS_NOTHING },
		{ "||a.example^$header=via:1.1 Varnish", LISTS_NOTHING },
		{ "||a.example^$header=via:/varnish/", LISTS_BLOCK },
		{ "||a.example^$header=via:/^1\\.1 v[a-z]+$/", LISTS_BLOCK },
		{ "||a.example^$header=via:squid", LISTS_NOTHING },
		{ "||a.example^$header=via:/^squid/", LISTS_NOTHING },
		{ "||a.example^$header=server", LISTS_NOTHING },
		{ "||b.example^$header=via", LISTS_NOTHING },
		{ "||a.example^$header=via\n@@||a.example^$header=via:/varnish/", LISTS_EXCEPT },
		{ "||a.example^$header=via\n@@||a.example^", LISTS_EXCEPT },
		{ "||a.example^$header=via,important\n@@||a.example^", LISTS_BLOCK },
		{ "||a.example^$header=via,important\n@@||a.example^$header=via", LISTS_BLOCK },
		{ "||a.example^$header=via,important\n@@||a.example^$important", LISTS_EXCEPT },
		{ "||a.example^$header=via,important\n@@||a.example^$header=via,important",
		  LISTS_EXCEPT },
		{ "||a.example^$header=via,important\n@@||a.example^$header=server,important",
		  LISTS_BLOCK },
		{ "||a.example^$header=via\n@@||a.example^$header=via,important", LISTS_EXCEPT },
		{ "||a.example^$header=via\n||a.example^$redirect-rule=noopjs", LISTS_ANSWER },
		{ "||a.example^", LISTS_NOTHING },
		{ "@@||a.example^$header=via", LISTS_NOTHING },
	};
	const struct query_field fields[] = { { SLICE("Date"), SLICE("x") },
					      { SLICE("Via"), SLICE("1.1 varnish") } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct query_facts facts = { .fields = fields, .fields_n = 2 };
		struct lists_verdict v;
		struct lists_fixture f;

		fixture_open(&f, rows[i].list);
		fixture_set(&f, &facts, "https://a.example/", PAGE, "script");
		lists_match_answer(f.lists, f.query, &v);
		if (v.action != rows[i].action)
			fail_msg("%s: %d", rows[i].list, (int)v.action);
		if (v.action != LISTS_NOTHING)
			assert_true(lists_await_answer(f.lists, f.query));
		else if (strstr(rows[i].list, "b.example") != NULL || rows[i].list[0] == '@')
			assert_false(lists_await_answer(f.lists, f.query));
		facts.fields_n = 0;
		lists_match_answer(f.lists, f.query, &v);
		assert_int_equal(v.action, LISTS_NOTHING);
		fixture_close(&f);
	}
}

static void test_aliases(void **state)
{
	const struct slice chain[] = { SLICE("x.cdn.example.net"),
				       SLICE("t.tracker.example.org.") };
	struct query_facts facts = { .aliases = chain, .aliases_n = 2 };
	struct lists_verdict v;
	struct lists_fixture f;

	(void)state;
	fixture_open(&f, "||example.org^$third-party\n/pixel?\n@@||b.news.example^$cname");
	fixture_set(&f, &facts, "https://a.news.example/p", PAGE, "script");
	lists_match(f.lists, f.query, &v);
	assert_int_equal(v.action, LISTS_BLOCK);
	assert_int_equal(v.alias, 2);
	/* The request is what it was. */
	facts.aliases_n = 0;
	lists_match(f.lists, f.query, &v);
	assert_int_equal(v.action, LISTS_NOTHING);
	facts.aliases_n = 2;
	/* What is blocked by its own name needs no other. */
	fixture_set(&f, &facts, "https://a.news.example/pixel?", PAGE, "script");
	lists_match(f.lists, f.query, &v);
	assert_int_equal(v.action, LISTS_BLOCK);
	assert_int_equal(v.alias, 0);
	/* cname: these names do not count for that host. */
	fixture_set(&f, &facts, "https://b.news.example/p", PAGE, "script");
	lists_match(f.lists, f.query, &v);
	assert_int_equal(v.action, LISTS_NOTHING);
	/* An alias of the page's own site says nothing. */
	fixture_set(&f, &facts, "https://a.news.example/p", "https://www.example.org/", "script");
	lists_match(f.lists, f.query, &v);
	assert_int_equal(v.action, LISTS_NOTHING);
	fixture_close(&f);
}

static void test_hosts_files(void **state)
{
	static const char list[] = "# a hosts file\n"
				   "127.0.0.1 localhost\n"
				   "::1 ip6-localhost ip6-loopback\n"
				   "0.0.0.0 0.0.0.0\n"
				   "0.0.0.0 ads.example # why\n"
				   "127.0.0.1\ta.example\tB.Example  c.example\n"
				   ":: six.example\n"
				   "fe80::1%lo0 localhost\n";
	static const char *const blocked[] = { "ads.example", "x.ads.example", "a.example",
					       "b.example",   "c.example",     "six.example" };
	static const char *const passed[] = { "localhost", "0.0.0.0", "d.example", "ip6-localhost",
					      "why" };
	struct lists_verdict v;
	struct lists_fixture f;
	char url[64];

	(void)state;
	fixture_open(&f, list);
	assert_int_equal(lists_rules(f.lists), 5);
	for (size_t i = 0; i < sizeof(blocked) / sizeof(blocked[0]); i++) {
		snprintf(url, sizeof(url), "https://%s/x", blocked[i]);
		if (fixture_ask(&f, url, PAGE, "script", &v) != LISTS_BLOCK)
			fail_msg("%s passes", url);
	}
	for (size_t i = 0; i < sizeof(passed) / sizeof(passed[0]); i++) {
		snprintf(url, sizeof(url), "https://%s/x", passed[i]);
		if (fixture_ask(&f, url, PAGE, "script", &v) != LISTS_NOTHING)
			fail_msg("%s is blocked", url);
	}
	fixture_ask(&f, "https://ads.example/", PAGE, "script", &v);
	assert_true(slice_eq(v.rule.text, SLICE("0.0.0.0 ads.example")));
	fixture_close(&f);
}

static void test_what_is_no_url(void **state)
{
	static const char *const urls[] = { "",
					    "x",
					    "https://",
					    "https:///x",
					    "data:text/html,x",
					    "chrome-extension://abc/",
					    "https://x:99999/" };
	struct query_facts facts = { .source = SLICE(PAGE) };
	struct lists_fixture f;

	(void)state;
	fixture_open(&f, "*$image");
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		facts.url = slice_str(urls[i]);
		assert_false(query_set(f.query, &facts));
	}
	fixture_close(&f);
}

/* A URL of any length is asked about; what is past the bound is not looked at. */
static void test_long_urls(void **state)
{
	static char url[40000];
	struct lists_verdict v;
	struct lists_fixture f;
	size_t n;

	(void)state;
	fixture_open(&f, "/pixel-track/*\n||late.example^\n/zz9/*");
	for (unsigned seed = 0; seed < 4; seed++) {
		n = (size_t)snprintf(url, sizeof(url), "https://x.example/pixel-track/?");
		while (n < sizeof(url) - 8)
			n += (size_t)snprintf(url + n, sizeof(url) - n, "%x&a=",
					      (unsigned)(n * 2654435761u) >> (seed * 4 + 12));
		assert_int_equal(fixture_ask(&f, url, PAGE, "image", &v), LISTS_BLOCK);
	}
	memcpy(url, "https://x.example/other-thing/?", 31);
	memcpy(url + 8000, "/zz9/", 5);
	assert_int_equal(fixture_ask(&f, url, PAGE, "image", &v), LISTS_BLOCK);
	memcpy(url + 8000, "/xx9/", 5);
	memcpy(url + 20000, "/zz9/", 5);
	assert_int_equal(fixture_ask(&f, url, PAGE, "image", &v), LISTS_NOTHING);
	fixture_close(&f);
}

/* ---- lists that mean no good ---- */

/* A list of as many rules, by a form with one number, and a last one. */
static void open_hostile(struct lists_fixture *f, unsigned rules, const char *form,
			 const char *last)
{
	struct buf text;

	buf_init(&text, 8u * 1024 * 1024);
	for (unsigned i = 0; i < rules; i++) {
		const char *at = strchr(form, '#');

		buf_addf(&text, "%.*s%05u%s\n", (int)(at - form), form, i, at + 1);
	}
	buf_addf(&text, "%s\n", last);
	buf_addc(&text, '\0');
	assert_true(buf_ok(&text));
	fixture_open(f, text.mem);
	assert_int_equal(lists_rules(f->lists), rules + 1);
	buf_release(&text);
}

static void check_hostile(unsigned rules, const char *form, const char *last, size_t octets,
			  char of, bool expect_gives_up)
{
	char url[9000] = "https://a.example/shared/";
	struct query_facts facts = { 0 };
	struct lists_verdict v;
	struct lists_fixture f;
	size_t n = strlen(url), list = 7;
	clock_t began;

	memset(url + n, of, octets);
	url[n + octets] = '\0';
	open_hostile(&f, rules, form, last);
	fixture_set(&f, &facts, url, PAGE, "script");
	began = clock();
	lists_match(f.lists, f.query, &v);
	/* Some 20 ms; the rest is for instrumented builds and busy machines. */
	assert_true(clock() - began < CLOCKS_PER_SEC);
	if (lists_gave_up(f.lists, f.query, &list) != expect_gives_up)
		fail_msg("%s", form);
	assert_int_equal(v.action, expect_gives_up ? LISTS_NOTHING : LISTS_BLOCK);
	assert_int_equal(list, expect_gives_up ? 0 : 7);
	/* The next request is another matter. */
	fixture_set(&f, &facts, "https://a.example/shared/", PAGE, "script");
	lists_match(f.lists, f.query, &v);
	assert_false(lists_gave_up(f.lists, f.query, &list));
	fixture_close(&f);
}

static void test_hostile(void **state)
{
	(void)state;
	/* Many rules under one token take a millisecond; that is not too much. */
	check_hostile(20000, "^shared^$to=t#.example", "^shared^*x$to=a.example", 10, 'x', false);
	/* Each of them slow. */
	check_hostile(20000, "/shared/*aab#", "/shared/*aaaa", 8000, 'a', true);
	check_hostile(20000, "/shared/*^a*b#", "/shared/*aaaa", 8000, 'a', true);
	check_hostile(2000, "/shared\\/(a+a+)+b#/", "/shared\\/a+$/", 8000, 'a', true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_patterns),       cmocka_unit_test(test_expressions),
		cmocka_unit_test(test_types),	       cmocka_unit_test(test_parties),
		cmocka_unit_test(test_domains),	       cmocka_unit_test(test_order),
		cmocka_unit_test(test_answers),	       cmocka_unit_test(test_methods),
		cmocka_unit_test(test_header),	       cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_aliases),	       cmocka_unit_test(test_hosts_files),
		cmocka_unit_test(test_what_is_no_url), cmocka_unit_test(test_long_urls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
