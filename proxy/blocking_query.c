/* The request at hand as filter lists see it, once when it comes and once when its answer does. */
#include "proxy/blocking_parts.h"

#include "base/diag.h"
#include "filters/lists/list_purpose.h"
#include "filters/lists/match.h"
#include "filters/lists/modify.h"
#include "proxy/cookies.h"
#include "proxy/downstream.h"
#include "proxy/http/field.h"
#include "proxy/list_files.h"
#include "proxy/visitor.h"
#include "proxy/worker.h"

#include <stdlib.h>

struct blocking *blocking_new(struct worker *w)
{
	struct blocking *b = calloc(1, sizeof(*b));

	if (b == NULL)
		return NULL;
	buf_init(&b->url, QUERY_URL_MAX + SITE_MAX + 64);
	buf_init(&b->stripped, QUERY_URL_MAX + SITE_MAX + 64);
	b->query = query_new(w->setup->sites);
	if (b->query != NULL && (w->setup->lists == NULL || lists_ready(w->setup->lists->lists)))
		return b;
	blocking_free(b);
	return NULL;
}

void blocking_free(struct blocking *b)
{
	if (b == NULL)
		return;
	query_free(b->query);
	buf_release(&b->url);
	buf_release(&b->stripped);
	free(b->fields);
	free(b);
}

/* ---- the request as lists see it ---- */

static enum lists_type guess_type(struct slice accept)
{
	if (slice_starts(accept, SLICE("text/html")))
		return LISTS_FRAME;
	if (slice_starts(accept, SLICE("text/css")))
		return LISTS_STYLESHEET;
	return slice_starts(accept, SLICE("image/")) ? LISTS_IMAGE : LISTS_OTHER;
}

/* Fetch metadata says it; old browsers and clear http do not, and are guessed from Accept. */
static enum lists_type type_of(const struct cookie_scene *s, const struct request_head *r)
{
	struct slice dest = fields_value(r->fields, FIELD_SEC_FETCH_DEST);
	enum lists_type type;

	if (slice_ieq(r->upgrade, SLICE("websocket")))
		return LISTS_WEBSOCKET;
	if (s->document)
		return LISTS_DOCUMENT;
	if (dest.n == 0)
		return guess_type(fields_value(r->fields, FIELD_ACCEPT));
	if (slice_eq(dest, SLICE("empty")))
		return LISTS_XHR;
	return lists_type_of_word(dest, &type) ? type : LISTS_OTHER;
}

static void write_url(struct blocking *b, const struct cookie_scene *s,
		      const struct request_head *r)
{
	uint16_t port = r->authority->kind != HOST_NONE ? r->authority->port : 0;
	bool v6 = strchr(s->host, ':') != NULL;

	buf_clear(&b->url);
	buf_adds(&b->url, slice_ieq(r->upgrade, SLICE("websocket")) ? s->secure ? "wss://" : "ws://"
			  : s->secure				    ? "https://"
								    : "http://");
	buf_adds(&b->url, v6 ? "[" : "");
	buf_adds(&b->url, s->host);
	buf_adds(&b->url, v6 ? "]" : "");
	if (port != 0 && port != (s->secure ? 443 : 80))
		buf_addf(&b->url, ":%u", (unsigned)port);
	buf_add(&b->url, slice_head(r->path, QUERY_URL_MAX));
}

static struct slice source_of(const struct cookie_scene *s, const struct request_head *r)
{
	struct slice referer = fields_value(r->fields, FIELD_REFERER);
	struct slice origin = fields_value(r->fields, FIELD_ORIGIN);

	if (s->document)
		return slice_str(s->host);
	if (referer.n != 0)
		return referer;
	if (origin.n != 0 && !slice_eq(origin, SLICE("null")))
		return origin;
	if (s->site.party == PARTY_THIRD && s->site.by == BY_SELF)
		return slice_of("", 0);
	return slice_str(s->site.site);
}

static bool is_silent(const struct worker *w)
{
	return w->setup->lists == NULL;
}

/* Party and aliases are known from elsewhere, at both times. */
static void ask(struct worker *w, const struct cookie_scene *s)
{
	struct blocking *b = w->blocking;

	b->facts.party = s->site.party == PARTY_FIRST ? QUERY_FIRST : QUERY_THIRD;
	b->facts.aliases = b->aliases;
	b->facts.aliases_n = aliases_of(w->aliases, slice_str(s->host), b->aliases);
	b->asked = query_set(b->query, &b->facts);
	b->ready = b->asked && s->visitor->profile != PROFILE_INVESTIGATOR;
}

/* A list that takes too long loses some of its rules, but never holds up the others' work. */
static void mind_work(const struct worker *w)
{
	struct blocking *b = w->blocking;
	size_t list;

	if (!b->asked || !lists_gave_up(w->setup->lists->lists, b->query, &list) ||
	    list >= LISTS_MAX || b->gave_up[list])
		return;
	b->gave_up[list] = true;
	diag_warning("the filter list %.*s takes too long: of its rules not all counted for a "
		     "request; is it the right file?",
		     SLICE_ARG(list_base_name(lists_name(w->setup->lists->lists, list))));
}

static void begin(const struct worker *w)
{
	struct blocking *b = w->blocking;

	mind_work(w);
	b->asked = b->ready = b->host_asked = false;
	b->cookie_field = (struct lists_rule){ .text = slice_of(NULL, 0) };
}

void blocking_begin(struct worker *w, const struct cookie_scene *s, const struct request_head *r)
{
	struct blocking *b = w->blocking;

	begin(w);
	if (is_silent(w))
		return;
	write_url(b, s, r);
	if (!buf_ok(&b->url))
		return;
	b->facts = (struct query_facts){
		.url = buf_slice(&b->url),
		.source = source_of(s, r),
		.type = type_of(s, r),
		.method = r->method,
	};
	ask(w, s);
}

/* ---- until the answer ---- */

static struct slice keep(char **to, struct slice s)
{
	char *at = *to;

	if (s.n != 0)
		memcpy(at, s.p, s.n);
	*to += s.n;
	return slice_of(at, s.n);
}

static struct blocking_held *held_new(const struct query_facts *f)
{
	struct slice source = slice_head(f->source, QUERY_URL_MAX);
	struct blocking_held *h = malloc(sizeof(*h) + f->url.n + source.n + f->method.n);
	char *to;

	if (h == NULL)
		return NULL;
	*h = (struct blocking_held){ .type = f->type };
	to = h->text;
	h->url = keep(&to, f->url);
	h->source = keep(&to, source);
	h->method = keep(&to, f->method);
	return h;
}

bool blocking_hold(struct worker *w, struct cookie_scene *s)
{
	struct blocking *b = w->blocking;
	const struct lists *l = b->asked ? w->setup->lists->lists : NULL;
	bool awaits = b->ready && lists_await_answer(l, b->query);

	if (l == NULL || (!awaits && !lists_have_cookies(l)))
		return true;
	s->held = held_new(&b->facts);
	if (s->held == NULL)
		return false;
	s->held->awaits = awaits;
	return true;
}

void blocking_hold_field(struct worker *w, struct cookie_scene *s, const struct lists_rule *rule)
{
	if (s->held == NULL)
		s->held = held_new(&w->blocking->facts);
	if (s->held != NULL)
		s->held->set_cookie_field = *rule;
}

void blocking_let_go(struct cookie_scene *s)
{
	free(s->held);
	s->held = NULL;
}

/* False: no memory, and no rule with header= holds. */
static bool set_fields(struct blocking *b, const struct fields *f)
{
	struct query_field *more;

	if (f->n > b->fields_cap) {
		more = realloc(b->fields, f->n * sizeof(*more));
		if (more == NULL)
			return false;
		b->fields = more;
		b->fields_cap = f->n;
	}
	for (uint32_t i = 0; i < f->n; i++)
		b->fields[i] = (struct query_field){ f->v[i].name, f->v[i].value };
	return true;
}

void blocking_begin_answer(struct worker *w, const struct cookie_scene *s, const struct fields *f)
{
	const struct blocking_held *h = s->held;
	struct blocking *b = w->blocking;

	begin(w);
	if (h == NULL || (!h->awaits && fields_find(f, FIELD_SET_COOKIE) == NULL))
		return;
	b->facts = (struct query_facts){
		.url = h->url, .source = h->source, .type = h->type, .method = h->method
	};
	if (h->awaits && set_fields(b, f)) {
		b->facts.fields = b->fields;
		b->facts.fields_n = f->n;
	}
	b->cookie_field = h->set_cookie_field;
	ask(w, s);
}
