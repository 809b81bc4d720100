#include "cmd/check_lists.h"

#include "evidence/files.h"
#include "filters/lists/looks.h"
#include "proxy/list_files.h"
#include "proxy/list_sources.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define WHY_MAX 256u

static bool complain(const char *path, struct slice what)
{
	fprintf(stderr, "%s: %.*s\n", path, SLICE_ARG(what));
	return false;
}

static bool check_one(const char *path)
{
	struct list_look look;
	struct buf text, why;
	bool good;

	buf_init(&text, LIST_TEXT_MAX);
	buf_init(&why, WHY_MAX);
	if (file_read(AT_FDCWD, path, &text)) {
		look = list_look(buf_slice(&text));
		good = list_look_good(&look, &why) || complain(path, buf_slice(&why));
	} else {
		good = complain(path, slice_str(strerror(errno)));
	}
	buf_release(&text);
	buf_release(&why);
	return good;
}

bool check_lists(const struct config *config)
{
	struct list_sources all;
	bool good = true;

	if (!list_sources_init(&all, config))
		return complain("the filter lists", SLICE("out of memory"));
	for (size_t i = 0; i < all.n; i++)
		if (all.list[i].there)
			good = check_one(all.list[i].path) && good;
	list_sources_release(&all);
	return good;
}
