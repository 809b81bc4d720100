/*
 * html.h - the one writer of the desk's pages: templates with slots, and escaping.
 *
 * A template is an asset (assets.h) with {{name}} where text goes and {{{name}}} where markup
 * goes that this library has made itself:
 *
 *	html_fill(out, asset_cookie_html, (const struct slot[]){
 *		{ "name", SLICE("<b>"), SLOT_TEXT }, { "form", buf_slice(&form), SLOT_HTML } }, 2);
 *
 * Text is escaped so that it is safe in content and in quoted attributes.  A slot that is missing,
 * or whose kind is not the template's, fails the buffer (buf_ok()), and the answer becomes a 500: a
 * mistake never becomes a hole.
 */
#ifndef CRUMBGATE_PROXY_DESK_HTML_H
#define CRUMBGATE_PROXY_DESK_HTML_H

#include "base/buf.h"

enum slot_kind { SLOT_TEXT, SLOT_HTML };

struct slot {
	const char *name;
	struct slice value;
	enum slot_kind kind;
};

/* Any bytes; those that are not UTF-8 become U+FFFD, control characters too. */
void html_text(struct buf *out, struct slice text);
void html_fill(struct buf *out, struct slice template, const struct slot *slots, size_t n);

/* One path segment of a link: all but unreserved characters (RFC 3986 section 2.3) as %XX. */
void url_segment(struct buf *out, struct slice text);
/* "%41" and, with `plus`, "+".  False: malformed, or longer than size - 1.  NUL-terminated. */
bool url_decode(struct slice text, bool plus, char *out, size_t size);

#endif
