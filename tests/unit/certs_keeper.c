/* certs: what the keeper answers, to good requests and to hostile ones. */
#include "certs/certinfo.h"
#include "certs/keeper.h"
#include "tests/unit/certs_tools.h"

#include <stdio.h>
#include <stdlib.h>

struct bench {
	struct keeper *keeper;
	EVP_PKEY *key;
	struct buf spki, body, answer, error;
	struct minted_note note;
	struct minted minted;
	int64_t wall, mono;
};

static void bench_init(struct bench *b, struct ca *ca)
{
	unsigned char *der = NULL;
	int n;

	*b = (struct bench){ .key = EVP_EC_gen("P-256"), .wall = TEST_NOW_MS, .mono = 5000 };
	buf_init(&b->spki, 1024);
	buf_init(&b->body, MSG_MAX);
	buf_init(&b->answer, MSG_MAX);
	buf_init(&b->error, 1024);
	n = i2d_PUBKEY(b->key, &der);
	buf_add(&b->spki, slice_of((char *)der, (size_t)n));
	OPENSSL_free(der);
	b->keeper = keeper_new(ca != NULL ? ca : ca_create(TEST_NOW_MS, &b->error), &b->error);
	assert_non_null(b->keeper);
}

static void bench_release(struct bench *b)
{
	keeper_free(b->keeper);
	EVP_PKEY_free(b->key);
	buf_release(&b->spki);
	buf_release(&b->body);
	buf_release(&b->answer);
	buf_release(&b->error);
}

static enum keeper_status handle(struct bench *b, unsigned from, struct slice body)
{
	enum keeper_status s =
		keeper_handle(b->keeper, from, body, b->wall, b->mono, &b->answer, &b->note);

	assert_true(buf_ok(&b->answer));
	assert_true(keeper_get_minted(buf_slice(&b->answer), &b->minted));
	assert_int_equal(b->minted.status, s);
	assert_true((s == KEEPER_OK) == (b->minted.leaf.n != 0));
	assert_true((s == KEEPER_OK) == (b->minted.text.n == 0));
	return s;
}

static enum keeper_status ask(struct bench *b, unsigned from, const char *host)
{
	buf_clear(&b->body);
	keeper_put_mint(&b->body, slice_str(host), buf_slice(&b->spki));
	return handle(b, from, buf_slice(&b->body));
}

static void test_answer(void **state)
{
	unsigned char digest[32];
	const unsigned char *p;
	struct bench b;
	struct buf hex;
	X509 *x;

	(void)state;
	bench_init(&b, NULL);
	assert_int_equal(ask(&b, 3, "WWW.example.com"), KEEPER_OK);
	/* As it was asked for, so that the worker finds who waits. */
	assert_true(slice_eq(b.minted.host, SLICE("WWW.example.com")));
	assert_int_equal(b.minted.chain_len, 0);
	assert_true(b.note.fresh);
	assert_string_equal(b.note.host, "www.example.com");
	assert_int_equal(strlen(b.note.serial), 32);
	p = (const unsigned char *)b.minted.leaf.p;
	x = d2i_X509(NULL, &p, (long)b.minted.leaf.n);
	assert_non_null(x);
	assert_int_equal(X509_check_host(x, "www.example.com", 0, 0, NULL), 1);
	assert_int_equal(b.note.not_after_ms, cert_time_ms(X509_get0_notAfter(x)));
	buf_init(&hex, 128);
	assert_true(cert_sha256(x, digest) && buf_add_hex(&hex, digest, 32));
	assert_true(slice_eq(buf_slice(&hex), slice_str(b.note.sha256)));
	buf_release(&hex);
	X509_free(x);
	bench_release(&b);
}

static void test_cache(void **state)
{
	unsigned char first[4096];
	size_t n;
	struct bench b;

	(void)state;
	bench_init(&b, NULL);
	assert_int_equal(ask(&b, 1, "a.example"), KEEPER_OK);
	n = b.minted.leaf.n;
	memcpy(first, b.minted.leaf.p, n);
	/* Another worker with the same key, another spelling of the same host. */
	assert_int_equal(ask(&b, 2, "A.example."), KEEPER_OK);
	assert_false(b.note.fresh);
	assert_true(slice_eq(b.minted.leaf, slice_of((char *)first, n)));
	/* When it is near its end, a new one. */
	b.wall += 36 * DAY_MS;
	assert_int_equal(ask(&b, 1, "a.example"), KEEPER_OK);
	assert_true(b.note.fresh);
	/* Another key, another certificate. */
	EVP_PKEY_free(b.key);
	buf_release(&b.spki);
	b.key = EVP_EC_gen("P-256");
	buf_clear(&b.spki);
	{
		unsigned char *der = NULL;
		int len = i2d_PUBKEY(b.key, &der);

		buf_add(&b.spki, slice_of((char *)der, (size_t)len));
		OPENSSL_free(der);
	}
	assert_int_equal(ask(&b, 1, "a.example"), KEEPER_OK);
	assert_true(b.note.fresh);
	bench_release(&b);
}

static void test_rate(void **state)
{
	char host[64];
	struct bench b;
	unsigned n = 0;

	(void)state;
	bench_init(&b, NULL);
	for (n = 0; n < KEEPER_BURST; n++) {
		snprintf(host, sizeof(host), "h%u.example", n);
		assert_int_equal(ask(&b, 1, host), KEEPER_OK);
	}
	assert_int_equal(ask(&b, 1, "one-more.example"), KEEPER_LIMITED);
	assert_false(b.note.fresh);
	/* What was signed before is free; others have their own bucket. */
	assert_int_equal(ask(&b, 1, "h0.example"), KEEPER_OK);
	assert_int_equal(ask(&b, 2, "one-more.example"), KEEPER_OK);
	/* A clock that goes back gives nothing; time gives KEEPER_RATE a second. */
	b.mono -= 1000;
	assert_int_equal(ask(&b, 1, "x.example"), KEEPER_LIMITED);
	b.mono += 1000 / KEEPER_RATE;
	assert_int_equal(ask(&b, 1, "x.example"), KEEPER_OK);
	assert_int_equal(ask(&b, 1, "y.example"), KEEPER_LIMITED);
	/* Never more than the burst, however long it was quiet. */
	b.mono += 365 * DAY_MS;
	for (n = 0; n < KEEPER_BURST; n++) {
		snprintf(host, sizeof(host), "i%u.example", n);
		assert_int_equal(ask(&b, 1, host), KEEPER_OK);
	}
	assert_int_equal(ask(&b, 1, "j.example"), KEEPER_LIMITED);
	bench_release(&b);
}

static void test_bad_requests(void **state)
{
	static const char *const hosts[] = { "", "*.example.com", "a b", "a/b", "1.2.3", "-..-" };
	char big[400];
	struct bench b;
	struct buf body;

	(void)state;
	bench_init(&b, NULL);
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++)
		assert_int_equal(ask(&b, 1, hosts[i]), KEEPER_BAD_HOST);
	assert_int_equal(ask(&b, 60000, "a.example"), KEEPER_BAD_REQUEST);
	memset(big, 'a', sizeof(big));
	buf_init(&body, MSG_MAX);
	keeper_put_mint(&body, slice_of(big, sizeof(big)), buf_slice(&b.spki));
	assert_int_equal(handle(&b, 1, buf_slice(&body)), KEEPER_BAD_REQUEST);
	buf_clear(&body);
	keeper_put_mint(&body, SLICE("a.example"), slice_of(big, sizeof(big)));
	assert_int_equal(handle(&b, 1, buf_slice(&body)), KEEPER_BAD_REQUEST);
	buf_clear(&body);
	keeper_put_mint(&body, SLICE("a.example"), slice_of(big, 91));
	assert_int_equal(handle(&b, 1, buf_slice(&body)), KEEPER_FAILED);
	/* Cut anywhere, or with a byte too many. */
	buf_clear(&body);
	keeper_put_mint(&body, SLICE("a.example"), buf_slice(&b.spki));
	for (size_t n = 0; n < body.len; n++)
		assert_int_equal(handle(&b, 1, slice_head(buf_slice(&body), n)),
				 KEEPER_BAD_REQUEST);
	buf_addc(&body, 'x');
	assert_int_equal(handle(&b, 1, buf_slice(&body)), KEEPER_BAD_REQUEST);
	assert_false(b.note.fresh);
	buf_release(&body);
	bench_release(&b);
}

/* The worker reads the answer as carefully. */
static void test_bad_answers(void **state)
{
	struct minted m;
	struct bench b;

	(void)state;
	bench_init(&b, NULL);
	assert_int_equal(ask(&b, 1, "a.example"), KEEPER_OK);
	for (size_t n = 0; n < b.answer.len; n++)
		assert_false(keeper_get_minted(slice_head(buf_slice(&b.answer), n), &m));
	buf_addc(&b.answer, 'x');
	assert_false(keeper_get_minted(buf_slice(&b.answer), &m));
	buf_clear(&b.answer);
	msg_put_bytes(&b.answer, SLICE("a.example"));
	msg_put_u8(&b.answer, KEEPER_FAILED + 1);
	msg_put_bytes(&b.answer, SLICE("?"));
	assert_false(keeper_get_minted(buf_slice(&b.answer), &m));
	buf_clear(&b.answer);
	msg_put_bytes(&b.answer, SLICE("a.example"));
	msg_put_u8(&b.answer, KEEPER_OK);
	msg_put_bytes(&b.answer, SLICE("leaf"));
	msg_put_u8(&b.answer, CA_CHAIN_MAX + 1);
	for (int i = 0; i <= CA_CHAIN_MAX; i++)
		msg_put_bytes(&b.answer, SLICE("c"));
	assert_false(keeper_get_minted(buf_slice(&b.answer), &m));
	bench_release(&b);
}

/* A CA below others goes out with each leaf, and so do those, but not the root. */
static void test_chain(void **state)
{
	struct made root = make_root("root"), upper = make_intermediate("upper", &root),
		    lower = make_intermediate("lower", &upper);
	struct ca *ca = calloc(1, sizeof(*ca));
	struct buf der;
	struct bench b;

	(void)state;
	*ca = (struct ca){ .cert = lower.cert, .key = lower.key, .chain_len = 2 };
	ca->chain[0] = root.cert;
	ca->chain[1] = upper.cert;
	buf_init(&der, 8192);
	assert_true(ca_check(ca, TEST_NOW_MS, &der));
	assert_int_equal(ca->chain_len, 1);
	bench_init(&b, ca);
	assert_int_equal(ask(&b, 1, "a.example"), KEEPER_OK);
	assert_int_equal(b.minted.chain_len, 2);
	add_der_cert(&der, lower.cert);
	assert_true(slice_eq(b.minted.chain[0], buf_slice(&der)));
	buf_clear(&der);
	add_der_cert(&der, upper.cert);
	assert_true(slice_eq(b.minted.chain[1], buf_slice(&der)));
	buf_release(&der);
	EVP_PKEY_free(root.key);
	EVP_PKEY_free(upper.key);
	bench_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answer),	    cmocka_unit_test(test_cache),
		cmocka_unit_test(test_rate),	    cmocka_unit_test(test_bad_requests),
		cmocka_unit_test(test_bad_answers), cmocka_unit_test(test_chain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
