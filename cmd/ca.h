/*
 * ca.h - `crumbgate ca show | import | export`: the interception CA's certificate for people.
 */
#ifndef CRUMBGATE_CMD_CA_H
#define CRUMBGATE_CMD_CA_H

/* argv[0] is "ca".  Returns the exit status: 0, 1 (there is none yet), 2 (usage or environment). */
int cmd_ca(int argc, char **argv);

#endif
