#include "cmd/evidence.h"

#include "base/clock.h"
#include "base/paths.h"
#include "evidence/reader.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATIENCE_MS 2000
#define EACH_MS 200

bool evidence_place(const char *command, const char *given, const struct state_given *from,
		    char *out, size_t size)
{
	if (given == NULL)
		return state_folder(command, from, out, size);
	if (slice_copy(slice_str(given), out, size))
		return true;
	fprintf(stderr, "crumbgate %s: the log's path is too long\n", command);
	return false;
}

/* The folder that a path is, or that its file is in. */
static bool folder_of(const char *path, char out[PATH_MAX])
{
	struct stat st;
	char *slash;

	if (realpath(path, out) == NULL || stat(out, &st) < 0)
		return false;
	slash = strrchr(out, '/');
	if (!S_ISDIR(st.st_mode) && slash != NULL)
		slash[slash == out] = '\0';
	return true;
}

static bool holds_log(const char *folder)
{
	char path[PATH_MAX];
	struct stat st;

	return paths_join(path, sizeof(path), folder, LOG_NAME) && stat(path, &st) == 0;
}

bool evidence_folder(const char *command, char path[EVIDENCE_PATH_MAX])
{
	char folder[PATH_MAX], below[PATH_MAX];

	if (folder_of(path, folder)) {
		if (holds_log(folder))
			return slice_copy(slice_str(folder), path, EVIDENCE_PATH_MAX);
		if (paths_join(below, sizeof(below), folder, "evidence") && holds_log(below))
			return slice_copy(slice_str(below), path, EVIDENCE_PATH_MAX);
	}
	fprintf(stderr,
		"crumbgate %s: %s: no evidence log there (%s); name its folder as the last word, "
		"or the state folder with --state\n",
		command, path, strerror(errno));
	return false;
}

void quiet_options(void)
{
	opterr = 0;
}

bool wrong_option(const char *command, char *const *argv)
{
	fprintf(stderr,
		"crumbgate %s: %s: an option that does not exist, or lacks its value; see "
		"'crumbgate %s --help'\n",
		command, argv[optind - 1], command);
	return false;
}

void progress_begin(struct progress *p, const char *what)
{
	*p = (struct progress){ .what = what, .began = clock_mono_ms(&clock_system) };
	if (!isatty(STDERR_FILENO))
		p->what = NULL;
}

void progress_show(void *progress, uint64_t done, uint64_t total)
{
	struct progress *p = progress;
	int64_t now;

	if (p->what == NULL)
		return;
	now = clock_mono_ms(&clock_system);
	if (now - p->began < PATIENCE_MS || now - p->shown < EACH_MS)
		return;
	p->shown = now;
	fprintf(stderr, "\r%s %3u %%", p->what,
		total != 0 ? (unsigned)(done >= total ? 100 : done * 100 / total) : 0);
}

void progress_end(struct progress *p)
{
	if (p->what != NULL && p->shown != 0)
		fprintf(stderr, "\r\033[K");
}

void put_plain(struct buf *out, struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] >= 0x20 && s.p[i] < 0x7f)
			buf_addc(out, s.p[i]);
		else
			buf_addf(out, "\\x%02x", (unsigned)(unsigned char)s.p[i]);
	}
}
