#include "cmd/match.h"

#include "base/json.h"
#include "cmd/command.h"
#include "cmd/evidence.h"
#include "proxy/list_files.h"
#include "filters/lists/match.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define LINE_BYTES_MAX ((size_t)64 * 1024)
#define OUT_MAX ((size_t)1024 * 1024)
#define SHOWN_MAX 20u

struct request {
	bool json, stats;
	const char *cache;
	struct list_files files;
};

struct tally {
	uint64_t line, asked, blocked, excepted, bad;
	double us;
};

static bool usage(const char *what)
{
	fprintf(stderr, "crumbgate match: %s; see 'crumbgate match --help'\n", what);
	return false;
}

static bool read_arguments(int argc, char **argv, struct request *q)
{
	static const struct option longs[] = { { "list", required_argument, NULL, 'l' },
					       { "cache", required_argument, NULL, 'c' },
					       { "json", no_argument, NULL, 'j' },
					       { "stats", no_argument, NULL, 's' },
					       { NULL, 0, NULL, 0 } };
	int c;

	quiet_options();
	while ((c = getopt_long(argc, argv, "-", longs, NULL)) != -1) {
		if (c == 'l' || c == 1) {
			if (c == 1 && q->files.n == 0)
				return usage("the first list needs --list before it");
			if (!list_files_add(&q->files, optarg))
				return false;
		} else if (c == 'c') {
			q->cache = optarg;
		} else if (c == 'j') {
			q->json = true;
		} else if (c == 's') {
			q->stats = true;
		} else {
			return wrong_option("match", argv);
		}
	}
	for (; optind < argc; optind++)
		if (!list_files_add(&q->files, argv[optind]))
			return false;
	return q->files.n != 0 || usage("which lists? name them with --list FILE");
}

/* ---- one answer ---- */

/* What a tab-separated line can hold. */
static void put_column(struct buf *out, struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		buf_addc(out, (unsigned char)s.p[i] < ' ' ? ' ' : s.p[i]);
}

static bool is_block(const struct lists_verdict *v)
{
	return v->action == LISTS_BLOCK || v->action == LISTS_ANSWER;
}

static void put_text(struct buf *out, const struct lists *l, const struct lists_verdict *v)
{
	buf_adds(out, is_block(v) ? "block\t" : "allow\t");
	put_column(out, v->rule.text);
	buf_addc(out, '\t');
	if (v->action != LISTS_NOTHING)
		put_column(out, lists_name(l, v->rule.list));
	buf_addc(out, '\n');
}

static void put_rule(struct buf *out, const struct lists *l, const char *key, const char *list,
		     const struct lists_rule *rule)
{
	json_kv(out, key, rule->text);
	json_kv(out, list, lists_name(l, rule->list));
}

static void put_json(struct buf *out, const struct lists *l, const struct lists_verdict *v,
		     const char *error)
{
	json_open(out, '{');
	json_kv(out, "verdict", is_block(v) ? SLICE("block") : SLICE("allow"));
	if (v->action != LISTS_NOTHING)
		put_rule(out, l, "rule", "list", &v->rule);
	if (v->action == LISTS_EXCEPT)
		put_rule(out, l, "against", "against_list", &v->against);
	if (v->action == LISTS_ANSWER) {
		json_kv(out, "answer", slice_str(lists_body_data(v->body)->name));
		put_rule(out, l, "answer_rule", "answer_list", &v->body_rule);
	}
	if (error != NULL)
		json_kv(out, "error", slice_str(error));
	json_close(out, '}');
	buf_addc(out, '\n');
}

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* NULL, or what is wrong with the line. */
static const char *ask(const struct request *r, struct query *q, struct slice line, struct tally *t,
		       struct lists_verdict *v)
{
	struct query_facts f = { 0 };
	struct slice type, more;
	double began;
	bool good;

	*v = (struct lists_verdict){ .action = LISTS_NOTHING };
	line = slice_cut(line, '\t', &f.url);
	line = slice_cut(line, '\t', &f.source);
	more = slice_cut(line, '\t', &type);
	if (line.p == NULL || more.p != NULL)
		return "not three columns, URL, source URL and type";
	if (!lists_type_of_word(type, &f.type))
		return "a type that does not exist";
	began = r->stats ? now_us() : 0;
	good = query_set(q, &f);
	if (good)
		lists_match(r->files.lists, q, v);
	t->us += r->stats ? now_us() - began : 0;
	if (!good)
		return "not a URL of http, https, ws or wss";
	t->asked++;
	t->blocked += is_block(v);
	t->excepted += v->action == LISTS_EXCEPT;
	return NULL;
}

static void answer(const struct request *r, struct query *q, struct slice line, struct tally *t,
		   struct buf *out)
{
	struct lists_verdict v;
	const char *wrong = ask(r, q, line, t, &v);

	t->line++;
	if (wrong != NULL) {
		fprintf(stderr, "crumbgate match: line %llu: %s\n", (unsigned long long)t->line,
			wrong);
		t->bad++;
	}
	buf_clear(out);
	if (r->json)
		put_json(out, r->files.lists, &v, wrong);
	else
		put_text(out, r->files.lists, &v);
	fwrite(buf_slice(out).p, 1, buf_slice(out).n, stdout);
}

static bool answer_all(const struct request *r, struct query *q, struct tally *t)
{
	struct buf out;
	char *line = NULL;
	size_t size = 0;
	ssize_t n;

	buf_init(&out, OUT_MAX);
	while ((n = getline(&line, &size, stdin)) >= 0) {
		size_t length = (size_t)n;

		if (length != 0 && line[length - 1] == '\n')
			length--;
		if (length != 0 && line[length - 1] == '\r')
			length--;
		answer(r, q, slice_of(line, length < LINE_BYTES_MAX ? length : LINE_BYTES_MAX), t,
		       &out);
	}
	free(line);
	buf_release(&out);
	if (ferror(stdin) == 0)
		return true;
	perror("crumbgate match: standard input");
	return false;
}

/* ---- what was read ---- */

static void show_left(const struct lists *l)
{
	struct lists_left left;

	for (unsigned kind = 0; kind < LEFT_KINDS; kind++) {
		size_t n = lists_left_count(l, (enum left_kind)kind), shown = 0;

		if (n == 0)
			continue;
		fprintf(stderr, "left out: %zu (%s)\n", n, left_kind_name((enum left_kind)kind));
		for (size_t i = 0; shown < SHOWN_MAX && lists_left(l, i, &left); i++) {
			if (left.kind != (enum left_kind)kind)
				continue;
			fprintf(stderr, "  %.*s:%u: %.*s\n", SLICE_ARG(lists_name(l, left.list)),
				left.line, SLICE_ARG(left.text));
			shown++;
		}
		if (shown != 0 && shown < n)
			fprintf(stderr, "  ... and %zu more\n", n - shown);
	}
}

static void show_stats(const struct request *r, const struct tally *t)
{
	const struct list_files *f = &r->files;

	for (size_t i = 0; i < lists_count(f->lists); i++)
		fprintf(stderr, "list: %.*s: %zu rules\n", SLICE_ARG(lists_name(f->lists, i)),
			lists_rules_of(f->lists, i));
	show_left(f->lists);
	fprintf(stderr, "rules: %zu\n", lists_rules(f->lists));
	fprintf(stderr, "read: %.1f ms\nload: %.1f ms from %s\nimage: %zu octets\n", f->read_ms,
		f->load_ms, f->from_cache ? "the cache" : "text", f->image_n);
	fprintf(stderr, "requests: %llu, blocked %llu, excepted %llu, unreadable %llu\n",
		(unsigned long long)t->asked, (unsigned long long)t->blocked,
		(unsigned long long)t->excepted, (unsigned long long)t->bad);
	if (t->asked != 0)
		fprintf(stderr, "mean: %.3f us a match\n", t->us / (double)t->asked);
}

static int run(struct request *r)
{
	struct sites *sites = sites_new(SITES_LATEST);
	struct query *q = sites != NULL ? query_new(sites) : NULL;
	struct tally t = { 0 };
	int status = COMMAND_USAGE;

	if (q == NULL)
		fprintf(stderr, "crumbgate match: no public-suffix list, or no memory\n");
	else if (answer_all(r, q, &t))
		status = t.bad == 0 ? COMMAND_GOOD : COMMAND_NO;
	if (r->stats && q != NULL)
		show_stats(r, &t);
	query_free(q);
	sites_free(sites);
	return status;
}

int cmd_match(int argc, char **argv)
{
	struct request r = { 0 };
	int status = COMMAND_USAGE;

	list_files_init(&r.files, "match");
	if (read_arguments(argc, argv, &r) && list_files_open(&r.files, r.cache))
		status = run(&r);
	list_files_release(&r.files);
	return status;
}
