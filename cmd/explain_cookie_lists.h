/*
 * explain_cookie_lists.h - what filter lists say of the cookie that `crumbgate explain cookie` is
 * about, asked as the proxy asks them: about the first page of its host, or about something that
 * this host puts into another site's page.
 *
 *	struct explain_heard heard;
 *	explain_hear(&lists, rules, &set, &sent, &heard);	// fills set.list and sent.list
 *	explain_put_heard(&out, &lists, &heard);
 *
 * The facts borrow from `heard` and from the lists.
 */
#ifndef CRUMBGATE_CMD_EXPLAIN_COOKIE_LISTS_H
#define CRUMBGATE_CMD_EXPLAIN_COOKIE_LISTS_H

#include "cmd/explain_lists.h"
#include "evidence/digest.h"
#include "filters/decide.h"
#include "filters/lists/modify.h"

/* Of one way that a cookie goes. */
struct explain_said {
	enum lists_cookie_action action;
	struct lists_rule rule;
	char version[DIGEST_PLAIN_LEN + 1];
};

struct explain_heard {
	bool asked; /* there is a list, and a host to ask about */
	struct explain_said set, sent;
	struct lists_cookie limit; /* action CHANGE: what the list wants */
	bool within;		   /* the line keeps to the limit by itself */
};

/* False: said on stderr. */
bool explain_hear(const struct explain_lists *l, const struct rules *rules,
		  struct cookie_facts *set, struct cookie_facts *sent, struct explain_heard *out);
void explain_put_heard(struct explain_out *o, const struct explain_lists *l,
		       const struct explain_heard *h);

#endif
