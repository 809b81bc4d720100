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

/* Milliseconds, or as the log writes times. */
static int64_t time_of(const json_t *object, const char *key)
{
	struct slice text = text_of(object, key);

	return text.n != 0 ? clock_parse_rfc3339(text.p, text.n) : (int64_t)count_of(object, key);
}

static bool read_cookies(struct desk_site *site, const json_t *list)
{
	size_t n = json_array_size(list);

	if (n == 0)
		return true;
	site->cookies = calloc(n, sizeof(*site->cookies));
	if (site->cookies == NULL)
		return false;
	for (size_t i = 0; i < n; i++) {
		const json_t *o = json_array_get(list, i);

		site->cookies[i] = (struct desk_cookie){
			.host = text_of(o, "host"),
			.name = text_of(o, "cookie"),
			.party = text_of(o, "party"),
			.purpose = text_of(o, "purpose"),
			.setter = text_of(o, "setter"),
			.what = text_of(o, "what"),
			.verdict = text_of(o, "verdict"),
			.kept = count_of(o, "kept"),
			.removed = count_of(o, "removed"),
			.expired = count_of(o, "expired"),
			.last = time_of(o, "last"),
		};
	}
	site->cookies_n = n;
	return true;
}

static bool read_site(struct desk_data *d, const json_t *o)
{
	struct desk_site *site = &d->sites[d->sites_n];

	if (slice_eq(text_of(o, "site"), SLICE("*"))) {
		d->all = text_of(o, "choice");
		return true;
	}
	site->name = text_of(o, "site");
	site->choice = text_of(o, "choice");
	site->seen = text_of(o, "seen");
	site->last = time_of(o, "last");
	d->sites_n++;
	return read_cookies(site, json_object_get(o, "cookies"));
}

static int newer_site(const void *a, const void *b)
{
	const struct desk_site *x = a, *y = b;

	return x->last != y->last ? (x->last < y->last) - (x->last > y->last)
				  : memcmp(x->name.p, y->name.p,
					   x->name.n < y->name.n ? x->name.n : y->name.n);
}

static int newer_cookie(const void *a, const void *b)
{
	const struct desk_cookie *x = a, *y = b;

	return (x->last < y->last) - (x->last > y->last);
}

static bool read_all(struct desk_data *d, const json_t *list)
{
	size_t n = json_array_size(list);

	d->sites = calloc(n + 1, sizeof(*d->sites));
	if (d->sites == NULL)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!read_site(d, json_array_get(list, i)))
			return false;
	qsort(d->sites, d->sites_n, sizeof(*d->sites), newer_site);
	for (size_t i = 0; i < d->sites_n; i++)
		if (d->sites[i].cookies_n != 0)
			qsort(d->sites[i].cookies, d->sites[i].cookies_n,
			      sizeof(*d->sites[i].cookies), newer_cookie);
	return true;
}

struct desk_data *desk_data_new(struct slice json)
{
	json_t *root = json_loadb(json.p, json.n, JSON_ALLOW_NUL, NULL);
	const json_t *list = json_is_object(root) ? json_object_get(root, "sites") : root;
	struct desk_data *d = json_is_array(list) ? calloc(1, sizeof(*d)) : NULL;

	if (d == NULL) {
		json_decref(root);
		return NULL;
	}
	d->document = root;
	d->all = SLICE("none");
	if (read_all(d, list))
		return d;
	desk_data_free(d);
	return NULL;
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
	for (size_t i = 0; d->sites != NULL && i < d->sites_n; i++)
		free(d->sites[i].cookies);
	free(d->sites);
	json_decref(d->document);
	free(d);
}
