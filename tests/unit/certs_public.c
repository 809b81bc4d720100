/*
 * What differs between the system's roots and others: public authorities are held to their own
 * rules, and their roots are taken as browsers take them.
 */
#include "certs/trust_parts.h"

#include "tests/unit/certs_tools.h"

#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>

struct fixture {
	char folder[256], roots[300];
	struct made root;
	struct trust *trust;
	int64_t wall_ms, mono_ms;
	struct clock clock;
	const char *text, *code;
};

static bool is_public_suffix(struct slice name, void *arg)
{
	(void)arg;
	return slice_eq(name, SLICE("pages.test")) || slice_eq(name, SLICE("co.uk"));
}

static void use_root(struct fixture *f, struct made root, bool is_system)
{
	const char *files[] = { f->roots };
	struct trust_options o = { .use_system = is_system,
				   .extra_roots = files,
				   .extra_root_count = is_system ? 0 : 1,
				   .is_public_suffix = is_public_suffix,
				   .clock = &f->clock };
	struct buf pem, error;

	if (f->root.cert != root.cert)
		made_free(&f->root);
	f->root = root;
	buf_init(&pem, 65536);
	buf_init(&error, 1024);
	add_pem_cert(&pem, root.cert);
	write_file(f->roots, buf_slice(&pem), 0644);
	assert_int_equal(setenv(X509_get_default_cert_file_env(), f->roots, 1), 0);
	trust_free(f->trust);
	f->trust = trust_new(&o, &error);
	assert_non_null(f->trust);
	buf_release(&pem);
	buf_release(&error);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	f->wall_ms = TEST_NOW_MS;
	f->clock = (struct clock){ &f->wall_ms, &f->mono_ms };
	make_folder(f->folder, sizeof(f->folder));
	snprintf(f->roots, sizeof(f->roots), "%s/roots.pem", f->folder);
	use_root(f, make_root("Root"), true);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	trust_free(f->trust);
	made_free(&f->root);
	remove_folder(f->folder);
	free(f);
	return 0;
}

/* NULL: taken.  Else the code of the refusal. */
static const char *judge(struct fixture *f, const struct made *server, const char *host)
{
	struct path_reason why = { X509_V_OK, NULL, NULL };
	STACK_OF(X509) *presented = sk_X509_new_null(), *path = NULL;
	struct cert_host h;

	assert_true(cert_host_parse(slice_str(host), &h));
	sk_X509_push(presented, server->cert);
	if (trust_find_path(f->trust, &h, server->cert, presented, NULL, &path, &why))
		why.code = NULL;
	else
		assert_non_null(why.code);
	sk_X509_pop_free(path, X509_free);
	sk_X509_free(presented);
	ERR_clear_error();
	return why.code;
}

static void assert_judged(struct fixture *f, struct made server, const char *host, const char *code)
{
	const char *got = judge(f, &server, host);

	made_free(&server);
	if (code == NULL && got != NULL)
		fail_msg("%s: %s", host, got);
	if (code != NULL) {
		assert_non_null(got);
		assert_string_equal(got, code);
	}
}

static struct made make_lived(const struct made *root, int64_t from_ms, int64_t life_ms)
{
	struct cert_spec spec = { .cn = "a server",
				  .from_ms = from_ms,
				  .until_ms = from_ms + life_ms,
				  .extensions = { { "keyUsage", "critical,digitalSignature" },
						  { "extendedKeyUsage", "serverAuth" },
						  { "subjectAltName", "DNS:a.test" },
						  { "authorityKeyIdentifier", "keyid:always" } } };

	return make_cert(&spec, root);
}

static void test_life(void **state)
{
	static const struct {
		int64_t from_ms; /* when it was made, and an hour later it is looked at */
		int days;
	} list[] = {
		{ INT64_C(1767225600000), 398 }, /* 2026-01-01 */
		{ INT64_C(1773532800000), 200 }, /* 2026-03-15 */
		{ INT64_C(1805068800000), 100 }, /* 2027-03-15 */
		{ INT64_C(1868227200000), 47 },	 /* 2029-03-15 */
	};
	struct fixture *f = *state;
	struct cert_spec root = { .cn = "Long root",
				  .from_ms = INT64_C(1600000000000),
				  .until_ms = INT64_C(2000000000000),
				  .extensions = { { "basicConstraints", "critical,CA:TRUE" },
						  { "keyUsage", "critical,keyCertSign" },
						  { "subjectKeyIdentifier", "hash" } } };

	use_root(f, make_cert(&root, NULL), true);
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		int64_t life = list[i].days * DAY_MS;

		f->wall_ms = list[i].from_ms + HOUR_MS;
		assert_judged(f, make_lived(&f->root, list[i].from_ms, life - 1000), "a.test", NULL);
		assert_judged(f, make_lived(&f->root, list[i].from_ms, life), "a.test",
			      "too-long-lived");
	}
	/* One's own authority may do as it likes. */
	use_root(f, f->root, false);
	assert_judged(f, make_lived(&f->root, list[3].from_ms, 900 * DAY_MS), "a.test", NULL);
}

static void test_suffixes(void **state)
{
	struct fixture *f = *state;

	assert_judged(f, make_server("DNS:*.pages.test", &f->root), "me.pages.test", NULL);
	assert_judged(f, make_server("DNS:*.test", &f->root), "me.test", "bad-name");
	use_root(f, f->root, false);
	assert_judged(f, make_server("DNS:*.pages.test", &f->root), "me.pages.test", "bad-name");
	assert_judged(f, make_server("DNS:*.co.uk", &f->root), "me.co.uk", "bad-name");
}

/* As several roots in every browser have it: serial number 0. */
static void test_old_roots(void **state)
{
	struct fixture *f = *state;
	struct made root = make_root("Old root");

	ASN1_INTEGER_set(X509_get_serialNumber(root.cert), 0);
	assert_true(X509_sign(root.cert, root.key, EVP_sha256()) > 0);
	use_root(f, root, true);
	assert_judged(f, make_server("DNS:a.test", &f->root), "a.test", NULL);
	use_root(f, f->root, false);
	assert_judged(f, make_server("DNS:a.test", &f->root), "a.test", "bad-form");
}

static void test_hosts(void **state)
{
	struct fixture *f = *state;
	const char *san = "DNS:A.Test,DNS:*.b.test,IP:192.0.2.1,IP:2001:db8::1";
	static const struct {
		const char *host;
		bool good;
	} list[] = {
		{ "a.test", true },	  { "A.TEST.", true },	    { "x.b.test", true },
		{ "under_score.b.test", true }, { "xn--bcher-kva.b.test", true },
		{ "192.0.2.1", true },	  { "[2001:DB8::1]", true }, { "b.test", false },
		{ "x.y.b.test", false },  { "x.a.test", false },    { "192.0.2.2", false },
		{ "::1", false },	  { "test", false },
	};

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		assert_judged(f, make_server(san, &f->root), list[i].host,
			      list[i].good ? NULL : "wrong-host");
}

static void test_uses(void **state)
{
	static const struct {
		const char *ku, *eku, *code;
	} list[] = {
		{ "critical,digitalSignature", "serverAuth,clientAuth", NULL },
		{ "critical,keyEncipherment", "serverAuth", "bad-purpose" },
		{ "critical,digitalSignature", "serverAuth,anyExtendedKeyUsage", "bad-purpose" },
		{ "critical,digitalSignature", "clientAuth", "bad-purpose" },
		{ "critical,digitalSignature", "critical,serverAuth", "bad-purpose" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		struct cert_spec spec = { .cn = "a server",
					  .extensions = { { "keyUsage", list[i].ku },
							  { "extendedKeyUsage", list[i].eku },
							  { "subjectAltName", "DNS:a.test" },
							  { "authorityKeyIdentifier", "keyid:always" } } };

		assert_judged(f, make_cert(&spec, &f->root), "a.test", list[i].code);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_life, setup, teardown),
		cmocka_unit_test_setup_teardown(test_suffixes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_old_roots, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hosts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_uses, setup, teardown),
	};

	return cmocka_run_group_tests_name("certs_public", tests, NULL, NULL);
}
