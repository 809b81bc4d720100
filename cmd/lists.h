/*
 * lists.h - `crumbgate lists`: fetches filter lists, and says which are in use.
 */
#ifndef CRUMBGATE_CMD_LISTS_H
#define CRUMBGATE_CMD_LISTS_H

int cmd_lists(int argc, char **argv);

#endif
