#include "filters/choices.h"

#include "base/hash.h"
#include "filters/site.h"

#include <stdlib.h>

/* The client, then the site without its NUL. */
#define KEY_MAX (CLIENT_ID_LEN + SITE_MAX)

struct entry {
	UT_hash_handle hh;
	struct choice choice;
	char key[]; /* NUL-terminated */
};

/* uthash keeps the order of insertion, so the first entry is the one set first. */
struct choices {
	struct entry *table;
	size_t max;
};

struct choices *choices_new(size_t max_entries)
{
	struct choices *t = calloc(1, sizeof(*t));

	if (t != NULL)
		t->max = max_entries != 0 ? max_entries : 1;
	return t;
}

static void forget(struct choices *t, struct entry *e)
{
	HASH_DEL(t->table, e);
	free(e);
}

void choices_free(struct choices *t)
{
	if (t == NULL)
		return;
	while (t->table != NULL)
		forget(t, t->table);
	free(t);
}

size_t choices_count(const struct choices *t)
{
	return HASH_COUNT(t->table);
}

static bool is_site(struct slice site)
{
	return site.n != 0 && site.n < SITE_MAX && memchr(site.p, '\0', site.n) == NULL;
}

static struct entry *find(const struct choices *t, const uint8_t client[CLIENT_ID_LEN],
			  struct slice site)
{
	char key[KEY_MAX];
	struct entry *e;

	if (!is_site(site))
		return NULL;
	memcpy(key, client, CLIENT_ID_LEN);
	memcpy(key + CLIENT_ID_LEN, site.p, site.n);
	HASH_FIND(hh, t->table, key, CLIENT_ID_LEN + site.n, e);
	return e;
}

void choices_clear(struct choices *t, const uint8_t client[CLIENT_ID_LEN], struct slice site)
{
	struct entry *e = find(t, client, site);

	if (e != NULL)
		forget(t, e);
}

void choices_clear_client(struct choices *t, const uint8_t client[CLIENT_ID_LEN])
{
	struct entry *e, *next;

	HASH_ITER(hh, t->table, e, next)
		if (memcmp(e->key, client, CLIENT_ID_LEN) == 0)
			forget(t, e);
}

bool choices_set(struct choices *t, const uint8_t client[CLIENT_ID_LEN], struct slice site,
		 const struct choice *choice)
{
	struct entry *e;

	if (!is_site(site))
		return false;
	/* First, so that without memory an old choice does not stay in force. */
	choices_clear(t, client, site);
	if (choice->state == CHOICE_NONE)
		return true;
	e = malloc(sizeof(*e) + CLIENT_ID_LEN + site.n + 1);
	if (e == NULL)
		return false;
	while (HASH_COUNT(t->table) >= t->max)
		forget(t, t->table);
	memcpy(e->key, client, CLIENT_ID_LEN);
	slice_copy(site, e->key + CLIENT_ID_LEN, site.n + 1);
	e->choice = *choice;
	HASH_ADD_KEYPTR(hh, t->table, e->key, CLIENT_ID_LEN + site.n, e);
	return true;
}

bool choice_holds(const struct choice *choice, int64_t now_ms)
{
	return choice->state != CHOICE_NONE && now_ms - choice->when_ms < CHOICE_HOLDS_MS;
}

static const struct entry *find_in_force(const struct choices *t,
					 const uint8_t client[CLIENT_ID_LEN], struct slice site,
					 int64_t now_ms)
{
	const struct entry *e = t->table != NULL ? find(t, client, site) : NULL;

	return e != NULL && choice_holds(&e->choice, now_ms) ? e : NULL;
}

struct choice choices_find(const struct choices *t, const uint8_t client[CLIENT_ID_LEN],
			   struct slice site, int64_t now_ms)
{
	const struct choice none = { CHOICE_NONE, SEEN_NOWHERE, 0 };
	const struct entry *e = find_in_force(t, client, site, now_ms);

	if (e == NULL)
		e = find_in_force(t, client, SLICE("*"), now_ms);
	return e != NULL ? e->choice : none;
}

bool choices_has_own(const struct choices *t, const uint8_t client[CLIENT_ID_LEN],
		     struct slice site, int64_t now_ms)
{
	return !slice_eq(site, SLICE("*")) && find_in_force(t, client, site, now_ms) != NULL;
}

void choices_each(const struct choices *t, const uint8_t client[CLIENT_ID_LEN],
		  choices_visit *visit, void *arg)
{
	for (const struct entry *e = t->table; e != NULL; e = e->hh.next)
		if (memcmp(e->key, client, CLIENT_ID_LEN) == 0)
			visit(arg, e->key + CLIENT_ID_LEN, &e->choice);
}
