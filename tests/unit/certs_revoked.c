/* certs: what is revoked, by stapled and by fetched answers; and which sessions may be resumed. */
#include "tests/unit/certs_trust_tools.h"

#include <openssl/ocsp.h>

#define GOOD V_OCSP_CERTSTATUS_GOOD
#define REVOKED V_OCSP_CERTSTATUS_REVOKED
#define UNKNOWN V_OCSP_CERTSTATUS_UNKNOWN

#define FROM (TEST_NOW_MS - HOUR_MS)
#define UNTIL (TEST_NOW_MS + 2 * DAY_MS)

static struct made make_responder(const struct made *issuer, const char *eku)
{
	struct cert_spec spec = { .cn = "responder",
				  .extensions = { { "keyUsage", "critical,digitalSignature" },
						  { "extendedKeyUsage", eku },
						  { "authorityKeyIdentifier", "keyid:always" } } };

	return make_cert(&spec, issuer);
}

/* ---- stapled ---- */

static void staple(struct world *w, struct origin_side *o, const struct made *signer, int status,
		   int64_t from_ms, int64_t until_ms, const char *want)
{
	struct buf answer;

	buf_init(&answer, 65536);
	add_ocsp(&answer, o->leaf->cert, w->inter.cert, signer, status, from_ms, until_ms);
	o->staple = buf_slice(&answer);
	expect(w, o, "a.test", want);
	o->staple = slice_of("", 0);
	buf_release(&answer);
}

static void test_staple(void **state)
{
	struct made stranger = make_root("Test Intermediate"), leaf, delegate, server;
	struct origin_side o = { .leaf = &leaf };
	struct world w;

	(void)state;
	world_init(&w, false);
	leaf = make_server("DNS:a.test", &w.inter);
	delegate = make_responder(&w.inter, "OCSPSigning");
	server = make_responder(&w.inter, "serverAuth");
	o.chain[0] = w.inter.cert;
	staple(&w, &o, &w.inter, GOOD, FROM, UNTIL, "good");
	staple(&w, &o, &w.inter, REVOKED, FROM, UNTIL, "revoked");
	staple(&w, &o, &w.inter, UNKNOWN, FROM, UNTIL, "good");
	staple(&w, &o, &delegate, REVOKED, FROM, UNTIL, "revoked");
	/* Not now; not by one who may say so. */
	staple(&w, &o, &w.inter, REVOKED, FROM - 2 * DAY_MS, FROM - DAY_MS, "good");
	staple(&w, &o, &w.inter, REVOKED, UNTIL, UNTIL + DAY_MS, "good");
	staple(&w, &o, &server, REVOKED, FROM, UNTIL, "good");
	staple(&w, &o, &stranger, REVOKED, FROM, UNTIL, "good");
	staple(&w, &o, &w.root, REVOKED, FROM, UNTIL, "good");
	o.staple = SLICE("not an answer");
	expect(&w, &o, "a.test", "good");
	made_free(&leaf);
	made_free(&delegate);
	made_free(&server);
	made_free(&stranger);
	world_release(&w);
}

static void test_must_staple(void **state)
{
	struct cert_spec spec = server_spec("DNS:a.test");
	struct made leaf, other;
	struct origin_side o = { .leaf = &leaf };
	struct buf answer;
	struct world w;

	(void)state;
	world_init(&w, false);
	spec.extensions[4] = (struct extension){ "tlsfeature", "status_request" };
	leaf = make_cert(&spec, &w.inter);
	other = make_server("DNS:a.test", &w.inter);
	o.chain[0] = w.inter.cert;
	expect(&w, &o, "a.test", "must-staple");
	staple(&w, &o, &w.inter, GOOD, FROM, UNTIL, "good");
	staple(&w, &o, &w.inter, REVOKED, FROM, UNTIL, "revoked");
	staple(&w, &o, &w.inter, GOOD, FROM - 2 * DAY_MS, FROM - DAY_MS, "must-staple");
	/* An answer about another certificate proves nothing. */
	buf_init(&answer, 65536);
	add_ocsp(&answer, other.cert, w.inter.cert, &w.inter, GOOD, FROM, UNTIL);
	o.staple = buf_slice(&answer);
	expect(&w, &o, "a.test", "must-staple");
	buf_release(&answer);
	made_free(&leaf);
	made_free(&other);
	world_release(&w);
}

/* ---- fetched ---- */

struct scene {
	struct world w;
	struct made leaf;
	struct origin_side o;
	struct meeting m;
	struct buf answer;
};

static void scene_init(struct scene *s, bool ocsp, bool crl)
{
	struct cert_spec spec = server_spec("DNS:a.test");
	size_t n = 4;

	*s = (struct scene){ .o = { .version = TLS1_3_VERSION } };
	world_init(&s->w, true);
	if (ocsp)
		spec.extensions[n++] =
			(struct extension){ "authorityInfoAccess", "OCSP;URI:" URL_OCSP };
	if (crl)
		spec.extensions[n++] =
			(struct extension){ "crlDistributionPoints", "URI:" URL_CRL };
	s->leaf = make_cert(&spec, &s->w.inter);
	s->o.leaf = &s->leaf;
	s->o.chain[0] = s->w.inter.cert;
	buf_init(&s->answer, 1 << 20);
}

static void scene_release(struct scene *s)
{
	buf_release(&s->answer);
	made_free(&s->leaf);
	world_release(&s->w);
}

static void begin(struct scene *s, enum trust_want_kind kind, const char *url)
{
	struct trust_want want;

	meet(&s->w, &s->m, &s->o, "a.test");
	assert_string_equal(outcome(&s->m), "waits");
	assert_true(trust_wants(s->m.client, &want));
	assert_int_equal(want.kind, kind);
	assert_string_equal(want.url, url);
	assert_int_equal(want.request.n != 0, kind == TRUST_WANT_OCSP);
}

static void give(struct scene *s, struct slice answer, const char *want)
{
	trust_give(s->m.client, answer);
	meet_on(&s->m);
	assert_string_equal(outcome(&s->m), want);
}

static void set_ocsp(struct scene *s, const struct made *signer, int status)
{
	buf_clear(&s->answer);
	add_ocsp(&s->answer, s->leaf.cert, s->w.inter.cert, signer, status, FROM, UNTIL);
}

static void set_crl(struct scene *s, const struct made *signer, bool revoked, int64_t until_ms)
{
	buf_clear(&s->answer);
	add_crl(&s->answer, signer, revoked ? s->leaf.cert : NULL, FROM, until_ms);
}

static void test_ocsp(void **state)
{
	static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };
	const unsigned char *p;
	struct trust_want want;
	OCSP_REQUEST *request;
	struct scene s;

	(void)state;
	scene_init(&s, true, true);
	for (size_t i = 0; i < 2; i++) {
		s.o.version = versions[i];
		world_renew(&s.w);
		begin(&s, TRUST_WANT_OCSP, URL_OCSP);
		/* Woken too early: it still waits for the same, with the same request. */
		meet_on(&s.m);
		assert_true(trust_wants(s.m.client, &want));
		p = (const unsigned char *)want.request.p;
		request = d2i_OCSP_REQUEST(NULL, &p, (long)want.request.n);
		assert_non_null(request);
		assert_int_equal(OCSP_request_onereq_count(request), 1);
		OCSP_REQUEST_free(request);
		set_ocsp(&s, &s.w.inter, GOOD);
		give(&s, buf_slice(&s.answer), "good");
		part(&s.m);
		/* Known until it ends, and no longer. */
		expect(&s.w, &s.o, "a.test", "good");
		s.w.wall += 2 * DAY_MS - 1000;
		expect(&s.w, &s.o, "a.test", "good");
		s.w.wall += 2000;
		expect(&s.w, &s.o, "a.test", "waits");
		s.w.wall = TEST_NOW_MS;
		world_renew(&s.w);
		begin(&s, TRUST_WANT_OCSP, URL_OCSP);
		set_ocsp(&s, &s.w.inter, REVOKED);
		give(&s, buf_slice(&s.answer), "revoked");
		part(&s.m);
		expect(&s.w, &s.o, "a.test", "revoked");
	}
	scene_release(&s);
}

/* An answer that proves nothing leaves the list; one that does not come leaves it at that. */
static void test_fallback(void **state)
{
	struct scene s;

	(void)state;
	scene_init(&s, true, true);
	begin(&s, TRUST_WANT_OCSP, URL_OCSP);
	set_ocsp(&s, &s.w.root, REVOKED);
	give(&s, buf_slice(&s.answer), "waits");
	set_crl(&s, &s.w.inter, true, UNTIL);
	give(&s, buf_slice(&s.answer), "revoked");
	part(&s.m);
	world_renew(&s.w);
	begin(&s, TRUST_WANT_OCSP, URL_OCSP);
	give(&s, SLICE("<html>"), "waits");
	give(&s, SLICE("<html>"), "good");
	part(&s.m);
	world_renew(&s.w);
	begin(&s, TRUST_WANT_OCSP, URL_OCSP);
	give(&s, SLICE(""), "good");
	part(&s.m);
	/* The next ones need not wait either, for a while. */
	expect(&s.w, &s.o, "a.test", "good");
	s.w.wall += 301000;
	expect(&s.w, &s.o, "a.test", "waits");
	scene_release(&s);
}

static void test_crl(void **state)
{
	struct made stranger = make_root("Test Intermediate");
	struct scene s;

	(void)state;
	scene_init(&s, false, true);
	begin(&s, TRUST_WANT_CRL, URL_CRL);
	set_crl(&s, &s.w.inter, true, UNTIL);
	give(&s, buf_slice(&s.answer), "revoked");
	part(&s.m);
	world_renew(&s.w);
	begin(&s, TRUST_WANT_CRL, URL_CRL);
	set_crl(&s, &s.w.inter, false, UNTIL);
	give(&s, buf_slice(&s.answer), "good");
	part(&s.m);
	expect(&s.w, &s.o, "a.test", "good");
	/* By another of the same name; out of date. */
	world_renew(&s.w);
	begin(&s, TRUST_WANT_CRL, URL_CRL);
	set_crl(&s, &stranger, true, UNTIL);
	give(&s, buf_slice(&s.answer), "good");
	part(&s.m);
	world_renew(&s.w);
	begin(&s, TRUST_WANT_CRL, URL_CRL);
	set_crl(&s, &s.w.inter, true, TEST_NOW_MS - 10 * 60000);
	give(&s, buf_slice(&s.answer), "good");
	part(&s.m);
	made_free(&stranger);
	scene_release(&s);
}

/* A stapled answer saves the question. */
static void test_staple_first(void **state)
{
	struct scene s;
	struct buf answer;

	(void)state;
	scene_init(&s, true, true);
	buf_init(&answer, 65536);
	add_ocsp(&answer, s.leaf.cert, s.w.inter.cert, &s.w.inter, GOOD, FROM, UNTIL);
	s.o.staple = buf_slice(&answer);
	meet(&s.w, &s.m, &s.o, "a.test");
	assert_string_equal(outcome(&s.m), "good");
	part(&s.m);
	s.o.staple = slice_of("", 0);
	meet(&s.w, &s.m, &s.o, "a.test");
	assert_string_equal(outcome(&s.m), "good");
	part(&s.m);
	buf_release(&answer);
	scene_release(&s);
}

/* The authorities on the path count too. */
static void test_revoked_authority(void **state)
{
	struct cert_spec spec = intermediate_spec("Lower");
	struct made lower, leaf;
	struct scene s;

	(void)state;
	scene_init(&s, false, false);
	spec.extensions[4] = (struct extension){ "crlDistributionPoints", "URI:" URL_CRL };
	lower = make_cert(&spec, &s.w.root);
	leaf = make_server("DNS:a.test", &lower);
	s.o.leaf = &leaf;
	s.o.chain[0] = lower.cert;
	begin(&s, TRUST_WANT_CRL, URL_CRL);
	buf_clear(&s.answer);
	add_crl(&s.answer, &s.w.root, lower.cert, FROM, UNTIL);
	give(&s, buf_slice(&s.answer), "revoked");
	part(&s.m);
	made_free(&lower);
	made_free(&leaf);
	scene_release(&s);
}

/* Without the option nothing is asked; where a certificate names no place neither. */
static void test_not_asked(void **state)
{
	struct scene s;

	(void)state;
	scene_init(&s, true, true);
	s.w.options.fetch_revocation = false;
	world_renew(&s.w);
	expect(&s.w, &s.o, "a.test", "good");
	scene_release(&s);
	scene_init(&s, false, false);
	expect(&s.w, &s.o, "a.test", "good");
	scene_release(&s);
}

/* ---- sessions ---- */

struct kept {
	SSL_SESSION *last;
	unsigned count;
};

static bool keep(SSL *ssl, SSL_SESSION *session, void *arg)
{
	struct kept *k = arg;

	(void)ssl;
	SSL_SESSION_free(k->last);
	k->last = session;
	k->count++;
	return true;
}

/* One connection to an origin that lives on; with a session or without. */
static bool visit(struct world *w, SSL_CTX *origin, SSL_SESSION *session)
{
	SSL *client = SSL_new(trust_client_ctx(w->trust)), *server = SSL_new(origin);
	int error;
	bool resumed;

	assert_true(trust_attach(w->trust, client, SLICE("a.test")));
	if (session != NULL)
		assert_int_equal(SSL_set_session(client, session), 1);
	join(client, server);
	shake(client, server, &error, NULL);
	assert_int_equal(error, SSL_ERROR_NONE);
	assert_null(trust_error_get(client));
	pass_data(client, server);
	resumed = SSL_session_reused(client) != 0;
	SSL_shutdown(client);
	SSL_free(client);
	SSL_free(server);
	return resumed;
}

static void test_sessions(void **state)
{
	static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };
	struct kept kept = { NULL, 0 };
	struct made leaf;
	struct world w;

	(void)state;
	world_init(&w, false);
	leaf = make_server("DNS:a.test", &w.inter);
	for (size_t i = 0; i < 2; i++) {
		struct origin_side o = { .leaf = &leaf,
					 .chain = { w.inter.cert },
					 .version = versions[i],
					 .tickets = true };
		struct meeting m;

		w.wall = TEST_NOW_MS;
		world_renew(&w);
		trust_on_session(w.trust, keep, &kept);
		meet(&w, &m, &o, "a.test");
		kept.count = 0;
		assert_false(visit(&w, m.server_ctx, NULL));
		assert_true(kept.count >= 1);
		assert_true(trust_session_usable(w.trust, kept.last));
		/* Resumed, and resumed from what that one gave. */
		w.wall += 20 * HOUR_MS;
		kept.count = 0;
		assert_true(visit(&w, m.server_ctx, kept.last));
		/* Each gives one for the next, TLS 1.2 the same or a newer one. */
		assert_true(kept.count >= 1);
		assert_true(visit(&w, m.server_ctx, kept.last));
		assert_true(trust_session_usable(w.trust, kept.last));
		/* Resuming does not make the verification any younger. */
		w.wall += 5 * HOUR_MS;
		assert_false(trust_session_usable(w.trust, kept.last));
		w.wall = TEST_NOW_MS - 1;
		assert_false(trust_session_usable(w.trust, kept.last));
		w.wall = TEST_NOW_MS;
		assert_true(trust_session_usable(w.trust, kept.last));
		/* Other roots, other verdicts. */
		world_renew(&w);
		assert_false(trust_session_usable(w.trust, kept.last));
		part(&m);
	}
	SSL_SESSION_free(kept.last);
	made_free(&leaf);
	world_release(&w);
}

static void test_session_of_short_leaf(void **state)
{
	struct cert_spec spec = server_spec("DNS:a.test");
	struct kept kept = { NULL, 0 };
	struct made leaf;
	struct origin_side o = { .leaf = &leaf, .tickets = true };
	struct meeting m;
	struct world w;

	(void)state;
	world_init(&w, false);
	spec.until_ms = TEST_NOW_MS + HOUR_MS;
	leaf = make_cert(&spec, &w.inter);
	o.chain[0] = w.inter.cert;
	trust_on_session(w.trust, keep, &kept);
	meet(&w, &m, &o, "a.test");
	assert_false(visit(&w, m.server_ctx, NULL));
	assert_true(trust_session_usable(w.trust, kept.last));
	w.wall += HOUR_MS;
	assert_false(trust_session_usable(w.trust, kept.last));
	part(&m);
	SSL_SESSION_free(kept.last);
	made_free(&leaf);
	world_release(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_staple),
		cmocka_unit_test(test_must_staple),
		cmocka_unit_test(test_ocsp),
		cmocka_unit_test(test_fallback),
		cmocka_unit_test(test_crl),
		cmocka_unit_test(test_staple_first),
		cmocka_unit_test(test_revoked_authority),
		cmocka_unit_test(test_not_asked),
		cmocka_unit_test(test_sessions),
		cmocka_unit_test(test_session_of_short_leaf),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
