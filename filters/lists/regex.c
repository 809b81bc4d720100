#include "filters/lists/regex.h"

#include "filters/lists/keys.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>

#define REGEX_DEPTH_MAX 500u
#define REGEX_HEAP_KIB 256u
#define REGEX_NEST_MAX 50u

struct regex_scratch {
	pcre2_match_data *data;
	pcre2_match_context *context;
	uint32_t *left;
};

/* A struct regex is PCRE2's code under a name of our own. */
static pcre2_code *code_of(struct regex *r)
{
	return (pcre2_code *)r;
}

/* ---- what JavaScript has not ---- */

/* Behind "(?": a group, a look to either side, a name, or flags of both languages. */
static bool is_known_group(struct slice s)
{
	size_t n = 0;

	if (s.n == 0 || slice_find(SLICE(":=!"), s.p[0]) != 3)
		return true;
	if (s.p[0] == '<')
		return true;
	while (n < s.n && slice_find(SLICE("ims-"), s.p[n]) != 4)
		n++;
	return n != 0 && n < s.n && (s.p[n] == ':' || s.p[n] == ')');
}

/* Behind '\\': PCRE2 quotes with \Q and \E, calls with \g, and takes any octet behind \c. */
static bool is_known_escape(struct slice s)
{
	if (s.n == 0)
		return false;
	if (s.p[0] == 'c')
		return s.n > 1 && ascii_lower(s.p[1]) >= 'a' && ascii_lower(s.p[1]) <= 'z';
	return slice_find(SLICE("QEg"), s.p[0]) == 3;
}

/* Behind '[', to behind its ']'. */
static bool read_class(struct slice *s)
{
	while (s->n != 0 && s->p[0] != ']') {
		bool escape = s->p[0] == '\\';

		*s = slice_skip(*s, 1);
		if (escape && !is_known_escape(*s))
			return false;
		*s = slice_skip(*s, escape);
	}
	*s = slice_skip(*s, 1);
	return true;
}

/* Takes one octet, escape, class or repetition. */
static bool read_one(struct slice *s)
{
	char c = s->p[0];

	*s = slice_skip(*s, 1);
	switch (c) {
	case '\\':
		if (!is_known_escape(*s))
			return false;
		*s = slice_skip(*s, 1);
		return true;
	case '[':
		return read_class(s);
	case '(':
		if (s->n != 0 && s->p[0] == '*')
			return false;
		return !slice_starts(*s, SLICE("?")) || is_known_group(slice_skip(*s, 1));
	case '}':
	case '*':
	case '+':
	case '?':
		return s->n == 0 || s->p[0] != '+';
	default:
		return true;
	}
}

static bool is_of_javascript(struct slice text)
{
	while (text.n != 0)
		if (!read_one(&text))
			return false;
	return true;
}

/* ---- compiling ---- */

static pcre2_code *compile(struct slice text, bool match_case)
{
	uint32_t options = PCRE2_NEVER_UTF | PCRE2_NEVER_UCP | PCRE2_NEVER_BACKSLASH_C |
			   PCRE2_ALT_BSUX | PCRE2_ALLOW_EMPTY_CLASS | PCRE2_MATCH_UNSET_BACKREF |
			   PCRE2_DOLLAR_ENDONLY | PCRE2_NO_AUTO_POSSESS;
	pcre2_compile_context *context = pcre2_compile_context_create(NULL);
	pcre2_code *code;
	PCRE2_SIZE at;
	int error;

	if (context == NULL)
		return NULL;
	pcre2_set_parens_nest_limit(context, REGEX_NEST_MAX);
	if (!match_case)
		options |= PCRE2_CASELESS;
	code = pcre2_compile((PCRE2_SPTR)text.p, text.n, options, &error, &at, context);
	pcre2_compile_context_free(context);
	return code;
}

static bool is_anchored(const pcre2_code *code)
{
	uint32_t options = 0;

	return pcre2_pattern_info(code, PCRE2_INFO_ALLOPTIONS, &options) == 0 &&
	       (options & PCRE2_ANCHORED) != 0;
}

/* The same, with the search for the place where it begins as a part of it. */
static pcre2_code *compile_search(struct slice text, bool match_case)
{
	char whole[REGEX_TEXT_MAX + 32];
	int n = snprintf(whole, sizeof(whole), "\\A(?s:.*?)(?:");

	memcpy(whole + n, text.p, text.n);
	whole[(size_t)n + text.n] = ')';
	return compile(slice_of(whole, (size_t)n + text.n + 1), match_case);
}

struct regex *regex_new(struct slice text, bool match_case)
{
	pcre2_code *code, *alone;

	if (text.n == 0 || text.n > REGEX_TEXT_MAX || !is_of_javascript(text))
		return NULL;
	/* By itself first: "a)(b" is none, whatever is put around it. */
	code = alone = compile(text, match_case);
	if (alone != NULL && !is_anchored(alone)) {
		code = compile_search(text, match_case);
		pcre2_code_free(alone);
	}
	if (code != NULL && regex_size((struct regex *)code) > REGEX_SIZE_MAX) {
		pcre2_code_free(code);
		return NULL;
	}
	return (struct regex *)code;
}

size_t regex_size(const struct regex *r)
{
	size_t size = 0;

	pcre2_pattern_info((const pcre2_code *)r, PCRE2_INFO_SIZE, &size);
	return size;
}

void regex_free(struct regex *r)
{
	pcre2_code_free(code_of(r));
}

struct regex_scratch *regex_scratch_new(uint32_t *left)
{
	struct regex_scratch *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->left = left;
	/* Only whether it matches is asked. */
	s->data = pcre2_match_data_create(1, NULL);
	s->context = pcre2_match_context_create(NULL);
	if (s->data == NULL || s->context == NULL) {
		regex_scratch_free(s);
		return NULL;
	}
	pcre2_set_depth_limit(s->context, REGEX_DEPTH_MAX);
	pcre2_set_heap_limit(s->context, REGEX_HEAP_KIB);
	return s;
}

void regex_scratch_free(struct regex_scratch *s)
{
	if (s == NULL)
		return;
	pcre2_match_data_free(s->data);
	pcre2_match_context_free(s->context);
	free(s);
}

/* To look for the place where a match begins takes about a step an octet. */
#define FIRST_STEPS 500u
#define NEXT_TIMES 8u

static int search(const struct regex *r, struct regex_scratch *s, struct slice subject,
		  uint32_t steps)
{
	if (*s->left <= steps) {
		*s->left = 0;
		return PCRE2_ERROR_NOMATCH;
	}
	*s->left -= steps;
	pcre2_set_match_limit(s->context, steps);
	return pcre2_match((const pcre2_code *)r, (PCRE2_SPTR)subject.p, subject.n, 0, PCRE2_NO_JIT,
			   s->data, s->context);
}

bool regex_matches(const struct regex *r, struct regex_scratch *s, struct slice subject)
{
	size_t steps = FIRST_STEPS + 2 * subject.n;
	int got = PCRE2_ERROR_MATCHLIMIT;

	if (r == NULL)
		return false;
	while (got == PCRE2_ERROR_MATCHLIMIT && steps < REGEX_STEPS_MAX) {
		got = search(r, s, subject, (uint32_t)steps);
		steps *= NEXT_TIMES;
	}
	if (got == PCRE2_ERROR_MATCHLIMIT)
		got = search(r, s, subject, REGEX_STEPS_MAX);
	return got >= 0;
}

/* ---- the outline ---- */

struct outline {
	struct slice rest;
	char *out;
	size_t n;
};

static void put(struct outline *o, char c)
{
	if (c == '*' && o->n != 0 && o->out[o->n - 1] == '*')
		return;
	o->out[o->n++] = c;
}

/* Behind "[" or "(": to the end of it; false when there is none. */
static bool skip_class(struct slice *s)
{
	size_t i = 0;

	for (; i < s->n; i++) {
		if (s->p[i] == '\\')
			i++;
		else if (s->p[i] == ']')
			break;
	}
	*s = slice_skip(*s, i + 1);
	return true;
}

static bool skip_group(struct slice *s)
{
	unsigned depth = 1;

	while (s->n != 0 && depth != 0) {
		char c = s->p[0];

		*s = slice_skip(*s, c == '\\' ? 2 : 1);
		if (c == '(')
			depth++;
		else if (c == ')')
			depth--;
		else if (c == '[')
			skip_class(s);
	}
	return depth == 0;
}

/* What is repeated need not be there, or not once. */
static bool take_repetition(struct outline *o)
{
	if (o->rest.n == 0 || (o->rest.p[0] != '?' && o->rest.p[0] != '*' && o->rest.p[0] != '+' &&
			       o->rest.p[0] != '{'))
		return false;
	if (o->rest.p[0] == '{')
		o->rest = slice_skip(o->rest, slice_find(o->rest, '}'));
	o->rest = slice_skip(o->rest, 1);
	if (o->rest.n != 0 && (o->rest.p[0] == '?' || o->rest.p[0] == '+'))
		o->rest = slice_skip(o->rest, 1);
	return true;
}

/* An escape: a literal, or (0) something else. */
static char escaped(char c)
{
	return is_token_char(c) || c == '_' ? 0 : c;
}

static bool outline_one(struct outline *o)
{
	char c = o->rest.p[0], literal = 0;

	o->rest = slice_skip(o->rest, 1);
	if (c == '|' || c == ')')
		return false;
	if (c == '^' || c == '$') {
		put(o, '^');
		return true;
	}
	if (c == '\\') {
		literal = o->rest.n != 0 ? escaped(o->rest.p[0]) : 0;
		/* Escapes with digits behind them (\x41) are not followed. */
		if (literal == 0 && o->rest.n != 0 &&
		    slice_find(SLICE("wWdDsSbB"), o->rest.p[0]) == 8)
			return false;
		o->rest = slice_skip(o->rest, 1);
	} else if (c == '[') {
		skip_class(&o->rest);
	} else if (c == '(') {
		if (!skip_group(&o->rest))
			return false;
	} else if (c != '.' && c != '?' && c != '*' && c != '+' && c != '{') {
		literal = c;
	}
	if (take_repetition(o) || literal == 0)
		put(o, '*');
	else if (literal == '*' || literal == '^')
		put(o, '^');
	else
		put(o, ascii_lower(literal));
	return true;
}

size_t regex_outline(struct slice text, char *out)
{
	struct outline o = { .rest = text, .out = out };

	/* "(?i)" and the like change what follows. */
	while (o.rest.n != 0)
		if (!outline_one(&o))
			return 0;
	return o.n;
}
