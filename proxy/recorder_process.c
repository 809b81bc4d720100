/* The recorder: the only writer of the evidence and the ledger.  No network. */
#include "proxy/children.h"

#include "base/config.h"
#include "base/diag.h"
#include "evidence/recorder.h"
#include "filters/rules.h"
#include "proxy/list_files.h"
#include "proxy/process.h"
#include "proxy/sandbox.h"

#include <event2/event.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

struct recorder_state {
	const struct child_start *start;
	struct recorder *recorder;
	struct post *post;
	struct event_base *base;
	struct event *readable, *tick, *orphaned;
	char mem[MSG_MAX]; /* a letter's body */
	bool draining;
	unsigned unwritten;
	int status;
};

#define LETTERS_A_TURN 256

static void on_reply(void *arg, unsigned to, enum msg_type type, uint32_t id, struct slice body)
{
	struct recorder_state *r = arg;

	if (!post_send(r->post, to, type, id, body))
		diag_warning("box %u is full: a letter of type %d was lost", to, (int)type);
}

static void finish(struct recorder_state *r)
{
	bool orphaned = getppid() != r->start->parent;

	if (r->unwritten != 0)
		diag_error("%u letters could not be written: the disk is full", r->unwritten);
	r->status = recorder_close(r->recorder, orphaned ? "the supervisor died" : "drain") ? 0 : 1;
	r->recorder = NULL;
	event_base_loopbreak(r->base);
}

static bool take_list(struct recorder_state *r, struct slice body)
{
	struct msg_reader in;
	struct slice name, digest;
	uint64_t rules;

	msg_reader_init(&in, body);
	name = msg_get_bytes(&in);
	digest = msg_get_bytes(&in);
	rules = msg_get_u64(&in);
	return !msg_end(&in) || recorder_list(r->recorder, name, digest, rules);
}

/* False: the disk is full and the letter must wait in its box. */
static bool handle(struct recorder_state *r, const struct letter *letter)
{
	if (letter->from == POST_SUPERVISOR && letter->type == MSG_DRAIN) {
		r->draining = true;
		return true;
	}
	if (letter->from == POST_SUPERVISOR && letter->type == MSG_CONFIG)
		return recorder_config(r->recorder, "crumbgate.conf", letter->body, "reload");
	if (letter->from == POST_SUPERVISOR && letter->type == MSG_LIST)
		return take_list(r, letter->body);
	return recorder_letter(r->recorder, letter);
}

static void schedule(struct recorder_state *r)
{
	int64_t ms = recorder_tick(r->recorder);
	struct timeval tv;

	if (ms < 10)
		ms = 10;
	tv.tv_sec = (time_t)(ms / 1000);
	tv.tv_usec = (suseconds_t)(ms % 1000) * 1000;
	evtimer_add(r->tick, &tv);
}

static void on_box(evutil_socket_t fd, short what, void *arg)
{
	struct recorder_state *r = arg;
	struct letter letter;

	(void)fd;
	(void)what;
	for (int i = 0; i < LETTERS_A_TURN; i++) {
		int got = post_take(r->start->boxes, POST_RECORDER, r->mem, &letter, true);

		if (got == 0) {
			if (r->draining)
				finish(r);
			return;
		}
		if (got < 0) {
			diag_warning("a malformed message between processes was dropped");
			continue;
		}
		if (!handle(r, &letter)) {
			if (r->draining) { /* nobody will make room any more */
				r->unwritten++;
				post_drop(r->start->boxes, POST_RECORDER);
				continue;
			}
			event_del(r->readable); /* on_tick() tries again */
			return;
		}
		post_drop(r->start->boxes, POST_RECORDER);
	}
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct recorder_state *r = arg;

	(void)fd;
	(void)what;
	schedule(r);
	event_add(r->readable, NULL);
}

/* The supervisor is gone, but what was handed to the recorder is not lost. */
static void on_orphaned(evutil_socket_t fd, short what, void *arg)
{
	struct recorder_state *r = arg;

	(void)fd;
	(void)what;
	r->draining = true;
	event_active(r->readable, EV_READ, 0);
}

static bool record_lists(struct recorder_state *r)
{
	const struct setup *s = r->start->setup;
	const struct list_files *f = s->lists;
	bool good = true;

	for (size_t i = 0; f != NULL && good && i < f->n; i++)
		good = recorder_list(r->recorder, list_file_name(&f->files[i]),
				     slice_str(s->list_about[i].digest),
				     lists_rules_of(f->lists, i));
	return good;
}

static bool record_start(struct recorder_state *r)
{
	const struct setup *setup = r->start->setup;
	struct buf text;
	bool good;

	buf_init(&text, 256 * 1024);
	config_describe(setup->config, &text);
	good = buf_ok(&text) &&
	       recorder_config(r->recorder, "crumbgate.conf", buf_slice(&text), r->start->why) &&
	       recorder_rules(r->recorder, "cookies.tsv", setup_rules_text(),
			      rules_count(setup->rules)) &&
	       record_lists(r);
	buf_release(&text);
	return good;
}

static bool open_recorder(struct recorder_state *r)
{
	const struct config *config = r->start->setup->config;
	struct recorder_options options = {
		.state = config->state,
		.version = PACKAGE_VERSION,
		.clock = &clock_system,
		.policy = config->record_strict ? RECORDER_STRICT : RECORDER_LENIENT,
		.keep_values = config->log_values == CONFIG_VALUES_KEEP,
	};
	struct recorder_replies replies = { on_reply, r };
	char why[512];

	r->recorder = recorder_open(&options, &replies, why, sizeof(why));
	if (r->recorder == NULL)
		diag_error("%s", why);
	return r->recorder != NULL;
}

int recorder_process(const struct child_start *start)
{
	struct recorder_state r = { .start = start, .status = 1 };
	int keep[POST_MAX + 1];
	size_t n = 0;

	for (unsigned i = 0; i < start->boxes->count; i++)
		keep[n++] = start->boxes->wr[i];
	keep[n++] = start->boxes->rd[POST_RECORDER];
	process_child("recorder", start->parent, keep, n);
	r.base = event_base_new();
	if (r.base == NULL || event_base_priority_init(r.base, 2) < 0)
		return 1;
	r.post = post_new(start->boxes, POST_RECORDER, r.base, true, NULL, NULL);
	r.readable = event_new(r.base, start->boxes->rd[POST_RECORDER], EV_READ | EV_PERSIST,
			       on_box, &r);
	r.tick = evtimer_new(r.base, on_tick, &r);
	r.orphaned = evsignal_new(r.base, SIGUSR2, on_orphaned, &r);
	if (r.post == NULL || r.readable == NULL || r.tick == NULL || r.orphaned == NULL ||
	    event_add(r.orphaned, NULL) < 0)
		return 1;
	process_on_orphaned(start->parent, SIGUSR2);
	if (!open_recorder(&r))
		return CHILD_REFUSED;
	if (!sandbox_enter(SANDBOX_RECORDER, start->setup->config->state) || !record_start(&r))
		return 1;
	if (!post_send(r.post, POST_SUPERVISOR, MSG_READY, 0, slice_of("", 0)))
		return 1;
	event_add(r.readable, NULL);
	schedule(&r);
	event_base_dispatch(r.base);
	return r.status;
}
