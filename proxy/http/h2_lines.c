#include "proxy/http/h2_lines.h"
#include "proxy/http/chars.h"
#include "proxy/http/h2_head.h"

#include <stdlib.h>

#define FIRST 32

static void lines_init(struct h2_lines *l)
{
	*l = (struct h2_lines){ .v = NULL };
	buf_init(&l->text, H2_LINES_MAX);
}

void h2_lines_release(struct h2_lines *l)
{
	free(l->v);
	buf_release(&l->text);
	lines_init(l);
}

static bool more_room(struct h2_lines *l)
{
	size_t cap = l->cap != 0 ? l->cap * 2 : FIRST;
	nghttp2_nv *v = realloc(l->v, cap * sizeof(*v));

	if (v == NULL)
		return false;
	l->v = v;
	l->cap = cap;
	return true;
}

/* nghttp2 does not write through these pointers, and its type says no const. */
static uint8_t *octets_of(struct slice s)
{
	return (uint8_t *)(uintptr_t)s.p;
}

static void add(struct h2_lines *l, struct slice name, struct slice value)
{
	l->octets += name.n + value.n;
	if (l->octets > H2_LINES_MAX || (l->n == l->cap && !more_room(l))) {
		l->failed = true;
		return;
	}
	l->v[l->n++] = (nghttp2_nv){
		.name = octets_of(name),
		.namelen = name.n,
		.value = octets_of(value),
		.valuelen = value.n,
	};
}

/* Crumbs compress better: the ones that did not change come from HPACK's table (section 8.2.3). */
static void add_crumbs(struct h2_lines *l, struct slice name, struct slice value)
{
	size_t from = 0;

	for (size_t i = 0; i + 1 < value.n; i++) {
		if (value.p[i] != ';' || value.p[i + 1] != ' ')
			continue;
		add(l, name, slice_of(value.p + from, i - from));
		from = i + 2;
		i++;
	}
	add(l, name, slice_skip(value, from));
}

/* Does a Connection field, which came with HTTP/1, name this one? */
static bool nominated(const struct fields *f, const struct field *at)
{
	return (at->id == FIELD_OTHER || at->id == FIELD_PROXY_OTHER) &&
	       fields_find(f, FIELD_CONNECTION) != NULL &&
	       fields_has_token(f, FIELD_CONNECTION, at->name);
}

static bool passes(const struct fields *f, const struct field *at, bool request)
{
	if (h2_connection_specific((enum field_id)at->id) || at->id == FIELD_TE)
		return false;
	switch (at->id) {
	case FIELD_HOST:
	case FIELD_PROXY_AUTHORIZATION:
	case FIELD_PROXY_AUTHENTICATE:
	case FIELD_PROXY_AUTHENTICATION_INFO:
		return !request;
	case FIELD_PROXY_OTHER:
		return !request && !nominated(f, at);
	default:
		return !nominated(f, at);
	}
}

static void add_fields(struct h2_lines *l, const struct fields *f, bool request)
{
	bool trailers = request && fields_has_token(f, FIELD_TE, SLICE("trailers"));

	for (const struct field *at = f->v; at < f->v + f->n; at++) {
		if (at->id == FIELD_TE && trailers) {
			add(l, at->name, SLICE("trailers"));
			trailers = false;
		} else if (!passes(f, at, request)) {
			continue;
		} else if (at->id == FIELD_COOKIE && request) {
			add_crumbs(l, at->name, at->value);
		} else {
			add(l, at->name, at->value);
		}
	}
}

static bool write_authority(struct h2_lines *l, const struct h2_request *r, bool tunnel)
{
	/* A plain CONNECT always names its port: none is 0. */
	uint16_t unwritten = r->https ? 443 : 80;

	return r->authority.kind != HOST_NONE &&
	       authority_write(&l->text, &r->authority, tunnel ? 0 : unwritten);
}

static bool sound_request(const struct h2_request *r, bool tunnel)
{
	if (!chars_token(r->method) || !chars_all(r->path, CHAR_TARGET))
		return false;
	if (tunnel)
		return r->path.n == 0 && r->authority.port != 0;
	return (r->protocol.n == 0 || chars_token(r->protocol)) && r->path.n != 0 &&
	       (r->path.p[0] == '/' || slice_eq(r->path, SLICE("*")));
}

bool h2_lines_request(struct h2_lines *l, const struct h2_request *r)
{
	bool tunnel = r->method_id == METHOD_CONNECT && r->protocol.n == 0;

	lines_init(l);
	if (!sound_request(r, tunnel) || !write_authority(l, r, tunnel))
		return false;
	/* The order of Chromium. */
	add(l, SLICE(":method"), r->method);
	if (r->protocol.n != 0)
		add(l, SLICE(":protocol"), r->protocol);
	add(l, SLICE(":authority"), buf_slice(&l->text));
	if (!tunnel) {
		add(l, SLICE(":scheme"), r->https ? SLICE("https") : SLICE("http"));
		add(l, SLICE(":path"), r->path);
	}
	add_fields(l, r->fields, true);
	return !l->failed;
}

bool h2_lines_response(struct h2_lines *l, unsigned status, const struct fields *f)
{
	lines_init(l);
	if (status < 100 || status > 599 || status == 101 || !buf_add_u64(&l->text, status))
		return false;
	add(l, SLICE(":status"), buf_slice(&l->text));
	if (f != NULL)
		add_fields(l, f, false);
	return !l->failed;
}

bool h2_lines_trailers(struct h2_lines *l, const struct fields *f)
{
	lines_init(l);
	for (const struct field *at = f->v; at < f->v + f->n; at++)
		if (!field_no_trailer((enum field_id)at->id) &&
		    !field_hop_by_hop((enum field_id)at->id))
			add(l, at->name, at->value);
	return !l->failed;
}
