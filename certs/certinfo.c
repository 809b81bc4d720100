#include "certs/certinfo.h"

#include <limits.h>
#include <time.h>

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/sha.h>

int64_t cert_time_ms(const ASN1_TIME *t)
{
	struct tm tm;
	time_t s;

	if (t == NULL || ASN1_TIME_to_tm(t, &tm) != 1)
		return INT64_MIN;
	s = timegm(&tm);
	return (int64_t)s * 1000;
}

void cert_printable(struct slice s, char *out, size_t size)
{
	size_t n = s.n < size ? s.n : size - 1;

	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		out[i] = c >= 0x20 && c < 0x7f ? (char)c : '?';
	}
	out[n] = '\0';
	if (s.n >= size && size > 3)
		memcpy(out + size - 4, "...", 3);
}

void cert_name_text(const X509_NAME *name, char *out, size_t size)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *p;
	long n;

	out[0] = '\0';
	if (bio == NULL)
		return;
	if (X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253) >= 0) {
		n = BIO_get_mem_data(bio, &p);
		if (n > 0)
			cert_printable(slice_of(p, (size_t)n), out, size);
	}
	BIO_free(bio);
}

bool cert_is_curve(EVP_PKEY *key, const char *group)
{
	char name[64];
	size_t n;

	return EVP_PKEY_is_a(key, "EC") == 1 &&
	       EVP_PKEY_get_group_name(key, name, sizeof(name), &n) == 1 &&
	       strcmp(name, group) == 0;
}

void cert_key_text(EVP_PKEY *key, char *out, size_t size)
{
	static const struct {
		const char *group, *text;
	} curves[] = {
		{ "prime256v1", "P-256" },
		{ "secp384r1", "P-384" },
		{ "secp521r1", "P-521" },
	};
	const char *type = key != NULL ? EVP_PKEY_get0_type_name(key) : NULL;
	struct buf b;

	for (size_t i = 0; key != NULL && i < sizeof(curves) / sizeof(curves[0]); i++)
		if (cert_is_curve(key, curves[i].group)) {
			slice_copy(slice_str(curves[i].text), out, size);
			return;
		}
	buf_init(&b, 256);
	if (key != NULL && EVP_PKEY_is_a(key, "RSA") == 1)
		buf_addf(&b, "RSA-%d", EVP_PKEY_get_bits(key));
	else
		buf_adds(&b, type != NULL ? type : "unknown");
	cert_printable(buf_slice(&b), out, size);
	buf_release(&b);
}

bool cert_sha256(const X509 *cert, unsigned char out[32])
{
	return X509_digest(cert, EVP_sha256(), out, NULL) == 1;
}

bool cert_spki_sha256(const X509 *cert, unsigned char out[32])
{
	unsigned char *der = NULL;
	int n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der);

	if (n <= 0)
		return false;
	SHA256(der, (size_t)n, out);
	OPENSSL_free(der);
	return true;
}

bool cert_der(const X509 *cert, struct buf *out)
{
	unsigned char *der = NULL;
	int n = i2d_X509(cert, &der);
	bool ok;

	if (n <= 0)
		return false;
	ok = buf_add(out, slice_of((char *)der, (size_t)n));
	OPENSSL_free(der);
	return ok;
}

bool cert_self_signed(X509 *cert)
{
	bool yes = X509_self_signed(cert, 1) == 1;

	ERR_clear_error();
	return yes;
}

bool cert_signed_by(X509 *cert, X509 *issuer)
{
	EVP_PKEY *key = X509_get0_pubkey(issuer);
	bool yes = key != NULL &&
		   X509_NAME_cmp(X509_get_issuer_name(cert), X509_get_subject_name(issuer)) == 0 &&
		   X509_verify(cert, key) == 1;

	ERR_clear_error();
	return yes;
}

const char *cert_openssl_reason(char *out, size_t size)
{
	unsigned long code = ERR_get_error();
	const char *reason = code != 0 ? ERR_reason_error_string(code) : NULL;

	ERR_clear_error();
	cert_printable(slice_str(reason != NULL ? reason : "unknown reason"), out, size);
	return out;
}
