#include "filters/purpose.h"

#include "filters/say.h"
#include "filters/score_guard.h"
#include "filters/setters.h"

const char *purpose_layer_word(enum purpose_layer layer)
{
	static const char *const words[] = { "none", "table", "guard", "setter", "score", "list" };

	return (unsigned)layer < sizeof(words) / sizeof(words[0]) ? words[layer] : "?";
}

/* Longer patterns are cut so that what follows has room. */
#define WHY_PATTERN_MAX 64u
#define WHY_DOMAIN_MAX 48u
#define WHY_COMPANY_MAX 40u

/* Shorter names are given to many cookies, so they mean something only together with a host. */
#define NAME_ALONE_MIN 4u

static bool find_row(const struct rules *rules, const struct score_facts *f, struct rules_hit *row)
{
	enum party first = f->party_known ? f->party : f->declared ? PARTY_THIRD : PARTY_FIRST;
	enum party other = first == PARTY_FIRST ? PARTY_THIRD : PARTY_FIRST;

	if (rules == NULL)
		return false;
	if (rules_find(rules, f->name, f->host, first, f->lifetime_s, row))
		return true;
	if (f->party_known)
		return false;
	return rules_find(rules, f->name, f->host, other, f->lifetime_s, row) ||
	       ((f->host.n == 0 || f->name.n >= NAME_ALONE_MIN) &&
		rules_find_by_name(rules, f->name, first, row));
}

/* Random ids have such a run of letters and digits, and in them any word may stand by chance. */
#define ID_MIN 10u
/* "jwt", "sso"; live, most of what a wildcard stands for is shorter or a number. */
#define WORD_MIN 3u

static bool may_have_words(struct slice s)
{
	size_t run = 0, letters = 0;
	bool digit = false;

	for (size_t i = 0; i < s.n; i++) {
		char c = ascii_lower(s.p[i]);
		bool letter = c >= 'a' && c <= 'z';

		run = letter || ascii_digit(c) ? run + 1 : 0;
		digit = run != 0 && (digit || ascii_digit(c));
		letters += letter;
		if (run >= ID_MIN && digit)
			return false;
	}
	return letters >= WORD_MIN;
}

/*
 * A row with a wildcard says what most names that fit it are for.  One whose free part speaks of
 * sign-in, of forms or of an objection ("_vwo_" "global_opt_out"), or is what Rails adds to an
 * application's name ("_shop_" "session"), is none of them.
 */
static bool overreaches(const struct rules_hit *row, struct slice name)
{
	size_t star = slice_find(row->pattern, '*');
	struct score_name n;
	struct slice word;
	enum guard guard;

	if (star == row->pattern.n ||
	    (row->purpose != PURPOSE_ANALYTICS && row->purpose != PURPOSE_ADVERTISING))
		return false;
	name.n -= row->pattern.n - star - 1;
	name = slice_skip(name, star);
	if (!may_have_words(name))
		return false;
	if (slice_eq(name, SLICE("session")))
		return true;
	score_name_of(name, &n);
	guard = score_guard(&n, &word);
	return guard > GUARD_WEAK;
}

static bool from_row(const struct rules *rules, const struct score_facts *f,
		     struct purpose_found *out, struct say *why)
{
	struct rules_hit row;

	if (!find_row(rules, f, &row) || overreaches(&row, f->name))
		return false;
	out->row = row;
	out->layer = LAYER_TABLE;
	out->purpose = out->row.purpose;
	say_add(why, SLICE("table:"));
	say_number(why, out->row.line);
	say_add(why, SLICE(" "));
	say_add(why, slice_head(out->row.pattern, WHY_PATTERN_MAX));
	return true;
}

#define SERVER_SESSION_S (INT64_C(60) * 24 * 3600)

static bool guards_weakly(const struct score_facts *f)
{
	return (!f->party_known || f->party == PARTY_FIRST) &&
	       score_life_word(f->lifetime_s)[0] != 'l' /* "long" */;
}

/*
 * A script cannot set HttpOnly, so this is the work of the site's own server, and its sign-in may
 * have any name.
 */
static bool is_server_session(const struct score_facts *f)
{
	return f->attributes_known && f->httponly && (!f->party_known || f->party == PARTY_FIRST) &&
	       f->lifetime_s <= SERVER_SESSION_S;
}

static bool from_guard(enum guard guard, struct slice word, struct purpose_found *out,
		       struct say *why)
{
	out->layer = LAYER_GUARD;
	out->purpose = guard >= GUARD_CHOICE ? PURPOSE_CHOICE : PURPOSE_ESSENTIAL;
	say_add(why, SLICE("guard:"));
	say_add(why, word);
	return true;
}

/*
 * A tracker's own pages are a site like any other; but a host of the page's own site that is an alias
 * of a tracker's is the tracker.
 */
static bool find_setter(const struct rules *rules, const struct score_facts *f,
			struct setters_hit *hit, bool *by_alias)
{
	const struct setters *setters = rules_setters(rules);
	bool own = f->party_known && f->party == PARTY_FIRST;

	*by_alias = false;
	if (setters == NULL)
		return false;
	if (!own && setters_find(setters, f->host, hit))
		return true;
	*by_alias = f->alias.n != 0 && setters_find(setters, f->alias, hit);
	return *by_alias;
}

static bool from_setter(const struct setters_hit *hit, bool by_alias, struct purpose_found *out,
			struct say *why)
{
	out->layer = LAYER_SETTER;
	out->by_alias = by_alias;
	out->purpose = hit->purpose;
	say_add(why, SLICE("setter:"));
	say_add(why, slice_head(hit->domain, WHY_DOMAIN_MAX));
	say_add(why, SLICE(" "));
	say_add(why, slice_head(hit->company, WHY_COMPANY_MAX));
	return true;
}

static void from_score(const struct rules *rules, const struct score_facts *f,
		       struct purpose_found *out, struct say *why)
{
	struct score_facts facts = *f;

	if (rules == NULL || rules_model(rules) == NULL) {
		say_add(why, SLICE("no row"));
		return;
	}
	if (f->has_value && !f->shape_known) {
		value_shape_of(f->value, &facts.shape);
		facts.shape_known = true;
	}
	score_of(rules_model(rules), &facts, &out->score);
	out->layer = LAYER_SCORE;
	out->purpose = out->score.purpose;
	out->permille = out->score.permille;
	say_add(why, SLICE("score:"));
	say_number(why, out->permille);
	say_add(why, SLICE(" "));
	say_str(why, out->score.why);
}

/* Known to be, not only possible. */
static bool is_third(const struct score_facts *f)
{
	return f->party_known ? f->party == PARTY_THIRD : f->declared;
}

static bool from_name_or_setter(const struct rules *rules, const struct score_facts *f,
				struct purpose_found *out, struct say *why)
{
	struct slice word = { NULL, 0 };
	struct setters_hit setter;
	struct score_name name;
	bool by_alias;
	enum guard guard;

	if (rules == NULL || (rules_model(rules) == NULL && rules_setters(rules) == NULL))
		return false;
	score_name_of(f->name, &name);
	guard = score_guard(&name, &word);
	if ((guard <= GUARD_WEAK || (guard != GUARD_OBJECTION && is_third(f))) &&
	    find_setter(rules, f, &setter, &by_alias))
		return from_setter(&setter, by_alias, out, why);
	if (guard > GUARD_WEAK || (guard == GUARD_WEAK && guards_weakly(f)))
		return from_guard(guard, word, out, why);
	return is_server_session(f) && from_guard(GUARD_WEAK, SLICE("HttpOnly"), out, why);
}

static void begin(struct purpose_found *out, struct say *why)
{
	say_init(why, out->why, sizeof(out->why));
	out->purpose = PURPOSE_UNKNOWN;
	out->layer = LAYER_NONE;
	out->permille = 1000;
	out->by_alias = false;
	out->row = (struct rules_hit){ .line = 0 };
}

bool purpose_find_row(const struct rules *rules, const struct score_facts *f,
		      struct purpose_found *out)
{
	struct say why;

	begin(out, &why);
	return from_row(rules, f, out, &why);
}

void purpose_find(const struct rules *rules, const struct score_facts *f, struct purpose_found *out)
{
	struct say why;

	begin(out, &why);
	if (!from_row(rules, f, out, &why) && !from_name_or_setter(rules, f, out, &why))
		from_score(rules, f, out, &why);
}
