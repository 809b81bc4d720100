#include "cmd/command.h"

#include "base/config.h"
#include "cmd/check_lists.h"

#include <stdio.h>
#include <stdlib.h>

#define WHY_MAX (4u * 1024 * 1024)

static void print_json(const struct config *cfg)
{
	struct buf out;

	buf_init(&out, WHY_MAX);
	config_describe(cfg, &out);
	buf_addc(&out, '\n');
	fwrite(buf_slice(&out).p, 1, buf_slice(&out).n, stdout);
	buf_release(&out);
}

int cmd_check(int argc, char **argv)
{
	char **rest = calloc((size_t)argc + 1, sizeof(*rest));
	struct config *cfg = NULL;
	enum config_status status;
	bool json = false;
	struct buf why;
	int n = 0;

	if (rest == NULL)
		return COMMAND_USAGE;
	for (int i = 1; i < argc; i++) {
		if (slice_eq(slice_str(argv[i]), SLICE("--json")))
			json = true;
		else
			rest[n++] = argv[i];
	}
	buf_init(&why, WHY_MAX);
	status = config_load(n, rest, &cfg, &why);
	fwrite(buf_slice(&why).p, 1, buf_slice(&why).n, stderr);
	if (status == CONFIG_GOOD && !check_lists(cfg))
		status = CONFIG_INVALID;
	if (status == CONFIG_GOOD && json)
		print_json(cfg);
	else if (status == CONFIG_GOOD && cfg->file != NULL)
		printf("%s: good\n", cfg->file);
	else if (status == CONFIG_GOOD)
		printf("there is no configuration file; the defaults are in force\n");
	buf_release(&why);
	config_free(cfg);
	free(rest);
	return (int)status;
}
