/*
 * h1_write.h - writes a head anew from its parts (RFC 9112 section 2.1, RFC 9110 section 7.6.1).
 *
 * The caller edits the struct fields first (cookies and so on), then writes.  What it writes:
 *
 *	- always HTTP/1.1;
 *	- one framing field, as `framing` says, in the place and spelling of the one that came, else
 *	  at the end; all other Content-Length and Transfer-Encoding fields are gone;
 *	- one Connection field if `connection` asks for it, likewise in place;
 *	- no hop-by-hop field: Connection and what it nominates (but never a field that we know to
 *	  be end to end, such as Host or Cookie), Keep-Alive, HTTP2-Settings; Proxy-* in requests,
 *	  Proxy-Connection, -Authenticate, -Authorization and -Authentication-Info in responses;
 *	  Expect in a request without a body; Upgrade unless
 *	  `upgrade` names the protocol; TE unless it asks for trailers; Trailer unless chunked;
 *	- every other field with name, order and value as they are.
 *
 * Via, Date and so on are there only if the caller added them.  A false return means that the
 * buffer is full or a part is unsound (a blank in the target, a control in the reason); nothing was
 * added.
 */
#ifndef CRUMBGATE_HTTP_H1_WRITE_H
#define CRUMBGATE_HTTP_H1_WRITE_H

#include "base/buf.h"
#include "proxy/http/framing.h"

enum h1_connection {
	H1_CONNECTION_MIRROR, /* "keep-alive" if the message said so, else no field */
	H1_CONNECTION_NONE,
	H1_CONNECTION_KEEP_ALIVE,
	H1_CONNECTION_CLOSE,
};

struct h1_hop {
	struct framing framing;
	enum h1_connection connection;
	struct slice upgrade; /* from h1_upgrade_wanted(); empty: none */
	bool own;	      /* our own answer: its Proxy-Authenticate is for this client */
};

/* `target` may be empty or begin with '?': a "/" is put before it. */
bool h1_write_request(struct buf *out, struct slice method, struct slice target,
		      const struct fields *f, const struct h1_hop *hop);
bool h1_write_response(struct buf *out, unsigned status, struct slice reason,
		       const struct fields *f, const struct h1_hop *hop);

/* The standard's reason phrase, "" for others. */
struct slice h1_reason(unsigned status);

/*
 * The protocol that may pass in Upgrade: the first one asked for that is neither HTTP nor TLS
 * (h2c and those would by-pass the filters), or empty.  None in HTTP/1.0, without
 * "Connection: upgrade", or with a body, which could hide a second request behind a refused
 * upgrade.
 */
struct slice h1_upgrade_wanted(const struct h1_request *r, const struct framing *f);

#endif
