#include "filters/banners/table.h"

#include "base/hash.h"
#include "filters/banners/fields.h"
#include "filters/cookie.h"

#include <stdlib.h>

#define TABLE_MAX (1u << 20)
#define ROWS_MAX 4096u
#define NAME_MIN 3u
#define HEADS 4096u

enum column {
	COLUMN_WHERE,
	COLUMN_MATCH,
	COLUMN_DOMAINS,
	COLUMN_PRODUCT,
	COLUMN_KIND,
	COLUMN_CODE,
	COLUMN_PATH,
	COLUMN_FIELDS,
	COLUMN_WHEN,
	COLUMN_REFUSAL,
	COLUMN_WHAT,
	COLUMN_SOURCE,
	COLUMN_COUNT,
};

static const char *const column_names[COLUMN_COUNT] = {
	"where", "match",  "domains", "product", "kind", "code",
	"path",	 "fields", "when",    "refusal", "what", "source",
};

static const char *const where_words[] = { "cookie", "call", "storage" };

static const char *const kind_words[KIND_COUNT] = {
	"word",	       "gate",	   "mode",	"flag",	      "pairs",		"level",
	"levels",      "json",	   "json-word", "lists",      "keys",		"objects",
	"choice",      "tc",	   "ac",	"li",	      "silent",		"opaque",
	"unseen",      "onetrust", "axeptio",	"commanders", "consentmanager", "funding",
	"real-cookie", "socs",
};

/* One whole cookie name; rows of the same name for other domains hang behind it. */
struct named {
	UT_hash_handle hh;
	const struct banner_row *row;
	struct named *next;
};

struct banners {
	char *text;
	struct banner_row *rows;
	size_t count, cap;
	struct named *names;
	struct named *nodes; /* as many as there are rows */
	/* Cookies with a '*', and calls: few, looked through one by one. */
	const struct banner_row **stars, **calls;
	size_t star_count, call_count;
	/* How cookies of rows begin.  Nearly every name begins otherwise, and is done with. */
	uint64_t heads[HEADS / 64];
};

/* Where an error is, and where it goes. */
struct place {
	const char *name;
	uint32_t line;
	struct buf *error;
};

static bool complain(const struct place *at, const char *what, struct slice text,
		     const char *advice)
{
	buf_addf(at->error, "%s:%u: %s \"", at->name, at->line, what);
	buf_add_shown(at->error, text, 40);
	buf_addf(at->error, "\": %s", advice);
	return false;
}

const char *banner_kind_word(enum banner_kind kind)
{
	return kind < KIND_COUNT ? kind_words[kind] : "?";
}

const char *banner_where_word(enum banner_where where)
{
	return where <= BANNER_STORAGE ? where_words[where] : "?";
}

static bool split(struct slice line, struct slice c[COLUMN_COUNT])
{
	for (unsigned i = 0; i < COLUMN_COUNT; i++) {
		if (line.p == NULL)
			return false;
		line = slice_cut(line, '\t', &c[i]);
	}
	return line.p == NULL;
}

static bool parse_where(const struct place *at, struct slice s, struct banner_row *row)
{
	for (unsigned i = 0; i <= BANNER_STORAGE; i++) {
		if (slice_eq(s, slice_str(where_words[i]))) {
			row->where = (enum banner_where)i;
			return true;
		}
	}
	return complain(at, "where", s, "use cookie, call or storage");
}

static bool parse_kind(const struct place *at, struct slice s, struct banner_row *row)
{
	for (unsigned i = 0; i < KIND_COUNT; i++) {
		if (slice_eq(s, slice_str(kind_words[i]))) {
			row->kind = (enum banner_kind)i;
			return true;
		}
	}
	return complain(at, "kind", s, "use one of the kinds of data/README.md");
}

static void take_star(struct banner_row *row, struct slice s)
{
	row->star = slice_ends(s, SLICE("*"));
	row->match = slice_head(s, row->star ? s.n - 1 : s.n);
}

static bool parse_call(const struct place *at, struct slice s, struct banner_row *row)
{
	struct slice rest = slice_cut(s, ' ', &row->method);
	size_t slash = rest.p != NULL ? slice_find(rest, '/') : 0;

	if (row->method.n == 0 || rest.p == NULL || slash == 0 || slash == rest.n)
		return complain(at, "match", s, "write METHOD host/path");
	row->host = slice_head(rest, slash);
	take_star(row, slice_skip(rest, slash));
	if (slice_find(row->match, '*') != row->match.n)
		return complain(at, "match", s, "a '*' stands at the end of a path only");
	return true;
}

static bool parse_match(const struct place *at, struct slice s, struct banner_row *row)
{
	if (row->where == BANNER_CALL)
		return parse_call(at, s, row);
	take_star(row, s);
	if (row->match.n < NAME_MIN || slice_find(row->match, '*') != row->match.n)
		return complain(at, "match", s,
				"write a name of at least 3 octets, with a '*' at its end or none");
	return true;
}

static bool parse_code(const struct place *at, struct slice s)
{
	struct slice rest = s, step;

	while (rest.p != NULL) {
		rest = slice_cut(rest, ' ', &step);
		if (!slice_eq(step, SLICE("plain")) && !slice_eq(step, SLICE("percent")) &&
		    !slice_eq(step, SLICE("items")) && !slice_eq(step, SLICE("base64")))
			return complain(at, "code", step, "use plain, percent, items or base64");
	}
	return true;
}

/* "-" stands for nothing. */
static struct slice optional(struct slice s)
{
	return slice_eq(s, SLICE("-")) ? slice_of("", 0) : s;
}

static bool parse_row(const struct place *at, struct slice line, struct banner_row *row)
{
	struct slice c[COLUMN_COUNT], bad;

	*row = (struct banner_row){ .line = at->line };
	if (!split(line, c))
		return complain(at, "line", line, "write twelve columns with one tab between two");
	for (unsigned i = 0; i < COLUMN_COUNT; i++)
		if (c[i].n == 0)
			return complain(at, column_names[i], c[i], "write - for nothing");
	if (!parse_where(at, c[COLUMN_WHERE], row) || !parse_match(at, c[COLUMN_MATCH], row) ||
	    !parse_kind(at, c[COLUMN_KIND], row) || !parse_code(at, c[COLUMN_CODE]))
		return false;
	row->domains = c[COLUMN_DOMAINS];
	row->product = c[COLUMN_PRODUCT];
	row->code = c[COLUMN_CODE];
	row->path = optional(c[COLUMN_PATH]);
	row->fields = optional(c[COLUMN_FIELDS]);
	row->when = optional(c[COLUMN_WHEN]);
	row->refusal = optional(c[COLUMN_REFUSAL]);
	row->what = c[COLUMN_WHAT];
	row->source = c[COLUMN_SOURCE];
	if (!banner_fields_check(row->fields, &bad))
		return complain(at, "fields", bad, "write name:meaning, see data/README.md");
	if (!banner_fields_check(row->when, &bad))
		return complain(at, "when", bad, "write name=value:meaning, see data/README.md");
	return true;
}

static bool append(struct banners *t, const struct banner_row *row)
{
	if (t->count == t->cap) {
		size_t cap = t->cap == 0 ? 128 : t->cap * 2;
		struct banner_row *rows = realloc(t->rows, cap * sizeof(*rows));

		if (rows == NULL || cap > ROWS_MAX)
			return false;
		t->rows = rows;
		t->cap = cap;
	}
	t->rows[t->count++] = *row;
	return true;
}

static bool parse_header(const struct place *at, struct slice line)
{
	struct slice c[COLUMN_COUNT];
	bool good = split(line, c);

	for (unsigned i = 0; good && i < COLUMN_COUNT; i++)
		good = slice_eq(c[i], slice_str(column_names[i]));
	return good || complain(at, "header", line,
				"the first line that is no comment must name the columns");
}

static bool parse(struct banners *t, struct slice text, struct place *at)
{
	struct slice rest = text, line;
	bool header = false;

	while (rest.p != NULL) {
		struct banner_row row;

		rest = slice_cut(rest, '\n', &line);
		at->line++;
		if (line.n == 0 || line.p[0] == '#')
			continue;
		if (!header) {
			if (!parse_header(at, line))
				return false;
			header = true;
			continue;
		}
		if (!parse_row(at, line, &row))
			return false;
		if (!append(t, &row))
			return complain(at, "line", line, "too many rows, or out of memory");
	}
	return true;
}

static void mark_gated(struct banners *t)
{
	for (size_t i = 0; i < t->count; i++) {
		if (t->rows[i].kind != KIND_GATE)
			continue;
		for (size_t j = 0; j < t->count; j++)
			if (slice_eq(t->rows[j].product, t->rows[i].product))
				t->rows[j].gated = t->rows[j].where == BANNER_COOKIE;
	}
}

/* At least NAME_MIN octets long. */
static unsigned head_of(struct slice name)
{
	const unsigned char *p = (const unsigned char *)name.p;

	return (p[0] ^ (unsigned)p[1] << 3 ^ (unsigned)p[2] << 6) % HEADS;
}

static void index_head(struct banners *t, struct slice name)
{
	unsigned head = head_of(name);

	t->heads[head / 64] |= UINT64_C(1) << head % 64;
}

static bool may_be_named(const struct banners *t, struct slice name)
{
	unsigned head = name.n >= NAME_MIN ? head_of(name) : 0;

	return name.n >= NAME_MIN && (t->heads[head / 64] >> head % 64 & 1) != 0;
}

static void index_name(struct banners *t, const struct banner_row *row, struct named *node)
{
	struct named *first;

	node->row = row;
	HASH_FIND(hh, t->names, row->match.p, row->match.n, first);
	if (first != NULL) {
		node->next = first->next;
		first->next = node;
		return;
	}
	HASH_ADD_KEYPTR(hh, t->names, row->match.p, row->match.n, node);
}

static bool build_index(struct banners *t)
{
	t->nodes = calloc(t->count + 1, sizeof(*t->nodes));
	t->stars = calloc(t->count + 1, sizeof(struct banner_row *));
	t->calls = calloc(t->count + 1, sizeof(struct banner_row *));
	if (t->nodes == NULL || t->stars == NULL || t->calls == NULL)
		return false;
	for (size_t i = 0; i < t->count; i++) {
		const struct banner_row *row = &t->rows[i];

		if (row->where == BANNER_COOKIE)
			index_head(t, row->match);
		if (row->where == BANNER_CALL)
			t->calls[t->call_count++] = row;
		else if (row->where == BANNER_COOKIE && row->star)
			t->stars[t->star_count++] = row;
		else if (row->where == BANNER_COOKIE)
			index_name(t, row, &t->nodes[i]);
	}
	return true;
}

struct banners *banners_new(struct slice text, const char *name, struct buf *error)
{
	struct place at = { name, 0, error };
	struct banners *t = calloc(1, sizeof(*t));

	if (t == NULL || text.n > TABLE_MAX || (t->text = malloc(text.n + 1)) == NULL) {
		buf_addf(error, "%s: larger than a megabyte, or out of memory", name);
		banners_free(t);
		return NULL;
	}
	memcpy(t->text, text.p, text.n);
	if (!parse(t, slice_of(t->text, text.n), &at)) {
		banners_free(t);
		return NULL;
	}
	mark_gated(t);
	if (!build_index(t)) {
		buf_addf(error, "%s: out of memory", name);
		banners_free(t);
		return NULL;
	}
	return t;
}

void banners_free(struct banners *t)
{
	if (t == NULL)
		return;
	HASH_CLEAR(hh, t->names);
	free(t->nodes);
	free(t->stars);
	free(t->calls);
	free(t->rows);
	free(t->text);
	free(t);
}

size_t banners_count(const struct banners *t)
{
	return t->count;
}

const struct banner_row *banners_at(const struct banners *t, size_t i)
{
	return &t->rows[i];
}

static bool domain_fits(struct slice domains, struct slice host)
{
	struct slice domain;

	if (slice_eq(domains, SLICE("*")))
		return true;
	while (domains.p != NULL) {
		domains = slice_cut(domains, ',', &domain);
		if (cookie_domain_match(host, domain))
			return true;
	}
	return false;
}

const struct banner_row *banners_cookie(const struct banners *t, struct slice host,
					struct slice name)
{
	const struct banner_row *best = NULL;
	struct named *node;

	if (!may_be_named(t, name))
		return NULL;
	HASH_FIND(hh, t->names, name.p, name.n, node);
	for (; node != NULL; node = node->next)
		if (domain_fits(node->row->domains, host))
			return node->row;
	for (size_t i = 0; i < t->star_count; i++) {
		const struct banner_row *row = t->stars[i];

		if (slice_starts(name, row->match) && domain_fits(row->domains, host) &&
		    (best == NULL || row->match.n > best->match.n))
			best = row;
	}
	return best;
}

static bool host_fits(struct slice pattern, struct slice host)
{
	if (slice_eq(pattern, SLICE("*")))
		return true;
	if (slice_starts(pattern, SLICE("*.")))
		return host.n > pattern.n - 1 && slice_iends(host, slice_skip(pattern, 1));
	return slice_ieq(pattern, host);
}

const struct banner_row *banners_call(const struct banners *t, struct slice method,
				      struct slice host, struct slice path)
{
	for (size_t i = 0; i < t->call_count; i++) {
		const struct banner_row *row = t->calls[i];
		bool fits = row->star ? slice_starts(path, row->match) : slice_eq(path, row->match);

		if (fits && slice_eq(method, row->method) && host_fits(row->host, host))
			return row;
	}
	return NULL;
}
