#include "proxy/http/field.h"
#include "proxy/http/chars.h"

#include <stdlib.h>

/* Own memory: pieces that never move, newest first. */
struct fields_block {
	struct fields_block *next;
	size_t used, size;
	char mem[];
};

#define BLOCK_MIN 4096
#define BLOCK_REUSE (16 * 1024)
#define CAP_FIRST 32

void fields_init(struct fields *f, size_t max_fields, size_t max_bytes)
{
	*f = (struct fields){
		.max = max_fields > UINT32_MAX / 2 ? UINT32_MAX / 2 : (uint32_t)max_fields,
		.max_bytes = max_bytes,
	};
}

static void free_blocks(struct fields_block *b)
{
	while (b != NULL) {
		struct fields_block *next = b->next;

		free(b);
		b = next;
	}
}

void fields_clear(struct fields *f)
{
	struct fields_block *first = f->blocks;

	f->n = 0;
	f->present = 0;
	f->failed = false;
	f->kept = 0;
	if (first == NULL)
		return;
	free_blocks(first->next);
	first->next = NULL;
	first->used = 0;
	if (first->size > BLOCK_REUSE) {
		free(first);
		f->blocks = NULL;
	}
}

void fields_release(struct fields *f)
{
	free_blocks(f->blocks);
	free(f->v);
	fields_init(f, f->max, f->max_bytes);
}

char *fields_room(struct fields *f, size_t n)
{
	struct fields_block *b = f->blocks;
	char *room;

	if (n > f->max_bytes - f->kept) {
		f->failed = true;
		return NULL;
	}
	if (b == NULL || b->size - b->used < n) {
		size_t size = n > BLOCK_MIN ? n : BLOCK_MIN;

		b = malloc(sizeof(*b) + size);
		if (b == NULL) {
			f->failed = true;
			return NULL;
		}
		*b = (struct fields_block){ .next = f->blocks, .size = size };
		f->blocks = b;
	}
	room = b->mem + b->used;
	b->used += n;
	f->kept += n;
	return room;
}

struct slice fields_keep(struct fields *f, struct slice s)
{
	char *to = fields_room(f, s.n);

	if (to == NULL)
		return slice_of(NULL, 0);
	if (s.n != 0)
		memcpy(to, s.p, s.n);
	return slice_of(to, s.n);
}

struct field *fields_find(const struct fields *f, enum field_id id)
{
	if ((f->present >> id & 1) == 0)
		return NULL;
	for (uint32_t i = 0; i < f->n; i++)
		if (f->v[i].id == id)
			return &f->v[i];
	return NULL;
}

struct field *fields_next(const struct fields *f, const struct field *at)
{
	for (struct field *next = f->v + (at - f->v) + 1; next < f->v + f->n; next++)
		if (next->id == at->id)
			return next;
	return NULL;
}

struct field *fields_find_name(const struct fields *f, struct slice name)
{
	for (uint32_t i = 0; i < f->n; i++)
		if (slice_ieq(f->v[i].name, name))
			return &f->v[i];
	return NULL;
}

struct slice fields_value(const struct fields *f, enum field_id id)
{
	const struct field *at = fields_find(f, id);

	return at != NULL ? at->value : slice_of(NULL, 0);
}

size_t fields_count(const struct fields *f, enum field_id id)
{
	size_t n = 0;

	for (const struct field *at = fields_find(f, id); at != NULL; at = fields_next(f, at))
		n++;
	return n;
}

size_t fields_count_name(const struct fields *f, struct slice name)
{
	size_t n = 0;

	for (uint32_t i = 0; i < f->n; i++)
		n += slice_ieq(f->v[i].name, name) ? 1 : 0;
	return n;
}

bool fields_has_token(const struct fields *f, enum field_id id, struct slice token)
{
	for (const struct field *at = fields_find(f, id); at != NULL; at = fields_next(f, at)) {
		struct slice rest = at->value, item;

		while (rest.p != NULL) {
			rest = slice_cut(rest, ',', &item);
			slice_cut(item, ';', &item);
			if (slice_ieq(slice_trim(item), token))
				return true;
		}
	}
	return false;
}

static bool sound_value(struct slice value)
{
	return value.n == 0 || chars_value_end(value.p, value.p + value.n) == value.p + value.n;
}

static bool more_room(struct fields *f)
{
	uint32_t cap = f->cap != 0 ? f->cap * 2 : CAP_FIRST;
	struct field *v;

	if (f->n >= f->max)
		return false;
	if (cap > f->max)
		cap = f->max;
	v = realloc(f->v, cap * sizeof(*v));
	if (v == NULL)
		return false;
	f->v = v;
	f->cap = cap;
	return true;
}

struct field *fields_push(struct fields *f, struct slice name, struct slice value, uint8_t id)
{
	struct field *at;

	if (f->n == f->cap && !more_room(f)) {
		f->failed = true;
		return NULL;
	}
	at = &f->v[f->n++];
	*at = (struct field){ .name = name, .value = value, .id = id };
	f->present |= UINT64_C(1) << id;
	return at;
}

bool fields_add(struct fields *f, struct slice name, struct slice value)
{
	value = slice_trim(value);
	if (!chars_token(name) || !sound_value(value)) {
		f->failed = true;
		return false;
	}
	return fields_push(f, name, value, (uint8_t)field_id_of(name)) != NULL;
}

bool fields_add_first(struct fields *f, struct slice name, struct slice value)
{
	struct field first;

	if (!fields_add(f, name, value))
		return false;
	first = f->v[f->n - 1];
	memmove(f->v + 1, f->v, (f->n - 1) * sizeof(*f->v));
	f->v[0] = first;
	return true;
}

bool fields_add_copy(struct fields *f, struct slice name, struct slice value)
{
	struct slice own_name = fields_keep(f, name), own_value = fields_keep(f, value);

	return own_name.p != NULL && own_value.p != NULL && fields_add(f, own_name, own_value);
}

bool fields_set(struct fields *f, const struct field *at, struct slice value)
{
	struct field *mine = f->v + (at - f->v);

	value = slice_trim(value);
	/* An empty slice with no bytes is what fields_keep() gives when there is no room. */
	if (value.p == NULL || !sound_value(value)) {
		f->failed = true;
		return false;
	}
	mine->value = value;
	mine->verbatim = false;
	return true;
}

void fields_remove(struct fields *f, const struct field *at)
{
	size_t i;

	if (at == NULL)
		return;
	i = (size_t)(at - f->v);
	memmove(f->v + i, f->v + i + 1, (f->n - i - 1) * sizeof(*f->v));
	f->n--;
}

size_t fields_remove_all(struct fields *f, enum field_id id)
{
	uint32_t kept = 0, before = f->n;

	for (uint32_t i = 0; i < before; i++)
		if (f->v[i].id != id)
			f->v[kept++] = f->v[i];
	f->n = kept;
	return before - kept;
}

struct slice slice_rebase(struct slice s, const char *from, size_t n, const char *to)
{
	/* As numbers: s may point into another object than `from`. */
	uintptr_t at = (uintptr_t)s.p, start = (uintptr_t)from;

	if (s.p != NULL && at >= start && at - start <= n)
		s.p = to + (at - start);
	return s;
}

void fields_rebase(struct fields *f, const char *from, size_t n, const char *to)
{
	for (uint32_t i = 0; i < f->n; i++) {
		f->v[i].name = slice_rebase(f->v[i].name, from, n, to);
		f->v[i].value = slice_rebase(f->v[i].value, from, n, to);
	}
}
