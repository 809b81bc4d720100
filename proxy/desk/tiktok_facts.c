#include "proxy/desk/tiktok_facts.h"

static bool read_line(struct slice line, struct tiktok_fact *out)
{
	struct slice *const columns[] = { &out->kind,	 &out->name, &out->where,
					  &out->purpose, &out->life, &out->what };

	for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
		if (line.p == NULL)
			return false;
		line = slice_cut(line, '\t', columns[i]);
	}
	return out->name.n != 0 && !slice_eq(out->kind, SLICE("kind"));
}

void tiktok_facts_read(struct slice text, struct tiktok_facts *out)
{
	struct slice line;

	out->n = 0;
	while (text.p != NULL && out->n < TIKTOK_FACTS_MAX) {
		text = slice_cut(text, '\n', &line);
		if (line.n != 0 && line.p[0] != '#' && read_line(line, &out->v[out->n]))
			out->n++;
	}
}

static bool is_named(struct slice pattern, struct slice name)
{
	if (slice_ends(pattern, SLICE("*")))
		return slice_starts(name, slice_head(pattern, pattern.n - 1));
	return slice_eq(pattern, name);
}

const struct tiktok_fact *tiktok_fact(const struct tiktok_facts *f, const char *kind,
				      const char *where, struct slice name)
{
	for (size_t i = 0; i < f->n; i++)
		if (slice_eq(f->v[i].kind, slice_str(kind)) &&
		    slice_eq(f->v[i].where, slice_str(where)) && is_named(f->v[i].name, name))
			return &f->v[i];
	return NULL;
}

static bool is_below(struct slice host, struct slice name)
{
	if (!slice_iends(host, name))
		return false;
	return host.n == name.n || host.p[host.n - name.n - 1] == '.';
}

const struct tiktok_fact *tiktok_host(const struct tiktok_facts *f, struct slice host)
{
	for (size_t i = 0; i < f->n; i++)
		if (slice_eq(f->v[i].kind, SLICE("host")) && is_below(host, f->v[i].name))
			return &f->v[i];
	return NULL;
}

/* A site's name is above its hosts: tiktokw.us is TikTok's, because mcs.tiktokw.us is. */
static bool is_site_of(struct slice site, struct slice host)
{
	return slice_find(site, '.') != site.n && is_below(host, site);
}

bool tiktok_is_own(const struct tiktok_facts *f, struct slice host)
{
	if (is_below(host, SLICE("tiktok.com")) || tiktok_host(f, host) != NULL)
		return true;
	for (size_t i = 0; i < f->n; i++)
		if (slice_eq(f->v[i].kind, SLICE("host")) && is_site_of(host, f->v[i].name))
			return true;
	return false;
}
