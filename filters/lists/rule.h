/*
 * rule.h - reads one line of a filter list: Adblock Plus, AdGuard and uBlock Origin network rules,
 * lines of hosts files, bare host names.
 *
 *	struct rule r;
 *	switch (rule_read(line, &r)) ...
 *
 * Everything in a struct rule is borrowed from the line.  What a line asks for and cannot have here
 * is LINE_LEFT with its kind; nothing is read as less, or as something else, than what it says.
 *
 * https://help.adblockplus.org/hc/en-us/articles/360062733293
 * https://adguard.com/kb/general/ad-filtering/create-own-filters/
 * https://github.com/gorhill/uBlock/wiki/Static-filter-syntax
 */
#ifndef CRUMBGATE_FILTERS_LISTS_RULE_H
#define CRUMBGATE_FILTERS_LISTS_RULE_H

#include "filters/lists/left.h"
#include "filters/lists/types.h"

#define RULE_PATTERN_MAX 1024u
/* A longer line is left out. */
#define RULE_TEXT_MAX 65000u

enum line_kind {
	LINE_NOTHING,	/* blank, comment, header */
	LINE_DIRECTIVE, /* !#..., !+... : preprocess.h */
	LINE_RULE,
	LINE_HOSTS, /* of a hosts file: rule_next_host() */
	LINE_LEFT,
};

struct rule {
	struct slice text;    /* the whole line, without blanks around it */
	struct slice pattern; /* without anchors and slashes */
	unsigned types;	      /* bits; 0 until rule_read() is done */
	unsigned flags;	      /* RULE_* of format.h */
	unsigned realm;	      /* enum image_realm */
	bool host;	      /* ||host^ : the pattern is a host and its subdomains */
	bool redirects;	      /* of REALM_BLOCK, and is also a rule of REALM_REDIRECT */
	bool page;	      /* of REALM_ALLOW, and excepts what pages of the host load */
	bool bad;	      /* badfilter: switches off the rule that is otherwise the same */
	bool has_value, value_regex, header_regex, header_value;
	struct slice domain, to, denyallow; /* p == NULL: none */
	unsigned methods, not_methods;
	struct slice header, value_of_header;
	struct slice value; /* of the realm's option; a regular expression without slashes */
	bool value_case;    /* the regular expression has no i flag */
	unsigned mode;	    /* MODE_* */
	uint32_t max_age;   /* with MODE_MAX_AGE */
	uint64_t same;	    /* equal for rules that say the same, badfilter aside */
	enum left_kind left;
	struct slice hosts; /* LINE_HOSTS: the names still to come */
};

enum line_kind rule_read(struct slice line, struct rule *out);

/* The next name of a line of a hosts file as r->pattern; false: no more. */
bool rule_next_host(struct rule *r);

#endif
