/*
 * alpn.h - which HTTP is spoken with whom: what a browser offers, and what an origin chose before.
 *
 * The browser is to get the protocol that the origin chose, so the origin has to be asked first.
 * That costs the time of a handshake, and is not needed where the answer is known, so the last
 * answers are remembered for an hour.  A wrong memory harms nothing, since any pairing of protocols
 * works; the next handshake corrects it.  It is kept by (visitor, host, identity, port), says
 * nothing of sites, and never reaches the wire.
 */
#ifndef CRUMBGATE_PROXY_ALPN_H
#define CRUMBGATE_PROXY_ALPN_H

#include "base/slice.h"

#include <openssl/ssl.h>

struct hello;
struct origin_target;

enum http_protocol { PROTOCOL_H1, PROTOCOL_H2 };

/*
 * What of HTTP a ClientHello offers, in its order.  One without ALPN, or with other names only,
 * counts as ALPN_H1.
 */
enum alpn_offer { ALPN_H1, ALPN_H2, ALPN_H1_H2, ALPN_H2_H1 };

enum alpn_offer alpn_offer_of(const struct hello *h);
/*
 * What the origin is offered for it, in wire form (a length byte before each name): the same, but
 * for a browser that speaks HTTP/2 alone both, since its requests can be translated.
 */
struct slice alpn_names(enum alpn_offer offer);
/* What the browser is offered, in wire form. */
struct slice alpn_name(enum http_protocol protocol);
/* What a handshake that is done came to; NULL: no TLS, which speaks HTTP/1. */
enum http_protocol alpn_chosen(const SSL *ssl);
/*
 * True where the browser offered only one: nothing depends on the origin then, and it is *protocol.
 * Else that is what the browser would rather speak.
 */
bool alpn_is_settled(enum alpn_offer offer, enum http_protocol *protocol);

#define ALPN_REMEMBERED_MAX 4096u
#define ALPN_REMEMBERED_MS (INT64_C(60) * 60 * 1000)

struct alpn_memory;

/* NULL: no memory. */
struct alpn_memory *alpn_memory_new(void);
void alpn_memory_free(struct alpn_memory *m);
/*
 * What an origin chose that was offered both; of others (target->alpn is ALPN_H1) nothing is
 * learnt.
 */
void alpn_note(struct alpn_memory *m, const struct origin_target *target, enum http_protocol chosen,
	       int64_t now_ms);
bool alpn_known(const struct alpn_memory *m, const struct origin_target *target, int64_t now_ms,
		enum http_protocol *protocol);

#endif
