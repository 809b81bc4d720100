#include "tests/unit/net_tools.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

void end_event(struct stream *s, enum stream_event ev, void *arg)
{
	struct end *e = arg;
	struct slice in;

	assert_true(s == e->s);
	switch (ev) {
	case STREAM_CONNECTED:
		e->connected++;
		break;
	case STREAM_READ:
		e->reads++;
		in = stream_peek(s);
		if (e->stop_reading)
			break;
		e->count += in.n;
		if (e->keep_bytes)
			assert_true(buf_add(&e->got, in));
		stream_consume(s, in.n);
		break;
	case STREAM_DRAINED:
		e->drained++;
		break;
	case STREAM_EOF:
		e->eofs++;
		break;
	case STREAM_ERROR:
		e->errors++;
		break;
	case STREAM_TIMEOUT:
		e->timeouts++;
		break;
	case STREAM_WANT:
		e->wants++;
		break;
	}
	if (e->hook != NULL)
		e->hook(e, ev);
}

void pair_init(struct pair *p, bool virtual_clock)
{
	*p = (struct pair){ .mono = 1000000, .clock = clock_system };
	if (virtual_clock)
		p->clock = (struct clock){ &p->mono, &p->mono };
	p->loop = loop_new(&p->clock);
	assert_non_null(p->loop);
	buf_init(&p->a.got, SIZE_MAX);
	buf_init(&p->b.got, SIZE_MAX);
	p->a.keep_bytes = true;
	p->b.keep_bytes = true;
}

void tcp_pair(int fd[2])
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof(at);
	int l = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(l >= 0);
	assert_int_equal(bind(l, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(l, 1), 0);
	assert_int_equal(getsockname(l, (struct sockaddr *)&at, &len), 0);
	fd[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(fd[0], (struct sockaddr *)&at, sizeof(at)), 0);
	fd[1] = accept4(l, NULL, NULL, SOCK_CLOEXEC);
	assert_true(fd[1] >= 0);
	close(l);
}

void pair_sockets(struct pair *p, bool tcp)
{
	int fd[2];

	if (tcp)
		tcp_pair(fd);
	else
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd), 0);
	p->a.s = stream_from_fd(p->loop, fd[0], end_event, &p->a);
	p->b.s = stream_from_fd(p->loop, fd[1], end_event, &p->b);
	assert_non_null(p->a.s);
	assert_non_null(p->b.s);
}

void pair_ends(struct pair *p, struct stream *ends[2])
{
	struct address local;

	assert_true(address_parse(SLICE("192.0.2.1:8443"), &local));
	assert_true(stream_pair(p->loop, &local, ends));
	p->a = (struct end){ .s = ends[0], .keep_bytes = true };
	p->b = (struct end){ .s = ends[1], .keep_bytes = true };
	buf_init(&p->a.got, 1 << 20);
	buf_init(&p->b.got, 1 << 20);
	stream_set_cb(ends[0], end_event, &p->a);
	stream_set_cb(ends[1], end_event, &p->b);
}

SSL_CTX *server_ctx(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x = X509_new();
	X509_NAME *name = X509_get_subject_name(x);
	X509_EXTENSION *san = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "DNS:test");
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	assert_non_null(ctx);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"test", -1, -1,
				   0);
	X509_set_version(x, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	X509_set_issuer_name(x, name);
	X509_gmtime_adj(X509_getm_notBefore(x), -3600);
	X509_gmtime_adj(X509_getm_notAfter(x), 3600);
	X509_add_ext(x, san, -1);
	X509_set_pubkey(x, key);
	assert_true(X509_sign(x, key, EVP_sha256()) > 0);
	assert_int_equal(SSL_CTX_use_certificate(ctx, x), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(ctx, key), 1);
	X509_EXTENSION_free(san);
	X509_free(x);
	EVP_PKEY_free(key);
	return ctx;
}

SSL_CTX *client_ctx(SSL_CTX *server)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	assert_non_null(ctx);
	X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), SSL_CTX_get0_certificate(server));
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	return ctx;
}

void pair_tls(struct pair *p, int version)
{
	SSL *ssl;

	if (p->server == NULL) {
		p->server = server_ctx();
		p->client = client_ctx(p->server);
	}
	ssl = SSL_new(p->client);
	assert_non_null(ssl);
	SSL_set_min_proto_version(ssl, version);
	SSL_set_max_proto_version(ssl, version);
	SSL_set_tlsext_host_name(ssl, "test");
	assert_true(stream_start_tls_client(p->a.s, ssl));
	assert_true(stream_start_tls_server(p->b.s, SSL_new(p->server)));
}

void pair_release(struct pair *p)
{
	stream_close(p->a.s, STREAM_RESET);
	stream_close(p->b.s, STREAM_RESET);
	buf_release(&p->a.got);
	buf_release(&p->b.got);
	loop_free(p->loop);
	SSL_CTX_free(p->server);
	SSL_CTX_free(p->client);
}

unsigned open_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned n = 0;

	assert_non_null(dir);
	while (readdir(dir) != NULL)
		n++;
	closedir(dir);
	return n;
}

size_t resident(void)
{
	FILE *f = fopen("/proc/self/statm", "re");
	unsigned long total = 0, rss = 0;

	assert_non_null(f);
	assert_int_equal(fscanf(f, "%lu %lu", &total, &rss), 2);
	fclose(f);
	return rss * (size_t)sysconf(_SC_PAGESIZE);
}

void run_idle(struct loop *loop)
{
	for (int i = 0; i < 64; i++)
		loop_turn(loop, false);
}
