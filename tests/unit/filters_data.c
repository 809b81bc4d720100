/*
 * Real data, where there is some: CRUMBGATE_DATA names a folder with public-suffix cases, labelled
 * cookies and recorded traffic, CRUMBGATE_KIT one with cookie cases.  Skipped without them.
 */
#include "filters/cookie.h"
#include "filters/decide.h"
#include "filters/shape.h"
#include "filters/site.h"
#include "filters/url.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define FILE_MAX (256u * 1024 * 1024)

static bool read_path(const char *variable, const char *fallback, const char *name, struct buf *out)
{
	const char *folder = getenv(variable);
	char path[4096];
	size_t n;
	FILE *f;

	if (folder == NULL)
		folder = fallback;
	if (folder == NULL)
		return false;
	snprintf(path, sizeof(path), "%s/%s", folder, name);
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

/* checkPublicSuffix('host', 'site'); or null for what has no site. */
static bool psl_case(struct slice line, struct slice *host, struct slice *site)
{
	struct slice rest = line, part;

	*site = slice_of(NULL, 0);
	if (!slice_starts(line, SLICE("checkPublicSuffix('")))
		return false;
	rest = slice_cut(rest, '\'', &part);
	rest = slice_cut(rest, '\'', host);
	rest = slice_cut(rest, '\'', &part);
	if (rest.p != NULL)
		slice_cut(rest, '\'', site);
	return true;
}

static void test_public_suffixes(void **state)
{
	struct slice rest, line, host, want;
	struct sites *sites;
	unsigned cases = 0;
	struct buf text;

	(void)state;
	buf_init(&text, FILE_MAX);
	if (!read_path("CRUMBGATE_DATA", NULL, "lists/test_psl.txt", &text)) {
		buf_release(&text);
		skip();
	}
	sites = sites_new(SITES_BUILTIN);
	rest = buf_slice(&text);
	while (rest.p != NULL) {
		char site[SITE_MAX];
		bool ascii = true;

		rest = slice_cut(rest, '\n', &line);
		if (!psl_case(line, &host, &want))
			continue;
		for (size_t i = 0; i < host.n; i++)
			ascii = ascii && (unsigned char)host.p[i] < 0x80;
		/* On the wire names are punycode, and no host begins with a dot. */
		if (!ascii || host.p[0] == '.')
			continue;
		cases++;
		assert_true(site_of_host(sites, host, site));
		if (!slice_ieq(want.p != NULL ? want : host, slice_str(site)))
			fail_msg("%.*s: %s", SLICE_ARG(host), site);
	}
	assert_true(cases > 50);
	sites_free(sites);
	buf_release(&text);
}

/* A jar as small as the cases need: one host, plain http, one path. */
#define JAR_MAX 64

struct jar {
	struct set_cookie at[JAR_MAX];
	unsigned count;
};

static struct slice path_of(const struct set_cookie *c)
{
	return c->path.n != 0 ? c->path : SLICE("/");
}

static void store(struct jar *jar, struct sites *sites, struct slice line, int64_t now_s)
{
	const struct cookie_context ctx = { SLICE("home.example.org"), false, false };
	struct set_cookie c;
	unsigned i = 0;

	if (!set_cookie_parse(line, &c) || set_cookie_would_store(sites, &c, &ctx) != STORE_YES)
		return;
	while (i < jar->count &&
	       !(slice_eq(jar->at[i].name, c.name) && slice_eq(path_of(&jar->at[i]), path_of(&c)) &&
		 slice_ieq(jar->at[i].domain, c.domain)))
		i++;
	if (set_cookie_lifetime_s(&c, now_s) == LIFETIME_DELETES) {
		if (i < jar->count) {
			jar->count--;
			memmove(&jar->at[i], &jar->at[i + 1], (jar->count - i) * sizeof(c));
		}
		return;
	}
	if (i < JAR_MAX) {
		jar->at[i] = c;
		jar->count += i == jar->count;
	}
}

static bool path_matches(struct slice want, struct slice path)
{
	return slice_starts(path, want) &&
	       (path.n == want.n || want.p[want.n - 1] == '/' || path.p[want.n] == '/');
}

/* The Cookie field for /cookie-parser-result: longer paths first, then in the order of creation. */
static void send(const struct jar *jar, struct buf *out)
{
	for (size_t n = 1024; n > 0; n--) {
		for (unsigned i = 0; i < jar->count; i++) {
			const struct set_cookie *c = &jar->at[i];

			if (path_of(c).n != n || c->secure ||
			    !path_matches(path_of(c), SLICE("/cookie-parser-result")))
				continue;
			if (out->len != 0)
				buf_adds(out, "; ");
			if (c->name.n != 0) {
				buf_add(out, c->name);
				buf_addc(out, '=');
			}
			buf_add(out, c->value);
		}
	}
}

/*
 * Cases that this jar cannot pass: they ask for the cookies of another URL, which is not recorded;
 * or they are from before RFC 6265bis, which takes nameless cookies and refuses NUL.
 */
static bool is_other(const json_t *c, const struct jar *jar)
{
	static const char *const kinds[] = { "path", "domain", "optional-domain", "ordering",
					     "disabled-" };
	struct slice id = slice_str(json_string_value(json_object_get(c, "id")));

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (slice_starts(id, slice_str(kinds[i])))
			return true;
	for (unsigned i = 0; i < jar->count; i++)
		if (jar->at[i].name.n == 0)
			return true;
	return false;
}

/* True when the jar sends what the case expects, or the case is not for it. */
static bool run_case(struct sites *sites, const json_t *c, unsigned *as_expected)
{
	const json_t *lines = json_object_get(c, "set_cookie");
	const json_t *want = json_object_get(c, "cookie");
	const json_t *line;
	struct jar jar = { .count = 0 };
	struct buf sent;
	size_t i;
	bool good;

	/* The cases were written in 2010 for a date between 2007 and 2019. */
	json_array_foreach(lines, i, line)
		store(&jar, sites, slice_of(json_string_value(line), json_string_length(line)),
		      INT64_C(1300000000));
	buf_init(&sent, 1 << 16);
	send(&jar, &sent);
	good = slice_eq(buf_slice(&sent), json_is_string(want) ? slice_of(json_string_value(want),
									  json_string_length(want))
							       : SLICE(""));
	*as_expected += good;
	if (!good && is_other(c, &jar))
		good = true;
	else if (!good)
		print_message("%s: [%.*s] instead of [%s]\n",
			      json_string_value(json_object_get(c, "id")),
			      SLICE_ARG(buf_slice(&sent)),
			      json_is_string(want) ? json_string_value(want) : "");
	buf_release(&sent);
	return good;
}

static void test_http_state(void **state)
{
	unsigned good = 0, failed = 0;
	struct sites *sites;
	struct buf text;
	const json_t *c;
	json_t *cases;
	size_t i;

	(void)state;
	buf_init(&text, FILE_MAX);
	if (!read_path("CRUMBGATE_KIT", NULL, "cookies/data/http-state.json", &text)) {
		buf_release(&text);
		skip();
	}
	cases = json_loadb(text.mem + text.off, text.len, JSON_ALLOW_NUL, NULL);
	assert_true(json_is_array(cases));
	sites = sites_new(SITES_BUILTIN);
	json_array_foreach(cases, i, c) failed += !run_case(sites, c, &good);
	print_message("http-state: %u of %zu as expected\n", good, json_array_size(cases));
	assert_int_equal(failed, 0);
	assert_true(good > json_array_size(cases) * 3 / 4);
	sites_free(sites);
	json_decref(cases);
	buf_release(&text);
}

static struct rules *shipped_rules(void)
{
	struct buf text, error;
	struct rules *r = NULL;

	buf_init(&text, FILE_MAX);
	buf_init(&error, 1024);
	if (read_path("srcdir", ".", "data/cookies.tsv", &text))
		r = rules_new(buf_slice(&text), "data/cookies.tsv", &error);
	if (error.len != 0)
		print_message("%.*s\n", SLICE_ARG(buf_slice(&error)));
	buf_release(&text);
	buf_release(&error);
	return r;
}

/* The next column of a CSV line, with its quotes if it has any. */
static struct slice csv_cut(struct slice line, struct slice *column)
{
	size_t i = 0;
	bool quoted = false;

	while (i < line.n && (quoted || line.p[i] != ',')) {
		quoted ^= line.p[i] == '"';
		i++;
	}
	*column = slice_head(line, i);
	if (column->n >= 2 && column->p[0] == '"')
		*column = slice_of(column->p + 1, column->n - 2);
	return i == line.n ? slice_of(NULL, 0) : slice_skip(line, i + 1);
}

enum { LABEL_NAME, LABEL_DOMAIN = 2, LABEL_TIER = 6, LABEL_CONSENSUS = 9, LABEL_COLUMNS = 20 };

/* One labelled cookie: asked as a cookie of its own domain's pages, and as a third party's. */
static enum purpose purpose_of(const struct rules *rules, const struct slice *c)
{
	struct slice domain = c[LABEL_DOMAIN];
	struct rules_row row;

	if (domain.n != 0 && domain.p[0] == '.')
		domain = slice_skip(domain, 1);
	if (rules_match(rules, c[LABEL_NAME], domain, PARTY_FIRST, LIFETIME_UNKNOWN, &row) ||
	    rules_match(rules, c[LABEL_NAME], domain, PARTY_THIRD, LIFETIME_UNKNOWN, &row))
		return row.purpose;
	return PURPOSE_UNKNOWN;
}

/* Rows: what the labels say; columns: what the table says. */
static void test_labels(void **state)
{
	static const char *const labels[] = { "necessary", "functional", "analytics",
					      "advertising" };
	unsigned counts[4][6] = { 0 }, tracking_kept_essential = 0;
	struct rules *rules = shipped_rules();
	struct slice rest, line;
	struct buf text;

	(void)state;
	buf_init(&text, FILE_MAX);
	if (rules == NULL || !read_path("CRUMBGATE_DATA", NULL, "cookies/eval-dev.csv", &text)) {
		rules_free(rules);
		buf_release(&text);
		skip();
	}
	rest = buf_slice(&text);
	while (rest.p != NULL) {
		struct slice c[LABEL_COLUMNS] = { { "", 0 } };
		enum purpose p;

		rest = slice_cut(rest, '\n', &line);
		for (unsigned i = 0; i < LABEL_COLUMNS && line.p != NULL; i++)
			line = csv_cut(line, &c[i]);
		if (!slice_eq(c[LABEL_TIER], SLICE("A")))
			continue;
		p = purpose_of(rules, c);
		for (unsigned i = 0; i < 4; i++)
			counts[i][p] += slice_eq(c[LABEL_CONSENSUS], slice_str(labels[i]));
	}
	print_message("%-12s unknown essential functional analytics advertising choice\n", "");
	for (unsigned i = 0; i < 4; i++) {
		print_message("%-12s %7u %9u %10u %9u %11u %6u\n", labels[i], counts[i][0],
			      counts[i][1], counts[i][2], counts[i][3], counts[i][4], counts[i][5]);
		if (i >= 2)
			tracking_kept_essential += counts[i][PURPOSE_ESSENTIAL];
	}
	assert_true(counts[2][PURPOSE_ANALYTICS] + counts[3][PURPOSE_ADVERTISING] > 0);
	assert_true(tracking_kept_essential < 40);
	rules_free(rules);
	buf_release(&text);
}

struct traffic {
	struct sites *sites;
	const struct rules *rules;
	unsigned lines, ignored, verdicts[3], purposes[6];
};

static void decide_line(struct traffic *t, struct slice host, const char *page_site,
			struct slice line)
{
	struct cookie_facts f = { .kind = COOKIE_SET, .host = host, .site = slice_str(page_site) };
	struct cookie_decision one, two;
	char own[SITE_MAX], shape[SHAPE_TEXT_MAX];
	struct value_shape shape_facts, again;
	struct set_cookie c;

	t->lines++;
	if (!set_cookie_parse(line, &c) || !site_of_host(t->sites, host, own)) {
		t->ignored++;
		return;
	}
	f.name = c.name;
	f.party = same_site(own, page_site) ? PARTY_FIRST : PARTY_THIRD;
	f.lifetime_s = set_cookie_lifetime_s(&c, INT64_C(1400000000));
	value_shape_of(c.value, &shape_facts);
	shape_write(&shape_facts, shape);
	assert_true(shape_parse(slice_str(shape), &again));
	assert_int_equal(again.form, shape_facts.form);
	assert_int_equal(again.length, c.value.n);
	decide_cookie(t->rules, &f, &one);
	decide_cookie(t->rules, &f, &two);
	assert_int_equal(one.verdict, two.verdict);
	assert_string_equal(one.why, two.why);
	t->verdicts[one.verdict]++;
	t->purposes[one.purpose]++;
}

static void decide_exchange(struct traffic *t, const json_t *e)
{
	const json_t *lines = json_object_get(e, "set_cookie"), *line;
	struct url_parts url, page;
	char page_site[SITE_MAX];
	const char *address = json_string_value(json_object_get(e, "url"));
	const char *of = json_string_value(json_object_get(e, "page"));
	size_t i;

	if (address == NULL || of == NULL || !url_split(slice_str(address), &url) ||
	    !url_split(slice_str(of), &page) || !site_of_host(t->sites, page.host, page_site))
		return;
	json_array_foreach(lines, i, line)
		decide_line(t, url.host, page_site,
			    slice_of(json_string_value(line), json_string_length(line)));
}

static void test_traffic(void **state)
{
	struct rules *rules = shipped_rules();
	struct traffic t = { .rules = rules };
	struct slice rest, line;
	struct buf text;

	(void)state;
	buf_init(&text, FILE_MAX);
	if (!read_path("CRUMBGATE_DATA", NULL, "traffic/har-replay-dev.jsonl", &text)) {
		rules_free(rules);
		buf_release(&text);
		skip();
	}
	t.sites = sites_new(SITES_LATEST);
	rest = buf_slice(&text);
	while (rest.p != NULL) {
		json_t *e;

		rest = slice_cut(rest, '\n', &line);
		e = json_loadb(line.p, line.n, JSON_ALLOW_NUL, NULL);
		if (e != NULL)
			decide_exchange(&t, e);
		json_decref(e);
	}
	print_message("traffic: %u lines, %u ignored, %u kept, %u removed\n", t.lines, t.ignored,
		      t.verdicts[VERDICT_KEPT], t.verdicts[VERDICT_REMOVED]);
	for (unsigned i = 0; i < 6; i++)
		print_message("  %-12s %u\n", purpose_word((enum purpose)i), t.purposes[i]);
	assert_true(t.lines > 100);
	assert_true(t.ignored * 20 < t.lines);
	sites_free(t.sites);
	rules_free(rules);
	buf_release(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_public_suffixes),
		cmocka_unit_test(test_http_state),
		cmocka_unit_test(test_labels),
		cmocka_unit_test(test_traffic),
	};

	if (getenv("CRUMBGATE_DATA") == NULL && getenv("CRUMBGATE_KIT") == NULL) {
		puts("SKIP: neither CRUMBGATE_DATA nor CRUMBGATE_KIT is set");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
