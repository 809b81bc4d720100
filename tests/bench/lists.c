/*
 * What filter lists cost: compiling, opening, memory, and a match of each request of a file, whole
 * (URL taken apart, tokens, sites of both hosts, verdict) as the proxy would ask.  Requests are lines
 * as `crumbgate match` reads them.
 *
 *	make tests/bench/lists && tests/bench/lists REQUESTS.tsv... -- LIST...
 */
#include "base/hash.h"
#include "proxy/list_files.h"
#include "filters/lists/match.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define PASSES 9u
#define TEXT_MAX ((size_t)256 * 1024 * 1024)

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double quantile(const double *sorted, size_t n, double p)
{
	return n != 0 ? sorted[(size_t)((double)(n - 1) * p + 0.5)] : 0;
}

static bool read_file(const char *path, struct buf *out)
{
	FILE *f = fopen(path, "rb");
	size_t n = 1;

	if (f == NULL) {
		perror(path);
		return false;
	}
	while (n != 0) {
		char *to = buf_reserve(out, 1 << 16);

		n = to != NULL ? fread(to, 1, 1 << 16, f) : 0;
		buf_commit(out, n);
	}
	fclose(f);
	return buf_ok(out);
}

static size_t read_requests(struct slice text, struct query_facts **out)
{
	size_t n = 0, size = 0;
	struct slice line;

	*out = NULL;
	while (text.n != 0) {
		struct query_facts f = { 0 };

		text = slice_cut(text, '\n', &line);
		line = slice_cut(line, '\t', &f.url);
		line = slice_cut(line, '\t', &f.source);
		if (line.p == NULL || !lists_type_of_word(line, &f.type))
			continue;
		if (n == size) {
			struct query_facts *more;

			size = size != 0 ? size * 2 : 4096;
			more = realloc(*out, size * sizeof(**out));
			if (more == NULL)
				return n;
			*out = more;
		}
		(*out)[n++] = f;
	}
	return n;
}

static unsigned ask(const struct lists *l, struct query *q, const struct query_facts *f)
{
	struct lists_verdict v = { 0 };

	if (query_set(q, f))
		lists_match(l, q, &v);
	return v.action == LISTS_BLOCK || v.action == LISTS_ANSWER;
}

static void measure(const struct lists *l, struct query *q, const char *path)
{
	double pass[PASSES], *each, began;
	struct query_facts *f;
	unsigned blocked = 0;
	struct buf text;
	size_t n;

	buf_init(&text, TEXT_MAX);
	if (!read_file(path, &text))
		return;
	n = read_requests(buf_slice(&text), &f);
	each = calloc(n + 1, sizeof(*each));
	for (unsigned p = 0; each != NULL && p < PASSES; p++) {
		began = now_us();
		blocked = 0;
		for (size_t i = 0; i < n; i++)
			blocked += ask(l, q, &f[i]);
		pass[p] = (now_us() - began) / (double)n;
	}
	for (size_t i = 0; each != NULL && i < n; i++) {
		began = now_us();
		ask(l, q, &f[i]);
		each[i] = now_us() - began;
	}
	if (each != NULL) {
		qsort(pass, PASSES, sizeof(*pass), by_value);
		qsort(each, n, sizeof(*each), by_value);
		printf("%s: %zu requests, %u blocked, us a match: mean %.3f (%.3f to %.3f), p50 "
		       "%.2f, p99 %.2f, max %.1f\n",
		       path, n, blocked, pass[PASSES / 2], pass[0], pass[PASSES - 1],
		       quantile(each, n, 0.5), quantile(each, n, 0.99), quantile(each, n, 1));
	}
	free(each);
	free(f);
	buf_release(&text);
}

int main(int argc, char **argv)
{
	struct sites *sites = sites_new(SITES_LATEST);
	struct query *q = query_new(sites);
	struct list_files files;
	int lists = 1;

	hash_seed();
	list_files_init(&files, "bench");
	while (lists < argc && strcmp(argv[lists], "--") != 0)
		lists++;
	for (int i = lists + 1; i < argc; i++)
		list_files_add(&files, argv[i]);
	if (q == NULL || files.n == 0 || !list_files_open(&files, NULL))
		return 2;
	printf("%zu rules; read %.1f ms, compile and open %.1f ms, image %.2f MiB\n",
	       lists_rules(files.lists), files.read_ms, files.load_ms,
	       (double)files.image_n / 1048576);
	for (int i = 1; i < lists; i++)
		measure(files.lists, q, argv[i]);
	list_files_release(&files);
	query_free(q);
	sites_free(sites);
	return 0;
}
