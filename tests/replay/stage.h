/*
 * stage.h - a worker that serves in this process, with everything around it played by the test.
 *
 * Clients and origins are connections in the worker's own loop, recorder, keeper and supervisor are
 * letter boxes that the stage reads, and both clocks are numbers.  Nothing happens but in
 * stage_turn(), so a test says what came when, to the byte and to the millisecond.
 */
#ifndef CRUMBGATE_TESTS_STAGE_H
#define CRUMBGATE_TESTS_STAGE_H

#include "base/post.h"
#include "proxy/children.h"
#include "proxy/net/listener.h"
#include "proxy/net/stream.h"
#include "proxy/worker.h"

#define STAGE_ENDS 8
#define STAGE_START_MS INT64_C(1795305600000) /* 2026-11-22T00:00:00Z */

/* Our side of one connection. */
struct end {
	struct stream *stream; /* NULL: not yet, or closed by us */
	struct buf got;	       /* what came and was not taken yet */
	bool eof, reset;       /* how the proxy ended it */
};

struct stage {
	int64_t wall_ms, mono_ms;
	struct clock clock;
	struct post_boxes boxes;
	struct setup *setup;
	struct child_start start;
	struct worker *worker;
	struct post *recorder, *supervisor;
	struct address proxy;
	int origin_fd;
	struct listener *origin_listener;
	struct end clients[STAGE_ENDS], origins[STAGE_ENDS];
	size_t origins_n;
	struct buf entries; /* what was recorded: a line each */
	bool ready, impatient;
	bool other; /* a cookie was decided otherwise by its entry alone */
};

/*
 * Opens a worker with the state folder `state` (it exists) and these options ("--via"), to which
 * every origin is the stage's.  False: said why.
 */
bool stage_open(struct stage *t, const char *state, char *const *options, size_t n);
/* Drains and closes it.  False: something was still being served. */
bool stage_close(struct stage *t);

/* Looks at what has happened, without waiting. */
void stage_turn(struct stage *t);
/* Moves both clocks, a tick of the loop at a time. */
void stage_advance(struct stage *t, int64_t ms);
/* Turns until done(arg); false when nothing of the kind happened for seconds. */
bool stage_wait(struct stage *t, bool (*done)(void *arg), void *arg);

/* The client's end, connected by now.  NULL: no such number, or no descriptors. */
struct end *stage_client(struct stage *t, size_t i);
/* The end of the i-th connection that the worker made, which may have to be waited for. */
struct end *stage_origin(struct stage *t, size_t i);

/* What SIGTERM leads to. */
void stage_drain(struct stage *t);
/* As `crumbgate choice set local SITE CHOICE` would. */
bool stage_choice(struct stage *t, const char *site, const char *choice);

/* What the resolver would say of a host. */
void stage_alias(struct stage *t, struct slice host, const char *name);

#endif
