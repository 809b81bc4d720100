#include "filters/banners/json_doc.h"
#include "filters/banners/kinds.h"

/* One path with a '*' among its names: "purposes.*", "*.status", "consents.*.status". */
static void vote_path(struct ballot *b, const struct banner_row *row, struct doc *d,
		      struct slice path)
{
	size_t star = slice_find(path, '*');
	struct slice before = slice_head(path, star > 0 ? star - 1 : 0);
	struct slice behind = slice_skip(path, star + 2);
	json_t *in = doc_unwrap(d, doc_resolve(d, d->root, before)), *at;
	const char *key;
	unsigned n = 0;

	json_object_foreach(in, key, at)
	{
		if (n++ == DOC_ENTRIES_MAX)
			break;
		doc_vote(b, row, slice_str(key), behind.n != 0 ? doc_resolve(d, at, behind) : at,
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
	good = doc_finish(b, row, &d);
	doc_close(&d);
	return good;
}

bool read_json_word(struct ballot *b, const struct banner_row *row, const struct banner_input *in)
{
	enum banner_meaning meaning;
	char number[DOC_NUMBER_MAX];
	struct doc d;
	bool listed, good = false;

	if (doc_open(&d, in->value)) {
		json_t *at = doc_resolve(&d, d.root, row->path);

		good = at != NULL &&
		       banner_field_find(row->fields, doc_text(at, number), &meaning, &listed);
		if (good)
			ballot_mean(b, meaning);
		good = good && doc_finish(b, row, &d);
	}
	doc_close(&d);
	return good;
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
