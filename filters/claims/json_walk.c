#include "filters/claims/json_walk.h"

#include "base/coding.h"

void json_walk_init(struct json_walk *w, struct slice text)
{
	*w = (struct json_walk){ .rest = text };
}

static char next_char(struct json_walk *w)
{
	while (w->rest.n != 0 &&
	       (ascii_blank(w->rest.p[0]) || w->rest.p[0] == '\n' || w->rest.p[0] == '\r'))
		w->rest = slice_skip(w->rest, 1);
	return w->rest.n != 0 ? w->rest.p[0] : '\0';
}

static bool bad(struct json_walk *w)
{
	w->bad = true;
	return false;
}

/* At a quote. */
static bool take_string(struct json_walk *w, struct slice *out)
{
	size_t n = 1;

	while (n < w->rest.n && w->rest.p[n] != '"' && (unsigned char)w->rest.p[n] >= 0x20)
		n += w->rest.p[n] == '\\' ? 2 : 1;
	if (n >= w->rest.n || w->rest.p[n] != '"')
		return bad(w);
	*out = slice_of(w->rest.p + 1, n - 1);
	w->rest = slice_skip(w->rest, n + 1);
	return true;
}

static bool take_key(struct json_walk *w)
{
	if (next_char(w) != '"' || !take_string(w, &w->stack[w->depth - 1].key) ||
	    next_char(w) != ':')
		return bad(w);
	w->rest = slice_skip(w->rest, 1);
	return true;
}

static bool open_bracket(struct json_walk *w, bool object)
{
	if (w->depth == JSON_WALK_DEPTH)
		return bad(w);
	w->rest = slice_skip(w->rest, 1);
	w->stack[w->depth].object = object;
	w->stack[w->depth].key = slice_of(NULL, 0);
	w->stack[w->depth].index = 0;
	w->depth++;
	if (next_char(w) == (object ? '}' : ']')) {
		w->after = true; /* and the end comes */
		return true;
	}
	return !object || take_key(w);
}

/* Behind a value: the next one's beginning, or an end. */
static bool go_on(struct json_walk *w)
{
	char c = next_char(w);
	bool object;

	if (w->depth == 0)
		return false;
	object = w->stack[w->depth - 1].object;
	w->rest = slice_skip(w->rest, 1);
	if (c == (object ? '}' : ']')) {
		w->depth--;
		return true;
	}
	if (c != ',')
		return bad(w);
	w->after = false;
	w->stack[w->depth - 1].index++;
	return !object || take_key(w);
}

static bool token_char(char c)
{
	return ascii_digit(c) || (c >= 'a' && c <= 'z') || c == 'E' || c == '+' || c == '-' ||
	       c == '.';
}

static bool take_token(struct json_walk *w, struct slice *out)
{
	size_t n = 0;

	while (n < w->rest.n && token_char(w->rest.p[n]))
		n++;
	*out = slice_head(w->rest, n);
	w->rest = slice_skip(w->rest, n);
	if (n != 0 && (out->p[0] == '-' || ascii_digit(out->p[0])))
		return true;
	if (slice_eq(*out, SLICE("true")) || slice_eq(*out, SLICE("false")) ||
	    slice_eq(*out, SLICE("null")))
		return true;
	return bad(w);
}

bool json_walk_next(struct json_walk *w, struct json_scalar *out)
{
	for (;;) {
		char c = next_char(w);

		if (w->bad)
			return false;
		if (w->after) {
			if (!go_on(w))
				return false;
		} else if (c == '{' || c == '[') {
			if (!open_bracket(w, c == '{'))
				return false;
		} else {
			w->after = true;
			out->string = c == '"';
			return c == '"' ? take_string(w, &out->raw) : take_token(w, &out->raw);
		}
	}
}

/* The last word of *names, which loses it. */
static struct slice last_name(struct slice *names)
{
	size_t n = names->n;
	struct slice word;

	while (n != 0 && names->p[n - 1] != '.')
		n--;
	word = slice_skip(*names, n);
	*names = slice_head(*names, n != 0 ? n - 1 : 0);
	return word;
}

bool json_walk_under(const struct json_walk *w, struct slice names)
{
	for (unsigned i = w->depth; i != 0 && names.n != 0; i--)
		if (w->stack[i - 1].object && !slice_ieq(w->stack[i - 1].key, last_name(&names)))
			return false;
	return names.n == 0;
}

/* \u00XX below 80; 0 for anything else. */
static char unicode(struct slice digits)
{
	int high = digits.n >= 4 ? ascii_hex(digits.p[2]) : -1;
	int low = digits.n >= 4 ? ascii_hex(digits.p[3]) : -1;

	if (high < 0 || high > 7 || low < 0 || digits.p[0] != '0' || digits.p[1] != '0')
		return '\0';
	return (char)(high * 16 + low);
}

/* What stands behind a backslash; *n is how long it is, 0 where it is not to be had. */
static char escaped(struct slice s, size_t *n)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	char c;

	*n = 0;
	if (s.n == 0)
		return '\0';
	if (s.p[0] == 'u') {
		c = unicode(slice_skip(s, 1));
		*n = c != '\0' ? 5 : 0;
		return c;
	}
	for (size_t i = 0; from[i] != '\0'; i++) {
		if (from[i] != s.p[0])
			continue;
		*n = 1;
		return to[i];
	}
	return '\0';
}

bool json_scalar_text(struct slice raw, char *dst, size_t size, struct slice *out)
{
	size_t used = 0;

	*out = raw;
	if (slice_find(raw, '\\') == raw.n)
		return true;
	while (raw.n != 0 && used < size) {
		size_t n = 0;

		dst[used] = raw.p[0];
		if (raw.p[0] == '\\') {
			dst[used] = escaped(slice_skip(raw, 1), &n);
			if (n == 0)
				return false;
		}
		used++;
		raw = slice_skip(raw, n + 1);
	}
	*out = slice_of(dst, used);
	return raw.n == 0;
}
