#include "proxy/http/h1_lines.h"
#include "proxy/http/chars.h"

#define CONNECTION_OPTIONS_MAX 32

enum h1_result h1_bad(struct h1_error *error, unsigned status, const char *reason)
{
	*error = (struct h1_error){ .status = status, .reason = reason };
	return H1_BAD;
}

/* How long the line may be, its CRLF included. */
static size_t line_room(const struct h1_reader *r, const struct h1_limits *l)
{
	size_t left = l->max_head > r->line ? l->max_head - r->line : 0;

	return left < l->max_line ? left : l->max_line;
}

static enum h1_result too_long(const struct h1_reader *r, struct h1_error *error)
{
	if (!r->started)
		return h1_bad(error, 414, "the start line is too long");
	return h1_bad(error, 431, "a field line or the head is too long");
}

bool h1_line_ready(struct h1_reader *r, struct slice in, const struct h1_limits *l,
		   enum h1_result *result, struct h1_error *error)
{
	size_t room, have;

	if (r->scanned <= r->line)
		return true;
	if (memchr(in.p + r->scanned, '\n', in.n - r->scanned) != NULL)
		return true;
	room = line_room(r, l);
	have = in.n - r->line;
	r->scanned = in.n;
	*result = have >= room ? too_long(r, error) : H1_MORE;
	return false;
}

enum h1_result h1_judge_line(struct h1_reader *r, struct slice in, const struct h1_limits *l,
			     struct slice *line, struct h1_error *error)
{
	const char *p = in.p + r->line, *lf;
	size_t room = line_room(r, l), have = in.n - r->line;

	lf = have != 0 ? memchr(p, '\n', have < room ? have : room) : NULL;
	if (lf == NULL) {
		r->scanned = in.n;
		return have >= room ? too_long(r, error) : H1_MORE;
	}
	if (lf == p || lf[-1] != '\r')
		return h1_bad(error, 400, "a line ends in LF without CR");
	*line = slice_of(p, (size_t)(lf - p) - 1);
	if (slice_find(*line, '\r') != line->n)
		return h1_bad(error, 400, "a CR stands inside a line");
	if (chars_value_end(line->p, line->p + line->n) != line->p + line->n)
		return h1_bad(error, 400, "a control character stands in the head");
	return H1_OK;
}

bool h1_line_fits(const struct h1_reader *r, struct slice in, const char *next,
		  const struct h1_limits *l, struct h1_error *error)
{
	if ((size_t)(next - in.p) - r->line <= line_room(r, l))
		return true;
	too_long(r, error);
	return false;
}

static enum h1_result judge_field(struct h1_reader *r, struct slice in, const struct h1_limits *l,
				  struct h1_error *error)
{
	struct slice line, name;
	enum h1_result result = h1_judge_line(r, in, l, &line, error);

	if (result != H1_OK)
		return result;
	if (line.n != 0 && (line.p[0] == ' ' || line.p[0] == '\t'))
		return h1_bad(error, 400, "a line begins with a blank (folding)");
	if (slice_cut(line, ':', &name).p == NULL)
		return h1_bad(error, 400, "a field line has no colon");
	if (name.n == 0)
		return h1_bad(error, 400, "a field has no name");
	if (slice_trim(name).n != name.n)
		return h1_bad(error, 400, "a blank stands before the colon");
	return h1_bad(error, 400, "a field name is not a token");
}

/* If the field line at p is whole and good, it is pushed: the next line; else NULL. */
static const char *field_line(const char *p, const char *end, struct fields *f, bool *full)
{
	const char *colon = p, *value, *stop, *last;
	struct slice name;
	struct field *at;

	while (colon < end && char_is(*colon, CHAR_TOKEN))
		colon++;
	if (colon == end || *colon != ':' || colon == p)
		return NULL;
	value = colon + 1;
	while (value < end && (*value == ' ' || *value == '\t'))
		value++;
	stop = chars_value_end(value, end);
	if (end - stop < 2 || stop[0] != '\r' || stop[1] != '\n')
		return NULL;
	last = stop;
	while (last > value && (last[-1] == ' ' || last[-1] == '\t'))
		last--;
	name = slice_of(p, (size_t)(colon - p));
	at = fields_push(f, name, slice_of(value, (size_t)(last - value)),
			 (uint8_t)field_id_of(name));
	*full = at == NULL;
	if (at != NULL)
		at->verbatim = value == colon + 2 && colon[1] == ' ';
	return stop + 2;
}

enum h1_result h1_read_fields(struct h1_reader *r, struct slice in, const struct h1_limits *l,
			      struct fields *f, size_t *end, struct h1_error *error)
{
	enum h1_result result = H1_MORE;

	while (h1_line_ready(r, in, l, &result, error)) {
		const char *p = in.p + r->line, *next;
		size_t have = in.n - r->line;
		bool full = false;

		if (have >= 2 && p[0] == '\r' && p[1] == '\n') {
			if (!h1_line_fits(r, in, p + 2, l, error))
				return H1_BAD;
			*end = r->line + 2;
			return H1_OK;
		}
		next = field_line(p, in.p + in.n, f, &full);
		if (next == NULL)
			return judge_field(r, in, l, error);
		if (!h1_line_fits(r, in, next, l, error))
			return H1_BAD;
		if (full)
			return h1_bad(error, 431, "too many fields");
		r->line = (size_t)(next - in.p);
	}
	return result;
}

static bool names_option(const struct fields *f, struct slice token)
{
	return fields_has_token(f, FIELD_CONNECTION, token);
}

bool h1_connection_sane(const struct fields *f)
{
	size_t n = 0;

	for (const struct field *at = fields_find(f, FIELD_CONNECTION); at != NULL;
	     at = fields_next(f, at)) {
		struct slice rest = at->value, item;

		while (rest.p != NULL) {
			rest = slice_cut(rest, ',', &item);
			if (++n > CONNECTION_OPTIONS_MAX)
				return false;
		}
	}
	return true;
}

bool h1_persistent(unsigned minor, const struct fields *f)
{
	if (names_option(f, SLICE("close")))
		return false;
	return minor >= 1 || names_option(f, SLICE("keep-alive"));
}
