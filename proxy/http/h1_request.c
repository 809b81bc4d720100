#include "proxy/http/h1_lines.h"
#include "proxy/http/chars.h"

const struct h1_limits h1_request_limits = {
	.max_head = 64 * 1024,
	.max_line = 32 * 1024,
	.max_fields = 200,
	.max_keep = 256 * 1024,
};

void h1_request_init(struct h1_request *r, const struct h1_limits *limits)
{
	r->limits = *limits;
	fields_init(&r->fields, limits->max_fields, limits->max_keep);
	h1_request_clear(r);
}

void h1_request_clear(struct h1_request *r)
{
	r->at = (struct h1_reader){ 0 };
	r->error = (struct h1_error){ 0 };
	r->head_len = 0;
	r->method_id = METHOD_OTHER;
	r->form = H1_ORIGIN_FORM;
	r->minor = 0;
	r->https = false;
	r->expect_continue = false;
	r->method = r->target = r->path = SLICE("");
	r->authority.kind = HOST_NONE;
	r->authority.len = 0;
	r->authority.port = 0;
	fields_clear(&r->fields);
}

void h1_request_release(struct h1_request *r)
{
	h1_request_clear(r);
	fields_release(&r->fields);
}

static enum h1_result bad(struct h1_request *r, unsigned status, const char *reason)
{
	return h1_bad(&r->error, status, reason);
}

/* Every slice that points to the bytes at r->at.base then points to those at `to`. */
static void rebase(struct h1_request *r, size_t n, const char *to)
{
	const char *from = r->at.base;

	r->method = slice_rebase(r->method, from, n, to);
	r->target = slice_rebase(r->target, from, n, to);
	r->path = slice_rebase(r->path, from, n, to);
	fields_rebase(&r->fields, from, n, to);
	r->at.base = to;
}

bool h1_request_keep(struct h1_request *r)
{
	char *to = fields_room(&r->fields, r->head_len);

	if (to == NULL)
		return false;
	memcpy(to, r->at.base, r->head_len);
	rebase(r, r->head_len, to);
	return true;
}

static enum h1_result judge_version(struct h1_request *r, struct slice version)
{
	if (version.n == 8 && slice_starts(version, SLICE("HTTP/")) && ascii_digit(version.p[5]) &&
	    version.p[6] == '.' && ascii_digit(version.p[7]))
		return bad(r, 505, "only HTTP/1.0 and HTTP/1.1 are spoken here");
	return bad(r, 400, "the request line does not end in a protocol version");
}

static enum h1_result judge_start(struct h1_request *r, struct slice in)
{
	struct slice line, method, target, rest;
	enum h1_result result = h1_judge_line(&r->at, in, &r->limits, &line, &r->error);

	if (result != H1_OK)
		return result;
	rest = slice_cut(line, ' ', &method);
	if (!chars_token(method))
		return bad(r, 400, "the method is not a token");
	rest = slice_cut(rest, ' ', &target);
	if (rest.p == NULL || slice_find(rest, ' ') != rest.n)
		return bad(r, 400, "the request line is not method, target and version");
	if (target.n == 0 || !chars_all(target, CHAR_TARGET))
		return bad(r, 400, "the target has a character that must be percent-encoded");
	return judge_version(r, rest);
}

static const char *skip_kind(const char *p, const char *end, uint8_t kind)
{
	while (p < end && char_is(*p, kind))
		p++;
	return p;
}

/* The request line at p, if it is whole and good: the next line; else NULL. */
static const char *start_line(struct h1_request *r, const char *p, const char *end)
{
	static const char version[] = " HTTP/1.";
	const size_t tail = sizeof(version) - 1 + 3; /* the digit and CRLF */
	const char *sp = skip_kind(p, end, CHAR_TOKEN), *target, *v;

	if (sp == p || sp == end || *sp != ' ')
		return NULL;
	target = sp + 1;
	v = skip_kind(target, end, CHAR_TARGET);
	if (v == target || (size_t)(end - v) < tail || memcmp(v, version, tail - 3) != 0 ||
	    (v[8] != '0' && v[8] != '1') || v[9] != '\r' || v[10] != '\n')
		return NULL;
	r->method = slice_of(p, (size_t)(sp - p));
	r->target = slice_of(target, (size_t)(v - target));
	r->minor = (uint8_t)(v[8] - '0');
	return v + tail;
}

static enum h1_result read_start(struct h1_request *r, struct slice in)
{
	const char *next;
	enum h1_result result;

	if (r->at.line == 0 && in.n != 0 && in.p[0] == '\r') {
		if (in.n == 1)
			return H1_MORE;
		if (in.p[1] == '\n')
			r->at.line = 2; /* RFC 9112 section 2.2: one empty line is ignored */
	}
	if (!h1_line_ready(&r->at, in, &r->limits, &result, &r->error))
		return result;
	next = start_line(r, in.p + r->at.line, in.p + in.n);
	if (next == NULL)
		return judge_start(r, in);
	if (!h1_line_fits(&r->at, in, next, &r->limits, &r->error))
		return H1_BAD;
	r->at.line = (size_t)(next - in.p);
	r->at.started = true;
	r->method_id = method_of(r->method);
	return H1_OK;
}

/* RFC 9112 section 3.2.2.  *authority is its text. */
static enum h1_result absolute_form(struct h1_request *r, struct slice *authority)
{
	struct slice rest = r->target;
	size_t n = 0;
	const char *reason;

	r->form = H1_ABSOLUTE_FORM;
	r->https = slice_istarts(rest, SLICE("https://"));
	if (!r->https && !slice_istarts(rest, SLICE("http://")))
		return bad(r, 400, "the target is neither a path nor an http or https URI");
	rest = slice_skip(rest, r->https ? 8 : 7);
	while (n < rest.n && rest.p[n] != '/' && rest.p[n] != '?')
		n++;
	*authority = slice_head(rest, n);
	r->path = slice_skip(rest, n);
	if (r->path.n == 0 && r->method_id == METHOD_OPTIONS)
		r->path = SLICE("*"); /* section 3.2.4 */
	reason = authority_parse(&r->authority, *authority);
	return reason == NULL ? H1_OK : bad(r, 400, reason);
}

static enum h1_result read_target(struct h1_request *r, struct slice *authority)
{
	const char *reason;

	if (r->method_id == METHOD_CONNECT) {
		r->form = H1_AUTHORITY_FORM;
		reason = authority_parse_connect(&r->authority, r->target);
		return reason == NULL ? H1_OK : bad(r, 400, reason);
	}
	r->path = r->target;
	if (r->target.p[0] == '/') {
		r->form = H1_ORIGIN_FORM;
		return H1_OK;
	}
	if (slice_eq(r->target, SLICE("*"))) {
		r->form = H1_ASTERISK_FORM;
		return r->method_id == METHOD_OPTIONS ? H1_OK
						      : bad(r, 400, "only OPTIONS may ask for *");
	}
	return absolute_form(r, authority);
}

/* RFC 9112 section 3.2: the Host field, and that the target wins over it. */
static enum h1_result check_host(struct h1_request *r, struct slice authority)
{
	const struct field *host = fields_find(&r->fields, FIELD_HOST);
	struct authority other;
	const char *reason;

	if (host == NULL && r->minor != 0)
		return bad(r, 400, "HTTP/1.1 needs a Host field");
	if (host == NULL && r->form == H1_ABSOLUTE_FORM)
		return fields_add_first(&r->fields, SLICE("Host"), authority)
			       ? H1_OK
			       : bad(r, 431, "too many fields");
	if (host == NULL)
		return H1_OK;
	if (fields_next(&r->fields, host) != NULL)
		return bad(r, 400, "there is more than one Host field");
	reason = authority_parse(r->authority.kind == HOST_NONE ? &r->authority : &other,
				 host->value);
	if (reason != NULL)
		return bad(r, 400, reason);
	if (r->form == H1_ABSOLUTE_FORM && !slice_eq(host->value, authority))
		fields_set(&r->fields, host, authority);
	return H1_OK;
}

static enum h1_result check_expect(struct h1_request *r)
{
	const struct field *expect = fields_find(&r->fields, FIELD_EXPECT);

	if (expect == NULL)
		return H1_OK;
	if (!slice_ieq(expect->value, SLICE("100-continue")) ||
	    fields_next(&r->fields, expect) != NULL)
		return bad(r, 417, "the only expectation that can be met is 100-continue");
	r->expect_continue = r->minor != 0; /* RFC 9110 section 10.1.1 */
	return H1_OK;
}

static enum h1_result finish(struct h1_request *r)
{
	struct slice authority = SLICE("");
	enum h1_result result = read_target(r, &authority);

	if (result == H1_OK)
		result = check_host(r, authority);
	if (result == H1_OK)
		result = check_expect(r);
	if (result == H1_OK && !h1_connection_sane(&r->fields))
		result = bad(r, 400, "Connection has too many options");
	return result;
}

enum h1_result h1_parse_request(struct slice in, struct h1_request *r)
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
	return result == H1_OK ? finish(r) : result;
}
