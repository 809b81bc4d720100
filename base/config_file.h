/*
 * config_file.h - crumbgate.conf as a list of settings with their places.
 *
 * Private to config.c.  The syntax is libconfuse's, narrowed: no include(), no functions, no
 * environment variables, no value over several lines.  Every complaint is one line
 * "NAME:LINE:COLUMN: what; what to do\n"; columns count bytes from 1.
 */
#ifndef CRUMBGATE_BASE_CONFIG_FILE_H
#define CRUMBGATE_BASE_CONFIG_FILE_H

#include "base/options.h"

#define CONFIG_FILE_MAX (1024u * 1024)

struct config_place {
	unsigned line, column;
};

/* One value; a list is several settings of one row. */
struct config_setting {
	const struct option_row *row;
	char *value; /* of a profile section's clients: "NAME=CIDR" */
	struct config_place place;
};

struct config_settings {
	struct config_setting *v;
	size_t n;
};

/*
 * False when the text is not well-formed, and `why` says what is wrong; *out then holds what could be
 * read, so that the values in it can be looked at too.  An unknown key or profile does not end the
 * reading; what does is an error in the grammar, and an error of quotes, braces or characters comes
 * before everything.  Of a text that is good `why` may hold a warning: a profile without clients.
 */
bool config_file_parse(const char *name, struct slice text, struct config_settings *out,
		       struct buf *why);
void config_settings_release(struct config_settings *s);

#endif
