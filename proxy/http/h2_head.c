#include "proxy/http/h2_head.h"
#include "proxy/http/chars.h"

#define LINE_OVERHEAD 32

void h2_head_init(struct h2_head *h, enum h2_head_kind kind, size_t max_fields, size_t max_octets)
{
	*h = (struct h2_head){ .kind = kind, .max_octets = max_octets };
	/* Four times: the caller edits values. */
	fields_init(&h->fields, max_fields, max_octets > SIZE_MAX / 4 ? SIZE_MAX : max_octets * 4);
	buf_init(&h->cookie, max_octets);
}

void h2_head_release(struct h2_head *h)
{
	fields_release(&h->fields);
	buf_release(&h->cookie);
}

static bool fail(struct h2_head *h, enum h2_head_state state)
{
	if (h->state != H2_HEAD_BAD)
		h->state = state;
	return false;
}

static bool set_pseudo(struct h2_head *h, struct slice *to, struct slice value)
{
	if (to->p != NULL)
		return fail(h, H2_HEAD_BAD);
	*to = fields_keep(&h->fields, value);
	return to->p != NULL || fail(h, H2_HEAD_LARGE);
}

/* Section 8.3: before all other fields, each once, and none but these. */
static bool add_pseudo(struct h2_head *h, struct slice name, struct slice value)
{
	static const struct slice none = { NULL, 0 };
	const struct {
		struct slice name;
		struct slice *to;
		enum h2_head_kind kind;
	} known[] = {
		{ SLICE(":method"), &h->method, H2_HEAD_REQUEST },
		{ SLICE(":path"), &h->path, H2_HEAD_REQUEST },
		{ SLICE(":scheme"), &h->scheme, H2_HEAD_REQUEST },
		{ SLICE(":authority"), &h->authority, H2_HEAD_REQUEST },
		{ SLICE(":protocol"), &h->protocol, H2_HEAD_REQUEST },
		{ SLICE(":status"), &h->status, H2_HEAD_RESPONSE },
		{ none, NULL, H2_HEAD_REQUEST },
	};

	if (h->began)
		return fail(h, H2_HEAD_BAD);
	for (size_t i = 0; known[i].to != NULL; i++)
		if (known[i].kind == h->kind && slice_eq(name, known[i].name))
			return set_pseudo(h, known[i].to, value);
	return fail(h, H2_HEAD_BAD);
}

/* A token in lower case (section 8.2.1). */
static bool sound_name(struct slice name)
{
	for (size_t i = 0; i < name.n; i++)
		if (!char_is(name.p[i], CHAR_TOKEN) || (name.p[i] >= 'A' && name.p[i] <= 'Z'))
			return false;
	return name.n != 0;
}

bool h2_connection_specific(enum field_id id)
{
	switch (id) {
	case FIELD_CONNECTION:
	case FIELD_KEEP_ALIVE:
	case FIELD_PROXY_CONNECTION:
	case FIELD_TRANSFER_ENCODING:
	case FIELD_UPGRADE:
	case FIELD_HTTP2_SETTINGS:
		return true;
	default:
		return false;
	}
}

static bool allowed(enum field_id id, struct slice value)
{
	return !h2_connection_specific(id) &&
	       (id != FIELD_TE || slice_ieq(value, SLICE("trailers")));
}

static bool sound_value(struct slice value)
{
	return value.n == 0 || chars_value_end(value.p, value.p + value.n) == value.p + value.n;
}

/* The first crumb makes the field, its value comes when all are here. */
static bool add_crumb(struct h2_head *h, struct slice value)
{
	if (fields_find(&h->fields, FIELD_COOKIE) == NULL) {
		if (fields_push(&h->fields, field_id_name(FIELD_COOKIE), SLICE(""), FIELD_COOKIE) ==
		    NULL)
			return fail(h, H2_HEAD_LARGE);
	} else {
		buf_add(&h->cookie, SLICE("; "));
	}
	buf_add(&h->cookie, value);
	return buf_ok(&h->cookie) || fail(h, H2_HEAD_LARGE);
}

static bool add_field(struct h2_head *h, struct slice name, struct slice value)
{
	enum field_id id = field_id_of(name);
	struct slice own_name, own_value;

	h->began = true;
	value = slice_trim(value);
	own_name = field_id_name(id);
	/* What is spelled as a known name is sound. */
	if (((own_name.n == 0 || !slice_eq(name, own_name)) && !sound_name(name)) ||
	    !sound_value(value) || !allowed(id, value))
		return fail(h, H2_HEAD_BAD);
	if (h->kind == H2_HEAD_REQUEST && id == FIELD_COOKIE)
		return add_crumb(h, value);
	if (own_name.n == 0)
		own_name = fields_keep(&h->fields, name);
	own_value = fields_keep(&h->fields, value);
	if (own_name.p == NULL || own_value.p == NULL ||
	    fields_push(&h->fields, own_name, own_value, (uint8_t)id) == NULL)
		return fail(h, H2_HEAD_LARGE);
	return true;
}

bool h2_head_add(struct h2_head *h, struct slice name, struct slice value)
{
	h->octets += name.n + value.n + LINE_OVERHEAD;
	if (h->octets > h->max_octets)
		fail(h, H2_HEAD_LARGE);
	if (h->state != H2_HEAD_GOOD)
		return false;
	if (name.n != 0 && name.p[0] == ':')
		return add_pseudo(h, name, value);
	return add_field(h, name, value);
}

static bool join_cookie(struct h2_head *h)
{
	const struct field *at = fields_find(&h->fields, FIELD_COOKIE);

	return h->kind != H2_HEAD_REQUEST || at == NULL ||
	       fields_set(&h->fields, at, fields_keep(&h->fields, buf_slice(&h->cookie)));
}

/* Section 8.3.1: Host may stand for :authority, or beside it and say the same. */
static bool settle_host(struct h2_head *h, struct authority *to, uint16_t default_port)
{
	const struct field *host = fields_find(&h->fields, FIELD_HOST);
	struct authority other;

	if (host != NULL && fields_next(&h->fields, host) != NULL)
		return false;
	if (h->authority.n == 0)
		return h->authority.p == NULL && host != NULL &&
		       authority_parse(to, host->value) == NULL;
	if (authority_parse(to, h->authority) != NULL)
		return false;
	if (host == NULL)
		return fields_add_first(&h->fields, field_id_name(FIELD_HOST), h->authority);
	return authority_parse(&other, host->value) == NULL &&
	       authority_eq(to, &other, default_port) && fields_set(&h->fields, host, h->authority);
}

static bool sound_path(const struct h2_head *h, enum http_method method)
{
	if (h->path.p == NULL || h->path.n == 0 || !chars_all(h->path, CHAR_TARGET))
		return false;
	return h->path.p[0] == '/' || (method == METHOD_OPTIONS && slice_eq(h->path, SLICE("*")));
}

/* Section 8.5 and RFC 8441 section 4: what an extended CONNECT has, a plain one may not. */
static bool sound_shape(const struct h2_head *h, enum http_method method)
{
	bool connect = method == METHOD_CONNECT;

	if (!chars_token(h->method))
		return false;
	if (connect && h->protocol.p == NULL)
		return h->scheme.p == NULL && h->path.p == NULL && h->authority.n != 0;
	if (h->protocol.p != NULL && (!connect || !chars_token(h->protocol)))
		return false;
	return (slice_ieq(h->scheme, SLICE("https")) || slice_ieq(h->scheme, SLICE("http"))) &&
	       sound_path(h, method);
}

static bool request_framing(struct h2_head *h, bool end, struct h2_request *r)
{
	struct framing *f = &r->framing;
	bool bodiless = r->method_id == METHOD_CONNECT || r->method_id == METHOD_TRACE;

	*f = (struct framing){ .kind = FRAMING_NONE };
	if (!framing_length(&h->fields, false, &f->has_length, &f->length))
		return false;
	if (bodiless && f->has_length)
		return false;
	if (r->method_id == METHOD_TRACE && !end)
		return false;
	if (f->has_length)
		f->kind = FRAMING_LENGTH;
	else if (!end)
		f->kind = FRAMING_CHUNKED;
	return !end || f->length == 0;
}

bool h2_head_request(struct h2_head *h, bool end, struct h2_request *r)
{
	bool plain;

	*r = (struct h2_request){
		.method = h->method,
		.method_id = method_of(h->method),
		.https = slice_ieq(h->scheme, SLICE("https")),
		.protocol = h->protocol.p != NULL ? h->protocol : SLICE(""),
		.path = h->path.p != NULL ? h->path : SLICE(""),
		.fields = &h->fields,
	};
	plain = r->method_id == METHOD_CONNECT && h->protocol.p == NULL;
	if (h->state != H2_HEAD_GOOD || !sound_shape(h, r->method_id) ||
	    !settle_host(h, &r->authority, r->https ? 443 : 80) ||
	    (plain && r->authority.port == 0))
		return false;
	return request_framing(h, end, r) && join_cookie(h) && fields_ok(&h->fields);
}

static bool read_status(struct slice s, unsigned *status)
{
	uint64_t v;

	if (s.n != 3 || !slice_to_u64(s, 599, &v) || v < 100 || v == 101)
		return false;
	*status = (unsigned)v;
	return true;
}

bool h2_head_response(struct h2_head *h, bool end, enum http_method method, struct h2_response *r)
{
	struct framing *f = &r->framing;
	bool bodiless;

	*r = (struct h2_response){ .fields = &h->fields };
	if (h->state != H2_HEAD_GOOD || !read_status(h->status, &r->status) ||
	    !framing_length(&h->fields, true, &f->has_length, &f->length))
		return false;
	if (r->status < 200) {
		*f = (struct framing){ .kind = FRAMING_NONE };
		return !end;
	}
	bodiless = method == METHOD_HEAD || r->status == 304 || r->status == 204;
	if (bodiless)
		f->kind = FRAMING_NONE;
	else if (f->has_length)
		f->kind = FRAMING_LENGTH;
	else if (!end)
		f->kind = FRAMING_CHUNKED;
	else
		*f = (struct framing){ .kind = FRAMING_LENGTH, .has_length = true };
	return bodiless || !end || f->length == 0;
}

bool h2_head_trailers(struct h2_head *h)
{
	struct fields *f = &h->fields;
	uint32_t i = 0;

	if (h->state != H2_HEAD_GOOD)
		return false;
	while (i < f->n) {
		enum field_id id = (enum field_id)f->v[i].id;

		if (id == FIELD_CONTENT_LENGTH || id == FIELD_HOST)
			return false;
		if (field_no_trailer(id) || field_hop_by_hop(id))
			fields_remove(f, &f->v[i]);
		else
			i++;
	}
	return true;
}
