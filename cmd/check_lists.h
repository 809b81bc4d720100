/*
 * check_lists.h - the part of `crumbgate check` that looks into the filter lists of a configuration.
 */
#ifndef CRUMBGATE_CMD_CHECK_LISTS_H
#define CRUMBGATE_CMD_CHECK_LISTS_H

#include <stdbool.h>

struct config;

/* False: a list cannot be read or is no list, said on stderr.  One never fetched yet is no fault. */
bool check_lists(const struct config *config);

#endif
