/*
 * Which kept sessions may be resumed towards an origin.  A resumed handshake shows no certificate,
 * so a session is worth what its full handshake found: not longer than a day, not beyond the
 * certificate's own time, and only while the same roots are trusted.  Each session carries when
 * that was; one that comes out of a resumed handshake inherits it.
 */
#include "certs/certinfo.h"
#include "certs/trust_parts.h"

#define VERIFIED_MS INT64_C(86400000)

struct stamp {
	uint64_t trust_id;
	int64_t verified_ms;
};

static int trust_index(void)
{
	static int index = -1;

	if (index < 0)
		index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, NULL);
	return index;
}

/*
 * The application's data of a session is what OpenSSL copies when one session is made of another.
 */
static bool get_stamp(const SSL_SESSION *session, struct stamp *out)
{
	void *data = NULL;
	size_t n = 0;

	if (SSL_SESSION_get0_ticket_appdata((SSL_SESSION *)(uintptr_t)session, &data, &n) != 1 ||
	    n != sizeof(*out))
		return false;
	memcpy(out, data, n);
	return true;
}

static int on_new_session(SSL *ssl, SSL_SESSION *session)
{
	struct trust *t = SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), trust_index());
	struct stamp stamp;

	if (!get_stamp(session, &stamp)) {
		stamp = (struct stamp){ t->id, clock_wall_ms(t->clock) };
		if (SSL_session_reused(ssl) != 0 ||
		    SSL_SESSION_set1_ticket_appdata(session, &stamp, sizeof(stamp)) != 1)
			return 0;
	}
	return t->on_session != NULL && t->on_session(ssl, session, t->on_session_arg) ? 1 : 0;
}

/*
 * Before TLS 1.3 a session may be resumed again and again, but OpenSSL tells of it only when it is
 * new; who took it out of store for this handshake gets it back, with the newer ticket if one came.
 */
static void on_info(const SSL *ssl, int where, int ret)
{
	const struct trust *t = SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), trust_index());
	SSL *s = (SSL *)(uintptr_t)ssl;
	SSL_SESSION *session;

	(void)ret;
	if ((where & SSL_CB_HANDSHAKE_DONE) == 0 || SSL_version(ssl) >= TLS1_3_VERSION ||
	    SSL_session_reused(s) == 0 || t->on_session == NULL)
		return;
	session = SSL_get1_session(s);
	if (session != NULL && !t->on_session(s, session, t->on_session_arg))
		SSL_SESSION_free(session);
}

bool trust_session_setup(SSL_CTX *ctx, struct trust *t)
{
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(ctx, on_new_session);
	SSL_CTX_set_info_callback(ctx, on_info);
	return trust_index() >= 0 && SSL_CTX_set_ex_data(ctx, trust_index(), t) == 1;
}

void trust_on_session(struct trust *t, trust_session_handler *handler, void *arg)
{
	t->on_session = handler;
	t->on_session_arg = arg;
}

bool trust_session_usable(const struct trust *t, const SSL_SESSION *session)
{
	X509 *leaf = SSL_SESSION_get0_peer((SSL_SESSION *)(uintptr_t)session);
	int64_t now = clock_wall_ms(t->clock);
	struct stamp stamp;

	return leaf != NULL && SSL_SESSION_is_resumable(session) == 1 &&
	       get_stamp(session, &stamp) && stamp.trust_id == t->id && now >= stamp.verified_ms &&
	       now - stamp.verified_ms < VERIFIED_MS &&
	       cert_time_ms(X509_get0_notAfter(leaf)) > now;
}
