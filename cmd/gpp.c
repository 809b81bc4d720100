#include "cmd/claim.h"

static bool show(struct claim_printer *p, struct slice text, const char **why)
{
	struct gpp gpp;

	if (!gpp_decode(text, &gpp, why))
		return false;
	print_gpp(p, &gpp);
	return true;
}

int cmd_gpp(int argc, char **argv)
{
	return claim_command(argc, argv, show);
}
