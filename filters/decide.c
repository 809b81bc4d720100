#include "filters/decide.h"

#include "filters/cookie.h"
#include "filters/expire.h"

/* The reason as it grows; what does not fit is left out, always at the same place. */
struct why {
	char *text;
	size_t n;
};

static void add(struct why *w, struct slice s)
{
	size_t room = DECISION_WHY_MAX - 1 - w->n;

	s = slice_head(s, room);
	if (s.n != 0)
		memcpy(w->text + w->n, s.p, s.n);
	w->n += s.n;
	w->text[w->n] = '\0';
}

static void add_number(struct why *w, unsigned v)
{
	char digits[10];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + v % 10);
		v /= 10;
	} while (v != 0);
	add(w, slice_of(digits + at, sizeof(digits) - at));
}

/* Longer patterns are cut so that what follows has room. */
#define WHY_PATTERN_MAX 64u

static enum purpose find_purpose(const struct rules *rules, const struct cookie_facts *f,
				 struct cookie_decision *out, struct why *w)
{
	if (rules == NULL ||
	    !rules_find(rules, f->name, f->host, f->party, f->lifetime_s, &out->row)) {
		add(w, SLICE("no row"));
		return PURPOSE_UNKNOWN;
	}
	add(w, SLICE("table:"));
	add_number(w, out->row.line);
	add(w, SLICE(" "));
	add(w, slice_head(out->row.pattern, WHY_PATTERN_MAX));
	return out->row.purpose;
}

/* Whether the party weighs in: a first party's own functions and unknown cookies stay. */
static bool depends_on_party(enum purpose p)
{
	return p == PURPOSE_FUNCTIONAL || p == PURPOSE_UNKNOWN;
}

static bool is_untouchable(enum purpose p)
{
	return p == PURPOSE_ESSENTIAL || p == PURPOSE_CHOICE;
}

static bool is_put_back(const struct cookie_facts *f, enum purpose p)
{
	return f->choice == CHOICE_PUT_BACK &&
	       (f->profile != PROFILE_MINORS || depends_on_party(p));
}

/* The table in decide.h. */
static bool keeps(const struct cookie_facts *f, enum purpose p)
{
	if (f->profile == PROFILE_INVESTIGATOR || is_untouchable(p) || is_put_back(f, p))
		return true;
	if (f->profile == PROFILE_MINORS)
		return p == PURPOSE_UNKNOWN && f->party == PARTY_FIRST;
	if (choice_accepts(f->choice, p))
		return true;
	return depends_on_party(p) && f->party == PARTY_FIRST;
}

static void add_circumstance(struct why *w, const struct cookie_facts *f, enum purpose p)
{
	if (f->profile == PROFILE_INVESTIGATOR) {
		add(w, SLICE("; investigator"));
		return;
	}
	if (is_untouchable(p))
		return;
	if (is_put_back(f, p)) {
		add(w, SLICE("; put back"));
		return;
	}
	if (f->profile == PROFILE_DEFAULT && choice_accepts(f->choice, p)) {
		add(w, SLICE("; accepted"));
		return;
	}
	if (depends_on_party(p))
		add(w, f->party == PARTY_FIRST ? SLICE("; first party") : SLICE("; third party"));
	if (f->profile != PROFILE_MINORS || keeps(f, p))
		return;
	if (choice_accepts(f->choice, p))
		add(w, SLICE("; minors: no choice counts"));
	else
		add(w, SLICE("; minors"));
}

static enum verdict verdict_of(const struct cookie_facts *f, enum purpose p)
{
	if (keeps(f, p))
		return VERDICT_KEPT;
	if (f->kind == COOKIE_SENT && f->tries < EXPIRE_TRIES_MAX && expire_possible(f->name))
		return VERDICT_EXPIRED;
	return VERDICT_REMOVED;
}

void decide_cookie(const struct rules *rules, const struct cookie_facts *f,
		   struct cookie_decision *out)
{
	struct why w = { out->why, 0 };

	out->row = (struct rules_hit){ .line = 0 };
	out->why[0] = '\0';
	out->purpose = find_purpose(rules, f, out, &w);
	if (f->kind == COOKIE_SET && f->lifetime_s == LIFETIME_DELETES) {
		w.n = 0;
		add(&w, SLICE("deletes"));
		out->verdict = VERDICT_KEPT;
		return;
	}
	add_circumstance(&w, f, out->purpose);
	out->verdict = verdict_of(f, out->purpose);
}

bool decide_objects(enum profile profile, enum choice_state choice)
{
	if (profile == PROFILE_DEFAULT)
		return choice != CHOICE_NONE && !choice_accepts(choice, PURPOSE_ADVERTISING);
	return profile == PROFILE_MINORS;
}
