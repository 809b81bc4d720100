/* certs: the TLS side towards browsers: suspended handshakes, ALPN, the table of leaves. */
#include "certs/leaf.h"
#include "tests/unit/certs_tools.h"

#include <stdio.h>
#include <string.h>

struct desk {
	struct ticket_keys keys;
	struct keeper *keeper;
	struct leaves *leaves;
	SSL_CTX *browser;
	struct buf body, answer, error;
	int64_t wall, mono;
	struct clock clock;
};

static void desk_init(struct desk *d, size_t max)
{
	struct leaves_options options = { .clock = &d->clock, .tickets = &d->keys, .max = max };

	*d = (struct desk){ .wall = TEST_NOW_MS, .mono = 1 };
	d->clock = (struct clock){ &d->wall, &d->mono };
	buf_init(&d->body, MSG_MAX);
	buf_init(&d->answer, MSG_MAX);
	buf_init(&d->error, 1024);
	assert_true(ticket_keys_rotate(&d->keys));
	d->keeper = keeper_new(ca_create(TEST_NOW_MS, &d->error), &d->error);
	d->leaves = leaves_new(&options, &d->error);
	d->browser = SSL_CTX_new(TLS_client_method());
	assert_non_null(d->keeper);
	assert_non_null(d->leaves);
}

static void desk_release(struct desk *d)
{
	SSL_CTX_free(d->browser);
	leaves_free(d->leaves);
	keeper_free(d->keeper);
	buf_release(&d->body);
	buf_release(&d->answer);
	buf_release(&d->error);
}

static void mint(struct desk *d, const char *host, struct minted *out)
{
	struct minted_note note;

	buf_clear(&d->body);
	assert_true(leaves_ask(d->leaves, slice_str(host), &d->body));
	keeper_handle(d->keeper, 1, buf_slice(&d->body), d->wall, d->mono, &d->answer, &note);
	assert_true(keeper_get_minted(buf_slice(&d->answer), out));
}

static void learn(struct desk *d, const char *host)
{
	struct minted m;

	mint(d, host, &m);
	assert_true(leaves_learn(d->leaves, &m, &d->error));
}

struct talk {
	SSL *client, *server;
	int c, s; /* SSL_get_error() */
};

static void talk_init(struct desk *d, struct talk *t, const char *host)
{
	*t = (struct talk){ .client = SSL_new(d->browser),
			    .server = leaves_accept(d->leaves, slice_str(host)) };
	assert_non_null(t->server);
	join(t->client, t->server);
}

static void go(struct talk *t)
{
	shake(t->client, t->server, &t->c, &t->s);
}

static void talk_release(struct talk *t)
{
	SSL_free(t->client);
	SSL_free(t->server);
}

static void expect_host(struct talk *t, const char *host)
{
	X509 *x = SSL_get0_peer_certificate(t->client);

	assert_int_equal(t->c, SSL_ERROR_NONE);
	assert_int_equal(t->s, SSL_ERROR_NONE);
	assert_non_null(x);
	assert_int_equal(X509_check_host(x, host, 0, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, NULL), 1);
}

/* ---- suspended ---- */

static void test_suspend(void **state)
{
	static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };
	struct talk t, waiting;
	struct desk d;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		desk_init(&d, 0);
		SSL_CTX_set_max_proto_version(d.browser, versions[i]);
		assert_false(leaves_ready(d.leaves, SLICE("a.test")));
		talk_init(&d, &t, "a.test");
		talk_init(&d, &waiting, "A.test.");
		go(&t);
		go(&waiting);
		assert_int_equal(t.s, SSL_ERROR_WANT_X509_LOOKUP);
		assert_int_equal(waiting.s, SSL_ERROR_WANT_X509_LOOKUP);
		/* Another host's leaf is none. */
		learn(&d, "b.test");
		go(&t);
		assert_int_equal(t.s, SSL_ERROR_WANT_X509_LOOKUP);
		learn(&d, "a.test");
		assert_true(leaves_ready(d.leaves, SLICE("A.TEST")));
		go(&t);
		go(&waiting);
		expect_host(&t, "a.test");
		expect_host(&waiting, "a.test");
		talk_release(&t);
		talk_release(&waiting);
		/* The next one need not wait. */
		talk_init(&d, &t, "a.test");
		go(&t);
		expect_host(&t, "a.test");
		talk_release(&t);
		desk_release(&d);
	}
}

/* Given up while it waits. */
static void test_abandoned(void **state)
{
	struct talk t;
	struct desk d;

	(void)state;
	desk_init(&d, 0);
	talk_init(&d, &t, "a.test");
	go(&t);
	talk_release(&t);
	learn(&d, "a.test");
	desk_release(&d);
}

static void test_alpn(void **state)
{
	static const struct {
		const char *take, *offer, *want; /* take "": the default; want "": none chosen */
	} cases[] = {
		{ "", "\x08http/1.1", "http/1.1" },
		{ "", "\x02h2\x08http/1.1", "http/1.1" },
		{ "", "\x02h2", "" },
		{ "", "", "" },
		{ "\x02h2", "\x02h2\x08http/1.1", "h2" },
		{ "\x02h2", "\x08http/1.1", "" },
		{ "\x02h2\x08http/1.1", "\x08http/1.1\x02h2", "h2" },
		{ "\x08http/1.1\x02h2", "\x02h2", "h2" },
	};
	struct talk t;
	struct desk d;

	(void)state;
	desk_init(&d, 0);
	learn(&d, "a.test");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const unsigned char *chosen;
		unsigned n;

		talk_init(&d, &t, "a.test");
		if (cases[i].take[0] != '\0')
			assert_true(leaves_set_alpn(t.server, slice_str(cases[i].take)));
		if (cases[i].offer[0] != '\0')
			SSL_set_alpn_protos(t.client, (const unsigned char *)cases[i].offer,
					    (unsigned)strlen(cases[i].offer));
		go(&t);
		expect_host(&t, "a.test");
		SSL_get0_alpn_selected(t.client, &chosen, &n);
		assert_true(slice_eq(slice_of((const char *)chosen, n), slice_str(cases[i].want)));
		talk_release(&t);
	}
	talk_init(&d, &t, "a.test");
	assert_false(leaves_set_alpn(t.server, SLICE("")));
	assert_false(
		leaves_set_alpn(t.server, slice_of("\x08http/1.1\x08http/1.1\x08http/1.1\x08"
						   "http/1.1\x08http/1.1\x08http/1.1\x08http/1.1"
						   "\x08http/1.1",
						   72)));
	talk_release(&t);
	desk_release(&d);
}

static void test_addresses(void **state)
{
	struct talk t;
	struct desk d;

	(void)state;
	desk_init(&d, 0);
	learn(&d, "192.0.2.1");
	talk_init(&d, &t, "192.0.2.1");
	go(&t);
	assert_int_equal(t.c, SSL_ERROR_NONE);
	assert_int_equal(X509_check_ip_asc(SSL_get0_peer_certificate(t.client), "192.0.2.1", 0), 1);
	talk_release(&t);
	assert_null(leaves_accept(d.leaves, SLICE("*.a.test")));
	assert_null(leaves_accept(d.leaves, SLICE("")));
	buf_clear(&d.body);
	assert_false(leaves_ask(d.leaves, SLICE("a b"), &d.body));
	assert_false(leaves_ready(d.leaves, SLICE("a b")));
	desk_release(&d);
}

/* ---- what is offered to browsers ---- */

static void test_versions(void **state)
{
	struct talk t;
	struct desk d;

	(void)state;
	desk_init(&d, 0);
	learn(&d, "a.test");
	SSL_CTX_set_security_level(d.browser, 0);
	SSL_CTX_set_min_proto_version(d.browser, TLS1_VERSION);
	SSL_CTX_set_max_proto_version(d.browser, TLS1_1_VERSION);
	talk_init(&d, &t, "a.test");
	go(&t);
	assert_int_equal(t.s, SSL_ERROR_SSL);
	talk_release(&t);
	/* No CBC, no RSA key exchange. */
	SSL_CTX_set_max_proto_version(d.browser, TLS1_2_VERSION);
	assert_int_equal(SSL_CTX_set_cipher_list(d.browser, "ECDHE-ECDSA-AES128-SHA:AES128-SHA:"
							    "ECDHE-ECDSA-AES128-SHA256"),
			 1);
	talk_init(&d, &t, "a.test");
	go(&t);
	assert_int_equal(t.s, SSL_ERROR_SSL);
	talk_release(&t);
	/* Who puts ChaCha20 first, because it has no AES in hardware, gets it. */
	assert_int_equal(SSL_CTX_set_cipher_list(d.browser, "ECDHE-ECDSA-CHACHA20-POLY1305:"
							    "ECDHE-ECDSA-AES128-GCM-SHA256"),
			 1);
	talk_init(&d, &t, "a.test");
	go(&t);
	assert_int_equal(t.c, SSL_ERROR_NONE);
	assert_string_equal(SSL_get_cipher_name(t.client), "ECDHE-ECDSA-CHACHA20-POLY1305");
	talk_release(&t);
	desk_release(&d);
}

/* ---- the table ---- */

static void test_least_recently_used(void **state)
{
	struct talk t;
	struct desk d;

	(void)state;
	desk_init(&d, 3);
	learn(&d, "a.test");
	learn(&d, "b.test");
	learn(&d, "c.test");
	assert_int_equal(leaves_count(d.leaves), 3);
	/* a is used, so b is the oldest. */
	talk_init(&d, &t, "a.test");
	go(&t);
	expect_host(&t, "a.test");
	talk_release(&t);
	learn(&d, "d.test");
	assert_int_equal(leaves_count(d.leaves), 3);
	assert_true(leaves_ready(d.leaves, SLICE("a.test")));
	assert_false(leaves_ready(d.leaves, SLICE("b.test")));
	assert_true(leaves_ready(d.leaves, SLICE("c.test")));
	/* The same again takes no more room. */
	learn(&d, "d.test");
	assert_int_equal(leaves_count(d.leaves), 3);
	desk_release(&d);
}

static void test_expiry(void **state)
{
	struct talk t;
	struct desk d;

	(void)state;
	desk_init(&d, 0);
	learn(&d, "a.test");
	/* 45 days, of which a day and a half are past; a day before the end it is too old. */
	d.wall += 42 * DAY_MS;
	assert_true(leaves_ready(d.leaves, SLICE("a.test")));
	d.wall += DAY_MS;
	assert_false(leaves_ready(d.leaves, SLICE("a.test")));
	talk_init(&d, &t, "a.test");
	go(&t);
	assert_int_equal(t.s, SSL_ERROR_WANT_X509_LOOKUP);
	learn(&d, "a.test");
	go(&t);
	expect_host(&t, "a.test");
	assert_int_equal(leaves_count(d.leaves), 1);
	talk_release(&t);
	desk_release(&d);
}

/* ---- the keeper's answers ---- */

static void test_bad_answers(void **state)
{
	struct made other = make_root("other"), leaf = make_server("DNS:a.test", &other);
	struct minted m;
	struct buf der;
	struct desk d;

	(void)state;
	desk_init(&d, 0);
	m = (struct minted){ .status = KEEPER_LIMITED, .text = SLICE("too many") };
	assert_false(leaves_learn(d.leaves, &m, &d.error));
	assert_true(has_word(&d.error, "too many"));
	/* For another key, followed by junk, junk, for no host. */
	buf_init(&der, 8192);
	add_der_cert(&der, leaf.cert);
	m = (struct minted){ .host = SLICE("a.test"), .leaf = buf_slice(&der) };
	assert_false(leaves_learn(d.leaves, &m, &d.error));
	mint(&d, "a.test", &m);
	buf_clear(&der);
	buf_add(&der, m.leaf);
	buf_addc(&der, 'x');
	m.leaf = buf_slice(&der);
	assert_false(leaves_learn(d.leaves, &m, &d.error));
	m.leaf = SLICE("junk");
	assert_false(leaves_learn(d.leaves, &m, &d.error));
	mint(&d, "a.test", &m);
	m.host = SLICE("*.test");
	assert_false(leaves_learn(d.leaves, &m, &d.error));
	mint(&d, "a.test", &m);
	m.chain_len = 1;
	m.chain[0] = SLICE("junk");
	assert_false(leaves_learn(d.leaves, &m, &d.error));
	assert_int_equal(leaves_count(d.leaves), 0);
	buf_release(&der);
	made_free(&leaf);
	made_free(&other);
	desk_release(&d);
}

/* A CA below others goes out with the leaf. */
static void test_chain(void **state)
{
	struct made root = make_root("root"), school = make_intermediate("school", &root);
	struct minted m;
	struct buf der;
	struct talk t;
	struct desk d;

	(void)state;
	desk_init(&d, 0);
	buf_init(&der, 8192);
	add_der_cert(&der, school.cert);
	mint(&d, "a.test", &m);
	m.chain_len = 1;
	m.chain[0] = buf_slice(&der);
	assert_true(leaves_learn(d.leaves, &m, &d.error));
	talk_init(&d, &t, "a.test");
	go(&t);
	expect_host(&t, "a.test");
	assert_int_equal(sk_X509_num(SSL_get_peer_cert_chain(t.client)), 2);
	assert_int_equal(X509_cmp(sk_X509_value(SSL_get_peer_cert_chain(t.client), 1), school.cert),
			 0);
	talk_release(&t);
	buf_release(&der);
	made_free(&root);
	made_free(&school);
	desk_release(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_suspend),
		cmocka_unit_test(test_abandoned),
		cmocka_unit_test(test_alpn),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_least_recently_used),
		cmocka_unit_test(test_expiry),
		cmocka_unit_test(test_bad_answers),
		cmocka_unit_test(test_chain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
