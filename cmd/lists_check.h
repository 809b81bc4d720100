/*
 * lists_check.h - is this text a filter list, and until when does it hold?  Pure: a text in, facts
 * out.
 *
 * A list that is replaced by an error page, a log-in page of a hotel, or half of itself, protects
 * from less and breaks more than an old one.  So a text is taken only if it says that it is a list
 * by what stands in it.
 */
#ifndef CRUMBGATE_CMD_LISTS_CHECK_H
#define CRUMBGATE_CMD_LISTS_CHECK_H

#include "base/buf.h"
#include "filters/lists/left.h"

#define LIST_HOUR_S 3600
#define LIST_DAY_S (24 * LIST_HOUR_S)
#define LIST_EXPIRES_S (4 * LIST_DAY_S)
#define LIST_EXPIRES_MIN_S LIST_HOUR_S
#define LIST_EXPIRES_MAX_S (30 * LIST_DAY_S)

struct list_facts {
	size_t rules, left_out;
	size_t left[LEFT_KINDS];
};

/*
 * How long a list holds by its own words, "! Expires: 4 days (update frequency)" or "12 hours" in a
 * remark near its beginning, in seconds between MIN and MAX; LIST_EXPIRES_S when it does not say.
 */
int64_t list_expires_s(struct slice text);

/*
 * `size_before`: of the last good copy; 0: there is none, or it does not matter.  False: `why` gets
 * what is wrong, without a line's end.
 */
bool list_check(struct slice text, size_t size_before, struct list_facts *facts, struct buf *why);

#endif
