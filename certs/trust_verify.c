/*
 * The verification of one handshake: a path, then whether what stands on it was revoked.  It may
 * stop twice for something that must be fetched; OpenSSL then calls again, and what was found is
 * kept.
 *
 * With TLS 1.3 a stapled answer comes with the certificate, with TLS 1.2 after it; on_staple() is
 * called in both when the origin's first flight is complete, unless the handshake is a resumed one.
 */
#include "certs/certinfo.h"
#include "certs/trust_parts.h"

#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>

#define ISSUER_BYTES_MAX (64u * 1024)
#define OCSP_BYTES_MAX (64u * 1024)
#define CRL_BYTES_MAX (2u * 1024 * 1024)
#define REQUEST_MAX 4096
#define STEPS_MAX 10
#define MUST_STAPLE_STATUS_REQUEST 5
/* How long an answer that could not be had is not asked for again. */
#define UNKNOWN_MS INT64_C(300000)

/* What a connection knows of its verification; lives and dies with its SSL. */
struct verification {
	struct trust *trust;
	struct cert_host host;
	X509 *leaf;
	STACK_OF(X509) *fetched;   /* issuers that the origin left out */
	const X509 *looked_for;	   /* whose issuer was last looked for; only compared */
	STACK_OF(X509) *path;	   /* once found, until the staple was seen */
	struct trust_error *error; /* NULL: not refused */
	/* What the handshake waits for: nothing while the URL is NULL. */
	char *url;
	enum trust_want_kind kind;
	struct buf request;
	int at; /* the certificate on the path that it is about */
	unsigned fetches;
	unsigned asked; /* a bit for each kind, of the certificate at asked_at */
	int asked_at;
	bool gave_up; /* no answer came: revocation is not asked for any more */
};

static void on_ssl_freed(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int index, long argl,
			 void *argp)
{
	struct verification *v = ptr;

	(void)parent;
	(void)ad;
	(void)index;
	(void)argl;
	(void)argp;
	if (v == NULL)
		return;
	X509_free(v->leaf);
	sk_X509_pop_free(v->fetched, X509_free);
	sk_X509_pop_free(v->path, X509_free);
	buf_release(&v->request);
	free(v->error);
	free(v->url);
	trust_unref(v->trust);
	free(v);
}

/* Where an SSL keeps its struct verification; made once. */
static int verification_index(void)
{
	static int index = -1;

	if (index < 0)
		index = SSL_get_ex_new_index(0, NULL, NULL, NULL, on_ssl_freed);
	return index;
}

static struct verification *verification_of(const SSL *ssl)
{
	return SSL_get_ex_data(ssl, verification_index());
}

/* What a verification says for now. */
enum outcome { GOOD, REFUSED, WAITS };

static enum outcome refuse(struct verification *v, int x509_error, const char *code,
			   const char *text)
{
	if (v->error == NULL)
		v->error = calloc(1, sizeof(*v->error));
	if (v->error != NULL) {
		v->error->x509_error = x509_error;
		snprintf(v->error->code, sizeof(v->error->code), "%s", code);
		cert_printable(slice_str(text), v->error->text, sizeof(v->error->text));
	}
	return REFUSED;
}

static int64_t now_of(const struct verification *v)
{
	return clock_wall_ms(v->trust->clock);
}

static enum outcome want(struct verification *v, enum trust_want_kind kind, char *url)
{
	v->fetches++;
	v->kind = kind;
	v->url = url;
	return WAITS;
}

/* ---- a path, and issuers that are missing for one ---- */

static void take_fetched(struct verification *v, STACK_OF(X509) *certs)
{
	if (v->fetched == NULL)
		v->fetched = sk_X509_new_null();
	for (int i = 0; v->fetched != NULL && i < sk_X509_num(certs); i++) {
		X509 *x = sk_X509_value(certs, i);

		if (X509_up_ref(x) == 1 && sk_X509_push(v->fetched, x) == 0)
			X509_free(x);
	}
}

static X509 *issuer_among(STACK_OF(X509) *certs, X509 *cert)
{
	for (int i = 0; i < sk_X509_num(certs); i++) {
		X509 *x = sk_X509_value(certs, i);

		if (x != cert && X509_check_issued(x, cert) == X509_V_OK)
			return x;
	}
	return NULL;
}

/* The certificate that nobody in sight has issued. */
static X509 *last_known(const struct verification *v, STACK_OF(X509) *presented)
{
	X509 *last = v->leaf;

	for (int step = 0; step < STEPS_MAX; step++) {
		X509 *next = issuer_among(presented, last);

		if (next == NULL)
			next = issuer_among(v->fetched, last);
		if (next == NULL)
			break;
		last = next;
	}
	return last;
}

/* GOOD: something was at hand, look again. */
static enum outcome find_issuer(struct verification *v, STACK_OF(X509) *presented)
{
	X509 *last = last_known(v, presented);
	char *url = last != v->looked_for ? trust_aia_url(last, NID_ad_ca_issuers) : NULL;
	STACK_OF(X509) *kept;

	if (url == NULL)
		return REFUSED;
	kept = trust_issuers_find(v->trust->issuers, url, now_of(v));
	if (kept == NULL && v->fetches < TRUST_FETCH_MAX)
		return want(v, TRUST_WANT_ISSUER, url);
	free(url);
	if (sk_X509_num(kept) <= 0)
		return REFUSED;
	v->looked_for = last;
	take_fetched(v, kept);
	return GOOD;
}

static enum outcome find_path(struct verification *v, STACK_OF(X509) *presented)
{
	struct trust_paths *known = v->trust->paths;
	enum outcome o = GOOD;

	if (v->path == NULL)
		v->path = trust_paths_find(known, &v->host, v->leaf, presented, now_of(v));
	while (v->path == NULL && o == GOOD) {
		struct path_reason why = { X509_V_OK, NULL, NULL };

		if (trust_find_path(v->trust, &v->host, v->leaf, presented, v->fetched, &v->path,
				    &why)) {
			trust_paths_keep(known, &v->host, presented, v->path, now_of(v));
			break;
		}
		o = why.x509_error == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY
			    ? find_issuer(v, presented)
			    : REFUSED;
		if (o == REFUSED)
			refuse(v, why.x509_error, why.code, why.text);
	}
	return o;
}

/* ---- revocation ---- */

/* TLS feature extension with status_request (RFC 7633). */
static bool must_staple(X509 *leaf)
{
	TLS_FEATURE *features = X509_get_ext_d2i(leaf, NID_tlsfeature, NULL, NULL);
	bool yes = false;

	for (int i = 0; i < sk_ASN1_INTEGER_num(features); i++)
		if (ASN1_INTEGER_get(sk_ASN1_INTEGER_value(features, i)) ==
		    MUST_STAPLE_STATUS_REQUEST)
			yes = true;
	sk_ASN1_INTEGER_pop_free(features, ASN1_INTEGER_free);
	ERR_clear_error();
	return yes;
}

static enum outcome refuse_revoked(struct verification *v, int at)
{
	return refuse(v, X509_V_ERR_CERT_REVOKED, "revoked",
		      at == 0 ? "the certificate has been revoked by its issuer"
			      : "the certificate of an authority above it has been revoked");
}

static enum outcome check_staple(struct verification *v, SSL *ssl)
{
	const unsigned char *der = NULL;
	long n = SSL_get_tlsext_status_ocsp_resp(ssl, &der);
	struct revocation_answer a = { REVOCATION_UNKNOWN, 0 };
	enum revocation known;

	if (n > 0 && sk_X509_num(v->path) > 1)
		a = revocation_of_ocsp(slice_of((const char *)der, (size_t)n), v->leaf,
				       sk_X509_value(v->path, 1), now_of(v));
	if (a.status == REVOCATION_REVOKED)
		return refuse_revoked(v, 0);
	if (a.status == REVOCATION_GOOD && v->trust->fetch_revocation &&
	    !trust_revocations_find(v->trust->revocations, v->leaf, now_of(v), &known))
		trust_revocations_keep(v->trust->revocations, v->leaf, a);
	if (a.status == REVOCATION_GOOD || !must_staple(v->leaf))
		return GOOD;
	return refuse(
		v, X509_V_ERR_OCSP_VERIFY_NEEDED, "must-staple",
		"the certificate must come with a proof that it is not revoked, and came without");
}

/* The next place to ask about path[at] that was not asked yet. */
static char *next_place(struct verification *v, int at, enum trust_want_kind *kind)
{
	X509 *cert = sk_X509_value(v->path, at);
	char *url = NULL;

	if (v->gave_up || v->fetches >= TRUST_FETCH_MAX)
		return NULL;
	if (v->asked_at != at)
		v->asked = 0;
	v->asked_at = at;
	if ((v->asked & 1u << TRUST_WANT_OCSP) == 0) {
		*kind = TRUST_WANT_OCSP;
		v->asked |= 1u << TRUST_WANT_OCSP;
		buf_clear(&v->request);
		url = trust_aia_url(cert, NID_ad_OCSP);
		if (url != NULL &&
		    revocation_ask(cert, sk_X509_value(v->path, at + 1), &v->request))
			return url;
		free(url);
	}
	if ((v->asked & 1u << TRUST_WANT_CRL) != 0)
		return NULL;
	*kind = TRUST_WANT_CRL;
	v->asked |= 1u << TRUST_WANT_CRL;
	return trust_crl_url(cert);
}

static enum outcome check_one(struct verification *v, int at)
{
	struct revocation_answer none = { REVOCATION_UNKNOWN, now_of(v) + UNKNOWN_MS };
	X509 *cert = sk_X509_value(v->path, at);
	enum trust_want_kind kind;
	enum revocation status;
	char *url;

	if (trust_revocations_find(v->trust->revocations, cert, now_of(v), &status))
		return status == REVOCATION_REVOKED ? refuse_revoked(v, at) : GOOD;
	url = next_place(v, at, &kind);
	if (url != NULL) {
		v->at = at;
		return want(v, kind, url);
	}
	/* No answer counts as good, and the next handshake shall not wait for it again. */
	trust_revocations_keep(v->trust->revocations, cert, none);
	return GOOD;
}

/* Everything on the path but the anchor. */
static enum outcome check_revocation(struct verification *v)
{
	enum outcome o = GOOD;

	for (int at = 0; o == GOOD && at + 1 < sk_X509_num(v->path); at++)
		o = check_one(v, at);
	return o;
}

static void take_revocation(struct verification *v, struct slice answer)
{
	X509 *cert = sk_X509_value(v->path, v->at), *issuer = sk_X509_value(v->path, v->at + 1);
	struct revocation_answer a = v->kind == TRUST_WANT_OCSP
					     ? revocation_of_ocsp(answer, cert, issuer, now_of(v))
					     : revocation_of_crl(answer, cert, issuer, now_of(v));

	if (a.status != REVOCATION_UNKNOWN)
		trust_revocations_keep(v->trust->revocations, cert, a);
	/* Where one place is silent another will be, and the browser waits. */
	v->gave_up = answer.n == 0;
}

/* ---- OpenSSL's callbacks ---- */

static enum outcome verify(struct verification *v, SSL *ssl, STACK_OF(X509) *presented)
{
	enum outcome o = find_path(v, presented);

	if (o == GOOD && SSL_version(ssl) >= TLS1_3_VERSION)
		o = check_staple(v, ssl);
	if (o == GOOD && v->trust->fetch_revocation)
		o = check_revocation(v);
	return o;
}

static int on_verify(X509_STORE_CTX *ctx, void *arg)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(ctx, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct verification *v = verification_of(ssl);
	X509 *leaf = X509_STORE_CTX_get0_cert(ctx);

	(void)arg;
	X509_STORE_CTX_set_error(ctx, X509_V_ERR_UNSPECIFIED);
	if (v != NULL && v->url != NULL)
		return SSL_set_retry_verify(ssl); /* called again too early */
	if (v == NULL || X509_up_ref(leaf) != 1)
		return 0;
	X509_free(v->leaf);
	v->leaf = leaf;
	switch (verify(v, ssl, X509_STORE_CTX_get0_untrusted(ctx))) {
	case WAITS:
		return SSL_set_retry_verify(ssl);
	case GOOD:
		X509_STORE_CTX_set_error(ctx, X509_V_OK);
		return 1;
	case REFUSED:
		break;
	}
	if (v->error != NULL)
		X509_STORE_CTX_set_error(ctx, v->error->x509_error);
	return 0;
}

static int on_staple(SSL *ssl, void *arg)
{
	struct verification *v = verification_of(ssl);
	enum outcome o = GOOD;

	(void)arg;
	if (v == NULL)
		return 0;
	if (v->path != NULL && SSL_version(ssl) < TLS1_3_VERSION)
		o = check_staple(v, ssl);
	sk_X509_pop_free(v->path, X509_free);
	sk_X509_pop_free(v->fetched, X509_free);
	v->path = NULL;
	v->fetched = NULL;
	return o == GOOD ? 1 : 0;
}

bool trust_verify_setup(SSL_CTX *ctx)
{
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_cert_verify_callback(ctx, on_verify, NULL);
	return verification_index() >= 0 &&
	       SSL_CTX_set_tlsext_status_type(ctx, TLSEXT_STATUSTYPE_ocsp) == 1 &&
	       SSL_CTX_set_tlsext_status_cb(ctx, on_staple) == 1;
}

/* ---- for the owner of the SSL ---- */

bool trust_attach(struct trust *t, SSL *ssl, struct slice host)
{
	struct verification *v = calloc(1, sizeof(*v));

	if (v == NULL || !cert_host_parse(host, &v->host) ||
	    SSL_set_ex_data(ssl, verification_index(), v) != 1) {
		free(v);
		return false;
	}
	buf_init(&v->request, REQUEST_MAX);
	v->asked_at = -1;
	v->trust = t;
	trust_ref(t);
	return v->host.ip_len != 0 || SSL_set_tlsext_host_name(ssl, v->host.text) == 1;
}

bool trust_wants(const SSL *ssl, struct trust_want *out)
{
	static const size_t bytes_max[] = { [TRUST_WANT_ISSUER] = ISSUER_BYTES_MAX,
					    [TRUST_WANT_OCSP] = OCSP_BYTES_MAX,
					    [TRUST_WANT_CRL] = CRL_BYTES_MAX };
	const struct verification *v = verification_of(ssl);

	if (v == NULL || v->url == NULL)
		return false;
	*out = (struct trust_want){ .kind = v->kind,
				    .url = v->url,
				    .request = v->kind == TRUST_WANT_OCSP ? buf_slice(&v->request)
									  : slice_of("", 0),
				    .max_bytes = bytes_max[v->kind] };
	return true;
}

void trust_give(SSL *ssl, struct slice answer)
{
	struct verification *v = verification_of(ssl);

	if (v == NULL || v->url == NULL)
		return;
	if (v->kind == TRUST_WANT_ISSUER)
		(void)trust_issuers_keep(v->trust->issuers, v->url, answer, now_of(v));
	else
		take_revocation(v, answer);
	free(v->url);
	v->url = NULL;
}

const struct trust_error *trust_error_get(const SSL *ssl)
{
	const struct verification *v = verification_of(ssl);

	return v != NULL ? v->error : NULL;
}

bool trust_describe(const SSL *ssl, struct trust_cert *out)
{
	const struct verification *v = verification_of(ssl);

	if (v == NULL || v->leaf == NULL)
		return false;
	trust_describe_cert(v->leaf, out);
	return true;
}
