/*
 * explain_out.h - what `crumbgate explain` says: the same facts as JSON or as lines for people.
 *
 *	out_init(&o, json);
 *	out_str(&o, "purpose", "analytics");	// "purpose":"analytics"  |  purpose        analytics
 *	out_open(&o, "row"); ... out_close(&o);	// an object              |  a paragraph
 *	out_list(&o, "changes");		// an array               |  a paragraph
 *	out_item(&o); ... out_item_close(&o);	// an object in it        |  nothing: say a line
 *	out_line(&o);  buf_add..., put_plain...  out_line_close(&o);	// text only
 *	good = out_finish(&o);			// prints it and gives the memory back
 *
 * Inside an item only JSON is written by the functions with a key.  Bytes from outside are escaped
 * in both forms.
 */
#ifndef CRUMBGATE_CMD_EXPLAIN_OUT_H
#define CRUMBGATE_CMD_EXPLAIN_OUT_H

#include "base/buf.h"

struct explain_out {
	bool json;
	unsigned depth, items;
	struct buf text;
};

void out_init(struct explain_out *o, bool json);
/* False: said on stderr. */
bool out_finish(struct explain_out *o);
void out_release(struct explain_out *o);

void out_open(struct explain_out *o, const char *key);
void out_close(struct explain_out *o);
void out_list(struct explain_out *o, const char *key);
void out_list_close(struct explain_out *o);
void out_item(struct explain_out *o);
void out_item_close(struct explain_out *o);

void out_bytes(struct explain_out *o, const char *key, struct slice v);
void out_str(struct explain_out *o, const char *key, const char *v);
void out_u64(struct explain_out *o, const char *key, uint64_t v);
void out_i64(struct explain_out *o, const char *key, int64_t v);
void out_bool(struct explain_out *o, const char *key, bool v);
/* A number of thousandths, as 0.871. */
void out_permille(struct explain_out *o, const char *key, unsigned v);
/* A sentence: printf's format, no longer than 1,000 octets. */
void out_say(struct explain_out *o, const char *key, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* A line of one's own, for people only: false where JSON is written. */
bool out_line(struct explain_out *o);
void out_line_close(struct explain_out *o);

#endif
