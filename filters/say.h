/*
 * say.h - a reason as it grows, in the caller's memory: what does not fit is left out, always at
 * the same place, and the text always ends in NUL.
 */
#ifndef CRUMBGATE_FILTERS_SAY_H
#define CRUMBGATE_FILTERS_SAY_H

#include "base/slice.h"

struct say {
	char *text;
	size_t n, size;
};

static inline void say_init(struct say *w, char *text, size_t size)
{
	*w = (struct say){ text, 0, size };
	text[0] = '\0';
}

static inline void say_add(struct say *w, struct slice s)
{
	s = slice_head(s, w->size - 1 - w->n);
	if (s.n != 0)
		memcpy(w->text + w->n, s.p, s.n);
	w->n += s.n;
	w->text[w->n] = '\0';
}

static inline void say_str(struct say *w, const char *s)
{
	say_add(w, slice_str(s));
}

static inline void say_number(struct say *w, unsigned v)
{
	char digits[10];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + v % 10);
		v /= 10;
	} while (v != 0);
	say_add(w, slice_of(digits + at, sizeof(digits) - at));
}

#endif
