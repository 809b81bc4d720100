/*
 * decode.h - takes the wrapping off a banner's value: percent-encoding (RFC 3986, section 2.1) and
 * base64 in either alphabet, with padding or without (RFC 4648).
 *
 * All three append to `out` and return false when it fails (its cap is the bound) or when base64
 * holds a character that is none.
 */
#ifndef CRUMBGATE_FILTERS_BANNERS_DECODE_H
#define CRUMBGATE_FILTERS_BANNERS_DECODE_H

#include "base/buf.h"

/* A '%' that begins no escape stays as it is; '+' is no space: cookies are no forms. */
bool decode_percent(struct slice s, struct buf *out);
bool decode_base64(struct slice s, struct buf *out);

/*
 * The steps of a row's code column, in their order: "plain", "percent", "base64"; "items" leaves
 * the value alone, because its reader decodes each item after cutting.  A value that is still
 * percent-encoded after one step of "percent" is decoded once more: some banners do it twice.
 */
bool decode_value(struct slice code, struct slice value, struct buf *out);

#endif
