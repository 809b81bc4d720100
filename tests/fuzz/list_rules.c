/*
 * libFuzzer: a filter list, compiled, opened and asked.  The first line of the input is a URL, the
 * second its source, the rest the list.  What is compiled opens; the same compiles to the same.
 */
#include "filters/lists/build.h"
#include "filters/lists/modify.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool include(void *arg, size_t list, struct slice path, struct slice *text)
{
	const struct slice *all = arg;

	(void)list;
	*text = *all;
	return path.n % 2 == 0;
}

static void build(struct slice list, struct buf *image)
{
	struct lists_text one = { SLICE("fuzz"), list };
	struct lists_input in = { &one, 1, include, &list };
	struct buf error;

	buf_init(&error, 256);
	buf_init(image, LISTS_IMAGE_BYTES_MAX);
	if (!lists_build(&in, image, &error))
		abort();
	buf_release(&error);
}

static void ask(const struct lists *l, struct query *q, const struct query_facts *facts)
{
	struct lists_field fields[4];
	struct lists_cookie cookie;
	struct lists_verdict v;
	struct lists_rule by;
	struct buf url;

	if (!query_set(q, facts))
		return;
	buf_init(&url, 16384);
	lists_match(l, q, &v);
	if (v.action != LISTS_NOTHING && v.rule.text.n == 0)
		abort();
	lists_match_answer(l, q, &v);
	if (lists_strip(l, q, &url, &by, 1) != 0 && buf_slice(&url).n >= facts->url.n)
		abort();
	lists_match_cookie(l, q, SLICE("_ga"), &cookie);
	lists_match_fields(l, q, fields, 4);
	lists_skip(l, q, true, &url, &by);
	buf_release(&url);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct query_field field = { SLICE("Via"), SLICE("varnish") };
	const struct slice alias = SLICE("tracker.example");
	static struct sites *sites;
	static struct query *q;
	struct slice list = slice_of((const char *)data, size), url, source;
	struct query_facts facts = { .method = SLICE("GET"),
				     .fields = &field,
				     .fields_n = 1,
				     .aliases = &alias,
				     .aliases_n = 1 };
	struct buf image, again, error;
	struct lists *l;

	if (size > 65536)
		return 0;
	if (q == NULL) {
		sites = sites_new(SITES_BUILTIN);
		q = query_new(sites);
	}
	list = slice_cut(list, '\n', &url);
	list = slice_cut(list, '\n', &source);
	buf_init(&error, 256);
	build(list, &image);
	build(list, &again);
	if (!slice_eq(buf_slice(&image), buf_slice(&again)))
		abort();
	l = lists_open(buf_slice(&image), &error);
	if (l == NULL)
		abort();
	facts.url = url;
	facts.source = source;
	for (unsigned type = 0; type < LISTS_TYPES; type++) {
		facts.type = (enum lists_type)type;
		ask(l, q, &facts);
	}
	lists_free(l);
	buf_release(&image);
	buf_release(&again);
	buf_release(&error);
	return 0;
}
