/*
 * digest.h - keyed digests: what the log says instead of clients and cookie-values.
 *
 * A digest is the first 16 bytes of an HMAC-SHA-256 (RFC 2104, FIPS 198-1) in lower-case
 * hexadecimal, ENTRY_DIGEST_LEN characters.  The key is of one calendar month
 * (evidence/keys/2026-11.key); equal values of one cookie-name are equal in the log across clients
 * and sites within that month and not beyond.  Without the key nobody can try likely values or
 * addresses against a digest: deleting a month's key makes its digests meaningless and leaves every
 * proof valid.
 *
 * An HMAC's key set-up costs two blocks, so it is done once: `struct digest` holds both halves.
 */
#ifndef CRUMBGATE_EVIDENCE_DIGEST_H
#define CRUMBGATE_EVIDENCE_DIGEST_H

#include "base/slice.h"

#define DIGEST_KEY_LEN 32u
#define DIGEST_HEX_LEN 32u

struct digest;

struct digest *digest_new(const unsigned char key[DIGEST_KEY_LEN]); /* NULL: no memory */
void digest_free(struct digest *d);				    /* wipes the key */

/* The client's canonical address: inet_ntop()'s form, an IPv4-mapped one as IPv4. */
bool digest_client(struct digest *d, struct slice address, char out[DIGEST_HEX_LEN + 1]);
/* The value of the cookie of that name. */
bool digest_value(struct digest *d, struct slice name, struct slice value,
		  char out[DIGEST_HEX_LEN + 1]);

/* Not keyed: SHA-256 in hexadecimal, of a set of rules or a configuration. */
#define DIGEST_PLAIN_LEN 64u
bool digest_plain(struct slice text, char out[DIGEST_PLAIN_LEN + 1]);

#endif
