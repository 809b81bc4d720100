/* crumbgate explain cookie: one cookie by its facts, decided as the proxy would. */
#include "cmd/command.h"
#include "cmd/evidence.h"
#include "cmd/explain.h"
#include "cmd/explain_cookie_lists.h"
#include "cmd/explain_kinds.h"
#include "cmd/explain_purpose.h"
#include "cmd/explain_put.h"
#include "filters/cookie.h"
#include "filters/site.h"

#include <getopt.h>
#include <stdio.h>
#include <time.h>

struct request {
	bool json;
	bool has_party, has_shape;
	const char *host, *site, *value, *line;
	struct cookie_facts set, sent;
	struct explain_lists lists;
	struct explain_heard heard;
};

enum {
	OPT_VALUE = 1,
	OPT_SHAPE,
	OPT_LINE,
	OPT_HOST,
	OPT_SITE,
	OPT_FIRST,
	OPT_THIRD,
	OPT_PROFILE,
	OPT_CHOICE,
	OPT_JSON
};

static const struct option longs[] = { { "value", required_argument, NULL, OPT_VALUE },
				       { "value-shape", required_argument, NULL, OPT_SHAPE },
				       { "set-cookie", required_argument, NULL, OPT_LINE },
				       { "host", required_argument, NULL, OPT_HOST },
				       { "site", required_argument, NULL, OPT_SITE },
				       { "first", no_argument, NULL, OPT_FIRST },
				       { "third", no_argument, NULL, OPT_THIRD },
				       { "profile", required_argument, NULL, OPT_PROFILE },
				       { "choice", required_argument, NULL, OPT_CHOICE },
				       { "json", no_argument, NULL, OPT_JSON },
				       EXPLAIN_LISTS_OPTIONS,
				       { NULL, 0, NULL, 0 } };

static bool read_party(struct request *q, enum party party)
{
	q->sent.party = party;
	if (q->has_party)
		return explain_usage("--first and --third exclude each other");
	return q->has_party = true;
}

static bool read_option(int c, struct request *q)
{
	switch (c) {
	case OPT_VALUE:
		q->value = optarg;
		return true;
	case OPT_SHAPE:
		q->has_shape = shape_parse(slice_str(optarg), &q->sent.shape);
		return q->has_shape || explain_usage("--value-shape takes a shape as the log "
						     "writes it, such as uuid:36 or hex:32:e4");
	case OPT_LINE:
		q->line = optarg;
		return true;
	case OPT_HOST:
		q->host = optarg;
		return true;
	case OPT_SITE:
		q->site = optarg;
		return true;
	case OPT_FIRST:
	case OPT_THIRD:
		return read_party(q, c == OPT_FIRST ? PARTY_FIRST : PARTY_THIRD);
	case OPT_PROFILE:
		return explain_read_profile(optarg, &q->sent.profile);
	case OPT_CHOICE:
		return explain_read_choice(optarg, &q->sent.choice);
	case OPT_JSON:
		q->json = true;
		return true;
	default:
		explain_lists_option(&q->lists, c);
		return true;
	}
}

static bool check_name(struct slice name)
{
	if (name.n == 0 || name.n > ENTRY_NAME_MAX)
		return explain_usage("a cookie's name has 1 to 4096 octets");
	if (slice_find(name, '=') != name.n || slice_find(name, ';') != name.n)
		return explain_usage("a cookie's name has no = and no ; in it: give the value with "
				     "--value, which is not printed");
	return true;
}

/* As the line says it; without one, a line with nothing but the name and the value. */
static bool read_line(struct request *q)
{
	struct set_cookie c;

	q->set = q->sent;
	q->set.kind = COOKIE_SET;
	q->set.lifetime_s = LIFETIME_SESSION;
	if (q->line == NULL)
		return true;
	if (!set_cookie_parse(slice_str(q->line), &c))
		return explain_usage("--set-cookie takes what stands behind \"Set-Cookie:\"; a "
				     "browser ignores the line that was given");
	if (!slice_eq(c.name, q->sent.name))
		return explain_usage("the line of --set-cookie sets a cookie of another name");
	if (q->value == NULL && !q->has_shape) {
		q->set.has_value = q->sent.has_value = true;
		q->set.value = q->sent.value = c.value;
	}
	q->set.lifetime_s = set_cookie_lifetime_s(&c, (int64_t)time(NULL));
	q->set.secure = c.secure;
	q->set.httponly = c.httponly;
	q->set.partitioned = c.partitioned;
	q->set.has_domain = c.has_domain;
	q->set.same_site = c.same_site;
	q->set.domain = c.domain;
	q->set.path = c.path;
	return true;
}

static bool read_arguments(int argc, char **argv, struct request *q)
{
	int c;

	q->sent.kind = COOKIE_SENT;
	q->sent.lifetime_s = LIFETIME_UNKNOWN;
	quiet_options();
	while ((c = getopt_long(argc, argv, "c:", longs, NULL)) != -1)
		if (c == '?' ? !wrong_option("explain", argv) : !read_option(c, q))
			return false;
	if (argc - optind != 1)
		return explain_usage("one cookie-name");
	q->sent.name = slice_str(argv[optind]);
	if (q->value != NULL && q->has_shape)
		return explain_usage("--value and --value-shape exclude each other");
	if (q->site != NULL && q->has_party)
		return explain_usage("with --site and --host the party is known: leave --first or "
				     "--third out");
	if (q->site != NULL && q->host == NULL)
		return explain_usage("--site needs --host beside it, who sets the cookie");
	if (q->value != NULL) {
		q->sent.has_value = true;
		q->sent.value = slice_str(q->value);
	}
	return check_name(q->sent.name);
}

/* ---- whose it is ---- */

struct names {
	char host[SITE_MAX], own[SITE_MAX], site[SITE_MAX];
};

static bool lower_host(const char *host, char out[SITE_MAX])
{
	if (!slice_copy(slice_str(host), out, SITE_MAX))
		return explain_usage("--host takes a host name");
	for (char *p = out; *p != '\0'; p++)
		*p = ascii_lower(*p);
	return true;
}

/* Without a host nobody is named; without a page the host is its own. */
static bool find_party(struct request *q, struct names *n)
{
	struct sites *sites;
	bool good;

	if (q->host == NULL)
		return true;
	sites = sites_new(SITES_LATEST);
	if (sites == NULL)
		return explain_usage("the list of public suffixes cannot be read");
	good = (lower_host(q->host, n->host) && site_of_host(sites, slice_str(n->host), n->own)) ||
	       explain_usage("--host takes a host name");
	good = good && (q->site == NULL || site_of_host(sites, slice_str(q->site), n->site) ||
			explain_usage("--site takes a host name or a registrable domain"));
	sites_free(sites);
	if (!good)
		return false;
	q->sent.host = slice_str(n->host);
	if (q->site != NULL && !same_site(n->own, n->site))
		q->sent.party = PARTY_THIRD;
	q->sent.site = slice_str(q->site != NULL		? n->site
				 : q->sent.party == PARTY_FIRST ? n->own
								: "");
	return true;
}

/* ---- what is said ---- */

static const char *life_text(int64_t s, char *out, size_t size)
{
	if (s == LIFETIME_SESSION)
		return "until the browser closes";
	if (s == LIFETIME_DELETES)
		return "none: the line deletes it";
	if (s < 2 * 86400)
		snprintf(out, size, "%lld s", (long long)s);
	else
		snprintf(out, size, "%lld days", (long long)s / 86400);
	return out;
}

static void put_facts(struct explain_out *o, const struct request *q)
{
	const struct cookie_facts *f = &q->set;
	char shape[SHAPE_TEXT_MAX], life[32];
	struct value_shape s = f->shape;

	out_bytes(o, "cookie", f->name);
	out_open(o, "facts");
	if (f->host.n != 0)
		out_bytes(o, "host", f->host);
	if (f->site.n != 0)
		out_bytes(o, "site", f->site);
	out_str(o, "party", party_word(f->party));
	out_str(o, "profile", profile_word(f->profile));
	explain_put_choice(o, slice_str(choice_word(f->choice)));
	if (f->has_value)
		value_shape_of(f->value, &s);
	shape_write(&s, shape);
	out_str(o, "value_shape", shape);
	if (!f->has_value && !q->has_shape)
		out_str(o, "value", "not given, so it counts as empty");
	if (q->line == NULL)
		out_str(o, "attributes", "none, since no --set-cookie was given");
	out_str(o, "lifetime", life_text(f->lifetime_s, life, sizeof(life)));
	if (q->line != NULL) {
		out_bool(o, "httponly", f->httponly);
		out_bool(o, "secure", f->secure);
		out_str(o, "samesite", same_site_word(f->same_site));
	}
	out_close(o);
}

static void put_verdict(struct explain_out *o, const char *key, const struct explain_rules *r,
			const struct cookie_facts *f)
{
	struct cookie_decision d;

	decide_cookie(r->rules, f, &d);
	out_open(o, key);
	explain_put_verdict(o, slice_str(verdict_word(d.verdict)));
	out_str(o, "means", explain_verdict_means(f->kind, d.verdict));
	out_str(o, "why", d.why);
	out_close(o);
}

/* The attributes weigh in, so a guess may differ by the way the cookie goes. */
static bool same_purpose(const struct explain_rules *r, const struct request *q)
{
	struct cookie_decision set, sent;

	decide_cookie(r->rules, &q->set, &set);
	decide_cookie(r->rules, &q->sent, &sent);
	return set.purpose == sent.purpose;
}

static bool explain(const struct request *q, const struct explain_rules *r)
{
	const struct explain_ways ways = { r, &q->set, &q->sent };
	struct explain_out o;

	out_init(&o, q->json);
	put_facts(&o, q);
	explain_put_heard(&o, &q->lists, &q->heard);
	explain_purpose(&o, r, &q->set);
	if (!same_purpose(r, q)) {
		out_open(&o, "as_sent");
		explain_purpose(&o, r, &q->sent);
		out_close(&o);
	}
	put_verdict(&o, "set", r, &q->set);
	put_verdict(&o, "sent", r, &q->sent);
	explain_cookie_changes(&o, &ways);
	return out_finish(&o);
}

int explain_cookie(int argc, char **argv)
{
	struct request q = { .json = false };
	struct explain_rules rules;
	struct names names = { "", "", "" };
	bool good;

	explain_rules_init(&rules);
	good = explain_lists_init(&q.lists, argc) && read_arguments(argc, argv, &q) &&
	       find_party(&q, &names) && read_line(&q) && explain_lists_open(&q.lists) &&
	       explain_rules_own(&rules) &&
	       explain_hear(&q.lists, rules.rules, &q.set, &q.sent, &q.heard) &&
	       explain(&q, &rules);
	explain_rules_release(&rules);
	explain_lists_release(&q.lists);
	return good ? COMMAND_GOOD : COMMAND_USAGE;
}
