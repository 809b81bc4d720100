/*
 * words.h - the vocabulary of decisions: the enums, and the one word of each in entries and tables.
 *
 * Every fact and every verdict that reaches the evidence log is one of these words, so the words
 * are part of the log's format: they may be added to, never renamed.  X_word() gives the word of a
 * value ("?" for a value outside the enum); X_of_word() finds the value, and returns false and
 * leaves *out alone for an unknown word.  Words are case-sensitive.
 */
#ifndef CRUMBGATE_FILTERS_WORDS_H
#define CRUMBGATE_FILTERS_WORDS_H

#include "base/slice.h"

/* Why a cookie exists.  CHOICE is the site's own record of a consent choice: never touched. */
enum purpose {
	PURPOSE_UNKNOWN,
	PURPOSE_ESSENTIAL,
	PURPOSE_FUNCTIONAL,
	PURPOSE_ANALYTICS,
	PURPOSE_ADVERTISING,
	PURPOSE_CHOICE,
};

/* The rules for a group of clients. */
enum profile { PROFILE_DEFAULT, PROFILE_MINORS, PROFILE_INVESTIGATOR };

/*
 * What a client decided for a site: nothing yet, refused, accepted, or accepted for some purposes,
 * whose words say which ("functional+analytics").
 */
enum choice_state {
	CHOICE_NONE,
	CHOICE_REFUSED,
	CHOICE_ACCEPTED,
	CHOICE_FUNCTIONAL,
	CHOICE_ANALYTICS,
	CHOICE_FUNCTIONAL_ANALYTICS,
	CHOICE_ADVERTISING,
	CHOICE_FUNCTIONAL_ADVERTISING,
	CHOICE_ANALYTICS_ADVERTISING,
	/* Nobody's choice: a fact of a single cookie that the proxy put back (proxy/heal.h). */
	CHOICE_PUT_BACK,
};

/* Purposes as a set. */
#define ALLOW_FUNCTIONAL 1u
#define ALLOW_ANALYTICS 2u
#define ALLOW_ADVERTISING 4u
#define ALLOW_ALL 7u

/* Where that choice was seen. */
enum choice_seen { SEEN_NOWHERE, SEEN_DESK, SEEN_CLI, SEEN_SESSION, SEEN_BANNER, SEEN_CLAIM };

/* What is done with a cookie.  EXPIRED: taken out, and an expiring Set-Cookie is added. */
enum verdict { VERDICT_KEPT, VERDICT_REMOVED, VERDICT_EXPIRED };

/* Which way the cookie went: set by an answer, or sent by a request. */
enum cookie_kind { COOKIE_SET, COOKIE_SENT };

enum party { PARTY_FIRST, PARTY_THIRD };

/* How the top-level site was found (party.h). */
enum site_by {
	BY_NAVIGATION,
	BY_SAME_SITE,
	BY_REFERER,
	BY_FRAME,
	BY_CONNECTION,
	BY_RECENT,
	BY_SELF,
};

enum confidence { CONFIDENCE_HIGH, CONFIDENCE_MEDIUM, CONFIDENCE_LOW };

/*
 * What the filter lists that the user loads say of a cookie: nothing, to remove it, or to keep it for
 * a shorter time or for fewer requests.
 */
enum list_says { LIST_SAYS_NOTHING, LIST_SAYS_REMOVE, LIST_SAYS_LIMIT };

/* SameSite (RFC 6265bis section 5.6.7); DEFAULT: absent or not understood. */
enum same_site { SAME_SITE_DEFAULT, SAME_SITE_NONE, SAME_SITE_LAX, SAME_SITE_STRICT };

/* None of them is REFUSED, all of them is ACCEPTED. */
enum choice_state choice_of_set(unsigned allowed);
unsigned choice_set_of(enum choice_state v);
/*
 * Whether the choice accepts this purpose.  What nobody knows the purpose of is accepted only with
 * everything; what needs no choice (essential, choice) never is.  PUT_BACK accepts nothing.
 */
bool choice_accepts(enum choice_state v, enum purpose p);

const char *purpose_word(enum purpose v);
bool purpose_of_word(struct slice word, enum purpose *out);
const char *profile_word(enum profile v);
bool profile_of_word(struct slice word, enum profile *out);
const char *choice_word(enum choice_state v);
bool choice_of_word(struct slice word, enum choice_state *out);
const char *seen_word(enum choice_seen v);
bool seen_of_word(struct slice word, enum choice_seen *out);
const char *verdict_word(enum verdict v);
bool verdict_of_word(struct slice word, enum verdict *out);
const char *cookie_kind_word(enum cookie_kind v);
bool cookie_kind_of_word(struct slice word, enum cookie_kind *out);
const char *party_word(enum party v);
bool party_of_word(struct slice word, enum party *out);
const char *site_by_word(enum site_by v);
bool site_by_of_word(struct slice word, enum site_by *out);
const char *confidence_word(enum confidence v);
bool confidence_of_word(struct slice word, enum confidence *out);
const char *list_says_word(enum list_says v);
bool list_says_of_word(struct slice word, enum list_says *out);
const char *same_site_word(enum same_site v);
bool same_site_of_word(struct slice word, enum same_site *out);

#endif
