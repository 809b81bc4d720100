/*
 * Signatures of issuers that were found good.  The certificates of a few issuers stand above those
 * of most origins, and their signatures are the same each time; so a certificate's signature by a
 * key, once good, is remembered, by the digests of both.  It is a fact that no time and no
 * revocation can change: everything else is looked at for each path as if nothing were known.
 *
 * OpenSSL lets the step be replaced that looks at signatures and times.  Ours says yes when all
 * that step looks at is good; in every other case OpenSSL's own decides and names what is wrong.
 */
#include "base/hash.h"
#include "certs/certinfo.h"
#include "certs/trust_parts.h"

#include <stdlib.h>

#define KEPT_MAX 256

struct pair {
	unsigned char cert[32], issuer_key[32]; /* SHA-256 */
};

struct good_signature {
	UT_hash_handle hh; /* in the order of their coming */
	struct pair pair;
};

struct trust_signed {
	struct good_signature *table;
	X509_STORE_CTX_verify_fn openssl;
};

struct trust_signed *trust_signed_new(void)
{
	return calloc(1, sizeof(struct trust_signed));
}

static void forget(struct trust_signed *t, struct good_signature *s)
{
	HASH_DEL(t->table, s);
	free(s);
}

void trust_signed_free(struct trust_signed *t)
{
	if (t == NULL)
		return;
	while (t->table != NULL)
		forget(t, t->table);
	free(t);
}

static struct good_signature *find(const struct trust_signed *t, const struct pair *pair)
{
	struct good_signature *s;

	HASH_FIND(hh, t->table, pair, sizeof(*pair), s);
	return s;
}

static bool pair_of(X509 *cert, X509 *issuer, struct pair *out)
{
	return cert_sha256(cert, out->cert) && cert_spki_sha256(issuer, out->issuer_key);
}

static bool is_known(const struct trust_signed *t, X509 *cert, X509 *issuer)
{
	struct pair pair;

	return pair_of(cert, issuer, &pair) && find(t, &pair) != NULL;
}

static void keep(struct trust_signed *t, X509 *cert, X509 *issuer)
{
	struct good_signature *s;
	struct pair pair;

	if (!pair_of(cert, issuer, &pair) || find(t, &pair) != NULL)
		return;
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return;
	while (HASH_COUNT(t->table) >= KEPT_MAX)
		forget(t, t->table);
	s->pair = pair;
	HASH_ADD(hh, t->table, pair, sizeof(s->pair), s);
}

static bool in_time(X509_STORE_CTX *ctx, X509 *cert)
{
	return X509_cmp_timeframe(X509_STORE_CTX_get0_param(ctx), X509_get0_notBefore(cert),
				  X509_get0_notAfter(cert)) == 0;
}

static bool has_signed(X509 *issuer, X509 *cert)
{
	EVP_PKEY *key = X509_get0_pubkey(issuer);

	return key != NULL && X509_verify(cert, key) == 1;
}

/* The leaf's signature is verified, those above it are known, and nothing is out of its time. */
static bool is_good(const struct trust_signed *t, X509_STORE_CTX *ctx, STACK_OF(X509) * chain)
{
	int top = sk_X509_num(chain) - 1;

	for (int i = 0; i <= top; i++) {
		X509 *cert = sk_X509_value(chain, i), *issuer = sk_X509_value(chain, i + 1);

		if (!in_time(ctx, cert))
			return false;
		if (i < top && X509_check_issued(issuer, cert) != X509_V_OK)
			return false;
		if (i > 0 && i < top && !is_known(t, cert, issuer))
			return false;
	}
	return has_signed(sk_X509_value(chain, 1), sk_X509_value(chain, 0));
}

static int on_verify(X509_STORE_CTX *ctx)
{
	struct trust_signed *t = X509_STORE_CTX_get_app_data(ctx);
	STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(ctx);
	int top = sk_X509_num(chain) - 1, ok;

	/* Below two there is nothing above the leaf that was signed. */
	if (top >= 2 && is_good(t, ctx, chain))
		return 1;
	ok = t->openssl(ctx);
	for (int i = 1; ok == 1 && i < top; i++)
		keep(t, sk_X509_value(chain, i), sk_X509_value(chain, i + 1));
	return ok;
}

void trust_signed_use(struct trust_signed *t, X509_STORE_CTX *ctx)
{
	t->openssl = X509_STORE_CTX_get_verify(ctx);
	X509_STORE_CTX_set_app_data(ctx, t);
	X509_STORE_CTX_set_verify(ctx, on_verify);
}
