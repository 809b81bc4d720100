#include "evidence/sha.h"

#include <openssl/evp.h>
#include <stdlib.h>

struct sha {
	EVP_MD *md;
	EVP_MD_CTX *ctx;
};

struct sha *sha_new(void)
{
	struct sha *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->md = EVP_MD_fetch(NULL, "SHA256", NULL);
	s->ctx = EVP_MD_CTX_new();
	if (s->md == NULL || s->ctx == NULL || EVP_DigestInit_ex2(s->ctx, s->md, NULL) != 1) {
		sha_free(s);
		return NULL;
	}
	return s;
}

void sha_free(struct sha *s)
{
	if (s == NULL)
		return;
	EVP_MD_CTX_free(s->ctx);
	EVP_MD_free(s->md);
	free(s);
}

void sha_begin(struct sha *s)
{
	if (EVP_DigestInit_ex2(s->ctx, NULL, NULL) != 1)
		abort();
}

void sha_add(struct sha *s, const void *p, size_t n)
{
	if (EVP_DigestUpdate(s->ctx, p, n) != 1)
		abort();
}

void sha_end(struct sha *s, unsigned char out[SHA_LEN])
{
	if (EVP_DigestFinal_ex(s->ctx, out, NULL) != 1)
		abort();
}

void sha_of(struct sha *s, struct slice in, unsigned char out[SHA_LEN])
{
	sha_begin(s);
	sha_add(s, in.p, in.n);
	sha_end(s, out);
}
