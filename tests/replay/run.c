/*
 * Plays the scripts named on the command line, or all in $srcdir/tests/replay, each twice: as it
 * is, and with every byte sent in a piece of its own.  Both must go the same way.
 */
#include "base/diag.h"
#include "tests/replay/script.h"

#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define SCRIPT_MAX (1024u * 1024)

static bool read_file(const char *path, struct buf *out)
{
	FILE *f = fopen(path, "rb");
	char *room = f != NULL ? buf_reserve(out, SCRIPT_MAX) : NULL;

	if (room != NULL)
		buf_commit(out, fread(room, 1, SCRIPT_MAX, f));
	if (f != NULL)
		fclose(f);
	return room != NULL && out->len != 0;
}

static bool run(const char *path, struct slice text, bool by_octet, const char *state)
{
	struct script s = { .text = text, .by_octet = by_octet, .state = state };

	if (script_run(&s))
		return true;
	printf("FAIL: %s%s: %s\n", path, by_octet ? ", octet by octet" : "", s.why);
	return false;
}

/* Chunks are made of what comes at once, so a script that counts them says so in its first line. */
static bool is_only_whole(struct slice text)
{
	return slice_starts(text, SLICE("#!whole"));
}

static bool run_file(const char *path, const char *state)
{
	struct buf text;
	bool good;

	buf_init(&text, SCRIPT_MAX);
	good = read_file(path, &text);
	if (!good)
		printf("FAIL: %s: cannot be read\n", path);
	good = good && run(path, buf_slice(&text), false, state) &&
	       (is_only_whole(buf_slice(&text)) || run(path, buf_slice(&text), true, state));
	if (good)
		printf("ok: %s\n", path);
	fflush(stdout);
	buf_release(&text);
	return good;
}

static int run_all(char *const *paths, size_t n, const char *state)
{
	size_t failed = 0;

	for (size_t i = 0; i < n; i++)
		failed += run_file(paths[i], state) ? 0 : 1;
	printf("%zu scripts, %zu failed\n", n, failed);
	return n == 0 || failed != 0 ? 1 : 0;
}

static void remove_state(const char *state)
{
	static const char *const inside[] = { "/ca/ca.pem", "/ca/ca.key", "/ca", "" };
	char path[PATH_MAX];

	for (size_t i = 0; i < sizeof(inside) / sizeof(inside[0]); i++) {
		snprintf(path, sizeof(path), "%s%s", state, inside[i]);
		if (remove(path) != 0 && errno != ENOENT)
			printf("%s stays behind\n", path);
	}
}

int main(int argc, char **argv)
{
	const char *srcdir = getenv("srcdir");
	char pattern[PATH_MAX], state[PATH_MAX];
	glob_t found = { 0 };
	int status;

	diag_init("replay", DIAG_ERROR);
	snprintf(state, sizeof(state), "%s/crumbgate-replay-XXXXXX",
		 getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp");
	if (mkdtemp(state) == NULL) {
		perror(state);
		return 99;
	}
	snprintf(pattern, sizeof(pattern), "%s/tests/replay/*.rpl", srcdir != NULL ? srcdir : ".");
	if (argc > 1) {
		status = run_all(argv + 1, (size_t)argc - 1, state);
	} else {
		(void)glob(pattern, 0, NULL, &found);
		status = run_all(found.gl_pathv, found.gl_pathc, state);
		globfree(&found);
	}
	remove_state(state);
	return status;
}
