/* The memory of what was tried (expire.h). */
#include "filters/expire.h"

#include "base/hash.h"
#include "filters/site.h"

#include <stdlib.h>

#define CLIENT_LEN 16u
/* Client, host, NUL, name. */
#define KEY_MAX (CLIENT_LEN + SITE_MAX + EXPIRE_NAME_MAX)

struct tried {
	UT_hash_handle hh;
	uint64_t value; /* names it */
	int64_t last_ms;
	unsigned tries;
	char key[];
};

/* uthash keeps the order of insertion; an entry that is used is put at the end again. */
struct expiry_memory {
	struct tried *table;
	size_t max;
};

struct expiry_memory *expiry_memory_new(size_t max_entries)
{
	struct expiry_memory *m = calloc(1, sizeof(*m));

	if (m != NULL)
		m->max = max_entries != 0 ? max_entries : 1;
	return m;
}

static void forget(struct expiry_memory *m, struct tried *t)
{
	HASH_DEL(m->table, t);
	free(t);
}

void expiry_memory_free(struct expiry_memory *m)
{
	if (m == NULL)
		return;
	while (m->table != NULL)
		forget(m, m->table);
	free(m);
}

size_t expiry_memory_count(const struct expiry_memory *m)
{
	return HASH_COUNT(m->table);
}

/* 0: too long to be remembered. */
static size_t make_key(char key[KEY_MAX], const uint8_t client[16], struct slice host,
		       struct slice name)
{
	size_t n = CLIENT_LEN;

	if (host.n >= SITE_MAX || name.n > EXPIRE_NAME_MAX)
		return 0;
	memcpy(key, client, CLIENT_LEN);
	for (size_t i = 0; i < host.n; i++)
		key[n++] = ascii_lower(host.p[i]);
	key[n++] = '\0';
	if (name.n != 0)
		memcpy(key + n, name.p, name.n);
	return n + name.n;
}

static struct tried *find(const struct expiry_memory *m, const char *key, size_t n)
{
	struct tried *t;

	HASH_FIND(hh, m->table, key, n, t);
	return t;
}

/* All steps are done, and it was set anew or has come for long. */
static bool begins_again(const struct tried *t, uint64_t value, int64_t now_ms)
{
	return t->tries >= EXPIRE_TRIES_MAX && now_ms - t->last_ms >= EXPIRY_TOGETHER_MS &&
	       (t->value != value || now_ms - t->last_ms > EXPIRY_AGAIN_MS);
}

unsigned expiry_tries(const struct expiry_memory *m, const uint8_t client[16], struct slice host,
		      struct slice name, uint64_t value, int64_t now_ms)
{
	char key[KEY_MAX];
	size_t n = make_key(key, client, host, name);
	const struct tried *t = n != 0 ? find(m, key, n) : NULL;

	if (n == 0)
		return EXPIRE_TRIES_MAX;
	if (t == NULL || now_ms - t->last_ms > EXPIRY_FORGET_MS || begins_again(t, value, now_ms))
		return 0;
	/* Requests that left together get the same step. */
	return now_ms - t->last_ms < EXPIRY_TOGETHER_MS ? t->tries - 1 : t->tries;
}

static void remember(struct expiry_memory *m, const char *key, size_t n, uint64_t value,
		     int64_t now_ms)
{
	struct tried *t = malloc(sizeof(*t) + n);

	if (t == NULL)
		return;
	while (HASH_COUNT(m->table) >= m->max)
		forget(m, m->table);
	memcpy(t->key, key, n);
	t->tries = 1;
	t->value = value;
	t->last_ms = now_ms;
	HASH_ADD_KEYPTR(hh, m->table, t->key, n, t);
}

void expiry_note(struct expiry_memory *m, const uint8_t client[16], struct slice host,
		 struct slice name, uint64_t value, int64_t now_ms)
{
	char key[KEY_MAX];
	size_t n = make_key(key, client, host, name);
	struct tried *t = n != 0 ? find(m, key, n) : NULL;

	if (n == 0)
		return;
	if (t == NULL) {
		remember(m, key, n, value, now_ms);
		return;
	}
	if (now_ms - t->last_ms < EXPIRY_TOGETHER_MS)
		return;
	if (now_ms - t->last_ms > EXPIRY_FORGET_MS || begins_again(t, value, now_ms))
		t->tries = 0;
	t->tries++;
	t->value = value;
	t->last_ms = now_ms;
	HASH_DEL(m->table, t);
	HASH_ADD_KEYPTR(hh, m->table, t->key, n, t);
}

void expiry_forget(struct expiry_memory *m, const uint8_t client[16], struct slice host,
		   struct slice name)
{
	char key[KEY_MAX];
	size_t n = make_key(key, client, host, name);
	struct tried *t = n != 0 ? find(m, key, n) : NULL;

	if (t != NULL)
		forget(m, t);
}
