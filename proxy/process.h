/*
 * process.h - what a child does before it does its work.
 *
 * The supervisor forks without exec, so that children share its decoded certificates and tables
 * page by page.  process_child() makes the fork a process of its own: signals at their defaults or
 * ignored (the supervisor speaks to children by letters only), every descriptor closed that the
 * child does not need, death when the supervisor dies, no core dump with keys in it.
 */
#ifndef CRUMBGATE_PROXY_PROCESS_H
#define CRUMBGATE_PROXY_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* `keep` names the descriptors (any order) that stay open beside stdin, stdout and stderr. */
void process_child(const char *name, pid_t parent, const int *keep, size_t keep_n);

/* Instead of death: `signal` (with its handler in place by now) when the supervisor dies. */
void process_on_orphaned(pid_t parent, int signal);

/* Gives up root for `user` (all groups too).  True at once when not root.  False: errno. */
bool process_drop_root(const char *user);

#endif
