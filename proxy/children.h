/*
 * children.h - the three kinds of children: how each begins and what its loop is.
 *
 * Each function is called in a fresh fork, makes the process its own (process.h), does its work
 * and returns the exit status.  CHILD_REFUSED means that a start again would not help: the reason
 * was said on stderr.
 */
#ifndef CRUMBGATE_PROXY_CHILDREN_H
#define CRUMBGATE_PROXY_CHILDREN_H

#include "proxy/setup.h"

#include <sys/types.h>

#define CHILD_REFUSED 2

struct child_start {
	struct post_boxes *boxes;
	const struct setup *setup;
	pid_t parent;
	unsigned box;
	const char *why; /* the recorder's: start, restart, reload */
};

int keeper_process(const struct child_start *start);
int recorder_process(const struct child_start *start);
int worker_process(const struct child_start *start);

#endif
