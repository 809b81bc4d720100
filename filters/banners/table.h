/*
 * table.h - data/banners.tsv, compiled: where consent banners keep or report an answer, and how it
 * is read.
 *
 *	struct banners *t = banners_new(table_banners, "banners.tsv", &error);
 *	...
 *	banners_free(t);
 *
 * The table is read once, checked to the last word, and never changes afterwards; every function
 * of this folder takes it const.  The rows keep borrowed slices of a copy that the table owns.
 * data/README.md says what the columns mean.  A mistake in a table is one line in `error`, which
 * begins with "name:line:" and says what to write instead.
 */
#ifndef CRUMBGATE_FILTERS_BANNERS_TABLE_H
#define CRUMBGATE_FILTERS_BANNERS_TABLE_H

#include "base/buf.h"

enum banner_where {
	BANNER_COOKIE,	/* a cookie's value */
	BANNER_CALL,	/* a request that a banner makes to report the answer */
	BANNER_STORAGE, /* storage of the browser that never reaches the wire: named, never read */
};

/* How a value is read (data/README.md); each has its function in kinds.h. */
enum banner_kind {
	KIND_WORD,
	KIND_GATE,
	KIND_MODE,
	KIND_FLAG,
	KIND_PAIRS,
	KIND_LEVEL,
	KIND_LEVELS,
	KIND_JSON,
	KIND_JSON_WORD,
	KIND_LISTS,
	KIND_KEYS,
	KIND_OBJECTS,
	KIND_CHOICE,
	KIND_TC,
	KIND_AC,
	KIND_LEGITIMATE,
	KIND_SILENT,
	KIND_OPAQUE,
	KIND_UNSEEN,
	KIND_ONETRUST,
	KIND_AXEPTIO,
	KIND_COMMANDERS,
	KIND_CONSENTMANAGER,
	KIND_FUNDING,
	KIND_REAL_COOKIE,
	KIND_SOCS,
	KIND_COUNT,
};

struct banner_row {
	enum banner_where where;
	enum banner_kind kind;
	uint32_t line;
	/* A product with a gate: its cookies count only where the gate's cookie stands open. */
	bool gated;
	/* A '*' at the end of a name or path: `match` is what stands before it. */
	bool star;
	struct slice match; /* cookie: the name; call: the path */
	/* call: the method and the host, which may be "*" or begin with "*." */
	struct slice method, host;
	struct slice domains; /* "*", or names separated by commas */
	struct slice product;
	struct slice code, path, fields, when, refusal, what, source;
};

struct banners;

struct banners *banners_new(struct slice text, const char *name, struct buf *error);
void banners_free(struct banners *t);

size_t banners_count(const struct banners *t);
/* In the order of the table; i below banners_count(). */
const struct banner_row *banners_at(const struct banners *t, size_t i);

/*
 * The row for a cookie that `host` (without port, any case) sets or receives: a whole name before
 * one with '*', the longer of two with '*'.  NULL: no banner's cookie.
 */
const struct banner_row *banners_cookie(const struct banners *t, struct slice host,
					struct slice name);
/* The row for a request.  path without query. */
const struct banner_row *banners_call(const struct banners *t, struct slice method,
				      struct slice host, struct slice path);

/* "word", "gate", ...; "?" beyond the enum. */
const char *banner_kind_word(enum banner_kind kind);
const char *banner_where_word(enum banner_where where);

#endif
