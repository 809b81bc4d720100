#include "proxy/desk/html.h"

#include "base/coding.h"

/* The length of the UTF-8 sequence at the front, or 0 (RFC 3629 section 4). */
static size_t utf8_len(struct slice s)
{
	const unsigned char *p = (const unsigned char *)s.p;
	unsigned char low = 0x80, high = 0xbf;
	size_t n;

	if (p[0] < 0x80)
		return 1;
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	n = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	if (p[0] == 0xe0)
		low = 0xa0;
	else if (p[0] == 0xed)
		high = 0x9f;
	else if (p[0] == 0xf0)
		low = 0x90;
	else if (p[0] == 0xf4)
		high = 0x8f;
	if (s.n < n || p[1] < low || p[1] > high)
		return 0;
	for (size_t i = 2; i < n; i++)
		if (p[i] < 0x80 || p[i] > 0xbf)
			return 0;
	return n;
}

static const char *entity(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

void html_text(struct buf *out, struct slice text)
{
	while (text.n != 0) {
		size_t n = utf8_len(text);
		const char *safe = n == 1 ? entity(text.p[0]) : NULL;
		unsigned char c = (unsigned char)text.p[0];

		if (safe != NULL)
			buf_adds(out, safe);
		else if (n == 0 || (c < 0x20 && c != '\n' && c != '\t') || c == 0x7f)
			buf_adds(out, "&#xFFFD;");
		else
			buf_add(out, slice_head(text, n));
		text = slice_skip(text, n == 0 ? 1 : n);
	}
}

static void fill_slot(struct buf *out, struct slice name, enum slot_kind kind,
		      const struct slot *slots, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (slots[i].kind != kind || !slice_eq(name, slice_str(slots[i].name)))
			continue;
		if (kind == SLOT_HTML)
			buf_add(out, slots[i].value);
		else
			html_text(out, slots[i].value);
		return;
	}
	out->failed = true;
}

void html_fill(struct buf *out, struct slice template, const struct slot *slots, size_t n)
{
	while (template.n != 0) {
		size_t at = slice_find(template, '{'), end;
		struct slice name;
		bool html;

		buf_add(out, slice_head(template, at));
		template = slice_skip(template, at);
		if (!slice_starts(template, SLICE("{{"))) {
			buf_add(out, slice_head(template, 1));
			template = slice_skip(template, 1);
			continue;
		}
		html = slice_starts(template, SLICE("{{{"));
		template = slice_skip(template, html ? 3 : 2);
		end = slice_find(template, '}');
		name = slice_head(template, end);
		fill_slot(out, name, html ? SLOT_HTML : SLOT_TEXT, slots, n);
		template = slice_skip(template, end + (html ? 3 : 2));
	}
}

static bool unreserved(char c)
{
	char l = ascii_lower(c);

	return (l >= 'a' && l <= 'z') || ascii_digit(c) || c == '-' || c == '.' || c == '_' ||
	       c == '~';
}

void url_segment(struct buf *out, struct slice text)
{
	for (size_t i = 0; i < text.n; i++) {
		if (unreserved(text.p[i])) {
			buf_addc(out, text.p[i]);
		} else {
			buf_addc(out, '%');
			buf_add_hex(out, text.p + i, 1);
		}
	}
}

bool url_decode(struct slice text, bool plus, char *out, size_t size)
{
	size_t n = 0;

	for (; text.n != 0; text = slice_skip(text, 1)) {
		char c = text.p[0];

		if (n + 1 >= size)
			return false;
		if (c == '%') {
			if (text.n < 3 || ascii_hex(text.p[1]) < 0 || ascii_hex(text.p[2]) < 0)
				return false;
			c = (char)(ascii_hex(text.p[1]) * 16 + ascii_hex(text.p[2]));
			text = slice_skip(text, 2);
		} else if (c == '+' && plus) {
			c = ' ';
		}
		if (c == '\0')
			return false;
		out[n++] = c;
	}
	out[n] = '\0';
	return true;
}
