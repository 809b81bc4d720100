#include "filters/lists/preprocess.h"

/* "a && !(b || c)": a parser by descent, as deep as brackets may be. */
#define BRACKETS_MAX 16u

struct parse {
	struct slice rest;
	unsigned depth;
	bool bad;
};

static bool parse_or(struct parse *p);

static bool is_word_char(char c)
{
	c = ascii_lower(c);
	return (c >= 'a' && c <= 'z') || ascii_digit(c) || c == '_';
}

static bool word_holds(struct slice word)
{
	static const char *const held[] = { "true", "ext_ublock", "crumbgate" };

	for (size_t i = 0; i < sizeof(held) / sizeof(held[0]); i++)
		if (slice_eq(word, slice_str(held[i])))
			return true;
	return false;
}

static bool take(struct parse *p, struct slice what)
{
	p->rest = slice_trim(p->rest);
	if (!slice_starts(p->rest, what))
		return false;
	p->rest = slice_skip(p->rest, what.n);
	return true;
}

static bool parse_one(struct parse *p)
{
	struct slice word;
	bool value;
	size_t n = 0;

	if (p->depth >= BRACKETS_MAX) {
		p->bad = true;
		return false;
	}
	if (take(p, SLICE("!"))) {
		p->depth++;
		value = !parse_one(p);
		p->depth--;
		return value;
	}
	if (take(p, SLICE("("))) {
		p->depth++;
		value = parse_or(p);
		p->depth--;
		p->bad = p->bad || !take(p, SLICE(")"));
		return value;
	}
	while (n < p->rest.n && is_word_char(p->rest.p[n]))
		n++;
	word = slice_head(p->rest, n);
	p->rest = slice_skip(p->rest, n);
	p->bad = p->bad || n == 0;
	return word_holds(word);
}

static bool parse_and(struct parse *p)
{
	bool value = parse_one(p);

	while (!p->bad && take(p, SLICE("&&")))
		value = parse_one(p) && value;
	return value;
}

static bool parse_or(struct parse *p)
{
	bool value = parse_and(p);

	while (!p->bad && take(p, SLICE("||")))
		value = parse_and(p) || value;
	return value;
}

bool preprocess_condition(struct slice condition, bool *good)
{
	struct parse p = { .rest = slice_trim(condition) };
	bool value = parse_or(&p);

	*good = !p.bad && slice_trim(p.rest).n == 0;
	return value && *good;
}

static enum preprocess_result begin_if(struct preprocess *p, struct slice condition)
{
	bool good, value = preprocess_condition(condition, &good);

	if (p->depth == PREPROCESS_DEPTH_MAX)
		return PREPROCESS_BAD;
	if (!value)
		p->held |= 1u << p->depth;
	p->elsed &= ~(1u << p->depth);
	p->depth++;
	return good ? PREPROCESS_GOOD : PREPROCESS_BAD;
}

static enum preprocess_result turn(struct preprocess *p)
{
	uint32_t bit = p->depth != 0 ? 1u << (p->depth - 1) : 0;

	if (bit == 0 || (p->elsed & bit) != 0)
		return PREPROCESS_BAD;
	p->elsed |= bit;
	p->held ^= bit;
	return PREPROCESS_GOOD;
}

static enum preprocess_result end_if(struct preprocess *p)
{
	if (p->depth == 0)
		return PREPROCESS_BAD;
	p->depth--;
	p->held &= ~(1u << p->depth);
	return PREPROCESS_GOOD;
}

/* Of the hints only the platform says something about a rule. */
static enum preprocess_result take_hints(struct preprocess *p, struct slice hints)
{
	while (hints.n != 0) {
		hints = slice_trim(hints);
		if (slice_starts(hints, SLICE("PLATFORM(")))
			p->skip_next = true;
		hints = slice_skip(hints,
				   slice_find(hints, slice_find(hints, '(') < slice_find(hints, ' ')
							     ? ')'
							     : ' ') +
					   1);
	}
	return PREPROCESS_GOOD;
}

static bool is_directive(struct slice *line, const char *name)
{
	struct slice word = slice_str(name);

	if (!slice_starts(*line, word) ||
	    (line->n > word.n && !ascii_blank(line->p[word.n]) && line->p[word.n] != '('))
		return false;
	*line = slice_trim(slice_skip(*line, word.n));
	return true;
}

enum preprocess_result preprocess_line(struct preprocess *p, struct slice line, struct slice *path)
{
	*path = slice_of(NULL, 0);
	if (slice_starts(line, SLICE("!+")))
		return take_hints(p, slice_skip(line, 2));
	if (is_directive(&line, "!#if"))
		return begin_if(p, line);
	if (is_directive(&line, "!#else"))
		return turn(p);
	if (is_directive(&line, "!#endif"))
		return end_if(p);
	if (is_directive(&line, "!#include")) {
		*path = line;
		return line.n != 0 ? PREPROCESS_INCLUDE : PREPROCESS_BAD;
	}
	/* Others are remarks, or about what others make of a list. */
	return PREPROCESS_GOOD;
}
