/* The lean context reads every kind of certificate that TLS knows, like OpenSSL's own. */
#include "certs/lean.h"

#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static X509 *self_signed(EVP_PKEY *key, const EVP_MD *md)
{
	X509 *x = X509_new();

	assert_true(x != NULL && X509_set_version(x, X509_VERSION_3) == 1);
	assert_non_null(X509_gmtime_adj(X509_getm_notBefore(x), 0));
	assert_non_null(X509_gmtime_adj(X509_getm_notAfter(x), 3600));
	assert_int_equal(X509_set_pubkey(x, key), 1);
	assert_true(X509_sign(x, key, md) > 0);
	return x;
}

static void check(EVP_PKEY *key, const EVP_MD *md)
{
	X509 *x = self_signed(key, md), *read;
	unsigned char *der = NULL;
	int n = i2d_X509(x, &der);

	assert_true(n > 0);
	read = lean_cert_read(slice_of((char *)der, (size_t)n));
	assert_non_null(read);
	assert_non_null(X509_get0_pubkey(read));
	assert_int_equal(EVP_PKEY_eq(X509_get0_pubkey(read), key), 1);
	/* Keys of either context verify certificates of the other. */
	assert_int_equal(X509_verify(read, X509_get0_pubkey(read)), 1);
	assert_int_equal(X509_verify(read, key), 1);
	assert_int_equal(X509_verify(x, X509_get0_pubkey(read)), 1);
	X509_free(read);
	assert_null(lean_cert_read(slice_of((char *)der, (size_t)n - 1)));
	OPENSSL_free(der);
	X509_free(x);
	EVP_PKEY_free(key);
}

static void test_keys(void **state)
{
	(void)state;
	assert_non_null(lean_context());
	check(EVP_EC_gen("P-256"), EVP_sha256());
	check(EVP_EC_gen("P-384"), EVP_sha384());
	check(EVP_RSA_gen(2048), EVP_sha256());
	check(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), NULL);
	check(EVP_PKEY_Q_keygen(NULL, NULL, "ED448"), NULL);
	check(EVP_PKEY_Q_keygen(lean_context(), NULL, "EC", "P-256"), EVP_sha256());
}

static void test_not_whole(void **state)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x = self_signed(key, EVP_sha256());
	unsigned char der[4096], *end = der;

	(void)state;
	assert_true(i2d_X509(x, NULL) < 4000);
	assert_true(i2d_X509(x, &end) > 0);
	*end++ = 0;
	assert_null(lean_cert_read(slice_of((char *)der, (size_t)(end - der))));
	assert_null(lean_cert_read(slice_of("", 0)));
	assert_null(lean_cert_read(SLICE("no certificate")));
	EVP_PKEY_free(key);
	X509_free(x);
}

/* What TLS itself asks a provider for: every suite and every group that leaf.c and shape.c name. */
static void test_tls(void **state)
{
	static const char suites_12[] = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
					"ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"
					"ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384";
	static const char suites_13[] =
		"TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_256_GCM_SHA384";
	SSL_CTX *ctx = SSL_CTX_new_ex(lean_context(), NULL, TLS_client_method());
	STACK_OF(SSL_CIPHER) * usable;
	SSL *ssl;

	(void)state;
	assert_non_null(ctx);
	assert_int_equal(SSL_CTX_set1_groups_list(ctx, "X25519:P-256:P-384:P-521:X448:"
						       "ffdhe2048:ffdhe3072"),
			 1);
	assert_int_equal(SSL_CTX_set_cipher_list(ctx, suites_12), 1);
	assert_int_equal(SSL_CTX_set_ciphersuites(ctx, suites_13), 1);
	ssl = SSL_new(ctx);
	usable = SSL_get1_supported_ciphers(ssl);
	assert_int_equal(sk_SSL_CIPHER_num(usable), 9);
	sk_SSL_CIPHER_free(usable);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_not_whole),
		cmocka_unit_test(test_tls),
	};

	return cmocka_run_group_tests_name("certs_lean", tests, NULL, NULL);
}
