/*
 * lists.h - filter lists in their compiled form, opened to be asked.
 *
 *	struct lists *l = lists_open(image, &error);   // the image: build.h, or a mapped file
 *	...match.h, modify.h...
 *	lists_free(l);                                 // the image is the caller's, before and after
 *
 * The image is borrowed: it is read where it lies, so many processes that map one file share it.  It
 * has to lie on a multiple of 8, and must not change while it is open: map a file that nobody but its
 * maker can write, and replace it by another file instead of changing it.  All that is made beside it
 * are the compiled regular expressions, a few hundred octets each.
 *
 * After lists_open(), or lists_ready(), a struct lists never changes; threads may share it.
 */
#ifndef CRUMBGATE_FILTERS_LISTS_LISTS_H
#define CRUMBGATE_FILTERS_LISTS_LISTS_H

#include "base/buf.h"
#include "filters/lists/left.h"

struct lists;

/* NULL, and one line in `error`, for what is no good image. */
struct lists *lists_open(struct slice image, struct buf *error);
/*
 * The same in two steps, for who hands an image on and does not ask it: without its regular
 * expressions, which are compiled by the second.  Only what is not asked of a request may be asked in
 * between.  lists_ready() is true at once where that is done; false: no memory.
 */
struct lists *lists_open_unready(struct slice image, struct buf *error);
bool lists_ready(struct lists *l);
void lists_free(struct lists *l);

size_t lists_count(const struct lists *l);
/* The name under which list i was given to the build. */
struct slice lists_name(const struct lists *l, size_t i);
/* Rules of list i that hold here; of all lists. */
size_t lists_rules_of(const struct lists *l, size_t i);
size_t lists_rules(const struct lists *l);
/* lists_digest() of what it was built from. */
uint64_t lists_source(const struct lists *l);

/* What was left out: how many of a kind, and the first of them in all. */
struct lists_left {
	enum left_kind kind;
	size_t list;
	uint32_t line;
	struct slice text; /* at most 200 octets of it */
};
size_t lists_left_count(const struct lists *l, enum left_kind kind);
/* False: no more are kept. */
bool lists_left(const struct lists *l, size_t i, struct lists_left *out);

#endif
