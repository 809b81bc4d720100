#include "cmd/explain_cookie_lists.h"

#include "cmd/explain.h"
#include "evidence/entry.h"
#include "filters/cookie.h"
#include "filters/lists/list_purpose.h"
#include "proxy/blocking.h"

#include <stdio.h>

#define URL_SIZE (SITE_MAX + 16)

struct asking {
	const struct explain_lists *l;
	const struct rules *rules;
	struct query *query;
	struct query_facts facts; /* the query borrows it */
	char url[URL_SIZE];
	struct explain_heard *out;
};

/* ---- asking ---- */

/* Without another site the host's own first page is asked about: it is its own source. */
static bool set_query(struct asking *a, const struct cookie_facts *f)
{
	bool page = f->party == PARTY_FIRST;

	snprintf(a->url, sizeof(a->url), "https://%.*s/", SLICE_ARG(f->host));
	a->facts = (struct query_facts){ .url = slice_str(a->url),
					 .source = page ? f->host : f->site,
					 .type = page ? LISTS_DOCUMENT : LISTS_OTHER,
					 .method = SLICE("GET") };
	return query_set(a->query, &a->facts);
}

/* A rule that takes away the whole field is about each cookie in it (proxy/blocking.c). */
static const struct lists_rule *find_field(const struct lists_field *e, size_t n,
					   enum lists_field_edit edit, struct slice name)
{
	for (size_t i = 0; i < n; i++)
		if (lists_field_takes(&e[i], edit, name))
			return &e[i].rule;
	return NULL;
}

static void hear(const struct lists_cookie *c, const struct lists_rule *field,
		 struct explain_said *out)
{
	bool by_field = c->action != LISTS_COOKIE_REMOVE && field != NULL;

	out->action = by_field ? LISTS_COOKIE_REMOVE : c->action;
	out->rule = by_field ? *field : c->rule;
}

/* As the proxy writes it into the facts of a decision (proxy/blocking_cookies.c). */
static bool put_fact(const struct asking *a, struct explain_said *said, enum list_says says,
		     struct cookie_facts *f)
{
	const struct list_files *files = &a->l->files;
	struct slice list = lists_name(files->lists, said->rule.list);

	if (!digest_plain(buf_slice(&files->files[said->rule.list].text), said->version))
		return explain_usage("the digest of a list cannot be made");
	f->list = (struct cookie_list){
		.says = says,
		.purpose = list_purpose_of_request(list, a->rules, f->host),
		.name = slice_head(list_base_name(list), ENTRY_HOST_MAX),
		.version = slice_of(said->version, ENTRY_RULES_LEN),
		.rule = slice_head(said->rule.text, ENTRY_WHY_MAX),
	};
	return true;
}

/* A request says nothing of a cookie's life, so only a line has something to limit. */
static bool put_facts(struct asking *a, struct cookie_facts *set, struct cookie_facts *sent)
{
	struct explain_heard *h = a->out;
	const struct set_cookie line = { .same_site = set->same_site };
	const struct blocking_cookie by = { .has_max_age = h->limit.has_max_age,
					    .max_age = h->limit.max_age,
					    .same_site = h->limit.same_site };

	if (h->sent.action == LISTS_COOKIE_REMOVE && !put_fact(a, &h->sent, LIST_SAYS_REMOVE, sent))
		return false;
	if (h->set.action == LISTS_COOKIE_REMOVE)
		return put_fact(a, &h->set, LIST_SAYS_REMOVE, set);
	if (h->set.action != LISTS_COOKIE_CHANGE)
		return true;
	h->within = !blocking_cookie_limits(&by, &line, set->lifetime_s);
	return h->within || put_fact(a, &h->set, LIST_SAYS_LIMIT, set);
}

static bool ask(struct asking *a, struct cookie_facts *set, struct cookie_facts *sent)
{
	const struct lists *lists = a->l->files.lists;
	struct explain_heard *h = a->out;
	struct lists_field fields[LISTS_MODIFY_MAX];
	size_t n;

	if (!set_query(a, set))
		return explain_usage("filter lists cannot be asked about this host");
	h->asked = true;
	lists_match_cookie(lists, a->query, set->name, &h->limit);
	n = lists_match_fields(lists, a->query, fields, LISTS_MODIFY_MAX);
	hear(&h->limit, find_field(fields, n, LISTS_REMOVE_FROM_ANSWER, SLICE("set-cookie")),
	     &h->set);
	hear(&h->limit, find_field(fields, n, LISTS_REMOVE_FROM_REQUEST, SLICE("cookie")),
	     &h->sent);
	return put_facts(a, set, sent);
}

bool explain_hear(const struct explain_lists *l, const struct rules *rules,
		  struct cookie_facts *set, struct cookie_facts *sent, struct explain_heard *out)
{
	struct asking a = { .l = l, .rules = rules, .out = out };
	struct sites *sites;
	bool good;

	*out = (struct explain_heard){ .asked = false };
	if (l->files.lists == NULL || set->host.n == 0)
		return true;
	sites = sites_new(SITES_LATEST);
	a.query = sites != NULL ? query_new(sites) : NULL;
	good = a.query != NULL ? ask(&a, set, sent)
			       : explain_usage("the list of public suffixes cannot be read");
	query_free(a.query);
	sites_free(sites);
	return good;
}

/* ---- saying ---- */

static const char *word_of(enum lists_cookie_action action)
{
	static const char *const words[] = { [LISTS_COOKIE_NOTHING] = "nothing",
					     [LISTS_COOKIE_EXCEPT] = "may pass",
					     [LISTS_COOKIE_REMOVE] = "remove",
					     [LISTS_COOKIE_CHANGE] = "limit" };

	return words[action];
}

static void put_limit(struct explain_out *o, const struct explain_heard *h)
{
	static const char *const same_site[] = { [LISTS_SAME_SITE_AS_IS] = "",
						 [LISTS_SAME_SITE_LAX] = "Lax",
						 [LISTS_SAME_SITE_STRICT] = "Strict",
						 [LISTS_SAME_SITE_NONE] = "None" };

	out_open(o, "limit");
	if (h->limit.has_max_age)
		out_u64(o, "max_age", h->limit.max_age);
	if (h->limit.same_site != LISTS_SAME_SITE_AS_IS)
		out_str(o, "samesite", same_site[h->limit.same_site]);
	if (h->within)
		out_str(o, "note", "the line keeps to it by itself, so nothing is changed");
	out_close(o);
}

static bool same_said(const struct explain_said *a, const struct explain_said *b)
{
	return a->action == b->action && slice_eq(a->rule.text, b->rule.text);
}

void explain_put_heard(struct explain_out *o, const struct explain_lists *l,
		       const struct explain_heard *h)
{
	if (l->files.n != 0 && !h->asked) {
		out_str(o, "note", "the filter lists are not asked: that takes --host HOST");
		return;
	}
	explain_lists_put(o, l, "none removes a cookie");
	if (!h->asked)
		return;
	out_str(o, "lists_say", word_of(h->set.action));
	if (h->set.action != LISTS_COOKIE_NOTHING)
		explain_lists_put_rule(o, "rule", l, &h->set.rule);
	if (h->limit.action == LISTS_COOKIE_CHANGE && h->set.action == LISTS_COOKIE_CHANGE)
		put_limit(o, h);
	if (same_said(&h->set, &h->sent))
		return;
	out_str(o, "lists_say_when_sent", word_of(h->sent.action));
	if (h->sent.action != LISTS_COOKIE_NOTHING)
		explain_lists_put_rule(o, "rule_when_sent", l, &h->sent.rule);
}
