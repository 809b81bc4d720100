#include "cmd/explain_purpose.h"

#include "cmd/evidence.h"
#include "cmd/explain_change.h"
#include "base/plain.h"
#include "cmd/explain_put.h"
#include "filters/purpose.h"
#include "filters/rules_parse.h"
#include "filters/rules_text.h"
#include "filters/score_model.h"
#include "filters/setters.h"

#include <stdlib.h>

/* Features that people see; JSON has them all. */
#define SHOWN_MAX 12u
#define FEATURES_MAX 256u

/* ---- a line of a table ---- */

static struct slice line_of(struct slice text, unsigned n)
{
	struct slice line = { NULL, 0 };

	for (unsigned i = 0; i < n && text.p != NULL; i++)
		text = slice_cut(text, '\n', &line);
	if (line.n != 0 && line.p[line.n - 1] == '\r')
		line.n--;
	return line;
}

/* 0: no line begins with it. */
static unsigned line_that_begins(struct slice text, struct slice word)
{
	struct slice line;

	for (unsigned n = 1; text.p != NULL; n++) {
		text = slice_cut(text, '\n', &line);
		if (slice_starts(line, word) && line.n > word.n && line.p[word.n] == '\t')
			return n;
	}
	return 0;
}

static void put_line(struct explain_out *o, const char *file, unsigned line)
{
	out_str(o, "file", file);
	if (line != 0)
		out_u64(o, "line", line);
}

static void put_row(struct explain_out *o, const char *key, const struct explain_rules *r,
		    unsigned line)
{
	static const char *const names[COLUMN_COUNT] = {
		"pattern", "purpose",  "kind", "setter", "domains",
		"party",   "max_life", "life", "what",	 "source",
	};
	struct slice c[COLUMN_COUNT];

	if (!rules_split(line_of(rules_sections_of(r->text).cookies, line), c))
		return;
	out_open(o, key);
	put_line(o, "data/cookies.tsv", line);
	for (unsigned i = 0; i < COLUMN_COUNT; i++)
		out_bytes(o, names[i], c[i]);
	out_close(o);
}

static void put_setter(struct explain_out *o, const struct explain_rules *r, struct slice host)
{
	struct setters_hit hit;

	if (!setters_find(rules_setters(r->rules), host, &hit))
		return;
	out_open(o, "setter");
	put_line(o, "data/trackers.tsv",
		 line_that_begins(rules_sections_of(r->text).trackers, hit.domain));
	out_bytes(o, "domain", hit.domain);
	out_bytes(o, "company", hit.company);
	out_str(o, "purpose", purpose_word(hit.purpose));
	out_close(o);
}

/* Of an entry: the list itself may be another one today. */
static void put_list(struct explain_out *o, const struct cookie_list *l)
{
	out_open(o, "list");
	out_bytes(o, "rule", l->rule);
	out_bytes(o, "list", l->name);
	out_bytes(o, "version", l->version);
	out_str(o, "purpose_of_list", purpose_word(l->purpose));
	out_close(o);
}

static void put_guard(struct explain_out *o, const char *why)
{
	struct slice layer;

	out_open(o, "guard");
	out_bytes(o, "word", slice_cut(slice_str(why), ':', &layer));
	out_str(o, "means",
		"a name of sign-in, forms, sessions or consent is never taken for tracking by "
		"guess");
	out_close(o);
}

/* ---- the score ---- */

struct feature {
	char text[SCORE_FEATURE_MAX + 1];
	int weight; /* for the purpose, all its occurrences */
	unsigned times;
};

struct features {
	const struct score_model *m;
	unsigned class, n;
	struct feature at[FEATURES_MAX];
};

static void see_feature(void *arg, struct slice text)
{
	struct features *all = arg;
	const struct score_weights *w = score_slot(all->m, text);
	struct feature *f = NULL;

	if (w->at == 0)
		return;
	for (unsigned i = 0; i < all->n && f == NULL; i++)
		if (slice_eq(slice_str(all->at[i].text), text))
			f = &all->at[i];
	if (f == NULL) {
		if (all->n == FEATURES_MAX)
			return;
		f = &all->at[all->n++];
		*f = (struct feature){ .times = 0 };
		(void)slice_copy(text, f->text, sizeof(f->text));
	}
	f->times++;
	f->weight += w->weight[all->class];
}

static int by_weight(const void *a, const void *b)
{
	const struct feature *x = a, *y = b;
	int d = abs(y->weight) - abs(x->weight);

	return d != 0 ? d : strcmp(x->text, y->text);
}

static void put_probabilities(struct explain_out *o, const struct score_result *s)
{
	out_open(o, "probabilities");
	for (unsigned i = 0; i < SCORE_CLASSES; i++)
		out_permille(o, purpose_word((enum purpose)(PURPOSE_ESSENTIAL + i)), s->classes[i]);
	out_close(o);
}

static void put_feature(struct explain_out *o, const struct feature *f)
{
	out_item(o);
	out_str(o, "feature", f->text);
	out_i64(o, "weight", f->weight);
	out_u64(o, "times", f->times);
	if (out_line(o)) {
		buf_addf(&o->text, "%+6.2f  ", (double)f->weight / 100);
		put_plain(&o->text, slice_str(f->text));
		if (f->times > 1)
			buf_addf(&o->text, " (%u times)", f->times);
		out_line_close(o);
	}
	out_item_close(o);
}

static void put_features(struct explain_out *o, const struct score_model *m,
			 const struct score_facts *f, enum purpose purpose)
{
	struct features *all = calloc(1, sizeof(*all));

	if (all == NULL)
		return;
	all->m = m;
	all->class = (unsigned)purpose - PURPOSE_ESSENTIAL;
	score_features(f, see_feature, all);
	if (all->n != 0)
		qsort(all->at, all->n, sizeof(all->at[0]), by_weight);
	out_list(o, "features");
	for (unsigned i = 0; i < all->n && (o->json || i < SHOWN_MAX); i++)
		put_feature(o, &all->at[i]);
	if (all->n > SHOWN_MAX && out_line(o)) {
		buf_addf(&o->text, "and %u weaker ones; --json has them", all->n - SHOWN_MAX);
		out_line_close(o);
	}
	out_list_close(o);
	free(all);
}

static void put_score(struct explain_out *o, const struct explain_rules *r,
		      const struct score_facts *f, const struct purpose_found *p)
{
	unsigned best = 0;

	out_open(o, "score");
	out_str(o, "purpose", purpose_word(p->purpose));
	out_permille(o, "probability", p->permille);
	for (unsigned i = 1; i < SCORE_CLASSES; i++)
		if (p->score.classes[i] > p->score.classes[best])
			best = i;
	if (PURPOSE_ESSENTIAL + best != p->purpose)
		out_str(o, "note",
			"tracking is said, or not said, by the probability of analytics and "
			"advertising together, from a threshold on (data/score.tsv)");
	put_probabilities(o, &p->score);
	put_features(o, rules_model(r->rules), f, p->purpose);
	out_close(o);
}

/* ---- the purpose ---- */

/* A row for the name in other circumstances, where none held in these. */
static void put_elsewhere(struct explain_out *o, const struct explain_rules *r,
			  const struct cookie_facts *f)
{
	struct rules_hit hit;

	if (r->rules != NULL && rules_find_by_name(r->rules, f->name, f->party, &hit))
		put_row(o, "row_for_another_host_party_or_life", r, hit.line);
}

static void put_layer(struct explain_out *o, const struct explain_rules *r,
		      const struct cookie_facts *f, const struct score_facts *s,
		      const struct purpose_found *p)
{
	switch (p->layer) {
	case LAYER_TABLE:
		put_row(o, "row", r, p->row.line);
		return;
	case LAYER_GUARD:
		put_guard(o, p->why);
		break;
	case LAYER_SETTER:
		put_setter(o, r, p->by_alias ? f->alias : f->host);
		break;
	case LAYER_LIST:
		put_list(o, &f->list);
		break;
	case LAYER_SCORE:
		put_score(o, r, s, p);
		break;
	case LAYER_NONE:
		break;
	}
	put_elsewhere(o, r, f);
}

void explain_purpose(struct explain_out *o, const struct explain_rules *r,
		     const struct cookie_facts *f)
{
	struct cookie_decision d;
	struct purpose_found found;
	struct score_facts facts;

	decide_cookie(r->rules, f, &d);
	decide_score_facts(f, &facts);
	if (facts.has_value)
		value_shape_of(facts.value, &facts.shape);
	facts.shape_known = true;
	purpose_find(r->rules, &facts, &found);
	decide_heeds_list(f, &found);
	out_str(o, "purpose", purpose_word(d.purpose));
	out_str(o, "known_by", purpose_layer_word(found.layer));
	if (d.purpose != found.purpose)
		out_say(o, "not_taken_for",
			"%s: that is a guess, and what a third party sets is not %s by a guess",
			purpose_word(found.purpose), purpose_word(found.purpose));
	put_layer(o, r, f, &facts, &found);
}

/* ---- what would change it ---- */

#define PASSES_SET 1u
#define PASSES_SENT 2u

static bool keeps(const struct explain_rules *r, const struct cookie_facts *f,
		  const struct explain_case *c)
{
	struct cookie_facts other = *f;
	struct cookie_decision d;

	other.profile = c->profile;
	other.choice = c->choice;
	other.party = c->party;
	decide_cookie(r->rules, &other, &d);
	return d.verdict == VERDICT_KEPT;
}

static unsigned ask(void *arg, const struct explain_case *c)
{
	const struct explain_ways *w = arg;
	unsigned passes = 0;

	if (w->set != NULL && keeps(w->rules, w->set, c))
		passes |= PASSES_SET;
	if (w->sent != NULL && keeps(w->rules, w->sent, c))
		passes |= PASSES_SENT;
	return passes;
}

void explain_cookie_changes(struct explain_out *o, const struct explain_ways *ways)
{
	const struct cookie_facts *f = ways->set != NULL ? ways->set : ways->sent;
	const struct explain_case now = { f->profile, f->choice, f->party };
	const char *passes = plain_verdict(SLICE("kept")), *stays = plain_verdict(SLICE("removed"));
	struct explain_way put[2];
	struct explain_change found[EXPLAIN_CHANGES_MAX];
	struct explain_ways own = *ways;
	size_t n = 0;

	if (ways->set != NULL)
		put[n++] = (struct explain_way){ "set",	     PASSES_SET, "kept",
						 "not kept", passes,	 stays };
	if (ways->sent != NULL)
		put[n++] = (struct explain_way){ "sent",     PASSES_SENT, "kept",
						 "not kept", passes,	  stays };
	explain_put_changes(o, found, explain_changes(ask, &own, &now, true, found), put, n);
}
