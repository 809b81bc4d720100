/*
 * replay.h - `crumbgate replay`: decides every cookie of a log again.
 */
#ifndef CRUMBGATE_CMD_REPLAY_H
#define CRUMBGATE_CMD_REPLAY_H

int cmd_replay(int argc, char **argv);

#endif
