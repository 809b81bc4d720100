/*
 * time.h - the times in banners' records: seconds or milliseconds since 1970, or ISO 8601
 * (2026-01-20T10:11:12, anything behind the seconds is left out, and UTC assumed).
 */
#ifndef CRUMBGATE_FILTERS_BANNERS_TIME_H
#define CRUMBGATE_FILTERS_BANNERS_TIME_H

#include "base/buf.h"

/* Seconds since 1970; false for anything else, and for times before 2001 or after 2286. */
bool banner_time_read(struct slice text, int64_t *seconds);

/* 2026-01-20T10:11:12.000Z; seconds from 1970 on. */
void banner_time_write(int64_t seconds, struct buf *out);

#endif
