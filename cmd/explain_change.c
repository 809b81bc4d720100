#include "cmd/explain_change.h"

/* The choices there are to make; of several purposes each is asked by itself. */
static const enum choice_state choices[] = { CHOICE_NONE,	 CHOICE_REFUSED,
					     CHOICE_FUNCTIONAL,	 CHOICE_ANALYTICS,
					     CHOICE_ADVERTISING, CHOICE_ACCEPTED };
static const enum profile profiles[] = { PROFILE_DEFAULT, PROFILE_MINORS, PROFILE_INVESTIGATOR };

#define CHOICES (sizeof(choices) / sizeof(choices[0]))
#define PROFILES (sizeof(profiles) / sizeof(profiles[0]))

struct search {
	explain_ask *ask;
	void *arg;
	struct explain_case now;
	unsigned passes;
	struct explain_change all[EXPLAIN_CHANGES_MAX];
	size_t n;
};

static unsigned size_of(const struct explain_change *c)
{
	return (unsigned)c->profile + (unsigned)c->choice + (unsigned)c->party;
}

static void ask_one(struct search *s, struct explain_case to)
{
	struct explain_change c = { .to = to,
				    .profile = to.profile != s->now.profile,
				    .choice = to.choice != s->now.choice,
				    .party = to.party != s->now.party };

	if (size_of(&c) == 0)
		return;
	c.passes = s->ask(s->arg, &to);
	if (c.passes != s->passes && s->n < EXPLAIN_CHANGES_MAX)
		s->all[s->n++] = c;
}

static void ask_choices(struct search *s, enum profile profile, enum party party)
{
	bool listed = false;

	for (size_t i = 0; i < CHOICES; i++) {
		listed = listed || choices[i] == s->now.choice;
		ask_one(s, (struct explain_case){ profile, choices[i], party });
	}
	if (!listed)
		ask_one(s, (struct explain_case){ profile, s->now.choice, party });
}

/* Whether the choice of `part` is that of `whole` or less of a change. */
static bool is_less_choice(const struct explain_change *part, const struct explain_change *whole)
{
	return !part->choice || part->to.choice == whole->to.choice ||
	       (whole->choice && whole->to.choice == CHOICE_ACCEPTED &&
		choice_set_of(part->to.choice) != 0);
}

/* Whether `part` is another change, and all of it is in `whole`. */
static bool is_part(const struct explain_change *part, const struct explain_change *whole)
{
	if (part->profile && part->to.profile != whole->to.profile)
		return false;
	if (part->party && part->to.party != whole->to.party)
		return false;
	if (!is_less_choice(part, whole))
		return false;
	return size_of(part) < size_of(whole) || part->to.choice != whole->to.choice;
}

static bool is_smallest(const struct search *s, const struct explain_change *c)
{
	for (size_t i = 0; i < s->n; i++)
		if (&s->all[i] != c && s->all[i].passes == c->passes && is_part(&s->all[i], c))
			return false;
	return true;
}

size_t explain_changes(explain_ask *ask, void *arg, const struct explain_case *now, bool parties,
		       struct explain_change out[EXPLAIN_CHANGES_MAX])
{
	struct search s = { .ask = ask, .arg = arg, .now = *now };
	enum party other = now->party == PARTY_FIRST ? PARTY_THIRD : PARTY_FIRST;
	size_t n = 0;

	s.passes = ask(arg, now);
	for (size_t i = 0; i < PROFILES; i++) {
		ask_choices(&s, profiles[i], now->party);
		if (parties)
			ask_choices(&s, profiles[i], other);
	}
	for (unsigned size = 1; size <= 3; size++)
		for (size_t i = 0; i < s.n; i++)
			if (size_of(&s.all[i]) == size && is_smallest(&s, &s.all[i]))
				out[n++] = s.all[i];
	return n;
}
