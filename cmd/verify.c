#include "cmd/verify.h"

#include "base/json.h"
#include "cmd/command.h"
#include "cmd/evidence.h"
#include "evidence/verify.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#define OUT_MAX ((size_t)256 * 1024)
#define COLUMNS 79u

struct request {
	bool json, explain, pinned;
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
					       { "explain", no_argument, NULL, 'e' },
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
		else if (c == 'e')
			q->explain = true;
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

static void put_good(struct buf *out, const struct verify_report *r)
{
	buf_addf(out, "good: %" PRIu64 " entries without a gap, every hash is right; ", r->entries);
	if (r->checkpoints == 0)
		buf_adds(out, "no checkpoint is signed yet\n");
	else
		buf_addf(out,
			 "%" PRIu64 " %s signed by %s, the last over the first %" PRIu64
			 " entries\n",
			 r->checkpoints, r->checkpoints == 1 ? "checkpoint is" : "checkpoints are",
			 r->key, r->covered);
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
		put_good(out, r);
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

/* ---- what that proves ---- */

static void put_proof(struct buf *out, const struct request *q, const struct verify_report *r)
{
	if (r->covered != 0)
		buf_addf(out,
			 "This proves that the first %" PRIu64
			 " entries are those that the holder of the key signed: none was changed, "
			 "taken out, put in or moved since. ",
			 r->covered);
	if (r->covered < r->entries)
		buf_addf(out,
			 "The last %" PRIu64
			 " hang together, but no signature covers them yet: whoever can write the "
			 "folder could have changed them. ",
			 r->entries - r->covered);
	buf_adds(out, q->pinned
			      ? "The key is the one that you named. "
			      : "The key was taken from the log's own folder: only with --key and "
				"a key that came another way would a log be noticed that was "
				"replaced as a whole. ");
	buf_adds(out, "It does not prove that the proxy saw everything, nor that what it wrote is "
		      "true: whoever has the private key can sign another log, and against that "
		      "stands only a checkpoint that somebody else keeps.");
}

static void put_meaning(struct buf *out, const struct request *q, const struct verify_report *r)
{
	switch (r->result) {
	case VERIFY_GOOD:
		put_proof(out, q, r);
		break;
	case VERIFY_TORN:
		buf_adds(out,
			 "A write was cut off, as by a crash or a power cut. What stands before "
			 "it is as it was written; of what stands behind the last checkpoint "
			 "some may be missing.");
		break;
	case VERIFY_WRONG:
		buf_adds(out,
			 "Something in the folder is not as it was written: it was changed, or "
			 "damaged. This does not say by whom, nor when.");
		break;
	case VERIFY_ERROR:
		break;
	}
}

/* Lines of no more than 79 columns. */
static void print_wrapped(struct slice text, FILE *to)
{
	const char *between = "";
	size_t column = 0;
	struct slice word;

	while (text.n != 0) {
		text = slice_cut(text, ' ', &word);
		if (column != 0 && column + 1 + word.n > COLUMNS) {
			between = "\n";
			column = 0;
		}
		fprintf(to, "%s%.*s", between, SLICE_ARG(word));
		column += (column != 0) + word.n;
		between = " ";
	}
	fputc('\n', to);
}

static void explain(const struct request *q, const struct verify_report *r)
{
	struct buf out;

	buf_init(&out, 4096);
	put_meaning(&out, q, r);
	if (out.len != 0)
		print_wrapped(buf_slice(&out), stderr);
	buf_release(&out);
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
	if (q.explain || isatty(STDERR_FILENO)) {
		fflush(stdout);
		explain(&q, &report);
	}
	return status[report.result];
}
