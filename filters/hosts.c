#include "filters/hosts.h"

#include "base/hash.h"
#include "filters/site.h"

#include <stdlib.h>

/*
 * Patterns for hosts below a name are filed with the dot in front (".bank.example"), so that each
 * is found by an end of the host as it stands.
 */
struct entry {
	UT_hash_handle hh;
	const char *pattern, *note; /* both in text */
	size_t key_length;
	char text[];
};

struct hosts {
	struct entry *table;
};

struct hosts *hosts_new(void)
{
	return calloc(1, sizeof(struct hosts));
}

void hosts_free(struct hosts *h)
{
	if (h == NULL)
		return;
	while (h->table != NULL) {
		struct entry *e = h->table;

		HASH_DEL(h->table, e);
		free(e);
	}
	free(h);
}

size_t hosts_count(const struct hosts *h)
{
	return HASH_COUNT(h->table);
}

static bool is_host_octet(char c)
{
	c = ascii_lower(c);
	return (c >= 'a' && c <= 'z') || ascii_digit(c) || c == '-' || c == '_' || c == '.' ||
	       c == ':' || c == '[' || c == ']';
}

static bool is_host(struct slice s)
{
	if (s.n == 0 || s.n >= SITE_MAX || s.p[0] == '.' || s.p[s.n - 1] == '.')
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!is_host_octet(s.p[i]) || (i > 0 && s.p[i] == '.' && s.p[i - 1] == '.'))
			return false;
	return true;
}

static bool complain(struct buf *error, struct slice pattern, const char *advice)
{
	buf_adds(error, "host pattern \"");
	buf_add_shown(error, pattern, 60);
	buf_addf(error, "\": %s", advice);
	return false;
}

/* text holds the key, then the pattern as it was written, then the note, each with its NUL. */
static struct entry *new_entry(struct slice key, struct slice pattern, struct slice note)
{
	struct entry *e = malloc(sizeof(*e) + key.n + pattern.n + note.n + 3);
	char *at;

	if (e == NULL)
		return NULL;
	at = e->text;
	slice_copy(key, at, key.n + 1);
	for (size_t i = 0; i < key.n; i++)
		at[i] = ascii_lower(at[i]);
	at += key.n + 1;
	slice_copy(pattern, at, pattern.n + 1);
	e->pattern = at;
	at += pattern.n + 1;
	slice_copy(note, at, note.n + 1);
	e->note = at;
	e->key_length = key.n;
	return e;
}

static struct entry *find(const struct hosts *h, const char *key, size_t n)
{
	struct entry *e;

	HASH_FIND(hh, h->table, key, n, e);
	return e;
}

bool hosts_add(struct hosts *h, struct slice pattern, struct slice note, struct buf *error)
{
	bool below = slice_starts(pattern, SLICE("*."));
	struct slice name = slice_skip(pattern, below ? 2 : 0);
	struct entry *e;

	if (!is_host(name) || note.n > 4096)
		return complain(error, pattern, "write it as bank.example or *.bank.example");
	if (HASH_COUNT(h->table) >= HOSTS_MAX)
		return complain(error, pattern, "there are more than a million patterns");
	e = new_entry(slice_skip(pattern, below ? 1 : 0), pattern, note);
	if (e == NULL)
		return complain(error, pattern, "out of memory");
	if (find(h, e->text, e->key_length) != NULL) {
		free(e);
		return true;
	}
	HASH_ADD_KEYPTR(hh, h->table, e->text, e->key_length, e);
	return true;
}

static bool is_header(struct slice pattern)
{
	return slice_eq(pattern, SLICE("pattern")) || slice_eq(pattern, SLICE("host"));
}

static bool add_line(struct hosts *h, struct slice line, bool *first, struct buf *error)
{
	struct slice pattern, note = slice_of("", 0), rest;
	bool was_first = *first;

	if (line.n != 0 && line.p[line.n - 1] == '\r')
		line.n--;
	if (slice_trim(line).n == 0 || line.p[0] == '#')
		return true;
	*first = false;
	rest = slice_cut(line, '\t', &pattern);
	if (rest.p != NULL)
		slice_cut(rest, '\t', &note);
	pattern = slice_trim(pattern);
	if (was_first && is_header(pattern))
		return true;
	return hosts_add(h, pattern, slice_trim(note), error);
}

bool hosts_add_table(struct hosts *h, struct slice table, const char *name, struct buf *error)
{
	struct slice rest = table, line;
	unsigned number = 0;
	bool first = true;

	while (rest.p != NULL) {
		struct buf why;

		rest = slice_cut(rest, '\n', &line);
		number++;
		buf_init(&why, 512);
		if (!add_line(h, line, &first, &why)) {
			buf_addf(error, "%s:%u: ", name, number);
			buf_add(error, buf_slice(&why));
			buf_release(&why);
			return false;
		}
		buf_release(&why);
	}
	return true;
}

static size_t normalise(struct slice host, char out[SITE_MAX])
{
	if (host.n != 0 && host.p[host.n - 1] == '.')
		host.n--;
	if (host.n >= SITE_MAX)
		return 0;
	for (size_t i = 0; i < host.n; i++)
		out[i] = ascii_lower(host.p[i]);
	return host.n;
}

bool hosts_match(const struct hosts *h, struct slice host, struct hosts_match *out)
{
	char name[SITE_MAX];
	size_t n = normalise(host, name);
	const struct entry *e = NULL;

	if (n == 0 || h->table == NULL)
		return false;
	for (size_t at = 0; at < n && e == NULL; at++)
		if (at == 0 || name[at] == '.')
			e = find(h, name + at, n - at);
	if (e != NULL && out != NULL)
		*out = (struct hosts_match){ e->pattern, e->note };
	return e != NULL;
}
