/*
 * purpose.h - what a cookie is for: every layer of knowledge in its order, and which one knew.
 *
 *	1. table	a row of the cookie table (rules.h)
 *	2. guard	a name of sign-in, forms, load balancing or a consent record (score_guard.h)
 *	3. setter	the host that sets it is known to track (setters.h), and it is not the page's
 *			own site; or it is an alias of a host that is
 *	4. guard	a name of sessions, set by the site itself, for a year at most; or any name,
 *			set by the site's own server, hidden from scripts, for two months at most
 *	5. score	the learned score (score.h)
 *
 * What a filter list of the user's says of a live cookie counts where neither 1, 2 nor 4 knows it
 * (decide.h).
 *
 * purpose_find() is a pure function of the rules and the facts; `crumbgate classify` and the decision
 * about a live cookie (decide.h) use it alike.  A layer that the rules have no section for is left
 * out, and without any the guards are too: then the purpose is unknown.
 */
#ifndef CRUMBGATE_FILTERS_PURPOSE_H
#define CRUMBGATE_FILTERS_PURPOSE_H

#include "filters/rules.h"
#include "filters/score.h"

enum purpose_layer {
	LAYER_NONE,
	LAYER_TABLE,
	LAYER_GUARD,
	LAYER_SETTER,
	LAYER_SCORE,
	LAYER_LIST, /* a filter list of the user's, which only a live cookie has (decide.h) */
};
/* "none", "table", "guard", "setter", "score", "list". */
const char *purpose_layer_word(enum purpose_layer layer);

#define PURPOSE_WHY_MAX 112

struct purpose_found {
	enum purpose purpose;
	enum purpose_layer layer;
	/* How sure, in thousandths: of the score its probability, of the others 1000. */
	unsigned permille;
	struct rules_hit row;	   /* line 0: no row */
	struct score_result score; /* with LAYER_SCORE */
	bool by_alias; /* with LAYER_SETTER: the setter is what the host is an alias of */
	/*
	 * "table:412 _ga*", "setter:doubleclick.net Google", "guard:csrf", "score:871 a random id,
	 * kept for about a year", "no row".
	 */
	char why[PURPOSE_WHY_MAX];
};

/*
 * rules may be NULL: nothing is known.  Where the party is not known, a row for the first party
 * comes before one for the third, for a declared cookie the other way round: sites list what others
 * set on them.  Where no row has the host either, one for the name alone counts
 * (rules_find_by_name()).  In live traffic the party is always known.
 */
void purpose_find(const struct rules *rules, const struct score_facts *facts,
		  struct purpose_found *out);
/* The first layer alone.  False: the table has no row, and *out says that nothing is known. */
bool purpose_find_row(const struct rules *rules, const struct score_facts *facts,
		      struct purpose_found *out);

#endif
