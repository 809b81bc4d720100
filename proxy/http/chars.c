#include "proxy/http/chars.h"

#define BETWEEN(c, from, to) ((c) >= (from) && (c) <= (to))
#define ALNUM(c) (BETWEEN(c, '0', '9') || BETWEEN(c, 'A', 'Z') || BETWEEN(c, 'a', 'z'))
#define TCHAR(c)                                                                                   \
	(ALNUM(c) || (c) == '!' || BETWEEN(c, '#', '\'') || (c) == '*' || (c) == '+' ||            \
	 (c) == '-' || (c) == '.' || BETWEEN(c, '^', '`') || (c) == '|' || (c) == '~')
#define HEX(c) (BETWEEN(c, '0', '9') || BETWEEN(c, 'A', 'F') || BETWEEN(c, 'a', 'f'))
#define KINDS(c)                                                                                   \
	((TCHAR(c) ? CHAR_TOKEN : 0) |                                                             \
	 ((c) == '\t' || BETWEEN(c, 0x20, 0x7e) || (c) >= 0x80 ? CHAR_VALUE : 0) |                 \
	 (BETWEEN(c, 0x21, 0x7e) && (c) != '#' ? CHAR_TARGET : 0) |                                \
	 (ALNUM(c) || (c) == '-' || (c) == '.' || (c) == '_' ? CHAR_HOST : 0) |                    \
	 (HEX(c) ? CHAR_HEX : 0))
#define FOUR(c) KINDS(c), KINDS((c) + 1), KINDS((c) + 2), KINDS((c) + 3)
#define SIXTEEN(c) FOUR(c), FOUR((c) + 4), FOUR((c) + 8), FOUR((c) + 12)
#define SIXTY_FOUR(c) SIXTEEN(c), SIXTEEN((c) + 16), SIXTEEN((c) + 32), SIXTEEN((c) + 48)

const uint8_t http_chars[256] = {
	SIXTY_FOUR(0),
	SIXTY_FOUR(64),
	SIXTY_FOUR(128),
	SIXTY_FOUR(192),
};

bool chars_all(struct slice s, uint8_t kind)
{
	uint8_t all = kind;

	for (size_t i = 0; i < s.n; i++)
		all &= http_chars[(unsigned char)s.p[i]];
	return all == kind;
}

bool chars_token(struct slice s)
{
	return s.n != 0 && chars_all(s, CHAR_TOKEN);
}

#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

/*
 * Not zero when one of the eight octets is below 0x20 or is 0x7f.  A borrow can only mark a wrong
 * octet above a right one, so "none" is always true.
 */
static inline uint64_t any_control(uint64_t w)
{
	uint64_t del = w ^ EACH(0x7f);

	return (((w - EACH(0x20)) & ~w) | ((del - EACH(0x01)) & ~del)) & EACH(0x80);
}

static inline uint64_t load(const char *p)
{
	uint64_t w;

	memcpy(&w, p, sizeof(w));
	return w;
}

const char *chars_value_end(const char *p, const char *end)
{
	for (;;) {
		while (end - p >= 8 && any_control(load(p)) == 0)
			p += 8;
		for (size_t i = 0; i < 8; i++, p++)
			if (p == end || !char_is(*p, CHAR_VALUE))
				return p;
	}
}
