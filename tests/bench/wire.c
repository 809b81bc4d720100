/*
 * See wire.h.
 */
#include "tests/bench/wire.h"

#include <errno.h>
#include <nghttp2/nghttp2.h>
#include <netinet/tcp.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* What a browser would send beside. */
#define AGENT                                                                                      \
	"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 " \
	"Safari/537.36"
#define ACCEPT "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
#define COOKIES "sid=7f3a9c1e5b8d42f6a0e1c2d3b4a59687; theme=dark"

#define STREAMS 128
#define IN_SIZE 65536
#define OUT_SIZE 32768

enum stage { DIALLING, TUNNEL, SHAKING, OPEN, CLOSED };

struct stream {
	int32_t id; /* 0: free */
	struct wire_answer a;
};

struct wire {
	const struct wire_setup *setup;
	void *arg;
	enum stage stage;
	int fd;
	uint32_t interest;
	SSL *ssl;
	char host[64], authority[80];
	unsigned char out[OUT_SIZE]; /* not yet written: out[0..out_n) */
	size_t out_n;
	/* HTTP/1.1: the head so far, then the body's rest. */
	char head[8192];
	size_t head_n;
	uint64_t left;
	struct stream one;
	/* HTTP/2 */
	nghttp2_session *h2;
	struct stream streams[STREAMS];
	struct wire *next; /* among the closed */
};

static struct wire *closed;

uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void broken(struct wire *w, const char *why)
{
	if (w->stage != CLOSED)
		w->setup->events->broken(w->arg, w, why);
}

static void want(struct wire *w, uint32_t interest)
{
	struct epoll_event e = { .events = interest, .data.ptr = w };

	if (w->interest == interest || w->stage == CLOSED)
		return;
	epoll_ctl(w->setup->epoll, w->interest == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, w->fd, &e);
	w->interest = interest;
}

/* --- TLS */

static int keep_session(SSL *ssl, SSL_SESSION *s)
{
	struct wire *w = SSL_get_app_data(ssl);

	if (w == NULL || w->setup->events->session == NULL)
		return 0;
	w->setup->events->session(w->arg, s);
	return 1;
}

SSL_CTX *wire_context(const char *ca, bool h2)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	if (ctx == NULL || SSL_CTX_load_verify_locations(ctx, ca, NULL) != 1)
		return NULL;
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
				      SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_session_cache_mode(ctx,
				       SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL_STORE);
	SSL_CTX_sess_set_new_cb(ctx, keep_session);
	if (h2)
		SSL_CTX_set_alpn_protos(ctx, (const unsigned char *)"\2h2\10http/1.1", 12);
	else
		SSL_CTX_set_alpn_protos(ctx, (const unsigned char *)"\10http/1.1", 9);
	return ctx;
}

/* Writes what waits; false: broken. */
static bool flush(struct wire *w)
{
	while (w->out_n > 0) {
		int n = SSL_write(w->ssl, w->out, (int)w->out_n);

		if (n <= 0) {
			if (SSL_get_error(w->ssl, n) != SSL_ERROR_WANT_WRITE) {
				broken(w, "writing");
				return false;
			}
			want(w, EPOLLIN | EPOLLOUT);
			return true;
		}
		w->out_n -= (size_t)n;
		memmove(w->out, w->out + n, w->out_n);
	}
	want(w, EPOLLIN);
	return true;
}

/* --- HTTP/2 */

static bool h2_send(struct wire *w)
{
	const uint8_t *bytes;

	for (;;) {
		ssize_t n;

		if (w->out_n > OUT_SIZE / 2)
			return flush(w);
		n = nghttp2_session_mem_send(w->h2, &bytes);
		if (n < 0 || (size_t)n > OUT_SIZE - w->out_n) {
			broken(w, "HTTP/2, sending");
			return false;
		}
		if (n == 0)
			return flush(w);
		memcpy(w->out + w->out_n, bytes, (size_t)n);
		w->out_n += (size_t)n;
	}
}

static int on_header(nghttp2_session *h2, const nghttp2_frame *frame, const uint8_t *name,
		     size_t name_n, const uint8_t *value, size_t value_n, uint8_t flags, void *arg)
{
	struct stream *s = nghttp2_session_get_stream_user_data(h2, frame->hd.stream_id);

	(void)value_n;
	(void)flags;
	(void)arg;
	if (s != NULL && name_n == 7 && memcmp(name, ":status", 7) == 0)
		s->a.status = (unsigned)strtoul((const char *)value, NULL, 10);
	return 0;
}

static int on_data(nghttp2_session *h2, uint8_t flags, int32_t id, const uint8_t *data, size_t n,
		   void *arg)
{
	struct stream *s = nghttp2_session_get_stream_user_data(h2, id);

	(void)flags;
	(void)data;
	(void)arg;
	if (s != NULL)
		s->a.bytes += n;
	return 0;
}

static int on_stream_close(nghttp2_session *h2, int32_t id, uint32_t error, void *arg)
{
	struct stream *s = nghttp2_session_get_stream_user_data(h2, id);
	struct wire *w = arg;
	struct wire_answer a;

	if (s == NULL || w->stage == CLOSED)
		return 0;
	a = s->a;
	s->id = 0;
	if (error != NGHTTP2_NO_ERROR)
		broken(w, "a stream was reset");
	else
		w->setup->events->answer(w->arg, w, &a);
	return 0;
}

static bool h2_open(struct wire *w)
{
	const nghttp2_settings_entry settings[] = {
		{ NGHTTP2_SETTINGS_ENABLE_PUSH, 0 },
		{ NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 6291456 },
	};
	nghttp2_session_callbacks *callbacks;

	nghttp2_session_callbacks_new(&callbacks);
	nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
	nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
	nghttp2_session_client_new(&w->h2, callbacks, w);
	nghttp2_session_callbacks_del(callbacks);
	return w->h2 != NULL &&
	       nghttp2_submit_settings(w->h2, NGHTTP2_FLAG_NONE, settings, 2) == 0 &&
	       nghttp2_session_set_local_window_size(w->h2, NGHTTP2_FLAG_NONE, 0, 15728640) == 0;
}

static nghttp2_nv nv(const char *name, const char *value)
{
	return (nghttp2_nv){ .name = (uint8_t *)(uintptr_t)name,
			     .value = (uint8_t *)(uintptr_t)value,
			     .namelen = strlen(name),
			     .valuelen = strlen(value) };
}

static bool h2_ask(struct wire *w)
{
	const nghttp2_nv fields[] = {
		nv(":method", "GET"),
		nv(":scheme", "https"),
		nv(":authority", w->authority),
		nv(":path", w->setup->path),
		nv("user-agent", AGENT),
		nv("accept", ACCEPT),
		nv("accept-language", "en-GB,en;q=0.9"),
		nv("sec-fetch-site", "none"),
		nv("sec-fetch-mode", "navigate"),
		nv("sec-fetch-dest", "document"),
		nv("cookie", COOKIES),
	};
	struct stream *s = w->streams;

	while (s < w->streams + STREAMS && s->id != 0)
		s++;
	if (s == w->streams + STREAMS)
		return false;
	*s = (struct stream){ .a.begun_ns = now_ns() };
	s->id = nghttp2_submit_request(w->h2, NULL, fields, sizeof(fields) / sizeof(fields[0]),
				       NULL, s);
	return s->id > 0;
}

/* --- HTTP/1.1 */

static bool h1_ask(struct wire *w)
{
	int n = snprintf((char *)w->out + w->out_n, OUT_SIZE - w->out_n,
			 "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: " AGENT "\r\nAccept: " ACCEPT
			 "\r\nAccept-Language: en-GB,en;q=0.9\r\nSec-Fetch-Site: none\r\n"
			 "Sec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\nCookie: " COOKIES
			 "\r\n\r\n",
			 w->setup->path, w->authority);

	if (n < 0 || (size_t)n >= OUT_SIZE - w->out_n)
		return false;
	w->out_n += (size_t)n;
	w->head_n = 0;
	w->one = (struct stream){ .id = 1, .a.begun_ns = now_ns() };
	return true;
}

/* The head's end is there: status and length. */
static bool h1_head(struct wire *w)
{
	const char *length = strcasestr(w->head, "\r\nContent-Length:");

	if (strncmp(w->head, "HTTP/1.1 ", 9) != 0 || length == NULL)
		return false;
	w->one.a.status = (unsigned)strtoul(w->head + 9, NULL, 10);
	w->left = strtoull(length + 17, NULL, 10);
	return true;
}

static void h1_read(struct wire *w, const char *bytes, size_t n)
{
	const char *end;
	size_t had = w->head_n, room = sizeof(w->head) - 1 - had, take;

	if (w->one.id == 1) {
		take = n < room ? n : room;
		memcpy(w->head + had, bytes, take);
		w->head[had + take] = '\0';
		end = strstr(w->head + (had < 3 ? 0 : had - 3), "\r\n\r\n");
		w->head_n += take;
		if (end == NULL) {
			if (take < n)
				broken(w, "a head that is too long");
			return;
		}
		take = (size_t)(end + 4 - w->head) - had;
		if (!h1_head(w)) {
			broken(w, "not an answer");
			return;
		}
		bytes += take;
		n -= take;
		w->one.id = 2;
	}
	if (w->one.id != 2 || n > w->left) {
		broken(w, "bytes that nobody asked for");
		return;
	}
	w->left -= n;
	w->one.a.bytes += n;
	if (w->left == 0) {
		w->one.id = 0;
		w->setup->events->answer(w->arg, w, &w->one.a);
	}
}

/* --- the connection */

static void shake(struct wire *w)
{
	const unsigned char *alpn;
	unsigned alpn_n;
	int r = SSL_connect(w->ssl);

	if (r != 1) {
		int error = SSL_get_error(w->ssl, r);

		if (error == SSL_ERROR_WANT_READ)
			want(w, EPOLLIN);
		else if (error == SSL_ERROR_WANT_WRITE)
			want(w, EPOLLOUT);
		else
			broken(w, "TLS handshake");
		return;
	}
	w->stage = OPEN;
	SSL_get0_alpn_selected(w->ssl, &alpn, &alpn_n);
	if (w->setup->h2 && (alpn_n != 2 || memcmp(alpn, "h2", 2) != 0 || !h2_open(w))) {
		broken(w, "no HTTP/2");
		return;
	}
	w->setup->events->ready(w->arg, w);
	wire_send(w);
}

static void begin_tls(struct wire *w)
{
	w->stage = SHAKING;
	shake(w);
}

static void dialled(struct wire *w)
{
	char text[256];
	int error = 0, n;
	socklen_t len = sizeof(error);

	if (getsockopt(w->fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0 || error != 0) {
		broken(w, "connecting");
		return;
	}
	if (!w->setup->tunnel) {
		begin_tls(w);
		return;
	}
	n = snprintf(text, sizeof(text), "CONNECT %s:%u HTTP/1.1\r\nHost: %s:%u\r\n\r\n", w->host,
		     w->setup->port, w->host, w->setup->port);
	if (send(w->fd, text, (size_t)n, MSG_NOSIGNAL) != n) {
		broken(w, "CONNECT");
		return;
	}
	w->stage = TUNNEL;
	want(w, EPOLLIN);
}

static void tunnel_answer(struct wire *w)
{
	ssize_t n = recv(w->fd, w->head + w->head_n, sizeof(w->head) - 1 - w->head_n, 0);

	if (n <= 0) {
		if (n == 0 || errno != EAGAIN)
			broken(w, "the proxy closed");
		return;
	}
	w->head_n += (size_t)n;
	w->head[w->head_n] = '\0';
	/* Nothing of TLS can follow before the client has spoken. */
	if (strstr(w->head, "\r\n\r\n") == NULL)
		return;
	if (strncmp(w->head, "HTTP/1.1 200", 12) != 0)
		broken(w, "CONNECT was refused");
	else
		begin_tls(w);
}

static void readable(struct wire *w)
{
	static char in[IN_SIZE];

	while (w->stage == OPEN) {
		int n = SSL_read(w->ssl, in, sizeof(in));

		if (n <= 0) {
			if (SSL_get_error(w->ssl, n) != SSL_ERROR_WANT_READ)
				broken(w, "closed");
			break;
		}
		if (w->h2 == NULL)
			h1_read(w, in, (size_t)n);
		else if (nghttp2_session_mem_recv(w->h2, (const uint8_t *)in, (size_t)n) != n)
			broken(w, "HTTP/2, reading");
	}
	wire_send(w);
}

void wire_turn(struct wire *w, uint32_t events)
{
	(void)events;
	switch (w->stage) {
	case DIALLING:
		dialled(w);
		break;
	case TUNNEL:
		tunnel_answer(w);
		break;
	case SHAKING:
		shake(w);
		break;
	case OPEN:
		readable(w);
		break;
	case CLOSED:
		break;
	}
}

static bool dial(struct wire *w)
{
	int on = 1;

	w->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (w->fd < 0)
		return false;
	setsockopt(w->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (connect(w->fd, (const struct sockaddr *)&w->setup->to, sizeof(w->setup->to)) != 0 &&
	    errno != EINPROGRESS)
		return false;
	want(w, EPOLLOUT);
	return true;
}

static void discard(struct wire *w)
{
	nghttp2_session_del(w->h2);
	SSL_free(w->ssl);
	if (w->fd >= 0)
		close(w->fd);
	free(w);
}

struct wire *wire_open(const struct wire_setup *setup, const char *host, SSL_SESSION *session,
		       void *arg)
{
	struct wire *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return NULL;
	w->setup = setup;
	w->arg = arg;
	w->fd = -1;
	snprintf(w->host, sizeof(w->host), "%s", host);
	snprintf(w->authority, sizeof(w->authority), setup->port == 443 ? "%s" : "%s:%u", host,
		 setup->port);
	w->ssl = SSL_new(setup->ctx);
	if (w->ssl == NULL || !dial(w) || SSL_set_fd(w->ssl, w->fd) != 1 ||
	    SSL_set_tlsext_host_name(w->ssl, w->host) != 1 || SSL_set1_host(w->ssl, w->host) != 1) {
		discard(w);
		return NULL;
	}
	SSL_set_app_data(w->ssl, w);
	if (session != NULL)
		SSL_set_session(w->ssl, session);
	return w;
}

void wire_send(struct wire *w)
{
	if (w->stage == OPEN && (w->h2 == NULL || h2_send(w)))
		flush(w);
}

/* What it makes is sent when the turn ends. */
bool wire_ask(struct wire *w)
{
	if (w->stage != OPEN)
		return false;
	if (w->h2 != NULL)
		return h2_ask(w);
	return h1_ask(w);
}

bool wire_resumed(const struct wire *w)
{
	return SSL_session_reused(w->ssl) == 1;
}

void wire_close(struct wire *w)
{
	if (w->stage == CLOSED)
		return;
	/* So that the peer sees an end and not a cut. */
	if (w->stage == OPEN)
		SSL_shutdown(w->ssl);
	w->stage = CLOSED;
	SSL_set_app_data(w->ssl, NULL);
	epoll_ctl(w->setup->epoll, EPOLL_CTL_DEL, w->fd, NULL);
	w->next = closed;
	closed = w;
}

void wire_sweep(void)
{
	while (closed != NULL) {
		struct wire *w = closed;

		closed = w->next;
		discard(w);
	}
}
