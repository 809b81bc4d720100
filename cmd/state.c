#include "cmd/state.h"

#include "base/config.h"

#include <stdio.h>

#define WHY_MAX (1024u * 1024)

struct config *state_config(const char *command, const struct state_given *given)
{
	/* Without -c and with --state: an empty file instead of the one in its usual place. */
	const char *file =
		given->config == NULL && given->state != NULL ? "/dev/null" : given->config;
	char *words[4] = { NULL };
	struct config *cfg = NULL;
	enum config_status status;
	int n = 0;
	struct buf why;

	/* config_load() copies them. */
	if (file != NULL) {
		words[n++] = (char *)(uintptr_t) "--config";
		words[n++] = (char *)(uintptr_t)file;
	}
	if (given->state != NULL) {
		words[n++] = (char *)(uintptr_t) "--state";
		words[n++] = (char *)(uintptr_t)given->state;
	}
	buf_init(&why, WHY_MAX);
	status = config_load(n, words, &cfg, &why);
	if (status != CONFIG_GOOD) {
		fwrite(buf_slice(&why).p, 1, buf_slice(&why).n, stderr);
		if (given->state == NULL)
			fprintf(stderr,
				"crumbgate %s: so the state folder is not known; mend this, or "
				"name the folder with --state\n",
				command);
	}
	buf_release(&why);
	return cfg;
}

bool state_folder(const char *command, const struct state_given *given, char *out, size_t size)
{
	struct config *cfg = state_config(command, given);
	bool good = cfg != NULL && slice_copy(slice_str(cfg->state), out, size);

	if (cfg != NULL && !good)
		fprintf(stderr, "crumbgate %s: the state folder's path is too long\n", command);
	config_free(cfg);
	return good;
}
