/*
 * der.h - writes DER (X.690) from the end to the front, so that a length is known when it is
 * written.
 *
 *	unsigned char mem[256];
 *	struct der d;
 *	size_t end;
 *
 *	der_init(&d, mem, sizeof(mem));
 *	end = der_mark(&d);
 *	der_put(&d, inner);                 // what stands last is written first
 *	der_wrap(&d, end, DER_SEQUENCE);    // head before all that was put since the mark
 *	... der_slice(&d)
 *
 * Too little room sets `failed`, and the slice is then empty.
 */
#ifndef CRUMBGATE_CERTS_DER_H
#define CRUMBGATE_CERTS_DER_H

#include "base/slice.h"

enum {
	DER_BOOLEAN = 0x01,
	DER_INTEGER = 0x02,
	DER_BIT_STRING = 0x03,
	DER_OCTET_STRING = 0x04,
	DER_OID = 0x06,
	DER_UTF8 = 0x0c,
	DER_UTC_TIME = 0x17,
	DER_GENERALIZED_TIME = 0x18,
	DER_SEQUENCE = 0x30,
	DER_SET = 0x31,
};

struct der {
	unsigned char *mem;
	size_t at, size; /* written: mem[at .. size) */
	bool failed;
};

void der_init(struct der *d, unsigned char *mem, size_t size);
void der_put(struct der *d, struct slice bytes);
void der_put_byte(struct der *d, unsigned char byte);
/* One whole element. */
void der_element(struct der *d, unsigned char tag, struct slice value);

static inline size_t der_mark(const struct der *d)
{
	return d->at;
}

void der_wrap(struct der *d, size_t mark, unsigned char tag);
struct slice der_slice(const struct der *d);

/* Time as RFC 5280 section 4.1.2.5 wants it: UTCTime through 2049, GeneralizedTime after. */
void der_time(struct der *d, int64_t wall_ms);

/*
 * Reading: cuts one element off *in; false when malformed (definite, minimal lengths below 2^24
 * only).
 */
bool der_take(struct slice *in, unsigned char *tag, struct slice *value, struct slice *whole);

#endif
