#include "cmd/verify.h"

#include "base/json.h"
#include "cmd/command.h"
#include "cmd/evidence.h"
#include "evidence/verify.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>

#define OUT_MAX ((size_t)256 * 1024)

struct request {
	bool json, pinned;
	struct note_key key;
	char path[EVIDENCE_PATH_MAX];
};

static bool usage(const char *what)
{
	fprintf(stderr, "crumbgate verify: %s; see 'crumbgate verify --help'\n", what);
	return false;
}

static bool read_arguments(int argc, char **argv, struct request *q)
{
	static const struct option longs[] = { { "json", no_argument, NULL, 'j' },
					       { "key", required_argument, NULL, 'k' },
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
		else if (c == 'k')
			q->pinned = note_key_parse(slice_str(optarg), &q->key);
		else
			return wrong_option("verify", argv);
		if (c == 'k' && !q->pinned)
			return usage(
				"--key takes a verifier key, as 'crumbgate log key' prints it");
	}
	if (argc - optind > 1)
		return usage("one log at a time");
	if (!evidence_place("verify", optind < argc ? argv[optind] : NULL, &from, q->path,
			    sizeof(q->path)))
		return false;
	return true;
}

static const char *word(enum verify_result r)
{
	static const char *const words[] = { [VERIFY_GOOD] = "good",
					     [VERIFY_WRONG] = "wrong",
					     [VERIFY_TORN] = "torn",
					     [VERIFY_ERROR] = "error" };

	return words[r];
}

static void put_json(struct buf *out, const char *path, const struct verify_report *r)
{
	struct buf root;

	buf_init(&root, 2 * MERKLE_LEN);
	buf_add_hex(&root, r->root.b, MERKLE_LEN);
	json_open(out, '{');
	json_kv(out, "result", slice_str(word(r->result)));
	json_kv(out, "log", slice_str(path));
	json_kv_u64(out, "entries", r->entries);
	json_kv_u64(out, "checkpoints", r->checkpoints);
	json_kv_u64(out, "covered", r->covered);
	json_kv(out, "root", buf_slice(&root));
	json_kv(out, "key", slice_str(r->key));
	json_key(out, "problems");
	json_open(out, '[');
	for (size_t i = 0; i < r->count; i++) {
		const struct verify_problem *p = &r->problems[i];

		json_item(out);
		json_open(out, '{');
		json_kv(out, "file", slice_str(p->file));
		if (p->line != 0)
			json_kv_u64(out, "line", p->line);
		if (p->n != VERIFY_NOWHERE)
			json_kv_u64(out, "n", p->n);
		json_kv(out, "what", slice_str(p->what));
		json_close(out, '}');
	}
	json_close(out, ']');
	json_close(out, '}');
	buf_addc(out, '\n');
	buf_release(&root);
}

static void put_text(struct buf *out, const char *path, const struct verify_report *r)
{
	buf_adds(out, r->result == VERIFY_ERROR ? "crumbgate verify: " : "log: ");
	put_plain(out, slice_str(path));
	buf_adds(out, r->result == VERIFY_ERROR ? ": " : "\n");
	for (size_t i = 0; i < r->count; i++) {
		const struct verify_problem *p = &r->problems[i];

		put_plain(out, slice_str(p->file));
		if (p->line != 0)
			buf_addf(out, ":%" PRIu64, p->line);
		if (p->n != VERIFY_NOWHERE)
			buf_addf(out, ": entry %" PRIu64, p->n);
		buf_adds(out, p->file[0] != '\0' ? ": " : "");
		put_plain(out, slice_str(p->what));
		buf_addc(out, '\n');
	}
	if (r->result == VERIFY_GOOD)
		buf_addf(out,
			 "good: %" PRIu64 " entries, %" PRIu64 " checkpoints, %" PRIu64
			 " entries under the last one, key %s\n",
			 r->entries, r->checkpoints, r->covered, r->key);
	else if (r->result == VERIFY_TORN)
		buf_addf(out,
			 "torn: %" PRIu64
			 " entries hold; the next start of crumbgate sets the rest aside\n",
			 r->entries);
	else if (r->result == VERIFY_WRONG)
		buf_addf(out, "wrong: %zu %s found%s\n", r->count,
			 r->count == 1 ? "fault" : "faults",
			 r->count == VERIFY_PROBLEMS_MAX ? ", perhaps there are more" : "");
}

int cmd_verify(int argc, char **argv)
{
	static const int status[] = { [VERIFY_GOOD] = COMMAND_GOOD,
				      [VERIFY_WRONG] = COMMAND_NO,
				      [VERIFY_TORN] = COMMAND_TORN,
				      [VERIFY_ERROR] = COMMAND_USAGE };
	struct request q = { 0 };
	struct verify_report report;
	struct verify_options o = { .progress = progress_show };
	struct progress p;
	struct buf out;

	if (!read_arguments(argc, argv, &q))
		return COMMAND_USAGE;
	if (!evidence_folder("verify", q.path) && !q.json)
		return COMMAND_USAGE;
	progress_begin(&p, "verifying");
	o.arg = &p;
	o.pinned = q.pinned ? &q.key : NULL;
	verify_log(q.path, &o, &report);
	progress_end(&p);
	buf_init(&out, OUT_MAX);
	if (q.json)
		put_json(&out, q.path, &report);
	else
		put_text(&out, q.path, &report);
	fwrite(buf_slice(&out).p, 1, buf_slice(&out).n,
	       report.result == VERIFY_ERROR && !q.json ? stderr : stdout);
	buf_release(&out);
	return status[report.result];
}
