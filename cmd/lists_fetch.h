/*
 * lists_fetch.h - gets what a URL names: by the program crumbgate-fetch (cmd/fetch/main.c) over
 * http and https, and as it is for a file.
 */
#ifndef CRUMBGATE_CMD_LISTS_FETCH_H
#define CRUMBGATE_CMD_LISTS_FETCH_H

#include "base/config.h"
#include "cmd/lists_kept.h"

struct fetch_ask {
	const struct config *config; /* whom to trust, where to connect to */
	const char *url;
	const char *etag, *modified; /* of what is here; "" or NULL: nothing */
	bool same_host;		     /* no redirection to another one */
	const char *shown;	     /* what a progress line calls it */
};

struct fetch_answer {
	unsigned status; /* 200 or 304 */
	struct buf body;
	char url[2048]; /* the one that answered */
	char etag[KEPT_FIELD_MAX], modified[KEPT_FIELD_MAX];
};

void fetch_answer_init(struct fetch_answer *a);
void fetch_answer_release(struct fetch_answer *a);

/* False: nothing usable came; `why` says what is wrong, without a line's end. */
bool fetch_url(const struct fetch_ask *ask, struct fetch_answer *a, struct buf *why);

#endif
