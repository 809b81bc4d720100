/*
 * list_files.h - filter lists from files: read, compiled, or mapped from a cache of the compiled
 * form.
 *
 *	struct list_files files;
 *	list_files_init(&files, "match");
 *	for each: list_files_add(&files, path);
 *	if (!list_files_open(&files, cache)) ...         // said on stderr
 *	...files.lists...
 *	list_files_release(&files);
 */
#ifndef CRUMBGATE_PROXY_LIST_FILES_H
#define CRUMBGATE_PROXY_LIST_FILES_H

#include "filters/lists/build.h"
#include "filters/lists/lists.h"

#include <stdint.h>

#define LIST_FILES_MAX 200u
/* Of one file. */
#define LIST_TEXT_MAX ((size_t)128 * 1024 * 1024)

struct list_file {
	const char *path;
	struct buf text;
	int64_t changed_ns;
};

struct list_files {
	const char *command; /* for messages */
	struct list_file *files;
	size_t n;
	struct list_file *included;
	size_t included_n;
	/* One of these holds the image. */
	struct buf image;
	void *map;
	size_t map_n;
	struct lists *lists;
	bool from_cache;
	double read_ms, load_ms; /* the texts from disk; from there to lists */
	size_t image_n;
};

void list_files_init(struct list_files *f, const char *command);
void list_files_release(struct list_files *f);

/* Its name without the folder. */
struct slice list_file_name(const struct list_file *f);

/* Borrows path. */
bool list_files_add(struct list_files *f, const char *path);
/*
 * `cache` may be NULL; else the image there is taken where it is newer than all the files and made
 * of the same texts, and written where it is not.
 */
bool list_files_open(struct list_files *f, const char *cache);
/*
 * The same for a process that must not look into them: `compile` (list_compile.h) does, and returns a
 * descriptor of the image, or -1.  Who asks them says lists_ready() before.
 */
typedef int list_compiler(const struct lists_input *in, const char *user);
bool list_files_open_by(struct list_files *f, list_compiler *compile_it, const char *user);

#endif
