#include "filters/guesses.h"

#include "base/hash.h"

#include <stdlib.h>

/* One place for each hash: whoever comes later to a place has it. */
#define PLACES 1024u

struct guess {
	uint64_t id; /* 0: free */
	enum purpose purpose;
	enum purpose_layer layer;
	bool by_alias;
	unsigned permille;
	char why[PURPOSE_WHY_MAX];
};

struct guesses {
	const struct rules *rules;
	struct guess places[PLACES];
};

struct guesses *guesses_new(const struct rules *rules)
{
	struct guesses *g = calloc(1, sizeof(*g));

	if (g != NULL)
		g->rules = rules;
	return g;
}

void guesses_free(struct guesses *g)
{
	free(g);
}

/* Every fact that purpose_find() looks at. */
static uint64_t id_of(const struct score_facts *f)
{
	struct hasher h;
	uint64_t id;

	hasher_init(&h);
	hasher_add(&h, f->name);
	hasher_add(&h, f->host);
	hasher_add(&h, f->alias);
	if (f->has_value)
		hasher_add(&h, f->value);
	hasher_add_u64(&h, (uint64_t)f->lifetime_s);
	hasher_add_u64(&h, (uint64_t)f->party_known | (uint64_t)f->party << 8 |
				   (uint64_t)f->attributes_known << 16 | (uint64_t)f->secure << 17 |
				   (uint64_t)f->httponly << 18 | (uint64_t)f->has_domain << 19 |
				   (uint64_t)f->same_site << 24 | (uint64_t)f->declared << 32 |
				   (uint64_t)f->has_value << 33 | (uint64_t)f->shape_known << 34);
	if (f->shape_known) {
		hasher_add_u64(&h, (uint64_t)f->shape.form | (uint64_t)f->shape.length << 16 |
					   (uint64_t)f->shape.classes << 48 |
					   (uint64_t)f->shape.entropy << 56);
	}
	id = hasher_result(&h);
	return id != 0 ? id : 1;
}

void guesses_find(struct guesses *g, const struct score_facts *f, struct purpose_found *out)
{
	struct guess *at;
	uint64_t id;

	if (purpose_find_row(g->rules, f, out))
		return;
	id = id_of(f);
	at = &g->places[id % PLACES];
	if (at->id != id) {
		purpose_find(g->rules, f, out);
		*at = (struct guess){ .id = id,
				      .purpose = out->purpose,
				      .layer = out->layer,
				      .by_alias = out->by_alias,
				      .permille = out->permille };
		memcpy(at->why, out->why, sizeof(at->why));
		return;
	}
	out->purpose = at->purpose;
	out->layer = at->layer;
	out->by_alias = at->by_alias;
	out->permille = at->permille;
	memcpy(out->why, at->why, sizeof(out->why));
}
