/*
 * What a decision costs: look-ups in tables of growing size, whole decisions, parsing, editing,
 * finding sites.  Prints nanoseconds per operation.  `make tests/bench/filters &&
 * tests/bench/filters`
 */
#include "filters/cookie.h"
#include "filters/decide.h"
#include "filters/pages.h"
#include "filters/shape.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define ROUNDS 400000u

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void report(const char *what, double start, unsigned rounds)
{
	printf("%-44s %8.1f ns\n", what, (now_ns() - start) / rounds);
}

/* Exact names, prefixes of many lengths, suffixes, and one name with very many domains. */
static struct rules *make_rules(unsigned rows)
{
	struct buf text, error;
	struct rules *r;

	buf_init(&text, RULES_TEXT_MAX);
	buf_init(&error, 1024);
	buf_adds(&text, "pattern\tpurpose\tkind\tsetter\tdomains\tparty\tmax_life\tlife\twhat\t"
			"source\n");
	for (unsigned i = 0; i < rows; i++) {
		switch (i % 4) {
		case 0:
			buf_addf(&text, "name_%u\tessential\tk\tSetter\t*\tfirst\t60d", i);
			break;
		case 1:
			buf_addf(&text, "p%u_*\tanalytics\tk\tSetter\t*\tany\t*", i * 7919u);
			break;
		case 2:
			buf_addf(&text, "*_s%u\tfunctional\tk\tSetter\t*\tany\t*", i);
			break;
		default:
			buf_addf(&text, "uid\tadvertising\tk\tSetter\ttracker%u.example\tthird\t*",
				 i);
			break;
		}
		buf_adds(&text, "\t1 year\tOne sentence that says what it is for.\tvendor docs\n");
	}
	r = rules_new(buf_slice(&text), "bench", &error);
	if (r == NULL)
		fprintf(stderr, "%.*s\n", SLICE_ARG(buf_slice(&error)));
	buf_release(&text);
	buf_release(&error);
	return r;
}

static void bench_rules(unsigned rows)
{
	struct rules *r = make_rules(rows);
	char names[256][32], hosts[256][48], what[64];
	unsigned found = 0;
	double start;

	if (r == NULL)
		exit(1);
	for (unsigned i = 0; i < 256; i++) {
		unsigned n = (i * 2654435761u >> 7) % rows;

		snprintf(hosts[i], sizeof(hosts[i]), "cdn.www.tracker%u.example", n | 3);
		switch (i % 6) {
		case 0:
			snprintf(names[i], sizeof(names[i]), "name_%u", n & ~3u);
			break;
		case 1:
			snprintf(names[i], sizeof(names[i]), "p%u_abcdef", ((n & ~3u) | 1) * 7919u);
			break;
		case 2:
			snprintf(names[i], sizeof(names[i]), "abcdef_s%u", (n & ~3u) | 2);
			break;
		case 3:
			snprintf(names[i], sizeof(names[i]), "uid");
			break;
		default:
			snprintf(names[i], sizeof(names[i]), "unknown_cookie_%u", n);
			break;
		}
	}
	start = now_ns();
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct rules_row row;

		found +=
			rules_match(r, slice_str(names[i % 256]), slice_str(hosts[i % 256]),
				    i % 2 == 0 ? PARTY_FIRST : PARTY_THIRD, LIFETIME_SESSION, &row);
	}
	snprintf(what, sizeof(what), "rules_match, %u rows, %zu KiB", rows, rules_size(r) / 1024);
	report(what, start, ROUNDS);
	if (found == 0)
		exit(1);
	rules_free(r);
}

static void bench_decide(void)
{
	struct rules *r = make_rules(100000);
	struct cookie_facts f = { .kind = COOKIE_SENT,
				  .name = SLICE("p7919_x"),
				  .host = SLICE("www.shop.example"),
				  .lifetime_s = LIFETIME_UNKNOWN };
	unsigned removed = 0;
	double start;

	if (r == NULL)
		exit(1);
	start = now_ns();
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct cookie_decision d;

		f.tries = i % 5;
		decide_cookie(r, &f, &d);
		removed += d.verdict != VERDICT_KEPT;
	}
	report("decide_cookie, 100000 rows", start, ROUNDS);
	if (removed != ROUNDS)
		exit(1);
	rules_free(r);
}

static void bench_parse(void)
{
	const struct slice line = SLICE("__Secure-id=0123456789abcdef0123456789abcdef; Path=/; "
					"Domain=.shop.example; Expires=Wed, 21 Oct 2037 07:28:00 "
					"GMT; Secure; HttpOnly; SameSite=Lax");
	struct value_shape shape;
	struct set_cookie c;
	unsigned sum = 0;
	double start = now_ns();

	for (unsigned i = 0; i < ROUNDS; i++)
		sum += set_cookie_parse(line, &c);
	report("set_cookie_parse, 7 attributes", start, ROUNDS);
	start = now_ns();
	for (unsigned i = 0; i < ROUNDS; i++) {
		value_shape_of(c.value, &shape);
		sum += shape.entropy;
	}
	report("value_shape_of, 32 octets", start, ROUNDS);
	if (sum == 0)
		exit(1);
}

static bool keep_some(void *arg, size_t index, struct slice name, struct slice value)
{
	(void)arg;
	(void)name;
	(void)value;
	return index % 3 != 0;
}

static void bench_edit(void)
{
	struct buf value, out;
	double start;

	buf_init(&value, 65536);
	buf_init(&out, 65536);
	for (unsigned i = 0; i < 30; i++)
		buf_addf(&value, "%sname%u=value-%u-0123456789abcdef", i == 0 ? "" : "; ", i, i);
	start = now_ns();
	for (unsigned i = 0; i < ROUNDS / 10; i++) {
		buf_clear(&out);
		if (cookie_header_edit(buf_slice(&value), keep_some, NULL, &out) !=
		    COOKIE_EDIT_CHANGED)
			exit(1);
	}
	report("cookie_header_edit, 30 pairs", start, ROUNDS / 10);
	buf_release(&value);
	buf_release(&out);
}

static void bench_sites(void)
{
	struct sites *s = sites_new(SITES_LATEST);
	struct pages *pages = pages_new();
	struct request_facts f;
	struct site_verdict v;
	struct page_event e;
	char site[SITE_MAX], host[64];
	double start;

	if (s == NULL || pages == NULL)
		exit(1);
	start = now_ns();
	for (unsigned i = 0; i < ROUNDS; i++)
		site_of_host(s, SLICE("www.some-shop.co.uk"), site);
	report("site_of_host, in the cache", start, ROUNDS);
	start = now_ns();
	for (unsigned i = 0; i < ROUNDS; i++) {
		snprintf(host, sizeof(host), "h%u.some-shop.co.uk", i);
		site_of_host(s, slice_str(host), site);
	}
	report("site_of_host, always new", start, ROUNDS);
	for (unsigned i = 0; i < 1000; i++) {
		snprintf(host, sizeof(host), "www.site%u.example", i);
		request_facts_init(&f, SLICE("GET"), true, slice_str(host), 443, SLICE("/"));
		f.fetch_dest = i % 2 == 0 ? FETCH_DEST_DOCUMENT : FETCH_DEST_FRAME;
		f.referer = SLICE("https://www.site998.example/");
		find_site(s, pages, &f, i, &v);
		pages_see(pages, &f, &v, i, &e);
	}
	request_facts_init(&f, SLICE("GET"), true, SLICE("ads.example"), 443, SLICE("/x"));
	f.fetch_dest = FETCH_DEST_OTHER;
	f.fetch_site = FETCH_SITE_CROSS;
	f.referer = SLICE("https://www.site998.example/");
	start = now_ns();
	for (unsigned i = 0; i < ROUNDS; i++) {
		find_site(s, pages, &f, 1000, &v);
		pages_see(pages, &f, &v, 1000, &e);
	}
	report("find_site + pages_see, a full graph", start, ROUNDS);
	printf("%-44s %8zu bytes\n", "a full graph", pages_size(pages));
	if (v.confidence != CONFIDENCE_HIGH)
		exit(1);
	pages_free(pages);
	sites_free(s);
}

int main(void)
{
	bench_rules(100);
	bench_rules(1000);
	bench_rules(10000);
	bench_rules(100000);
	bench_decide();
	bench_parse();
	bench_edit();
	bench_sites();
	return 0;
}
