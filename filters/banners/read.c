#include "filters/banners/read.h"

#include "filters/banners/decode.h"
#include "filters/banners/kinds.h"
#include "filters/cookie.h"

#include <stdio.h>

struct products {
	struct ballot ballots[BANNER_READINGS_MAX];
	struct slice names[BANNER_READINGS_MAX];
	const struct banner_row *rows[BANNER_READINGS_MAX]; /* the first, silent or not */
	size_t count;
	bool too_many;
};

static struct ballot *ballot_of(struct products *p, const struct banner_row *row)
{
	for (size_t i = 0; i < p->count; i++)
		if (slice_eq(p->names[i], row->product))
			return &p->ballots[i];
	if (p->count == BANNER_READINGS_MAX) {
		p->too_many = true;
		return NULL;
	}
	p->names[p->count] = row->product;
	p->rows[p->count] = row;
	p->ballots[p->count] = (struct ballot){ .row = NULL };
	return &p->ballots[p->count++];
}

/* Rows that stand beside a product's record and give no answer of their own. */
static bool speaks(enum banner_kind kind)
{
	return kind != KIND_SILENT && kind != KIND_LEGITIMATE;
}

static void read_value(struct ballot *b, const struct banner_row *row, struct banner_input *in,
		       size_t max)
{
	banner_reader *reader = banner_reader_of(row->kind);
	struct buf text;
	bool good;

	if (row->kind == KIND_SILENT)
		return;
	if (b->row == NULL && speaks(row->kind))
		b->row = row;
	buf_init(&text, max);
	good = reader != NULL && in->raw.n <= max && decode_value(row->code, in->raw, &text);
	if (good) {
		in->value = buf_slice(&text);
		good = reader(b, row, in);
	}
	if (!good)
		b->unreadable = true;
	buf_release(&text);
}

static void read_pair(const struct banners *t, struct slice host, struct products *p,
		      const struct banner_pair *pair)
{
	const struct banner_row *row = banners_cookie(t, host, pair->name);
	struct banner_input in = { .raw = pair->value };
	struct ballot *b;

	if (row == NULL)
		return;
	b = ballot_of(p, row);
	if (b == NULL)
		return;
	if (row->star)
		in.star = slice_skip(pair->name, row->match.n);
	read_value(b, row, &in, BANNER_VALUE_MAX);
}

static size_t close_all(struct products *p, struct banner_reading out[BANNER_READINGS_MAX])
{
	for (size_t i = 0; i < p->count; i++) {
		struct ballot *b = &p->ballots[i];

		axeptio_compare(b);
		b->unreadable = b->unreadable || p->too_many;
		ballot_close(b, false, &out[i]);
		if (b->row != NULL)
			continue;
		out[i].product = p->names[i];
		out[i].line = p->rows[i]->line;
		out[i].legitimate = b->legitimate;
		snprintf(out[i].why, sizeof(out[i].why), "%.*s: no answer in its cookies",
			 (int)(p->names[i].n < 40 ? p->names[i].n : 40), p->names[i].p);
	}
	return p->count;
}

size_t banner_read(const struct banners *t, struct slice host, const struct banner_pair *pairs,
		   size_t count, struct banner_reading out[BANNER_READINGS_MAX])
{
	struct products p = { .count = 0 };

	for (size_t i = 0; i < count; i++)
		read_pair(t, host, &p, &pairs[i]);
	return close_all(&p, out);
}

static bool replaced(const struct banner_pair *set, size_t count, struct slice name)
{
	for (size_t i = 0; i < count; i++)
		if (slice_eq(set[i].name, name))
			return true;
	return false;
}

size_t banner_read_set(const struct banners *t, struct slice host, struct slice cookie,
		       const struct banner_pair *set, size_t count,
		       struct banner_reading out[BANNER_READINGS_MAX])
{
	struct products p = { .count = 0 };
	struct slice rest = cookie, pair;
	struct banner_pair one;

	while (cookie_next(&rest, &pair, &one.name, &one.value))
		if (one.name.n != 0 && !replaced(set, count, one.name))
			read_pair(t, host, &p, &one);
	for (size_t i = 0; i < count; i++)
		/* Of several lines of one name the last one stays. */
		if (set[i].value.p != NULL && !replaced(set + i + 1, count - i - 1, set[i].name))
			read_pair(t, host, &p, &set[i]);
	return close_all(&p, out);
}

size_t banner_read_field(const struct banners *t, struct slice host, struct slice cookie,
			 struct banner_reading out[BANNER_READINGS_MAX])
{
	return banner_read_set(t, host, cookie, NULL, 0, out);
}

/* Where a TC string has no product's own record beside it, this stands in the product column. */
static bool is_framework(const struct banner_reading *r)
{
	return slice_eq(r->product, SLICE("IAB TCF"));
}

/* REFUSE, then what nobody has answered, then PARTIAL, then ACCEPT. */
static unsigned rank(enum banner_state state)
{
	if (state == BANNER_REFUSE)
		return 0;
	return state < BANNER_REFUSE ? 1 : 2 + (state == BANNER_ACCEPT);
}

static void take_less(struct banner_reading *all, const struct banner_reading *r)
{
	bool legitimate = all->legitimate || r->legitimate;
	bool signal = all->privacy_signal || r->privacy_signal;
	unsigned granted = all->granted & r->granted, claimed = all->claimed | r->claimed;

	if (rank(r->state) < rank(all->state) ||
	    (rank(r->state) == 1 && rank(all->state) == 1 && r->state > all->state))
		*all = *r;
	all->granted = granted;
	all->claimed = claimed;
	all->legitimate = legitimate;
	all->privacy_signal = signal;
}

/* A TC string of no product's own beside a product's record. */
static void weigh_framework(struct banner_reading *all, const struct banner_reading *tcf)
{
	all->legitimate = all->legitimate || tcf->legitimate;
	if (tcf->state != BANNER_REFUSE || rank(all->state) < 2)
		return;
	all->state = BANNER_PARTIAL;
	all->granted = 0;
	snprintf(all->why, sizeof(all->why),
		 "%.*s: yes, but the TC string beside it grants nothing",
		 (int)(all->product.n < 40 ? all->product.n : 40), all->product.p);
}

struct banner_reading banner_summary(const struct banner_reading *readings, size_t count)
{
	struct banner_reading all = { .state = BANNER_NONE };
	const struct banner_reading *tcf = NULL;

	for (size_t i = 0; i < count; i++) {
		const struct banner_reading *r = &readings[i];

		if (r->state == BANNER_NONE)
			continue;
		if (is_framework(r))
			tcf = r;
		else if (all.state == BANNER_NONE)
			all = *r;
		else
			take_less(&all, r);
	}
	if (all.state == BANNER_NONE && tcf != NULL)
		return *tcf;
	if (tcf != NULL)
		weigh_framework(&all, tcf);
	return all;
}

bool banner_is_report(const struct banners *t, const struct banner_report *r, bool *needs_body)
{
	const struct banner_row *row = banners_call(t, r->method, r->host, r->path);

	*needs_body = row != NULL && row->kind != KIND_PAIRS;
	return row != NULL;
}

bool banner_read_report(const struct banners *t, const struct banner_report *r,
			struct banner_reading *out)
{
	const struct banner_row *row = banners_call(t, r->method, r->host, r->path);
	struct banner_input in = { .raw = r->body };
	struct ballot b = { .row = NULL };

	*out = (struct banner_reading){ .state = BANNER_NONE };
	if (row == NULL)
		return false;
	if (row->kind == KIND_PAIRS)
		in.raw = r->query;
	if (row->star)
		in.star = slice_skip(r->path, row->match.n);
	read_value(&b, row, &in, BANNER_BODY_MAX);
	ballot_close(&b, true, out);
	return true;
}
