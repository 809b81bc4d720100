/*
 * json_walk.h - the scalars of a JSON text, one after the other, with the names they stand under.
 *
 *	struct json_walk w;
 *	struct json_scalar v;
 *
 *	json_walk_init(&w, text);
 *	while (json_walk_next(&w, &v))
 *		if (json_walk_under(&w, SLICE("user.ext.consent"))) ...
 *
 * For finding a few fields in bodies that others write: nothing is built and nothing allocated, the
 * work is one pass over the text, and all slices point into it.  It ends at the first thing that is no
 * JSON (RFC 8259), or is nested deeper than JSON_WALK_DEPTH; w.bad is then set.  What stands behind the
 * first value is not looked at, and numbers are not checked beyond their characters.
 */
#ifndef CRUMBGATE_FILTERS_CLAIMS_JSON_WALK_H
#define CRUMBGATE_FILTERS_CLAIMS_JSON_WALK_H

#include "base/slice.h"

#define JSON_WALK_DEPTH 24

struct json_walk {
	struct slice rest;
	bool after; /* a value was read: a comma or an end comes */
	bool bad;
	unsigned depth;
	struct {
		bool object;
		struct slice key; /* raw, as written */
		uint32_t index;	  /* from 0 */
	} stack[JSON_WALK_DEPTH];
};

struct json_scalar {
	bool string;
	struct slice raw; /* a string without its quotes, escapes as they are; else the token */
};

void json_walk_init(struct json_walk *w, struct slice text);
bool json_walk_next(struct json_walk *w, struct json_scalar *out);

/* Do the innermost names, arrays passed over, read so?  "a.b" fits x.a.b and x.a[0].b[1]; any case. */
bool json_walk_under(const struct json_walk *w, struct slice names);

/*
 * Undoes the escapes of a string into dst; false when it does not fit or holds \u above 7F.  *out
 * points to dst, or to raw where that has no escapes.
 */
bool json_scalar_text(struct slice raw, char *dst, size_t size, struct slice *out);

#endif
