/*
 * rules_parse.h - the text of a cookie table, line by line (rules.h describes the columns).
 *
 * Rows point into the text by offset, so the text is kept and a row costs 28 bytes.
 */
#ifndef CRUMBGATE_FILTERS_RULES_PARSE_H
#define CRUMBGATE_FILTERS_RULES_PARSE_H

#include "filters/rules.h"

#define RULE_PATTERN_MAX 255u
#define RULE_LINE_MAX 8192u
/* rule.party when both match. */
#define RULE_PARTY_ANY 0xffu
/* rule.max_life_s when every lifetime matches. */
#define RULE_LIFE_ANY UINT32_MAX

enum rule_column {
	COLUMN_PATTERN,
	COLUMN_PURPOSE,
	COLUMN_KIND,
	COLUMN_SETTER,
	COLUMN_DOMAINS,
	COLUMN_PARTY,
	COLUMN_MAX_LIFE,
	COLUMN_LIFE,
	COLUMN_WHAT,
	COLUMN_SOURCE,
	COLUMN_COUNT,
};

struct rule {
	uint32_t at, length;	 /* the line in the text */
	uint32_t line;		 /* its number */
	uint32_t max_life_s;	 /* 0: session only */
	uint32_t domains_at;	 /* the column's place in the text */
	uint16_t domains_length; /* 0: '*' */
	uint8_t pattern_length;
	uint8_t star; /* octets before the '*'; the pattern's length: none */
	uint8_t purpose, party;
};

struct rule_list {
	struct rule *at;
	uint32_t count, cap;
};

/* Splits a line at its tabs; false unless there are COLUMN_COUNT columns. */
bool rules_split(struct slice line, struct slice columns[COLUMN_COUNT]);

/* Appends the rows in the order of the file; false with one line in `error`. */
bool rules_parse(struct slice text, const char *name, struct rule_list *out, struct buf *error);

#endif
