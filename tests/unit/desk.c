/* The desk: its pages, what guards it, choices, escaping; the error page. */
#include "base/clock.h"
#include "proxy/desk/assets.h"
#include "proxy/desk/data.h"
#include "proxy/desk/desk.h"
#include "proxy/desk/error_page.h"
#include "proxy/desk/guard.h"
#include "proxy/desk/html.h"
#include "proxy/desk/words.h"

#include <jansson.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static void digest(void *arg, struct slice text, unsigned char out[32])
{
	unsigned n = 32;

	assert_non_null(HMAC(EVP_sha256(), arg, 6, (const unsigned char *)text.p, text.n, out, &n));
}

/* 2026-11-21T22:00:00Z */
#define NOW INT64_C(1795298400000)

static struct desk_choice choice(void *arg, struct slice client, struct slice site)
{
	struct desk_choice c = { .word = SLICE("refused"), .seen = SLICE("desk"), .until = NOW };

	(void)arg;
	assert_true(client.n != 0);
	if (slice_eq(site, SLICE("old.example"))) {
		c.word = SLICE("accepted");
		c.functional = c.analytics = c.advertising = true;
	} else if (slice_eq(site, SLICE("some.example"))) {
		c.word = SLICE("functional+analytics");
		c.functional = c.analytics = true;
	} else if (slice_eq(site, SLICE("banner.example"))) {
		c.word = SLICE("functional");
		c.functional = true;
		c.seen = SLICE("banner");
	} else if (slice_eq(site, SLICE("lately.example"))) {
		c.word = SLICE("analytics");
		c.analytics = true;
		c.when = NOW - 60000;
	} else if (!slice_eq(site, SLICE("both.example"))) {
		/* That for all sites stands in where a site has none of its own. */
		c.for_all = true;
	}
	return c;
}

static size_t own_n, own_all;

static void own_choices(void *arg, struct slice client, struct desk_own_choices *out)
{
	const struct desk_own_choice some[] = {
		{ SLICE("never.example"),
		  { .word = SLICE("accepted"), .seen = SLICE("cli"), .until = NOW } },
		{ SLICE("news.example"),
		  { .word = SLICE("refused"), .seen = SLICE("desk"), .until = NOW } },
		{ SLICE("<b>.example"),
		  { .word = SLICE("functional"), .seen = SLICE("banner"), .until = NOW } },
	};

	(void)arg;
	assert_true(client.n != 0);
	out->n = own_n;
	out->all = own_all;
	for (size_t i = 0; i < own_n; i++)
		out->v[i] = some[i % 3];
}

/* The last two labels, as if there were no other suffixes than single labels. */
static enum desk_names site_of(void *arg, struct slice host, char out[256])
{
	size_t at = host.n, dots = 0;

	(void)arg;
	if (slice_eq(host, SLICE("a..b")))
		return DESK_NAMES_NOTHING;
	while (at > 0 && (host.p[at - 1] != '.' || ++dots < 2))
		at--;
	assert_true(slice_copy(slice_skip(host, at), out, 256));
	return slice_eq(host, SLICE("com")) || slice_eq(host, SLICE("co.uk")) ? DESK_NAMES_SUFFIX
									      : DESK_NAMES_SITE;
}

static bool about(void *arg, const struct desk_cookie_key *key, struct desk_about *out)
{
	(void)arg;
	if (slice_eq(key->name, SLICE("_ga")))
		*out = (struct desk_about){ SLICE("Google Analytics"), SLICE("Counts visits."),
					    SLICE("730d") };
	else if (slice_eq(key->name, SLICE("theme")))
		*out = (struct desk_about){ SLICE("many sites"), SLICE("Light or dark."),
					    SLICE("?") };
	else if (key->third)
		*out = (struct desk_about){ SLICE("<b>"), SLICE("a&b"), SLICE("?") };
	else
		return false;
	return true;
}

static size_t passes_n;
static const char *wall = "wall.example";

static size_t passes(void *arg, struct slice client, struct desk_pass out[DESK_PASSES_MAX])
{
	(void)arg;
	assert_true(client.n != 0);
	for (size_t i = 0; i < passes_n; i++)
		out[i] = (struct desk_pass){ SLICE("<pinned>.example"), SLICE("refused-by-client"),
					     3, NOW - 300000, NOW + 3300000 };
	if (passes_n > 1)
		out[1] = (struct desk_pass){ slice_str(wall), SLICE("challenge"), 1, NOW,
					     NOW + 59999 };
	return passes_n;
}

static char secret[] = "secret";

static struct desk_context context(void)
{
	return (struct desk_context){
		.digest = digest,
		.digest_arg = secret,
		.choice = choice,
		.about = about,
		.passes = passes,
		.site_of = site_of,
		.own_choices = own_choices,
		.version = SLICE("0.1.0"),
		.started = NOW - 1000,
		.ca_pem = SLICE("PEM"),
		.ca_der = SLICE("DER"),
		.ca_mobileconfig = SLICE("MC"),
		.ca_name = SLICE("crumbgate CA <1>"),
		.ca_fingerprint = SLICE("AA:BB"),
	};
}

static struct desk_request get(const char *target)
{
	return (struct desk_request){
		.method = SLICE("GET"),
		.target = slice_str(target),
		.host = SLICE("crumbgate.internal"),
		.client = SLICE("local"),
		.proxy = SLICE("127.0.0.1:8118"),
		.user_agent = SLICE("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0"),
		.now = NOW,
	};
}

static const char ledger[] =
	"{\"rows\":[{\"site\":\"new.example\",\"host\":\"ads.test\","
	"\"cookie\":\"<script>alert(1)</script>\\\"'&\",\"purpose\":\"advertising\",\"why\":\"w\","
	"\"party\":\"third\",\"kept\":0,\"removed\":1,\"expired\":6,"
	"\"first\":\"2026-11-22T00:00:00.000Z\",\"last\":\"2026-11-21T21:59:40.000Z\"},"
	"{\"site\":\"old.example\",\"host\":\"old.example\",\"cookie\":\"_ga\",\"purpose\":"
	"\"analytics\",\"why\":\"table:9 _ga; accepted\","
	"\"party\":\"first\",\"kept\":3,\"removed\":2,\"expired\":0,"
	"\"last\":\"2026-11-20T21:00:00.000Z\"},"
	"{\"site\":\"new.example\",\"host\":\"new.example\",\"cookie\":\"\\u00e9\\u0001\","
	"\"purpose\":\"frob\",\"party\":\"first\",\"kept\":1}],\"more\":true}";

struct visit {
	struct desk_context ctx;
	struct desk_request req;
	struct desk_answer a;
	enum desk_step step;
};

static void visit(struct visit *v, struct desk_request req)
{
	v->ctx = context();
	v->req = req;
	desk_answer_init(&v->a);
	v->step = desk_handle(&v->ctx, &v->req, &v->a);
	if (v->step == DESK_SITES)
		desk_sites(&v->ctx, &v->req, SLICE(ledger), &v->a);
}

/* The page with other data. */
static void show(struct visit *v, const char *target, const char *json)
{
	*v = (struct visit){ .ctx = context(), .req = get(target) };
	desk_answer_init(&v->a);
	desk_sites(&v->ctx, &v->req, slice_str(json), &v->a);
	assert_int_equal(v->a.status, 200);
}

static bool holds(struct slice text, const char *what)
{
	size_t n = strlen(what);

	for (size_t i = 0; i + n <= text.n; i++)
		if (memcmp(text.p + i, what, n) == 0)
			return true;
	return false;
}

#define BODY(v, what) assert_true(holds(buf_slice(&(v)->a.body), (what)))
#define FIELDS(v, what) assert_true(holds(buf_slice(&(v)->a.fields), (what)))

static void expect(struct desk_request req, unsigned status)
{
	struct visit v;

	visit(&v, req);
	if (v.a.status != status)
		print_error("%.*s %.*s: %u\n", SLICE_ARG(req.method), SLICE_ARG(req.target),
			    v.a.status);
	assert_int_equal(v.a.status, status);
	FIELDS(&v, "Content-Security-Policy: default-src 'none'; ");
	FIELDS(&v, "X-Content-Type-Options: nosniff\r\n");
	FIELDS(&v, "Cross-Origin-Resource-Policy: ");
	FIELDS(&v, "Cache-Control: no-store\r\n");
	assert_false(holds(buf_slice(&v.a.fields), "Access-Control"));
	assert_true(buf_ok(&v.a.body) && v.a.body.len != 0);
	desk_answer_release(&v.a);
}

static void test_pages(void **state)
{
	static const char *const paths[] = { "/",
					     "/?from=30",
					     "/site/new.example",
					     "/site/never.seen",
					     "/sites.json",
					     "/tiktok",
					     "/trust",
					     "/trusted",
					     "/proxy.pac",
					     "/status.json",
					     "/style.css",
					     "/passes.json",
					     "/desk.js",
					     "/icon.svg",
					     "/ca.pem",
					     "/ca.der",
					     "/ca.mobileconfig" };
	static const char *const none[] = {
		"/x",	       "/site",	     "/site/",	  "/site/a%00b",
		"/site/a/b",   "/site/%zz",  "/site/com", "/site/printer",
		"/site/co.uk", "/site/a..b", "//",	  "",
		"/index.html", "*"
	};

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct desk_request head = get(paths[i]), post = get(paths[i]),
				    secure = get(paths[i]);

		expect(get(paths[i]), 200);
		head.method = SLICE("HEAD");
		expect(head, 200);
		secure.https = true;
		secure.sec_fetch_site = SLICE("same-origin");
		secure.origin = SLICE("https://crumbgate.internal");
		expect(secure, 200);
		post.method = SLICE("POST");
		expect(post, 405);
		post.method = SLICE("OPTIONS");
		expect(post, 405);
	}
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		expect(get(none[i]), 404);
	expect(get("/choice"), 405);
	expect(get("/probe.svg"), 403);
}

static void test_home(void **state)
{
	struct visit v;
	struct slice body;
	const char *newer, *older;

	(void)state;
	visit(&v, get("/"));
	body = buf_slice(&v.a.body);
	buf_addc(&v.a.body, '\0');
	newer = strstr(v.a.body.mem, ">new.example<");
	older = strstr(v.a.body.mem, ">old.example<");
	assert_non_null(newer);
	assert_non_null(older);
	assert_true(newer < older);
	BODY(&v, "2 sites, 3 cookies: 1 removed, 2 let through.");
	BODY(&v, "&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;");
	BODY(&v, "class=\"setter\">&lt;b&gt;</td>");
	BODY(&v, "\xc3\xa9&#xFFFD;");
	BODY(&v, "<span class=\"done in\">Let through (3 of 5 times)<");
	BODY(&v, "Deleted");
	BODY(&v, "third party ads.test");
	BODY(&v, "1 day ago; you accepted");
	BODY(&v, "just now; you refused for all sites");
	BODY(&v, "You refused: what is not essential is removed.");
	BODY(&v, ">Forget my choice<");
	BODY(&v, ">Forget all my choices<");
	assert_false(holds(body, "<script>"));
	assert_false(holds(body, "{{"));
	desk_answer_release(&v.a);
}

/* What the newest verdict was, whatever was done before it. */
static void test_change_of_mind(void **state)
{
	static const struct {
		const char *purpose, *why, *counts, *shown;
	} rows[] = {
		{ "analytics", "table:1 _ga", "\"kept\":5,\"removed\":8",
		  ">Removed (let through 5 of 13 times)<" },
		{ "analytics", "table:1 _ga; accepted", "\"kept\":5,\"expired\":8",
		  ">Let through (5 of 13 times)<" },
		{ "analytics", "table:1 _ga; minors: no choice counts", "\"kept\":5,\"expired\":8",
		  ">Deleted (let through 5 of 13 times)<" },
		{ "analytics", "table:1 _ga; investigator", "\"kept\":1,\"removed\":1",
		  ">Let through (1 of 2 times)<" },
		{ "functional", "table:1 lang; first party", "\"kept\":1,\"removed\":1",
		  ">Let through (1 of 2 times)<" },
		{ "functional", "table:1 lang; first party; minors", "\"kept\":1,\"removed\":1",
		  ">Removed (let through 1 of 2 times)<" },
		{ "essential", "table:1 sid", "\"kept\":1,\"removed\":1",
		  ">Let through (1 of 2 times)<" },
		{ "analytics", "deletes", "\"kept\":1,\"removed\":1",
		  ">Removed (let through 1 of 2 times)<" },
		{ "analytics", "deletes", "\"kept\":1", ">Let through<" },
		{ "analytics", "table:1 _ga; put back", "\"kept\":1,\"removed\":1",
		  ">Put back, the site did not work without it (1 of 2 times)<" },
	};
	char json[512];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct visit v = { .ctx = context(), .req = get("/") };

		snprintf(json, sizeof(json),
			 "{\"rows\":[{\"site\":\"a.test\",\"host\":\"a.test\",\"cookie\":\"c\","
			 "\"purpose\":\"%s\",\"why\":\"%s\",\"party\":\"first\",%s}]}",
			 rows[i].purpose, rows[i].why, rows[i].counts);
		desk_answer_init(&v.a);
		desk_sites(&v.ctx, &v.req, slice_str(json), &v.a);
		BODY(&v, rows[i].shown);
		BODY(&v, strncmp(rows[i].shown, ">Removed", 8) == 0 ||
					 strncmp(rows[i].shown, ">Deleted", 8) == 0
				 ? "1 cookie: 1 removed"
				 : "1 cookie: 0 removed");
		desk_answer_release(&v.a);
	}
}

static void test_profiles(void **state)
{
	struct desk_request req = get("/");
	struct visit v;

	(void)state;
	req.profile = CONFIG_MINORS;
	visit(&v, req);
	BODY(&v, "What is not essential is removed, always.");
	BODY(&v, "Sites are never passed unread here");
	assert_false(holds(buf_slice(&v.a.body), "<button"));
	assert_false(holds(buf_slice(&v.a.body), "; you "));
	assert_false(holds(buf_slice(&v.a.body), "does not count"));
	desk_answer_release(&v.a);
	req.target = SLICE("/site/old.example");
	visit(&v, req);
	BODY(&v, "Removed, always.");
	assert_false(holds(buf_slice(&v.a.body), "<button"));
	assert_false(holds(buf_slice(&v.a.body), "unless you accept"));
	assert_false(holds(buf_slice(&v.a.body), "You accepted"));
	desk_answer_release(&v.a);
	req.target = SLICE("/");
	req.profile = CONFIG_INVESTIGATOR;
	visit(&v, req);
	BODY(&v, "nothing is removed");
	BODY(&v, "Nothing is removed, whatever is chosen.");
	assert_false(holds(buf_slice(&v.a.body), "what is not essential is removed"));
	desk_answer_release(&v.a);
	req.target = SLICE("/site/old.example");
	visit(&v, req);
	BODY(&v, "You accepted. It is noted, but does not count.");
	assert_false(holds(buf_slice(&v.a.body), "unless you accept"));
	desk_answer_release(&v.a);
}

static void test_trust_and_probe(void **state)
{
	struct desk_request req = get("/trust");
	char target[64], token[GUARD_TOKEN_LEN + 1];
	struct visit v;

	(void)state;
	visit(&v, req);
	BODY(&v, "crumbgate CA &lt;1&gt;");
	BODY(&v, "<details open>\n<summary><h3>Firefox");
	BODY(&v, "<code>http://127.0.0.1:8118/proxy.pac</code>");
	BODY(&v, "<dt>Proxy</dt><dd><code>127.0.0.1:8118</code></dd>");
	BODY(&v, "HTTP Proxy <code>127.0.0.1</code>, Port <code>8118</code>");
	BODY(&v, "<code>chromium --proxy-server=127.0.0.1:8118</code>");
	BODY(&v, "works on this machine only");
	guard_token(&v.ctx, &v.req, "probe", token);
	snprintf(target, sizeof(target), "/probe.svg?t=%s", token);
	BODY(&v, target);
	desk_answer_release(&v.a);

	req.tls_proxy = SLICE("127.0.0.1:8443");
	visit(&v, req);
	BODY(&v, "<code>127.0.0.1:8118</code>, and with TLS <code>127.0.0.1:8443</code></dd>");
	BODY(&v, "<code>http://127.0.0.1:8118/proxy.pac</code>");
	desk_answer_release(&v.a);
	req.proxy = SLICE("");
	visit(&v, req);
	BODY(&v, "<dd>with TLS <code>127.0.0.1:8443</code></dd>");
	BODY(&v, "<code>chromium --proxy-server=https://127.0.0.1:8443</code>");
	BODY(&v, "<code>https://127.0.0.1:8443/proxy.pac</code>");
	desk_answer_release(&v.a);

	/* From the page at http:// the picture at https:// is of another site. */
	req = get(target);
	req.https = true;
	req.sec_fetch_site = SLICE("cross-site");
	req.sec_fetch_mode = SLICE("no-cors");
	visit(&v, req);
	assert_int_equal(v.a.status, 200);
	FIELDS(&v, "Content-Type: image/svg+xml\r\n");
	FIELDS(&v, "Cross-Origin-Resource-Policy: cross-origin\r\n");
	desk_answer_release(&v.a);

	req.client = SLICE("10.0.0.9");
	expect(req, 403);
}

static void test_pac(void **state)
{
	struct desk_request req = get("/proxy.pac");
	struct visit v;

	(void)state;
	req.direct = true;
	req.host = SLICE("127.0.0.1:8118");
	visit(&v, req);
	assert_int_equal(v.a.status, 200);
	FIELDS(&v, "Content-Type: application/x-ns-proxy-autoconfig\r\n");
	BODY(&v, "\treturn \"PROXY 127.0.0.1:8118\";\n}");
	assert_false(holds(buf_slice(&v.a.body), "HTTPS"));
	desk_answer_release(&v.a);
	req.tls_proxy = SLICE("[::1]:8443");
	visit(&v, req);
	BODY(&v, "\tif (host == \"crumbgate.internal\")\n"
		 "\t\treturn \"PROXY 127.0.0.1:8118; HTTPS [::1]:8443\";\n"
		 "\treturn \"HTTPS [::1]:8443; PROXY 127.0.0.1:8118\";\n}");
	desk_answer_release(&v.a);
	req.proxy = SLICE("");
	visit(&v, req);
	BODY(&v, "\treturn \"HTTPS [::1]:8443\";\n}");
	assert_false(holds(buf_slice(&v.a.body), "PROXY"));
	desk_answer_release(&v.a);
	req.tls_proxy = SLICE("");
	expect(req, 503);
	req.tls_proxy = SLICE("\"; evil(); \"");
	expect(req, 503);
	req.proxy = req.tls_proxy;
	req.tls_proxy = SLICE("");
	expect(req, 503);
}

/* Asked as if it were a site, under its address or under a name that was rebound to it. */
static void test_direct(void **state)
{
	static const char *const own[] = { "/",	      "/style.css", "/icon.svg",       "/proxy.pac",
					   "/ca.pem", "/ca.der",    "/ca.mobileconfig" };
	static const char *const never[] = {
		"/site/new.example", "/sites.json", "/status.json", "/passes.json", "/trust",
		"/probe.svg",	     "/tiktok",	    "/choice",	    "/pass",	    "/x"
	};
	struct desk_request req;
	struct visit v;

	(void)state;
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		req = get(own[i]);
		req.direct = true;
		req.host = SLICE("127.0.0.1:8118");
		expect(req, 200);
		req.host = SLICE("evil.test:8118");
		expect(req, i != 0 && i < 4 ? 200 : 400);
		req.method = SLICE("POST");
		expect(req, 400);
	}
	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
		req = get(never[i]);
		req.direct = true;
		req.host = SLICE("127.0.0.1:8118");
		expect(req, 400);
	}
	req = get("/");
	req.direct = true;
	visit(&v, req);
	assert_int_equal(v.step, DESK_DONE);
	BODY(&v, "href=\"http://127.0.0.1:8118/proxy.pac\"");
	BODY(&v, "href=\"http://127.0.0.1:8118/ca.pem\"");
	BODY(&v, "HTTP Proxy <code>127.0.0.1</code>, Port <code>8118</code>");
	assert_false(holds(buf_slice(&v.a.body), "href=\"http://crumbgate.internal"));
	assert_false(holds(buf_slice(&v.a.body), "<nav"));
	assert_false(holds(buf_slice(&v.a.body), "<script"));
	assert_false(holds(buf_slice(&v.a.body), "AA:BB"));
	assert_false(holds(buf_slice(&v.a.body), "crumbgate CA"));
	desk_answer_release(&v.a);
	req.host = req.proxy;
	visit(&v, req);
	BODY(&v, "AA:BB");
	desk_answer_release(&v.a);
	req.proxy = SLICE("[fd00::2]:3128");
	visit(&v, req);
	BODY(&v, "HTTP Proxy <code>[fd00::2]</code>, Port <code>3128</code>");
	assert_false(holds(buf_slice(&v.a.body), "works on this machine only"));
	desk_answer_release(&v.a);
	req.proxy = SLICE("");
	visit(&v, req);
	assert_int_equal(v.a.status, 400); /* so no name is surely its own */
	BODY(&v, "does not know its own address");
	desk_answer_release(&v.a);
}

static void test_foreign(void **state)
{
	static const char *const hosts[] = {
		"evil.test",	       "crumbgate.internal.evil.test", "",
		"127.0.0.1",	       "crumbgate.internal:8118",      "crumbgate.internal:443",
		"crumbgate.internal:", "xcrumbgate.internal"
	};
	static const char *const origins[] = { "https://evil.test",
					       "null",
					       "https://crumbgate.internal",
					       "",
					       "http://crumbgate.internal.evil.test",
					       "http://crumbgate.internal:81" };
	struct desk_request req;

	(void)state;
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		req = get("/");
		req.host = slice_str(hosts[i]);
		expect(req, 421);
	}
	for (size_t i = 0; i < sizeof(origins) / sizeof(origins[0]); i++) {
		req = get("/");
		req.origin = slice_str(origins[i]);
		expect(req, 403);
	}
	req = get("/");
	req.host = SLICE("Crumbgate.Internal:80");
	req.origin = SLICE("http://crumbgate.internal:80");
	expect(req, 200);

	req = get("/sites.json");
	req.sec_fetch_site = SLICE("cross-site");
	expect(req, 403);
	req.sec_fetch_site = SLICE("same-site");
	expect(req, 403);
	/* A link may lead to the start, but not into a frame and not to what is behind it. */
	req.target = SLICE("/");
	req.sec_fetch_mode = SLICE("navigate");
	req.sec_fetch_dest = SLICE("document");
	expect(req, 200);
	req.sec_fetch_dest = SLICE("iframe");
	expect(req, 403);
	req.sec_fetch_dest = SLICE("document");
	req.target = SLICE("/site/new.example");
	expect(req, 403);
}

static struct desk_request post(struct slice body)
{
	struct desk_request req = get("/choice");

	req.method = SLICE("POST");
	req.body = body;
	req.content_type = SLICE("application/x-www-form-urlencoded; charset=UTF-8");
	req.origin = SLICE("http://crumbgate.internal");
	return req;
}

static void submit(const char *target, const char *form, int64_t now, enum desk_step want,
		   unsigned status, struct visit *v)
{
	struct desk_context ctx = context();
	struct desk_request req = post(SLICE(""));
	char token[GUARD_TOKEN_LEN + 1];
	static char body[512];

	guard_token(&ctx, &req, "form", token);
	snprintf(body, sizeof(body), "%s&token=%s", form, token);
	req = post(slice_str(body));
	req.target = slice_str(target);
	req.now = now;
	visit(v, req);
	assert_int_equal(v->step, want);
	if (want == DESK_DONE)
		assert_int_equal(v->a.status, status);
}

static void choose(const char *form, int64_t now, enum desk_step want, unsigned status,
		   struct visit *v)
{
	submit("/choice", form, now, want, status, v);
}

static void test_choice(void **state)
{
	static const char *const wrong[] = { "op=refuse",	    "op=burn&site=a.test",
					     "op=refuse&site=",	    "site=a.test",
					     "op=refuse&site=a%00", "op=refuse&site=a%0d%0ab",
					     "op=refuse&site=a/b",  "op=refuse&site=%" };
	struct desk_request req;
	struct visit v;

	(void)state;
	choose("from=site&site=New.Example&op=refuse", NOW, DESK_CHOICE, 0, &v);
	assert_int_equal(v.a.op, DESK_REFUSE);
	assert_string_equal(v.a.site, "new.example");
	desk_chosen(&v.ctx, &v.req, true, &v.a);
	assert_int_equal(v.a.status, 303);
	FIELDS(&v, "Location: /site/new.example\r\n");
	desk_answer_release(&v.a);

	choose("from=home&site=a.test&op=accept", NOW + 24 * 3600 * 1000, DESK_CHOICE, 0, &v);
	assert_int_equal(v.a.op, DESK_ACCEPT);
	desk_chosen(&v.ctx, &v.req, true, &v.a);
	FIELDS(&v, "Location: /#s-a.test\r\n");
	desk_answer_release(&v.a);

	choose("op=clear&site=%2A", NOW, DESK_CHOICE, 0, &v);
	assert_string_equal(v.a.site, "*");
	desk_chosen(&v.ctx, &v.req, false, &v.a);
	assert_int_equal(v.a.status, 503);
	desk_answer_release(&v.a);

	choose("op=some&site=a.test&functional=1&advertising=1", NOW, DESK_CHOICE, 0, &v);
	assert_int_equal(v.a.op, DESK_SOME);
	assert_true(v.a.functional && !v.a.analytics && v.a.advertising);
	desk_answer_release(&v.a);

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		choose(wrong[i], NOW, DESK_DONE, 400, &v);
		desk_answer_release(&v.a);
	}
	/* A token of the day before yesterday, of somebody else, or none. */
	choose("op=refuse&site=a.test", NOW + INT64_C(2) * 24 * 3600 * 1000, DESK_DONE, 403, &v);
	desk_answer_release(&v.a);
	expect(post(SLICE("op=refuse&site=a.test")), 403);
	expect(post(SLICE("op=refuse&site=a.test&token=00000000000000000000000000000000")), 403);
	req = post(SLICE("op=refuse&site=a.test"));
	req.origin = SLICE("null");
	expect(req, 403);
	req = post(SLICE("{}"));
	req.content_type = SLICE("text/plain");
	expect(req, 415);
	req.body = slice_of(calloc(1, DESK_BODY_MAX + 1), DESK_BODY_MAX + 1);
	expect(req, 413);
	free((void *)(uintptr_t)req.body.p);
}

/* Purposes one by one, on a site's own page and for all sites, and what was chosen in words. */
static void test_purposes(void **state)
{
	struct visit v;

	(void)state;
	visit(&v, get("/site/some.example"));
	BODY(&v,
	     "<p>You accepted functional and analytics only. It holds until 2026-11-21. For all "
	     "other sites you refused.</p>");
	BODY(&v, "name=\"functional\" value=\"1\" checked>");
	BODY(&v, "name=\"analytics\" value=\"1\" checked>");
	BODY(&v, "name=\"advertising\" value=\"1\">");
	BODY(&v, "; you accepted functional and analytics only");
	desk_answer_release(&v.a);
	visit(&v, get("/site/old.example"));
	BODY(&v,
	     "Analytics</span></dt><dd>1 cookie, set by Google Analytics, usually kept for up to "
	     "2 years; let through.</dd>");
	desk_answer_release(&v.a);
	visit(&v, get("/site/new.example"));
	BODY(&v, "Advertising</span></dt><dd>1 cookie, set by &lt;b&gt;; removed.</dd>");
	BODY(&v, "Unknown</span></dt><dd>1 cookie; let through.</dd>");
	desk_answer_release(&v.a);
	visit(&v, get("/"));
	BODY(&v, "<p id=\"all-now\">You refused: what is not essential is removed. It holds until "
		 "2026-11-21.</p>");
	BODY(&v, "Accept what is ticked<span class=\"hidden\"> for all sites</span>");
	BODY(&v, "Usually kept for 2 years.");
	assert_false(holds(buf_slice(&v.a.body), " checked>"));
	desk_answer_release(&v.a);
}

/* A site's own choice is shown, and can be forgotten, also where it is that for all sites too. */
static void test_own_choice(void **state)
{
	struct visit v;

	(void)state;
	visit(&v, get("/site/both.example"));
	BODY(&v, "<p>You refused. It holds until 2026-11-21. For all other sites you refused.</p>");
	BODY(&v, ">Forget my choice<");
	assert_false(holds(buf_slice(&v.a.body), "refused for all sites"));
	desk_answer_release(&v.a);
	visit(&v, get("/site/old.example"));
	BODY(&v,
	     "<p>You accepted. It holds until 2026-11-21. For all other sites you refused.</p>");
	desk_answer_release(&v.a);
	visit(&v, get("/site/new.example"));
	BODY(&v, "<p>You refused for all sites. It holds until 2026-11-21.</p>");
	assert_false(holds(buf_slice(&v.a.body), "Forget my choice"));
	desk_answer_release(&v.a);
	show(&v, "/", "{\"rows\":[{\"site\":\"\",\"cookie\":\"c\",\"kept\":1}]}");
	BODY(&v, "1 cookie, 0 removed; you refused for all sites");
	desk_answer_release(&v.a);
	visit(&v, get("/site/banner.example"));
	BODY(&v, "<p>You accepted functional only in the site&#39;s banner. It holds until");
	BODY(&v, "; you accepted functional only in the site&#39;s banner<");
	desk_answer_release(&v.a);
}

/* A host's page is its site's; what is hardly any site has one only where it was seen. */
static void test_site_names(void **state)
{
	static const char rows[] = "{\"rows\":[{\"site\":\"printer\",\"host\":\"printer\","
				   "\"cookie\":\"c\",\"kept\":1}]}";
	static const char *const odd[] = { "op=accept&site=com", "op=some&site=co.uk",
					   "op=refuse&site=printer" };
	char token[GUARD_TOKEN_LEN + 1];
	static char body[256];
	struct visit v;

	(void)state;
	visit(&v, get("/site/WWW.Shop.Example"));
	assert_int_equal(v.step, DESK_DONE);
	assert_int_equal(v.a.status, 302);
	FIELDS(&v, "Location: /site/shop.example\r\n");
	desk_answer_release(&v.a);
	expect(get("/site/localhost"), 200);
	expect(get("/site/[::1]"), 200);
	visit(&v, get("/site/com"));
	BODY(&v, "an ending that many sites share, a single word");
	desk_answer_release(&v.a);

	choose("op=refuse&site=www.shop.example", NOW, DESK_CHOICE, 0, &v);
	assert_string_equal(v.a.site, "shop.example");
	desk_answer_release(&v.a);
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		choose(odd[i], NOW, DESK_DONE, 400, &v);
		BODY(&v, "Name one site, as in news.example.");
		desk_answer_release(&v.a);
	}
	choose("op=clear&site=com", NOW, DESK_CHOICE, 0, &v);
	desk_answer_release(&v.a);

	v = (struct visit){ .ctx = context(), .req = get("/site/printer") };
	desk_answer_init(&v.a);
	desk_sites(&v.ctx, &v.req, SLICE(rows), &v.a);
	assert_int_equal(v.a.status, 200);
	guard_token(&v.ctx, &v.req, "form printer", token);
	BODY(&v, token);
	desk_answer_release(&v.a);
	snprintf(body, sizeof(body), "op=refuse&site=printer&token=%s", token);
	visit(&v, post(slice_str(body)));
	assert_int_equal(v.step, DESK_CHOICE);
	desk_answer_release(&v.a);
	snprintf(body, sizeof(body), "op=refuse&site=a.test&token=%s", token);
	expect(post(slice_str(body)), 403);
}

/* What was chosen for single sites, whether they were seen or not. */
static void test_own_choices(void **state)
{
	struct desk_request req = get("/");
	struct visit v;

	(void)state;
	visit(&v, req);
	assert_false(holds(buf_slice(&v.a.body), "site by site"));
	desk_answer_release(&v.a);
	own_n = own_all = 3;
	visit(&v, req);
	BODY(&v, "<summary>Your choices, site by site: 3 sites, 1 accepted, 1 accepted in "
		 "part</summary>");
	BODY(&v, ">never.example</a> <span class=\"quiet\">You accepted by command, until "
		 "2026-11-21.<");
	BODY(&v,
	     ">news.example</a> <span class=\"quiet\">You refused at the desk, until 2026-11-21.<");
	BODY(&v, ">&lt;b&gt;.example</a> <span class=\"quiet\">You accepted functional only in the "
		 "site&#39;s "
		 "banner, until");
	BODY(&v, "Forget<span class=\"hidden\"> my choice for never.example</span>");
	desk_answer_release(&v.a);
	own_n = DESK_OWN_CHOICES_MAX;
	own_all = 1000;
	visit(&v, req);
	BODY(&v, "site by site: 1000 sites<");
	BODY(&v, "The newest 200 of 1000");
	desk_answer_release(&v.a);
	req.profile = CONFIG_MINORS;
	visit(&v, req);
	assert_false(holds(buf_slice(&v.a.body), "site by site"));
	desk_answer_release(&v.a);
	own_n = own_all = 0;

	choose("op=clear&site=never.example&from=own", NOW, DESK_CHOICE, 0, &v);
	desk_chosen(&v.ctx, &v.req, true, &v.a);
	FIELDS(&v, "Location: /#own\r\n");
	desk_answer_release(&v.a);
}

/* A site of which only a banner's answer is known. */
static void show_answer(struct visit *v, const char *site, const char *what, const char *last)
{
	char json[512], target[64];

	snprintf(
		json, sizeof(json),
		"{\"rows\":[],\"claims\":[{\"site\":\"%s\",\"host\":\"%s\",\"kind\":\"claim\","
		"\"name\":\"OneTrust\",\"why\":\"%s: OneTrust: 4 of 4 yes\",\"choice\":\"refused\","
		"\"count\":1,\"last\":\"2026-11-21T%s.000Z\"}]}",
		site, site, what, last);
	snprintf(target, sizeof(target), "/site/%s", site);
	show(v, target, json);
}

/* Why a click in a banner does nothing where the person has chosen itself. */
static void test_overruled(void **state)
{
	static const char *const silent[][3] = {
		{ "lately.example", "accept, act", "21:58:00" },  /* before the choice */
		{ "lately.example", "partial, act", "21:59:30" }, /* perhaps the same part */
		{ "lately.example", "accept, unasked", "21:59:30" },
		{ "lately.example", "undecided, act", "21:59:30" },
		{ "a.test", "refuse, act", "21:50:00" },
		{ "banner.example", "accept, act", "21:50:00" },
	};
	struct visit v;

	(void)state;
	show_answer(&v, "lately.example", "accept, act", "21:59:30");
	BODY(&v, "<p>Its banner noted that you accepted everything just now. That does not count: "
		 "your own choice is stronger. If you meant it, choose so here.</p>");
	desk_answer_release(&v.a);
	show_answer(&v, "a.test", "partial, act", "21:50:00");
	BODY(&v, "noted that you accepted a part 10 minutes ago. That does not count: your own "
		 "choice for all sites is stronger.");
	desk_answer_release(&v.a);
	for (size_t i = 0; i < sizeof(silent) / sizeof(silent[0]); i++) {
		show_answer(&v, silent[i][0], silent[i][1], silent[i][2]);
		assert_false(holds(buf_slice(&v.a.body), "is stronger"));
		desk_answer_release(&v.a);
	}
}

/* What was seen of a site whose data is only this. */
struct seen {
	const char *name, *purpose, *why, *counts, *last;
};

static void show_seen(struct visit *v, const char *site, const struct seen *seen, size_t n)
{
	char target[64];
	struct buf json;

	buf_init(&json, 65536);
	buf_adds(&json, "{\"rows\":[");
	for (size_t i = 0; i < n; i++)
		buf_addf(&json,
			 "%s{\"site\":\"%s\",\"host\":\"%s\",\"cookie\":\"%s\","
			 "\"purpose\":\"%s\",\"why\":\"%s\",\"party\":\"first\",%s,"
			 "\"last\":\"2026-11-21T%s.000Z\"}",
			 i == 0 ? "" : ",", site, site, seen[i].name, seen[i].purpose, seen[i].why,
			 seen[i].counts, seen[i].last);
	buf_adds(&json, "]}");
	assert_true(buf_addc(&json, '\0'));
	snprintf(target, sizeof(target), "/site/%s", site);
	show(v, target, json.mem);
	buf_release(&json);
}

/* What the score says of a cookie is a guess; what tables and guards say is none. */
static void test_guess(void **state)
{
	static const struct seen seen[] = {
		{ "w", "functional", "score:612 short; first party", "\"kept\":1", "21:00:00" },
		{ "lang", "functional", "table:31 lang; first party", "\"kept\":1", "21:00:00" },
		{ "x", "advertising", "score:900 a random id", "\"removed\":1", "21:00:00" },
		{ "y", "unknown", "score:100 nothing; first party", "\"kept\":1", "21:00:00" },
	};
	struct visit v;

	(void)state;
	show_seen(&v, "a.test", seen, 4);
	BODY(&v, ">Functional</span> <span class=\"quiet\">by a guess.</span>");
	BODY(&v, ">Functional</span>  <span class=\"quiet\"></span>");
	BODY(&v, ">Functional</span></dt><dd>2 cookies, 1 of them by a guess; let through.</dd>");
	BODY(&v, ">Advertising</span></dt><dd>1 cookie, by a guess; removed.</dd>");
	BODY(&v, ">Unknown</span></dt><dd>1 cookie; let through.</dd>");
	desk_answer_release(&v.a);
}

/* What was done before the choice, where it would be done otherwise now. */
static void test_before_choice(void **state)
{
	static const struct seen seen[] = {
		{ "a", "advertising", "table:1 a; accepted", "\"kept\":2", "21:58:00" },
		{ "b", "advertising", "table:1 b; accepted", "\"kept\":2", "21:59:30" },
		{ "c", "analytics", "table:1 c", "\"removed\":2", "21:58:00" },
		{ "d", "essential", "table:1 d", "\"kept\":2", "21:58:00" },
		{ "e", "functional", "table:1 e; accepted", "\"kept\":2", "21:58:00" },
	};
	struct visit v;

	(void)state;
	show_seen(&v, "lately.example", seen, 5);
	BODY(&v, ">Let through before you chose<");
	BODY(&v, ">Removed before you chose<");
	BODY(&v, "2 cookies; let through; 1 not seen since you chose.</dd>");
	BODY(&v, ">Analytics</span></dt><dd>1 cookie; removed before you chose.</dd>");
	BODY(&v, ">Essential</span></dt><dd>1 cookie; let through.</dd>");
	BODY(&v, ">Functional</span></dt><dd>1 cookie; let through.</dd>");
	desk_answer_release(&v.a);
}

static void test_not_seen(void **state)
{
	struct visit v;

	(void)state;
	show(&v, "/site/nothere.example", ledger);
	BODY(&v, "<p class=\"lead\" id=\"lead\">Not seen yet; you refused for all sites</p>");
	assert_false(holds(buf_slice(&v.a.body), "0 cookies"));
	desk_answer_release(&v.a);
}

/* Nobody in particular is counted among the others. */
static void test_setters(void **state)
{
	static const struct seen seen[] = {
		{ "theme", "functional", "table:1 theme", "\"kept\":1", "21:00:00" },
		{ "_ga", "analytics", "table:1 _ga", "\"kept\":1", "21:00:00" },
		{ "theme", "analytics", "table:1 theme", "\"kept\":1", "21:00:00" },
	};
	struct visit v;

	(void)state;
	show_seen(&v, "a.test", seen, 3);
	BODY(&v, ">Functional</span></dt><dd>1 cookie; let through.</dd>");
	BODY(&v, "<dd>2 cookies, set by Google Analytics and others, usually kept");
	BODY(&v, "class=\"setter\">many sites</td>");
	desk_answer_release(&v.a);
}

static void test_life(void **state)
{
	static const char *const lives[][2] = {
		{ "session", "Usually kept until the browser is closed." },
		{ "730d", "Usually kept for 2 years." },
		{ "365d", "Usually kept for 1 year." },
		{ "395d", "Usually kept for 13 months." },
		{ "390d", "Usually kept for 13 months." },
		{ "180d", "Usually kept for 6 months." },
		{ "90d", "Usually kept for 3 months." },
		{ "30d", "Usually kept for 30 days." },
		{ "1d", "Usually kept for 1 day." },
		{ "30m", "Usually kept for 30 minutes." },
		{ "1m", "Usually kept for 1 minute." },
		{ "20s", "Usually kept for less than a minute." },
		{ "?", "" },
		{ "", "" },
		{ "d", "" },
		{ "9999999999999999999d", "" },
		{ "0d", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lives) / sizeof(lives[0]); i++) {
		struct buf b;

		buf_init(&b, 256);
		plain_life(&b, -1, slice_str(lives[i][0]));
		if (!slice_eq(buf_slice(&b), slice_str(lives[i][1])))
			print_message("%s: %.*s\n", lives[i][0], SLICE_ARG(buf_slice(&b)));
		assert_true(slice_eq(buf_slice(&b), slice_str(lives[i][1])));
		buf_release(&b);
	}
}

/* What an origin asked for comes before what is usual. */
static void test_life_seen(void **state)
{
	static const struct {
		int64_t seen;
		const char *text;
	} lives[] = { { 0, "Kept until the browser is closed." },
		      { 30, "Kept for less than a minute." },
		      { 34560000, "Kept for 13 months." },
		      { -1, "Usually kept for 2 years." } };

	(void)state;
	for (size_t i = 0; i < sizeof(lives) / sizeof(lives[0]); i++) {
		struct buf b;

		buf_init(&b, 256);
		plain_life(&b, lives[i].seen, SLICE("730d"));
		assert_true(slice_eq(buf_slice(&b), slice_str(lives[i].text)));
		buf_release(&b);
	}
}

static void test_passes(void **state)
{
	static const char *const wrong[] = { "host=", "site=a.test", "host=a%00", "host=a%0d%0ab",
					     "host=a/b" };
	struct desk_request req = get("/");
	struct visit v;

	(void)state;
	visit(&v, req);
	assert_false(holds(buf_slice(&v.a.body), "pass unread</h2>"));
	desk_answer_release(&v.a);
	passes_n = 2;
	visit(&v, req);
	BODY(&v, "Sites that pass unread</h2>");
	BODY(&v, "&lt;pinned&gt;.example");
	assert_false(holds(buf_slice(&v.a.body), "<pinned>"));
	BODY(&v, "It began 5 minutes ago and goes on for another 55 minutes.");
	BODY(&v, "It began just now and goes on for less than a minute more.");
	BODY(&v, "A program at your address refused the proxy's certificate 3 times: it");
	BODY(&v, "that can be caused by this proxy. It began");
	BODY(&v, "action=\"/pass\"");
	buf_addc(&v.a.body, '\0');
	assert_true(strstr(v.a.body.mem, "that pass unread<") <
		    strstr(v.a.body.mem, "Sites, newest first<"));
	assert_false(holds(buf_slice(&v.a.body), ">Passes unread<"));
	desk_answer_release(&v.a);
	/* On the page of its site, and of no other; marked in the list. */
	wall = "www.old.example";
	visit(&v, get("/site/old.example"));
	BODY(&v, "This site passes unread</h2>");
	BODY(&v, "Stop passing<span class=\"hidden\"> www.old.example</span>");
	BODY(&v, "name=\"page\" value=\"old.example\"");
	assert_false(holds(buf_slice(&v.a.body), "pinned"));
	desk_answer_release(&v.a);
	visit(&v, get("/"));
	BODY(&v, ">old.example</a></h3> <span class=\"unread\">Passes unread</span>");
	desk_answer_release(&v.a);
	visit(&v, get("/site/d.example"));
	assert_false(holds(buf_slice(&v.a.body), "passes unread"));
	desk_answer_release(&v.a);
	wall = "www.wall.example";
	visit(&v, get("/site/wall.example"));
	BODY(&v, "Nothing was seen, for it passes unread.");
	desk_answer_release(&v.a);
	wall = "printer";
	expect(get("/site/printer"), 200);
	wall = "wall.example";
	visit(&v, get("/passes.json"));
	assert_int_equal(v.step, DESK_DONE);
	BODY(&v, "{\"passes\":[{\"host\":\"<pinned>.example\",\"why\":\"refused-by-client\","
		 "\"since\":\"2026-11-21T21:55:00.000Z\",\"until\":\"2026-11-21T22:55:00.000Z\"},"
		 "{\"host\":\"wall.example\",\"why\":\"challenge\",");
	desk_answer_release(&v.a);
	passes_n = DESK_PASSES_MAX;
	expect(get("/"), 200);
	passes_n = 0;
	visit(&v, get("/passes.json"));
	BODY(&v, "{\"passes\":[]}\n");
	desk_answer_release(&v.a);

	submit("/pass", "host=Wall.Example", NOW, DESK_STOP, 0, &v);
	assert_string_equal(v.a.site, "wall.example");
	desk_stopped(&v.ctx, &v.req, &v.a);
	assert_int_equal(v.a.status, 303);
	FIELDS(&v, "Location: /\r\n");
	desk_answer_release(&v.a);
	submit("/pass", "host=www.wall.example&page=Wall.Example", NOW, DESK_STOP, 0, &v);
	desk_stopped(&v.ctx, &v.req, &v.a);
	FIELDS(&v, "Location: /site/wall.example\r\n");
	desk_answer_release(&v.a);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		submit("/pass", wrong[i], NOW, DESK_DONE, 400, &v);
		desk_answer_release(&v.a);
	}
	submit("/pass", "host=a.test", NOW + INT64_C(2) * 24 * 3600 * 1000, DESK_DONE, 403, &v);
	desk_answer_release(&v.a);
	expect(get("/pass"), 405);
	req = post(SLICE("host=a.test"));
	req.target = SLICE("/pass");
	expect(req, 403);
	req.sec_fetch_site = SLICE("cross-site");
	expect(req, 403);
	req = post(SLICE(""));
	req.target = SLICE("/passes.json");
	expect(req, 405);
}

static void test_data(void **state)
{
	static const char *const odd[] = {
		"{\"rows\":[]}",
		"{\"rows\":[1,null,{}]}",
		"{\"rows\":[{\"site\":5,\"kept\":-1,\"last\":\"now\"}]}",
		"{\"rows\":[{\"site\":\"\",\"cookie\":\"a\\u0000b\"}]}",
	};
	static const char *const wrong[] = { "", "[", "{}", "5", "null", "[]", "{\"rows\":{}}" };

	(void)state;
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		struct visit v = { .ctx = context(), .req = get("/") };

		desk_answer_init(&v.a);
		desk_sites(&v.ctx, &v.req, slice_str(odd[i]), &v.a);
		assert_int_equal(v.a.status, 200);
		desk_answer_release(&v.a);
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_null(desk_data_new(slice_str(wrong[i])));
}

static void test_no_answer(void **state)
{
	struct visit v = { .ctx = context(), .req = get("/") };

	(void)state;
	desk_answer_init(&v.a);
	desk_sites(&v.ctx, &v.req, (struct slice){ NULL, 0 }, &v.a);
	assert_int_equal(v.a.status, 503);
	BODY(&v, "did not answer");
	desk_answer_release(&v.a);
}

/* As many sites as may be asked for: one page shows some of them, in bounded size. */
static void test_many(void **state)
{
	struct visit v = { .ctx = context(), .req = get("/?from=60") };
	struct buf json;

	(void)state;
	buf_init(&json, 8 * 1024 * 1024);
	buf_adds(&json, "{\"rows\":[");
	for (unsigned i = 0; i < DESK_ROWS_MAX; i++)
		buf_addf(&json, "%s{\"site\":\"s%u.test\",\"last\":%u,\"cookie\":\"c\"}",
			 i == 0 ? "" : ",", i, 1000000 - i);
	buf_adds(&json, "]}");
	desk_answer_init(&v.a);
	desk_sites(&v.ctx, &v.req, buf_slice(&json), &v.a);
	assert_int_equal(v.a.status, 200);
	BODY(&v, ">s60.test<");
	BODY(&v, ">s89.test<");
	assert_false(holds(buf_slice(&v.a.body), ">s90.test<"));
	BODY(&v, "/?from=30\">Newer");
	BODY(&v, "/?from=90\">Older");
	desk_answer_release(&v.a);
	buf_release(&json);
}

static void test_status(void **state)
{
	struct visit v;
	json_t *root;

	(void)state;
	visit(&v, get("/status.json"));
	root = json_loadb(buf_slice(&v.a.body).p, buf_slice(&v.a.body).n, 0, NULL);
	assert_string_equal(json_string_value(json_object_get(root, "profile")), "default");
	json_decref(root);
	desk_answer_release(&v.a);
}

static void test_html(void **state)
{
	const struct slot slots[] = { { "a", SLICE("<&>"), SLOT_TEXT },
				      { "b", SLICE("<i>"), SLOT_HTML } };
	static const char *const wrong[] = { "{{b}}", "{{{a}}}", "{{c}}", "{{", "{{{" };
	struct buf out;
	char text[8];

	(void)state;
	buf_init(&out, 1024);
	html_fill(&out, SLICE("{ {{a}} {{{b}}} }"), slots, 2);
	assert_true(buf_ok(&out));
	assert_true(slice_eq(buf_slice(&out), SLICE("{ &lt;&amp;&gt; <i> }")));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		buf_clear(&out);
		html_fill(&out, slice_str(wrong[i]), slots, 2);
		assert_false(buf_ok(&out));
	}
	buf_clear(&out);
	html_text(&out, SLICE("\xc3\xa9\xc0\xaf\xed\xa0\x80\xf0\x9f\x8d\xaa\xff\x1b\xe2\x82"));
	assert_true(
		slice_eq(buf_slice(&out),
			 SLICE("\xc3\xa9&#xFFFD;&#xFFFD;&#xFFFD;&#xFFFD;&#xFFFD;\xf0\x9f\x8d\xaa"
			       "&#xFFFD;&#xFFFD;&#xFFFD;&#xFFFD;")));
	buf_clear(&out);
	url_segment(&out, SLICE("a b/\xff~"));
	assert_true(slice_eq(buf_slice(&out), SLICE("a%20b%2f%ff~")));
	buf_release(&out);
	assert_true(url_decode(SLICE("a+%41"), true, text, sizeof(text)));
	assert_string_equal(text, "a A");
	assert_false(url_decode(SLICE("%4"), true, text, sizeof(text)));
	assert_false(url_decode(SLICE("12345678"), true, text, sizeof(text)));
}

static void test_error_page(void **state)
{
	const struct error_detail details[] = { { "Issuer", SLICE("CN=<x>") } };
	const char *const hints[] = { "Try again & again." };
	struct error_page page = { .status = 502,
				   .title = "No",
				   .host = SLICE("<h>.test"),
				   .reason = SLICE("\"why\""),
				   .details = details,
				   .details_n = 1,
				   .hints = hints,
				   .hints_n = 1 };
	unsigned char sum[32];
	char base64[64];
	struct buf body, fields;
	unsigned n = sizeof(sum);

	(void)state;
	buf_init(&body, 65536);
	buf_init(&fields, 4096);
	error_page(&body, &page);
	error_page_fields(&fields);
	assert_true(buf_ok(&body) && buf_ok(&fields));
	assert_true(holds(buf_slice(&body), "for &lt;h&gt;.test"));
	assert_true(holds(buf_slice(&body), "CN=&lt;x&gt;"));
	assert_true(holds(buf_slice(&body), "Try again &amp; again."));
	assert_false(holds(buf_slice(&body), "<script"));
	assert_true(EVP_Digest(asset_error_css.p, asset_error_css.n, sum, &n, EVP_sha256(), NULL) ==
		    1);
	EVP_EncodeBlock((unsigned char *)base64, sum, sizeof(sum));
	assert_non_null(strstr(error_page_csp(), base64));
	assert_true(holds(buf_slice(&fields), base64));
	page.details_n = page.hints_n = 0;
	page.host.n = 0;
	buf_clear(&body);
	error_page(&body, &page);
	assert_true(buf_ok(&body));
	buf_release(&body);
	buf_release(&fields);
}

static void test_is_host(void **state)
{
	(void)state;
	assert_true(desk_is_host(SLICE("Crumbgate.INTERNAL")));
	assert_true(desk_is_host(SLICE("crumbgate.internal.")));
	assert_false(desk_is_host(SLICE("a.crumbgate.internal")));
	assert_false(desk_is_host(SLICE("")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pages),
		cmocka_unit_test(test_home),
		cmocka_unit_test(test_profiles),
		cmocka_unit_test(test_trust_and_probe),
		cmocka_unit_test(test_pac),
		cmocka_unit_test(test_direct),
		cmocka_unit_test(test_foreign),
		cmocka_unit_test(test_choice),
		cmocka_unit_test(test_purposes),
		cmocka_unit_test(test_life),
		cmocka_unit_test(test_life_seen),
		cmocka_unit_test(test_data),
		cmocka_unit_test(test_no_answer),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_html),
		cmocka_unit_test(test_error_page),
		cmocka_unit_test(test_is_host),
		cmocka_unit_test(test_change_of_mind),
		cmocka_unit_test(test_passes),
		cmocka_unit_test(test_own_choice),
		cmocka_unit_test(test_site_names),
		cmocka_unit_test(test_guess),
		cmocka_unit_test(test_overruled),
		cmocka_unit_test(test_own_choices),
		cmocka_unit_test(test_before_choice),
		cmocka_unit_test(test_not_seen),
		cmocka_unit_test(test_setters),
	};

	return cmocka_run_group_tests_name("desk", tests, NULL, NULL);
}
