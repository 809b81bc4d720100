#include "filters/lists/build_impl.h"

#include <stdlib.h>

static uint64_t not_free(uint64_t hash)
{
	return hash != 0 ? hash : 1;
}

static size_t place_of(const struct interner *t, uint64_t hash)
{
	return (size_t)hash & (t->size - 1);
}

const uint32_t *interner_find(const struct interner *t, uint64_t hash,
			      bool (*is)(void *arg, uint32_t value), void *arg)
{
	if (t->size == 0)
		return NULL;
	hash = not_free(hash);
	for (size_t i = place_of(t, hash); t->hashes[i] != 0; i = (i + 1) & (t->size - 1))
		if (t->hashes[i] == hash && is(arg, t->values[i]))
			return &t->values[i];
	return NULL;
}

static void put(struct interner *t, uint64_t hash, uint32_t value)
{
	size_t i = place_of(t, hash);

	while (t->hashes[i] != 0)
		i = (i + 1) & (t->size - 1);
	t->hashes[i] = hash;
	t->values[i] = value;
}

static bool grow(struct interner *t)
{
	struct interner more = { .size = t->size != 0 ? t->size * 2 : 4096, .n = t->n };
	struct interner old;

	more.hashes = calloc(more.size, sizeof(*more.hashes));
	more.values = calloc(more.size, sizeof(*more.values));
	if (more.hashes == NULL || more.values == NULL) {
		interner_release(&more);
		return false;
	}
	for (size_t i = 0; i < t->size; i++)
		if (t->hashes[i] != 0)
			put(&more, t->hashes[i], t->values[i]);
	old = *t;
	*t = more;
	interner_release(&old);
	return true;
}

bool interner_add(struct interner *t, uint64_t hash, uint32_t value)
{
	if (t->n * 2 >= t->size && !grow(t))
		return false;
	put(t, not_free(hash), value);
	t->n++;
	return true;
}

void interner_release(struct interner *t)
{
	free(t->hashes);
	free(t->values);
	*t = (struct interner){ 0 };
}
