/*
 * decide.h - one cookie: what it is for, and what is done with it.
 *
 * decide_cookie() is a pure function of the rules and the facts; it runs in the worker and in
 * `crumbgate replay`, which fills the same struct from an entry of the log.  So EVERY member of
 * struct cookie_facts must be in the entry, and what is not in it must not be used here.
 *
 * The policy:
 *
 *	                     default, minors:    default:    minors:
 *	purpose              none or refused     accepted    whatever was chosen
 *	essential, choice    kept                kept        kept
 *	functional, first    kept                kept        removed; a guess: kept
 *	functional, third    removed             kept        removed
 *	analytics            removed             kept        removed
 *	advertising          removed             kept        removed
 *	unknown, first       kept                kept        kept
 *	unknown, third       removed             kept        removed
 *
 * For minors too a login must not break: what no table, guard, list or setter knows, and the score
 * takes for functional at most, may be one.
 * Where some purposes were accepted the second column holds for these, the first for the others.
 * A first party's cookie that was put back because the site did not work without it is kept: what
 * is functional, not known or only guessed; what a table knows to track only where nothing had
 * been chosen (seen is nowhere); for minors only what is functional or not known.
 * What a list says to remove (the purpose is the list's then) is kept only where that purpose was
 * accepted.  What a list says to limit is limited unless its purpose, or the cookie's, was accepted,
 * or the table or a guard knows it to be needed.
 * For the default profile the first two columns hold, for minors the last only.  The investigator's
 * profile keeps everything.  A Set-Cookie that deletes is kept.  A cookie that is sent and
 * not kept is EXPIRED while there are tries left and its name can be written (expire.h), then
 * REMOVED.
 */
#ifndef CRUMBGATE_FILTERS_DECIDE_H
#define CRUMBGATE_FILTERS_DECIDE_H

#include "filters/rules.h"
#include "filters/shape.h"
#include "filters/words.h"

struct guesses;
struct purpose_found;
struct score_facts;

/*
 * What a filter list says of the cookie (lists/modify.h).  Where it says nothing the rest is empty.
 */
struct cookie_list {
	enum list_says says;
	enum purpose purpose; /* of the list, or of the host it speaks about */
	struct slice name;    /* of the list */
	struct slice version; /* of its text */
	struct slice rule;    /* as it stands there; decides nothing by itself */
};

struct cookie_facts {
	enum cookie_kind kind;
	struct slice name;
	struct slice host; /* the request's, without port */
	struct slice site; /* the top-level site */
	enum site_by site_by;
	enum party party;
	enum confidence confidence;
	enum profile profile;
	enum choice_state choice;
	enum choice_seen seen;

	/* kind SENT: how often it has been expired before (expire.h); else 0. */
	unsigned tries;

	/*
	 * Of the value only its shape decides and is in the entry.  Where the value is at hand it is given
	 * instead, so that the shape is found only when it is asked for.
	 */
	bool has_value;
	struct slice value;
	struct value_shape shape;

	/* kind SET: the attributes, as in cookie.h.  For SENT: LIFETIME_UNKNOWN, the rest zero. */
	int64_t lifetime_s;
	bool secure, httponly, partitioned, has_domain;
	enum same_site same_site;
	struct slice domain, path;

	/* A name of the host's CNAME chain that is a tracker's; empty: none is. */
	struct slice alias;
	struct cookie_list list;
};

#define DECISION_WHY_MAX 256

struct cookie_decision {
	enum purpose purpose;
	enum verdict verdict;
	/*
	 * The reason: where the purpose comes from, then what weighed beside it.  "table:412 _ga*",
	 * "table:31 lang; third party", "setter:ads.example A", "guard:csrf", "score:871 a random
	 * id, kept for about a year", "no row; first party", "deletes", "table:412 _ga*; accepted",
	 * "table:412 _ga*; minors: no choice counts", "table:412 _ga*; investigator",
	 * "setter:eulerian.net Eulerian; the host is also x.eulerian.net",
	 * "list:privacy.txt 0123456789abcdef", "no row; limited by list:...; first party".
	 */
	char why[DECISION_WHY_MAX];
	bool limited; /* it is kept, as far as the list wants that */
	bool guessed; /* what it is for is known by the score alone */
	/* The row; line 0: none matched.  Borrowed from the rules. */
	struct rules_hit row;
};

/* What the layers of purpose.h are asked with; borrowed. */
void decide_score_facts(const struct cookie_facts *f, struct score_facts *out);

/*
 * Where a list says to remove the cookie, and neither the table nor a guard knows what it is for,
 * *found becomes what the list says.
 */
void decide_heeds_list(const struct cookie_facts *f, struct purpose_found *found);

/*
 * rules may be NULL: no table, every cookie is unknown.  The purpose is purpose.h's, but what a third
 * party sets is not essential by a guess of the score: then it is unknown.
 */
void decide_cookie(const struct rules *rules, const struct cookie_facts *f,
		   struct cookie_decision *out);
/* The same by the rules of `guesses`, which remembers what costs most (guesses.h). */
void decide_cookie_again(struct guesses *guesses, const struct cookie_facts *f,
			 struct cookie_decision *out);

/*
 * Whether "Sec-GPC: 1" may be said for the client (W3C Global Privacy Control: an intermediary that
 * has reason to believe in the preference): advertising was refused, or the client is a minor.
 * Where nothing was chosen nothing is said, and for an investigator's client never.
 */
bool decide_objects(enum profile profile, enum choice_state choice);

#endif
