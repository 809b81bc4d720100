/*
 * claim.h - the subcommands that decode what sites claim about consent: `tcf` and `gpp`.
 */
#ifndef CRUMBGATE_CMD_CLAIM_H
#define CRUMBGATE_CMD_CLAIM_H

#include "filters/claims/print.h"

/* `crumbgate tcf`: a TC string, or one of the signals that travel beside it. */
int cmd_tcf(int argc, char **argv);
/* `crumbgate gpp`: a GPP string. */
int cmd_gpp(int argc, char **argv);

/* Prints the fields of one string.  False: it is malformed, and *why says it. */
typedef bool claim_show(struct claim_printer *p, struct slice text, const char **why);

/*
 * What both have in common: arguments STRING... and --json, "-" for a string on each line of standard
 * input.  Returns the exit status.
 */
int claim_command(int argc, char **argv, claim_show *show);

#endif
