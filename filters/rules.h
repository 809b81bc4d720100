/*
 * rules.h - the cookie table: what a cookie is for, by its name, setter, party and lifetime.
 *
 * The table is text (data/cookies.tsv, or a user's own), ten columns separated by one tab each,
 * '#' comments, blank lines, and a header line that begins with "pattern":
 *
 *	pattern  purpose  kind  setter  domains  party  max_life  life  what  source
 *
 *	pattern   a cookie-name (case-sensitive), where one '*' stands for any octets, none included
 *	purpose   essential, functional, analytics, advertising, choice, unknown
 *	kind      what it does within its purpose, one word (free)
 *	setter    who made the software that sets it (free)
 *	domains   '*', or domains separated by commas: the host is one of them or below one
 *	party     any, first, third
 *	max_life  '*', session, or a number and s, m, h, d, w or y: a cookie that is *set* for
 *	          longer does not match (with a minute or 2 % of slack, for clocks that differ)
 *	life, what, source: free text
 *
 * The most specific row that matches wins: exact before wildcard; then the longer literal; a list
 * of domains before '*'; one party before any; limited life before '*'; then the earlier line.
 *
 * Behind the table may stand sections with trackers and weights (rules_text.h); they are compiled
 * with it, for purpose.h.
 *
 * A look-up costs the same with a hundred rows and with a hundred thousand.  Rules are immutable
 * after rules_new(), the text is copied.
 */
#ifndef CRUMBGATE_FILTERS_RULES_H
#define CRUMBGATE_FILTERS_RULES_H

#include "base/buf.h"
#include "filters/words.h"

#define RULES_TEXT_MAX (64u * 1024 * 1024)

struct rules;

/*
 * Compiles a text of rules.  On failure NULL, and `error` holds one line that begins with
 * "name:line:", of another section with its name, and says what to do.  A table without rows is valid.
 */
struct rules *rules_new(struct slice text, const char *name, struct buf *error);
void rules_free(struct rules *r);
size_t rules_count(const struct rules *r);
/* Bytes held for the cookie table. */
size_t rules_size(const struct rules *r);

/* From the sections behind the table; NULL where it has none. */
struct setters;
struct score_model;
const struct setters *rules_setters(const struct rules *r);
const struct score_model *rules_model(const struct rules *r);

/* What a look-up decides by; the slice is borrowed from the rules. */
struct rules_hit {
	struct slice pattern;
	enum purpose purpose;
	unsigned line; /* 0: no row */
};

/* lifetime_s as in cookie.h.  False: no row, *out is left alone. */
bool rules_find(const struct rules *r, struct slice name, struct slice host, enum party party,
		int64_t lifetime_s, struct rules_hit *out);

/*
 * A row for exactly that name, whatever its domains, party and life: for cookies of which no more
 * is known.  Where several rows have the name, one for that party alone comes first, then one that
 * says essential, then the earliest.  This looks at every row, so it is not for live traffic.
 */
bool rules_find_by_name(const struct rules *r, struct slice name, enum party party,
			struct rules_hit *out);

/* The same with all that the row says, for explaining. */
struct rules_row {
	struct slice pattern, kind, setter, life, what, source;
	enum purpose purpose;
	unsigned line;
};

bool rules_match(const struct rules *r, struct slice name, struct slice host, enum party party,
		 int64_t lifetime_s, struct rules_row *out);

#endif
