/*
 * ca_store.c - STATE/ca on disk.
 *
 * The certificate is written last: only where it is missing is there no CA yet, since nobody can
 * trust what was never written.  A certificate whose key is missing or does not fit is an error,
 * never a reason to make a new CA: all who trust the old one would see warnings everywhere.
 */
#include "certs/ca.h"

#include "base/clock.h"
#include "base/paths.h"
#include "certs/certinfo.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#define FILE_MAX (256 * 1024)

struct store_paths {
	char dir[PATH_MAX], cert[PATH_MAX], key[PATH_MAX];
};

static bool find_paths(const char *state, struct store_paths *p, struct buf *error)
{
	if (paths_join(p->dir, sizeof(p->dir), state, "ca") &&
	    paths_join(p->cert, sizeof(p->cert), p->dir, "ca.pem") &&
	    paths_join(p->key, sizeof(p->key), p->dir, "ca.key"))
		return true;
	buf_adds(error, "the state folder's path is too long");
	return false;
}

bool ca_cert_path(const char *state, char *out, size_t size)
{
	int n = snprintf(out, size, "%s/ca/ca.pem", state);

	return n >= 0 && (size_t)n < size;
}

static bool is_there(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 || errno != ENOENT;
}

/* Never asks on a terminal: what is stored is stored plain, in a private file. */
static int no_passphrase(char *out, int size, int writing, void *arg)
{
	(void)writing;
	(void)arg;
	if (size > 0)
		out[0] = '\0';
	return -1;
}

/* Bytes that were, or might have been, a key. */
static void wipe(struct buf *b)
{
	if (b->mem != NULL)
		OPENSSL_cleanse(b->mem, b->cap);
	buf_release(b);
}

static bool load_certs(struct ca *ca, const char *path, struct buf *error)
{
	struct buf pem;
	BIO *bio = NULL;
	X509 *cert;
	bool ok;

	buf_init(&pem, FILE_MAX + 16384);
	ok = paths_read(path, FILE_MAX, false, &pem, NULL, error);
	if (ok)
		bio = BIO_new_mem_buf(buf_slice(&pem).p, (int)buf_slice(&pem).n);
	while (bio != NULL && (cert = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL)) != NULL) {
		if (ca->cert == NULL) {
			ca->cert = cert;
		} else if (ca->chain_len < CA_CHAIN_MAX) {
			ca->chain[ca->chain_len++] = cert;
		} else {
			X509_free(cert);
			break;
		}
	}
	ERR_clear_error();
	BIO_free(bio);
	buf_release(&pem);
	if (ok && ca->cert == NULL)
		buf_addf(error,
			 "%s holds no PEM certificate: restore it from a backup, or import a "
			 "CA with: crumbgate ca import --force",
			 path);
	return ok && ca->cert != NULL;
}

static bool load_key(struct ca *ca, const char *path, struct buf *error)
{
	struct buf pem;
	BIO *bio = NULL;
	bool ok;

	buf_init(&pem, FILE_MAX + 16384);
	ok = paths_read(path, FILE_MAX, true, &pem, NULL, error);
	if (ok)
		bio = BIO_new_mem_buf(buf_slice(&pem).p, (int)buf_slice(&pem).n);
	if (bio != NULL)
		ca->key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
	ERR_clear_error();
	BIO_free(bio);
	wipe(&pem);
	if (ok && ca->key == NULL)
		buf_addf(error,
			 "%s holds no plain PEM private key: import yours with: "
			 "crumbgate ca import",
			 path);
	return ok && ca->key != NULL;
}

static bool check_folders(const char *state, const struct store_paths *p, struct buf *error)
{
	return paths_private_dir(state, error) && paths_private_dir(p->dir, error);
}

struct ca *ca_load(const char *state, bool *missing, struct buf *error)
{
	struct store_paths p;
	struct ca *ca;

	if (missing != NULL)
		*missing = false;
	if (!find_paths(state, &p, error))
		return NULL;
	if (!is_there(p.cert)) {
		if (missing != NULL)
			*missing = true;
		buf_addf(error,
			 "there is no CA in %s yet: crumbgate run makes one, crumbgate ca "
			 "import brings your own",
			 p.dir);
		return NULL;
	}
	if (!check_folders(state, &p, error))
		return NULL;
	ca = calloc(1, sizeof(*ca));
	if (ca == NULL)
		return NULL;
	if (load_certs(ca, p.cert, error) && load_key(ca, p.key, error)) {
		ca->self_signed = cert_self_signed(ca->cert);
		if (X509_check_private_key(ca->cert, ca->key) == 1)
			return ca;
		ERR_clear_error();
		buf_addf(error, "%s and %s do not belong together: restore both from one backup",
			 p.cert, p.key);
	}
	ca_free(ca);
	return NULL;
}

struct ca *ca_load_public(const char *state, bool *missing, struct buf *error)
{
	struct store_paths p;
	struct ca *ca;

	if (missing != NULL)
		*missing = false;
	if (!find_paths(state, &p, error))
		return NULL;
	if (!is_there(p.cert)) {
		if (missing != NULL)
			*missing = true;
		buf_addf(error,
			 "there is no CA in %s yet: crumbgate run makes one, crumbgate ca "
			 "import brings your own",
			 p.dir);
		return NULL;
	}
	ca = calloc(1, sizeof(*ca));
	if (ca == NULL || !load_certs(ca, p.cert, error)) {
		ca_free(ca);
		return NULL;
	}
	ca->self_signed = cert_self_signed(ca->cert);
	return ca;
}

static bool keep_old(const char *path, bool secret, int64_t wall_ms, struct buf *error)
{
	char old[PATH_MAX];
	char stamp[CLOCK_RFC3339_LEN + 1];
	struct buf bytes;
	bool ok;
	int n;

	if (!is_there(path))
		return true;
	clock_rfc3339(wall_ms, stamp, sizeof(stamp));
	n = snprintf(old, sizeof(old), "%s.%s", path, stamp);
	if (n < 0 || (size_t)n >= sizeof(old) || is_there(old)) {
		buf_addf(error, "cannot keep the old %s beside: move it away first", path);
		return false;
	}
	buf_init(&bytes, FILE_MAX + 16384);
	ok = paths_read(path, FILE_MAX, secret, &bytes, NULL, error) &&
	     paths_write_atomic(old, buf_slice(&bytes), 0600, error);
	wipe(&bytes);
	return ok;
}

static bool write_key(const struct ca *ca, const char *path, struct buf *error)
{
	BIO *bio = BIO_new(BIO_s_secmem());
	char *p = NULL;
	long n = 0;
	bool ok = false;

	if (bio != NULL &&
	    PEM_write_bio_PKCS8PrivateKey(bio, ca->key, NULL, NULL, 0, NULL, NULL) == 1)
		n = BIO_get_mem_data(bio, &p);
	if (n > 0)
		ok = paths_write_atomic(path, slice_of(p, (size_t)n), 0600, error);
	else
		buf_adds(error, "cannot encode the CA's private key");
	if (n > 0)
		OPENSSL_cleanse(p, (size_t)n);
	BIO_free(bio);
	return ok;
}

bool ca_save(const struct ca *ca, const char *state, bool force, int64_t wall_ms, struct buf *error)
{
	struct store_paths p;
	struct buf pem;
	bool ok;

	if (!find_paths(state, &p, error) || !check_folders(state, &p, error))
		return false;
	if (!force && is_there(p.cert)) {
		buf_addf(error,
			 "there is a CA in %s already: --force replaces it and keeps the old "
			 "one beside",
			 p.dir);
		return false;
	}
	buf_init(&pem, FILE_MAX);
	ok = ca_export_pem(ca, &pem) && keep_old(p.cert, false, wall_ms, error) &&
	     keep_old(p.key, true, wall_ms, error) && write_key(ca, p.key, error) &&
	     paths_write_atomic(p.cert, buf_slice(&pem), 0644, error);
	buf_release(&pem);
	return ok;
}

struct ca *ca_open(const char *state, int64_t wall_ms, struct buf *error)
{
	bool missing;
	struct ca *ca;
	struct buf why;

	buf_init(&why, 4096);
	ca = ca_load(state, &missing, &why);
	if (ca == NULL && missing) {
		buf_clear(&why);
		ca = ca_create(wall_ms, &why);
		if (ca != NULL && !ca_save(ca, state, false, wall_ms, &why)) {
			ca_free(ca);
			ca = NULL;
		}
	} else if (ca != NULL && !ca_check(ca, wall_ms, &why)) {
		ca_free(ca);
		ca = NULL;
	}
	buf_add(error, buf_slice(&why));
	buf_release(&why);
	return ca;
}
