/*
 * shape.h - what a cookie's value looks like, without a byte of it.
 *
 * A decision may use the kind of a value (an identifier, a flag, a number), and every input of a
 * decision is in the log, so the log holds the shape: the form, the length, for free forms which
 * classes of octets occur and how evenly.  "uuid:36", "num:10", "hex:32:e4", "text:12:aA0:e3".
 * shape_parse() gives back exactly what shape_write() was given.
 */
#ifndef CRUMBGATE_FILTERS_SHAPE_H
#define CRUMBGATE_FILTERS_SHAPE_H

#include "base/slice.h"

enum value_form {
	FORM_EMPTY,
	FORM_BOOL,	/* true, false, yes, no, on, off, 0, 1, ... */
	FORM_NUMBER,	/* digits, with sign or point */
	FORM_TIMESTAMP, /* seconds or milliseconds since 1970 between 2001 and 2286 */
	FORM_UUID,
	FORM_HEX,    /* 8 or more hexadecimal digits, letters among them */
	FORM_BASE64, /* 16 or more of base64 or base64url, mixed */
	FORM_JWT,    /* three base64url parts, "eyJ" first */
	FORM_TC,     /* a TCF string: 'C', base64url, long */
	FORM_JSON,   /* { or [, plain or percent-encoded */
	FORM_GA,     /* GA1.2.n.n, GS1.1..., fb.1.n.n: an analytics client id */
	FORM_TEXT,   /* letters, digits and common punctuation */
	FORM_OTHER,
};

/* Classes of octets that occur. */
#define SHAPE_LOWER 0x01u
#define SHAPE_UPPER 0x02u
#define SHAPE_DIGIT 0x04u
#define SHAPE_PUNCT 0x08u /* the rest of printable ASCII but '%' */
#define SHAPE_PERCENT 0x10u
#define SHAPE_BLANK 0x20u
#define SHAPE_HIGH 0x40u /* 0x80 and above, and controls */

struct value_shape {
	enum value_form form;
	uint32_t length; /* octets */
	uint8_t classes; /* for TEXT and OTHER; else 0 */
	/*
	 * For HEX, BASE64, JSON, TEXT, OTHER: bits per octet as Shannon counts them, 0-8; else 0.
	 */
	uint8_t entropy;
};

#define SHAPE_TEXT_MAX 32

void value_shape_of(struct slice value, struct value_shape *out);
/* Always NUL-terminated. */
void shape_write(const struct value_shape *s, char out[SHAPE_TEXT_MAX]);
/* Exactly what shape_write() writes; false for anything else. */
bool shape_parse(struct slice text, struct value_shape *out);

#endif
