/*
 * blocking_parts.h - what the files of blocking.h share: the lists' view of the request at hand.
 */
#ifndef CRUMBGATE_PROXY_BLOCKING_PARTS_H
#define CRUMBGATE_PROXY_BLOCKING_PARTS_H

#include "base/buf.h"
#include "filters/lists/build.h"
#include "filters/lists/query.h"
#include "filters/setters.h"
#include "proxy/aliases.h"
#include "proxy/blocking.h"

/* A page that a browser was sent to without what followed the person. */
struct sent_on {
	uint64_t id;
	int64_t until; /* monotonic ms */
};

#define SENT_ON_PLACES 256u

struct blocking {
	struct query *query;
	struct query_facts facts; /* borrowed by the query */
	struct buf url;		  /* of the request at hand */
	struct buf stripped;
	struct slice aliases[ALIASES_MAX];
	struct query_field *fields; /* of the answer at hand */
	uint32_t fields_cap;
	bool gave_up[LISTS_MAX]; /* it was said of that list */
	bool asked;		 /* the lists can be asked about the request at hand */
	bool ready;		 /* ... and what they say is done */
	/* Whether the host tracks, for all cookies of the head at hand. */
	bool host_asked, host_tracks;
	struct setters_hit host_hit;
	/* Takes the field of cookies away; text.p NULL: none does. */
	struct lists_rule cookie_field;
	struct sent_on sent_on[SENT_ON_PLACES];
};

/* The request, until its answer comes; slices are its own but for the rule's, the lists'. */
struct blocking_held {
	enum lists_type type;
	bool awaits; /* a rule with header= may be about it */
	struct slice url, source, method;
	struct lists_rule set_cookie_field;
	char text[];
};

/* For what lists change but cookies; NULL: nothing is changed. */
const struct lists *blocking_lists_for(struct worker *w, const struct cookie_scene *s);

/* For the cookies of the answer; where there is no memory for it, it is not heard. */
void blocking_hold_field(struct worker *w, struct cookie_scene *s, const struct lists_rule *rule);

#endif
