#include "filters/banners/kinds.h"
#include "filters/banners/time.h"

#include <jansson.h>
#include <stdio.h>

/* Brackets within brackets; no banner needs half of it. */
#define DEPTH_MAX 16u
#define PATH_STEPS_MAX 8u
#define ENTRIES_MAX 4096u
/* Where each is looked for in a list of the same size. */
#define KEYS_MAX 256u

/* A parsed value, and the JSON that stood in one of its strings. */
struct doc {
	json_t *root, *inner;
};

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

static bool doc_open(struct doc *d, struct slice text)
{
	*d = (struct doc){ .root = parse(text) };
	return d->root != NULL;
}

static void doc_close(struct doc *d)
{
	json_decref(d->root);
	json_decref(d->inner);
}

/* The JSON inside a string; one such string a document. */
static json_t *unwrap(struct doc *d, json_t *at)
{
	if (!json_is_string(at))
		return at;
	if (d->inner == NULL)
		d->inner = parse(slice_of(json_string_value(at), json_string_length(at)));
	return d->inner;
}

static json_t *member(json_t *at, struct slice key)
{
	return json_is_object(at) ? json_object_getn(at, key.p, key.n) : NULL;
}

/* Names separated by dots; "." or nothing is the value itself. */
static json_t *resolve(struct doc *d, json_t *at, struct slice path)
{
	struct slice rest = path, step;

	if (path.n == 0 || slice_eq(path, SLICE(".")))
		return at;
	for (unsigned i = 0; i < PATH_STEPS_MAX && rest.p != NULL && at != NULL; i++) {
		rest = slice_cut(rest, '.', &step);
		at = member(unwrap(d, at), step);
	}
	return rest.p == NULL ? at : NULL;
}

static struct slice text_of(json_t *at, char number[24])
{
	if (json_is_string(at))
		return slice_of(json_string_value(at), json_string_length(at));
	if (json_is_boolean(at))
		return json_is_true(at) ? SLICE("true") : SLICE("false");
	if (json_is_null(at))
		return SLICE("null");
	if (!json_is_integer(at))
		return slice_of(NULL, 0);
	snprintf(number, 24, "%lld", (long long)json_integer_value(at));
	return slice_str(number);
}

static bool test_holds(struct doc *d, const struct when_item *w)
{
	json_t *at = resolve(d, d->root, w->name);
	char number[24];
	struct slice text;

	if (w->test == WHEN_ABSENT)
		return at == NULL;
	if (at == NULL)
		return false;
	text = text_of(at, number);
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
	char digits[24];
	int64_t when;

	while (fields_next_time(&rest, &name)) {
		json_t *at = resolve(d, d->root, name);

		if (at != NULL && banner_time_read(text_of(at, digits), &when))
			ballot_time(b, when);
	}
}

/*
 * Of a name that only "*" covers nothing but true and false counts: beside the choices of such a
 * record stand times, versions and ids.
 */
static enum banner_vote vote_of(json_t *at, bool sure)
{
	char number[24];

	if (json_is_boolean(at))
		return json_is_true(at) ? VOTE_YES : VOTE_NO;
	if (!sure || at == NULL)
		return VOTE_NONE;
	if (json_is_null(at))
		return VOTE_OPEN;
	return vote_of_word(text_of(at, number));
}

static void vote_key(struct ballot *b, const struct banner_row *row, struct slice key, json_t *at,
		     bool deep)
{
	enum banner_meaning meaning;
	bool listed;

	if (fields_find(row->fields, key, &meaning, &listed))
		ballot_vote(b, meaning, vote_of(at, listed || deep));
}

/* One path with a '*' among its names: "purposes.*", "*.status", "consents.*.status". */
static void vote_path(struct ballot *b, const struct banner_row *row, struct doc *d,
		      struct slice path)
{
	size_t star = slice_find(path, '*');
	struct slice before = slice_head(path, star > 0 ? star - 1 : 0);
	struct slice behind = slice_skip(path, star + 2);
	json_t *in = unwrap(d, resolve(d, d->root, before)), *at;
	const char *key;
	unsigned n = 0;

	json_object_foreach(in, key, at)
	{
		if (n++ == ENTRIES_MAX)
			break;
		vote_key(b, row, slice_str(key), behind.n != 0 ? resolve(d, at, behind) : at,
			 path.n > 1);
	}
}

bool read_json(struct ballot *b, const struct banner_row *row, const struct banner_input *in)
{
	struct slice rest = row->path, path;
	struct doc d;
	bool good;

	if (!doc_open(&d, in->value) || !json_is_object(d.root)) {
		doc_close(&d);
		return false;
	}
	while (rest.p != NULL) {
		rest = slice_cut(rest, ' ', &path);
		vote_path(b, row, &d, path);
	}
	good = apply_tests(b, row, &d);
	read_times(b, row, &d);
	doc_close(&d);
	return good;
}

bool read_json_word(struct ballot *b, const struct banner_row *row, const struct banner_input *in)
{
	enum banner_meaning meaning;
	char number[24];
	struct doc d;
	bool listed, good = false;

	if (doc_open(&d, in->value)) {
		json_t *at = resolve(&d, d.root, row->path);

		good = at != NULL &&
		       fields_find(row->fields, text_of(at, number), &meaning, &listed);
		if (good)
			ballot_mean(b, meaning);
		good = good && apply_tests(b, row, &d);
		read_times(b, row, &d);
	}
	doc_close(&d);
	return good;
}

static bool names_it(json_t *list, struct slice name)
{
	json_t *at;
	size_t i;

	json_array_foreach(list, i, at)
	{
		if (json_is_string(at) && slice_eq(slice_str(json_string_value(at)), name))
			return true;
	}
	return false;
}

static void vote_names(struct ballot *b, const struct banner_row *row, json_t *list,
		       enum banner_vote vote)
{
	json_t *at;
	size_t i;

	json_array_foreach(list, i, at)
	{
		enum banner_meaning meaning;
		bool listed;

		if (i == ENTRIES_MAX)
			break;
		if (json_is_string(at) &&
		    fields_find(row->fields, slice_str(json_string_value(at)), &meaning, &listed))
			ballot_vote(b, meaning, vote);
	}
}

/* All that was asked about stands in an object's keys; what the list does not name was refused. */
static void vote_rest(struct ballot *b, const struct banner_row *row, json_t *all, json_t *list)
{
	const char *key;
	unsigned n = 0;
	json_t *at;

	json_object_foreach(all, key, at)
	{
		enum banner_meaning meaning;
		bool listed;

		if (n++ == KEYS_MAX)
			break;
		if (!names_it(list, slice_str(key)) &&
		    fields_find(row->fields, slice_str(key), &meaning, &listed))
			ballot_vote(b, meaning, VOTE_NO);
	}
}

/* "accepted", "accepted,denied", "accepted,all" or "~list": who claims legitimate interest. */
static void vote_list(struct ballot *b, const struct banner_row *row, struct doc *d,
		      struct slice item)
{
	struct slice yes_path, no_path;
	json_t *yes, *no = NULL;
	unsigned before = b->yes;

	if (slice_starts(item, SLICE("~"))) {
		yes = resolve(d, d->root, slice_skip(item, 1));
		b->legitimate = b->legitimate || json_array_size(yes) != 0;
		return;
	}
	no_path = slice_cut(item, ',', &yes_path);
	yes = unwrap(d, resolve(d, d->root, yes_path));
	if (no_path.p != NULL)
		no = resolve(d, d->root, no_path);
	vote_names(b, row, yes, VOTE_YES);
	if (json_is_array(no)) {
		vote_names(b, row, no, VOTE_NO);
	} else if (json_object_size(no) != 0) {
		vote_rest(b, row, no, yes);
	} else if (json_is_array(yes)) {
		b->incomplete = true;
		if (b->yes == before)
			ballot_vote(b, MEANS_UNKNOWN, VOTE_NO);
	}
}

bool read_lists(struct ballot *b, const struct banner_row *row, const struct banner_input *in)
{
	struct slice rest = row->path, item;
	struct doc d;
	bool good;

	if (!doc_open(&d, in->value)) {
		doc_close(&d);
		return false;
	}
	while (rest.p != NULL) {
		rest = slice_cut(rest, ' ', &item);
		vote_list(b, row, &d, item);
	}
	good = apply_tests(b, row, &d);
	read_times(b, row, &d);
	doc_close(&d);
	return good;
}

bool read_keys(struct ballot *b, const struct banner_row *row, const struct banner_input *in)
{
	unsigned before = b->yes, n = 0;
	json_t *groups, *at;
	const char *key;
	struct doc d;
	bool good;

	if (!doc_open(&d, in->value)) {
		doc_close(&d);
		return false;
	}
	groups = resolve(&d, d.root, row->path);
	good = json_is_object(groups);
	json_object_foreach(groups, key, at)
	{
		if (n++ == ENTRIES_MAX)
			break;
		if (json_array_size(at) != 0)
			vote_key(b, row, slice_str(key), json_true(), true);
	}
	b->incomplete = b->incomplete || good;
	if (good && b->yes == before)
		ballot_vote(b, MEANS_UNKNOWN, VOTE_NO);
	good = good && apply_tests(b, row, &d);
	doc_close(&d);
	return good;
}

/* "list[id,value]": where the objects are, and what names and answers each. */
static bool cut_object_path(struct slice path, struct slice *list, struct slice *id,
			    struct slice *value)
{
	struct slice rest = slice_cut(path, '[', list);

	if (rest.p == NULL || rest.n == 0 || rest.p[rest.n - 1] != ']')
		return false;
	rest.n--;
	rest = slice_cut(rest, ',', id);
	*value = rest;
	return rest.p != NULL;
}

static bool vote_objects(struct ballot *b, const struct banner_row *row, struct doc *d)
{
	struct slice list, id, value;
	json_t *array, *at;
	size_t i;

	if (!cut_object_path(row->path, &list, &id, &value))
		return false;
	array = resolve(d, d->root, list);
	if (!json_is_array(array))
		return false;
	json_array_foreach(array, i, at)
	{
		json_t *name = resolve(d, at, id);

		if (i == ENTRIES_MAX)
			break;
		if (json_is_string(name))
			vote_key(b, row, slice_str(json_string_value(name)), resolve(d, at, value),
				 true);
	}
	return true;
}

bool read_objects(struct ballot *b, const struct banner_row *row, const struct banner_input *in)
{
	struct doc d;
	bool good;

	good = doc_open(&d, in->value) && vote_objects(b, row, &d) && apply_tests(b, row, &d);
	doc_close(&d);
	return good;
}

bool read_choice(struct ballot *b, const struct banner_row *row, const struct banner_input *in)
{
	enum banner_meaning meaning;
	struct doc d;
	bool listed;

	if (!fields_find(row->fields, in->star, &meaning, &listed) || !listed)
		return false;
	if (meaning != MEANS_PARTIAL) {
		ballot_mean(b, meaning);
		return true;
	}
	/* Without its list such an answer grants nothing. */
	if (!doc_open(&d, in->value) || !vote_objects(b, row, &d))
		ballot_mean(b, meaning);
	doc_close(&d);
	return true;
}

bool read_funding(struct ballot *b, const struct banner_row *row, const struct banner_input *in)
{
	struct banner_input string = *in;
	json_t *europe, *tc, *ac;
	struct doc d;
	bool good = doc_open(&d, in->value) && json_is_array(d.root);

	europe = good ? json_array_get(d.root, 3) : NULL;
	tc = json_array_get(europe, 0);
	ac = json_array_get(europe, 1);
	/* Elsewhere than in Europe index 3 is null, and a random id stands at index 6. */
	if (json_is_string(tc)) {
		string.value = slice_str(json_string_value(tc));
		read_tc(b, row, &string);
	}
	if (json_is_string(ac) && json_string_length(ac) != 0) {
		string.value = slice_str(json_string_value(ac));
		read_ac(b, row, &string);
	}
	doc_close(&d);
	return good;
}

/* [time:]ids:hash:{"group":[ids]}: the groups that were accepted, by numbers of the site's own. */
bool read_real_cookie(struct ballot *b, const struct banner_row *row, const struct banner_input *in)
{
	size_t brace = slice_find(in->value, '{');
	struct doc d;
	bool good;

	(void)row;
	if (slice_ends(in->star, SLICE("-tcf")) || slice_ends(in->star, SLICE("-gcm")))
		return true;
	if (brace == 0 || brace == in->value.n || in->value.p[brace - 1] != ':')
		return false;
	good = doc_open(&d, slice_skip(in->value, brace)) && json_is_object(d.root);
	/* The essential group is always among them; which one that is the numbers do not say. */
	if (good)
		ballot_vote(b, MEANS_UNKNOWN, VOTE_NO);
	if (good && json_object_size(d.root) > 1)
		ballot_vote(b, MEANS_UNKNOWN, VOTE_YES);
	doc_close(&d);
	return good;
}
