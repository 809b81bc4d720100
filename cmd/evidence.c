#include "cmd/evidence.h"

#include "base/clock.h"
#include "base/paths.h"

#include <getopt.h>
#include <stdio.h>
#include <unistd.h>

#define PATIENCE_MS 2000
#define EACH_MS 200

bool evidence_place(const char *given, const char *state, char *out, size_t size)
{
	if (given != NULL || state != NULL)
		return slice_copy(slice_str(given != NULL ? given : state), out, size);
	return paths_state_default(out, size);
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
