/*
 * heal.h - a site that goes round in circles without a cookie gets it back.
 *
 * Some sign-ins and cookie tests redirect until a cookie that they set comes back.  When a page of
 * a site redirects three times in ten seconds from the same place to the same place, what was
 * removed for that client and site meanwhile is put back for a day: its cookies are decided by
 * CHOICE_PUT_BACK instead of the choice, which the entries and the desk say.  Only cookies of the
 * site itself; and what is known to track does not come back for minors, nor for who refused
 * (decide.h).  A page that arrives ends the counting: only a circle is one.
 *
 *	heal_redirect(w, &scene, status, from, location);	// each answer
 *	heal_removed(w, &scene, name);				// each cookie that was taken out
 *	if (heal_puts_back(w, &scene, name)) ...		// before one is decided
 *
 * Bounded; what is put back is told to the other workers (MSG_HEAL).
 */
#ifndef CRUMBGATE_PROXY_HEAL_H
#define CRUMBGATE_PROXY_HEAL_H

#include "base/slice.h"

struct cookie_scene;
struct heal;
struct worker;

#define HEAL_TIMES 3
#define HEAL_WITHIN_MS 10000
#define HEAL_FOR_MS (INT64_C(24) * 60 * 60 * 1000)

/* NULL: no memory. */
struct heal *heal_new(void);
void heal_free(struct heal *h);

/* `from`: path and query of the request; `location`: the field's value, empty: none. */
void heal_redirect(struct worker *w, const struct cookie_scene *scene, unsigned status,
		   struct slice from, struct slice location);
void heal_removed(struct worker *w, const struct cookie_scene *scene, struct slice name);
bool heal_puts_back(const struct worker *w, const struct cookie_scene *scene, struct slice name);

/* MSG_HEAL.  False: malformed. */
bool heal_letter(struct worker *w, struct slice body);

#endif
