/* crumbgate explain entry: what one entry of the log says, and its decision asked again. */
#include "cmd/command.h"
#include "cmd/evidence.h"
#include "cmd/explain.h"
#include "cmd/explain_kinds.h"
#include "cmd/explain_purpose.h"
#include "cmd/explain_put.h"

#include "base/clock.h"
#include "evidence/replay_facts.h"
#include "evidence/reader.h"
#include "filters/lists/list_purpose.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct request {
	bool json;
	uint64_t n;
	char path[EVIDENCE_PATH_MAX];
};

static bool read_arguments(int argc, char **argv, struct request *q)
{
	static const struct option longs[] = { { "json", no_argument, NULL, 'j' },
					       { "config", required_argument, NULL, 'c' },
					       { "state", required_argument, NULL, 's' },
					       { NULL, 0, NULL, 0 } };
	struct state_given from = { NULL, NULL };
	int c;

	quiet_options();
	while ((c = getopt_long(argc, argv, "c:", longs, NULL)) != -1) {
		if (c == '?')
			return wrong_option("explain", argv);
		if (c == 'j')
			q->json = true;
		else if (c == 'c')
			from.config = optarg;
		else
			from.state = optarg;
	}
	if (argc - optind < 1 || argc - optind > 2)
		return explain_usage("the number of one entry, and where its log is not in the "
				     "state folder, its folder");
	if (!slice_to_u64(slice_str(argv[optind]), UINT64_MAX - 1, &q->n))
		return explain_usage("an entry has a number, as \"crumbgate log\" prints it");
	return evidence_place("explain", argc - optind == 2 ? argv[optind + 1] : NULL, &from,
			      q->path, sizeof(q->path)) &&
	       evidence_folder("explain", q->path);
}

/* ---- finding it ---- */

struct found {
	struct buf mem;
	char *scratch;
	struct entry e;
};

static struct slice line_of(const struct reader_chunk *c, uint64_t n)
{
	struct slice rest = c->lines, line = { NULL, 0 };

	for (uint64_t i = c->n; i <= n && rest.p != NULL; i++)
		rest = slice_cut(rest, '\n', &line);
	return line;
}

/* False: said on stderr. */
static bool find(struct reader *in, uint64_t n, struct found *f)
{
	struct reader_chunk c;
	uint64_t end = 0;
	size_t where;
	int got;

	while ((got = reader_next(in, &f->mem, &c)) > 0) {
		end = c.n + c.count;
		if (n >= end)
			continue;
		if (n >= c.n && entry_parse(line_of(&c, n), f->scratch, &f->e, &where) &&
		    f->e.n == n)
			return true;
		fprintf(stderr,
			"crumbgate explain: %s: entry %" PRIu64 " is not what was written there; "
			"run 'crumbgate verify'\n",
			c.file, n);
		return false;
	}
	if (got < 0)
		fprintf(stderr, "crumbgate explain: %s\n", reader_error(in));
	else
		fprintf(stderr,
			"crumbgate explain: there is no entry %" PRIu64 ": the log has %" PRIu64
			" so far, the first is 0\n",
			n, end);
	return false;
}

/* ---- its facts ---- */

static void put_time(struct explain_out *o, const char *key, int64_t t)
{
	char when[CLOCK_RFC3339_LEN + 1];

	clock_rfc3339(t, when, sizeof(when));
	out_str(o, key, when);
}

static const char *site_by_text(struct slice word)
{
	static const char *const words[][2] = {
		{ "navigation", "it is the page that was opened" },
		{ "same-site", "the browser says that request and page are of one site" },
		{ "referer", "the request names its page" },
		{ "frame", "the request names a frame that was seen on the page" },
		{ "connection", "its connection belonged to this page before" },
		{ "recent", "the client was on this page a moment before" },
		{ "self", "nothing tells the page, so it is the host's own site" },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (slice_eq(word, slice_str(words[i][0])))
			return words[i][1];
	return "in a way that this version does not know";
}

static void put_if(struct explain_out *o, const char *key, struct slice v)
{
	if (v.n != 0)
		out_bytes(o, key, v);
}

static void put_attributes(struct explain_out *o, const struct entry_attrs *a)
{
	out_open(o, "attributes");
	put_if(o, "domain", a->domain);
	if (a->session)
		out_str(o, "lifetime", "until the browser closes");
	else
		out_i64(o, "lifetime_s", a->lifetime_s);
	out_bool(o, "secure", a->secure);
	out_bool(o, "httponly", a->httponly);
	out_bytes(o, "samesite", a->samesite);
	out_bool(o, "partitioned", a->partitioned);
	out_close(o);
}

static bool is_cookie(const struct entry *e)
{
	return e->kind == ENTRY_SET || e->kind == ENTRY_SENT;
}

static void put_sightings(struct explain_out *o, const struct entry *e)
{
	if (e->count == 0)
		return;
	out_u64(o, e->kind == ENTRY_RULES ? "rows" : "times", e->count);
	if (e->first != ENTRY_NO_TIME)
		put_time(o, "first", e->first);
	if (e->last != e->t)
		put_time(o, "last", e->last);
}

static void put_facts(struct explain_out *o, const struct entry *e)
{
	out_open(o, "facts");
	put_if(o, "host", e->host);
	put_if(o, "site", e->site);
	if (e->site_by.n != 0) {
		out_str(o, "site_known_by", site_by_text(e->site_by));
		put_if(o, "how_sure", e->confidence);
	}
	put_if(o, "party", e->party);
	put_if(o, "profile", e->profile);
	if (e->choice.n != 0)
		explain_put_choice(o, e->choice);
	if (e->seen.n != 0 && !slice_eq(e->seen, SLICE("nowhere")))
		out_bytes(o, "choice_seen", e->seen);
	put_if(o, "value_shape", e->shape);
	put_if(o, "host_is_also", e->alias);
	put_if(o, "a_list_says", e->list.says);
	put_if(o, "rule_of_the_list", e->list.rule);
	if (e->kind == ENTRY_SENT)
		out_u64(o, "expired_before", e->tries);
	if (e->kind == ENTRY_SET)
		put_attributes(o, &e->attrs);
	put_if(o, "name", e->name);
	put_if(o, "version", e->version);
	put_if(o, "origin", e->origin);
	put_if(o, "digest", e->digest);
	if (e->kind == ENTRY_CLOCK)
		out_i64(o, "jump_ms", e->jump_ms);
	put_sightings(o, e);
	out_close(o);
}

/* ---- a cookie ---- */

static void put_decision(struct explain_out *o, const char *key, const struct entry *e,
			 const struct explain_rules *r, const struct cookie_facts *f)
{
	struct cookie_decision d;

	decide_cookie(r->rules, f, &d);
	out_open(o, key);
	out_bool(o, "the_same",
		 slice_eq(e->purpose, slice_str(purpose_word(d.purpose))) &&
			 slice_eq(e->verdict, slice_str(verdict_word(d.verdict))) &&
			 slice_eq(e->why, slice_str(d.why)));
	out_str(o, "rules", r->number);
	out_str(o, "purpose", purpose_word(d.purpose));
	explain_put_verdict(o, slice_str(verdict_word(d.verdict)));
	out_str(o, "why", d.why);
	out_close(o);
}

static void put_explained(struct explain_out *o, const struct entry *e,
			  const struct explain_rules *r, const struct cookie_facts *f)
{
	const struct explain_ways ways = { .rules = r,
					   .set = e->kind == ENTRY_SET ? f : NULL,
					   .sent = e->kind == ENTRY_SENT ? f : NULL };

	out_open(o, "explained");
	explain_purpose(o, r, f);
	out_close(o);
	explain_cookie_changes(o, &ways);
}

static bool put_cookie(struct explain_out *o, const struct entry *e, int dir)
{
	struct explain_rules own, kept;
	enum explain_rules_result got;
	struct cookie_facts f;
	enum verdict verdict;
	bool good;

	out_bytes(o, "cookie", e->cookie);
	out_bytes(o, "purpose", e->purpose);
	explain_put_verdict(o, e->verdict);
	if (verdict_of_word(e->verdict, &verdict))
		out_str(o, "verdict_means",
			explain_verdict_means(e->kind == ENTRY_SET ? COOKIE_SET : COOKIE_SENT,
					      verdict));
	out_bytes(o, "why", e->why);
	put_facts(o, e);
	if (!replay_facts(e, &f)) {
		out_str(o, "note",
			"a fact of the entry is none that this version knows, so it "
			"cannot be decided again");
		return true;
	}
	explain_rules_init(&own);
	explain_rules_init(&kept);
	got = explain_rules_kept(&kept, dir, e->rules);
	good = got != EXPLAIN_RULES_ERROR && explain_rules_own(&own);
	if (good) {
		(void)slice_copy(e->rules, kept.number, sizeof(kept.number));
		if (got == EXPLAIN_RULES_KEPT)
			put_decision(o, "decided_again_from_the_log", e, &kept, &f);
		else
			out_str(o, "note",
				"no copy of its rules is kept, so it is explained by "
				"those of this program");
		put_decision(o, "decided_today", e, &own, &f);
		put_explained(o, e, got == EXPLAIN_RULES_KEPT ? &kept : &own, &f);
	}
	explain_rules_release(&kept);
	explain_rules_release(&own);
	return good;
}

/* ---- other kinds ---- */

#define PASSES_REQUEST 1u

static unsigned ask_block(void *arg, const struct explain_case *c)
{
	const struct explain_block *b = arg;

	return list_purpose_wanted(c->profile, c->choice, b->purpose) ? PASSES_REQUEST : 0;
}

static void put_block(struct explain_out *o, const struct entry *e)
{
	const struct explain_way way = { "request", PASSES_REQUEST, "sent", "refused", NULL, NULL };
	struct explain_change found[EXPLAIN_CHANGES_MAX];
	struct explain_case now = { .party = PARTY_FIRST };
	struct explain_block b;

	if (!explain_block_read(e->why, &b) || !profile_of_word(e->profile, &now.profile) ||
	    !choice_of_word(e->choice, &now.choice))
		return;
	out_open(o, "rule");
	out_bytes(o, "text", e->name);
	out_bytes(o, "list", b.list);
	out_bytes(o, "version", b.version);
	out_str(o, "purpose_of_list", purpose_word(b.purpose));
	put_if(o, "alias", b.alias);
	out_close(o);
	explain_put_changes(o, found, explain_changes(ask_block, &b, &now, false, found), &way, 1);
}

static void put_other(struct explain_out *o, const struct entry *e)
{
	struct explain_contradiction c;

	if (e->kind == ENTRY_CONTRADICTION && explain_contradiction(e->name, &c)) {
		out_str(o, "contradiction", c.means);
		out_str(o, "weight", c.weight);
	}
	put_if(o, "why", e->why);
	put_facts(o, e);
	if (e->kind == ENTRY_BLOCK)
		put_block(o, e);
}

static int explain(const struct request *q, const struct entry *e, int dir)
{
	struct explain_out o;
	bool good = true;

	out_init(&o, q->json);
	out_u64(&o, "entry", e->n);
	put_time(&o, "time", e->t);
	out_str(&o, "kind", entry_kind_word(e->kind));
	out_str(&o, "means", explain_kind_means(e->kind));
	if (is_cookie(e))
		good = put_cookie(&o, e, dir);
	else
		put_other(&o, e);
	if (good)
		return out_finish(&o) ? COMMAND_GOOD : COMMAND_USAGE;
	out_release(&o);
	return COMMAND_USAGE;
}

int explain_entry(int argc, char **argv)
{
	struct request q = { .json = false };
	struct found f = { .scratch = NULL };
	struct reader *in = NULL;
	int status = COMMAND_USAGE;
	char why[512];

	if (!read_arguments(argc, argv, &q))
		return COMMAND_USAGE;
	buf_init(&f.mem, READER_CHUNK_MAX);
	f.scratch = malloc(ENTRY_LINE_MAX);
	in = f.scratch != NULL ? reader_open(q.path, why, sizeof(why)) : NULL;
	if (in == NULL)
		fprintf(stderr, "crumbgate explain: %s: %s\n", q.path,
			f.scratch != NULL ? why : "no memory");
	else
		status = find(in, q.n, &f) ? explain(&q, &f.e, reader_dir(in)) : COMMAND_NO;
	reader_free(in);
	free(f.scratch);
	buf_release(&f.mem);
	return status;
}
