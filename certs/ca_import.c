#include "certs/ca.h"

#include "certs/certinfo.h"

#include <stdlib.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/provider.h>
#include <openssl/store.h>
#include <openssl/ui.h>

#define CERTS_MAX (CA_CHAIN_MAX + 2)

/* What was found in all files so far. */
struct pile {
	X509 *certs[CERTS_MAX];
	size_t count;
	EVP_PKEY *key;
	const char *file;
	ca_passphrase *ask;
	void *arg;
	bool asked, gave_up;
};

static int on_passphrase(char *out, int size, int writing, void *arg)
{
	struct pile *p = arg;
	int n;

	(void)writing;
	p->asked = true;
	n = p->ask != NULL && !p->gave_up ? p->ask(out, size, p->file, p->arg) : -1;
	p->gave_up = n < 0;
	return n;
}

/* Takes what the info holds; NULL or what is wrong. */
static const char *take(struct pile *p, OSSL_STORE_INFO *info)
{
	switch (OSSL_STORE_INFO_get_type(info)) {
	case OSSL_STORE_INFO_CERT:
		if (p->count == CERTS_MAX)
			return "too many certificates: give the CA and those above it only";
		p->certs[p->count++] = OSSL_STORE_INFO_get1_CERT(info);
		return NULL;
	case OSSL_STORE_INFO_PKEY:
		if (p->key != NULL)
			return "a second private key: give the CA's only";
		p->key = OSSL_STORE_INFO_get1_PKEY(info);
		return NULL;
	default:
		/* Parameters, public keys, revocation lists: nothing of use, nothing wrong. */
		return NULL;
	}
}

static const char *read_store(struct pile *p, OSSL_STORE_CTX *store)
{
	size_t before = p->count + (p->key != NULL);
	const char *wrong = NULL;

	/* A bound against a file that never ends to hold something. */
	for (int i = 0; i < 64 && wrong == NULL && !OSSL_STORE_eof(store); i++) {
		OSSL_STORE_INFO *info = OSSL_STORE_load(store);

		if (info == NULL) {
			if (OSSL_STORE_error(store))
				break;
			continue;
		}
		wrong = take(p, info);
		OSSL_STORE_INFO_free(info);
	}
	if (wrong == NULL && p->count + (p->key != NULL) == before)
		wrong = p->gave_up ? "is encrypted, and its passphrase was not given"
			: p->asked ? "cannot be read with this passphrase"
				   : "holds neither a certificate nor a private key in PEM, DER, "
				     "PKCS #8 or PKCS #12";
	return wrong;
}

static bool read_file(struct pile *p, const struct ca_file *file, struct buf *error)
{
	UI_METHOD *ui = UI_UTIL_wrap_read_pem_callback(on_passphrase, 0);
	BIO *bio = BIO_new_mem_buf(file->bytes.p, (int)file->bytes.n);
	OSSL_STORE_CTX *store = NULL;
	const char *wrong = "cannot be opened";

	p->file = file->name;
	p->asked = false;
	if (ui != NULL && bio != NULL)
		store = OSSL_STORE_attach(bio, "file", NULL, NULL, ui, p, NULL, NULL, NULL);
	if (store != NULL)
		wrong = read_store(p, store);
	OSSL_STORE_close(store);
	BIO_free(bio);
	UI_destroy_method(ui);
	ERR_clear_error();
	if (wrong != NULL)
		buf_addf(error, "%s: %s", file->name, wrong);
	return wrong == NULL;
}

/* The key's certificate becomes the CA, the rest its chain. */
static bool sort_out(struct pile *p, struct ca *ca, struct buf *error)
{
	if (p->key == NULL) {
		buf_adds(error, "no private key in these files: name the key's file too");
		return false;
	}
	for (size_t i = 0; i < p->count; i++) {
		EVP_PKEY *k = X509_get0_pubkey(p->certs[i]);

		if (ca->cert == NULL && k != NULL && EVP_PKEY_eq(k, p->key) == 1) {
			ca->cert = p->certs[i];
		} else if (ca->chain_len < CA_CHAIN_MAX) {
			ca->chain[ca->chain_len++] = p->certs[i];
		} else {
			buf_adds(error, "too many certificates in the chain");
			return false;
		}
		p->certs[i] = NULL;
	}
	ERR_clear_error();
	if (ca->cert == NULL)
		buf_adds(error, p->count == 0
					? "no certificate in these files: name the certificate's "
					  "file too"
					: "the private key belongs to none of the certificates");
	ca->key = p->key;
	p->key = NULL;
	return ca->cert != NULL;
}

/*
 * Keychains and older tools encrypt PKCS #12 with RC2 or 3DES, which OpenSSL keeps in a provider
 * that is not loaded unless asked for (and may be missing).
 */
static bool read_files(struct pile *p, const struct ca_file *files, size_t count, struct buf *error)
{
	OSSL_PROVIDER *legacy = OSSL_PROVIDER_try_load(NULL, "legacy", 1);
	bool ok = true;

	ERR_clear_error();
	for (size_t i = 0; ok && i < count; i++)
		ok = read_file(p, &files[i], error);
	if (legacy != NULL)
		OSSL_PROVIDER_unload(legacy);
	return ok;
}

struct ca *ca_import(const struct ca_file *files, size_t count, ca_passphrase *ask, void *arg,
		     int64_t wall_ms, struct buf *error)
{
	struct pile pile = { .ask = ask, .arg = arg };
	struct ca *ca = calloc(1, sizeof(*ca));
	bool ok = ca != NULL && read_files(&pile, files, count, error);

	ok = ok && sort_out(&pile, ca, error) && ca_check(ca, wall_ms, error);
	for (size_t i = 0; i < pile.count; i++)
		X509_free(pile.certs[i]);
	EVP_PKEY_free(pile.key);
	if (ok)
		return ca;
	ca_free(ca);
	return NULL;
}
