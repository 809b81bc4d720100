/* certs: hosts, DER, and leaf certificates as OpenSSL and browsers read them. */
#include "certs/certinfo.h"
#include "certs/der.h"
#include "certs/host.h"
#include "certs/mint.h"
#include "tests/unit/certs_tools.h"

/* ---- hosts ---- */

static void test_hosts(void **state)
{
	static const struct {
		const char *text, *want; /* NULL: refused */
		size_t ip_len;
	} cases[] = {
		{ "example.com", "example.com", 0 },
		{ "EXAMPLE.Com.", "example.com", 0 },
		{ "a_b.example.com", "a_b.example.com", 0 },
		{ "xn--bcher-kva.example", "xn--bcher-kva.example", 0 },
		{ "localhost", "localhost", 0 },
		{ "192.0.2.7", "192.0.2.7", 4 },
		{ "[2001:DB8::0:1]", "2001:db8::1", 16 },
		{ "2001:db8::1", "2001:db8::1", 16 },
		{ "192.0.2.07", NULL, 0 },
		{ "192.0.2", NULL, 0 },
		{ "1.0x7f", NULL, 0 },
		{ "[192.0.2.7]", NULL, 0 },
		{ "fe80::1%eth0", NULL, 0 },
		{ "*.example.com", NULL, 0 },
		{ "a..b", NULL, 0 },
		{ ".a", NULL, 0 },
		{ "a b.test", NULL, 0 },
		{ "", NULL, 0 },
		{ ".", NULL, 0 },
		{ "b\xc3\xbc"
		  "cher.example",
		  NULL, 0 },
	};
	struct cert_host h;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool good = cert_host_parse(slice_str(cases[i].text), &h);

		assert_int_equal(good, cases[i].want != NULL);
		if (!good)
			continue;
		assert_string_equal(h.text, cases[i].want);
		assert_int_equal(h.len, strlen(h.text));
		assert_int_equal(h.ip_len, cases[i].ip_len);
	}
	assert_false(cert_host_parse(slice_of("a\0b.test", 8), &h));
}

static void test_host_length(void **state)
{
	char text[300];
	struct cert_host h;

	(void)state;
	memset(text, 'a', sizeof(text));
	assert_true(cert_host_parse(slice_of(text, 63), &h));
	assert_false(cert_host_parse(slice_of(text, 64), &h));
	for (size_t i = 50; i < sizeof(text); i += 51)
		text[i] = '.';
	assert_true(cert_host_parse(slice_of(text, 253), &h));
	assert_false(cert_host_parse(slice_of(text, 254), &h));
}

/* ---- DER ---- */

static void test_der(void **state)
{
	static const unsigned char want[] = { 0x30, 0x08, 0x02, 0x01, 0x05,
					      0x04, 0x03, 'a',	'b',  'c' };
	unsigned char mem[512], tag;
	char long_value[300] = { 0 };
	struct slice in, value, whole;
	struct der d;
	size_t end;

	(void)state;
	der_init(&d, mem, sizeof(mem));
	end = der_mark(&d);
	der_element(&d, DER_OCTET_STRING, SLICE("abc"));
	der_element(&d, DER_INTEGER, SLICE("\x05"));
	der_wrap(&d, end, DER_SEQUENCE);
	assert_true(slice_eq(der_slice(&d), slice_of((const char *)want, sizeof(want))));

	in = der_slice(&d);
	assert_true(der_take(&in, &tag, &value, &whole));
	assert_int_equal(tag, DER_SEQUENCE);
	assert_int_equal(whole.n, sizeof(want));
	assert_int_equal(in.n, 0);
	assert_true(der_take(&value, &tag, &in, NULL));
	assert_int_equal(in.p[0], 5);

	der_init(&d, mem, sizeof(mem));
	der_element(&d, DER_OCTET_STRING, slice_of(long_value, 300));
	in = der_slice(&d);
	assert_int_equal(in.n, 304);
	assert_true(der_take(&in, &tag, &value, NULL));
	assert_int_equal(value.n, 300);

	der_init(&d, mem, 100);
	der_element(&d, DER_OCTET_STRING, slice_of(long_value, 100));
	assert_int_equal(der_slice(&d).n, 0);
}

static void test_der_malformed(void **state)
{
	static const struct slice bad[] = {
		{ "", 0 },
		{ "\x30", 1 },
		{ "\x30\x02\x00", 3 },
		{ "\x30\x80\x00\x00", 4 },	   /* indefinite */
		{ "\x30\x81\x01\x00", 4 },	   /* not minimal */
		{ "\x30\x82\x00\x80", 4 },	   /* not minimal */
		{ "\x30\x84\x01\x00\x00\x00", 6 }, /* too long */
		{ "\x1f\x81\x01\x00", 4 },	   /* a tag of several octets */
	};
	unsigned char tag;
	struct slice value;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct slice in = bad[i];

		assert_false(der_take(&in, &tag, &value, NULL));
	}
}

static void test_der_time(void **state)
{
	unsigned char mem[32];
	struct der d;

	(void)state;
	der_init(&d, mem, sizeof(mem));
	der_time(&d, TEST_NOW_MS);
	assert_true(slice_eq(der_slice(&d), SLICE("\x17\x0d"
						  "261118110640Z")));
	der_init(&d, mem, sizeof(mem));
	der_time(&d, INT64_C(2524608000000));
	assert_true(slice_eq(der_slice(&d), SLICE("\x18\x0f"
						  "20500101000000Z")));
}

/* ---- leaves ---- */

struct bench {
	struct ca ca;
	struct made root, upper;
	struct mint *mint;
	EVP_PKEY *key;
	struct buf spki, error;
};

static void add_spki(struct buf *out, EVP_PKEY *key)
{
	unsigned char *der = NULL;
	int n = i2d_PUBKEY(key, &der);

	assert_true(n > 0);
	buf_add(out, slice_of((char *)der, (size_t)n));
	OPENSSL_free(der);
}

static void bench_init(struct bench *b, struct made root)
{
	*b = (struct bench){ .root = root, .key = EVP_EC_gen("P-256") };
	b->ca = (struct ca){ .cert = root.cert, .key = root.key, .self_signed = true };
	buf_init(&b->spki, 1024);
	buf_init(&b->error, 1024);
	add_spki(&b->spki, b->key);
	b->mint = mint_new(&b->ca, &b->error);
	assert_non_null(b->mint);
}

static void bench_release(struct bench *b)
{
	mint_free(b->mint);
	EVP_PKEY_free(b->key);
	made_free(&b->root);
	buf_release(&b->spki);
	buf_release(&b->error);
}

static X509 *mint_for(struct bench *b, const char *host, struct minted_leaf *about)
{
	struct cert_host h;
	struct buf der;
	const unsigned char *p;
	X509 *x;

	assert_true(cert_host_parse(slice_str(host), &h));
	buf_init(&der, MINT_DER_MAX);
	assert_true(
		mint_leaf(b->mint, &h, buf_slice(&b->spki), TEST_NOW_MS, &der, about, &b->error));
	p = (const unsigned char *)buf_slice(&der).p;
	x = d2i_X509(NULL, &p, (long)der.len);
	assert_non_null(x);
	assert_ptr_equal(p, (const unsigned char *)buf_slice(&der).p + der.len);
	buf_release(&der);
	return x;
}

static void verify(struct bench *b, X509 *leaf, const char *host, bool ip)
{
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	X509_VERIFY_PARAM *p;

	X509_STORE_add_cert(store, b->root.cert);
	X509_STORE_CTX_init(ctx, store, leaf, NULL);
	p = X509_STORE_CTX_get0_param(ctx);
	X509_VERIFY_PARAM_set_flags(p, X509_V_FLAG_X509_STRICT);
	X509_VERIFY_PARAM_set_auth_level(p, 2);
	X509_VERIFY_PARAM_set_time(p, (time_t)(TEST_NOW_MS / 1000));
	X509_VERIFY_PARAM_set_purpose(p, X509_PURPOSE_SSL_SERVER);
	if (ip)
		X509_VERIFY_PARAM_set1_ip_asc(p, host);
	else
		X509_VERIFY_PARAM_set1_host(p, host, 0);
	X509_VERIFY_PARAM_set_hostflags(p, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
	if (X509_verify_cert(ctx) != 1)
		fail_msg("%s: %s", host,
			 X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx)));
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
}

static void test_profile(void **state)
{
	struct minted_leaf about;
	const ASN1_INTEGER *serial;
	struct bench b;
	char cn[80];
	X509 *x;

	(void)state;
	bench_init(&b, make_root("root"));
	x = mint_for(&b, "www.example.com", &about);
	verify(&b, x, "www.example.com", false);
	assert_int_equal(X509_get_version(x), X509_VERSION_3);
	X509_NAME_get_text_by_NID(X509_get_subject_name(x), NID_commonName, cn, sizeof(cn));
	assert_string_equal(cn, "www.example.com");
	assert_int_equal(X509_get_key_usage(x), KU_DIGITAL_SIGNATURE);
	assert_int_equal(X509_get_extended_key_usage(x), XKU_SSL_SERVER);
	assert_int_equal(X509_check_ca(x), 0);
	assert_int_equal(ASN1_OCTET_STRING_cmp(X509_get0_authority_key_id(x),
					       X509_get0_subject_key_id(b.root.cert)),
			 0);
	assert_non_null(X509_get0_subject_key_id(x));
	assert_int_equal(cert_time_ms(X509_get0_notBefore(x)), TEST_NOW_MS - 36 * HOUR_MS);
	assert_int_equal(cert_time_ms(X509_get0_notAfter(x)), about.not_after_ms);
	assert_true(about.not_after_ms - about.not_before_ms < 45 * DAY_MS);
	serial = X509_get0_serialNumber(x);
	assert_int_equal(ASN1_STRING_length(serial), 16);
	assert_memory_equal(ASN1_STRING_get0_data(serial), about.serial, 16);
	assert_int_equal(X509_get_signature_nid(x), NID_ecdsa_with_SHA256);
	assert_int_equal(EVP_PKEY_eq(X509_get0_pubkey(x), b.key), 1);
	X509_free(x);
	bench_release(&b);
}

static void test_kinds_of_host(void **state)
{
	static const char long_name[] =
		"a-name-of-more-than-sixty-four-characters.which-no-common-name-"
		"may-have.example.com";
	struct bench b;
	X509 *x;
	int at;

	(void)state;
	bench_init(&b, make_root("root"));
	x = mint_for(&b, "192.0.2.7", NULL);
	verify(&b, x, "192.0.2.7", true);
	X509_free(x);
	x = mint_for(&b, "[2001:db8::7]", NULL);
	verify(&b, x, "2001:db8::7", true);
	X509_free(x);
	x = mint_for(&b, long_name, NULL);
	verify(&b, x, long_name, false);
	assert_int_equal(X509_NAME_entry_count(X509_get_subject_name(x)), 0);
	at = X509_get_ext_by_NID(x, NID_subject_alt_name, -1);
	assert_int_equal(X509_EXTENSION_get_critical(X509_get_ext(x, at)), 1);
	X509_free(x);
	bench_release(&b);
}

static void test_kinds_of_ca(void **state)
{
	struct cert_spec specs[] = {
		{ .cn = "RSA", .rsa_bits = 2048 },
		{ .cn = "P-384", .curve = "P-384" },
		{ .cn = "no key identifier" },
	};
	int nids[] = { NID_sha256WithRSAEncryption, NID_ecdsa_with_SHA384, NID_ecdsa_with_SHA256 };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct bench b;
		X509 *x;

		specs[i].extensions[0] =
			(struct extension){ "basicConstraints", "critical,CA:TRUE" };
		specs[i].extensions[1] = (struct extension){ "keyUsage", "critical,keyCertSign" };
		if (i != 2)
			specs[i].extensions[2] =
				(struct extension){ "subjectKeyIdentifier", "hash" };
		bench_init(&b, make_cert(&specs[i], NULL));
		x = mint_for(&b, "a.example", NULL);
		assert_int_equal(X509_get_signature_nid(x), nids[i]);
		assert_int_equal(X509_verify(x, b.root.key), 1);
		if (i != 2) /* X509_STRICT wants one in a CA */
			verify(&b, x, "a.example", false);
		X509_free(x);
		bench_release(&b);
	}
}

/* A leaf never lives beyond its CA, and a CA at its end signs nothing. */
static void test_ca_times(void **state)
{
	struct cert_spec spec = { .cn = "short",
				  .from_ms = TEST_NOW_MS - HOUR_MS,
				  .until_ms = TEST_NOW_MS + HOUR_MS,
				  .extensions = { { "basicConstraints", "critical,CA:TRUE" },
						  { "subjectKeyIdentifier", "hash" } } };
	struct minted_leaf about;
	struct cert_host h;
	struct bench b;
	struct buf der;

	(void)state;
	bench_init(&b, make_cert(&spec, NULL));
	X509_free(mint_for(&b, "a.example", &about));
	assert_int_equal(about.not_before_ms, spec.from_ms);
	assert_int_equal(about.not_after_ms, spec.until_ms);
	assert_true(cert_host_parse(SLICE("a.example"), &h));
	buf_init(&der, MINT_DER_MAX);
	assert_false(mint_leaf(b.mint, &h, buf_slice(&b.spki), TEST_NOW_MS + 2 * HOUR_MS, &der,
			       NULL, &b.error));
	assert_int_equal(der.len, 0);
	assert_true(has_word(&b.error, "make or import a new CA"));
	buf_release(&der);
	bench_release(&b);
}

static void refuse_key(struct bench *b, struct slice spki)
{
	struct cert_host h;
	struct buf der;

	assert_true(cert_host_parse(SLICE("a.example"), &h));
	buf_init(&der, MINT_DER_MAX);
	assert_false(mint_leaf(b->mint, &h, spki, TEST_NOW_MS, &der, NULL, &b->error));
	assert_int_equal(der.len, 0);
	buf_release(&der);
}

static void test_bad_keys(void **state)
{
	EVP_PKEY *others[] = { EVP_EC_gen("P-384"), EVP_RSA_gen(2048) };
	struct bench b;
	struct buf spki;
	char copy[128];

	(void)state;
	bench_init(&b, make_root("root"));
	buf_init(&spki, 1024);
	for (size_t i = 0; i < 2; i++) {
		buf_clear(&spki);
		add_spki(&spki, others[i]);
		refuse_key(&b, buf_slice(&spki));
		EVP_PKEY_free(others[i]);
	}
	/* A point that is not on the curve, one byte less, one more. */
	memcpy(copy, buf_slice(&b.spki).p, b.spki.len);
	copy[b.spki.len - 1] ^= 1;
	refuse_key(&b, slice_of(copy, b.spki.len));
	refuse_key(&b, slice_of(buf_slice(&b.spki).p, b.spki.len - 1));
	buf_add(&b.spki, SLICE("\0"));
	refuse_key(&b, buf_slice(&b.spki));
	refuse_key(&b, SLICE(""));
	buf_release(&spki);
	bench_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hosts),	      cmocka_unit_test(test_host_length),
		cmocka_unit_test(test_der),	      cmocka_unit_test(test_der_malformed),
		cmocka_unit_test(test_der_time),      cmocka_unit_test(test_profile),
		cmocka_unit_test(test_kinds_of_host), cmocka_unit_test(test_kinds_of_ca),
		cmocka_unit_test(test_ca_times),      cmocka_unit_test(test_bad_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
