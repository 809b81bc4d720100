/*
 * mint.h - makes the certificate that a browser sees for one host.
 *
 * The key is the worker's: the keeper gets its SubjectPublicKeyInfo (P-256) only.  Profile (RFC
 * 5280, CA/Browser Forum baseline requirements, what browsers ask for): 45 days, 36 hours of them
 * in the past (clocks are wrong), never beyond the CA's own time; dNSName or iPAddress SAN,
 * critical iff the subject is empty; commonName only up to 64 characters (X.520); keyUsage
 * digitalSignature; EKU serverAuth; AKI = the CA's SKI; SKI; random 128-bit positive serial;
 * ecdsa-with-SHA256, or what fits the imported CA's key.
 *
 * The certificate is written directly as DER: OpenSSL's X509 objects cost ten times the signature.
 */
#ifndef CRUMBGATE_CERTS_MINT_H
#define CRUMBGATE_CERTS_MINT_H

#include "base/buf.h"
#include "certs/ca.h"
#include "certs/host.h"

#define MINT_LIFE_S (45 * 86400)
#define MINT_BACKDATE_S (36 * 3600)
#define MINT_DER_MAX 4096
#define MINT_SPKI_MAX 128

/* What all leaves of one CA share, encoded once. */
struct mint;

struct mint *mint_new(const struct ca *ca, struct buf *error); /* borrows ca */
void mint_free(struct mint *m);

struct minted_leaf {
	unsigned char serial[16];
	int64_t not_before_ms, not_after_ms;
};

/*
 * Adds the certificate's DER to *der; false with a line in *error (bad SPKI, CA at its end).
 * *about may be NULL.
 */
bool mint_leaf(struct mint *m, const struct cert_host *host, struct slice spki_der, int64_t wall_ms,
	       struct buf *der, struct minted_leaf *about, struct buf *error);

#endif
