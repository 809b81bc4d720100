/*
 * supervisor_parts.h - the inside of the supervisor, for its two halves: supervisor.c is the
 * children one by one, from the first start to the end of all; generation.c the workers of one
 * configuration together.
 */
#ifndef CRUMBGATE_PROXY_SUPERVISOR_PARTS_H
#define CRUMBGATE_PROXY_SUPERVISOR_PARTS_H

#include "base/post.h"
#include "proxy/setup.h"

#include <event2/event.h>
#include <sys/types.h>

struct control;

enum role { ROLE_NONE, ROLE_KEEPER, ROLE_RECORDER, ROLE_WORKER };

struct child {
	struct supervisor *sup;
	enum role role;
	pid_t pid;				   /* 0: not running */
	bool ready;				   /* has said so since its start */
	enum leave { STAYS, RETIRES, ENDS } leave; /* what it was told last */
	bool died_young;			   /* the last one in this box was never ready */
	struct setup *setup;
	struct event *again; /* delayed restart */
};

enum phase { PHASE_STARTING, PHASE_RUNNING, PHASE_DRAINING, PHASE_CLOSING, PHASE_FAILED };

struct supervisor {
	struct event_base *base;
	struct config *config;
	struct setup *setup; /* of the newest generation */
	struct post_boxes boxes;
	struct post *post;
	struct control *control;
	unsigned workers; /* in a generation */
	struct child child[POST_MAX];
	enum phase phase;
	bool reload_again;     /* asked for while the last one was not through */
	unsigned false_starts; /* children that died while all were starting */
	struct event *signals, *tickets, *grace, *retire;
	int signal_fd;
	int status;
};

/* supervisor.c */
void supervisor_start_child(struct supervisor *sup, unsigned box, enum role role,
			    struct setup *setup, const char *why);
/*
 * A retiring worker takes no new clients and keeps those it has; an ending one lets idle ones go.
 */
void supervisor_tell_drain(struct supervisor *sup, unsigned box, enum leave how);

/* generation.c */
void generation_start(struct supervisor *sup, const char *why);
bool generation_ready(const struct supervisor *sup);
/* A worker of any generation runs. */
bool generation_any_left(const struct supervisor *sup);
/* A new one by the configuration as it reads now; a mistake in that changes nothing. */
void generation_reload(struct supervisor *sup);
/* Once the new generation serves, the old one finishes what it has. */
void generation_retire_old(struct supervisor *sup);
/* The handler of sup->retire. */
void generation_on_retire_over(evutil_socket_t fd, short what, void *arg);
/* The setup of a generation that is over, when its last worker has gone. */
void generation_free_old(struct supervisor *sup, struct setup *setup);

#endif
