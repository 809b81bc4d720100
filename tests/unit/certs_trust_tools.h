/*
 * certs_trust_tools.h - a root, an intermediate, and origins that are met through a whole
 * handshake.
 */
#ifndef CRUMBGATE_TESTS_CERTS_TRUST_TOOLS_H
#define CRUMBGATE_TESTS_CERTS_TRUST_TOOLS_H

#include "base/clock.h"
#include "certs/trust.h"
#include "tests/unit/certs_tools.h"

#define URL_AIA "http://issuers.test/upper.der"
#define URL_OCSP "http://ocsp.test/"
#define URL_CRL "http://crl.test/a.crl"

struct world {
	char folder[200], roots[256];
	struct made root, inter;
	int64_t wall, mono;
	struct clock clock;
	struct trust_options options;
	const char *root_files[1];
	struct trust *trust;
};

void world_init(struct world *w, bool fetch_revocation);
void world_release(struct world *w);
/* Forgets all that was fetched. */
void world_renew(struct world *w);

/* An origin's side of one handshake. */
struct origin_side {
	const struct made *leaf;
	X509 *chain[12]; /* up to the first NULL */
	struct slice staple;
	int version; /* 0: TLS 1.3 */
	bool tickets;
};

struct meeting {
	SSL_CTX *server_ctx;
	SSL *client, *server;
	int error; /* SSL_get_error() of the client's last step */
};

void meet(struct world *w, struct meeting *m, const struct origin_side *o, const char *host);
/* Goes on after trust_give(). */
void meet_on(struct meeting *m);
/* What the client came to: "good", "waits", or the code of the refusal. */
const char *outcome(const struct meeting *m);
void part(struct meeting *m);

/* All of it at once, with TLS 1.2 and 1.3. */
void expect(struct world *w, const struct origin_side *o, const char *host, const char *want);
/* A server made from the spec by the world's intermediate, presented with it. */
void expect_spec(struct world *w, const struct cert_spec *spec, const char *host, const char *want);

/*
 * An OCSP answer about cert, DER added to *out; status as V_OCSP_CERTSTATUS_…; from_ms to until_ms.
 */
void add_ocsp(struct buf *out, X509 *cert, X509 *issuer, const struct made *signer, int status,
	      int64_t from_ms, int64_t until_ms);
/* A CRL of signer's, which lists `revoked` (NULL: nothing). */
void add_crl(struct buf *out, const struct made *signer, X509 *revoked, int64_t from_ms,
	     int64_t until_ms);

#endif
