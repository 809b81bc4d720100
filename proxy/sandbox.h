/*
 * sandbox.h - what a child gives up for good before it touches anything from outside.
 *
 * Landlock (where the kernel has it) takes the file system away: the keeper keeps nothing, the
 * recorder its state folder, a worker reads the system's name-service and list files, and who compiles
 * filter lists (list_compile.h) keeps nothing either.  seccomp
 * takes away what no child has use for: starting programs, tracing, mounting, loading kernel code,
 * and for all but workers every socket.  A system call that is not allowed fails with EPERM.
 */
#ifndef CRUMBGATE_PROXY_SANDBOX_H
#define CRUMBGATE_PROXY_SANDBOX_H

#include <stdbool.h>

enum sandbox_kind { SANDBOX_KEEPER, SANDBOX_RECORDER, SANDBOX_WORKER, SANDBOX_LISTS };

/* `state` for the recorder, else NULL.  False: said on stderr why; the child must end. */
bool sandbox_enter(enum sandbox_kind kind, const char *state);

#endif
