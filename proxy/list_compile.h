/*
 * list_compile.h - filter lists compiled by a process of their own.
 *
 * The supervisor may be root, and what stands in a list was written by others.  So it reads files, but
 * not what is in them: a child without privileges, files or sockets compiles the texts into a memory
 * file, which is sealed before anybody looks at it.  What a list includes the child asks for by its
 * name, and gets it only as lists_input's include() would give it.
 */
#ifndef CRUMBGATE_PROXY_LIST_COMPILE_H
#define CRUMBGATE_PROXY_LIST_COMPILE_H

#include "filters/lists/build.h"

/* Longer than this without a word the child may not take. */
#define LIST_COMPILE_PATIENCE_S 60
/* More inclusions than this it may not ask for. */
#define LIST_COMPILE_ASKS_MAX 4096u

/*
 * The user to become where this is root.  Returns a descriptor of the sealed image, or -1: said on
 * stderr by the child, or errno.
 */
int list_compile(const struct lists_input *in, const char *user);

#endif
