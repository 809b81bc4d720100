#include "certs/trust.h"

#include "certs/certinfo.h"
#include "certs/trust_parts.h"

#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>

#define ISSUER_BYTES_MAX (64u * 1024)
#define STAPLE_SKEW_S 300
#define MUST_STAPLE_STATUS_REQUEST 5

static const char suites_12[] =
	"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
	"ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"
	"ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384";
static const char suites_13[] =
	"TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
static const char groups[] = "X25519:P-256:P-384";
static const char sigalgs[] = "ECDSA+SHA256:RSA-PSS+SHA256:RSA+SHA256:ECDSA+SHA384:RSA-PSS+SHA384:"
			      "RSA+SHA384:RSA-PSS+SHA512:RSA+SHA512:ECDSA+SHA512:ed25519";

/* ---- a connection's verification ---- */

static void trust_unref(struct trust *t);

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
	sk_X509_pop_free(v->fetched, X509_free);
	free(v->wanted);
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

static void refuse(struct verification *v, int x509_error, const char *code, const char *text)
{
	v->refused = true;
	v->error.x509_error = x509_error;
	snprintf(v->error.code, sizeof(v->error.code), "%s", code);
	cert_printable(slice_str(text), v->error.text, sizeof(v->error.text));
}

/* ---- stapled OCSP (RFC 6960, RFC 6066 section 8) ---- */

enum staple { STAPLE_NONE, STAPLE_GOOD, STAPLE_REVOKED };

static enum staple staple_status(OCSP_BASICRESP *basic, X509 *leaf, X509 *issuer)
{
	ASN1_GENERALIZEDTIME *from, *until;
	OCSP_CERTID *id = OCSP_cert_to_id(NULL, leaf, issuer);
	enum staple result = STAPLE_NONE;
	int status;

	if (id != NULL &&
	    OCSP_resp_find_status(basic, id, &status, NULL, NULL, &from, &until) == 1 &&
	    OCSP_check_validity(from, until, STAPLE_SKEW_S, -1) == 1) {
		if (status == V_OCSP_CERTSTATUS_REVOKED)
			result = STAPLE_REVOKED;
		else if (status == V_OCSP_CERTSTATUS_GOOD)
			result = STAPLE_GOOD;
	}
	OCSP_CERTID_free(id);
	return result;
}

static enum staple read_staple(const struct trust *t, SSL *ssl, STACK_OF(X509) *path)
{
	const unsigned char *p;
	long n = SSL_get_tlsext_status_ocsp_resp(ssl, &p);
	OCSP_RESPONSE *response = n > 0 ? d2i_OCSP_RESPONSE(NULL, &p, n) : NULL;
	OCSP_BASICRESP *basic = NULL;
	enum staple result = STAPLE_NONE;

	if (response != NULL && OCSP_response_status(response) == OCSP_RESPONSE_STATUS_SUCCESSFUL)
		basic = OCSP_response_get1_basic(response);
	if (basic != NULL && sk_X509_num(path) > 1 &&
	    OCSP_basic_verify(basic, path, t->roots, 0) == 1)
		result = staple_status(basic, sk_X509_value(path, 0), sk_X509_value(path, 1));
	OCSP_BASICRESP_free(basic);
	OCSP_RESPONSE_free(response);
	ERR_clear_error();
	return result;
}

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

/* After the path was found: false when the certificate is revoked, or must show that it is not. */
static bool check_staple(struct verification *v, SSL *ssl, STACK_OF(X509) *path)
{
	switch (read_staple(v->trust, ssl, path)) {
	case STAPLE_GOOD:
		return true;
	case STAPLE_REVOKED:
		refuse(v, X509_V_ERR_CERT_REVOKED, "revoked", "the certificate has been revoked");
		return false;
	case STAPLE_NONE:
		break;
	}
	if (!must_staple(sk_X509_value(path, 0)))
		return true;
	refuse(v, X509_V_ERR_OCSP_VERIFY_NEEDED, "must-staple",
	       "the certificate must come with a proof that it is not revoked, and came without");
	return false;
}

/* ---- the verification ---- */

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

/* The certificate nobody in sight has issued: where its issuer is to be had from. */
static char *missing_issuer(const struct verification *v, X509 *leaf, STACK_OF(X509) *presented)
{
	X509 *last = leaf;

	for (int step = 0; step < 10; step++) {
		X509 *next = NULL;

		for (int i = 0; next == NULL && i < sk_X509_num(presented); i++)
			if (X509_check_issued(sk_X509_value(presented, i), last) == X509_V_OK &&
			    sk_X509_value(presented, i) != last)
				next = sk_X509_value(presented, i);
		for (int i = 0; next == NULL && i < sk_X509_num(v->fetched); i++)
			if (X509_check_issued(sk_X509_value(v->fetched, i), last) == X509_V_OK)
				next = sk_X509_value(v->fetched, i);
		if (next == NULL)
			return trust_issuer_url(last);
		last = next;
	}
	return NULL;
}

/* True when something is to be fetched (then v->wanted) or was at hand (then look again). */
static bool find_issuer(struct verification *v, X509 *leaf, STACK_OF(X509) *presented)
{
	char *url;
	STACK_OF(X509) *kept;

	if (v->fetches >= TRUST_FETCH_MAX)
		return false;
	url = missing_issuer(v, leaf, presented);
	if (url == NULL)
		return false;
	v->fetches++;
	kept = trust_issuers_find(v->trust->issuers, url);
	if (kept == NULL) {
		v->wanted = url;
		return true;
	}
	free(url);
	take_fetched(v, kept);
	return true;
}

static int on_verify(X509_STORE_CTX *ctx, void *arg)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(ctx, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct verification *v = verification_of(ssl);
	X509 *leaf = X509_STORE_CTX_get0_cert(ctx);
	STACK_OF(X509) *presented = X509_STORE_CTX_get0_untrusted(ctx), *path = NULL;
	struct path_reason why;

	(void)arg;
	trust_describe_cert(leaf, &v->cert);
	v->has_cert = true;
	for (;;) {
		why = (struct path_reason){ X509_V_OK, NULL, NULL };
		if (trust_find_path(v->trust, &v->host, leaf, presented, v->fetched, &path, &why))
			break;
		if (why.x509_error != X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY ||
		    !find_issuer(v, leaf, presented)) {
			refuse(v, why.x509_error, why.code, why.text);
			X509_STORE_CTX_set_error(ctx, why.x509_error);
			return 0;
		}
		if (v->wanted != NULL)
			return SSL_set_retry_verify(ssl);
	}
	v->refused = !check_staple(v, ssl, path);
	if (v->refused)
		X509_STORE_CTX_set_error(ctx, v->error.x509_error);
	sk_X509_pop_free(path, X509_free);
	return v->refused ? 0 : 1;
}

bool trust_wants(const SSL *ssl, struct trust_want *out)
{
	const struct verification *v = verification_of(ssl);

	if (v == NULL || v->wanted == NULL)
		return false;
	*out = (struct trust_want){ .kind = TRUST_WANT_ISSUER,
				    .url = v->wanted,
				    .request = slice_of("", 0),
				    .max_bytes = ISSUER_BYTES_MAX };
	return true;
}

void trust_give(SSL *ssl, struct slice answer)
{
	struct verification *v = verification_of(ssl);

	if (v->wanted == NULL)
		return;
	take_fetched(v, trust_issuers_keep(v->trust->issuers, v->wanted, answer));
	/* Whether or not it could be had, it is not asked for again in this handshake. */
	if (sk_X509_num(v->fetched) <= 0)
		v->fetches = TRUST_FETCH_MAX;
	free(v->wanted);
	v->wanted = NULL;
}

const struct trust_error *trust_error_get(const SSL *ssl)
{
	const struct verification *v = verification_of(ssl);

	return v != NULL && v->refused ? &v->error : NULL;
}

bool trust_describe(const SSL *ssl, struct trust_cert *out)
{
	const struct verification *v = verification_of(ssl);

	if (v == NULL || !v->has_cert)
		return false;
	*out = v->cert;
	return true;
}

/* TLS 1.2 sends the staple after the certificate, so it is looked at here too. */
static int on_staple(SSL *ssl, void *arg)
{
	struct verification *v = verification_of(ssl);
	STACK_OF(X509) *presented = SSL_get_peer_cert_chain(ssl), *path = NULL;
	struct path_reason why = { X509_V_OK, NULL, NULL };
	bool good = true;

	(void)arg;
	if (SSL_version(ssl) >= TLS1_3_VERSION || presented == NULL)
		return 1;
	if (trust_find_path(v->trust, &v->host, sk_X509_value(presented, 0), presented, v->fetched,
			    &path, &why))
		good = read_staple(v->trust, ssl, path) != STAPLE_REVOKED;
	if (!good)
		refuse(v, X509_V_ERR_CERT_REVOKED, "revoked", "the certificate has been revoked");
	sk_X509_pop_free(path, X509_free);
	return good ? 1 : 0;
}

/* ---- sessions ---- */

static int trust_index(void)
{
	static int index = -1;

	if (index < 0)
		index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, NULL);
	return index;
}

static int on_new_session(SSL *ssl, SSL_SESSION *session)
{
	struct trust *t = SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), trust_index());

	return t->on_session != NULL && t->on_session(ssl, session, t->on_session_arg) ? 1 : 0;
}

void trust_on_session(struct trust *t, trust_session_handler *handler, void *arg)
{
	t->on_session = handler;
	t->on_session_arg = arg;
}

bool trust_session_usable(const struct trust *t, const SSL_SESSION *session)
{
	X509 *leaf = SSL_SESSION_get0_peer((SSL_SESSION *)(uintptr_t)session);

	return leaf != NULL && SSL_SESSION_is_resumable(session) == 1 &&
	       cert_time_ms(X509_get0_notAfter(leaf)) > clock_wall_ms(t->clock);
}

/* ---- making ---- */

static bool add_file(struct trust *t, const char *file, struct buf *error)
{
	BIO *bio = BIO_new_file(file, "r");
	X509 *x;
	size_t n = 0;

	while (bio != NULL && (x = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
		if (X509_STORE_add_cert(t->roots, x) == 1)
			n++;
		X509_free(x);
	}
	BIO_free(bio);
	ERR_clear_error();
	t->root_count += n;
	if (n == 0)
		buf_addf(error, "%s: there is no certificate in PEM form in it", file);
	return n != 0;
}

/* The bundle is read once, whole, so that nothing is opened later. */
static bool add_system(struct trust *t, struct buf *error)
{
	const char *file = getenv(X509_get_default_cert_file_env());

	if (file == NULL || file[0] == '\0')
		file = "/etc/ssl/certs/ca-certificates.crt";
	if (strcmp(file, "/dev/null") == 0)
		return true;
	if (add_file(t, file, error))
		return true;
	buf_adds(error, "; install the system's root certificates (Debian: ca-certificates), or "
			"switch trust-system off");
	return false;
}

static bool add_own(struct trust *t, const struct trust_options *o)
{
	for (size_t i = 0; i < o->own_ca_count && t->own_count < OWN_CAS_MAX; i++) {
		const unsigned char *p = (const unsigned char *)o->own_cas[i].p;
		X509 *x = d2i_X509(NULL, &p, (long)o->own_cas[i].n);
		bool good = x != NULL && cert_spki_sha256(x, t->own_keys[t->own_count]);

		X509_free(x);
		if (!good)
			return false;
		t->own_count++;
	}
	return true;
}

static bool make_context(struct trust *t)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	t->ctx = ctx;
	if (ctx == NULL || SSL_CTX_set_ex_data(ctx, trust_index(), t) != 1)
		return false;
	SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
				      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(ctx, on_new_session);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_cert_verify_callback(ctx, on_verify, NULL);
	SSL_CTX_set_tlsext_status_type(ctx, TLSEXT_STATUSTYPE_ocsp);
	SSL_CTX_set_tlsext_status_cb(ctx, on_staple);
	SSL_CTX_set_security_level(ctx, 2);
	return SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) == 1 &&
	       SSL_CTX_set_cipher_list(ctx, suites_12) == 1 &&
	       SSL_CTX_set_ciphersuites(ctx, suites_13) == 1 &&
	       SSL_CTX_set1_groups_list(ctx, groups) == 1 &&
	       SSL_CTX_set1_sigalgs_list(ctx, sigalgs) == 1;
}

struct trust *trust_new(const struct trust_options *o, struct buf *error)
{
	struct trust *t = calloc(1, sizeof(*t));
	bool good;

	if (t == NULL)
		return NULL;
	t->refs = 1;
	t->clock = o->clock != NULL ? o->clock : &clock_system;
	t->is_public_suffix = o->is_public_suffix;
	t->arg = o->arg;
	t->roots = X509_STORE_new();
	t->issuers = trust_issuers_new();
	good = t->roots != NULL && t->issuers != NULL && verification_index() >= 0 &&
	       make_context(t) && add_own(t, o) && (!o->use_system || add_system(t, error));
	for (size_t i = 0; good && i < o->extra_root_count; i++)
		good = add_file(t, o->extra_roots[i], error);
	if (good && t->root_count == 0) {
		buf_adds(error, "there is no root certificate to trust: give one with trust");
		good = false;
	}
	if (good)
		return t;
	if (buf_slice(error).n == 0)
		buf_adds(error, "TLS towards origins cannot be set up");
	trust_unref(t);
	return NULL;
}

static void trust_unref(struct trust *t)
{
	if (t == NULL || --t->refs != 0)
		return;
	SSL_CTX_free(t->ctx);
	X509_STORE_free(t->roots);
	trust_issuers_free(t->issuers);
	free(t);
}

void trust_free(struct trust *t)
{
	trust_unref(t);
}

size_t trust_root_count(const struct trust *t)
{
	return t->root_count;
}

SSL_CTX *trust_client_ctx(struct trust *t)
{
	return t->ctx;
}

bool trust_attach(struct trust *t, SSL *ssl, struct slice host)
{
	struct verification *v = calloc(1, sizeof(*v));

	if (v == NULL || !cert_host_parse(host, &v->host) ||
	    SSL_set_ex_data(ssl, verification_index(), v) != 1) {
		free(v);
		return false;
	}
	v->trust = t;
	t->refs++;
	return v->host.ip_len != 0 || SSL_set_tlsext_host_name(ssl, v->host.text) == 1;
}
