/*
 * choosing.h - a choice that the proxy itself saw being made: counted at once, told to the recorder,
 * which writes it into ledger and log and tells every worker.
 */
#ifndef CRUMBGATE_PROXY_CHOOSING_H
#define CRUMBGATE_PROXY_CHOOSING_H

#include "filters/choices.h"

struct visitor;
struct worker;

/* CHOICE_NONE takes back.  What is in force from now on, here. */
struct choice choosing_tell(struct worker *w, const struct visitor *v, struct slice site,
			    enum choice_state state, enum choice_seen seen, int64_t wall_ms);

#endif
