/*
 * command.h - the subcommands: one row each in main.c, one file each beside it.
 *
 * A subcommand's function gets its own name as argv[0] and returns the exit status:
 *
 *	COMMAND_GOOD	it did what it was asked
 *	COMMAND_NO	the answer is no: verification failed, a difference, an invalid file
 *	COMMAND_USAGE	it could not be tried: usage, or the environment; one line on stderr says
 *			what to do
 *
 * main.c answers --help (and -h) itself, before the function is called.
 */
#ifndef CRUMBGATE_CMD_COMMAND_H
#define CRUMBGATE_CMD_COMMAND_H

#include <stdbool.h>

enum { COMMAND_GOOD = 0, COMMAND_NO = 1, COMMAND_USAGE = 2 };

struct command {
	const char *name;
	const char *usage;   /* behind "crumbgate NAME", a form a line */
	const char *help;    /* one line */
	const char *details; /* for --help, or NULL */
	bool options;	     /* it takes the options of the configuration */
	int (*run)(int argc, char **argv);
};

/* `crumbgate run`: the proxy in the foreground. */
int cmd_run(int argc, char **argv);
/* `crumbgate check`: validates the configuration. */
int cmd_check(int argc, char **argv);
/* `crumbgate choice`: what a client decided, for one site or all. */
int cmd_choice(int argc, char **argv);
/* `crumbgate classify`: what cookies are for. */
int cmd_classify(int argc, char **argv);

#endif
