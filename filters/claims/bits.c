#include "filters/claims/bits.h"

#define NO_DIGIT 64

static unsigned digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (unsigned)(c - 'A');
	if (c >= 'a' && c <= 'z')
		return (unsigned)(c - 'a') + 26;
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0') + 52;
	if (c == '-' || c == '+')
		return 62;
	if (c == '_' || c == '/')
		return 63;
	return NO_DIGIT;
}

bool bits_init(struct bits *b, struct slice text, enum bits_alphabet alphabet)
{
	*b = (struct bits){ .text = text.p };
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (digit(c) == NO_DIGIT || (alphabet == BITS_URL && (c == '+' || c == '/')))
			return false;
	}
	b->end = text.n * 6;
	return text.n != 0;
}

void bits_skip(struct bits *b, size_t n)
{
	if (n > bits_left(b)) {
		b->failed = true;
		b->at = b->end;
		return;
	}
	b->at += n;
}

uint64_t bits_take(struct bits *b, unsigned n)
{
	uint64_t v = 0;

	if (n > bits_left(b)) {
		bits_skip(b, n);
		return 0;
	}
	while (n != 0) {
		unsigned left = 6 - (unsigned)(b->at % 6); /* of this character */
		unsigned take = n < left ? n : left;
		unsigned six = digit(b->text[b->at / 6]);

		v = v << take | (six >> (left - take) & ((1u << take) - 1));
		b->at += take;
		n -= take;
	}
	return v;
}

uint32_t bits_fibonacci(struct bits *b, uint32_t max)
{
	uint64_t term = 1, next = 2, sum = 0;
	bool before = false;

	while (term <= max || before) {
		bool one = bits_flag(b);

		if (b->failed)
			return 0;
		if (one && before)
			return (uint32_t)sum;
		if (one)
			sum += term;
		if (sum > max)
			break;
		before = one;
		next += term;
		term = next - term;
	}
	b->failed = true;
	return 0;
}

unsigned fibonacci_length(uint32_t v)
{
	uint64_t term = 1, next = 2;
	unsigned n = 1;

	for (; term <= v; n++) {
		next += term;
		term = next - term;
	}
	return n;
}

uint32_t bits_flags(struct bits *b, unsigned n)
{
	uint64_t v = bits_take(b, n);
	uint32_t flags = 0;

	for (unsigned i = 0; i < n; i++)
		if ((v >> (n - 1 - i) & 1) != 0)
			flags |= UINT32_C(1) << i;
	return flags;
}

void bits_letters(struct bits *b, char out[3])
{
	for (int i = 0; i < 2; i++) {
		char c = (char)('A' + (char)bits_take(b, 6));

		if (ascii_lower(c) < 'a' || ascii_lower(c) > 'z')
			b->failed = true;
		out[i] = b->failed ? '\0' : c;
	}
	out[2] = '\0';
}
