#include "filters/banners/json_doc.h"
#include "filters/banners/kinds.h"

/* Keys that are each looked for in a list of the same size. */
#define KEYS_MAX 256u

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

		if (i == DOC_ENTRIES_MAX)
			break;
		if (json_is_string(at) &&
		    banner_field_find(row->fields, slice_str(json_string_value(at)), &meaning, &listed))
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
		    banner_field_find(row->fields, slice_str(key), &meaning, &listed))
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
		yes = doc_resolve(d, d->root, slice_skip(item, 1));
		b->legitimate = b->legitimate || json_array_size(yes) != 0;
		return;
	}
	no_path = slice_cut(item, ',', &yes_path);
	yes = doc_unwrap(d, doc_resolve(d, d->root, yes_path));
	if (no_path.p != NULL)
		no = doc_resolve(d, d->root, no_path);
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
	good = doc_finish(b, row, &d);
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
	groups = doc_resolve(&d, d.root, row->path);
	good = json_is_object(groups);
	json_object_foreach(groups, key, at)
	{
		if (n++ == DOC_ENTRIES_MAX)
			break;
		if (json_array_size(at) != 0)
			doc_vote(b, row, slice_str(key), json_true(), true);
	}
	b->incomplete = b->incomplete || good;
	if (good && b->yes == before)
		ballot_vote(b, MEANS_UNKNOWN, VOTE_NO);
	good = good && doc_finish(b, row, &d);
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
	array = doc_resolve(d, d->root, list);
	if (!json_is_array(array))
		return false;
	json_array_foreach(array, i, at)
	{
		json_t *name = doc_resolve(d, at, id);

		if (i == DOC_ENTRIES_MAX)
			break;
		if (json_is_string(name))
			doc_vote(b, row, slice_str(json_string_value(name)),
				 doc_resolve(d, at, value), true);
	}
	return true;
}

bool read_objects(struct ballot *b, const struct banner_row *row, const struct banner_input *in)
{
	struct doc d;
	bool good;

	good = doc_open(&d, in->value) && vote_objects(b, row, &d) && doc_finish(b, row, &d);
	doc_close(&d);
	return good;
}

bool read_choice(struct ballot *b, const struct banner_row *row, const struct banner_input *in)
{
	enum banner_meaning meaning;
	struct doc d;
	bool listed;

	if (!banner_field_find(row->fields, in->star, &meaning, &listed) || !listed)
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
