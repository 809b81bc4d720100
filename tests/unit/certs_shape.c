/* certs: our ClientHello towards origins follows the browser's, never beyond what is safe. */
#include "tests/unit/certs_trust_tools.h"

#include <stdio.h>

#define SEEN_MAX 64

/* A list of code points as a server reads it. */
struct seen {
	size_t n;
	uint16_t ids[SEEN_MAX];
};

struct origin {
	SSL_CTX *ctx;
	struct seen suites, groups, sigalgs;
	bool wants_ocsp, wants_etm;
	SSL_SESSION *session; /* the client's newest */
};

static void read_ids(struct seen *out, const unsigned char *p, size_t n)
{
	out->n = 0;
	for (size_t i = 0; i + 1 < n; i += 2) {
		assert_true(out->n < SEEN_MAX);
		out->ids[out->n++] = (uint16_t)(p[i] << 8 | p[i + 1]);
	}
}

static void read_extension(SSL *ssl, unsigned type, struct seen *out)
{
	const unsigned char *p;
	size_t n;

	assert_int_equal(SSL_client_hello_get0_ext(ssl, type, &p, &n), 1);
	read_ids(out, p + 2, n - 2);
}

static int on_hello(SSL *ssl, int *alert, void *arg)
{
	struct origin *o = arg;
	const unsigned char *p;
	size_t n = SSL_client_hello_get0_ciphers(ssl, &p);

	(void)alert;
	read_ids(&o->suites, p, n);
	read_extension(ssl, TLSEXT_TYPE_supported_groups, &o->groups);
	read_extension(ssl, TLSEXT_TYPE_signature_algorithms, &o->sigalgs);
	o->wants_ocsp = SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_status_request, &p, &n) == 1;
	o->wants_etm = SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_encrypt_then_mac, &p, &n) == 1;
	return SSL_CLIENT_HELLO_SUCCESS;
}

static bool on_session(SSL *ssl, SSL_SESSION *session, void *arg)
{
	struct origin *o = arg;

	(void)ssl;
	SSL_SESSION_free(o->session);
	o->session = session;
	return true;
}

static void origin_init(struct origin *o, struct world *w, const struct made *leaf)
{
	*o = (struct origin){ .ctx = SSL_CTX_new(TLS_server_method()) };
	assert_int_equal(SSL_CTX_use_certificate(o->ctx, leaf->cert), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(o->ctx, leaf->key), 1);
	assert_int_equal(SSL_CTX_add1_chain_cert(o->ctx, w->inter.cert), 1);
	SSL_CTX_set_session_id_context(o->ctx, (const unsigned char *)"o", 1);
	SSL_CTX_set_client_hello_cb(o->ctx, on_hello, o);
	trust_on_session(w->trust, on_session, o);
}

static void origin_release(struct origin *o)
{
	SSL_SESSION_free(o->session);
	SSL_CTX_free(o->ctx);
}

/* One handshake; what was seen of it is in *o.  Whether a session was resumed. */
static bool visit(struct world *w, struct origin *o, const struct tls_shape *shape)
{
	SSL *client = SSL_new(trust_shaped_ctx(w->trust, shape)), *server = SSL_new(o->ctx);
	bool resumed;
	int c;

	assert_true(trust_attach(w->trust, client, SLICE("a.test")));
	if (o->session != NULL && trust_session_usable(w->trust, o->session))
		assert_int_equal(SSL_set_session(client, o->session), 1);
	join(client, server);
	shake(client, server, &c, NULL);
	assert_int_equal(c, SSL_ERROR_NONE);
	pass_data(client, server);
	resumed = SSL_session_reused(client) == 1;
	/* An orderly end, else the session is not to be resumed. */
	SSL_shutdown(client);
	SSL_free(client);
	SSL_free(server);
	return resumed;
}

static void expect_ids(const struct seen *got, const uint16_t *want, size_t n)
{
	assert_int_equal(got->n, n);
	assert_memory_equal(got->ids, want, n * sizeof(*want));
}
#define EXPECT(seen, ...)                                                                          \
	expect_ids(&(seen), (const uint16_t[]){ __VA_ARGS__ },                                     \
		   sizeof((const uint16_t[]){ __VA_ARGS__ }) / sizeof(uint16_t))
#define FOLLOW(shape, list, ...)                                                                   \
	tls_shape_follow(&(shape), list, (const uint16_t[]){ __VA_ARGS__ },                        \
			 sizeof((const uint16_t[]){ __VA_ARGS__ }) / sizeof(uint16_t))

/* What Chromium 156 and Firefox 153 offer, GREASE left out. */
static struct tls_shape chromium(void)
{
	struct tls_shape s = { .groups = { 0 } };

	FOLLOW(s, TLS_LIST_SUITES, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9,
	       0xcca8, 0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035);
	FOLLOW(s, TLS_LIST_GROUPS, 0x11ec, 29, 23, 24);
	FOLLOW(s, TLS_LIST_SIGALGS, 0x0904, 0x0905, 0x0906, 0x0403, 0x0804, 0x0401, 0x0503, 0x0805,
	       0x0501, 0x0806, 0x0601);
	return s;
}

static struct tls_shape firefox(void)
{
	struct tls_shape s = { .groups = { 0 } };

	FOLLOW(s, TLS_LIST_SUITES, 0x1301, 0x1303, 0x1302, 0xc02b, 0xc02f, 0xcca9, 0xcca8, 0xc02c,
	       0xc030, 0xc00a, 0xc013, 0xc014, 0x009c, 0x009d, 0x002f, 0x0035);
	FOLLOW(s, TLS_LIST_GROUPS, 0x11ec, 29, 23, 24, 25, 256, 257);
	FOLLOW(s, TLS_LIST_SIGALGS, 0x0403, 0x0503, 0x0603, 0x0804, 0x0805, 0x0806, 0x0401, 0x0501,
	       0x0601, 0x0203, 0x0201);
	return s;
}

/* OpenSSL ends its suites with 00ff, RFC 5746's way to say that it knows of renegotiation. */
static void expect_own(const struct origin *o)
{
	EXPECT(o->suites, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xcca9, 0xcca8, 0xc02c, 0xc030,
	       0x00ff);
	EXPECT(o->groups, 29, 23, 24);
	EXPECT(o->sigalgs, 0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601, 0x0603,
	       0x0807);
}

static void test_browsers(void **state)
{
	struct tls_shape own = { .groups = { 0 } }, c = chromium(), f = firefox();
	struct made leaf;
	struct origin o;
	struct world w;

	(void)state;
	world_init(&w, false);
	leaf = make_server("DNS:a.test", &w.inter);
	origin_init(&o, &w, &leaf);
	visit(&w, &o, &own);
	expect_own(&o);
	assert_true(o.wants_ocsp);
	assert_false(o.wants_etm);
	visit(&w, &o, &c);
	EXPECT(o.suites, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8,
	       0x00ff);
	EXPECT(o.groups, 29, 23, 24);
	EXPECT(o.sigalgs, 0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601);
	assert_true(o.wants_ocsp);
	visit(&w, &o, &f);
	EXPECT(o.suites, 0x1301, 0x1303, 0x1302, 0xc02b, 0xc02f, 0xcca9, 0xcca8, 0xc02c, 0xc030,
	       0x00ff);
	EXPECT(o.groups, 29, 23, 24, 25, 256, 257);
	EXPECT(o.sigalgs, 0x0403, 0x0503, 0x0603, 0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601);
	assert_false(o.wants_etm);
	origin_release(&o);
	made_free(&leaf);
	world_release(&w);
}

/* Whatever is said, nothing but the tables is offered, and both versions stay possible. */
static void test_never_weaker(void **state)
{
	struct tls_shape s = { .groups = { 0 } }, own = s;
	uint16_t all[1024];
	struct made leaf;
	struct origin o;
	struct world w;

	(void)state;
	/* NULL, export, RC4, 3DES, CBC, anonymous; secp160, sect163, brainpool; SHA-1, MD5, DSA. */
	FOLLOW(s, TLS_LIST_SUITES, 0x0000, 0x0003, 0x0005, 0x000a, 0x002f, 0x0034, 0xc013, 0xc018,
	       0x00ff, 0x5600);
	FOLLOW(s, TLS_LIST_GROUPS, 16, 1, 26, 0x11ec);
	FOLLOW(s, TLS_LIST_SIGALGS, 0x0201, 0x0203, 0x0202, 0x0101, 0x0904);
	assert_memory_equal(&s, &own, sizeof(s));
	/* Each list for itself; what is repeated counts once; an empty one is our own again. */
	FOLLOW(s, TLS_LIST_SUITES, 0xc030, 0x000a, 0xc030, 0xc02f);
	FOLLOW(s, TLS_LIST_GROUPS, 24, 24, 29);
	world_init(&w, false);
	leaf = make_server("DNS:a.test", &w.inter);
	origin_init(&o, &w, &leaf);
	visit(&w, &o, &s);
	EXPECT(o.suites, 0x1301, 0x1302, 0x1303, 0xc030, 0xc02f, 0x00ff);
	EXPECT(o.groups, 24, 29);
	tls_shape_follow(&s, TLS_LIST_SUITES, NULL, 0);
	tls_shape_follow(&s, TLS_LIST_GROUPS, NULL, 0);
	assert_memory_equal(&s, &own, sizeof(s));
	/* All there is. */
	for (unsigned from = 0; from < 0x10000; from += 1024) {
		for (unsigned i = 0; i < 1024; i++)
			all[i] = (uint16_t)(from + i);
		tls_shape_follow(&s, TLS_LIST_SUITES, all, 1024);
		tls_shape_follow(&s, TLS_LIST_GROUPS, all, 1024);
		tls_shape_follow(&s, TLS_LIST_SIGALGS, all, 1024);
		visit(&w, &o, &s);
		for (size_t i = 0; i + 1 < o.suites.n; i++)
			assert_true(o.suites.ids[i] >> 8 == 0x13 || o.suites.ids[i] >= 0xc02b);
		for (size_t i = 0; i < o.sigalgs.n; i++)
			assert_true(o.sigalgs.ids[i] >= 0x0401);
	}
	origin_release(&o);
	made_free(&leaf);
	world_release(&w);
}

/* A session made under one shape is resumed under another, TLS 1.2 and 1.3. */
static void test_resumed(void **state)
{
	static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };
	struct tls_shape own = { .groups = { 0 } }, c = chromium(), f = firefox();
	const struct tls_shape *turns[] = { &own, &c, &f, &c, &own };
	struct made leaf;
	struct world w;

	(void)state;
	world_init(&w, false);
	leaf = make_server("DNS:a.test", &w.inter);
	for (size_t v = 0; v < 2; v++) {
		struct origin o;

		origin_init(&o, &w, &leaf);
		SSL_CTX_set_max_proto_version(o.ctx, versions[v]);
		for (size_t i = 0; i < sizeof(turns) / sizeof(turns[0]); i++)
			assert_int_equal(visit(&w, &o, turns[i]), i != 0);
		origin_release(&o);
	}
	made_free(&leaf);
	world_release(&w);
}

/* Contexts are kept, the one unused for longest goes, and an SSL keeps its own. */
static void test_kept(void **state)
{
	struct tls_shape c = chromium(), s = { .groups = { 0 } };
	struct made leaf;
	struct origin o;
	struct world w;
	SSL_CTX *ctx;
	SSL *ssl;

	(void)state;
	world_init(&w, false);
	leaf = make_server("DNS:a.test", &w.inter);
	origin_init(&o, &w, &leaf);
	ctx = trust_shaped_ctx(w.trust, &c);
	ssl = SSL_new(ctx);
	assert_ptr_equal(trust_client_ctx(w.trust), trust_client_ctx(w.trust));
	assert_ptr_not_equal(trust_client_ctx(w.trust), ctx);
	for (unsigned i = 0; i < 3 * TRUST_SHAPES_MAX; i++) {
		/* Numbers whose digits of base 3 name suites. */
		const uint16_t suites[] = { (uint16_t)(0x1301 + i % 3),
					    (uint16_t)(0x1301 + i / 3 % 3),
					    (uint16_t)(i / 9 % 3 == 0 ? 0xc02b : 0xc02c),
					    (uint16_t)(i / 27 == 0 ? 0xc02f : 0xc030) };

		tls_shape_follow(&s, TLS_LIST_SUITES, suites, 4);
		visit(&w, &o, &s);
		assert_int_equal(o.suites.ids[0], suites[0]);
		assert_ptr_equal(trust_shaped_ctx(w.trust, &c), ctx);
	}
	assert_ptr_equal(SSL_get_SSL_CTX(ssl), ctx);
	SSL_free(ssl);
	visit(&w, &o, &(struct tls_shape){ .groups = { 0 } });
	expect_own(&o);
	origin_release(&o);
	made_free(&leaf);
	world_release(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_browsers),
		cmocka_unit_test(test_never_weaker),
		cmocka_unit_test(test_resumed),
		cmocka_unit_test(test_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
