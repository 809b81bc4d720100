#include "tests/unit/lists_tools.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

void fixture_open_many(struct lists_fixture *f, const struct lists_input *in)
{
	struct buf error;

	buf_init(&error, 256);
	buf_init(&f->image, LISTS_IMAGE_BYTES_MAX);
	assert_true(lists_build(in, &f->image, &error));
	f->lists = lists_open(buf_slice(&f->image), &error);
	assert_non_null(f->lists);
	assert_int_equal(buf_slice(&error).n, 0);
	f->sites = sites_new(SITES_BUILTIN);
	f->query = query_new(f->sites);
	assert_non_null(f->query);
	buf_release(&error);
}

void fixture_open(struct lists_fixture *f, const char *text)
{
	struct lists_text one = { SLICE("test"), slice_str(text) };
	struct lists_input in = { .texts = &one, .n = 1 };

	fixture_open_many(f, &in);
}

void fixture_close(struct lists_fixture *f)
{
	query_free(f->query);
	sites_free(f->sites);
	lists_free(f->lists);
	buf_release(&f->image);
}

void fixture_set(struct lists_fixture *f, struct query_facts *facts, const char *url,
		 const char *source, const char *type)
{
	facts->url = slice_str(url);
	facts->source = slice_str(source);
	assert_true(lists_type_of_word(slice_str(type), &facts->type));
	assert_true(query_set(f->query, facts));
}

enum lists_action fixture_ask(struct lists_fixture *f, const char *url, const char *source,
			      const char *type, struct lists_verdict *out)
{
	struct query_facts facts = { 0 };

	fixture_set(f, &facts, url, source, type);
	lists_match(f->lists, f->query, out);
	return out->action;
}
