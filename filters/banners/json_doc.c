#include "filters/banners/json_doc.h"

#include "filters/banners/time.h"

#include <stdio.h>

/* Brackets within brackets; no banner needs half of it. */
#define DEPTH_MAX 16u
#define PATH_STEPS_MAX 8u

/* Jansson recurses: how deep is decided before it sees the text. */
static bool shallow(struct slice s)
{
	unsigned depth = 0;
	bool quoted = false;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (quoted) {
			if (c == '\\')
				i++;
			else if (c == '"')
				quoted = false;
			continue;
		}
		if (c == '"')
			quoted = true;
		else if ((c == '{' || c == '[') && ++depth > DEPTH_MAX)
			return false;
		else if ((c == '}' || c == ']') && depth > 0)
			depth--;
	}
	return true;
}

static json_t *parse(struct slice s)
{
	return shallow(s) ? json_loadb(s.p, s.n, JSON_REJECT_DUPLICATES, NULL) : NULL;
}

bool doc_open(struct doc *d, struct slice text)
{
	*d = (struct doc){ .root = parse(text) };
	return d->root != NULL;
}

void doc_close(struct doc *d)
{
	json_decref(d->root);
	json_decref(d->inner);
}

json_t *doc_unwrap(struct doc *d, json_t *at)
{
	if (!json_is_string(at))
		return at;
	if (d->wrapped == NULL) {
		d->wrapped = at;
		d->inner = parse(slice_of(json_string_value(at), json_string_length(at)));
	}
	return d->wrapped == at ? d->inner : NULL;
}

static json_t *member(json_t *at, struct slice key)
{
	return json_is_object(at) ? json_object_getn(at, key.p, key.n) : NULL;
}

/* Names separated by dots; "." or nothing is the value itself. */
json_t *doc_resolve(struct doc *d, json_t *at, struct slice path)
{
	struct slice rest = path, step;

	if (path.n == 0 || slice_eq(path, SLICE(".")))
		return at;
	for (unsigned i = 0; i < PATH_STEPS_MAX && rest.p != NULL && at != NULL; i++) {
		rest = slice_cut(rest, '.', &step);
		at = member(doc_unwrap(d, at), step);
	}
	return rest.p == NULL ? at : NULL;
}

struct slice doc_text(json_t *at, char number[DOC_NUMBER_MAX])
{
	if (json_is_string(at))
		return slice_of(json_string_value(at), json_string_length(at));
	if (json_is_boolean(at))
		return json_is_true(at) ? SLICE("true") : SLICE("false");
	if (json_is_null(at))
		return SLICE("null");
	if (!json_is_integer(at))
		return slice_of(NULL, 0);
	snprintf(number, DOC_NUMBER_MAX, "%lld", (long long)json_integer_value(at));
	return slice_str(number);
}

static bool test_holds(struct doc *d, const struct when_item *w)
{
	json_t *at = doc_resolve(d, d->root, w->name);
	char number[DOC_NUMBER_MAX];
	struct slice text;

	if (w->test == WHEN_ABSENT)
		return at == NULL;
	if (at == NULL)
		return false;
	text = doc_text(at, number);
	return w->test == WHEN_DIFFERENT ? !slice_eq(text, w->value)
					 : text.p != NULL && slice_eq(text, w->value);
}

/* False: a test says that this is another product's value. */
static bool apply_tests(struct ballot *b, const struct banner_row *row, struct doc *d)
{
	struct slice rest = row->when;
	struct when_item w;

	while (when_next(&rest, &w)) {
		bool holds = w.test == WHEN_ANY_YES ? b->yes != 0 : test_holds(d, &w);

		if (holds && w.meaning == MEANS_UNREADABLE)
			return false;
		if (holds)
			ballot_mean(b, w.meaning);
	}
	return true;
}

/* Times stand beside the choices: those that the row names are looked for from the top. */
static void read_times(struct ballot *b, const struct banner_row *row, struct doc *d)
{
	struct slice rest = row->fields, name;
	char digits[DOC_NUMBER_MAX];
	int64_t when;

	while (fields_next_time(&rest, &name)) {
		json_t *at = doc_resolve(d, d->root, name);

		if (at != NULL && banner_time_read(doc_text(at, digits), &when))
			ballot_time(b, when);
	}
}

/*
 * Of a name that only "*" covers nothing but true and false counts: beside the choices of such a
 * record stand times, versions and ids.
 */
static enum banner_vote vote_of(json_t *at, bool sure)
{
	char number[DOC_NUMBER_MAX];

	if (json_is_boolean(at))
		return json_is_true(at) ? VOTE_YES : VOTE_NO;
	if (!sure || at == NULL)
		return VOTE_NONE;
	if (json_is_null(at))
		return VOTE_OPEN;
	/* A list or an object where an answer should be has no text: not answered. */
	return vote_of_word(doc_text(at, number));
}

void doc_vote(struct ballot *b, const struct banner_row *row, struct slice key, json_t *at,
	      bool sure)
{
	enum banner_meaning meaning;
	bool listed;

	if (banner_field_find(row->fields, key, &meaning, &listed))
		ballot_vote(b, meaning, vote_of(at, listed || sure));
}

bool doc_finish(struct ballot *b, const struct banner_row *row, struct doc *d)
{
	read_times(b, row, d);
	return apply_tests(b, row, d);
}
