/*
 * field.h - a list of fields: a message's header or trailer section (RFC 9110 section 5).
 *
 * HTTP/1 and HTTP/2 share it.  Names keep their spelling, order and repeats are kept.  Each name is
 * looked up once, when the field is added, so `fields_find(f, FIELD_COOKIE)` compares integers.
 *
 *	struct fields f;
 *	fields_init(&f, 200, 64 * 1024);
 *	... a codec fills it ...
 *	for (c = fields_find(&f, FIELD_COOKIE); c != NULL; c = fields_next(&f, c))
 *		fields_set(&f, c, fields_keep(&f, edited));
 *	fields_remove(&f, fields_find(&f, FIELD_ALT_SVC));
 *	fields_release(&f);
 *
 * Who owns the bytes: a slice in the list borrows.  What a codec adds borrows from the bytes that
 * it was fed (until h1_request_keep() and the like); what a caller makes is copied with
 * fields_keep() into memory that the list owns and frees with itself, at most max_bytes of it.
 *
 * Every field in a list is sound: the name a token, the value free of CR, LF, NUL and other
 * controls, without outer blanks.  fields_add() and fields_set() check, so a writer cannot split a
 * head.
 *
 * Running out of room (too many fields, too many bytes, no memory) returns false or an empty result
 * and sets `failed`, which stays set until fields_clear(): one check after a chain of edits is
 * enough.
 */
#ifndef CRUMBGATE_HTTP_FIELD_H
#define CRUMBGATE_HTTP_FIELD_H

#include "base/slice.h"

/* The fields that the proxy itself looks at, or that others must not be able to remove. */
enum field_id {
	FIELD_OTHER = 0,
	FIELD_PROXY_OTHER, /* any further "Proxy-..." */
	FIELD_HOST,
	FIELD_CONNECTION,
	FIELD_KEEP_ALIVE,
	FIELD_PROXY_CONNECTION,
	FIELD_PROXY_AUTHORIZATION,
	FIELD_PROXY_AUTHENTICATE,
	FIELD_PROXY_AUTHENTICATION_INFO,
	FIELD_TE,
	FIELD_TRAILER,
	FIELD_TRANSFER_ENCODING,
	FIELD_UPGRADE,
	FIELD_HTTP2_SETTINGS,
	FIELD_CONTENT_LENGTH,
	FIELD_EXPECT,
	FIELD_COOKIE,
	FIELD_SET_COOKIE,
	FIELD_AUTHORIZATION,
	FIELD_WWW_AUTHENTICATE,
	FIELD_ORIGIN,
	FIELD_REFERER,
	FIELD_USER_AGENT,
	FIELD_SEC_FETCH_SITE,
	FIELD_SEC_FETCH_MODE,
	FIELD_SEC_FETCH_DEST,
	FIELD_SEC_FETCH_USER,
	FIELD_SEC_PURPOSE,
	FIELD_SEC_GPC,
	FIELD_DNT,
	FIELD_ACCEPT,
	FIELD_ACCEPT_ENCODING,
	FIELD_ACCEPT_LANGUAGE,
	FIELD_ACCEPT_RANGES,
	FIELD_RANGE,
	FIELD_IF_RANGE,
	FIELD_IF_MATCH,
	FIELD_IF_NONE_MATCH,
	FIELD_IF_MODIFIED_SINCE,
	FIELD_IF_UNMODIFIED_SINCE,
	FIELD_CONTENT_TYPE,
	FIELD_CONTENT_ENCODING,
	FIELD_CONTENT_RANGE,
	FIELD_CONTENT_LOCATION,
	FIELD_CACHE_CONTROL,
	FIELD_PRAGMA,
	FIELD_DATE,
	FIELD_EXPIRES,
	FIELD_AGE,
	FIELD_ETAG,
	FIELD_VARY,
	FIELD_VIA,
	FIELD_LOCATION,
	FIELD_SERVER,
	FIELD_LINK,
	FIELD_ALT_SVC,
	FIELD_RETRY_AFTER,
	FIELD_MAX_FORWARDS,
	FIELD_STRICT_TRANSPORT_SECURITY,
	FIELD_CONTENT_SECURITY_POLICY,
	FIELD_CLEAR_SITE_DATA,
	FIELD_ACCESS_CONTROL_ALLOW_ORIGIN,
	FIELD_IDS, /* how many; below 64 */
};

/* ASCII case-insensitive; a few nanoseconds. */
enum field_id field_id_of(struct slice name);
/* The usual lower-case spelling, "" for FIELD_OTHER and FIELD_PROXY_OTHER. */
struct slice field_id_name(enum field_id id);
/* About one connection only, so never passed on as it is (RFC 9110 section 7.6.1). */
bool field_hop_by_hop(enum field_id id);
/* Framing, routing, authentication, cookies, caching: not taken from trailers (section 6.5.1). */
bool field_no_trailer(enum field_id id);

struct field {
	struct slice name, value;
	uint8_t id;    /* enum field_id */
	bool verbatim; /* name, ": " and value still stand in one piece of memory */
};

struct fields_block;

struct fields {
	struct field *v;
	uint32_t n, cap, max;
	bool failed;
	uint64_t present; /* bit per id: clear means "surely none" */
	struct fields_block *blocks;
	size_t kept, max_bytes;
};

void fields_init(struct fields *f, size_t max_fields, size_t max_bytes);
/* Empties it and keeps (some of) the memory for the next message. */
void fields_clear(struct fields *f);
void fields_release(struct fields *f);

static inline bool fields_ok(const struct fields *f)
{
	return !f->failed;
}

/*
 * Look-ups return the field in the list, or NULL.  The pointer is good until a field is added or
 * removed.  fields_next() continues to the next field with the same id.
 */
struct field *fields_find(const struct fields *f, enum field_id id);
struct field *fields_next(const struct fields *f, const struct field *at);
/* By name, for those without an id; ASCII case-insensitive. */
struct field *fields_find_name(const struct fields *f, struct slice name);
/* The value of the first, or an empty slice with p == NULL. */
struct slice fields_value(const struct fields *f, enum field_id id);
size_t fields_count(const struct fields *f, enum field_id id);
size_t fields_count_name(const struct fields *f, struct slice name);

/*
 * Is the token a member of the comma-separated list that all fields of this id make together
 * (RFC 9110 section 5.6.1)?  ASCII case-insensitive; parameters (";...") are not looked at.
 */
bool fields_has_token(const struct fields *f, enum field_id id, struct slice token);

/* Appends; false when it is unsound or over a cap.  Borrowed. */
bool fields_add(struct fields *f, struct slice name, struct slice value);
/* The same as the first field. */
bool fields_add_first(struct fields *f, struct slice name, struct slice value);
/* Appends copies of both. */
bool fields_add_copy(struct fields *f, struct slice name, struct slice value);
/* Replaces the value.  Borrowed. */
bool fields_set(struct fields *f, const struct field *at, struct slice value);
/* Takes the field out, the rest keeps its order; NULL is allowed.  The next one is then at `at`. */
void fields_remove(struct fields *f, const struct field *at);
/* All of them; returns how many there were. */
size_t fields_remove_all(struct fields *f, enum field_id id);

/* Room that lives as long as the list's content; NULL over the cap. */
char *fields_room(struct fields *f, size_t n);
/* A copy there.  Over the cap: an empty slice with p == NULL, and `failed` is set. */
struct slice fields_keep(struct fields *f, struct slice s);

/*
 * For codecs.  fields_push() appends a field that was checked already, with its id.
 * fields_rebase() lets every slice inside [from, from + n) point to the same place in a copy at
 * `to`.
 */
struct field *fields_push(struct fields *f, struct slice name, struct slice value, uint8_t id);
void fields_rebase(struct fields *f, const char *from, size_t n, const char *to);
struct slice slice_rebase(struct slice s, const char *from, size_t n, const char *to);

#endif
