#include "certs/ca.h"

#include "base/clock.h"
#include "certs/certinfo.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#define CA_LIFE_S (3650L * 86400)
#define CA_BACKDATE_S (2L * 86400)

void ca_free(struct ca *ca)
{
	if (ca == NULL)
		return;
	X509_free(ca->cert);
	/* OpenSSL zeroes the private parts. */
	EVP_PKEY_free(ca->key);
	for (size_t i = 0; i < ca->chain_len; i++)
		X509_free(ca->chain[i]);
	free(ca);
}

bool ca_guard_process(void)
{
	struct rlimit none = { 0, 0 };

	return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 && setrlimit(RLIMIT_CORE, &none) == 0;
}

/* "crumbgate CA HOST 1f2e3d4c": people tell two of them apart in a browser's list. */
static bool set_subject(X509_NAME *name)
{
	unsigned char id[4];
	char host[33] = "";
	char cn[65];

	if (RAND_bytes(id, sizeof(id)) != 1)
		return false;
	if (gethostname(host, sizeof(host) - 1) != 0)
		memcpy(host, "host", 5);
	host[sizeof(host) - 1] = '\0';
	for (char *c = host; *c != '\0'; c++)
		if (!ascii_digit(*c) && !(ascii_lower(*c) >= 'a' && ascii_lower(*c) <= 'z') &&
		    *c != '.' && *c != '-')
			*c = '-';
	snprintf(cn, sizeof(cn), "crumbgate CA %s %02x%02x%02x%02x", host, id[0], id[1], id[2],
		 id[3]);
	return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (unsigned char *)cn, -1, -1,
					  0) == 1;
}

static bool set_serial(X509 *cert)
{
	unsigned char raw[16];
	BIGNUM *n;
	bool ok;

	if (RAND_bytes(raw, sizeof(raw)) != 1)
		return false;
	/* Positive, and always of the same length. */
	raw[0] = (unsigned char)((raw[0] & 0x7f) | 0x40);
	n = BN_bin2bn(raw, sizeof(raw), NULL);
	ok = n != NULL && BN_to_ASN1_INTEGER(n, X509_get_serialNumber(cert)) != NULL;
	BN_free(n);
	return ok;
}

static bool set_times(X509 *cert, int64_t wall_ms)
{
	time_t from = (time_t)(wall_ms / 1000) - CA_BACKDATE_S;

	return ASN1_TIME_set(X509_getm_notBefore(cert), from) != NULL &&
	       ASN1_TIME_set(X509_getm_notAfter(cert), from + CA_LIFE_S - 1) != NULL;
}

static bool add_extension(X509 *cert, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *ext;
	bool ok;

	X509V3_set_ctx(&ctx, cert, cert, NULL, NULL, 0);
	ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	ok = ext != NULL && X509_add_ext(cert, ext, -1) == 1;
	X509_EXTENSION_free(ext);
	return ok;
}

static bool fill(struct ca *ca, int64_t wall_ms)
{
	X509 *c = ca->cert;

	return X509_set_version(c, X509_VERSION_3) == 1 && set_serial(c) &&
	       set_subject(X509_get_subject_name(c)) &&
	       X509_set_issuer_name(c, X509_get_subject_name(c)) == 1 && set_times(c, wall_ms) &&
	       X509_set_pubkey(c, ca->key) == 1 &&
	       add_extension(c, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
	       add_extension(c, NID_key_usage, "critical,keyCertSign,cRLSign") &&
	       add_extension(c, NID_subject_key_identifier, "hash") &&
	       X509_sign(c, ca->key, EVP_sha256()) > 0;
}

struct ca *ca_create(int64_t wall_ms, struct buf *error)
{
	struct ca *ca = calloc(1, sizeof(*ca));
	char reason[128];

	if (ca == NULL) {
		buf_adds(error, "no memory for a CA");
		return NULL;
	}
	ca->key = EVP_EC_gen("P-256");
	ca->cert = X509_new();
	ca->self_signed = true;
	if (ca->key == NULL || ca->cert == NULL || !fill(ca, wall_ms)) {
		buf_addf(error, "cannot make a CA: %s",
			 cert_openssl_reason(reason, sizeof(reason)));
		ca_free(ca);
		return NULL;
	}
	return ca;
}

static bool good_key(EVP_PKEY *key)
{
	int bits;

	if (cert_is_curve(key, "prime256v1") || cert_is_curve(key, "secp384r1"))
		return true;
	bits = EVP_PKEY_get_bits(key);
	return EVP_PKEY_is_a(key, "RSA") == 1 && bits >= 2048 && bits <= 8192 && bits % 8 == 0;
}

/* NULL: can sign leaves.  Else what stands against it. */
static const char *against(const struct ca *ca, int64_t wall_ms)
{
	EVP_PKEY *public_key = X509_get0_pubkey(ca->cert);
	int digest = NID_undef;

	if (public_key == NULL || !good_key(public_key))
		return "its key is not P-256, P-384 or RSA of 2048 to 8192 bits";
	if (ca->key != NULL && EVP_PKEY_eq(public_key, ca->key) != 1)
		return "the private key belongs to another certificate";
	if ((X509_get_key_usage(ca->cert) & KU_KEY_CERT_SIGN) == 0)
		return "its keyUsage has no keyCertSign";
	if (X509_check_ca(ca->cert) != 1)
		return "it is not a CA (basicConstraints CA:TRUE is missing)";
	if (X509_get_extension_flags(ca->cert) & EXFLAG_XKUSAGE &&
	    (X509_get_extended_key_usage(ca->cert) & (XKU_SSL_SERVER | XKU_ANYEKU)) == 0)
		return "its extendedKeyUsage does not allow servers (serverAuth)";
	if (cert_time_ms(X509_get0_notBefore(ca->cert)) > wall_ms)
		return "it is not valid yet (or this computer's clock is wrong)";
	if (cert_time_ms(X509_get0_notAfter(ca->cert)) <= wall_ms)
		return "it has expired (or this computer's clock is wrong)";
	X509_get_signature_info(ca->cert, &digest, NULL, NULL, NULL);
	if (!ca->self_signed && (digest == NID_sha1 || digest == NID_md5))
		return "it is signed with SHA-1 or MD5, which browsers refuse";
	return NULL;
}

/* The certificate among chain[from..] that signed `cert`; chain_len when none did. */
static size_t find_issuer(const struct ca *ca, size_t from, X509 *cert)
{
	size_t i = from;

	while (i < ca->chain_len && !cert_signed_by(cert, ca->chain[i]))
		i++;
	return i;
}

static void drop_last(struct ca *ca)
{
	X509_free(ca->chain[--ca->chain_len]);
	ca->chain[ca->chain_len] = NULL;
}

/*
 * Each certificate before its issuer; a root at the end is dropped: who checks must have it
 * already.
 */
static bool order_chain(struct ca *ca, struct buf *error)
{
	X509 *at = ca->cert;

	for (size_t i = 0; i < ca->chain_len; i++) {
		size_t found = cert_self_signed(at) ? ca->chain_len : find_issuer(ca, i, at);
		X509 *swap;

		if (found == ca->chain_len) {
			buf_adds(error, "a certificate in the chain did not sign the one below it: "
					"give only the CA and the certificates above it");
			return false;
		}
		swap = ca->chain[i];
		ca->chain[i] = ca->chain[found];
		ca->chain[found] = swap;
		at = ca->chain[i];
	}
	if (ca->chain_len != 0 && cert_self_signed(at))
		drop_last(ca);
	return true;
}

bool ca_check(struct ca *ca, int64_t wall_ms, struct buf *error)
{
	const char *why;

	ca->self_signed = cert_self_signed(ca->cert);
	why = against(ca, wall_ms);
	if (why != NULL) {
		struct ca_about about;

		ca_describe(ca, &about);
		buf_addf(error, "the certificate \"%s\" cannot be used as the CA: %s",
			 about.subject, why);
		return false;
	}
	return order_chain(ca, error);
}

static void fingerprint(const unsigned char digest[32], char out[96])
{
	static const char hex[] = "0123456789ABCDEF";

	for (size_t i = 0; i < 32; i++) {
		out[3 * i] = hex[digest[i] >> 4];
		out[3 * i + 1] = hex[digest[i] & 15];
		out[3 * i + 2] = ':';
	}
	out[95] = '\0';
}

void ca_describe(const struct ca *ca, struct ca_about *out)
{
	unsigned char digest[32];
	unsigned char base64[48];

	*out = (struct ca_about){ .not_before_ms = 0 };
	cert_name_text(X509_get_subject_name(ca->cert), out->subject, sizeof(out->subject));
	cert_name_text(X509_get_issuer_name(ca->cert), out->issuer, sizeof(out->issuer));
	cert_key_text(X509_get0_pubkey(ca->cert), out->key, sizeof(out->key));
	if (cert_sha256(ca->cert, digest))
		fingerprint(digest, out->sha256);
	if (cert_spki_sha256(ca->cert, digest)) {
		EVP_EncodeBlock(base64, digest, sizeof(digest));
		snprintf(out->spki_pin, sizeof(out->spki_pin), "sha256/%s", (char *)base64);
	}
	out->not_before_ms = cert_time_ms(X509_get0_notBefore(ca->cert));
	out->not_after_ms = cert_time_ms(X509_get0_notAfter(ca->cert));
}
