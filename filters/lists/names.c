#include "filters/lists/names.h"

#include "filters/lists/keys.h"

#define SUFFIX_NOT_ASKED SIZE_MAX

void names_set(struct names *names, struct sites *sites, struct slice host)
{
	uint64_t h = 0;

	names->count = 0;
	names->n = host.n < SITE_MAX ? host.n : 0;
	names->suffix_at = SUFFIX_NOT_ASKED;
	names->sites = sites;
	for (size_t i = names->n; i > 0; i--) {
		names->host[i - 1] = ascii_lower(host.p[i - 1]);
		h = key_step(h, names->host[i - 1]);
		if ((i == 1 || host.p[i - 2] == '.') && names->count < NAMES_MAX) {
			names->at[names->count] = (uint8_t)(i - 1);
			names->raw[names->count] = h;
			names->key[names->count++] = key_end(h, KEY_HOST);
		}
	}
}

/* The suffix of a site is what stands behind its first dot. */
static size_t suffix_of(struct names *names)
{
	char site[SITE_MAX];
	size_t n;

	if (names->suffix_at != SUFFIX_NOT_ASKED)
		return names->suffix_at;
	names->suffix_at = names->n;
	if (!site_of_host(names->sites, names_host(names), site) ||
	    host_is_address(slice_str(site)))
		return names->n;
	n = strlen(site);
	names->suffix_at = names->n - n + slice_find(slice_of(site, n), '.') + 1;
	return names->suffix_at;
}

static bool entry_is(const struct lists *l, const struct image_set_entry *e, struct slice name,
		     bool entity)
{
	return (e->entity != 0) == entity && e->n == name.n &&
	       memcmp(l->text + e->name, name.p, name.n) == 0;
}

static bool entries_hold(const struct lists *l, const struct image_set_entry *e, uint32_t n,
			 uint32_t key, struct slice name, bool entity)
{
	uint32_t low = 0, high = n;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (e[mid].hash < key)
			low = mid + 1;
		else
			high = mid;
	}
	for (; low < n && e[low].hash == key; low++)
		if (entry_is(l, &e[low], name, entity))
			return true;
	return false;
}

/* "example.*": the host without its public suffix, and its parents down to one label. */
static bool entities_hold(struct names *names, const struct lists *l,
			  const struct image_set_entry *e, uint32_t n)
{
	size_t suffix = suffix_of(names);
	uint64_t h = 0;

	if (suffix == 0 || suffix >= names->n)
		return false;
	for (size_t end = suffix - 1, i = end; i > 0; i--) {
		h = key_step(h, names->host[i - 1]);
		if ((i == 1 || names->host[i - 2] == '.') &&
		    entries_hold(l, e, n, key_end(h, KEY_HOST),
				 slice_of(names->host + i - 1, end - (i - 1)), true))
			return true;
	}
	return false;
}

static bool any_entry(struct names *names, const struct lists *l, const struct image_set_entry *e,
		      uint32_t n)
{
	if (n == 0)
		return false;
	for (unsigned i = 0; i < names->count; i++)
		if (entries_hold(l, e, n, names->key[i],
				 slice_of(names->host + names->at[i], names->n - names->at[i]),
				 false))
			return true;
	return l->has_entities && entities_hold(names, l, e, n);
}

static bool any_regex(const struct names *names, const struct lists *l, const uint32_t *regexes,
		      uint32_t n, struct regex_scratch *scratch)
{
	for (uint32_t i = 0; i < n; i++)
		if (regex_matches(l->regexes[regexes[i]], scratch, names_host(names)))
			return true;
	return false;
}

bool names_in_set(struct names *names, const struct lists *l, uint32_t at,
		  struct regex_scratch *scratch)
{
	const struct image_set *set = (const void *)(l->sets + at);
	const struct image_set_entry *yes = (const void *)(l->sets + at + IMAGE_SET_WORDS);
	const struct image_set_entry *no = yes + set->yes;
	const uint32_t *regexes = (const uint32_t *)(no + set->no);

	if (any_entry(names, l, no, set->no) ||
	    any_regex(names, l, regexes + set->yes_regexes, set->no_regexes, scratch))
		return false;
	return set->yes + set->yes_regexes == 0 || any_entry(names, l, yes, set->yes) ||
	       any_regex(names, l, regexes, set->yes_regexes, scratch);
}
