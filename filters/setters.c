#include "filters/setters.h"

#include "base/hash.h"
#include "filters/site.h"

#include <stdlib.h>

struct setter {
	UT_hash_handle hh;
	struct slice domain, company; /* in the text */
	enum purpose purpose;
};

struct setters {
	char *text;
	struct setter *rows;
	size_t count;
	struct setter *table;
};

#define COLUMNS 4u

struct reader {
	struct setters *s;
	const char *name;
	unsigned line;
	bool headed;
	struct buf *error;
};

static bool wrong(const struct reader *r, const char *what)
{
	buf_addf(r->error, "%s:%u: %s", r->name, r->line, what);
	return false;
}

/* Lower case, so that a look-up need not compare without case. */
static bool is_domain(struct slice s)
{
	if (s.n < 3 || s.n >= SITE_MAX || s.p[0] == '.' || s.p[s.n - 1] == '.' ||
	    slice_find(s, '.') == s.n)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!((s.p[i] >= 'a' && s.p[i] <= 'z') || ascii_digit(s.p[i]) || s.p[i] == '-' ||
		      s.p[i] == '.'))
			return false;
	return true;
}

static bool read_row(struct reader *r, const struct slice c[COLUMNS])
{
	struct setter *row = &r->s->rows[r->s->count], *same;

	if (!is_domain(c[0]))
		return wrong(r, "the domain is no host name in lower case with a dot in it");
	if (!purpose_of_word(c[2], &row->purpose) ||
	    (row->purpose != PURPOSE_ANALYTICS && row->purpose != PURPOSE_ADVERTISING))
		return wrong(r, "the purpose must be analytics or advertising");
	row->domain = c[0];
	row->company = c[1];
	HASH_FIND(hh, r->s->table, row->domain.p, row->domain.n, same);
	if (same != NULL)
		return wrong(r, "this domain stands in an earlier line already");
	HASH_ADD_KEYPTR(hh, r->s->table, row->domain.p, row->domain.n, row);
	r->s->count++;
	return true;
}

static bool read_line(struct reader *r, struct slice line)
{
	struct slice c[COLUMNS], rest;
	unsigned n = 0;

	if (line.n != 0 && line.p[line.n - 1] == '\r')
		line.n--;
	if (line.n == 0 || line.p[0] == '#')
		return true;
	for (rest = line; rest.p != NULL && n < COLUMNS; n++)
		rest = slice_cut(rest, '\t', &c[n]);
	if (n != COLUMNS || rest.p != NULL)
		return wrong(r, "a row has four columns with one tab between two: domain, "
				"company, purpose, source");
	if (r->headed)
		return read_row(r, c);
	r->headed = slice_eq(c[0], SLICE("domain"));
	return r->headed || wrong(r, "the first line that is no comment must name the columns: "
				     "domain, company, purpose, source");
}

static bool read_table(struct reader *r, struct slice text)
{
	struct slice rest = text, line;

	while (rest.p != NULL) {
		r->line++;
		rest = slice_cut(rest, '\n', &line);
		if (!read_line(r, line))
			return false;
	}
	return true;
}

static size_t count_lines(struct slice text)
{
	size_t lines = 1;

	for (size_t i = 0; i < text.n; i++)
		lines += text.p[i] == '\n';
	return lines;
}

struct setters *setters_new(struct slice table, const char *name, struct buf *error)
{
	struct reader r = { .name = name, .line = 1, .error = error };
	struct setters *s;

	if (table.n > SETTERS_TEXT_MAX) {
		wrong(&r, "the table is larger than 16 MiB");
		return NULL;
	}
	s = calloc(1, sizeof(*s));
	if (s != NULL) {
		s->text = malloc(table.n + 1);
		s->rows = calloc(count_lines(table), sizeof(*s->rows));
	}
	if (s == NULL || s->text == NULL || s->rows == NULL) {
		wrong(&r, "out of memory");
		setters_free(s);
		return NULL;
	}
	slice_copy(table, s->text, table.n + 1);
	r.s = s;
	r.line = 0;
	if (read_table(&r, slice_of(s->text, table.n)))
		return s;
	setters_free(s);
	return NULL;
}

void setters_free(struct setters *s)
{
	if (s == NULL)
		return;
	HASH_CLEAR(hh, s->table);
	free(s->text);
	free(s->rows);
	free(s);
}

size_t setters_count(const struct setters *s)
{
	return s->count;
}

bool setters_find(const struct setters *s, struct slice host, struct setters_hit *out)
{
	char name[SITE_MAX];
	const struct setter *row = NULL;

	if (host.n != 0 && host.p[host.n - 1] == '.')
		host.n--;
	if (host.n == 0 || host.n >= sizeof(name))
		return false;
	for (size_t i = 0; i < host.n; i++)
		name[i] = ascii_lower(host.p[i]);
	for (size_t at = 0; at < host.n && row == NULL; at++)
		if (at == 0 || name[at - 1] == '.')
			HASH_FIND(hh, s->table, name + at, host.n - at, row);
	if (row != NULL)
		*out = (struct setters_hit){ row->domain, row->company, row->purpose };
	return row != NULL;
}
