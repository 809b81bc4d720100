/*
 * ca.h - the interception CA: its certificate, its key, its chain, and the folder they live in.
 *
 *	struct buf error;  buf_init(&error, 1024);
 *	struct ca *ca = ca_open(state_dir, clock_wall_ms(clock), &error); // makes it at first start
 *	if (ca == NULL) ... print error ...
 *	ca_free(ca);                                                        // zeroes the key
 *
 * STATE/ca/ (0700) holds ca.pem (the CA's certificate, then intermediates up to but without the
 * root, for an imported CA) and ca.key (0600, PKCS #8 PEM).  Any permission for group or others on
 * the key or a folder, a symbolic link, or another owner is refused with the command that mends it.
 *
 * Only the keeper, and `crumbgate ca`, ever hold a key.  Others use ca_open_public().
 *
 * Every function that can fail adds one line to *error: what is wrong, with the file's name, and
 * what to do.
 */
#ifndef CRUMBGATE_CERTS_CA_H
#define CRUMBGATE_CERTS_CA_H

#include "base/buf.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

#define CA_CHAIN_MAX 8 /* certificates above the CA's own that may be sent with a leaf */

struct ca {
	X509 *cert;
	EVP_PKEY *key; /* NULL when opened public */
	X509 *chain[CA_CHAIN_MAX];
	size_t chain_len;
	bool self_signed;
};

/*
 * A new one: P-256, self-signed, ten years, backdated two days, critical CA:TRUE pathlen:0,
 * keyCertSign+cRLSign.
 */
struct ca *ca_create(int64_t wall_ms, struct buf *error);
void ca_free(struct ca *ca);

/* Loads STATE/ca; makes a CA there when none is. */
struct ca *ca_open(const char *state, int64_t wall_ms, struct buf *error);
/* *missing (may be NULL): there is none yet; *error says so too. */
struct ca *ca_load(const char *state, bool *missing, struct buf *error);
struct ca *ca_load_public(const char *state, bool *missing, struct buf *error);
/*
 * Writes `ca` into STATE/ca.  One that is there is refused unless `force`, and then kept as
 * ca.pem.TIME and ca.key.TIME beside (0600).
 */
bool ca_save(const struct ca *ca, const char *state, bool force, int64_t wall_ms,
	     struct buf *error);

/*
 * Whether these can sign leaves: certificate and key match, CA:TRUE, keyCertSign, in its time,
 * P-256, P-384 or RSA of 2048 to 8192 bits, no SHA-1.  The chain is put in order; what does not
 * belong to it is an error.
 */
bool ca_check(struct ca *ca, int64_t wall_ms, struct buf *error);

/* STATE/ca/ca.pem */
bool ca_cert_path(const char *state, char *out, size_t size);

/* No core dump, no ptrace by the same user: prctl(PR_SET_DUMPABLE, 0) and RLIMIT_CORE 0. */
bool ca_guard_process(void);

/* What people compare by eye and software pins. */
struct ca_about {
	char subject[256];
	char issuer[256];
	char key[32];	     /* "P-256", "RSA-2048" */
	char sha256[3 * 32]; /* AA:BB:… of the certificate */
	/* "sha256/" + base64 of the SubjectPublicKeyInfo's SHA-256 (RFC 7469 section 2.4) */
	char spki_pin[64];
	int64_t not_before_ms, not_after_ms;
};

void ca_describe(const struct ca *ca, struct ca_about *out);

/* The CA's certificate for people and systems. */
bool ca_export_pem(const struct ca *ca, struct buf *out);
bool ca_export_der(const struct ca *ca, struct buf *out);
/*
 * An Apple configuration profile (unsigned), PayloadType com.apple.security.root.  Its UUIDs come
 * from the fingerprint, so installing it again replaces it.
 */
bool ca_export_mobileconfig(const struct ca *ca, struct buf *out);

/*
 * Reads certificates and one private key from the files' bytes: PEM or DER, PKCS #8 (plain or
 * encrypted), traditional EC and RSA keys, PKCS #12.  `passphrase` is asked when one is needed; it
 * writes at most `size` bytes without NUL and returns their number, or -1 to give up.  The result
 * has passed ca_check().
 */
struct ca_file {
	const char *name; /* for messages */
	struct slice bytes;
};
typedef int ca_passphrase(char *out, int size, const char *file, void *arg);

struct ca *ca_import(const struct ca_file *files, size_t count, ca_passphrase *ask, void *arg,
		     int64_t wall_ms, struct buf *error);

#endif
