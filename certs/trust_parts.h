/*
 * trust_parts.h - the inside of the trust decision: trust.c (contexts and handshake), trust_path.c
 * (paths to an anchor), trust_rules.c (rules OpenSSL leaves out), trust_error.c (reasons and
 * descriptions), trust_fetch.c (missing issuers).
 */
#ifndef CRUMBGATE_CERTS_TRUST_PARTS_H
#define CRUMBGATE_CERTS_TRUST_PARTS_H

#include "certs/host.h"
#include "certs/trust.h"

#include <openssl/x509v3.h>

#define OWN_CAS_MAX 8

struct trust_issuers;

struct trust {
	unsigned refs;
	SSL_CTX *ctx;
	X509_STORE *roots;
	size_t root_count;
	unsigned char own_keys[OWN_CAS_MAX][32]; /* SHA-256 of each own CA's key */
	size_t own_count;
	bool (*is_public_suffix)(struct slice name, void *arg);
	void *arg;
	const struct clock *clock;
	trust_session_handler *on_session;
	void *on_session_arg;
	struct trust_issuers *issuers; /* fetched before, by URL */
};

/* What a connection knows of its verification; lives and dies with its SSL. */
struct verification {
	struct trust *trust;
	struct cert_host host;
	STACK_OF(X509) *fetched; /* issuers that the origin left out */
	char *wanted;		 /* the URL that the handshake waits for */
	unsigned fetches;
	bool refused, has_cert;
	struct trust_error error;
	struct trust_cert cert;
};

/* ---- trust_path.c ---- */

/* Why no path was good: the best reason met so far. */
struct path_reason {
	int x509_error; /* X509_V_OK: none yet */
	const char *code, *text;
};

/* True when some path from leaf to an anchor is good in every respect. */
bool trust_find_path(const struct trust *t, const struct cert_host *host, X509 *leaf,
		     STACK_OF(X509) *presented, STACK_OF(X509) *fetched,
		     STACK_OF(X509) **path, struct path_reason *why);

/* ---- trust_rules.c ---- */

/* NULL when the chain (leaf first, anchor last) is good, else a code; *text says more. */
const char *trust_rules(const struct trust *t, const struct cert_host *host, STACK_OF(X509) *chain,
			const char **text);

/* ---- trust_error.c ---- */

const char *trust_code_of(int x509_error);
void trust_describe_cert(X509 *cert, struct trust_cert *out);

/* ---- trust_fetch.c ---- */

struct trust_issuers *trust_issuers_new(void);
void trust_issuers_free(struct trust_issuers *t);
/* The http URL of the issuer in cert's AIA, malloc'ed; NULL: none. */
char *trust_issuer_url(X509 *cert);
/* What was fetched from there before; NULL: nothing.  Borrowed. */
STACK_OF(X509) *trust_issuers_find(struct trust_issuers *t, const char *url);
/* Reads DER, PEM or PKCS #7; keeps and returns them (borrowed), NULL when there is no certificate. */
STACK_OF(X509) *trust_issuers_keep(struct trust_issuers *t, const char *url, struct slice bytes);

#endif
