#include "filters/claims/vendors.h"

/* One entry behind the id `before`; only Fibonacci coding looks at that. */
static void take_entry(struct bits *b, enum vendor_coding coding, uint32_t before, uint32_t *first,
		       uint32_t *last)
{
	bool range = bits_flag(b);

	if (coding == VENDORS_FIBONACCI) {
		*first = before + bits_fibonacci(b, VENDOR_ID_MAX);
		*last = *first + (range ? bits_fibonacci(b, VENDOR_ID_MAX) : 0);
	} else {
		*first = (uint32_t)bits_take(b, 16);
		*last = range ? (uint32_t)bits_take(b, 16) : *first;
	}
}

struct vendor_walk vendor_walk(const struct vendor_set *s)
{
	return (struct vendor_walk){ .set = *s, .left = s->field ? s->max : s->entries };
}

/* The next run of ones. */
static bool next_run(struct vendor_walk *w, uint16_t *first, uint16_t *last)
{
	bool in = false;

	while (w->left != 0) {
		bool one = bits_flag(&w->set.at);

		if (!one && in)
			w->set.at.at--; /* the walk begins here again: a 0 */
		if (!one && in)
			return true;
		w->left--;
		w->last++;
		if (one && !in)
			*first = (uint16_t)w->last;
		if (one)
			*last = (uint16_t)w->last;
		in = in || one;
	}
	return in;
}

bool vendor_next(struct vendor_walk *w, uint16_t *first, uint16_t *last)
{
	uint32_t from, to;

	if (w->set.field)
		return next_run(w, first, last);
	if (w->left == 0)
		return false;
	w->left--;
	take_entry(&w->set.at, w->set.coding, w->last, &from, &to);
	w->last = to;
	*first = (uint16_t)from;
	*last = (uint16_t)to;
	return true;
}

/* What the set costs as a list of merged entries; *last gets its greatest id, *tidy whether it is that list. */
static size_t entries_cost(const struct vendor_set *s, uint32_t *last, bool *tidy)
{
	bool fibonacci = s->coding == VENDORS_FIBONACCI;
	struct vendor_walk w = vendor_walk(s);
	uint16_t from, to;
	size_t cost = 12;

	*last = 0;
	*tidy = true;
	while (vendor_next(&w, &from, &to)) {
		if (*last != 0 && from <= *last + 1)
			*tidy = false;
		if (fibonacci && *tidy)
			cost += fibonacci_length(from - *last);
		if (fibonacci && to != from)
			cost += fibonacci_length((uint32_t)to - from);
		if (!fibonacci)
			cost += to != from ? 32 : 16;
		cost++;
		*last = to;
	}
	return cost;
}

/* A range of one id is what no encoder writes; only fixed coding can. */
static bool has_range_of_one(const struct vendor_set *s)
{
	struct bits b = s->at;
	uint32_t first, last;

	if (s->field || s->coding == VENDORS_FIBONACCI)
		return false;
	for (unsigned i = 0; i < s->entries; i++) {
		struct bits flag = b;
		bool range = bits_flag(&flag);

		take_entry(&b, s->coding, 0, &first, &last);
		if (range && first == last)
			return true;
	}
	return false;
}

static bool written_as_encoder(const struct vendor_set *s)
{
	uint32_t last;
	bool tidy;
	size_t cost = entries_cost(s, &last, &tidy);

	if (!tidy || has_range_of_one(s))
		return false;
	if (s->coding == VENDORS_ENTRIES)
		return true;
	return s->max == last && s->field == (cost > s->max);
}

static void check_entries(struct bits *b, const struct vendor_set *s)
{
	uint32_t first, last = 0;

	for (unsigned i = 0; i < s->entries && !b->failed; i++) {
		take_entry(b, s->coding, last, &first, &last);
		if (first == 0 || last < first || last > s->max)
			b->failed = true;
	}
}

bool vendor_set_read(struct bits *b, enum vendor_coding coding, struct vendor_set *out,
		     bool *as_encoder)
{
	*out = (struct vendor_set){ .max = VENDOR_ID_MAX, .coding = coding };
	if (coding != VENDORS_ENTRIES) {
		out->max = (uint16_t)bits_take(b, 16);
		out->field = !bits_flag(b);
	}
	if (!out->field)
		out->entries = (uint16_t)bits_take(b, 12);
	out->at = *b;
	if (out->field)
		bits_skip(b, out->max);
	else
		check_entries(b, out);
	if (b->failed)
		*out = (struct vendor_set){ .field = true };
	if (as_encoder != NULL)
		*as_encoder = !b->failed && written_as_encoder(out);
	return !b->failed;
}

bool vendor_set_has(const struct vendor_set *s, uint16_t id)
{
	struct vendor_walk w = vendor_walk(s);
	struct bits b = s->at;
	uint16_t first, last;

	if (id == 0 || id > s->max)
		return false;
	if (s->field) {
		bits_skip(&b, (size_t)id - 1);
		return bits_flag(&b);
	}
	while (vendor_next(&w, &first, &last))
		if (first <= id && id <= last)
			return true;
	return false;
}

static void add_run(struct vendor_ids *ids, unsigned first, unsigned last)
{
	for (unsigned w = first / 64; w <= last / 64; w++) {
		uint64_t mask = UINT64_MAX;

		if (w == first / 64)
			mask &= UINT64_MAX << first % 64;
		if (w == last / 64)
			mask &= UINT64_MAX >> (63 - last % 64);
		ids->words[w] |= mask;
	}
}

void vendor_ids_add(struct vendor_ids *ids, const struct vendor_set *s)
{
	struct vendor_walk w = vendor_walk(s);
	uint16_t first, last;

	while (vendor_next(&w, &first, &last))
		add_run(ids, first, last);
}

static bool has_bit(const struct vendor_ids *ids, uint32_t id)
{
	return (ids->words[id / 64] >> id % 64 & 1) != 0;
}

bool vendor_ids_next(const struct vendor_ids *ids, uint32_t *id, uint16_t *first, uint16_t *last)
{
	while (*id <= VENDOR_ID_MAX && !has_bit(ids, *id))
		*id += ids->words[*id / 64] == 0 ? 64 - *id % 64 : 1;
	if (*id > VENDOR_ID_MAX)
		return false;
	*first = (uint16_t)*id;
	while (*id <= VENDOR_ID_MAX && has_bit(ids, *id))
		++*id;
	*last = (uint16_t)(*id - 1);
	return true;
}

static bool restriction_read(struct bits *b, enum vendor_coding coding, struct restriction *out,
			     bool *as_encoder)
{
	out->purpose = (uint8_t)bits_take(b, 6);
	out->type = (enum restriction_type)bits_take(b, 2);
	if (out->purpose == 0 || out->type == RESTRICTION_UNDEFINED)
		b->failed = true;
	return vendor_set_read(b, coding, &out->vendors, as_encoder);
}

bool restrictions_read(struct bits *b, enum vendor_coding coding, struct restrictions *out,
		       bool *as_encoder)
{
	bool all = true, one = true;

	*out = (struct restrictions){ .coding = coding };
	out->left = (uint16_t)bits_take(b, 12);
	out->at = *b;
	for (unsigned i = 0; i < out->left && !b->failed; i++) {
		struct restriction r;

		restriction_read(b, coding, &r, as_encoder != NULL ? &one : NULL);
		all = all && one;
	}
	if (b->failed)
		out->left = 0;
	if (as_encoder != NULL)
		*as_encoder = !b->failed && all;
	return !b->failed;
}

bool restrictions_next(struct restrictions *r, struct restriction *out)
{
	if (r->left == 0)
		return false;
	r->left--;
	return restriction_read(&r->at, r->coding, out, NULL);
}
