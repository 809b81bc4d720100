#include "filters/lists/looks.h"

#include "filters/lists/rule.h"

/* Of the lines that should be rules so many of a hundred may make no sense. */
#define BAD_PERCENT 5u
/* Fewer are slips of who writes a short list by hand. */
#define BAD_MIN 5u

bool list_is_nonsense(size_t rules, size_t bad)
{
	return bad * 100 > (rules + bad) * BAD_PERCENT;
}

/* U+FEFF and blanks aside. */
static struct slice beginning(struct slice text)
{
	if (slice_starts(text, SLICE("\xef\xbb\xbf")))
		text = slice_skip(text, 3);
	while (text.n != 0 && (ascii_blank(text.p[0]) || text.p[0] == '\n' || text.p[0] == '\r'))
		text = slice_skip(text, 1);
	return text;
}

/* ---- one line ---- */

/* Any word reads as a rule; these forms are nothing else. */
static bool is_surely_rule(const struct rule *r)
{
	return slice_starts(r->text, SLICE("||")) || slice_starts(r->text, SLICE("@@")) ||
	       slice_find(r->text, '^') != r->text.n || slice_find(r->text, '$') != r->text.n ||
	       (r->host && slice_find(r->pattern, '.') != r->pattern.n);
}

static bool has_any(struct slice s, const char *of)
{
	for (; *of != '\0'; of++)
		if (slice_find(s, *of) != s.n)
			return true;
	return false;
}

/* What a URL can have in it, and a sentence or a program's text mostly has not. */
static bool is_likely_rule(const struct rule *r)
{
	return !has_any(r->text, " \t\"<>{}");
}

static bool is_failure(enum left_kind kind)
{
	return kind == LEFT_OPTION || kind == LEFT_VALUE || kind == LEFT_TOGETHER ||
	       kind == LEFT_PATTERN || kind == LEFT_REGEX || kind == LEFT_DIRECTIVE;
}

struct counts {
	size_t likely, other; /* likely rules; lines that are neither rules nor remarks */
};

static void look_at(struct slice line, struct list_look *look, struct counts *c)
{
	struct rule r;

	switch (rule_read(line, &r)) {
	case LINE_HOSTS:
		look->rules++;
		look->surely = true;
		break;
	case LINE_RULE:
		look->rules++;
		look->surely = look->surely || is_surely_rule(&r);
		c->likely += is_likely_rule(&r);
		break;
	case LINE_LEFT:
		look->bad += is_failure(r.left);
		c->other++;
		break;
	default:
		break;
	}
}

/* ---- all of it ---- */

static enum list_looks looks_of(const struct list_look *look, const struct counts *c)
{
	if (look->rules == 0 && c->other == 0)
		return LIST_LOOKS_REMARKS;
	if (!look->surely && c->likely * 2 < look->rules + look->bad + (c->likely == 0))
		return LIST_LOOKS_NO_RULE;
	if (look->bad >= BAD_MIN && list_is_nonsense(look->rules, look->bad))
		return LIST_LOOKS_NONSENSE;
	return LIST_LOOKS_GOOD;
}

struct list_look list_look(struct slice text)
{
	struct list_look look = { .looks = LIST_LOOKS_GOOD };
	struct slice start = beginning(text), line;
	struct counts c = { 0, 0 };

	if (start.n == 0)
		look.looks = LIST_LOOKS_EMPTY;
	else if (start.p[0] == '<')
		look.looks = LIST_LOOKS_PAGE;
	else if (slice_find(text, '\0') != text.n)
		look.looks = LIST_LOOKS_BINARY;
	if (look.looks != LIST_LOOKS_GOOD)
		return look;
	while (start.p != NULL) {
		start = slice_cut(start, '\n', &line);
		look_at(line, &look, &c);
	}
	look.looks = looks_of(&look, &c);
	return look;
}

bool list_look_good(const struct list_look *look, struct buf *why)
{
	switch (look->looks) {
	case LIST_LOOKS_PAGE:
		buf_adds(why, "a web page and no filter list: it protects nothing");
		return false;
	case LIST_LOOKS_BINARY:
		buf_adds(why, "no text and no filter list (a list must not be packed): it protects "
			      "nothing");
		return false;
	case LIST_LOOKS_NO_RULE:
		buf_adds(why, "there is no rule in it that a proxy can use: it protects nothing");
		return false;
	case LIST_LOOKS_NONSENSE:
		buf_addf(why, "%zu of its %zu rules make no sense; is it a filter list?", look->bad,
			 look->rules + look->bad);
		return false;
	default:
		return true;
	}
}
