/*
 * TLS over a stream.  OpenSSL reads and writes through a BIO of ours:
 *
 * Reading, it first gets `raw` (bytes that came before TLS began, or that could not be used last
 * time), then a buffer that all streams of the loop share and that one recv() fills, so a record
 * costs no call of its own and an idle stream no memory.  The end of the socket is never shown to
 * OpenSSL, because it would take it for fatal and forbid writing.
 *
 * Writing, it puts records into another shared buffer, which goes out with one send(); what the
 * kernel does not take is kept in the stream's `wire`.  So writing never waits, and SSL_write()
 * needs no repetition with the same arguments.
 *
 * Both shared buffers are empty whenever no function of this file is running.
 */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>

#include "proxy/net/stream_parts.h"

#define RECORD_MAX 16384u
#define IN_SIZE (64u * 1024)
/* Encrypting stops when OUT_BATCH is reached; one record and its overhead still fit. */
#define OUT_BATCH (64u * 1024)
#define OUT_SIZE (OUT_BATCH + RECORD_MAX + 1024)

struct tls_shared {
	BIO_METHOD *method;
	size_t in_off, in_len, out_len;
	bool received; /* one recv() for each operation */
	char in[IN_SIZE];
	char out[OUT_SIZE];
};

static int bio_take(struct slice from, char *p, size_t n, size_t *taken)
{
	if (n > from.n)
		n = from.n;
	memcpy(p, from.p, n);
	*taken = n;
	return 1;
}

static int bio_read(BIO *bio, char *p, size_t n, size_t *got)
{
	struct stream *s = BIO_get_data(bio);
	struct tls_shared *t = s->shared->tls;

	BIO_clear_retry_flags(bio);
	if (s->raw.len != 0) {
		bio_take(buf_slice(&s->raw), p, n, got);
		buf_take(&s->raw, *got);
		return 1;
	}
	if (t->in_len == 0 && !t->received) {
		t->received = true;
		t->in_off = 0;
		t->in_len = stream_recv(s, t->in, IN_SIZE);
	}
	if (t->in_len == 0) {
		BIO_set_retry_read(bio);
		return 0;
	}
	bio_take(slice_of(t->in + t->in_off, t->in_len), p, n, got);
	t->in_off += *got;
	t->in_len -= *got;
	return 1;
}

static bool out_to_wire(struct stream *s)
{
	struct tls_shared *t = s->shared->tls;
	bool ok = buf_add(&s->wire, slice_of(t->out, t->out_len));

	t->out_len = 0;
	return ok;
}

static int bio_write(BIO *bio, const char *p, size_t n, size_t *put)
{
	struct stream *s = BIO_get_data(bio);
	struct tls_shared *t = s->shared->tls;

	BIO_clear_retry_flags(bio);
	*put = n;
	if (s->wire.len == 0 && n <= OUT_SIZE - t->out_len) {
		memcpy(t->out + t->out_len, p, n);
		t->out_len += n;
		return 1;
	}
	return out_to_wire(s) && buf_add(&s->wire, slice_of(p, n));
}

static long bio_ctrl(BIO *bio, int cmd, long larg, void *parg)
{
	(void)bio;
	(void)larg;
	(void)parg;
	return cmd == BIO_CTRL_FLUSH;
}

static struct tls_shared *shared_new(void)
{
	struct tls_shared *t = malloc(sizeof(*t));

	if (t == NULL)
		return NULL;
	t->in_off = 0;
	t->in_len = 0;
	t->out_len = 0;
	t->method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "stream");
	if (t->method == NULL || BIO_meth_set_read_ex(t->method, bio_read) != 1 ||
	    BIO_meth_set_write_ex(t->method, bio_write) != 1 ||
	    BIO_meth_set_ctrl(t->method, bio_ctrl) != 1) {
		tls_shared_free(t);
		return NULL;
	}
	return t;
}

void tls_shared_free(struct tls_shared *t)
{
	if (t == NULL)
		return;
	BIO_meth_free(t->method);
	free(t);
}

/* Begins an operation of OpenSSL's. */
static struct tls_shared *enter(struct stream *s)
{
	struct tls_shared *t = s->shared->tls;

	/* To look whether there is one costs a tenth of wiping all sixteen. */
	if (ERR_peek_error() != 0)
		ERR_clear_error();
	t->received = false;
	return t;
}

/* Ends it: the shared buffers are emptied. */
static void leave(struct stream *s)
{
	struct tls_shared *t = s->shared->tls;

	if (s->raw.len == 0 && s->raw.mem != NULL)
		buf_release(&s->raw);
	if (t->in_len != 0) {
		/* Only while `raw` is empty is anything received. */
		if (!buf_add(&s->raw, slice_of(t->in + t->in_off, t->in_len)))
			stream_fail(s, ENOMEM, NULL);
		t->in_len = 0;
	}
	if (t->out_len != 0) {
		size_t n = stream_send(s, slice_of(t->out, t->out_len), SLICE(""));

		if (n < t->out_len && !s->broken &&
		    !buf_add(&s->wire, slice_of(t->out + n, t->out_len - n)))
			stream_fail(s, ENOMEM, NULL);
		t->out_len = 0;
	}
	if (s->wire.len != 0 && !s->dying)
		loop_defer(s->loop, &s->flush, stream_on_flush);
}

/* Notes why the last operation failed; called before leave(), which sends our alert. */
static void describe(struct stream *s, char *text, size_t size)
{
	unsigned long e = ERR_peek_last_error();
	const char *reason = e != 0 ? ERR_reason_error_string(e) : NULL;
	long verify = SSL_get_verify_result(s->ssl);

	if (ERR_GET_LIB(e) == ERR_LIB_SSL && ERR_GET_REASON(e) >= SSL_AD_REASON_OFFSET &&
	    ERR_GET_REASON(e) < SSL_AD_REASON_OFFSET + 256)
		s->alert = ERR_GET_REASON(e) - SSL_AD_REASON_OFFSET;
	if (verify != X509_V_OK && ERR_GET_REASON(e) == SSL_R_CERTIFICATE_VERIFY_FAILED)
		reason = X509_verify_cert_error_string(verify);
	snprintf(text, size, "TLS: %s", reason != NULL ? reason : "the peer broke the protocol");
}

enum tls_step tls_handshake(struct stream *s)
{
	enum tls_step step = TLS_FAILED;
	char text[200];
	int r;

	enter(s);
	r = SSL_do_handshake(s->ssl);
	switch (SSL_get_error(s->ssl, r)) {
	case SSL_ERROR_NONE:
		step = TLS_DONE;
		break;
	case SSL_ERROR_WANT_READ:
		step = TLS_AGAIN;
		break;
	case SSL_ERROR_WANT_X509_LOOKUP:
	case SSL_ERROR_WANT_CLIENT_HELLO_CB:
	case SSL_ERROR_WANT_RETRY_VERIFY:
		step = TLS_WANT;
		break;
	default:
		describe(s, text, sizeof(text));
		break;
	}
	leave(s);
	if (step == TLS_FAILED)
		stream_fail(s, EPROTO, text);
	else if (step == TLS_AGAIN && s->raw_eof)
		stream_fail(s, ECONNRESET, "TLS: the peer closed during the handshake");
	return s->broken ? TLS_FAILED : step;
}

bool tls_has_input(const struct stream *s)
{
	return s->raw.len != 0 || SSL_has_pending(s->ssl);
}

size_t tls_read(struct stream *s, char *p, size_t n)
{
	struct tls_shared *t = enter(s);
	size_t total = 0, got = 0;
	bool ok = true, failed = false;
	char text[200];

	while (ok && total < n) {
		ok = SSL_read_ex(s->ssl, p + total, n - total, &got) == 1;
		if (ok)
			total += got;
		/* Nothing is left that the next call could return: save it. */
		if (t->in_len == 0 && s->raw.len == 0 && SSL_pending(s->ssl) == 0 &&
		    (t->received || !s->can_read))
			break;
	}
	if (!ok) {
		switch (SSL_get_error(s->ssl, 0)) {
		case SSL_ERROR_WANT_READ:
			break;
		case SSL_ERROR_ZERO_RETURN:
			s->eof_clean = true;
			break;
		default:
			failed = true;
			describe(s, text, sizeof(text));
		}
	}
	leave(s);
	if (failed)
		stream_fail(s, EPROTO, text);
	return total;
}

/* Encrypts from *data until a batch is full; false when OpenSSL failed. */
static bool encrypt(struct stream *s, struct slice *data)
{
	struct tls_shared *t = s->shared->tls;

	while (data->n != 0 && t->out_len < OUT_BATCH && s->wire.len == 0) {
		size_t n = data->n < RECORD_MAX ? data->n : RECORD_MAX, put = 0;

		if (SSL_write_ex(s->ssl, data->p, n, &put) != 1)
			return false;
		*data = slice_skip(*data, put);
	}
	return true;
}

/* Fills the last queued record from *data, so that a head and its body share one. */
static void top_up(struct stream *s, struct slice *data)
{
	size_t n = s->out.len % RECORD_MAX != 0 ? RECORD_MAX - s->out.len % RECORD_MAX : 0;
	struct slice part = slice_head(*data, n);

	if (part.n != 0 && buf_add(&s->out, part))
		*data = slice_skip(*data, part.n);
}

void tls_send(struct stream *s, struct slice *data)
{
	char text[200];

	top_up(s, data);
	while (s->out.len + data->n != 0 && s->wire.len == 0 && s->can_write && !s->broken) {
		struct slice held = buf_slice(&s->out);
		bool ok;

		enter(s);
		ok = encrypt(s, &held) && (held.n != 0 || encrypt(s, data));
		if (!ok)
			describe(s, text, sizeof(text));
		buf_take(&s->out, s->out.len - held.n);
		leave(s);
		if (!ok)
			stream_fail(s, EPROTO, text);
	}
}

void tls_notify(struct stream *s)
{
	enter(s);
	/* Only ever once: the peer's own close_notify is read like everything else. */
	SSL_shutdown(s->ssl);
	leave(s);
}

static bool start(struct stream *s, SSL *ssl)
{
	BIO *bio;

	if (s->shared->tls == NULL)
		s->shared->tls = shared_new();
	bio = s->shared->tls != NULL ? BIO_new(s->shared->tls->method) : NULL;
	if (bio == NULL || s->ssl != NULL || !buf_add(&s->raw, s->view)) {
		BIO_free(bio);
		SSL_free(ssl);
		return false;
	}
	BIO_set_data(bio, s);
	BIO_set_init(bio, 1);
	SSL_set_bio(ssl, bio, bio);
	SSL_set_read_ahead(ssl, 0);
	SSL_set_mode(ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
				  SSL_MODE_RELEASE_BUFFERS);
	SSL_set_options(ssl, SSL_OP_NO_RENEGOTIATION);
	s->ssl = ssl;
	s->handshaking = true;
	s->suspended = false;
	stream_consume(s, s->view.n);
	/* What was queued goes out as it is. */
	if (!buf_add(&s->wire, buf_slice(&s->out)))
		stream_fail(s, ENOMEM, NULL);
	buf_release(&s->out);
	loop_defer(s->loop, &s->resume, stream_on_resume);
	return true;
}

bool stream_start_tls_server(struct stream *s, struct ssl_st *ssl)
{
	SSL_set_accept_state(ssl);
	return start(s, ssl);
}

bool stream_start_tls_client(struct stream *s, struct ssl_st *ssl)
{
	SSL_set_connect_state(ssl);
	return start(s, ssl);
}

struct stream *stream_of_ssl(const struct ssl_st *ssl)
{
	BIO *bio = SSL_get_rbio(ssl);

	return bio != NULL ? BIO_get_data(bio) : NULL;
}

void tls_stop(struct stream *s)
{
	if (s->ssl == NULL)
		return;
	/* A session of a connection that was not closed in order stays usable (RFC 8446). */
	SSL_set_shutdown(s->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
	SSL_free(s->ssl);
	s->ssl = NULL;
}
