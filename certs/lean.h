/*
 * lean.h - OpenSSL with no more decoders and ciphers than TLS and its certificates need.
 *
 * Whenever OpenSSL 3.0 reads a certificate it looks for the decoder of its key among all forty that
 * its default provider has, asks each of them what it could follow, and copies the list of all
 * algorithms it knows on the way.  That costs 1.5 million instructions, more than the signature on
 * it does to verify, and a handshake with an origin reads two certificates.  The context here is
 * one over the same provider, whose only decoders are the five that read the kinds of key a TLS
 * server or its issuers may have, and whose only ciphers are those of the suites that we speak;
 * everything else is the provider's own.
 *
 * For contexts (SSL_CTX_new_ex()), keys and certificates of TLS; not for what a user hands to us,
 * which may come in any form.
 */
#ifndef CRUMBGATE_CERTS_LEAN_H
#define CRUMBGATE_CERTS_LEAN_H

#include "base/slice.h"

#include <openssl/x509.h>

/*
 * The same for the whole process, made at the first call.  NULL, which is OpenSSL's own context,
 * where it cannot be made or where the system's configuration does without the default provider.
 */
OSSL_LIB_CTX *lean_context(void);

/* An empty certificate to read into, whose key will be read by this context. */
X509 *lean_cert_new(void);
/* The certificate that is all of der; NULL: it is none, or not all. */
X509 *lean_cert_read(struct slice der);

#endif
