/*
 * Whether a certificate was revoked: OCSP answers, stapled or fetched, and CRLs.
 *
 * Both are believed only when the certificate's issuer signed them, or a responder that the issuer
 * made for it.  Only what was found is kept, for each certificate, never a list.
 */
#include "base/hash.h"
#include "certs/certinfo.h"
#include "certs/trust_parts.h"

#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <stdlib.h>

#define SECOND_MS INT64_C(1000)
#define DAY_MS (86400 * SECOND_MS)
/* Clocks differ. */
#define SKEW_MS (300 * SECOND_MS)
/* An answer that names no end (RFC 6960 section 4.2.2.1). */
#define ENDLESS_MS DAY_MS
#define KEPT_LONGEST_MS (7 * DAY_MS)
#define KEPT_MAX 4096
#define SINGLES_MAX 64

static const struct revocation_answer unknown = { REVOCATION_UNKNOWN, 0 };

static void set_params(X509_VERIFY_PARAM *p, unsigned long flags, int64_t wall_ms)
{
	X509_VERIFY_PARAM_set_flags(p, X509_V_FLAG_PARTIAL_CHAIN | flags);
	X509_VERIFY_PARAM_set_auth_level(p, 2);
	X509_VERIFY_PARAM_set_time(p, (time_t)(wall_ms / 1000));
}

/* How long from `from` to `until` (NULL: not said) it may be believed; false: not now. */
static bool in_time(const ASN1_TIME *from, const ASN1_TIME *until, int64_t wall_ms, int64_t *end_ms)
{
	int64_t from_ms = cert_time_ms(from), until_ms;

	if (from_ms == INT64_MIN || from_ms > wall_ms + SKEW_MS)
		return false;
	until_ms = until != NULL ? cert_time_ms(until) : from_ms + ENDLESS_MS;
	if (until_ms < from_ms || until_ms + SKEW_MS < wall_ms)
		return false;
	*end_ms = until_ms < wall_ms + KEPT_LONGEST_MS ? until_ms : wall_ms + KEPT_LONGEST_MS;
	return true;
}

/* ---- OCSP ---- */

/* Whether issuer, or a responder that it made, signed the answer. */
static bool is_signed(OCSP_BASICRESP *basic, X509 *issuer, int64_t wall_ms)
{
	X509_STORE *store = X509_STORE_new();
	STACK_OF(X509) *certs = sk_X509_new_null();
	bool good = false;

	if (store != NULL && certs != NULL && X509_STORE_add_cert(store, issuer) == 1 &&
	    sk_X509_push(certs, issuer) != 0) {
		set_params(X509_STORE_get0_param(store), 0, wall_ms);
		good = OCSP_basic_verify(basic, certs, store,
					 OCSP_PARTIAL_CHAIN | OCSP_NOEXPLICIT) == 1;
	}
	sk_X509_free(certs);
	X509_STORE_free(store);
	return good;
}

static bool is_about(const OCSP_SINGLERESP *single, X509 *cert, X509 *issuer)
{
	OCSP_CERTID *id = (OCSP_CERTID *)(uintptr_t)OCSP_SINGLERESP_get0_id(single);
	ASN1_OBJECT *digest = NULL;
	OCSP_CERTID *own;
	const EVP_MD *md;
	bool same;

	if (OCSP_id_get0_info(NULL, &digest, NULL, NULL, id) != 1)
		return false;
	md = EVP_get_digestbyobj(digest);
	own = md != NULL ? OCSP_cert_to_id(md, cert, issuer) : NULL;
	same = own != NULL && OCSP_id_cmp(own, id) == 0;
	OCSP_CERTID_free(own);
	return same;
}

static struct revocation_answer read_single(OCSP_SINGLERESP *single, int64_t wall_ms)
{
	ASN1_GENERALIZEDTIME *from, *until;
	struct revocation_answer a = unknown;
	int status = OCSP_single_get0_status(single, NULL, NULL, &from, &until);

	if (!in_time(from, until, wall_ms, &a.until_ms))
		return unknown;
	if (status == V_OCSP_CERTSTATUS_REVOKED)
		a.status = REVOCATION_REVOKED;
	else if (status == V_OCSP_CERTSTATUS_GOOD)
		a.status = REVOCATION_GOOD;
	return a;
}

static struct revocation_answer read_basic(OCSP_BASICRESP *basic, X509 *cert, X509 *issuer,
					   int64_t wall_ms)
{
	struct revocation_answer best = unknown;
	int n = OCSP_resp_count(basic);

	for (int i = 0; i < n && i < SINGLES_MAX; i++) {
		OCSP_SINGLERESP *single = OCSP_resp_get0(basic, i);
		struct revocation_answer a;

		if (!is_about(single, cert, issuer))
			continue;
		a = read_single(single, wall_ms);
		if (a.status > best.status)
			best = a;
	}
	/* The signature costs most, so it is looked at last. */
	return best.status != REVOCATION_UNKNOWN && is_signed(basic, issuer, wall_ms) ? best
										      : unknown;
}

struct revocation_answer revocation_of_ocsp(struct slice der, X509 *cert, X509 *issuer,
					    int64_t wall_ms)
{
	const unsigned char *p = (const unsigned char *)der.p;
	OCSP_RESPONSE *r = der.n != 0 ? d2i_OCSP_RESPONSE(NULL, &p, (long)der.n) : NULL;
	OCSP_BASICRESP *basic = NULL;
	struct revocation_answer a = unknown;

	if (r != NULL && OCSP_response_status(r) == OCSP_RESPONSE_STATUS_SUCCESSFUL)
		basic = OCSP_response_get1_basic(r);
	if (basic != NULL)
		a = read_basic(basic, cert, issuer, wall_ms);
	OCSP_BASICRESP_free(basic);
	OCSP_RESPONSE_free(r);
	ERR_clear_error();
	return a;
}

bool revocation_ask(X509 *cert, X509 *issuer, struct buf *out)
{
	OCSP_REQUEST *r = OCSP_REQUEST_new();
	OCSP_CERTID *id = OCSP_cert_to_id(NULL, cert, issuer);
	unsigned char *der = NULL;
	int n = 0;

	if (r != NULL && id != NULL && OCSP_request_add0_id(r, id) != NULL) {
		id = NULL;
		n = i2d_OCSP_REQUEST(r, &der);
	}
	if (n > 0)
		buf_add(out, slice_of((char *)der, (size_t)n));
	OPENSSL_free(der);
	OCSP_CERTID_free(id);
	OCSP_REQUEST_free(r);
	ERR_clear_error();
	return n > 0 && buf_ok(out);
}

/* ---- CRLs ---- */

/* OpenSSL knows all about a list's scope, its signer's rights and its time. */
static int check_crl(X509_CRL *crl, X509 *cert, X509 *issuer, int64_t wall_ms)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	STACK_OF(X509) *anchors = sk_X509_new_null();
	STACK_OF(X509_CRL) *crls = sk_X509_CRL_new_null();
	int error = X509_V_ERR_UNSPECIFIED;

	if (ctx != NULL && anchors != NULL && crls != NULL && sk_X509_push(anchors, issuer) != 0 &&
	    sk_X509_CRL_push(crls, crl) != 0 && X509_STORE_CTX_init(ctx, NULL, cert, NULL) == 1) {
		X509_STORE_CTX_set0_trusted_stack(ctx, anchors);
		X509_STORE_CTX_set0_crls(ctx, crls);
		set_params(X509_STORE_CTX_get0_param(ctx),
			   X509_V_FLAG_CRL_CHECK | X509_V_FLAG_EXTENDED_CRL_SUPPORT, wall_ms);
		error = X509_verify_cert(ctx) == 1 ? X509_V_OK : X509_STORE_CTX_get_error(ctx);
	}
	sk_X509_free(anchors);
	sk_X509_CRL_free(crls);
	X509_STORE_CTX_free(ctx);
	return error;
}

struct revocation_answer revocation_of_crl(struct slice der, X509 *cert, X509 *issuer,
					   int64_t wall_ms)
{
	const unsigned char *p = (const unsigned char *)der.p;
	X509_CRL *crl = der.n != 0 ? d2i_X509_CRL(NULL, &p, (long)der.n) : NULL;
	struct revocation_answer a = unknown;
	int error;

	if (crl != NULL && in_time(X509_CRL_get0_lastUpdate(crl), X509_CRL_get0_nextUpdate(crl),
				   wall_ms, &a.until_ms)) {
		error = check_crl(crl, cert, issuer, wall_ms);
		if (error == X509_V_ERR_CERT_REVOKED)
			a.status = REVOCATION_REVOKED;
		else if (error == X509_V_OK)
			a.status = REVOCATION_GOOD;
	}
	X509_CRL_free(crl);
	ERR_clear_error();
	return a.status != REVOCATION_UNKNOWN ? a : unknown;
}

/* ---- what is known ---- */

struct known {
	UT_hash_handle hh;
	struct revocation_answer answer;
	unsigned char key[32];
};

struct trust_revocations {
	struct known *table;
};

struct trust_revocations *trust_revocations_new(void)
{
	return calloc(1, sizeof(struct trust_revocations));
}

static void forget(struct trust_revocations *t, struct known *k)
{
	HASH_DEL(t->table, k);
	free(k);
}

void trust_revocations_free(struct trust_revocations *t)
{
	if (t == NULL)
		return;
	while (t->table != NULL)
		forget(t, t->table);
	free(t);
}

bool trust_revocations_find(struct trust_revocations *t, const X509 *cert, int64_t wall_ms,
			    enum revocation *status)
{
	unsigned char key[32];
	struct known *k;

	if (t->table == NULL || !cert_sha256(cert, key))
		return false;
	HASH_FIND(hh, t->table, key, sizeof(key), k);
	if (k == NULL)
		return false;
	*status = k->answer.status;
	return k->answer.until_ms > wall_ms;
}

void trust_revocations_keep(struct trust_revocations *t, const X509 *cert,
			    struct revocation_answer answer)
{
	struct known *k = malloc(sizeof(*k)), *old;

	if (k == NULL || !cert_sha256(cert, k->key)) {
		free(k);
		return;
	}
	k->answer = answer;
	HASH_FIND(hh, t->table, k->key, sizeof(k->key), old);
	if (old != NULL)
		forget(t, old);
	while (HASH_COUNT(t->table) >= KEPT_MAX)
		forget(t, t->table);
	HASH_ADD(hh, t->table, key, sizeof(k->key), k);
}
