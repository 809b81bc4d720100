/*
 * choices.h - what each client decided, for one site or for all of them.
 *
 * The ledger keeps choices for good; this table is a process's own copy, filled by messages.  It is
 * bounded: when it is full the choice that was set first is forgotten, and a forgotten choice
 * means none, which means refused.
 *
 * A choice holds for six months, a refusal as well as a consent (the good practice of CNIL
 * recommendation 2020-092); then there is none.
 *
 * A client is named by 16 bytes (a keyed digest; the table does not care of what).  The site is as
 * site_of_host() writes it, or "*" for all; a choice for the site beats one for all.
 */
#ifndef CRUMBGATE_FILTERS_CHOICES_H
#define CRUMBGATE_FILTERS_CHOICES_H

#include "base/slice.h"
#include "filters/words.h"

#define CLIENT_ID_LEN 16

struct choice {
	enum choice_state state; /* CHOICE_NONE: no choice */
	enum choice_seen seen;
	int64_t when_ms; /* wall time, milliseconds since 1970 */
};

struct choices;

#define CHOICE_HOLDS_MS (INT64_C(183) * 24 * 60 * 60 * 1000)
/* True while the choice counts.  One from the future does: clocks are set back. */
bool choice_holds(const struct choice *choice, int64_t now_ms);

struct choices *choices_new(size_t max_entries);
void choices_free(struct choices *t);
size_t choices_count(const struct choices *t);

/* CHOICE_NONE clears.  False: the site is no site, or memory is out (the choice is then none). */
bool choices_set(struct choices *t, const uint8_t client[CLIENT_ID_LEN], struct slice site,
		 const struct choice *choice);
void choices_clear(struct choices *t, const uint8_t client[CLIENT_ID_LEN], struct slice site);
/* All of the client's, that for "*" too. */
void choices_clear_client(struct choices *t, const uint8_t client[CLIENT_ID_LEN]);
/* The choice in force now (wall time); CHOICE_NONE and SEEN_NOWHERE where there is none. */
struct choice choices_find(const struct choices *t, const uint8_t client[CLIENT_ID_LEN],
			   struct slice site, int64_t now_ms);
/* Is it for this site alone?  False where the one for "*" is in force, or none. */
bool choices_has_own(const struct choices *t, const uint8_t client[CLIENT_ID_LEN],
		     struct slice site, int64_t now_ms);

typedef void choices_visit(void *arg, const char *site, const struct choice *choice);
/* The client's choices, in the order they were set. */
void choices_each(const struct choices *t, const uint8_t client[CLIENT_ID_LEN],
		  choices_visit *visit, void *arg);

#endif
