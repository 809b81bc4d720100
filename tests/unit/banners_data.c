/*
 * Cookies that sites set before anybody had answered a banner (CRUMBGATE_DATA, a crawl of 2026
 * without consent): none of them may read as consent.  Skipped without them.
 */
#include "filters/banners/read.h"

#include "data/tables.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define FILE_MAX (64u << 20)
#define CRAWL "traffic/crawl-2026-02-de-preconsent-dev.csv"

static bool read_path(const char *name, struct buf *out)
{
	const char *folder = getenv("CRUMBGATE_DATA");
	char path[4096];
	size_t n;
	FILE *f;

	if (folder == NULL)
		return false;
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "rb");
	if (f == NULL)
		return false;
	do {
		char *to = buf_reserve(out, 1 << 16);

		n = to != NULL ? fread(to, 1, 1 << 16, f) : 0;
		buf_commit(out, n);
	} while (n != 0);
	fclose(f);
	return buf_ok(out);
}

/* One field of CSV (RFC 4180), its quotes taken off into `text`. */
static struct slice csv_field(struct slice *rest, struct buf *text)
{
	struct slice field;

	buf_clear(text);
	if (rest->n == 0 || rest->p[0] != '"') {
		*rest = slice_cut(*rest, ',', &field);
		return field;
	}
	for (*rest = slice_skip(*rest, 1); rest->n != 0; *rest = slice_skip(*rest, 1)) {
		if (rest->p[0] == '"' && (rest->n < 2 || rest->p[1] != '"'))
			break;
		if (rest->p[0] == '"')
			*rest = slice_skip(*rest, 1);
		buf_addc(text, rest->p[0]);
	}
	*rest = slice_cut(slice_skip(*rest, 1), ',', &field);
	return buf_slice(text);
}

struct counts {
	unsigned read, state[BANNER_ACCEPT + 1];
};

static void count_line(const struct banners *t, struct slice line, struct counts *counts)
{
	struct banner_reading r[BANNER_READINGS_MAX];
	struct buf site, name, value;
	struct banner_pair pair;
	struct slice rest = line, host;
	size_t n;

	buf_init(&site, 1 << 12);
	buf_init(&name, 1 << 12);
	buf_init(&value, 1 << 16);
	host = csv_field(&rest, &site);
	pair.name = csv_field(&rest, &name);
	pair.value = csv_field(&rest, &value);
	n = banner_read(t, host, &pair, 1, r);
	for (size_t i = 0; i < n; i++) {
		counts->read++;
		counts->state[r[i].state]++;
		if (r[i].state == BANNER_ACCEPT || r[i].granted != 0)
			fail_msg("%.*s of %.*s reads as %s", SLICE_ARG(pair.name), SLICE_ARG(host),
				 banner_state_word(r[i].state));
	}
	buf_release(&value);
	buf_release(&name);
	buf_release(&site);
}

static void test_before_any_answer(void **state)
{
	struct counts counts = { .read = 0 };
	struct slice rest, line;
	struct banners *t;
	struct buf text, error;

	(void)state;
	buf_init(&text, FILE_MAX);
	if (!read_path(CRAWL, &text)) {
		buf_release(&text);
		skip();
	}
	buf_init(&error, 512);
	t = banners_new(table_banners, "banners.tsv", &error);
	assert_non_null(t);
	rest = slice_cut(buf_slice(&text), '\n', &line);
	while (rest.p != NULL) {
		rest = slice_cut(rest, '\n', &line);
		count_line(t, line, &counts);
	}
	printf("%u banner cookies:", counts.read);
	for (unsigned i = 0; i <= BANNER_ACCEPT; i++)
		printf(" %u %s", counts.state[i], banner_state_word((enum banner_state)i));
	printf("\n");
	assert_true(counts.read > 50);
	banners_free(t);
	buf_release(&error);
	buf_release(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_before_any_answer),
	};

	if (getenv("CRUMBGATE_DATA") == NULL) {
		puts("SKIP: CRUMBGATE_DATA is not set");
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
