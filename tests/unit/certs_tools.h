/*
 * certs_tools.h - certificates made for a test, and handshakes between two SSLs in memory.
 *
 * Everything ends the test when it fails, so nothing here needs to be checked.  Time is
 * TEST_NOW_MS.
 */
#ifndef CRUMBGATE_TESTS_CERTS_TOOLS_H
#define CRUMBGATE_TESTS_CERTS_TOOLS_H

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#define TEST_NOW_MS INT64_C(1795000000000) /* 2026-11-18 */
#define HOUR_MS INT64_C(3600000)
#define DAY_MS (24 * HOUR_MS)

struct made {
	X509 *cert;
	EVP_PKEY *key;
};

struct extension {
	const char *name, *value; /* as in x509v3_config(5) */
};

struct cert_spec {
	const char *cn;		   /* NULL: an empty subject */
	const char *curve;	   /* NULL: P-256 */
	unsigned rsa_bits;	   /* not 0: RSA instead */
	const EVP_MD *digest;	   /* NULL: SHA-256 */
	EVP_PKEY *key;		   /* borrowed; NULL: a new one */
	int64_t from_ms, until_ms; /* 0: 10 days ago, in 30 days */
	struct extension extensions[10];
};

/* Signed by itself without an issuer. */
struct made make_cert(const struct cert_spec *spec, const struct made *issuer);
void made_free(struct made *m);

/* What a root, an intermediate and a server have; san as "DNS:a.test,IP:192.0.2.1". */
struct made make_root(const char *cn);
struct made make_intermediate(const char *cn, const struct made *issuer);
struct made make_server(const char *san, const struct made *issuer);
/* To be changed before make_cert(); extensions[4] and on are free. */
struct cert_spec server_spec(const char *san);
struct cert_spec intermediate_spec(const char *cn);

/* Added to *out, which the caller has initialized. */
void add_pem_cert(struct buf *out, X509 *cert);
void add_pem_key(struct buf *out, EVP_PKEY *key);
void add_der_cert(struct buf *out, X509 *cert);
/* All that was written into the BIO, which is freed. */
void add_bio(struct buf *out, BIO *bio);

void write_file(const char *path, struct slice bytes, unsigned mode);
/* A private folder below TMPDIR; removed with what is in it by remove_folder(). */
void make_folder(char *out, size_t size);
void remove_folder(const char *path);

/* Whether the text holds the word. */
bool has_word(const struct buf *text, const char *word);

/* Joins two SSLs by memory. */
void join(SSL *client, SSL *server);
/*
 * Goes on with both until neither moves; *client_error and *server_error as SSL_get_error() says
 * (NULL: not asked).
 */
void shake(SSL *client, SSL *server, int *client_error, int *server_error);
/* Carries what is under way (tickets) to the client. */
void pass_data(SSL *client, SSL *server);

#endif
