#include "filters/site.h"

#include "base/hash.h"

#include <libpsl.h>
#include <stdio.h>
#include <stdlib.h>

/* 2^10 hosts: more than a page, less than a core's second cache. */
#define CACHE_SLOTS 1024u
/* Longer hosts are looked up each time. */
#define CACHE_HOST_MAX 62u

/* A site is the end of its host, so its place in the host is all that is kept of it. */
struct slot {
	unsigned char host_len, site_at;
	char host[CACHE_HOST_MAX];
};

struct sites {
	psl_ctx_t *owned; /* NULL: the list that is compiled in */
	const psl_ctx_t *psl;
	struct slot cache[CACHE_SLOTS];
};

static struct sites *sites_of(psl_ctx_t *owned, const psl_ctx_t *psl)
{
	struct sites *s = psl != NULL ? calloc(1, sizeof(*s)) : NULL;

	if (s == NULL) {
		psl_free(owned);
		return NULL;
	}
	s->owned = owned;
	s->psl = psl;
	return s;
}

struct sites *sites_new(enum sites_source source)
{
	psl_ctx_t *latest;

	if (source == SITES_BUILTIN)
		return sites_of(NULL, psl_builtin());
	latest = psl_latest(NULL);
	return latest != NULL ? sites_of(latest, latest) : sites_of(NULL, psl_builtin());
}

struct sites *sites_new_from_text(struct slice list)
{
	FILE *f;
	psl_ctx_t *psl;

	if (list.n == 0)
		return NULL;
	/* fmemopen() takes no const, and opened for reading it does not write. */
	f = fmemopen((void *)(uintptr_t)list.p, list.n, "r");
	if (f == NULL)
		return NULL;
	psl = psl_load_fp(f);
	fclose(f);
	return sites_of(psl, psl);
}

void sites_free(struct sites *s)
{
	if (s == NULL)
		return;
	/* psl_free() knows the compiled-in list; only what was loaded is ours. */
	psl_free(s->owned);
	free(s);
}

static bool all_digits(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_digit(s.p[i]))
			return false;
	return s.n != 0;
}

static struct slice last_label(struct slice host)
{
	size_t at = host.n;

	while (at > 0 && host.p[at - 1] != '.')
		at--;
	return slice_skip(host, at);
}

/* WHATWG URL, "ends in a number": no name's last label is one. */
bool host_is_address(struct slice host)
{
	struct slice label;

	if (host.n != 0 && host.p[host.n - 1] == '.')
		host.n--;
	if (slice_find(host, ':') != host.n)
		return true;
	label = last_label(host);
	return all_digits(label) ||
	       (label.n >= 2 && label.p[0] == '0' && ascii_lower(label.p[1]) == 'x');
}

/*
 * What a host may hold on the wire: letters, digits, '-', '_', '.', and for v6 literals brackets
 * and colons.  Anything else is not a host, and must not reach a log or a message as one.
 */
static bool is_host_octet(char c)
{
	c = ascii_lower(c);
	return (c >= 'a' && c <= 'z') || ascii_digit(c) || c == '-' || c == '_' || c == '.' ||
	       c == ':' || c == '[' || c == ']' || c == '%' || c == '~';
}

/* Lower case, without the trailing dot, NUL-terminated; 0 when it is no host. */
static size_t normalise(struct slice host, char out[SITE_MAX])
{
	if (host.n != 0 && host.p[host.n - 1] == '.')
		host.n--;
	if (host.n == 0 || host.n >= SITE_MAX || host.p[0] == '.')
		return 0;
	for (size_t i = 0; i < host.n; i++) {
		if (!is_host_octet(host.p[i]) ||
		    (i > 0 && host.p[i] == '.' && host.p[i - 1] == '.'))
			return 0;
		out[i] = ascii_lower(host.p[i]);
	}
	out[host.n] = '\0';
	return host.n;
}

static size_t find_site_at(const struct sites *s, const char *host, size_t n)
{
	const char *site;

	if (host_is_address(slice_of(host, n)))
		return 0;
	site = psl_registrable_domain(s->psl, host);
	return site != NULL ? (size_t)(site - host) : 0;
}

/* The place of the site in host (lower case, NUL-terminated), from the cache where it can be. */
static size_t site_at(struct sites *s, const char *host, size_t n)
{
	struct slot *slot;
	size_t at;

	if (n > CACHE_HOST_MAX)
		return find_site_at(s, host, n);
	slot = &s->cache[hash_bytes(host, n) % CACHE_SLOTS];
	if (slot->host_len == n && memcmp(slot->host, host, n) == 0)
		return slot->site_at;
	at = find_site_at(s, host, n);
	memcpy(slot->host, host, n);
	slot->host_len = (unsigned char)n;
	slot->site_at = (unsigned char)at;
	return at;
}

bool site_of_host(struct sites *s, struct slice host, char out[SITE_MAX])
{
	size_t n = normalise(host, out), at;

	if (n == 0) {
		out[0] = '\0';
		return false;
	}
	at = site_at(s, out, n);
	if (at != 0)
		memmove(out, out + at, n - at + 1);
	return true;
}

static bool is_suffix(struct sites *s, struct slice host, int type)
{
	char name[SITE_MAX];
	size_t n = normalise(host, name);

	if (n == 0 || host_is_address(slice_of(name, n)))
		return false;
	return psl_is_public_suffix2(s->psl, name, type) != 0;
}

bool site_is_public_suffix(struct sites *s, struct slice host)
{
	return is_suffix(s, host, PSL_TYPE_ANY);
}

bool site_is_listed_suffix(struct sites *s, struct slice host)
{
	return is_suffix(s, host, PSL_TYPE_ANY | PSL_TYPE_NO_STAR_RULE);
}

bool same_site(const char *a, const char *b)
{
	return a[0] != '\0' && strcmp(a, b) == 0;
}
