/*
 * match.h - is a request blocked, and by which rule?
 *
 *	struct lists_verdict v;
 *	lists_match(l, q, &v);            // before the request goes out
 *	lists_match_answer(l, q, &v);     // when the answer's header is there: header=
 *
 * An exception beats a block, `important` beats an exception, and an exception that is itself
 * `important` beats all.  Each name of the host's CNAME chain is asked about as if the request went
 * there; the first that is blocked or excepted decides.  Slices are borrowed from the image.
 */
#ifndef CRUMBGATE_FILTERS_LISTS_MATCH_H
#define CRUMBGATE_FILTERS_LISTS_MATCH_H

#include "filters/lists/bodies.h"
#include "filters/lists/lists.h"
#include "filters/lists/query.h"

/* A rule as it stands in its list. */
struct lists_rule {
	struct slice text;
	size_t list;
};

enum lists_action {
	LISTS_NOTHING, /* no rule is about it */
	LISTS_EXCEPT,  /* `rule` says that what `against` blocks may pass */
	LISTS_BLOCK,   /* to be refused */
	LISTS_ANSWER   /* blocked, and to be answered with `body` */
};

struct lists_verdict {
	enum lists_action action;
	struct lists_rule rule;
	struct lists_rule against; /* with EXCEPT */
	enum lists_body body;
	struct lists_rule body_rule; /* with ANSWER: the rule that says so */
	size_t alias;		     /* the alias it is about, plus one; 0: the host itself */
};

void lists_match(const struct lists *l, struct query *q, struct lists_verdict *out);
void lists_match_answer(const struct lists *l, struct query *q, struct lists_verdict *out);
/* Is there a rule that only the answer's header can decide about? */
bool lists_await_answer(const struct lists *l, struct query *q);

/*
 * The work for one request is bounded: past that it counts as matched by none of the rules that were
 * not looked at yet.  True: the request of the last query_set() was too much; *list has the rule that
 * was in hand then.
 */
bool lists_gave_up(const struct lists *l, const struct query *q, size_t *list);

#endif
