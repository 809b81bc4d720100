#include "proxy/worker.h"

#include "base/config.h"
#include "base/diag.h"
#include "certs/leaf.h"
#include "certs/trust.h"
#include "evidence/recorder.h"
#include "filters/choices.h"
#include "filters/expire.h"
#include "filters/guesses.h"
#include "proxy/aliases.h"
#include "proxy/alpn.h"
#include "proxy/banner_side.h"
#include "proxy/blocking.h"
#include "proxy/children.h"
#include "proxy/choosing.h"
#include "proxy/client.h"
#include "proxy/desk_side.h"
#include "proxy/heal.h"
#include "proxy/http/h1_head.h"
#include "proxy/issuers.h"
#include "proxy/minting.h"
#include "proxy/net/dial.h"
#include "proxy/net/listener.h"
#include "proxy/origin.h"
#include "proxy/pass_side.h"
#include "proxy/outer.h"
#include "proxy/peers.h"
#include "proxy/pool.h"
#include "proxy/process.h"
#include "proxy/sandbox.h"
#include "proxy/tap.h"
#include "proxy/tunnel.h"
#include "proxy/visitor.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <unistd.h>

#define CHOICES_MAX 200000
#define EXPIRIES_MAX 65536
#define HELLO_AGAIN_TICKS 2
#define ORIGIN_SPARE_MS 3000

struct worker_process {
	struct worker w;
	const struct child_start *start;
	struct resolver *resolver;
	struct ticket_keys tickets;
	struct listener *listeners[SETUP_ADDRESSES_MAX];
	size_t listeners_n;
	struct timer tick;
	unsigned hello_ticks;
	bool serving;
	struct h1_limits request_limits, response_limits;
};

/*
 * Blocks from this size on are mapped, and so given back when they are freed; left to itself malloc
 * learns from slow readers' bodies to keep such blocks in the heap, for ever and in pieces.
 */
#define MAPPED_FROM (128 * 1024)
#define HEAP_SPARE (1024 * 1024)

/* ---- heads that come in pieces ---- */

static struct worker_process *process_of(struct worker *w)
{
	return LOOP_OWNER(w, struct worker_process, w);
}

struct h1_request *request_set_aside(struct worker *w)
{
	struct h1_request *fresh = malloc(sizeof(*fresh)), *aside = w->request;

	if (fresh == NULL) {
		h1_request_clear(aside);
		return NULL;
	}
	h1_request_init(fresh, &process_of(w)->request_limits);
	w->request = fresh;
	return aside;
}

struct h1_response *response_set_aside(struct worker *w)
{
	struct h1_response *fresh = malloc(sizeof(*fresh)), *aside = w->response;

	if (fresh == NULL) {
		h1_response_clear(aside);
		return NULL;
	}
	h1_response_init(fresh, &process_of(w)->response_limits);
	w->response = fresh;
	return aside;
}

/* ---- serving and leaving ---- */

static void on_accept(int fd, const struct address *peer, void *arg)
{
	client_accept(arg, fd, peer);
}

static void on_accept_tls(int fd, const struct address *peer, void *arg)
{
	const struct worker *w = arg;

	outers_accept(w->outers, fd, peer);
}

static bool is_own(const struct child_start *start, const struct setup_listener *at)
{
	return at->worker == start->box - start->setup->first_box;
}

static void start_serving(struct worker_process *p)
{
	const struct setup *s = p->start->setup;

	if (p->serving || p->w.draining)
		return;
	for (size_t i = 0; i < s->listeners_n; i++) {
		const struct setup_listener *at = &s->listeners[i];
		struct listener *l;

		if (!is_own(p->start, at))
			continue;
		l = listener_new(p->w.loop, at->fd, at->tls ? on_accept_tls : on_accept, &p->w);
		if (l == NULL)
			diag_error("cannot listen: %s", strerror(errno));
		else
			p->listeners[p->listeners_n++] = l;
	}
	p->serving = true;
	(void)post_send(p->w.post, POST_SUPERVISOR, MSG_READY, 0, slice_of("", 0));
}

static void stop_listening(struct worker_process *p)
{
	const struct setup *s = p->start->setup;

	for (size_t i = 0; i < p->listeners_n; i++)
		listener_free(p->listeners[i]);
	p->listeners_n = 0;
	/* While anybody has the socket open, the kernel goes on completing handshakes. */
	for (size_t i = 0; i < s->listeners_n; i++)
		if (is_own(p->start, &s->listeners[i]))
			close(s->listeners[i].fd);
}

/* `retire`: a new generation serves; who is here may stay until his next answer is out. */
static void begin_drain(struct worker_process *p, bool retire)
{
	struct client *c, *next;

	if (!p->w.draining)
		stop_listening(p);
	p->w.draining = true;
	if (retire) {
		passes_hand_over(p->w.passes);
		return;
	}
	passes_close(p->w.passes);
	for (c = TAILQ_FIRST(&p->w.clients); c != NULL; c = next) {
		next = client_after(c);
		client_drain(c);
	}
	outers_drain(p->w.outers);
	pool_drain(p->w.pool);
	tap_flush(p->w.tap);
}

/* Nobody is served any more and everything is said: true. */
static bool is_drained(struct worker_process *p)
{
	if (!p->w.draining || !TAILQ_EMPTY(&p->w.clients) || !TAILQ_EMPTY(&p->w.tunnels) ||
	    !outers_empty(p->w.outers) || stream_lingering(p->w.loop) != 0)
		return false;
	tap_flush(p->w.tap);
	return post_queued(p->w.post) == 0;
}

/* ---- letters ---- */

static bool take_choices(struct worker *w, struct slice body)
{
	struct msg_reader r;

	msg_reader_init(&r, body);
	while (r.rest.n != 0) {
		struct recorder_choice c;
		struct choice choice = { .state = CHOICE_NONE };
		uint8_t id[CLIENT_ID_LEN];

		if (!recorder_get_choice(&r, &c) || !visitor_id_of_hex(c.client, id))
			return false;
		choice.when_ms = c.when;
		if (c.op == RECORDER_CHOICE_CLEAR) {
			if (slice_eq(c.site, SLICE("*")))
				choices_clear_client(w->choices, id);
			else
				choices_clear(w->choices, id, c.site);
			continue;
		}
		if (!choice_of_word(c.choice, &choice.state) || !seen_of_word(c.seen, &choice.seen))
			return false;
		if (!choices_set(w->choices, id, c.site, &choice))
			diag_warning("a choice could not be kept: it counts as refused");
	}
	return true;
}

static bool take_keys(struct worker_process *p, struct slice body)
{
	struct recorder_keys keys;
	bool good = recorder_get_keys(body, &keys) && tap_keys(p->w.tap, &keys);

	explicit_bzero(&keys, sizeof(keys));
	return good;
}

static void on_letter(const struct letter *letter, void *arg)
{
	struct worker_process *p = arg;
	bool good = true;

	switch (letter->type) {
	case MSG_KEYS:
		good = take_keys(p, letter->body);
		break;
	case MSG_CHOICE:
		good = take_choices(&p->w, letter->body);
		break;
	case MSG_CHOICES_END:
		start_serving(p);
		break;
	case MSG_MINTED:
		minting_letter(p->w.minting, letter);
		break;
	case MSG_PAGE:
		good = peers_letter(&p->w, letter);
		break;
	case MSG_PASS:
		good = passes_letter(p->w.passes, letter->body);
		break;
	case MSG_BANNER:
		good = banner_letter(&p->w, letter->body);
		break;
	case MSG_HEAL:
		good = heal_letter(&p->w, letter->body);
		break;
	case MSG_CHOSEN:
		good = choosing_letter(&p->w, letter->body);
		break;
	case MSG_TICKETS:
		good = ticket_keys_unpack(&p->tickets, letter->body);
		break;
	case MSG_ANSWER:
	case MSG_ACK:
		desk_side_letter(p->w.desk, letter);
		break;
	case MSG_DRAIN:
		begin_drain(p, letter->body.n == 1 && letter->body.p[0] == 1);
		break;
	default:
		good = false;
		break;
	}
	if (!good)
		diag_warning("a letter of type %d could not be read", (int)letter->type);
}

static void say_hello(struct worker_process *p)
{
	(void)post_send(p->w.post, POST_RECORDER, MSG_HELLO, 1, slice_of("", 0));
}

static void on_tick(struct timer *t)
{
	struct worker_process *p = LOOP_OWNER(t, struct worker_process, tick);

	timer_start(&p->w.times.second, &p->tick, on_tick);
	/* A draining worker may be ended at any time: nothing stays uncounted for long. */
	if (p->w.draining)
		tap_flush(p->w.tap);
	else
		tap_tick(p->w.tap);
	passes_tick(p->w.passes);
	/* A recorder that died with the hello is asked once more. */
	if (!p->serving && !p->w.draining && ++p->hello_ticks % HELLO_AGAIN_TICKS == 0)
		say_hello(p);
	if (is_drained(p))
		loop_stop(p->w.loop);
}

/* ---- birth ---- */

static void init_times(struct worker *w)
{
	const struct config *c = w->config;
	struct worker_times *t = &w->times;

	timer_class_init(&t->header, w->loop, c->header_timeout_ms);
	timer_class_init(&t->handshake, w->loop, c->handshake_timeout_ms);
	timer_class_init(&t->stall, w->loop, c->stall_timeout_ms);
	timer_class_init(&t->idle, w->loop, c->idle_timeout_ms);
	timer_class_init(&t->origin_idle, w->loop, c->origin_idle_timeout_ms);
	timer_class_init(&t->origin_spare, w->loop, ORIGIN_SPARE_MS);
	timer_class_init(&t->tunnel_idle, w->loop, c->tunnel_idle_timeout_ms);
	timer_class_init(&t->second, w->loop, 1000);
}

static bool init_heads(struct worker_process *p)
{
	const struct config *c = p->w.config;

	p->request_limits = h1_request_limits;
	p->response_limits = h1_response_limits;
	p->request_limits.max_head = c->max_head;
	p->request_limits.max_line = c->max_head;
	p->request_limits.max_fields = c->max_fields;
	p->response_limits.max_head = c->max_head;
	p->response_limits.max_line = c->max_head;
	p->response_limits.max_fields = c->max_fields;
	p->w.request = malloc(sizeof(*p->w.request));
	p->w.response = malloc(sizeof(*p->w.response));
	if (p->w.request == NULL || p->w.response == NULL)
		return false;
	h1_request_init(p->w.request, &p->request_limits);
	h1_response_init(p->w.response, &p->response_limits);
	return true;
}

static bool init_tls(struct worker_process *p)
{
	struct leaves_options options = { .clock = loop_clock(p->w.loop), .tickets = &p->tickets };
	struct buf why;

	p->tickets = p->start->setup->tickets;
	buf_init(&why, 1024);
	p->w.leaves = leaves_new(&options, &why);
	if (p->w.leaves == NULL)
		diag_error("%.*s", SLICE_ARG(buf_slice(&why)));
	buf_release(&why);
	trust_on_session(p->w.setup->trust, origin_keep_session, &p->w);
	return p->w.leaves != NULL;
}

static bool init_services(struct worker_process *p)
{
	struct worker *w = &p->w;

	w->post = post_new(p->start->boxes, p->start->box, loop_base(w->loop), false, on_letter, p);
	w->tap = w->post != NULL ? tap_new(w->loop, w->post) : NULL;
	w->choices = choices_new(CHOICES_MAX);
	w->banners = banner_side_new();
	w->blocking = blocking_new(w);
	w->expiry = expiry_memory_new(EXPIRIES_MAX);
	w->guesses = guesses_new(w->setup->rules);
	w->heal = heal_new();
	w->visitors = visitors_new(w);
	w->passes = pass_side_new(w);
	w->minting = minting_new(w);
	w->issuers = issuers_new(w);
	w->pool = pool_new(w);
	w->alpn = alpn_memory_new();
	w->aliases = aliases_new();
	w->outers = outers_new(w);
	w->desk = desk_side_new(w);
	p->resolver = resolver_new(w->loop, NULL);
	w->dialer = p->resolver != NULL ? dialer_new(w->loop, p->resolver, NULL, NULL) : NULL;
	return w->tap != NULL && w->choices != NULL && w->banners != NULL && w->blocking != NULL &&
	       w->expiry != NULL && w->guesses != NULL && w->heal != NULL && w->visitors != NULL &&
	       w->passes != NULL && w->minting != NULL && w->issuers != NULL && w->pool != NULL &&
	       w->alpn != NULL && w->aliases != NULL && w->outers != NULL && w->desk != NULL &&
	       w->dialer != NULL && init_heads(p) && init_tls(p);
}

struct worker *worker_open(const struct child_start *start, const struct clock *clock)
{
	struct worker_process *p = calloc(1, sizeof(*p));
	struct worker *w;

	if (p == NULL)
		return NULL;
	w = &p->w;
	p->start = start;
	w->setup = start->setup;
	w->config = start->setup->config;
	TAILQ_INIT(&w->clients);
	TAILQ_INIT(&w->tunnels);
	w->loop = loop_new(clock);
	if (w->loop == NULL)
		return NULL;
	init_times(w);
	if (!init_services(p)) {
		diag_error("no memory to start");
		return NULL;
	}
	timer_start(&w->times.second, &p->tick, on_tick);
	say_hello(p);
	return w;
}

void worker_close(struct worker *w)
{
	struct worker_process *p = process_of(w);

	outers_free(w->outers);
	tunnels_stop(w);
	stream_reset_lingering(w->loop);
	pool_free(w->pool);
	aliases_free(w->aliases);
	alpn_memory_free(w->alpn);
	issuers_free(w->issuers);
	minting_free(w->minting);
	dialer_free(w->dialer);
	resolver_free(p->resolver);
	desk_side_free(w->desk);
	leaves_free(w->leaves);
	passes_free(w->passes);
	tap_free(w->tap);
	visitors_free(w->visitors);
	blocking_free(w->blocking);
	banner_side_free(w->banners);
	choices_free(w->choices);
	heal_free(w->heal);
	guesses_free(w->guesses);
	expiry_memory_free(w->expiry);
	post_free(w->post);
	h1_request_release(w->request);
	h1_response_release(w->response);
	free(w->request);
	free(w->response);
	loop_free(w->loop);
	free(p);
}

static void own_process(const struct child_start *start)
{
	int keep[POST_MAX + SETUP_ADDRESSES_MAX + 1];
	size_t n = 0;

	for (unsigned i = 0; i < start->boxes->count; i++)
		keep[n++] = start->boxes->wr[i];
	keep[n++] = start->boxes->rd[start->box];
	for (size_t i = 0; i < start->setup->listeners_n; i++)
		if (is_own(start, &start->setup->listeners[i]))
			keep[n++] = start->setup->listeners[i].fd;
	process_child("worker", start->parent, keep, n);
}

int worker_process(const struct child_start *start)
{
	const char *user = setup_user(start->setup->config);
	struct worker *w;

	own_process(start);
	mallopt(M_MMAP_THRESHOLD, MAPPED_FROM);
	mallopt(M_TRIM_THRESHOLD, HEAP_SPARE);
	if (!process_drop_root(user)) {
		diag_error("cannot become the user %s: %s (option user)", user, strerror(errno));
		return CHILD_REFUSED;
	}
	w = worker_open(start, &clock_system);
	if (w == NULL || !sandbox_enter(SANDBOX_WORKER, NULL))
		return 1;
	loop_run(w->loop);
	worker_close(w);
	return 0;
}
