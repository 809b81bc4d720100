/*
 * Real lists and requests, where there are some: CRUMBGATE_DATA names a folder with requests and what
 * two filter engines say of them over EasyList and EasyPrivacy; the lists are those of Debian's
 * package webext-ublock-origin-chromium, or in the folder that CRUMBGATE_LISTS names.
 */
#include "tests/unit/lists_tools.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define FILE_MAX (256u * 1024 * 1024)
#define PACKAGED "/usr/share/chromium/extensions/ublock-origin/assets/thirdparties/easylist"

static bool read_file(const char *folder, const char *name, struct buf *out)
{
	char path[4096];
	size_t n = 1;
	FILE *f;

	if (folder == NULL)
		return false;
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "rb");
	if (f == NULL)
		return false;
	while (n != 0) {
		char *to = buf_reserve(out, 1 << 16);

		n = to != NULL ? fread(to, 1, 1 << 16, f) : 0;
		buf_commit(out, n);
	}
	fclose(f);
	return buf_ok(out);
}

static struct {
	struct buf easylist, easyprivacy, oracle;
	struct lists_fixture f;
} data;

static bool set_up(void)
{
	const char *folder = getenv("CRUMBGATE_LISTS");
	struct lists_text texts[] = { { SLICE("easylist"), SLICE("") },
				      { SLICE("easyprivacy"), SLICE("") } };
	struct lists_input in = { .texts = texts, .n = 2 };

	buf_init(&data.easylist, FILE_MAX);
	buf_init(&data.easyprivacy, FILE_MAX);
	buf_init(&data.oracle, FILE_MAX);
	folder = folder != NULL ? folder : PACKAGED;
	if (!read_file(folder, "easylist.txt", &data.easylist) ||
	    !read_file(folder, "easyprivacy.txt", &data.easyprivacy) ||
	    !read_file(getenv("CRUMBGATE_DATA"), "requests/oracle-dev.tsv", &data.oracle))
		return false;
	texts[0].text = buf_slice(&data.easylist);
	texts[1].text = buf_slice(&data.easyprivacy);
	fixture_open_many(&data.f, &in);
	return true;
}

static void tear_down(bool opened)
{
	if (opened)
		fixture_close(&data.f);
	buf_release(&data.easylist);
	buf_release(&data.easyprivacy);
	buf_release(&data.oracle);
}

static size_t lines_of(struct slice text)
{
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++)
		n += text.p[i] == '\n';
	return n;
}

/* Next to nothing is left out but what hides parts of pages; it is small. */
static void test_lists_are_read(void **state)
{
	size_t left = 0;

	(void)state;
	for (unsigned kind = 0; kind < LEFT_KINDS; kind++)
		if (kind != LEFT_COSMETIC && kind != LEFT_PAGE && kind != LEFT_PLATFORM)
			left += lists_left_count(data.f.lists, (enum left_kind)kind);
	assert_true(lists_rules(data.f.lists) > 50000);
	assert_true(left * 1000 < lists_rules(data.f.lists));
	assert_true(buf_slice(&data.f.image).n < 12u << 20);
	assert_true(buf_slice(&data.f.image).n / 100 <
		    lines_of(buf_slice(&data.easylist)) + lines_of(buf_slice(&data.easyprivacy)));
}

static bool verdict_of(struct slice url, struct slice source, struct slice type, bool *blocked)
{
	struct query_facts facts = { .url = url, .source = source };
	struct lists_verdict v;

	if (!lists_type_of_word(type, &facts.type) || !query_set(data.f.query, &facts))
		return false;
	lists_match(data.f.lists, data.f.query, &v);
	*blocked = v.action == LISTS_BLOCK || v.action == LISTS_ANSWER;
	return true;
}

/* Where the two say the same (1: blocked), so must this. */
static void test_against_two_engines(void **state)
{
	struct slice rest = buf_slice(&data.oracle), line, column[5];
	size_t asked = 0, agreed = 0;
	bool blocked = false;

	(void)state;
	rest = slice_cut(rest, '\n', &line); /* the names of the columns */
	while (rest.n != 0) {
		rest = slice_cut(rest, '\n', &line);
		for (unsigned i = 0; i < 5; i++)
			line = slice_cut(line, '\t', &column[i]);
		if (!slice_eq(column[3], column[4]))
			continue;
		assert_true(verdict_of(column[0], column[1], column[2], &blocked));
		asked++;
		agreed += blocked == slice_eq(column[3], SLICE("1"));
	}
	print_message("%zu of %zu agree\n", agreed, asked);
	assert_true(asked > 100);
	assert_true(agreed * 1000 >= asked * 999);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_lists_are_read),
					    cmocka_unit_test(test_against_two_engines) };
	bool opened = set_up();
	int failed = 0;

	if (opened)
		failed = cmocka_run_group_tests(tests, NULL, NULL);
	else
		printf("SKIP: needs CRUMBGATE_DATA, and lists in " PACKAGED
		       " or CRUMBGATE_LISTS\n");
	tear_down(opened);
	return opened ? failed : 77;
}
