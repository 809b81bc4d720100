/*
 * bodies.h - what a blocked request can be answered with: harmless bodies that do nothing.
 *
 * Lists name a resource ("redirect=noopjs"); names that mean the same body are one kind here.  A
 * surrogate that pretends to be a tracker's script ("google-analytics.js") becomes an empty script.
 */
#ifndef CRUMBGATE_FILTERS_LISTS_BODIES_H
#define CRUMBGATE_FILTERS_LISTS_BODIES_H

#include "base/slice.h"

enum lists_body {
	LISTS_BODY_NONE, /* "none": no redirection */
	LISTS_BODY_EMPTY,
	LISTS_BODY_TEXT,
	LISTS_BODY_SCRIPT,
	LISTS_BODY_JSON,
	LISTS_BODY_STYLE,
	LISTS_BODY_HTML,
	LISTS_BODY_GIF,
	LISTS_BODY_VAST,
	LISTS_BODY_VMAP,
	LISTS_BODY_AUDIO,
	LISTS_BODY_VIDEO,
	LISTS_BODIES
};

/* False: no resource of that name is known. */
bool lists_body_of_name(struct slice name, enum lists_body *out);

struct lists_body_data {
	const char *name; /* for people */
	const char *type; /* Content-Type */
	struct slice bytes;
};

const struct lists_body_data *lists_body_data(enum lists_body body);

#endif
