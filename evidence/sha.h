/*
 * sha.h - SHA-256 (FIPS 180-4) with the algorithm fetched once.
 *
 * One `struct sha` serves one thread.  OpenSSL's one-shot functions look the algorithm up by name
 * each time, which costs more than hashing an entry.  Nothing here fails after sha_new(): a digest
 * that OpenSSL cannot compute any more ends the process, because no caller could go on without it.
 */
#ifndef CRUMBGATE_EVIDENCE_SHA_H
#define CRUMBGATE_EVIDENCE_SHA_H

#include "base/slice.h"

#define SHA_LEN 32u

struct sha;

struct sha *sha_new(void); /* NULL: no memory, or OpenSSL has no SHA-256 */
void sha_free(struct sha *s);

void sha_begin(struct sha *s);
void sha_add(struct sha *s, const void *p, size_t n);
void sha_end(struct sha *s, unsigned char out[SHA_LEN]);

void sha_of(struct sha *s, struct slice in, unsigned char out[SHA_LEN]);

#endif
