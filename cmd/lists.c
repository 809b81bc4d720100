#include "cmd/lists.h"

#include "cmd/command.h"
#include "cmd/lists_parts.h"

#include <stdio.h>
#include <stdlib.h>

#define WHY_MAX (4u * 1024 * 1024)

static int usage(const char *what)
{
	fprintf(stderr, "crumbgate lists: %s; see 'crumbgate lists --help'\n", what);
	return COMMAND_USAGE;
}

static int run(struct lists_request *r, int argc, char **argv,
	       int (*verb)(const struct lists_request *r))
{
	int status = COMMAND_USAGE;
	struct config *cfg = NULL;
	struct buf why;

	buf_init(&why, WHY_MAX);
	/* Without its configuration no list is known, so a mistake there is one of usage. */
	if (config_load(argc, argv, &cfg, &why) == CONFIG_GOOD) {
		r->config = cfg;
		status = verb(r);
	}
	fwrite(buf_slice(&why).p, 1, buf_slice(&why).n, stderr);
	buf_release(&why);
	config_free(cfg);
	return status;
}

int cmd_lists(int argc, char **argv)
{
	char **rest = calloc((size_t)argc + 1, sizeof(*rest));
	struct slice verb = argc > 1 ? slice_str(argv[1]) : slice_of("", 0);
	bool update = slice_eq(verb, SLICE("update"));
	struct lists_request r = { .json = false };
	int n = 0, status;

	if (rest == NULL)
		return COMMAND_USAGE;
	for (int i = 2; i < argc; i++) {
		if (strcmp(argv[i], "--json") == 0)
			r.json = true;
		else if (strcmp(argv[i], "--force") == 0 && update)
			r.force = true;
		else
			rest[n++] = argv[i];
	}
	if (update)
		status = run(&r, n, rest, lists_update);
	else if (slice_eq(verb, SLICE("show")))
		status = run(&r, n, rest, lists_show);
	else
		status = usage("say update or show");
	free(rest);
	return status;
}
