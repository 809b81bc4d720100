/*
 * build.h - compiles the texts of filter lists into one image (format.h).
 *
 *	struct lists_text in[] = { { name, text }, ... };
 *	struct lists_input input = { .texts = in, .n = 2 };
 *	buf_init(&image, LISTS_IMAGE_BYTES_MAX);
 *	if (lists_build(&input, &image, &error)) write it, or lists_open(buf_slice(&image), &error)
 *
 * The same names and texts in the same order give the same octets.  A rule that stands in several
 * lists is kept once, for the first of them.  Nothing in a list makes a build fail: what cannot be
 * used is counted and left out (lists.h); what fails is memory, or the size of it all.
 */
#ifndef CRUMBGATE_FILTERS_LISTS_BUILD_H
#define CRUMBGATE_FILTERS_LISTS_BUILD_H

#include "base/buf.h"

#define LISTS_MAX 255u
#define LISTS_IMAGE_BYTES_MAX ((size_t)512 * 1024 * 1024)

struct lists_text {
	struct slice name, text;
};

struct lists_input {
	const struct lists_text *texts;
	size_t n;
	/*
	 * The text that list `list` includes under `path`, as it is written there; borrowed until
	 * the build is done.  False: there is none.  May be NULL.
	 */
	bool (*include)(void *arg, size_t list, struct slice path, struct slice *text);
	void *arg;
};

bool lists_build(const struct lists_input *in, struct buf *image, struct buf *error);

/*
 * Names the names, texts and what they include: an image whose lists_source() is this was built
 * from them.  It finds a change; it is no proof against somebody who makes two alike.
 */
uint64_t lists_digest(const struct lists_input *in);

#endif
