#include "cmd/replay.h"

#include "base/json.h"
#include "base/plain.h"
#include "cmd/command.h"
#include "cmd/evidence.h"
#include "data/tables.h"
#include "evidence/replay.h"
#include "filters/rules_text.h"
#include "evidence/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define OUT_MAX ((size_t)256 * 1024 * 1024)
#define TABLE_ROWS 40u
#define VERDICT_WIDTH 11
#define DECISION_WIDTH (11 + 1 + VERDICT_WIDTH)

struct request {
	bool json, has_profile;
	enum profile profile;
	const char *rules_path;
	struct rules *rules;
	char path[EVIDENCE_PATH_MAX];
};

static bool usage(const char *what)
{
	fprintf(stderr, "crumbgate replay: %s; see 'crumbgate replay --help'\n", what);
	return false;
}

/* ---- the rules asked for ---- */

/* A folder's table: cookies.tsv, or its only .tsv file. */
static bool table_in(const char *folder, char *out, size_t size)
{
	DIR *d = opendir(folder);
	struct dirent *e;
	unsigned found = 0;

	if (d == NULL)
		return false;
	while ((e = readdir(d)) != NULL) {
		if (!slice_ends(slice_str(e->d_name), SLICE(".tsv")))
			continue;
		found++;
		snprintf(out, size, "%s/%s", folder, e->d_name);
		if (strcmp(e->d_name, "cookies.tsv") == 0) {
			found = 1;
			break;
		}
	}
	closedir(d);
	return found == 1;
}

/* A cookie table alone comes with the program's own trackers and weights. */
static bool add_own(struct buf *text)
{
	const struct rules_sections own = rules_sections_of(table_rules);
	struct rules_sections s = rules_sections_of(buf_slice(text));
	struct buf whole;
	bool good;

	if (s.trackers.p != NULL || s.weights.p != NULL)
		return true;
	s.trackers = own.trackers;
	s.weights = own.weights;
	buf_init(&whole, RULES_TEXT_MAX);
	good = rules_sections_join(&s, &whole);
	buf_clear(text);
	good = good && buf_add(text, buf_slice(&whole));
	buf_release(&whole);
	return good;
}

static bool load_rules(struct request *q)
{
	char path[EVIDENCE_PATH_MAX];
	struct buf text, why;
	struct stat st;

	if (!slice_copy(slice_str(q->rules_path), path, sizeof(path)))
		return usage("--rules: too long a path");
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode) &&
	    !table_in(q->rules_path, path, sizeof(path)))
		return usage("--rules: the folder must hold cookies.tsv, or one .tsv file");
	buf_init(&text, RULES_TEXT_MAX);
	buf_init(&why, 1024);
	if (!file_read(AT_FDCWD, path, &text))
		fprintf(stderr, "crumbgate replay: %s: %s\n", path, strerror(errno));
	else if (!add_own(&text))
		fprintf(stderr, "crumbgate replay: %s: larger than 64 MiB\n", path);
	else if ((q->rules = rules_new(buf_slice(&text), path, &why)) == NULL)
		fprintf(stderr, "crumbgate replay: %.*s\n", SLICE_ARG(slice_trim(buf_slice(&why))));
	buf_release(&text);
	buf_release(&why);
	return q->rules != NULL;
}

static bool read_arguments(int argc, char **argv, struct request *q)
{
	static const struct option longs[] = { { "json", no_argument, NULL, 'j' },
					       { "profile", required_argument, NULL, 'p' },
					       { "rules", required_argument, NULL, 'r' },
					       { "config", required_argument, NULL, 'c' },
					       { "state", required_argument, NULL, 's' },
					       { NULL, 0, NULL, 0 } };
	struct state_given from = { NULL, NULL };
	int c;

	quiet_options();
	while ((c = getopt_long(argc, argv, "c:", longs, NULL)) != -1) {
		if (c == 'j')
			q->json = true;
		else if (c == 'c')
			from.config = optarg;
		else if (c == 's')
			from.state = optarg;
		else if (c == 'r')
			q->rules_path = optarg;
		else if (c == 'p')
			q->has_profile = profile_of_word(slice_str(optarg), &q->profile);
		else
			return wrong_option("replay", argv);
		if (c == 'p' && !q->has_profile)
			return usage("--profile is default, minors or investigator");
	}
	if (argc - optind > 1)
		return usage("one log at a time");
	if (!evidence_place("replay", optind < argc ? argv[optind] : NULL, &from, q->path,
			    sizeof(q->path)))
		return false;
	return q->rules_path == NULL || load_rules(q);
}

/* ---- the answer ---- */

static void put_decision(struct buf *out, const char *key, struct slice purpose,
			 struct slice verdict, struct slice why)
{
	json_key(out, key);
	json_open(out, '{');
	json_kv(out, "purpose", purpose);
	json_kv(out, "verdict", verdict);
	json_kv(out, "why", why);
	json_close(out, '}');
}

static void put_json(struct buf *out, const char *path, const struct replay_report *r)
{
	json_open(out, '{');
	json_kv(out, "result", r->result == REPLAY_SAME ? SLICE("identical") : SLICE("different"));
	json_kv(out, "log", slice_str(path));
	json_kv_u64(out, "entries", r->entries);
	json_kv_u64(out, "replayed", r->replayed);
	json_kv_u64(out, "sightings", r->sightings);
	json_kv_u64(out, "different", r->different);
	json_kv_u64(out, "different_sightings", r->different_sightings);
	json_kv_u64(out, "rows_left_out", r->other_rows);
	json_key(out, "rows");
	json_open(out, '[');
	for (size_t i = 0; i < r->count; i++) {
		const struct replay_row *row = &r->rows[i];

		json_item(out);
		json_open(out, '{');
		json_kv(out, "site", row->site);
		json_kv(out, "cookie", row->cookie);
		put_decision(out, "from", row->from_purpose, row->from_verdict, row->from_why);
		put_decision(out, "to", row->to_purpose, row->to_verdict, row->to_why);
		json_kv_u64(out, "entries", row->entries);
		json_kv_u64(out, "sightings", row->sightings);
		json_kv_u64(out, "first", row->first);
		json_close(out, '}');
	}
	json_close(out, ']');
	json_close(out, '}');
	buf_addc(out, '\n');
}

static void put_column(struct buf *out, struct slice s, size_t width)
{
	size_t before = buf_slice(out).n;

	put_plain(out, slice_head(s, width));
	while (buf_slice(out).n - before < width + 1)
		buf_addc(out, ' ');
}

static void put_row(struct buf *out, const struct replay_row *row, bool identity)
{
	put_column(out, row->site, 24);
	put_column(out, row->cookie, 24);
	put_column(out, row->from_purpose, 11);
	put_column(out, slice_str(plain_verdict(row->from_verdict)), VERDICT_WIDTH);
	buf_adds(out, "-> ");
	put_column(out, row->to_purpose, 11);
	put_column(out, slice_str(plain_verdict(row->to_verdict)), VERDICT_WIDTH);
	buf_addf(out, "%8" PRIu64 " %9" PRIu64, row->entries, row->sightings);
	if (identity) {
		buf_addf(out, "  entry %" PRIu64 ": ", row->first);
		put_plain(out, row->from_why);
		buf_adds(out, " -> ");
		put_plain(out, row->to_why);
	}
	buf_addc(out, '\n');
}

static void put_text(struct buf *out, const char *path, const struct replay_report *r,
		     bool identity)
{
	buf_adds(out, "log: ");
	put_plain(out, slice_str(path));
	buf_addc(out, '\n');
	if (r->count != 0)
		buf_addf(out, "%-24s %-24s %-*s    %-*s %8s %9s\n", "SITE", "COOKIE",
			 DECISION_WIDTH, "RECORDED", DECISION_WIDTH, "NOW", "ENTRIES", "SIGHTINGS");
	for (size_t i = 0; i < r->count && i < TABLE_ROWS; i++)
		put_row(out, &r->rows[i], identity);
	if (r->count > TABLE_ROWS || r->other_rows != 0)
		buf_addf(out, "... and %zu more kinds of difference; --json has them\n",
			 r->count > TABLE_ROWS ? r->count - TABLE_ROWS : 0);
	buf_addf(out,
		 "%s: %" PRIu64 " of %" PRIu64 " decisions differ (%" PRIu64 " of %" PRIu64
		 " sightings)\n",
		 r->result == REPLAY_SAME ? "identical" : "different", r->different, r->replayed,
		 r->different_sightings, r->sightings);
}

static int answer(const struct request *q, const struct replay_report *r)
{
	struct buf out;

	if (r->result == REPLAY_ERROR) {
		fprintf(stderr, "crumbgate replay: %s: %s\n", q->path, r->error);
		/* A log that cannot be replayed to its end is not identical. */
		return r->entries != 0 ? COMMAND_NO : COMMAND_USAGE;
	}
	buf_init(&out, OUT_MAX);
	if (q->json)
		put_json(&out, q->path, r);
	else
		put_text(&out, q->path, r, !q->has_profile && q->rules == NULL);
	fwrite(buf_slice(&out).p, 1, buf_slice(&out).n, stdout);
	buf_release(&out);
	return r->result == REPLAY_SAME ? COMMAND_GOOD : COMMAND_NO;
}

int cmd_replay(int argc, char **argv)
{
	struct request q = { 0 };
	struct replay_report report;
	struct replay_options o = { .progress = progress_show };
	struct progress p;
	int status;

	if (!read_arguments(argc, argv, &q)) {
		rules_free(q.rules);
		return COMMAND_USAGE;
	}
	o.profile = q.has_profile ? &q.profile : NULL;
	o.rules = q.rules;
	o.has_rules = q.rules != NULL;
	if (!evidence_folder("replay", q.path)) {
		rules_free(q.rules);
		return COMMAND_USAGE;
	}
	progress_begin(&p, "replaying");
	o.arg = &p;
	replay_log(q.path, &o, &report);
	progress_end(&p);
	status = answer(&q, &report);
	replay_release(&report);
	rules_free(q.rules);
	return status;
}
