/* crumbgate explain url: what filter lists say of a request, and what its URL carries. */
#include "cmd/command.h"
#include "cmd/evidence.h"
#include "cmd/explain.h"
#include "cmd/explain_claims.h"
#include "cmd/explain_lists.h"
#include "cmd/explain_put.h"
#include "cmd/explain_rules.h"
#include "filters/clicks.h"
#include "filters/lists/list_purpose.h"
#include "filters/lists/match.h"
#include "filters/lists/modify.h"
#include "filters/url.h"

#include <getopt.h>
#include <stdio.h>

#define PARAMETERS_MAX 64u

struct request {
	bool json, has_type;
	enum profile profile;
	enum choice_state choice;
	struct slice url, source;
	enum lists_type type;
	struct url_parts parts;
	struct explain_lists lists;
};

/* What lists say of it, whatever was chosen. */
struct asked {
	const struct request *r;
	const struct rules *rules; /* NULL: there are none */
	struct query *query;
	struct lists_verdict verdict;
	bool blocked, strips;
	enum purpose purpose; /* of the host or the list, where lists say anything */
	struct buf stripped, clean;
};

/* ---- the command line ---- */

enum { OPT_SOURCE = 1, OPT_TYPE, OPT_PROFILE, OPT_CHOICE, OPT_JSON };

static const struct option longs[] = { { "source", required_argument, NULL, OPT_SOURCE },
				       { "type", required_argument, NULL, OPT_TYPE },
				       { "profile", required_argument, NULL, OPT_PROFILE },
				       { "choice", required_argument, NULL, OPT_CHOICE },
				       { "json", no_argument, NULL, OPT_JSON },
				       EXPLAIN_LISTS_OPTIONS,
				       { NULL, 0, NULL, 0 } };

static bool read_option(int c, struct request *r)
{
	switch (c) {
	case OPT_SOURCE:
		r->source = slice_str(optarg);
		return true;
	case OPT_TYPE:
		r->has_type = lists_type_of_word(slice_str(optarg), &r->type);
		return r->has_type || explain_usage("--type takes document, script, image, xhr or "
						    "another type as filter lists name it");
	case OPT_PROFILE:
		return explain_read_profile(optarg, &r->profile);
	case OPT_CHOICE:
		return explain_read_choice(optarg, &r->choice);
	case OPT_JSON:
		r->json = true;
		return true;
	default:
		explain_lists_option(&r->lists, c);
		return true;
	}
}

static bool read_arguments(int argc, char **argv, struct request *r)
{
	int c;

	quiet_options();
	while ((c = getopt_long(argc, argv, "c:", longs, NULL)) != -1)
		if (c == '?' ? !wrong_option("explain", argv) : !read_option(c, r))
			return false;
	if (argc - optind != 1)
		return explain_usage("one URL");
	r->url = slice_str(argv[optind]);
	if (!url_split(r->url, &r->parts))
		return explain_usage("a URL begins with http:// or https:// and a host");
	if (!r->has_type)
		r->type = r->source.n == 0 ? LISTS_DOCUMENT : LISTS_OTHER;
	/* A page is its own source, as the proxy asks. */
	if (r->type == LISTS_DOCUMENT && r->source.n == 0)
		r->source = r->parts.host;
	return true;
}

/* ---- asking ---- */

static bool is_blocked(const struct lists_verdict *v)
{
	return v->action == LISTS_BLOCK || v->action == LISTS_ANSWER;
}

static bool match_as(struct asked *a, enum lists_type type, struct query_facts *f,
		     struct lists_verdict *v)
{
	*f = (struct query_facts){
		.url = a->r->url, .source = a->r->source, .type = type, .method = SLICE("GET")
	};
	*v = (struct lists_verdict){ .action = LISTS_NOTHING };
	if (!query_set(a->query, f))
		return false;
	if (a->r->lists.files.lists != NULL)
		lists_match(a->r->lists.files.lists, a->query, v);
	return true;
}

/* The query keeps pointing to `f`. */
static bool ask(struct asked *a, struct query_facts *f)
{
	const struct lists *l = a->r->lists.files.lists;
	struct slice click;

	if (!match_as(a, a->r->type, f, &a->verdict))
		return explain_usage("filter lists are asked about URLs of http, https, ws or wss");
	a->blocked = is_blocked(&a->verdict);
	if (a->verdict.action != LISTS_NOTHING)
		a->purpose = list_purpose_of_request(lists_name(l, a->verdict.rule.list), a->rules,
						     a->r->parts.host);
	if (a->r->type != LISTS_DOCUMENT)
		return true;
	if (l != NULL)
		a->strips = lists_strip(l, a->query, &a->stripped, NULL, 0) != 0;
	a->strips |= clicks_strip(a->r->parts.target, &a->clean, &click) != 0;
	return true;
}

/* ---- the rule ---- */

static void put_verdict(struct explain_out *o, const struct asked *a)
{
	static const char *const says[] = { [LISTS_NOTHING] = "nothing",
					    [LISTS_EXCEPT] = "may pass",
					    [LISTS_BLOCK] = "block",
					    [LISTS_ANSWER] = "block, and answer" };
	const struct lists_verdict *v = &a->verdict;

	out_str(o, "lists_say", says[v->action]);
	if (v->action == LISTS_NOTHING)
		return;
	out_str(o, "purpose_of_list", purpose_word(a->purpose));
	out_bytes(o, "decided_by",
		  list_base_name(lists_name(a->r->lists.files.lists, v->rule.list)));
	explain_lists_put_rule(o, "rule", &a->r->lists, &v->rule);
	if (v->action == LISTS_EXCEPT)
		explain_lists_put_rule(o, "against", &a->r->lists, &v->against);
	if (v->action == LISTS_ANSWER)
		explain_lists_put_rule(o, "answer_rule", &a->r->lists, &v->body_rule);
}

static void put_request(struct explain_out *o, const struct asked *a)
{
	const struct request *r = a->r;
	const struct lists_body_data *body =
		a->verdict.action == LISTS_ANSWER ? lists_body_data(a->verdict.body) : NULL;

	if (!a->blocked) {
		out_str(o, "request", "sent");
		return;
	}
	if (list_purpose_wanted(r->profile, r->choice, a->purpose)) {
		out_str(o, "request", "sent");
		out_say(o, "why",
			r->profile == PROFILE_INVESTIGATOR
				? "for an investigator nothing is refused (%s)"
				: "its purpose was accepted: %s",
			purpose_word(a->purpose));
		return;
	}
	out_str(o, "request", "refused");
	out_say(o, "why",
		r->profile == PROFILE_MINORS ? "for minors no choice counts; the list is about %s"
					     : "its purpose was not accepted: %s",
		purpose_word(a->purpose));
	if (body != NULL && a->verdict.body != LISTS_BODY_NONE)
		out_say(o, "answered_with", "200 and a harmless body: %s", body->name);
	else
		out_str(o, "answered_with", "403 and a sentence that says why");
}

/* ---- parameters ---- */

static struct slice name_of(struct slice parameter)
{
	struct slice name;

	(void)slice_cut(parameter, '=', &name);
	return name;
}

static void put_parameter(struct explain_out *o, struct slice name, const struct request *r,
			  const struct lists_rule *by)
{
	out_item(o);
	(void)out_line(o);
	out_bytes(o, "name", name);
	if (by != NULL)
		explain_lists_put_rule(o, "rule", &r->lists, by);
	else
		out_str(o, "by", "click identifier");
	if (!o->json) {
		put_plain(&o->text, name);
		buf_adds(&o->text, ": ");
		put_plain(&o->text, by != NULL ? by->text : SLICE("a click identifier"));
	}
	out_line_close(o);
	out_item_close(o);
}

/* What lists take out is what is missing in their URL: the order is the same. */
static void put_by_lists(struct explain_out *o, struct asked *a)
{
	struct lists_rule by[PARAMETERS_MAX];
	struct slice before = url_query(a->r->url), after, pair, kept = { NULL, 0 };
	size_t n, seen = 0;

	if (a->r->lists.files.lists == NULL)
		return;
	buf_clear(&a->stripped);
	n = lists_strip(a->r->lists.files.lists, a->query, &a->stripped, by, PARAMETERS_MAX);
	if (n == 0)
		return;
	after = slice_cut(url_query(buf_slice(&a->stripped)), '&', &kept);
	while (before.p != NULL && seen < n && seen < PARAMETERS_MAX) {
		before = slice_cut(before, '&', &pair);
		if (slice_eq(pair, kept))
			after = slice_cut(after, '&', &kept);
		else if (!is_click_id(name_of(pair)))
			put_parameter(o, name_of(pair), a->r, &by[seen++]);
		else
			seen++;
	}
}

static void put_clicks(struct explain_out *o, const struct asked *a)
{
	struct slice rest = url_query(a->r->url), pair;

	for (unsigned n = 0; rest.p != NULL && n < PARAMETERS_MAX;) {
		rest = slice_cut(rest, '&', &pair);
		if (!is_click_id(name_of(pair)))
			continue;
		put_parameter(o, name_of(pair), a->r, NULL);
		n++;
	}
}

static void put_parameters(struct explain_out *o, struct asked *a)
{
	bool wanted = list_purpose_wanted(a->r->profile, a->r->choice, PURPOSE_ADVERTISING);

	if (!a->strips)
		return;
	out_str(o, "parameters",
		wanted ? "stay, since advertising was accepted or nothing is "
			 "removed for the profile"
		       : "are taken out of the URL of the page");
	out_list(o, "parameters_that_follow");
	put_clicks(o, a);
	put_by_lists(o, a);
	out_list_close(o);
}

/* ---- what would change it ---- */

#define PASSES_REQUEST 1u
#define PASSES_WHOLE 2u

static unsigned ask_case(void *arg, const struct explain_case *c)
{
	const struct asked *a = arg;
	unsigned passes = 0;

	if (!a->blocked || list_purpose_wanted(c->profile, c->choice, a->purpose))
		passes |= PASSES_REQUEST;
	if (!a->strips || list_purpose_wanted(c->profile, c->choice, PURPOSE_ADVERTISING))
		passes |= PASSES_WHOLE;
	return passes;
}

static void put_changes(struct explain_out *o, struct asked *a)
{
	const struct explain_case now = { a->r->profile, a->r->choice, PARTY_FIRST };
	const struct explain_way ways[] = {
		{ "request", PASSES_REQUEST, "sent", "refused", NULL, NULL },
		{ "parameters", PASSES_WHOLE, "all stay", "taken out", NULL, NULL },
	};
	struct explain_change found[EXPLAIN_CHANGES_MAX];
	size_t n = explain_changes(ask_case, a, &now, false, found);

	explain_put_changes(o, found, n, ways, a->strips ? 2 : 1);
}

/* The same URL asked for as something else. */
static unsigned find_types(struct asked *a, enum lists_type out[LISTS_TYPES])
{
	struct query_facts f;
	struct lists_verdict v;
	unsigned n = 0;

	for (unsigned t = 0; t < LISTS_TYPES && a->r->lists.files.lists != NULL; t++)
		if (match_as(a, (enum lists_type)t, &f, &v) && is_blocked(&v) != a->blocked)
			out[n++] = (enum lists_type)t;
	return n;
}

static void put_types(struct explain_out *o, struct asked *a)
{
	enum lists_type types[LISTS_TYPES];
	unsigned n = find_types(a, types);

	if (n == 0)
		return;
	out_list(o, a->blocked ? "not_blocked_as_type" : "blocked_as_type");
	for (unsigned i = 0; i < n; i++) {
		out_item(o);
		(void)out_line(o);
		out_str(o, "type", lists_type_word(types[i]));
		if (!o->json)
			buf_adds(&o->text, lists_type_word(types[i]));
		out_line_close(o);
		out_item_close(o);
	}
	out_list_close(o);
}

/* ---- all ---- */

static void put_facts(struct explain_out *o, const struct request *r)
{
	out_open(o, "facts");
	out_bytes(o, "host", r->parts.host);
	out_str(o, "type", lists_type_word(r->type));
	if (!r->has_type)
		out_str(o, "type_given", "no: a page without --source, else something in it");
	out_str(o, "profile", profile_word(r->profile));
	explain_put_choice(o, slice_str(choice_word(r->choice)));
	out_u64(o, "lists", r->lists.files.n);
	out_close(o);
}

static bool explain(const struct request *r, struct asked *a)
{
	struct query_facts facts;
	struct explain_out o;

	if (!ask(a, &facts))
		return false;
	out_init(&o, r->json);
	put_facts(&o, r);
	explain_lists_put(&o, &r->lists, "no request is refused");
	put_verdict(&o, a);
	put_request(&o, a);
	put_parameters(&o, a);
	explain_put_claims(&o, r->parts.target);
	put_changes(&o, a);
	put_types(&o, a);
	return out_finish(&o);
}

static bool explain_with_lists(const struct request *r, const struct rules *rules)
{
	struct sites *sites = sites_new(SITES_LATEST);
	struct asked a = { .r = r,
			   .rules = rules,
			   .query = sites != NULL ? query_new(sites) : NULL };
	bool good;

	buf_init(&a.stripped, r->url.n + 1);
	buf_init(&a.clean, r->url.n + 1);
	good = a.query != NULL ? explain(r, &a)
			       : explain_usage("the list of public suffixes cannot be read");
	buf_release(&a.stripped);
	buf_release(&a.clean);
	query_free(a.query);
	sites_free(sites);
	return good;
}

int explain_url(int argc, char **argv)
{
	struct request r = { .json = false };
	struct explain_rules own;
	bool good;

	explain_rules_init(&own);
	good = explain_lists_init(&r.lists, argc) && read_arguments(argc, argv, &r) &&
	       explain_lists_open(&r.lists) && explain_rules_own(&own) &&
	       explain_with_lists(&r, own.rules);
	explain_rules_release(&own);
	explain_lists_release(&r.lists);
	return good ? COMMAND_GOOD : COMMAND_USAGE;
}
