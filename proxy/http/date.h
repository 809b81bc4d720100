/*
 * date.h - IMF-fixdate (RFC 9110 section 5.6.7) for our own answers.
 */
#ifndef CRUMBGATE_HTTP_DATE_H
#define CRUMBGATE_HTTP_DATE_H

#include "base/buf.h"

/* "Sun, 22 Nov 2026 03:36:50 GMT"; years 1970 to 9999, others are clamped. */
bool http_date(struct buf *out, int64_t wall_ms);

#endif
