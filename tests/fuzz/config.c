/* The configuration file, from bytes to settings: whatever it holds, a complaint has a place. */
#include "base/config_file.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Of what is good nothing is said but that a profile is nobody's. */
static bool is_warning(struct slice line)
{
	return slice_ends(line,
			  SLICE(": no clients: nobody has this profile; add clients = {...}"));
}

static void check(bool good, struct slice why)
{
	struct slice line;

	if (!good && !slice_starts(why, SLICE("f:")))
		abort();
	while (good && why.n != 0) {
		why = slice_cut(why, '\n', &line);
		if (!slice_starts(line, SLICE("f:")) || !is_warning(line))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config_settings settings;
	struct buf why;

	if (size > CONFIG_FILE_MAX)
		return 0;
	buf_init(&why, 64 * 1024);
	check(config_file_parse("f", slice_of((const char *)data, size), &settings, &why),
	      buf_slice(&why));
	for (size_t i = 0; i < settings.n; i++)
		if (settings.v[i].row == NULL || settings.v[i].value == NULL ||
		    settings.v[i].place.line == 0 || settings.v[i].place.column == 0)
			abort();
	config_settings_release(&settings);
	buf_release(&why);
	return 0;
}
