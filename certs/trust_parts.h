/*
 * trust_parts.h - the inside of the trust decision: trust.c (contexts), trust_verify.c (one
 * handshake's verification), trust_session.c (what may be resumed), trust_path.c (paths to an
 * anchor), trust_known.c (those found before), trust_signed.c (their signatures), trust_rules.c and
 * trust_names.c (rules OpenSSL leaves out), trust_revoked.c (OCSP answers and CRLs), trust_fetch.c
 * (missing issuers, addresses), trust_error.c (reasons and descriptions).
 */
#ifndef CRUMBGATE_CERTS_TRUST_PARTS_H
#define CRUMBGATE_CERTS_TRUST_PARTS_H

#include "certs/host.h"
#include "certs/trust.h"

#include <openssl/x509v3.h>

#define OWN_CAS_MAX 8

struct trust_issuers;
struct trust_revocations;
struct trust_paths;
struct trust_signed;

/* A context towards origins; `used` orders them by their last use, 0 is an empty place. */
struct shaped {
	SSL_CTX *ctx;
	struct tls_shape shape;
	uint64_t used;
};

struct trust {
	unsigned refs;
	uint64_t id; /* tells the sessions of one from those of another */
	struct shaped shaped[TRUST_SHAPES_MAX];
	uint64_t shape_uses;
	X509_STORE *roots;
	size_t root_count;
	unsigned char own_keys[OWN_CAS_MAX][32]; /* SHA-256 of each own CA's key */
	size_t own_count;
	bool (*is_public_suffix)(struct slice name, void *arg);
	void *arg;
	bool fetch_revocation;
	const struct clock *clock;
	trust_session_handler *on_session;
	void *on_session_arg;
	struct trust_issuers *issuers;	       /* fetched before, by URL */
	struct trust_revocations *revocations; /* known before, by certificate */
	struct trust_paths *paths;	       /* found good a moment ago */
	struct trust_signed *signatures;       /* of issuers, found good */
};

/* ---- trust.c ---- */

void trust_ref(struct trust *t);
void trust_unref(struct trust *t);

/* ---- trust_verify.c ---- */

/* Makes what an SSL's verification needs; false when OpenSSL cannot. */
bool trust_verify_setup(SSL_CTX *ctx);

/* ---- trust_session.c ---- */

/* The same for sessions.  Their contexts know their struct trust. */
bool trust_session_setup(SSL_CTX *ctx, struct trust *t);

/* ---- trust_path.c ---- */

/* Why no path was good: the best reason met so far. */
struct path_reason {
	int x509_error; /* X509_V_OK: none yet */
	const char *code, *text;
};

/*
 * True when some path from leaf to an anchor is good in every respect; *path is then the caller's.
 */
bool trust_find_path(const struct trust *t, const struct cert_host *host, X509 *leaf,
		     STACK_OF(X509) *presented, STACK_OF(X509) *fetched, STACK_OF(X509) **path,
		     struct path_reason *why);

/* ---- trust_known.c ---- */

struct trust_paths *trust_paths_new(void);
void trust_paths_free(struct trust_paths *t);
/*
 * A path that was good for the same certificates and host lately, with this leaf; the caller's.
 * NULL: none.
 */
STACK_OF(X509) *trust_paths_find(struct trust_paths *t, const struct cert_host *host, X509 *leaf,
				 STACK_OF(X509) *presented, int64_t wall_ms);
void trust_paths_keep(struct trust_paths *t, const struct cert_host *host,
		      STACK_OF(X509) *presented, STACK_OF(X509) *path, int64_t wall_ms);

/* ---- trust_signed.c ---- */

struct trust_signed *trust_signed_new(void);
void trust_signed_free(struct trust_signed *t);
/* Between X509_STORE_CTX_init() and X509_verify_cert(): known signatures are not verified again. */
void trust_signed_use(struct trust_signed *t, X509_STORE_CTX *ctx);

/* ---- trust_rules.c ---- */

/* NULL when the chain (leaf first, anchor last) is good, else a code; *text says more. */
const char *trust_rules(const struct trust *t, const struct cert_host *host, STACK_OF(X509) *chain,
			const char **text);

/* ---- trust_error.c ---- */

/* The code and the sentence for what OpenSSL says. */
void trust_reason_of(int x509_error, const char **code, const char **text);
void trust_describe_cert(X509 *cert, struct trust_cert *out);

/* ---- trust_revoked.c ---- */

enum revocation { REVOCATION_UNKNOWN, REVOCATION_GOOD, REVOCATION_REVOKED };

struct revocation_answer {
	enum revocation status;
	int64_t until_ms; /* when it must be asked again */
};

/*
 * What an OCSP response (RFC 6960) or a CRL (RFC 5280 section 5) proves of cert at this time; both
 * DER.
 */
struct revocation_answer revocation_of_ocsp(struct slice der, X509 *cert, X509 *issuer,
					    int64_t wall_ms);
struct revocation_answer revocation_of_crl(struct slice der, X509 *cert, X509 *issuer,
					   int64_t wall_ms);
/* Adds a request for cert's status to *out. */
bool revocation_ask(X509 *cert, X509 *issuer, struct buf *out);

struct trust_revocations *trust_revocations_new(void);
void trust_revocations_free(struct trust_revocations *t);
/* False: nothing is known of it at this time. */
bool trust_revocations_find(struct trust_revocations *t, const X509 *cert, int64_t wall_ms,
			    enum revocation *status);
void trust_revocations_keep(struct trust_revocations *t, const X509 *cert,
			    struct revocation_answer answer);

/* ---- trust_fetch.c ---- */

/*
 * The first http URL of this method (NID_ad_…) in cert's authority information; malloc'ed; NULL:
 * none.
 */
char *trust_aia_url(X509 *cert, int method);
/* The first http URL of a whole CRL; malloc'ed; NULL: none. */
char *trust_crl_url(X509 *cert);

struct trust_issuers *trust_issuers_new(void);
void trust_issuers_free(struct trust_issuers *t);
/* What was fetched from there before, empty when that failed lately; NULL: not known.  Borrowed. */
STACK_OF(X509) *trust_issuers_find(struct trust_issuers *t, const char *url, int64_t wall_ms);
/* Reads DER, PEM or PKCS #7; keeps and returns them (borrowed).  NULL: no memory. */
STACK_OF(X509) *trust_issuers_keep(struct trust_issuers *t, const char *url, struct slice bytes,
				   int64_t wall_ms);

#endif
