#include "cmd/csv.h"

/* A first line without a comma that has one of the others was not written with commas. */
static char separator_of(struct slice first)
{
	if (slice_find(first, ',') != first.n)
		return ',';
	if (slice_find(first, ';') != first.n)
		return ';';
	return slice_find(first, '\t') != first.n ? '\t' : ',';
}

void csv_init(struct csv *c, struct slice text)
{
	if (slice_starts(text, SLICE("\xef\xbb\xbf")))
		text = slice_skip(text, 3);
	*c = (struct csv){ .rest = text, .line = 1, .next_line = 1 };
	c->separator = separator_of(slice_head(text, slice_find(text, '\n')));
	buf_init(&c->unquoted, CSV_FIELDS_MAX * CSV_FIELD_MAX);
}

void csv_release(struct csv *c)
{
	buf_release(&c->unquoted);
}

static bool fail(struct csv *c, const char *what)
{
	c->error = what;
	return false;
}

/* How many octets of line end stand in front: 0, 1 or 2. */
static size_t line_end(struct slice s)
{
	if (slice_starts(s, SLICE("\r\n")))
		return 2;
	return s.n != 0 && s.p[0] == '\n' ? 1 : 0;
}

static bool at_end(const struct csv *c, struct slice s)
{
	return s.n == 0 || s.p[0] == c->separator || line_end(s) != 0;
}

static bool read_plain(struct csv *c, struct slice *out)
{
	size_t n = 0;

	while (!at_end(c, slice_skip(c->rest, n))) {
		if (c->rest.p[n] == '"')
			return fail(c, "a quote inside a field that does not begin with one; put "
				       "the field in quotes and double those inside");
		if (++n > CSV_FIELD_MAX)
			return fail(c, "a field is longer than 64 KiB");
	}
	*out = slice_head(c->rest, n);
	c->rest = slice_skip(c->rest, n);
	return true;
}

/* Fields are noted by place while the buffer may still move; place_fields() makes them slices. */
static bool read_quoted(struct csv *c, struct slice *out)
{
	size_t from = c->unquoted.len, i = 1;

	for (;; i++) {
		if (i >= c->rest.n)
			return fail(c, "a quoted field does not end; the quote that opens it is in "
				       "the record that begins here");
		if (c->rest.p[i] == '"') {
			if (i + 1 >= c->rest.n || c->rest.p[i + 1] != '"')
				break;
			i++;
		}
		c->next_line += c->rest.p[i] == '\n';
		if (c->unquoted.len - from >= CSV_FIELD_MAX)
			return fail(c, "a field is longer than 64 KiB");
		if (!buf_addc(&c->unquoted, c->rest.p[i]))
			return fail(c, "out of memory");
	}
	c->rest = slice_skip(c->rest, i + 1);
	if (!at_end(c, c->rest))
		return fail(c, "text behind the closing quote of a field; double the quotes that "
			       "belong to it");
	*out = slice_of(NULL, c->unquoted.len - from);
	return true;
}

/* What was unquoted stands in the buffer in the order of the fields. */
static void place_fields(struct csv *c)
{
	struct slice text = buf_slice(&c->unquoted);

	for (size_t i = 0; i < c->n; i++) {
		if (c->field[i].p != NULL)
			continue;
		c->field[i] = slice_head(text, c->field[i].n);
		text = slice_skip(text, c->field[i].n);
	}
}

static bool read_record(struct csv *c)
{
	size_t end;

	for (;;) {
		struct slice *to = &c->field[c->n];

		if (c->n == CSV_FIELDS_MAX)
			return fail(c, "a record has more than 64 fields");
		if (c->rest.n != 0 && c->rest.p[0] == '"') {
			if (!read_quoted(c, to))
				return false;
		} else if (!read_plain(c, to)) {
			return false;
		}
		c->n++;
		if (c->rest.n == 0 || c->rest.p[0] != c->separator)
			break;
		c->rest = slice_skip(c->rest, 1);
	}
	end = line_end(c->rest);
	c->rest = slice_skip(c->rest, end);
	c->next_line += end != 0;
	place_fields(c);
	return true;
}

enum csv_result csv_next(struct csv *c)
{
	size_t end;

	while ((end = line_end(c->rest)) != 0) {
		c->rest = slice_skip(c->rest, end);
		c->next_line++;
	}
	c->line = c->next_line;
	c->n = 0;
	buf_clear(&c->unquoted);
	if (c->rest.n == 0)
		return CSV_END;
	return read_record(c) ? CSV_RECORD : CSV_ERROR;
}
