#include "proxy/supervisor.h"

#include "base/config.h"
#include "base/diag.h"
#include "base/paths.h"
#include "base/post.h"
#include "evidence/recorder.h"
#include "proxy/children.h"
#include "proxy/control.h"
#include "proxy/net/listener.h"
#include "proxy/setup.h"

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
/* Between the end of idle connections and that of all others of a replaced generation. */
#define RETIRE_LAST_S 10

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

static void start_child(struct supervisor *sup, unsigned box, enum role role, struct setup *setup,
			const char *why)
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

/* Letters that a dead generation left must not reach the next one in the same box. */
static void empty_box(struct supervisor *sup, unsigned box)
{
	static char mem[MSG_MAX];
	struct letter letter;

	for (int i = 0; i < 100000; i++)
		if (post_take(&sup->boxes, box, mem, &letter, false) == 0)
			return;
}

static void start_generation(struct supervisor *sup, const char *why)
{
	for (unsigned i = 0; i < sup->workers; i++) {
		unsigned box = sup->setup->first_box + i;

		empty_box(sup, box);
		start_child(sup, box, ROLE_WORKER, sup->setup, why);
	}
}

static bool generation_ready(const struct supervisor *sup)
{
	for (unsigned i = 0; i < sup->workers; i++)
		if (!sup->child[sup->setup->first_box + i].ready)
			return false;
	return true;
}

static bool any_worker_left(const struct supervisor *sup)
{
	for (unsigned box = POST_WORKER; box < sup->boxes.count; box++)
		if (sup->child[box].pid != 0)
			return true;
	return false;
}

/* ---- ending ---- */

static void fail(struct supervisor *sup)
{
	sup->phase = PHASE_FAILED;
	sup->status = 2;
	event_base_loopbreak(sup->base);
}

/*
 * A retiring worker takes no new clients and keeps those it has; an ending one lets idle ones go.
 */
static void tell_drain(struct supervisor *sup, unsigned box, enum leave how)
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
		tell_drain(sup, POST_RECORDER, ENDS);
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
			tell_drain(sup, box, ENDS);
	}
	event_add(sup->grace, &tv);
	if (sup->phase == PHASE_DRAINING && !any_worker_left(sup))
		close_recorder(sup);
}

/* ---- reload ---- */

static void say_lines(struct slice text)
{
	struct slice line;

	while (text.n != 0) {
		text = slice_cut(text, '\n', &line);
		if (line.n != 0)
			diag_error("%.*s", SLICE_ARG(line));
	}
}

/*
 * There is room for two generations.  While the one before the last still serves somebody, a reload
 * waits until it is gone, and it is told to hurry.
 */
static bool boxes_taken(struct supervisor *sup, unsigned first)
{
	bool taken = false;

	for (unsigned i = 0; i < sup->workers; i++) {
		if (sup->child[first + i].pid == 0)
			continue;
		tell_drain(sup, first + i, ENDS);
		taken = true;
	}
	if (taken)
		diag_info("the reload waits for the last one to end");
	return taken;
}

static void reload(struct supervisor *sup)
{
	struct buf why;
	struct config *next;
	struct setup *setup;
	unsigned first;

	buf_init(&why, 64 * 1024);
	next = config_reload(sup->config, &why);
	if (next == NULL) {
		diag_error("the configuration was not reloaded, the running one stays in force:");
		say_lines(buf_slice(&why));
		goto out;
	}
	if (!config_same_process(sup->config, next, &why))
		diag_warning("not taken over before a restart: %.*s", SLICE_ARG(buf_slice(&why)));
	first = sup->setup->first_box == POST_WORKER ? POST_WORKER + sup->workers : POST_WORKER;
	sup->reload_again = boxes_taken(sup, first);
	if (sup->reload_again) {
		config_free(next);
		goto out;
	}
	setup = setup_reload(sup->setup, next, first);
	if (setup == NULL) {
		config_free(next);
		goto out;
	}
	sup->config = next; /* the old one belongs to the old setup now */
	sup->setup = setup;
	sup->child[POST_KEEPER].setup = setup;
	sup->child[POST_RECORDER].setup = setup;
	buf_clear(&why);
	config_describe(next, &why);
	if (!post_send(sup->post, POST_RECORDER, MSG_CONFIG, 0, buf_slice(&why)))
		diag_warning("the record does not name the new configuration");
	start_generation(sup, "reload");
	diag_info("the configuration was reloaded");
out:
	buf_release(&why);
}

/* Once the new generation serves, the old one finishes what it has. */
static void on_retire_over(evutil_socket_t fd, short what, void *arg)
{
	struct supervisor *sup = arg;

	struct timeval last = { RETIRE_LAST_S, 0 };

	(void)fd;
	(void)what;
	for (unsigned box = POST_WORKER; box < sup->boxes.count; box++) {
		struct child *c = &sup->child[box];

		if (c->pid == 0 || c->setup == sup->setup)
			continue;
		if (c->leave == ENDS)
			kill(c->pid, SIGKILL);
		else
			tell_drain(sup, box, ENDS);
		event_add(sup->retire, &last);
	}
}

static void retire_old_generation(struct supervisor *sup)
{
	unsigned ms = sup->config->drain_timeout_ms;
	struct timeval tv = { ms / 1000, (suseconds_t)(ms % 1000) * 1000 };

	event_add(sup->retire, &tv);
	for (unsigned box = POST_WORKER; box < sup->boxes.count; box++)
		if (sup->child[box].pid != 0 && sup->child[box].setup != sup->setup)
			tell_drain(sup, box, RETIRES);
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
			retire_old_generation(sup);
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
		start_child(sup, POST_RECORDER, ROLE_RECORDER, sup->setup, "start");
	} else if (c->role == ROLE_RECORDER &&
		   sup->child[sup->setup->first_box].role == ROLE_NONE) {
		start_generation(sup, "start");
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
		start_child(sup, (unsigned)(c - sup->child), c->role, c->setup, "restart");
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

static void free_old_setup(struct supervisor *sup, struct setup *setup)
{
	if (setup == sup->setup)
		return;
	for (unsigned box = 0; box < sup->boxes.count; box++)
		if (sup->child[box].setup == setup && sup->child[box].pid != 0)
			return;
	for (unsigned box = 0; box < sup->boxes.count; box++)
		if (sup->child[box].setup == setup)
			sup->child[box].setup = sup->setup;
	setup_free(setup);
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
		free_old_setup(sup, c->setup);
		if (sup->reload_again && sup->phase == PHASE_RUNNING)
			reload(sup);
		if (sup->phase == PHASE_DRAINING && !any_worker_left(sup))
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
				reload(sup);
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
	sup->retire = evtimer_new(sup->base, on_retire_over, sup);
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
		start_child(sup, POST_KEEPER, ROLE_KEEPER, sup->setup, "start");
		event_base_dispatch(sup->base);
		status = sup->status;
	} else {
		status = 2;
	}
	close_all(sup);
	free(sup);
	return status;
}
