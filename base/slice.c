#include "base/slice.h"

bool slice_same_letters(const char *a, const char *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (a[i] != b[i] && ascii_lower(a[i]) != ascii_lower(b[i]))
			return false;
	return true;
}

struct slice slice_cut(struct slice s, char c, struct slice *head)
{
	size_t at = slice_find(s, c);

	*head = slice_of(s.p, at);
	return at != s.n ? slice_of(s.p + at + 1, s.n - at - 1) : slice_of(NULL, 0);
}

bool slice_to_u64(struct slice s, uint64_t max, uint64_t *out)
{
	uint64_t v = 0;

	if (s.n == 0)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		uint64_t d;

		if (!ascii_digit(s.p[i]))
			return false;
		d = (uint64_t)(s.p[i] - '0');
		if (d > max || v > (max - d) / 10)
			return false;
		v = v * 10 + d;
	}
	*out = v;
	return true;
}

bool slice_copy(struct slice s, char *dst, size_t size)
{
	if (s.n >= size) {
		if (size != 0)
			dst[0] = '\0';
		return false;
	}
	if (s.n != 0)
		memcpy(dst, s.p, s.n);
	dst[s.n] = '\0';
	return true;
}
