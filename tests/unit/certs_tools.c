#include "tests/unit/certs_tools.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

static EVP_PKEY *make_key(const struct cert_spec *spec)
{
	EVP_PKEY *key = spec->key;

	if (key != NULL)
		assert_int_equal(EVP_PKEY_up_ref(key), 1);
	else if (spec->rsa_bits != 0)
		key = EVP_RSA_gen(spec->rsa_bits);
	else
		key = EVP_EC_gen(spec->curve != NULL ? spec->curve : "P-256");
	assert_non_null(key);
	return key;
}

static void set_name(X509_NAME *name, const char *cn)
{
	if (cn != NULL)
		assert_int_equal(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
							    (const unsigned char *)cn, -1, -1, 0),
				 1);
}

static void set_times(X509 *x, const struct cert_spec *spec)
{
	int64_t from = spec->from_ms != 0 ? spec->from_ms : TEST_NOW_MS - 10 * DAY_MS;
	int64_t until = spec->until_ms != 0 ? spec->until_ms : TEST_NOW_MS + 30 * DAY_MS;

	assert_non_null(ASN1_TIME_set(X509_getm_notBefore(x), (time_t)(from / 1000)));
	assert_non_null(ASN1_TIME_set(X509_getm_notAfter(x), (time_t)(until / 1000)));
}

static void add_extensions(X509 *x, X509 *issuer, const struct extension *list, size_t n)
{
	X509V3_CTX ctx;

	X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
	for (size_t i = 0; i < n && list[i].name != NULL; i++) {
		X509_EXTENSION *e = X509V3_EXT_conf(NULL, &ctx, list[i].name, list[i].value);

		assert_non_null(e);
		assert_int_equal(X509_add_ext(x, e, -1), 1);
		X509_EXTENSION_free(e);
	}
}

struct made make_cert(const struct cert_spec *spec, const struct made *issuer)
{
	static long serial = 1000;
	struct made m = { .cert = X509_new(), .key = make_key(spec) };
	const struct made *by = issuer != NULL ? issuer : &m;

	assert_non_null(m.cert);
	X509_set_version(m.cert, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(m.cert), ++serial);
	set_name(X509_get_subject_name(m.cert), spec->cn);
	X509_set_issuer_name(m.cert, X509_get_subject_name(by->cert));
	set_times(m.cert, spec);
	X509_set_pubkey(m.cert, m.key);
	add_extensions(m.cert, by->cert, spec->extensions,
		       sizeof(spec->extensions) / sizeof(spec->extensions[0]));
	assert_true(X509_sign(m.cert, by->key, spec->digest != NULL ? spec->digest : EVP_sha256()) >
		    0);
	return m;
}

void made_free(struct made *m)
{
	X509_free(m->cert);
	EVP_PKEY_free(m->key);
	*m = (struct made){ NULL, NULL };
}

struct made make_root(const char *cn)
{
	struct cert_spec spec = { .cn = cn,
				  .extensions = { { "basicConstraints", "critical,CA:TRUE" },
						  { "keyUsage", "critical,keyCertSign,cRLSign" },
						  { "subjectKeyIdentifier", "hash" } } };

	return make_cert(&spec, NULL);
}

struct cert_spec intermediate_spec(const char *cn)
{
	return (struct cert_spec){ .cn = cn,
				   .extensions = { { "basicConstraints", "critical,CA:TRUE" },
						   { "keyUsage", "critical,keyCertSign,cRLSign" },
						   { "subjectKeyIdentifier", "hash" },
						   { "authorityKeyIdentifier", "keyid:always" } } };
}

struct made make_intermediate(const char *cn, const struct made *issuer)
{
	struct cert_spec spec = intermediate_spec(cn);

	return make_cert(&spec, issuer);
}

struct cert_spec server_spec(const char *san)
{
	return (struct cert_spec){ .cn = "a server",
				   .extensions = { { "subjectAltName", san },
						   { "keyUsage", "critical,digitalSignature" },
						   { "extendedKeyUsage", "serverAuth" },
						   { "authorityKeyIdentifier", "keyid:always" } } };
}

struct made make_server(const char *san, const struct made *issuer)
{
	struct cert_spec spec = server_spec(san);

	return make_cert(&spec, issuer);
}

void add_bio(struct buf *out, BIO *bio)
{
	char *p;
	long n = BIO_get_mem_data(bio, &p);

	assert_true(n > 0);
	assert_true(buf_add(out, slice_of(p, (size_t)n)));
	BIO_free(bio);
}

void add_pem_cert(struct buf *out, X509 *cert)
{
	BIO *bio = BIO_new(BIO_s_mem());

	assert_int_equal(PEM_write_bio_X509(bio, cert), 1);
	add_bio(out, bio);
}

void add_pem_key(struct buf *out, EVP_PKEY *key)
{
	BIO *bio = BIO_new(BIO_s_mem());

	assert_int_equal(PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL), 1);
	add_bio(out, bio);
}

void add_der_cert(struct buf *out, X509 *cert)
{
	BIO *bio = BIO_new(BIO_s_mem());

	assert_int_equal(i2d_X509_bio(bio, cert), 1);
	add_bio(out, bio);
}

void write_file(const char *path, struct slice bytes, unsigned mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, (mode_t)mode);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes.p, bytes.n), (ssize_t)bytes.n);
	assert_int_equal(fchmod(fd, (mode_t)mode), 0);
	assert_int_equal(close(fd), 0);
}

void make_folder(char *out, size_t size)
{
	const char *tmp = getenv("TMPDIR");
	int n = snprintf(out, size, "%s/crumbgate-certs-XXXXXX", tmp != NULL ? tmp : "/tmp");

	assert_true(n > 0 && (size_t)n < size);
	assert_non_null(mkdtemp(out));
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	(void)st;
	(void)kind;
	(void)where;
	return remove(path);
}

void remove_folder(const char *path)
{
	assert_int_equal(nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

bool has_word(const struct buf *text, const char *word)
{
	struct slice s = buf_slice(text);

	return memmem(s.p, s.n, word, strlen(word)) != NULL;
}

void join(SSL *client, SSL *server)
{
	BIO *a, *b;

	assert_int_equal(BIO_new_bio_pair(&a, 1 << 20, &b, 1 << 20), 1);
	SSL_set_bio(client, a, a);
	SSL_set_bio(server, b, b);
	SSL_set_connect_state(client);
	SSL_set_accept_state(server);
}

void shake(SSL *client, SSL *server, int *client_error, int *server_error)
{
	int c = SSL_ERROR_WANT_READ, s = SSL_ERROR_WANT_READ;

	/* A full handshake needs three rounds. */
	for (int i = 0; i < 8; i++) {
		int r = SSL_do_handshake(client);

		c = SSL_get_error(client, r);
		r = SSL_do_handshake(server);
		s = SSL_get_error(server, r);
	}
	if (client_error != NULL)
		*client_error = c;
	if (server_error != NULL)
		*server_error = s;
}

void pass_data(SSL *client, SSL *server)
{
	char byte = 'x';

	assert_int_equal(SSL_write(server, &byte, 1), 1);
	assert_int_equal(SSL_read(client, &byte, 1), 1);
}
