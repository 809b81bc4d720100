/*
 * verify.h - `crumbgate verify`: checks a whole evidence log.
 */
#ifndef CRUMBGATE_CMD_VERIFY_H
#define CRUMBGATE_CMD_VERIFY_H

/* Only an unfinished write behind the last checkpoint: neither good nor wrong. */
enum { COMMAND_TORN = 3 };

int cmd_verify(int argc, char **argv);

#endif
