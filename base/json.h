/*
 * json.h - writes canonical JSON: one form for one value, no space, keys in the order written.
 *
 * Field values and cookie-names are bytes, not text.  json_bytes() writes each byte of 0x80 and
 * above as \u00XX (isomorphic, as WHATWG's "isomorphic decode"), so the bytes can be had back and
 * the output is pure ASCII.  Control characters, '"' and '\' are escaped as RFC 8259 section 7
 * asks; only \" \\ and \u00XX are used.  json_key() writes the comma where one is due:
 *
 *	json_open(b, '{'); json_key(b, "n"); json_u64(b, 7); json_close(b, '}');
 */
#ifndef CRUMBGATE_BASE_JSON_H
#define CRUMBGATE_BASE_JSON_H

#include "base/buf.h"

void json_open(struct buf *b, char bracket);
void json_close(struct buf *b, char bracket);
/* `"key":`, with a comma before it unless it is the first in its object.  The key is trusted. */
void json_key(struct buf *b, const char *key);
/* A comma unless first in its array: call before each element. */
void json_item(struct buf *b);
void json_bytes(struct buf *b, struct slice s);
void json_u64(struct buf *b, uint64_t v);
void json_i64(struct buf *b, int64_t v);
void json_bool(struct buf *b, bool v);

/* "key":value in one call. */
void json_kv(struct buf *b, const char *key, struct slice v);
void json_kv_u64(struct buf *b, const char *key, uint64_t v);
void json_kv_i64(struct buf *b, const char *key, int64_t v);
void json_kv_bool(struct buf *b, const char *key, bool v);

#endif
