/*
 * refusal.h - the cookies by which a known banner remembers that somebody refused, so that it does
 * not ask again.
 *
 * For a person who has refused elsewhere (at crumbgate's own page) and would be asked by every
 * site once more.  There is no way here to ask for an acceptance: the values stand in the table's
 * refusal column, and each set of cookies is read back with banner_read() before it is given out;
 * what does not read as BANNER_REFUSE is not.  Whether to write at all is the caller's business
 * (it changes what an investigation would observe).
 *
 * Only products whose whole record is publicly known can be written: those whose table row has a
 * refusal.  Values hold no identifier of a person: where a record wants one it gets random digits
 * that the caller hands in fresh each time.
 */
#ifndef CRUMBGATE_FILTERS_BANNERS_REFUSAL_H
#define CRUMBGATE_FILTERS_BANNERS_REFUSAL_H

#include "filters/banners/read.h"

#define BANNER_WRITES_MAX 8u
/* Six months, which the CNIL recommends for keeping an answer (recommendation 2020-092). */
#define BANNER_WRITE_LIFE_S 15552000

struct banner_occasion {
	struct slice host; /* of the page, without port */
	int64_t now_s;	   /* seconds since 1970 */
	uint8_t random[16];
};

struct banner_write {
	char name[64];
	char value[1024];
	char attributes[160]; /* "; Path=/; Max-Age=...", to stand behind name=value */
};

/* Can this product's refusal be written at this host? */
bool banner_can_refuse(const struct banners *t, struct slice product, struct slice host);

/* How many cookies `out` holds; 0: unknown product, or another host than its own. */
size_t banner_refusal(const struct banners *t, struct slice product,
		      const struct banner_occasion *o, struct banner_write out[BANNER_WRITES_MAX]);

#endif
