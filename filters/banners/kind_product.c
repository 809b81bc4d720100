#include "base/coding.h"
#include "filters/banners/decode.h"
#include "filters/banners/kinds.h"

#define VALUE_MAX 8192u
#define GROUPS_MAX 256u

/* --- OneTrust: a query string; groups=C0001:1,C0002:0 --- */

static struct slice query_item(struct slice query, struct slice want)
{
	struct slice rest = query, item, name;

	while (rest.p != NULL) {
		struct slice value;

		rest = slice_cut(rest, '&', &item);
		value = slice_cut(item, '=', &name);
		if (value.p != NULL && slice_eq(name, want))
			return value;
	}
	return slice_of(NULL, 0);
}

struct groups {
	unsigned on;
};

/* One turn over "id:0" and "id:1"; false when an item is neither. */
static bool each_group(struct ballot *b, const struct banner_row *row, struct slice list,
		       struct groups *seen, bool vote)
{
	struct slice rest = list, item, id;

	for (unsigned i = 0; i < GROUPS_MAX && rest.p != NULL; i++) {
		enum banner_meaning meaning = MEANS_UNKNOWN;
		struct slice value;
		bool listed, on;

		rest = slice_cut(rest, ',', &item);
		if (item.n == 0)
			continue;
		value = slice_cut(item, ':', &id);
		on = slice_eq(value, SLICE("1"));
		if (!on && !slice_eq(value, SLICE("0")))
			return false;
		if (!banner_field_find(row->fields, id, &meaning, &listed))
			meaning = MEANS_UNKNOWN;
		/* Ids can be the site's own; the only one that is on is the necessary one. */
		if (vote && !(on && meaning == MEANS_UNKNOWN && seen->on == 1))
			ballot_vote(b, meaning, on ? VOTE_YES : VOTE_NO);
		seen->on += !vote && on;
	}
	return rest.p == NULL;
}

static bool vote_groups(struct ballot *b, const struct banner_row *row, struct slice list)
{
	struct groups seen = { 0 };

	return each_group(b, row, list, &seen, false) && each_group(b, row, list, &seen, true);
}

bool read_onetrust(struct ballot *b, const struct banner_row *row, const struct banner_input *in)
{
	struct buf whole, groups;
	struct slice query = in->value, list;
	bool good = true;

	buf_init(&whole, VALUE_MAX);
	buf_init(&groups, VALUE_MAX);
	/* Some servers encode the whole once more. */
	if (slice_find(query, '&') == query.n && percent_decode(query, &whole))
		query = buf_slice(&whole);
	list = query_item(query, SLICE("groups"));
	b->privacy_signal =
		b->privacy_signal || slice_eq(query_item(query, SLICE("isGpcEnabled")), SLICE("1"));
	if (slice_find(query, '=') == query.n)
		good = false;
	else if (list.n != 0)
		good = percent_decode(list, &groups) && vote_groups(b, row, buf_slice(&groups));
	buf_release(&groups);
	buf_release(&whole);
	return good;
}

/* --- Axeptio: ",v1,v2," of those accepted, and the same of all --- */

bool read_axeptio(struct ballot *b, const struct banner_row *row, const struct banner_input *in)
{
	if (slice_eq(row->path, SLICE("all")))
		b->all_vendors = in->raw;
	else
		b->vendors = in->raw;
	return true;
}

static bool in_list(struct slice list, struct slice want)
{
	struct slice rest = list, item;

	while (rest.p != NULL) {
		rest = slice_cut(rest, ',', &item);
		if (slice_eq(item, want))
			return true;
	}
	return false;
}

static void vote_vendors(struct ballot *b, struct slice accepted, struct slice all)
{
	struct slice rest = all.n != 0 ? all : accepted, item;
	bool any = false;

	for (unsigned i = 0; i < GROUPS_MAX && rest.p != NULL; i++) {
		rest = slice_cut(rest, ',', &item);
		if (item.n == 0)
			continue;
		any = true;
		ballot_vote(b, MEANS_UNKNOWN, in_list(accepted, item) ? VOTE_YES : VOTE_NO);
	}
	b->incomplete = b->incomplete || all.n == 0 || rest.p != NULL;
	if (!any)
		ballot_vote(b, MEANS_UNKNOWN, VOTE_NO);
}

void axeptio_compare(struct ballot *b)
{
	struct buf accepted, all;

	if (b->vendors.p == NULL)
		return;
	buf_init(&accepted, VALUE_MAX);
	buf_init(&all, VALUE_MAX);
	if (percent_decode(b->vendors, &accepted) && percent_decode(b->all_vendors, &all))
		vote_vendors(b, buf_slice(&accepted), buf_slice(&all));
	else
		b->unreadable = true;
	buf_release(&all);
	buf_release(&accepted);
}

/* --- Commanders Act: 0@site|version@accepted@blocked@times@..., 1 for an opt-out --- */

static unsigned vote_ids(struct ballot *b, struct slice list, enum banner_vote vote)
{
	struct slice rest = list, id;
	unsigned n = 0;

	while (rest.p != NULL && n < GROUPS_MAX) {
		rest = slice_cut(rest, ',', &id);
		if (id.n == 0)
			continue;
		ballot_vote(b, MEANS_UNKNOWN, vote);
		n++;
	}
	return n;
}

bool read_commanders(struct ballot *b, const struct banner_row *row, const struct banner_input *in)
{
	struct slice first, site, accepted = slice_of("", 0), blocked = slice_of("", 0), rest;
	unsigned n;

	(void)row;
	rest = slice_cut(in->value, '@', &first);
	if (rest.p == NULL)
		return false;
	/* The two look inverted, but 1 says that somebody opted out. */
	if (slice_eq(first, SLICE("1"))) {
		ballot_mean(b, MEANS_REFUSE);
		return true;
	}
	rest = slice_cut(rest, '@', &site);
	if (rest.p != NULL)
		rest = slice_cut(rest, '@', &accepted);
	if (rest.p != NULL)
		slice_cut(rest, '@', &blocked);
	if (!slice_eq(first, SLICE("0")))
		return false;
	n = vote_ids(b, accepted, VOTE_YES);
	return vote_ids(b, blocked, VOTE_NO) + n != 0;
}

/* --- consentmanager: __1_2_3__, the purposes that were accepted --- */

bool read_consentmanager(struct ballot *b, const struct banner_row *row,
			 const struct banner_input *in)
{
	struct slice rest = in->value, id;
	bool first = false, others = false;

	(void)row;
	if (!slice_starts(in->value, SLICE("__")))
		return false;
	while (rest.p != NULL) {
		rest = slice_cut(rest, '_', &id);
		if (id.n == 0)
			continue;
		if (slice_eq(id, SLICE("1")))
			first = true;
		else
			others = true;
	}
	/* Purpose 1 is what the site needs.  Empty: what a site may write before any answer. */
	if (others || first)
		b->list = others ? VOTE_YES : VOTE_NO;
	return true;
}

/* --- Google: a protobuf whose field 1 is the answer --- */

bool read_socs(struct ballot *b, const struct banner_row *row, const struct banner_input *in)
{
	static const enum banner_meaning answers[] = { MEANS_UNDECIDED, MEANS_REFUSE,
						       MEANS_ACCEPT };
	unsigned answer;

	(void)row;
	/* 0x08: field 1, a varint. */
	if (in->value.n < 2 || in->value.p[0] != 0x08)
		return false;
	answer = (unsigned char)in->value.p[1];
	if (answer >= sizeof(answers) / sizeof(answers[0]))
		return false;
	ballot_mean(b, answers[answer]);
	return true;
}
