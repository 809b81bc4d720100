#include "certs/der.h"

#include "base/clock.h"

void der_init(struct der *d, unsigned char *mem, size_t size)
{
	*d = (struct der){ .mem = mem, .at = size, .size = size };
}

void der_put(struct der *d, struct slice bytes)
{
	if (d->failed || bytes.n > d->at) {
		d->failed = true;
		return;
	}
	d->at -= bytes.n;
	if (bytes.n != 0)
		memcpy(d->mem + d->at, bytes.p, bytes.n);
}

void der_put_byte(struct der *d, unsigned char byte)
{
	char c = (char)byte;

	der_put(d, slice_of(&c, 1));
}

void der_wrap(struct der *d, size_t mark, unsigned char tag)
{
	size_t n = mark - d->at;
	unsigned char octets = 0;

	if (n < 128) {
		der_put_byte(d, (unsigned char)n);
	} else {
		for (; n != 0; n >>= 8, octets++)
			der_put_byte(d, (unsigned char)(n & 0xff));
		der_put_byte(d, (unsigned char)(0x80 | octets));
	}
	der_put_byte(d, tag);
}

void der_element(struct der *d, unsigned char tag, struct slice value)
{
	size_t mark = der_mark(d);

	der_put(d, value);
	der_wrap(d, mark, tag);
}

struct slice der_slice(const struct der *d)
{
	if (d->failed)
		return slice_of("", 0);
	return slice_of((const char *)d->mem + d->at, d->size - d->at);
}

void der_time(struct der *d, int64_t wall_ms)
{
	char iso[CLOCK_RFC3339_LEN + 1];
	char out[16];
	size_t n = 0;
	bool utc;

	/* "2026-11-22T03:36:50.123Z" without its punctuation and milliseconds. */
	clock_rfc3339(wall_ms, iso, sizeof(iso));
	utc = memcmp(iso, "2050", 4) < 0;
	for (size_t i = utc ? 2 : 0; i < 19; i++)
		if (ascii_digit(iso[i]))
			out[n++] = iso[i];
	out[n++] = 'Z';
	der_element(d, utc ? DER_UTC_TIME : DER_GENERALIZED_TIME, slice_of(out, n));
}

static bool take_length(struct slice *in, size_t *out)
{
	unsigned char first;
	size_t octets, n = 0;

	if (in->n == 0)
		return false;
	first = (unsigned char)in->p[0];
	*in = slice_skip(*in, 1);
	if (first < 0x80) {
		*out = first;
		return true;
	}
	octets = first & 0x7f;
	if (octets == 0 || octets > 3 || octets > in->n || in->p[0] == '\0')
		return false;
	for (size_t i = 0; i < octets; i++)
		n = n << 8 | (unsigned char)in->p[i];
	*in = slice_skip(*in, octets);
	*out = n;
	return n >= 0x80;
}

bool der_take(struct slice *in, unsigned char *tag, struct slice *value, struct slice *whole)
{
	struct slice rest = *in;
	size_t n;

	if (rest.n == 0 || (rest.p[0] & 0x1f) == 0x1f)
		return false;
	*tag = (unsigned char)rest.p[0];
	rest = slice_skip(rest, 1);
	if (!take_length(&rest, &n) || n > rest.n)
		return false;
	*value = slice_head(rest, n);
	rest = slice_skip(rest, n);
	if (whole != NULL)
		*whole = slice_of(in->p, in->n - rest.n);
	*in = rest;
	return true;
}
