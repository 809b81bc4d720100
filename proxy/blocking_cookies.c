/* What filter lists say of single cookies ($cookie), and how far a Set-Cookie goes with it. */
#include "proxy/blocking_parts.h"

#include "filters/cookie.h"
#include "filters/lists/list_purpose.h"
#include "filters/lists/modify.h"
#include "filters/setters.h"
#include "proxy/cookies.h"
#include "proxy/list_files.h"
#include "proxy/worker.h"

/* As list_purpose_of_request() says; the host is asked about once for all cookies. */
static enum purpose purpose_of(struct worker *w, const struct cookie_scene *s, size_t list)
{
	const struct setters *setters =
		w->setup->rules != NULL ? rules_setters(w->setup->rules) : NULL;
	struct blocking *b = w->blocking;

	if (!b->host_asked) {
		b->host_asked = true;
		b->host_tracks =
			setters != NULL && setters_find(setters, slice_str(s->host), &b->host_hit);
	}
	return b->host_tracks ? b->host_hit.purpose : w->setup->list_about[list].purpose;
}

static void say(struct worker *w, const struct cookie_scene *s, enum list_says says,
		const struct lists_rule *rule, struct cookie_list *out)
{
	struct slice list = lists_name(w->setup->lists->lists, rule->list);

	out->says = says;
	out->purpose = purpose_of(w, s, rule->list);
	out->name = slice_head(list_base_name(list), ENTRY_HOST_MAX);
	out->version = slice_of(w->setup->list_about[rule->list].digest, ENTRY_RULES_LEN);
	out->rule = slice_head(rule->text, ENTRY_WHY_MAX);
}

bool blocking_cookie(struct worker *w, const struct cookie_scene *s, struct slice name,
		     struct blocking_cookie *out)
{
	struct blocking *b = w->blocking;
	struct lists_cookie c;

	if (!b->asked ||
	    (b->cookie_field.text.p == NULL && !lists_have_cookies(w->setup->lists->lists)))
		return false;
	*out = (struct blocking_cookie){ .list = { .says = LIST_SAYS_NOTHING } };
	lists_match_cookie(w->setup->lists->lists, b->query, name, &c);
	if (c.action == LISTS_COOKIE_REMOVE) {
		say(w, s, LIST_SAYS_REMOVE, &c.rule, &out->list);
	} else if (b->cookie_field.text.p != NULL) {
		say(w, s, LIST_SAYS_REMOVE, &b->cookie_field, &out->list);
	} else if (c.action == LISTS_COOKIE_CHANGE) {
		say(w, s, LIST_SAYS_LIMIT, &c.rule, &out->list);
		out->has_max_age = c.has_max_age;
		out->max_age = c.max_age;
		out->same_site = c.same_site;
	}
	return out->list.says != LIST_SAYS_NOTHING;
}

/* ---- limits ---- */

/* A session may last for months: browsers restore it. */
static bool is_longer(int64_t lifetime_s, const struct blocking_cookie *by)
{
	return by->has_max_age &&
	       (lifetime_s == LIFETIME_SESSION || lifetime_s > (int64_t)by->max_age);
}

/* No list makes a cookie go to more requests than its site wants. */
static bool is_wider(enum same_site same_site, const struct blocking_cookie *by)
{
	if (by->same_site == LISTS_SAME_SITE_STRICT)
		return same_site != SAME_SITE_STRICT;
	return by->same_site == LISTS_SAME_SITE_LAX &&
	       (same_site == SAME_SITE_NONE || same_site == SAME_SITE_DEFAULT);
}

bool blocking_cookie_limits(const struct blocking_cookie *by, const struct set_cookie *c,
			    int64_t lifetime_s)
{
	return is_longer(lifetime_s, by) || is_wider(c->same_site, by);
}

/* The last of two equal attributes counts, and Max-Age before Expires (RFC 6265bis section 5.6). */
void blocking_cookie_limit(const struct blocking_cookie *by, const struct set_cookie *c,
			   int64_t lifetime_s, struct slice line, struct buf *out)
{
	buf_add(out, line);
	if (is_longer(lifetime_s, by))
		buf_addf(out, "; Max-Age=%lu", (unsigned long)by->max_age);
	if (is_wider(c->same_site, by))
		buf_adds(out, by->same_site == LISTS_SAME_SITE_STRICT ? "; SameSite=Strict"
								      : "; SameSite=Lax");
}
