#include "base/coding.h"
#include "filters/banners/decode.h"
#include "filters/banners/kinds.h"
#include "filters/banners/time.h"
#include "filters/claims/signals.h"

/* One item after its separators are gone. */
#define ITEM_MAX 1024u
#define ITEMS_MAX 1024u

static struct slice unquote(struct slice s)
{
	s = slice_trim(s);
	if (s.n >= 2 && (s.p[0] == '\'' || s.p[0] == '"') && s.p[s.n - 1] == s.p[0])
		return slice_of(s.p + 1, s.n - 2);
	return s;
}

bool read_word(struct ballot *b, const struct banner_row *row, const struct banner_input *in)
{
	enum banner_meaning meaning;
	bool listed;

	if (!banner_field_find(row->fields, unquote(in->value), &meaning, &listed))
		return false;
	ballot_mean(b, meaning);
	return true;
}

bool read_gate(struct ballot *b, const struct banner_row *row, const struct banner_input *in)
{
	enum banner_meaning meaning;
	int64_t when;
	bool listed;

	if (banner_time_read(in->value, &when) &&
	    banner_field_find(row->fields, SLICE("@date"), &meaning, &listed) && listed) {
		b->gate_open = true;
		ballot_time(b, when);
		return true;
	}
	if (!banner_field_find(row->fields, unquote(in->value), &meaning, &listed))
		return false;
	b->gate_open = true;
	ballot_mean(b, meaning);
	return true;
}

bool read_mode(struct ballot *b, const struct banner_row *row, const struct banner_input *in)
{
	enum banner_meaning meaning;
	bool listed;

	if (!banner_field_find(row->fields, in->value, &meaning, &listed))
		return false;
	/* A refusal stands, whatever the rules of the place would let the site assume. */
	b->implied_yes = b->implied_yes || meaning == MEANS_IMPLIED;
	return true;
}

bool read_flag(struct ballot *b, const struct banner_row *row, const struct banner_input *in)
{
	enum banner_vote vote = vote_of_word(unquote(in->value));
	enum banner_meaning meaning;
	bool listed;

	/* A cookie of the same family that is no choice. */
	if (!banner_field_find(row->fields, in->star, &meaning, &listed))
		return true;
	if (vote == VOTE_NONE)
		return false;
	ballot_vote(b, meaning, vote);
	return true;
}

/* Name and value of one item of a list of pairs, still encoded where the row says "items". */
static bool next_pair(struct slice *rest, struct slice separators, struct slice *name,
		      struct slice *value)
{
	struct slice item;

	while (rest->p != NULL) {
		struct slice right;

		*rest = slice_cut(*rest, separators.p[0], &item);
		right = slice_cut(item, separators.p[1], name);
		*name = unquote(*name);
		*value = right.p != NULL ? unquote(right) : slice_of("", 0);
		if (name->n != 0)
			return true;
	}
	return false;
}

/* Decoded into out, which is emptied first; the value itself where there is nothing to decode. */
static struct slice item_text(const struct banner_row *row, struct slice value, struct buf *out)
{
	buf_clear(out);
	if (!slice_eq(row->code, SLICE("items")) || !percent_decode(value, out))
		return value;
	return buf_slice(out);
}

static bool find_pair(const struct banner_row *row, struct slice text, struct slice want,
		      struct slice *value)
{
	struct slice rest = text, name;

	while (next_pair(&rest, row->path, &name, value))
		if (slice_eq(name, want))
			return true;
	return false;
}

static bool test_holds(const struct banner_row *row, struct slice text, const struct when_item *w,
		       struct buf *scratch)
{
	struct slice value;
	bool there = find_pair(row, text, w->name, &value);

	if (w->test == WHEN_ABSENT)
		return !there;
	if (!there)
		return false;
	value = item_text(row, value, scratch);
	return w->test == WHEN_DIFFERENT ? !slice_eq(value, w->value) : slice_eq(value, w->value);
}

/* False: a test says that this is another product's value. */
static bool apply_tests(struct ballot *b, const struct banner_row *row, struct slice text,
			struct buf *scratch)
{
	struct slice rest = row->when;
	struct when_item w;

	while (when_next(&rest, &w)) {
		if (w.test == WHEN_ANY_YES || !test_holds(row, text, &w, scratch))
			continue;
		if (w.meaning == MEANS_UNREADABLE)
			return false;
		ballot_mean(b, w.meaning);
	}
	return true;
}

static void take_field(struct ballot *b, enum banner_meaning meaning, struct slice value)
{
	int64_t when;

	if (meaning != MEANS_TIME)
		ballot_vote(b, meaning, vote_of_word(value));
	else if (banner_time_read(value, &when))
		ballot_time(b, when);
}

/* {a:b,c:d} as well as a:b,c:d. */
static struct slice unbrace(struct slice s)
{
	s = slice_trim(s);
	if (s.n >= 2 && s.p[0] == '{' && s.p[s.n - 1] == '}')
		return slice_of(s.p + 1, s.n - 2);
	return s;
}

bool read_pairs(struct ballot *b, const struct banner_row *row, const struct banner_input *in)
{
	struct slice text = unbrace(in->value), rest = text, name, value;
	unsigned count = 0;
	struct buf scratch;
	bool good;

	if (row->path.n < 2)
		return false;
	buf_init(&scratch, ITEM_MAX);
	good = apply_tests(b, row, text, &scratch);
	while (good && count++ < ITEMS_MAX && next_pair(&rest, row->path, &name, &value)) {
		enum banner_meaning meaning;
		bool listed;

		if (banner_field_find(row->fields, name, &meaning, &listed))
			take_field(b, meaning, item_text(row, value, &scratch));
	}
	buf_release(&scratch);
	return good && rest.p == NULL;
}

/* The numbers at the beginning, before any ':'; a word before them is skipped ("permit 1,2"). */
static bool next_number(struct slice *rest, uint64_t *n)
{
	size_t digits = 0;

	while (rest->n != 0 && rest->p[0] != ':' && !ascii_digit(rest->p[0]))
		*rest = slice_skip(*rest, 1);
	while (digits < rest->n && ascii_digit(rest->p[digits]))
		digits++;
	if (digits == 0 || !slice_to_u64(slice_head(*rest, digits), 63, n))
		return false;
	*rest = slice_skip(*rest, digits);
	return true;
}

/* Each level of the row is a choice: in the set or not. */
static bool vote_levels(struct ballot *b, const struct banner_row *row, uint64_t set)
{
	for (unsigned level = 0; level < 10; level++) {
		char digit[1] = { (char)('0' + level) };
		enum banner_meaning meaning;
		bool listed;

		if (banner_field_find(row->fields, slice_of(digit, 1), &meaning, &listed))
			ballot_vote(b, meaning, (set >> level & 1) != 0 ? VOTE_YES : VOTE_NO);
	}
	return true;
}

bool read_levels(struct ballot *b, const struct banner_row *row, const struct banner_input *in)
{
	struct slice rest = in->value;
	uint64_t set = 0, n;

	while (next_number(&rest, &n))
		set |= UINT64_C(1) << n;
	return set != 0 && vote_levels(b, row, set);
}

bool read_level(struct ballot *b, const struct banner_row *row, const struct banner_input *in)
{
	struct slice rest = in->value;
	uint64_t n;

	if (rest.n == 0 || !ascii_digit(rest.p[0]) || !next_number(&rest, &n))
		return false;
	return vote_levels(b, row, (UINT64_C(2) << n) - 1);
}

bool read_tc(struct ballot *b, const struct banner_row *row, const struct banner_input *in)
{
	const char *why;
	struct tcf tc;

	(void)row;
	if (tcf_decode(in->value, &tc, &why))
		ballot_tc(b, &tc);
	else
		b->tc_unreadable = true;
	return true;
}

bool read_ac(struct ballot *b, const struct banner_row *row, const struct banner_input *in)
{
	struct ac_string ac;
	const char *why;

	(void)row;
	if (ac_decode(in->value, &ac, &why)) {
		b->ac_some = b->ac_some || ac.consented.n != 0;
		b->has_ac = true;
	} else {
		b->tc_unreadable = true;
	}
	return true;
}

bool read_legitimate(struct ballot *b, const struct banner_row *row, const struct banner_input *in)
{
	(void)row;
	for (size_t i = 0; i < in->value.n; i++)
		b->legitimate = b->legitimate || ascii_digit(in->value.p[i]);
	return true;
}

bool read_silent(struct ballot *b, const struct banner_row *row, const struct banner_input *in)
{
	(void)b;
	(void)row;
	(void)in;
	return true;
}

bool read_opaque(struct ballot *b, const struct banner_row *row, const struct banner_input *in)
{
	(void)b;
	(void)row;
	(void)in;
	return false;
}
