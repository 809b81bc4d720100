/* Finding the top-level site: one request after another, as browsers send them. */
#include "filters/pages.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

static struct sites *sites;

static int set_up(void **state)
{
	(void)state;
	sites = sites_new(SITES_BUILTIN);
	return sites != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	sites_free(sites);
	return 0;
}

/* "https://host/target" and fields as "name: value|name: value". */
struct step {
	const char *url, *fields;
	const char *connection; /* NULL: not known */
	const char *site;
	enum site_by by;
	enum confidence confidence;
	enum party party;
};

static void load(struct request_facts *f, const char *url, const char *fields)
{
	bool secure = strncmp(url, "https://", 8) == 0;
	struct slice rest = slice_skip(slice_str(url), secure ? 8 : 7), host, line;
	size_t slash = slice_find(rest, '/');

	host = slice_head(rest, slash);
	request_facts_init(f, SLICE("GET"), secure, host, secure ? 443 : 80,
			   slice_skip(rest, slash));
	request_facts_field(f, SLICE("User-Agent"), SLICE("browser/1"));
	rest = slice_str(fields);
	while (rest.p != NULL) {
		size_t colon;

		rest = slice_cut(rest, '|', &line);
		colon = slice_find(line, ':');
		request_facts_field(f, slice_head(line, colon),
				    slice_trim(slice_skip(line, colon + 1)));
	}
}

static int64_t walk_time;

static void take_step(struct pages *pages, const struct step *s)
{
	struct request_facts f;
	struct site_verdict v;
	struct page_event e;

	walk_time += 100;
	load(&f, s->url, s->fields);
	if (s->connection != NULL)
		f.connection_site = slice_str(s->connection);
	assert_true(find_site(sites, pages, &f, walk_time, &v));
	if (strcmp(v.site, s->site) != 0 || v.by != s->by || v.confidence != s->confidence ||
	    v.party != s->party)
		fail_msg("%s [%s]: %s by %s, %s, %s", s->url, s->fields, v.site, site_by_word(v.by),
			 confidence_word(v.confidence), party_word(v.party));
	pages_see(pages, &f, &v, walk_time, &e);
}

static void walk(const struct step *steps, size_t n)
{
	struct pages *pages = pages_new();

	assert_non_null(pages);
	walk_time = 0;
	for (size_t i = 0; i < n; i++)
		take_step(pages, &steps[i]);
	pages_free(pages);
}

#define WALK(steps) walk(steps, sizeof(steps) / sizeof((steps)[0]))

#define NAVIGATE "Sec-Fetch-Dest: document|Sec-Fetch-Mode: navigate|Sec-Fetch-User: ?1|"
#define IFRAME "Sec-Fetch-Dest: iframe|Sec-Fetch-Mode: navigate|Sec-Fetch-Site: cross-site|"
#define IMAGE "Sec-Fetch-Dest: image|Sec-Fetch-Mode: no-cors|"
#define FETCH "Sec-Fetch-Dest: empty|Sec-Fetch-Mode: cors|"
#define CROSS "Sec-Fetch-Site: cross-site|"
#define SAME "Sec-Fetch-Site: same-site|"
#define ORIGIN "Sec-Fetch-Site: same-origin|"
#define HIGH CONFIDENCE_HIGH
#define MEDIUM CONFIDENCE_MEDIUM
#define LOW CONFIDENCE_LOW
#define FIRST PARTY_FIRST
#define THIRD PARTY_THIRD

/*
 * A news page with its own parts, a third-party image, and an embedded video with parts of its own.
 */
static void test_page(void **state)
{
	static const struct step steps[] = {
		{ "https://www.news.example/a", NAVIGATE "Sec-Fetch-Site: none", NULL,
		  "news.example", BY_NAVIGATION, HIGH, FIRST },
		{ "https://www.news.example/a.css",
		  IMAGE ORIGIN "Referer: https://www.news.example/a", NULL, "news.example",
		  BY_SAME_SITE, HIGH, FIRST },
		{ "https://img.news.example/b.png", IMAGE SAME "Referer: https://www.news.example/",
		  NULL, "news.example", BY_SAME_SITE, HIGH, FIRST },
		{ "https://ads.example/p", IMAGE CROSS "Referer: https://www.news.example/", NULL,
		  "news.example", BY_REFERER, HIGH, THIRD },
		{ "https://api.ads.example/p", FETCH CROSS "Origin: https://www.news.example", NULL,
		  "news.example", BY_REFERER, HIGH, THIRD },
		{ "https://www.video.example/embed/1", IFRAME "Referer: https://www.news.example/",
		  NULL, "news.example", BY_REFERER, HIGH, THIRD },
		{ "https://www.video.example/player.js",
		  IMAGE ORIGIN "Referer: https://www.video.example/embed/1", NULL, "news.example",
		  BY_FRAME, HIGH, THIRD },
		{ "https://s.video.example/x", IMAGE SAME "Referer: https://www.video.example/",
		  NULL, "news.example", BY_FRAME, HIGH, THIRD },
		{ "https://tracker.example/t", IMAGE CROSS "Referer: https://www.video.example/",
		  NULL, "news.example", BY_FRAME, HIGH, THIRD },
		/* a frame in the frame */
		{ "https://inner.example/", IFRAME "Referer: https://www.video.example/", NULL,
		  "news.example", BY_FRAME, HIGH, THIRD },
		{ "https://deep.example/", IMAGE CROSS "Referer: https://inner.example/", NULL,
		  "news.example", BY_FRAME, HIGH, THIRD },
		/* the page's own site, asked for by the frame */
		{ "https://www.news.example/api", FETCH CROSS "Origin: https://inner.example", NULL,
		  "news.example", BY_FRAME, HIGH, FIRST },
		/* the frame follows a link */
		{ "https://www.video.example/embed/2",
		  "Sec-Fetch-Dest: iframe|Sec-Fetch-Mode: navigate|" ORIGIN
		  "Referer: https://www.video.example/embed/1",
		  NULL, "news.example", BY_FRAME, HIGH, THIRD },
		{ "https://www.video.example/y",
		  IMAGE ORIGIN "Referer: https://www.video.example/embed/2", NULL, "news.example",
		  BY_FRAME, HIGH, THIRD },
	};

	(void)state;
	WALK(steps);
}

/* The same site as a page of its own and as a frame of another. */
static void test_both(void **state)
{
	static const struct step steps[] = {
		{ "https://news.example/", NAVIGATE, NULL, "news.example", BY_NAVIGATION, HIGH,
		  FIRST },
		{ "https://video.example/embed", IFRAME "Referer: https://news.example/", NULL,
		  "news.example", BY_REFERER, HIGH, THIRD },
		{ "https://video.example/", NAVIGATE, NULL, "video.example", BY_NAVIGATION, HIGH,
		  FIRST },
		/* the exact URL tells them apart */
		{ "https://video.example/1", IMAGE ORIGIN "Referer: https://video.example/embed",
		  NULL, "news.example", BY_FRAME, HIGH, THIRD },
		{ "https://video.example/2", IMAGE ORIGIN "Referer: https://video.example/", NULL,
		  "video.example", BY_SAME_SITE, HIGH, FIRST },
		/* without it: the connection, else what was used last */
		{ "https://video.example/3", IMAGE ORIGIN, "news.example", "news.example",
		  BY_CONNECTION, MEDIUM, THIRD },
		{ "https://video.example/4", IMAGE ORIGIN, NULL, "video.example", BY_SAME_SITE, LOW,
		  FIRST },
		{ "https://video.example/5", IMAGE ORIGIN "Referer: https://video.example/embed",
		  NULL, "news.example", BY_FRAME, HIGH, THIRD },
		{ "https://video.example/6", IMAGE ORIGIN, NULL, "news.example", BY_FRAME, LOW,
		  THIRD },
		/* the browser says that it is inside a frame */
		{ "https://video.example/7", IMAGE ORIGIN "Sec-Fetch-Storage-Access: none", NULL,
		  "news.example", BY_FRAME, HIGH, THIRD },
	};

	(void)state;
	WALK(steps);
}

/* One embed in two pages. */
static void test_frames_differ(void **state)
{
	static const struct step steps[] = {
		{ "https://one.example/", NAVIGATE, NULL, "one.example", BY_NAVIGATION, HIGH,
		  FIRST },
		{ "https://cap.example/f", IFRAME "Referer: https://one.example/", NULL,
		  "one.example", BY_REFERER, HIGH, THIRD },
		{ "https://two.example/", NAVIGATE, NULL, "two.example", BY_NAVIGATION, HIGH,
		  FIRST },
		{ "https://cap.example/f", IFRAME "Referer: https://two.example/", NULL,
		  "two.example", BY_REFERER, HIGH, THIRD },
		{ "https://cap.example/x", IMAGE ORIGIN "Referer: https://cap.example/f", NULL,
		  "two.example", BY_FRAME, MEDIUM, THIRD },
		{ "https://cap.example/x", IMAGE ORIGIN "Referer: https://cap.example/f",
		  "one.example", "one.example", BY_CONNECTION, MEDIUM, THIRD },
	};

	(void)state;
	WALK(steps);
}

/* Nothing is known about the client's pages. */
static void test_unknown_pages(void **state)
{
	static const struct step steps[] = {
		{ "https://a.example/x", IMAGE ORIGIN "Referer: https://a.example/", NULL,
		  "a.example", BY_SAME_SITE, MEDIUM, FIRST },
		{ "https://a.example/x", IMAGE ORIGIN, NULL, "a.example", BY_SAME_SITE, MEDIUM,
		  FIRST },
		{ "https://ads.example/x", IMAGE CROSS "Referer: https://a.example/", NULL,
		  "a.example", BY_REFERER, MEDIUM, THIRD },
		{ "https://ads.example/x", IMAGE CROSS "Origin: null", "a.example", "a.example",
		  BY_CONNECTION, MEDIUM, THIRD },
		{ "https://ads.example/x", IMAGE CROSS, NULL, "ads.example", BY_SELF, LOW, THIRD },
		{ "https://ads.example/x", IMAGE ORIGIN "Sec-Fetch-Storage-Access: active", NULL,
		  "ads.example", BY_SELF, LOW, THIRD },
		{ "https://a.example/x", IMAGE "Sec-Fetch-Site: none", NULL, "a.example", BY_SELF,
		  MEDIUM, FIRST },
		/* a style sheet of a third party asks for a part of its own */
		{ "https://cdn.example/bg.png", IMAGE CROSS "Referer: https://cdn.example/s.css",
		  NULL, "cdn.example", BY_SELF, LOW, THIRD },
		/* no metadata, no Referer: curl */
		{ "https://a.example/x", "Accept: */*", NULL, "a.example", BY_SELF, LOW, FIRST },
		{ "http://a.example/x", "", NULL, "a.example", BY_SELF, LOW, FIRST },
		{ "http://img.example/x", "Referer: http://a.example/p", NULL, "a.example",
		  BY_REFERER, MEDIUM, THIRD },
		{ "http://a.example/x", "Referer: http://a.example/p", NULL, "a.example",
		  BY_REFERER, MEDIUM, FIRST },
	};

	(void)state;
	WALK(steps);
}

/* Plain http has no metadata: navigations show by Upgrade-Insecure-Requests. */
static void test_plain_http(void **state)
{
	static const struct step steps[] = {
		{ "http://a.example/", "Upgrade-Insecure-Requests: 1", NULL, "a.example",
		  BY_NAVIGATION, MEDIUM, FIRST },
		{ "http://a.example/x", "Referer: http://a.example/", NULL, "a.example", BY_REFERER,
		  HIGH, FIRST },
		{ "http://ads.example/x", "Referer: http://a.example/", NULL, "a.example",
		  BY_REFERER, HIGH, THIRD },
		{ "http://ads.example/y", "", NULL, "a.example", BY_RECENT, LOW, THIRD },
		{ "https://ads.example/y", "", NULL, "ads.example", BY_SELF, LOW, FIRST },
		{ "https://ads.example/y", IMAGE CROSS, NULL, "a.example", BY_RECENT, LOW, THIRD },
		{ "http://b.example/", "Upgrade-Insecure-Requests: 1|Referer: http://a.example/",
		  NULL, "b.example", BY_NAVIGATION, MEDIUM, FIRST },
	};

	(void)state;
	WALK(steps);
}

/* Referer of a style sheet, Origin of the document. */
static void test_origin_beats_referer(void **state)
{
	static const struct step steps[] = {
		{ "https://a.example/", NAVIGATE, NULL, "a.example", BY_NAVIGATION, HIGH, FIRST },
		{ "https://fonts.example/f.woff2",
		  FETCH CROSS "Referer: https://css.example/s.css|Origin: https://a.example", NULL,
		  "a.example", BY_REFERER, HIGH, THIRD },
		{ "https://ws.example/s", "Origin: https://a.example", NULL, "a.example",
		  BY_REFERER, HIGH, THIRD },
	};

	(void)state;
	WALK(steps);
}

static void test_recent_ends(void **state)
{
	struct pages *pages = pages_new();
	struct request_facts f;
	struct site_verdict v;
	struct page_event e;

	(void)state;
	load(&f, "https://a.example/", NAVIGATE);
	assert_true(find_site(sites, pages, &f, 1000, &v));
	assert_true(pages_see(pages, &f, &v, 1000, &e));
	/* What is only prefetched is not what the person looks at. */
	load(&f, "https://b.example/", NAVIGATE "Sec-Purpose: prefetch;prerender");
	assert_true(find_site(sites, pages, &f, 2000, &v));
	assert_true(pages_see(pages, &f, &v, 2000, &e));
	load(&f, "https://ads.example/", IMAGE CROSS);
	assert_true(find_site(sites, pages, &f, 1000 + PAGES_RECENT_MS, &v));
	assert_string_equal(v.site, "a.example");
	assert_true(find_site(sites, pages, &f, 1001 + PAGES_RECENT_MS, &v));
	assert_int_equal(v.by, BY_SELF);
	/* Another browser behind the same address has its own pages. */
	request_facts_field(&f, SLICE("User-Agent"), SLICE("browser/2"));
	assert_true(find_site(sites, pages, &f, 2000, &v));
	assert_int_equal(v.by, BY_SELF);
	pages_free(pages);
}

static void test_no_host(void **state)
{
	struct request_facts f;
	struct site_verdict v;

	(void)state;
	load(&f, "https://a b/", NAVIGATE);
	assert_false(find_site(sites, NULL, &f, 0, &v));
	assert_string_equal(v.site, "");
	assert_int_equal(v.party, PARTY_THIRD);
	load(&f, "https://a.example/", IMAGE CROSS "Referer: https://b.example/");
	assert_true(find_site(sites, NULL, &f, 0, &v));
	assert_string_equal(v.site, "b.example");
	assert_true(request_is_cross_site(&f, &v));
}

/* What one worker learns another knows after the message. */
static void test_events(void **state)
{
	struct pages *one = pages_new(), *two = pages_new();
	struct request_facts f;
	struct page_event e, got;
	struct site_verdict v;
	struct msg_reader r;
	struct buf b;
	char url[PAGE_URL_MAX * 2] = "https://video.example/";

	(void)state;
	memset(url + 22, 'e', sizeof(url) - 23);
	buf_init(&b, MSG_MAX);
	load(&f, url, IFRAME "Referer: https://news.example/");
	assert_true(find_site(sites, one, &f, 1, &v));
	assert_true(pages_see(one, &f, &v, 1, &e));
	page_event_pack(&e, &b);
	assert_true(buf_ok(&b));
	msg_reader_init(&r, buf_slice(&b));
	assert_true(page_event_unpack(&r, &got));
	assert_true(msg_end(&r));
	pages_apply(two, &got, 5);
	load(&f, "https://video.example/x", IMAGE ORIGIN);
	f.referer = slice_str(url);
	assert_true(find_site(sites, two, &f, 6, &v));
	assert_string_equal(v.site, "news.example");
	assert_int_equal(v.by, BY_FRAME);
	assert_int_equal(v.confidence, CONFIDENCE_HIGH);
	for (size_t cut = 0; cut < b.len; cut++) {
		msg_reader_init(&r, slice_head(buf_slice(&b), cut));
		assert_false(page_event_unpack(&r, &got));
	}
	b.mem[b.off] = 8; /* a flag that is none */
	msg_reader_init(&r, buf_slice(&b));
	assert_false(page_event_unpack(&r, &got));
	buf_release(&b);
	pages_free(one);
	pages_free(two);
}

/* A graph stays bounded, and forgets what was not used for longest. */
static void test_bounds(void **state)
{
	struct pages *pages = pages_new();
	struct request_facts f;
	struct site_verdict v;
	struct page_event e;
	char url[64];

	(void)state;
	for (int i = 0; i < 1000; i++) {
		snprintf(url, sizeof(url), "https://s%d.example/", i);
		load(&f, url, NAVIGATE);
		assert_true(find_site(sites, pages, &f, i, &v));
		assert_true(pages_see(pages, &f, &v, i, &e));
		/* The first page stays in use. */
		load(&f, "https://s0.example/x", IMAGE ORIGIN "Referer: https://s0.example/");
		assert_true(find_site(sites, pages, &f, i, &v));
		assert_int_equal(v.confidence, CONFIDENCE_HIGH);
		assert_false(pages_see(pages, &f, &v, i, &e));
	}
	assert_true(pages_size(pages) < 50 * 1024);
	load(&f, "https://s1.example/x", IMAGE ORIGIN "Referer: https://s1.example/");
	assert_true(find_site(sites, pages, &f, 1000, &v));
	assert_int_equal(v.confidence, CONFIDENCE_MEDIUM);
	load(&f, "https://s999.example/x", IMAGE ORIGIN "Referer: https://s999.example/");
	assert_true(find_site(sites, pages, &f, 1000, &v));
	assert_int_equal(v.confidence, CONFIDENCE_HIGH);
	pages_free(pages);
}

static void test_fields(void **state)
{
	struct request_facts f;

	(void)state;
	load(&f, "https://a.example/",
	     "SEC-FETCH-SITE: cross-site|sec-fetch-dest: fencedframe|sec-fetch-mode: navigate|"
	     "Purpose: prefetch|Origin: https://b.example");
	assert_int_equal(f.fetch_site, FETCH_SITE_CROSS);
	assert_int_equal(f.fetch_dest, FETCH_DEST_FRAME);
	assert_true(f.fetch_navigate && f.prefetch && !f.fetch_user);
	assert_true(request_is_frame(&f) && !request_is_navigation(&f));
	assert_true(f.agent != 0);
	load(&f, "https://a.example/", "Sec-Fetch-Site: odd|Sec-Fetch-Dest: video");
	assert_int_equal(f.fetch_site, FETCH_SITE_ABSENT);
	assert_int_equal(f.fetch_dest, FETCH_DEST_OTHER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_page),	      cmocka_unit_test(test_both),
		cmocka_unit_test(test_frames_differ), cmocka_unit_test(test_unknown_pages),
		cmocka_unit_test(test_plain_http),    cmocka_unit_test(test_origin_beats_referer),
		cmocka_unit_test(test_recent_ends),   cmocka_unit_test(test_no_host),
		cmocka_unit_test(test_events),	      cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_fields),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
