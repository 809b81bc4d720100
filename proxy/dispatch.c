/* What becomes of a request before any origin is asked: refused, the desk's, or an exchange. */
#include "base/config.h"
#include "proxy/desk/desk.h"
#include "proxy/desk_side.h"
#include "proxy/downstream.h"
#include "proxy/exchange.h"
#include "proxy/outer.h"
#include "proxy/ports.h"
#include "proxy/worker.h"

/* With record-strict: bytes that wait for the recorder before requests are refused. */
#define UNRECORDED_MAX (256u * 1024)

static uint16_t default_port(const struct downstream *d)
{
	return d->secure ? 443 : 80;
}

static bool same_origin(const struct downstream *d, const struct request_head *r)
{
	const struct origin_target *t = d->target;

	if (r->absolute && r->https != d->secure)
		return false;
	if (r->authority->kind == HOST_NONE)
		return true; /* HTTP/1.0 without Host */
	return slice_eq(authority_host(r->authority), slice_str(t->identity)) &&
	       (r->authority->port == 0 || r->authority->port == t->port ||
		r->authority->port == default_port(d));
}

/* HTTP/1.0 may do without Host; what we send is not HTTP/1.0 and may not. */
static bool add_host(const struct downstream *d, struct request_head *r)
{
	struct authority a;
	struct buf value;
	bool good;

	if (fields_find(r->fields, FIELD_HOST) != NULL)
		return true;
	if (d->target == NULL || authority_parse_host(&a, slice_str(d->target->identity)) != NULL)
		return false;
	a.port = d->target->port;
	buf_init(&value, 512);
	authority_write(&value, &a, default_port(d));
	good = buf_ok(&value) && fields_add_first(r->fields, SLICE("Host"),
						  fields_keep(r->fields, buf_slice(&value)));
	buf_release(&value);
	return good;
}

static void start_exchange(struct downstream *d, struct request_head *r)
{
	d->exchange = add_host(d, r) ? exchange_new(d) : NULL;
	if (d->exchange == NULL)
		refuse(d, 503, "The proxy is out of memory.");
	else
		exchange_request(d->exchange, r);
}

static bool is_for_desk(const struct downstream *d, const struct request_head *r)
{
	if (d->target != NULL)
		return d->to_desk;
	return r->absolute && desk_is_host(authority_host(r->authority));
}

static void on_connect(struct downstream *d, const struct request_head *r)
{
	if (d->target != NULL || d->ops->connect == NULL)
		refuse(d, 400, "CONNECT is not allowed inside a tunnel.");
	else
		d->ops->connect(d, r->authority);
}

/* A browser that speaks TLS and HTTP/2 to the proxy asks the proxy itself this way. */
static bool names_proxy(const struct downstream *d, const struct request_head *r)
{
	struct slice host = authority_host(r->authority);
	struct address local, named;

	if (!r->https)
		return false;
	return outers_own_name(d->w->outers, host) ||
	       (stream_local(d->stream, &local) && address_parse_ip(host, 443, &named) &&
		address_same_ip(&local, &named));
}

void downstream_request(struct downstream *d, struct request_head *r)
{
	const struct config *config = d->w->config;
	bool tunnel = r->method_id == METHOD_CONNECT && r->upgrade.n == 0;
	bool direct = d->target == NULL && slice_starts(r->path, SLICE("/")) &&
		      (!r->absolute || names_proxy(d, r));

	d->head_only = r->method_id == METHOD_HEAD;
	if ((r->absolute || tunnel) && port_is_blocked(authority_port(r->authority, 80)))
		refuse(d, 403, "This port belongs to another protocol than the web's.");
	else if (config->record_strict && post_queued(d->w->post) > UNRECORDED_MAX)
		refuse(d, 503, "The record cannot be written, and without it nothing is served.");
	else if (tunnel)
		on_connect(d, r);
	else if (d->target != NULL && !same_origin(d, r))
		refuse(d, 421, "The Host field names another site than the connection.");
	else if (is_for_desk(d, r) || direct)
		desk_request(d, r, direct);
	else if (d->target == NULL && (!r->absolute || r->https))
		refuse(d, 400, "Use CONNECT for https, and an absolute URL for http.");
	else
		start_exchange(d, r);
}

bool downstream_takes_body(const struct downstream *d)
{
	return d->exchange == NULL || exchange_takes_body(d->exchange);
}

void downstream_body(struct downstream *d, const struct slice *spans, size_t n, uint64_t total)
{
	if (total == 0)
		return;
	if (d->desk != NULL)
		desk_body(d, spans, n);
	else if (d->exchange != NULL)
		exchange_body(d->exchange, spans, n, total);
}

void downstream_body_end(struct downstream *d, const struct fields *trailers)
{
	if (d->desk != NULL)
		desk_body_end(d);
	else if (d->exchange != NULL)
		exchange_body_end(d->exchange, trailers);
}

void downstream_priority(struct downstream *d, struct slice value)
{
	if (d->exchange != NULL)
		exchange_priority(d->exchange, value);
}

void downstream_room(struct downstream *d)
{
	if (d->exchange != NULL)
		exchange_room(d->exchange);
}

void downstream_drop(struct downstream *d)
{
	exchange_free(d->exchange);
	d->exchange = NULL;
	desk_drop(d);
}
