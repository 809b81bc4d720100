#include "base/coding.h"

char percent_take(struct slice *s)
{
	char c = s->p[0];
	int high = c == '%' && s->n > 2 ? ascii_hex(s->p[1]) : -1;
	int low = high >= 0 ? ascii_hex(s->p[2]) : -1;

	*s = slice_skip(*s, low >= 0 ? 3 : 1);
	return low >= 0 ? (char)(high << 4 | low) : c;
}

bool percent_decode(struct slice s, struct buf *out)
{
	while (s.n != 0)
		buf_addc(out, percent_take(&s));
	return buf_ok(out);
}

static int base64_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (ascii_digit(c))
		return c - '0' + 52;
	if (c == '+' || c == '-')
		return 62;
	return c == '/' || c == '_' ? 63 : -1;
}

bool base64_decode(struct slice s, struct buf *out)
{
	uint32_t bits = 0;
	unsigned have = 0;

	for (unsigned pad = 0; pad < 2 && s.n != 0 && s.p[s.n - 1] == '='; pad++)
		s.n--;
	for (size_t i = 0; i < s.n; i++) {
		int v = base64_digit(s.p[i]);

		if (v < 0)
			return false;
		bits = bits << 6 | (uint32_t)v;
		have += 6;
		if (have >= 8) {
			have -= 8;
			buf_addc(out, (char)(unsigned char)(bits >> have & 0xff));
		}
	}
	/* One digit alone carries no octet. */
	return have < 6 && buf_ok(out);
}
