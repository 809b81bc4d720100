/*
 * explain_change.h - what would change a decision: the decision asked again with another choice,
 * another profile, another party.
 *
 *	n = explain_changes(ask, arg, &now, true, found);
 *
 * Nothing is known here of how anything is decided: every combination is asked, and what is found
 * are the smallest changes that come to something else.  A change is left out where a part of it
 * comes to the same, and "accepted" where one of its purposes alone does.
 */
#ifndef CRUMBGATE_CMD_EXPLAIN_CHANGE_H
#define CRUMBGATE_CMD_EXPLAIN_CHANGE_H

#include "filters/words.h"

struct explain_case {
	enum profile profile;
	enum choice_state choice;
	enum party party;
};

/* What passes in that case, a bit for each thing that may. */
typedef unsigned explain_ask(void *arg, const struct explain_case *c);

struct explain_change {
	struct explain_case to;
	bool profile, choice, party; /* which of them is changed */
	unsigned passes;
};

/* Three profiles, seven choices, two parties. */
#define EXPLAIN_CHANGES_MAX 42u

/* The fewest changes first.  `parties`: the party is a fact of it. */
size_t explain_changes(explain_ask *ask, void *arg, const struct explain_case *now, bool parties,
		       struct explain_change out[EXPLAIN_CHANGES_MAX]);

#endif
