/*
 * supervisor.h - the parent of all processes.
 *
 * It reads nothing from the network.  It binds the listening sockets, opens the letter boxes, forks
 * keeper, recorder and workers, starts again what dies, rotates the workers' ticket keys, takes
 * `choice` commands at STATE/control.sock, and turns signals into letters: HUP starts a second
 * generation of workers with the new configuration and lets the first one finish what it has; TERM
 * and INT drain and end.  Each restart of a child and each reload is told to the recorder.
 */
#ifndef CRUMBGATE_PROXY_SUPERVISOR_H
#define CRUMBGATE_PROXY_SUPERVISOR_H

struct config;

/*
 * Runs until it is told to stop.  `config` is taken over.  Returns the exit status: 0 after an
 * orderly end, 1 when the record could not be closed in order, 2 when it could not start.
 */
int supervisor_run(struct config *config);

#endif
