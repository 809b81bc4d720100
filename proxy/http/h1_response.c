#include "proxy/http/h1_lines.h"
#include "proxy/http/chars.h"

/* Browsers read heads of 256 KiB and more; many cookies and long policies are real. */
const struct h1_limits h1_response_limits = {
	.max_head = 256 * 1024,
	.max_line = 128 * 1024,
	.max_fields = 500,
	.max_keep = 1024 * 1024,
};

void h1_response_init(struct h1_response *r, const struct h1_limits *limits)
{
	r->limits = *limits;
	fields_init(&r->fields, limits->max_fields, limits->max_keep);
	h1_response_clear(r);
}

void h1_response_clear(struct h1_response *r)
{
	r->at = (struct h1_reader){ 0 };
	r->error = (struct h1_error){ 0 };
	r->head_len = 0;
	r->minor = 0;
	r->status = 0;
	r->reason = SLICE("");
	fields_clear(&r->fields);
}

void h1_response_release(struct h1_response *r)
{
	h1_response_clear(r);
	fields_release(&r->fields);
}

static void rebase(struct h1_response *r, size_t n, const char *to)
{
	const char *from = r->at.base;

	r->reason = slice_rebase(r->reason, from, n, to);
	fields_rebase(&r->fields, from, n, to);
	r->at.base = to;
}

bool h1_response_keep(struct h1_response *r)
{
	char *to = fields_room(&r->fields, r->head_len);

	if (to == NULL)
		return false;
	memcpy(to, r->at.base, r->head_len);
	rebase(r, r->head_len, to);
	return true;
}

/*
 * The status line at p, if it is whole and good: the next line; else NULL.  The reason phrase may
 * be missing, with or without the blank before it: real origins do both.
 */
static const char *start_line(struct h1_response *r, const char *p, const char *end)
{
	static const char version[] = "HTTP/1.";
	const char *reason, *stop;

	if (end - p < 14 || memcmp(p, version, sizeof(version) - 1) != 0 ||
	    (p[7] != '0' && p[7] != '1') || p[8] != ' ' || p[9] < '1' || p[9] > '5' ||
	    !ascii_digit(p[10]) || !ascii_digit(p[11]))
		return NULL;
	stop = chars_value_end(p + 12, end);
	reason = p + 12;
	if (stop > reason && *reason++ != ' ')
		return NULL;
	if (end - stop < 2 || stop[0] != '\r' || stop[1] != '\n')
		return NULL;
	r->minor = (uint8_t)(p[7] - '0');
	r->status = (uint16_t)((p[9] - '0') * 100 + (p[10] - '0') * 10 + (p[11] - '0'));
	r->reason = slice_of(reason, (size_t)(stop - reason));
	return stop + 2;
}

static enum h1_result read_start(struct h1_response *r, struct slice in)
{
	const char *next;
	struct slice line;
	enum h1_result result;

	if (!h1_line_ready(&r->at, in, &r->limits, &result, &r->error))
		return result;
	next = start_line(r, in.p + r->at.line, in.p + in.n);
	if (next == NULL) {
		result = h1_judge_line(&r->at, in, &r->limits, &line, &r->error);
		return result != H1_OK
			       ? result
			       : h1_bad(&r->error, 502, "the answer has no HTTP/1 status line");
	}
	if (!h1_line_fits(&r->at, in, next, &r->limits, &r->error))
		return H1_BAD;
	r->at.line = (size_t)(next - in.p);
	r->at.started = true;
	return H1_OK;
}

enum h1_result h1_parse_response(struct slice in, struct h1_response *r)
{
	struct h1_reader *at = &r->at;
	enum h1_result result = H1_OK;

	if (in.n == 0)
		return H1_MORE;
	if (at->base != NULL && at->base != in.p)
		rebase(r, at->line, in.p);
	at->base = in.p;
	if (!at->started)
		result = read_start(r, in);
	if (result == H1_OK)
		result = h1_read_fields(at, in, &r->limits, &r->fields, &r->head_len, &r->error);
	if (result == H1_OK && !h1_connection_sane(&r->fields))
		result = h1_bad(&r->error, 502, "Connection has too many options");
	if (result == H1_BAD)
		r->error.status = 502;
	return result;
}
