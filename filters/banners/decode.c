#include "filters/banners/decode.h"

static int hex_digit(char c)
{
	if (ascii_digit(c))
		return c - '0';
	c = ascii_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool decode_percent(struct slice s, struct buf *out)
{
	for (size_t i = 0; i < s.n; i++) {
		int high = -1, low = -1;

		if (s.p[i] == '%' && s.n - i > 2) {
			high = hex_digit(s.p[i + 1]);
			low = hex_digit(s.p[i + 2]);
		}
		if (high < 0 || low < 0) {
			buf_addc(out, s.p[i]);
			continue;
		}
		buf_addc(out, (char)(high << 4 | low));
		i += 2;
	}
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

bool decode_base64(struct slice s, struct buf *out)
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

static bool replace(struct buf *at, struct buf *with)
{
	struct buf old = *at;

	*at = *with;
	*with = old;
	buf_clear(with);
	return buf_ok(at);
}

static bool one_step(struct slice step, struct buf *text, struct buf *next)
{
	if (slice_eq(step, SLICE("base64")))
		return decode_base64(buf_slice(text), next) && replace(text, next);
	if (!slice_eq(step, SLICE("percent")))
		return true;
	if (!decode_percent(buf_slice(text), next) || !replace(text, next))
		return false;
	if (buf_slice(text).n == 0 || buf_slice(text).p[0] != '%')
		return true;
	return decode_percent(buf_slice(text), next) && replace(text, next);
}

bool decode_value(struct slice code, struct slice value, struct buf *out)
{
	struct buf next;
	struct slice rest = code, step;
	bool good;

	buf_init(&next, out->max);
	good = buf_add(out, value);
	while (good && rest.p != NULL) {
		rest = slice_cut(rest, ' ', &step);
		good = one_step(step, out, &next);
	}
	buf_release(&next);
	return good;
}
