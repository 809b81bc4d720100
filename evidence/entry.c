#include "evidence/entry_impl.h"

#include "base/clock.h"
#include "base/json.h"

#include <stddef.h>

/* 9999-12-31T23:59:59.999Z */
#define TIME_MAX 253402300799999

#define FIELD(text, type, member, cap)                                                             \
	{                                                                                          \
		text, sizeof(text) - 1, type, (uint16_t)offsetof(struct entry, member), cap,       \
			GROUP_NONE                                                                 \
	}
#define GROUPED(text, type, member, cap, group)                                                    \
	{                                                                                          \
		text, sizeof(text) - 1, type, (uint16_t)offsetof(struct entry, member), cap, group \
	}
#define WORD(member) FIELD(",\"" #member "\":", TYPE_WORD, member, ENTRY_WORD_MAX)
#define BYTES(member, cap) FIELD(",\"" #member "\":", TYPE_BYTES, member, cap)
#define HEX(member, digits) FIELD(",\"" #member "\":", TYPE_HEX, member, digits)
#define U64(member) FIELD(",\"" #member "\":", TYPE_U64, member, 0)
#define ATTR(key, type, member, cap) FIELD(",\"" key "\":", type, attrs.member, cap)

#define IN_LIST(text, type, member, cap) GROUPED(text, type, list.member, cap, GROUP_LIST)

#define SHA256_HEX 64
#define SIGHTINGS                                                                                  \
	U64(count), FIELD(",\"last\":", TYPE_TIME, last, 0),                                       \
		FIELD(",\"first\":", TYPE_TIME_OR_ABSENT, first, 0)
#define COOKIE_FACTS                                                                               \
	HEX(client, ENTRY_DIGEST_LEN), BYTES(site, ENTRY_HOST_MAX), WORD(site_by),                 \
		WORD(confidence), WORD(party), BYTES(host, ENTRY_HOST_MAX),                        \
		BYTES(cookie, ENTRY_NAME_MAX), WORD(purpose), BYTES(why, ENTRY_WHY_MAX),           \
		BYTES(profile, ENTRY_WORD_MAX), WORD(choice), WORD(seen), WORD(verdict),           \
		HEX(value, ENTRY_DIGEST_LEN), BYTES(shape, ENTRY_WORD_MAX), SIGHTINGS,             \
		WORD(scheme), HEX(rules, ENTRY_RULES_LEN),                                         \
		GROUPED(",\"alias\":", TYPE_BYTES, alias, ENTRY_HOST_MAX, GROUP_ALIAS),            \
		IN_LIST(",\"list\":{\"says\":", TYPE_WORD, says, ENTRY_WORD_MAX),                  \
		IN_LIST(",\"purpose\":", TYPE_WORD, purpose, ENTRY_WORD_MAX),                      \
		IN_LIST(",\"name\":", TYPE_BYTES, name, ENTRY_HOST_MAX),                           \
		IN_LIST(",\"version\":", TYPE_HEX, version, ENTRY_RULES_LEN),                      \
		IN_LIST(",\"rule\":", TYPE_BYTES, rule, ENTRY_WHY_MAX),                            \
		IN_LIST("}", TYPE_LITERAL, says, 0)
#define CLAIM_FACTS                                                                                \
	HEX(client, ENTRY_DIGEST_LEN), BYTES(site, ENTRY_HOST_MAX), WORD(site_by),                 \
		WORD(confidence), WORD(party), BYTES(host, ENTRY_HOST_MAX),                        \
		BYTES(name, ENTRY_WHY_MAX), BYTES(why, ENTRY_WHY_MAX),                             \
		BYTES(profile, ENTRY_WORD_MAX), WORD(choice), WORD(seen), SIGHTINGS
#define END                                                                                        \
	{                                                                                          \
		NULL, 0, 0, 0, 0, 0                                                                \
	}

#define FIELDS_MAX 40

/* Each kind's keys, in the order in which they stand in the line. */
static const struct kind {
	const char *word;
	struct entry_field fields[FIELDS_MAX];
} kinds[ENTRY_KINDS] = {
	[ENTRY_START] = { "start",
			  { BYTES(version, ENTRY_WHY_MAX), BYTES(origin, ENTRY_WHY_MAX), END } },
	[ENTRY_STOP] = { "stop", { BYTES(why, ENTRY_WHY_MAX), END } },
	[ENTRY_CONFIG] = { "config",
			   { BYTES(name, ENTRY_WHY_MAX), HEX(digest, SHA256_HEX),
			     BYTES(why, ENTRY_WHY_MAX), END } },
	[ENTRY_RULES] = { "rules",
			  { BYTES(name, ENTRY_WHY_MAX), HEX(digest, SHA256_HEX), U64(count),
			    END } },
	[ENTRY_MINT] = { "mint", { BYTES(host, ENTRY_HOST_MAX), HEX(digest, SHA256_HEX), END } },
	[ENTRY_SET] = { "set",
			{ COOKIE_FACTS,
			  FIELD(",\"attrs\":{\"domain\":", TYPE_BYTES, attrs.domain,
				ENTRY_PATH_MAX),
			  ATTR("path", TYPE_BYTES, path, ENTRY_PATH_MAX),
			  ATTR("lifetime_s", TYPE_I64, lifetime_s, 0),
			  ATTR("session", TYPE_BOOL, session, 0),
			  ATTR("secure", TYPE_BOOL, secure, 0),
			  ATTR("httponly", TYPE_BOOL, httponly, 0),
			  ATTR("samesite", TYPE_WORD, samesite, ENTRY_WORD_MAX),
			  ATTR("partitioned", TYPE_BOOL, partitioned, 0),
			  FIELD("}", TYPE_LITERAL, kind, 0), U64(status), END } },
	[ENTRY_SENT] = { "sent", { COOKIE_FACTS, U64(tries), END } },
	[ENTRY_CHOICE] = { "choice",
			   { HEX(client, ENTRY_DIGEST_LEN), BYTES(site, ENTRY_HOST_MAX),
			     BYTES(profile, ENTRY_WORD_MAX), WORD(choice), WORD(seen), END } },
	[ENTRY_PASS] = { "pass",
			 { HEX(client, ENTRY_DIGEST_LEN), BYTES(host, ENTRY_HOST_MAX),
			   BYTES(why, ENTRY_WHY_MAX), SIGHTINGS, END } },
	[ENTRY_REFUSE] = { "refuse",
			   { HEX(client, ENTRY_DIGEST_LEN), BYTES(host, ENTRY_HOST_MAX),
			     BYTES(why, ENTRY_WHY_MAX), SIGHTINGS, END } },
	[ENTRY_LOSS] = { "loss", { U64(count), BYTES(why, ENTRY_WHY_MAX), END } },
	[ENTRY_CLOCK] = { "clock", { FIELD(",\"jump_ms\":", TYPE_I64, jump_ms, 0), END } },
	[ENTRY_HEARTBEAT] = { "heartbeat", { END } },
	[ENTRY_CLAIM] = { "claim", { CLAIM_FACTS, END } },
	[ENTRY_CONTRADICTION] = { "contradiction", { CLAIM_FACTS, END } },
	[ENTRY_WRITE] = { "write", { CLAIM_FACTS, END } },
	[ENTRY_BLOCK] = { "block", { CLAIM_FACTS, END } },
	[ENTRY_STRIP] = { "strip", { CLAIM_FACTS, END } },
	[ENTRY_HEAL] = { "heal", { CLAIM_FACTS, END } },
	[ENTRY_RESTART] = { "restart",
			    { BYTES(name, ENTRY_WHY_MAX), BYTES(why, ENTRY_WHY_MAX), END } },
};

const char *entry_kind_word(enum entry_kind kind)
{
	return (unsigned)kind < ENTRY_KINDS ? kinds[kind].word : NULL;
}

bool entry_kind_of(struct slice word, enum entry_kind *out)
{
	for (unsigned k = 0; k < ENTRY_KINDS; k++) {
		if (slice_eq(word, slice_str(kinds[k].word))) {
			*out = (enum entry_kind)k;
			return true;
		}
	}
	return false;
}

const struct entry_field *entry_fields(enum entry_kind kind)
{
	return kinds[kind].fields;
}

void entry_init(struct entry *e, enum entry_kind kind, int64_t t)
{
	*e = (struct entry){ .kind = kind, .t = t, .last = t, .first = ENTRY_NO_TIME };
}

/* ---- what may stand in a field ---- */

#define BIT(c) ((uint64_t)1 << ((c)&63))
#define DIGITS ((uint64_t)0x3ff << '0')

/* Bits of a-z: from the 33rd of the upper half on. */
const struct entry_set entry_word_set = { { DIGITS | BIT('+') | BIT('-') | BIT('.') | BIT('/') |
						    BIT(':'),
					    (uint64_t)0x3ffffff << 33 | BIT('_') } };
const struct entry_set entry_hex_set = { { DIGITS, (uint64_t)0x3f << 33 } };
/* What stands in a string as it is: 0x20 to 0x7e without '"' and '\\'. */
const struct entry_set entry_plain_set = { { (UINT64_MAX << 32) & ~BIT('"'),
					     (UINT64_MAX >> 1) & ~BIT('\\') } };

static bool all_in_set(const struct entry_set *set, struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!entry_in_set(set, s.p[i]))
			return false;
	return true;
}

static bool word_ok(struct slice s, size_t cap)
{
	return s.n != 0 && s.n <= cap && all_in_set(&entry_word_set, s);
}

static bool hex_ok(struct slice s, size_t digits)
{
	return s.n == digits && all_in_set(&entry_hex_set, s);
}

static bool time_ok(int64_t t)
{
	return t >= 0 && t <= TIME_MAX;
}

static bool field_ok(const struct entry *e, const struct entry_field *f)
{
	const void *p = entry_at(e, f);
	int64_t v;

	switch ((enum entry_type)f->type) {
	case TYPE_WORD:
		return word_ok(*(const struct slice *)p, f->cap);
	case TYPE_BYTES:
		return ((const struct slice *)p)->n <= f->cap;
	case TYPE_HEX:
		return hex_ok(*(const struct slice *)p, f->cap);
	case TYPE_U64:
		return *(const uint64_t *)p < ENTRY_NUMBER_MAX;
	case TYPE_I64:
		v = *(const int64_t *)p;
		return v < (int64_t)ENTRY_NUMBER_MAX && v > -(int64_t)ENTRY_NUMBER_MAX;
	case TYPE_TIME_OR_ABSENT:
		return *(const int64_t *)p == ENTRY_NO_TIME || time_ok(*(const int64_t *)p);
	case TYPE_TIME:
		return time_ok(*(const int64_t *)p);
	case TYPE_LITERAL:
	case TYPE_BOOL:
		return true;
	}
	return false;
}

bool entry_ok(const struct entry *e)
{
	if ((unsigned)e->kind >= ENTRY_KINDS || e->n >= ENTRY_NUMBER_MAX || !time_ok(e->t) ||
	    e->clear.n > ENTRY_CLEAR_MAX)
		return false;
	for (const struct entry_field *f = kinds[e->kind].fields; f->text != NULL; f++)
		if (entry_is_there(e, f) && !field_ok(e, f))
			return false;
	return true;
}

/* ---- packed ---- */

static void pack_field(struct buf *b, const struct entry *e, const struct entry_field *f)
{
	const void *p = entry_at(e, f);

	switch ((enum entry_type)f->type) {
	case TYPE_WORD:
	case TYPE_BYTES:
	case TYPE_HEX:
		msg_put_bytes(b, *(const struct slice *)p);
		break;
	case TYPE_U64:
		msg_put_u64(b, *(const uint64_t *)p);
		break;
	case TYPE_I64:
	case TYPE_TIME:
	case TYPE_TIME_OR_ABSENT:
		msg_put_i64(b, *(const int64_t *)p);
		break;
	case TYPE_BOOL:
		msg_put_u8(b, *(const bool *)p);
		break;
	case TYPE_LITERAL:
		break;
	}
}

void entry_pack(struct buf *b, const struct entry *e)
{
	msg_put_u8(b, (uint8_t)e->kind);
	msg_put_i64(b, e->t);
	for (const struct entry_field *f = kinds[e->kind].fields; f->text != NULL; f++)
		pack_field(b, e, f);
	msg_put_u8(b, e->clear.p != NULL);
	if (e->clear.p != NULL)
		msg_put_bytes(b, e->clear);
}

static void unpack_field(struct msg_reader *r, struct entry *e, const struct entry_field *f)
{
	void *p = entry_at_mut(e, f);

	switch ((enum entry_type)f->type) {
	case TYPE_WORD:
	case TYPE_BYTES:
	case TYPE_HEX:
		*(struct slice *)p = msg_get_bytes(r);
		break;
	case TYPE_U64:
		*(uint64_t *)p = msg_get_u64(r);
		break;
	case TYPE_I64:
	case TYPE_TIME:
	case TYPE_TIME_OR_ABSENT:
		*(int64_t *)p = msg_get_i64(r);
		break;
	case TYPE_BOOL:
		*(bool *)p = msg_get_u8(r) != 0;
		break;
	case TYPE_LITERAL:
		break;
	}
}

bool entry_unpack(struct msg_reader *r, struct entry *e)
{
	unsigned kind = msg_get_u8(r);
	int64_t t = msg_get_i64(r);

	if (r->bad || kind >= ENTRY_KINDS)
		return false;
	entry_init(e, (enum entry_kind)kind, t);
	for (const struct entry_field *f = kinds[kind].fields; f->text != NULL; f++)
		unpack_field(r, e, f);
	if (msg_get_u8(r) != 0)
		e->clear = msg_get_bytes(r);
	return !r->bad && entry_ok(e);
}

/* ---- the line, written ---- */

static void format_time(struct buf *b, int64_t t)
{
	char text[CLOCK_RFC3339_LEN + 3];

	text[0] = '"';
	clock_rfc3339(t, text + 1, sizeof(text) - 1);
	text[CLOCK_RFC3339_LEN + 1] = '"';
	buf_add(b, slice_of(text, CLOCK_RFC3339_LEN + 2));
}

static void format_field(struct buf *b, const struct entry *e, const struct entry_field *f)
{
	const void *p = entry_at(e, f);

	if ((f->type == TYPE_TIME_OR_ABSENT && *(const int64_t *)p == ENTRY_NO_TIME) ||
	    !entry_is_there(e, f))
		return;
	buf_add(b, slice_of(f->text, f->text_len));
	switch ((enum entry_type)f->type) {
	case TYPE_WORD:
	case TYPE_BYTES:
	case TYPE_HEX:
		json_bytes(b, *(const struct slice *)p);
		break;
	case TYPE_U64:
		json_u64(b, *(const uint64_t *)p);
		break;
	case TYPE_I64:
		json_i64(b, *(const int64_t *)p);
		break;
	case TYPE_TIME:
	case TYPE_TIME_OR_ABSENT:
		format_time(b, *(const int64_t *)p);
		break;
	case TYPE_BOOL:
		json_bool(b, *(const bool *)p);
		break;
	case TYPE_LITERAL:
		break;
	}
}

void entry_format(struct buf *b, const struct entry *e)
{
	buf_add(b, SLICE("{\"v\":1,\"n\":"));
	json_u64(b, e->n);
	buf_add(b, SLICE(",\"t\":"));
	format_time(b, e->t);
	buf_add(b, SLICE(",\"kind\":\""));
	buf_adds(b, kinds[e->kind].word);
	buf_addc(b, '"');
	for (const struct entry_field *f = kinds[e->kind].fields; f->text != NULL; f++)
		format_field(b, e, f);
	buf_addc(b, '}');
}
