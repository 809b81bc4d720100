#include "proxy/http/framing.h"
#include "proxy/http/chars.h"
#include "proxy/http/h1_lines.h"

/* Far above any body, and far below where adding to it could overflow. */
#define LENGTH_MAX (UINT64_MAX >> 2)
#define LENGTH_DIGITS 19

/* One more length that was given; false when it is no number or not the one from before. */
static bool one_length(struct slice item, bool *has, uint64_t *length)
{
	uint64_t v;

	if (item.n > LENGTH_DIGITS || !slice_to_u64(item, LENGTH_MAX, &v) || (*has && v != *length))
		return false;
	*has = true;
	*length = v;
	return true;
}

bool framing_length(const struct fields *f, bool repeats, bool *has, uint64_t *length)
{
	*has = false;
	*length = 0;
	for (const struct field *at = fields_find(f, FIELD_CONTENT_LENGTH); at != NULL;
	     at = fields_next(f, at)) {
		struct slice rest = at->value, item;

		if (!repeats) {
			if (*has || !one_length(at->value, has, length))
				return false;
			continue;
		}
		while (rest.p != NULL) {
			rest = slice_cut(rest, ',', &item);
			if (!one_length(slice_trim(item), has, length))
				return false;
		}
	}
	return true;
}

enum coding { CODING_NONE, CODING_CHUNKED, CODING_UNKNOWN, CODING_MALFORMED };

/* Of several fields or codings at least one is not a lone `chunked`; which kind of wrong is it? */
static enum coding judge_codings(const struct fields *f, const struct field *at)
{
	enum coding coding = CODING_MALFORMED;

	for (; at != NULL; at = fields_next(f, at)) {
		struct slice rest = at->value, item;

		while (rest.p != NULL) {
			rest = slice_cut(rest, ',', &item);
			item = slice_trim(item);
			if (!chars_token(item))
				return CODING_MALFORMED;
			if (!slice_ieq(item, SLICE("chunked")))
				coding = CODING_UNKNOWN;
		}
	}
	return coding;
}

static enum coding coding_of(const struct fields *f)
{
	const struct field *at = fields_find(f, FIELD_TRANSFER_ENCODING);

	if (at == NULL)
		return CODING_NONE;
	if (slice_ieq(at->value, SLICE("chunked")) && fields_next(f, at) == NULL)
		return CODING_CHUNKED;
	return judge_codings(f, at);
}

/* What both directions refuse; *coding is then NONE or CHUNKED. */
static enum h1_result read_both(const struct fields *f, unsigned minor, bool request,
				struct framing *out, enum coding *coding, struct h1_error *error)
{
	*out = (struct framing){ .kind = FRAMING_NONE };
	*coding = coding_of(f);
	if (*coding != CODING_NONE && minor == 0)
		return h1_bad(error, 400, "Transfer-Encoding in HTTP/1.0");
	if (*coding != CODING_NONE && fields_find(f, FIELD_CONTENT_LENGTH) != NULL)
		return h1_bad(error, 400, "Content-Length and Transfer-Encoding together");
	if (*coding == CODING_UNKNOWN)
		return h1_bad(error, 501, "a transfer coding other than chunked");
	if (*coding == CODING_MALFORMED)
		return h1_bad(error, 400, "a malformed Transfer-Encoding");
	if (!framing_length(f, !request, &out->has_length, &out->length))
		return h1_bad(error, 400, "a malformed or repeated Content-Length");
	return H1_OK;
}

enum h1_result framing_of_request(const struct h1_request *r, struct framing *out,
				  struct h1_error *error)
{
	enum coding coding;
	enum h1_result result = read_both(&r->fields, r->minor, true, out, &coding, error);

	if (result != H1_OK)
		return result;
	if (coding == CODING_CHUNKED)
		out->kind = FRAMING_CHUNKED;
	else if (out->has_length)
		out->kind = FRAMING_LENGTH;
	if (r->method_id != METHOD_CONNECT && r->method_id != METHOD_TRACE)
		return H1_OK;
	if (coding == CODING_CHUNKED || out->length != 0)
		return h1_bad(error, 400, "a body in a request that has none");
	*out = (struct framing){ .kind = FRAMING_NONE };
	return H1_OK;
}

/* RFC 9110 section 15.2.2: only what was asked for may be switched to. */
static enum h1_result switching(const struct fields *f, struct slice upgrade, struct framing *out,
				struct h1_error *error)
{
	if (upgrade.n == 0)
		return h1_bad(error, 502, "the origin switched protocols unasked");
	if (fields_count(f, FIELD_UPGRADE) != 1 ||
	    !slice_ieq(fields_value(f, FIELD_UPGRADE), upgrade))
		return h1_bad(error, 502, "the origin switched to another protocol than asked for");
	*out = (struct framing){ .kind = FRAMING_TUNNEL };
	return H1_OK;
}

/* 1xx and 204 have no body, whatever they announce (RFC 9112 section 6.3, 1.). */
static enum h1_result bodiless(const struct fields *f, struct framing *out)
{
	bool has;
	uint64_t length;

	*out = (struct framing){ .kind = FRAMING_NONE };
	out->dirty = fields_find(f, FIELD_TRANSFER_ENCODING) != NULL ||
		     !framing_length(f, true, &has, &length) || length != 0;
	return H1_OK;
}

enum h1_result framing_of_response(const struct h1_response *r, enum http_method method,
				   struct slice upgrade, struct framing *out,
				   struct h1_error *error)
{
	enum coding coding;

	if (r->status == 101)
		return switching(&r->fields, upgrade, out, error);
	if (r->status < 200 || r->status == 204)
		return bodiless(&r->fields, out);
	if (method == METHOD_CONNECT && r->status < 300) {
		*out = (struct framing){ .kind = FRAMING_TUNNEL };
		return H1_OK;
	}
	if (read_both(&r->fields, r->minor, false, out, &coding, error) != H1_OK) {
		error->status = 502;
		return H1_BAD;
	}
	if (method == METHOD_HEAD || r->status == 304)
		return H1_OK;
	if (coding == CODING_CHUNKED)
		out->kind = FRAMING_CHUNKED;
	else
		out->kind = out->has_length ? FRAMING_LENGTH : FRAMING_UNTIL_CLOSE;
	return H1_OK;
}
