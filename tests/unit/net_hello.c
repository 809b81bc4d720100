/* proxy/net: ClientHello, whole, cut and broken. */
#include "tests/unit/net_tools.h"

#include <string.h>

#include "proxy/net/hello.h"

static size_t client_hello(char *out, size_t size, const char *sni, bool alpn)
{
	static const unsigned char protocols[] = "\x02h2\x08http/1.1";
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	SSL *ssl = SSL_new(ctx);
	BIO *in = BIO_new(BIO_s_mem()), *to = BIO_new(BIO_s_mem());
	int n;

	SSL_set_bio(ssl, in, to);
	SSL_set_connect_state(ssl);
	if (sni != NULL)
		SSL_set_tlsext_host_name(ssl, sni);
	if (alpn)
		SSL_set_alpn_protos(ssl, protocols, sizeof(protocols) - 1);
	SSL_do_handshake(ssl);
	n = BIO_read(to, out, (int)size);
	assert_true(n > 0);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	return (size_t)n;
}

static void check_hello(const struct hello *h)
{
	assert_string_equal(h->sni, "www.example.com");
	assert_true(hello_offers_alpn(h, SLICE("h2")));
	assert_true(hello_offers_alpn(h, SLICE("http/1.1")));
	assert_false(hello_offers_alpn(h, SLICE("http/1.")));
	assert_true(hello_offers_tls(h, 3));
	assert_true(hello_offers_tls(h, 2));
	assert_false(h->has_ech);
}

/* The same message cut into records of `piece` bytes. */
static size_t split(const char *in, size_t n, size_t piece, char *out)
{
	size_t to = 0;

	for (size_t at = 5; at < n; at += piece) {
		size_t part = n - at < piece ? n - at : piece;

		memcpy(out + to, "\x16\x03\x01", 3);
		out[to + 3] = (char)(part >> 8);
		out[to + 4] = (char)part;
		memcpy(out + to + 5, in + at, part);
		to += part + 5;
	}
	return to;
}

static void test_hello(void **state)
{
	char raw[4096], cut[40000];
	size_t n = client_hello(raw, sizeof(raw), "WWW.Example.com", true), m;
	struct hello h;

	(void)state;
	assert_int_equal(hello_parse(slice_of(raw, n), &h), HELLO_OK);
	check_hello(&h);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(hello_parse(slice_of(raw, i), &h), HELLO_MORE);
	for (size_t piece = 5; piece < n; piece += 3) {
		m = split(raw, n, piece, cut);
		if ((n - 5 + piece - 1) / piece > HELLO_RECORDS_MAX) {
			assert_int_equal(hello_parse(slice_of(cut, m), &h), HELLO_BAD);
			continue;
		}
		assert_int_equal(hello_parse(slice_of(cut, m), &h), HELLO_OK);
		check_hello(&h);
		assert_int_equal(hello_parse(slice_of(cut, m - 1), &h), HELLO_MORE);
	}
	/* Bytes behind it (early data) do not matter. */
	memcpy(cut, raw, n);
	memcpy(cut + n, "\x17\x03\x03junk", 7);
	assert_int_equal(hello_parse(slice_of(cut, n + 7), &h), HELLO_OK);
	n = client_hello(raw, sizeof(raw), NULL, false);
	assert_int_equal(hello_parse(slice_of(raw, n), &h), HELLO_OK);
	assert_string_equal(h.sni, "");
	assert_int_equal(h.alpn_len, 0);
}

static void test_hello_bad(void **state)
{
	static const struct {
		struct slice bytes;
		enum hello_status status;
	} rows[] = {
		{ { "", 0 }, HELLO_MORE },
		{ { "G", 1 }, HELLO_NOT_TLS },
		{ { "SSH-2.0-x", 9 }, HELLO_NOT_TLS },
		{ { "\x16", 1 }, HELLO_MORE },
		{ { "\x16\x02", 2 }, HELLO_NOT_TLS },
		{ { "\x16\x03\x01\x00\x00", 5 }, HELLO_BAD },
		{ { "\x16\x03\x01\xff\xff", 5 }, HELLO_BAD },
		{ { "\x16\x03\x01\x00\x04\x02\x00\x00\x10", 9 }, HELLO_BAD },
		{ { "\x16\x03\x01\x00\x04\x01\x01\x00\x00", 9 }, HELLO_BAD },
		{ { "\x16\x03\x01\x00\x04\x01\x00\x00\x02", 9 }, HELLO_BAD },
		{ { "\x16\x03\x01\x00\x02\x01\x00\x15", 8 }, HELLO_BAD },
	};
	char raw[4096];
	size_t n = client_hello(raw, sizeof(raw), "a.example", true);
	unsigned seed = 1;
	struct hello h;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(hello_parse(rows[i].bytes, &h), rows[i].status);
	/* Any change of any byte is survived (the sanitizers watch). */
	for (size_t i = 0; i < n; i++) {
		for (int k = 0; k < 8; k++) {
			char was = raw[i];

			seed = seed * 1103515245u + 12345u;
			raw[i] = (char)(seed >> 16);
			hello_parse(slice_of(raw, n), &h);
			assert_true(memchr(h.sni, 0, sizeof(h.sni)) != NULL);
			raw[i] = was;
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hello),
		cmocka_unit_test(test_hello_bad),
	};

	return cmocka_run_group_tests_name("net_hello", tests, NULL, NULL);
}
