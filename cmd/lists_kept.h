/*
 * lists_kept.h - the kept copy of a fetched list: STATE/lists/NAME.txt, and beside it NAME.meta with
 * lines of name, tab and value.
 *
 *	struct kept k;
 *	kept_init(&k);
 *	kept_read(folder, name, url, &k, &why);       // k.text, and k.known where the rest is good
 *	...k.etag = ...; kept_write(folder, name, &k, text, &why)
 *	kept_release(&k);
 *
 * The text is replaced first, in one step, and then what is known of it.  Since that holds the
 * text's digest, a stop between the two, or a hand that changed the text, only means that the list
 * is fetched again.
 */
#ifndef CRUMBGATE_CMD_LISTS_KEPT_H
#define CRUMBGATE_CMD_LISTS_KEPT_H

#include "base/buf.h"
#include "evidence/digest.h"

#define KEPT_FIELD_MAX 512u

struct kept {
	struct buf text;
	bool there;		  /* there is a text */
	bool known;		  /* the rest is about this text and this URL */
	int64_t fetched, expires; /* wall ms */
	uint64_t rules, left_out, includes;
	char etag[KEPT_FIELD_MAX], modified[KEPT_FIELD_MAX]; /* as the server says; "": nothing */
	char sha256[DIGEST_PLAIN_LEN + 1];		     /* of the text; always right */
};

void kept_init(struct kept *k);
void kept_release(struct kept *k);

/* False: a copy is there and cannot be read; `why` says so. */
bool kept_read(int folder, const char *name, const char *url, struct kept *k, struct buf *why);
/*
 * Puts `text` in the place of the copy, which stays as NAME.txt.old, and writes down k.  With
 * text.p == NULL the copy stays and only k is written.
 */
bool kept_write(int folder, const char *name, const char *url, struct kept *k, struct slice text,
		struct buf *why);

#endif
