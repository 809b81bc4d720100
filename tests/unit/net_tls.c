/* proxy/net: what TLS adds to a stream: suspended and failing handshakes, alerts, limits. */
#include "tests/unit/net_tools.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Suspends until arg says go. */
static int cert_cb(SSL *ssl, void *arg)
{
	(void)ssl;
	return *(bool *)arg ? 1 : -1;
}

static int hello_cb(SSL *ssl, int *alert, void *arg)
{
	(void)ssl;
	(void)alert;
	return *(bool *)arg ? SSL_CLIENT_HELLO_SUCCESS : SSL_CLIENT_HELLO_RETRY;
}

static int verify_cb(X509_STORE_CTX *ctx, void *arg)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(ctx, SSL_get_ex_data_X509_STORE_CTX_idx());

	if (!*(bool *)arg)
		return SSL_set_retry_verify(ssl);
	return X509_verify_cert(ctx);
}

static void test_suspend(void **state)
{
	static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };
	struct pair p;
	bool go;

	(void)state;
	for (int i = 0; i < 6; i++) {
		struct end *waits;

		pair_init(&p, false);
		pair_sockets(&p, true);
		go = false;
		p.server = server_ctx();
		p.client = client_ctx(p.server);
		if (i / 2 == 0)
			SSL_CTX_set_cert_cb(p.server, cert_cb, &go);
		else if (i / 2 == 1)
			SSL_CTX_set_client_hello_cb(p.server, hello_cb, &go);
		else
			SSL_CTX_set_cert_verify_callback(p.client, verify_cb, &go);
		waits = i / 2 == 2 ? &p.a : &p.b;
		pair_tls(&p, versions[i % 2]);
		RUN_UNTIL(p.loop, waits->wants == 1);
		run_idle(p.loop);
		assert_int_equal(waits->wants, 1);
		assert_int_equal(waits->connected, 0);
		/* Not yet: it is told again. */
		stream_resume_handshake(waits->s);
		RUN_UNTIL(p.loop, waits->wants == 2);
		go = true;
		stream_resume_handshake(waits->s);
		RUN_UNTIL(p.loop, p.a.connected + p.b.connected == 2);
		stream_write(p.a.s, SLICE("x"));
		RUN_UNTIL(p.loop, p.b.count == 1);
		pair_release(&p);
	}
}

static int closing_cb(SSL *ssl, void *arg)
{
	stream_close(stream_of_ssl(ssl), *(enum stream_how *)arg);
	return 1;
}

/* The owner may close even while OpenSSL is calling. */
static void test_close_inside_callback(void **state)
{
	struct pair p;

	(void)state;
	for (int i = 0; i < 2; i++) {
		enum stream_how how = i ? STREAM_RESET : STREAM_GRACEFUL;

		pair_init(&p, false);
		pair_sockets(&p, true);
		p.server = server_ctx();
		p.client = client_ctx(p.server);
		SSL_CTX_set_cert_cb(p.server, closing_cb, &how);
		pair_tls(&p, TLS1_3_VERSION);
		stream_write(p.b.s, SLICE("never"));
		RUN_UNTIL(p.loop, p.a.errors + p.a.eofs == 1);
		assert_int_equal(p.b.errors + p.b.connected, 0);
		stream_close(p.a.s, STREAM_GRACEFUL);
		p.a.s = NULL;
		p.b.s = NULL;
		RUN_UNTIL(p.loop, stream_lingering(p.loop) == 0);
		pair_release(&p);
	}
}

/* A client that does not trust us says so, and the alert can be read. */
static void test_alert(void **state)
{
	struct pair p;

	(void)state;
	for (int i = 0; i < 2; i++) {
		SSL_CTX *other = SSL_CTX_new(TLS_client_method());

		pair_init(&p, false);
		pair_sockets(&p, true);
		p.server = server_ctx();
		p.client = other;
		SSL_CTX_set_verify(other, SSL_VERIFY_PEER, NULL);
		pair_tls(&p, i ? TLS1_3_VERSION : TLS1_2_VERSION);
		RUN_UNTIL(p.loop, p.a.errors == 1);
		assert_int_equal(stream_errno(p.a.s), EPROTO);
		assert_non_null(strstr(stream_error_text(p.a.s), "self-signed"));
		/* The alert survives the close that follows. */
		stream_close(p.a.s, STREAM_GRACEFUL);
		p.a.s = NULL;
		RUN_UNTIL(p.loop, p.b.errors == 1);
		assert_int_equal(stream_alert(p.b.s), SSL_AD_UNKNOWN_CA);
		assert_int_equal(p.b.connected, 0);
		pair_release(&p);
	}
}

static void test_not_tls(void **state)
{
	struct pair p;

	(void)state;
	pair_init(&p, false);
	pair_sockets(&p, true);
	p.server = server_ctx();
	assert_true(stream_start_tls_server(p.b.s, SSL_new(p.server)));
	stream_write(p.a.s, SLICE("GET / HTTP/1.1\r\n\r\n"));
	RUN_UNTIL(p.loop, p.b.errors == 1);
	assert_int_equal(stream_errno(p.b.s), EPROTO);
	pair_release(&p);
	/* And one that leaves in the middle. */
	pair_init(&p, false);
	pair_sockets(&p, true);
	p.server = server_ctx();
	assert_true(stream_start_tls_server(p.b.s, SSL_new(p.server)));
	stream_close(p.a.s, STREAM_GRACEFUL);
	p.a.s = NULL;
	RUN_UNTIL(p.loop, p.b.errors == 1);
	assert_int_equal(stream_errno(p.b.s), ECONNRESET);
	pair_release(&p);
}

/* The peer's renegotiation is refused; the connection, or at least we, live on. */
static void test_renegotiation(void **state)
{
	struct pair p;

	(void)state;
	pair_init(&p, false);
	pair_sockets(&p, true);
	pair_tls(&p, TLS1_2_VERSION);
	RUN_UNTIL(p.loop, p.a.connected + p.b.connected == 2);
	SSL_clear_options(stream_ssl(p.a.s), SSL_OP_NO_RENEGOTIATION);
	assert_int_equal(SSL_renegotiate(stream_ssl(p.a.s)), 1);
	stream_write(p.a.s, SLICE("x"));
	for (int i = 0; i < 100; i++)
		loop_turn(p.loop, false);
	assert_int_equal(p.b.connected, 1);
	pair_release(&p);
}

static void test_key_update(void **state)
{
	struct pair p;

	(void)state;
	pair_init(&p, false);
	pair_sockets(&p, true);
	pair_tls(&p, TLS1_3_VERSION);
	RUN_UNTIL(p.loop, p.a.connected + p.b.connected == 2);
	for (unsigned i = 1; i <= 20; i++) {
		assert_int_equal(SSL_key_update(stream_ssl(p.a.s), SSL_KEY_UPDATE_REQUESTED), 1);
		stream_write(p.a.s, SLICE("to"));
		stream_write(p.b.s, SLICE("fro"));
		RUN_UNTIL(p.loop, p.b.count == 2 * i && p.a.count == 3 * i);
	}
	assert_int_equal(p.a.errors + p.b.errors, 0);
	pair_release(&p);
}

/* A cut stream ends without close_notify, and what was written arrives. */
static void test_cut(void **state)
{
	struct pair p;

	(void)state;
	pair_init(&p, false);
	pair_sockets(&p, true);
	pair_tls(&p, TLS1_3_VERSION);
	RUN_UNTIL(p.loop, p.a.connected + p.b.connected == 2);
	stream_write(p.a.s, SLICE("half"));
	stream_close(p.a.s, STREAM_CUT);
	p.a.s = NULL;
	RUN_UNTIL(p.loop, p.b.eofs == 1);
	assert_int_equal(p.b.count, 4);
	assert_false(stream_eof_clean(p.b.s));
	/* Its own half still works as far as OpenSSL is concerned. */
	assert_true(stream_write(p.b.s, SLICE("late")));
	pair_release(&p);
}

static SSL_SESSION *kept;

static int keep_session(SSL *ssl, SSL_SESSION *session)
{
	(void)ssl;
	SSL_SESSION_free(kept);
	kept = session;
	return 1;
}

/* Tickets come after the handshake; the session can be resumed. */
static void test_resumption(void **state)
{
	struct pair p;

	(void)state;
	pair_init(&p, false);
	p.server = server_ctx();
	p.client = client_ctx(p.server);
	SSL_CTX_set_session_cache_mode(p.client,
				       SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL_STORE);
	SSL_CTX_sess_set_new_cb(p.client, keep_session);
	for (int i = 0; i < 2; i++) {
		SSL *ssl = SSL_new(p.client);

		pair_sockets(&p, true);
		if (kept != NULL)
			SSL_set_session(ssl, kept);
		assert_true(stream_start_tls_client(p.a.s, ssl));
		assert_true(stream_start_tls_server(p.b.s, SSL_new(p.server)));
		p.a.connected = 0;
		p.b.connected = 0;
		RUN_UNTIL(p.loop, p.a.connected + p.b.connected == 2);
		stream_write(p.b.s, SLICE("x"));
		p.a.count = 0;
		RUN_UNTIL(p.loop, p.a.count == 1);
		assert_non_null(kept);
		assert_int_equal(SSL_session_reused(ssl), i);
		stream_close(p.a.s, STREAM_GRACEFUL);
		stream_close(p.b.s, STREAM_GRACEFUL);
		RUN_UNTIL(p.loop, stream_lingering(p.loop) == 0);
	}
	SSL_SESSION_free(kept);
	p.a.s = NULL;
	p.b.s = NULL;
	pair_release(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_close_inside_callback),
		cmocka_unit_test(test_suspend),
		cmocka_unit_test(test_alert),
		cmocka_unit_test(test_not_tls),
		cmocka_unit_test(test_renegotiation),
		cmocka_unit_test(test_key_update),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_resumption),
	};

	return cmocka_run_group_tests_name("net_tls", tests, NULL, NULL);
}
