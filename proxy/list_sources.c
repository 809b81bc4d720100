#include "proxy/list_sources.h"

#include "base/config.h"
#include "evidence/digest.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Of the name: what a person reads, and what tells it from others. */
#define WORD_MAX 48u
#define DIGEST_PART 8u

static struct list_source *add(struct list_sources *s, enum list_from from, const char *path)
{
	struct list_source *more = realloc(s->list, (s->n + 1) * sizeof(*more));

	if (more == NULL)
		return NULL;
	s->list = more;
	more += s->n;
	*more = (struct list_source){ .from = from, .path = strdup(path) };
	if (more->path == NULL)
		return NULL;
	s->n++;
	more->there = from != LIST_FROM_URL || access(path, F_OK) == 0;
	return more;
}

/* ---- the system's: Debian's packages of uBlock Origin hold both in one folder ---- */

#define FIREFOX "/usr/share/mozilla/extensions/{ec8030f7-c20a-464f-9b0e-13a3a9e97384}"

static bool add_system(struct list_sources *s)
{
	static const char *const folders[] = {
		"/usr/share/chromium/extensions/ublock-origin/assets/thirdparties/easylist",
		"/usr/share/webext/ublock-origin/assets/thirdparties/easylist",
		FIREFOX "/uBlock0@raymondhill.net/assets/thirdparties/easylist",
	};
	static const char *const names[] = { "easylist.txt", "easyprivacy.txt" };
	char paths[2][512];

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		for (size_t k = 0; k < 2; k++) {
			snprintf(paths[k], sizeof(paths[k]), "%s/%s", folders[i], names[k]);
			if (access(paths[k], R_OK) != 0)
				break;
			if (k == 1)
				return add(s, LIST_FROM_SYSTEM, paths[0]) != NULL &&
				       add(s, LIST_FROM_SYSTEM, paths[1]) != NULL;
		}
	}
	return true;
}

/* ---- URLs ---- */

/* The last part of the path without its extension; the host where the path has none. */
static struct slice last_part(struct slice url)
{
	struct slice part, host, rest = slice_skip(url, slice_find(url, ':') + 3);
	size_t dot;

	rest = slice_head(rest, slice_find(rest, '?'));
	host = part = slice_head(rest, slice_find(rest, '/'));
	while (rest.p != NULL) {
		struct slice one;

		rest = slice_cut(rest, '/', &one);
		if (one.n != 0)
			part = one;
	}
	if (part.p == host.p)
		return host;
	dot = part.n;
	while (dot != 0 && part.p[dot - 1] != '.')
		dot--;
	return dot > 1 ? slice_head(part, dot - 1) : part;
}

static bool is_name_char(char c)
{
	c = ascii_lower(c);
	return (c >= 'a' && c <= 'z') || ascii_digit(c) || c == '-' || c == '_' || c == '.';
}

bool list_url_name(struct slice url, char out[LIST_NAME_SIZE])
{
	struct slice part = slice_head(last_part(url), WORD_MAX);
	char digest[DIGEST_PLAIN_LEN + 1];
	size_t n = 0;

	if (!digest_plain(url, digest))
		return false;
	for (; n < part.n; n++)
		out[n] = is_name_char(part.p[n]) && (n != 0 || part.p[n] != '.') ? part.p[n] : '_';
	out[n++] = '-';
	return slice_copy(slice_of(digest, DIGEST_PART), out + n, LIST_NAME_SIZE - n);
}

static bool add_url(struct list_sources *s, const char *state, const char *url)
{
	char name[LIST_NAME_SIZE], path[PATH_MAX];
	struct list_source *one;
	int n;

	if (!list_url_name(slice_str(url), name))
		return false;
	n = snprintf(path, sizeof(path), "%s/" LIST_FOLDER "/%s.txt", state, name);
	if (n < 0 || (size_t)n >= sizeof(path))
		return false;
	one = add(s, LIST_FROM_URL, path);
	if (one == NULL)
		return false;
	one->url = url;
	return slice_copy(slice_str(name), one->name, sizeof(one->name));
}

/* ---- all ---- */

bool list_sources_init(struct list_sources *s, const struct config *config)
{
	bool good = true;

	*s = (struct list_sources){ NULL, 0 };
	for (size_t i = 0; good && i < config->lists_n; i++)
		good = add(s, LIST_FROM_FILE, config->lists[i]) != NULL;
	for (size_t i = 0; good && i < config->list_urls_n; i++)
		good = add_url(s, config->state, config->list_urls[i]);
	if (good && config->list_defaults)
		good = add_system(s);
	if (!good)
		list_sources_release(s);
	return good;
}

void list_sources_release(struct list_sources *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->list[i].path);
	free(s->list);
	*s = (struct list_sources){ NULL, 0 };
}
