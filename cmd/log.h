/*
 * log.h - `crumbgate log`: prints the evidence log's entries, or its key.
 */
#ifndef CRUMBGATE_CMD_LOG_H
#define CRUMBGATE_CMD_LOG_H

int cmd_log(int argc, char **argv);

#endif
