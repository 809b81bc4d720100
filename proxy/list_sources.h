/*
 * list_sources.h - where filter lists come from: files that the configuration names, those of the
 * system, and the kept copies of URLs.
 *
 *	if (list_sources_init(&sources, config)) ...
 *	for each: sources.list[i].path                // until the release
 *	list_sources_release(&sources);
 *
 * The kept copy of a URL is STATE/lists/NAME.txt, with what is known about it beside it in
 * NAME.meta and the copy before it in NAME.txt.old; `crumbgate lists update` writes them and nobody
 * else.  NAME is the last part of the URL's path and the beginning of the URL's SHA-256, such as
 * "easyprivacy-51c8c2ad": it says to a person what it is, it is the same each time, and no two URLs
 * share it.
 */
#ifndef CRUMBGATE_PROXY_LIST_SOURCES_H
#define CRUMBGATE_PROXY_LIST_SOURCES_H

#include "base/slice.h"

struct config;

#define LIST_NAME_SIZE 64u
#define LIST_FOLDER "lists"

enum list_from { LIST_FROM_FILE, LIST_FROM_SYSTEM, LIST_FROM_URL };

struct list_source {
	enum list_from from;
	const char *url;	   /* LIST_FROM_URL; borrowed from the configuration */
	char name[LIST_NAME_SIZE]; /* LIST_FROM_URL */
	char *path;
	bool there; /* always, but for a URL that was never fetched */
};

struct list_sources {
	struct list_source *list;
	size_t n;
};

/* In the order in which they count.  False: no memory. */
bool list_sources_init(struct list_sources *s, const struct config *config);
void list_sources_release(struct list_sources *s);

/* False: OpenSSL failed. */
bool list_url_name(struct slice url, char out[LIST_NAME_SIZE]);

#endif
