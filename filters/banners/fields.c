#include "filters/banners/fields.h"

static const char *const meaning_words[MEANS_COUNT] = {
	"necessary", "functional", "analytics", "advertising", "unknown",   "ignore",	  "time",
	"accept",    "refuse",	   "partial",	"implied",     "undecided", "unreadable", "open",
};

static bool meaning_of_word(struct slice word, enum banner_meaning *out)
{
	for (unsigned i = 0; i < MEANS_COUNT; i++) {
		if (slice_eq(word, slice_str(meaning_words[i]))) {
			*out = (enum banner_meaning)i;
			return true;
		}
	}
	return false;
}

/* NAME:MEANING, cut at the last colon. */
static bool cut_item(struct slice item, struct slice *name, enum banner_meaning *meaning)
{
	size_t at = item.n;

	while (at > 0 && item.p[at - 1] != ':')
		at--;
	if (at < 2)
		return false;
	*name = slice_head(item, at - 1);
	return meaning_of_word(slice_skip(item, at), meaning);
}

bool banner_fields_check(struct slice list, struct slice *bad)
{
	struct slice rest = list, name;
	enum banner_meaning meaning;

	if (list.n == 0)
		return true;
	while (rest.p != NULL) {
		rest = slice_cut(rest, ' ', bad);
		if (!cut_item(*bad, &name, &meaning))
			return false;
	}
	return true;
}

/* How well a name of the table fits: 0 not, 1 by "*", 2 by its beginning, 3 as a whole. */
static unsigned fit(struct slice pattern, struct slice name)
{
	if (slice_eq(pattern, SLICE("*")))
		return 1;
	if (slice_ends(pattern, SLICE("*")))
		return slice_starts(name, slice_head(pattern, pattern.n - 1)) ? 2 : 0;
	return slice_eq(pattern, name) ? 3 : 0;
}

bool banner_field_find(struct slice list, struct slice name, enum banner_meaning *meaning, bool *listed)
{
	struct slice rest = list, item, pattern;
	unsigned best = 0;

	while (list.n != 0 && rest.p != NULL && best < 3) {
		enum banner_meaning m;
		unsigned f;

		rest = slice_cut(rest, ' ', &item);
		if (!cut_item(item, &pattern, &m))
			continue;
		f = fit(pattern, name);
		if (f > best) {
			best = f;
			*meaning = m;
		}
	}
	*listed = best > 1;
	return best != 0;
}

bool fields_next_time(struct slice *rest, struct slice *name)
{
	while (rest->p != NULL && rest->n != 0) {
		enum banner_meaning meaning;
		struct slice item;

		*rest = slice_cut(*rest, ' ', &item);
		if (cut_item(item, name, &meaning) && meaning == MEANS_TIME)
			return true;
	}
	return false;
}

static void cut_test(struct slice text, struct when_item *item)
{
	size_t at = slice_find(text, '=');

	item->value = slice_of("", 0);
	if (slice_eq(text, SLICE("@yes"))) {
		item->test = WHEN_ANY_YES;
		item->name = text;
	} else if (at == text.n) {
		item->test = WHEN_ABSENT;
		item->name = slice_skip(text, 1);
	} else {
		bool different = at > 0 && text.p[at - 1] == '!';

		item->test = different ? WHEN_DIFFERENT : WHEN_EQUAL;
		item->name = slice_head(text, different ? at - 1 : at);
		item->value = slice_skip(text, at + 1);
	}
}

bool when_next(struct slice *rest, struct when_item *item)
{
	struct slice one, test;

	while (rest->p != NULL && rest->n != 0) {
		*rest = slice_cut(*rest, ' ', &one);
		if (!cut_item(one, &test, &item->meaning))
			continue;
		cut_test(test, item);
		return true;
	}
	return false;
}

static bool among(struct slice word, const char *const *words)
{
	for (; *words != NULL; words++)
		if (slice_ieq(word, slice_str(*words)))
			return true;
	return false;
}

enum banner_vote vote_of_word(struct slice word)
{
	static const char *const yes[] = { "true",    "1",	   "yes",    "allow",
					   "allowed", "granted",   "accept", "accepted",
					   "on",      "confirmed", NULL };
	static const char *const no[] = { "false",   "0",      "no",	   "deny",
					  "denied",  "reject", "rejected", "withdrawn",
					  "opt_out", "off",    NULL };
	static const char *const open[] = { "", "wait", "-1", "notgiven", "no_choice", NULL };

	if (among(word, yes))
		return VOTE_YES;
	if (among(word, no))
		return VOTE_NO;
	return among(word, open) ? VOTE_OPEN : VOTE_NONE;
}
