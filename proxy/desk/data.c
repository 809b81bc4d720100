#include "proxy/desk/data.h"

#include "base/clock.h"

#include <jansson.h>
#include <stdlib.h>

static struct slice text_of(const json_t *object, const char *key)
{
	const json_t *v = json_object_get(object, key);

	return json_is_string(v) ? slice_of(json_string_value(v), json_string_length(v))
				 : slice_of("", 0);
}

static uint64_t count_of(const json_t *object, const char *key)
{
	const json_t *v = json_object_get(object, key);

	return json_is_integer(v) && json_integer_value(v) > 0 ? (uint64_t)json_integer_value(v)
							       : 0;
}

/* -1: not there. */
static int64_t count_if_any(const json_t *object, const char *key)
{
	const json_t *v = json_object_get(object, key);

	return json_is_integer(v) && json_integer_value(v) >= 0 ? json_integer_value(v) : -1;
}

/* Milliseconds, or as the log writes times. */
static int64_t time_of(const json_t *object, const char *key)
{
	struct slice text = text_of(object, key);

	return text.n != 0 ? clock_parse_rfc3339(text.p, text.n) : (int64_t)count_of(object, key);
}

static int compare(struct slice a, struct slice b)
{
	int order = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);

	return order != 0 ? order : (a.n > b.n) - (a.n < b.n);
}

static int newest_of_site(struct slice site, int64_t last, struct slice site2, int64_t last2)
{
	int order = compare(site, site2);

	return order != 0 ? order : (last < last2) - (last > last2);
}

static int by_site(const void *a, const void *b)
{
	const struct desk_cookie *x = a, *y = b;

	return newest_of_site(x->site, x->last, y->site, y->last);
}

static int claim_by_site(const void *a, const void *b)
{
	const struct desk_claim *x = a, *y = b;

	return newest_of_site(x->site, x->last, y->site, y->last);
}

static int newer_site(const void *a, const void *b)
{
	const struct desk_site *x = a, *y = b;

	return x->last != y->last ? (x->last < y->last) - (x->last > y->last)
				  : compare(x->name, y->name);
}

static void read_cookies(struct desk_data *d, const json_t *rows)
{
	for (size_t i = 0; i < json_array_size(rows); i++) {
		const json_t *o = json_array_get(rows, i);

		if (!json_is_object(o))
			continue;
		d->cookies[d->cookies_n++] = (struct desk_cookie){
			.site = text_of(o, "site"),
			.host = text_of(o, "host"),
			.name = text_of(o, "cookie"),
			.party = text_of(o, "party"),
			.purpose = text_of(o, "purpose"),
			.why = text_of(o, "why"),
			.kept = count_of(o, "kept"),
			.removed = count_of(o, "removed"),
			.expired = count_of(o, "expired"),
			.unasked = count_if_any(o, "unasked"),
			.life_s = count_if_any(o, "life_s"),
			.last = time_of(o, "last"),
		};
	}
	qsort(d->cookies, d->cookies_n, sizeof(*d->cookies), by_site);
}

static void read_claims(struct desk_data *d, const json_t *rows)
{
	for (size_t i = 0; i < json_array_size(rows); i++) {
		const json_t *o = json_array_get(rows, i);

		if (!json_is_object(o))
			continue;
		d->claims[d->claims_n++] = (struct desk_claim){
			.site = text_of(o, "site"),
			.host = text_of(o, "host"),
			.kind = text_of(o, "kind"),
			.name = text_of(o, "name"),
			.why = text_of(o, "why"),
			.choice = text_of(o, "choice"),
			.count = count_of(o, "count"),
			.first = time_of(o, "first"),
			.last = time_of(o, "last"),
		};
	}
	qsort(d->claims, d->claims_n, sizeof(*d->claims), claim_by_site);
}

static void take_cookies(struct desk_data *d, struct desk_site *s, size_t *at)
{
	s->cookies = &d->cookies[*at];
	for (; *at < d->cookies_n && slice_eq(d->cookies[*at].site, s->name); ++*at)
		s->cookies_n++;
	if (s->cookies_n != 0)
		s->last = s->cookies[0].last;
}

static void take_claims(struct desk_data *d, struct desk_site *s, size_t *at)
{
	s->claims = &d->claims[*at];
	for (; *at < d->claims_n && slice_eq(d->claims[*at].site, s->name); ++*at)
		s->claims_n++;
	if (s->claims_n != 0 && s->claims[0].last > s->last)
		s->last = s->claims[0].last;
}

/* What is of one site stands together, in both lists by the site's name. */
static void group_sites(struct desk_data *d)
{
	size_t c = 0, k = 0;

	while (c < d->cookies_n || k < d->claims_n) {
		struct desk_site *s = &d->sites[d->sites_n++];
		bool by_claim =
			c == d->cookies_n ||
			(k < d->claims_n && compare(d->claims[k].site, d->cookies[c].site) < 0);

		s->name = by_claim ? d->claims[k].site : d->cookies[c].site;
		take_cookies(d, s, &c);
		take_claims(d, s, &k);
	}
	qsort(d->sites, d->sites_n, sizeof(*d->sites), newer_site);
}

struct desk_data *desk_data_new(struct slice json)
{
	json_t *root = json_loadb(json.p, json.n, JSON_ALLOW_NUL, NULL);
	const json_t *rows = json_object_get(root, "rows");
	const json_t *claims = json_object_get(root, "claims");
	size_t n = json_array_size(rows), claims_n = json_array_size(claims);
	struct desk_data *d = json_is_array(rows) ? calloc(1, sizeof(*d)) : NULL;

	if (d == NULL) {
		json_decref(root);
		return NULL;
	}
	d->document = root;
	d->cookies = calloc(n + 1, sizeof(*d->cookies));
	d->claims = calloc(claims_n + 1, sizeof(*d->claims));
	d->sites = calloc(n + claims_n + 1, sizeof(*d->sites));
	if (d->cookies == NULL || d->claims == NULL || d->sites == NULL) {
		desk_data_free(d);
		return NULL;
	}
	read_cookies(d, rows);
	read_claims(d, claims);
	group_sites(d);
	d->more = json_is_true(json_object_get(root, "more"));
	return d;
}

const struct desk_site *desk_data_find(const struct desk_data *d, struct slice site)
{
	for (size_t i = 0; i < d->sites_n; i++)
		if (slice_eq(d->sites[i].name, site))
			return &d->sites[i];
	return NULL;
}

void desk_data_free(struct desk_data *d)
{
	if (d == NULL)
		return;
	free(d->cookies);
	free(d->claims);
	free(d->sites);
	json_decref(d->document);
	free(d);
}

/* ---- what was done ---- */

static bool ends_with(struct slice s, struct slice end)
{
	return s.n >= end.n && slice_eq(slice_skip(s, s.n - end.n), end);
}

bool desk_put_back(const struct desk_cookie *c)
{
	return ends_with(c->why, SLICE("; put back"));
}

bool desk_accepted(const struct desk_cookie *c)
{
	return ends_with(c->why, SLICE("; accepted"));
}

bool desk_guessed(const struct desk_cookie *c)
{
	return slice_starts(c->why, SLICE("score:")) && !slice_eq(c->purpose, SLICE("unknown"));
}

/*
 * The ledger has the newest verdict in the reason, whose end is what weighed (filters/decide.h).
 */
bool desk_removed(const struct desk_cookie *c)
{
	bool ever = c->removed + c->expired != 0;

	if (c->why.n == 0 || slice_eq(c->why, SLICE("deletes")) || !ever || c->kept == 0)
		return ever;
	return !(slice_eq(c->purpose, SLICE("essential")) ||
		 slice_eq(c->purpose, SLICE("choice")) || desk_accepted(c) ||
		 ends_with(c->why, SLICE("; investigator")) || desk_put_back(c) ||
		 ends_with(c->why, SLICE("; first party")));
}
