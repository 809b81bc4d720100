#include "cmd/lists_whole.h"

#include "cmd/lists_parts.h"
#include "filters/lists/preprocess.h"

#define URL_MAX 2048u

static bool expand(struct whole *w, struct slice base, struct slice text, unsigned depth,
		   struct buf *why);

static bool is_path_char(char c)
{
	char l = ascii_lower(c);

	return (l >= 'a' && l <= 'z') || ascii_digit(c) ||
	       (c != '\0' && strchr("-._~/+,=@", c) != NULL);
}

/* Names separated by '/', none of them empty, "." or "..": below the folder of the list. */
static bool is_plain_path(struct slice path)
{
	struct slice rest = path, part;

	for (size_t i = 0; i < path.n; i++)
		if (!is_path_char(path.p[i]))
			return false;
	while (rest.p != NULL) {
		rest = slice_cut(rest, '/', &part);
		if (part.n == 0 || slice_eq(part, SLICE(".")) || slice_eq(part, SLICE("..")))
			return false;
	}
	return true;
}

/* Up to the last '/' of the path. */
static struct slice folder_of(struct slice url)
{
	url = slice_head(url, slice_find(url, '?'));
	while (url.n != 0 && url.p[url.n - 1] != '/')
		url.n--;
	return url;
}

static bool include(struct whole *w, struct slice base, struct slice path, unsigned depth,
		    struct buf *why)
{
	struct buf text, url;
	bool good = false;

	if (!is_plain_path(path)) {
		buf_addf(why, "it includes '%.*s', which is no path below its own",
			 SLICE_ARG(slice_head(path, 200)));
		return false;
	}
	if (depth >= WHOLE_DEPTH_MAX || w->includes >= WHOLE_INCLUDES_MAX) {
		buf_addf(why, "it includes more than %u lists, or one another", WHOLE_INCLUDES_MAX);
		return false;
	}
	w->includes++;
	buf_init(&url, URL_MAX);
	buf_init(&text, LISTS_TEXT_MAX);
	buf_addf(&url, "%.*s%.*s%c", SLICE_ARG(base), SLICE_ARG(path), '\0');
	if (!buf_ok(&url)) {
		buf_adds(why, "a URL of what it includes is too long");
	} else if (w->get(w->arg, buf_slice(&url).p, &text, why)) {
		buf_addf(w->out, "! begin of %.*s\n", SLICE_ARG(path));
		good = expand(w, folder_of(slice_str(buf_slice(&url).p)), buf_slice(&text),
			      depth + 1, why);
		buf_addf(w->out, "\n! end of %.*s\n", SLICE_ARG(path));
	} else {
		buf_addf(why, " (%s, which it includes)", buf_slice(&url).p);
	}
	buf_release(&text);
	buf_release(&url);
	return good;
}

static struct slice directive_of(struct slice line)
{
	if (line.n != 0 && line.p[line.n - 1] == '\r')
		line.n--;
	line = slice_trim(line);
	return slice_starts(line, SLICE("!#")) ? line : slice_of("", 0);
}

static bool expand(struct whole *w, struct slice base, struct slice text, unsigned depth,
		   struct buf *why)
{
	struct preprocess p = { 0 };
	struct slice line, path;

	if (depth != 0 && slice_starts(text, SLICE("\xef\xbb\xbf")))
		text = slice_skip(text, 3);
	while (text.n != 0) {
		struct slice directive;

		text = slice_cut(text, '\n', &line);
		directive = directive_of(line);
		if (directive.n != 0 &&
		    preprocess_line(&p, directive, &path) == PREPROCESS_INCLUDE &&
		    preprocess_holds(&p)) {
			if (!include(w, base, path, depth, why))
				return false;
			continue;
		}
		buf_add(w->out, line);
		buf_addc(w->out, '\n');
	}
	if (depth != 0 && p.depth != 0)
		buf_adds(why, "a part of it has !#if without its !#endif");
	else if (!buf_ok(w->out))
		buf_adds(why, "with what it includes it is larger than 64 MiB, which no list is");
	else
		return true;
	return false;
}

bool whole_make(struct whole *w, const char *url, struct slice text, struct buf *why)
{
	return expand(w, folder_of(slice_str(url)), text, 0, why);
}
