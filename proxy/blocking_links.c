/* Link decoration: what in a page's URL follows the person. */
#include "proxy/blocking_parts.h"

#include "base/hash.h"
#include "filters/clicks.h"
#include "filters/lists/list_purpose.h"
#include "proxy/claim_side.h"
#include "proxy/cookies.h"
#include "proxy/downstream.h"
#include "proxy/http/field.h"
#include "proxy/visitor.h"
#include "proxy/worker.h"

/* So long a page is not sent on again. */
#define SENT_ON_MS 10000

static bool is_wanted(const struct cookie_scene *s)
{
	return list_purpose_wanted(s->visitor->profile, s->choice.state, PURPOSE_ADVERTISING);
}

/* Where path and query begin in a URL that write_url() made. */
static struct slice target_of(struct slice url)
{
	struct slice rest = slice_skip(url, slice_find(url, ':') + 3);

	return slice_skip(rest, slice_find(rest, '/'));
}

static void take(struct request_head *r, struct slice target)
{
	struct slice own = target.n != 0 ? fields_keep(r->fields, target) : target;

	if (own.n != 0)
		r->path = own;
}

static void strip_clicks(struct worker *w, const struct cookie_scene *s, struct request_head *r)
{
	struct buf *out = &w->blocking->stripped;
	struct slice name;

	buf_clear(out);
	if (clicks_strip(r->path, out, &name) == 0 || !buf_ok(out))
		return;
	claim_record(w, s, ENTRY_STRIP, slice_head(name, ENTRY_WORD_MAX), "click identifier");
	take(r, buf_slice(out));
}

static void strip_by_lists(struct worker *w, const struct cookie_scene *s, struct request_head *r)
{
	const struct lists *l = blocking_lists_for(w, s);
	struct buf *out = &w->blocking->stripped;
	struct lists_rule by;

	if (l == NULL)
		return;
	buf_clear(out);
	if (lists_strip(l, w->blocking->query, out, &by, 1) == 0 || !buf_ok(out))
		return;
	claim_record(w, s, ENTRY_STRIP, slice_head(by.text, ENTRY_WHY_MAX), "list");
	take(r, target_of(buf_slice(out)));
}

/*
 * True: the browser is not sent to the same page again.  A page whose script puts back what was taken
 * out would go round for ever.
 */
static bool was_sent_on(struct worker *w, const struct cookie_scene *s, struct slice target)
{
	struct sent_on *at;
	struct hasher h;
	int64_t now = loop_now_ms(w->loop);
	uint64_t id;
	bool again;

	hasher_init(&h);
	hasher_add(&h, slice_of((const char *)s->visitor->id, CLIENT_ID_LEN));
	hasher_add(&h, slice_str(s->host));
	hasher_add(&h, target);
	id = hasher_result(&h);
	at = &w->blocking->sent_on[id % SENT_ON_PLACES];
	again = at->id == id && at->until > now;
	*at = (struct sent_on){ id, now + SENT_ON_MS };
	return again;
}

/* "//other.example/" and "/\\other.example/" would lead a browser to another host. */
static bool leads_here(struct slice target)
{
	return target.n == 1 || (target.p[1] != '/' && target.p[1] != '\\');
}

bool blocking_strip(struct worker *w, const struct cookie_scene *s, struct request_head *r)
{
	bool gets = slice_eq(r->method, SLICE("GET")), heads = slice_eq(r->method, SLICE("HEAD"));
	struct slice came = r->path;

	if (!s->document || (!gets && !heads) || is_wanted(s) || r->path.n > QUERY_URL_MAX ||
	    r->path.n == 0 || r->path.p[0] != '/' || slice_find(r->path, '?') == r->path.n)
		return false;
	/* The lists were asked about the URL as it came. */
	strip_by_lists(w, s, r);
	strip_clicks(w, s, r);
	return gets && r->path.p != came.p && leads_here(r->path) && !was_sent_on(w, s, r->path);
}
