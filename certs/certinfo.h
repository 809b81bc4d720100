/*
 * certinfo.h - reads OpenSSL's certificate objects into bounded plain values.
 *
 * Certificates come from strangers: every text that comes out is printable ASCII, NUL-terminated
 * and cut to the room given.
 */
#ifndef CRUMBGATE_CERTS_CERTINFO_H
#define CRUMBGATE_CERTS_CERTINFO_H

#include "base/buf.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

/* Milliseconds since 1970; INT64_MIN when the time is malformed. */
int64_t cert_time_ms(const ASN1_TIME *t);
/* RFC 4514 form. */
void cert_name_text(const X509_NAME *name, char *out, size_t size);
/* "P-256", "RSA-2048", "Ed25519", or OpenSSL's name. */
void cert_key_text(EVP_PKEY *key, char *out, size_t size);
/* The bits of an RSA key or the field of an EC key. */
bool cert_is_curve(EVP_PKEY *key, const char *group);

bool cert_sha256(const X509 *cert, unsigned char out[32]);
/* Of the whole SubjectPublicKeyInfo. */
bool cert_spki_sha256(const X509 *cert, unsigned char out[32]);
bool cert_der(const X509 *cert, struct buf *out);

/* Subject equals issuer and its own key verifies it. */
bool cert_self_signed(X509 *cert);
/* Whether issuer's key made cert's signature, and the names fit. */
bool cert_signed_by(X509 *cert, X509 *issuer);

/* OpenSSL's oldest queued reason, as text for the end of a message; empties the queue. */
const char *cert_openssl_reason(char *out, size_t size);

/* Bytes of others as printable ASCII. */
void cert_printable(struct slice s, char *out, size_t size);

#endif
