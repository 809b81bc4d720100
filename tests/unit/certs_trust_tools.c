#include "tests/unit/certs_trust_tools.h"

#include <openssl/ocsp.h>
#include <stdio.h>
#include <string.h>

/* ---- the world ---- */

static bool is_suffix(struct slice name, void *arg)
{
	(void)arg;
	return slice_ieq(name, SLICE("co.test"));
}

void world_init(struct world *w, bool fetch_revocation)
{
	struct buf pem;

	*w = (struct world){ .wall = TEST_NOW_MS, .mono = 1 };
	w->root = make_root("Test Root");
	w->inter = make_intermediate("Test Intermediate", &w->root);
	w->clock = (struct clock){ &w->wall, &w->mono };
	make_folder(w->folder, sizeof(w->folder));
	snprintf(w->roots, sizeof(w->roots), "%s/roots.pem", w->folder);
	buf_init(&pem, 65536);
	add_pem_cert(&pem, w->root.cert);
	write_file(w->roots, buf_slice(&pem), 0644);
	buf_release(&pem);
	w->root_files[0] = w->roots;
	w->options = (struct trust_options){ .extra_roots = w->root_files,
					     .extra_root_count = 1,
					     .is_public_suffix = is_suffix,
					     .fetch_revocation = fetch_revocation,
					     .clock = &w->clock };
	world_renew(w);
}

void world_renew(struct world *w)
{
	struct buf error;

	buf_init(&error, 4096);
	trust_free(w->trust);
	w->trust = trust_new(&w->options, &error);
	if (w->trust == NULL)
		fail_msg("%.*s", SLICE_ARG(buf_slice(&error)));
	buf_release(&error);
}

void world_release(struct world *w)
{
	trust_free(w->trust);
	made_free(&w->root);
	made_free(&w->inter);
	remove_folder(w->folder);
}

/* ---- a meeting ---- */

static int on_status(SSL *ssl, void *arg)
{
	const struct slice *staple = arg;
	unsigned char *copy;

	if (staple->n == 0)
		return SSL_TLSEXT_ERR_NOACK;
	copy = OPENSSL_memdup(staple->p, staple->n);
	assert_int_equal(SSL_set_tlsext_status_ocsp_resp(ssl, copy, (long)staple->n), 1);
	return SSL_TLSEXT_ERR_OK;
}

static SSL_CTX *origin_ctx(const struct origin_side *o)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	assert_non_null(ctx);
	SSL_CTX_set_security_level(ctx, 0);
	if (!o->tickets)
		SSL_CTX_set_num_tickets(ctx, 0);
	SSL_CTX_set_session_id_context(ctx, (const unsigned char *)"o", 1);
	if (o->version != 0)
		SSL_CTX_set_max_proto_version(ctx, o->version);
	assert_int_equal(SSL_CTX_use_certificate(ctx, o->leaf->cert), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(ctx, o->leaf->key), 1);
	for (size_t i = 0; i < sizeof(o->chain) / sizeof(o->chain[0]) && o->chain[i] != NULL; i++)
		assert_int_equal(SSL_CTX_add1_chain_cert(ctx, o->chain[i]), 1);
	SSL_CTX_set_tlsext_status_cb(ctx, on_status);
	SSL_CTX_set_tlsext_status_arg(ctx, (void *)(uintptr_t)&o->staple);
	return ctx;
}

void meet(struct world *w, struct meeting *m, const struct origin_side *o, const char *host)
{
	m->server_ctx = origin_ctx(o);
	m->server = SSL_new(m->server_ctx);
	m->client = SSL_new(trust_client_ctx(w->trust));
	assert_true(trust_attach(w->trust, m->client, slice_str(host)));
	join(m->client, m->server);
	meet_on(m);
}

void meet_on(struct meeting *m)
{
	shake(m->client, m->server, &m->error, NULL);
}

const char *outcome(const struct meeting *m)
{
	const struct trust_error *why = trust_error_get(m->client);

	if (why != NULL) {
		assert_int_not_equal(m->error, SSL_ERROR_NONE);
		assert_int_not_equal(why->x509_error, X509_V_OK);
		assert_true(strlen(why->text) > 10);
		return why->code;
	}
	if (m->error == SSL_ERROR_WANT_RETRY_VERIFY)
		return "waits";
	return m->error == SSL_ERROR_NONE ? "good" : "another error";
}

void part(struct meeting *m)
{
	SSL_free(m->client);
	SSL_free(m->server);
	SSL_CTX_free(m->server_ctx);
}

void expect(struct world *w, const struct origin_side *o, const char *host, const char *want)
{
	static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };

	for (size_t i = 0; i < 2; i++) {
		struct origin_side side = *o;
		struct meeting m;

		side.version = versions[i];
		meet(w, &m, &side, host);
		if (strcmp(outcome(&m), want) != 0)
			fail_msg("%s: \"%s\" (%s), not \"%s\"", host, outcome(&m),
				 trust_error_get(m.client) != NULL ? trust_error_get(m.client)->text
								   : "",
				 want);
		part(&m);
	}
}

void expect_spec(struct world *w, const struct cert_spec *spec, const char *host, const char *want)
{
	struct made leaf = make_cert(spec, &w->inter);
	struct origin_side o = { .leaf = &leaf, .chain = { w->inter.cert } };

	expect(w, &o, host, want);
	made_free(&leaf);
}

/* ---- revocation ---- */

void add_ocsp(struct buf *out, X509 *cert, X509 *issuer, const struct made *signer, int status,
	      int64_t from_ms, int64_t until_ms)
{
	ASN1_TIME *from = ASN1_GENERALIZEDTIME_set(NULL, (time_t)(from_ms / 1000));
	ASN1_TIME *until = ASN1_GENERALIZEDTIME_set(NULL, (time_t)(until_ms / 1000));
	OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
	OCSP_CERTID *id = OCSP_cert_to_id(NULL, cert, issuer);
	OCSP_RESPONSE *response;
	unsigned char *der = NULL;
	int n;

	assert_non_null(OCSP_basic_add1_status(basic, id, status, OCSP_REVOKED_STATUS_UNSPECIFIED,
					       from, from, until));
	assert_int_equal(OCSP_basic_sign(basic, signer->cert, signer->key, EVP_sha256(), NULL, 0),
			 1);
	response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
	n = i2d_OCSP_RESPONSE(response, &der);
	assert_true(n > 0 && buf_add(out, slice_of((char *)der, (size_t)n)));
	OPENSSL_free(der);
	OCSP_RESPONSE_free(response);
	OCSP_BASICRESP_free(basic);
	OCSP_CERTID_free(id);
	ASN1_TIME_free(from);
	ASN1_TIME_free(until);
}

static void list(X509_CRL *crl, X509 *cert, const ASN1_TIME *when)
{
	X509_REVOKED *r = X509_REVOKED_new();

	X509_REVOKED_set_serialNumber(r, X509_get_serialNumber(cert));
	X509_REVOKED_set_revocationDate(r, (ASN1_TIME *)(uintptr_t)when);
	assert_int_equal(X509_CRL_add0_revoked(crl, r), 1);
}

void add_crl(struct buf *out, const struct made *signer, X509 *revoked, int64_t from_ms,
	     int64_t until_ms)
{
	ASN1_TIME *from = ASN1_TIME_set(NULL, (time_t)(from_ms / 1000));
	ASN1_TIME *until = ASN1_TIME_set(NULL, (time_t)(until_ms / 1000));
	X509_CRL *crl = X509_CRL_new();
	unsigned char *der = NULL;
	int n;

	X509_CRL_set_version(crl, X509_CRL_VERSION_2);
	X509_CRL_set_issuer_name(crl, X509_get_subject_name(signer->cert));
	X509_CRL_set1_lastUpdate(crl, from);
	X509_CRL_set1_nextUpdate(crl, until);
	if (revoked != NULL)
		list(crl, revoked, from);
	X509_CRL_sort(crl);
	assert_true(X509_CRL_sign(crl, signer->key, EVP_sha256()) > 0);
	n = i2d_X509_CRL(crl, &der);
	assert_true(n > 0 && buf_add(out, slice_of((char *)der, (size_t)n)));
	OPENSSL_free(der);
	X509_CRL_free(crl);
	ASN1_TIME_free(from);
	ASN1_TIME_free(until);
}
