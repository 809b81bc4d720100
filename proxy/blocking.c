#include "proxy/blocking_parts.h"

#include "filters/lists/list_purpose.h"
#include "filters/lists/match.h"
#include "filters/lists/modify.h"
#include "proxy/claim_side.h"
#include "proxy/cookies.h"
#include "proxy/downstream.h"
#include "proxy/http/field.h"
#include "proxy/list_files.h"
#include "proxy/visitor.h"
#include "proxy/worker.h"

#include <stdio.h>

/* ---- whether its purpose has consent ---- */

static bool is_wanted(const struct cookie_scene *s, enum purpose p)
{
	return list_purpose_wanted(s->visitor->profile, s->choice.state, p);
}

/* ---- refusing ---- */

/* more: what else there is to say. */
static void record(struct worker *w, const struct cookie_scene *s, const struct lists_verdict *v,
		   enum purpose p, const char *more)
{
	struct slice list = list_base_name(lists_name(w->setup->lists->lists, v->rule.list));
	struct slice alias = v->alias != 0 ? w->blocking->aliases[v->alias - 1] : SLICE("");
	char why[ENTRY_WHY_MAX];

	snprintf(why, sizeof(why), "list:%.*s %.*s; %s%s%.*s%s", SLICE_ARG(slice_head(list, 160)),
		 (int)ENTRY_RULES_LEN, w->setup->list_about[v->rule.list].digest, purpose_word(p),
		 alias.n != 0 ? "; alias of " : "", SLICE_ARG(alias), more);
	claim_record(w, s, ENTRY_BLOCK, slice_head(v->rule.text, ENTRY_WHY_MAX), why);
}

static bool refuses(struct worker *w, const struct cookie_scene *s, const struct lists_verdict *v,
		    const char *more, enum lists_body *body)
{
	struct slice list = lists_name(w->setup->lists->lists, v->rule.list);
	enum purpose p;

	if (v->action != LISTS_BLOCK && v->action != LISTS_ANSWER)
		return false;
	p = list_purpose_of_request(list, w->setup->rules,
				    v->alias != 0 ? w->blocking->aliases[v->alias - 1]
						  : slice_str(s->host));
	if (is_wanted(s, p))
		return false;
	if (v->action == LISTS_ANSWER)
		*body = v->body;
	record(w, s, v, p, more);
	return true;
}

bool blocking_refuses(struct worker *w, const struct cookie_scene *s, enum lists_body *body)
{
	struct lists_verdict v;

	*body = LISTS_BODY_NONE;
	if (!w->blocking->ready)
		return false;
	lists_match(w->setup->lists->lists, w->blocking->query, &v);
	return refuses(w, s, &v, "", body);
}

/* What it would have set is not judged one by one, but counted. */
bool blocking_refuses_answer(struct worker *w, const struct cookie_scene *s, const struct fields *f,
			     enum lists_body *body)
{
	size_t cookies = fields_count(f, FIELD_SET_COOKIE);
	struct lists_verdict v;
	char more[64];

	*body = LISTS_BODY_NONE;
	if (!w->blocking->ready || !s->held->awaits)
		return false;
	lists_match_answer(w->setup->lists->lists, w->blocking->query, &v);
	snprintf(more, sizeof(more), "; by its answer, with %zu cookies", cookies);
	return refuses(w, s, &v, more, body);
}

#define OWN_FIELDS                                                                                 \
	"Cache-Control: no-store\r\n"                                                              \
	"X-Content-Type-Options: nosniff\r\n"                                                      \
	"Cross-Origin-Resource-Policy: cross-origin\r\n"

static const char refused[] =
	"The proxy did not send this request: a filter list names it, and its purpose was not "
	"accepted.\nWhat was removed, and the choice: http://crumbgate.internal/\n";

void blocking_answer(struct downstream *d, enum lists_body body)
{
	const struct lists_body_data *data = lists_body_data(body);
	char fields[512];

	if (body == LISTS_BODY_NONE || data == NULL) {
		d->ops->own(d, 403, SLICE("Content-Type: text/plain; charset=utf-8\r\n" OWN_FIELDS),
			    slice_str(refused));
		return;
	}
	snprintf(fields, sizeof(fields),
		 "Content-Type: %s\r\nAccess-Control-Allow-Origin: *\r\n" OWN_FIELDS, data->type);
	d->ops->own(d, 200, slice_str(fields), data->bytes);
}

/* ---- redirectors and header fields ---- */

/* What lists change is about following people, whatever a list calls itself. */
const struct lists *blocking_lists_for(struct worker *w, const struct cookie_scene *s)
{
	if (!w->blocking->ready || is_wanted(s, PURPOSE_ADVERTISING))
		return NULL;
	return w->setup->lists->lists;
}

bool blocking_skips(struct worker *w, const struct cookie_scene *s, const struct request_head *r,
		    struct buf *url)
{
	const struct lists *l = blocking_lists_for(w, s);
	struct lists_rule by;

	/* What else a request brings along would be lost. */
	if (l == NULL || !s->document || !slice_eq(r->method, SLICE("GET")) ||
	    r->path.n > QUERY_URL_MAX || slice_find(r->path, '?') == r->path.n ||
	    !lists_skip(l, w->blocking->query, false, url, &by) || !buf_ok(url))
		return false;
	claim_record(w, s, ENTRY_STRIP, slice_head(by.text, ENTRY_WHY_MAX),
		     "list: redirector skipped");
	return true;
}

void blocking_redirect(struct downstream *d, struct slice url)
{
	struct buf fields;

	buf_init(&fields, 2 * QUERY_URL_MAX);
	buf_addf(&fields, "Location: %.*s\r\n" OWN_FIELDS, SLICE_ARG(url));
	if (buf_ok(&fields))
		d->ops->own(d, 302, buf_slice(&fields), SLICE(""));
	else
		d->ops->cut(d);
	buf_release(&fields);
}

/*
 * Cookies are never taken away all at once: each is decided and recorded, and what is needed stays.
 * So a rule about their field becomes one about each of them.
 */
static bool is_about_cookies(struct worker *w, struct cookie_scene *s, const struct lists_field *e)
{
	if (lists_field_takes(e, LISTS_REMOVE_FROM_REQUEST, SLICE("cookie")))
		w->blocking->cookie_field = e->rule;
	else if (lists_field_takes(e, LISTS_REMOVE_FROM_ANSWER, SLICE("set-cookie")))
		blocking_hold_field(w, s, &e->rule);
	else
		return false;
	return true;
}

size_t blocking_edits(struct worker *w, struct cookie_scene *s, struct lists_field *out, size_t n)
{
	const struct lists *l = blocking_lists_for(w, s);
	size_t found = l != NULL ? lists_match_fields(l, w->blocking->query, out, n) : 0, kept = 0;

	for (size_t i = 0; i < found; i++)
		if (!is_about_cookies(w, s, &out[i]))
			out[kept++] = out[i];
	return kept;
}
