#include "cmd/log.h"

#include "base/clock.h"
#include "cmd/command.h"
#include "cmd/evidence.h"
#include "cmd/log_table.h"
#include "cmd/words.h"
#include "evidence/entry.h"
#include "evidence/files.h"
#include "evidence/note.h"
#include "evidence/reader.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define OUT_MAX ((size_t)8 * 1024 * 1024)
#define FOLLOW_MS 200

struct request {
	bool json, follow, pem;
	bool by_kind;
	enum entry_kind kind;
	const char *site_given; /* NULL: any */
	char site[SITE_MAX];
	struct sites *sites; /* with a site: for entries that have only a host */
	int64_t since;
	char path[EVIDENCE_PATH_MAX];
};

static bool usage(const char *what)
{
	fprintf(stderr, "crumbgate log: %s; see 'crumbgate log --help'\n", what);
	return false;
}

/* A whole RFC 3339 time, or its beginning: 2026-11, 2026-11-22, 2026-11-22T03:36. */
static bool read_time(const char *text, int64_t *out)
{
	char full[] = "0000-01-01T00:00:00.000Z";
	size_t n = strlen(text);

	if (n != 0 && (text[n - 1] == 'Z' || text[n - 1] == 'z'))
		n--;
	if (n > CLOCK_RFC3339_LEN - 1)
		return false;
	for (size_t i = 0; i < n; i++)
		full[i] = text[i];
	*out = clock_parse_rfc3339(full, CLOCK_RFC3339_LEN);
	return *out >= 0;
}

static bool usage_kinds(void)
{
	fprintf(stderr, "crumbgate log: --kind: there is no such kind of entry; the kinds are");
	for (unsigned k = 0; k < ENTRY_KINDS; k++)
		fprintf(stderr, "%s %s", k == 0 ? "" : ",", entry_kind_word((enum entry_kind)k));
	fputc('\n', stderr);
	return false;
}

static bool read_option(int c, struct request *q, struct state_given *from)
{
	switch (c) {
	case 'j':
		q->json = true;
		return true;
	case 'T':
		q->json = false;
		return true;
	case 'f':
		q->follow = true;
		return true;
	case 'p':
		q->pem = true;
		return true;
	case 'c':
		from->config = optarg;
		return true;
	case 's':
		from->state = optarg;
		return true;
	case 'k':
		q->by_kind = entry_kind_of(slice_str(optarg), &q->kind);
		return q->by_kind || usage_kinds();
	case 'S':
		q->site_given = optarg;
		return true;
	case 't':
		return read_time(optarg, &q->since) ||
		       usage("--since takes a UTC time, such as 2026-11-22 or 2026-11-22T03:36");
	default:
		return false;
	}
}

/* Entries have registrable domains, or * for a choice about all; --site may be a host or a URL. */
static bool read_site(struct request *q)
{
	q->sites = sites_new(SITES_LATEST);
	if (q->sites == NULL)
		return usage("the list of sites cannot be read");
	if (strcmp(q->site_given, "*") == 0)
		return slice_copy(SLICE("*"), q->site, sizeof(q->site));
	return words_site(q->sites, slice_str(q->site_given), q->site) ||
	       usage("--site takes a site's name, such as shop.example, a host's or a URL");
}

static bool read_arguments(int argc, char **argv, struct request *q)
{
	static const struct option longs[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "table", no_argument, NULL, 'T' },
		{ "follow", no_argument, NULL, 'f' },
		{ "config", required_argument, NULL, 'c' },
		{ "state", required_argument, NULL, 's' },
		{ "kind", required_argument, NULL, 'k' },
		{ "site", required_argument, NULL, 'S' },
		{ "since", required_argument, NULL, 't' },
		{ "pem", no_argument, NULL, 'p' },
		{ NULL, 0, NULL, 0 },
	};
	struct state_given from = { NULL, NULL };
	int c;

	quiet_options();
	while ((c = getopt_long(argc, argv, "c:f", longs, NULL)) != -1)
		if (c == '?' ? !wrong_option("log", argv) : !read_option(c, q, &from))
			return false;
	if (argc - optind > 1)
		return usage("one log at a time");
	if (!evidence_place("log", optind < argc ? argv[optind] : NULL, &from, q->path,
			    sizeof(q->path)))
		return false;
	return q->site_given == NULL || read_site(q);
}

/* ---- entries ---- */

static bool of_site(const struct request *q, const struct entry *e)
{
	char site[SITE_MAX];

	if (e->kind == ENTRY_PASS || e->kind == ENTRY_REFUSE)
		return site_of_host(q->sites, e->host, site) && same_site(site, q->site);
	return slice_ieq(e->site, slice_str(q->site));
}

static bool wanted(const struct request *q, const struct entry *e)
{
	if (q->by_kind && e->kind != q->kind)
		return false;
	if (q->site_given != NULL && !of_site(q, e))
		return false;
	return e->t >= q->since;
}

static bool write_out(struct buf *out)
{
	struct slice s = buf_slice(out);
	bool ok = fwrite(s.p, 1, s.n, stdout) == s.n && fflush(stdout) == 0;

	buf_clear(out);
	return ok;
}

static bool put_chunk(const struct request *q, const struct reader_chunk *c, char *scratch,
		      struct log_table *table, struct buf *out)
{
	struct slice rest = c->lines;
	bool all = q->json && !q->by_kind && q->site_given == NULL && q->since == 0;

	for (uint64_t i = 0; rest.n != 0; i++) {
		struct slice line = slice_head(rest, slice_find(rest, '\n'));
		struct entry e;
		size_t where;

		rest = slice_skip(rest, line.n + 1);
		if (!entry_parse(line, scratch, &e, &where)) {
			write_out(out);
			fprintf(stderr,
				"crumbgate log: %s:%" PRIu64
				": not an entry (byte %zu); run 'crumbgate "
				"verify'\n",
				c->file, c->line + i, where + 1);
			return false;
		}
		if (!all && !wanted(q, &e))
			continue;
		if (q->json) {
			buf_add(out, line);
			buf_addc(out, '\n');
		} else {
			log_table_entry(table, &e, out);
		}
		if (buf_slice(out).n > OUT_MAX / 2 && !write_out(out))
			return false;
	}
	return write_out(out);
}

static int print_entries(const struct request *q, struct reader *in)
{
	const struct timespec pause = { 0, FOLLOW_MS * 1000000L };
	struct reader_chunk c;
	struct log_table table;
	struct buf mem, out;
	char *scratch = malloc(ENTRY_LINE_MAX);
	int status = COMMAND_GOOD, got = 0;

	buf_init(&mem, READER_CHUNK_MAX);
	buf_init(&out, OUT_MAX);
	log_table_init(&table, log_table_width(STDOUT_FILENO));
	if (!q->json)
		log_table_head(&table, !q->by_kind || q->kind == ENTRY_SET || q->kind == ENTRY_SENT,
			       &out);
	if (!write_out(&out))
		status = COMMAND_USAGE;
	while (scratch != NULL && status == COMMAND_GOOD) {
		got = reader_next(in, &mem, &c);
		if (got > 0 && !put_chunk(q, &c, scratch, &table, &out))
			status = COMMAND_NO;
		if (got > 0)
			continue;
		if (got < 0 || !q->follow || !reader_follow(in))
			break;
		nanosleep(&pause, NULL);
	}
	if (got < 0) {
		fprintf(stderr, "crumbgate log: %s\n", reader_error(in));
		status = COMMAND_NO;
	}
	free(scratch);
	log_table_release(&table);
	buf_release(&mem);
	buf_release(&out);
	return status;
}

/* ---- the key ---- */

static int print_key(const struct request *q, struct reader *in)
{
	struct note_key k;
	struct buf text, pem;
	int status = COMMAND_NO;

	buf_init(&text, NOTE_MAX);
	buf_init(&pem, NOTE_MAX);
	if (!file_read(reader_dir(in), "vkey", &text) ||
	    !note_key_parse(
		    slice_trim(slice_head(buf_slice(&text), slice_find(buf_slice(&text), '\n'))),
		    &k)) {
		fprintf(stderr, "crumbgate log: the log has no verifier key (the file vkey)\n");
	} else {
		if (q->pem && note_key_pem(&k, &pem))
			status = COMMAND_GOOD;
		if (!q->pem) {
			note_key_format(&k, &pem);
			buf_addc(&pem, '\n');
			status = COMMAND_GOOD;
		}
		write_out(&pem);
	}
	buf_release(&text);
	buf_release(&pem);
	return status;
}

int cmd_log(int argc, char **argv)
{
	bool key = argc > 1 && strcmp(argv[1], "key") == 0;
	struct request q = { .json = !isatty(STDOUT_FILENO) };
	int status = COMMAND_USAGE;
	struct reader *in;
	char why[512];

	if (read_arguments(argc - key, argv + key, &q) && evidence_folder("log", q.path)) {
		in = reader_open(q.path, why, sizeof(why));
		if (in == NULL)
			fprintf(stderr, "crumbgate log: %s: %s\n", q.path, why);
		else
			status = key ? print_key(&q, in) : print_entries(&q, in);
		reader_free(in);
	}
	sites_free(q.sites);
	return status;
}
