/* certs: ticket keys as messages, over their rotation, and between hosts. */
#include "base/msg.h"
#include "certs/leaf.h"
#include "certs/tickets.h"
#include "tests/unit/certs_tools.h"

/* ---- messages ---- */

static void test_rotate(void **state)
{
	struct ticket_keys t = { .count = 0 };
	struct ticket_key first, second;

	(void)state;
	assert_true(ticket_keys_rotate(&t));
	assert_int_equal(t.count, 1);
	first = t.keys[0];
	assert_true(ticket_keys_rotate(&t));
	second = t.keys[0];
	assert_memory_not_equal(&first, &second, sizeof(first));
	assert_memory_equal(&t.keys[1], &first, sizeof(first));
	assert_true(ticket_keys_rotate(&t) && ticket_keys_rotate(&t));
	assert_int_equal(t.count, TICKET_KEYS);
	assert_memory_equal(&t.keys[2], &second, sizeof(second));
	ticket_keys_clear(&t);
	assert_int_equal(t.count, 0);
	for (size_t i = 0; i < sizeof(t); i++)
		assert_int_equal(((unsigned char *)&t)[i], 0);
}

static void test_pack(void **state)
{
	struct ticket_keys t = { .count = 0 }, u = { .count = 0 };
	struct buf body;

	(void)state;
	buf_init(&body, 4096);
	for (size_t i = 1; i <= TICKET_KEYS; i++) {
		assert_true(ticket_keys_rotate(&t));
		buf_clear(&body);
		ticket_keys_pack(&t, &body);
		assert_true(buf_ok(&body));
		assert_true(ticket_keys_unpack(&u, buf_slice(&body)));
		assert_int_equal(u.count, i);
		assert_memory_equal(u.keys, t.keys, i * sizeof(t.keys[0]));
	}
	buf_release(&body);
}

/* What is malformed changes nothing. */
static void test_unpack_malformed(void **state)
{
	struct ticket_keys t = { .count = 0 }, u = { .count = 0 }, before;
	struct buf body;

	(void)state;
	buf_init(&body, 4096);
	assert_true(ticket_keys_rotate(&t) && ticket_keys_rotate(&t) && ticket_keys_rotate(&u));
	before = u;
	ticket_keys_pack(&t, &body);
	for (size_t n = 0; n < body.len; n++)
		assert_false(ticket_keys_unpack(&u, slice_head(buf_slice(&body), n)));
	buf_addc(&body, 'x');
	assert_false(ticket_keys_unpack(&u, buf_slice(&body)));
	/* None, too many, of the wrong length. */
	buf_clear(&body);
	msg_put_u8(&body, 0);
	assert_false(ticket_keys_unpack(&u, buf_slice(&body)));
	buf_clear(&body);
	msg_put_u8(&body, TICKET_KEYS + 1);
	for (int i = 0; i < 3 * (TICKET_KEYS + 1); i++)
		msg_put_bytes(&body, SLICE("0123456789abcdef"));
	assert_false(ticket_keys_unpack(&u, buf_slice(&body)));
	buf_clear(&body);
	msg_put_u8(&body, 1);
	for (int i = 0; i < 3; i++)
		msg_put_bytes(&body, SLICE("0123456789abcdef"));
	assert_false(ticket_keys_unpack(&u, buf_slice(&body)));
	assert_memory_equal(&u, &before, sizeof(u));
	buf_release(&body);
}

/* ---- tickets ---- */

struct side {
	struct ticket_keys keys;
	struct leaves *leaves;
	struct keeper *keeper;
};

static void side_init(struct side *s, struct ca *ca)
{
	struct leaves_options options = { .clock = &clock_system, .tickets = &s->keys };
	struct buf error;

	*s = (struct side){ .leaves = NULL };
	buf_init(&error, 1024);
	s->leaves = leaves_new(&options, &error);
	assert_non_null(s->leaves);
	if (ca != NULL)
		s->keeper = keeper_new(ca, &error);
	buf_release(&error);
}

static void side_release(struct side *s)
{
	leaves_free(s->leaves);
	keeper_free(s->keeper);
	ticket_keys_clear(&s->keys);
}

static void learn(struct side *s, struct keeper *k, const char *host)
{
	struct minted_note note;
	struct buf body, answer;
	struct minted minted;

	buf_init(&body, MSG_MAX);
	buf_init(&answer, MSG_MAX);
	assert_true(leaves_ask(s->leaves, slice_str(host), &body));
	assert_int_equal(keeper_handle(k, 1, buf_slice(&body), clock_wall_ms(&clock_system), 1,
				       &answer, &note),
			 KEEPER_OK);
	assert_true(keeper_get_minted(buf_slice(&answer), &minted));
	assert_true(leaves_learn(s->leaves, &minted, &body));
	buf_release(&body);
	buf_release(&answer);
}

static SSL_SESSION *last_session;

static int on_session(SSL *ssl, SSL_SESSION *session)
{
	(void)ssl;
	SSL_SESSION_free(last_session);
	last_session = session;
	return 1;
}

static SSL_CTX *browser_ctx(int version)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	SSL_CTX_set_max_proto_version(ctx, version);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(ctx, on_session);
	return ctx;
}

/* A connection with the session that was kept last; whether it was resumed. */
static bool visit(struct side *s, SSL_CTX *browser, const char *host, bool offer)
{
	SSL *client = SSL_new(browser), *server = leaves_accept(s->leaves, slice_str(host));
	int error;
	bool resumed;

	assert_non_null(server);
	if (offer)
		assert_int_equal(SSL_set_session(client, last_session), 1);
	join(client, server);
	shake(client, server, &error, NULL);
	assert_int_equal(error, SSL_ERROR_NONE);
	pass_data(client, server);
	resumed = SSL_session_reused(client) != 0;
	assert_int_equal(SSL_session_reused(server) != 0, resumed);
	/* Of a ticket that came with a resumed handshake OpenSSL tells nobody before TLS 1.3. */
	if (resumed && SSL_version(client) < TLS1_3_VERSION) {
		SSL_SESSION_free(last_session);
		last_session = SSL_get1_session(client);
	}
	SSL_shutdown(client);
	SSL_free(client);
	SSL_free(server);
	return resumed;
}

static void test_resume(void **state)
{
	static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };
	struct buf error, body;
	struct side a, b;

	(void)state;
	buf_init(&error, 1024);
	buf_init(&body, 4096);
	side_init(&a, ca_create(clock_wall_ms(&clock_system), &error));
	side_init(&b, NULL);
	learn(&a, a.keeper, "a.test");
	learn(&a, a.keeper, "b.test");
	learn(&b, a.keeper, "a.test");
	for (size_t i = 0; i < 2; i++) {
		SSL_CTX *browser = browser_ctx(versions[i]);
		SSL_SESSION *old;

		assert_true(ticket_keys_rotate(&a.keys));
		buf_clear(&body);
		ticket_keys_pack(&a.keys, &body);
		assert_true(ticket_keys_unpack(&b.keys, buf_slice(&body)));
		assert_false(visit(&a, browser, "a.test", false));
		assert_true(visit(&a, browser, "a.test", true));
		/* At another worker, under its other key of the leaf. */
		assert_true(visit(&b, browser, "a.test", true));
		/* Not at another host. */
		assert_false(visit(&a, browser, "b.test", true));
		/* Old keys open until the third rotation. */
		assert_false(visit(&a, browser, "a.test", false));
		assert_true(ticket_keys_rotate(&a.keys));
		old = last_session;
		SSL_SESSION_up_ref(old);
		assert_true(visit(&a, browser, "a.test", true));
		assert_true(ticket_keys_rotate(&a.keys) && ticket_keys_rotate(&a.keys));
		/* The browser got one of the newer key with that visit. */
		assert_true(visit(&a, browser, "a.test", true));
		SSL_SESSION_free(last_session);
		last_session = old;
		assert_false(visit(&a, browser, "a.test", true));
		SSL_CTX_free(browser);
	}
	SSL_SESSION_free(last_session);
	last_session = NULL;
	side_release(&a);
	side_release(&b);
	buf_release(&error);
	buf_release(&body);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rotate),
		cmocka_unit_test(test_pack),
		cmocka_unit_test(test_unpack_malformed),
		cmocka_unit_test(test_resume),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
