#include "filters/rules_parse.h"

#include <stdlib.h>

static const char *const column_names[COLUMN_COUNT] = {
	"pattern", "purpose",  "kind", "setter", "domains",
	"party",   "max_life", "life", "what",	 "source",
};

/* Where an error is, and where it goes. */
struct place {
	const char *name;
	uint32_t line;
	struct buf *error;
};

static void add_text(struct buf *out, struct slice s)
{
	buf_addc(out, '"');
	buf_add_shown(out, s, 40);
	buf_adds(out, s.n > 40 ? "...\"" : "\"");
}

static bool complain(const struct place *at, const char *what, struct slice text,
		     const char *advice)
{
	buf_addf(at->error, "%s:%u: %s ", at->name, at->line, what);
	add_text(at->error, text);
	buf_addf(at->error, ": %s", advice);
	return false;
}

bool rules_split(struct slice line, struct slice columns[COLUMN_COUNT])
{
	for (unsigned i = 0; i < COLUMN_COUNT; i++) {
		if (line.p == NULL)
			return false;
		line = slice_cut(line, '\t', &columns[i]);
	}
	return line.p == NULL;
}

static bool has_control(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (((unsigned char)s.p[i] < 0x20 && s.p[i] != '\t') || s.p[i] == 0x7f)
			return true;
	return false;
}

static bool parse_pattern(const struct place *at, struct slice s, struct rule *r)
{
	size_t star = slice_find(s, '*');

	if (s.n == 0 || s.n > RULE_PATTERN_MAX)
		return complain(at, "pattern", s, "write a cookie-name of 1 to 255 octets");
	if (slice_find(s, ';') != s.n || slice_find(s, '=') != s.n || slice_trim(s).n != s.n)
		return complain(at, "pattern", s,
				"a cookie-name has no ';', no '=' and no blank at its ends");
	if (star < s.n && slice_find(slice_skip(s, star + 1), '*') != s.n - star - 1)
		return complain(at, "pattern", s, "use one '*' at most");
	r->pattern_length = (uint8_t)s.n;
	r->star = (uint8_t)star;
	return true;
}

static bool parse_purpose(const struct place *at, struct slice s, struct rule *r)
{
	enum purpose p;

	if (!purpose_of_word(s, &p))
		return complain(at, "purpose", s,
				"use essential, functional, analytics, advertising, choice or "
				"unknown");
	r->purpose = (uint8_t)p;
	return true;
}

static bool is_domain(struct slice s)
{
	if (s.n == 0 || s.n > 253 || s.p[0] == '.' || s.p[s.n - 1] == '.')
		return false;
	for (size_t i = 0; i < s.n; i++) {
		char c = ascii_lower(s.p[i]);

		if (!((c >= 'a' && c <= 'z') || ascii_digit(c) || c == '-' || c == '_' ||
		      (c == '.' && s.p[i - 1] != '.')))
			return false;
	}
	return true;
}

static bool parse_domains(const struct place *at, struct slice s, struct slice text, struct rule *r)
{
	struct slice rest = s, domain;

	r->domains_at = (uint32_t)(s.p - text.p);
	r->domains_length = 0;
	if (slice_eq(s, SLICE("*"))) {
		if (r->pattern_length == 1 && r->star == 0)
			return complain(at, "pattern", SLICE("*"),
					"alone it matches every cookie: name the domains");
		return true;
	}
	while (rest.p != NULL) {
		rest = slice_cut(rest, ',', &domain);
		if (!is_domain(domain))
			return complain(at, "domains", domain,
					"write '*', or domains like example.com separated by "
					"commas without blanks");
	}
	r->domains_length = (uint16_t)s.n;
	return true;
}

static bool parse_party(const struct place *at, struct slice s, struct rule *r)
{
	enum party p;

	if (slice_eq(s, SLICE("any"))) {
		r->party = RULE_PARTY_ANY;
		return true;
	}
	if (!party_of_word(s, &p))
		return complain(at, "party", s, "use any, first or third");
	r->party = (uint8_t)p;
	return true;
}

static uint32_t unit_seconds(char unit)
{
	switch (unit) {
	case 's':
		return 1;
	case 'm':
		return 60;
	case 'h':
		return 3600;
	case 'd':
		return 86400;
	case 'w':
		return 7 * 86400;
	case 'y':
		return 365 * 86400;
	default:
		return 0;
	}
}

static bool parse_max_life(const struct place *at, struct slice s, struct rule *r)
{
	uint64_t n;
	uint32_t unit = s.n != 0 ? unit_seconds(s.p[s.n - 1]) : 0;

	if (slice_eq(s, SLICE("*"))) {
		r->max_life_s = RULE_LIFE_ANY;
		return true;
	}
	if (slice_eq(s, SLICE("session"))) {
		r->max_life_s = 0;
		return true;
	}
	if (unit == 0 || !slice_to_u64(slice_head(s, s.n - 1), 999999999, &n) || n == 0)
		return complain(at, "max_life", s,
				"use '*', session, or a number and s, m, h, d, w or y, as in 90d");
	/*
	 * No cookie lives for more than 400 days, so the longest of all is as good as any longer.
	 */
	n *= unit;
	r->max_life_s = n < RULE_LIFE_ANY ? (uint32_t)n : RULE_LIFE_ANY - 1;
	return true;
}

static bool parse_row(const struct place *at, struct slice text, struct slice line, struct rule *r)
{
	struct slice c[COLUMN_COUNT];

	*r = (struct rule){
		.at = (uint32_t)(line.p - text.p),
		.length = (uint32_t)line.n,
		.line = at->line,
	};
	if (line.n > RULE_LINE_MAX)
		return complain(at, "line", line, "it is longer than 8192 octets");
	if (has_control(line))
		return complain(at, "line", line, "take out its control characters");
	if (!rules_split(line, c))
		return complain(at, "line", line,
				"write ten columns with one tab between each two");
	return parse_pattern(at, c[COLUMN_PATTERN], r) && parse_purpose(at, c[COLUMN_PURPOSE], r) &&
	       parse_domains(at, c[COLUMN_DOMAINS], text, r) &&
	       parse_party(at, c[COLUMN_PARTY], r) && parse_max_life(at, c[COLUMN_MAX_LIFE], r);
}

static bool parse_header(const struct place *at, struct slice line)
{
	struct slice c[COLUMN_COUNT];
	bool good = rules_split(line, c);

	for (unsigned i = 0; good && i < COLUMN_COUNT; i++)
		good = slice_eq(c[i], slice_str(column_names[i]));
	return good ? true
		    : complain(at, "header", line,
			       "the first line that is no comment must name the columns: pattern "
			       "purpose kind setter domains party max_life life what source");
}

static bool append(struct rule_list *list, const struct rule *r)
{
	if (list->count == list->cap) {
		uint32_t cap = list->cap == 0 ? 256 : list->cap * 2;
		struct rule *at = realloc(list->at, (size_t)cap * sizeof(*at));

		if (at == NULL)
			return false;
		list->at = at;
		list->cap = cap;
	}
	list->at[list->count++] = *r;
	return true;
}

bool rules_parse(struct slice text, const char *name, struct rule_list *out, struct buf *error)
{
	struct place at = { name, 0, error };
	struct slice rest = text, line;
	bool header = false;

	while (rest.p != NULL) {
		struct rule r;

		rest = slice_cut(rest, '\n', &line);
		at.line++;
		if (line.n != 0 && line.p[line.n - 1] == '\r')
			line.n--;
		if (slice_trim(line).n == 0 || line.p[0] == '#')
			continue;
		if (!header) {
			if (!parse_header(&at, line))
				return false;
			header = true;
			continue;
		}
		if (!parse_row(&at, text, line, &r))
			return false;
		if (!append(out, &r)) {
			buf_addf(error, "%s:%u: out of memory", name, at.line);
			return false;
		}
	}
	return true;
}
