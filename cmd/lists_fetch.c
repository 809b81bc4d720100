#include "cmd/lists_fetch.h"

#include "base/clock.h"
#include "base/coding.h"
#include "cmd/lists_parts.h"
#include "evidence/files.h"

#include <openssl/x509.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROGRAM "crumbgate-fetch"
#define SYSTEM_ROOTS "/etc/ssl/certs/ca-certificates.crt"
#define WORDS_MAX 512u
#define WORDS_BYTES_MAX ((size_t)1024 * 1024)
#define PIECE 65536u
#define REPORT_MAX ((size_t)4 * PIECE)
#define REPORT_FD 3
#define PATIENCE_MS 2000
#define EACH_MS 200

void fetch_answer_init(struct fetch_answer *a)
{
	*a = (struct fetch_answer){ .status = 0 };
	/* Room to find out that there is more. */
	buf_init(&a->body, LISTS_TEXT_MAX + PIECE);
}

void fetch_answer_release(struct fetch_answer *a)
{
	buf_release(&a->body);
}

/* ---- the words of the command line ---- */

/* One behind the other, each with its NUL. */
struct words {
	struct buf text;
	size_t n;
};

static void add_word(struct words *w, const char *word)
{
	buf_add(&w->text, slice_of(word, strlen(word) + 1));
	w->n++;
}

static bool words_good(const struct words *w)
{
	return buf_ok(&w->text) && w->n <= WORDS_MAX;
}

/* As execv() takes them. */
static void point(const struct words *w, char *argv[WORDS_MAX + 1])
{
	char *at = w->text.mem + w->text.off;

	for (size_t i = 0; i < w->n; i++, at += strlen(at) + 1)
		argv[i] = at;
	argv[w->n] = NULL;
}

static void add_option(struct words *w, const char *option, const char *value)
{
	if (value == NULL || value[0] == '\0')
		return;
	add_word(w, option);
	add_word(w, value);
}

static void add_host(struct buf *rule, const char *host, uint16_t port)
{
	buf_addf(rule, strchr(host, ':') != NULL ? "[%s]:" : "%s:", host);
	if (port != 0)
		buf_addf(rule, "%u", port);
}

static void add_connect_to(struct words *w, const struct config_connect_to *c)
{
	struct buf rule;

	buf_init(&rule, 2048);
	add_host(&rule, c->host, c->port);
	buf_addc(&rule, ':');
	add_host(&rule, c->to_host, c->to_port);
	buf_addc(&rule, '\0');
	if (buf_ok(&rule))
		add_option(w, "--connect-to", buf_slice(&rule).p);
	else
		w->text.failed = true;
	buf_release(&rule);
}

/* The same roots as origins are verified against: certs/trust.c. */
static const char *system_roots(void)
{
	const char *file = getenv(X509_get_default_cert_file_env());

	return file != NULL && file[0] != '\0' ? file : SYSTEM_ROOTS;
}

static void add_words(struct words *w, const struct fetch_ask *ask)
{
	const struct config *c = ask->config;

	add_word(w, PROGRAM);
	if (c->trust_system)
		add_option(w, "--root", system_roots());
	for (size_t i = 0; i < c->trust_n; i++)
		add_option(w, "--root", c->trust[i]);
	for (size_t i = 0; i < c->connect_to_n; i++)
		add_connect_to(w, &c->connect_to[i]);
	add_option(w, "--etag", ask->etag);
	add_option(w, "--modified", ask->modified);
	/* As the proxy's workers do. */
	if (geteuid() == 0)
		add_option(w, "--user", c->user[0] != '\0' ? c->user : "nobody");
	if (ask->same_host)
		add_word(w, "--same-host");
	if (c->allow_private)
		add_word(w, "--allow-private");
	add_word(w, "--");
	add_word(w, ask->url);
}

/* ---- the program ---- */

/* Beside this one, as in a build folder, else where it was installed. */
static void find_program(char out[PATH_MAX])
{
	ssize_t n = readlink("/proc/self/exe", out, PATH_MAX - sizeof(PROGRAM) - 1);

	while (n > 0 && out[n - 1] != '/')
		n--;
	snprintf(out + (n > 0 ? n : 0), sizeof(PROGRAM), "%s", PROGRAM);
	if (n <= 0 || access(out, X_OK) != 0)
		snprintf(out, PATH_MAX, "%s/%s", PKGLIBEXECDIR, PROGRAM);
}

/* Behind fork(): `body` and `report` are the writing ends. */
static void become(const char *program, const struct words *w, int body, int report)
{
	char *argv[WORDS_MAX + 1];
	int null = open("/dev/null", O_RDONLY);
	/* Above both targets, so that neither dup2() closes the other's source. */
	int high = fcntl(report, F_DUPFD, REPORT_FD + 1);

	if (null < 0 || high < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(body, STDOUT_FILENO) < 0 ||
	    dup2(high, REPORT_FD) < 0)
		_exit(127);
	close(high);
	point(w, argv);
	execv(program, argv);
	fprintf(stderr, "crumbgate lists: %s: %s; install crumbgate whole\n", program,
		strerror(errno));
	_exit(127);
}

struct fetcher {
	pid_t pid;
	int body, report; /* the reading ends */
};

static bool start(struct fetcher *f, const struct words *w)
{
	int body[2], report[2] = { -1, -1 };
	char program[PATH_MAX];

	if (pipe2(body, O_CLOEXEC) != 0)
		return false;
	find_program(program);
	f->pid = pipe2(report, O_CLOEXEC) == 0 ? fork() : -1;
	if (f->pid == 0)
		become(program, w, body[1], report[1]);
	close(body[1]);
	close(report[1]);
	f->body = body[0];
	f->report = report[0];
	if (f->pid < 0) {
		close(body[0]);
		close(report[0]);
	}
	return f->pid > 0;
}

struct shown {
	const char *what; /* NULL: nobody looks */
	int64_t began, last;
};

static void show(struct shown *s, size_t octets)
{
	int64_t now = clock_mono_ms(&clock_system);

	if (s->what == NULL || now - s->began < PATIENCE_MS || now - s->last < EACH_MS)
		return;
	s->last = now;
	fprintf(stderr, "\rfetching %s: %zu KiB", s->what, octets / 1024);
}

/* To its end; false: more than the buffer may hold, or no memory. */
static bool drain(int fd, struct buf *out, struct shown *s)
{
	for (;;) {
		char *room = buf_reserve(out, PIECE);
		ssize_t n = room != NULL ? read(fd, room, PIECE) : -1;

		if (n < 0 && room != NULL && errno == EINTR)
			continue;
		if (n <= 0)
			return n == 0;
		buf_commit(out, (size_t)n);
		if (s != NULL)
			show(s, buf_slice(out).n);
	}
}

static void read_report(struct slice text, struct fetch_answer *a, struct buf *why)
{
	struct slice line, name, value;
	uint64_t status;

	while (text.n != 0) {
		text = slice_cut(text, '\n', &line);
		value = slice_cut(line, '\t', &name);
		if (slice_eq(name, SLICE("status")) && slice_to_u64(value, 999, &status))
			a->status = (unsigned)status;
		else if (slice_eq(name, SLICE("url")))
			(void)slice_copy(value, a->url, sizeof(a->url));
		else if (slice_eq(name, SLICE("etag")))
			(void)slice_copy(value, a->etag, sizeof(a->etag));
		else if (slice_eq(name, SLICE("modified")))
			(void)slice_copy(value, a->modified, sizeof(a->modified));
		else if (slice_eq(name, SLICE("error")))
			buf_add(why, value);
	}
}

static bool finish(struct fetcher *f, const struct fetch_ask *ask, struct fetch_answer *a,
		   struct buf *why)
{
	struct shown s = { isatty(STDERR_FILENO) ? ask->shown : NULL, clock_mono_ms(&clock_system),
			   0 };
	struct buf report;
	int status = 0;
	bool good;

	buf_init(&report, REPORT_MAX);
	good = drain(f->body, &a->body, &s);
	close(f->body); /* whoever still writes ends now */
	good = drain(f->report, &report, NULL) && good;
	close(f->report);
	while (waitpid(f->pid, &status, 0) < 0 && errno == EINTR)
		;
	if (s.last != 0)
		fprintf(stderr, "\r\033[K");
	read_report(buf_slice(&report), a, why);
	buf_release(&report);
	if (good && WIFEXITED(status) && WEXITSTATUS(status) == 0 && a->status != 0)
		return true;
	if (buf_slice(why).n == 0)
		buf_adds(why, PROGRAM " failed");
	return false;
}

static bool over_http(const struct fetch_ask *ask, struct fetch_answer *a, struct buf *why)
{
	bool asked = (ask->etag != NULL && ask->etag[0] != '\0') ||
		     (ask->modified != NULL && ask->modified[0] != '\0');
	struct words w = { .n = 0 };
	struct fetcher f;
	bool good;

	buf_init(&w.text, WORDS_BYTES_MAX);
	add_words(&w, ask);
	errno = E2BIG;
	good = words_good(&w) && start(&f, &w);
	if (!good)
		buf_addf(why, PROGRAM " cannot be started: %s", strerror(errno));
	good = good && finish(&f, ask, a, why);
	buf_release(&w.text);
	if (good && a->status != 200 && !(a->status == 304 && asked)) {
		buf_addf(why, "the server answered %u; is the URL still the right one?", a->status);
		return false;
	}
	return good;
}

/* ---- a file ---- */

/* RFC 8089: the URL's path with its percent-coding undone. */
static bool path_of(const char *url, char out[PATH_MAX])
{
	struct slice s = slice_skip(slice_str(url), sizeof("file://") - 1);
	size_t n = 0;

	for (; s.n != 0 && n < PATH_MAX - 1; n++) {
		out[n] = percent_take(&s);
		if (out[n] == '\0')
			return false;
	}
	out[n] = '\0';
	return s.n == 0;
}

static bool from_file(const struct fetch_ask *ask, struct fetch_answer *a, struct buf *why)
{
	char path[PATH_MAX];

	errno = EINVAL;
	if (!path_of(ask->url, path) || (!file_read(AT_FDCWD, path, &a->body) && errno != EFBIG)) {
		buf_addf(why, "%s; correct the path or its permissions", strerror(errno));
		return false;
	}
	a->status = 200;
	return slice_copy(slice_str(ask->url), a->url, sizeof(a->url));
}

bool fetch_url(const struct fetch_ask *ask, struct fetch_answer *a, struct buf *why)
{
	bool file = slice_starts(slice_str(ask->url), SLICE("file://"));

	if (!(file ? from_file(ask, a, why) : over_http(ask, a, why)))
		return false;
	if (buf_ok(&a->body) && buf_slice(&a->body).n <= LISTS_TEXT_MAX)
		return true;
	buf_adds(why, "it is larger than 64 MiB, which no list is");
	return false;
}
