#include "proxy/supervisor.h"

#include "base/config.h"
#include "base/diag.h"
#include "base/paths.h"
#include "proxy/children.h"
#include "proxy/control.h"
#include "proxy/supervisor_parts.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define TICKET_ROTATION_S (12 * 3600)
#define RESTART_DELAY_MS 1000
#define INTERRUPT_GRACE_MS 1500
#define FALSE_STARTS_MAX 5
#define RECORDER_CLOSE_S 20

static const char *role_name(enum role role)
{
	static const char *const names[] = { "", "keeper", "recorder", "worker" };

	return names[role];
}

/* ---- starting children ---- */

static void child_main(struct supervisor *sup, const struct child *c, unsigned box, const char *why)
{
	static int (*const mains[])(const struct child_start *) = { NULL, keeper_process,
								    recorder_process,
								    worker_process };
	struct child_start start = { &sup->boxes, c->setup, getppid(), box, why };

	diag_init(role_name(c->role), (enum diag_level)sup->config->verbose);
	_exit(mains[c->role](&start));
}

void supervisor_start_child(struct supervisor *sup, unsigned box, enum role role,
			    struct setup *setup, const char *why)
{
	struct child *c = &sup->child[box];

	c->sup = sup;
	c->role = role;
	c->setup = setup;
	c->ready = false;
	c->leave = STAYS;
	c->pid = fork();
	if (c->pid == 0)
		child_main(sup, c, box, why);
	if (c->pid < 0) {
		diag_error("cannot start the %s: %s", role_name(role), strerror(errno));
		c->pid = 0;
	}
}

/* ---- ending ---- */

static void fail(struct supervisor *sup)
{
	sup->phase = PHASE_FAILED;
	sup->status = 2;
	event_base_loopbreak(sup->base);
}

void supervisor_tell_drain(struct supervisor *sup, unsigned box, enum leave how)
{
	struct child *c = &sup->child[box];
	char body = (char)how;

	if (c->pid == 0 || c->leave >= how)
		return;
	c->leave = how;
	if (!post_send(sup->post, box, MSG_DRAIN, 0, slice_of(&body, 1)))
		kill(c->pid, SIGKILL);
}

static void close_recorder(struct supervisor *sup)
{
	struct timeval patience = { RECORDER_CLOSE_S, 0 };

	sup->phase = PHASE_CLOSING;
	event_add(sup->grace, &patience);
	if (sup->child[POST_RECORDER].pid == 0)
		event_base_loopbreak(sup->base);
	else
		supervisor_tell_drain(sup, POST_RECORDER, ENDS);
}

static void on_grace_over(evutil_socket_t fd, short what, void *arg)
{
	struct supervisor *sup = arg;

	(void)fd;
	(void)what;
	for (unsigned box = POST_WORKER; box < sup->boxes.count; box++)
		if (sup->child[box].pid != 0)
			kill(sup->child[box].pid, SIGKILL);
	if (sup->phase == PHASE_CLOSING && sup->child[POST_RECORDER].pid != 0)
		kill(sup->child[POST_RECORDER].pid, SIGKILL);
}

static void begin_drain(struct supervisor *sup, unsigned grace_ms)
{
	struct timeval tv = { grace_ms / 1000, (suseconds_t)(grace_ms % 1000) * 1000 };

	if (sup->phase == PHASE_STARTING) {
		sup->status = 0;
		event_base_loopbreak(sup->base);
		return;
	}
	if (sup->phase == PHASE_RUNNING) {
		diag_info("ending: what runs may finish");
		sup->phase = PHASE_DRAINING;
		setup_close_listeners(sup->setup);
		for (unsigned box = POST_WORKER; box < sup->boxes.count; box++)
			supervisor_tell_drain(sup, box, ENDS);
	}
	event_add(sup->grace, &tv);
	if (sup->phase == PHASE_DRAINING && !generation_any_left(sup))
		close_recorder(sup);
}

/* ---- what children say ---- */

static void say_ready(const struct supervisor *sup)
{
	const char *at = sup->config->listen_n != 0 ? sup->config->listen[0].text : "nowhere";

	printf("crumbgate: proxy for your browser:  %s\n", at);
	for (size_t i = 0; i < sup->config->listen_tls_n; i++)
		printf("crumbgate: with TLS to the proxy:   %s\n", sup->config->listen_tls[i].text);
	printf("crumbgate: then open and trust:     http://crumbgate.internal/\n");
	printf("crumbgate: the evidence is kept in: %s/evidence\n", sup->config->state);
	fflush(stdout);
}

static void on_child_ready(struct supervisor *sup, unsigned box)
{
	struct child *c = &sup->child[box];

	c->ready = true;
	if (sup->phase != PHASE_STARTING) {
		if (c->role == ROLE_WORKER && c->setup == sup->setup && generation_ready(sup))
			generation_retire_old(sup);
		return;
	}
	/*
	 * Keeper, recorder, workers, one after the other; any may have died and come again
	 * meanwhile.
	 */
	if (c->role == ROLE_KEEPER && sup->child[POST_RECORDER].role == ROLE_NONE) {
		if (!setup_load_ca(sup->setup)) {
			fail(sup);
			return;
		}
		supervisor_start_child(sup, POST_RECORDER, ROLE_RECORDER, sup->setup, "start");
	} else if (c->role == ROLE_RECORDER &&
		   sup->child[sup->setup->first_box].role == ROLE_NONE) {
		generation_start(sup, "start");
	} else if (c->role == ROLE_WORKER && generation_ready(sup)) {
		sup->phase = PHASE_RUNNING;
		say_ready(sup);
	}
}

static void on_letter(const struct letter *letter, void *arg)
{
	struct supervisor *sup = arg;

	if (letter->type == MSG_READY)
		on_child_ready(sup, letter->from);
	else if (!control_letter(sup->control, letter))
		diag_warning("a letter of type %d from box %u was not expected", (int)letter->type,
			     letter->from);
}

/* ---- what dies ---- */

static void tell_recorder_of_death(struct supervisor *sup, const struct child *c, int status,
				   const char *next)
{
	struct buf body;
	char why[64];

	if (WIFSIGNALED(status))
		snprintf(why, sizeof(why), "killed by signal %d", WTERMSIG(status));
	else
		snprintf(why, sizeof(why), "exit status %d", WEXITSTATUS(status));
	diag_warning("the %s (pid %d) ended: %s%s", role_name(c->role), (int)c->pid, why, next);
	buf_init(&body, 1024);
	msg_put_bytes(&body, slice_str(role_name(c->role)));
	msg_put_bytes(&body, slice_str(why));
	if (!post_send(sup->post, POST_RECORDER, MSG_CHILD_DIED, (uint32_t)(c - sup->child),
		       buf_slice(&body)))
		diag_warning("the record does not name this");
	buf_release(&body);
}

static void on_again(evutil_socket_t fd, short what, void *arg)
{
	struct child *c = arg;
	struct supervisor *sup = c->sup;

	(void)fd;
	(void)what;
	if (sup->phase >= PHASE_DRAINING && c->role != ROLE_RECORDER)
		return;
	/* A worker of a generation that was replaced meanwhile is not missed. */
	if (c->pid == 0 && (c->role != ROLE_WORKER || c->setup == sup->setup))
		supervisor_start_child(sup, (unsigned)(c - sup->child), c->role, c->setup,
				       "restart");
}

static void restart(struct supervisor *sup, struct child *c)
{
	struct timeval tv = { 0, 0 };

	/* One that dies at once, again and again, must not keep the machine busy. */
	if (!c->ready && c->died_young)
		tv.tv_sec = RESTART_DELAY_MS / 1000;
	c->died_young = !c->ready;
	if (c->again == NULL)
		c->again = evtimer_new(sup->base, on_again, c);
	if (c->again != NULL)
		evtimer_add(c->again, &tv);
}

/* Something else than its own refusal ended it: worth another try, but not for ever. */
static bool survives_start(struct supervisor *sup, const struct child *c, int status)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) == CHILD_REFUSED)
		return false; /* it said why */
	if (++sup->false_starts <= FALSE_STARTS_MAX)
		return true;
	diag_error("the %s ended %u times before it was ready", role_name(c->role),
		   sup->false_starts);
	return false;
}

static void on_death(struct supervisor *sup, struct child *c, int status)
{
	bool wanted = c->leave != STAYS && WIFEXITED(status) && WEXITSTATUS(status) == 0;

	if (sup->phase == PHASE_STARTING && !survives_start(sup, c, status)) {
		c->pid = 0;
		fail(sup);
		return;
	}
	if (c->role == ROLE_WORKER && (c->leave != STAYS || sup->phase >= PHASE_DRAINING)) {
		if (!wanted)
			tell_recorder_of_death(sup, c, status, "");
		c->pid = 0;
		generation_free_old(sup, c->setup);
		if (sup->reload_again && sup->phase == PHASE_RUNNING)
			generation_reload(sup);
		if (sup->phase == PHASE_DRAINING && !generation_any_left(sup))
			close_recorder(sup);
		return;
	}
	if (sup->phase == PHASE_CLOSING && c->role == ROLE_RECORDER) {
		c->pid = 0;
		if (!wanted)
			sup->status = 1;
		event_base_loopbreak(sup->base);
		return;
	}
	tell_recorder_of_death(sup, c, status, "; starting it again");
	c->pid = 0;
	restart(sup, c);
}

static void reap(struct supervisor *sup)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (unsigned box = 0; box < sup->boxes.count; box++) {
			if (sup->child[box].pid == pid) {
				on_death(sup, &sup->child[box], status);
				break;
			}
		}
	}
}

/* ---- signals and timers ---- */

static void on_signal(evutil_socket_t fd, short what, void *arg)
{
	struct supervisor *sup = arg;
	struct signalfd_siginfo info;

	(void)what;
	while (read(fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		switch (info.ssi_signo) {
		case SIGCHLD:
			reap(sup);
			break;
		case SIGHUP:
			if (sup->phase == PHASE_RUNNING)
				generation_reload(sup);
			break;
		case SIGTERM:
			begin_drain(sup, sup->config->drain_timeout_ms);
			break;
		case SIGINT:
			begin_drain(sup, INTERRUPT_GRACE_MS);
			break;
		default:
			break;
		}
	}
}

static void on_tickets(evutil_socket_t fd, short what, void *arg)
{
	struct supervisor *sup = arg;
	struct buf body;

	(void)fd;
	(void)what;
	if (!ticket_keys_rotate(&sup->setup->tickets)) {
		diag_warning("the session ticket keys could not be rotated");
		return;
	}
	buf_init(&body, 4096);
	ticket_keys_pack(&sup->setup->tickets, &body);
	for (unsigned box = POST_WORKER; box < sup->boxes.count; box++)
		if (sup->child[box].pid != 0)
			(void)post_send(sup->post, box, MSG_TICKETS, 0, buf_slice(&body));
	explicit_bzero(body.mem, body.cap);
	buf_release(&body);
}

static bool open_signals(struct supervisor *sup)
{
	static const int wanted[] = { SIGCHLD, SIGHUP, SIGTERM, SIGINT };
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		sigaddset(&set, wanted[i]);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGUSR1, SIG_IGN); /* asks others to reopen their log; ours needs no such thing */
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return false;
	sup->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (sup->signal_fd < 0)
		return false;
	sup->signals = event_new(sup->base, sup->signal_fd, EV_READ | EV_PERSIST, on_signal, sup);
	return sup->signals != NULL && event_add(sup->signals, NULL) == 0;
}

/* Each intercepted connection takes two descriptors, and two more inside TLS to the proxy. */
static void raise_descriptors(const struct config *config)
{
	struct rlimit lim;
	rlim_t each = config->listen_tls_n != 0 ? 4 : 2;
	rlim_t wanted = (rlim_t)config->max_connections * each + 1024;

	if (getrlimit(RLIMIT_NOFILE, &lim) < 0 || lim.rlim_cur >= wanted)
		return;
	lim.rlim_cur = wanted < lim.rlim_max ? wanted : lim.rlim_max;
	if (geteuid() == 0 && lim.rlim_max < wanted) {
		struct rlimit more = { wanted, wanted };

		if (setrlimit(RLIMIT_NOFILE, &more) == 0)
			return;
	}
	setrlimit(RLIMIT_NOFILE, &lim);
}

static bool open_all(struct supervisor *sup)
{
	struct timeval rotation = { TICKET_ROTATION_S, 0 };
	struct buf why;
	bool good;

	buf_init(&why, 4096);
	good = paths_private_dir(sup->config->state, &why);
	if (!good)
		diag_error("%.*s", SLICE_ARG(buf_slice(&why)));
	buf_release(&why);
	if (!good)
		return false;
	raise_descriptors(sup->config);
	sup->base = event_base_new();
	if (sup->base == NULL || event_base_priority_init(sup->base, 2) < 0 || !open_signals(sup)) {
		diag_error("cannot make an event loop: %s", strerror(errno));
		return false;
	}
	sup->workers = setup_worker_count(sup->config);
	if (!post_boxes_open(&sup->boxes, POST_WORKER + 2 * sup->workers)) {
		diag_error("cannot open the letter boxes: %s", strerror(errno));
		return false;
	}
	sup->setup = setup_new(sup->config, POST_WORKER, sup->workers);
	if (sup->setup == NULL) {
		sup->config = NULL; /* it went with the setup */
		return false;
	}
	sup->post = post_new(&sup->boxes, POST_SUPERVISOR, sup->base, false, on_letter, sup);
	sup->tickets = event_new(sup->base, -1, EV_PERSIST, on_tickets, sup);
	sup->grace = evtimer_new(sup->base, on_grace_over, sup);
	sup->retire = evtimer_new(sup->base, generation_on_retire_over, sup);
	if (sup->post == NULL || sup->tickets == NULL || sup->grace == NULL ||
	    sup->retire == NULL || event_add(sup->tickets, &rotation) < 0) {
		diag_error("no memory to start");
		return false;
	}
	sup->control = control_new(sup->base, sup->post, sup->config->state);
	return sup->control != NULL;
}

static void end_children(struct supervisor *sup)
{
	for (unsigned box = 0; box < sup->boxes.count; box++) {
		if (sup->child[box].pid == 0)
			continue;
		kill(sup->child[box].pid, SIGKILL);
		waitpid(sup->child[box].pid, NULL, 0);
	}
}

static void close_all(struct supervisor *sup)
{
	end_children(sup);
	control_free(sup->control);
	post_free(sup->post);
	for (unsigned box = 0; box < POST_MAX; box++)
		if (sup->child[box].again != NULL)
			event_free(sup->child[box].again);
	if (sup->tickets != NULL)
		event_free(sup->tickets);
	if (sup->grace != NULL)
		event_free(sup->grace);
	if (sup->retire != NULL)
		event_free(sup->retire);
	if (sup->signals != NULL)
		event_free(sup->signals);
	if (sup->base != NULL)
		event_base_free(sup->base);
	if (sup->signal_fd >= 0)
		close(sup->signal_fd);
	post_boxes_close(&sup->boxes);
	if (sup->setup != NULL)
		setup_free(sup->setup);
	else if (sup->config != NULL)
		config_free(sup->config);
}

int supervisor_run(struct config *config)
{
	struct supervisor *sup = calloc(1, sizeof(*sup));
	int status;

	if (sup == NULL) {
		config_free(config);
		return 2;
	}
	diag_init("crumbgate", (enum diag_level)config->verbose);
	prctl(PR_SET_DUMPABLE, 0);
	sup->config = config;
	sup->signal_fd = -1;
	if (open_all(sup)) {
		supervisor_start_child(sup, POST_KEEPER, ROLE_KEEPER, sup->setup, "start");
		event_base_dispatch(sup->base);
		status = sup->status;
	} else {
		status = 2;
	}
	close_all(sup);
	free(sup);
	return status;
}
