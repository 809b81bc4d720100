#include "tests/unit/claims_tools.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* 15 January 2026, midnight. */
const struct core core_usual = { .created_ds = UINT64_C(17684352000),
				 .updated_ds = UINT64_C(17684352000),
				 .cmp_id = 300,
				 .policy = 5 };

void write_begin(struct written *w)
{
	*w = (struct written){ .n = 0 };
}

static void write_bit(struct written *w, bool one)
{
	unsigned place = (unsigned)(w->bits % 6);
	unsigned six = 0;

	assert_true(w->n < WRITTEN_MAX - 1);
	if (place == 0)
		w->n++;
	else
		six = (unsigned)(strchr(alphabet, w->text[w->n - 1]) - alphabet);
	six |= (one ? 1u : 0u) << (5 - place);
	w->text[w->n - 1] = alphabet[six];
	w->bits++;
}

void write_bits(struct written *w, uint64_t v, unsigned n)
{
	while (n-- != 0)
		write_bit(w, (v >> n & 1) != 0);
}

void write_flags(struct written *w, unsigned n, const unsigned *ones)
{
	for (unsigned i = 1; i <= n; i++) {
		bool one = *ones == i;

		write_bit(w, one);
		ones += one ? 1 : 0;
	}
}

void write_fibonacci(struct written *w, uint32_t v)
{
	uint32_t terms[48] = { 1, 2 };
	bool ones[48] = { false };
	int last = 1;

	while (terms[last] <= v) {
		terms[last + 1] = terms[last] + terms[last - 1];
		last++;
	}
	while (last > 0 && terms[last] > v)
		last--;
	for (int i = last; i >= 0; i--) {
		ones[i] = terms[i] <= v;
		v -= ones[i] ? terms[i] : 0;
	}
	for (int i = 0; i <= last; i++)
		write_bit(w, ones[i]);
	write_bit(w, true);
}

void write_next(struct written *w, char separator)
{
	w->text[w->n++] = separator;
	w->bits = 0;
}

struct slice written(const struct written *w)
{
	return slice_of(w->text, w->n);
}

void write_core(struct written *w, const struct core *c)
{
	write_bits(w, 2, 6);
	write_bits(w, c->created_ds, 36);
	write_bits(w, c->updated_ds, 36);
	write_bits(w, c->cmp_id, 12);
	write_bits(w, 7, 12); /* CmpVersion */
	write_bits(w, 1, 6);  /* ConsentScreen */
	write_bits(w, 'F' - 'A', 6);
	write_bits(w, 'R' - 'A', 6);
	write_bits(w, 250, 12); /* VendorListVersion */
	write_bits(w, c->policy, 6);
	write_bits(w, c->global ? 0 : 1, 1);
	write_bits(w, 0, 1);
	write_flags(w, 12, (const unsigned[]){ 1, 0 });
	write_flags(w, 24, c->consents);
	write_flags(w, 24, c->legitimate);
	write_bits(w, 0, 1);
	write_bits(w, 'D' - 'A', 6);
	write_bits(w, 'E' - 'A', 6);
}

void write_no_vendors(struct written *w)
{
	write_bits(w, 0, 17);
	write_bits(w, 0, 17);
	write_bits(w, 0, 12);
}

struct slice whole_core(struct written *w, const struct core *c)
{
	write_begin(w);
	write_core(w, c);
	write_no_vendors(w);
	return written(w);
}
