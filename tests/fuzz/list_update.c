/*
 * libFuzzer: what came from a list's server.  The input's parts, split at NUL, are the list and what
 * it includes.  A list that is taken compiles, and holds for a time within its bounds.
 */
#include "cmd/lists_check.h"
#include "cmd/lists_whole.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool get(void *arg, const char *url, struct buf *text, struct buf *why)
{
	struct slice *rest = arg, part;

	if (!slice_starts(slice_str(url), SLICE("https://a.test/l/")) ||
	    strstr(url, "/../") != NULL)
		abort();
	if (rest->n == 0) {
		buf_adds(why, "no more");
		return false;
	}
	*rest = slice_cut(*rest, '\0', &part);
	return buf_add(text, part);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice rest = slice_of((const char *)data, size), list;
	struct list_facts facts;
	struct buf out, why;
	struct whole w = { .out = &out, .get = get, .arg = &rest };
	int64_t s;

	rest = slice_cut(rest, '\0', &list);
	buf_init(&out, (size_t)1024 * 1024);
	buf_init(&why, 65536);
	if (whole_make(&w, "https://a.test/l/list.txt", list, &why)) {
		s = list_expires_s(buf_slice(&out));
		if (s < LIST_EXPIRES_MIN_S || s > LIST_EXPIRES_MAX_S)
			abort();
		if (list_check(buf_slice(&out), 0, &facts, &why) && facts.rules == 0)
			abort();
	} else if (buf_slice(&why).n == 0) {
		abort();
	}
	buf_release(&why);
	buf_release(&out);
	return 0;
}
