#include "tests/replay/stage.h"

#include "base/config.h"
#include "data/tables.h"
#include "evidence/digest.h"
#include "evidence/recorder.h"
#include "evidence/replay_facts.h"
#include "filters/banners/table.h"
#include "filters/rules.h"
#include "filters/site.h"
#include "proxy/aliases.h"
#include "proxy/net/resolve.h"

#include <event2/event.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define BOXES 4u
#define END_MAX (16u * 1024 * 1024)
#define PATIENCE_S 20
#define LETTER_MAX 4096u
#define DRAIN_MS 5000

static const unsigned char ledger_key[RECORDER_KEY_LEN] = "the ledger's key of the replays";
static const unsigned char log_key[RECORDER_KEY_LEN] = "the key of the log of replays...";

/* ---- the ends ---- */

static void on_end(struct stream *s, enum stream_event event, void *arg)
{
	struct end *e = arg;
	struct slice in = stream_peek(s);

	switch (event) {
	case STREAM_READ:
		buf_add(&e->got, in);
		stream_consume(s, in.n);
		break;
	case STREAM_EOF:
		e->eof = true;
		break;
	case STREAM_ERROR:
		e->reset = true;
		break;
	default:
		break;
	}
}

static void on_origin(int fd, const struct address *peer, void *arg)
{
	struct stage *t = arg;
	struct end *e;

	(void)peer;
	if (t->origins_n == STAGE_ENDS) {
		close(fd);
		return;
	}
	e = &t->origins[t->origins_n++];
	e->stream = stream_from_fd(t->worker->loop, fd, on_end, e);
}

struct end *stage_client(struct stage *t, size_t i)
{
	struct end *e;

	if (i >= STAGE_ENDS)
		return NULL;
	e = &t->clients[i];
	if (e->stream == NULL && !e->eof && !e->reset && e->got.len == 0)
		e->stream = stream_connect(t->worker->loop, &t->proxy, on_end, e);
	return e;
}

struct waiting {
	struct stage *stage;
	size_t i;
};

static bool is_connected(void *arg)
{
	const struct waiting *w = arg;

	return w->i < w->stage->origins_n;
}

struct end *stage_origin(struct stage *t, size_t i)
{
	struct waiting w = { t, i };

	return i < STAGE_ENDS && stage_wait(t, is_connected, &w) ? &t->origins[i] : NULL;
}

/* ---- the other processes ---- */

static void send_keys(struct stage *t, uint32_t id)
{
	struct recorder_keys keys = { .period = SLICE("2026-11"), .until = INT64_MAX };
	struct buf body;

	memcpy(keys.log_key, log_key, sizeof(log_key));
	memcpy(keys.ledger_key, ledger_key, sizeof(ledger_key));
	buf_init(&body, LETTER_MAX);
	recorder_put_keys(&body, &keys);
	(void)post_send(t->recorder, POST_WORKER, MSG_KEYS, id, buf_slice(&body));
	(void)post_send(t->recorder, POST_WORKER, MSG_CHOICES_END, id, SLICE(""));
	buf_release(&body);
}

static bool is_replayed(const struct stage *t, const struct entry *e)
{
	struct cookie_decision d;
	struct cookie_facts f;

	if (!replay_facts(e, &f))
		return false;
	decide_cookie(t->setup->rules, &f, &d);
	return slice_eq(e->purpose, slice_str(purpose_word(d.purpose))) &&
	       slice_eq(e->verdict, slice_str(verdict_word(d.verdict))) &&
	       slice_eq(e->why, slice_str(d.why));
}

/* Every entry has to come back as it was from its line. */
static void decide_again(struct stage *t, struct slice line)
{
	char scratch[ENTRY_PACKED_MAX];
	struct entry e;
	size_t where;

	if (!entry_parse(line, scratch, &e, &where) ||
	    ((e.kind == ENTRY_SET || e.kind == ENTRY_SENT) && !is_replayed(t, &e))) {
		t->other = true;
		fprintf(stderr, "replayed otherwise: %.*s\n", SLICE_ARG(line));
	}
}

static void record(struct stage *t, struct slice body)
{
	size_t from;

	struct msg_reader r;
	struct entry e;

	msg_reader_init(&r, body);
	while (r.rest.n != 0) {
		if (!entry_unpack(&r, &e)) {
			fprintf(stderr, "an entry cannot be read\n");
			abort();
		}
		from = buf_slice(&t->entries).n;
		entry_format(&t->entries, &e);
		decide_again(t, slice_skip(buf_slice(&t->entries), from));
		buf_addc(&t->entries, '\n');
	}
}

/* The ledger of this recorder is always empty. */
static void answer_query(struct stage *t, uint32_t id)
{
	struct buf body;

	buf_init(&body, LETTER_MAX);
	msg_put_u8(&body, 0);
	buf_adds(&body, "{\"rows\":[],\"more\":false}");
	(void)post_send(t->recorder, POST_WORKER, MSG_ANSWER, id, buf_slice(&body));
	buf_release(&body);
}

static void on_recorder(const struct letter *letter, void *arg)
{
	struct stage *t = arg;

	switch (letter->type) {
	case MSG_HELLO:
		send_keys(t, letter->id);
		break;
	case MSG_ENTRIES:
		record(t, letter->body);
		break;
	case MSG_QUERY:
		answer_query(t, letter->id);
		break;
	default:
		break;
	}
}

static void on_supervisor(const struct letter *letter, void *arg)
{
	struct stage *t = arg;

	t->ready |= letter->type == MSG_READY;
}

bool stage_choice(struct stage *t, const char *site, const char *choice)
{
	char client[DIGEST_HEX_LEN + 1];
	struct recorder_choice c = {
		.op = RECORDER_CHOICE_SET,
		.site = slice_str(site),
		.choice = slice_str(choice),
		.seen = SLICE("cli"),
		.when = t->wall_ms,
	};
	struct digest *d = digest_new(ledger_key);
	struct buf body;
	bool good;

	if (d == NULL || !digest_client(d, SLICE("local"), client))
		return false;
	c.client = slice_str(client);
	buf_init(&body, LETTER_MAX);
	recorder_put_choice(&body, &c);
	good = post_send(t->recorder, POST_WORKER, MSG_CHOICE, 0, buf_slice(&body));
	buf_release(&body);
	digest_free(d);
	stage_turn(t);
	return good;
}

void stage_alias(struct stage *t, struct slice host, const char *name)
{
	const struct resolution r = { .cnames = &name, .cname_count = 1 };

	aliases_note(t->worker->aliases, host, &r);
}

void stage_drain(struct stage *t)
{
	(void)post_send(t->supervisor, POST_WORKER, MSG_DRAIN, 0, SLICE(""));
	stage_turn(t);
}

/* ---- time ---- */

void stage_turn(struct stage *t)
{
	loop_turn(t->worker->loop, false);
}

void stage_advance(struct stage *t, int64_t ms)
{
	while (ms > 0) {
		int64_t step = ms < LOOP_TICK_MS ? ms : LOOP_TICK_MS;

		t->wall_ms += step;
		t->mono_ms += step;
		ms -= step;
		stage_turn(t);
	}
}

static void on_impatient(evutil_socket_t fd, short what, void *arg)
{
	struct stage *t = arg;

	(void)fd;
	(void)what;
	t->impatient = true;
}

bool stage_wait(struct stage *t, bool (*done)(void *arg), void *arg)
{
	const struct timeval patience = { .tv_sec = PATIENCE_S };
	struct event *ev = evtimer_new(loop_base(t->worker->loop), on_impatient, t);

	if (ev == NULL)
		return false;
	t->impatient = false;
	event_add(ev, &patience);
	while (!done(arg) && !t->impatient)
		loop_turn(t->worker->loop, true);
	event_free(ev);
	return done(arg);
}

/* ---- birth and end ---- */

static struct config *load_config(const char *state, const char *to, char *const *options, size_t n)
{
	char root[PATH_MAX];
	const char *args[64] = { "-c",	    "/dev/null", "--no-trust-system", "--allow-private",
				 "--state", state,	 "--connect-to",      to,
				 "--trust", root,	 "--no-list-defaults" };
	size_t args_n = 11;
	struct config *config;
	struct buf why;

	/* Nothing is verified here, but a proxy that trusts nobody does not start. */
	snprintf(root, sizeof(root), "%s/ca/ca.pem", state);
	for (size_t i = 0; i < n && args_n < sizeof(args) / sizeof(args[0]); i++)
		args[args_n++] = options[i];
	buf_init(&why, 4096);
	if (config_load((int)args_n, (char *const *)args, &config, &why) != CONFIG_GOOD)
		fprintf(stderr, "%.*s", SLICE_ARG(buf_slice(&why)));
	buf_release(&why);
	return config;
}

/* Where a descriptor listens. */
static bool bound(int fd, struct address *out)
{
	out->len = sizeof(out->sa);
	return fd >= 0 && getsockname(fd, (struct sockaddr *)&out->sa, &out->len) == 0;
}

static bool make_ca(const char *state)
{
	struct buf why;
	struct ca *ca;

	buf_init(&why, 4096);
	ca = ca_open(state, STAGE_START_MS, &why);
	if (ca == NULL)
		fprintf(stderr, "%.*s\n", SLICE_ARG(buf_slice(&why)));
	buf_release(&why);
	ca_free(ca);
	return ca != NULL;
}

static bool fill_setup(struct setup *s)
{
	struct buf why;

	s->workers = 1;
	s->first_box = POST_WORKER;
	s->sites = sites_new(SITES_BUILTIN);
	memset(s->rules_id, '0', ENTRY_RULES_LEN);
	buf_init(&s->ca_pem, 65536);
	buf_init(&s->ca_der, 65536);
	buf_init(&s->ca_mobileconfig, 65536);
	buf_init(&why, 4096);
	s->rules = rules_new(setup_rules_text(), "cookies.tsv", &why);
	s->banners = banners_new(table_banners, "banners.tsv", &why);
	if (why.len != 0)
		fprintf(stderr, "%.*s\n", SLICE_ARG(buf_slice(&why)));
	buf_release(&why);
	return s->sites != NULL && s->rules != NULL && s->banners != NULL && setup_load_ca(s) &&
	       (s->config->lists_n == 0 || setup_load_lists(s)) && ticket_keys_rotate(&s->tickets);
}

static struct setup *make_setup(struct stage *t, const char *state, char *const *options, size_t n)
{
	struct setup *s = calloc(1, sizeof(*s));
	struct setup_listener *l = calloc(1, sizeof(*l));
	char why[256] = "", origin[ADDRESS_TEXT], to[ADDRESS_TEXT + 4];
	struct address a;

	if (s == NULL || l == NULL) {
		free(s);
		free(l);
		return NULL;
	}
	l->fd = listener_bind("127.0.0.1:0", why, sizeof(why));
	s->listeners = l;
	s->listeners_n = 1;
	t->origin_fd = listener_bind("127.0.0.1:0", why, sizeof(why));
	if (!bound(l->fd, &t->proxy) || !bound(t->origin_fd, &a)) {
		fprintf(stderr, "%s\n", why);
		setup_free(s);
		return NULL;
	}
	address_print(&a, origin);
	snprintf(to, sizeof(to), "::%s", origin);
	s->config = make_ca(state) ? load_config(state, to, options, n) : NULL;
	if (s->config != NULL && fill_setup(s))
		return s;
	setup_free(s);
	return NULL;
}

static bool is_ready(void *arg)
{
	const struct stage *t = arg;

	return t->ready;
}

bool stage_open(struct stage *t, const char *state, char *const *options, size_t n)
{
	struct event_base *base;

	*t = (struct stage){ .wall_ms = STAGE_START_MS, .mono_ms = 1000000 };
	t->clock = (struct clock){ &t->wall_ms, &t->mono_ms };
	buf_init(&t->entries, END_MAX);
	for (size_t i = 0; i < STAGE_ENDS; i++) {
		buf_init(&t->clients[i].got, END_MAX);
		buf_init(&t->origins[i].got, END_MAX);
	}
	t->setup = make_setup(t, state, options, n);
	if (t->setup == NULL || !post_boxes_open(&t->boxes, BOXES))
		return false;
	t->start = (struct child_start){
		.boxes = &t->boxes, .setup = t->setup, .parent = getpid(), .box = POST_WORKER
	};
	t->worker = worker_open(&t->start, &t->clock);
	if (t->worker == NULL)
		return false;
	base = loop_base(t->worker->loop);
	t->recorder = post_new(&t->boxes, POST_RECORDER, base, false, on_recorder, t);
	t->supervisor = post_new(&t->boxes, POST_SUPERVISOR, base, false, on_supervisor, t);
	t->origin_listener = listener_new(t->worker->loop, t->origin_fd, on_origin, t);
	return t->recorder != NULL && t->supervisor != NULL && t->origin_listener != NULL &&
	       stage_wait(t, is_ready, t);
}

static void release_end(struct end *e)
{
	stream_close(e->stream, STREAM_RESET);
	buf_release(&e->got);
}

static bool is_drained(void *arg)
{
	const struct worker *w = arg;

	return TAILQ_EMPTY(&w->clients) && TAILQ_EMPTY(&w->tunnels);
}

bool stage_close(struct stage *t)
{
	struct worker *w = t->worker;
	bool drained;

	for (size_t i = 0; i < STAGE_ENDS; i++) {
		release_end(&t->clients[i]);
		release_end(&t->origins[i]);
	}
	stage_drain(t);
	drained = stage_wait(t, is_drained, w);
	stage_advance(t, DRAIN_MS);
	t->setup->listeners_n = 0; /* the drain closed them */
	listener_free(t->origin_listener);
	close(t->origin_fd);
	post_free(t->recorder);
	post_free(t->supervisor);
	worker_close(w);
	post_boxes_close(&t->boxes);
	setup_free(t->setup);
	buf_release(&t->entries);
	return drained && !t->other;
}
