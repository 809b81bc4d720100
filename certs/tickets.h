/*
 * tickets.h - the keys that seal session tickets towards browsers (RFC 5077, RFC 8446 section
 * 4.6.1).
 *
 * All workers have the same keys, so a browser may come back to any of them.  The supervisor makes
 * a new key every TICKET_ROTATE_S and sends the set (MSG_TICKETS); the two older ones still open
 * tickets and then die, which bounds what a stolen key can read.  The keys never touch a disk.
 */
#ifndef CRUMBGATE_CERTS_TICKETS_H
#define CRUMBGATE_CERTS_TICKETS_H

#include "base/buf.h"

#include <openssl/ssl.h>

#define TICKET_KEYS 3
#define TICKET_ROTATE_S (8 * 3600)

struct ticket_key {
	unsigned char name[16];
	unsigned char aes[32];	/* AES-256-CBC */
	unsigned char hmac[32]; /* HMAC-SHA256 */
};

struct ticket_keys {
	/* keys[0] seals; the others only open. */
	struct ticket_key keys[TICKET_KEYS];
	size_t count;
};

/* A new random key in front; the oldest falls out.  False: no randomness. */
bool ticket_keys_rotate(struct ticket_keys *t);
/* Zeroes them. */
void ticket_keys_clear(struct ticket_keys *t);
/* A message's body, and back; false (and *t as it was) when malformed. */
void ticket_keys_pack(const struct ticket_keys *t, struct buf *body);
bool ticket_keys_unpack(struct ticket_keys *t, struct slice body);
/* Tickets of ctx use *t from now on; t is borrowed, may change at any time and must outlive ctx. */
bool ticket_keys_attach(const struct ticket_keys *t, SSL_CTX *ctx);

#endif
