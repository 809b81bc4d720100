#include "proxy/aliases.h"

#include "base/hash.h"
#include "filters/site.h"
#include "proxy/net/resolve.h"

#include <stdlib.h>

struct chain {
	UT_hash_handle hh;
	size_t host_n, names_n;
	bool asked;	    /* aliases_find() was */
	struct slice found; /* by it; in text */
	char text[];	    /* the host, then the names, a NUL behind each */
};

struct aliases {
	struct chain *chains; /* in the order in which they came */
};

struct aliases *aliases_new(void)
{
	return calloc(1, sizeof(struct aliases));
}

static void forget(struct aliases *a, struct chain *c)
{
	HASH_DEL(a->chains, c);
	free(c);
}

void aliases_free(struct aliases *a)
{
	if (a == NULL)
		return;
	while (a->chains != NULL)
		forget(a, a->chains);
	free(a);
}

static struct chain *find(const struct aliases *a, struct slice host)
{
	struct chain *c = NULL;

	if (host.n != 0)
		HASH_FIND(hh, a->chains, host.p, host.n, c);
	return c;
}

static size_t add(char *to, struct slice s)
{
	memcpy(to, s.p, s.n);
	to[s.n] = '\0';
	return s.n + 1;
}

static struct chain *chain_new(struct slice host, const struct resolution *r, size_t names)
{
	size_t size = host.n + 1, at;
	struct chain *c;

	for (size_t i = 0; i < names; i++)
		size += strlen(r->cnames[i]) + 1;
	c = malloc(sizeof(*c) + size);
	if (c == NULL)
		return NULL;
	*c = (struct chain){ .host_n = host.n, .names_n = names };
	at = add(c->text, host);
	for (size_t i = 0; i < names; i++)
		at += add(c->text + at, slice_str(r->cnames[i]));
	return c;
}

void aliases_note(struct aliases *a, struct slice host, const struct resolution *r)
{
	size_t names = r->cname_count < ALIASES_MAX ? r->cname_count : ALIASES_MAX;
	struct chain *c = find(a, host);

	if (c != NULL)
		forget(a, c);
	if (names == 0 || host.n == 0 || host.n >= SITE_MAX)
		return;
	c = chain_new(host, r, names);
	if (c == NULL)
		return;
	while (HASH_COUNT(a->chains) >= ALIASES_HOSTS_MAX)
		forget(a, a->chains);
	HASH_ADD_KEYPTR(hh, a->chains, c->text, c->host_n, c);
}

size_t aliases_of(const struct aliases *a, struct slice host, struct slice out[ALIASES_MAX])
{
	const struct chain *c = find(a, host);
	const char *at;

	if (c == NULL)
		return 0;
	at = c->text + c->host_n + 1;
	for (size_t i = 0; i < c->names_n; i++) {
		out[i] = slice_str(at);
		at += out[i].n + 1;
	}
	return c->names_n;
}

struct slice aliases_find(struct aliases *a, struct slice host,
			  bool (*is_it)(const void *arg, struct slice host, struct slice alias),
			  const void *arg)
{
	struct chain *c = find(a, host);
	struct slice names[ALIASES_MAX];

	if (c == NULL)
		return slice_of(NULL, 0);
	if (!c->asked) {
		size_t n = aliases_of(a, host, names);

		for (size_t i = 0; i < n && c->found.n == 0; i++)
			if (is_it(arg, host, names[i]))
				c->found = names[i];
		c->asked = true;
	}
	return c->found;
}
