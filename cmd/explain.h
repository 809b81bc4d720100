/*
 * explain.h - `crumbgate explain`: why a cookie, a URL or an entry of the log is decided as it is, and
 * what would change that.
 *
 * Each form is a file of its own (explain_cookie.c, explain_url.c, explain_entry.c); what they say
 * goes through explain_out.h, and everything that is decided is asked of the functions that decide
 * in the proxy.  No value of a cookie or a parameter is printed.
 */
#ifndef CRUMBGATE_CMD_EXPLAIN_H
#define CRUMBGATE_CMD_EXPLAIN_H

#include "filters/words.h"

int cmd_explain(int argc, char **argv);

/* The forms; argv[0] is the form's own name.  They return the exit status. */
int explain_cookie(int argc, char **argv);
int explain_url(int argc, char **argv);
int explain_entry(int argc, char **argv);

/* Says on stderr what is wrong with the usage.  Returns false. */
bool explain_usage(const char *what);
/* The words of --profile and --choice.  False: said on stderr. */
bool explain_read_profile(const char *word, enum profile *out);
bool explain_read_choice(const char *word, enum choice_state *out);

#endif
