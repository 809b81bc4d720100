/*
 * clicks.h - click identifiers: query parameters that an advertiser's or a mailer's link carries to
 * tie the visit to the click, and that a page does not need.
 */
#ifndef CRUMBGATE_FILTERS_CLICKS_H
#define CRUMBGATE_FILTERS_CLICKS_H

#include "base/buf.h"

/* Case-sensitive, as they are written. */
bool is_click_id(struct slice parameter);

/*
 * Appends `target` (path and query) without its click identifiers to `out`, everything else as it
 * came, and says how many went; 0: nothing was appended.  *name is the first of them.
 */
size_t clicks_strip(struct slice target, struct buf *out, struct slice *name);

#endif
