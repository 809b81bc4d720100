/*
 * decode.h - takes the wrapping off a banner's value.
 *
 * It appends to `out` and returns false when that fails (its cap is the bound) or when base64 holds
 * a character that is none.
 */
#ifndef CRUMBGATE_FILTERS_BANNERS_DECODE_H
#define CRUMBGATE_FILTERS_BANNERS_DECODE_H

#include "base/buf.h"

/*
 * The steps of a row's code column, in their order: "plain", "percent", "base64"; "items" leaves
 * the value alone, because its reader decodes each item after cutting.  A value that is still
 * percent-encoded after one step of "percent" is decoded once more: some banners do it twice.
 */
bool decode_value(struct slice code, struct slice value, struct buf *out);

#endif
