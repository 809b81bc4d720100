#include "filters/lists/regex.h"

#include "filters/lists/keys.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>

#define REGEX_DEPTH_MAX 500u
#define REGEX_HEAP_KIB 256u
#define REGEX_NEST_MAX 50u

struct regex_scratch {
	pcre2_match_data *data;
	pcre2_match_context *context;
};

/* A struct regex is PCRE2's code under a name of our own. */
static pcre2_code *code_of(struct regex *r)
{
	return (pcre2_code *)r;
}

struct regex *regex_new(struct slice text, bool match_case)
{
	uint32_t options = PCRE2_NEVER_UTF | PCRE2_NEVER_UCP | PCRE2_NEVER_BACKSLASH_C |
			   PCRE2_ALT_BSUX | PCRE2_ALLOW_EMPTY_CLASS | PCRE2_MATCH_UNSET_BACKREF |
			   PCRE2_DOLLAR_ENDONLY;
	pcre2_compile_context *context;
	pcre2_code *code;
	PCRE2_SIZE at;
	int error;

	/* "(*VERB)" at the front would change the limits. */
	if (text.n == 0 || text.n > REGEX_TEXT_MAX || slice_starts(text, SLICE("(*")))
		return NULL;
	context = pcre2_compile_context_create(NULL);
	if (context == NULL)
		return NULL;
	pcre2_set_parens_nest_limit(context, REGEX_NEST_MAX);
	if (!match_case)
		options |= PCRE2_CASELESS;
	code = pcre2_compile((PCRE2_SPTR)text.p, text.n, options, &error, &at, context);
	pcre2_compile_context_free(context);
	return (struct regex *)code;
}

void regex_free(struct regex *r)
{
	pcre2_code_free(code_of(r));
}

struct regex_scratch *regex_scratch_new(void)
{
	struct regex_scratch *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	/* Only whether it matches is asked. */
	s->data = pcre2_match_data_create(1, NULL);
	s->context = pcre2_match_context_create(NULL);
	if (s->data == NULL || s->context == NULL) {
		regex_scratch_free(s);
		return NULL;
	}
	pcre2_set_match_limit(s->context, REGEX_STEPS_MAX);
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

bool regex_matches(const struct regex *r, struct regex_scratch *s, struct slice subject)
{
	return r != NULL && pcre2_match((const pcre2_code *)r, (PCRE2_SPTR)subject.p, subject.n, 0,
					PCRE2_NO_JIT, s->data, s->context) >= 0;
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
