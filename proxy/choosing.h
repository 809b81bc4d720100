/*
 * choosing.h - a choice that the proxy itself saw being made: counted at once, told to the other
 * workers (MSG_CHOSEN; peers.h says why what the browser asks next is judged by it), and to the
 * recorder, which writes it into ledger and log and makes it last.
 */
#ifndef CRUMBGATE_PROXY_CHOOSING_H
#define CRUMBGATE_PROXY_CHOOSING_H

#include "filters/choices.h"

struct visitor;
struct worker;

/* CHOICE_NONE takes back.  What is in force from now on, here. */
struct choice choosing_tell(struct worker *w, const struct visitor *v, struct slice site,
			    enum choice_state state, enum choice_seen seen, int64_t wall_ms);

/* The person said it itself, and not to a site: no banner's choice takes its place. */
bool choosing_is_own(const struct choice *c);

/* MSG_CHOSEN.  False: malformed. */
bool choosing_letter(struct worker *w, struct slice body);

#endif
