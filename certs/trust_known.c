/*
 * Paths that were found good a moment ago.  A browser's page opens connections to one origin for
 * each site and visitor, which share no session, and each shows the same certificates; to verify
 * them again costs as much as the rest of the handshake.
 *
 * What is kept stands under everything that the verdict came from: the host and the certificates in
 * the order they were shown, by their digests; the roots and rules are those of the struct trust it
 * belongs to.  Only good paths are kept, for ten minutes and never beyond the time of a certificate
 * on them.
 */
#include "base/hash.h"
#include "certs/certinfo.h"
#include "certs/trust_parts.h"

#include <openssl/sha.h>
#include <stdlib.h>

#define KEPT_MS INT64_C(600000)
#define KEPT_MAX 512

struct known_path {
	UT_hash_handle hh;
	STACK_OF(X509) *above; /* the path without the leaf */
	int64_t from_ms, until_ms;
	unsigned char key[SHA256_DIGEST_LENGTH];
};

struct trust_paths {
	struct known_path *table;
};

struct trust_paths *trust_paths_new(void)
{
	return calloc(1, sizeof(struct trust_paths));
}

static void forget(struct trust_paths *t, struct known_path *k)
{
	HASH_DEL(t->table, k);
	sk_X509_pop_free(k->above, X509_free);
	free(k);
}

void trust_paths_free(struct trust_paths *t)
{
	if (t == NULL)
		return;
	while (t->table != NULL)
		forget(t, t->table);
	free(t);
}

/* The host, the leaf, and all that was shown with it. */
static bool make_key(const struct cert_host *host, X509 *leaf, STACK_OF(X509) *presented,
		     unsigned char out[SHA256_DIGEST_LENGTH])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char digest[32];
	bool good = ctx != NULL && EVP_DigestInit_ex2(ctx, EVP_sha256(), NULL) == 1 &&
		    EVP_DigestUpdate(ctx, host->text, host->len + 1) == 1 &&
		    cert_sha256(leaf, digest) && EVP_DigestUpdate(ctx, digest, sizeof(digest)) == 1;

	for (int i = 0; good && i < sk_X509_num(presented); i++)
		good = cert_sha256(sk_X509_value(presented, i), digest) &&
		       EVP_DigestUpdate(ctx, digest, sizeof(digest)) == 1;
	good = good && EVP_DigestFinal_ex(ctx, out, NULL) == 1;
	EVP_MD_CTX_free(ctx);
	return good;
}

static bool push(STACK_OF(X509) *to, X509 *x)
{
	if (X509_up_ref(x) != 1)
		return false;
	if (sk_X509_push(to, x) != 0)
		return true;
	X509_free(x);
	return false;
}

/* first (may be NULL), then from[at..]; the caller's. */
static STACK_OF(X509) *copy(X509 *first, STACK_OF(X509) *from, int at)
{
	STACK_OF(X509) *to = sk_X509_new_null();
	bool good = to != NULL && (first == NULL || push(to, first));

	for (int i = at; good && i < sk_X509_num(from); i++)
		good = push(to, sk_X509_value(from, i));
	if (good)
		return to;
	sk_X509_pop_free(to, X509_free);
	return NULL;
}

STACK_OF(X509) *trust_paths_find(struct trust_paths *t, const struct cert_host *host, X509 *leaf,
				 STACK_OF(X509) *presented, int64_t wall_ms)
{
	unsigned char key[SHA256_DIGEST_LENGTH];
	struct known_path *k = NULL;

	if (t->table == NULL || !make_key(host, leaf, presented, key))
		return NULL;
	HASH_FIND(hh, t->table, key, sizeof(key), k);
	if (k == NULL || wall_ms < k->from_ms || wall_ms >= k->until_ms)
		return NULL;
	return copy(leaf, k->above, 0);
}

static int64_t end_of(STACK_OF(X509) *path, int64_t wall_ms)
{
	int64_t until = wall_ms + KEPT_MS;

	for (int i = 0; i < sk_X509_num(path); i++) {
		int64_t end = cert_time_ms(X509_get0_notAfter(sk_X509_value(path, i)));

		if (end < until)
			until = end;
	}
	return until;
}

void trust_paths_keep(struct trust_paths *t, const struct cert_host *host,
		      STACK_OF(X509) *presented, STACK_OF(X509) *path, int64_t wall_ms)
{
	struct known_path *k = calloc(1, sizeof(*k)), *old;

	if (k != NULL)
		k->above = copy(NULL, path, 1);
	if (k == NULL || k->above == NULL ||
	    !make_key(host, sk_X509_value(path, 0), presented, k->key)) {
		if (k != NULL)
			sk_X509_pop_free(k->above, X509_free);
		free(k);
		return;
	}
	k->from_ms = wall_ms;
	k->until_ms = end_of(path, wall_ms);
	HASH_FIND(hh, t->table, k->key, sizeof(k->key), old);
	if (old != NULL)
		forget(t, old);
	while (HASH_COUNT(t->table) >= KEPT_MAX)
		forget(t, t->table);
	HASH_ADD(hh, t->table, key, sizeof(k->key), k);
}
