/*
 * json_doc.h - a banner's value as JSON, for the readers of kind_json.c and kind_lists.c.
 *
 *	struct doc d;
 *	bool good = doc_open(&d, value) && ...;
 *	doc_close(&d);                    // always, also when it did not open
 *
 * What jansson returns is borrowed from the document.  Duplicate keys and more than 16 brackets
 * within one another are refused before anything is read.
 */
#ifndef CRUMBGATE_FILTERS_BANNERS_JSON_DOC_H
#define CRUMBGATE_FILTERS_BANNERS_JSON_DOC_H

#include "filters/banners/ballot.h"

#include <jansson.h>

/* No list or object of a banner is longer; what stands behind is not looked at. */
#define DOC_ENTRIES_MAX 4096u
#define DOC_NUMBER_MAX 24

/* A parsed value, and the JSON that stood in one of its strings, `wrapped`. */
struct doc {
	json_t *root, *inner;
	const json_t *wrapped;
};

bool doc_open(struct doc *d, struct slice text);
void doc_close(struct doc *d);

/* The JSON inside a string; NULL for a second such string.  Anything else as it is. */
json_t *doc_unwrap(struct doc *d, json_t *at);
/* Names separated by dots, from `at` on; "." or nothing is `at` itself.  NULL: not there. */
json_t *doc_resolve(struct doc *d, json_t *at, struct slice path);
/* A string, number, true, false or null as text; p == NULL for a list or an object. */
struct slice doc_text(json_t *at, char number[DOC_NUMBER_MAX]);

/* Puts one field's vote on the ballot; `sure`: the field is a choice also under the name "*". */
void doc_vote(struct ballot *b, const struct banner_row *row, struct slice key, json_t *at,
	      bool sure);
/* The row's `when`, and its times.  False: the value is another product's. */
bool doc_finish(struct ballot *b, const struct banner_row *row, struct doc *d);

#endif
