#include "filters/setters.h"

#include "filters/site.h"

#include <stdlib.h>

struct setter {
	struct slice domain, company; /* in the text */
	enum purpose purpose;
};

/*
 * Filed in open addressing; domain.n is 0 in a free slot.  The hash has no key: what is filed is ours
 * or the user's, a host that is looked up never is, and a probe ends at the first free slot.
 */
struct setters {
	char *text;
	struct setter *slots;
	size_t mask, count;
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

static struct setter *slot_of(const struct setters *s, struct slice domain)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);
	size_t at;

	for (size_t i = 0; i < domain.n; i++)
		h = (h ^ (unsigned char)domain.p[i]) * UINT64_C(0x100000001b3);
	at = (size_t)(h ^ h >> 32) & s->mask;
	while (s->slots[at].domain.n != 0 && !slice_eq(s->slots[at].domain, domain))
		at = (at + 1) & s->mask;
	return &s->slots[at];
}

static bool read_row(struct reader *r, const struct slice c[COLUMNS])
{
	enum purpose purpose;
	struct setter *slot;

	if (!is_domain(c[0]))
		return wrong(r, "the domain is no host name in lower case with a dot in it");
	if (!purpose_of_word(c[2], &purpose) ||
	    (purpose != PURPOSE_ANALYTICS && purpose != PURPOSE_ADVERTISING))
		return wrong(r, "the purpose must be analytics or advertising");
	slot = slot_of(r->s, c[0]);
	if (slot->domain.n != 0)
		return wrong(r, "this domain stands in an earlier line already");
	*slot = (struct setter){ c[0], c[1], purpose };
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

static bool make_slots(struct setters *s, struct slice text)
{
	size_t lines = 1, slots = 64;

	for (size_t i = 0; i < text.n; i++)
		lines += text.p[i] == '\n';
	while (slots < lines * 2)
		slots *= 2;
	s->mask = slots - 1;
	s->slots = calloc(slots, sizeof(*s->slots));
	return s->slots != NULL;
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
	if (s != NULL)
		s->text = malloc(table.n + 1);
	if (s == NULL || s->text == NULL || !make_slots(s, table)) {
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
	free(s->text);
	free(s->slots);
	free(s);
}

size_t setters_count(const struct setters *s)
{
	return s->count;
}

bool setters_find(const struct setters *s, struct slice host, struct setters_hit *out)
{
	char name[SITE_MAX];
	const struct setter *row;

	if (host.n != 0 && host.p[host.n - 1] == '.')
		host.n--;
	if (host.n == 0 || host.n >= sizeof(name))
		return false;
	for (size_t i = 0; i < host.n; i++)
		name[i] = ascii_lower(host.p[i]);
	for (size_t at = 0; at < host.n; at++) {
		if (at != 0 && name[at - 1] != '.')
			continue;
		row = slot_of(s, slice_of(name + at, host.n - at));
		if (row->domain.n != 0) {
			*out = (struct setters_hit){ row->domain, row->company, row->purpose };
			return true;
		}
	}
	return false;
}
