/*
 * control_ask.h - one question to the running proxy by its socket (proxy/control.h).
 */
#ifndef CRUMBGATE_CMD_CONTROL_ASK_H
#define CRUMBGATE_CMD_CONTROL_ASK_H

#include "base/buf.h"

enum control_result {
	CONTROL_ANSWERED, /* the whole answer is in `answer` */
	CONTROL_NOBODY,	  /* no proxy runs with this state folder */
	CONTROL_FAILED	  /* said in `answer`: one line, what to do */
};

/* `request` with its line's end.  Waits 10 s at most for each step. */
enum control_result control_ask(const char *state, struct slice request, struct buf *answer);

#endif
