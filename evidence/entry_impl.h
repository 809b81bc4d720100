/*
 * entry_impl.h - the inside of an entry, for its parts: entry.c has the table of each kind's keys,
 * what may stand in them, and writes; entry_parse.c reads a line.
 */
#ifndef CRUMBGATE_EVIDENCE_ENTRY_IMPL_H
#define CRUMBGATE_EVIDENCE_ENTRY_IMPL_H

#include "evidence/entry.h"

/* The largest integer that every JSON reader keeps exactly (RFC 8259 section 6). */
#define ENTRY_NUMBER_MAX ((uint64_t)1 << 53)

enum entry_type {
	TYPE_LITERAL, /* the text alone */
	TYPE_WORD,
	TYPE_BYTES,
	TYPE_HEX, /* of exactly `cap` digits */
	TYPE_U64,
	TYPE_I64,
	TYPE_BOOL,
	TYPE_TIME,
	TYPE_TIME_OR_ABSENT,
};

struct entry_field {
	const char *text; /* what stands before the value */
	uint8_t text_len;
	uint8_t type;
	uint16_t offset; /* in struct entry */
	uint16_t cap;
	uint8_t group; /* of fields that stand there together, or not at all */
};

enum entry_group { GROUP_NONE, GROUP_ALIAS, GROUP_LIST };

/* In the order in which they stand in the line; the last has no text. */
const struct entry_field *entry_fields(enum entry_kind kind);

static inline const void *entry_at(const struct entry *e, const struct entry_field *f)
{
	return (const char *)e + f->offset;
}

static inline void *entry_at_mut(struct entry *e, const struct entry_field *f)
{
	return (char *)e + f->offset;
}

/* A group is told by its first field. */
static inline bool entry_is_there(const struct entry *e, const struct entry_field *f)
{
	if (f->group == GROUP_ALIAS)
		return e->alias.n != 0;
	return f->group != GROUP_LIST || e->list.says.n != 0;
}

/* Sets of ASCII characters, a bit each: every byte of every line is looked up in one of them. */
struct entry_set {
	uint64_t bits[2];
};

extern const struct entry_set entry_word_set, entry_hex_set;
/* What stands in a string as it is. */
extern const struct entry_set entry_plain_set;

static inline bool entry_in_set(const struct entry_set *set, char c)
{
	unsigned char u = (unsigned char)c;

	return u < 128 && (set->bits[u >> 6] >> (u & 63) & 1) != 0;
}

#endif
