/*
 * explain_lists.h - the filter lists that `crumbgate explain` asks about a URL or a cookie: those of
 * the configuration, as the proxy has them, and what the command line adds.
 *
 *	if (!explain_lists_init(&l, argc)) ...
 *	... { OTHER OPTIONS, EXPLAIN_LISTS_OPTIONS } for getopt_long(), "c:" beside them;
 *	    explain_lists_option(&l, c) for what it returns ...
 *	if (!explain_lists_open(&l)) ...		// said on stderr
 *	... l.files.lists, NULL where there is no list ...
 *	explain_lists_release(&l);
 *
 * What getopt_long() points to is borrowed until explain_lists_open() has returned.
 */
#ifndef CRUMBGATE_CMD_EXPLAIN_LISTS_H
#define CRUMBGATE_CMD_EXPLAIN_LISTS_H

#include "cmd/explain_out.h"
#include "filters/lists/match.h"
#include "proxy/list_files.h"
#include "proxy/list_sources.h"

/* Above those of the form's own. */
enum {
	OPT_CONFIG = 'c',
	OPT_STATE = 256,
	OPT_LIST,
	OPT_LIST_URL,
	OPT_LIST_DEFAULTS,
	OPT_NO_LIST_DEFAULTS
};

#define EXPLAIN_LISTS_OPTIONS                                                                      \
	{ "config", required_argument, NULL, OPT_CONFIG },                                         \
		{ "state", required_argument, NULL, OPT_STATE },                                   \
		{ "list", required_argument, NULL, OPT_LIST },                                     \
		{ "list-url", required_argument, NULL, OPT_LIST_URL },                             \
		{ "list-defaults", no_argument, NULL, OPT_LIST_DEFAULTS },                         \
	{                                                                                          \
		"no-list-defaults", no_argument, NULL, OPT_NO_LIST_DEFAULTS                        \
	}

struct explain_lists {
	char **words; /* options, for config_load() */
	int words_n;
	struct config *config;
	struct list_sources sources;
	struct list_files files;
};

bool explain_lists_init(struct explain_lists *l, int argc);
void explain_lists_release(struct explain_lists *l);
/* One of the options above, with optarg. */
void explain_lists_option(struct explain_lists *l, int c);
bool explain_lists_open(struct explain_lists *l);
/* Says which they are, or that there is none, "so ..." what follows from it. */
void explain_lists_put(struct explain_out *o, const struct explain_lists *l, const char *so);
/* A rule with its list, file and line. */
void explain_lists_put_rule(struct explain_out *o, const char *key, const struct explain_lists *l,
			    const struct lists_rule *rule);

#endif
