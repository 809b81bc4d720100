/*
 * libFuzzer: one Cookie field value, from which the pairs go that the first octet of the input
 * chooses.  What is left holds the kept pairs, byte for byte, in order, and no other.
 */
#include "filters/cookie.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool stays(size_t index, unsigned mask)
{
	return (mask >> (index % 8) & 1) != 0;
}

static bool keep(void *arg, size_t index, struct slice name, struct slice value)
{
	const unsigned *mask = arg;

	(void)name;
	(void)value;
	return stays(index, *mask);
}

/* The next pair that is not blank. */
static bool next_pair(struct slice *rest, struct slice *pair)
{
	struct slice name, value;

	while (cookie_next(rest, pair, &name, &value)) {
		*pair = slice_trim(*pair);
		if (pair->n != 0)
			return true;
	}
	return false;
}

static void compare(struct slice before, struct slice after, unsigned mask)
{
	struct slice old, new;
	size_t index = 0;

	while (next_pair(&before, &old)) {
		if (!stays(index++, mask))
			continue;
		if (!next_pair(&after, &new) || !slice_eq(old, new))
			abort();
	}
	if (next_pair(&after, &new))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice value;
	unsigned mask;
	struct buf out;

	if (size == 0 || size > 8192)
		return 0;
	mask = data[0];
	value = slice_of((const char *)data + 1, size - 1);
	buf_init(&out, 65536);
	switch (cookie_header_edit(value, keep, &mask, &out)) {
	case COOKIE_EDIT_SAME:
		compare(value, value, mask);
		break;
	case COOKIE_EDIT_CHANGED:
		if (out.len >= value.n)
			abort();
		compare(value, buf_slice(&out), mask);
		break;
	case COOKIE_EDIT_DROP:
		compare(value, slice_of("", 0), mask);
		break;
	case COOKIE_EDIT_ERROR:
		abort();
	}
	buf_release(&out);
	return 0;
}
