/*
 * ballot.h - all that the cookies of one product say together, counted up.
 *
 * A reader (kinds.h) puts in what it found: votes for single choices, or a meaning for the whole.
 * ballot_close() draws the conclusion.  The order in which cookies came makes no difference.
 *
 * The rules, from the strongest:
 *
 * - nobody has answered: UNDECIDED, whatever else stands there;
 * - some part cannot be read: what would be consent becomes UNREADABLE;
 * - the gate of a product (OptanonAlertBoxClosed and the like) is not open, or the record itself
 *   says so: IMPLIED;
 * - every choice says no: REFUSE.  Every choice says yes: ACCEPT.  Otherwise PARTIAL, and a purpose
 *   is granted when one of its choices says yes and none says no or nothing;
 * - a record that lists only what was accepted is an ACCEPT when it covers all three purposes;
 * - a TC string beside a product's own record is looked at only where that record says nothing,
 *   or to take back: a string that grants nothing leaves nothing of the yes beside it.
 */
#ifndef CRUMBGATE_FILTERS_BANNERS_BALLOT_H
#define CRUMBGATE_FILTERS_BANNERS_BALLOT_H

#include "filters/banners/fields.h"
#include "filters/banners/reading.h"
#include "filters/banners/table.h"
#include "filters/claims/tcf.h"

struct ballot {
	const struct banner_row *row; /* the first that spoke */
	unsigned yes, no, open;	      /* choices, the necessary ones left out */
	unsigned yes_mask, no_mask, asked;
	enum banner_state hint; /* a word for the whole: REFUSE, PARTIAL, ACCEPT or NONE */
	bool incomplete;	/* the list names only what was accepted */
	bool undecided, unreadable, implied, implied_yes, gate_open;
	bool legitimate, privacy_signal;
	bool has_tc, tc_unreadable, has_ac, ac_some;
	uint32_t tc_consent; /* bit i-1: purpose i */
	int64_t answered_s;
	/* A list of what was accepted that counts only without a TC string. */
	enum banner_vote list;
	/* Axeptio: two lists that stand in two cookies; borrowed, still encoded. */
	struct slice vendors, all_vendors;
};

void ballot_vote(struct ballot *b, enum banner_meaning meaning, enum banner_vote vote);
/* For the whole value: accept, refuse, partial, implied, undecided, unreadable, open. */
void ballot_mean(struct ballot *b, enum banner_meaning meaning);
/* When it was answered: the latest of several counts. */
void ballot_time(struct ballot *b, int64_t seconds);
void ballot_tc(struct ballot *b, const struct tcf *tc);
/* A report is an act in itself, so no gate is asked for. */
void ballot_close(struct ballot *b, bool report, struct banner_reading *out);

#endif
