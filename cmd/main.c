/* crumbgate: finds the subcommand's row and calls it. */
#include "cmd/command.h"

#include "base/hash.h"
#include "base/options.h"
#include "cmd/ca.h"
#include "cmd/claim.h"
#include "cmd/explain.h"
#include "cmd/lists.h"
#include "cmd/log.h"
#include "cmd/match.h"
#include "cmd/replay.h"
#include "cmd/verify.h"

#include <stdio.h>
#include <string.h>

static const struct command commands[] = {
	{ "run", "[-c FILE] [OPTION...]", "run the proxy in the foreground",
	  "Listens, makes its CA at the first start, and says what to do next. SIGHUP reads the "
	  "configuration\n"
	  "again, SIGTERM lets what runs finish.",
	  true, cmd_run },
	{ "check", "[-c FILE] [--json] [OPTION...]", "check a configuration file",
	  "Says \"good\", or each mistake with file, line and column, up to the first mistake of "
	  "form.\nExit status: 0 good, 1 "
	  "wrong, 2 it\n"
	  "could not be read. With --json it prints the configuration that would be in force.",
	  true, cmd_check },
	{ "ca",
	  "show [--json] [-c FILE] [--state DIR]\n"
	  "export --pem|--der|--mobileconfig [-o FILE] [-c FILE] [--state DIR]\n"
	  "import [--force] [--passphrase-file FILE] [-c FILE] [--state DIR] FILE...",
	  "the certificate authority that browsers are to trust",
	  "import takes a certificate and its private key, in one file or several: PEM, DER, PKCS "
	  "#8, "
	  "PKCS #12.\n"
	  "An authority that is there already is kept as a backup, and only replaced with --force.",
	  false, cmd_ca },
	{ "choice",
	  "set refuse|accept|PURPOSES SITE|--all [--client ADDR] [-c FILE] [--state DIR]\n"
	  "clear SITE|--all [--client ADDR] [-c FILE] [--state DIR]\n"
	  "list [--json] [--client ADDR] [-c FILE] [--state DIR]",
	  "what a client decided, for one site or for all",
	  "SITE may be a host name or a URL; the choice is for its registrable domain, and counts "
	  "from the\n"
	  "next request on, for six months. PURPOSES are what is accepted, the rest being refused: "
	  "functional,\n"
	  "analytics, advertising, with commas (or +) between. Without --client it is for the person at this machine. The running "
	  "proxy is\n"
	  "asked (STATE/control.sock); where none runs, the ledger is written, and the log gets no "
	  "entry.\n"
	  "clear --all takes back every choice of the client, those for single sites too.",
	  false, cmd_choice },
	{ "classify", "[--json | --features] [--cookies FILE] [--trackers FILE] [--weights FILE]",
	  "say what cookies are for",
	  "Reads CSV on standard input, a cookie a line; the first line names the columns: name, "
	  "and "
	  "where known\n"
	  "domain, site, value, expiry_s, session, http_only, host_only, secure, same_site. Prints "
	  "one "
	  "line for\n"
	  "each, in order: the purpose, how sure, the layer that knew, and why. The options put "
	  "other "
	  "tables in\n"
	  "the place of the program's own, or none (-). --features prints what the learned score "
	  "sees.",
	  false, cmd_classify },
	{ "explain",
	  "cookie NAME [--value VALUE | --value-shape SHAPE] [--set-cookie LINE]\n"
	  "       [--host HOST] [--site SITE | --first | --third] [--list FILE]... [-c FILE]\n"
	  "       [--state DIR] [--profile P] [--choice C] [--json]\n"
	  "url URL [--source URL] [--type TYPE] [--list FILE]... [-c FILE] [--state DIR]\n"
	  "       [--profile P] [--choice C] [--json]\n"
	  "entry N [--json] [-c FILE] [--state DIR | FOLDER]",
	  "say why a cookie, a request or an entry is decided as it is",
	  "Says which row, word, setter or features decided, in which line of which table or "
	  "list, and which\n"
	  "choice, profile or party would change it. No value is printed. SITE is the page's, HOST "
	  "who sets\n"
	  "the cookie. The lists are those of the configuration, as the proxy has them, and those of "
	  "--list.\n"
	  "N is the number of an entry as \"crumbgate log\" prints it. Exit status: 0 good, 1 no such entry, 2 usage.",
	  false, cmd_explain },
	{ "log",
	  "[--follow] [--json | --table] [--kind KIND] [--site SITE] [--since TIME] [-c FILE] "
	  "[--state DIR] [FOLDER]\n"
	  "key [--pem] [-c FILE] [--state DIR] [FOLDER]",
	  "print the evidence log, or its key",
	  "Prints the entries, one a line: on a terminal as a table, else as JSON, as they stand "
	  "in the log;\n"
	  "--table and --json say which. With --follow also those to come. KIND is set, sent, "
	  "pass, choice and so\n"
	  "on; SITE a registrable domain; TIME is UTC, as 2026-11-22 or 2026-11-22T03:36.\n"
	  "\"log key\" prints the verifier key of the checkpoints, with --pem for openssl.",
	  false, cmd_log },
	{ "lists",
	  "update [--force] [--json] [-c FILE] [OPTION...]\n"
	  "show [--json] [-c FILE] [OPTION...]",
	  "fetch filter lists, or say which are in use",
	  "update fetches the lists of list-url that have expired, checks them, and keeps the "
	  "copy before where\n"
	  "anything is wrong; with --force it fetches all, and takes one too that has shrunk to "
	  "less than half.\n"
	  "show tells of each list in use its rules, what was left out and why, and its version. "
	  "A running proxy\n"
	  "uses new lists after SIGHUP. Exit status: 0 good, 1 some list could not be updated or "
	  "read, 2 usage.",
	  true, cmd_lists },
	{ "match",
	  "--list FILE... [--cache FILE] [--json] [--stats]",
	  "ask filter lists about requests",
	  "Reads lines of URL, source URL and type, separated by tabs, and prints for each, in "
	  "order: block or\n"
	  "allow, the rule, and its list. FILE is a list in the syntax of Adblock Plus, AdGuard "
	  "or uBlock Origin,\n"
	  "or a hosts file. --cache keeps the compiled lists in a file. --stats says on stderr "
	  "what was read,\n"
	  "what was left out and how long it took. Exit status: 0 good, 1 some lines could not "
	  "be read, 2 usage.",
	  false, cmd_match },
	{ "verify", "[--key KEY] [--json] [--explain] [-c FILE] [--state DIR] [FOLDER]",
	  "check every hash, checkpoint and number of a log",
	  "Says what is wrong, and where. KEY is a verifier key as \"crumbgate log key\" prints "
	  "it, by another\n"
	  "way than the log. With --explain, and on a terminal, it says what that proves and what "
	  "not.\n"
	  "Exit status: 0 good, 1 not, 2 it could not be read, 3 good up to the "
	  "last\n"
	  "checkpoint, with an unfinished write behind it.",
	  false, cmd_verify },
	{ "replay", "[--profile NAME | --rules FOLDER] [--json] [-c FILE] [--state DIR] [FOLDER]",
	  "decide every cookie of a log again",
	  "From the log alone. Exit status 0: all verdicts are the same. With --profile (default, "
	  "minors,\n"
	  "investigator) or --rules it says what would have been different.",
	  false, cmd_replay },
	{ "tcf", "[--json] STRING...|-", "decode a TC string, and the signals that travel with it",
	  "Prints the fields of a TC string (IAB TCF 2), or of an additional consent string, of "
	  "gcs "
	  "or gcd of\n"
	  "Google's consent mode, or of a US Privacy string; with --json under the names of the "
	  "IAB's reference\n"
	  "library. - reads one string from each line of standard input. Exit status: 1 for a "
	  "malformed string.",
	  false, cmd_tcf },
	{ "gpp", "[--json] STRING...|-", "decode a GPP string",
	  "Prints the sections of a string of the Global Privacy Platform and their fields; with "
	  "--json under the\n"
	  "names of the IAB's reference library. - reads one string from each line of standard "
	  "input. Exit\n"
	  "status: 1 for a malformed string.",
	  false, cmd_gpp },
};

static const size_t commands_n = sizeof(commands) / sizeof(commands[0]);

static const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < commands_n; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

static void print_all(FILE *out)
{
	fprintf(out, "crumbgate - a privacy proxy that keeps a record which can be checked\n\n"
		     "usage: crumbgate COMMAND [ARGUMENT...]\n\n");
	for (size_t i = 0; i < commands_n; i++)
		fprintf(out, "  %-8s %s\n", commands[i].name, commands[i].help);
	fprintf(out, "\n'crumbgate help COMMAND' says more, 'crumbgate help OPTION' explains an "
		     "option.\n"
		     "Begin with: crumbgate run\n");
}

static void print_one(const struct command *c)
{
	struct slice rest = slice_str(c->usage), line;

	while (rest.p != NULL) {
		bool first = rest.p == c->usage;

		rest = slice_cut(rest, '\n', &line);
		printf("%s crumbgate %s %.*s\n", first ? "usage:" : "      ", c->name,
		       SLICE_ARG(line));
	}
	printf("\n%s\n", c->details != NULL ? c->details : c->help);
	if (c->options) {
		printf("\nOptions, also as keys of crumbgate.conf:\n");
		options_help(stdout);
	}
}

/* `or_option`: it may have been meant for an option. */
static int unknown(const char *what, const char *name, bool or_option)
{
	const char *names[sizeof(commands) / sizeof(commands[0]) + 1];
	const char *near;

	for (size_t i = 0; i < commands_n; i++)
		names[i] = commands[i].name;
	names[commands_n] = "help";
	near = nearest_name(slice_str(name), names, commands_n + 1);
	if (near == NULL && or_option)
		near = option_nearest(slice_str(name));
	fprintf(stderr, "crumbgate: there is no %s '%s'; ", what, name);
	if (near != NULL) {
		fprintf(stderr, "did you mean '%s'?\n", near);
		return COMMAND_USAGE;
	}
	fprintf(stderr, "the commands are");
	for (size_t i = 0; i < commands_n; i++)
		fprintf(stderr, " %s,", commands[i].name);
	fprintf(stderr, " help%s\n", or_option ? "; 'crumbgate run --help' lists the options" : "");
	return COMMAND_USAGE;
}

static int help(int argc, char **argv)
{
	const struct option_row *row;
	const struct command *c;

	if (argc < 2) {
		print_all(stdout);
		return COMMAND_GOOD;
	}
	if (strcmp(argv[1], "--mdoc") == 0) {
		options_mdoc(stdout);
		return COMMAND_GOOD;
	}
	c = command_find(argv[1]);
	row = option_find(slice_str(argv[1] + (strncmp(argv[1], "--", 2) == 0 ? 2 : 0)));
	if (c != NULL)
		print_one(c);
	else if (row != NULL)
		option_explain(row, stdout);
	else
		return unknown("command or option", argv[1], true);
	return COMMAND_GOOD;
}

static bool asks_help(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			return true;
	return false;
}

static int dispatch(int argc, char **argv)
{
	const struct command *c;

	if (argc < 2) {
		print_all(stderr);
		return COMMAND_USAGE;
	}
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
		printf("crumbgate %s\n", PACKAGE_VERSION);
		return COMMAND_GOOD;
	}
	if (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0 ||
	    strcmp(argv[1], "-h") == 0)
		return help(argc - 1, argv + 1);
	c = command_find(argv[1]);
	if (c == NULL)
		return unknown("command", argv[1], false);
	if (asks_help(argc - 1, argv + 1)) {
		print_one(c);
		return COMMAND_GOOD;
	}
	return c->run(argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
	int status;

	hash_seed();
	status = dispatch(argc, argv);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		perror("crumbgate: standard output");
		return status == COMMAND_GOOD ? COMMAND_USAGE : status;
	}
	return status;
}
