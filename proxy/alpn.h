/*
 * alpn.h - which protocol is spoken with whom: what a browser offers, and what an origin chose
 * before.
 *
 * The browser is to be given the protocol that the origin chose, so the origin has to be asked
 * first. That costs a handshake's time, and is not needed where the answer is known: each visitor's
 * are remembered for an hour (RFC 7301 has no word on it, but origins change their mind with a
 * deployment, not with a connection).  A wrong memory harms nothing, since any pairing of protocols
 * works.  It is kept by (visitor, host, identity, port), says nothing of sites, and never reaches
 * the wire.
 */
#ifndef CRUMBGATE_PROXY_ALPN_H
#define CRUMBGATE_PROXY_ALPN_H

#include "base/slice.h"

struct hello;
struct origin_target;

enum http_protocol { PROTOCOL_H1, PROTOCOL_H2 };

/* What of HTTP a ClientHello offers, in its order.  One without ALPN, or with other names only,
 * counts as ALPN_H1. */
enum alpn_offer { ALPN_H1, ALPN_H2, ALPN_H1_H2, ALPN_H2_H1 };

enum alpn_offer alpn_offer_of(const struct hello *h);
/* In wire form: a length byte before each name. */
struct slice alpn_names(enum alpn_offer offer);
/* The name in wire form that the browser is to be offered. */
struct slice alpn_name(enum http_protocol protocol);
/* Where only one was offered nothing depends on the origin: true and which. */
bool alpn_is_settled(enum alpn_offer offer, enum http_protocol *protocol);

#define ALPN_REMEMBERED_MAX 8192u
#define ALPN_REMEMBERED_MS (60 * 60 * 1000)

struct alpn_memory;

struct alpn_memory *alpn_memory_new(void);
void alpn_memory_free(struct alpn_memory *m);
/* What an origin chose that was offered both (target->alpn); of others nothing is learnt. */
void alpn_note(struct alpn_memory *m, const struct origin_target *target, enum http_protocol chosen,
	       int64_t now_ms);
bool alpn_known(const struct alpn_memory *m, const struct origin_target *target, int64_t now_ms,
		enum http_protocol *protocol);

#endif
