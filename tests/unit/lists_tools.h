/*
 * lists_tools.h - filter lists from a text, and questions to them in a line.
 */
#ifndef CRUMBGATE_TESTS_UNIT_LISTS_TOOLS_H
#define CRUMBGATE_TESTS_UNIT_LISTS_TOOLS_H

#include "filters/lists/build.h"
#include "filters/lists/modify.h"

struct lists_fixture {
	struct buf image;
	struct lists *lists;
	struct sites *sites;
	struct query *query;
};

/* Compiles; a failure is the test's. */
void fixture_open(struct lists_fixture *f, const char *text);
void fixture_open_many(struct lists_fixture *f, const struct lists_input *in);
void fixture_close(struct lists_fixture *f);

/* Makes the request ready; `type` is a word. */
void fixture_set(struct lists_fixture *f, struct query_facts *facts, const char *url,
		 const char *source, const char *type);
enum lists_action fixture_ask(struct lists_fixture *f, const char *url, const char *source,
			      const char *type, struct lists_verdict *out);

#endif
