/* crumbgate run: the proxy in the foreground. */
#include "cmd/command.h"

#include "base/config.h"
#include "proxy/supervisor.h"

#include <stdio.h>

#define WHY_MAX (4u * 1024 * 1024)

int cmd_run(int argc, char **argv)
{
	struct config *config = NULL;
	enum config_status status;
	struct buf why;

	buf_init(&why, WHY_MAX);
	status = config_load(argc - 1, argv + 1, &config, &why);
	fwrite(buf_slice(&why).p, 1, buf_slice(&why).n, stderr);
	buf_release(&why);
	return status == CONFIG_GOOD ? supervisor_run(config) : COMMAND_USAGE;
}
