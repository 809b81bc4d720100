#include "certs/mint.h"

#include "certs/certinfo.h"
#include "certs/der.h"

#include <stdlib.h>

#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>

/* A whole Extension each, since their values never differ: keyUsage critical digitalSignature … */
static const unsigned char key_usage[] = {
	0x30, 0x0e, 0x06, 0x03, 0x55, 0x1d, 0x0f, 0x01, 0x01, 0xff, 0x04, 0x04, 0x03, 0x02, 0x07, 0x80
};
/* … extKeyUsage serverAuth … */
static const unsigned char ext_key_usage[] = { 0x30, 0x13, 0x06, 0x03, 0x55, 0x1d, 0x25,
					       0x04, 0x0c, 0x30, 0x0a, 0x06, 0x08, 0x2b,
					       0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01 };
/* … basicConstraints critical, empty: not a CA. */
static const unsigned char basic_constraints[] = { 0x30, 0x0c, 0x06, 0x03, 0x55, 0x1d, 0x13,
						   0x01, 0x01, 0xff, 0x04, 0x02, 0x30, 0x00 };
static const unsigned char oid_san[] = { 0x55, 0x1d, 0x11 };
static const unsigned char oid_ski[] = { 0x55, 0x1d, 0x0e };
static const unsigned char oid_aki[] = { 0x55, 0x1d, 0x23 };
static const unsigned char oid_cn[] = { 0x55, 0x04, 0x03 };
static const unsigned char version_3[] = { 0xa0, 0x03, 0x02, 0x01, 0x02 };
static const unsigned char critical[] = { 0x01, 0x01, 0xff };
/* SubjectPublicKeyInfo of an uncompressed P-256 point, up to the point's 64 bytes (RFC 5480). */
static const unsigned char spki_p256[] = { 0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48,
					   0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
					   0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04 };
#define SPKI_LEN (sizeof(spki_p256) + 64)
#define SPKI_BITS_AT 26 /* where the BIT STRING's octets begin: what an SKI is the hash of */

#define BYTES(array) slice_of((const char *)(array), sizeof(array))

struct mint {
	EVP_PKEY *key;
	const EVP_MD *digest;
	int64_t from_ms, to_ms;
	struct buf issuer; /* Name */
	struct buf sigalg; /* AlgorithmIdentifier */
	struct buf aki;	   /* Extension */
	/* The last key whose points were found on the curve: a worker has one. */
	char spki[SPKI_LEN];
	bool spki_known;
};

static bool set_sigalg(struct mint *m)
{
	bool rsa = EVP_PKEY_is_a(m->key, "RSA") == 1;
	bool p384 = cert_is_curve(m->key, "secp384r1");
	int nid = rsa ? NID_sha256WithRSAEncryption
		      : (p384 ? NID_ecdsa_with_SHA384 : NID_ecdsa_with_SHA256);
	const ASN1_OBJECT *oid = OBJ_nid2obj(nid);
	unsigned char mem[64];
	struct der d;
	size_t end;

	m->digest = p384 ? EVP_sha384() : EVP_sha256();
	der_init(&d, mem, sizeof(mem));
	end = der_mark(&d);
	if (rsa) /* RFC 4055 section 5: NULL parameters; RFC 5758 section 3.2: none */
		der_element(&d, 0x05, slice_of("", 0));
	der_element(&d, DER_OID,
		    slice_of((const char *)OBJ_get0_data(oid), OBJ_length(oid)));
	der_wrap(&d, end, DER_SEQUENCE);
	return buf_add(&m->sigalg, der_slice(&d));
}

/*
 * The CA's own key identifier, or where it has none the hash that RFC 5280 section 4.2.1.2 (1)
 * suggests.
 */
static bool ca_key_id(const struct ca *ca, unsigned char *out, size_t size, size_t *len)
{
	const ASN1_OCTET_STRING *id = X509_get0_subject_key_id(ca->cert);
	const ASN1_BIT_STRING *bits = X509_get0_pubkey_bitstr(ca->cert);

	if (id != NULL) {
		*len = (size_t)ASN1_STRING_length(id);
		if (*len == 0 || *len > size)
			return false;
		memcpy(out, ASN1_STRING_get0_data(id), *len);
		return true;
	}
	*len = SHA_DIGEST_LENGTH;
	return bits != NULL &&
	       SHA1(ASN1_STRING_get0_data(bits), (size_t)ASN1_STRING_length(bits), out) != NULL;
}

static void put_extension(struct der *d, size_t end, struct slice oid, bool is_critical)
{
	der_wrap(d, end, DER_OCTET_STRING);
	if (is_critical)
		der_put(d, BYTES(critical));
	der_element(d, DER_OID, oid);
	der_wrap(d, end, DER_SEQUENCE);
}

static bool set_aki(struct mint *m, const struct ca *ca)
{
	unsigned char id[64], mem[128];
	size_t id_len, end;
	struct der d;

	if (!ca_key_id(ca, id, sizeof(id), &id_len))
		return false;
	der_init(&d, mem, sizeof(mem));
	end = der_mark(&d);
	der_element(&d, 0x80, slice_of((char *)id, id_len));
	der_wrap(&d, end, DER_SEQUENCE);
	put_extension(&d, end, BYTES(oid_aki), false);
	return buf_add(&m->aki, der_slice(&d));
}

static bool set_issuer(struct mint *m, const struct ca *ca)
{
	const unsigned char *der;
	size_t n;

	return X509_NAME_get0_der(X509_get_subject_name(ca->cert), &der, &n) == 1 &&
	       buf_add(&m->issuer, slice_of((const char *)der, n));
}

struct mint *mint_new(const struct ca *ca, struct buf *error)
{
	struct mint *m = calloc(1, sizeof(*m));

	if (m == NULL || ca->key == NULL || EVP_PKEY_up_ref(ca->key) != 1) {
		buf_adds(error, "cannot prepare the CA's key for signing");
		free(m);
		return NULL;
	}
	m->key = ca->key;
	m->from_ms = cert_time_ms(X509_get0_notBefore(ca->cert));
	m->to_ms = cert_time_ms(X509_get0_notAfter(ca->cert));
	buf_init(&m->issuer, MINT_DER_MAX / 2);
	buf_init(&m->sigalg, 64);
	buf_init(&m->aki, 128);
	if (set_sigalg(m) && set_issuer(m, ca) && set_aki(m, ca))
		return m;
	buf_adds(error, "the CA's certificate cannot be used: its subject or key identifier is too long");
	mint_free(m);
	return NULL;
}

void mint_free(struct mint *m)
{
	if (m == NULL)
		return;
	EVP_PKEY_free(m->key);
	buf_release(&m->issuer);
	buf_release(&m->sigalg);
	buf_release(&m->aki);
	free(m);
}

/* An uncompressed P-256 point that lies on the curve. */
static bool good_spki(struct mint *m, struct slice spki)
{
	const unsigned char *p = (const unsigned char *)spki.p;
	EVP_PKEY *key;

	if (spki.n != SPKI_LEN || memcmp(spki.p, spki_p256, sizeof(spki_p256)) != 0)
		return false;
	if (m->spki_known && memcmp(m->spki, spki.p, SPKI_LEN) == 0)
		return true;
	key = d2i_PUBKEY(NULL, &p, (long)spki.n);
	if (key == NULL)
		return false;
	EVP_PKEY_free(key);
	memcpy(m->spki, spki.p, SPKI_LEN);
	m->spki_known = true;
	return true;
}

static void put_san(struct der *d, const struct cert_host *host, bool is_critical)
{
	size_t end = der_mark(d);

	if (host->ip_len != 0)
		der_element(d, 0x87, slice_of((const char *)host->ip, host->ip_len));
	else
		der_element(d, 0x82, cert_host_slice(host));
	der_wrap(d, end, DER_SEQUENCE);
	put_extension(d, end, BYTES(oid_san), is_critical);
}

static void put_ski(struct der *d, struct slice spki)
{
	unsigned char id[SHA_DIGEST_LENGTH];
	size_t end = der_mark(d);

	SHA1((const unsigned char *)spki.p + SPKI_BITS_AT, spki.n - SPKI_BITS_AT, id);
	der_element(d, DER_OCTET_STRING, BYTES(id));
	put_extension(d, end, BYTES(oid_ski), false);
}

static bool cn_fits(const struct cert_host *host)
{
	return host->len <= 64;
}

static void put_subject(struct der *d, const struct cert_host *host)
{
	size_t end = der_mark(d);

	if (cn_fits(host)) {
		der_element(d, DER_UTF8, cert_host_slice(host));
		der_element(d, DER_OID, BYTES(oid_cn));
		der_wrap(d, end, DER_SEQUENCE);
		der_wrap(d, end, DER_SET);
	}
	der_wrap(d, end, DER_SEQUENCE);
}

static void put_extensions(struct der *d, const struct mint *m, const struct cert_host *host,
			   struct slice spki)
{
	size_t end = der_mark(d);

	put_san(d, host, !cn_fits(host));
	put_ski(d, spki);
	der_put(d, buf_slice(&m->aki));
	der_put(d, BYTES(ext_key_usage));
	der_put(d, BYTES(key_usage));
	der_put(d, BYTES(basic_constraints));
	der_wrap(d, end, DER_SEQUENCE);
	der_wrap(d, end, 0xa3);
}

/* TBSCertificate, last field first. */
static void put_tbs(struct der *d, const struct mint *m, const struct cert_host *host,
		    struct slice spki, const struct minted_leaf *about)
{
	size_t end = der_mark(d), mark;

	put_extensions(d, m, host, spki);
	der_put(d, spki);
	put_subject(d, host);
	mark = der_mark(d);
	der_time(d, about->not_after_ms);
	der_time(d, about->not_before_ms);
	der_wrap(d, mark, DER_SEQUENCE);
	der_put(d, buf_slice(&m->issuer));
	der_put(d, buf_slice(&m->sigalg));
	der_element(d, DER_INTEGER, BYTES(about->serial));
	der_put(d, BYTES(version_3));
	der_wrap(d, end, DER_SEQUENCE);
}

static bool set_times(const struct mint *m, int64_t wall_ms, struct minted_leaf *about,
		      struct buf *error)
{
	int64_t now = wall_ms - wall_ms % 1000;

	about->not_before_ms = now - MINT_BACKDATE_S * INT64_C(1000);
	/* RFC 5280 section 4.1.2.5: the second of notAfter is still inside. */
	about->not_after_ms = about->not_before_ms + (MINT_LIFE_S - 1) * INT64_C(1000);
	if (about->not_before_ms < m->from_ms)
		about->not_before_ms = m->from_ms;
	if (about->not_after_ms > m->to_ms)
		about->not_after_ms = m->to_ms;
	if (about->not_after_ms > now && about->not_before_ms <= now)
		return true;
	buf_adds(error, "the CA's own time is over (or this computer's clock is wrong): make or "
			"import a new CA");
	return false;
}

static bool set_serial(struct minted_leaf *about)
{
	if (RAND_bytes(about->serial, sizeof(about->serial)) != 1)
		return false;
	/* Positive, and never shorter than its 16 octets. */
	about->serial[0] = (unsigned char)((about->serial[0] & 0x7f) | 0x40);
	return true;
}

static bool sign(const struct mint *m, struct slice tbs, unsigned char *sig, size_t *len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = ctx != NULL && EVP_DigestSignInit(ctx, NULL, m->digest, NULL, m->key) == 1 &&
		  EVP_DigestSign(ctx, sig, len, (const unsigned char *)tbs.p, tbs.n) == 1;

	EVP_MD_CTX_free(ctx);
	return ok;
}

bool mint_leaf(struct mint *m, const struct cert_host *host, struct slice spki_der, int64_t wall_ms,
	       struct buf *der, struct minted_leaf *about, struct buf *error)
{
	unsigned char tbs_mem[MINT_DER_MAX], mem[MINT_DER_MAX + 1280], sig[1024];
	size_t sig_len = sizeof(sig), end, mark;
	struct minted_leaf made;
	struct der tbs, d;

	if (host->len == 0 || host->len > CERT_HOST_MAX || !good_spki(m, spki_der)) {
		buf_adds(error, "not a host and a P-256 key");
		return false;
	}
	if (!set_times(m, wall_ms, &made, error))
		return false;
	der_init(&tbs, tbs_mem, sizeof(tbs_mem));
	if (set_serial(&made))
		put_tbs(&tbs, m, host, spki_der, &made);
	if (der_slice(&tbs).n == 0 || !sign(m, der_slice(&tbs), sig, &sig_len)) {
		buf_adds(error, "cannot sign a leaf certificate");
		return false;
	}
	der_init(&d, mem, sizeof(mem));
	end = mark = der_mark(&d);
	der_put(&d, slice_of((char *)sig, sig_len));
	der_put_byte(&d, 0); /* no unused bits */
	der_wrap(&d, mark, DER_BIT_STRING);
	der_put(&d, buf_slice(&m->sigalg));
	der_put(&d, der_slice(&tbs));
	der_wrap(&d, end, DER_SEQUENCE);
	if (about != NULL)
		*about = made;
	return !d.failed && buf_add(der, der_slice(&d));
}
