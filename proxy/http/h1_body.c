#include "proxy/http/h1_body.h"

#include "base/coding.h"
#include "proxy/http/chars.h"
#include "proxy/http/h1_lines.h"

/*
 * The line of a chunk (RFC 9112 section 7.1), octet by octet, so that it may be cut anywhere:
 *
 *	chunk-size [ BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ] ]... CRLF
 */
enum state {
	BAD = 0, /* what the table says for every pair that is not in it */
	SIZE_FIRST,
	SIZE,
	SIZE_BLANK,
	EXT,
	NAME,
	NAME_BLANK,
	EQUALS,
	VALUE,
	VALUE_BLANK,
	QUOTED,
	ESCAPED,
	QUOTED_END,
	LINE_CR,
	LINE_STATES,
	LINE_LF = LINE_STATES,
	/* Not on the line. */
	DATA,
	DATA_CR,
	DATA_LF,
	SECTION_FIRST,
	SECTION_LF,
	SECTION,
	DONE,
};

enum octet {
	C_HEX,
	C_TOKEN,
	C_SEMICOLON,
	C_EQUALS,
	C_QUOTE,
	C_BACKSLASH,
	C_BLANK,
	C_TEXT,
	C_CR,
	C_LF,
	C_OTHER,
	OCTETS,
};

static const uint8_t next_state[LINE_STATES][OCTETS] = {
	[SIZE_FIRST] = { [C_HEX] = SIZE },
	[SIZE] = { [C_HEX] = SIZE, [C_SEMICOLON] = EXT, [C_BLANK] = SIZE_BLANK, [C_CR] = LINE_CR },
	/* CR is for padded sizes, which old origins send; chunk_octet() refuses it to clients. */
	[SIZE_BLANK] = { [C_SEMICOLON] = EXT, [C_BLANK] = SIZE_BLANK, [C_CR] = LINE_CR },
	[EXT] = { [C_HEX] = NAME, [C_TOKEN] = NAME, [C_BLANK] = EXT },
	[NAME] = { [C_HEX] = NAME,
		   [C_TOKEN] = NAME,
		   [C_EQUALS] = EQUALS,
		   [C_SEMICOLON] = EXT,
		   [C_BLANK] = NAME_BLANK,
		   [C_CR] = LINE_CR },
	[NAME_BLANK] = { [C_BLANK] = NAME_BLANK, [C_EQUALS] = EQUALS, [C_SEMICOLON] = EXT },
	[EQUALS] = { [C_BLANK] = EQUALS, [C_QUOTE] = QUOTED, [C_HEX] = VALUE, [C_TOKEN] = VALUE },
	[VALUE] = { [C_HEX] = VALUE,
		    [C_TOKEN] = VALUE,
		    [C_SEMICOLON] = EXT,
		    [C_BLANK] = VALUE_BLANK,
		    [C_CR] = LINE_CR },
	[VALUE_BLANK] = { [C_BLANK] = VALUE_BLANK, [C_SEMICOLON] = EXT },
	[QUOTED] = { [C_HEX] = QUOTED,
		     [C_TOKEN] = QUOTED,
		     [C_SEMICOLON] = QUOTED,
		     [C_EQUALS] = QUOTED,
		     [C_BLANK] = QUOTED,
		     [C_TEXT] = QUOTED,
		     [C_BACKSLASH] = ESCAPED,
		     [C_QUOTE] = QUOTED_END },
	[ESCAPED] = { [C_HEX] = QUOTED,
		      [C_TOKEN] = QUOTED,
		      [C_SEMICOLON] = QUOTED,
		      [C_EQUALS] = QUOTED,
		      [C_BLANK] = QUOTED,
		      [C_TEXT] = QUOTED,
		      [C_BACKSLASH] = QUOTED,
		      [C_QUOTE] = QUOTED },
	[QUOTED_END] = { [C_SEMICOLON] = EXT, [C_BLANK] = VALUE_BLANK, [C_CR] = LINE_CR },
	[LINE_CR] = { [C_LF] = LINE_LF },
};

static enum octet octet_of(char c)
{
	if (char_is(c, CHAR_HEX))
		return C_HEX;
	if (char_is(c, CHAR_TOKEN))
		return C_TOKEN;
	switch (c) {
	case ';':
		return C_SEMICOLON;
	case '=':
		return C_EQUALS;
	case '"':
		return C_QUOTE;
	case '\\':
		return C_BACKSLASH;
	case ' ':
	case '\t':
		return C_BLANK;
	case '\r':
		return C_CR;
	case '\n':
		return C_LF;
	default:
		return char_is(c, CHAR_VALUE) ? C_TEXT : C_OTHER;
	}
}

void h1_body_init(struct h1_body *b, const struct framing *f, enum h1_side side,
		  struct fields *trailers)
{
	*b = (struct h1_body){ .kind = f->kind, .side = side, .trailers = trailers };
	buf_init(&b->section, H1_TRAILERS_MAX);
	switch (f->kind) {
	case FRAMING_LENGTH:
		b->left = f->length;
		b->state = f->length != 0 ? DATA : DONE;
		break;
	case FRAMING_CHUNKED:
		b->state = SIZE_FIRST;
		break;
	case FRAMING_UNTIL_CLOSE:
	case FRAMING_TUNNEL:
		b->left = UINT64_MAX;
		b->state = DATA;
		break;
	case FRAMING_NONE:
		b->state = DONE;
		break;
	}
}

void h1_body_release(struct h1_body *b)
{
	buf_release(&b->section);
	b->trailers = NULL;
}

bool h1_body_done(const struct h1_body *b)
{
	return b->state == DONE;
}

bool h1_body_eof(struct h1_body *b)
{
	if (b->state == DATA && b->kind == FRAMING_UNTIL_CLOSE)
		b->state = DONE;
	return b->state == DONE;
}

static void refuse(struct h1_body *b, const char *reason)
{
	b->state = BAD;
	b->reason = reason;
}

/* The line is over. */
static void chunk_start(struct h1_body *b)
{
	b->line = 0;
	if (b->left == 0) {
		b->state = SECTION_FIRST;
		return;
	}
	if (b->left > INT64_MAX - b->total)
		refuse(b, "the chunks are too long");
	else
		b->state = DATA;
}

static void chunk_octet(struct h1_body *b, char c)
{
	uint8_t was = b->state, state = next_state[was][octet_of(c)];

	if (was == SIZE_BLANK && state == LINE_CR && b->side == H1_FROM_CLIENT)
		state = BAD;
	if (state == BAD) {
		refuse(b, "a malformed chunk size or extension");
		return;
	}
	if (++b->line > H1_CHUNK_LINE_MAX) {
		refuse(b, "a chunk line is too long");
		return;
	}
	b->state = state;
	if (state == SIZE) {
		/* 16 digits hold any number that is not refused; more are only zeros in front. */
		if (b->line > 16 || b->left > UINT64_MAX >> 5)
			refuse(b, "a chunk size is too large");
		b->left = b->left << 4 | (unsigned)ascii_hex(c);
	} else if (state == LINE_LF) {
		chunk_start(b);
	} else if (state != LINE_CR && ++b->extensions > H1_CHUNK_EXT_MAX) {
		refuse(b, "the chunk extensions are too long");
	}
}

/* Octets of the line, until it is over or `in` is. */
static size_t chunk_line(struct h1_body *b, struct slice in)
{
	size_t i = 0;

	while (i < in.n && b->state != BAD && b->state < LINE_STATES)
		chunk_octet(b, in.p[i++]);
	return i;
}

static void take_octet(struct h1_body *b, char c, char want, enum state next, const char *reason)
{
	if (c == want)
		b->state = (uint8_t)next;
	else
		refuse(b, reason);
}

/* The trailer section is read: keeps the fields that may be there. */
static void take_trailers(struct h1_body *b)
{
	struct fields *f = b->trailers;
	struct slice section = buf_slice(&b->section);
	struct slice kept = fields_keep(f, section);
	uint32_t i = 0;

	if (kept.p == NULL) {
		refuse(b, "no room for the trailer fields");
		return;
	}
	fields_rebase(f, section.p, section.n, kept.p);
	while (i < f->n) {
		enum field_id id = (enum field_id)f->v[i].id;

		if (id == FIELD_CONTENT_LENGTH || id == FIELD_TRANSFER_ENCODING ||
		    id == FIELD_HOST) {
			refuse(b, "a framing or routing field in the trailers");
			return;
		}
		if (field_no_trailer(id) || field_hop_by_hop(id))
			fields_remove(f, &f->v[i]);
		else
			i++;
	}
	b->state = DONE;
}

/* One line of the trailer section, or the part of it that is here; judged at its end. */
static size_t trailer_line(struct h1_body *b, struct slice in)
{
	const struct h1_limits limits = {
		.max_head = H1_TRAILERS_MAX,
		.max_line = H1_TRAILERS_MAX,
	};
	struct h1_reader reader = { .started = true };
	struct h1_error error = { 0 };
	size_t at = slice_find(in, '\n'), n = at < in.n ? at + 1 : in.n, end;
	struct slice line, before = buf_slice(&b->section);

	if (b->trailers == NULL) {
		refuse(b, "trailer fields where none are expected");
		return n;
	}
	if (!buf_add(&b->section, slice_head(in, n))) {
		refuse(b, "the trailer section is too long");
		return n;
	}
	/* The buffer may have moved, and the fields so far point into it. */
	line = buf_slice(&b->section);
	fields_rebase(b->trailers, before.p, b->line, line.p);
	if (at == in.n)
		return n;
	reader.line = b->line;
	reader.base = line.p;
	switch (h1_read_fields(&reader, line, &limits, b->trailers, &end, &error)) {
	case H1_OK:
		take_trailers(b);
		break;
	case H1_BAD:
		refuse(b, error.reason);
		break;
	case H1_MORE:
		b->line = (uint16_t)reader.line;
		break;
	}
	return n;
}

static size_t take_data(struct h1_body *b, struct slice in, struct slice *data)
{
	size_t n = in.n;

	if (n >= b->left) {
		n = (size_t)b->left;
		b->state = b->kind == FRAMING_CHUNKED ? DATA_CR : DONE;
	}
	if (b->kind != FRAMING_UNTIL_CLOSE && b->kind != FRAMING_TUNNEL)
		b->left -= n;
	b->total += n;
	*data = slice_head(in, n);
	return n;
}

/* At least one octet of `in`, which has one. */
static size_t step(struct h1_body *b, struct slice in, struct slice *data)
{
	static const char no_crlf[] = "no CRLF behind the data of a chunk";

	switch (b->state) {
	case DATA:
		return take_data(b, in, data);
	case DATA_CR:
		take_octet(b, in.p[0], '\r', DATA_LF, no_crlf);
		return 1;
	case DATA_LF:
		take_octet(b, in.p[0], '\n', SIZE_FIRST, no_crlf);
		return 1;
	case SECTION_FIRST:
		if (in.p[0] != '\r') {
			b->state = SECTION;
			return trailer_line(b, in);
		}
		b->state = SECTION_LF;
		return 1;
	case SECTION_LF:
		take_octet(b, in.p[0], '\n', DONE, "a CR stands inside a line");
		return 1;
	case SECTION:
		return trailer_line(b, in);
	default:
		return chunk_line(b, in);
	}
}

enum h1_body_result h1_body_feed(struct h1_body *b, struct slice in, size_t *consumed,
				 struct slice *data)
{
	size_t at = 0;

	*data = SLICE("");
	while (at < in.n && b->state != DONE && b->state != BAD && data->n == 0)
		at += step(b, slice_skip(in, at), data);
	*consumed = at;
	if (data->n != 0)
		return H1_BODY_DATA;
	if (b->state == DONE)
		return H1_BODY_DONE;
	return b->state == BAD ? H1_BODY_BAD : H1_BODY_MORE;
}

enum h1_body_result h1_body_spans(struct h1_body *b, struct slice in, size_t *consumed,
				  struct slice *spans, size_t max, size_t *n, uint64_t *total)
{
	enum h1_body_result result = H1_BODY_DATA;

	*consumed = 0;
	*n = 0;
	*total = 0;
	while (*n < max && result == H1_BODY_DATA) {
		size_t used;

		result = h1_body_feed(b, slice_skip(in, *consumed), &used, &spans[*n]);
		*consumed += used;
		if (result == H1_BODY_DATA)
			*total += spans[(*n)++].n;
	}
	if (result != H1_BODY_DATA)
		return result;
	return b->state == DONE ? H1_BODY_DONE : H1_BODY_MORE;
}

bool h1_chunk_begin(struct buf *out, uint64_t n)
{
	static const char hex[] = "0123456789abcdef";
	char text[18];
	size_t at = sizeof(text);

	text[--at] = '\n';
	text[--at] = '\r';
	for (; n != 0; n >>= 4)
		text[--at] = hex[n & 15];
	return buf_add(out, slice_of(text + at, sizeof(text) - at));
}

bool h1_chunk_end(struct buf *out)
{
	return buf_add(out, SLICE("\r\n"));
}

bool h1_last_chunk(struct buf *out, const struct fields *trailers)
{
	buf_add(out, SLICE("0\r\n"));
	for (uint32_t i = 0; trailers != NULL && i < trailers->n; i++) {
		buf_add(out, trailers->v[i].name);
		buf_add(out, SLICE(": "));
		buf_add(out, trailers->v[i].value);
		buf_add(out, SLICE("\r\n"));
	}
	return buf_add(out, SLICE("\r\n"));
}
