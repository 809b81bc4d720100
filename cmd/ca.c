/* crumbgate ca: shows, exports and imports the interception CA. */
#include "cmd/ca.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/paths.h"
#include "certs/ca.h"
#include "cmd/command.h"
#include "cmd/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#define FILES_MAX 16
#define FILE_MAX (1024u * 1024)
#define OUT_MAX (1024u * 1024)

enum verb { SHOW, EXPORT, IMPORT };

struct request {
	enum verb verb;
	bool json, force, pem, der, mobileconfig;
	struct state_given from;
	const char *out, *passphrase_file;
	const char *files[FILES_MAX];
	size_t files_n;
};

static int usage(const char *what)
{
	fprintf(stderr, "crumbgate ca: %s; see 'crumbgate ca --help'\n", what);
	return COMMAND_USAGE;
}

/* ---- the arguments ---- */

static bool take_value(int argc, char **argv, int *i, const char *name, const char **out)
{
	size_t n = strlen(name);

	if (strncmp(argv[*i], name, n) != 0)
		return false;
	if (argv[*i][n] == '=') {
		*out = argv[*i] + n + 1;
		return true;
	}
	if (argv[*i][n] != '\0' || *i + 1 >= argc)
		return false;
	*out = argv[++*i];
	return true;
}

static bool take_flag(struct request *r, const char *arg)
{
	struct {
		const char *name;
		bool *flag;
	} flags[] = {
		{ "--json", &r->json },
		{ "--force", &r->force },
		{ "--pem", &r->pem },
		{ "--der", &r->der },
		{ "--mobileconfig", &r->mobileconfig },
	};

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (strcmp(arg, flags[i].name) == 0)
			return *flags[i].flag = true;
	return false;
}

/* NULL, or what is wrong. */
static const char *read_words(struct request *r, int argc, char **argv)
{
	const char *file;

	if (argc < 2)
		return "say show, export or import";
	if (strcmp(argv[1], "show") == 0)
		r->verb = SHOW;
	else if (strcmp(argv[1], "export") == 0)
		r->verb = EXPORT;
	else if (strcmp(argv[1], "import") == 0)
		r->verb = IMPORT;
	else
		return "say show, export or import";
	for (int i = 2; i < argc; i++) {
		if (take_flag(r, argv[i]) ||
		    take_value(argc, argv, &i, "--state", &r->from.state) ||
		    take_value(argc, argv, &i, "-c", &r->from.config) ||
		    take_value(argc, argv, &i, "--config", &r->from.config) ||
		    take_value(argc, argv, &i, "-o", &r->out) ||
		    take_value(argc, argv, &i, "--passphrase-file", &r->passphrase_file))
			continue;
		if (!take_value(argc, argv, &i, "--cert", &file) &&
		    !take_value(argc, argv, &i, "--key", &file)) {
			if (argv[i][0] == '-')
				return "an option that does not exist, or lacks its value";
			file = argv[i];
		}
		if (r->verb == EXPORT)
			return "export writes to standard output, or to a file named with -o FILE";
		if (r->verb != IMPORT || r->files_n == FILES_MAX)
			return "there are too many files";
		r->files[r->files_n++] = file;
	}
	if (r->verb == EXPORT && r->pem + r->der + r->mobileconfig != 1)
		return "say one of --pem, --der and --mobileconfig";
	if (r->verb == IMPORT && r->files_n == 0)
		return "import needs the files of a certificate and its key";
	return NULL;
}

/* ---- show and export ---- */

static void show_json(const struct ca_about *a, const char *path)
{
	char from[CLOCK_RFC3339_LEN + 1], until[CLOCK_RFC3339_LEN + 1];
	struct buf b;

	clock_rfc3339(a->not_before_ms, from, sizeof(from));
	clock_rfc3339(a->not_after_ms, until, sizeof(until));
	buf_init(&b, OUT_MAX);
	json_open(&b, '{');
	json_kv(&b, "file", slice_str(path));
	json_kv(&b, "subject", slice_str(a->subject));
	json_kv(&b, "issuer", slice_str(a->issuer));
	json_kv(&b, "key", slice_str(a->key));
	json_kv(&b, "sha256", slice_str(a->sha256));
	json_kv(&b, "pin", slice_str(a->spki_pin));
	json_kv(&b, "not_before", slice_str(from));
	json_kv(&b, "not_after", slice_str(until));
	json_close(&b, '}');
	printf("%.*s\n", SLICE_ARG(buf_slice(&b)));
	buf_release(&b);
}

static void show_text(const struct ca_about *a, const char *path)
{
	char from[CLOCK_RFC3339_LEN + 1], until[CLOCK_RFC3339_LEN + 1];

	clock_rfc3339(a->not_before_ms, from, sizeof(from));
	clock_rfc3339(a->not_after_ms, until, sizeof(until));
	printf("file         %s\nsubject      %s\nissuer       %s\nkey          %s\n"
	       "SHA-256      %s\npin          %s\nvalid from   %s\nvalid until  %s\n",
	       path, a->subject, a->issuer, a->key, a->sha256, a->spki_pin, from, until);
}

static bool write_out(const struct request *r, struct slice bytes)
{
	FILE *out = r->out != NULL ? fopen(r->out, "wb") : stdout;
	bool good;

	if (out == NULL) {
		fprintf(stderr, "crumbgate ca: %s: %s\n", r->out, strerror(errno));
		return false;
	}
	good = fwrite(bytes.p, 1, bytes.n, out) == bytes.n && fflush(out) == 0;
	if (out != stdout)
		good = fclose(out) == 0 && good;
	if (!good)
		fprintf(stderr, "crumbgate ca: the file could not be written: %s\n",
			strerror(errno));
	return good;
}

static int print(const struct request *r, const struct ca *ca, const char *path)
{
	struct ca_about about;
	struct buf b;
	bool good;

	if (r->verb == SHOW) {
		ca_describe(ca, &about);
		(r->json ? show_json : show_text)(&about, path);
		return COMMAND_GOOD;
	}
	if (r->der && r->out == NULL && isatty(STDOUT_FILENO))
		return usage("DER is no text for a terminal; name a file with -o FILE");
	buf_init(&b, OUT_MAX);
	good = r->pem	? ca_export_pem(ca, &b)
	       : r->der ? ca_export_der(ca, &b)
			: ca_export_mobileconfig(ca, &b);
	good = good && write_out(r, buf_slice(&b));
	buf_release(&b);
	return good ? COMMAND_GOOD : COMMAND_USAGE;
}

static int show_or_export(const struct request *r, const char *state)
{
	char path[4096];
	bool missing = false;
	struct buf why;
	struct ca *ca;
	int status;

	buf_init(&why, 4096);
	ca = ca_load_public(state, &missing, &why);
	if (ca == NULL || !ca_cert_path(state, path, sizeof(path))) {
		fprintf(stderr, "crumbgate ca: %.*s\n", SLICE_ARG(buf_slice(&why)));
		status = missing ? COMMAND_NO : COMMAND_USAGE;
	} else {
		status = print(r, ca, path);
	}
	ca_free(ca);
	buf_release(&why);
	return status;
}

/* ---- import ---- */

static bool read_file(const char *path, struct buf *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = -1;

	while (fd >= 0) {
		char *to = buf_reserve(out, 65536);

		n = to != NULL ? read(fd, to, 65536) : -1;
		if (n <= 0)
			break;
		buf_commit(out, (size_t)n);
	}
	if (n != 0)
		fprintf(stderr, "crumbgate ca: %s: %s\n", path,
			buf_ok(out) ? strerror(errno) : "the file is too large for this");
	if (fd >= 0)
		close(fd);
	return n == 0;
}

static int cut_line(const char *text, ssize_t n)
{
	return (int)slice_find(slice_of(text, (size_t)n), '\n');
}

static int passphrase_from_file(const char *path, char *out, int size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, out, (size_t)size) : -1;

	if (n < 0)
		fprintf(stderr, "crumbgate ca: %s: %s\n", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return n < 0 ? -1 : cut_line(out, n);
}

static int ask_passphrase(char *out, int size, const char *file, void *arg)
{
	const struct request *r = arg;
	struct termios old, quiet;
	ssize_t n;
	int tty;

	if (r->passphrase_file != NULL)
		return passphrase_from_file(r->passphrase_file, out, size);
	tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (tty < 0 || tcgetattr(tty, &old) < 0) {
		fprintf(stderr, "crumbgate ca: %s is encrypted: give --passphrase-file FILE\n",
			file);
		if (tty >= 0)
			close(tty);
		return -1;
	}
	quiet = old;
	quiet.c_lflag &= (tcflag_t)~ECHO;
	tcsetattr(tty, TCSAFLUSH, &quiet);
	dprintf(tty, "Passphrase of %s: ", file);
	n = read(tty, out, (size_t)size);
	tcsetattr(tty, TCSAFLUSH, &old);
	dprintf(tty, "\n");
	close(tty);
	return n < 0 ? -1 : cut_line(out, n);
}

static bool save(const struct request *r, const struct ca *ca, const char *state, int64_t now,
		 struct buf *why)
{
	return paths_private_dir(state, why) && ca_save(ca, state, r->force, now, why);
}

static int import(struct request *r, const char *state)
{
	int64_t now = clock_wall_ms(&clock_system);
	struct ca_file files[FILES_MAX];
	struct buf bytes[FILES_MAX], why;
	struct ca *ca = NULL;
	bool good = true;

	buf_init(&why, 4096);
	for (size_t i = 0; i < r->files_n; i++)
		buf_init(&bytes[i], FILE_MAX);
	for (size_t i = 0; good && i < r->files_n; i++) {
		good = read_file(r->files[i], &bytes[i]);
		files[i] = (struct ca_file){ r->files[i], buf_slice(&bytes[i]) };
	}
	if (good) {
		ca = ca_import(files, r->files_n, ask_passphrase, r, now, &why);
		good = ca != NULL && save(r, ca, state, now, &why);
		if (!good)
			fprintf(stderr, "crumbgate ca: %.*s\n", SLICE_ARG(buf_slice(&why)));
	}
	for (size_t i = 0; i < r->files_n; i++) {
		if (bytes[i].mem != NULL)
			explicit_bzero(bytes[i].mem, bytes[i].cap);
		buf_release(&bytes[i]);
	}
	ca_free(ca);
	buf_release(&why);
	return good ? show_or_export(&(struct request){ .verb = SHOW, .json = r->json }, state)
		    : COMMAND_USAGE;
}

int cmd_ca(int argc, char **argv)
{
	struct request r = { .verb = SHOW };
	const char *wrong = read_words(&r, argc, argv);
	char state[STATE_PATH_MAX];

	if (wrong != NULL)
		return usage(wrong);
	if (!state_folder("ca", &r.from, state, sizeof(state)))
		return COMMAND_USAGE;
	ca_guard_process();
	return r.verb == IMPORT ? import(&r, state) : show_or_export(&r, state);
}
