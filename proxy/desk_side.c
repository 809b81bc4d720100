#include "proxy/desk_side.h"

#include "base/config.h"
#include "data/tables.h"
#include "evidence/digest.h"
#include "evidence/recorder.h"
#include "filters/cookie.h"
#include "filters/rules.h"
#include "filters/site.h"
#include "proxy/downstream.h"
#include "proxy/desk/desk.h"
#include "proxy/passes.h"
#include "proxy/visitor.h"
#include "proxy/worker.h"

#include <stdlib.h>

#define JSON_MAX (8u * 1024 * 1024)

enum desk_wait { WAIT_NOTHING, WAIT_SITES, WAIT_CHOICE };

/* One request at the desk, from its head to its answer. */
struct desk_work {
	TAILQ_ENTRY(desk_work) next;
	struct desk_side *side;
	struct downstream *down;
	struct desk_request request;
	struct desk_answer answer;
	struct buf body, json;
	enum desk_wait wait;
	uint32_t id;
	struct timer patience;
	char proxy[ADDRESS_TEXT], tls_proxy[ADDRESS_TEXT];
	size_t used;
	char bytes[]; /* what of the head is needed */
};

struct desk_side {
	struct worker *w;
	struct digest *digest;
	struct desk_context context;
	struct timer_class patience;
	TAILQ_HEAD(, desk_work) waiting;
	uint32_t last_id;
};

static void keyed_digest(void *arg, struct slice text, unsigned char out[32])
{
	struct desk_side *d = arg;
	char hex[DIGEST_HEX_LEN + 1];

	_Static_assert(DIGEST_HEX_LEN == 32, "a digest in hexadecimal fills the desk's 32 bytes");
	if (!digest_client(d->digest, text, hex))
		memset(hex, 0, sizeof(hex));
	memcpy(out, hex, 32);
}

static struct desk_choice for_desk(const struct choice *c)
{
	unsigned allowed = choice_set_of(c->state);

	return (struct desk_choice){
		.word = slice_str(choice_word(c->state)),
		.functional = (allowed & ALLOW_FUNCTIONAL) != 0,
		.analytics = (allowed & ALLOW_ANALYTICS) != 0,
		.advertising = (allowed & ALLOW_ADVERTISING) != 0,
		.seen = slice_str(seen_word(c->seen)),
		.when = c->when_ms,
		.until = c->when_ms + CHOICE_HOLDS_MS,
	};
}

static struct desk_choice choice_of(void *arg, struct slice client, struct slice site)
{
	const struct desk_side *d = arg;
	const struct visitor *v = visitor_find(d->w->visitors, client);
	int64_t now = clock_wall_ms(loop_clock(d->w->loop));
	struct choice now_holds = { .state = CHOICE_NONE };
	struct desk_choice found;

	if (v != NULL)
		now_holds = choices_find(d->w->choices, v->id, site, now);
	found = for_desk(&now_holds);
	found.for_all =
		now_holds.state != CHOICE_NONE && !choices_has_own(d->w->choices, v->id, site, now);
	return found;
}

/* The newest, one behind the other in a ring. */
struct choice_ring {
	struct desk_own_choice v[DESK_OWN_CHOICES_MAX];
	size_t all;
	int64_t now;
};

static void ring_choice(void *arg, const char *site, const struct choice *c)
{
	struct choice_ring *ring = arg;

	if (strcmp(site, "*") != 0 && choice_holds(c, ring->now))
		ring->v[ring->all++ % DESK_OWN_CHOICES_MAX] =
			(struct desk_own_choice){ slice_str(site), for_desk(c) };
}

static void own_choices(void *arg, struct slice client, struct desk_own_choices *out)
{
	const struct desk_side *d = arg;
	const struct visitor *v = visitor_find(d->w->visitors, client);
	struct choice_ring ring = { .now = clock_wall_ms(loop_clock(d->w->loop)) };

	if (v != NULL)
		choices_each(d->w->choices, v->id, ring_choice, &ring);
	out->all = ring.all;
	out->n = ring.all < DESK_OWN_CHOICES_MAX ? ring.all : DESK_OWN_CHOICES_MAX;
	for (size_t i = 0; i < out->n; i++)
		out->v[i] = ring.v[(ring.all - 1 - i) % DESK_OWN_CHOICES_MAX];
}

static enum desk_names site_of(void *arg, struct slice host, char out[SITE_MAX])
{
	const struct desk_side *d = arg;
	struct sites *sites = d->w->setup->sites;

	_Static_assert(SITE_MAX == sizeof(((struct desk_answer *)0)->site), "the same names");
	if (!site_of_host(sites, host, out))
		return DESK_NAMES_NOTHING;
	return site_is_listed_suffix(sites, slice_str(out)) ? DESK_NAMES_SUFFIX : DESK_NAMES_SITE;
}

/* DESK_CLEAR: none. */
static enum choice_state chosen_state(const struct desk_answer *a)
{
	switch (a->op) {
	case DESK_REFUSE:
		return CHOICE_REFUSED;
	case DESK_ACCEPT:
		return CHOICE_ACCEPTED;
	case DESK_SOME:
		return choice_of_set((a->functional ? ALLOW_FUNCTIONAL : 0) |
				     (a->analytics ? ALLOW_ANALYTICS : 0) |
				     (a->advertising ? ALLOW_ADVERTISING : 0));
	case DESK_CLEAR:
		break;
	}
	return CHOICE_NONE;
}

static bool about_cookie(void *arg, const struct desk_cookie_key *key, struct desk_about *out)
{
	const struct desk_side *d = arg;
	struct rules_row row;

	if (!rules_match(d->w->setup->rules, key->name, key->host,
			 key->third ? PARTY_THIRD : PARTY_FIRST, LIFETIME_UNKNOWN, &row))
		return false;
	out->setter = row.setter;
	out->what = row.what;
	out->life = row.life;
	return true;
}

struct pass_list {
	struct desk_pass *out;
	size_t n;
};

static void list_pass(void *arg, const struct pass *pass)
{
	struct pass_list *l = arg;

	if (l->n < DESK_PASSES_MAX)
		l->out[l->n++] =
			(struct desk_pass){ slice_str(pass->host), slice_str(pass_word(pass->why)),
					    pass->count, pass->since, pass->until };
}

static size_t passes_of(void *arg, struct slice client, struct desk_pass out[DESK_PASSES_MAX])
{
	const struct desk_side *d = arg;
	const struct visitor *v = visitor_find(d->w->visitors, client);
	struct pass_list l = { out, 0 };

	if (v != NULL)
		passes_each(d->w->passes, v->id, list_pass, &l);
	return l.n;
}

struct desk_side *desk_side_new(struct worker *w)
{
	const struct setup *s = w->setup;
	struct desk_side *d = calloc(1, sizeof(*d));

	_Static_assert(SETUP_SECRET_LEN == DIGEST_KEY_LEN, "the secret is a digest's key");
	if (d == NULL)
		return NULL;
	d->w = w;
	d->digest = digest_new(s->secret);
	if (d->digest == NULL) {
		free(d);
		return NULL;
	}
	d->context = (struct desk_context){
		.digest = keyed_digest,
		.digest_arg = d,
		.choice = choice_of,
		.own_choices = own_choices,
		.about = about_cookie,
		.passes = passes_of,
		.site_of = site_of,
		.lookup_arg = d,
		.tiktok = table_tiktok,
		.version = SLICE(PACKAGE_VERSION),
		.started = s->started,
		.ca_pem = buf_slice(&s->ca_pem),
		.ca_der = buf_slice(&s->ca_der),
		.ca_mobileconfig = buf_slice(&s->ca_mobileconfig),
		.ca_name = slice_str(s->ca_about.subject),
		.ca_fingerprint = slice_str(s->ca_about.sha256),
	};
	timer_class_init(&d->patience, w->loop, DESK_PATIENCE_MS);
	TAILQ_INIT(&d->waiting);
	return d;
}

/* Those who wait are ended with their clients before this. */
void desk_side_free(struct desk_side *d)
{
	if (d == NULL)
		return;
	timer_class_release(&d->patience);
	digest_free(d->digest);
	free(d);
}

/* ---- the request ---- */

static struct slice keep(struct desk_work *k, struct slice s)
{
	struct slice kept = slice_of(k->bytes + k->used, s.n);

	if (s.p == NULL)
		return s;
	if (s.n != 0)
		memcpy(k->bytes + k->used, s.p, s.n);
	k->used += s.n;
	return kept;
}

static void print_at(struct address at, uint16_t port, char out[ADDRESS_TEXT])
{
	address_set_port(&at, port);
	if (port != 0)
		address_print(&at, out);
}

/* The listeners of the address that the client connected to. */
static void fill_addresses(struct desk_work *k, const struct config *c, const struct address *local)
{
	const struct sockaddr *sa = (const struct sockaddr *)&local->sa;
	uint16_t tls = config_listen_port(c->listen_tls, c->listen_tls_n, sa);
	bool by_tls = tls != 0 && tls == address_port(local);

	print_at(*local, tls, k->tls_proxy);
	print_at(*local,
		 by_tls ? config_listen_port(c->listen, c->listen_n, sa) : address_port(local),
		 k->proxy);
}

static void fill_request(struct desk_work *k, const struct request_head *r, bool direct)
{
	static const char desk_host[] = "crumbgate.internal";
	const struct downstream *d = k->down;
	struct desk_request *q = &k->request;
	struct address local;

	q->method = keep(k, r->method);
	q->target = keep(k, r->path);
	q->https = d->secure;
	q->direct = direct;
	q->host = keep(k, fields_value(r->fields, FIELD_HOST));
	if (q->host.p == NULL && !direct)
		q->host = SLICE(desk_host);
	q->origin = keep(k, fields_value(r->fields, FIELD_ORIGIN));
	q->sec_fetch_site = keep(k, fields_value(r->fields, FIELD_SEC_FETCH_SITE));
	q->sec_fetch_mode = keep(k, fields_value(r->fields, FIELD_SEC_FETCH_MODE));
	q->sec_fetch_dest = keep(k, fields_value(r->fields, FIELD_SEC_FETCH_DEST));
	q->content_type = keep(k, fields_value(r->fields, FIELD_CONTENT_TYPE));
	q->user_agent = keep(k, fields_value(r->fields, FIELD_USER_AGENT));
	q->client = slice_str(d->visitor->address);
	q->profile = (enum config_profile)d->visitor->profile;
	if (stream_local(d->stream, &local))
		fill_addresses(k, d->w->config, &local);
	q->proxy = slice_str(k->proxy);
	q->tls_proxy = slice_str(k->tls_proxy);
	q->now = clock_wall_ms(loop_clock(d->w->loop));
}

static size_t bytes_needed(const struct request_head *r)
{
	size_t n = r->method.n + r->path.n;

	for (uint32_t i = 0; i < r->fields->n; i++)
		n += r->fields->v[i].value.n;
	return n;
}

void desk_request(struct downstream *d, const struct request_head *r, bool direct)
{
	struct desk_work *k = calloc(1, sizeof(*k) + bytes_needed(r));

	if (k == NULL) {
		refuse(d, 503, "The proxy is out of memory.");
		return;
	}
	k->side = d->w->desk;
	k->down = d;
	d->desk = k;
	buf_init(&k->body, DESK_BODY_MAX + 1);
	buf_init(&k->json, JSON_MAX);
	desk_answer_init(&k->answer);
	fill_request(k, r, direct);
}

void desk_body(struct downstream *d, const struct slice *spans, size_t n)
{
	struct buf *body = &d->desk->body;

	/* One byte too many is enough for the desk to refuse it. */
	for (size_t i = 0; i < n; i++)
		buf_add(body, slice_head(spans[i], body->max - body->len));
}

/* ---- its answer ---- */

static void stop_waiting(struct desk_work *k)
{
	if (k->wait == WAIT_NOTHING)
		return;
	k->wait = WAIT_NOTHING;
	timer_stop(&k->patience);
	TAILQ_REMOVE(&k->side->waiting, k, next);
}

static void write_answer(struct desk_work *k)
{
	struct desk_answer *a = &k->answer;

	if (!buf_ok(&a->fields) || !buf_ok(&a->body)) {
		refuse(k->down, 503, "The proxy is out of memory.");
		return;
	}
	k->down->ops->own(k->down, a->status, buf_slice(&a->fields), buf_slice(&a->body));
}

static void answer_sites(struct desk_work *k, struct slice json)
{
	stop_waiting(k);
	desk_sites(&k->side->context, &k->request, json, &k->answer);
	write_answer(k);
}

static void answer_choice(struct desk_work *k, bool done)
{
	stop_waiting(k);
	desk_chosen(&k->side->context, &k->request, done, &k->answer);
	write_answer(k);
}

static void on_patience(struct timer *t)
{
	struct desk_work *k = LOOP_OWNER(t, struct desk_work, patience);

	if (k->wait == WAIT_SITES)
		answer_sites(k, slice_of(NULL, 0));
	else if (k->wait == WAIT_CHOICE)
		answer_choice(k, false);
}

static bool ask(struct desk_work *k, enum desk_wait wait, enum msg_type type,
		const struct buf *body)
{
	k->id = ++k->side->last_id;
	if (!buf_ok(body) ||
	    !post_send(k->side->w->post, POST_RECORDER, type, k->id, buf_slice(body)))
		return false;
	k->wait = wait;
	TAILQ_INSERT_TAIL(&k->side->waiting, k, next);
	timer_start(&k->side->patience, &k->patience, on_patience);
	return true;
}

static bool ask_sites(struct desk_work *k)
{
	struct visitor *v = k->down->visitor;
	struct recorder_query q = { .client = visitor_log_id(k->side->w->visitors, v),
				    .limit = DESK_ROWS_MAX };
	struct buf body;
	bool good;

	buf_init(&body, 1024);
	recorder_put_query(&body, &q);
	good = ask(k, WAIT_SITES, MSG_QUERY, &body);
	buf_release(&body);
	return good;
}

static bool ask_choice(struct desk_work *k)
{
	struct visitor *v = k->down->visitor;
	struct recorder_choice choice = {
		.op = k->answer.op == DESK_CLEAR ? RECORDER_CHOICE_CLEAR : RECORDER_CHOICE_SET,
		.client = slice_str(v->address),
		.site = slice_str(k->answer.site),
		.profile = slice_str(profile_word(v->profile)),
		.choice = slice_str(choice_word(chosen_state(&k->answer))),
		.seen = slice_str(seen_word(SEEN_DESK)),
		.when = k->request.now,
	};
	struct buf body;
	bool good;

	buf_init(&body, 4096);
	recorder_put_choice(&body, &choice);
	good = ask(k, WAIT_CHOICE, MSG_CHOICE, &body);
	buf_release(&body);
	return good;
}

void desk_body_end(struct downstream *d)
{
	struct desk_work *k = d->desk;

	k->request.body = buf_slice(&k->body);
	switch (desk_handle(&k->side->context, &k->request, &k->answer)) {
	case DESK_DONE:
		write_answer(k);
		break;
	case DESK_SITES:
		if (!ask_sites(k))
			answer_sites(k, slice_of(NULL, 0));
		break;
	case DESK_CHOICE:
		if (!ask_choice(k))
			answer_choice(k, false);
		break;
	case DESK_STOP:
		(void)passes_stop(k->side->w->passes, d->visitor, slice_str(k->answer.site));
		desk_stopped(&k->side->context, &k->request, &k->answer);
		write_answer(k);
		break;
	}
}

void desk_side_letter(struct desk_side *d, const struct letter *letter)
{
	struct msg_reader r;
	struct desk_work *k;
	bool more;

	TAILQ_FOREACH(k, &d->waiting, next)
		if (k->id == letter->id)
			break;
	if (k == NULL)
		return;
	if (letter->type == MSG_ACK && k->wait == WAIT_CHOICE) {
		/* With nothing to clear, what was wanted is so. */
		answer_choice(k, letter->body.n == 1 && letter->body.p[0] != RECORDER_NOT_DONE);
	} else if (letter->type == MSG_ANSWER && k->wait == WAIT_SITES) {
		msg_reader_init(&r, letter->body);
		more = msg_get_u8(&r) != 0;
		buf_add(&k->json, r.rest);
		if (!more)
			answer_sites(k, buf_ok(&k->json) ? buf_slice(&k->json) : slice_of(NULL, 0));
	}
}

void desk_drop(struct downstream *d)
{
	struct desk_work *k = d->desk;

	if (k == NULL)
		return;
	d->desk = NULL;
	stop_waiting(k);
	desk_answer_release(&k->answer);
	buf_release(&k->body);
	buf_release(&k->json);
	free(k);
}
