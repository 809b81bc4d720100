/* Where a certificate says that something is to be had, and issuers that were fetched before. */
#include "base/hash.h"
#include "certs/trust_parts.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs7.h>
#include <stdlib.h>

#define KEPT_MAX 256
#define CERTS_MAX 8
#define URL_MAX_LEN 1024
#define GOOD_MS INT64_C(86400000)
/* A place that gives nothing is not asked for each connection. */
#define FAILED_MS INT64_C(60000)

struct kept {
	UT_hash_handle hh;
	STACK_OF(X509) *certs;
	int64_t until_ms;
	char url[];
};

struct trust_issuers {
	struct kept *table;
};

struct trust_issuers *trust_issuers_new(void)
{
	return calloc(1, sizeof(struct trust_issuers));
}

static void forget(struct trust_issuers *t, struct kept *k)
{
	HASH_DEL(t->table, k);
	sk_X509_pop_free(k->certs, X509_free);
	free(k);
}

void trust_issuers_free(struct trust_issuers *t)
{
	if (t == NULL)
		return;
	while (t->table != NULL)
		forget(t, t->table);
	free(t);
}

/* Plain http and nothing else; malloc'ed. */
static char *url_of(const GENERAL_NAME *place)
{
	struct slice s;
	char *url;

	if (place->type != GEN_URI)
		return NULL;
	s = slice_of((const char *)ASN1_STRING_get0_data(place->d.uniformResourceIdentifier),
		     (size_t)ASN1_STRING_length(place->d.uniformResourceIdentifier));
	if (!slice_istarts(s, SLICE("http://")) || s.n > URL_MAX_LEN ||
	    memchr(s.p, '\0', s.n) != NULL)
		return NULL;
	url = malloc(s.n + 1);
	if (url != NULL)
		(void)slice_copy(s, url, s.n + 1);
	return url;
}

char *trust_aia_url(X509 *cert, int method)
{
	AUTHORITY_INFO_ACCESS *aia = X509_get_ext_d2i(cert, NID_info_access, NULL, NULL);
	char *url = NULL;

	for (int i = 0; url == NULL && i < sk_ACCESS_DESCRIPTION_num(aia); i++) {
		const ACCESS_DESCRIPTION *d = sk_ACCESS_DESCRIPTION_value(aia, i);

		if (OBJ_obj2nid(d->method) == method)
			url = url_of(d->location);
	}
	AUTHORITY_INFO_ACCESS_free(aia);
	ERR_clear_error();
	return url;
}

/* A list by the issuer itself, for all reasons. */
static bool is_whole(const DIST_POINT *point)
{
	return point->CRLissuer == NULL && point->reasons == NULL && point->distpoint != NULL &&
	       point->distpoint->type == 0;
}

char *trust_crl_url(X509 *cert)
{
	CRL_DIST_POINTS *points = X509_get_ext_d2i(cert, NID_crl_distribution_points, NULL, NULL);
	char *url = NULL;

	for (int i = 0; url == NULL && i < sk_DIST_POINT_num(points); i++) {
		const DIST_POINT *point = sk_DIST_POINT_value(points, i);
		const GENERAL_NAMES *names =
			is_whole(point) ? point->distpoint->name.fullname : NULL;

		for (int j = 0; url == NULL && j < sk_GENERAL_NAME_num(names); j++)
			url = url_of(sk_GENERAL_NAME_value(names, j));
	}
	CRL_DIST_POINTS_free(points);
	ERR_clear_error();
	return url;
}

static struct kept *find(struct trust_issuers *t, const char *url)
{
	struct kept *k;

	HASH_FIND_STR(t->table, url, k);
	return k;
}

STACK_OF(X509) *trust_issuers_find(struct trust_issuers *t, const char *url, int64_t wall_ms)
{
	struct kept *k = find(t, url);

	return k != NULL && k->until_ms > wall_ms ? k->certs : NULL;
}

static void take_pkcs7(STACK_OF(X509) *into, struct slice bytes)
{
	const unsigned char *p = (const unsigned char *)bytes.p;
	PKCS7 *p7 = d2i_PKCS7(NULL, &p, (long)bytes.n);
	STACK_OF(X509) *certs = NULL;

	if (p7 != NULL && PKCS7_type_is_signed(p7) && p7->d.sign != NULL)
		certs = p7->d.sign->cert;
	for (int i = 0; i < sk_X509_num(certs) && i < CERTS_MAX; i++) {
		X509 *x = sk_X509_value(certs, i);

		if (X509_up_ref(x) == 1 && sk_X509_push(into, x) == 0)
			X509_free(x);
	}
	PKCS7_free(p7);
}

static void take_pem(STACK_OF(X509) *into, struct slice bytes)
{
	BIO *bio = BIO_new_mem_buf(bytes.p, (int)bytes.n);
	X509 *x;

	while (bio != NULL && sk_X509_num(into) < CERTS_MAX &&
	       (x = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL)
		if (sk_X509_push(into, x) == 0)
			X509_free(x);
	BIO_free(bio);
}

static STACK_OF(X509) *read_certs(struct slice bytes)
{
	const unsigned char *p = (const unsigned char *)bytes.p;
	STACK_OF(X509) *certs = sk_X509_new_null();
	X509 *x;

	if (certs == NULL || bytes.n == 0)
		return certs;
	x = d2i_X509(NULL, &p, (long)bytes.n);
	if (x != NULL && sk_X509_push(certs, x) == 0)
		X509_free(x);
	if (sk_X509_num(certs) == 0)
		take_pem(certs, bytes);
	if (sk_X509_num(certs) == 0)
		take_pkcs7(certs, bytes);
	ERR_clear_error();
	return certs;
}

STACK_OF(X509) *trust_issuers_keep(struct trust_issuers *t, const char *url, struct slice bytes,
				   int64_t wall_ms)
{
	STACK_OF(X509) *certs = read_certs(bytes);
	size_t len = strlen(url);
	struct kept *k = certs != NULL ? malloc(sizeof(*k) + len + 1) : NULL;
	struct kept *old = find(t, url);

	if (k == NULL) {
		sk_X509_pop_free(certs, X509_free);
		return NULL;
	}
	k->certs = certs;
	k->until_ms = wall_ms + (sk_X509_num(certs) != 0 ? GOOD_MS : FAILED_MS);
	memcpy(k->url, url, len + 1);
	if (old != NULL)
		forget(t, old);
	while (HASH_COUNT(t->table) >= KEPT_MAX)
		forget(t, t->table);
	HASH_ADD_STR(t->table, url, k);
	return certs;
}
