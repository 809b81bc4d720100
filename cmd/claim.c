#include "cmd/claim.h"

#include "base/json.h"
#include "cmd/command.h"
#include "cmd/evidence.h"

#include <getopt.h>
#include <stdio.h>

/* A hostile string of 32 KiB can name a thousand times as many vendors. */
#define OUT_MAX ((size_t)8 * 1024 * 1024)

struct run {
	const char *command;
	claim_show *show;
	bool json;
	bool lines; /* from standard input: an object for each line, malformed or not */
	size_t line;
	size_t shown;
	int status;
};

static int usage(const char *command, const char *what)
{
	fprintf(stderr, "crumbgate %s: %s; see 'crumbgate %s --help'\n", command, what, command);
	return COMMAND_USAGE;
}

static void malformed(struct run *r, const char *why)
{
	struct buf out;

	fprintf(stderr, "crumbgate %s: ", r->command);
	if (r->lines)
		fprintf(stderr, "line %zu: ", r->line);
	fprintf(stderr, "malformed, so it gives no consent: %s\n", why);
	r->status = COMMAND_NO;
	if (!r->json || !r->lines)
		return;
	buf_init(&out, OUT_MAX);
	json_open(&out, '{');
	json_kv(&out, "error", slice_str(why));
	json_close(&out, '}');
	buf_addc(&out, '\n');
	fwrite(buf_slice(&out).p, 1, buf_slice(&out).n, stdout);
	buf_release(&out);
}

static void one(struct run *r, struct slice text)
{
	struct claim_printer p;
	const char *why = "";
	struct buf out;
	bool good;

	buf_init(&out, OUT_MAX);
	p = (struct claim_printer){ .out = &out, .json = r->json };
	if (!r->json && r->shown != 0)
		buf_addc(&out, '\n');
	print_open(&p, NULL);
	good = r->show(&p, text, &why);
	print_close(&p);
	if (r->json)
		buf_addc(&out, '\n');
	if (good && buf_ok(&out)) {
		fwrite(buf_slice(&out).p, 1, buf_slice(&out).n, stdout);
		r->shown++;
	} else {
		malformed(r, good ? "it names more vendors than can be printed" : why);
	}
	buf_release(&out);
}

/* Each line without its end; of a line that is too long for any claim the beginning. */
static void each_line(struct run *r)
{
	struct buf line;
	int c;

	buf_init(&line, TCF_TEXT_MAX + 1);
	do {
		buf_clear(&line);
		while ((c = getchar()) != EOF && c != '\n')
			buf_addc(&line, (char)c);
		if (c == EOF && buf_slice(&line).n == 0)
			break;
		r->line++;
		if (slice_ends(buf_slice(&line), SLICE("\r")))
			one(r, slice_head(buf_slice(&line), buf_slice(&line).n - 1));
		else
			one(r, buf_slice(&line));
	} while (c != EOF);
	buf_release(&line);
}

int claim_command(int argc, char **argv, claim_show *show)
{
	static const struct option longs[] = { { "json", no_argument, NULL, 'j' },
					       { NULL, 0, NULL, 0 } };
	struct run r = { .command = argv[0], .show = show, .status = COMMAND_GOOD };
	int c;

	quiet_options();
	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (c != 'j') {
			wrong_option(r.command, argv);
			return COMMAND_USAGE;
		}
		r.json = true;
	}
	if (optind == argc)
		return usage(r.command, "give it a string, or - to read one from each line of "
					"standard input");
	for (int i = optind; i < argc; i++) {
		r.lines = strcmp(argv[i], "-") == 0;
		if (r.lines)
			each_line(&r);
		else
			one(&r, slice_str(argv[i]));
	}
	return ferror(stdin) ? usage(r.command, "standard input cannot be read") : r.status;
}
