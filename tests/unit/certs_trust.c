/* certs: which origins are believed, through whole handshakes with TLS 1.2 and 1.3. */
#include "tests/unit/certs_trust_tools.h"

#include <stdio.h>

#include <openssl/pem.h>
#include <openssl/pkcs7.h>

/* ---- names and times ---- */

static void test_good(void **state)
{
	static const struct {
		const char *san, *host, *want;
	} cases[] = {
		{ "DNS:a.test", "a.test", "good" },
		{ "DNS:a.test", "A.Test.", "good" },
		{ "DNS:b.test,DNS:*.a.test", "www.a.test", "good" },
		{ "DNS:*.a.test", "a.test", "wrong-host" },
		{ "DNS:*.a.test", "x.y.a.test", "wrong-host" },
		{ "DNS:a.test", "b.test", "wrong-host" },
		{ "DNS:a.test", "x.a.test", "wrong-host" },
		{ "IP:192.0.2.1", "192.0.2.1", "good" },
		{ "IP:2001:db8::1", "[2001:db8::1]", "good" },
		{ "IP:192.0.2.1", "192.0.2.2", "wrong-host" },
		{ "DNS:a.test", "192.0.2.1", "wrong-host" },
		{ "DNS:*.co.test", "a.co.test", "bad-name" },
		{ "DNS:*.test", "a.test", "bad-name" },
		{ "DNS:a.test,DNS:a_b.test", "a.test", "bad-name" },
		{ "DNS:a.test,DNS:192.0.2.1", "a.test", "bad-name" },
		{ "DNS:a.test,DNS:w*.b.test", "a.test", "bad-name" },
		{ "email:me@a.test", "a.test", "wrong-host" },
	};
	struct world w;

	(void)state;
	world_init(&w, false);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cert_spec spec = server_spec(cases[i].san);

		expect_spec(&w, &spec, cases[i].host, cases[i].want);
	}
	world_release(&w);
}

static void test_common_names(void **state)
{
	static const struct {
		const char *cn, *san, *want;
	} cases[] = {
		{ "a.test", "DNS:a.test", "good" },
		{ "a.test", "DNS:www.a.test,DNS:a.test", "good" },
		{ "A.test", "DNS:a.test", "bad-name" },
		{ "b.test", "DNS:a.test", "bad-name" },
		{ "test.a", "DNS:a.test", "bad-name" },
		{ "test", "DNS:a.test", "good" },
		{ "*.a.test", "DNS:a.test", "good" },
		{ "Our web server v1.2", "DNS:a.test", "good" },
		{ "192.0.2.1", "DNS:a.test", "bad-name" },
		{ "192.0.2.1", "DNS:a.test,IP:192.0.2.1", "good" },
		{ "192.0.2.001", "DNS:a.test,IP:192.0.2.1", "bad-name" },
		{ "0xC0000201", "DNS:a.test,IP:192.0.2.1", "bad-name" },
		{ "2001:db8::1", "DNS:a.test,IP:2001:db8::1", "good" },
		{ "2001:DB8::1", "DNS:a.test,IP:2001:db8::1", "bad-name" },
		{ "2001:db8:0::1", "DNS:a.test,IP:2001:db8::1", "bad-name" },
	};
	struct world w;

	(void)state;
	world_init(&w, false);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct cert_spec spec = server_spec(cases[i].san);

		spec.cn = cases[i].cn;
		expect_spec(&w, &spec, "a.test", cases[i].want);
	}
	world_release(&w);
}

static void test_times(void **state)
{
	struct cert_spec spec = server_spec("DNS:a.test");
	struct world w;

	(void)state;
	world_init(&w, false);
	spec.until_ms = TEST_NOW_MS - 1000;
	expect_spec(&w, &spec, "a.test", "expired");
	spec.until_ms = 0;
	spec.from_ms = TEST_NOW_MS + 1000;
	expect_spec(&w, &spec, "a.test", "not-yet-valid");
	spec.from_ms = 0;
	expect_spec(&w, &spec, "a.test", "good");
	w.wall += 31 * DAY_MS;
	expect_spec(&w, &spec, "a.test", "expired");
	world_release(&w);
}

/* ---- what a certificate may be ---- */

static void test_unfit(void **state)
{
	struct cert_spec spec;
	struct world w;

	(void)state;
	world_init(&w, false);
	spec = server_spec("DNS:a.test");
	spec.extensions[0] = (struct extension){ "basicConstraints", "CA:FALSE" };
	spec.cn = "a.test";
	expect_spec(&w, &spec, "a.test", "no-names");
	spec = server_spec("DNS:a.test");
	spec.extensions[2] = (struct extension){ "extendedKeyUsage", "clientAuth" };
	expect_spec(&w, &spec, "a.test", "bad-purpose");
	spec.extensions[2] = (struct extension){ "basicConstraints", "CA:FALSE" };
	expect_spec(&w, &spec, "a.test", "bad-purpose");
	spec = server_spec("DNS:a.test");
	spec.extensions[4] = (struct extension){ "basicConstraints", "critical,CA:TRUE" };
	spec.extensions[5] = (struct extension){ "subjectKeyIdentifier", "hash" };
	expect_spec(&w, &spec, "a.test", "bad-purpose");
	spec = server_spec("DNS:a.test");
	spec.extensions[4] = (struct extension){ "1.2.3.4", "critical,ASN1:UTF8String:x" };
	expect_spec(&w, &spec, "a.test", "critical-extension");
	spec.extensions[4] = (struct extension){ "1.2.3.4", "ASN1:UTF8String:x" };
	expect_spec(&w, &spec, "a.test", "good");
	spec = server_spec("DNS:a.test");
	spec.rsa_bits = 1024;
	expect_spec(&w, &spec, "a.test", "weak-key");
	spec.rsa_bits = 2048;
	expect_spec(&w, &spec, "a.test", "good");
	spec = server_spec("DNS:a.test");
	spec.digest = EVP_sha1();
	expect_spec(&w, &spec, "a.test", "weak-signature");
	world_release(&w);
}

static void test_issuers(void **state)
{
	struct made stranger = make_root("Test Root"), fake = make_intermediate("x", &stranger);
	struct made leaf, own, limited;
	struct cert_spec spec;
	struct origin_side o;
	struct world w;

	(void)state;
	world_init(&w, false);
	/* Signed by itself; by an authority nobody knows, though it has the root's name. */
	spec = server_spec("DNS:a.test");
	spec.extensions[3] = (struct extension){ NULL, NULL };
	leaf = make_cert(&spec, NULL);
	o = (struct origin_side){ .leaf = &leaf };
	expect(&w, &o, "a.test", "self-signed");
	made_free(&leaf);
	leaf = make_server("DNS:a.test", &fake);
	o = (struct origin_side){ .leaf = &leaf, .chain = { fake.cert, stranger.cert } };
	expect(&w, &o, "a.test", "unknown-issuer");
	made_free(&leaf);
	/* A server that issues. */
	spec = server_spec("DNS:b.test");
	spec.extensions[4] = (struct extension){ "subjectKeyIdentifier", "hash" };
	own = make_cert(&spec, &w.inter);
	leaf = make_server("DNS:a.test", &own);
	o = (struct origin_side){ .leaf = &leaf, .chain = { own.cert, w.inter.cert } };
	expect(&w, &o, "a.test", "unknown-issuer");
	made_free(&own);
	made_free(&leaf);
	/* An authority for other names only. */
	spec = intermediate_spec("Limited");
	spec.extensions[4] =
		(struct extension){ "nameConstraints", "critical,permitted;DNS:b.test" };
	limited = make_cert(&spec, &w.root);
	leaf = make_server("DNS:a.test", &limited);
	o = (struct origin_side){ .leaf = &leaf, .chain = { limited.cert } };
	expect(&w, &o, "a.test", "bad-constraints");
	made_free(&leaf);
	leaf = make_server("DNS:a.b.test", &limited);
	expect(&w, &o, "a.b.test", "good");
	made_free(&leaf);
	made_free(&limited);
	made_free(&stranger);
	made_free(&fake);
	world_release(&w);
}

/* A wildcard stands for names that its authority may not speak for. */
static void test_wildcard_under_constraints(void **state)
{
	struct cert_spec spec = intermediate_spec("Limited");
	struct made limited, leaf;
	struct origin_side o = { .leaf = &leaf };
	struct world w;

	(void)state;
	world_init(&w, false);
	spec.extensions[4] =
		(struct extension){ "nameConstraints", "critical,excluded;DNS:x.a.test" };
	limited = make_cert(&spec, &w.root);
	o.chain[0] = limited.cert;
	leaf = make_server("DNS:*.a.test", &limited);
	expect(&w, &o, "y.a.test", "bad-constraints");
	made_free(&leaf);
	leaf = make_server("DNS:*.y.a.test", &limited);
	expect(&w, &o, "z.y.a.test", "good");
	made_free(&leaf);
	made_free(&limited);
	world_release(&w);
}

static void test_own_ca(void **state)
{
	struct cert_spec spec = server_spec("DNS:a.test");
	struct slice own[1];
	struct buf der;
	struct world w;

	(void)state;
	world_init(&w, false);
	buf_init(&der, 8192);
	add_der_cert(&der, w.inter.cert);
	own[0] = buf_slice(&der);
	w.options.own_cas = own;
	w.options.own_ca_count = 1;
	world_renew(&w);
	expect_spec(&w, &spec, "a.test", "own-ca");
	buf_release(&der);
	world_release(&w);
}

/* ---- paths ---- */

/*
 * An expired copy of an intermediate hides no good one; the order does not matter; neither do
 * strangers.
 */
static void test_other_paths(void **state)
{
	struct cert_spec spec = intermediate_spec("Test Intermediate");
	struct made stranger = make_root("stranger"), old, cross, leaf;
	struct origin_side o = { .leaf = &leaf };
	struct world w;

	(void)state;
	world_init(&w, false);
	spec.key = w.inter.key;
	spec.until_ms = TEST_NOW_MS - DAY_MS;
	old = make_cert(&spec, &w.root);
	spec.until_ms = 0;
	cross = make_cert(&spec, &stranger);
	leaf = make_server("DNS:a.test", &w.inter);
	o.chain[0] = old.cert;
	expect(&w, &o, "a.test", "expired");
	o.chain[0] = stranger.cert;
	o.chain[1] = cross.cert;
	o.chain[2] = old.cert;
	o.chain[3] = w.inter.cert;
	o.chain[4] = w.root.cert;
	expect(&w, &o, "a.test", "good");
	made_free(&stranger);
	made_free(&old);
	made_free(&cross);
	made_free(&leaf);
	world_release(&w);
}

/* Two authorities that signed each other, and nobody else. */
static void test_circle(void **state)
{
	struct made a = make_root("A"), b = make_root("B"), ab, ba, leaf;
	struct cert_spec spec_a = intermediate_spec("A"), spec_b = intermediate_spec("B");
	struct origin_side o = { .leaf = &leaf };
	struct world w;

	(void)state;
	world_init(&w, false);
	spec_a.key = a.key;
	spec_b.key = b.key;
	ab = make_cert(&spec_a, &b);
	ba = make_cert(&spec_b, &a);
	leaf = make_server("DNS:a.test", &ab);
	o.chain[0] = ab.cert;
	o.chain[1] = ba.cert;
	expect(&w, &o, "a.test", "unknown-issuer");
	made_free(&a);
	made_free(&b);
	made_free(&ab);
	made_free(&ba);
	made_free(&leaf);
	world_release(&w);
}

/* Many of one name and one key, in which each could be above each. */
static void test_tangle(void **state)
{
	struct made first = make_root("Tangle"), all[11], leaf;
	struct origin_side o = { .leaf = &leaf };
	struct world w;

	(void)state;
	world_init(&w, false);
	for (size_t i = 0; i < 11; i++) {
		struct cert_spec spec = intermediate_spec("Tangle");

		spec.key = first.key;
		all[i] = make_cert(&spec, &first);
		o.chain[i] = all[i].cert;
	}
	leaf = make_server("DNS:a.test", &first);
	expect(&w, &o, "a.test", "too-complex");
	for (size_t i = 0; i < 11; i++)
		made_free(&all[i]);
	made_free(&first);
	made_free(&leaf);
	world_release(&w);
}

/* What the user trusts need not be a root. */
static void test_trusted_intermediate(void **state)
{
	struct made leaf;
	struct origin_side o = { .leaf = &leaf };
	struct buf pem;
	struct world w;

	(void)state;
	world_init(&w, false);
	buf_init(&pem, 8192);
	add_pem_cert(&pem, w.inter.cert);
	write_file(w.roots, buf_slice(&pem), 0644);
	world_renew(&w);
	leaf = make_server("DNS:a.test", &w.inter);
	expect(&w, &o, "a.test", "good");
	buf_release(&pem);
	made_free(&leaf);
	world_release(&w);
}

/* ---- missing issuers ---- */

static void wants(const struct meeting *m, enum trust_want_kind kind, const char *url)
{
	struct trust_want want;

	assert_string_equal(outcome(m), "waits");
	assert_true(trust_wants(m->client, &want));
	assert_int_equal(want.kind, kind);
	assert_string_equal(want.url, url);
	assert_true(want.max_bytes > 0);
}

static void add_pkcs7(struct buf *out, X509 *cert)
{
	PKCS7 *p7 = PKCS7_new();
	BIO *bio = BIO_new(BIO_s_mem());

	assert_int_equal(PKCS7_set_type(p7, NID_pkcs7_signed), 1);
	assert_int_equal(PKCS7_content_new(p7, NID_pkcs7_data), 1);
	assert_int_equal(PKCS7_add_certificate(p7, cert), 1);
	assert_int_equal(i2d_PKCS7_bio(bio, p7), 1);
	add_bio(out, bio);
	PKCS7_free(p7);
}

static struct made make_lonely(struct world *w)
{
	struct cert_spec spec = server_spec("DNS:a.test");

	spec.extensions[4] = (struct extension){ "authorityInfoAccess", "caIssuers;URI:" URL_AIA };
	return make_cert(&spec, &w->inter);
}

static void test_fetch_issuer(void **state)
{
	void (*const writers[])(struct buf *, X509 *) = { add_der_cert, add_pem_cert, add_pkcs7 };
	struct origin_side o = { .leaf = NULL };
	struct world w;
	struct made leaf;
	struct buf answer;

	(void)state;
	world_init(&w, false);
	leaf = make_lonely(&w);
	o.leaf = &leaf;
	buf_init(&answer, 65536);
	for (size_t i = 0; i < 6; i++) {
		struct meeting m;

		o.version = i < 3 ? TLS1_2_VERSION : TLS1_3_VERSION;
		world_renew(&w);
		meet(&w, &m, &o, "a.test");
		wants(&m, TRUST_WANT_ISSUER, URL_AIA);
		/* Woken too early: it still waits for the same. */
		meet_on(&m);
		wants(&m, TRUST_WANT_ISSUER, URL_AIA);
		buf_clear(&answer);
		writers[i % 3](&answer, w.inter.cert);
		trust_give(m.client, buf_slice(&answer));
		meet_on(&m);
		assert_string_equal(outcome(&m), "good");
		part(&m);
		/* Known from then on. */
		expect(&w, &o, "a.test", "good");
	}
	buf_release(&answer);
	made_free(&leaf);
	world_release(&w);
}

static void give_bad(struct world *w, const struct origin_side *o, struct slice answer)
{
	struct meeting m;

	world_renew(w);
	meet(w, &m, o, "a.test");
	wants(&m, TRUST_WANT_ISSUER, URL_AIA);
	trust_give(m.client, answer);
	meet_on(&m);
	assert_string_equal(outcome(&m), "unknown-issuer");
	part(&m);
}

static void test_fetch_bad_issuer(void **state)
{
	struct made other = make_root("other"), twin = make_root("Test Intermediate"), leaf;
	struct origin_side o = { .leaf = &leaf };
	struct buf answer;
	struct world w;

	(void)state;
	world_init(&w, false);
	leaf = make_lonely(&w);
	buf_init(&answer, 65536);
	give_bad(&w, &o, SLICE(""));
	/* It is not asked for again at once. */
	expect(&w, &o, "a.test", "unknown-issuer");
	w.wall += 61000;
	expect(&w, &o, "a.test", "waits");
	give_bad(&w, &o, SLICE("<html>not found</html>"));
	add_der_cert(&answer, other.cert);
	give_bad(&w, &o, buf_slice(&answer));
	/* Of the right name, with another key; itself; cut off. */
	buf_clear(&answer);
	add_der_cert(&answer, twin.cert);
	give_bad(&w, &o, buf_slice(&answer));
	buf_clear(&answer);
	add_der_cert(&answer, leaf.cert);
	give_bad(&w, &o, buf_slice(&answer));
	buf_clear(&answer);
	add_der_cert(&answer, w.inter.cert);
	give_bad(&w, &o, slice_head(buf_slice(&answer), 100));
	buf_release(&answer);
	made_free(&leaf);
	made_free(&other);
	made_free(&twin);
	world_release(&w);
}

/* Two are missing, and each says where the next is. */
static void test_fetch_two(void **state)
{
	struct cert_spec spec = intermediate_spec("Lower"), leaf_spec = server_spec("DNS:a.test");
	struct made lower, leaf;
	struct origin_side o = { .leaf = &leaf };
	struct meeting m;
	struct buf answer;
	struct world w;

	(void)state;
	world_init(&w, false);
	spec.extensions[4] = (struct extension){ "authorityInfoAccess", "caIssuers;URI:" URL_AIA };
	leaf_spec.extensions[4] = (struct extension){ "authorityInfoAccess",
						      "caIssuers;URI:http://issuers.test/lower" };
	lower = make_cert(&spec, &w.inter);
	leaf = make_cert(&leaf_spec, &lower);
	buf_init(&answer, 65536);
	meet(&w, &m, &o, "a.test");
	wants(&m, TRUST_WANT_ISSUER, "http://issuers.test/lower");
	add_der_cert(&answer, lower.cert);
	trust_give(m.client, buf_slice(&answer));
	meet_on(&m);
	wants(&m, TRUST_WANT_ISSUER, URL_AIA);
	buf_clear(&answer);
	add_der_cert(&answer, w.inter.cert);
	trust_give(m.client, buf_slice(&answer));
	meet_on(&m);
	assert_string_equal(outcome(&m), "good");
	part(&m);
	expect(&w, &o, "a.test", "good");
	buf_release(&answer);
	made_free(&lower);
	made_free(&leaf);
	world_release(&w);
}

/* Only plain http, and only where something is missing. */
static void test_no_fetch(void **state)
{
	static const char *const places[] = { "caIssuers;URI:https://issuers.test/a",
					      "caIssuers;URI:ldap://issuers.test/a",
					      "caIssuers;DNS:issuers.test",
					      ("OCSP;URI:" URL_OCSP) };
	struct world w;

	(void)state;
	world_init(&w, false);
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		struct cert_spec spec = server_spec("DNS:a.test");
		struct made leaf;
		struct origin_side o = { .leaf = &leaf };

		spec.extensions[4] = (struct extension){ "authorityInfoAccess", places[i] };
		leaf = make_cert(&spec, &w.inter);
		expect(&w, &o, "a.test", "unknown-issuer");
		o.chain[0] = w.inter.cert;
		expect(&w, &o, "a.test", "good");
		made_free(&leaf);
	}
	world_release(&w);
}

/* ---- paths found before ---- */

/* A path that was good is good for the same host, the same certificates and this time only. */
static void test_known_paths(void **state)
{
	struct cert_spec spec = server_spec("DNS:a.test,DNS:b.test");
	struct made leaf, other;
	struct origin_side o = { .leaf = &leaf };
	struct world w;

	(void)state;
	world_init(&w, false);
	spec.until_ms = TEST_NOW_MS + 2 * 60000;
	leaf = make_cert(&spec, &w.inter);
	other = make_server("DNS:b.test", &w.inter);
	o.chain[0] = w.inter.cert;
	for (int i = 0; i < 3; i++) {
		expect(&w, &o, "a.test", "good");
		expect(&w, &o, "b.test", "good");
		expect(&w, &o, "c.test", "wrong-host");
		o.leaf = &other;
		expect(&w, &o, "a.test", "wrong-host");
		o.leaf = &leaf;
		o.chain[0] = NULL;
		expect(&w, &o, "a.test", "unknown-issuer");
		o.chain[0] = w.inter.cert;
	}
	w.wall += 2 * 60000 + 1000;
	expect(&w, &o, "a.test", "expired");
	w.wall = TEST_NOW_MS - 11 * DAY_MS;
	expect(&w, &o, "a.test", "not-yet-valid");
	made_free(&leaf);
	made_free(&other);
	world_release(&w);
}

/*
 * What is known of an issuer's signature says nothing of the leaf's, of another issuer's, or of
 * times.
 */
static void test_known_signatures(void **state)
{
	struct cert_spec spec = intermediate_spec("Short CA");
	struct made short_ca, liar, forged, leaf;
	struct origin_side o = { .leaf = &leaf };
	struct world w;

	(void)state;
	world_init(&w, false);
	spec.until_ms = TEST_NOW_MS + 2 * DAY_MS;
	short_ca = make_cert(&spec, &w.root);
	for (int i = 0; i < 3; i++) {
		leaf = make_server("DNS:a.test", &short_ca);
		o.chain[0] = short_ca.cert;
		expect(&w, &o, "a.test", "good");
		made_free(&leaf);
		/* The issuer's name and key identifier, and a key of somebody else's. */
		liar = (struct made){ short_ca.cert, w.inter.key };
		leaf = make_server("DNS:a.test", &liar);
		expect(&w, &o, "a.test", "bad-signature");
		made_free(&leaf);
		/*
		 * The same one step up: the issuer's own key in a certificate that the root has not
		 * signed.
		 */
		liar = (struct made){ w.root.cert, w.inter.key };
		spec.key = short_ca.key;
		forged = make_cert(&spec, &liar);
		spec.key = NULL;
		leaf = make_server("DNS:a.test", &forged);
		o.chain[0] = forged.cert;
		expect(&w, &o, "a.test", "bad-signature");
		made_free(&leaf);
		made_free(&forged);
	}
	leaf = make_server("DNS:a.test", &short_ca);
	o.chain[0] = short_ca.cert;
	w.wall += 3 * DAY_MS;
	expect(&w, &o, "a.test", "expired");
	made_free(&leaf);
	made_free(&short_ca);
	world_release(&w);
}

/* More hosts than are remembered. */
static void test_many_paths(void **state)
{
	struct made leaf;
	struct origin_side o = { .leaf = &leaf };
	struct world w;

	(void)state;
	world_init(&w, false);
	leaf = make_server("DNS:*.a.test", &w.inter);
	o.chain[0] = w.inter.cert;
	for (int i = 0; i < 600; i++) {
		struct meeting m;
		char host[32];

		snprintf(host, sizeof(host), "h%d.a.test", i % 550);
		meet(&w, &m, &o, host);
		assert_string_equal(outcome(&m), "good");
		part(&m);
	}
	made_free(&leaf);
	world_release(&w);
}

/* ---- the rest ---- */

static void test_describe(void **state)
{
	struct made leaf;
	struct origin_side o = { .leaf = &leaf };
	struct trust_cert about;
	struct meeting m;
	struct world w;

	(void)state;
	world_init(&w, false);
	leaf = make_server("DNS:a.test,IP:192.0.2.1,IP:2001:db8::1", &w.inter);
	o.chain[0] = w.inter.cert;
	meet(&w, &m, &o, "b.test");
	assert_string_equal(outcome(&m), "wrong-host");
	assert_true(trust_describe(m.client, &about));
	assert_string_equal(about.subject, "CN=a server");
	assert_string_equal(about.issuer, "CN=Test Intermediate");
	assert_string_equal(about.names, "a.test, 192.0.2.1, 2001:db8::1");
	assert_int_equal(about.name_count, 3);
	assert_string_equal(about.key, "P-256");
	assert_int_equal(about.not_before_ms, TEST_NOW_MS - 10 * DAY_MS);
	assert_int_equal(strlen(about.sha256), 64);
	part(&m);
	made_free(&leaf);
	world_release(&w);
}

static void test_new(void **state)
{
	const char *files[] = { "/nonexistent/roots.pem" };
	struct trust_options options = { .use_system = false };
	struct buf error;
	struct world w;
	SSL *ssl;

	(void)state;
	buf_init(&error, 4096);
	assert_null(trust_new(&options, &error));
	assert_true(has_word(&error, "no root certificate"));
	options.extra_roots = files;
	options.extra_root_count = 1;
	buf_clear(&error);
	assert_null(trust_new(&options, &error));
	assert_true(has_word(&error, files[0]));
	buf_release(&error);
	world_init(&w, false);
	assert_int_equal(trust_root_count(w.trust), 1);
	ssl = SSL_new(trust_client_ctx(w.trust));
	assert_false(trust_attach(w.trust, ssl, SLICE("*.a.test")));
	SSL_free(ssl);
	world_release(&w);
}

/* A connection keeps what it needs. */
static void test_outlives(void **state)
{
	struct made leaf;
	struct origin_side o = { .leaf = &leaf };
	struct meeting m;
	struct world w;

	(void)state;
	world_init(&w, false);
	leaf = make_lonely(&w);
	meet(&w, &m, &o, "a.test");
	trust_free(w.trust);
	w.trust = NULL;
	trust_give(m.client, SLICE("x"));
	meet_on(&m);
	assert_string_equal(outcome(&m), "unknown-issuer");
	part(&m);
	made_free(&leaf);
	world_release(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_common_names),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_unfit),
		cmocka_unit_test(test_issuers),
		cmocka_unit_test(test_wildcard_under_constraints),
		cmocka_unit_test(test_own_ca),
		cmocka_unit_test(test_other_paths),
		cmocka_unit_test(test_circle),
		cmocka_unit_test(test_tangle),
		cmocka_unit_test(test_trusted_intermediate),
		cmocka_unit_test(test_fetch_issuer),
		cmocka_unit_test(test_fetch_bad_issuer),
		cmocka_unit_test(test_fetch_two),
		cmocka_unit_test(test_no_fetch),
		cmocka_unit_test(test_known_paths),
		cmocka_unit_test(test_known_signatures),
		cmocka_unit_test(test_many_paths),
		cmocka_unit_test(test_describe),
		cmocka_unit_test(test_new),
		cmocka_unit_test(test_outlives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
