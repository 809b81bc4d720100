/*
 * match.h - `crumbgate match`: asks filter lists about requests.
 */
#ifndef CRUMBGATE_CMD_MATCH_H
#define CRUMBGATE_CMD_MATCH_H

int cmd_match(int argc, char **argv);

#endif
