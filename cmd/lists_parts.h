/*
 * lists_parts.h - the verbs of `crumbgate lists`, for its files only.  Each returns the exit status.
 */
#ifndef CRUMBGATE_CMD_LISTS_PARTS_H
#define CRUMBGATE_CMD_LISTS_PARTS_H

#include "base/config.h"

struct lists_request {
	const struct config *config;
	bool json, force;
};

/* A whole list, as fetched and with what it includes. */
#define LISTS_TEXT_MAX ((size_t)64 * 1024 * 1024)

int lists_update(const struct lists_request *r);
int lists_show(const struct lists_request *r);

#endif
