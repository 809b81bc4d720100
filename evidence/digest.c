#include "evidence/digest.h"

#include "base/buf.h"
#include "evidence/sha.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>

#define BLOCK 64u /* of SHA-256 */
#define KEPT 16u  /* bytes of the HMAC */

struct digest {
	EVP_MD *md;
	EVP_MD_CTX *inner, *outer, *work;
};

static bool half(EVP_MD_CTX *ctx, EVP_MD *md, const unsigned char *key, unsigned char pad)
{
	unsigned char block[BLOCK];
	bool ok;

	for (unsigned i = 0; i < BLOCK; i++)
		block[i] = (unsigned char)((i < DIGEST_KEY_LEN ? key[i] : 0) ^ pad);
	ok = ctx != NULL && EVP_DigestInit_ex2(ctx, md, NULL) == 1 &&
	     EVP_DigestUpdate(ctx, block, sizeof(block)) == 1;
	OPENSSL_cleanse(block, sizeof(block));
	return ok;
}

struct digest *digest_new(const unsigned char key[DIGEST_KEY_LEN])
{
	struct digest *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return NULL;
	d->md = EVP_MD_fetch(NULL, "SHA256", NULL);
	d->inner = EVP_MD_CTX_new();
	d->outer = EVP_MD_CTX_new();
	d->work = EVP_MD_CTX_new();
	if (d->md != NULL && d->work != NULL && half(d->inner, d->md, key, 0x36) &&
	    half(d->outer, d->md, key, 0x5c))
		return d;
	digest_free(d);
	return NULL;
}

void digest_free(struct digest *d)
{
	if (d == NULL)
		return;
	/* Freeing a context clears its state. */
	EVP_MD_CTX_free(d->inner);
	EVP_MD_CTX_free(d->outer);
	EVP_MD_CTX_free(d->work);
	EVP_MD_free(d->md);
	free(d);
}

/* One byte of domain, then the parts, each but the last ended by NUL (no name holds one). */
static bool hmac(struct digest *d, char domain, const struct slice *parts, size_t n,
		 char out[DIGEST_HEX_LEN + 1])
{
	static const char hex[] = "0123456789abcdef";
	unsigned char sum[SHA_LEN];
	bool ok = EVP_MD_CTX_copy_ex(d->work, d->inner) == 1 &&
		  EVP_DigestUpdate(d->work, &domain, 1) == 1;

	for (size_t i = 0; ok && i < n; i++)
		ok = EVP_DigestUpdate(d->work, parts[i].p, parts[i].n) == 1 &&
		     (i + 1 == n || EVP_DigestUpdate(d->work, "", 1) == 1);
	ok = ok && EVP_DigestFinal_ex(d->work, sum, NULL) == 1 &&
	     EVP_MD_CTX_copy_ex(d->work, d->outer) == 1 &&
	     EVP_DigestUpdate(d->work, sum, sizeof(sum)) == 1 &&
	     EVP_DigestFinal_ex(d->work, sum, NULL) == 1;
	for (unsigned i = 0; i < KEPT; i++) {
		out[2 * i] = ok ? hex[sum[i] >> 4] : '0';
		out[2 * i + 1] = ok ? hex[sum[i] & 15] : '0';
	}
	out[DIGEST_HEX_LEN] = '\0';
	return ok;
}

bool digest_client(struct digest *d, struct slice address, char out[DIGEST_HEX_LEN + 1])
{
	return hmac(d, 'c', &address, 1, out);
}

bool digest_value(struct digest *d, struct slice name, struct slice value,
		  char out[DIGEST_HEX_LEN + 1])
{
	struct slice parts[2] = { name, value };

	return hmac(d, 'v', parts, 2, out);
}

bool digest_plain(struct slice text, char out[DIGEST_PLAIN_LEN + 1])
{
	unsigned char sum[SHA_LEN];
	struct sha *s = sha_new();
	struct buf b;
	bool ok;

	out[0] = '\0';
	if (s == NULL)
		return false;
	sha_of(s, text, sum);
	sha_free(s);
	buf_init(&b, DIGEST_PLAIN_LEN);
	ok = buf_add_hex(&b, sum, sizeof(sum)) &&
	     slice_copy(buf_slice(&b), out, DIGEST_PLAIN_LEN + 1);
	buf_release(&b);
	return ok;
}
