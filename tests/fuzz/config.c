/* The configuration file, from bytes to settings: whatever it holds, a complaint has a place. */
#include "base/config_file.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config_settings settings;
	struct buf why;

	if (size > CONFIG_FILE_MAX)
		return 0;
	buf_init(&why, 64 * 1024);
	if (config_file_parse("f", slice_of((const char *)data, size), &settings, &why) !=
	    (why.len == 0))
		abort();
	if (why.len != 0 && !slice_starts(buf_slice(&why), SLICE("f:")))
		abort();
	for (size_t i = 0; i < settings.n; i++)
		if (settings.v[i].row == NULL || settings.v[i].value == NULL ||
		    settings.v[i].place.line == 0 || settings.v[i].place.column == 0)
			abort();
	config_settings_release(&settings);
	buf_release(&why);
	return 0;
}
