/*
 * tiktok_facts.h - data/tiktok.tsv, read for the page about TikTok.
 *
 * The columns are those of data/README.md: kind (cookie, parameter, host), name (a trailing '*'
 * stands for anything), where (site: on TikTok's own pages; embed: TikTok's frames and requests on
 * other sites; pixel: under the other site's own name), purpose, life, what.  Slices point into
 * the text.
 */
#ifndef CRUMBGATE_PROXY_DESK_TIKTOK_FACTS_H
#define CRUMBGATE_PROXY_DESK_TIKTOK_FACTS_H

#include "base/slice.h"

#define TIKTOK_FACTS_MAX 256u

struct tiktok_fact {
	struct slice kind, name, where, purpose, life, what;
};

struct tiktok_facts {
	struct tiktok_fact v[TIKTOK_FACTS_MAX];
	size_t n;
};

/* Lines that are none, and those beyond the most, are left out. */
void tiktok_facts_read(struct slice text, struct tiktok_facts *out);
/* NULL: there is none of this kind and name; `where` is one of the words above. */
const struct tiktok_fact *tiktok_fact(const struct tiktok_facts *f, const char *kind,
				      const char *where, struct slice name);
/* The row of a host or of one above it. */
const struct tiktok_fact *tiktok_host(const struct tiktok_facts *f, struct slice host);
/* A host or a site of TikTok's: tiktok.com, or one that the table has, and what is below. */
bool tiktok_is_own(const struct tiktok_facts *f, struct slice host);

#endif
