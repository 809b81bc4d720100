/*
 * certs: the CA made, kept in its folder, refused when that is not private, imported and exported.
 */
#include "certs/ca.h"
#include "certs/certinfo.h"
#include "tests/unit/certs_tools.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/pem.h>
#include <openssl/pkcs12.h>

struct place {
	char top[200], state[256], dir[300], cert[320], key[320];
	struct buf error;
};

static void place_init(struct place *p)
{
	make_folder(p->top, sizeof(p->top));
	snprintf(p->state, sizeof(p->state), "%s/state", p->top);
	snprintf(p->dir, sizeof(p->dir), "%s/ca", p->state);
	snprintf(p->cert, sizeof(p->cert), "%s/ca.pem", p->dir);
	snprintf(p->key, sizeof(p->key), "%s/ca.key", p->dir);
	buf_init(&p->error, 8192);
}

static void place_release(struct place *p)
{
	remove_folder(p->top);
	buf_release(&p->error);
}

static mode_t mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	return st.st_mode & 07777;
}

/* ---- made ---- */

static void test_create(void **state)
{
	struct buf error;
	struct ca_about about;
	struct ca *ca;

	(void)state;
	buf_init(&error, 1024);
	ca = ca_create(TEST_NOW_MS, &error);
	assert_non_null(ca);
	assert_true(ca_check(ca, TEST_NOW_MS, &error));
	assert_true(ca->self_signed);
	assert_true(cert_is_curve(ca->key, "prime256v1"));
	assert_int_equal(X509_check_ca(ca->cert), 1);
	assert_int_equal(X509_get_pathlen(ca->cert), 0);
	assert_int_equal(X509_get_key_usage(ca->cert), KU_KEY_CERT_SIGN | KU_CRL_SIGN);
	assert_non_null(X509_get0_subject_key_id(ca->cert));
	assert_int_equal(X509_self_signed(ca->cert, 1), 1);
	ca_describe(ca, &about);
	assert_int_equal(about.not_before_ms, TEST_NOW_MS - 2 * DAY_MS);
	assert_int_equal(about.not_after_ms, about.not_before_ms + 3650 * DAY_MS - 1000);
	assert_string_equal(about.key, "P-256");
	assert_int_equal(strlen(about.sha256), 95);
	assert_int_equal(strncmp(about.spki_pin, "sha256/", 7), 0);
	assert_int_equal(strlen(about.spki_pin), 7 + 44);
	assert_string_equal(about.subject, about.issuer);
	ca_free(ca);
	buf_release(&error);
}

static void test_open(void **state)
{
	struct ca_about first, second;
	struct place p;
	bool missing;
	struct ca *ca;

	(void)state;
	place_init(&p);
	assert_null(ca_load(p.state, &missing, &p.error));
	assert_true(missing);
	assert_null(ca_load_public(p.state, &missing, &p.error));
	assert_true(missing);
	ca = ca_open(p.state, TEST_NOW_MS, &p.error);
	assert_non_null(ca);
	ca_describe(ca, &first);
	ca_free(ca);
	assert_int_equal(mode_of(p.state), 0700);
	assert_int_equal(mode_of(p.dir), 0700);
	assert_int_equal(mode_of(p.key), 0600);
	ca = ca_open(p.state, TEST_NOW_MS + DAY_MS, &p.error);
	assert_non_null(ca);
	ca_describe(ca, &second);
	assert_string_equal(first.sha256, second.sha256);
	ca_free(ca);
	ca = ca_load_public(p.state, &missing, &p.error);
	assert_non_null(ca);
	assert_false(missing);
	assert_null(ca->key);
	ca_free(ca);
	place_release(&p);
}

/* ---- refused ---- */

static void refused(struct place *p, const char *word)
{
	buf_clear(&p->error);
	assert_null(ca_open(p->state, TEST_NOW_MS, &p->error));
	if (!has_word(&p->error, word))
		fail_msg("\"%.*s\" does not say \"%s\"", SLICE_ARG(buf_slice(&p->error)), word);
}

static void opens(struct place *p)
{
	struct ca *ca = ca_open(p->state, TEST_NOW_MS, &p->error);

	assert_non_null(ca);
	ca_free(ca);
}

static void test_modes(void **state)
{
	static const mode_t key_modes[] = { 0640, 0604, 0660, 0610 };
	static const mode_t dir_modes[] = { 0750, 0705, 0711 };
	struct place p;

	(void)state;
	place_init(&p);
	opens(&p);
	for (size_t i = 0; i < sizeof(key_modes) / sizeof(key_modes[0]); i++) {
		assert_int_equal(chmod(p.key, key_modes[i]), 0);
		refused(&p, p.key);
		assert_int_equal(chmod(p.key, 0600), 0);
	}
	for (size_t i = 0; i < sizeof(dir_modes) / sizeof(dir_modes[0]); i++) {
		assert_int_equal(chmod(p.dir, dir_modes[i]), 0);
		refused(&p, p.dir);
		assert_int_equal(chmod(p.dir, 0700), 0);
		assert_int_equal(chmod(p.state, dir_modes[i]), 0);
		refused(&p, p.state);
		assert_int_equal(chmod(p.state, 0700), 0);
	}
	opens(&p);
	place_release(&p);
}

static void test_links(void **state)
{
	struct place p;
	char other[300];

	(void)state;
	place_init(&p);
	opens(&p);
	snprintf(other, sizeof(other), "%s/elsewhere", p.top);
	assert_int_equal(rename(p.key, other), 0);
	assert_int_equal(symlink(other, p.key), 0);
	refused(&p, p.key);
	assert_int_equal(unlink(p.key), 0);
	/* A key with a second name. */
	assert_int_equal(link(other, p.key), 0);
	refused(&p, p.key);
	assert_int_equal(unlink(other), 0);
	opens(&p);
	/* The folder itself. */
	assert_int_equal(rename(p.dir, other), 0);
	assert_int_equal(symlink(other, p.dir), 0);
	refused(&p, p.dir);
	place_release(&p);
}

/* A half of a CA is never answered by a new one. */
static void test_broken(void **state)
{
	struct buf bytes;
	struct place p, q;
	char away[300];

	(void)state;
	place_init(&p);
	place_init(&q);
	opens(&p);
	opens(&q);
	snprintf(away, sizeof(away), "%s/away", p.top);
	assert_int_equal(rename(p.key, away), 0);
	refused(&p, p.key);
	write_file(p.key, SLICE("not a key\n"), 0600);
	refused(&p, "holds no plain PEM private key");
	/* Another CA's key. */
	assert_int_equal(rename(q.key, p.key), 0);
	refused(&p, "do not belong together");
	assert_int_equal(rename(away, p.key), 0);
	opens(&p);
	write_file(p.cert, SLICE(""), 0600);
	refused(&p, "holds no PEM certificate");
	buf_init(&bytes, 1 << 20);
	for (int i = 0; i < 30000; i++)
		buf_adds(&bytes, "0123456789");
	write_file(p.cert, buf_slice(&bytes), 0600);
	refused(&p, p.cert);
	buf_release(&bytes);
	place_release(&p);
	place_release(&q);
}

static void test_expired(void **state)
{
	struct place p;

	(void)state;
	place_init(&p);
	opens(&p);
	assert_null(ca_open(p.state, TEST_NOW_MS + 3660 * DAY_MS, &p.error));
	assert_true(has_word(&p.error, "expired"));
	buf_clear(&p.error);
	assert_null(ca_open(p.state, TEST_NOW_MS - 3 * DAY_MS, &p.error));
	assert_true(has_word(&p.error, "not valid yet"));
	place_release(&p);
}

static void test_save(void **state)
{
	struct ca *old, *fresh;
	struct buf before, kept;
	struct place p;
	char path[400];

	(void)state;
	place_init(&p);
	buf_init(&before, 65536);
	buf_init(&kept, 65536);
	old = ca_open(p.state, TEST_NOW_MS, &p.error);
	fresh = ca_create(TEST_NOW_MS, &p.error);
	assert_true(ca_export_pem(old, &before));
	assert_false(ca_save(fresh, p.state, false, TEST_NOW_MS, &p.error));
	assert_true(has_word(&p.error, "--force"));
	assert_true(ca_save(fresh, p.state, true, TEST_NOW_MS, &p.error));
	snprintf(path, sizeof(path), "%s.2026-11-18T11:06:40.000Z", p.key);
	assert_int_equal(mode_of(path), 0600);
	snprintf(path, sizeof(path), "%s.2026-11-18T11:06:40.000Z", p.cert);
	{
		BIO *bio = BIO_new_file(path, "r");
		char chunk[8192];
		int n = BIO_read(bio, chunk, sizeof(chunk));

		buf_add(&kept, slice_of(chunk, (size_t)n));
		BIO_free(bio);
	}
	assert_true(slice_eq(buf_slice(&before), buf_slice(&kept)));
	ca_free(old);
	old = ca_load(p.state, NULL, &p.error);
	assert_non_null(old);
	assert_int_equal(X509_cmp(old->cert, fresh->cert), 0);
	/* The one kept beside is not written over. */
	assert_false(ca_save(fresh, p.state, true, TEST_NOW_MS, &p.error));
	ca_free(old);
	ca_free(fresh);
	buf_release(&before);
	buf_release(&kept);
	place_release(&p);
}

/* ---- imported ---- */

static const char passphrase[] = "correct horse";

static int tell(char *out, int size, const char *file, void *arg)
{
	const char *text = arg;

	assert_non_null(file);
	assert_true(size > (int)strlen(text));
	memcpy(out, text, strlen(text));
	return (int)strlen(text);
}

static int give_up(char *out, int size, const char *file, void *arg)
{
	(void)out;
	(void)size;
	(void)file;
	++*(int *)arg;
	return -1;
}

static struct made make_rsa_root(void)
{
	struct cert_spec spec = { .cn = "RSA root",
				  .rsa_bits = 2048,
				  .extensions = { { "basicConstraints", "critical,CA:TRUE" },
						  { "keyUsage", "critical,keyCertSign" },
						  { "subjectKeyIdentifier", "hash" } } };

	return make_cert(&spec, NULL);
}

typedef void key_writer(BIO *bio, EVP_PKEY *key);

static void pem_plain(BIO *bio, EVP_PKEY *key)
{
	PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL);
}

static void pem_encrypted(BIO *bio, EVP_PKEY *key)
{
	PEM_write_bio_PKCS8PrivateKey(bio, key, EVP_aes_256_cbc(), passphrase,
				      (int)strlen(passphrase), NULL, NULL);
}

static void pem_traditional(BIO *bio, EVP_PKEY *key)
{
	PEM_write_bio_PrivateKey_traditional(bio, key, NULL, NULL, 0, NULL, NULL);
}

static void pem_traditional_encrypted(BIO *bio, EVP_PKEY *key)
{
	PEM_write_bio_PrivateKey_traditional(bio, key, EVP_aes_128_cbc(),
					     (const unsigned char *)passphrase,
					     (int)strlen(passphrase), NULL, NULL);
}

static void der_plain(BIO *bio, EVP_PKEY *key)
{
	i2d_PKCS8PrivateKey_bio(bio, key, NULL, NULL, 0, NULL, NULL);
}

static void der_encrypted(BIO *bio, EVP_PKEY *key)
{
	i2d_PKCS8PrivateKey_bio(bio, key, EVP_aes_256_cbc(), passphrase, (int)strlen(passphrase),
				NULL, NULL);
}

static void der_traditional(BIO *bio, EVP_PKEY *key)
{
	i2d_PrivateKey_bio(bio, key);
}

static void import_good(const struct made *m, const struct ca_file *files, size_t n)
{
	struct buf error;
	struct ca *ca;

	buf_init(&error, 8192);
	ca = ca_import(files, n, tell, (void *)(uintptr_t)passphrase, TEST_NOW_MS, &error);
	if (ca == NULL)
		fail_msg("%.*s", SLICE_ARG(buf_slice(&error)));
	assert_int_equal(X509_cmp(ca->cert, m->cert), 0);
	assert_int_equal(EVP_PKEY_eq(ca->key, m->key), 1);
	ca_free(ca);
	buf_release(&error);
}

/* What was imported can be kept, and is what is loaded then. */
static void import_saved(const struct ca_file *file)
{
	struct place p;
	struct ca *ca;

	place_init(&p);
	ca = ca_import(file, 1, tell, (void *)(uintptr_t)passphrase, TEST_NOW_MS, &p.error);
	assert_non_null(ca);
	assert_true(ca_save(ca, p.state, false, TEST_NOW_MS, &p.error));
	ca_free(ca);
	opens(&p);
	place_release(&p);
}

static void test_import_keys(void **state)
{
	static key_writer *const writers[] = { pem_plain,	pem_encrypted,
					       pem_traditional, pem_traditional_encrypted,
					       der_plain,	der_encrypted,
					       der_traditional };
	struct made roots[] = { make_root("EC root"), make_rsa_root() };
	struct buf key, cert;

	(void)state;
	buf_init(&key, 65536);
	buf_init(&cert, 65536);
	for (size_t i = 0; i < 2 * sizeof(writers) / sizeof(writers[0]); i++) {
		struct made *m = &roots[i % 2];
		BIO *bio = BIO_new(BIO_s_mem());
		struct ca_file files[2];

		buf_clear(&key);
		buf_clear(&cert);
		writers[i / 2](bio, m->key);
		add_bio(&key, bio);
		if (i % 3 == 0)
			add_der_cert(&cert, m->cert);
		else
			add_pem_cert(&cert, m->cert);
		files[0] = (struct ca_file){ "ca.crt", buf_slice(&cert) };
		files[1] = (struct ca_file){ "ca.key", buf_slice(&key) };
		import_good(m, files, 2);
	}
	for (size_t i = 0; i < 2; i++)
		made_free(&roots[i]);
	buf_release(&key);
	buf_release(&cert);
}

static void test_import_one_file(void **state)
{
	/* OpenSSL's own choice, and what older tools write. */
	static const int pbes[] = { 0, NID_pbe_WithSHA1And3_Key_TripleDES_CBC };
	struct made root = make_root("root"), ca = make_intermediate("school", &root);
	STACK_OF(X509) *above = sk_X509_new_null();
	struct buf pem, p12;

	(void)state;
	buf_init(&pem, 65536);
	buf_init(&p12, 65536);
	buf_adds(&pem, "some text that openssl x509 -text prints\n");
	add_pem_cert(&pem, root.cert);
	add_pem_key(&pem, ca.key);
	add_pem_cert(&pem, ca.cert);
	import_good(&ca, &(struct ca_file){ "all.pem", buf_slice(&pem) }, 1);
	sk_X509_push(above, root.cert);
	for (size_t i = 0; i < sizeof(pbes) / sizeof(pbes[0]); i++) {
		PKCS12 *pkcs12 = PKCS12_create(passphrase, "school", ca.key, ca.cert, above,
					       pbes[i], pbes[i], 0, 0, 0);
		BIO *bio = BIO_new(BIO_s_mem());

		assert_non_null(pkcs12);
		assert_int_equal(i2d_PKCS12_bio(bio, pkcs12), 1);
		buf_clear(&p12);
		add_bio(&p12, bio);
		import_good(&ca, &(struct ca_file){ "ca.p12", buf_slice(&p12) }, 1);
		import_saved(&(struct ca_file){ "ca.p12", buf_slice(&p12) });
		PKCS12_free(pkcs12);
	}
	sk_X509_free(above);
	made_free(&root);
	made_free(&ca);
	buf_release(&pem);
	buf_release(&p12);
}

static void import_bad(const struct ca_file *files, size_t n, const char *word)
{
	struct buf error;

	buf_init(&error, 8192);
	assert_null(ca_import(files, n, tell, (void *)(uintptr_t) "wrong", TEST_NOW_MS, &error));
	if (!has_word(&error, word))
		fail_msg("\"%.*s\" does not say \"%s\"", SLICE_ARG(buf_slice(&error)), word);
	buf_release(&error);
}

/* One PEM file of a CA made for it. */
static void spec_bad(const struct cert_spec *spec, const struct made *issuer, const char *word)
{
	struct made m = make_cert(spec, issuer);
	struct buf pem;

	buf_init(&pem, 65536);
	add_pem_cert(&pem, m.cert);
	add_pem_key(&pem, m.key);
	import_bad(&(struct ca_file){ "bad.pem", buf_slice(&pem) }, 1, word);
	buf_release(&pem);
	made_free(&m);
}

static void test_import_unfit(void **state)
{
	struct made root = make_root("root");
	struct cert_spec not_ca = { .cn = "a",
				    .extensions = { { "basicConstraints", "CA:FALSE" } } };
	struct cert_spec weak = { .cn = "b",
				  .rsa_bits = 1024,
				  .extensions = { { "basicConstraints", "CA:TRUE" } } };
	struct cert_spec curve = { .cn = "c",
				   .curve = "secp256k1",
				   .extensions = { { "basicConstraints", "CA:TRUE" } } };
	struct cert_spec old = { .cn = "d",
				 .from_ms = TEST_NOW_MS - 20 * DAY_MS,
				 .until_ms = TEST_NOW_MS - DAY_MS,
				 .extensions = { { "basicConstraints", "CA:TRUE" } } };
	struct cert_spec usage = { .cn = "e",
				   .extensions = { { "basicConstraints", "CA:TRUE" },
						   { "keyUsage", "digitalSignature" } } };
	struct cert_spec mail = { .cn = "f",
				  .extensions = { { "basicConstraints", "CA:TRUE" },
						  { "extendedKeyUsage", "emailProtection" } } };
	struct cert_spec sha1 = { .cn = "g",
				  .digest = EVP_sha1(),
				  .extensions = { { "basicConstraints", "CA:TRUE" } } };

	(void)state;
	spec_bad(&not_ca, NULL, "not a CA");
	spec_bad(&weak, NULL, "2048");
	spec_bad(&curve, NULL, "P-256");
	spec_bad(&old, NULL, "expired");
	spec_bad(&usage, NULL, "keyCertSign");
	spec_bad(&mail, NULL, "serverAuth");
	spec_bad(&sha1, &root, "SHA-1");
	made_free(&root);
}

static void test_import_wrong_files(void **state)
{
	struct made a = make_root("a"), b = make_root("b");
	struct buf cert, key, other, both;
	BIO *bio = BIO_new(BIO_s_mem());
	struct ca_file files[3];

	(void)state;
	buf_init(&cert, 65536);
	buf_init(&key, 65536);
	buf_init(&other, 65536);
	buf_init(&both, 65536);
	add_pem_cert(&cert, a.cert);
	add_pem_key(&key, a.key);
	add_pem_key(&other, b.key);
	files[0] = (struct ca_file){ "a.pem", buf_slice(&cert) };
	files[1] = (struct ca_file){ "a.key", buf_slice(&key) };
	import_bad(files, 1, "no private key");
	import_bad(files + 1, 1, "no certificate");
	files[2] = (struct ca_file){ "b.key", buf_slice(&other) };
	import_bad(files, 3, "second private key");
	files[1] = files[2];
	import_bad(files, 2, "belongs to none");
	files[1] = (struct ca_file){ "junk", SLICE("junk\n") };
	import_bad(files, 2, "junk: holds neither");
	files[1] = (struct ca_file){ "empty", SLICE("") };
	import_bad(files, 2, "empty: ");
	/* A certificate that has nothing to do with it. */
	add_pem_cert(&both, b.cert);
	files[1] = (struct ca_file){ "a.key", buf_slice(&key) };
	files[2] = (struct ca_file){ "b.pem", buf_slice(&both) };
	import_bad(files, 3, "did not sign");
	pem_encrypted(bio, a.key);
	buf_clear(&other);
	add_bio(&other, bio);
	files[1] = (struct ca_file){ "locked.key", buf_slice(&other) };
	import_bad(files, 2, "locked.key: cannot be read with this passphrase");
	buf_release(&cert);
	buf_release(&key);
	buf_release(&other);
	buf_release(&both);
	made_free(&a);
	made_free(&b);
}

/* Who gives up is asked once. */
static void test_import_give_up(void **state)
{
	struct made a = make_root("a");
	BIO *bio = BIO_new(BIO_s_mem());
	struct buf key, error;
	int asked = 0;

	(void)state;
	buf_init(&key, 65536);
	buf_init(&error, 1024);
	der_encrypted(bio, a.key);
	add_bio(&key, bio);
	assert_null(ca_import(&(struct ca_file){ "k", buf_slice(&key) }, 1, give_up, &asked,
			      TEST_NOW_MS, &error));
	assert_int_equal(asked, 1);
	assert_true(has_word(&error, "passphrase was not given"));
	buf_release(&key);
	buf_release(&error);
	made_free(&a);
}

/* ---- exported ---- */

static void test_export(void **state)
{
	struct buf error, pem, der, again, profile;
	struct ca *ca;
	X509 *x;
	const unsigned char *p;
	BIO *bio;

	(void)state;
	buf_init(&error, 1024);
	buf_init(&pem, 65536);
	buf_init(&der, 65536);
	buf_init(&again, 65536);
	buf_init(&profile, 65536);
	ca = ca_create(TEST_NOW_MS, &error);
	assert_true(ca_export_pem(ca, &pem) && ca_export_der(ca, &der));
	assert_false(has_word(&pem, "PRIVATE"));
	bio = BIO_new_mem_buf(buf_slice(&pem).p, (int)pem.len);
	x = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	assert_int_equal(X509_cmp(x, ca->cert), 0);
	X509_free(x);
	BIO_free(bio);
	p = (const unsigned char *)buf_slice(&der).p;
	x = d2i_X509(NULL, &p, (long)der.len);
	assert_int_equal(X509_cmp(x, ca->cert), 0);
	X509_free(x);
	assert_true(ca_export_mobileconfig(ca, &profile) && ca_export_mobileconfig(ca, &again));
	assert_true(slice_eq(buf_slice(&profile), buf_slice(&again)));
	assert_true(has_word(&profile, "com.apple.security.root"));
	assert_true(has_word(&profile, "<data>MII"));
	ca_free(ca);
	buf_release(&error);
	buf_release(&pem);
	buf_release(&der);
	buf_release(&again);
	buf_release(&profile);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_create),
		cmocka_unit_test(test_open),
		cmocka_unit_test(test_modes),
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_expired),
		cmocka_unit_test(test_save),
		cmocka_unit_test(test_import_keys),
		cmocka_unit_test(test_import_one_file),
		cmocka_unit_test(test_import_unfit),
		cmocka_unit_test(test_import_wrong_files),
		cmocka_unit_test(test_import_give_up),
		cmocka_unit_test(test_export),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
