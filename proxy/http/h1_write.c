#include "proxy/http/h1_write.h"
#include "proxy/http/chars.h"

/* What may be added to the fields as they came: each value and added line below, once. */
#define SLACK 256

/* A head being written into room that is surely large enough. */
struct writer {
	char *to;
	const struct fields *f;
	const struct h1_hop *hop;
	bool request;
	bool nominates; /* Connection names fields that have no id */
	bool trailers;	/* TE: trailers is passed on */
	enum h1_connection connection;
	/* Which field says the framing, FIELD_OTHER: none.  What is written once was written. */
	enum field_id framing_field;
	bool framing_done, connection_done, upgrade_done, trailers_done;
};

static inline void put(struct writer *w, const char *p, size_t n)
{
	memcpy(w->to, p, n);
	w->to += n;
}

static inline void put_slice(struct writer *w, struct slice s)
{
	if (s.n != 0)
		put(w, s.p, s.n);
}

static void put_u64(struct writer *w, uint64_t v)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + v % 10);
		v /= 10;
	} while (v != 0);
	put(w, digits + at, sizeof(digits) - at);
}

static void put_crlf(struct writer *w)
{
	put(w, "\r\n", 2);
}

static void put_name(struct writer *w, struct slice name)
{
	put_slice(w, name);
	put(w, ": ", 2);
}

static void put_field(struct writer *w, const struct field *at)
{
	if (at->verbatim) {
		put(w, at->name.p, at->name.n + 2 + at->value.n);
	} else {
		put_name(w, at->name);
		put_slice(w, at->value);
	}
	put_crlf(w);
}

static void put_framing(struct writer *w, struct slice name)
{
	if (w->framing_done)
		return;
	w->framing_done = true;
	put_name(w, name);
	if (w->framing_field == FIELD_CONTENT_LENGTH)
		put_u64(w, w->hop->framing.length);
	else
		put_slice(w, SLICE("chunked"));
	put_crlf(w);
}

static void put_option(struct writer *w, bool *first, struct slice option)
{
	if (!*first)
		put(w, ", ", 2);
	*first = false;
	put_slice(w, option);
}

static bool says_connection(const struct writer *w)
{
	return w->connection == H1_CONNECTION_CLOSE || w->connection == H1_CONNECTION_KEEP_ALIVE ||
	       w->hop->upgrade.n != 0 || w->trailers;
}

static void put_connection(struct writer *w, struct slice name)
{
	bool first = true;

	if (w->connection_done || !says_connection(w))
		return;
	w->connection_done = true;
	put_name(w, name);
	if (w->connection == H1_CONNECTION_CLOSE)
		put_option(w, &first, SLICE("close"));
	if (w->connection == H1_CONNECTION_KEEP_ALIVE)
		put_option(w, &first, SLICE("keep-alive"));
	if (w->hop->upgrade.n != 0)
		put_option(w, &first, SLICE("Upgrade"));
	if (w->trailers)
		put_option(w, &first, SLICE("TE"));
	put_crlf(w);
}

static void put_upgrade(struct writer *w, struct slice name)
{
	if (w->upgrade_done || w->hop->upgrade.n == 0)
		return;
	w->upgrade_done = true;
	put_name(w, name);
	put_slice(w, w->hop->upgrade);
	put_crlf(w);
}

/* A field of the other framing, or a second one, is dropped. */
static void pass_framing(struct writer *w, const struct field *at)
{
	if (at->id == w->framing_field)
		put_framing(w, at->name);
}

static void pass_upgrade(struct writer *w, const struct field *at)
{
	if (!w->upgrade_done && slice_ieq(at->value, w->hop->upgrade)) {
		w->upgrade_done = true;
		put_field(w, at);
	} else {
		put_upgrade(w, at->name);
	}
}

static void pass_te(struct writer *w, const struct field *at)
{
	if (!w->trailers || w->trailers_done)
		return;
	w->trailers_done = true;
	put_name(w, at->name);
	put_slice(w, SLICE("trailers"));
	put_crlf(w);
}

static bool nominated(const struct writer *w, const struct field *at)
{
	return w->nominates && fields_has_token(w->f, FIELD_CONNECTION, at->name);
}

static void pass_field(struct writer *w, const struct field *at)
{
	bool pass = true;

	switch (at->id) {
	case FIELD_CONTENT_LENGTH:
	case FIELD_TRANSFER_ENCODING:
		pass_framing(w, at);
		return;
	case FIELD_CONNECTION:
		put_connection(w, at->name);
		return;
	case FIELD_UPGRADE:
		pass_upgrade(w, at);
		return;
	case FIELD_TE:
		pass_te(w, at);
		return;
	case FIELD_KEEP_ALIVE:
	case FIELD_HTTP2_SETTINGS:
	case FIELD_PROXY_CONNECTION:
	case FIELD_PROXY_AUTHORIZATION:
	case FIELD_PROXY_AUTHENTICATION_INFO:
		return;
	case FIELD_PROXY_AUTHENTICATE:
		pass = w->hop->own;
		break;
	case FIELD_PROXY_OTHER: /* Proxy-Status (RFC 9209) is for the client */
		pass = !w->request && !nominated(w, at);
		break;
	case FIELD_TRAILER:
		pass = w->hop->framing.kind == FRAMING_CHUNKED;
		break;
	case FIELD_EXPECT:
		pass = w->hop->framing.kind != FRAMING_NONE;
		break;
	case FIELD_OTHER:
		pass = !nominated(w, at);
		break;
	default:
		break;
	}
	if (pass)
		put_field(w, at);
}

/* Does Connection name anything that the table above does not settle? */
static bool nominates(const struct fields *f)
{
	for (const struct field *at = fields_find(f, FIELD_CONNECTION); at != NULL;
	     at = fields_next(f, at)) {
		struct slice rest = at->value, item;

		while (rest.p != NULL) {
			enum field_id id;

			rest = slice_cut(rest, ',', &item);
			item = slice_trim(item);
			if (slice_ieq(item, SLICE("close")) || !chars_token(item))
				continue;
			id = field_id_of(item);
			if (id == FIELD_OTHER || id == FIELD_PROXY_OTHER)
				return true;
		}
	}
	return false;
}

static enum h1_connection connection_of(const struct fields *f, const struct h1_hop *hop)
{
	if (hop->framing.kind == FRAMING_UNTIL_CLOSE)
		return H1_CONNECTION_CLOSE;
	if (hop->connection != H1_CONNECTION_MIRROR)
		return hop->connection;
	if (fields_has_token(f, FIELD_CONNECTION, SLICE("keep-alive")) &&
	    !fields_has_token(f, FIELD_CONNECTION, SLICE("close")))
		return H1_CONNECTION_KEEP_ALIVE;
	return H1_CONNECTION_NONE;
}

static enum field_id framing_field_of(const struct framing *f)
{
	if (f->kind == FRAMING_CHUNKED)
		return FIELD_TRANSFER_ENCODING;
	if (f->kind == FRAMING_LENGTH || (f->kind == FRAMING_NONE && f->has_length))
		return FIELD_CONTENT_LENGTH;
	return FIELD_OTHER;
}

static struct writer writer_of(const struct fields *f, const struct h1_hop *hop, bool request)
{
	return (struct writer){
		.f = f,
		.hop = hop,
		.request = request,
		.nominates = nominates(f),
		.trailers = request && fields_has_token(f, FIELD_TE, SLICE("trailers")),
		.connection = connection_of(f, hop),
		.framing_field = framing_field_of(&hop->framing),
	};
}

static bool writer_open(struct writer *w, struct buf *out, size_t start)
{
	size_t size = start + w->hop->upgrade.n + SLACK;

	for (uint32_t i = 0; i < w->f->n; i++)
		size += w->f->v[i].name.n + w->f->v[i].value.n + 4;
	w->to = buf_reserve(out, size);
	return w->to != NULL;
}

static void put_rest(struct writer *w, struct buf *out)
{
	const char *start = buf_slice(out).p + buf_slice(out).n;

	for (uint32_t i = 0; i < w->f->n; i++)
		pass_field(w, &w->f->v[i]);
	if (w->framing_field == FIELD_CONTENT_LENGTH)
		put_framing(w, SLICE("Content-Length"));
	if (w->framing_field == FIELD_TRANSFER_ENCODING)
		put_framing(w, SLICE("Transfer-Encoding"));
	put_connection(w, SLICE("Connection"));
	put_upgrade(w, SLICE("Upgrade"));
	put_crlf(w);
	buf_commit(out, (size_t)(w->to - start));
}

/* RFC 9110 section 7.8: a token, or two with a slash between them. */
static bool sound_upgrade(struct slice upgrade)
{
	struct slice name, version = slice_cut(upgrade, '/', &name);

	return chars_all(name, CHAR_TOKEN) && chars_all(version, CHAR_TOKEN);
}

bool h1_write_request(struct buf *out, struct slice method, struct slice target,
		      const struct fields *f, const struct h1_hop *hop)
{
	struct writer w = writer_of(f, hop, true);

	if (!chars_token(method) || !chars_all(target, CHAR_TARGET) || !sound_upgrade(hop->upgrade))
		return false;
	if (!writer_open(&w, out, method.n + target.n))
		return false;
	put_slice(&w, method);
	put(&w, " ", 1);
	if (target.n == 0 || target.p[0] == '?')
		put(&w, "/", 1);
	put_slice(&w, target);
	put(&w, " HTTP/1.1\r\n", 11);
	put_rest(&w, out);
	return true;
}

bool h1_write_response(struct buf *out, unsigned status, struct slice reason,
		       const struct fields *f, const struct h1_hop *hop)
{
	struct writer w = writer_of(f, hop, false);

	if (status < 100 || status > 999 || !chars_all(reason, CHAR_VALUE) ||
	    !sound_upgrade(hop->upgrade))
		return false;
	if (!writer_open(&w, out, reason.n))
		return false;
	put(&w, "HTTP/1.1 ", 9);
	put_u64(&w, status);
	put(&w, " ", 1);
	put_slice(&w, reason);
	put_crlf(&w);
	put_rest(&w, out);
	return true;
}
