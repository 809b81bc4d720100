/*
 * state.h - which state folder a subcommand is for: the same answer for all of them.
 *
 * --state comes first, then `state` of the configuration file (the one that -c names, else the
 * one in its usual place), then the default state folder.  With --state alone no file is read, so
 * that a log can be looked at where the configuration is wrong or somebody else's.
 */
#ifndef CRUMBGATE_CMD_STATE_H
#define CRUMBGATE_CMD_STATE_H

#include <stdbool.h>
#include <stddef.h>

struct config;

#define STATE_PATH_MAX 4096

/* What the command line said; NULL: nothing.  Borrowed. */
struct state_given {
	const char *config; /* -c, --config */
	const char *state;  /* --state */
};

/* The configuration that says so, config_free(); NULL: said on stderr, why and what to do. */
struct config *state_config(const char *command, const struct state_given *given);
/* The absolute path, into `out`.  False: said on stderr, why and what to do. */
bool state_folder(const char *command, const struct state_given *given, char *out, size_t size);

#endif
