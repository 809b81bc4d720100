/*
 * types.h - the words that rules and requests share: what is loaded, by which method, whose it is.
 *
 * Names of types are taken as the lists write them, as browsers' extensions call them and as
 * fetch metadata does: "xhr", "xmlhttprequest" and "fetch" are one type.
 */
#ifndef CRUMBGATE_FILTERS_LISTS_TYPES_H
#define CRUMBGATE_FILTERS_LISTS_TYPES_H

#include "base/slice.h"

/* What a request is for; one bit each in a rule. */
enum lists_type {
	LISTS_SCRIPT,
	LISTS_IMAGE,
	LISTS_STYLESHEET,
	LISTS_OBJECT,
	LISTS_XHR,
	LISTS_FRAME, /* a document in a frame */
	LISTS_PING,
	LISTS_WEBSOCKET,
	LISTS_MEDIA,
	LISTS_FONT,
	LISTS_OTHER,
	LISTS_DOCUMENT, /* a page */
	LISTS_POPUP,	/* a page in a window that another one opened */
	LISTS_TYPES
};

#define LISTS_TYPE_BIT(type) (1u << (type))
/* What a rule that names no type is for: everything that is no page of its own. */
#define LISTS_TYPES_USUAL (LISTS_TYPE_BIT(LISTS_DOCUMENT) - 1u)
#define LISTS_TYPES_ALL (LISTS_TYPE_BIT(LISTS_TYPES) - 1u)
#define LISTS_TYPES_PAGE (LISTS_TYPE_BIT(LISTS_DOCUMENT) | LISTS_TYPE_BIT(LISTS_FRAME))

/* False for a word that names no type. */
bool lists_type_of_word(struct slice word, enum lists_type *out);
/* The name by which the rules call it. */
const char *lists_type_word(enum lists_type type);

/* The bit of a request method; 0 for one that rules cannot name. */
unsigned lists_method_bit(struct slice method);

#endif
