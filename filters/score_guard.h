/*
 * score_guard.h - names that are never taken for tracking by guess.
 *
 * To break a sign-in is worse than to miss a tracker, so before anything is guessed about a cookie
 * that no table knows, its name is asked whether it speaks of authentication, of the protection of
 * forms, of a load balancer or of a consent record.  The words are those that frameworks and
 * servers use; words that trackers use as well ("session", "sid", "token") guard only where no
 * other word of the name speaks of tracking.
 *
 * Names are free, and a tracker may call its number "uid_login": in other sites a known tracker is
 * believed only the record of an objection, since removing that would undo a refusal.
 */
#ifndef CRUMBGATE_FILTERS_SCORE_GUARD_H
#define CRUMBGATE_FILTERS_SCORE_GUARD_H

#include "filters/score_features.h"

enum guard {
	GUARD_NONE,
	GUARD_WEAK,	 /* a word of sessions: essential unless the setter is a known tracker */
	GUARD_STRONG,	 /* sign-in, forms, load balancer, robots: the same */
	GUARD_CHOICE,	 /* the record of a consent choice: the same */
	GUARD_OBJECTION, /* the record of an objection, whoever sets it */
};

/* `word` gets the part of the general form of the name (score_features.h) that decided. */
enum guard score_guard(const struct score_name *name, struct slice *word);

#endif
