#include "proxy/control.h"

#include "base/clock.h"
#include "base/diag.h"
#include "base/json.h"
#include "evidence/recorder.h"
#include "filters/words.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define LINE_MAX_LEN 1024
#define CALLERS_MAX 16
#define CALLER_TIMEOUT_S 10

struct caller {
	TAILQ_ENTRY(caller) next;
	struct control *control;
	struct bufferevent *bev;
	uint32_t id;
	bool asked;
};

struct control {
	struct event_base *base;
	struct post *post;
	struct evconnlistener *listener;
	TAILQ_HEAD(, caller) callers;
	unsigned callers_n;
	uint32_t last_id;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
};

static void caller_free(struct caller *c)
{
	TAILQ_REMOVE(&c->control->callers, c, next);
	c->control->callers_n--;
	bufferevent_free(c->bev);
	free(c);
}

static void on_sent(struct bufferevent *bev, void *arg)
{
	(void)bev;
	caller_free(arg);
}

static void on_event(struct bufferevent *bev, short what, void *arg)
{
	(void)bev;
	(void)what;
	caller_free(arg);
}

/* Sends what was written, then ends. */
static void finish(struct caller *c, const char *text)
{
	c->asked = true;
	bufferevent_disable(c->bev, EV_READ);
	bufferevent_setcb(c->bev, NULL, on_sent, on_event, c);
	evbuffer_add(bufferevent_get_output(c->bev), text, strlen(text));
}

static struct slice word(struct slice *rest)
{
	struct slice w;

	*rest = slice_cut(*rest, ' ', &w);
	return w;
}

static void ask(struct caller *c, enum msg_type type, const struct buf *body)
{
	c->id = ++c->control->last_id;
	c->asked = true;
	if (!buf_ok(body) ||
	    !post_send(c->control->post, POST_RECORDER, type, c->id, buf_slice(body)))
		finish(c, "error the recorder does not answer\n");
}

static void ask_choice(struct caller *c, enum recorder_choice_op op, struct slice rest)
{
	struct recorder_choice choice = { .op = op, .seen = SLICE("cli") };
	enum choice_state state;
	struct buf body;

	choice.client = word(&rest);
	choice.site = word(&rest);
	if (op == RECORDER_CHOICE_SET)
		choice.choice = word(&rest);
	choice.when = clock_wall_ms(&clock_system);
	if (rest.p != NULL || choice.client.n == 0 || choice.site.n == 0 ||
	    (op == RECORDER_CHOICE_SET &&
	     (!choice_of_word(choice.choice, &state) || state == CHOICE_NONE ||
	      state == CHOICE_PUT_BACK))) {
		finish(c, "error usage: choice set CLIENT SITE refused|accepted|PURPOSES, choice "
			  "clear CLIENT SITE\n");
		return;
	}
	buf_init(&body, 4096);
	recorder_put_choice(&body, &choice);
	ask(c, MSG_CHOICE, &body);
	buf_release(&body);
}

/* Of one client, or of all. */
static void ask_list(struct caller *c, struct slice rest)
{
	struct slice client = rest.p != NULL ? word(&rest) : slice_of("", 0);
	struct buf body;

	if (rest.p != NULL) {
		finish(c, "error usage: choice list [CLIENT]\n");
		return;
	}
	buf_init(&body, 4096);
	buf_add(&body, client);
	ask(c, MSG_CHOICE_LIST, &body);
	buf_release(&body);
}

static void on_line(struct caller *c, struct slice line)
{
	struct slice rest = line, first = word(&rest), verb;

	if (slice_eq(first, SLICE("ping")) && rest.p == NULL) {
		finish(c, "ok\n");
		return;
	}
	verb = rest.p != NULL && slice_eq(first, SLICE("choice")) ? word(&rest) : slice_of("", 0);
	if (slice_eq(verb, SLICE("set")))
		ask_choice(c, RECORDER_CHOICE_SET, rest);
	else if (slice_eq(verb, SLICE("clear")))
		ask_choice(c, RECORDER_CHOICE_CLEAR, rest);
	else if (slice_eq(verb, SLICE("list")))
		ask_list(c, rest);
	else
		finish(c, "error unknown request\n");
}

static void on_readable(struct bufferevent *bev, void *arg)
{
	struct caller *c = arg;
	size_t n;
	char *line;

	if (c->asked)
		return;
	line = evbuffer_readln(bufferevent_get_input(bev), &n, EVBUFFER_EOL_LF);
	if (line != NULL) {
		on_line(c, slice_of(line, n));
		free(line);
	} else if (evbuffer_get_length(bufferevent_get_input(bev)) > LINE_MAX_LEN) {
		caller_free(c);
	}
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *sa,
		      int sa_len, void *arg)
{
	struct control *control = arg;
	struct timeval patience = { CALLER_TIMEOUT_S, 0 };
	struct caller *c = control->callers_n < CALLERS_MAX ? calloc(1, sizeof(*c)) : NULL;

	(void)listener;
	(void)sa;
	(void)sa_len;
	if (c != NULL)
		c->bev = bufferevent_socket_new(control->base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (c == NULL || c->bev == NULL) {
		free(c);
		close(fd);
		return;
	}
	c->control = control;
	TAILQ_INSERT_TAIL(&control->callers, c, next);
	control->callers_n++;
	bufferevent_setcb(c->bev, on_readable, NULL, on_event, c);
	bufferevent_set_timeouts(c->bev, &patience, &patience);
	bufferevent_enable(c->bev, EV_READ | EV_WRITE);
}

static const char *answer_of(struct slice ack)
{
	static const char *const answers[] = {
		[RECORDER_NOT_DONE] = "error the ledger could not be written\n",
		[RECORDER_DONE] = "ok\n",
		[RECORDER_NOTHING] = "nothing\n",
	};

	return answers[ack.n == 1 && (unsigned char)ack.p[0] <= RECORDER_NOTHING
			       ? (unsigned char)ack.p[0]
			       : RECORDER_NOT_DONE];
}

bool control_letter(struct control *control, const struct letter *letter)
{
	struct caller *c;
	struct slice part;

	if (letter->type != MSG_ACK && letter->type != MSG_ANSWER)
		return false;
	TAILQ_FOREACH(c, &control->callers, next)
		if (c->asked && c->id == letter->id)
			break;
	if (c == NULL)
		return true; /* the caller went away meanwhile */
	if (letter->type == MSG_ACK) {
		finish(c, answer_of(letter->body));
		return true;
	}
	part = slice_skip(letter->body, 1);
	evbuffer_add(bufferevent_get_output(c->bev), part.p, part.n);
	if (letter->body.n == 0 || letter->body.p[0] == 0)
		finish(c, "\n");
	return true;
}

static bool answers(const struct sockaddr_un *sun)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool yes = fd >= 0 && connect(fd, (const struct sockaddr *)sun, sizeof(*sun)) == 0;

	if (fd >= 0)
		close(fd);
	return yes;
}

static int open_socket(const struct sockaddr_un *sun)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	mode_t old;
	int bound;

	if (fd < 0)
		return -1;
	unlink(sun->sun_path);
	old = umask(0177);
	bound = bind(fd, (const struct sockaddr *)sun, sizeof(*sun));
	umask(old);
	if (bound < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

struct control *control_new(struct event_base *base, struct post *post, const char *state)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	struct control *control;
	int fd;

	if (snprintf(sun.sun_path, sizeof(sun.sun_path), "%s/control.sock", state) >=
	    (int)sizeof(sun.sun_path)) {
		diag_error("%s: the path is too long for a socket; choose a shorter `state`",
			   state);
		return NULL;
	}
	if (answers(&sun)) {
		diag_error("another crumbgate runs with the state folder %s; stop it, or choose "
			   "another with --state FOLDER",
			   state);
		return NULL;
	}
	fd = open_socket(&sun);
	control = fd >= 0 ? calloc(1, sizeof(*control)) : NULL;
	if (control == NULL) {
		diag_error("%s: %s", sun.sun_path, strerror(errno));
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	control->base = base;
	control->post = post;
	TAILQ_INIT(&control->callers);
	memcpy(control->path, sun.sun_path, sizeof(control->path));
	control->listener =
		evconnlistener_new(base, on_accept, control, LEV_OPT_CLOSE_ON_FREE, 16, fd);
	if (control->listener == NULL) {
		close(fd);
		control_free(control);
		return NULL;
	}
	return control;
}

void control_free(struct control *control)
{
	struct caller *c;

	if (control == NULL)
		return;
	while ((c = TAILQ_FIRST(&control->callers)) != NULL)
		caller_free(c);
	if (control->listener != NULL)
		evconnlistener_free(control->listener);
	unlink(control->path);
	free(control);
}
