/*
 * lists_whole.h - makes one text of a list and of what it includes (!#include, preprocess.h).
 *
 * So that one file is the whole list: it is replaced in one step, and its digest names all of what
 * decided.  A part that would not be used (it stands in an !#if that does not hold) is not fetched.
 */
#ifndef CRUMBGATE_CMD_LISTS_WHOLE_H
#define CRUMBGATE_CMD_LISTS_WHOLE_H

#include "base/buf.h"

#define WHOLE_INCLUDES_MAX 64u
#define WHOLE_DEPTH_MAX 8u

struct whole {
	struct buf *out;
	/* Appends what the URL names to `text`; false with `why`. */
	bool (*get)(void *arg, const char *url, struct buf *text, struct buf *why);
	void *arg;
	unsigned includes; /* how many there were */
};

/*
 * `url` is that of the text; what it includes stands below its last '/'.  False: a part is missing
 * or cannot be meant; `why` says which, without a line's end.
 */
bool whole_make(struct whole *w, const char *url, struct slice text, struct buf *why);

#endif
